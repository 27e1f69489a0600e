/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "segm/run.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/tmp.h"
#include "segm/plan.h"
#include "segm/thresh.h"

/* Bytes of images that are worked on at a time: by one worker, by all. */
#define BATCH_BYTES	((size_t)8 << 20)
#define FLIGHT_BYTES	((size_t)64 << 20)
#define BATCH_FRAMES	1000

/* What one worker needs. */
struct lane {
	struct dcor_reader	*reader;
	struct dcor_extract	*extract;
	struct dcor_bits	 bits;
	uint8_t			*image;		/* a batch of frames */
	uint8_t			*span;		/* rollmed: with the kernel */
	uint8_t			*bg;		/* one image, or a batch */
	void			*scratch;	/* of rollmed */
	uint64_t		 bg_row;	/* which bg holds */
	double			 bg_med, bg_mean;
	double			 t[4];		/* seconds a stage */
};

enum { T_READ, T_BG, T_THRESH, T_EXTRACT };

/* A run of frames on its way through the pool, and what came out. */
struct batch {
	struct dcor_task	 task;
	struct work		*w;
	uint64_t		 first;		/* of the mapped frames */
	size_t			 n;
	struct dcor_events	 ev;
	uint8_t			*image, *bg;	/* of frames with events */
	double			*off;		/* of the same frames */
	uint32_t		*slot;		/* of each event: its frame */
	size_t			 slotcap;
	uint8_t			*edge;		/* first and last frame */
	size_t			 first_events;	/* events of the first */
	uint64_t		 duplicates;
	struct dcor_err		 err;
};

/* Masks of events that wait to be compressed together. */
struct masks {
	size_t			 n, npix;
	uint32_t		 w;
	size_t			*end;		/* runs up to event k */
	struct dcor_run		*run;
	size_t			 nrun, cap;
};

/* The whole work. */
struct work {
	struct dcor_segm	*s;
	struct dcor_h5out	*out;
	struct lane		*lane;
	unsigned		 nlane;
	struct batch		*batch;
	size_t			 nbatch;	/* in flight */
	size_t			 per;		/* frames a batch */
	uint8_t			*last;		/* last frame merged */
	int			 copy_image, copy_bg;
	struct dcor_h5col	*feat[DCOR_NFEATS];
	struct dcor_h5col	*mask, *image, *bg, *off, *nevents;
	struct masks		*pend;
	struct dcor_segm_index	 ix;
};

static double
now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + 1e-9 * (double)ts.tv_nsec;
}

static double
lap(double *since)
{
	double t = now(), d = t - *since;

	*since = t;
	return d;
}

/* ---- one batch, on the pool ---- */

/* The frames of the batch to l->image; neighbours in one go. */
static int
read_images(const struct batch *b, struct lane *l, struct dcor_err *err)
{
	const struct dcor_segm *s = b->w->s;
	uint64_t f0 = dcor_segm_frame(s, b->first);
	size_t i;
	int rc = DCOR_OK;

	if (b->n == 1 || dcor_segm_frame(s, b->first + 1) == f0 + 1)
		return dcor_feature_read(&s->image, l->reader, f0, b->n,
		    l->image, err);
	for (i = 0; rc == DCOR_OK && i < b->n; i++)
		rc = dcor_feature_read(&s->image, l->reader,
		    dcor_segm_frame(s, b->first + i), 1,
		    l->image + i * s->npix, err);
	return rc;
}

static int
roll(const struct dcor_segm *s, struct lane *l, uint64_t frame, size_t n,
    uint8_t *bg, struct dcor_err *err)
{
	uint64_t first;
	size_t count;
	int rc;

	dcor_rollmed_span(s->nfile, s->pl.kernel_size, frame, n, &first,
	    &count);
	rc = dcor_feature_read(&s->image, l->reader, first, count, l->span,
	    err);
	if (rc == DCOR_OK)
		dcor_rollmed(l->span, s->w, s->h, s->nfile,
		    s->pl.kernel_size, frame, n, bg, l->scratch);
	return rc;
}

/* The background of frame number i of the batch. */
static int
get_bg(const struct batch *b, struct lane *l, size_t i,
    struct dcor_frame *f, struct dcor_err *err)
{
	const struct dcor_segm *s = b->w->s;
	uint64_t frame = dcor_segm_frame(s, b->first + i), row;
	int rc;

	f->bg = l->bg;
	switch (s->source) {
	case DCOR_BG_FROM_SPARSEMED:
		row = s->sparse.index[frame];
		if (row != l->bg_row) {
			rc = dcor_sparsemed_image(&s->sparse, row, l->bg,
			    s->npix, err);
			if (rc != DCOR_OK)
				return rc;
			l->bg_row = row;
			l->bg_med = s->sparse.bg_med2[row] / 2.0;
			l->bg_mean = s->sparse.mean[row];
		}
		break;
	case DCOR_BG_FROM_ROLLMED:
		if (b->w->per > 1 && s->pl.map.kind != DCOR_MAP_SLICE) {
			if (i == 0 && (rc = roll(s, l, frame, b->n, l->bg,
			    err)) != DCOR_OK)
				return rc;
			f->bg = l->bg + i * s->npix;
		} else if ((rc = roll(s, l, frame, 1, l->bg, err)) !=
		    DCOR_OK)
			return rc;
		l->bg_med = dcor_median2(f->bg, s->npix) / 2.0;
		break;
	case DCOR_BG_FROM_INPUT:
		row = s->image_bg.map != NULL ? s->image_bg.map[frame] :
		    frame;
		if (row != l->bg_row) {
			rc = dcor_feature_read(&s->image_bg, l->reader,
			    frame, 1, l->bg, err);
			if (rc != DCOR_OK)
				return rc;
			l->bg_row = row;
			l->bg_med = dcor_median2(l->bg, s->npix) / 2.0;
		}
		break;
	}
	f->bg_med = l->bg_med;
	f->has_off = s->off != NULL || s->off_own;
	f->off = 0;
	if (s->off != NULL)
		f->off = s->off[frame];
	else if (s->off_own)
		f->off = dcor_top_mean(f->image, s->w, s->h) - l->bg_mean;
	return DCOR_OK;
}

/* Room for what batches keep of frames; malloc'ed when first needed. */
static int
make_room(struct batch *b, struct dcor_err *err)
{
	const struct work *w = b->w;
	size_t bytes = w->per * w->s->npix;
	uint32_t *slot;

	if (w->copy_image && b->image == NULL)
		b->image = malloc(bytes);
	if (w->copy_bg && b->bg == NULL)
		b->bg = malloc(bytes);
	if (b->off == NULL)
		b->off = malloc(w->per * sizeof(*b->off));
	if (b->ev.n > b->slotcap) {
		slot = realloc(b->slot, 2 * b->ev.n * sizeof(*slot));
		if (slot == NULL)
			return dcor_err_nomem(err);
		b->slot = slot;
		b->slotcap = 2 * b->ev.n;
	}
	if ((w->copy_image && b->image == NULL) || b->off == NULL ||
	    (w->copy_bg && b->bg == NULL))
		return dcor_err_nomem(err);
	return DCOR_OK;
}

/* What is kept of a frame whose events are those from had on. */
static int
keep(struct batch *b, const struct dcor_frame *f, size_t had,
    struct dcor_err *err)
{
	size_t npix = b->w->s->npix, i;
	uint32_t slot;
	int rc;

	if (b->ev.n == had)
		return DCOR_OK;
	rc = make_room(b, err);
	if (rc != DCOR_OK)
		return rc;
	slot = had > 0 ? b->slot[had - 1] + 1 : 0;
	for (i = had; i < b->ev.n; i++)
		b->slot[i] = slot;
	if (b->w->copy_image)
		memcpy(b->image + slot * npix, f->image, npix);
	if (b->w->copy_bg)
		memcpy(b->bg + slot * npix, f->bg, npix);
	b->off[slot] = f->off;
	return DCOR_OK;
}

static int
do_batch(struct batch *b, struct lane *l, struct dcor_err *err)
{
	const struct dcor_segm *s = b->w->s;
	struct dcor_frame f = { .w = s->w, .h = s->h };
	double t = now();
	size_t i, had;
	int rc;

	rc = read_images(b, l, err);
	l->t[T_READ] += lap(&t);
	for (i = 0; rc == DCOR_OK && i < b->n; i++) {
		f.image = l->image + i * s->npix;
		if (i > 0 && memcmp(f.image, f.image - s->npix, s->npix) ==
		    0) {
			b->duplicates++;
			/* Its background may open the rest of the batch. */
			continue;
		}
		rc = get_bg(b, l, i, &f, err);
		l->t[T_BG] += lap(&t);
		if (rc != DCOR_OK)
			break;
		dcor_thresh(&f, s->pl.thresh, &l->bits);
		l->t[T_THRESH] += lap(&t);
		had = b->ev.n;
		rc = dcor_extract_frame(l->extract, &f, &l->bits,
		    (uint32_t)(b->first + i), &b->ev, err);
		if (rc == DCOR_OK)
			rc = keep(b, &f, had, err);
		if (i == 0)
			b->first_events = b->ev.n;
		l->t[T_EXTRACT] += lap(&t);
	}
	if (rc == DCOR_OK) {
		memcpy(b->edge, l->image, s->npix);
		memcpy(b->edge + s->npix, l->image + (b->n - 1) * s->npix,
		    s->npix);
	}
	return rc;
}

static void
run_batch(void *arg, unsigned worker)
{
	struct batch *b = arg;

	do_batch(b, &b->w->lane[worker], &b->err);
}

/* ---- masks ---- */

static void
fill_masks(void *arg, void *buf)
{
	const struct masks *m = arg;
	uint8_t *p = buf;
	size_t k, r = 0;

	for (k = 0; k < m->n; k++, p += m->npix)
		for (; r < m->end[k]; r++)
			memset(p + (size_t)m->run[r].y * m->w + m->run[r].x0,
			    255, (size_t)(m->run[r].x1 - m->run[r].x0));
}

static void
free_masks(void *arg)
{
	struct masks *m = arg;

	if (m == NULL)
		return;
	free(m->end);
	free(m->run);
	free(m);
}

static int
flush_masks(struct work *w, struct dcor_err *err)
{
	struct masks *m = w->pend;

	w->pend = NULL;
	if (m == NULL)
		return DCOR_OK;
	return dcor_h5col_chunk(w->mask, m->n, fill_masks, free_masks, m,
	    err);
}

static int
add_mask(struct work *w, const struct dcor_run *run, size_t n,
    struct dcor_err *err)
{
	struct masks *m = w->pend;
	uint64_t most = dcor_h5col_chunk_rows(w->mask);
	struct dcor_run *p;

	if (m == NULL) {
		m = w->pend = calloc(1, sizeof(*m));
		if (m == NULL)
			return dcor_err_nomem(err);
		m->w = w->s->w;
		m->npix = w->s->npix;
		m->end = calloc(most, sizeof(*m->end));
		if (m->end == NULL)
			return dcor_err_nomem(err);
	}
	if (m->nrun + n > m->cap) {
		m->cap = 2 * (m->nrun + n);
		p = realloc(m->run, m->cap * sizeof(*p));
		if (p == NULL)
			return dcor_err_nomem(err);
		m->run = p;
	}
	memcpy(m->run + m->nrun, run, n * sizeof(*run));
	m->nrun += n;
	m->end[m->n++] = m->nrun;
	return m->n == most ? flush_masks(w, err) : DCOR_OK;
}

/* ---- merging, by the owner ---- */

static int
wanted(const struct dcor_segm *s, int k)
{
	const char *name = dcor_feat_name[k];

	if (k == DCOR_FEAT_VOLUME)
		return s->pl.volume;
	if (name[0] == 'b')
		return s->pl.brightness;
	if (strncmp(name, "tex_", 4) == 0)
		return s->pl.haralick;
	return 1;
}

static int
column(struct work *w, const char *name, enum dcor_h5class cls,
    uint32_t size, int image, struct dcor_h5col **col, struct dcor_err *err)
{
	struct dcor_h5spec spec = {
		.type = { .cls = cls, .size = size,
		    .is_signed = cls == DCOR_H5_INT && size == 8 },
		.rank = image ? 3 : 1,
		.item = { w->s->h, w->s->w },
		.level = w->s->o.level,
		.image = image
	};
	char path[64] = "events/";

	strncat(path, name, sizeof(path) - 8);
	return dcor_h5out_dset(w->out, path, &spec, col, err);
}

/* The columns of events, when there is a first event. */
static int
create_columns(struct work *w, struct dcor_err *err)
{
	int k, rc = DCOR_OK;

	if (w->mask != NULL)
		return DCOR_OK;
	for (k = 0; rc == DCOR_OK && k < DCOR_NFEATS; k++)
		if (wanted(w->s, k))
			rc = column(w, dcor_feat_name[k], DCOR_H5_FLOAT, 8, 0,
			    &w->feat[k], err);
	if (rc == DCOR_OK)
		rc = column(w, "mask", DCOR_H5_INT, 1, 1, &w->mask, err);
	return rc;
}

/* The columns that are there even when no event is. */
static int
create_frame_columns(struct work *w, struct dcor_err *err)
{
	int rc;

	rc = column(w, "nevents", DCOR_H5_INT, 8, 0, &w->nevents, err);
	if (rc == DCOR_OK && w->s->off_own)
		rc = column(w, "bg_off", DCOR_H5_FLOAT, 8, 0, &w->off, err);
	if (rc == DCOR_OK && w->copy_image)
		rc = column(w, "image", DCOR_H5_INT, 1, 1, &w->image, err);
	if (rc == DCOR_OK && w->copy_bg)
		rc = column(w, "image_bg", DCOR_H5_INT, 1, 1, &w->bg, err);
	return rc;
}

static int
index_event(struct dcor_segm_index *ix, uint32_t frame, struct dcor_err *err)
{
	uint32_t *p;

	if (ix->n == ix->cap) {
		ix->cap = ix->cap > 0 ? 2 * ix->cap : 4096;
		p = realloc(ix->frame, ix->cap * sizeof(*p));
		if (p == NULL)
			return dcor_err_nomem(err);
		ix->frame = p;
	}
	ix->frame[ix->n++] = frame;
	return DCOR_OK;
}

static int
put_event(struct work *w, const struct batch *b, size_t i,
    struct dcor_err *err)
{
	const struct dcor_event *e = &b->ev.event[i];
	size_t at = b->slot[i] * w->s->npix;
	int64_t nevents = e->nevents;
	int k, rc;

	rc = index_event(&w->ix, e->frame, err);
	for (k = 0; rc == DCOR_OK && k < DCOR_NFEATS; k++)
		if (w->feat[k] != NULL)
			rc = dcor_h5col_append(w->feat[k], &e->feat[k], 1,
			    err);
	if (rc == DCOR_OK)
		rc = dcor_h5col_append(w->nevents, &nevents, 1, err);
	if (rc == DCOR_OK)
		rc = add_mask(w, b->ev.run + e->run, e->nruns, err);
	if (rc == DCOR_OK && w->off != NULL)
		rc = dcor_h5col_append(w->off, &b->off[b->slot[i]], 1, err);
	if (rc == DCOR_OK && w->image != NULL)
		rc = dcor_h5col_append(w->image, b->image + at, 1, err);
	if (rc == DCOR_OK && w->bg != NULL)
		rc = dcor_h5col_append(w->bg, b->bg + at, 1, err);
	return rc;
}

/* Takes over what came out of a batch. */
static int
merge(struct work *w, struct batch *b, struct dcor_err *err)
{
	size_t npix = w->s->npix, i = 0;
	int rc;

	rc = dcor_err_copy(err, &b->err);
	if (rc != DCOR_OK)
		return rc;
	/* The test of do_batch across the border of two batches. */
	if (b->first > 0 && memcmp(w->last, b->edge, npix) == 0) {
		i = b->first_events;
		b->duplicates++;
	}
	memcpy(w->last, b->edge + npix, npix);
	if (i < b->ev.n)
		rc = create_columns(w, err);
	for (; rc == DCOR_OK && i < b->ev.n; i++)
		rc = put_event(w, b, i, err);
	w->s->st.invalid += b->ev.ninvalid;
	w->s->st.duplicates += b->duplicates;
	return rc;
}

static void
send(struct work *w, struct batch *b, uint64_t first)
{
	uint64_t left = w->s->n - first;

	b->w = w;
	b->first = first;
	b->n = left < w->per ? (size_t)left : w->per;
	b->first_events = 0;
	b->duplicates = 0;
	b->ev.ninvalid = 0;
	dcor_events_clear(&b->ev);
	b->task.fn = run_batch;
	b->task.arg = b;
	dcor_pool_submit(w->s->o.pool, &b->task);
}

static int
all_batches(struct work *w, struct dcor_err *err)
{
	struct dcor_segm *s = w->s;
	uint64_t sent = 0, merged = 0, number = 0;
	struct batch *b;
	double t;
	int rc = DCOR_OK;

	while (rc == DCOR_OK && merged < s->n) {
		while (sent < s->n && sent - merged <
		    (uint64_t)w->per * w->nbatch) {
			b = &w->batch[sent / w->per % w->nbatch];
			send(w, b, sent);
			sent += b->n;
		}
		b = &w->batch[number++ % w->nbatch];
		dcor_pool_wait(s->o.pool, &b->task);
		t = now();
		rc = merge(w, b, err);
		s->st.write += lap(&t);
		merged += b->n;
		if (s->o.progress != NULL)
			s->o.progress(s->o.ctx, "segmentation", merged, s->n);
		if (rc == DCOR_OK)
			rc = dcor_segm_stopped(s, err);
	}
	/* What was sent must come back before its memory goes. */
	for (; merged < sent; merged += b->n) {
		b = &w->batch[number++ % w->nbatch];
		dcor_pool_wait(s->o.pool, &b->task);
	}
	if (rc == DCOR_OK && w->mask != NULL)
		rc = flush_masks(w, err);
	return rc;
}

/* ---- setting up and taking down ---- */

static void
plan_batches(struct work *w)
{
	const struct dcor_segm *s = w->s;
	uint64_t chunk = dcor_dset_chunk_rows(s->image.set);
	size_t bytes = FLIGHT_BYTES / w->nlane;

	if (bytes > BATCH_BYTES)
		bytes = BATCH_BYTES;
	w->per = bytes / s->npix;
	if (s->source == DCOR_BG_FROM_ROLLMED &&
	    w->per < 2 * s->pl.kernel_size)
		w->per = (size_t)(2 * s->pl.kernel_size);
	if (w->per > BATCH_FRAMES)
		w->per = BATCH_FRAMES;
	if (w->per < 1)
		w->per = 1;
	/* Whole chunks, so that none is decoded twice. */
	if (chunk > 1 && w->per > chunk)
		w->per -= w->per % chunk;
	w->nbatch = 2 * w->nlane + 1;
}

static int
set_up(struct work *w, struct dcor_err *err)
{
	const struct dcor_segm *s = w->s;
	size_t nbg = s->npix, span = 0, i;
	struct lane *l;
	int rc;

	w->nlane = dcor_pool_workers(s->o.pool);
	plan_batches(w);
	w->copy_image = s->o.images == DCOR_IMAGES_DRAIN;
	w->copy_bg = s->source == DCOR_BG_FROM_ROLLMED ||
	    (s->source == DCOR_BG_FROM_INPUT && !s->image_bg.internal);
	if (s->source == DCOR_BG_FROM_ROLLMED) {
		nbg = w->per * s->npix;
		span = (w->per + (size_t)s->pl.kernel_size) * s->npix;
	}
	w->lane = calloc(w->nlane, sizeof(*w->lane));
	w->batch = calloc(w->nbatch, sizeof(*w->batch));
	w->last = malloc(s->npix);
	if (w->lane == NULL || w->batch == NULL || w->last == NULL)
		return dcor_err_nomem(err);
	for (i = 0; i < w->nbatch; i++) {
		w->batch[i].edge = malloc(2 * s->npix);
		if (w->batch[i].edge == NULL)
			return dcor_err_nomem(err);
	}
	for (i = 0; i < w->nlane; i++) {
		l = &w->lane[i];
		rc = dcor_reader_new(&l->reader, err);
		if (rc == DCOR_OK)
			rc = dcor_extract_new(s->w, s->h, &s->xo, &l->extract,
			    err);
		if (rc != DCOR_OK)
			return rc;
		l->bits.w = s->w;
		l->bits.h = s->h;
		l->bits.stride = (s->w + 63) / 64;
		l->bits.word = calloc((size_t)l->bits.stride * s->h,
		    sizeof(*l->bits.word));
		l->image = malloc(w->per * s->npix);
		l->bg = malloc(nbg);
		l->bg_row = UINT64_MAX;
		if (span > 0) {
			l->span = malloc(span);
			l->scratch = malloc(dcor_rollmed_scratch(s->w, s->h,
			    s->pl.kernel_size));
		}
		if (l->bits.word == NULL || l->image == NULL ||
		    l->bg == NULL || (span > 0 && (l->span == NULL ||
		    l->scratch == NULL)))
			return dcor_err_nomem(err);
	}
	return DCOR_OK;
}

static void
take_down(struct work *w)
{
	struct dcor_segm_stats *st = &w->s->st;
	struct lane *l;
	size_t i;

	for (i = 0; w->batch != NULL && i < w->nbatch; i++) {
		dcor_events_fini(&w->batch[i].ev);
		free(w->batch[i].image);
		free(w->batch[i].bg);
		free(w->batch[i].off);
		free(w->batch[i].slot);
		free(w->batch[i].edge);
	}
	for (i = 0; w->lane != NULL && i < w->nlane; i++) {
		l = &w->lane[i];
		st->read += l->t[T_READ];
		st->bg += l->t[T_BG];
		st->thresh += l->t[T_THRESH];
		st->extract += l->t[T_EXTRACT];
		dcor_reader_free(l->reader);
		dcor_extract_free(l->extract);
		free(l->bits.word);
		free(l->image);
		free(l->span);
		free(l->bg);
		free(l->scratch);
	}
	free_masks(w->pend);
	free(w->lane);
	free(w->batch);
	free(w->last);
	free(w->ix.frame);
}

/*
 * The time of every frame by the best source there is, as dcnum chooses:
 * time, frame and rate, rate, neither.  *single: counted in single precision.
 */
static int
get_times(struct dcor_segm *s, double *t, int *single, struct dcor_err *err)
{
	struct dcor_err why = DCOR_ERR_INIT;
	struct dcor_feature f = { 0 };
	const struct dcor_h5type *type;
	double rate = 0, *col = NULL;
	float *f32 = NULL;
	int has_time, rc;
	uint64_t i;

	(void)dcor_rtdc_f64(s->m, "imaging:frame rate", &rate);
	rc = dcor_rtdc_feature(s->m, "time", &f, &why);
	has_time = rc == DCOR_OK;
	if (rc == DCOR_ENOENT && rate > 0) {
		memset(&why, 0, sizeof(why));
		rc = dcor_rtdc_feature(s->m, "frame", &f, &why);
	}
	if (rc == DCOR_ENOENT) {
		if (rate > 0)
			dcor_times_rate(rate, s->nfile, t);
		else
			dcor_times_none(s->nfile, t);
		return DCOR_OK;
	}
	if (rc != DCOR_OK)
		return dcor_err_copy(err, &why);
	type = &dcor_dset_info(f.set)->type;
	*single = has_time && type->cls == DCOR_H5_FLOAT && type->size == 4;
	col = malloc((size_t)s->nfile * sizeof(*col));
	f32 = malloc((size_t)s->nfile * sizeof(*f32));
	rc = col == NULL || f32 == NULL ? dcor_err_nomem(err) :
	    dcor_segm_column(s, &f, col, err);
	if (rc != DCOR_OK)
		goto out;
	if (*single) {
		for (i = 0; i < s->nfile; i++)
			f32[i] = (float)col[i];
		dcor_times_f32(f32, s->nfile, t);
	} else if (has_time)
		dcor_times_f64(col, s->nfile, t);
	else
		dcor_times_frame(col, rate, s->nfile, t);
out:
	free(col);
	free(f32);
	dcor_feature_fini(&f);
	return rc;
}

static int
make_background(struct dcor_segm *s, const char *tmpdir,
    struct dcor_err *err)
{
	struct dcor_sparsemed_opts o = {
		.kernel_size = s->pl.kernel_size,
		.split_time = s->pl.split_time,
		.thresh_cleansing = s->pl.thresh_cleansing,
		.frac_cleansing = s->pl.frac_cleansing
	};
	struct dcor_frames frames;
	double *t;
	int rc;

	if (s->source != DCOR_BG_FROM_SPARSEMED || s->sparse.fd >= 0)
		return DCOR_OK;
	t = malloc((size_t)s->nfile * sizeof(*t));
	if (t == NULL)
		return dcor_err_nomem(err);
	dcor_segm_frames_of(s, &frames);
	rc = get_times(s, t, &o.single, err);
	if (rc == DCOR_OK)
		rc = dcor_sparsemed(&frames, t, &o, s->o.pool, tmpdir,
		    &s->sparse, err);
	free(t);
	if (rc == DCOR_OK && s->sparse.fell_back)
		dcor_segm_remark(s, "cleansing kept too few background "
		    "images; kept the best of them instead");
	s->st.bg_images = s->sparse.m;
	return rc;
}

/* Everything into the open file. */
static int
produce(struct dcor_segm *s, struct dcor_h5out *o, const char *path,
    struct dcor_err *err)
{
	struct work w = { .s = s, .out = o };
	int rc;

	rc = set_up(&w, err);
	if (rc == DCOR_OK)
		rc = dcor_h5out_group(o, "events", err);
	if (rc == DCOR_OK)
		rc = create_frame_columns(&w, err);
	if (rc == DCOR_OK)
		rc = all_batches(&w, err);
	if (rc == DCOR_OK)
		rc = dcor_segm_publish(s, o, &w.ix, path, err);
	s->st.events = w.ix.n;
	s->st.frames = s->n;
	take_down(&w);
	return rc;
}

int
dcor_segm_run(struct dcor_segm *s, const char *path, int replace,
    struct dcor_segm_stats *stats, struct dcor_err *err)
{
	struct dcor_h5out *o = NULL;
	struct dcor_tmp *tmp = NULL;
	double start = now(), t;
	int rc;

	memset(&s->st, 0, sizeof(s->st));
	rc = dcor_tmp_new(path, &tmp, err);
	if (rc != DCOR_OK)
		return rc;
	t = now();
	if (s->o.progress != NULL)
		s->o.progress(s->o.ctx, "background", 0, 1);
	rc = make_background(s, dcor_tmp_path(tmp), err);
	s->st.background = lap(&t);
	if (rc == DCOR_OK)
		rc = dcor_segm_stopped(s, err);
	if (rc == DCOR_OK)
		rc = dcor_h5out_create(dcor_tmp_path(tmp), s->o.pool, &o,
		    err);
	if (rc == DCOR_OK) {
		rc = produce(s, o, path, err);
		t = now();
		if (rc == DCOR_OK) {
			s->st.encode = dcor_h5out_seconds(o);
			rc = dcor_h5out_close(o, err);
		} else
			dcor_h5out_discard(o);
		s->st.write += lap(&t);
	}
	if (rc == DCOR_OK)
		rc = dcor_tmp_commit(tmp, replace, err);
	else
		dcor_tmp_abandon(tmp);
	s->st.wall = now() - start;
	if (stats != NULL)
		*stats = s->st;
	return rc;
}

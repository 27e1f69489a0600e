/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "segm/batch.h"

#include <stdlib.h>
#include <string.h>

#include "base/time.h"
#include "segm/thresh.h"

/* Bytes of images that are worked on at a time: by one worker, by all. */
#define BATCH_BYTES	((size_t)8 << 20)
#define FLIGHT_BYTES	((size_t)64 << 20)
#define BATCH_FRAMES	1000

/* What one worker needs. */
struct dcor_lane {
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

/* The frames of the batch to l->image; neighbours in one go. */
static int
read_images(const struct dcor_batch *b, struct dcor_lane *l,
    struct dcor_err *err)
{
	const struct dcor_segm *s = b->of->s;
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
roll(const struct dcor_segm *s, struct dcor_lane *l, uint64_t frame, size_t n,
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
get_bg(const struct dcor_batch *b, struct dcor_lane *l, size_t i,
    struct dcor_frame *f, struct dcor_err *err)
{
	const struct dcor_segm *s = b->of->s;
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
		if (b->of->per > 1 && s->pl.map.kind != DCOR_MAP_SLICE) {
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
make_room(struct dcor_batch *b, struct dcor_err *err)
{
	const struct dcor_batches *w = b->of;
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
keep(struct dcor_batch *b, const struct dcor_frame *f, size_t had,
    struct dcor_err *err)
{
	size_t npix = b->of->s->npix, i;
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
	if (b->of->copy_image)
		memcpy(b->image + slot * npix, f->image, npix);
	if (b->of->copy_bg)
		memcpy(b->bg + slot * npix, f->bg, npix);
	b->off[slot] = f->off;
	return DCOR_OK;
}

static int
do_batch(struct dcor_batch *b, struct dcor_lane *l, struct dcor_err *err)
{
	const struct dcor_segm *s = b->of->s;
	struct dcor_frame f = { .w = s->w, .h = s->h };
	double t = dcor_seconds();
	size_t i, had;
	int rc;

	rc = read_images(b, l, err);
	l->t[T_READ] += dcor_lap(&t);
	for (i = 0; rc == DCOR_OK && i < b->n; i++) {
		f.image = l->image + i * s->npix;
		if (i > 0 && memcmp(f.image, f.image - s->npix, s->npix) ==
		    0) {
			b->duplicates++;
			/* Its background may open the rest of the batch. */
			continue;
		}
		rc = get_bg(b, l, i, &f, err);
		l->t[T_BG] += dcor_lap(&t);
		if (rc != DCOR_OK)
			break;
		dcor_thresh(&f, s->pl.thresh, &l->bits);
		l->t[T_THRESH] += dcor_lap(&t);
		had = b->ev.n;
		rc = dcor_extract_frame(l->extract, &f, &l->bits,
		    (uint32_t)(b->first + i), &b->ev, err);
		if (rc == DCOR_OK)
			rc = keep(b, &f, had, err);
		if (i == 0)
			b->first_events = b->ev.n;
		l->t[T_EXTRACT] += dcor_lap(&t);
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
	struct dcor_batch *b = arg;

	do_batch(b, &b->of->lane[worker], &b->err);
}

void
dcor_batch_send(struct dcor_batch *b, struct dcor_batches *w,
    uint64_t first)
{
	uint64_t left = w->s->n - first;

	b->of = w;
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

static void
plan_batches(struct dcor_batches *w)
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

int
dcor_batches_init(struct dcor_batches *w, struct dcor_segm *s,
    struct dcor_err *err)
{
	size_t nbg = s->npix, span = 0, i;
	struct dcor_lane *l;
	int rc;

	memset(w, 0, sizeof(*w));
	w->s = s;
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
	if (w->lane == NULL || w->batch == NULL)
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

void
dcor_batches_fini(struct dcor_batches *w)
{
	struct dcor_segm_stats *st = &w->s->st;
	struct dcor_lane *l;
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
	free(w->lane);
	free(w->batch);
}


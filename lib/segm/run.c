/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "segm/run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/time.h"
#include "base/tmp.h"
#include "segm/batch.h"
#include "segm/bits.h"

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
	struct dcor_batches	 on;
	uint8_t			*last;		/* last frame merged */
	struct dcor_h5col	*feat[DCOR_NFEATS];
	struct dcor_h5col	*mask, *image, *bg, *off, *nevents;
	struct masks		*pend;
	struct dcor_segm_index	 ix;
};

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
	int rc;

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
	rc = dcor_room(&m->run, &m->cap, m->nrun + n, sizeof(*m->run), err);
	if (rc != DCOR_OK)
		return rc;
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
	char path[64];

	snprintf(path, sizeof(path), "events/%s", name);
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
	if (rc == DCOR_OK && w->on.copy_image)
		rc = column(w, "image", DCOR_H5_INT, 1, 1, &w->image, err);
	if (rc == DCOR_OK && w->on.copy_bg)
		rc = column(w, "image_bg", DCOR_H5_INT, 1, 1, &w->bg, err);
	return rc;
}

static int
index_event(struct dcor_segm_index *ix, uint32_t frame, struct dcor_err *err)
{
	int rc = dcor_room(&ix->frame, &ix->cap, ix->n + 1,
	    sizeof(*ix->frame), err);

	if (rc == DCOR_OK)
		ix->frame[ix->n++] = frame;
	return rc;
}

static int
put_event(struct work *w, const struct dcor_batch *b, size_t i,
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
merge(struct work *w, struct dcor_batch *b, struct dcor_err *err)
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

static int
all_batches(struct work *w, struct dcor_err *err)
{
	struct dcor_segm *s = w->s;
	uint64_t sent = 0, merged = 0, number = 0;
	struct dcor_batch *b;
	double t;
	int rc = DCOR_OK;

	while (rc == DCOR_OK && merged < s->n) {
		while (sent < s->n && sent - merged <
		    (uint64_t)w->on.per * w->on.nbatch) {
			b = &w->on.batch[sent / w->on.per % w->on.nbatch];
			dcor_batch_send(b, &w->on, sent);
			sent += b->n;
		}
		b = &w->on.batch[number++ % w->on.nbatch];
		dcor_pool_wait(s->o.pool, &b->task);
		t = dcor_seconds();
		rc = merge(w, b, err);
		s->st.write += dcor_lap(&t);
		merged += b->n;
		if (s->o.progress != NULL)
			s->o.progress(s->o.ctx, "segmentation", merged, s->n);
		if (rc == DCOR_OK)
			rc = dcor_segm_stopped(s, err);
	}
	/* What was sent must come back before its memory goes. */
	for (; merged < sent; merged += b->n) {
		b = &w->on.batch[number++ % w->on.nbatch];
		dcor_pool_wait(s->o.pool, &b->task);
	}
	if (rc == DCOR_OK && w->mask != NULL)
		rc = flush_masks(w, err);
	return rc;
}

/* Everything into the open file. */
static int
produce(struct dcor_segm *s, struct dcor_h5out *o, const char *path,
    struct dcor_err *err)
{
	struct work w = { .s = s, .out = o };
	int rc;

	rc = dcor_batches_init(&w.on, s, err);
	w.last = malloc(s->npix);
	if (rc == DCOR_OK && w.last == NULL)
		rc = dcor_err_nomem(err);
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
	dcor_batches_fini(&w.on);
	free_masks(w.pend);
	free(w.last);
	free(w.ix.frame);
	return rc;
}

int
dcor_segm_run(struct dcor_segm *s, const char *path, int replace,
    struct dcor_segm_stats *stats, struct dcor_err *err)
{
	struct dcor_h5out *o = NULL;
	struct dcor_tmp *tmp = NULL;
	double start = dcor_seconds(), t;
	int rc;

	memset(&s->st, 0, sizeof(s->st));
	rc = dcor_tmp_new(path, &tmp, err);
	if (rc != DCOR_OK)
		return rc;
	t = dcor_seconds();
	if (s->o.progress != NULL)
		s->o.progress(s->o.ctx, "background", 0, 1);
	rc = dcor_segm_background(s, dcor_tmp_path(tmp), err);
	s->st.background = dcor_lap(&t);
	if (rc == DCOR_OK)
		rc = dcor_segm_stopped(s, err);
	if (rc == DCOR_OK)
		rc = dcor_h5out_create(dcor_tmp_path(tmp), s->o.pool, &o,
		    err);
	if (rc == DCOR_OK) {
		rc = produce(s, o, path, err);
		t = dcor_seconds();
		if (rc == DCOR_OK)
			rc = dcor_h5out_close(o, &s->st.encode, err);
		else
			dcor_h5out_discard(o);
		s->st.write += dcor_lap(&t);
	}
	if (rc == DCOR_OK)
		rc = dcor_segm_stopped(s, err);
	if (rc == DCOR_OK)
		rc = dcor_tmp_commit(tmp, replace, err);
	else
		dcor_tmp_abandon(tmp);
	s->st.wall = dcor_seconds() - start;
	if (stats != NULL)
		*stats = s->st;
	return rc;
}

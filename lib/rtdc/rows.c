/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "rtdc/rows.h"

#include <stdlib.h>

#define BLOCK	((uint64_t)1 << 20)	/* bytes, but whole chunks */
#define MADE	((size_t)1 << 31)	/* bytes made of a block, at most */

struct rows {
	const struct dcor_feature	*f;
	const struct dcor_sel		*sel;
	const struct dcor_rows_use	*use;
	struct dcor_reader		**reader;	/* one a worker */
	size_t				 row;		/* bytes */
	uint64_t			 per;		/* rows a block */
	uint64_t			 chunk;		/* read together */
	size_t				 range;		/* what comes next */
	uint64_t			 skip;		/* of that range */
};

struct block {
	struct dcor_task	 task;
	struct rows		*of;
	size_t			 range;
	uint64_t		 skip, n;
	unsigned char		*buf;
	uint64_t		 room;		/* rows */
	struct dcor_buf		 made;
	size_t			*end;		/* of what each row became */
	struct dcor_err		 err;
};

/* What the next block holds: as many rows as a block has, then those that
 * are in the same chunk as the last.  Returns the number of rows. */
static uint64_t
plan(struct rows *w, struct block *b)
{
	uint64_t n = 0, stop = 0, last = 0, at, part;
	const struct dcor_range *v;

	b->range = w->range;
	b->skip = w->skip;
	for (; w->range < w->sel->nv; n += part) {
		v = &w->sel->v[w->range];
		at = v->first + w->skip;
		part = v->n - w->skip;
		if (n < w->per) {
			if (part > w->per - n)
				part = w->per - n;
		} else {
			if (stop == 0)
				stop = (last / w->chunk + 1) * w->chunk;
			if (at >= stop)
				break;
			if (part > stop - at)
				part = stop - at;
		}
		last = at + part - 1;
		w->skip += part;
		if (w->skip == v->n) {
			w->range++;
			w->skip = 0;
		}
	}
	b->n = n;
	return n;
}

static int
make_all(struct block *b)
{
	const struct rows *w = b->of;
	uint64_t i;
	int rc = DCOR_OK;

	dcor_buf_clear(&b->made);
	for (i = 0; rc == DCOR_OK && i < b->n; i++) {
		rc = w->use->make(w->use->arg, b->buf + i * w->row, &b->made,
		    &b->err);
		if (rc == DCOR_OK)
			rc = dcor_buf_check(&b->made, &b->err);
		b->end[i] = b->made.len;
	}
	return rc;
}

static void
run(void *arg, unsigned worker)
{
	struct block *b = arg;
	const struct rows *w = b->of;
	const struct dcor_range *v = &w->sel->v[b->range];
	uint64_t skip = b->skip, n, done;
	int rc = DCOR_OK;

	for (done = 0; rc == DCOR_OK && done < b->n; done += n, v++) {
		n = v->n - skip;
		if (n > b->n - done)
			n = b->n - done;
		rc = dcor_feature_read(w->f, w->reader[worker],
		    v->first + skip, n, b->buf + done * w->row, &b->err);
		skip = 0;
	}
	if (rc == DCOR_OK && w->use->make != NULL)
		rc = make_all(b);
	if (rc != DCOR_OK)	/* whatever did not say why */
		dcor_err_set(&b->err, (enum dcor_code)rc, 0, "cannot read");
}

/* Plans a block and sends it off; 0 when there are no more rows. */
static int
send(struct rows *w, struct block *b, struct dcor_pool *pool,
    struct dcor_err *err)
{
	if (plan(w, b) == 0)
		return DCOR_OK;
	if (b->room < b->n) {
		free(b->buf);
		free(b->end);
		b->room = b->n;
		b->buf = malloc((size_t)b->n * w->row + 1);
		b->end = w->use->make == NULL ? NULL :
		    malloc((size_t)b->n * sizeof(*b->end));
		if (b->buf == NULL || (b->end == NULL &&
		    w->use->make != NULL)) {
			b->n = 0;
			return dcor_err_nomem(err);
		}
	}
	b->task.fn = run;
	b->task.arg = b;
	dcor_pool_submit(pool, &b->task);
	return DCOR_OK;
}

static int
take(const struct rows *w, const struct block *b, struct dcor_err *err)
{
	const struct dcor_rows_use *u = w->use;
	size_t from = 0;
	uint64_t i;
	int rc = DCOR_OK;

	if (u->make == NULL)
		return u->take(u->arg, b->buf, (size_t)b->n * w->row, b->n,
		    err);
	for (i = 0; rc == DCOR_OK && i < b->n; i++) {
		rc = u->take(u->arg, dcor_buf_str(&b->made) + from,
		    b->end[i] - from, 1, err);
		from = b->end[i];
	}
	return rc;
}

static int
all_blocks(struct rows *w, struct block *ring, size_t nring,
    struct dcor_pool *pool, struct dcor_err *err)
{
	size_t i, at;
	int rc = DCOR_OK;

	for (i = 0; rc == DCOR_OK && i < nring; i++)
		rc = send(w, &ring[i], pool, err);
	for (at = 0; rc == DCOR_OK && ring[at].n > 0; at = (at + 1) % nring) {
		dcor_pool_wait(pool, &ring[at].task);
		rc = dcor_err_copy(err, &ring[at].err);
		if (rc == DCOR_OK)
			rc = take(w, &ring[at], err);
		ring[at].n = 0;
		if (rc == DCOR_OK)
			rc = send(w, &ring[at], pool, err);
	}
	for (i = 0; i < nring; i++)
		if (ring[i].n > 0)
			dcor_pool_wait(pool, &ring[i].task);
	return rc;
}

/* One event for each chunk that is needed, so that all of them are announced
 * at once: neighbours are merged then, whatever is selected of them. */
void
dcor_rows_expect(const struct dcor_feature *f, const struct dcor_sel *sel)
{
	uint64_t chunk = f->map != NULL ? 1 : dcor_dset_chunk_rows(f->set);
	const struct dcor_range *v = sel->v, *end = v + sel->nv;
	uint64_t *event, at, next = 0;
	size_t n = 0;

	if (dcor_h5_src(dcor_dset_h5(f->set))->expect == NULL)
		return;
	if (dcor_dset_info(f->set)->layout != DCOR_H5_CHUNKED) {
		for (; v < end; v++)
			dcor_feature_expect(f, v->first, v->n);
		return;
	}
	for (; v < end; v++)
		n += (size_t)(v->n / chunk + 2);
	if ((event = malloc((n + 1) * sizeof(*event))) == NULL)
		return;
	for (v = sel->v, n = 0; v < end; v++)
		for (at = v->first > next ? v->first : next;
		    at < v->first + v->n; at = next) {
			event[n++] = at;
			next = (at / chunk + 1) * chunk;
		}
	dcor_feature_expect_list(f, event, n);
	free(event);
}

int
dcor_rows_each(const struct dcor_feature *f, const struct dcor_sel *sel,
    struct dcor_pool *pool, const struct dcor_rows_use *use,
    struct dcor_err *err)
{
	unsigned workers = dcor_pool_workers(pool), i;
	size_t nring = 2 * (size_t)workers;
	struct rows w = { .f = f, .sel = sel, .use = use };
	struct block *ring;
	int rc = DCOR_OK;

	w.row = dcor_dset_row_size(f->set);
	w.chunk = f->map != NULL ? 1 : dcor_dset_chunk_rows(f->set);
	w.per = BLOCK / (w.row > 0 ? w.row : 1);
	if (w.per < w.chunk)
		w.per = w.chunk;
	if (w.per < 1)
		w.per = 1;
	ring = calloc(nring, sizeof(*ring));
	w.reader = calloc(workers, sizeof(struct dcor_reader *));
	if (ring == NULL || w.reader == NULL)
		rc = dcor_err_nomem(err);
	for (i = 0; rc == DCOR_OK && i < workers; i++)
		rc = dcor_reader_new(&w.reader[i], err);
	for (i = 0; rc == DCOR_OK && i < nring; i++) {
		ring[i].of = &w;
		dcor_buf_init(&ring[i].made, MADE);
	}
	if (rc == DCOR_OK)
		dcor_rows_expect(f, sel);
	if (rc == DCOR_OK)
		rc = all_blocks(&w, ring, nring, pool, err);
	for (i = 0; ring != NULL && i < nring; i++) {
		dcor_buf_fini(&ring[i].made);
		free(ring[i].buf);
		free(ring[i].end);
	}
	for (i = 0; w.reader != NULL && i < workers; i++)
		dcor_reader_free(w.reader[i]);
	free(w.reader);
	free(ring);
	return rc;
}

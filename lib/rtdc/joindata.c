/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The values of a feature, input after input.
 *
 * What stays as it is, is copied, chunks that fit as they are stored.  For
 * the rest, blocks of the result, one chunk each, are read and converted on
 * the pool, two for each worker at a time, and appended in order; then they
 * are compressed on the pool while the next are read.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rtdc/elem.h"
#include "rtdc/feat.h"
#include "rtdc/joinpriv.h"

#define MIB	((uint64_t)1 << 20)
#define AHEAD	2	/* blocks a worker */

/* What is known of numbers that were seen; NaN does not count. */
struct extent {
	double		 min, max, sum;
	uint64_t	 n;
};

struct block {
	uint64_t	 first, n;	/* rows of the result */
	unsigned char	*buf;
	unsigned char	*tmp;		/* before conversion */
	size_t		 ntmp;
	struct extent	 ext;
	struct dcor_err	 err;
};

struct work {
	struct dcor_join *j;
	const struct join_feat *f;
	uint64_t	*start;		/* row of the result at which each
					 * input begins; n + 1 of them */
	uint64_t	 chunk_rows;
	struct block	*b;
	size_t		 nb;
	struct dcor_reader **reader;	/* one a worker */
	struct dcor_h5col *col;
	struct extent	 ext;
};

/* The rows that input i has of the feature. */
static struct dcor_feature
rows_of(const struct work *w, size_t i)
{
	struct dcor_feature f = w->f->src[i].f;

	if (w->f->internal)
		f.map = NULL;	/* all rows, not those of the events */
	return f;
}

static uint64_t
nrows_of(const struct work *w, size_t i)
{
	if (!w->f->internal)
		return w->j->in[i].pub.events;
	return w->f->src[i].f.set != NULL ?
	    dcor_dset_rows(w->f->src[i].f.set) : 0;
}

/* Moves numbers on by what was before them. */
static int
shift(const struct work *w, size_t i, unsigned char *p, size_t n,
    struct dcor_err *err)
{
	const struct join_in *in = &w->j->in[i];
	double v;
	size_t k;

	if (w->f->kind == JOIN_TIME) {
		for (k = 0; k < n; k++) {
			memcpy(&v, p + 8 * k, 8);
			if (w->f->src[i].from_frame)
				v /= in->rate;
			v += in->pub.offset;
			memcpy(p + 8 * k, &v, 8);
		}
		return DCOR_OK;
	}
	if (dcor_elem_add(&w->f->type, p, n, w->f->kind == JOIN_FRAME ?
	    in->pub.frames : in->online) < n)
		return dcor_err_set(err, DCOR_EDATA, 0, "%s: too large",
		    w->f->name);
	return DCOR_OK;
}

/* Rows first ... first+n-1 of input i to p. */
static int
read_part(const struct work *w, struct block *b, size_t i, uint64_t first,
    uint64_t n, unsigned char *p, struct dcor_reader *r,
    struct dcor_err *err)
{
	const struct join_feat *f = w->f;
	const struct join_src *s = &f->src[i];
	struct dcor_feature rows = rows_of(w, i);
	size_t count = (size_t)(n * f->per_row), done;
	int bools = dcor_dset_info(rows.set)->type.cls == DCOR_H5_ENUM;
	int same = s->type.cls == f->type.cls && s->type.size ==
	    f->type.size && s->type.is_signed == f->type.is_signed;
	unsigned char *to = p, *q;
	int rc;

	if (!same) {
		if (b->ntmp < count * s->type.size) {
			free(b->tmp);
			b->ntmp = count * s->type.size;
			b->tmp = malloc(b->ntmp);
			if (b->tmp == NULL) {
				b->ntmp = 0;
				return dcor_err_nomem(err);
			}
		}
		to = b->tmp;
	}
	rc = dcor_feature_read(&rows, r, first, n, to, err);
	if (rc != DCOR_OK)
		return rc;
	if (bools && strcmp(f->name, "mask") == 0)
		for (q = to; q < to + count; q++)
			*q = *q != 0 ? 255 : 0;
	if (!same) {
		done = dcor_elem_convert(&f->type, p, &s->type, to, count);
		if (done < count)
			return dcor_err_set(err, DCOR_EDATA, 0, "%s: event "
			    "%llu has a number that no common type can hold",
			    f->name, (unsigned long long)(first + done /
			    f->per_row));
	}
	return f->kind == JOIN_COPY ? DCOR_OK : shift(w, i, p, count, err);
}

static void
measure(const struct work *w, struct block *b)
{
	struct extent *e = &b->ext;
	size_t k, n = (size_t)b->n;
	double v;

	memset(e, 0, sizeof(*e));
	for (k = 0; k < n; k++) {
		v = dcor_elem_f64(&w->f->type, b->buf, k);
		if (isnan(v))
			continue;
		e->min = e->n == 0 || v < e->min ? v : e->min;
		e->max = e->n == 0 || v > e->max ? v : e->max;
		e->sum += v;
		e->n++;
	}
}

static void
count_up(const struct work *w, struct block *b)
{
	uint64_t k, v;
	uint32_t u;

	for (k = 0; k < b->n; k++) {
		v = b->first + k + 1;
		u = (uint32_t)v;
		memcpy(b->buf + k * w->f->type.size, w->f->type.size == 8 ?
		    (const void *)&v : (const void *)&u, w->f->type.size);
	}
}

/* On the pool: block number k. */
static void
fill(void *arg, size_t k, unsigned worker)
{
	struct work *w = arg;
	struct block *b = &w->b[k];
	struct dcor_err why = DCOR_ERR_INIT;
	uint64_t at = b->first, end = b->first + b->n, stop;
	size_t i, row = (size_t)w->f->per_row * w->f->type.size;
	int rc;

	if (w->f->kind == JOIN_INDEX)
		count_up(w, b);
	for (i = 0; w->f->kind != JOIN_INDEX && i < w->j->n; i++) {
		stop = w->start[i + 1] < end ? w->start[i + 1] : end;
		if (at < w->start[i] || at >= stop)
			continue;
		rc = read_part(w, b, i, at - w->start[i], stop - at, b->buf +
		    (size_t)(at - b->first) * row, w->reader[worker], &why);
		if (rc != DCOR_OK) {
			dcor_err_set(&b->err, why.code, why.sys, "%s: %s",
			    w->j->in[i].pub.name, why.msg);
			return;
		}
		at = stop;
	}
	if (w->f->rank == 1)
		measure(w, b);
}

static void
merge(struct extent *to, const struct extent *e)
{
	if (e->n == 0)
		return;
	if (to->n == 0 || e->min < to->min)
		to->min = e->min;
	if (to->n == 0 || e->max > to->max)
		to->max = e->max;
	to->sum += e->sum;
	to->n += e->n;
}

static void
advance(struct work *w, uint64_t bytes)
{
	w->j->done += bytes;
	if (w->j->o->progress != NULL)
		w->j->o->progress(w->j->o->ctx, w->j->done);
}

/* All rows: as many blocks as fit at a time. */
static int
pump(struct work *w, struct dcor_err *err)
{
	size_t row = (size_t)w->f->per_row * w->f->type.size, k, n;
	uint64_t at, total = w->start[w->j->n];
	struct block *b;
	int rc = DCOR_OK;

	for (at = 0; rc == DCOR_OK && at < total;) {
		for (n = 0; n < w->nb && at < total; n++) {
			b = &w->b[n];
			b->first = at;
			b->n = total - at < w->chunk_rows ? total - at :
			    w->chunk_rows;
			at += b->n;
		}
		rc = dcor_join_stopped(w->j, err);
		if (rc == DCOR_OK)
			dcor_pool_each(w->j->o->pool, n, fill, w);
		for (k = 0; rc == DCOR_OK && k < n; k++) {
			b = &w->b[k];
			rc = dcor_err_copy(err, &b->err);
			if (rc != DCOR_OK)
				break;
			merge(&w->ext, &b->ext);
			rc = dcor_h5col_append(w->col, b->buf, b->n, err);
			advance(w, b->n * row);
		}
	}
	return rc == DCOR_OK ? dcor_h5col_finish(w->col, err) : rc;
}

/* Whether all values stay as they are and need not be looked at. */
static int
is_plain(const struct work *w)
{
	const struct join_feat *f = w->f;
	const struct dcor_h5type *t;
	size_t i;

	if (f->kind != JOIN_COPY || f->rank == 1)
		return 0;
	for (i = 0; i < w->j->n; i++) {
		if (f->src[i].f.set == NULL)
			continue;
		t = &dcor_dset_info(f->src[i].f.set)->type;
		if (t->cls != f->type.cls || t->size != f->type.size ||
		    t->is_signed != f->type.is_signed ||
		    rows_of(w, i).map != NULL)
			return 0;
	}
	return 1;
}

/* Which input a failure to copy is about: the first that cannot be read. */
static void
name_culprit(const struct work *w, const struct dcor_err *why,
    struct dcor_err *err)
{
	struct dcor_reader *r = w->reader[0];
	struct dcor_err bad = DCOR_ERR_INIT;
	struct dcor_feature f;
	unsigned char *buf;
	uint64_t at, n;
	size_t i;

	buf = malloc((size_t)(w->chunk_rows * w->f->per_row *
	    w->f->type.size));
	for (i = 0; buf != NULL && i < w->j->n; i++) {
		f = rows_of(w, i);
		for (at = 0; at < nrows_of(w, i); at += n) {
			n = nrows_of(w, i) - at;
			n = n < w->chunk_rows ? n : w->chunk_rows;
			if (dcor_feature_read(&f, r, at, n, buf, &bad) !=
			    DCOR_OK)
				break;
		}
		if (bad.code == DCOR_OK)
			continue;
		dcor_err_set(err, bad.code, bad.sys, "%s: %s",
		    w->j->in[i].pub.name, bad.msg);
		break;
	}
	free(buf);
	dcor_err_copy(err, why);
}

/* All rows without looking at them. */
static int
copy_through(struct work *w, struct dcor_h5out *out, struct dcor_err *err)
{
	size_t row = (size_t)w->f->per_row * w->f->type.size, i;
	struct dcor_err why = DCOR_ERR_INIT;
	struct dcor_feature f;
	uint64_t at, n;
	int rc = DCOR_OK;

	for (i = 0; rc == DCOR_OK && i < w->j->n; i++) {
		f = rows_of(w, i);
		for (at = 0; rc == DCOR_OK && at < nrows_of(w, i); at += n) {
			n = nrows_of(w, i) - at;
			n = n < w->chunk_rows ? n : w->chunk_rows;
			rc = dcor_join_stopped(w->j, &why);
			if (rc == DCOR_OK)
				rc = dcor_h5col_copy(w->col, f.set, at, n,
				    &why);
			advance(w, n * row);
		}
	}
	if (rc == DCOR_OK)
		rc = dcor_h5col_finish(w->col, &why);
	if (rc == DCOR_OK)
		rc = dcor_h5out_flush(out, &why);
	if (rc == DCOR_EDATA)
		name_culprit(w, &why, err);
	return rc == DCOR_OK ? rc : dcor_err_copy(err, &why);
}

/*
 * The chunks of the first input if they are of whole rows and of a usual
 * size, else those of dclab: 1 MiB, but at least 10 rows and not more than
 * there are.
 */
static uint64_t
choose_chunk(const struct work *w)
{
	uint64_t row = w->f->per_row * w->f->type.size, n;
	uint64_t total = w->start[w->j->n];
	const struct dcor_h5dset *d;
	unsigned k;
	size_t i;

	for (i = 0; w->f->rank > 1 && i < w->j->n; i++) {
		if (w->f->src[i].f.set == NULL)
			continue;
		d = dcor_dset_info(w->f->src[i].f.set);
		for (k = 1; k < d->rank; k++)
			if (d->chunk[k] != d->dim[k])
				break;
		if (d->layout == DCOR_H5_CHUNKED && k == d->rank &&
		    d->chunk[0] * row >= MIB / 16 &&
		    d->chunk[0] * row <= 4 * MIB)
			return d->chunk[0];
		break;
	}
	n = MIB / row;
	n = n < 10 ? 10 : n;
	return n < total ? n : total > 0 ? total : 1;
}

static int
put_extent(struct work *w, struct dcor_h5out *out, const char *path,
    struct dcor_err *err)
{
	const struct extent *e = &w->ext;
	const struct {
		const char	*name;
		double		 v;
	} attr[] = {
		{ "min", e->min }, { "max", e->max },
		{ "mean", e->sum / (double)e->n }
	};
	int rc = DCOR_OK;
	size_t i;

	for (i = 0; rc == DCOR_OK && i < sizeof(attr) / sizeof(attr[0]); i++)
		rc = dcor_h5out_f64(out, path, attr[i].name, e->n > 0 ?
		    attr[i].v : (double)NAN, err);
	return rc;
}

/* Attributes: what its numbers are now, and what else the first has. */
static int
put_attrs(struct work *w, struct dcor_h5out *out, const char *path,
    struct dcor_err *err)
{
	const struct dcor_feature *f;
	size_t i;
	int rc = DCOR_OK;

	if (w->f->rank == 1 && w->start[w->j->n] > 0)
		rc = put_extent(w, out, path, err);
	for (i = 0; rc == DCOR_OK && i < w->j->n; i++) {
		f = &w->f->src[i].f;
		if (f->set == NULL || w->f->src[i].from_frame)
			continue;
		return dcor_h5out_copy_attrs(out, path,
		    dcor_rtdc_h5(f->origin), dcor_dset_path(f->set), err);
	}
	return rc;
}

static int
prepare(struct work *w, int plain, struct dcor_err *err)
{
	unsigned workers = dcor_pool_workers(w->j->o->pool), k;
	size_t row = (size_t)w->f->per_row * w->f->type.size, i;
	int rc = DCOR_OK;

	w->start = calloc(w->j->n + 1, sizeof(*w->start));
	w->nb = plain ? 0 : AHEAD * (size_t)workers;
	w->b = calloc(w->nb + 1, sizeof(*w->b));
	w->reader = calloc(workers, sizeof(struct dcor_reader *));
	if (w->start == NULL || w->b == NULL || w->reader == NULL)
		return dcor_err_nomem(err);
	for (i = 0; i < w->j->n; i++)
		w->start[i + 1] = w->start[i] + nrows_of(w, i);
	w->chunk_rows = choose_chunk(w);
	for (k = 0; rc == DCOR_OK && k < workers; k++)
		rc = dcor_reader_new(&w->reader[k], err);
	for (i = 0; rc == DCOR_OK && i < w->nb && i * w->chunk_rows <
	    w->start[w->j->n]; i++) {
		w->b[i].buf = malloc((size_t)w->chunk_rows * row);
		if (w->b[i].buf == NULL)
			rc = dcor_err_nomem(err);
	}
	return rc;
}

int
dcor_join_rows(struct dcor_join *j, const struct join_feat *f,
    struct dcor_h5out *out, struct dcor_err *err)
{
	const struct dcor_featinfo *known = dcor_feat_find(f->name);
	struct dcor_h5spec spec = { .type = f->type, .rank = f->rank,
	    .item = { f->item[0], f->item[1] }, .level = j->o->level,
	    .image = f->rank == 3 && known != NULL &&
	    known->kind == DCOR_FEATKIND_IMAGE };
	struct work w = { .j = j, .f = f };
	int plain = is_plain(&w), rc;
	char path[640];
	unsigned k;
	size_t i;

	snprintf(path, sizeof(path), "%s/%s", f->internal ? "basin_events" :
	    "events", f->name);
	rc = prepare(&w, plain, err);
	if (rc == DCOR_OK && f->internal)
		rc = dcor_h5out_group(out, "basin_events", err);
	if (rc == DCOR_OK && strncmp(f->name, "trace/", 6) == 0)
		rc = dcor_h5out_group(out, "events/trace", err);
	spec.chunk_rows = w.chunk_rows;
	if (rc == DCOR_OK)
		rc = dcor_h5out_dset(out, path, &spec, &w.col, err);
	if (rc == DCOR_OK)
		rc = plain ? copy_through(&w, out, err) : pump(&w, err);
	if (rc == DCOR_OK)
		rc = put_attrs(&w, out, path, err);
	for (i = 0; w.b != NULL && i < w.nb; i++) {
		free(w.b[i].buf);
		free(w.b[i].tmp);
	}
	for (k = 0; w.reader != NULL && k < dcor_pool_workers(j->o->pool);
	    k++)
		dcor_reader_free(w.reader[k]);
	free(w.reader);
	free(w.b);
	free(w.start);
	return rc;
}

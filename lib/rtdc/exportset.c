/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The selected rows of one dataset, and what its attributes say of them. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "rtdc/exportpriv.h"

#define CHUNK	((uint64_t)1 << 20)	/* bytes, where the source has none */
#define STEP	16		/* chunks that are copied at a time */
#define CHUNK_MAX ((uint64_t)64 << 20)

/* Least, greatest and mean of a column, NaN left out. */
struct stats {
	struct dcor_h5type	 t;
	unsigned char		 lo[8], hi[8];
	double			 sum;
	uint64_t		 n;
};

struct column {
	const struct dcor_export *opt;
	struct dcor_h5col	*col;		/* NULL: has its rows already */
	struct stats		*stats;		/* NULL: not for this one */
};

static int
less(const struct dcor_h5type *t, const void *a, const void *b)
{
	int64_t i, k;
	uint64_t u, v;

	if (t->cls == DCOR_H5_FLOAT || t->size < 8)
		return dcor_h5_number(t, a, 0) < dcor_h5_number(t, b, 0);
	if (t->is_signed) {
		memcpy(&i, a, 8);
		memcpy(&k, b, 8);
		return i < k;
	}
	memcpy(&u, a, 8);
	memcpy(&v, b, 8);
	return u < v;
}

/* Sums a block by itself: the error grows with the blocks, not with the
 * events. */
static void
stats_add(struct stats *s, const unsigned char *p, uint64_t n)
{
	size_t el = s->t.size;
	double v, sum = 0;
	uint64_t i;

	for (i = 0; i < n; i++, p += el) {
		v = dcor_h5_number(&s->t, p, 0);
		if (isnan(v))
			continue;
		if (s->n == 0 || less(&s->t, p, s->lo))
			memcpy(s->lo, p, el);
		if (s->n == 0 || less(&s->t, s->hi, p))
			memcpy(s->hi, p, el);
		s->n++;
		sum += v;
	}
	s->sum += sum;
}

static const char *const stats_name[] = { "min", "max", "mean" };

/* Takes away what the source says. */
static int
stats_drop(struct dcor_exporter *x, const char *path, struct dcor_err *err)
{
	size_t i;
	int rc = DCOR_OK;

	for (i = 0; rc == DCOR_OK && i < 3; i++)
		rc = dcor_h5out_drop(x->o, path, stats_name[i], err);
	return rc;
}

/* Stored as dclab does: min and max as the column, the mean as double, or
 * as float of floats. */
static int
stats_put(const struct stats *s, struct dcor_exporter *x, const char *path,
    struct dcor_err *err)
{
	struct dcor_h5type t = { .cls = DCOR_H5_FLOAT, .size = 8 };
	double mean = s->n > 0 ? s->sum / (double)s->n : (double)NAN;
	float narrow = (float)mean;
	const void *v[3] = { s->lo, s->hi, &mean };
	size_t i;
	int rc = DCOR_OK;

	if (s->n == 0)		/* all of them NaN */
		v[0] = v[1] = s->t.size == 4 ? (const void *)&narrow : &mean;
	if (s->t.cls == DCOR_H5_FLOAT && s->t.size == 4) {
		t.size = 4;
		v[2] = &narrow;
	}
	for (i = 0; rc == DCOR_OK && i < 3; i++)
		rc = dcor_h5out_number(x->o, path, stats_name[i], i == 2 ?
		    &t : &s->t, v[i], err);
	return rc;
}

static int
take(void *arg, const void *p, size_t nbytes, uint64_t n,
    struct dcor_err *err)
{
	struct column *c = arg;
	int rc;

	(void)nbytes;
	if (c->stats != NULL)
		stats_add(c->stats, p, n);
	if (c->col == NULL)
		return DCOR_OK;
	rc = dcor_h5col_append(c->col, p, n, err);
	return rc == DCOR_OK ? dcor_export_tick(c->opt, n, err) : rc;
}

/* Rows of a chunk: as in the source, but not more than there are; where
 * the source has no chunks, or ones that cut rows, 1 MiB, at least 10. */
static uint64_t
chunk_rows(const struct dcor_dset *d, uint64_t n)
{
	const struct dcor_h5dset *i = dcor_dset_info(d);
	uint64_t row = dcor_dset_row_size(d);
	uint64_t rows = CHUNK / (row > 0 ? row : 1);
	unsigned k;

	if (rows < 10)
		rows = 10;
	if (i->layout == DCOR_H5_CHUNKED && row > 0 &&
	    i->chunk[0] <= CHUNK_MAX / row) {
		for (k = 1; k < i->rank && i->chunk[k] == i->dim[k]; k++)
			;
		if (k == i->rank)
			rows = i->chunk[0];
	}
	return rows < n ? rows : n > 0 ? n : 1;
}

/* Long runs of rows: most of their chunks can be taken as they are. */
static int
copy_ranges(struct dcor_exporter *x, const struct dcor_dset *d,
    struct dcor_h5col *col, struct dcor_err *err)
{
	uint64_t step = STEP * dcor_h5col_chunk_rows(col), at, n;
	const struct dcor_range *v = x->sel->v, *end = v + x->sel->nv;
	int rc = DCOR_OK;

	for (; rc == DCOR_OK && v < end; v++)
		for (at = 0; rc == DCOR_OK && at < v->n; at += n) {
			n = v->n - at < step ? v->n - at : step;
			rc = dcor_h5col_copy(col, d, v->first + at, n, err);
			if (rc == DCOR_OK)
				rc = dcor_export_tick(x->opt, n, err);
		}
	return rc;
}

/* Text of variable length, a line an event. */
static int
put_lines(struct dcor_exporter *x, const char *path,
    const struct dcor_feature *f, struct dcor_err *err)
{
	const struct dcor_range *v = x->sel->v;
	struct dcor_names all;
	const char **line;
	uint64_t k, n = 0;
	size_t i;
	int rc;

	rc = dcor_dset_read_lines(dcor_rtdc_h5(f->origin),
	    dcor_dset_path(f->set), &all, err);
	if (rc != DCOR_OK)
		return rc;
	line = calloc((size_t)x->sel->n + 1, sizeof(*line));
	for (i = 0; line != NULL && i < x->sel->nv; i++)
		for (k = v[i].first; k < v[i].first + v[i].n; k++)
			line[n++] = all.name[f->map != NULL ? f->map[k] : k];
	rc = line == NULL ? dcor_err_nomem(err) :
	    dcor_h5out_lines(x->o, path, line, (size_t)n, err);
	free(line);
	dcor_names_fini(&all);
	return rc;
}

/* Numbers and everything else of one size. */
static int
put_rows(struct dcor_exporter *x, const char *path,
    const struct dcor_feature *f, struct stats *stats, struct dcor_err *err)
{
	const struct dcor_sel *sel = x->sel;
	struct column c = { x->opt, NULL, stats };
	struct dcor_rows_use use = { .take = take, .arg = &c };
	struct dcor_h5spec spec = { 0 };
	struct dcor_h5col *col;
	int rc;

	spec.level = x->opt->level > 0 ? x->opt->level : DCOR_EXPORT_LEVEL;
	spec.chunk_rows = chunk_rows(f->set, sel->n);
	rc = dcor_h5out_like(x->o, path, f->set, &spec, &col, err);
	if (rc != DCOR_OK)
		return rc;
	if (f->map == NULL && sel->nv > 0 && sel->n / sel->nv >=
	    spec.chunk_rows) {
		dcor_rows_expect(f, sel);
		rc = copy_ranges(x, f->set, col, err);
	} else
		c.col = col;
	if (rc == DCOR_OK && (c.col != NULL || stats != NULL))
		rc = dcor_rows_each(f, sel, x->pool, &use, err);
	return rc == DCOR_OK ? dcor_h5col_finish(col, err) : rc;
}

int
dcor_export_feature(struct dcor_exporter *x, const char *path,
    const struct dcor_feature *f, struct dcor_err *err)
{
	const struct dcor_h5dset *info = dcor_dset_info(f->set);
	const struct dcor_sel *sel = x->sel;
	const struct dcor_range *last = sel->v + sel->nv - (sel->nv > 0);
	struct stats stats = { .t = info->type };
	int numbers = info->rank == 1 && dcor_h5_is_number(&info->type), rc;

	if (sel->nv > 0 && (last->first >= f->n || last->n > f->n -
	    last->first))
		return dcor_err_set(err, DCOR_EDATA, 0, "%s: event %llu of "
		    "%llu", dcor_dset_path(f->set), (unsigned long long)
		    (last->first + last->n), (unsigned long long)f->n);
	rc = dcor_h5out_can_like(f->set) ? put_rows(x, path, f, numbers ?
	    &stats : NULL, err) : put_lines(x, path, f, err);
	if (rc == DCOR_OK)
		rc = dcor_h5out_copy_attrs(x->o, path,
		    dcor_rtdc_h5(f->origin), dcor_dset_path(f->set), err);
	if (rc == DCOR_OK && info->rank == 1)
		rc = numbers && sel->n > 0 ? stats_put(&stats, x, path, err) :
		    stats_drop(x, path, err);
	return rc;
}

int
dcor_export_numbers(struct dcor_exporter *x, const char *path, int renumber,
    struct dcor_err *err)
{
	struct dcor_h5spec spec = { .rank = 1, .type = { .cls = DCOR_H5_INT,
	    .size = 8 } };
	struct stats stats = { .t = spec.type };
	struct dcor_h5col *col;
	const struct dcor_range *v = x->sel->v;
	uint64_t block[512], n = 0, k, count = 1;
	size_t i;
	int rc;

	spec.level = x->opt->level > 0 ? x->opt->level : DCOR_EXPORT_LEVEL;
	spec.chunk_rows = x->sel->n < CHUNK / 8 ? x->sel->n : CHUNK / 8;
	if (spec.chunk_rows == 0)
		spec.chunk_rows = 1;
	rc = dcor_h5out_dset(x->o, path, &spec, &col, err);
	for (i = 0; rc == DCOR_OK && i < x->sel->nv; i++)
		for (k = 0; rc == DCOR_OK && k < v[i].n; k++) {
			block[n++] = renumber ? count++ : v[i].first + k;
			if (n < 512 && (i + 1 < x->sel->nv || k + 1 < v[i].n))
				continue;
			stats_add(&stats, (unsigned char *)block, n);
			rc = dcor_h5col_append(col, block, n, err);
			n = 0;
		}
	if (rc == DCOR_OK)
		rc = dcor_h5col_finish(col, err);
	if (rc == DCOR_OK && x->sel->n > 0)
		rc = stats_put(&stats, x, path, err);
	return rc;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "rtdc/cols.h"

#include <stdlib.h>
#include <string.h>

#include "rtdc/list.h"
#include "rtdc/rows.h"

#define MEMORY		((size_t)64 << 20)
#define WINDOW_MIN	((size_t)1 << 12)
#define WINDOW_MAX	((size_t)1 << 20)

struct column {
	struct dcor_col	 pub;
	char		*name;
	struct dcor_feature f;		/* set == NULL: index */
	size_t		 size;		/* bytes a number, as stored */
	unsigned char	*raw;		/* the window as stored */
	double		*f64;		/* and as doubles, or NULL */
	struct dcor_err	 err;
};

struct dcor_cols {
	struct column	*v;
	size_t		 n, window;
	int		 f64;
	struct dcor_pool *pool;
	struct dcor_reader **reader;	/* one a worker */
	const struct dcor_sel *part;	/* what is being read */
};

static enum dcor_coltype
type_of(const struct dcor_h5type *t)
{
	unsigned k = t->size == 1 ? 0 : t->size == 2 ? 1 : t->size == 4 ? 2 :
	    3;

	if (t->cls == DCOR_H5_FLOAT)
		return t->size == 4 ? DCOR_COL_F32 : DCOR_COL_F64;
	return (enum dcor_coltype)((t->is_signed ? DCOR_COL_I8 :
	    DCOR_COL_U8) + k);
}

static int
open_column(struct dcor_rtdc *m, const char *name, struct column *c,
    struct dcor_err *err)
{
	int rc;

	c->name = strdup(name);
	if (c->name == NULL)
		return dcor_err_nomem(err);
	c->pub.name = c->name;
	rc = dcor_rtdc_feature(m, name, &c->f, NULL);
	if (rc == DCOR_ENOENT && strcmp(name, "index") == 0) {
		c->pub.type = DCOR_COL_U64;
		c->size = 8;
		return DCOR_OK;
	}
	if (rc != DCOR_OK)
		return dcor_rtdc_feature(m, name, &c->f, err);
	if (!dcor_feature_is_scalar(&c->f))
		return dcor_err_set(err, DCOR_EDATA, 0,
		    "%s: not one number an event", name);
	c->pub.type = type_of(&dcor_dset_info(c->f.set)->type);
	c->size = dcor_dset_row_size(c->f.set);
	return DCOR_OK;
}

static int
allocate(struct dcor_cols *c, struct dcor_err *err)
{
	size_t row = 1, i;
	unsigned k;
	int rc = DCOR_OK;

	for (i = 0; i < c->n; i++)
		row += c->v[i].size + (c->f64 ? sizeof(double) : 0);
	for (c->window = WINDOW_MAX; c->window > WINDOW_MIN &&
	    c->window > MEMORY / row;)
		c->window /= 2;
	for (i = 0; i < c->n; i++) {
		c->v[i].raw = malloc(c->window * c->v[i].size);
		if (c->f64)
			c->v[i].f64 = calloc(c->window, sizeof(double));
		if (c->v[i].raw == NULL ||
		    (c->f64 && c->v[i].f64 == NULL))
			return dcor_err_nomem(err);
		c->v[i].pub.data = c->f64 ? (const void *)c->v[i].f64 :
		    c->v[i].raw;
	}
	c->reader = calloc(dcor_pool_workers(c->pool), sizeof(*c->reader));
	if (c->reader == NULL)
		return dcor_err_nomem(err);
	for (k = 0; rc == DCOR_OK && k < dcor_pool_workers(c->pool); k++)
		rc = dcor_reader_new(&c->reader[k], err);
	return rc;
}

int
dcor_cols_open(struct dcor_rtdc *m, const char *const *name, size_t n,
    int f64, struct dcor_pool *pool, struct dcor_cols **out,
    struct dcor_err *err)
{
	struct dcor_cols *c;
	size_t i;
	int rc = DCOR_OK;

	*out = NULL;
	c = calloc(1, sizeof(*c));
	if (c == NULL)
		return dcor_err_nomem(err);
	c->f64 = f64;
	c->pool = pool;
	c->v = calloc(n > 0 ? n : 1, sizeof(*c->v));
	if (c->v == NULL)
		rc = dcor_err_nomem(err);
	for (i = 0; rc == DCOR_OK && i < n; i++) {
		c->n++;
		rc = open_column(m, name[i], &c->v[i], err);
	}
	if (rc == DCOR_OK)
		rc = allocate(c, err);
	if (rc != DCOR_OK) {
		dcor_cols_close(c);
		return rc;
	}
	*out = c;
	return DCOR_OK;
}

void
dcor_cols_close(struct dcor_cols *c)
{
	size_t i;
	unsigned k;

	if (c == NULL)
		return;
	for (i = 0; i < c->n; i++) {
		dcor_feature_fini(&c->v[i].f);
		free(c->v[i].name);
		free(c->v[i].raw);
		free(c->v[i].f64);
	}
	for (k = 0; c->reader != NULL && k < dcor_pool_workers(c->pool); k++)
		dcor_reader_free(c->reader[k]);
	free(c->reader);
	free(c->v);
	free(c);
}

size_t
dcor_cols_window(const struct dcor_cols *c)
{
	return c->window;
}

const struct dcor_col *
dcor_cols_at(const struct dcor_cols *c, size_t i)
{
	return &c->v[i].pub;
}

/* Numbers of one type to doubles. */
#define CONVERT(type) do { \
	const type *p_ = (const type *)(const void *)c->raw; \
	for (i = 0; i < n; i++) \
		c->f64[i] = (double)p_[i]; \
	} while (0)

static void
convert(struct column *c, size_t n)
{
	size_t i;

	switch (c->pub.type) {
	case DCOR_COL_I8:	CONVERT(int8_t); break;
	case DCOR_COL_I16:	CONVERT(int16_t); break;
	case DCOR_COL_I32:	CONVERT(int32_t); break;
	case DCOR_COL_I64:	CONVERT(int64_t); break;
	case DCOR_COL_U8:	CONVERT(uint8_t); break;
	case DCOR_COL_U16:	CONVERT(uint16_t); break;
	case DCOR_COL_U32:	CONVERT(uint32_t); break;
	case DCOR_COL_U64:	CONVERT(uint64_t); break;
	case DCOR_COL_F32:	CONVERT(float); break;
	default:		CONVERT(double); break;
	}
}

static void
load_column(void *arg, size_t k, unsigned worker)
{
	struct dcor_cols *cols = arg;
	struct column *c = &cols->v[k];
	unsigned char *p = c->raw;
	const struct dcor_range *r;
	uint64_t i, v;
	size_t at;

	for (at = 0; at < cols->part->nv && c->err.code == DCOR_OK; at++) {
		r = &cols->part->v[at];
		if (c->f.set != NULL)
			(void)dcor_feature_read(&c->f, cols->reader[worker],
			    r->first, r->n, p, &c->err);
		else
			for (i = 0; i < r->n; i++) {
				v = r->first + i + 1;
				memcpy(p + i * sizeof(v), &v, sizeof(v));
			}
		p += r->n * c->size;
	}
	if (cols->f64 && c->err.code == DCOR_OK)
		convert(c, (size_t)cols->part->n);
}

int
dcor_cols_load(struct dcor_cols *c, const struct dcor_sel *part,
    struct dcor_err *err)
{
	size_t i;

	if (part->n > c->window)
		return dcor_err_set(err, DCOR_EBUG, 0, "window is too small");
	c->part = part;
	for (i = 0; i < c->n; i++)
		if (c->v[i].f.set != NULL)
			dcor_rows_expect(&c->v[i].f, part);
	dcor_pool_each(c->pool, c->n, load_column, c);
	for (i = 0; i < c->n; i++)
		if (c->v[i].err.code != DCOR_OK)
			return dcor_err_copy(err, &c->v[i].err);
	return DCOR_OK;
}

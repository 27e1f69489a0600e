/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "rtdc/filter.h"

#include <stdlib.h>
#include <string.h>

#define BLOCK	DCOR_EXPR_BLOCK

struct work {
	const struct dcor_filter *f;
	struct dcor_cols *cols;
	const char	**name;		/* of the columns */
	size_t		 ncol;
	size_t		*use;		/* column of each variable of each
					 * expression, then of each axis */
	double		***scratch;	/* [expression][worker] */
	unsigned	 workers;
	unsigned char	*keep;		/* a byte for each event */
	size_t		 n;		/* events in the window */
};

static size_t
column(struct work *w, const char *name)
{
	size_t i;

	for (i = 0; i < w->ncol; i++)
		if (strcmp(w->name[i], name) == 0)
			return i;
	w->name[w->ncol] = name;
	return w->ncol++;
}

/* Which columns there are, and who uses which. */
static int
name_columns(struct work *w, struct dcor_err *err)
{
	size_t n = 2 * w->f->polys.n, i, k, at = 0;

	for (i = 0; i < w->f->nexpr; i++)
		n += dcor_expr_nvars(w->f->expr[i]);
	w->name = calloc(n + 1, sizeof(*w->name));
	w->use = calloc(n + 1, sizeof(*w->use));
	if (w->name == NULL || w->use == NULL)
		return dcor_err_nomem(err);
	for (i = 0; i < w->f->nexpr; i++)
		for (k = 0; k < dcor_expr_nvars(w->f->expr[i]); k++)
			w->use[at++] = column(w,
			    dcor_expr_var(w->f->expr[i], k));
	for (i = 0; i < w->f->polys.n; i++)
		for (k = 0; k < 2; k++)
			w->use[at++] = column(w, w->f->polys.v[i].axis[k]);
	return DCOR_OK;
}

static int
start(struct work *w, struct dcor_rtdc *m, struct dcor_pool *pool,
    struct dcor_err *err)
{
	size_t i;
	unsigned k;
	int rc;

	w->workers = dcor_pool_workers(pool);
	rc = name_columns(w, err);
	if (rc == DCOR_OK)
		rc = dcor_cols_open(m, w->name, w->ncol, 1, pool, &w->cols,
		    err);
	if (rc != DCOR_OK)
		return rc;
	w->keep = malloc(dcor_cols_window(w->cols));
	w->scratch = calloc(w->f->nexpr + 1, sizeof(*w->scratch));
	if (w->keep == NULL || w->scratch == NULL)
		return dcor_err_nomem(err);
	for (i = 0; i < w->f->nexpr; i++) {
		w->scratch[i] = calloc(w->workers, sizeof(**w->scratch));
		if (w->scratch[i] == NULL)
			return dcor_err_nomem(err);
		for (k = 0; k < w->workers; k++) {
			w->scratch[i][k] = dcor_expr_scratch(w->f->expr[i],
			    err);
			if (w->scratch[i][k] == NULL)
				return DCOR_ENOMEM;
		}
	}
	return DCOR_OK;
}

static void
finish(struct work *w)
{
	size_t i;
	unsigned k;

	for (i = 0; w->scratch != NULL && i < w->f->nexpr; i++) {
		for (k = 0; w->scratch[i] != NULL && k < w->workers; k++)
			free(w->scratch[i][k]);
		free(w->scratch[i]);
	}
	free(w->scratch);
	free(w->keep);
	free(w->use);
	free(w->name);
	dcor_cols_close(w->cols);
}

static const double *
values(const struct work *w, size_t use, size_t from)
{
	return (const double *)dcor_cols_at(w->cols, w->use[use])->data +
	    from;
}

/* Block b of the window. */
static void
judge(void *arg, size_t b, unsigned worker)
{
	struct work *w = arg;
	const double *var[DCOR_EXPR_VARS], *v;
	size_t from = b * BLOCK, n = w->n - from, i, k, at = 0;
	unsigned char *keep = w->keep + from;

	if (n > BLOCK)
		n = BLOCK;
	memset(keep, 1, n);
	for (i = 0; i < w->f->nexpr; i++) {
		for (k = 0; k < dcor_expr_nvars(w->f->expr[i]); k++)
			var[k] = values(w, at++, from);
		v = dcor_expr_eval(w->f->expr[i], var, n,
		    w->scratch[i][worker]);
		for (k = 0; k < n; k++)
			keep[k] &= v[k] != 0;
	}
	for (i = 0; i < w->f->polys.n; i++, at += 2)
		dcor_poly_filter(&w->f->polys.v[i], values(w, at, from),
		    values(w, at + 1, from), n, keep);
}

/* Adds to out the events of part that stay. */
static int
gather(const struct work *w, const struct dcor_sel *part,
    struct dcor_sel *out, struct dcor_err *err)
{
	const unsigned char *keep = w->keep;
	uint64_t k, run;
	size_t i;
	int rc = DCOR_OK;

	for (i = 0; i < part->nv; keep += part->v[i++].n)
		for (k = 0; rc == DCOR_OK && k < part->v[i].n; k += run) {
			for (run = 1; k + run < part->v[i].n &&
			    keep[k + run] == keep[k]; run++)
				;
			if (keep[k])
				rc = dcor_sel_add(out, part->v[i].first + k,
				    run, err);
		}
	return rc;
}

int
dcor_sel_filter(struct dcor_rtdc *m, const struct dcor_filter *f,
    struct dcor_sel *sel, struct dcor_pool *pool, struct dcor_err *err)
{
	struct work w = { .f = f };
	struct dcor_sel out = { 0 }, part = { 0 };
	struct dcor_selpos pos = { 0 };
	uint64_t done = 0;
	int rc;

	rc = start(&w, m, pool, err);
	while (rc == DCOR_OK) {
		rc = dcor_sel_next(sel, &pos, dcor_cols_window(w.cols), &part,
		    err);
		if (rc != DCOR_OK || part.n == 0)
			break;
		rc = dcor_cols_load(w.cols, &part, err);
		if (rc != DCOR_OK)
			break;
		w.n = (size_t)part.n;
		dcor_pool_each(pool, (w.n + BLOCK - 1) / BLOCK, judge, &w);
		rc = gather(&w, &part, &out, err);
		done += part.n;
		if (rc == DCOR_OK && f->tick != NULL && f->tick(done) != 0)
			rc = dcor_err_set(err, DCOR_ETEMP, 0, "stopped");
	}
	if (rc == DCOR_OK) {
		dcor_sel_fini(sel);
		*sel = out;
	} else
		dcor_sel_fini(&out);
	dcor_sel_fini(&part);
	finish(&w);
	return rc;
}

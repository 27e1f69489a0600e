/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Columns of a condensed measurement, and what follows from them. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "segm/condpriv.h"

void
dcor_cond_add(struct names *v, const char *name)
{
	if (v->n < NAMES_MAX)
		snprintf(v->name[v->n++], sizeof(v->name[0]), "%s", name);
}

int
dcor_cond_has(const struct names *v, const char *name)
{
	size_t i;

	for (i = 0; i < v->n; i++)
		if (strcmp(v->name[i], name) == 0)
			return 1;
	return 0;
}

int
dcor_cond_stored(const struct cond *k, const char *name)
{
	if (dcor_rtdc_has_own(k->m, name) && !dcor_cond_has(&k->bad, name))
		return 1;
	return dcor_cond_has(&k->basin, name) ||
	    dcor_cond_has(&k->computed, name);
}

int
dcor_cond_range(struct cond *k, const char *name, const double *v, uint64_t n,
    struct dcor_err *err)
{
	double lo = (double)INFINITY, hi = -(double)INFINITY, sum = 0;
	uint64_t i, good = 0;
	char path[64];
	int rc;

	for (i = 0; i < n; i++) {
		if (isnan(v[i]))
			continue;
		lo = v[i] < lo ? v[i] : lo;
		hi = v[i] > hi ? v[i] : hi;
		sum += v[i];
		good++;
	}
	if (good == 0)
		return DCOR_OK;
	snprintf(path, sizeof(path), "events/%s", name);
	rc = dcor_h5out_f64(k->o, path, "min", lo, err);
	if (rc == DCOR_OK)
		rc = dcor_h5out_f64(k->o, path, "max", hi, err);
	if (rc == DCOR_OK)
		rc = dcor_h5out_f64(k->o, path, "mean", sum / (double)good,
		    err);
	return rc;
}

int
dcor_cond_put(struct cond *k, const char *name, const double *v, unsigned el,
    struct dcor_err *err)
{
	struct dcor_h5spec spec = { .rank = 1, .level = k->c->pack.level,
	    .type = { .cls = DCOR_H5_FLOAT, .size = el } };
	struct dcor_h5col *col;
	uint32_t u[512];
	float f[512];
	char path[64];
	uint64_t at, i, part;
	int rc;

	if (el < 4) {
		spec.type.cls = DCOR_H5_INT;
		spec.type.size = 4;
		spec.type.is_signed = el == 2;
	}
	if (spec.level < 0)
		spec.level = 5;
	spec.chunk_rows = k->n < COLUMN_CHUNK ? k->n : COLUMN_CHUNK;
	spec.chunk_rows += spec.chunk_rows == 0;
	snprintf(path, sizeof(path), "events/%s", name);
	rc = dcor_h5out_dset(k->o, path, &spec, &col, err);
	for (at = 0; rc == DCOR_OK && at < k->n; at += part) {
		part = k->n - at < 512 ? k->n - at : 512;
		for (i = 0; i < part; i++) {
			f[i] = (float)v[at + i];
			u[i] = el < 4 ? (uint32_t)(int64_t)v[at + i] : 0;
		}
		rc = dcor_h5col_append(col, el == 8 ? (const void *)(v + at) :
		    el == 4 ? (const void *)f : (const void *)u, part, err);
	}
	if (rc == DCOR_OK)
		rc = dcor_h5col_finish(col, err);
	if (rc == DCOR_OK)
		rc = dcor_cond_range(k, name, v, k->n, err);
	if (rc == DCOR_OK)
		dcor_cond_add(&k->computed, name);
	return rc;
}

double *
dcor_cond_column(struct cond *k, const char *name, int *single)
{
	const struct dcor_h5dset *i;
	struct dcor_feature f;
	uint64_t n, at, part;
	double *v = NULL;
	int rc = DCOR_OK;

	if (dcor_cond_has(&k->bad, name) || dcor_rtdc_feature(k->m, name, &f,
	    NULL) != DCOR_OK)
		return NULL;
	i = dcor_dset_info(f.set);
	n = f.n < k->n ? f.n : k->n;
	if (i->rank == 1)
		v = malloc((size_t)(k->n + 1) * sizeof(*v));
	for (at = 0; v != NULL && rc == DCOR_OK && at < n; at += part) {
		part = f.map != NULL ? 1 : n - at;
		rc = dcor_dset_read_f64(f.set, k->r, f.map != NULL ?
		    f.map[at] : at, part, v + at, NULL);
	}
	for (at = n; v != NULL && at < k->n; at++)
		v[at] = (double)NAN;
	if (single != NULL)
		*single = i->type.cls == DCOR_H5_FLOAT && i->type.size == 4;
	dcor_feature_fini(&f);
	if (rc != DCOR_OK) {
		free(v);
		v = NULL;
	}
	return v;
}

/* How a feature follows from one or two others. */
static double
ratio(double a, double b, double unused)
{
	(void)unused;
	return b != 0 ? a / b : (double)NAN;
}

static double
area(double a, double b, double px)
{
	(void)b;
	return a * (px * px);
}

static double
one_less(double a, double b, double unused)
{
	(void)b;
	(void)unused;
	return 1 - a;
}

static double
seconds(double a, double b, double rate)
{
	(void)b;
	return a / rate;
}

static const struct rule {
	const char	*name, *from, *and;
	double		(*fn)(double a, double b, double constant);
	const char	*constant;	/* metadata, or NULL */
	int		 like;		/* single precision stays so */
} rules[] = {
	{ "area_ratio", "area_cvx", "area_msd", ratio, NULL, 0 },
	{ "area_um", "area_cvx", NULL, area, "imaging:pixel size", 1 },
	{ "aspect", "size_x", "size_y", ratio, NULL, 0 },
	{ "deform", "circ", NULL, one_less, NULL, 1 },
	{ "time", "frame", NULL, seconds, "imaging:frame rate", 0 },
};

/* The column that follows, or NULL. */
static double *
derive(struct cond *k, const struct rule *u, int *single)
{
	double constant = 1, *a, *b = NULL;
	uint64_t i;

	if (u->constant != NULL && (!dcor_rtdc_f64(k->m, u->constant,
	    &constant) || constant == 0))
		return NULL;
	a = dcor_cond_column(k, u->from, single);
	if (a != NULL && u->and != NULL && (b = dcor_cond_column(k, u->and,
	    NULL)) == NULL) {
		free(a);
		return NULL;
	}
	for (i = 0; a != NULL && i < k->n; i++)
		a[i] = u->fn(a[i], b != NULL ? b[i] : 0, constant);
	free(b);
	*single = u->like && *single;
	return a;
}

static int
follow_rule(struct cond *k, const struct rule *u, struct dcor_err *err)
{
	int rc = DCOR_OK, single = 0;
	double *a;

	if (dcor_cond_stored(k, u->name))
		return DCOR_OK;
	a = derive(k, u, &single);
	if (a != NULL)
		rc = dcor_cond_put(k, u->name, a, single ? 4 : 8, err);
	free(a);
	return rc;
}

/* A column that is stored or was computed. */
static double *
any_column(struct cond *k, const char *name)
{
	double *v = dcor_cond_column(k, name, NULL);
	int single;
	size_t i;

	for (i = 0; v == NULL && i < sizeof(rules) / sizeof(rules[0]); i++)
		if (strcmp(rules[i].name, name) == 0)
			v = derive(k, &rules[i], &single);
	if (v == NULL && strcmp(name, "volume") == 0) {
		v = k->volume;
		k->volume = NULL;
	}
	return v;
}

int
dcor_cond_ml_class(struct cond *k, struct dcor_err *err)
{
	double *best, *class, *v;
	int rc = DCOR_OK, n = 0, odd = 0;
	uint64_t i;
	size_t j;

	if (dcor_cond_stored(k, "ml_class"))
		return DCOR_OK;
	best = calloc((size_t)k->n + 1, sizeof(*best));
	class = malloc(((size_t)k->n + 1) * sizeof(*class));
	if (best == NULL || class == NULL)
		rc = dcor_err_nomem(err);
	for (i = 0; rc == DCOR_OK && i < k->n; i++)
		class[i] = -1;
	for (j = 0; rc == DCOR_OK && j < k->all.n; j++) {
		if (strncmp(k->all.name[j], "ml_score_", 9) != 0 ||
		    (v = dcor_cond_column(k, k->all.name[j], NULL)) == NULL)
			continue;
		for (i = 0; i < k->n; i++) {
			odd |= v[i] < 0 || v[i] > 1;
			if (v[i] > best[i]) {
				best[i] = v[i];
				class[i] = n;
			}
		}
		free(v);
		n++;
	}
	if (rc == DCOR_OK && n > 0 && !odd)
		rc = dcor_cond_put(k, "ml_class", class, 2, err);
	free(best);
	free(class);
	return rc;
}

/* Viscosity of each event times its modulus at viscosity 1. */
static int
moduli(struct cond *k, struct dcor_lut *lut, double *size,
    const double *deform, const double *temp, struct dcor_err *err)
{
	const struct dcor_condense *c = k->c;
	double pixel, width, flow, eta = c->viscosity;
	int rc = DCOR_OK;
	uint64_t i;

	if (!dcor_rtdc_f64(k->m, "imaging:pixel size", &pixel) ||
	    !dcor_rtdc_f64(k->m, "setup:channel width", &width) ||
	    !dcor_rtdc_f64(k->m, "setup:flow rate", &flow) || pixel <= 0 ||
	    width <= 0)
		return dcor_err_set(err, DCOR_EARG, 0, "emodulus needs pixel "
		    "size, channel width and flow rate");
	for (i = 0; rc == DCOR_OK && i < k->n; i++) {
		if (c->medium != NULL)
			rc = dcor_viscosity(c->medium, c->model, width, flow,
			    temp != NULL ? temp[i] : c->temperature, &eta,
			    err);
		size[i] = dcor_emodulus(lut, size[i], deform[i], pixel,
		    width, flow, eta);
	}
	return rc == DCOR_OK ? dcor_cond_put(k, "emodulus", size, 8, err) : rc;
}

int
dcor_cond_emodulus(struct cond *k, struct dcor_err *err)
{
	const char *region = dcor_rtdc_text(k->m, "setup:chip region");
	double *size, *deform, *temp = NULL;
	struct dcor_lut *lut;
	int rc;

	/* the table is of cells in a channel */
	if (dcor_cond_stored(k, "emodulus") || (region != NULL &&
	    strcasecmp(region, "channel") != 0))
		return DCOR_OK;
	rc = dcor_lut_load(k->c->lut, &lut, err);
	if (rc != DCOR_OK)
		return rc;
	size = any_column(k, dcor_lut_is_volume(lut) ? "volume" : "area_um");
	deform = any_column(k, "deform");
	if (k->c->medium != NULL && isnan(k->c->temperature))
		temp = dcor_cond_column(k, "temp", NULL);
	if (size == NULL || deform == NULL)
		rc = dcor_err_set(err, DCOR_EARG, 0, "emodulus needs the "
		    "size of cells and their deformation");
	else if (k->c->medium != NULL && isnan(k->c->temperature) &&
	    temp == NULL)
		rc = dcor_err_set(err, DCOR_EARG, 0, "emodulus needs a "
		    "temperature");
	else
		rc = moduli(k, lut, size, deform, temp, err);
	free(size);
	free(deform);
	free(temp);
	dcor_lut_free(lut);
	return rc;
}

int
dcor_cond_rules(struct cond *k, struct dcor_err *err)
{
	int rc = DCOR_OK;
	size_t i;

	for (i = 0; rc == DCOR_OK && i < sizeof(rules) / sizeof(rules[0]);
	    i++)
		rc = follow_rule(k, &rules[i], err);
	return rc;
}

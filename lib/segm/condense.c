/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "segm/condense.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "rtdc/defect.h"
#include "rtdc/feat.h"
#include "segm/imgfeat.h"

#define COLUMN_CHUNK	((uint64_t)131072)	/* rows: 1 MiB */
#define NAMES_MAX	192

/* Names of features, in the order in which they were added. */
struct names {
	char		 name[NAMES_MAX][32];
	size_t		 n;
};

struct cond {
	const struct dcor_condense *c;
	struct dcor_rtdc	*m;
	struct dcor_h5out	*o;
	struct dcor_reader	*r;
	uint64_t		 n;		/* events */
	struct names		 all;		/* every scalar feature */
	struct names		 bad;		/* stored, but wrong */
	struct names		 basin, computed;
};

static void
add_name(struct names *v, const char *name)
{
	if (v->n < NAMES_MAX)
		snprintf(v->name[v->n++], sizeof(v->name[0]), "%s", name);
}

static int
has_name(const struct names *v, const char *name)
{
	size_t i;

	for (i = 0; i < v->n; i++)
		if (strcmp(v->name[i], name) == 0)
			return 1;
	return 0;
}

/* All names there can be; of ml_score_??? none that a basin might have. */
static void
list_names(struct names *v)
{
	const struct dcor_featinfo *f;
	char name[32], *p;
	size_t i;
	char d;

	for (i = 0; (f = dcor_feat_at(i)) != NULL; i++) {
		if (f->kind != DCOR_FEATKIND_SCALAR || strchr(f->name, '?') !=
		    NULL || strncmp(f->name, "basinmap", 8) == 0)
			continue;
		snprintf(name, sizeof(name), "%s", f->name);
		p = strchr(name, '#');
		for (d = '0'; p != NULL && d <= '9'; d++) {
			*p = d;
			if (dcor_feat_find(name) != NULL)
				add_name(v, name);
		}
		if (p == NULL)
			add_name(v, name);
	}
}

/* Whether the copy has the feature already. */
static int
is_stored(const struct cond *k, const char *name)
{
	return (dcor_rtdc_has_own(k->m, name) && !has_name(&k->bad, name)) ||
	    has_name(&k->basin, name) || has_name(&k->computed, name);
}

/* NaN-ignoring extremes and mean, which readers believe. */
static int
put_range(struct cond *k, const char *name, const double *v, uint64_t n,
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

/* Writes a column of doubles as floats of el bytes, or el 1: as unsigned
 * integers of 32 bits. */
static int
put_column(struct cond *k, const char *name, const double *v, unsigned el,
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

	if (el == 1) {
		spec.type.cls = DCOR_H5_INT;
		spec.type.size = 4;
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
			u[i] = el == 1 ? (uint32_t)v[at + i] : 0;
		}
		rc = dcor_h5col_append(col, el == 8 ? (const void *)(v + at) :
		    el == 4 ? (const void *)f : (const void *)u, part, err);
	}
	if (rc == DCOR_OK)
		rc = dcor_h5col_finish(col, err);
	if (rc == DCOR_OK)
		rc = put_range(k, name, v, k->n, err);
	if (rc == DCOR_OK)
		add_name(&k->computed, name);
	return rc;
}

/* The first n values of a feature, wherever it is, NaN behind its end; NULL
 * when there is none.  single: stored as such. */
static double *
column(struct cond *k, const char *name, int *single)
{
	const struct dcor_h5dset *i;
	struct dcor_feature f;
	uint64_t n, at, part;
	double *v = NULL;
	int rc = DCOR_OK;

	if (has_name(&k->bad, name) || dcor_rtdc_feature(k->m, name, &f,
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

/* Columns of basins become columns of this file, of the same type. */
static int
take_basins(struct cond *k, struct dcor_err *err)
{
	struct dcor_h5spec spec = { .level = k->c->pack.level < 0 ? 5 :
	    k->c->pack.level };
	const struct dcor_h5dset *i;
	struct dcor_feature f;
	struct dcor_h5col *col;
	unsigned char row[8];
	char path[64];
	uint64_t at;
	size_t j;
	int rc = DCOR_OK;

	spec.chunk_rows = k->n < COLUMN_CHUNK ? k->n + 1 : COLUMN_CHUNK;
	for (j = 0; rc == DCOR_OK && j < k->all.n; j++) {
		if (dcor_rtdc_has_own(k->m, k->all.name[j]) ||
		    dcor_rtdc_feature(k->m, k->all.name[j], &f, NULL) !=
		    DCOR_OK)
			continue;
		i = dcor_dset_info(f.set);
		if (f.internal || i->rank != 1 || i->type.size > sizeof(row)
		    || f.n < k->n) {
			dcor_feature_fini(&f);
			continue;
		}
		snprintf(path, sizeof(path), "events/%s", k->all.name[j]);
		rc = dcor_h5out_like(k->o, path, f.set, &spec, &col, err);
		for (at = 0; rc == DCOR_OK && at < k->n; at++) {
			rc = dcor_feature_read(&f, k->r, at, 1, row, err);
			if (rc == DCOR_OK)
				rc = dcor_h5col_append(col, row, 1, err);
		}
		if (rc == DCOR_OK)
			rc = dcor_h5col_finish(col, err);
		dcor_feature_fini(&f);
		add_name(&k->basin, k->all.name[j]);
	}
	return rc;
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

static int
follow_rule(struct cond *k, const struct rule *u, struct dcor_err *err)
{
	double constant = 1, *a, *b = NULL;
	int rc = DCOR_OK, single = 0;
	uint64_t i;

	if (is_stored(k, u->name) || (u->constant != NULL &&
	    (!dcor_rtdc_f64(k->m, u->constant, &constant) || constant == 0)))
		return DCOR_OK;
	a = column(k, u->from, &single);
	if (a != NULL && u->and != NULL)
		b = column(k, u->and, NULL);
	if (a != NULL && (u->and == NULL || b != NULL)) {
		for (i = 0; i < k->n; i++)
			a[i] = u->fn(a[i], b != NULL ? b[i] : 0, constant);
		rc = put_column(k, u->name, a, u->like && single ? 4 : 8,
		    err);
	}
	free(a);
	free(b);
	return rc;
}

static int
put_index(struct cond *k, struct dcor_err *err)
{
	double *v;
	uint64_t i;
	int rc;

	if (is_stored(k, "index"))
		return DCOR_OK;
	v = malloc((size_t)(k->n + 1) * sizeof(*v));
	if (v == NULL)
		return dcor_err_nomem(err);
	for (i = 0; i < k->n; i++)
		v[i] = (double)(i + 1);
	rc = put_column(k, "index", v, 1, err);
	free(v);
	return rc;
}

/* What needs images. */
static int
from_images(struct cond *k, struct dcor_err *err)
{
	struct dcor_imgfeat f = { .pool = k->c->pack.pool, .m = k->m,
	    .n = k->n, .stopped = k->c->pack.stopped,
	    .ctx = k->c->pack.ctx };
	double *x, *y, *off;
	char can[DCOR_NFEATS];
	int rc = DCOR_OK, i, any = 0;

	dcor_imgfeat_can(k->m, can);
	f.pos_x = x = column(k, "pos_x", NULL);
	f.pos_y = y = column(k, "pos_y", NULL);
	f.bg_off = off = column(k, "bg_off", NULL);
	f.contours = dcor_h5_kind(dcor_rtdc_h5(k->m), "events/contour/0") ==
	    DCOR_H5_DATASET;
	if (x == NULL || y == NULL || !dcor_rtdc_f64(k->m,
	    "imaging:pixel size", &f.pixel_size) || f.pixel_size <= 0)
		can[DCOR_FEAT_VOLUME] = 0;
	for (i = 0; rc == DCOR_OK && i < DCOR_NFEATS; i++) {
		if (!can[i] || is_stored(k, dcor_feat_name[i]))
			continue;
		f.feat[i] = malloc((size_t)(k->n + 1) * sizeof(double));
		if (f.feat[i] == NULL)
			rc = dcor_err_nomem(err);
		any = 1;
	}
	if (rc == DCOR_OK && any)
		rc = dcor_imgfeat(&f, err);
	for (i = 0; i < DCOR_NFEATS; i++) {
		if (rc == DCOR_OK && f.feat[i] != NULL)
			rc = put_column(k, dcor_feat_name[i], f.feat[i],
			    i == DCOR_FEAT_INERT_RATIO_PRNC ? 4 : 8, err);
		free(f.feat[i]);
	}
	free(x);
	free(y);
	free(off);
	return rc;
}

/* Copied columns get the attributes that computed ones have. */
static int
add_ranges(struct cond *k, struct dcor_err *err)
{
	struct dcor_attr a = { .kind = DCOR_ATTR_NONE };
	char path[64];
	double *v;
	size_t j;
	int rc = DCOR_OK;

	for (j = 0; rc == DCOR_OK && j < k->all.n; j++) {
		if (!dcor_rtdc_has_own(k->m, k->all.name[j]) ||
		    has_name(&k->bad, k->all.name[j]))
			continue;
		snprintf(path, sizeof(path), "events/%s", k->all.name[j]);
		if (dcor_h5_attr(dcor_rtdc_h5(k->m), path, "mean", &a,
		    NULL) != DCOR_OK || a.kind != DCOR_ATTR_NONE) {
			dcor_attr_fini(&a);
			continue;
		}
		v = column(k, k->all.name[j], NULL);
		if (v != NULL)
			rc = put_range(k, k->all.name[j], v, k->n, err);
		free(v);
	}
	return rc;
}

/* What was done, without a time or a place: the same bytes each time. */
static int
put_log(struct cond *k, struct dcor_err *err)
{
	const char *line[4 + 3 * NAMES_MAX], *old;
	char name[64] = "logs/dcor-condense";
	const struct {
		const char		*title;
		const struct names	*v;
	} part[] = { { "features of basins:", &k->basin },
	    { "features computed:", &k->computed },
	    { "stored features left out:", &k->bad } };
	struct dcor_buf chain;
	size_t n = 0, i, j;
	int rc;

	line[n++] = k->c->software;
	for (i = 0; i < 3; i++) {
		line[n++] = part[i].title;
		for (j = 0; j < part[i].v->n; j++)
			line[n++] = part[i].v->name[j];
	}
	for (i = 1; dcor_h5_kind(dcor_rtdc_h5(k->m), name) != DCOR_H5_ABSENT;
	    i++)
		snprintf(name, sizeof(name), "logs/dcor-condense-%zu", i);
	rc = dcor_h5out_group(k->o, "logs", err);
	if (rc == DCOR_OK)
		rc = dcor_h5out_lines(k->o, name, line, n, err);
	dcor_buf_init(&chain, 1 << 16);
	old = dcor_rtdc_text(k->m, "setup:software version");
	if (old != NULL)
		dcor_buf_addf(&chain, "%s | ", old);
	dcor_buf_adds(&chain, k->c->software);
	if (rc == DCOR_OK)
		rc = dcor_buf_check(&chain, err);
	if (rc == DCOR_OK)
		rc = dcor_h5out_text(k->o, "/", "setup:software version",
		    dcor_buf_str(&chain), err);
	dcor_buf_fini(&chain);
	return rc;
}

static int
add_features(void *arg, struct dcor_h5out *o, struct dcor_err *err)
{
	struct cond *k = arg;
	size_t i;
	int rc;

	k->o = o;
	rc = dcor_reader_new(&k->r, err);
	if (rc == DCOR_OK)
		rc = dcor_h5out_group(o, "events", err);
	if (rc == DCOR_OK && !k->c->no_basins)
		rc = take_basins(k, err);
	for (i = 0; rc == DCOR_OK && i < sizeof(rules) / sizeof(rules[0]);
	    i++)
		rc = follow_rule(k, &rules[i], err);
	if (rc == DCOR_OK)
		rc = put_index(k, err);
	if (rc == DCOR_OK && !k->c->no_computed)
		rc = from_images(k, err);
	if (rc == DCOR_OK)
		rc = add_ranges(k, err);
	if (rc == DCOR_OK)
		rc = put_log(k, err);
	dcor_reader_free(k->r);
	k->r = NULL;
	return rc;
}

/* The number of events, as dclab sees it. */
static uint64_t
count_events(struct cond *k)
{
	struct dcor_feature f;
	int64_t n;
	size_t i;

	if (dcor_rtdc_i64(k->m, "experiment:event count", &n) && n >= 0)
		return (uint64_t)n;
	for (i = 0; i < k->all.n; i++)
		if (dcor_rtdc_has_own(k->m, k->all.name[i]) &&
		    dcor_rtdc_feature(k->m, k->all.name[i], &f, NULL) ==
		    DCOR_OK) {
			n = (int64_t)f.n;
			dcor_feature_fini(&f);
			return (uint64_t)n;
		}
	return 0;
}

int
dcor_condense_file(const char *in, const char *out, int replace,
    const struct dcor_condense *c, struct dcor_pack_stats *st,
    struct dcor_err *err)
{
	struct dcor_pack p = c->pack;
	const char **strip = NULL;
	struct cond *k;
	size_t i;
	int rc;

	k = calloc(1, sizeof(*k));
	if (k == NULL)
		return dcor_err_nomem(err);
	k->c = c;
	rc = dcor_rtdc_open(in, &k->m, err);
	if (rc == DCOR_OK) {
		list_names(&k->all);
		k->n = count_events(k);
		for (i = 0; i < k->all.n; i++)
			if (dcor_feat_defective(k->m, k->all.name[i]))
				add_name(&k->bad, k->all.name[i]);
		strip = calloc(p.nstrip + k->bad.n + 1, sizeof(*strip));
		if (strip == NULL)
			rc = dcor_err_nomem(err);
	}
	if (rc == DCOR_OK && k->n > (uint64_t)1 << 31)
		rc = dcor_err_set(err, DCOR_EDATA, 0, "absurd event count");
	if (rc == DCOR_OK) {
		for (i = 0; i < p.nstrip; i++)
			strip[i] = p.strip[i];
		for (i = 0; i < k->bad.n; i++)
			strip[p.nstrip++] = k->bad.name[i];
		p.strip = strip;
		p.drop |= DCOR_DROP_IMAGES;
		p.add = add_features;
		p.add_ctx = k;
		rc = dcor_pack_file(in, out, replace, &p, st, err);
	}
	free(strip);
	dcor_rtdc_close(k->m);
	free(k);
	return rc;
}

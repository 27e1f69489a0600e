/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "segm/condpriv.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "rtdc/defect.h"
#include "rtdc/feat.h"
#include "segm/imgfeat.h"

/* All names there can be; of ml_score_??? those that the file has. */
static void
list_names(struct dcor_rtdc *m, struct names *v)
{
	struct dcor_names own;
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
				dcor_cond_add(v, name);
		}
		if (p == NULL)
			dcor_cond_add(v, name);
	}
	if (dcor_h5_list(dcor_rtdc_h5(m), "events", &own, NULL) != DCOR_OK)
		return;
	for (i = 0; i < own.n; i++)
		if (strncmp(own.name[i], "ml_score_", 9) == 0 &&
		    dcor_feat_find(own.name[i]) != NULL)
			dcor_cond_add(v, own.name[i]);
	dcor_names_fini(&own);
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
		dcor_cond_add(&k->basin, k->all.name[j]);
	}
	return rc;
}

static int
put_index(struct cond *k, struct dcor_err *err)
{
	double *v;
	uint64_t i;
	int rc;

	if (dcor_cond_stored(k, "index"))
		return DCOR_OK;
	v = malloc((size_t)(k->n + 1) * sizeof(*v));
	if (v == NULL)
		return dcor_err_nomem(err);
	for (i = 0; i < k->n; i++)
		v[i] = (double)(i + 1);
	rc = dcor_cond_put(k, "index", v, 1, err);
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
	f.pos_x = x = dcor_cond_column(k, "pos_x", NULL);
	f.pos_y = y = dcor_cond_column(k, "pos_y", NULL);
	f.bg_off = off = dcor_cond_column(k, "bg_off", NULL);
	f.contours = dcor_h5_kind(dcor_rtdc_h5(k->m), "events/contour/0") ==
	    DCOR_H5_DATASET;
	if (x == NULL || y == NULL || !dcor_rtdc_f64(k->m,
	    "imaging:pixel size", &f.pixel_size) || f.pixel_size <= 0)
		can[DCOR_FEAT_VOLUME] = 0;
	for (i = 0; rc == DCOR_OK && i < DCOR_NFEATS; i++) {
		if (!can[i] || dcor_cond_stored(k, dcor_feat_name[i]))
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
			rc = dcor_cond_put(k, dcor_feat_name[i], f.feat[i],
			    i == DCOR_FEAT_INERT_RATIO_PRNC ? 4 : 8, err);
		if (i == DCOR_FEAT_VOLUME && rc == DCOR_OK)
			k->volume = f.feat[i];
		else
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
		    dcor_cond_has(&k->bad, k->all.name[j]))
			continue;
		snprintf(path, sizeof(path), "events/%s", k->all.name[j]);
		if (dcor_h5_attr(dcor_rtdc_h5(k->m), path, "mean", &a,
		    NULL) != DCOR_OK || a.kind != DCOR_ATTR_NONE) {
			dcor_attr_fini(&a);
			continue;
		}
		v = dcor_cond_column(k, k->all.name[j], NULL);
		if (v != NULL)
			rc = dcor_cond_range(k, k->all.name[j], v, k->n, err);
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
	int rc;

	k->o = o;
	rc = dcor_reader_new(&k->r, err);
	if (rc == DCOR_OK)
		rc = dcor_h5out_group(o, "events", err);
	if (rc == DCOR_OK && !k->c->no_basins)
		rc = take_basins(k, err);
	if (rc == DCOR_OK)
		rc = dcor_cond_rules(k, err);
	if (rc == DCOR_OK)
		rc = dcor_cond_ml_class(k, err);
	if (rc == DCOR_OK)
		rc = put_index(k, err);
	if (rc == DCOR_OK && !k->c->no_computed)
		rc = from_images(k, err);
	if (rc == DCOR_OK && k->c->lut != NULL)
		rc = dcor_cond_emodulus(k, err);
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
dcor_condense_file(struct dcor_rtdc *m, const char *out, int replace,
    const struct dcor_condense *c, struct dcor_pack_stats *st,
    struct dcor_err *err)
{
	struct dcor_pack p = c->pack;
	struct cond *k = calloc(1, sizeof(*k));
	const char **strip = NULL;
	size_t i;
	int rc = DCOR_OK;

	if (k == NULL)
		return dcor_err_nomem(err);
	k->c = c;
	k->m = m;
	list_names(m, &k->all);
	k->n = count_events(k);
	for (i = 0; i < k->all.n; i++)
		if (dcor_feat_defective(m, k->all.name[i]))
			dcor_cond_add(&k->bad, k->all.name[i]);
	if (k->n > (uint64_t)1 << 31)
		rc = dcor_err_set(err, DCOR_EDATA, 0, "absurd event count");
	strip = calloc(p.nstrip + k->bad.n + 1, sizeof(*strip));
	if (rc == DCOR_OK && strip == NULL)
		rc = dcor_err_nomem(err);
	for (i = 0; strip != NULL && i < p.nstrip; i++)
		strip[i] = p.strip[i];
	for (i = 0; strip != NULL && i < k->bad.n; i++)
		strip[p.nstrip++] = k->bad.name[i];
	if (rc == DCOR_OK) {
		p.strip = strip;
		p.drop |= DCOR_DROP_IMAGES;
		p.add = add_features;
		p.add_ctx = k;
		rc = dcor_pack_file(dcor_rtdc_h5(m), out, replace, &p, st,
		    err);
	}
	free(strip);
	free(k->volume);
	free(k);
	return rc;
}

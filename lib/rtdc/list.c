/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "rtdc/list.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rtdc/basin.h"
#include "rtdc/feat.h"

#define NAME_SIZE	256
#define ORIGINS_MAX	64	/* files that are looked into */

/* Names, and the files they were found in. */
struct search {
	struct dcor_rtdc *m;
	struct dcor_names *out;
	struct dcor_rtdc *origin[ORIGINS_MAX];
	size_t		 norigin;
};

static void
add_origin(struct search *s, struct dcor_rtdc *m)
{
	size_t i;

	for (i = 0; i < s->norigin; i++)
		if (s->origin[i] == m)
			return;
	if (s->norigin < ORIGINS_MAX)
		s->origin[s->norigin++] = m;
}

/* Adds a feature if it can be had. */
static int
try(struct search *s, const char *name, struct dcor_err *err)
{
	struct dcor_feature f;

	if (dcor_names_has(s->out, name) ||
	    dcor_rtdc_feature(s->m, name, &f, NULL) != DCOR_OK)
		return DCOR_OK;
	add_origin(s, f.origin);
	dcor_feature_fini(&f);
	return dcor_names_add(s->out, name, strlen(name), err);
}

/* A member of /events: a dataset, or the group of traces or contours. */
static int
try_member(struct search *s, struct dcor_rtdc *at, const char *name,
    struct dcor_err *err)
{
	char path[NAME_SIZE + 8], full[2 * NAME_SIZE];
	struct dcor_names sub;
	size_t i;
	int rc, n;

	n = snprintf(path, sizeof(path), "events/%s", name);
	if (n < 0 || (size_t)n >= sizeof(path))
		return DCOR_OK;
	if (dcor_h5_kind(dcor_rtdc_h5(at), path) != DCOR_H5_GROUP)
		return try(s, name, err);
	if (strcmp(name, "contour") == 0)
		return at == s->m && !dcor_names_has(s->out, name) ?
		    dcor_names_add(s->out, name, strlen(name), err) :
		    DCOR_OK;
	rc = dcor_h5_list(dcor_rtdc_h5(at), path, &sub, err);
	if (rc != DCOR_OK)
		return rc;
	for (i = 0; rc == DCOR_OK && i < sub.n; i++) {
		n = snprintf(full, sizeof(full), "%s/%s", name, sub.name[i]);
		if (n > 0 && (size_t)n < sizeof(full))
			rc = try(s, full, err);
	}
	dcor_names_fini(&sub);
	return rc;
}

static int
try_all_of(struct search *s, struct dcor_rtdc *at, struct dcor_err *err)
{
	struct dcor_names own;
	size_t i;
	int rc;

	rc = dcor_h5_list(dcor_rtdc_h5(at), "events", &own, err);
	if (rc != DCOR_OK)
		return rc;
	for (i = 0; rc == DCOR_OK && i < own.n; i++)
		rc = try_member(s, at, own.name[i], err);
	dcor_names_fini(&own);
	return rc;
}

/* Every name that the list of features has, of families each member but
 * those with letters. */
static int
try_known(struct search *s, struct dcor_err *err)
{
	const struct dcor_featinfo *f;
	char name[64], *digit;
	size_t i;
	int rc = DCOR_OK, k;

	for (i = 0; rc == DCOR_OK && (f = dcor_feat_at(i)) != NULL; i++) {
		snprintf(name, sizeof(name), "%s", f->name);
		digit = strchr(name, '#');
		if (digit == NULL)
			rc = try(s, name, err);
		for (k = '0'; rc == DCOR_OK && digit != NULL && k <= '9';
		    k++) {
			*digit = (char)k;
			rc = try(s, name, err);
		}
	}
	return rc;
}

/* A basin that lists "trace" means the group. */
static int
try_listed(struct search *s, const char *name, struct dcor_err *err)
{
	static const char *const trace[] = { "fl1_median", "fl1_raw",
	    "fl2_median", "fl2_raw", "fl3_median", "fl3_raw" };
	char full[32];
	size_t i;
	int rc = DCOR_OK;

	if (strcmp(name, "trace") != 0)
		return try(s, name, err);
	for (i = 0; rc == DCOR_OK && i < sizeof(trace) / sizeof(*trace);
	    i++) {
		snprintf(full, sizeof(full), "trace/%s", trace[i]);
		rc = try(s, full, err);
	}
	return rc;
}

static int
try_basins(struct search *s, struct dcor_err *err)
{
	struct dcor_basin *b;
	size_t n, i, k;
	int rc, any = 0;

	rc = dcor_basins_read(dcor_rtdc_h5(s->m), &b, &n, err);
	if (rc != DCOR_OK)
		return rc;
	for (i = 0; i < n; i++) {
		any |= b[i].any;
		for (k = 0; rc == DCOR_OK && k < b[i].features.n; k++)
			rc = try_listed(s, b[i].features.name[k], err);
	}
	dcor_basins_free(b, n);
	return rc == DCOR_OK && any ? try_known(s, err) : rc;
}

static int
by_name(const void *a, const void *b)
{
	const char *const *x = a, *const *y = b;

	return strcmp(*x, *y);
}

int
dcor_rtdc_features(struct dcor_rtdc *m, struct dcor_names *out,
    struct dcor_err *err)
{
	struct search s = { .m = m, .out = out, .origin = { m },
	    .norigin = 1 };
	size_t i;
	int rc;

	out->name = NULL;
	out->n = 0;
	rc = try_all_of(&s, m, err);
	if (rc == DCOR_OK)
		rc = try_basins(&s, err);
	for (i = 1; rc == DCOR_OK && i < s.norigin; i++)
		rc = try_all_of(&s, s.origin[i], err);
	if (rc != DCOR_OK)
		dcor_names_fini(out);
	else if (out->n > 0)
		qsort(out->name, out->n, sizeof(*out->name), by_name);
	return rc;
}

int
dcor_feature_is_scalar(const struct dcor_feature *f)
{
	const struct dcor_h5dset *i = dcor_dset_info(f->set);

	if (i->rank != 1)
		return 0;
	if (i->type.cls == DCOR_H5_FLOAT)
		return i->type.size == 4 || i->type.size == 8;
	return i->type.cls == DCOR_H5_INT && (i->type.size == 1 ||
	    i->type.size == 2 || i->type.size == 4 || i->type.size == 8);
}

/* The shortest scalar feature of the file itself, UINT64_MAX for none. */
static int
shortest(struct dcor_rtdc *m, uint64_t *out, struct dcor_err *err)
{
	struct dcor_feature f;
	struct dcor_names own;
	size_t i;
	int rc;

	*out = UINT64_MAX;
	rc = dcor_h5_list(dcor_rtdc_h5(m), "events", &own, err);
	if (rc != DCOR_OK)
		return rc;
	for (i = 0; i < own.n; i++) {
		if (!dcor_rtdc_has_own(m, own.name[i]) ||
		    dcor_rtdc_feature(m, own.name[i], &f, NULL) != DCOR_OK)
			continue;
		if (dcor_feature_is_scalar(&f) && f.n < *out)
			*out = f.n;
		dcor_feature_fini(&f);
	}
	dcor_names_fini(&own);
	return DCOR_OK;
}

int
dcor_rtdc_events(struct dcor_rtdc *m, uint64_t *out, struct dcor_err *err)
{
	struct dcor_feature f;
	struct dcor_names all;
	int64_t said;
	size_t i;
	int rc;

	rc = shortest(m, out, err);
	if (rc != DCOR_OK)
		return rc;
	if (dcor_rtdc_i64(m, "experiment:event count", &said) && said >= 0 &&
	    (uint64_t)said < *out)
		*out = (uint64_t)said;
	if (*out != UINT64_MAX)
		return DCOR_OK;
	rc = dcor_rtdc_features(m, &all, err);
	if (rc != DCOR_OK)
		return rc;
	for (i = 0; *out == UINT64_MAX && i < all.n; i++)
		if (dcor_rtdc_feature(m, all.name[i], &f, NULL) == DCOR_OK) {
			*out = f.n;
			dcor_feature_fini(&f);
		}
	dcor_names_fini(&all);
	return *out != UINT64_MAX ? DCOR_OK : dcor_err_set(err, DCOR_EDATA, 0,
	    "says nowhere how many events it has");
}

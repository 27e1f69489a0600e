/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rules about features. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "rtdc/checkpriv.h"
#include "rtdc/feat.h"

struct counting {
	uint64_t	 at;
	int		 wrong;
};

static void
on_index(void *arg, const double *v, size_t n)
{
	struct counting *k = arg;
	size_t i;

	for (i = 0; i < n; i++)
		if (v[i] != (double)++k->at)
			k->wrong = 1;
}

/* numpy compares with 1 ... N, and what has one element with each. */
static void
feat_index(struct dcor_checking *c)
{
	struct counting k = { 0, 0 };
	struct dcor_checkfeat f;

	if (!dcor_check_find(c, "index", &f))
		return;
	if (f.kind != DCOR_H5_DATASET || f.info.rank != 1)
		goto out;
	if (f.rows != c->n && f.rows != 1 && c->n != 1) {
		dcor_check_stop(c, "ValueError: operands could not be "
		    "broadcast together with shapes (%llu,) (%llu,) ",
		    (unsigned long long)f.rows, (unsigned long long)c->n);
		goto out;
	}
	if (dcor_check_each(c, &f, f.rows, on_index, &k) == 0 &&
	    (k.wrong || (f.rows != c->n && f.rows > 0 && c->n > 0)))
		dcor_check_add(c, DCOR_CUE_BOTH, DCOR_CUE_VIOLATION,
		    "feat_index", "index", "The index feature is not "
		    "enumerated correctly");
out:
	dcor_check_done(&f);
}

static void
wrong_count(struct dcor_checking *c, const char *name, uint64_t rows)
{
	if (rows != c->n)
		dcor_check_add(c, DCOR_CUE_BOTH, DCOR_CUE_VIOLATION,
		    "feature_size", name, "Features: wrong event count: '%s' "
		    "(%llu of %llu)", name, (unsigned long long)rows,
		    (unsigned long long)c->n);
}

static void
trace_sizes(struct dcor_checking *c)
{
	struct dcor_checkfeat f;
	struct dcor_names in;
	char name[1100];
	size_t i;

	if (dcor_h5_list(c->h, "events/trace", &in, NULL) != DCOR_OK)
		return;
	for (i = 0; i < in.n; i++) {
		snprintf(name, sizeof(name), "events/trace/%s", in.name[i]);
		if (dcor_check_info(c, name, &f.info, NULL) != DCOR_OK)
			continue;
		if (f.info.rank > 0)
			wrong_count(c, name + 7, f.info.dim[0]);
		dcor_h5dset_fini(&f.info);
	}
	dcor_names_fini(&in);
}

/* A group, or a dataset without rows: dclab fails on it. */
static void
odd_shape(struct dcor_checking *c, const char *name,
    const struct dcor_checkfeat *f)
{
	if (f->kind == DCOR_H5_GROUP)
		dcor_check_stop(c, "AttributeError: 'Group' object has no "
		    "attribute 'ndim'");
	else if (f->kind == DCOR_H5_DATASET && f->info.rank == 0)
		dcor_check_stop(c, "TypeError: Attempt to take len() of "
		    "scalar dataset");
	else
		return;
	dcor_check_add(c, DCOR_CUE_OURS, DCOR_CUE_VIOLATION, "feature_size",
	    name, "Features: '%s' is no dataset with one row an event", name);
}

/* dclab takes its length from the attribute, if there is one, but needs the
 * first item. */
static void
contour(struct dcor_checking *c)
{
	const struct dcor_checkattr *a = NULL;
	struct dcor_names in;
	size_t i;

	if (dcor_h5_kind(c->h, "events/contour/0") == DCOR_H5_ABSENT)
		dcor_check_stop(c, "KeyError: Unable to synchronously open "
		    "object (object '0' doesn't exist)");
	for (i = 0; i < c->nattr; i++)
		if (strcmp(c->attr[i].name, "experiment:event count") == 0)
			a = &c->attr[i];
	if (a == NULL && dcor_h5_list(c->h, "events/contour", &in, NULL) ==
	    DCOR_OK) {
		wrong_count(c, "contour", in.n);
		dcor_names_fini(&in);
	} else if (a != NULL && a->v.kind != DCOR_VAL_INT)
		dcor_check_stop(c, "TypeError: '%s' object cannot be "
		    "interpreted as an integer", a->v.cls);
}

/* An internal basin of images without their margins: dclab puts them into
 * frames of the size that is in the metadata. */
static void
chopped(struct dcor_checking *c, const char *name, uint64_t rows)
{
	if (dcor_check_get(c, "imaging", "roi size x") == NULL ||
	    dcor_check_get(c, "imaging", "roi size y") == NULL)
		dcor_check_stop(c, "KeyError: Feature '%s' does not exist in "
		    "%s!", name, dcor_h5_path(c->h));
	wrong_count(c, name, rows);
}

static void
size_of(struct dcor_checking *c, const char *name)
{
	struct dcor_checkfeat f;

	if (strcmp(name, "trace") == 0) {
		trace_sizes(c);
		return;
	}
	if (strcmp(name, "contour") == 0) {
		contour(c);
		return;
	}
	if (!dcor_check_find(c, name, &f))
		return;
	if (f.map[0] != '\0' && dcor_h5_kind(c->h, f.map) == DCOR_H5_ABSENT)
		dcor_check_stop(c, "KeyError: Feature '%s' does not exist in "
		    "%s!", name, dcor_h5_path(c->h));
	if (f.kind == DCOR_H5_GROUP && !dcor_check_stored(c, name))
		chopped(c, name, f.rows);
	else if (f.map[0] == '\0' && f.rows == 0)
		odd_shape(c, name, &f);
	if (f.kind == DCOR_H5_DATASET && (f.info.rank > 0 || f.map[0] !=
	    '\0'))
		wrong_count(c, name, f.rows);
	dcor_check_done(&f);
}

static void
feature_size(struct dcor_checking *c)
{
	const struct dcor_basin *b;
	size_t i, k;

	for (i = 0; i < c->events.n; i++)
		if (dcor_check_stored(c, c->events.name[i]))
			size_of(c, c->events.name[i]);
	for (i = 0; i < c->nbasin; i++) {
		b = &c->basin[i];
		for (k = 0; b->type == DCOR_BASIN_INTERNAL &&
		    k < b->features.n; k++)
			size_of(c, b->features.name[k]);
	}
}

static void
unknown(struct dcor_checking *c)
{
	const char *name;
	size_t i;

	for (i = 0; i < c->events.n; i++) {
		name = c->events.name[i];
		if (dcor_feat_find(name) == NULL && strcmp(name, "def") != 0)
			dcor_check_add(c, DCOR_CUE_BOTH, DCOR_CUE_VIOLATION,
			    "features_unknown_hdf5", name,
			    "Features: Unknown key '%s'", name);
	}
}

void
dcor_check_features(struct dcor_checking *c)
{
	feat_index(c);
	feature_size(c);
	unknown(c);
}

static void
roi_of(struct dcor_checking *c, const char *key, unsigned axis)
{
	static const char *const image[] = { "image", "image_bg", "mask" };
	const struct dcor_val *v = dcor_check_get(c, "imaging", key);
	struct dcor_checkfeat f;
	char full[32];
	size_t i;

	snprintf(full, sizeof(full), "imaging:%s", key);
	for (i = 0; i < 3; i++) {
		if (!dcor_check_find(c, image[i], &f))
			continue;
		if (f.kind == DCOR_H5_DATASET && f.info.rank <= axis) {
			dcor_check_stop(c, "IndexError: tuple index out of "
			    "range");
			dcor_check_add(c, DCOR_CUE_OURS, DCOR_CUE_VIOLATION,
			    "metadata_bad", image[i], "Features: '%s' does "
			    "not have three dimensions", image[i]);
		} else if (f.kind == DCOR_H5_DATASET &&
		    (double)f.info.dim[axis] != v->f)
			dcor_check_add(c, DCOR_CUE_BOTH, DCOR_CUE_VIOLATION,
			    "metadata_bad", full, "Metadata: Mismatch "
			    "[imaging] '%s' and feature %s (%lld vs %llu)",
			    key, image[i], (long long)v->i,
			    (unsigned long long)f.info.dim[axis]);
		dcor_check_done(&f);
	}
}

void
dcor_check_roi(struct dcor_checking *c)
{
	if (dcor_check_get(c, "imaging", "roi size x") == NULL ||
	    dcor_check_get(c, "imaging", "roi size y") == NULL)
		return;
	roi_of(c, "roi size y", 1);
	roi_of(c, "roi size x", 2);
}

struct range {
	double		 min, max;
	int		 any;		/* a number that is none */
};

static void
on_range(void *arg, const double *v, size_t n)
{
	struct range *r = arg;
	size_t i;

	for (i = 0; i < n; i++) {
		if (v[i] < r->min)
			r->min = v[i];
		if (v[i] > r->max)
			r->max = v[i];
		if (!isnan(v[i]))
			r->any = 1;
	}
}

/* The first score that cannot be one: what ends the classification. */
static int
score(struct dcor_checking *c, const char *name)
{
	struct range r = { HUGE_VAL, -HUGE_VAL, 0 };
	struct dcor_checkfeat f;
	const char *bad = NULL;
	int wrong = 0;

	if (!dcor_check_find(c, name, &f))
		return 0;
	if (f.rows == 0) {
		dcor_check_add(c, DCOR_CUE_DCLAB, DCOR_CUE_VIOLATION,
		    "ml_class", name, "zero-size array to reduction operation "
		    "maximum which has no identity");
		wrong = 1;
	} else if (dcor_check_each(c, &f, f.rows, on_range, &r) == 0) {
		bad = r.any && r.max > 1 ? "> 1" : r.any && r.min < 0 ?
		    "< 0" : NULL;
		if (bad != NULL)
			dcor_check_add(c, DCOR_CUE_BOTH, DCOR_CUE_VIOLATION,
			    "ml_class", name, "Feature '%s' has values %s!",
			    name, bad);
		else if (f.rows != c->n && f.rows != 1)
			dcor_check_add(c, DCOR_CUE_DCLAB, DCOR_CUE_VIOLATION,
			    "ml_class", name, "could not broadcast input "
			    "array from shape (%llu,) into shape (%llu,)",
			    (unsigned long long)f.rows,
			    (unsigned long long)c->n);
		wrong = bad != NULL || (f.rows != c->n && f.rows != 1);
	}
	dcor_check_done(&f);
	return wrong;
}

static void
ml_class(struct dcor_checking *c)
{
	const struct dcor_basin *b;
	size_t i, k;

	if (dcor_check_has(c, "ml_class"))
		return;
	for (i = 0; i < c->events.n; i++)
		if (strncmp(c->events.name[i], "ml_score_", 9) == 0 &&
		    score(c, c->events.name[i]))
			return;
	for (i = 0; i < c->nbasin; i++) {
		b = &c->basin[i];
		for (k = 0; b->type == DCOR_BASIN_INTERNAL &&
		    k < b->features.n; k++)
			if (strncmp(b->features.name[k], "ml_score_", 9) ==
			    0 && score(c, b->features.name[k]))
				return;
	}
}

static void
on_zero(void *arg, const double *v, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (!(fabs(v[i]) <= 1e-8))
			*(int *)arg = 1;
}

static void
zero_temperature(struct dcor_checking *c)
{
	struct dcor_checkfeat f;
	int other = 0;

	if (strstr(dcor_check_text(c, "setup", "identifier"), "ZMD") ==
	    NULL || !dcor_check_find(c, "temp", &f))
		return;
	/* For dclab, no temperature at all is zero, too. */
	if (dcor_check_each(c, &f, f.rows, on_zero, &other) == 0 && !other)
		dcor_check_add(c, f.rows > 0 ? DCOR_CUE_BOTH : DCOR_CUE_DCLAB,
		    DCOR_CUE_VIOLATION, "temperature_zero_zmd", "temp",
		    "Feature: The 'temp' feature is all-zero, check the "
		    "cables of the temperature sensor!");
	dcor_check_done(&f);
}

void
dcor_check_scores(struct dcor_checking *c)
{
	ml_class(c);
	zero_temperature(c);
}

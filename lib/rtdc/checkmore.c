/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rules of our own, about what dclab does not look at. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "rtdc/checkpriv.h"
#include "rtdc/feat.h"

#define BASINS_MAX	1000	/* that are compared with each other */

/* The contours are called 0 ... N-1, without leading zeros. */
static void
contour_items(struct dcor_checking *c)
{
	uint64_t number, strange = 0;
	struct dcor_names in;
	size_t i;

	if (!dcor_check_stored(c, "contour") ||
	    dcor_h5_list(c->h, "events/contour", &in, NULL) != DCOR_OK)
		return;
	for (i = 0; i < in.n; i++)
		strange += dcor_parse_u64(in.name[i], &number) != DCOR_OK ||
		    number >= c->n || (in.name[i][0] == '0' &&
		    in.name[i][1] != '\0');
	if (in.n != c->n || strange > 0)
		dcor_check_add(c, DCOR_CUE_OURS, DCOR_CUE_VIOLATION,
		    "contour_items", "contour", "Features: 'contour' has "
		    "%zu items for %llu events, %llu not numbered by an "
		    "event", in.n, (unsigned long long)c->n,
		    (unsigned long long)strange);
	dcor_names_fini(&in);
}

struct bounds {
	double		 max;
	int		 odd;		/* below 0, or not whole */
};

static void
on_bounds(void *arg, const double *v, size_t n)
{
	struct bounds *b = arg;
	size_t i;

	for (i = 0; i < n; i++) {
		if (v[i] > b->max)
			b->max = v[i];
		b->odd |= !(v[i] >= 0) || v[i] != floor(v[i]);
	}
}

/* No index is beyond any of the features of an internal basin. */
static void
inside(struct dcor_checking *c, const struct dcor_basin *b, double max)
{
	struct dcor_checkfeat f;
	size_t i;

	for (i = 0; i < b->features.n; i++) {
		if ((size_t)snprintf(f.path, sizeof(f.path), "%s/%s",
		    b->paths.name[0], b->features.name[i]) >= sizeof(f.path))
			continue;
		if (dcor_check_info(c, f.path, &f.info, NULL) != DCOR_OK)
			continue;
		if (f.info.rank > 0 && max >= (double)f.info.dim[0])
			dcor_check_add(c, DCOR_CUE_OURS, DCOR_CUE_VIOLATION,
			    "basinmap", b->mapping, "Features: '%s' names "
			    "row %.0f of '%s', which has %llu", b->mapping,
			    max, f.path, (unsigned long long)f.info.dim[0]);
		dcor_h5dset_fini(&f.info);
	}
}

static void
basin_map(struct dcor_checking *c, const struct dcor_basin *b)
{
	struct bounds k = { -1, 0 };
	struct dcor_checkfeat f;

	if (b->mapping == NULL)
		return;
	if (!dcor_check_find(c, b->mapping, &f)) {
		dcor_check_add(c, DCOR_CUE_OURS, DCOR_CUE_VIOLATION,
		    "basinmap", b->mapping, "Features: a basin is mapped by "
		    "'%s', which is missing", b->mapping);
		return;
	}
	if (f.kind == DCOR_H5_DATASET && f.map[0] == '\0' &&
	    dcor_check_each(c, &f, f.rows, on_bounds, &k) == 0) {
		if (k.odd)
			dcor_check_add(c, DCOR_CUE_OURS, DCOR_CUE_VIOLATION,
			    "basinmap", b->mapping, "Features: '%s' has "
			    "values that are no index", b->mapping);
		else if (b->type == DCOR_BASIN_INTERNAL && b->paths.n > 0)
			inside(c, b, k.max);
	}
	dcor_check_done(&f);
}

static int
same_text(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static int
same_names(const struct dcor_names *a, const struct dcor_names *b)
{
	size_t i;

	for (i = 0; a->n == b->n && i < a->n; i++)
		if (strcmp(a->name[i], b->name[i]) != 0)
			return 0;
	return a->n == b->n;
}

static int
same_basin(const struct dcor_basin *a, const struct dcor_basin *b)
{
	return a->type == b->type && a->any == b->any &&
	    same_text(a->format, b->format) &&
	    same_text(a->mapping, b->mapping) &&
	    same_text(a->identifier, b->identifier) &&
	    same_names(&a->features, &b->features) &&
	    same_names(&a->paths, &b->paths);
}

void
dcor_check_more(struct dcor_checking *c)
{
	size_t i, k;

	contour_items(c);
	for (i = 0; i < c->nbasin; i++)
		basin_map(c, &c->basin[i]);
	for (i = 0; i < c->nbasin && i < BASINS_MAX; i++)
		for (k = 0; k < i; k++)
			if (same_basin(&c->basin[i], &c->basin[k])) {
				dcor_check_add(c, DCOR_CUE_OURS,
				    DCOR_CUE_ALERT, "basin_twice",
				    c->basin[i].name, "Basins: '%s' is "
				    "defined twice", c->basin[i].name != NULL
				    ? c->basin[i].name : "");
				break;
			}
}

/* What the values of a scalar feature amount to. */
struct sums {
	uint64_t	 n, nan, inf, down;	/* down: first that is less
						 * than the one before */
	double		 min, max, sum, last;
};

static void
on_sums(void *arg, const double *v, size_t n)
{
	struct sums *s = arg;
	size_t i;

	for (i = 0; i < n; i++, s->n++) {
		if (s->n > 0 && v[i] < s->last && s->down == 0)
			s->down = s->n;
		s->last = v[i];
		if (isnan(v[i])) {
			s->nan++;
			continue;
		}
		s->inf += isinf(v[i]) != 0;
		s->min = v[i] < s->min ? v[i] : s->min;
		s->max = v[i] > s->max ? v[i] : s->max;
		s->sum += v[i];
	}
}

/* Readers trust these attributes. */
static void
statistic(struct dcor_checking *c, const char *feat, const char *path,
    const char *name, double want, double slack)
{
	struct dcor_attr a;

	if (dcor_h5_attr(c->h, path, name, &a, NULL) != DCOR_OK)
		return;
	if ((a.kind == DCOR_ATTR_FLOAT || a.kind == DCOR_ATTR_INT) &&
	    !(fabs(a.f - want) <= slack) && a.f != want &&
	    !(isnan(a.f) && isnan(want)) && (float)a.f != (float)want)
		dcor_check_add(c, DCOR_CUE_OURS, DCOR_CUE_ALERT,
		    "statistics", feat, "Features: attribute '%s' of '%s' "
		    "is %.9g, but the values have %.9g", name, feat, a.f,
		    want);
	dcor_attr_fini(&a);
}

static void
values(struct dcor_checking *c, const char *feat)
{
	static const char *const up[] = { "frame", "index_online", "time" };
	struct sums s = { .min = HUGE_VAL, .max = -HUGE_VAL };
	struct dcor_checkfeat f;
	size_t i;

	if (!dcor_check_find(c, feat, &f))
		return;
	if (f.kind != DCOR_H5_DATASET || f.info.rank != 1 || f.rows == 0 ||
	    dcor_check_each(c, &f, f.rows, on_sums, &s) != 0)
		goto out;
	if (s.nan + s.inf > 0)
		dcor_check_add(c, DCOR_CUE_OURS, DCOR_CUE_INFO, "no_number",
		    feat, "Features: '%s' has %llu values that are NaN and "
		    "%llu that are infinite", feat,
		    (unsigned long long)s.nan, (unsigned long long)s.inf);
	if (s.nan == s.n)
		s.min = s.max = (double)NAN;
	statistic(c, feat, f.path, "min", s.min, 0);
	statistic(c, feat, f.path, "max", s.max, 0);
	/* Means of float32 are summed in float32 by others. */
	statistic(c, feat, f.path, "mean", s.sum / (double)(s.n - s.nan),
	    1e-4 * (s.max - s.min) + 1e-6 * fabs(s.max));
	for (i = 0; i < sizeof(up) / sizeof(up[0]); i++)
		if (strcmp(feat, up[i]) == 0 && s.down > 0)
			dcor_check_add(c, DCOR_CUE_OURS, DCOR_CUE_ALERT,
			    "monotony", feat, "Features: '%s' decreases at "
			    "event %llu", feat, (unsigned long long)s.down);
out:
	dcor_check_done(&f);
}

void
dcor_check_values(struct dcor_checking *c)
{
	const struct dcor_featinfo *info;
	size_t i;

	for (i = 0; i < c->events.n; i++) {
		info = dcor_feat_find(c->events.name[i]);
		if (info != NULL && info->kind == DCOR_FEATKIND_SCALAR &&
		    dcor_check_stored(c, c->events.name[i]))
			values(c, c->events.name[i]);
	}
}

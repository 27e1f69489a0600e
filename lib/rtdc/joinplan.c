/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which features are joined, as what, and how many events there are. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "rtdc/defect.h"
#include "rtdc/elem.h"
#include "rtdc/joinpriv.h"

#define BLOCK	4096	/* numbers looked at at once */

int
dcor_join_counts(const struct join_in *in)
{
	return in->longest > 0;
}

static int
has_time(const struct join_in *in)
{
	return dcor_names_has(&in->names, "time") || (in->rate > 0 &&
	    dcor_names_has(&in->names, "frame"));
}

/* Whether every input with events has a feature, or, if all, every input;
 * says so if not. */
static int
is_common(struct dcor_join *j, const char *name, int all)
{
	int made = strcmp(name, "index") == 0;
	const char *lacks = NULL;
	size_t i, missing = 0;

	for (i = 0; !made && i < j->n; i++) {
		if (!all && !dcor_join_counts(&j->in[i]))
			continue;
		if (strcmp(name, "time") == 0 ? has_time(&j->in[i]) :
		    dcor_names_has(&j->in[i].names, name))
			continue;
		if (missing++ == 0)
			lacks = j->in[i].pub.name;
	}
	if (missing > 1)
		dcor_join_remark(j, "%s: missing in %s and %zu more: left "
		    "out", name, lacks, missing - 1);
	else if (missing == 1)
		dcor_join_remark(j, "%s: missing in %s: left out", name,
		    lacks);
	return missing == 0;
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(((const struct join_feat *)a)->name,
	    ((const struct join_feat *)b)->name);
}

/* All names, each once, that can be joined: j->feat. */
static int
common_names(struct dcor_join *j, int all, struct dcor_err *err)
{
	struct dcor_names seen = { NULL, 0 };
	struct join_feat *p;
	const char *name;
	size_t i, k;
	int rc = DCOR_OK;

	for (i = 0; rc == DCOR_OK && i < j->n; i++)
		for (k = 0; rc == DCOR_OK && k < j->in[i].names.n; k++) {
			name = j->in[i].names.name[k];
			if (dcor_names_has(&seen, name))
				continue;
			rc = dcor_names_add(&seen, name, strlen(name), err);
			if (rc != DCOR_OK || !is_common(j, name, all))
				continue;
			p = realloc(j->feat, (j->nfeat + 1) * sizeof(*p));
			if (p == NULL) {
				rc = dcor_err_nomem(err);
				break;
			}
			j->feat = p;
			memset(&p[j->nfeat], 0, sizeof(*p));
			p[j->nfeat].name = strdup(name);
			p[j->nfeat].src = calloc(j->n, sizeof(*p->src));
			if (p[j->nfeat].name == NULL ||
			    p[j->nfeat].src == NULL)
				rc = dcor_err_nomem(err);
			j->nfeat++;
		}
	dcor_names_fini(&seen);
	if (rc == DCOR_OK && j->nfeat > 0)
		qsort(j->feat, j->nfeat, sizeof(*j->feat), by_name);
	return rc;
}

/* A time that is missing somewhere, or wrong, is made of the frames. */
static int
add_time(struct dcor_join *j, struct dcor_err *err)
{
	size_t i;

	for (i = 0; i < j->n; i++)
		if (dcor_names_has(&j->in[i].names, "time"))
			return DCOR_OK;
	for (i = 0; i < j->n; i++)
		if (dcor_rtdc_has_own(j->in[i].m, "time") &&
		    has_time(&j->in[i]))
			return dcor_names_add(&j->in[i].names, "time", 4,
			    err);
	return DCOR_OK;
}

/* Finds the sources of a feature; f->internal: all are internal basins. */
static int
find_sources(struct dcor_join *j, struct join_feat *f, int all,
    struct dcor_err *err)
{
	const char *name;
	struct join_src *s;
	size_t i;
	int rc = DCOR_OK;

	f->kind = strcmp(f->name, "time") == 0 ? JOIN_TIME :
	    strcmp(f->name, "frame") == 0 ? JOIN_FRAME :
	    strcmp(f->name, "index_online") == 0 ? JOIN_ONLINE :
	    strcmp(f->name, "index") == 0 ? JOIN_INDEX : JOIN_COPY;
	if (f->kind == JOIN_INDEX)
		return DCOR_OK;
	f->internal = f->kind == JOIN_COPY;
	for (i = 0; rc == DCOR_OK && i < j->n; i++) {
		if (!all && !dcor_join_counts(&j->in[i]))
			continue;
		s = &f->src[i];
		s->from_frame = f->kind == JOIN_TIME &&
		    (dcor_feat_defective(j->in[i].m, "time") ||
		    !dcor_names_has(&j->in[i].names, "time"));
		name = s->from_frame ? "frame" : f->name;
		rc = dcor_rtdc_feature(j->in[i].m, name, &s->f, err);
		if (rc == DCOR_OK && !dcor_join_type(s->f.set, &s->type))
			rc = dcor_err_set(err, DCOR_EBUG, 0, "%s", name);
		f->internal &= s->f.internal && s->f.map != NULL;
	}
	return rc;
}

/* Type and shape that fit all sources. */
static int
find_shape(struct dcor_join *j, struct join_feat *f, struct dcor_err *err)
{
	const struct dcor_h5dset *d, *d0 = NULL;
	const struct join_src *s;
	size_t i, first = 0;
	unsigned k;

	f->rank = 1;
	f->per_row = 1;
	if (f->kind == JOIN_INDEX) {
		f->type.cls = DCOR_H5_INT;
		f->type.size = j->events > UINT32_MAX ? 8 : 4;
		return DCOR_OK;
	}
	for (i = 0; i < j->n; i++) {
		s = &f->src[i];
		if (s->f.set == NULL)
			continue;
		d = dcor_dset_info(s->f.set);
		if (d0 == NULL) {
			d0 = d;
			first = i;
			f->type = s->type;
			f->rank = d->rank;
			for (k = 1; k < d->rank; k++) {
				f->item[k - 1] = d->dim[k];
				f->per_row *= d->dim[k];
			}
			continue;
		}
		dcor_elem_widen(&f->type, &s->type);
		for (k = 1; d->rank == d0->rank && k < d->rank; k++)
			if (d->dim[k] != d0->dim[k])
				break;
		if (k != d0->rank || d->rank != d0->rank)
			return dcor_err_set(err, DCOR_EDATA, 0, "%s: %s has "
			    "not the size that it has in %s",
			    j->in[i].pub.name, f->name,
			    j->in[first].pub.name);
	}
	if (f->kind != JOIN_COPY && f->rank != 1)
		return dcor_err_set(err, DCOR_EDATA, 0, "%s: %s is no column",
		    j->in[first].pub.name, f->name);
	if (f->kind == JOIN_TIME) {
		f->type.cls = DCOR_H5_FLOAT;
		f->type.size = 8;
	}
	return DCOR_OK;
}

/*
 * Looks through numbers that count something: *whole is cleared when one is
 * negative or has a fraction, *most is the largest.
 */
static int
look_through(const struct join_src *s, uint64_t n, int *whole, double *most,
    struct dcor_err *err)
{
	static const struct dcor_h5type u64 = { .cls = DCOR_H5_INT,
	    .size = 8 };
	unsigned char buf[8 * BLOCK];
	struct dcor_reader *r;
	uint64_t u[BLOCK], at;
	size_t part, k;
	double v;
	int rc;

	rc = dcor_reader_new(&r, err);
	for (at = 0; rc == DCOR_OK && at < n; at += part) {
		part = n - at < BLOCK ? (size_t)(n - at) : BLOCK;
		rc = dcor_feature_read(&s->f, r, at, part, buf, err);
		if (rc != DCOR_OK)
			break;
		if (dcor_elem_convert(&u64, u, &s->type, buf, part) < part)
			*whole = 0;
		for (k = 0; k < part; k++) {
			v = dcor_elem_f64(&s->type, buf, k);
			if (v > *most)
				*most = v;
		}
	}
	dcor_reader_free(r);
	return rc;
}

/* Numbers of frames and events get a type that has room for more. */
static int
plan_counting(struct dcor_join *j, struct join_feat *f, struct dcor_err *err)
{
	int whole = 1, rc = DCOR_OK;
	double most = -1;
	size_t i;

	for (i = 0; rc == DCOR_OK && i < j->n; i++) {
		if (f->kind == JOIN_ONLINE && most >= 0 && most < 1e18)
			j->in[i].online = (uint64_t)floor(most) + 1;
		if (f->src[i].f.set == NULL)
			continue;
		most -= (double)j->in[i].online;
		rc = look_through(&f->src[i], j->in[i].pub.events, &whole,
		    &most, err);
		most += (double)j->in[i].online;
	}
	f->type.size = 8;
	if (whole) {
		f->type.cls = DCOR_H5_INT;
		f->type.is_signed = 0;
		f->type.standard = 1;
	}
	return rc;
}

/* How many frames passed since the first start; 0 when nobody knows. */
static int
frames_since(struct dcor_join *j)
{
	struct join_in *in;
	double frames;
	size_t i;

	for (i = 0; i < j->n; i++) {
		in = &j->in[i];
		frames = rint(in->pub.offset * in->rate);
		if (!(frames < 1e18))
			return 0;
		if (in->rate <= 0 && in->pub.offset > 0 &&
		    in->pub.events > 0) {
			dcor_join_remark(j, "frame: no imaging:frame rate in "
			    "%s: left out", in->pub.name);
			return 0;
		}
		in->pub.frames = (uint64_t)frames;
	}
	return 1;
}

/* Events of an input: as many as every feature has, and as it says. */
static void
count_events(struct dcor_join *j, struct join_in *in)
{
	size_t i = (size_t)(in - j->in), k;
	const struct dcor_feature *f;
	int64_t said;
	uint64_t n = in->longest;

	for (k = 0; k < j->nfeat; k++) {
		f = &j->feat[k].src[i].f;
		if (f->set != NULL && f->n < n)
			n = f->n;
	}
	if (!dcor_rtdc_i64(in->m, "experiment:event count", &said))
		said = (int64_t)n;
	if (said > 0 && (uint64_t)said < n)
		n = (uint64_t)said;
	if ((uint64_t)said != n || in->longest != n)
		dcor_join_remark(j, "%s: %llu events are complete; the longest "
		    "feature has %llu, experiment:event count is %lld",
		    in->pub.name, (unsigned long long)n,
		    (unsigned long long)in->longest, (long long)said);
	in->pub.events = n;
}

static void
drop(struct dcor_join *j, size_t k)
{
	size_t i;

	for (i = 0; i < j->n; i++)
		dcor_feature_fini(&j->feat[k].src[i].f);
	free(j->feat[k].src);
	free(j->feat[k].name);
	j->nfeat--;
	memmove(&j->feat[k], &j->feat[k + 1], (j->nfeat - k) *
	    sizeof(*j->feat));
}

int
dcor_join_plan(struct dcor_join *j, struct dcor_err *err)
{
	size_t i, k;
	int rc = DCOR_OK, all = 1;

	for (i = 0; rc == DCOR_OK && i < j->n; i++) {
		rc = dcor_join_names(j, &j->in[i], err);
		all &= !dcor_join_counts(&j->in[i]);
	}
	if (rc == DCOR_OK)
		rc = add_time(j, err);
	if (rc == DCOR_OK)
		rc = common_names(j, all, err);
	for (k = 0; rc == DCOR_OK && k < j->nfeat; k++)
		rc = find_sources(j, &j->feat[k], all, err);
	if (rc != DCOR_OK)
		return rc;
	if (!all && (j->nfeat == 0 || (j->nfeat == 1 && j->feat[0].kind ==
	    JOIN_INDEX)))
		return dcor_err_set(err, DCOR_EDATA, 0, "no feature is in "
		    "all of the measurements");
	for (i = 0; i < j->n; i++) {
		count_events(j, &j->in[i]);
		j->in[i].pub.first = j->events;
		j->events += j->in[i].pub.events;
	}
	for (k = 0; k < j->nfeat; k++)
		if (j->feat[k].kind == JOIN_FRAME && !frames_since(j)) {
			drop(j, k);
			break;
		}
	for (k = 0; rc == DCOR_OK && k < j->nfeat; k++) {
		rc = find_shape(j, &j->feat[k], err);
		if (rc == DCOR_OK && (j->feat[k].kind == JOIN_FRAME ||
		    j->feat[k].kind == JOIN_ONLINE))
			rc = plan_counting(j, &j->feat[k], err);
	}
	return rc == DCOR_OK ? dcor_join_plan_contours(j, err) : rc;
}

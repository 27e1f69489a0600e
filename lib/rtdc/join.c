/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "rtdc/join.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/time.h"
#include "base/tmp.h"
#include "rtdc/joinpriv.h"

void
dcor_join_remark(struct dcor_join *j, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	(void)dcor_names_add(&j->note, text, strlen(text), NULL);
}

int
dcor_join_stopped(const struct dcor_join *j, struct dcor_err *err)
{
	if (j->o->stopped == NULL || !j->o->stopped(j->o->ctx))
		return DCOR_OK;
	return dcor_err_set(err, DCOR_ETEMP, 0, "interrupted");
}

/* Date and time of the start as seconds, whatever the time zone: what
 * counts is the difference, and clocks do not jump during a measurement. */
static int
start_of(struct join_in *in, struct dcor_err *err)
{
	static const char *const key[] = { "experiment:date",
	    "experiment:time" };
	const char *v[2];
	char text[64];
	int i;

	for (i = 0; i < 2; i++) {
		v[i] = dcor_rtdc_text(in->m, key[i]);
		if (v[i] == NULL)
			return dcor_err_set(err, DCOR_EDATA, 0, "%s: %s is "
			    "missing: no place in the order", in->pub.name,
			    key[i]);
	}
	snprintf(text, sizeof(text), "%.20sT%.8sZ", v[0], v[1]);
	in->frac = 0;
	if (dcor_parse_time(text, &in->sec) != DCOR_OK ||
	    strlen(v[1]) < 8 || (v[1][8] != '\0' && (v[1][8] != '.' ||
	    dcor_parse_double(v[1] + 8, &in->frac) != DCOR_OK)))
		return dcor_err_set(err, DCOR_EDATA, 0, "%s: %s %s: no date "
		    "and time", in->pub.name, v[0], v[1]);
	return DCOR_OK;
}

static int
open_input(struct dcor_join *j, size_t i, struct dcor_err *err)
{
	struct dcor_err why = DCOR_ERR_INIT;
	struct join_in *in = &j->in[i];
	int rc;

	in->pub.name = j->o->in[i];
	in->place = i;
	rc = j->o->open != NULL ? j->o->open(in->pub.name, &in->m, &why) :
	    dcor_rtdc_open(in->pub.name, &in->m, &why);
	if (rc != DCOR_OK)
		return dcor_err_set(err, why.code, why.sys, "%s: %s",
		    in->pub.name, why.msg);
	if (dcor_h5_kind(dcor_rtdc_h5(in->m), "events") != DCOR_H5_GROUP)
		return dcor_err_set(err, DCOR_EDATA, 0, "%s: no measurement",
		    in->pub.name);
	if (!dcor_rtdc_i64(in->m, "experiment:run index", &in->run))
		in->run = 0;
	if (!dcor_rtdc_f64(in->m, "imaging:frame rate", &in->rate) ||
	    !(in->rate > 0 && in->rate < 1e9))
		in->rate = 0;
	return start_of(in, err);
}

static int
by_start(const void *x, const void *y)
{
	const struct join_in *a = x, *b = y;

	if (a->sec != b->sec)
		return a->sec < b->sec ? -1 : 1;
	if (a->frac < b->frac || a->frac > b->frac)
		return a->frac < b->frac ? -1 : 1;
	if (a->run != b->run)
		return a->run < b->run ? -1 : 1;
	return a->place < b->place ? -1 : 1;
}

int
dcor_join_open(const struct dcor_join_opts *opts, struct dcor_join **out,
    struct dcor_err *err)
{
	struct dcor_join *j;
	size_t i;
	int rc = DCOR_OK;

	*out = NULL;
	j = calloc(1, sizeof(*j));
	if (j == NULL)
		return dcor_err_nomem(err);
	j->o = opts;
	j->n = opts->n;
	j->in = calloc(j->n > 0 ? j->n : 1, sizeof(*j->in));
	if (j->in == NULL)
		rc = dcor_err_nomem(err);
	else if (j->n < 2)
		rc = dcor_err_set(err, DCOR_EARG, 0, "less than two inputs");
	for (i = 0; rc == DCOR_OK && i < j->n; i++) {
		rc = dcor_join_stopped(j, err);
		if (rc == DCOR_OK)
			rc = open_input(j, i, err);
	}
	if (rc == DCOR_OK) {
		qsort(j->in, j->n, sizeof(*j->in), by_start);
		for (i = 0; i < j->n; i++)
			j->in[i].pub.offset = (double)(j->in[i].sec -
			    j->in[0].sec) + (j->in[i].frac - j->in[0].frac);
		rc = dcor_join_plan(j, err);
	}
	if (rc == DCOR_OK)
		rc = dcor_join_compare(j, err);
	if (rc != DCOR_OK) {
		dcor_join_close(j);
		return rc;
	}
	*out = j;
	return DCOR_OK;
}

void
dcor_join_close(struct dcor_join *j)
{
	size_t i, k;

	if (j == NULL)
		return;
	for (k = 0; k < j->nfeat; k++) {
		for (i = 0; j->feat[k].src != NULL && i < j->n; i++)
			dcor_feature_fini(&j->feat[k].src[i].f);
		free(j->feat[k].src);
		free(j->feat[k].name);
	}
	free(j->feat);
	for (i = 0; j->in != NULL && i < j->n; i++) {
		dcor_names_fini(&j->in[i].names);
		dcor_rtdc_close(j->in[i].m);
	}
	free(j->in);
	dcor_names_fini(&j->note);
	free(j);
}

const struct dcor_join_input *
dcor_join_input(const struct dcor_join *j, size_t i)
{
	return i < j->n ? &j->in[i].pub : NULL;
}

const char *
dcor_join_feature(const struct dcor_join *j, size_t i)
{
	if (i == j->nfeat && j->contours)
		return "contour";
	return i < j->nfeat ? j->feat[i].name : NULL;
}

const char *
dcor_join_note(const struct dcor_join *j, size_t i)
{
	return i < j->note.n ? j->note.name[i] : NULL;
}

uint64_t
dcor_join_events(const struct dcor_join *j)
{
	return j->events;
}

uint64_t
dcor_join_bytes(const struct dcor_join *j)
{
	uint64_t sum = 0, rows;
	size_t i, k;

	for (k = 0; k < j->nfeat; k++) {
		rows = j->events;
		if (j->feat[k].internal)
			for (i = 0, rows = 0; i < j->n; i++)
				rows += j->feat[k].src[i].f.n;
		sum += rows * j->feat[k].per_row * j->feat[k].type.size;
	}
	return sum;
}

static int
write_all(struct dcor_join *j, struct dcor_h5out *out, struct dcor_err *err)
{
	size_t k;
	int rc;

	rc = dcor_h5out_group(out, "events", err);
	if (rc == DCOR_OK)
		rc = dcor_join_meta(j, out, err);
	for (k = 0; rc == DCOR_OK && k < j->nfeat; k++)
		rc = dcor_join_rows(j, &j->feat[k], out, err);
	if (rc == DCOR_OK)
		rc = dcor_join_contours(j, out, err);
	return rc == DCOR_OK ? dcor_join_basins(j, out, err) : rc;
}

int
dcor_join_run(struct dcor_join *j, const char *path, int replace,
    struct dcor_err *err)
{
	struct dcor_h5out *out;
	struct dcor_tmp *tmp;
	int rc;

	j->done = 0;
	rc = dcor_tmp_new(path, &tmp, err);
	if (rc != DCOR_OK)
		return rc;
	rc = dcor_h5out_create(dcor_tmp_path(tmp), j->o->pool, &out, err);
	if (rc == DCOR_OK) {
		rc = write_all(j, out, err);
		if (rc == DCOR_OK)
			rc = dcor_h5out_close(out, NULL, err);
		else
			dcor_h5out_discard(out);
	}
	if (rc == DCOR_OK)
		return dcor_tmp_commit(tmp, replace, err);
	dcor_tmp_abandon(tmp);
	return rc;
}

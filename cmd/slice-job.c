/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * slice-job.c - what is wanted of a measurement, and doing it
 */
#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "cli.h"
#include "rtdc/list.h"
#include "slice.h"

void
slice_job_fini(struct slice_job *j)
{
	size_t i;

	dcor_pick_free(j->pick);
	for (i = 0; i < j->filter.nexpr; i++)
		dcor_expr_free(j->filter.expr[i]);
	free(j->filter.expr);
	dcor_polys_fini(&j->filter.polys);
	dcor_names_fini(&j->features);
	memset(j, 0, sizeof(*j));
}

int
slice_job_events(struct slice_job *j, const char *list,
    struct dcor_err *err)
{
	int rc = DCOR_OK;

	if (j->pick == NULL)
		rc = dcor_pick_new(&j->pick, err);
	return rc == DCOR_OK ? dcor_pick_add(j->pick, list, err) : rc;
}

int
slice_job_where(struct slice_job *j, const char *text, struct dcor_err *err)
{
	struct dcor_expr **v;
	int rc;

	v = realloc(j->filter.expr, (j->filter.nexpr + 1) * sizeof(*v));
	if (v == NULL)
		return dcor_err_nomem(err);
	j->filter.expr = v;
	rc = dcor_expr_new(text, &v[j->filter.nexpr], err);
	if (rc == DCOR_OK)
		j->filter.nexpr++;
	return rc;
}

int
slice_job_polys(struct slice_job *j, const char *path, struct dcor_err *err)
{
	return dcor_polys_read(path, &j->filter.polys, err);
}

/* N[:SEED] */
int
slice_job_sample(struct slice_job *j, const char *text, struct dcor_err *err)
{
	const char *colon = strchr(text, ':');
	char n[32] = "";

	if (colon != NULL && (size_t)(colon - text) < sizeof(n))
		memcpy(n, text, (size_t)(colon - text));
	if (dcor_parse_u64(colon != NULL ? n : text, &j->sample) !=
	    DCOR_OK || (colon != NULL && dcor_parse_u64(colon + 1,
	    &j->seed) != DCOR_OK))
		return dcor_err_set(err, DCOR_EARG, 0,
		    "%s: neither N nor N:SEED", text);
	j->sampled = 1;
	return DCOR_OK;
}

int
slice_names_add(struct dcor_names *v, const char *list, struct dcor_err *err)
{
	size_t n;
	int rc = DCOR_OK;

	for (; rc == DCOR_OK; list += n + 1) {
		n = strcspn(list, ",");
		if (n == 0)
			return dcor_err_set(err, DCOR_EARG, 0,
			    "an empty name");
		rc = dcor_names_add(v, list, n, err);
		if (list[n] == '\0')
			break;
	}
	return rc;
}

int
slice_job_features(struct slice_job *j, const char *list,
    struct dcor_err *err)
{
	return slice_names_add(&j->features, list, err);
}

int
slice_names_match(const struct dcor_names *v, const char *name)
{
	size_t i;

	for (i = 0; i < v->n; i++)
		if (fnmatch(v->name[i], name, 0) == 0)
			return 1;
	return 0;
}

static int
is_scalar(struct dcor_rtdc *m, const char *name)
{
	struct dcor_feature f;
	int yes;

	if (dcor_rtdc_feature(m, name, &f, NULL) != DCOR_OK)
		return 0;
	yes = dcor_feature_is_scalar(&f);
	dcor_feature_fini(&f);
	return yes;
}

/* Adds what a pattern matches; "trace" means all that is in it. */
static int
expand(const struct slice_job *j, struct dcor_rtdc *m, const char *pattern,
    const struct dcor_names *all, struct dcor_names *out,
    struct dcor_err *err)
{
	size_t i, n = strlen(pattern), had = out->n;
	int rc = DCOR_OK, any = 0;
	const char *name;

	for (i = 0; rc == DCOR_OK && i < all->n; i++) {
		name = all->name[i];
		if (fnmatch(pattern, name, 0) != 0 &&
		    (strncmp(name, pattern, n) != 0 || name[n] != '/'))
			continue;
		if ((j->format->flags & SLICE_SCALARS) != 0 &&
		    strcmp(pattern, name) != 0 &&
		    !is_scalar(m, name))
			continue;
		any = 1;
		if (!dcor_names_has(out, name))
			rc = dcor_names_add(out, name, strlen(name), err);
	}
	if (rc != DCOR_OK || any)
		return rc;
	if (strcmp(pattern, "index") == 0)
		return out->n == had ?
		    dcor_names_add(out, pattern, n, err) : DCOR_OK;
	return dcor_err_set(err, DCOR_ENOENT, 0, "no %sfeature %s",
	    strpbrk(pattern, "*?[") != NULL &&
	    (j->format->flags & SLICE_SCALARS) != 0 ?
	    "scalar " : "", pattern);
}

static int
choose(const struct slice_job *j, struct dcor_rtdc *m,
    struct dcor_names *out, struct dcor_err *err)
{
	struct dcor_names all = { 0 };
	size_t i;
	int rc;

	out->name = NULL;
	out->n = 0;
	rc = dcor_rtdc_features(m, &all, err);
	if (rc == DCOR_OK && j->features.n == 0 && j->format->usual != NULL)
		rc = expand(j, m, j->format->usual, &all, out, err);
	for (i = 0; rc == DCOR_OK && i < j->features.n; i++)
		rc = expand(j, m, j->features.name[i], &all, out, err);
	dcor_names_fini(&all);
	if (rc != DCOR_OK)
		dcor_names_fini(out);
	return rc;
}

static int
pick_events(const struct slice *s, const struct slice_job *j,
    struct dcor_rtdc *m, struct dcor_sel *sel, struct dcor_err *err)
{
	struct dcor_filter f = j->filter;
	uint64_t n;
	int rc;

	rc = dcor_rtdc_events(m, &n, err);
	if (rc != DCOR_OK)
		return rc;
	rc = j->pick != NULL ? dcor_pick_get(j->pick, n, sel, err) :
	    dcor_sel_add(sel, 0, n, err);
	f.tick = slice_tick;
	if (rc == DCOR_OK && f.nexpr + f.polys.n > 0) {
		cli_progress_start("select", "events", sel->n);
		rc = dcor_sel_filter(m, &f, sel, s->pool, err);
		cli_progress_end();
	}
	if (rc == DCOR_OK && j->sampled)
		rc = dcor_sel_sample(sel, j->sample, j->seed, err);
	if (rc == DCOR_OK)
		dcor_sel_limit(sel, j->limit);
	return rc;
}

int
slice_tick(uint64_t done)
{
	cli_progress(done);
	return cli_stopped();
}

int
slice_run(const struct slice *s, const struct slice_job *j,
    struct dcor_rtdc *m, const char *name, FILE *to, const char *path,
    uint64_t *events, struct dcor_err *err)
{
	struct dcor_names features = { 0 };
	struct dcor_sel sel = { 0 };
	struct slice_work w = { .s = s, .j = j, .m = m, .name = name,
	    .sel = &sel, .to = to, .path = path };
	int rc;

	*events = 0;
	rc = choose(j, m, &features, err);
	if (rc == DCOR_OK)
		rc = pick_events(s, j, m, &sel, err);
	if (rc == DCOR_OK) {
		*events = sel.n;
		cli_progress_start(name, "events", sel.n);
		if (j->features.n > 0 || j->format->usual != NULL)
			w.features = &features;
		rc = j->format->write(&w, err);
		cli_progress_end();
	}
	dcor_sel_fini(&sel);
	dcor_names_fini(&features);
	return rc;
}

FILE *
slice_out_open(const char *path, struct dcor_tmp **tmp, struct dcor_err *err)
{
	FILE *fp;

	if (dcor_tmp_new(path, tmp, err) != DCOR_OK)
		return NULL;
	fp = fopen(dcor_tmp_path(*tmp), "w");
	if (fp == NULL) {
		(void)dcor_err_sys(err, errno, "%s", path);
		dcor_tmp_abandon(*tmp);
		*tmp = NULL;
	}
	return fp;
}

int
slice_out_close(FILE *fp, struct dcor_tmp *tmp, const char *path, int keep,
    int force, struct dcor_err *err)
{
	int rc = DCOR_OK;

	if (fclose(fp) != 0 && keep)
		rc = dcor_err_sys(err, errno, "%s", path);
	if (keep && rc == DCOR_OK)
		return dcor_tmp_commit(tmp, force, err);
	dcor_tmp_abandon(tmp);
	return rc;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * slice-requests.c - many requests for one process
 *
 * Measurements stay open from request to request, so that what was read of
 * their structure need not be read again.
 */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "climeas.h"
#include "slicerec.h"

#define OPEN_MAX_FILES	8
#define LINE_MAX_BYTES	((size_t)64 << 20)

struct opened {
	char		*name;
	struct dcor_rtdc *m;
	uint64_t	 used;		/* number of the last request */
};

struct request {
	struct slice_job j;
	char		*name;		/* of the measurement */
	char		*shown;		/* the same in records */
	char		*output;	/* NULL: the rows go to stdout */
	char		*id;
};

struct server {
	const struct slice *s;
	const struct slice_job *base;
	struct opened	 open[OPEN_MAX_FILES];
	uint64_t	 n, failed;
};

static void
request_fini(struct request *q)
{
	slice_job_fini(&q->j);
	free(q->name);
	free(q->shown);
	free(q->output);
	free(q->id);
}

static int
copy(char **out, const char *v, const char *key, struct dcor_err *err)
{
	if (v == NULL)
		return dcor_err_set(err, DCOR_EARG, 0, "%s: not text", key);
	free(*out);
	*out = strdup(v);
	return *out != NULL ? DCOR_OK : dcor_err_nomem(err);
}

/* "A" or ["A", "B"]: each to a function. */
static int
texts(struct slice_job *j, const struct dcor_json *v, const char *key,
    int (*fn)(struct slice_job *, const char *, struct dcor_err *),
    struct dcor_err *err)
{
	size_t i, n = dcor_json_type(v) == DCOR_JSON_ARR ? dcor_json_len(v) :
	    1;
	const char *text;
	int rc = DCOR_OK;

	for (i = 0; rc == DCOR_OK && i < n; i++) {
		text = dcor_json_str(dcor_json_type(v) == DCOR_JSON_ARR ?
		    dcor_json_at(v, i) : v);
		rc = text != NULL ? fn(j, text, err) : dcor_err_set(err,
		    DCOR_EARG, 0, "%s: not text", key);
	}
	return rc;
}

static int
count(uint64_t *out, const struct dcor_json *v, const char *key,
    struct dcor_err *err)
{
	int64_t n;

	if (!dcor_json_i64(v, &n) || n < 0)
		return dcor_err_set(err, DCOR_EARG, 0,
		    "%s: not a number from 0 on", key);
	*out = (uint64_t)n;
	return DCOR_OK;
}

static int
set_format(struct slice_job *j, const char *name, struct dcor_err *err)
{
	j->format = slice_format_find(name);
	return j->format != NULL ? DCOR_OK : dcor_err_set(err, DCOR_EARG, 0,
	    "format: %s: unknown", name);
}

/* A member of a request. */
static int
member(struct request *q, const char *key, const struct dcor_json *v,
    struct dcor_err *err)
{
	struct slice_job *j = &q->j;
	char num[32];
	int64_t n;

	if (strcmp(key, "measurement") == 0)
		return copy(&q->name, dcor_json_str(v), key, err);
	if (strcmp(key, "output") == 0)
		return copy(&q->output, dcor_json_str(v), key, err);
	if (strcmp(key, "id") == 0) {
		if (dcor_json_i64(v, &n)) {
			snprintf(num, sizeof(num), "%lld", (long long)n);
			return copy(&q->id, num, key, err);
		}
		return copy(&q->id, dcor_json_str(v), key, err);
	}
	if (strcmp(key, "events") == 0)
		return texts(j, v, key, slice_job_events, err);
	if (strcmp(key, "where") == 0)
		return texts(j, v, key, slice_job_where, err);
	if (strcmp(key, "poly") == 0)
		return texts(j, v, key, slice_job_polys, err);
	if (strcmp(key, "features") == 0)
		return texts(j, v, key, slice_job_features, err);
	if (strcmp(key, "format") == 0)
		return texts(j, v, key, set_format, err);
	if (strcmp(key, "limit") == 0)
		return count(&j->limit, v, key, err);
	if (strcmp(key, "seed") == 0)
		return count(&j->seed, v, key, err);
	if (strcmp(key, "sample") == 0) {
		j->sampled = 1;
		return count(&j->sample, v, key, err);
	}
	return dcor_err_set(err, DCOR_EARG, 0, "%s: unknown", key);
}

static int
parse_json(struct request *q, const char *line, struct dcor_err *err)
{
	struct dcor_json *root;
	const struct dcor_json *v;
	const char *key;
	void *iter = NULL;
	int rc;

	rc = dcor_json_parse(line, strlen(line), LINE_MAX_BYTES, &root, err);
	if (rc != DCOR_OK)
		return rc;
	while (rc == DCOR_OK && (v = dcor_json_each(root, &iter, &key)) !=
	    NULL)
		rc = member(q, key, v, err);
	dcor_json_free(root);
	return rc;
}

/* MEASUREMENT TAB FEATURES TAB EVENTS TAB EXPRESSION */
static int
parse_tsv(struct request *q, const char *line, struct dcor_err *err)
{
	char *all = strdup(line), *p = all, *tab;
	int rc = DCOR_OK, k;

	if (all == NULL)
		return dcor_err_nomem(err);
	for (k = 0; rc == DCOR_OK && p != NULL; p = tab, k++) {
		tab = strchr(p, '\t');
		if (tab != NULL)
			*tab++ = '\0';
		if (k == 0)
			rc = copy(&q->name, p, "measurement", err);
		else if (*p == '\0')
			continue;
		else if (k == 1)
			rc = slice_job_features(&q->j, p, err);
		else if (k == 2)
			rc = slice_job_events(&q->j, p, err);
		else if (k == 3)
			rc = slice_job_where(&q->j, p, err);
		else
			rc = dcor_err_set(err, DCOR_EARG, 0,
			    "more than four fields");
	}
	free(all);
	return rc;
}

static int
parse(const struct server *v, struct request *q, const char *line,
    struct dcor_err *err)
{
	size_t i;
	int rc;

	memset(q, 0, sizeof(*q));
	q->j.limit = UINT64_MAX;
	q->j.header = v->base->header;
	rc = *line == '{' ? parse_json(q, line, err) :
	    parse_tsv(q, line, err);
	if (q->j.format == NULL && q->output != NULL)
		q->j.format = slice_format_of(q->output);
	if (q->j.format == NULL)
		q->j.format = v->base->format;
	if (rc == DCOR_OK && q->name == NULL)
		rc = dcor_err_set(err, DCOR_EARG, 0, "measurement: missing");
	if (rc == DCOR_OK && q->output == NULL &&
	    (q->j.format->flags & SLICE_TEXT) == 0)
		rc = dcor_err_set(err, DCOR_EARG, 0, "format: %s: needs an "
		    "output", q->j.format->name);
	if (rc != DCOR_OK || q->j.features.n > 0)
		return rc;
	for (i = 0; rc == DCOR_OK && i < v->base->features.n; i++)
		rc = slice_job_features(&q->j, v->base->features.name[i],
		    err);
	return rc;
}

/* The measurement, opened; one that was not used for long makes room. */
static int
get(struct server *v, const char *name, struct dcor_rtdc **out,
    struct dcor_err *err)
{
	struct opened *o = &v->open[0];
	int i, rc;

	for (i = 0; i < OPEN_MAX_FILES; i++) {
		if (v->open[i].name != NULL &&
		    strcmp(v->open[i].name, name) == 0) {
			v->open[i].used = v->n;
			*out = v->open[i].m;
			return DCOR_OK;
		}
		if (v->open[i].used < o->used)
			o = &v->open[i];
	}
	free(o->name);
	dcor_rtdc_close(o->m);
	memset(o, 0, sizeof(*o));
	rc = climeas_open(name, &o->m, err);
	if (rc != DCOR_OK)
		return rc;
	o->name = strdup(name);
	if (o->name == NULL)
		return dcor_err_nomem(err);
	o->used = v->n;
	*out = o->m;
	return DCOR_OK;
}

/* What failed is opened anew for the next request. */
static void
forget(struct server *v, const char *name)
{
	struct opened *o;

	for (o = v->open; o < v->open + OPEN_MAX_FILES; o++)
		if (o->name != NULL && strcmp(o->name, name) == 0) {
			dcor_rtdc_close(o->m);
			free(o->name);
			memset(o, 0, sizeof(*o));
		}
}

static int
run(struct server *v, struct request *q, uint64_t *events,
    struct dcor_err *err)
{
	struct dcor_tmp *tmp = NULL;
	struct dcor_rtdc *m = NULL;
	FILE *to = stdout;

	q->shown = climeas_shown(q->name);
	if (get(v, q->name, &m, err) != DCOR_OK)
		return err->code;
	if (q->output != NULL && (q->j.format->flags & SLICE_STREAM) != 0) {
		to = slice_out_open(q->output, &tmp, err);
		if (to == NULL)
			return DCOR_ECREATE;
	}
	(void)slice_run(v->s, &q->j, m, q->shown, to, q->output, events, err);
	if (tmp != NULL)
		(void)slice_out_close(to, tmp, q->output,
		    err->code == DCOR_OK, v->s->force, err);
	if (err->code != DCOR_OK ||
	    dcor_h5_intact(dcor_rtdc_h5(m), err) != DCOR_OK)
		forget(v, q->name);
	return err->code;
}

/* The line after the rows: what became of the request. */
static void
answer(const struct server *v, const struct request *q, uint64_t events,
    const struct dcor_err *err)
{
	struct dcor_err why = DCOR_ERR_INIT;
	struct rec r;

	rec_init(&r, strcmp((q->output == NULL && q->j.format != NULL ?
	    q->j.format : v->base->format)->name, "json") == 0, q->shown);
	rec_begin(&r, r.json ? "answer" : "#answer");
	rec_u64(&r, "request", v->n);
	rec_str(&r, "id", q->id);
	rec_u64(&r, "status", err->code != DCOR_OK ?
	    (uint64_t)cli_status(err->code) : 0);
	rec_u64(&r, "events", err->code != DCOR_OK ? 0 : events);
	rec_str(&r, "message", err->code != DCOR_OK ? err->msg : NULL);
	if (rec_end(&r, &why) != DCOR_OK)
		cli_die_err(&why, NULL);
	rec_fini(&r);
}

int
slice_requests(const struct slice *s, const struct slice_job *base, int nul)
{
	struct server v = { .s = s, .base = base };
	char *none[] = { NULL };
	struct cli_list list;
	struct request q;
	const char *line;
	uint64_t events;
	int i;

	cli_list_init(&list, none, nul);
	while ((line = cli_list_next(&list)) != NULL) {
		struct dcor_err err = DCOR_ERR_INIT;

		if (cli_stopped())
			cli_killed();
		v.n++;
		events = 0;
		if (parse(&v, &q, line, &err) == DCOR_OK)
			(void)run(&v, &q, &events, &err);
		if (err.code != DCOR_OK && cli_stopped())
			cli_killed();
		v.failed += err.code != DCOR_OK;
		answer(&v, &q, events, &err);
		request_fini(&q);
	}
	for (i = 0; i < OPEN_MAX_FILES; i++) {
		free(v.open[i].name);
		dcor_rtdc_close(v.open[i].m);
	}
	return v.failed > 0;
}

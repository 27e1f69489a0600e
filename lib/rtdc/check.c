/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The course of a check: in dclab's order, for the first exception counts. */
#include "rtdc/check.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rtdc/checkpriv.h"

static void __attribute__((format(printf, 6, 0)))
add(struct dcor_checking *c, unsigned who, enum dcor_cuelevel level,
    const char *rule, const char *key, const char *fmt, va_list ap)
{
	struct dcor_cues *o = c->out;
	struct dcor_cue *q;
	va_list again;
	int n;

	if (o->n == o->room) {
		o->room = o->room == 0 ? 32 : 2 * o->room;
		q = realloc(o->v, o->room * sizeof(*q));
		if (q == NULL) {
			o->room = o->n;
			c->nomem = 1;
			return;
		}
		o->v = q;
	}
	q = &o->v[o->n];
	memset(q, 0, sizeof(*q));
	q->level = level;
	q->who = who;
	q->rule = rule;
	q->key = key != NULL ? strdup(key) : NULL;
	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, again);
	va_end(again);
	q->text = n < 0 ? NULL : malloc((size_t)n + 1);
	if (q->text == NULL || (key != NULL && q->key == NULL)) {
		free(q->key);
		free(q->text);
		c->nomem = 1;
		return;
	}
	vsnprintf(q->text, (size_t)n + 1, fmt, ap);
	o->n++;
}

void
dcor_check_add(struct dcor_checking *c, unsigned who,
    enum dcor_cuelevel level, const char *rule, const char *key,
    const char *fmt, ...)
{
	va_list ap;

	if (c->stopped)
		who &= ~(unsigned)DCOR_CUE_DCLAB;
	va_start(ap, fmt);
	if (who != 0)
		add(c, who, level, rule, key, fmt, ap);
	va_end(ap);
}

void
dcor_check_stop(struct dcor_checking *c, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	if (!c->stopped)
		add(c, DCOR_CUE_BOTH, DCOR_CUE_STOP, "dclab", NULL, fmt, ap);
	va_end(ap);
	c->stopped = 1;
}

void
dcor_check_damage(struct dcor_checking *c, const char *key,
    const struct dcor_err *why)
{
	dcor_check_add(c, DCOR_CUE_OURS, DCOR_CUE_VIOLATION, "data", key,
	    "%s", why->msg);
	c->out->damaged++;
}

void
dcor_check_unread(struct dcor_checking *c, const char *path,
    const struct dcor_err *why)
{
	dcor_check_stop(c, "OSError: Can't synchronously read data (%s)",
	    why->msg);
	/* If all is read, that will find it again, and where. */
	if (!c->opts->deep)
		dcor_check_damage(c, path, why);
}

static int
by_level(const void *x, const void *y)
{
	const struct dcor_cue *a = x, *b = y;

	if (a->level != b->level)
		return a->level < b->level ? -1 : 1;
	return strcmp(a->text, b->text);
}

void
dcor_cues_fini(struct dcor_cues *cues)
{
	size_t i;

	for (i = 0; i < cues->n; i++) {
		free(cues->v[i].key);
		free(cues->v[i].text);
	}
	free(cues->v);
	memset(cues, 0, sizeof(*cues));
}

/* The suffix as pathlib finds it, "" for none. */
static const char *
suffix(const char *path)
{
	const char *base = strrchr(path, '/'), *dot;

	base = base != NULL ? base + 1 : path;
	dot = strrchr(base, '.');
	return dot != NULL && dot != base && dot[1] != '\0' ? dot : "";
}

/* What dclab says of a file that HDF5 does not open, or, by another name
 * than .rtdc, of one without events. */
static void
stop_open(struct dcor_checking *c, const char *path,
    const struct dcor_err *why)
{
	if (strcmp(suffix(path), ".rtdc") != 0)
		dcor_check_stop(c, "ValueError: Unknown file format: '%s'",
		    suffix(path));
	else if (strcmp(why->msg, "not an HDF5 file") == 0)
		dcor_check_stop(c, "OSError: Unable to synchronously open "
		    "file (file signature not found)");
	else
		dcor_check_stop(c, "OSError: Unable to synchronously open "
		    "file (%s)", strncmp(why->msg, "cannot open: ", 13) == 0 ?
		    why->msg + 13 : why->msg);
}

/* The first length that dclab finds, of the features by name. */
static int
count_from_features(struct dcor_checking *c)
{
	struct dcor_checkfeat f;
	struct dcor_names in;
	uint64_t rows;
	size_t i;

	for (i = 0; i < c->events.n; i++) {
		if (!dcor_check_stored(c, c->events.name[i]) ||
		    !dcor_check_find(c, c->events.name[i], &f))
			continue;
		rows = f.rows;
		if (f.kind == DCOR_H5_GROUP && dcor_h5_list(c->h, f.path, &in,
		    NULL) == DCOR_OK) {
			rows = in.n;
			dcor_names_fini(&in);
		}
		dcor_check_done(&f);
		if (rows > 0) {
			c->n = rows;
			return 1;
		}
	}
	return 0;
}

static void
count(struct dcor_checking *c)
{
	const struct dcor_val *v = dcor_check_get(c, "experiment",
	    "event count");

	if (v != NULL && v->f >= 0 && v->kind == DCOR_VAL_INT) {
		c->n = (uint64_t)v->i;
		return;
	}
	if (v != NULL) {
		dcor_check_stop(c, "ValueError: __len__() should return >= 0");
		dcor_check_add(c, DCOR_CUE_OURS, DCOR_CUE_VIOLATION, "count",
		    "experiment:event count", "Metadata: no event count");
		return;
	}
	if (!count_from_features(c)) {
		dcor_check_stop(c, "ValueError: Could not determine size of "
		    "dataset '%s'.", dcor_h5_path(c->h));
		dcor_check_add(c, DCOR_CUE_OURS, DCOR_CUE_VIOLATION, "count",
		    "experiment:event count", "Metadata: nothing says how "
		    "many events there are");
	}
}

static void
read_events(struct dcor_checking *c)
{
	char path[DCOR_CHECK_PATH], file[DCOR_CHECK_PATH];

	if (dcor_check_resolve(c, "events", path, file) == DCOR_H5_GROUP &&
	    dcor_h5_list(c->h, path, &c->events, NULL) == DCOR_OK)
		return;
	c->no_events = 1;
	dcor_check_add(c, DCOR_CUE_OURS, DCOR_CUE_VIOLATION, "events",
	    NULL, "the file has no group 'events'");
}

/* Of a file that a writer left open, dclab compares the lengths first. */
static void
swmr(struct dcor_checking *c)
{
	uint64_t first = 0, rows;
	struct dcor_h5dset d;
	char path[1100];
	int equal = c->events.n > 0;
	size_t i;

	for (i = 0; dcor_h5_is_swmr(c->h) && i < c->events.n; i++) {
		snprintf(path, sizeof(path), "events/%s", c->events.name[i]);
		if (dcor_h5_kind(c->h, path) == DCOR_H5_GROUP)
			dcor_check_stop(c, "AttributeError: 'Group' object "
			    "has no attribute 'refresh'");
		if (dcor_check_info(c, path, &d, NULL) != DCOR_OK)
			continue;
		rows = d.rank > 0 ? d.dim[0] : 0;
		first = i == 0 ? rows : first;
		equal &= rows == first;
		dcor_h5dset_fini(&d);
	}
	if (dcor_h5_is_swmr(c->h) && !equal)
		dcor_check_add(c, DCOR_CUE_BOTH, DCOR_CUE_ALERT, "opening",
		    NULL, "UserWarning: Feature sizes in %s are not "
		    "identical.", dcor_h5_path(c->h));
}

/* The rules, by dclab's names. */
static int
rules(struct dcor_checking *c, struct dcor_err *err)
{
	read_events(c);
	swmr(c);
	dcor_check_conf(c);
	if (c->no_events && dcor_check_get(c, "experiment", "event count") ==
	    NULL)
		dcor_check_stop(c, "KeyError: Unable to synchronously open "
		    "object (object 'events' doesn't exist)");
	count(c);
	c->out->events = c->n;
	if (c->no_events)
		dcor_check_stop(c, "KeyError: Unable to synchronously open "
		    "object (object 'events' doesn't exist)");
	dcor_check_basins(c);
	dcor_check_tree(c);
	if (c->n == 0)
		dcor_check_add(c, DCOR_CUE_BOTH, DCOR_CUE_ALERT, "empty",
		    NULL, "The dataset does not contain any events");
	dcor_check_features(c);
	if (dcor_check_fluorescent(c))
		dcor_check_fluor(c);
	dcor_check_format(c);
	dcor_check_roi(c);
	dcor_check_meta(c);
	dcor_check_scores(c);
	dcor_check_add(c, DCOR_CUE_BOTH, DCOR_CUE_INFO, "info", NULL,
	    "Fluorescence: %s", dcor_check_fluorescent(c) ? "True" : "False");
	dcor_check_add(c, DCOR_CUE_BOTH, DCOR_CUE_INFO, "info", NULL,
	    "Data file format: hdf5");
	dcor_check_more(c);
	return c->opts->deep && !c->nomem ? dcor_check_deep(c, err) : DCOR_OK;
}

static void
fini(struct dcor_checking *c)
{
	size_t i;

	for (i = 0; i < c->nconf; i++) {
		free(c->conf[i].section);
		free(c->conf[i].key);
		dcor_val_fini(&c->conf[i].v);
	}
	free(c->conf);
	for (i = 0; i < c->nattr; i++) {
		free(c->attr[i].name);
		dcor_val_fini(&c->attr[i].v);
	}
	free(c->attr);
	dcor_names_fini(&c->events);
	dcor_basins_free(c->basin, c->nbasin);
	dcor_rtdc_close(c->m);
}

int
dcor_check(const char *path, const struct dcor_check_opts *opts,
    struct dcor_cues *out, struct dcor_err *err)
{
	struct dcor_checking c = { .opts = opts, .out = out };
	struct dcor_err why = DCOR_ERR_INIT;
	int rc;

	memset(out, 0, sizeof(*out));
	rc = dcor_rtdc_open(path, &c.m, &why);
	if (rc == DCOR_EDATA) {
		stop_open(&c, path, &why);
		dcor_check_damage(&c, NULL, &why);
		rc = DCOR_OK;
		goto out;
	}
	if (rc != DCOR_OK) {
		dcor_err_copy(err, &why);
		goto out;
	}
	c.h = dcor_rtdc_h5(c.m);
	if (strcmp(suffix(path), ".rtdc") != 0 &&
	    dcor_h5_kind(c.h, "events") == DCOR_H5_ABSENT)
		stop_open(&c, path, &why);
	rc = dcor_check_attrs(&c, &why);
	if (rc == DCOR_EDATA) {
		dcor_check_stop(&c, "OSError: Can't synchronously read data "
		    "(%s)", why.msg);
		dcor_check_damage(&c, "/", &why);
		rc = DCOR_OK;
		goto out;
	}
	if (rc != DCOR_OK)
		dcor_err_copy(err, &why);
	if (rc == DCOR_OK)
		rc = rules(&c, err);
out:
	fini(&c);
	if (rc == DCOR_OK && c.nomem)
		rc = dcor_err_nomem(err);
	if (out->n > 1)
		qsort(out->v, out->n, sizeof(*out->v), by_level);
	return rc;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "rtdc/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/hash.h"
#include "rtdc/basin.h"

#define DEPTH_MAX	16	/* files on a chain of basins */
#define MAP_MAX		((uint64_t)1 << 31)

/* A dataset that was opened, kept until the file is closed. */
struct opened {
	struct dcor_dset	*set;
	struct opened		*next;
};

struct text {
	char			*key;
	struct dcor_attr	 attr;
	struct text		*next;
};

struct dcor_rtdc {
	struct dcor_h5		*h;
	struct opened		*sets;
	struct text		*texts;		/* metadata handed out */
	char			*id;
	int			 id_known;
	struct dcor_basin	*basin;
	size_t			 nbasin;
	int			 basins_known;
	struct dcor_rtdc	**other;	/* files of basins, or NULL */
	int			*tried;
	struct dcor_rtdc	*parent;	/* who looks in here */
	unsigned		 depth;
	dev_t			 dev;
	ino_t			 ino;
};

static int
open_file(const char *path, struct dcor_rtdc *parent, struct dcor_rtdc **out,
    struct dcor_err *err)
{
	struct dcor_rtdc *m;
	struct stat st;
	int rc;

	*out = NULL;
	m = calloc(1, sizeof(*m));
	if (m == NULL)
		return dcor_err_nomem(err);
	rc = dcor_h5_open(path, &m->h, err);
	if (rc == DCOR_OK && stat(path, &st) == 0) {
		m->dev = st.st_dev;
		m->ino = st.st_ino;
	}
	m->parent = parent;
	m->depth = parent != NULL ? parent->depth + 1 : 0;
	if (rc != DCOR_OK) {
		dcor_rtdc_close(m);
		return rc;
	}
	*out = m;
	return DCOR_OK;
}

int
dcor_rtdc_open(const char *name, struct dcor_rtdc **out,
    struct dcor_err *err)
{
	return open_file(name, NULL, out, err);
}

void
dcor_rtdc_close(struct dcor_rtdc *m)
{
	struct opened *o;
	struct text *t;
	size_t i;

	if (m == NULL)
		return;
	for (i = 0; m->other != NULL && i < m->nbasin; i++)
		dcor_rtdc_close(m->other[i]);
	free(m->other);
	free(m->tried);
	dcor_basins_free(m->basin, m->nbasin);
	while ((o = m->sets) != NULL) {
		m->sets = o->next;
		dcor_dset_close(o->set);
		free(o);
	}
	while ((t = m->texts) != NULL) {
		m->texts = t->next;
		free(t->key);
		dcor_attr_fini(&t->attr);
		free(t);
	}
	dcor_h5_close(m->h);
	free(m->id);
	free(m);
}

struct dcor_h5 *
dcor_rtdc_h5(struct dcor_rtdc *m)
{
	return m->h;
}

/* The attribute key, read once; NULL when it cannot be had. */
static const struct dcor_attr *
meta(struct dcor_rtdc *m, const char *key)
{
	struct text *t;

	for (t = m->texts; t != NULL; t = t->next)
		if (strcmp(t->key, key) == 0)
			return &t->attr;
	t = calloc(1, sizeof(*t));
	if (t == NULL)
		return NULL;
	t->key = strdup(key);
	if (t->key == NULL || dcor_h5_attr(m->h, "/", key, &t->attr, NULL) !=
	    DCOR_OK) {
		free(t->key);
		free(t);
		return NULL;
	}
	t->next = m->texts;
	m->texts = t;
	return &t->attr;
}

const char *
dcor_rtdc_text(struct dcor_rtdc *m, const char *key)
{
	const struct dcor_attr *a = meta(m, key);

	if (a == NULL || a->kind != DCOR_ATTR_TEXT || a->text[0] == '\0')
		return NULL;
	return a->text;
}

int
dcor_rtdc_f64(struct dcor_rtdc *m, const char *key, double *v)
{
	const struct dcor_attr *a = meta(m, key);

	if (a == NULL || (a->kind != DCOR_ATTR_FLOAT &&
	    a->kind != DCOR_ATTR_INT && a->kind != DCOR_ATTR_BOOL))
		return 0;
	*v = a->f;
	return 1;
}

int
dcor_rtdc_i64(struct dcor_rtdc *m, const char *key, int64_t *v)
{
	const struct dcor_attr *a = meta(m, key);

	if (a == NULL)
		return 0;
	if (a->kind == DCOR_ATTR_INT || a->kind == DCOR_ATTR_BOOL) {
		*v = a->i;
		return 1;
	}
	if (a->kind == DCOR_ATTR_FLOAT && a->f > -9e18 && a->f < 9e18) {
		*v = (int64_t)a->f;
		return 1;
	}
	return 0;
}

const char *
dcor_rtdc_id(struct dcor_rtdc *m)
{
	const char *run, *time, *date, *setup;
	char text[1024], md5[33], uuid[37];
	int n;

	if (m->id_known)
		return m->id;
	m->id_known = 1;
	run = dcor_rtdc_text(m, "experiment:run identifier");
	if (run != NULL) {
		m->id = strdup(run);
		return m->id;
	}
	time = dcor_rtdc_text(m, "experiment:time");
	date = dcor_rtdc_text(m, "experiment:date");
	setup = dcor_rtdc_text(m, "setup:identifier");
	if (time == NULL || date == NULL || setup == NULL)
		return NULL;
	n = snprintf(text, sizeof(text), "%s_%s_%s", time, date, setup);
	if (n < 0 || (size_t)n >= sizeof(text) ||
	    dcor_md5_hex(text, (size_t)n, md5, NULL) != DCOR_OK)
		return NULL;
	snprintf(uuid, sizeof(uuid), "%.8s-%.4s-%.4s-%.4s-%.12s", md5,
	    md5 + 8, md5 + 12, md5 + 16, md5 + 20);
	m->id = strdup(uuid);
	return m->id;
}

int
dcor_rtdc_id_is_common(struct dcor_rtdc *m)
{
	static const char *const part[] = { "experiment:time",
	    "experiment:date", "setup:identifier" };
	const struct dcor_attr *a;
	size_t i;

	if (dcor_rtdc_text(m, "experiment:run identifier") != NULL) {
		a = meta(m, "experiment:run identifier");
		return a != NULL && !a->fixed;
	}
	for (i = 0; i < sizeof(part) / sizeof(part[0]); i++) {
		a = meta(m, part[i]);
		if (a != NULL && a->fixed)
			return 0;
	}
	return 1;
}

/* The dataset at path, opened once. */
static int
get_set(struct dcor_rtdc *m, const char *path, struct dcor_dset **out,
    struct dcor_err *err)
{
	struct opened *o;
	int rc;

	for (o = m->sets; o != NULL; o = o->next)
		if (strcmp(dcor_dset_path(o->set), path) == 0) {
			*out = o->set;
			return DCOR_OK;
		}
	o = calloc(1, sizeof(*o));
	if (o == NULL)
		return dcor_err_nomem(err);
	rc = dcor_dset_open(m->h, path, &o->set, err);
	if (rc != DCOR_OK) {
		free(o);
		return rc;
	}
	o->next = m->sets;
	m->sets = o;
	*out = o->set;
	return DCOR_OK;
}

/* DCOR_ENOENT, without a message, when group/name is no dataset. */
static int
find_set(struct dcor_rtdc *m, const char *group, const char *name,
    struct dcor_dset **out, struct dcor_err *err)
{
	char path[512];
	int n;

	n = snprintf(path, sizeof(path), "%s/%s", group, name);
	if (n < 0 || (size_t)n >= sizeof(path) ||
	    dcor_h5_kind(m->h, path) != DCOR_H5_DATASET)
		return DCOR_ENOENT;
	return get_set(m, path, out, err);
}

int
dcor_rtdc_has_own(struct dcor_rtdc *m, const char *name)
{
	struct dcor_dset *d;

	return find_set(m, "events", name, &d, NULL) == DCOR_OK;
}

void
dcor_feature_fini(struct dcor_feature *f)
{
	free(f->map);
	memset(f, 0, sizeof(*f));
}

static int
start_basins(struct dcor_rtdc *m, struct dcor_err *err)
{
	int rc;

	if (m->basins_known)
		return DCOR_OK;
	rc = dcor_basins_read(m->h, &m->basin, &m->nbasin, err);
	if (rc != DCOR_OK)
		return rc;
	if (m->nbasin > 0) {
		m->other = calloc(m->nbasin, sizeof(*m->other));
		m->tried = calloc(m->nbasin, sizeof(*m->tried));
		if (m->other == NULL || m->tried == NULL)
			return dcor_err_nomem(err);
	}
	m->basins_known = 1;
	return DCOR_OK;
}

static int
starts_with(const char *s, const char *head)
{
	return strncmp(s, head, strlen(head)) == 0;
}

/* Whether the file b is the measurement that the definition means: the
 * identifier it names, and one that our own begins with. */
static int
is_meant(struct dcor_rtdc *m, const struct dcor_basin *def,
    struct dcor_rtdc *b)
{
	const char *ours = dcor_rtdc_id(m), *theirs = dcor_rtdc_id(b);

	if (def->identifier != NULL && (theirs == NULL ||
	    strcmp(def->identifier, theirs) != 0))
		return 0;
	return ours == NULL || theirs == NULL || starts_with(ours, theirs);
}

/* Opens path as the basin k of m, unless it is on the chain already or is
 * another measurement than the one that is meant. */
static int
try_path(struct dcor_rtdc *m, size_t k, const char *path)
{
	struct dcor_rtdc *b, *up;

	if (open_file(path, m, &b, NULL) != DCOR_OK)
		return 0;
	for (up = m; up != NULL; up = up->parent)
		if (up->dev == b->dev && up->ino == b->ino)
			break;
	if (up != NULL || !is_meant(m, &m->basin[k], b)) {
		dcor_rtdc_close(b);
		return 0;
	}
	m->other[k] = b;
	return 1;
}

/*
 * The file of a file basin, or NULL.  An absolute path is taken as it is;
 * a relative one starts where the referring file is, never in the working
 * directory; last, a file of that name beside the referring one.
 */
static struct dcor_rtdc *
basin_file(struct dcor_rtdc *m, size_t k)
{
	const struct dcor_names *paths = &m->basin[k].paths;
	const char *self = dcor_h5_path(m->h), *slash, *base, *p;
	char path[4096];
	size_t i;
	int dir, n;

	if (m->tried[k])
		return m->other[k];
	m->tried[k] = 1;
	if (m->depth + 1 >= DEPTH_MAX)
		return NULL;
	slash = strrchr(self, '/');
	dir = slash != NULL ? (int)(slash - self + 1) : 0;
	for (i = 0; i < paths->n; i++) {
		p = paths->name[i];
		base = strrchr(p, '/');
		base = base != NULL ? base + 1 : p;
		n = snprintf(path, sizeof(path), "%.*s%s", p[0] == '/' ? 0 :
		    dir, self, p);
		if (n > 0 && (size_t)n < sizeof(path) && try_path(m, k, path))
			break;
		n = snprintf(path, sizeof(path), "%.*s%s", dir, self, base);
		if (n > 0 && (size_t)n < sizeof(path) && try_path(m, k, path))
			break;
	}
	return m->other[k];
}

static int
find(struct dcor_rtdc *m, const char *name, struct dcor_feature *out,
    struct dcor_err *err);

/* Puts the mapping of a definition before the rows of f: event i of m is
 * event map[i] of the basin. */
static int
compose(struct dcor_rtdc *m, const char *mapping, struct dcor_feature *f,
    struct dcor_err *err)
{
	struct dcor_feature mf = { 0 };
	struct dcor_reader *r = NULL;
	uint64_t *map = NULL, i;
	int rc;

	rc = find(m, mapping, &mf, err);
	if (rc == DCOR_ENOENT)
		return dcor_err_set(err, DCOR_EDATA, 0, "%s: %s is missing",
		    dcor_h5_path(m->h), mapping);
	if (rc != DCOR_OK)
		return rc;
	if (mf.map != NULL || mf.n > MAP_MAX) {
		rc = dcor_err_set(err, DCOR_EDATA, 0, "%s: %s is unusable",
		    dcor_h5_path(m->h), mapping);
		goto out;
	}
	rc = dcor_reader_new(&r, err);
	if (rc != DCOR_OK)
		goto out;
	map = malloc((size_t)(mf.n > 0 ? mf.n : 1) * sizeof(*map));
	if (map == NULL) {
		rc = dcor_err_nomem(err);
		goto out;
	}
	rc = dcor_dset_read_u64(mf.set, r, 0, mf.n, map, err);
	for (i = 0; rc == DCOR_OK && i < mf.n; i++) {
		if (map[i] >= f->n)
			rc = dcor_err_set(err, DCOR_EDATA, 0,
			    "%s: %s points beyond its basin",
			    dcor_h5_path(m->h), mapping);
		else if (f->map != NULL)
			map[i] = f->map[map[i]];
	}
	if (rc == DCOR_OK) {
		free(f->map);
		f->map = map;
		f->n = mf.n;
		map = NULL;
	}
out:
	free(map);
	dcor_reader_free(r);
	dcor_feature_fini(&mf);
	return rc;
}

/* Looks into basin k; DCOR_ENOENT when it has no such feature. */
static int
find_in_basin(struct dcor_rtdc *m, size_t k, const char *name,
    struct dcor_feature *out, struct dcor_err *err)
{
	const struct dcor_basin *def = &m->basin[k];
	struct dcor_rtdc *b;
	int rc;

	if (!dcor_basin_lists(def, name) || (def->mapping != NULL &&
	    strcmp(def->mapping, name) == 0))
		return DCOR_ENOENT;
	if (def->type == DCOR_BASIN_INTERNAL) {
		rc = find_set(m, "basin_events", name, &out->set, err);
		if (rc != DCOR_OK)
			return rc;
		out->origin = m;
		out->internal = 1;
		out->n = dcor_dset_rows(out->set);
	} else if (def->type == DCOR_BASIN_FILE) {
		b = basin_file(m, k);
		if (b == NULL)
			return DCOR_ENOENT;
		rc = find(b, name, out, err);
		if (rc != DCOR_OK)
			return rc;
	} else
		return DCOR_ENOENT;	/* remote ones are not for here */
	if (def->mapping == NULL)
		return DCOR_OK;
	rc = compose(m, def->mapping, out, err);
	if (rc != DCOR_OK)
		dcor_feature_fini(out);
	return rc;
}

static int
find(struct dcor_rtdc *m, const char *name, struct dcor_feature *out,
    struct dcor_err *err)
{
	size_t k;
	int rc;

	memset(out, 0, sizeof(*out));
	rc = find_set(m, "events", name, &out->set, err);
	if (rc == DCOR_OK) {
		out->origin = m;
		out->n = dcor_dset_rows(out->set);
	}
	if (rc != DCOR_ENOENT)
		return rc;
	rc = start_basins(m, err);
	if (rc != DCOR_OK)
		return rc;
	for (k = 0; k < m->nbasin; k++) {
		rc = find_in_basin(m, k, name, out, err);
		if (rc != DCOR_ENOENT)
			return rc;
	}
	return DCOR_ENOENT;
}

int
dcor_rtdc_feature(struct dcor_rtdc *m, const char *name,
    struct dcor_feature *out, struct dcor_err *err)
{
	int rc = find(m, name, out, err);

	if (rc == DCOR_ENOENT)
		dcor_err_set(err, DCOR_ENOENT, 0, "no feature %s", name);
	return rc;
}

int
dcor_feature_read(const struct dcor_feature *f, struct dcor_reader *r,
    uint64_t first, uint64_t n, void *buf, struct dcor_err *err)
{
	size_t row = dcor_dset_row_size(f->set);
	unsigned char *p = buf;
	uint64_t run;
	int rc;

	if (first > f->n || n > f->n - first)
		return dcor_err_set(err, DCOR_EDATA, 0, "%s: event %llu of "
		    "%llu", dcor_dset_path(f->set),
		    (unsigned long long)(first + n),
		    (unsigned long long)f->n);
	if (f->map == NULL)
		return dcor_dset_read(f->set, r, first, n, buf, err);
	for (; n > 0; first += run, n -= run, p += run * row) {
		for (run = 1; run < n && f->map[first + run] ==
		    f->map[first] + run; run++)
			;
		rc = dcor_dset_read(f->set, r, f->map[first], run, p, err);
		if (rc != DCOR_OK)
			return rc;
	}
	return DCOR_OK;
}

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
	struct dcor_err		*tried;		/* why there is none */
	struct dcor_rtdc	*parent;	/* who looks in here */
	unsigned		 depth;
	const struct dcor_opener *opener;	/* may be NULL */
	char			*name;		/* as it was asked for */
	dev_t			 dev;		/* local ones */
	ino_t			 ino;
};

/* Opens by URL; what follows '?' may be a secret and is in no message. */
static int
open_url(struct dcor_rtdc *m, struct dcor_err *err)
{
	struct dcor_src src = { 0 };
	char *shown;
	int rc;

	if (m->opener == NULL)
		return dcor_err_set(err, DCOR_EARG, 0,
		    "only local files can be read here");
	shown = strndup(m->name, strcspn(m->name, "?"));
	if (shown == NULL)
		return dcor_err_nomem(err);
	rc = m->opener->open(m->opener->ctx, m->name, &src, err);
	if (rc == DCOR_OK)
		rc = dcor_h5_open_src(shown, &src, &m->h, err);
	free(shown);
	return rc;
}

static int
open_file(const char *name, const struct dcor_opener *opener,
    struct dcor_rtdc *parent, struct dcor_rtdc **out, struct dcor_err *err)
{
	struct dcor_rtdc *m;
	struct stat st;
	int rc;

	*out = NULL;
	m = calloc(1, sizeof(*m));
	if (m == NULL || (m->name = strdup(name)) == NULL) {
		free(m);
		return dcor_err_nomem(err);
	}
	m->opener = opener;
	m->parent = parent;
	m->depth = parent != NULL ? parent->depth + 1 : 0;
	if (dcor_src_is_url(name))
		rc = open_url(m, err);
	else
		rc = dcor_h5_open(name, &m->h, err);
	if (rc != DCOR_OK) {
		dcor_rtdc_close(m);
		return rc;
	}
	if (dcor_h5_is_local(m->h) && stat(name, &st) == 0) {
		m->dev = st.st_dev;
		m->ino = st.st_ino;
	}
	*out = m;
	return DCOR_OK;
}

int
dcor_rtdc_open(const char *path, struct dcor_rtdc **out,
    struct dcor_err *err)
{
	return open_file(path, NULL, NULL, out, err);
}

int
dcor_rtdc_open_by(const char *name, const struct dcor_opener *opener,
    struct dcor_rtdc **out, struct dcor_err *err)
{
	return open_file(name, opener, NULL, out, err);
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
	free(m->name);
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
	if (n < 0 || (size_t)n >= sizeof(path))
		return DCOR_ENOENT;
	if (dcor_h5_kind(m->h, path) == DCOR_H5_DATASET)
		return get_set(m, path, out, err);
	n = dcor_h5_intact(m->h, err);
	return n == DCOR_OK ? DCOR_ENOENT : n;
}

int
dcor_rtdc_has_own(struct dcor_rtdc *m, const char *name)
{
	struct dcor_dset *d;

	return find_set(m, "events", name, &d, NULL) == DCOR_OK;
}

static int
start_basins(struct dcor_rtdc *m, struct dcor_err *err)
{
	char *more = NULL;
	int rc;

	if (m->basins_known)
		return DCOR_OK;
	rc = dcor_basins_read(m->h, &m->basin, &m->nbasin, err);
	if (rc == DCOR_OK && m->opener != NULL && m->opener->more != NULL &&
	    !dcor_h5_is_local(m->h)) {
		rc = m->opener->more(m->opener->ctx, m->name, &more, err);
		if (rc == DCOR_OK && more != NULL)
			rc = dcor_basins_add(&m->basin, &m->nbasin, more,
			    err);
		free(more);
	}
	if (rc != DCOR_OK)
		return rc;
	m->other = calloc(m->nbasin + 1, sizeof(*m->other));
	m->tried = calloc(m->nbasin + 1, sizeof(*m->tried));
	m->basins_known = m->other != NULL && m->tried != NULL;
	return m->basins_known ? DCOR_OK : dcor_err_nomem(err);
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

static int
same_file(const struct dcor_rtdc *a, const struct dcor_rtdc *b)
{
	const char *x = dcor_h5_src(a->h)->id, *y = dcor_h5_src(b->h)->id;

	if (x != NULL && y != NULL)
		return strcmp(x, y) == 0;
	return x == NULL && y == NULL && a->dev == b->dev &&
	    a->ino == b->ino;
}

/* Opens name as the basin k of m, unless it is on the chain already or is
 * another measurement than the one that is meant.  Keeps why not. */
static int
try_name(struct dcor_rtdc *m, size_t k, const char *name)
{
	struct dcor_err why = DCOR_ERR_INIT, *kept = &m->tried[k];
	struct dcor_rtdc *b, *up;

	if (open_file(name, m->opener, m, &b, &why) == DCOR_OK) {
		for (up = m; up != NULL && !same_file(up, b);)
			up = up->parent;
		if (up == NULL && is_meant(m, &m->basin[k], b)) {
			m->other[k] = b;
			return 1;
		}
		dcor_rtdc_close(b);
		dcor_err_set(&why, DCOR_ENOENT, 0, up != NULL ?
		    "leads back to itself" : "is another measurement");
	}
	/* what may be had another time counts more than what is not there */
	if (kept->code == DCOR_OK || (kept->code == DCOR_ENOENT &&
	    why.code != DCOR_ENOENT)) {
		kept->code = DCOR_OK;
		dcor_err_set(kept, why.code, why.sys, "basin %.*s: %s",
		    (int)strcspn(name, "?"), name, why.msg);
	}
	return 0;
}

/* An absolute path is taken as it is; a relative one starts where the
 * referring file is, never in the working directory; last, a file of that
 * name beside the referring one. */
static int
try_path(struct dcor_rtdc *m, size_t k, const char *p)
{
	const char *self = dcor_h5_path(m->h), *slash = strrchr(self, '/');
	const char *base = strrchr(p, '/'), *last;
	int dir = slash != NULL ? (int)(slash - self + 1) : 0, i, n;
	char path[4096];

	for (i = 0; i < 2; i++) {
		last = i == 0 || base == NULL ? p : base + 1;
		n = snprintf(path, sizeof(path), "%.*s%s", *last == '/' ? 0 :
		    dir, self, last);
		if (n > 0 && (size_t)n < sizeof(path) &&
		    !dcor_src_is_url(path) && try_name(m, k, path))
			return 1;
	}
	return 0;
}

/* What a basin leads to, or NULL: m->tried[k] says why. */
static struct dcor_rtdc *
basin_file(struct dcor_rtdc *m, size_t k)
{
	const struct dcor_basin *def = &m->basin[k];
	const char *what = NULL;
	size_t i;

	if (m->other[k] != NULL || m->tried[k].code != DCOR_OK)
		return m->other[k];
	if (m->depth + 1 >= DEPTH_MAX)
		what = "too many basins of basins";
	else if (def->type == DCOR_BASIN_FILE && !dcor_h5_is_local(m->h))
		what = "a remote file may not name local ones";
	else if (def->type == DCOR_BASIN_REMOTE && m->opener == NULL)
		what = "only local files can be read here";
	for (i = 0; what == NULL && i < def->paths.n; i++)
		if (def->type == DCOR_BASIN_FILE ?
		    try_path(m, k, def->paths.name[i]) :
		    dcor_src_is_url(def->paths.name[i]) &&
		    try_name(m, k, def->paths.name[i]))
			return m->other[k];
	if (what != NULL || m->tried[k].code == DCOR_OK)
		dcor_err_set(&m->tried[k], DCOR_ENOENT, 0, "basin %s: %s",
		    def->name != NULL ? def->name : "", what != NULL ? what :
		    "names nothing that can be opened");
	return NULL;
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
	struct dcor_err why = DCOR_ERR_INIT;
	struct dcor_feature mf = { 0 };
	struct dcor_reader *r = NULL;
	uint64_t *map = NULL, i;
	int rc;

	rc = find(m, mapping, &mf, &why);
	if (rc == DCOR_ENOENT)
		dcor_err_set(&why, DCOR_EDATA, 0, "%s: %s is missing",
		    dcor_h5_path(m->h), mapping);
	if (rc != DCOR_OK)
		return dcor_err_copy(err, &why);
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
	} else if (def->type == DCOR_BASIN_UNKNOWN) {
		return DCOR_ENOENT;
	} else {
		b = basin_file(m, k);
		if (b == NULL && def->any)
			dcor_err_set(err, DCOR_ENOENT, 0, "%s",
			    m->tried[k].msg);
		else if (b == NULL)
			dcor_err_copy(err, &m->tried[k]);
		if (b == NULL)
			return DCOR_ENOENT;
		rc = find(b, name, out, err);
		if (rc != DCOR_OK)
			return rc;
	}
	if (def->mapping == NULL)
		return DCOR_OK;
	rc = compose(m, def->mapping, out, err);
	if (rc != DCOR_OK)
		dcor_feature_fini(out);
	return rc;
}

/* DCOR_ENOENT may leave in err why a basin could not be asked. */
static int
find(struct dcor_rtdc *m, const char *name, struct dcor_feature *out,
    struct dcor_err *err)
{
	struct dcor_err why, kept = DCOR_ERR_INIT;
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
		why = (struct dcor_err)DCOR_ERR_INIT;
		rc = find_in_basin(m, k, name, out, &why);
		if (rc == DCOR_OK)
			return rc;
		if (rc != DCOR_ENOENT)
			return dcor_err_copy(err, &why);
		if (kept.code == DCOR_OK || kept.code == DCOR_ENOENT)
			if (why.code != DCOR_OK)
				kept = why;
	}
	dcor_err_copy(err, &kept);
	return DCOR_ENOENT;
}

int
dcor_rtdc_feature(struct dcor_rtdc *m, const char *name,
    struct dcor_feature *out, struct dcor_err *err)
{
	struct dcor_err why = DCOR_ERR_INIT;
	int rc = find(m, name, out, &why);

	if (rc != DCOR_ENOENT)
		return rc == DCOR_OK ? rc : dcor_err_copy(err, &why);
	rc = why.code != DCOR_OK ? (int)why.code : DCOR_ENOENT;
	return dcor_err_set(err, rc, why.sys, "no feature %s%s%s", name,
	    why.code != DCOR_OK ? ": " : "", why.msg);
}

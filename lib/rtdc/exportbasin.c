/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Basins of a part: definitions that map events keep their map, which is
 * cut like any feature; those that do not get one as soon as events are
 * left out.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "rtdc/basin.h"
#include "rtdc/exportpriv.h"

#define TEXT_MAX	((size_t)4 << 20)	/* of a definition */
#define PATH_LEN	1024

struct basins {
	struct dcor_exporter	*x;
	char			 slot[16];	/* selection's map, or "" */
	char			*from;		/* where the source is;
						 * NULL: and the result */
};

/* A definition of the source. */
struct def {
	const char		*key;		/* its name */
	struct dcor_json	*root;		/* NULL: unreadable */
	const char		*mapping;	/* NULL: event for event */
	int			 internal;
};

/* The map of the selected events, made when first it is asked for. */
static int
selection_map(struct basins *b, struct dcor_err *err)
{
	struct dcor_exporter *x = b->x;
	char path[64];
	int k;

	if (b->slot[0] != '\0')
		return DCOR_OK;
	for (k = 0; k < DCOR_EXPORT_MAPS && x->map[k]; k++)
		;
	if (k == DCOR_EXPORT_MAPS)
		return dcor_err_set(err, DCOR_EDATA, 0,
		    "all %d maps of basins are taken", DCOR_EXPORT_MAPS);
	x->map[k] = 1;
	snprintf(b->slot, sizeof(b->slot), "basinmap%d", k);
	snprintf(path, sizeof(path), "events/%s", b->slot);
	return dcor_export_numbers(x, path, 0, err);
}

static int
read_def(struct dcor_exporter *x, const char *key, struct def *d,
    struct dcor_err *err)
{
	struct dcor_names line;
	struct dcor_buf text;
	const char *type;
	char path[PATH_LEN];
	size_t i;
	int rc;

	memset(d, 0, sizeof(*d));
	d->key = key;
	snprintf(path, sizeof(path), "basins/%s", key);
	rc = dcor_dset_read_lines(x->in, path, &line, err);
	if (rc != DCOR_OK)
		return rc;
	dcor_buf_init(&text, TEXT_MAX);
	for (i = 0; i < line.n; i++) {
		dcor_buf_adds(&text, line.name[i]);
		dcor_buf_addc(&text, '\n');
	}
	rc = dcor_buf_check(&text, err);
	if (rc == DCOR_OK && dcor_json_parse(dcor_buf_str(&text), text.len,
	    TEXT_MAX, &d->root, NULL) == DCOR_OK) {
		type = dcor_json_str(dcor_json_get(d->root, "type"));
		d->internal = type != NULL && strcmp(type, "internal") == 0;
		d->mapping = dcor_json_str(dcor_json_get(d->root, "mapping"));
		if (d->mapping != NULL && strcmp(d->mapping, "same") == 0)
			d->mapping = NULL;
	}
	dcor_buf_fini(&text);
	dcor_names_fini(&line);
	return rc;
}

/* Whether feature, of an internal basin, is there and will be. */
static int
stays(const struct dcor_exporter *x, const char *feature)
{
	char path[PATH_LEN];

	if (feature == NULL || !dcor_export_wants(x, feature))
		return 0;
	snprintf(path, sizeof(path), "basin_events/%s", feature);
	return dcor_h5_kind(x->in, path) == DCOR_H5_DATASET;
}

/* How many features of an internal basin stay, and how many it lists. */
static size_t
count_stays(const struct dcor_exporter *x, const struct def *d, size_t *all)
{
	const struct dcor_json *v = dcor_json_get(d->root, "features");
	size_t i, n = 0;

	*all = dcor_json_len(v);
	for (i = 0; i < *all; i++)
		n += stays(x, dcor_json_str(dcor_json_at(v, i)));
	return n;
}

static void
put_json(struct dcor_jw *w, const struct dcor_json *v)
{
	const struct dcor_json *part;
	void *iter = NULL;
	const char *key;
	int64_t i = 0;
	double d = 0;
	int yes = 0;
	size_t k;

	switch (dcor_json_type(v)) {
	case DCOR_JSON_STR:
		dcor_jw_str(w, dcor_json_str(v));
		break;
	case DCOR_JSON_INT:
		(void)dcor_json_i64(v, &i);
		dcor_jw_i64(w, i);
		break;
	case DCOR_JSON_REAL:
		(void)dcor_json_dbl(v, &d);
		dcor_jw_dbl(w, d);
		break;
	case DCOR_JSON_BOOL:
		(void)dcor_json_bool(v, &yes);
		dcor_jw_bool(w, yes);
		break;
	case DCOR_JSON_ARR:
		dcor_jw_arr(w);
		for (k = 0; k < dcor_json_len(v); k++)
			put_json(w, dcor_json_at(v, k));
		dcor_jw_end(w);
		break;
	case DCOR_JSON_OBJ:
		dcor_jw_obj(w);
		while ((part = dcor_json_each(v, &iter, &key)) != NULL) {
			dcor_jw_key(w, key);
			put_json(w, part);
		}
		dcor_jw_end(w);
		break;
	default:
		dcor_jw_null(w);
	}
}

/* Where a path that starts at the source leads, if the result is elsewhere;
 * NULL when it can stay as it is. */
static char *
moved(const struct basins *b, const char *path)
{
	char full[4096];
	int n;

	if (b->from == NULL || path == NULL || path[0] == '/')
		return NULL;
	n = snprintf(full, sizeof(full), "%s/%s", b->from, path);
	if (n < 0 || (size_t)n >= sizeof(full) || access(full, F_OK) != 0)
		return NULL;
	return realpath(full, NULL);
}

/* The paths of a file, those that moved first in full.  Returns how many
 * that are; w may be NULL. */
static size_t
put_paths(const struct basins *b, const struct dcor_json *v,
    struct dcor_jw *w)
{
	size_t i, n = 0;
	char *full;

	if (w != NULL)
		dcor_jw_arr(w);
	for (i = 0; i < dcor_json_len(v); i++) {
		full = moved(b, dcor_json_str(dcor_json_at(v, i)));
		n += full != NULL;
		if (full != NULL && w != NULL)
			dcor_jw_str(w, full);
		free(full);
	}
	for (i = 0; w != NULL && i < dcor_json_len(v); i++)
		put_json(w, dcor_json_at(v, i));
	if (w != NULL)
		dcor_jw_end(w);
	return n;
}

/* Its text with what has changed.  The member key is dclab's own note of a
 * name that is no longer true. */
static int
rewrite(struct basins *b, const struct def *d, const char *mapping,
    struct dcor_err *err)
{
	const struct dcor_json *v;
	struct dcor_buf text;
	struct dcor_jw w;
	void *iter = NULL;
	const char *name, *feature;
	size_t i;
	int rc;

	dcor_buf_init(&text, TEXT_MAX);
	dcor_jw_init(&w, &text, DCOR_JW_PYTHON);
	dcor_jw_obj(&w);
	while ((v = dcor_json_each(d->root, &iter, &name)) != NULL) {
		if (strcmp(name, "key") == 0 || (mapping != NULL &&
		    strcmp(name, "mapping") == 0))
			continue;
		dcor_jw_key(&w, name);
		if (!d->internal && strcmp(name, "paths") == 0 &&
		    dcor_json_type(v) == DCOR_JSON_ARR) {
			put_paths(b, v, &w);
			continue;
		}
		if (!d->internal || strcmp(name, "features") != 0) {
			put_json(&w, v);
			continue;
		}
		dcor_jw_arr(&w);
		for (i = 0; i < dcor_json_len(v); i++) {
			feature = dcor_json_str(dcor_json_at(v, i));
			if (stays(b->x, feature))
				dcor_jw_str(&w, feature);
		}
		dcor_jw_end(&w);
	}
	if (mapping != NULL)
		dcor_jw_kstr(&w, "mapping", mapping);
	dcor_jw_end(&w);
	rc = dcor_jw_done(&w, err);
	if (rc == DCOR_OK)
		rc = dcor_basin_write_json(b->x->o, dcor_buf_str(&text),
		    text.len, err);
	dcor_buf_fini(&text);
	return rc;
}

static int
put_def(struct basins *b, const struct def *d, struct dcor_err *err)
{
	struct dcor_exporter *x = b->x;
	const char *mapping = NULL;
	size_t all = 0, left = 0;
	char path[PATH_LEN];
	int changed = 0, rc;

	if (d->root != NULL) {
		if (d->internal)
			left = count_stays(x, d, &all);
		else if (d->mapping == NULL && !x->whole) {
			rc = selection_map(b, err);
			if (rc != DCOR_OK)
				return rc;
			mapping = b->slot;
		}
		changed = mapping != NULL || left < all ||
		    dcor_json_get(d->root, "key") != NULL ||
		    (!d->internal && put_paths(b, dcor_json_get(d->root,
		    "paths"), NULL) > 0);
	}
	if (changed)
		return rewrite(b, d, mapping, err);
	snprintf(path, sizeof(path), "basins/%s", d->key);
	rc = dcor_h5out_group(x->o, "basins", err);
	if (rc != DCOR_OK || dcor_h5out_has(x->o, path))
		return rc;
	return dcor_export_copy(x, path, path, err);
}

/* Whether a definition has a place in the result. */
static int
is_kept(const struct dcor_exporter *x, const struct def *d)
{
	size_t all;

	if (d->root != NULL && d->internal)
		return x->features == NULL || count_stays(x, d, &all) > 0;
	return x->features == NULL || x->opt->source;
}

/* The map of a definition and, of an internal one, the data. */
static int
put_data(struct dcor_exporter *x, const struct def *d, struct dcor_err *err)
{
	const struct dcor_json *v = dcor_json_get(d->root, "features");
	const char *name = d->mapping;
	char path[PATH_LEN];
	size_t i;
	int rc = DCOR_OK;

	if (name != NULL && strlen(name) == 9 && strncmp(name, "basinmap",
	    8) == 0 && name[8] >= '0' && name[8] <= '9' &&
	    !x->map[name[8] - '0'])
		rc = dcor_export_put(x, name, err);
	if (!d->internal)
		return rc;
	for (i = 0; rc == DCOR_OK && i < dcor_json_len(v); i++) {
		name = dcor_json_str(dcor_json_at(v, i));
		if (!stays(x, name))
			continue;
		snprintf(path, sizeof(path), "basin_events/%s", name);
		rc = dcor_h5out_group(x->o, "basin_events", err);
		if (rc == DCOR_OK && !dcor_h5out_has(x->o, path))
			rc = dcor_export_copy(x, path, path, err);
	}
	return rc;
}

static int
put_source(struct basins *b, struct dcor_err *err)
{
	char name[] = "Exported data", format[] = "hdf5", text[256];
	struct dcor_basin d = { .type = DCOR_BASIN_FILE, .any = 1,
	    .format = format };
	struct dcor_exporter *x = b->x;
	const struct dcor_src *src = dcor_h5_src(x->in);
	char *path[2] = { NULL, NULL };
	int rc = DCOR_OK, local = dcor_h5_is_local(x->in);

	if (local)
		path[0] = realpath(dcor_h5_path(x->in), NULL);
	else if (src->url != NULL)
		path[0] = strdup(src->url);
	else
		return dcor_err_set(err, DCOR_EARG, 0,
		    "no basin can point to a URL that ends or is a secret");
	if (path[0] == NULL)
		return dcor_err_set(err, DCOR_ENOENT, 0,
		    "%s: no file for a basin", dcor_h5_path(x->in));
	if (local)
		path[1] = strrchr(path[0], '/') + 1;
	else {
		d.type = DCOR_BASIN_REMOTE;
		d.format = (char *)(uintptr_t)src->protocol;
	}
	snprintf(text, sizeof(text), "Exported with %s", x->opt->software !=
	    NULL ? x->opt->software : "dcor-tools");
	d.name = name;
	d.description = text;
	d.identifier = dcor_rtdc_id_is_common(x->m) ?
	    (char *)(uintptr_t)dcor_rtdc_id(x->m) : NULL;
	d.paths.name = path;
	d.paths.n = local ? 2 : 1;
	if (!x->whole) {
		rc = selection_map(b, err);
		d.mapping = b->slot;
	}
	if (rc == DCOR_OK)
		rc = dcor_basin_write(x->o, &d, err);
	free(path[0]);
	return rc;
}

/* The directory of path, in full, or NULL. */
static char *
directory(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *dir = slash == NULL ? strdup(".") :
	    strndup(path, slash == path ? 1 : (size_t)(slash - path));
	char *full = dir != NULL ? realpath(dir, NULL) : NULL;

	free(dir);
	return full;
}

int
dcor_export_basins(struct dcor_exporter *x, struct dcor_err *err)
{
	struct basins b = { .x = x };
	struct def *d = NULL;
	struct dcor_names key;
	size_t i, n = 0;
	char *to;
	int rc;

	rc = dcor_h5_list(x->in, "basins", &key, err);
	if (rc != DCOR_OK)
		return rc;
	b.from = directory(dcor_h5_path(x->in));
	to = directory(x->target);
	if (b.from != NULL && to != NULL && strcmp(b.from, to) == 0) {
		free(b.from);
		b.from = NULL;
	}
	free(to);
	d = calloc(key.n + 1, sizeof(*d));
	if (d == NULL)
		rc = dcor_err_nomem(err);
	else if (x->features == NULL && dcor_h5_kind(x->in,
	    "basin_events") == DCOR_H5_GROUP)
		rc = dcor_export_copy(x, "basin_events", "basin_events", err);
	for (; rc == DCOR_OK && n < key.n; n++) {
		rc = read_def(x, key.name[n], &d[n], err);
		if (rc == DCOR_OK && is_kept(x, &d[n]) && d[n].root != NULL)
			rc = put_data(x, &d[n], err);
	}
	for (i = 0; rc == DCOR_OK && i < n; i++)
		if (is_kept(x, &d[i]))
			rc = put_def(&b, &d[i], err);
	if (rc == DCOR_OK && x->opt->source)
		rc = put_source(&b, err);
	for (i = 0; i < n; i++)
		dcor_json_free(d[i].root);
	free(d);
	free(b.from);
	dcor_names_fini(&key);
	return rc;
}

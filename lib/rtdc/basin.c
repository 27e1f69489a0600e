/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "rtdc/basin.h"
#include "rtdc/h5outattr.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/json.h"

#define TEXT_MAX	((size_t)4 << 20)	/* of one definition */

static int
get_copy(const struct dcor_json *v, const char *key, char **out,
    struct dcor_err *err)
{
	const char *s = dcor_json_str(dcor_json_get(v, key));

	if (s == NULL)
		return DCOR_OK;
	*out = strdup(s);
	return *out == NULL ? dcor_err_nomem(err) : DCOR_OK;
}

static int
get_list(const struct dcor_json *v, struct dcor_names *out,
    struct dcor_err *err)
{
	size_t i, n = dcor_json_len(v);
	const char *s;

	if (dcor_json_type(v) != DCOR_JSON_ARR || n == 0)
		return DCOR_OK;
	out->name = calloc(n, sizeof(*out->name));
	if (out->name == NULL)
		return dcor_err_nomem(err);
	for (i = 0; i < n; i++) {
		s = dcor_json_str(dcor_json_at(v, i));
		if (s == NULL)
			return dcor_err_set(err, DCOR_EDATA, 0,
			    "a list with something else than text");
		out->name[i] = strdup(s);
		if (out->name[i] == NULL)
			return dcor_err_nomem(err);
		out->n++;
	}
	return DCOR_OK;
}

/* A DCOR server's API may be named without "https://". */
static int
add_scheme(struct dcor_names *urls, struct dcor_err *err)
{
	char *full;
	size_t i, n;

	for (i = 0; i < urls->n; i++) {
		if (strstr(urls->name[i], "://") != NULL)
			continue;
		n = strlen(urls->name[i]) + sizeof("https://");
		if ((full = malloc(n)) == NULL)
			return dcor_err_nomem(err);
		snprintf(full, n, "https://%s", urls->name[i]);
		free(urls->name[i]);
		urls->name[i] = full;
	}
	return DCOR_OK;
}

static int
interpret(const struct dcor_json *v, struct dcor_basin *b,
    struct dcor_err *err)
{
	const struct dcor_json *list;
	const char *type;
	int rc;

	if (dcor_json_type(v) != DCOR_JSON_OBJ)
		return dcor_err_set(err, DCOR_EDATA, 0, "no JSON object");
	type = dcor_json_str(dcor_json_get(v, "type"));
	b->type = type == NULL ? DCOR_BASIN_UNKNOWN :
	    strcmp(type, "internal") == 0 ? DCOR_BASIN_INTERNAL :
	    strcmp(type, "file") == 0 ? DCOR_BASIN_FILE :
	    strcmp(type, "remote") == 0 ? DCOR_BASIN_REMOTE :
	    DCOR_BASIN_UNKNOWN;
	rc = get_copy(v, "name", &b->name, err);
	if (rc == DCOR_OK)
		rc = get_copy(v, "description", &b->description, err);
	if (rc == DCOR_OK)
		rc = get_copy(v, "format", &b->format, err);
	if (rc == DCOR_OK)
		rc = get_copy(v, "identifier", &b->identifier, err);
	if (rc == DCOR_OK)
		rc = get_copy(v, "mapping", &b->mapping, err);
	if (rc == DCOR_OK && b->mapping != NULL &&
	    strcmp(b->mapping, "same") == 0) {
		free(b->mapping);
		b->mapping = NULL;
	}
	if (rc == DCOR_OK) {
		list = dcor_json_get(v, "features");
		b->any = list == NULL || dcor_json_is_null(list);
		rc = get_list(list, &b->features, err);
	}
	if (rc == DCOR_OK)
		rc = get_list(dcor_json_get(v, b->type == DCOR_BASIN_REMOTE ?
		    "urls" : "paths"), &b->paths, err);
	if (rc == DCOR_OK && b->type == DCOR_BASIN_REMOTE &&
	    b->format != NULL && strcmp(b->format, "dcor") == 0)
		rc = add_scheme(&b->paths, err);
	return rc;
}

static int
read_one(struct dcor_h5 *h, const char *key, struct dcor_basin *b,
    struct dcor_err *err)
{
	struct dcor_err why = DCOR_ERR_INIT;
	struct dcor_json *root = NULL;
	struct dcor_names line;
	struct dcor_buf text;
	char path[512];
	size_t i;
	int rc;

	dcor_buf_init(&text, TEXT_MAX);
	snprintf(path, sizeof(path), "basins/%s", key);
	rc = dcor_dset_read_lines(h, path, &line, &why);
	for (i = 0; rc == DCOR_OK && i < line.n; i++) {
		dcor_buf_adds(&text, line.name[i]);
		dcor_buf_addc(&text, '\n');
	}
	if (rc == DCOR_OK)
		rc = dcor_buf_check(&text, &why);
	if (rc == DCOR_OK)
		rc = dcor_json_parse(dcor_buf_str(&text), text.len, TEXT_MAX,
		    &root, &why);
	if (rc == DCOR_OK)
		rc = interpret(root, b, &why);
	if (rc == DCOR_OK && (b->key = strdup(key)) == NULL)
		rc = dcor_err_nomem(&why);
	dcor_json_free(root);
	dcor_buf_fini(&text);
	dcor_names_fini(&line);
	if (rc != DCOR_OK)
		dcor_err_set(err, why.code, why.sys, "%s: %s", path, why.msg);
	return rc;
}

/* What is nearer and needs less first, as dclab has it. */
static int
rank(const char *format)
{
	static const char *const order[] = { "h5dataset", "hdf5", "http",
	    "s3", "dcor" };
	int i, n = sizeof(order) / sizeof(order[0]);

	for (i = 0; i < n; i++)
		if (format != NULL && strcmp(format, order[i]) == 0)
			break;
	return i;
}

/* Preferred first: by type, then format, unmapped before mapped. */
static int
by_preference(const void *x, const void *y)
{
	const struct dcor_basin *a = x, *b = y;
	int d;

	if (a->type != b->type)
		return a->type < b->type ? -1 : 1;
	d = rank(a->format) - rank(b->format);
	if (d != 0)
		return d;
	return strcmp(a->mapping != NULL ? a->mapping : "",
	    b->mapping != NULL ? b->mapping : "");
}

int
dcor_basins_read(struct dcor_h5 *h, struct dcor_basin **out, size_t *n,
    struct dcor_err *err)
{
	struct dcor_names key;
	struct dcor_basin *b = NULL;
	size_t i;
	int rc;

	*out = NULL;
	*n = 0;
	rc = dcor_h5_list(h, "basins", &key, err);
	if (rc != DCOR_OK || key.n == 0)
		return rc;
	b = calloc(key.n, sizeof(*b));
	if (b == NULL)
		rc = dcor_err_nomem(err);
	for (i = 0; rc == DCOR_OK && i < key.n; i++)
		rc = read_one(h, key.name[i], &b[i], err);
	if (rc == DCOR_OK) {
		qsort(b, key.n, sizeof(*b), by_preference);
		*out = b;
		*n = key.n;
	} else
		dcor_basins_free(b, b != NULL ? key.n : 0);
	dcor_names_fini(&key);
	return rc;
}

int
dcor_basins_add(struct dcor_basin **b, size_t *n, const char *url,
    struct dcor_err *err)
{
	struct dcor_basin *v, new = { .type = DCOR_BASIN_REMOTE, .any = 1 };
	size_t at;

	v = realloc(*b, (*n + 1) * sizeof(*v));
	if (v == NULL)
		return dcor_err_nomem(err);
	*b = v;
	new.paths.name = malloc(sizeof(*new.paths.name));
	if (new.paths.name == NULL ||
	    (new.paths.name[0] = strdup(url)) == NULL) {
		free(new.paths.name);
		return dcor_err_nomem(err);
	}
	new.paths.n = 1;
	for (at = 0; at < *n && v[at].type < DCOR_BASIN_REMOTE; at++)
		;
	memmove(v + at + 1, v + at, (*n - at) * sizeof(*v));
	v[at] = new;
	(*n)++;
	return DCOR_OK;
}

void
dcor_basins_free(struct dcor_basin *b, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		free(b[i].key);
		free(b[i].name);
		free(b[i].description);
		free(b[i].format);
		free(b[i].mapping);
		free(b[i].identifier);
		dcor_names_fini(&b[i].features);
		dcor_names_fini(&b[i].paths);
	}
	free(b);
}

int
dcor_basin_lists(const struct dcor_basin *b, const char *feature)
{
	size_t i;

	if (b->any)
		return 1;
	for (i = 0; i < b->features.n; i++)
		if (strcmp(b->features.name[i], feature) == 0)
			return 1;
	return 0;
}

static void
put_list(struct dcor_jw *w, const char *key, const struct dcor_names *v)
{
	size_t i;

	dcor_jw_key(w, key);
	dcor_jw_arr(w);
	for (i = 0; i < v->n; i++)
		dcor_jw_str(w, v->name[i]);
	dcor_jw_end(w);
}

int
dcor_basin_write_json(struct dcor_h5out *o, const char *text, size_t n,
    struct dcor_err *err)
{
	char md5[33], path[64];
	int rc;

	rc = dcor_md5_hex(text, n, md5, err);
	if (rc != DCOR_OK)
		return rc;
	snprintf(path, sizeof(path), "basins/%s", md5);
	rc = dcor_h5out_group(o, "basins", err);
	if (rc == DCOR_OK && !dcor_h5out_has(o, path))
		rc = dcor_h5out_text_lines(o, path, text, err);
	return rc;
}

int
dcor_basin_write(struct dcor_h5out *o, const struct dcor_basin *b,
    struct dcor_err *err)
{
	struct dcor_buf text;
	struct dcor_jw w;
	int rc;

	dcor_buf_init(&text, TEXT_MAX);
	dcor_jw_init(&w, &text, DCOR_JW_PYTHON);
	dcor_jw_obj(&w);
	dcor_jw_kstr(&w, "description", b->description);
	dcor_jw_kstr(&w, "name", b->name);
	dcor_jw_kstr(&w, "format", b->format);
	put_list(&w, b->type == DCOR_BASIN_REMOTE ? "urls" : "paths",
	    &b->paths);
	dcor_jw_kstr(&w, "type", b->type == DCOR_BASIN_INTERNAL ?
	    "internal" : b->type == DCOR_BASIN_REMOTE ? "remote" : "file");
	if (b->type != DCOR_BASIN_INTERNAL)
		dcor_jw_kstr(&w, "identifier", b->identifier);
	if (!b->any)
		put_list(&w, "features", &b->features);
	if (b->mapping != NULL)
		dcor_jw_kstr(&w, "mapping", b->mapping);
	dcor_jw_end(&w);
	rc = dcor_jw_done(&w, err);
	if (rc == DCOR_OK)
		rc = dcor_basin_write_json(o, dcor_buf_str(&text), text.len,
		    err);
	dcor_buf_fini(&text);
	return rc;
}

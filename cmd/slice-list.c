/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * slice-list.c - what is in a measurement: a record for each thing
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "rtdc/basin.h"
#include "rtdc/feat.h"
#include "rtdc/h5attr.h"
#include "rtdc/h5table.h"
#include "rtdc/list.h"
#include "rtdc/meta.h"
#include "slicerec.h"

/* Names of types as NumPy has them. */
static void
put_type(struct rec *r, const struct dcor_h5type *t)
{
	static const char *const other[] = { "int", "float", "time", "text",
	    "bits", "opaque", "compound", "reference", "enum", "text",
	    "array", "complex" };
	char name[32];

	if (t->cls == DCOR_H5_INT || t->cls == DCOR_H5_FLOAT)
		snprintf(name, sizeof(name), "%s%s%u", t->cls == DCOR_H5_INT &&
		    !t->is_signed ? "u" : "", other[t->cls], 8 * t->size);
	else
		snprintf(name, sizeof(name), "%s", (size_t)t->cls <
		    sizeof(other) / sizeof(*other) ? other[t->cls] : "other");
	rec_str(r, "dtype", name);
}

static void
put_filters(struct rec *r, const struct dcor_h5dset *i)
{
	char text[DCOR_H5_MAXFILT][32], *list[DCOR_H5_MAXFILT];
	const struct dcor_h5filter *f;
	unsigned k;
	const char *name;

	for (k = 0; k < i->nfilt; k++) {
		f = &i->filt[k];
		name = f->id == DCOR_FILTER_DEFLATE ? "gzip" :
		    f->id == DCOR_FILTER_SHUFFLE ? "shuffle" :
		    f->id == DCOR_FILTER_FLETCHER32 ? "fletcher32" :
		    f->id == DCOR_FILTER_SZIP ? "szip" :
		    f->id == DCOR_FILTER_LZF ? "lzf" :
		    f->id == DCOR_FILTER_ZSTD ? "zstd" : NULL;
		if (name == NULL)
			snprintf(text[k], sizeof(text[k]), "%u", f->id);
		else if (f->ncd > 0 && (f->id == DCOR_FILTER_DEFLATE ||
		    f->id == DCOR_FILTER_ZSTD))
			snprintf(text[k], sizeof(text[k]), "%s:%u", name,
			    f->cd[0]);
		else
			snprintf(text[k], sizeof(text[k]), "%s", name);
		list[k] = text[k];
	}
	rec_list(r, "filters", list, i->nfilt, ',');
}

/* NxHxW: of chunks or, with rows, of events. */
static void
put_shape(struct rec *r, const char *key, const struct dcor_h5dset *i,
    int chunk, uint64_t rows)
{
	char text[DCOR_H5_MAXRANK][24], *list[DCOR_H5_MAXRANK];
	unsigned k, n = chunk && i->layout != DCOR_H5_CHUNKED ? 0 : i->rank;

	for (k = 0; k < n; k++) {
		snprintf(text[k], sizeof(text[k]), "%llu", chunk ?
		    (unsigned long long)i->chunk[k] : k == 0 ?
		    (unsigned long long)rows :
		    (unsigned long long)i->dim[k]);
		list[k] = text[k];
	}
	rec_numbers(r, key, list, n, 'x');
}

static void
put_stored(struct rec *r, const struct dcor_dset *d)
{
	uint64_t n = dcor_dset_stored(d);

	if (n != UINT64_MAX)
		rec_u64(r, "stored", n);
	else
		rec_str(r, "stored", NULL);
}

static int
put_feature(struct rec *r, struct dcor_rtdc *m, const char *name,
    struct dcor_err *err)
{
	const struct dcor_featinfo *known;
	const struct dcor_h5dset *i;
	struct dcor_feature f;
	char base[16];
	int rc;

	snprintf(base, sizeof(base), "%.*s", (int)strcspn(name, "/"), name);
	known = dcor_feat_find(strchr(name, '/') != NULL ? base : name);
	rec_begin(r, "feature");
	rec_str(r, "name", name);
	if (strcmp(name, "contour") != 0) {
		rc = dcor_rtdc_feature(m, name, &f, err);
		if (rc != DCOR_OK)
			return rc;
		i = dcor_dset_info(f.set);
		put_type(r, &i->type);
		put_shape(r, "shape", i, 0, f.n);
		put_shape(r, "chunk", i, 1, 0);
		put_filters(r, i);
		put_stored(r, f.set);
		rec_str(r, "origin", f.internal ? "internal" :
		    f.origin != m ? dcor_h5_path(dcor_rtdc_h5(f.origin)) :
		    "own");
		dcor_feature_fini(&f);
	} else {
		rec_str(r, "dtype", NULL);
		rec_numbers(r, "shape", NULL, 0, 'x');
		rec_numbers(r, "chunk", NULL, 0, 'x');
		rec_list(r, "filters", NULL, 0, ',');
		rec_str(r, "stored", NULL);
		rec_str(r, "origin", "own");
	}
	rec_str(r, "unit", known != NULL && known->unit[0] != '\0' ?
	    known->unit : NULL);
	return rec_end(r, err);
}

static int
put_features(struct rec *r, struct dcor_rtdc *m, struct dcor_err *err)
{
	struct dcor_names all;
	size_t i;
	int rc;

	rc = dcor_rtdc_features(m, &all, err);
	if (rc != DCOR_OK)
		return rc;
	for (i = 0; rc == DCOR_OK && i < all.n; i++)
		rc = put_feature(r, m, all.name[i], err);
	dcor_names_fini(&all);
	return rc;
}

/* An attribute that is an array of numbers. */
static void
put_array(struct rec *r, struct dcor_h5 *h, const char *key)
{
	struct dcor_h5attr *v = NULL;
	uint64_t addr;
	size_t n = 0, i;

	if (dcor_h5_addr(h, "/", &addr, NULL) != DCOR_OK ||
	    dcor_h5attrs_read(dcor_h5_src(h), dcor_h5_superblock(h), addr,
	    &v, &n, NULL) != DCOR_OK)
		n = 0;
	for (i = 0; i < n; i++)
		if (strcmp(v[i].name, key) == 0)
			break;
	rec_array(r, "value", i < n ? &v[i] : NULL);
	dcor_h5attrs_free(v, n);
}

static int
put_meta(struct rec *r, struct dcor_rtdc *m, const char *key,
    struct dcor_err *err)
{
	const struct dcor_metainfo *known = dcor_meta_find(key);
	struct dcor_h5 *h = dcor_rtdc_h5(m);
	struct dcor_attr a;
	int rc;

	rc = dcor_h5_attr(h, "/", key, &a, err);
	if (rc != DCOR_OK)
		return rc;
	rec_begin(r, "metadata");
	rec_str(r, "key", key);
	if (a.kind == DCOR_ATTR_OTHER)
		put_array(r, h, key);
	else
		rec_value(r, "value", &a);
	rec_str(r, "unit", known != NULL && known->unit[0] != '\0' ?
	    known->unit : NULL);
	dcor_attr_fini(&a);
	return rec_end(r, err);
}

static int
put_metas(struct rec *r, struct dcor_rtdc *m, const struct dcor_names *want,
    int *any, struct dcor_err *err)
{
	struct dcor_names keys;
	size_t i;
	int rc;

	rc = dcor_h5_attrs(dcor_rtdc_h5(m), "/", &keys, err);
	if (rc != DCOR_OK)
		return rc;
	for (i = 0; rc == DCOR_OK && i < keys.n; i++)
		if (want == NULL || slice_names_match(want, keys.name[i])) {
			rc = put_meta(r, m, keys.name[i], err);
			*any = 1;
		}
	dcor_names_fini(&keys);
	return rc;
}

static int
put_log(struct rec *r, struct dcor_h5 *h, const char *name, const char *path,
    struct dcor_err *err)
{
	struct dcor_dset *d;
	int rc;

	rc = dcor_dset_open(h, path, &d, err);
	if (rc != DCOR_OK)
		return rc;
	rec_begin(r, "log");
	rec_str(r, "name", name);
	rec_u64(r, "lines", dcor_dset_rows(d));
	put_stored(r, d);
	dcor_dset_close(d);
	return rec_end(r, err);
}

static int
put_table(struct rec *r, struct dcor_h5 *h, const char *name,
    const char *path, struct dcor_err *err)
{
	struct dcor_table t;
	char **col;
	size_t i;
	int rc;

	rc = dcor_table_open(h, path, &t, err);
	if (rc != DCOR_OK)
		return rc;
	col = calloc(t.ncol + 1, sizeof(*col));
	if (col == NULL)
		cli_die(71, "out of memory");
	for (i = 0; i < t.ncol; i++)
		col[i] = t.col[i].name;
	rec_begin(r, "table");
	rec_str(r, "name", name);
	rec_u64(r, "rows", t.rows);
	rec_list(r, "columns", col, t.ncol, ',');
	free(col);
	dcor_table_close(&t);
	return rec_end(r, err);
}

/* Does something with each dataset of a group that is wanted. */
static int
each(struct rec *r, struct dcor_rtdc *m, const char *group,
    const struct dcor_names *want, int (*fn)(struct rec *, struct dcor_h5 *,
    const char *, const char *, struct dcor_err *), int *any,
    struct dcor_err *err)
{
	struct dcor_h5 *h = dcor_rtdc_h5(m);
	struct dcor_names all;
	char path[1024];
	size_t i;
	int rc, n;

	rc = dcor_h5_list(h, group, &all, err);
	if (rc != DCOR_OK)
		return rc;
	for (i = 0; rc == DCOR_OK && i < all.n; i++) {
		n = snprintf(path, sizeof(path), "%s/%s", group, all.name[i]);
		if (n < 0 || (size_t)n >= sizeof(path) ||
		    dcor_h5_kind(h, path) != DCOR_H5_DATASET ||
		    (want != NULL && !slice_names_match(want, all.name[i])))
			continue;
		rc = fn(r, h, all.name[i], path, err);
		*any = 1;
	}
	dcor_names_fini(&all);
	return rc;
}

static int
put_basins(struct rec *r, struct dcor_rtdc *m, struct dcor_err *err)
{
	static const char *const type[] = { "internal", "file", "remote",
	    "unknown" };
	struct dcor_basin *b;
	size_t n, i;
	int rc;

	rc = dcor_basins_read(dcor_rtdc_h5(m), &b, &n, err);
	if (rc != DCOR_OK)
		return rc;
	for (i = 0; rc == DCOR_OK && i < n; i++) {
		rec_begin(r, "basin");
		rec_str(r, "name", b[i].name);
		rec_str(r, "kind", type[b[i].type]);
		rec_str(r, "format", b[i].format);
		rec_str(r, "mapping", b[i].mapping);
		rec_list(r, "features", b[i].any ? NULL :
		    b[i].features.name, b[i].features.n, ',');
		rec_list(r, "paths", b[i].paths.name, b[i].paths.n, ',');
		rec_str(r, "identifier", b[i].identifier);
		rc = rec_end(r, err);
	}
	dcor_basins_free(b, n);
	return rc;
}

int
slice_list(const struct slice *s, struct dcor_rtdc *m, const char *name,
    struct dcor_err *err)
{
	struct rec r;
	uint64_t n = 0;
	int rc, any = 0;

	rec_init(&r, s->json, name);
	rc = dcor_rtdc_events(m, &n, err);
	if (rc == DCOR_OK) {
		rec_begin(&r, "measurement");
		if (!s->json)
			rec_str(&r, "name", name);
		rec_u64(&r, "events", n);
		rec_u64(&r, "size", dcor_h5_src(dcor_rtdc_h5(m))->size);
		rec_str(&r, "id", dcor_rtdc_id(m));
		rc = rec_end(&r, err);
	}
	if (rc == DCOR_OK)
		rc = put_metas(&r, m, NULL, &any, err);
	if (rc == DCOR_OK)
		rc = put_features(&r, m, err);
	if (rc == DCOR_OK)
		rc = each(&r, m, "logs", NULL, put_log, &any, err);
	if (rc == DCOR_OK)
		rc = each(&r, m, "tables", NULL, put_table, &any, err);
	if (rc == DCOR_OK)
		rc = put_basins(&r, m, err);
	rec_fini(&r);
	return rc;
}

static int
print_log(struct rec *r, struct dcor_h5 *h, const char *name,
    const char *path, struct dcor_err *err)
{
	struct dcor_names lines;
	size_t i;
	int rc;

	rc = dcor_dset_read_lines(h, path, &lines, err);
	if (rc != DCOR_OK)
		return rc;
	if (r->json) {
		rec_begin(r, "log");
		rec_str(r, "name", name);
		rec_list(r, "lines", lines.name, lines.n, '\n');
		rc = rec_end(r, err);
	} else
		for (i = 0; i < lines.n; i++)
			puts(lines.name[i]);
	dcor_names_fini(&lines);
	return rc;
}

static int
print_row(struct rec *r, const struct dcor_table *t, const char *name,
    const unsigned char *row, struct dcor_err *err)
{
	struct dcor_attr a;
	size_t k;
	int rc;

	rec_begin(r, "row");
	if (r->json)
		rec_str(r, "table", name);
	for (k = 0; k < t->ncol; k++) {
		rc = dcor_table_value(t, row, k, &a, err);
		if (rc != DCOR_OK)
			return rc;
		rec_value(r, t->col[k].name, &a);
		dcor_attr_fini(&a);
	}
	return rec_end(r, err);
}

static int
print_table(struct rec *r, struct dcor_h5 *h, const char *name,
    const char *path, struct dcor_err *err)
{
	struct dcor_table t;
	unsigned char *buf;
	uint64_t i, k, n;
	int rc;

	rc = dcor_table_open(h, path, &t, err);
	if (rc != DCOR_OK)
		return rc;
	for (i = 0; !r->json && i < t.ncol; i++)
		printf("%s%s%s", i == 0 ? "#" : "\t", t.col[i].name,
		    i + 1 == t.ncol ? "\n" : "");
	n = t.rows / (dcor_dset_rows(t.set) > 0 ? dcor_dset_rows(t.set) : 1);
	buf = malloc((size_t)n * t.row_size + 1);
	if (buf == NULL)
		rc = dcor_err_nomem(err);
	for (i = 0; rc == DCOR_OK && i < t.rows; i += n) {
		rc = dcor_table_read(&t, i, n, buf, err);
		for (k = 0; rc == DCOR_OK && k < n; k++)
			rc = print_row(r, &t, name, buf + k * t.row_size,
			    err);
	}
	free(buf);
	dcor_table_close(&t);
	return rc;
}

/* What was asked for must be there. */
static int
found(int rc, int any, const char *what, const struct dcor_names *v,
    struct dcor_err *err)
{
	return rc != DCOR_OK || any ? rc : dcor_err_set(err, DCOR_ENOENT, 0,
	    "no %s %s", what, v->name[0]);
}

int
slice_print(const struct slice *s, struct dcor_rtdc *m, const char *name,
    struct dcor_err *err)
{
	struct rec r;
	int rc = DCOR_OK, any = 0;

	rec_init(&r, s->json, name);
	r.bare = 1;
	if (s->meta.n > 0) {
		rc = put_metas(&r, m, &s->meta, &any, err);
		rc = found(rc, any, "metadata", &s->meta, err);
	}
	if (rc == DCOR_OK && s->logs.n > 0) {
		any = 0;
		rc = each(&r, m, "logs", &s->logs, print_log, &any, err);
		rc = found(rc, any, "log", &s->logs, err);
	}
	if (rc == DCOR_OK && s->tables.n > 0) {
		any = 0;
		rc = each(&r, m, "tables", &s->tables, print_table, &any,
		    err);
		rc = found(rc, any, "table", &s->tables, err);
	}
	rec_fini(&r);
	return rc;
}

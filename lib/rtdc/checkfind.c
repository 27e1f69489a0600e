/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where things are in the file, as dclab finds them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rtdc/checkpriv.h"
#include "rtdc/defect.h"
#include "rtdc/feat.h"

#define LINKS_MAX	32	/* soft links on the way to an object */
#define BLOCK		1024	/* values that are handed out at a time */

/* Puts dir/target/rest to out; 0 when that does not fit. */
static int
join(char *out, const char *dir, size_t ndir, const char *target,
    const char *rest)
{
	int n;

	if (*target == '/')
		ndir = 0;
	while (*target == '/')
		target++;
	n = snprintf(out, DCOR_CHECK_PATH, "%.*s%s%s%s", (int)ndir, dir,
	    target, *rest != '\0' ? "/" : "", rest);
	return n >= 0 && n < DCOR_CHECK_PATH;
}

/* Replaces the first soft link in path: 1, or 0 when there is none that
 * stays in the file; *file is the other file, then, or empty. */
static int
follow(struct dcor_checking *c, char *path, char *file)
{
	char part[DCOR_CHECK_PATH], *name, *target;
	enum dcor_h5link kind = DCOR_H5_HARD;
	size_t n = 0, dir = 0;
	int ok = 0;

	*file = '\0';
	while (path[n] != '\0') {
		dir = n;
		n += strcspn(path + n, "/");
		memcpy(part, path, n);
		part[n] = '\0';
		n += strspn(path + n, "/");
		kind = dcor_h5_link(c->h, part, &name, &target);
		if (kind == DCOR_H5_HARD)
			continue;
		if (kind == DCOR_H5_EXTERNAL)
			snprintf(file, DCOR_CHECK_PATH, "%s", name);
		else if (kind == DCOR_H5_SOFT) {
			ok = join(part, path, dir, target, path + n);
			if (ok)
				snprintf(path, DCOR_CHECK_PATH, "%s", part);
		}
		free(name);
		free(target);
		return ok;
	}
	return 0;
}

enum dcor_h5kind
dcor_check_resolve(struct dcor_checking *c, const char *path, char *out,
    char *file)
{
	enum dcor_h5kind kind;
	int i;

	*file = '\0';
	if (snprintf(out, DCOR_CHECK_PATH, "%s", path) >= DCOR_CHECK_PATH)
		return DCOR_H5_ABSENT;
	for (i = 0; i < LINKS_MAX; i++) {
		kind = dcor_h5_kind(c->h, out);
		if (kind == DCOR_H5_GROUP || kind == DCOR_H5_DATASET)
			return kind;
		if (!follow(c, out, file))
			return *file != '\0' ? DCOR_H5_ABSENT : kind;
	}
	return DCOR_H5_ABSENT;
}

int
dcor_check_info(struct dcor_checking *c, const char *path,
    struct dcor_h5dset *out, struct dcor_err *err)
{
	struct dcor_err why = DCOR_ERR_INIT;
	uint64_t addr = 0;
	int rc;

	memset(out, 0, sizeof(*out));
	rc = dcor_h5_addr(c->h, path, &addr, &why);
	if (rc == DCOR_OK)
		rc = dcor_h5dset_read(dcor_h5_src(c->h),
		    dcor_h5_superblock(c->h), addr, out, &why);
	return rc == DCOR_OK ? rc : dcor_err_set(err, why.code, why.sys,
	    "%s: %s", path, why.msg);
}

int
dcor_check_filters(const struct dcor_h5dset *d, struct dcor_err *err)
{
	unsigned i;

	for (i = 0; i < d->nfilt; i++)
		if (d->filt[i].id != DCOR_FILTER_SZIP &&
		    !dcor_filters_known(&d->filt[i], 1))
			return dcor_err_set(err, DCOR_EDATA, 0, "filter %u "
			    "is unknown", d->filt[i].id);
	return DCOR_OK;
}

int
dcor_check_open(struct dcor_checking *c, const char *path,
    struct dcor_dset **out, struct dcor_err *err)
{
	int rc = dcor_dset_open(c->h, path, out, err);

	if (rc == DCOR_OK)
		rc = dcor_check_filters(dcor_dset_info(*out), err);
	if (rc != DCOR_OK) {
		dcor_dset_close(*out);
		*out = NULL;
	}
	return rc;
}

static int
is_event(struct dcor_checking *c, const char *name)
{
	size_t i;

	for (i = 0; i < c->events.n; i++)
		if (strcmp(c->events.name[i], name) == 0)
			return 1;
	return 0;
}

int
dcor_check_stored(struct dcor_checking *c, const char *name)
{
	struct dcor_names in;
	int empty;

	if (!is_event(c, name) || dcor_feat_find(name) == NULL)
		return 0;
	if (strcmp(name, "trace") == 0 &&
	    dcor_h5_kind(c->h, "events/trace") == DCOR_H5_GROUP &&
	    dcor_h5_list(c->h, "events/trace", &in, NULL) == DCOR_OK) {
		empty = in.n == 0;
		dcor_names_fini(&in);
		return !empty;
	}
	return !dcor_feat_defective(c->m, name);
}

void
dcor_check_done(struct dcor_checkfeat *f)
{
	dcor_h5dset_fini(&f->info);
	memset(&f->info, 0, sizeof(f->info));
}

/* Fills in what is at f->path. */
static void
describe(struct dcor_checking *c, struct dcor_checkfeat *f)
{
	struct dcor_err why = DCOR_ERR_INIT;
	char want[DCOR_CHECK_PATH], file[DCOR_CHECK_PATH];

	memcpy(want, f->path, sizeof(want));
	f->kind = dcor_check_resolve(c, want, f->path, file);
	if (f->kind != DCOR_H5_DATASET)
		return;
	if (dcor_check_info(c, f->path, &f->info, &why) != DCOR_OK) {
		f->kind = DCOR_H5_OTHER;
		dcor_check_stop(c, "OSError: %s", why.msg);
	} else if (f->info.rank > 0)
		f->rows = f->info.dim[0];
}

/* Takes the number of rows from the map, or for images that are stored
 * without their margins from the index. */
static void
map_rows(struct dcor_checking *c, const struct dcor_basin *b,
    struct dcor_checkfeat *f)
{
	struct dcor_h5dset map;

	if (b->mapping != NULL)
		snprintf(f->map, sizeof(f->map), "events/%s", b->mapping);
	else if ((size_t)snprintf(f->map, sizeof(f->map), "%s/index",
	    f->path) >= sizeof(f->map))
		return;
	f->rows = 0;
	if (dcor_check_info(c, f->map, &map, NULL) == DCOR_OK) {
		f->rows = map.rank > 0 ? map.dim[0] : 0;
		dcor_h5dset_fini(&map);
	}
	if (b->mapping == NULL)
		f->map[0] = '\0';
}

int
dcor_check_find(struct dcor_checking *c, const char *name,
    struct dcor_checkfeat *out)
{
	const struct dcor_basin *b;
	size_t i;

	memset(out, 0, sizeof(*out));
	if (strlen(name) > 1000)
		return 0;
	if (dcor_check_stored(c, name)) {
		snprintf(out->path, sizeof(out->path), "events/%s", name);
		describe(c, out);
		return 1;
	}
	for (i = 0; i < c->nbasin; i++) {
		b = &c->basin[i];
		if (b->type != DCOR_BASIN_INTERNAL || b->any ||
		    b->paths.n == 0 || !dcor_basin_lists(b, name))
			continue;
		snprintf(out->path, sizeof(out->path), "%s/%s",
		    b->paths.name[0], name);
		if (dcor_h5_kind(c->h, out->path) == DCOR_H5_ABSENT)
			continue;
		describe(c, out);
		map_rows(c, b, out);
		return 1;
	}
	return 0;
}

int
dcor_check_has(struct dcor_checking *c, const char *name)
{
	struct dcor_checkfeat f;
	int there = dcor_check_find(c, name, &f);

	if (there)
		dcor_check_done(&f);
	return there;
}

int
dcor_check_fluorescent(struct dcor_checking *c)
{
	return dcor_check_has(c, "fl1_max") || dcor_check_has(c, "fl2_max") ||
	    dcor_check_has(c, "fl3_max");
}

/* The rows of an internal basin that the map names. */
static int
each_mapped(struct dcor_checking *c, const struct dcor_dset *d,
    struct dcor_reader *r, const struct dcor_checkfeat *f, uint64_t n,
    void (*fn)(void *arg, const double *v, size_t n), void *arg,
    struct dcor_err *err)
{
	uint64_t rows = dcor_dset_rows(d), at, k, part, idx[BLOCK];
	struct dcor_dset *map = NULL;
	double *all, v[BLOCK];
	int rc;

	all = rows < SIZE_MAX / sizeof(*all) ? malloc((size_t)(rows + 1) *
	    sizeof(*all)) : NULL;
	if (all == NULL)
		return dcor_err_nomem(err);
	rc = dcor_dset_read_f64(d, r, 0, rows, all, err);
	if (rc == DCOR_OK)
		rc = dcor_check_open(c, f->map, &map, err);
	for (at = 0; rc == DCOR_OK && at < n; at += part) {
		part = n - at < BLOCK ? n - at : BLOCK;
		rc = dcor_dset_read_u64(map, r, at, part, idx, err);
		for (k = 0; rc == DCOR_OK && k < part; k++) {
			if (idx[k] >= rows)
				rc = dcor_err_set(err, DCOR_EDATA, 0, "%s: "
				    "row %llu: beyond the basin", f->map,
				    (unsigned long long)(at + k));
			else
				v[k] = all[idx[k]];
		}
		if (rc == DCOR_OK)
			fn(arg, v, (size_t)part);
	}
	dcor_dset_close(map);
	free(all);
	return rc;
}

int
dcor_check_each(struct dcor_checking *c, const struct dcor_checkfeat *f,
    uint64_t n, void (*fn)(void *arg, const double *v, size_t n), void *arg)
{
	struct dcor_err err = DCOR_ERR_INIT;
	struct dcor_reader *r = NULL;
	struct dcor_dset *d = NULL;
	uint64_t at, part;
	double v[BLOCK];
	int rc;

	n = f->rows < n ? f->rows : n;
	/* A reader of its own: one remembers the dataset it read last. */
	rc = dcor_reader_new(&r, &err);
	if (rc == DCOR_OK)
		rc = dcor_check_open(c, f->path, &d, &err);
	if (rc == DCOR_OK && f->map[0] != '\0')
		rc = each_mapped(c, d, r, f, n, fn, arg, &err);
	else
		for (at = 0; rc == DCOR_OK && at < n; at += part) {
			part = n - at < BLOCK ? n - at : BLOCK;
			rc = dcor_dset_read_f64(d, r, at, part, v,
			    &err);
			if (rc == DCOR_OK)
				fn(arg, v, (size_t)part);
		}
	dcor_dset_close(d);
	dcor_reader_free(r);
	if (rc == DCOR_OK)
		return 0;
	dcor_check_unread(c, f->path, &err);
	return -1;
}

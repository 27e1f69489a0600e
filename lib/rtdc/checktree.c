/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rules about basins, about all objects, and about how HDF5 is used. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "rtdc/checkpriv.h"

#define DEPTH_MAX	64	/* groups in groups */
#define LINKS_MAX	((uint64_t)1 << 26)
#define LINE_MAX	100	/* bytes in a line of a log */
#define LINES		64	/* that are read at a time */

/* What keeps dclab from reading the definitions. */
static void
bad_definitions(struct dcor_checking *c, const struct dcor_err *why)
{
	struct dcor_names key, line;
	char path[DCOR_CHECK_PATH];
	size_t i, n;

	dcor_check_add(c, DCOR_CUE_OURS, DCOR_CUE_VIOLATION, "basins", NULL,
	    "%s", why->msg);
	if (dcor_h5_list(c->h, "basins", &key, NULL) != DCOR_OK)
		return;
	for (i = 0; i < key.n; i++) {
		snprintf(path, sizeof(path), "basins/%s", key.name[i]);
		if (dcor_dset_read_lines(c->h, path, &line, NULL) != DCOR_OK)
			continue;
		n = line.n;
		dcor_names_fini(&line);
		if (n == 0)
			dcor_check_stop(c, "IndexError: list index out of "
			    "range");
	}
	dcor_names_fini(&key);
	dcor_check_stop(c, "JSONDecodeError: %s", why->msg);
}

/* What keeps dclab from using an internal basin. */
static void
usable(struct dcor_checking *c, const struct dcor_basin *b)
{
	int chopped = b->format != NULL && strcmp(b->format,
	    "h5datasetchop") == 0;

	if (b->format == NULL || b->paths.n == 0) {
		dcor_check_stop(c, "KeyError: %s", b->format == NULL ?
		    "format" : "paths");
		dcor_check_add(c, DCOR_CUE_OURS, DCOR_CUE_VIOLATION,
		    "basins", b->name, "internal basin without format or "
		    "path");
	} else if (!chopped && b->mapping == NULL) {
		dcor_check_stop(c, "ValueError: 'internal' basins must be "
		    "instantiated with `mapping`. If you are not doing "
		    "that, then you probably don't need them.");
		dcor_check_add(c, DCOR_CUE_OURS, DCOR_CUE_VIOLATION,
		    "basins", b->name, "internal basin without mapping");
	} else if (b->any) {
		dcor_check_stop(c, "ValueError: You must specify features "
		    "when defining internal %sbasins.", chopped ?
		    "chopped image " : "");
		dcor_check_add(c, DCOR_CUE_OURS, DCOR_CUE_VIOLATION,
		    "basins", b->name, "internal basin without a list of "
		    "features");
	}
}

static void
internal(struct dcor_checking *c, const struct dcor_basin *b)
{
	char path[DCOR_CHECK_PATH];
	struct dcor_buf list;
	size_t k;

	if (b->paths.n != 1 || strcmp(b->paths.name[0], "basin_events") !=
	    0) {
		dcor_buf_init(&list, (size_t)1 << 22);
		for (k = 0; k < b->paths.n; k++) {
			dcor_buf_adds(&list, k > 0 ? ", " : "");
			dcor_py_repr(&list, b->paths.name[k]);
		}
		dcor_check_add(c, DCOR_CUE_BOTH, DCOR_CUE_ALERT,
		    "basin_features_internal", b->name,
		    "Uncommon internal basin path: [%s]",
		    dcor_buf_str(&list));
		dcor_buf_fini(&list);
		return;
	}
	if (dcor_h5_kind(c->h, "basin_events") == DCOR_H5_ABSENT) {
		dcor_check_add(c, DCOR_CUE_BOTH, DCOR_CUE_VIOLATION,
		    "basin_features_internal", b->name, "Missing internal "
		    "basin group 'basin_events', although an internal basin "
		    "is defined");
		return;
	}
	for (k = 0; k < b->features.n; k++) {
		if ((size_t)snprintf(path, sizeof(path), "basin_events/%s",
		    b->features.name[k]) < sizeof(path) &&
		    dcor_h5_kind(c->h, path) != DCOR_H5_ABSENT)
			continue;
		dcor_check_add(c, DCOR_CUE_BOTH, DCOR_CUE_VIOLATION,
		    "basin_features_internal", b->name, "Missing internal "
		    "basin feature %s", b->features.name[k]);
	}
}

void
dcor_check_basins(struct dcor_checking *c)
{
	struct dcor_err why = DCOR_ERR_INIT;
	size_t i;

	if (dcor_basins_read(c->h, &c->basin, &c->nbasin, &why) != DCOR_OK) {
		bad_definitions(c, &why);
		return;
	}
	for (i = 0; i < c->nbasin; i++)
		if (c->basin[i].type == DCOR_BASIN_INTERNAL)
			usable(c, &c->basin[i]);
	for (i = 0; i < c->nbasin; i++)
		if (c->basin[i].type == DCOR_BASIN_INTERNAL)
			internal(c, &c->basin[i]);
}

/* All objects, as h5py shows them. */
struct walk {
	uint64_t	 good, bad;	/* datasets compressed well, or not */
	uint64_t	 links;
	int		 endless;
	char		 outside[DCOR_CHECK_PATH + 1];	/* the first */
};

/* Zstandard, of level 5 or more. */
static int
compressed(struct dcor_checking *c, const struct dcor_h5dset *d)
{
	unsigned i;

	for (i = 0; i < d->nfilt; i++) {
		if (d->filt[i].id != DCOR_FILTER_ZSTD)
			continue;
		if (d->filt[i].ncd == 0)
			dcor_check_stop(c, "IndexError: tuple index out of "
			    "range");
		return d->filt[i].cd[0] >= 5;
	}
	return 0;
}

static void
dataset(struct dcor_checking *c, struct walk *w, const char *name,
    const char *path)
{
	struct dcor_err why = DCOR_ERR_INIT;
	struct dcor_h5dset d;

	if (dcor_check_info(c, path, &d, &why) != DCOR_OK) {
		dcor_check_damage(c, name, &why);
		w->bad++;
		return;
	}
	if (compressed(c, &d))
		w->good++;
	else
		w->bad++;
	if ((d.external || d.layout == DCOR_H5_VIRTUAL) &&
	    w->outside[0] == '\0')
		snprintf(w->outside, sizeof(w->outside), "/%s", name);
	dcor_h5dset_fini(&d);
}

/* A link to another file, which is never opened: all that can be told is
 * whether there is such a file. */
static void
outside(struct dcor_checking *c, struct walk *w, const char *name,
    const char *file)
{
	const char *here = dcor_h5_path(c->h), *slash = strrchr(here, '/');
	char path[2 * DCOR_CHECK_PATH];
	struct stat st;

	snprintf(path, sizeof(path), "%.*s%s", *file == '/' || slash == NULL ?
	    0 : (int)(slash - here + 1), here, file);
	if (stat(path, &st) != 0 && stat(file, &st) != 0)
		dcor_check_stop(c, "KeyError: Unable to synchronously open "
		    "object (can't open file)");
	if (w->outside[0] == '\0')
		snprintf(w->outside, sizeof(w->outside), "/%s", name);
	w->bad++;
}

static int
join(char out[DCOR_CHECK_PATH], const char *group, const char *name)
{
	int n = snprintf(out, DCOR_CHECK_PATH, "%s%s%s", group,
	    *group != '\0' ? "/" : "", name);

	return n >= 0 && n < DCOR_CHECK_PATH;
}

/* name: the way that was gone; group: the same without soft links. */
static void
visit(struct dcor_checking *c, struct walk *w, const char *name,
    const char *group, unsigned depth)
{
	char path[DCOR_CHECK_PATH], sub[DCOR_CHECK_PATH];
	char file[DCOR_CHECK_PATH], from[DCOR_CHECK_PATH];
	struct dcor_err why = DCOR_ERR_INIT;
	struct dcor_names in;
	size_t i;

	/* A group in itself; or links of which there are more ways than
	 * anybody can go. */
	if (depth > DEPTH_MAX || w->links > LINKS_MAX) {
		w->endless = 1;
		return;
	}
	if (dcor_h5_list(c->h, group, &in, &why) != DCOR_OK) {
		dcor_check_damage(c, group, &why);
		return;
	}
	w->links += in.n;
	for (i = 0; i < in.n && !w->endless; i++) {
		if (!join(sub, name, in.name[i]) ||
		    !join(from, strcmp(group, "/") == 0 ? "" : group,
		    in.name[i]))
			continue;
		switch (dcor_check_resolve(c, from, path, file)) {
		case DCOR_H5_GROUP:
			visit(c, w, sub, path, depth + 1);
			break;
		case DCOR_H5_DATASET:
			dataset(c, w, sub, path);
			break;
		case DCOR_H5_OTHER:
			dcor_check_stop(c, "ValueError: Unknown object: "
			    "<HDF5 named type \"%s\">", in.name[i]);
			break;
		default:
			if (*file != '\0') {
				outside(c, w, sub, file);
				break;
			}
			dcor_check_stop(c, "KeyError: Unable to "
			    "synchronously open object (component not "
			    "found)");
			dcor_check_add(c, DCOR_CUE_OURS, DCOR_CUE_ALERT,
			    "links", sub, "HDF5: link that leads nowhere");
			break;
		}
	}
	dcor_names_fini(&in);
}

void
dcor_check_tree(struct dcor_checking *c)
{
	struct walk *w = calloc(1, sizeof(*w));
	char some[64];

	if (w == NULL) {
		c->nomem = 1;
		return;
	}
	visit(c, w, "", "/", 0);
	if (w->endless) {
		dcor_check_stop(c, "RecursionError: maximum recursion depth "
		    "exceeded while calling a Python object");
		dcor_check_add(c, DCOR_CUE_OURS, DCOR_CUE_VIOLATION, "links",
		    NULL, "HDF5: groups that contain themselves");
	}
	snprintf(some, sizeof(some), "Partial (%llu of %llu)",
	    (unsigned long long)w->good,
	    (unsigned long long)(w->good + w->bad));
	dcor_check_add(c, DCOR_CUE_BOTH, DCOR_CUE_INFO, "compression", NULL,
	    "Compression: %s", w->bad == 0 ? "All" : w->good == 0 ? "None" :
	    some);
	if (w->outside[0] != '\0')
		dcor_check_add(c, DCOR_CUE_BOTH, DCOR_CUE_VIOLATION,
		    "external_links", w->outside + 1, "The HDF5 file "
		    "contains at least one external link: '%s'", w->outside);
	free(w);
}

static void
image_attr(struct dcor_checking *c, const char *feat,
    const struct dcor_h5attr *v, size_t n, const char *key,
    const char *want)
{
	const struct dcor_h5attr *a = NULL;
	size_t i, len;

	for (i = 0; i < n; i++)
		if (strcmp(v[i].name, key) == 0)
			a = &v[i];
	if (a == NULL) {
		dcor_check_add(c, DCOR_CUE_BOTH, DCOR_CUE_ALERT, "fmt_hdf5",
		    feat, "HDF5: '/%s': missing attribute '%s'", feat, key);
		return;
	}
	if (a->type.cls != DCOR_H5_STRING) {
		dcor_check_add(c, DCOR_CUE_BOTH, DCOR_CUE_ALERT, "fmt_hdf5",
		    feat, "HDF5: '/%s': attribute '%s' should be "
		    "fixed-length ASCII string", feat, key);
		return;
	}
	for (len = a->ndata; len > 0 && a->data[len - 1] == '\0'; len--)
		;
	if (len != strlen(want) || memcmp(a->data, want, len) != 0)
		dcor_check_add(c, DCOR_CUE_BOTH, DCOR_CUE_ALERT, "fmt_hdf5",
		    feat, "HDF5: '/%s': attribute '%s' should have value "
		    "'b'%s''", feat, key, want);
}

static void
image_attrs(struct dcor_checking *c, const char *feat)
{
	struct dcor_err why = DCOR_ERR_INIT;
	struct dcor_checkfeat f;
	struct dcor_h5attr *v;
	uint64_t addr;
	size_t n;

	if (!dcor_check_stored(c, feat) || !dcor_check_find(c, feat, &f))
		return;
	if (f.kind == DCOR_H5_DATASET) {
		if (dcor_h5_addr(c->h, f.path, &addr, &why) == DCOR_OK &&
		    dcor_h5attrs_read(dcor_h5_src(c->h),
		    dcor_h5_superblock(c->h), addr, &v, &n, &why) ==
		    DCOR_OK) {
			image_attr(c, feat, v, n, "CLASS", "IMAGE");
			image_attr(c, feat, v, n, "IMAGE_VERSION", "1.2");
			image_attr(c, feat, v, n, "IMAGE_SUBCLASS",
			    "IMAGE_GRAYSCALE");
			dcor_h5attrs_free(v, n);
		} else
			dcor_check_damage(c, f.path, &why);
	}
	dcor_check_done(&f);
}

static void
long_line(struct dcor_checking *c, const char *log, uint64_t line)
{
	dcor_check_add(c, DCOR_CUE_BOTH, DCOR_CUE_ALERT, "fmt_hdf5", log,
	    "Logs: %s line %llu exceeds maximum line length %d", log,
	    (unsigned long long)line, LINE_MAX);
}

/* Lines of a fixed number of bytes, some at a time. */
static int
fixed_lines(struct dcor_checking *c, const char *log, const char *path,
    struct dcor_err *err)
{
	struct dcor_reader *r = NULL;
	struct dcor_dset *d;
	uint64_t at, k, part, rows;
	unsigned char *b;
	size_t len, el;
	int rc;

	rc = dcor_check_open(c, path, &d, err);
	if (rc != DCOR_OK)
		return rc;
	rc = dcor_reader_new(&r, err);
	rows = dcor_dset_rows(d);
	el = dcor_dset_row_size(d);
	b = malloc(LINES * el + 1);
	if (b == NULL)
		rc = dcor_err_nomem(err);
	for (at = 0; rc == DCOR_OK && el > LINE_MAX && at < rows;
	    at += part) {
		part = rows - at < LINES ? rows - at : LINES;
		rc = dcor_dset_read(d, r, at, part, b, err);
		for (k = 0; rc == DCOR_OK && k < part; k++) {
			for (len = el; len > 0 && b[k * el + len - 1] ==
			    '\0'; len--)
				;
			if (len > LINE_MAX)
				long_line(c, log, at + k);
		}
	}
	free(b);
	dcor_reader_free(r);
	dcor_dset_close(d);
	return rc;
}

static void
log_lines(struct dcor_checking *c, const char *log, const char *path)
{
	struct dcor_err why = DCOR_ERR_INIT;
	struct dcor_names line;
	struct dcor_h5dset d;
	size_t i;
	int rc;

	rc = dcor_check_info(c, path, &d, &why);
	if (rc == DCOR_OK && d.rank > 0 && d.dim[0] == 0)
		goto out;
	if (rc == DCOR_OK && d.type.cls == DCOR_H5_VLEN && d.rank == 1) {
		rc = dcor_check_filters(&d, &why);
		if (rc == DCOR_OK)
			rc = dcor_h5_read_lines(c->h, path, &line, &why);
		for (i = 0; rc == DCOR_OK && i < line.n; i++)
			if (strlen(line.name[i]) > LINE_MAX)
				long_line(c, log, i);
		if (rc == DCOR_OK)
			dcor_names_fini(&line);
	} else if (rc == DCOR_OK && d.type.cls == DCOR_H5_STRING &&
	    d.rank == 1)
		rc = fixed_lines(c, log, path, &why);
	else if (rc == DCOR_OK) {
		dcor_check_stop(c, "TypeError: log has no len()");
		dcor_check_add(c, DCOR_CUE_OURS, DCOR_CUE_VIOLATION, "logs",
		    log, "Logs: %s does not consist of lines of text", log);
	}
	if (rc != DCOR_OK)
		dcor_check_unread(c, path, &why);
out:
	dcor_h5dset_fini(&d);
}

/* Logs that keep files of others as they are. */
static int
is_foreign(const char *log)
{
	static const char *const tail[] = { "_para.ini", "_image.ini",
	    "FG_Config.mcf", "parameters.txt", "_SoftwareSettings.ini",
	    "dckit-history" };
	size_t n = strlen(log), m, i;

	for (i = 0; i < sizeof(tail) / sizeof(tail[0]); i++) {
		m = strlen(tail[i]);
		if (n >= m && strcmp(log + n - m, tail[i]) == 0)
			return 1;
	}
	return 0;
}

static void
logs(struct dcor_checking *c)
{
	char name[DCOR_CHECK_PATH], path[DCOR_CHECK_PATH];
	char file[DCOR_CHECK_PATH];
	struct dcor_names in;
	size_t i;

	if (dcor_h5_list(c->h, "logs", &in, NULL) != DCOR_OK)
		return;
	for (i = 0; i < in.n; i++) {
		if (is_foreign(in.name[i]) || (size_t)snprintf(name,
		    sizeof(name), "logs/%s", in.name[i]) >= sizeof(name))
			continue;
		if (dcor_check_resolve(c, name, path, file) ==
		    DCOR_H5_DATASET)
			log_lines(c, in.name[i], path);
	}
	dcor_names_fini(&in);
}

void
dcor_check_format(struct dcor_checking *c)
{
	image_attrs(c, "image");
	image_attrs(c, "image_bg");
	image_attrs(c, "mask");
	logs(c);
	if (dcor_h5_is_swmr(c->h))
		dcor_check_add(c, DCOR_CUE_BOTH, DCOR_CUE_ALERT,
		    "fmt_hdf5_swmr_mode", NULL, "File is open in SWMR mode. "
		    "If the file is not being written to by another program, "
		    "consider clearing the file consistency flags with "
		    "`h5clear PATH`.");
}

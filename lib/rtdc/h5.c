/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "rtdc/h5.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rtdc/chunk.h"
#include "rtdc/h5priv.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

void
dcor_h5_enter(void)
{
	pthread_mutex_lock(&lock);
	dcor_h5_forget();
}

void
dcor_h5_leave(void)
{
	pthread_mutex_unlock(&lock);
}

int
dcor_h5_init(struct dcor_err *err)
{
	static int ready;
	int rc;

	if (ready)
		return DCOR_OK;
	/* We clean up ourselves; HDF5's exit handler would only get in the
	 * way of a program that dies by a signal. */
	H5dont_atexit();
	if (H5open() < 0)
		return dcor_err_set(err, DCOR_EBUG, 0, "libhdf5 fails");
	H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
	rc = dcor_chunk_register(err);
	ready = rc == DCOR_OK;
	return rc;
}

static herr_t
deepest(unsigned n, const H5E_error2_t *e, void *arg)
{
	(void)n;
	if (e->desc != NULL && e->desc[0] != '\0')
		*(const char **)arg = e->desc;
	return 0;
}

int
dcor_h5_fail(struct dcor_err *err, enum dcor_code code, const char *what)
{
	const struct dcor_err *lost = dcor_h5_lost();
	const char *why = "libhdf5 refuses";

	H5Ewalk2(H5E_DEFAULT, H5E_WALK_DOWNWARD, deepest, &why);
	if (lost != NULL) {
		code = lost->code;
		why = lost->msg;
	}
	dcor_err_set(err, code, 0, "%s: %s", what, why);
	H5Eclear2(H5E_DEFAULT);
	return code;
}

static int
open_file(struct dcor_h5 *h, struct dcor_err *err)
{
	hid_t fapl;
	int rc = DCOR_OK;

	fapl = H5Pcreate(H5P_FILE_ACCESS);
	if (fapl < 0)
		return dcor_h5_fail(err, DCOR_ENOMEM, "cannot open");
#if H5_VERSION_GE(1, 10, 7)
	/* We only read; locks fail on many network file systems.  The
	 * user's HDF5_USE_FILE_LOCKING overrides this inside libhdf5. */
	H5Pset_file_locking(fapl, 0, 1);
#endif
	if (h->fd < 0 && H5Pset_driver(fapl, dcor_h5_driver(), &h) < 0)
		return dcor_h5_fail(err, DCOR_EBUG, "cannot open");
	h->file = H5Fopen(h->path, H5F_ACC_RDONLY, fapl);
	if (h->file < 0) {
		rc = dcor_h5_fail(err, DCOR_EDATA, "cannot open");
		if (dcor_h5_lost() != NULL) {
			H5Pclose(fapl);
			return rc;
		}
		/* A crashed writer leaves its mark in the superblock. */
		H5Pset_libver_bounds(fapl, H5F_LIBVER_LATEST,
		    H5F_LIBVER_LATEST);
		h->file = H5Fopen(h->path, H5F_ACC_RDONLY |
		    H5F_ACC_SWMR_READ, fapl);
		if (h->file >= 0)
			rc = DCOR_OK;
		h->swmr = 1;
	}
	H5Pclose(fapl);
	return rc;
}

/* What there is to do once there is a source. */
static int
start(struct dcor_h5 *h, struct dcor_err *err)
{
	struct dcor_err why = DCOR_ERR_INIT;
	int rc;

	rc = dcor_h5_super(&h->src, &h->super, err);
	if (rc != DCOR_OK)
		return rc;
	dcor_h5_enter();
	rc = dcor_h5_init(&why);
	if (rc == DCOR_OK)
		rc = open_file(h, &why);
	dcor_h5_leave();
	return rc == DCOR_OK ? rc : dcor_err_copy(err, &why);
}

static struct dcor_h5 *
blank(const char *name)
{
	struct dcor_h5 *h = calloc(1, sizeof(*h));

	if (h == NULL)
		return NULL;
	h->fd = -1;
	h->file = -1;
	h->path = strdup(name);
	if (h->path != NULL)
		return h;
	free(h);
	return NULL;
}

int
dcor_h5_open(const char *path, struct dcor_h5 **out, struct dcor_err *err)
{
	struct dcor_h5 *h = blank(path);
	int rc;

	*out = NULL;
	if (h == NULL)
		return dcor_err_nomem(err);
	h->fd = open(path, O_RDONLY | O_CLOEXEC);
	if (h->fd < 0)
		rc = dcor_err_sys(err, errno, "cannot open");
	else
		rc = dcor_src_fd(&h->src, h->fd, err);
	if (rc == DCOR_OK)
		rc = start(h, err);
	if (rc == DCOR_OK)
		*out = h;
	else
		dcor_h5_close(h);
	return rc;
}

int
dcor_h5_open_src(const char *name, struct dcor_src *src,
    struct dcor_h5 **out, struct dcor_err *err)
{
	struct dcor_h5 *h = blank(name);
	int rc;

	*out = NULL;
	if (h == NULL) {
		dcor_src_close(src);
		return dcor_err_nomem(err);
	}
	h->src = *src;
	rc = start(h, err);
	if (rc == DCOR_OK)
		*out = h;
	else
		dcor_h5_close(h);
	return rc;
}

void
dcor_h5_close(struct dcor_h5 *h)
{
	if (h == NULL)
		return;
	if (h->file >= 0) {
		dcor_h5_enter();
		H5Fclose(h->file);
		dcor_h5_leave();
	}
	dcor_src_close(&h->src);
	if (h->fd >= 0)
		close(h->fd);
	free(h->path);
	free(h);
}

int
dcor_h5_is_local(const struct dcor_h5 *h)
{
	return h->fd >= 0;
}

int
dcor_h5_intact(struct dcor_h5 *h, struct dcor_err *err)
{
	struct dcor_err lost;

	dcor_h5_enter();
	lost = h->lost;
	dcor_h5_leave();
	return lost.code == DCOR_OK ? DCOR_OK : dcor_err_copy(err, &lost);
}

const char *
dcor_h5_path(const struct dcor_h5 *h)
{
	return h->path;
}

const struct dcor_src *
dcor_h5_src(const struct dcor_h5 *h)
{
	return &h->src;
}

const struct dcor_h5super *
dcor_h5_superblock(const struct dcor_h5 *h)
{
	return &h->super;
}

/* Every link on the way must be a hard one: nothing outside this file is
 * ever reached through a name. */
static int
hard_links(hid_t file, const char *path)
{
	char part[1024];
	H5L_info_t li;
	const char *p;
	size_t n;

	for (p = path; *p == '/'; p++)
		;
	while (*p != '\0') {
		p += strcspn(p, "/");
		n = (size_t)(p - path);
		if (n >= sizeof(part))
			return 0;
		memcpy(part, path, n);
		part[n] = '\0';
		if (H5Lget_info(file, part, &li, H5P_DEFAULT) < 0 ||
		    li.type != H5L_TYPE_HARD)
			return 0;
		while (*p == '/')
			p++;
	}
	return 1;
}

enum dcor_h5kind
dcor_h5_kind(struct dcor_h5 *h, const char *path)
{
	enum dcor_h5kind kind = DCOR_H5_ABSENT;
	H5O_info_t oi;

	dcor_h5_enter();
	if (strcmp(path, "/") == 0)
		kind = DCOR_H5_GROUP;
	else if (!hard_links(h->file, path)) {
		if (H5Lexists(h->file, path, H5P_DEFAULT) > 0)
			kind = DCOR_H5_OTHER;
	} else if (H5Oget_info_by_name2(h->file, path, &oi,
	    H5O_INFO_BASIC, H5P_DEFAULT) >= 0)
		kind = oi.type == H5O_TYPE_GROUP ? DCOR_H5_GROUP :
		    oi.type == H5O_TYPE_DATASET ? DCOR_H5_DATASET :
		    DCOR_H5_OTHER;
	H5Eclear2(H5E_DEFAULT);
	dcor_h5_leave();
	return kind;
}

enum dcor_h5link
dcor_h5_link(struct dcor_h5 *h, const char *path, char **file,
    char **target)
{
	enum dcor_h5link kind = DCOR_H5_NOLINK;
	const char *f, *t;
	unsigned flags;
	H5L_info_t li;
	char *val;

	*file = *target = NULL;
	dcor_h5_enter();
	if (H5Lget_info(h->file, path, &li, H5P_DEFAULT) < 0)
		goto out;
	kind = DCOR_H5_HARD;
	if (li.type == H5L_TYPE_HARD)
		goto out;
	kind = DCOR_H5_NOLINK;
	val = malloc(li.u.val_size + 1);
	if (val != NULL && H5Lget_val(h->file, path, val, li.u.val_size,
	    H5P_DEFAULT) >= 0) {
		val[li.u.val_size] = '\0';
		if (li.type == H5L_TYPE_SOFT) {
			kind = DCOR_H5_SOFT;
			*target = strdup(val);
		} else if (li.type == H5L_TYPE_EXTERNAL &&
		    H5Lunpack_elink_val(val, li.u.val_size, &flags, &f,
		    &t) >= 0) {
			kind = DCOR_H5_EXTERNAL;
			*file = strdup(f);
			*target = strdup(t);
		}
	}
	free(val);
	if (*target == NULL || (kind == DCOR_H5_EXTERNAL && *file == NULL))
		kind = DCOR_H5_NOLINK;
out:
	H5Eclear2(H5E_DEFAULT);
	dcor_h5_leave();
	return kind;
}

int
dcor_h5_is_swmr(const struct dcor_h5 *h)
{
	return h->swmr;
}

int
dcor_h5_addr(struct dcor_h5 *h, const char *path, uint64_t *addr,
    struct dcor_err *err)
{
	H5O_info_t oi;
	int rc = DCOR_OK;

	dcor_h5_enter();
	if (!hard_links(h->file, path))
		rc = dcor_err_set(err, DCOR_ENOENT, 0, "%s: not in the file",
		    path);
	else if (H5Oget_info_by_name2(h->file, path, &oi, H5O_INFO_BASIC,
	    H5P_DEFAULT) < 0)
		rc = dcor_h5_fail(err, DCOR_EDATA, path);
	else
		*addr = oi.addr;
	H5Eclear2(H5E_DEFAULT);
	dcor_h5_leave();
	return rc;
}

int
dcor_h5_is_shared(struct dcor_h5 *h, const char *path)
{
	H5O_info_t oi;
	int shared;

	dcor_h5_enter();
	shared = H5Oget_info_by_name2(h->file, path, &oi, H5O_INFO_BASIC,
	    H5P_DEFAULT) >= 0 && oi.rc > 1;
	H5Eclear2(H5E_DEFAULT);
	dcor_h5_leave();
	return shared;
}

void
dcor_names_fini(struct dcor_names *n)
{
	size_t i;

	for (i = 0; i < n->n; i++)
		free(n->name[i]);
	free(n->name);
	n->name = NULL;
	n->n = 0;
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

int
dcor_names_add(struct dcor_names *v, const char *s, size_t len,
    struct dcor_err *err)
{
	char **grown;

	if ((v->n & (v->n - 1)) == 0) {		/* at each power of two */
		grown = realloc(v->name,
		    (v->n == 0 ? 1 : 2 * v->n) * sizeof(*grown));
		if (grown == NULL)
			return dcor_err_nomem(err);
		v->name = grown;
	}
	v->name[v->n] = strndup(s, len);
	if (v->name[v->n] == NULL)
		return dcor_err_nomem(err);
	v->n++;
	return DCOR_OK;
}

int
dcor_names_has(const struct dcor_names *v, const char *s)
{
	size_t i;

	for (i = 0; i < v->n; i++)
		if (strcmp(v->name[i], s) == 0)
			return 1;
	return 0;
}

static herr_t
add_link(hid_t g, const char *name, const H5L_info_t *li, void *arg)
{
	(void)g;
	(void)li;
	return dcor_names_add(arg, name, strlen(name), NULL) == 0 ? 0 : -1;
}

int
dcor_h5_names(struct dcor_names *out, herr_t status, const char *what,
    struct dcor_err *err)
{
	if (status < 0) {
		dcor_names_fini(out);
		return dcor_h5_fail(err, DCOR_EDATA, what);
	}
	if (out->n > 1)
		qsort(out->name, out->n, sizeof(*out->name), by_name);
	return DCOR_OK;
}

int
dcor_h5_list(struct dcor_h5 *h, const char *group, struct dcor_names *out,
    struct dcor_err *err)
{
	hsize_t at = 0;
	int rc;

	out->name = NULL;
	out->n = 0;
	if (dcor_h5_kind(h, group) != DCOR_H5_GROUP)
		return DCOR_OK;
	dcor_h5_enter();
	rc = dcor_h5_names(out, H5Literate_by_name(h->file, group,
	    H5_INDEX_NAME, H5_ITER_NATIVE, &at, add_link, out, H5P_DEFAULT),
	    group, err);
	dcor_h5_leave();
	return rc;
}

void
dcor_h5_versions(void (*say)(const char *name, const char *version))
{
	unsigned a = 0, b = 0, c = 0;
	char v[48];

	dcor_h5_enter();
	H5get_libversion(&a, &b, &c);
	dcor_h5_leave();
	snprintf(v, sizeof(v), "%u.%u.%u", a, b, c);
	say("libhdf5", v);
	dcor_zstd_version(v, sizeof(v));
	say("libzstd", v);
}

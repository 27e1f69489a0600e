/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "arch/archive.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "arch/name.h"
#include "arch/proof.h"
#include "arch/tar.h"

struct import {
	struct dcor_arch	*a;
	const char		*bucket;
	const char		*place;		/* of a bundle, or NULL */
	uint64_t		 size;		/* of the bundle */
};

static int
ends_with(const char *s, const char *tail)
{
	size_t n = strlen(s), k = strlen(tail);

	return n > k && strcmp(s + n - k, tail) == 0;
}

static int
note(struct dcor_arch *a, const struct dcor_arch_rec *r,
    struct dcor_err *err)
{
	return a->log != NULL ? dcor_arch_log_add(a->log, r, err) :
	    dcor_arch_index_apply(a->index, r, err);
}

/* A record from the tree; only what can be true there. */
static int
on_import(void *arg, const struct dcor_arch_rec *r, struct dcor_err *err)
{
	struct import *m = arg;

	if (r->kind != DCOR_ARCH_ADD || strcmp(r->bucket, m->bucket) != 0)
		return DCOR_OK;
	if (m->place != NULL ? strcmp(r->place, m->place) != 0 || r->off >
	    m->size || r->size > m->size - r->off : r->off != 0)
		return DCOR_OK;
	m->a->imported++;
	return note(m->a, r, err);
}

static int
read_fd(void *arg, uint64_t off, void *p, size_t n, struct dcor_err *err)
{
	return dcor_arch_read(*(int *)arg, off, p, n, err);
}

int
dcor_arch_scan(int fd, uint64_t size, const char *bucket, const char *place,
    int hash, int (*fn)(void *arg, const struct dcor_arch_rec *r,
    struct dcor_err *err), void *arg, uint64_t *end, struct dcor_err *err)
{
	struct dcor_err why = DCOR_ERR_INIT;
	struct dcor_arch_member m;
	unsigned char sha256[32];
	struct dcor_arch_rec r;
	struct dcor_buf store;
	int rc;

	dcor_buf_init(&m.name, DCOR_ARCH_LINE);
	dcor_buf_init(&m.comment, DCOR_ARCH_LINE);
	dcor_buf_init(&store, 4 * DCOR_ARCH_LINE);
	for (*end = 0; (rc = dcor_arch_tar_next(read_fd, &fd, size, *end, &m,
	    &why)) == 1; *end = m.next) {
		rc = dcor_arch_rec_parse(m.comment.p, m.comment.len, &r,
		    &store);
		if (rc == DCOR_OK && (r.kind != DCOR_ARCH_ADD ||
		    strcmp(r.bucket, bucket) != 0 || r.size != m.size))
			rc = DCOR_EDATA;
		if (rc == DCOR_OK && hash) {
			rc = dcor_arch_sha256(fd, m.off, m.size, NULL, sha256,
			    &why);
			if (rc == DCOR_OK && memcmp(sha256, r.sha256, 32) !=
			    0)
				rc = DCOR_EDATA;
		}
		if (rc != DCOR_OK)
			break;
		r.place = place;
		r.off = m.off;
		rc = fn(arg, &r, &why);
		if (rc != DCOR_OK) {
			if (rc == DCOR_EDATA)
				rc = DCOR_EBUG;
			break;
		}
	}
	dcor_buf_fini(&m.name);
	dcor_buf_fini(&m.comment);
	dcor_buf_fini(&store);
	if (rc == DCOR_EDATA)		/* that is what *end is for */
		return DCOR_OK;
	return rc == DCOR_OK ? rc : dcor_err_copy(err, &why);
}

/* A bundle or a list that the index does not know. */
static int
import(struct dcor_arch *a, int dir, const char *bucket, const char *name,
    struct dcor_err *err)
{
	struct dcor_arch_rec r = { .kind = DCOR_ARCH_KNOWN };
	struct import m = { .a = a, .bucket = bucket };
	struct dcor_buf place, list;
	uint64_t good, bad, size, end;
	int fd = -1, rc, bundle = ends_with(name, ".tar");

	dcor_buf_init(&place, 4096);
	dcor_buf_init(&list, 4096);
	dcor_buf_addf(&place, "%s/%s", DCOR_ARCH_SMALL, name);
	dcor_buf_addf(&list, "%s%s", name, bundle ? ".index" : "");
	if (dcor_buf_check(&place, err) != DCOR_OK ||
	    dcor_buf_check(&list, err) != DCOR_OK) {
		rc = DCOR_ENOMEM;
		goto out;
	}
	rc = dcor_arch_tree_read(dir, name, &fd, &m.size, err);
	if (rc != DCOR_OK)
		goto out;
	if (bundle) {
		int tar = fd;

		m.place = dcor_buf_str(&place);
		if (dcor_arch_tree_read(dir, dcor_buf_str(&list), &fd, &size,
		    NULL) == DCOR_OK) {
			close(tar);
		} else {
			fd = tar;
			rc = dcor_arch_scan(fd, m.size, bucket, m.place, 0,
			    on_import, &m, &end, err);
			goto known;
		}
	}
	rc = dcor_arch_lines(fd, on_import, &m, &good, &bad, err);
	a->bad += bad;
known:
	r.bucket = bucket;
	r.key = name;
	if (rc == DCOR_OK)
		rc = note(a, &r, err);
out:
	if (fd >= 0)
		close(fd);
	dcor_buf_fini(&place);
	dcor_buf_fini(&list);
	return rc;
}

/* The names in a directory: fn ends it with non-zero. */
static int
each_name(int dir, int (*fn)(void *arg, const char *name,
    struct dcor_err *err), void *arg, struct dcor_err *err)
{
	const struct dirent *d;
	int fd, rc = DCOR_OK;
	DIR *h;

	fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || (h = fdopendir(fd)) == NULL) {
		rc = dcor_err_sys(err, errno, "archive");
		if (fd >= 0)
			close(fd);
		return rc;
	}
	while (rc == DCOR_OK && (errno = 0, d = readdir(h)) != NULL)
		if (strcmp(d->d_name, ".") != 0 &&
		    strcmp(d->d_name, "..") != 0)
			rc = fn(arg, d->d_name, err);
	if (rc == DCOR_OK && errno != 0)
		rc = dcor_err_sys(err, errno, "archive");
	closedir(h);
	return rc;
}

struct look {
	struct dcor_arch	*a;
	const char		*bucket;
	int			 dir;
};

static int
on_small(void *arg, const char *name, struct dcor_err *err)
{
	struct look *l = arg;

	if ((!ends_with(name, ".tar") && !ends_with(name, ".files.index")) ||
	    dcor_arch_index_knows(l->a->index, l->bucket, name))
		return DCOR_OK;
	return import(l->a, l->dir, l->bucket, name, err);
}

static int
on_bucket(void *arg, const char *name, struct dcor_err *err)
{
	struct look l = { .a = arg };
	struct dcor_buf b;
	char bucket[258];
	int fd, rc;

	if (*name == '.' || strlen(name) > 256)
		return DCOR_OK;
	if (strncmp(name, "%2E", 3) == 0) {
		bucket[0] = '.';
		memcpy(bucket + 1, name + 3, strlen(name + 3) + 1);
	} else {
		memcpy(bucket, name, strlen(name) + 1);
	}
	dcor_buf_init(&b, 1024);
	rc = dcor_arch_bucket(&b, bucket, NULL);
	dcor_buf_fini(&b);
	if (rc != DCOR_OK || dcor_arch_tree_dir(l.a->tree.root, name, 0, &fd,
	    NULL) != DCOR_OK)
		return DCOR_OK;		/* not ours */
	rc = dcor_arch_tree_dir(fd, DCOR_ARCH_SMALL, 0, &l.dir, NULL);
	close(fd);
	if (rc != DCOR_OK)
		return DCOR_OK;
	l.bucket = bucket;
	rc = each_name(l.dir, on_small, &l, err);
	close(l.dir);
	return rc;
}

int
dcor_arch_open(const char *path, enum dcor_arch_how how,
    struct dcor_arch **out, struct dcor_err *err)
{
	int write = how == DCOR_ARCH_WRITE || how == DCOR_ARCH_ANEW, rc;
	struct dcor_arch *a = calloc(1, sizeof(*a));
	struct dcor_arch_log *log = NULL;

	*out = NULL;
	if (a == NULL)
		return dcor_err_nomem(err);
	rc = dcor_arch_tree_open(path, write, &a->tree, err);
	if (rc == DCOR_OK && a->tree.state < 0 && how != DCOR_ARCH_PLAN)
		rc = dcor_err_set(err, DCOR_ENOENT, 0,
		    "%s: no archive yet", path);
	if (rc == DCOR_OK)
		rc = dcor_arch_index_new(&a->index, err);
	if (rc == DCOR_OK && how == DCOR_ARCH_ANEW &&
	    renameat(a->tree.state, "index", a->tree.state, "index.old") !=
	    0 && errno != ENOENT)
		rc = dcor_err_sys(err, errno, "%s: index", path);
	if (rc == DCOR_OK && a->tree.state >= 0)
		rc = dcor_arch_log_open(a->tree.state, "index", write,
		    a->index, &log, &a->bad, err);
	if (write)
		a->log = log;
	else
		dcor_arch_log_close(log);
	if (rc == DCOR_OK)
		rc = each_name(a->tree.root, on_bucket, a, err);
	if (rc == DCOR_OK && a->imported > 0 && write)
		rc = dcor_arch_log_flush(a->log, err);
	if (rc == DCOR_OK)
		*out = a;
	else
		dcor_arch_close(a);
	return rc;
}

void
dcor_arch_close(struct dcor_arch *a)
{
	if (a == NULL)
		return;
	dcor_arch_log_close(a->log);
	dcor_arch_index_free(a->index);
	if (a->tree.path != NULL)
		dcor_arch_tree_close(&a->tree);
	free(a);
}

int
dcor_arch_copy_path(struct dcor_arch *a, const struct dcor_arch_ent *e,
    struct dcor_buf *out, struct dcor_err *err)
{
	struct dcor_arch_rec r;
	int rc;

	dcor_arch_index_rec(a->index, e, &r);
	rc = dcor_arch_bucket(out, r.bucket, err);
	dcor_buf_addc(out, '/');
	if (rc == DCOR_OK && *r.place == '\0')
		rc = dcor_arch_path(out, r.key, r.gen, err);
	else
		dcor_buf_adds(out, r.place);
	return rc == DCOR_OK ? dcor_buf_check(out, err) : rc;
}

int
dcor_arch_copy_open(struct dcor_arch *a, const struct dcor_arch_ent *e,
    int *fd, uint64_t *off, struct dcor_err *err)
{
	struct dcor_buf path;
	uint64_t size;
	int rc;

	*fd = -1;
	*off = e->off;
	dcor_buf_init(&path, DCOR_ARCH_LINE);
	rc = dcor_arch_copy_path(a, e, &path, err);
	if (rc == DCOR_OK)
		rc = dcor_arch_tree_read(a->tree.root, dcor_buf_str(&path),
		    fd, &size, err);
	if (rc == DCOR_OK && (e->off > size || e->size > size - e->off ||
	    (e->off == 0 && e->size != size))) {
		rc = dcor_err_set(err, DCOR_EDATA, 0,
		    "%s: not as long as it was", dcor_buf_str(&path));
		close(*fd);
		*fd = -1;
	}
	dcor_buf_fini(&path);
	return rc;
}

int
dcor_arch_check(struct dcor_arch *a, const struct dcor_arch_ent *e,
    int (*stop)(void), struct dcor_err *err)
{
	unsigned char sha256[32];
	uint64_t off;
	int fd, rc;

	rc = dcor_arch_copy_open(a, e, &fd, &off, err);
	if (rc != DCOR_OK)
		return rc;
	rc = dcor_arch_sha256(fd, off, e->size, stop, sha256, err);
	close(fd);
	if (rc == DCOR_OK && memcmp(sha256, e->sha256, sizeof(sha256)) != 0)
		rc = dcor_err_set(err, DCOR_EDATA, 0,
		    "the archived copy is damaged: SHA-256 differs");
	return rc;
}

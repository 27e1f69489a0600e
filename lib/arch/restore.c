/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "arch/restore.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "arch/name.h"
#include "arch/proof.h"
#include "base/hash.h"
#include "net/xfer.h"

#define BLOCK	(1 << 20)

/* Whether every component of a key can be the name of a file. */
static int
is_path(const char *key)
{
	size_t n;

	for (;; key += n + 1) {
		n = strcspn(key, "/");
		if (n == 0 || n > 200 || (n <= 2 && memcmp(key, "..", n) ==
		    0))
			return 0;
		if (key[n] == '\0')
			return 1;
	}
}

/* n bytes to a file, hashed on the way. */
static int
copy(int from, uint64_t off, uint64_t n, int to, int (*stop)(void),
    unsigned char sha256[32], struct dcor_err *err)
{
	struct dcor_hash *h;
	char *p = malloc(BLOCK);
	size_t k;
	int rc;

	if (p == NULL)
		return dcor_err_nomem(err);
	rc = dcor_hash_new(DCOR_SHA256, &h, err);
	for (; rc == DCOR_OK && n > 0; n -= k, off += k) {
		k = n < BLOCK ? (size_t)n : BLOCK;
		if (stop())
			rc = dcor_err_set(err, DCOR_ETEMP, 0, "interrupted");
		if (rc == DCOR_OK)
			rc = dcor_arch_read(from, off, p, k, err);
		if (rc != DCOR_OK)
			break;
		dcor_hash_add(h, p, k);
		rc = dcor_arch_write(to, p, k, err);
	}
	if (rc == DCOR_OK)
		rc = dcor_hash_end(h, sha256, err);
	dcor_hash_free(h);
	free(p);
	return rc;
}

static int
damaged(struct dcor_err *err)
{
	return dcor_err_set(err, DCOR_EDATA, 0,
	    "the archived copy is damaged: SHA-256 differs");
}

/* Whether NAME in dir has the bytes of e. */
static int
is_same(const struct dcor_arch_ent *e, int dir, const char *name,
    int (*stop)(void))
{
	unsigned char sha256[32];
	struct stat st;
	int fd, r;

	fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC |
	    O_NONBLOCK);
	if (fd < 0)
		return 0;
	r = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	    (uint64_t)st.st_size == e->size && dcor_arch_sha256(fd, 0,
	    e->size, stop, sha256, NULL) == DCOR_OK &&
	    memcmp(sha256, e->sha256, sizeof(sha256)) == 0;
	close(fd);
	return r;
}

/* The copy as a new file beside where it shall be. */
static int
extract(struct dcor_arch *a, const struct dcor_arch_ent *e, int dir,
    const char *leaf, int replace, int (*stop)(void), struct dcor_err *err)
{
	struct timespec t[2] = { { .tv_nsec = UTIME_OMIT },
		{ .tv_sec = (time_t)e->mtime } };
	unsigned char sha256[32], r[8];
	char tmp[40];
	uint64_t off;
	int in, out, rc;

	rc = dcor_arch_copy_open(a, e, &in, &off, err);
	if (rc != DCOR_OK)
		return rc;
	if (getrandom(r, sizeof(r), 0) != (ssize_t)sizeof(r)) {
		close(in);
		return dcor_err_sys(err, errno, "random numbers");
	}
	dcor_hex(r, sizeof(r), tmp);
	memcpy(tmp + 16, ".part", 6);
	out = openat(dir, tmp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC |
	    O_NOFOLLOW, 0666);
	if (out < 0) {
		close(in);
		return dcor_err_set(err, DCOR_ECREATE, errno, "%s: %s", leaf,
		    strerror(errno));
	}
	rc = copy(in, off, e->size, out, stop, sha256, err);
	close(in);
	if (rc == DCOR_OK && memcmp(sha256, e->sha256, sizeof(sha256)) != 0)
		rc = damaged(err);
	(void)futimens(out, t);		/* best effort */
	if (close(out) != 0 && rc == DCOR_OK)
		rc = dcor_err_sys(err, errno, "%s", leaf);
	if (rc == DCOR_OK && replace && renameat(dir, tmp, dir, leaf) != 0)
		rc = dcor_err_sys(err, errno, "%s", leaf);
	else if (rc == DCOR_OK && !replace)
		rc = dcor_arch_tree_publish(dir, tmp, dir, leaf, err);
	if (rc != DCOR_OK)
		(void)unlinkat(dir, tmp, 0);
	return rc;
}

int
dcor_arch_restore_file(struct dcor_arch *a, const struct dcor_arch_ent *e,
    int dir, int replace, int (*stop)(void), struct dcor_buf *path,
    int *same, struct dcor_err *err)
{
	struct dcor_arch_rec r;
	struct stat st;
	size_t leaf;
	int fd, rc;

	*same = 0;
	dcor_arch_index_rec(a->index, e, &r);
	dcor_buf_clear(path);
	rc = dcor_arch_bucket(path, r.bucket, err);
	dcor_buf_addc(path, '/');
	if (rc == DCOR_OK && is_path(r.key))
		dcor_buf_adds(path, r.key);
	else if (rc == DCOR_OK)
		rc = dcor_arch_path(path, r.key, 1, err);
	if (rc == DCOR_OK)
		rc = dcor_buf_check(path, err);
	if (rc == DCOR_OK)
		rc = dcor_arch_tree_parent(dir, path, &fd, &leaf, err);
	if (rc != DCOR_OK)
		return rc;
	if (fstatat(fd, path->p + leaf, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    S_ISDIR(st.st_mode))
		dcor_buf_adds(path, "%f");
	rc = dcor_buf_check(path, err);
	if (rc == DCOR_OK && is_same(e, fd, path->p + leaf, stop))
		*same = 1;
	else if (rc == DCOR_OK && !replace && fstatat(fd, path->p + leaf,
	    &st, AT_SYMLINK_NOFOLLOW) == 0)
		rc = dcor_err_set(err, DCOR_ECREATE, EEXIST,
		    "%s: exists and is something else (-f replaces it)",
		    path->p);
	else if (rc == DCOR_OK)
		rc = extract(a, e, fd, path->p + leaf, replace, stop, err);
	close(fd);
	return rc;
}

static int
put_member(struct dcor_arch *a, const struct dcor_arch_ent *e,
    struct dcor_s3 *s3, const char *bucket, const char *key,
    struct dcor_err *err)
{
	char hex[65], want[65], *p;
	uint64_t off;
	int fd, rc;

	rc = dcor_arch_copy_open(a, e, &fd, &off, err);
	if (rc != DCOR_OK)
		return rc;
	p = malloc((size_t)e->size + 1);
	if (p == NULL)
		rc = dcor_err_nomem(err);
	if (rc == DCOR_OK)
		rc = dcor_arch_read(fd, off, p, (size_t)e->size, err);
	close(fd);
	if (rc == DCOR_OK)
		rc = dcor_sha256_hex(p, (size_t)e->size, hex, err);
	dcor_hex(e->sha256, sizeof(e->sha256), want);
	if (rc == DCOR_OK && strcmp(hex, want) != 0)
		rc = damaged(err);
	if (rc == DCOR_OK)
		rc = dcor_s3_put(s3, bucket, key, p, (size_t)e->size, err);
	free(p);
	return rc;
}

static int
put_file(struct dcor_arch *a, const struct dcor_arch_ent *e,
    struct dcor_s3 *s3, const char *bucket, const char *key,
    int (*stop)(void), struct dcor_err *err)
{
	struct dcor_xfer x = { .parallel = 4, .sha256 = 1 };
	struct dcor_xfer_result res;
	struct dcor_buf path;
	char want[65];
	int rc;

	/* read once more than needed: a damaged copy must not become an
	 * object, not even for a moment */
	rc = dcor_arch_check(a, e, stop, err);
	if (rc != DCOR_OK)
		return rc;
	dcor_buf_init(&path, 65536);
	dcor_buf_addf(&path, "%s/", a->tree.path);
	rc = dcor_arch_copy_path(a, e, &path, err);
	if (rc == DCOR_OK)
		rc = dcor_xfer_put(s3, dcor_buf_str(&path), bucket, key, &x,
		    &res, err);
	dcor_buf_fini(&path);
	dcor_hex(e->sha256, sizeof(e->sha256), want);
	if (rc == DCOR_OK && strcmp(res.sha256, want) != 0)
		rc = damaged(err);
	return rc;
}

int
dcor_arch_restore_object(struct dcor_arch *a, const struct dcor_arch_ent *e,
    struct dcor_s3 *s3, const char *bucket, const char *key, int replace,
    int (*stop)(void), int *same, struct dcor_err *err)
{
	struct dcor_err why = DCOR_ERR_INIT;
	struct dcor_s3_object o;
	struct dcor_arch_rec r;
	int rc;

	dcor_arch_index_rec(a->index, e, &r);
	rc = dcor_s3_head(s3, bucket, key, &o, &why);
	*same = rc == DCOR_OK && o.size == r.size &&
	    strcmp(o.etag, r.etag) == 0;
	if (*same)
		return DCOR_OK;
	if (rc == DCOR_OK && !replace)
		return dcor_err_set(err, DCOR_ECREATE, EEXIST, "s3://%s/%s: "
		    "exists and is something else (-f replaces it)", bucket,
		    key);
	if (rc != DCOR_OK && rc != DCOR_ENOENT)
		return dcor_err_copy(err, &why);
	return e->off > 0 ? put_member(a, e, s3, bucket, key, err) :
	    put_file(a, e, s3, bucket, key, stop, err);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#define _GNU_SOURCE	/* syncfs */
#include "arch/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define TRIES	1000	/* marks for one name */

int
dcor_arch_write(int fd, const void *p, size_t n, struct dcor_err *err)
{
	const char *s = p;
	ssize_t k;

	while (n > 0) {
		k = write(fd, s, n);
		if (k < 0 && errno == EINTR)
			continue;
		if (k <= 0)
			return dcor_err_sys(err, errno, "archive: write");
		s += k;
		n -= (size_t)k;
	}
	return DCOR_OK;
}

int
dcor_arch_read(int fd, uint64_t off, void *p, size_t n, struct dcor_err *err)
{
	char *s = p;
	ssize_t k;

	while (n > 0) {
		k = pread(fd, s, n, (off_t)off);
		if (k < 0 && errno == EINTR)
			continue;
		if (k < 0)
			return dcor_err_sys(err, errno, "archive: read");
		if (k == 0)
			return dcor_err_set(err, DCOR_EDATA, 0,
			    "shorter than it should be");
		s += k;
		off += (uint64_t)k;
		n -= (size_t)k;
	}
	return DCOR_OK;
}

int
dcor_arch_sync(int fd, struct dcor_err *err)
{
	if (fsync(fd) != 0 && (errno == EIO || errno == ENOSPC ||
	    errno == EDQUOT))
		return dcor_err_sys(err, errno, "archive: fsync");
	return DCOR_OK;
}

int
dcor_arch_sync_all(int fd, struct dcor_err *err)
{
	return syncfs(fd) == 0 ? DCOR_OK :
	    dcor_err_sys(err, errno, "to disk");
}

/* Whose lock it is, as that process wrote it. */
static int
locked(int fd, const char *path, struct dcor_err *err)
{
	char who[200];
	ssize_t n;

	n = pread(fd, who, sizeof(who) - 1, 0);
	who[n > 0 ? n : 0] = '\0';
	who[strcspn(who, "\n")] = '\0';
	return dcor_err_set(err, DCOR_ETEMP, 0, "%.100s: locked by %s", path,
	    *who != '\0' ? who : "another process");
}

static int
take_lock(struct dcor_arch_tree *t, struct dcor_err *err)
{
	struct flock fl = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	char host[128] = "", who[200];

	t->lock = openat(t->state, "lock", O_RDWR | O_CREAT | O_CLOEXEC |
	    O_NOFOLLOW, 0666);
	if (t->lock < 0)
		return dcor_err_sys(err, errno, "%s: lock", t->path);
	if (fcntl(t->lock, F_SETLK, &fl) != 0) {
		if (errno == EACCES || errno == EAGAIN)
			return locked(t->lock, t->path, err);
		return dcor_err_sys(err, errno, "%s: lock", t->path);
	}
	if (gethostname(host, sizeof(host) - 1) != 0)
		memcpy(host, "?", 2);
	(void)snprintf(who, sizeof(who), "process %ld on %s\n",
	    (long)getpid(), host);
	if (ftruncate(t->lock, 0) != 0)
		return dcor_err_sys(err, errno, "%s: lock", t->path);
	return dcor_arch_write(t->lock, who, strlen(who), err);
}

int
dcor_arch_tree_dir(int dir, const char *name, int make, int *fd,
    struct dcor_err *err)
{
	if (make && mkdirat(dir, name, 0777) == 0) {
		if (dcor_arch_sync(dir, err) != DCOR_OK)
			return DCOR_EIO;
	} else if (make && errno != EEXIST) {
		return dcor_err_sys(err, errno, "%s", name);
	}
	*fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW |
	    O_CLOEXEC);
	if (*fd < 0)
		return dcor_err_sys(err, errno, "%s", name);
	return DCOR_OK;
}

int
dcor_arch_tree_open(const char *path, int write, struct dcor_arch_tree *out,
    struct dcor_err *err)
{
	struct dcor_arch_tree t = { NULL, -1, -1, -1 };
	struct dcor_err why = DCOR_ERR_INIT;
	int rc;

	*out = t;
	if ((t.path = strdup(path)) == NULL)
		return dcor_err_nomem(err);
	t.root = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (t.root < 0) {
		rc = dcor_err_sys(err, errno, "%s", path);
	} else {
		rc = dcor_arch_tree_dir(t.root, DCOR_ARCH_STATE, write,
		    &t.state, &why);
		if (rc == DCOR_ENOENT && !write)
			rc = DCOR_OK;
		else if (rc != DCOR_OK)
			rc = dcor_err_set(err, why.code, why.sys, "%s/%s",
			    path, why.msg);
	}
	if (rc == DCOR_OK && write)
		rc = take_lock(&t, err);
	if (rc == DCOR_OK)
		*out = t;
	else
		dcor_arch_tree_close(&t);
	return rc;
}

void
dcor_arch_tree_close(struct dcor_arch_tree *t)
{
	free(t->path);
	if (t->root >= 0)
		close(t->root);
	if (t->state >= 0)
		close(t->state);
	if (t->lock >= 0)
		close(t->lock);
	*t = (struct dcor_arch_tree){ NULL, -1, -1, -1 };
}

/* What has the name: S_IFMT, 0 for nothing. */
static mode_t
kind_of(int dir, const char *name)
{
	struct stat st;

	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return 0;
	return st.st_mode & S_IFMT;
}

/* Appends one component to path and goes there from *fd, which it closes. */
static int
step(int *fd, struct dcor_buf *path, const char *name, size_t n,
    struct dcor_err *err)
{
	size_t from = path->len;
	int next, rc, i;

	for (i = 0; i < TRIES; i++) {
		path->len = from;
		dcor_buf_add(path, name, n);
		if (i == 1)
			dcor_buf_adds(path, "%d");
		else if (i > 1)
			dcor_buf_addf(path, "%%d%d", i);
		if (dcor_buf_check(path, err) != DCOR_OK)
			return path->bad;
		if (kind_of(*fd, path->p + from) == S_IFREG)
			continue;
		rc = dcor_arch_tree_dir(*fd, path->p + from, 1, &next, err);
		if (rc != DCOR_OK)
			return rc;
		close(*fd);
		*fd = next;
		return DCOR_OK;
	}
	return dcor_err_set(err, DCOR_ECREATE, EEXIST, "%s: too many files "
	    "of that name", path->p);
}

int
dcor_arch_tree_parent(int dir, struct dcor_buf *path, int *fd, size_t *leaf,
    struct dcor_err *err)
{
	char *want, *p;
	size_t n;
	int rc = DCOR_OK;

	if ((want = strdup(dcor_buf_str(path))) == NULL)
		return dcor_err_nomem(err);
	*fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (*fd < 0)
		rc = dcor_err_sys(err, errno, "archive");
	dcor_buf_clear(path);
	for (p = want; rc == DCOR_OK && p[n = strcspn(p, "/")] != '\0';
	    p += n + 1) {
		rc = step(fd, path, p, n, err);
		if (rc == DCOR_OK && dcor_buf_addc(path, '/') != DCOR_OK)
			rc = dcor_buf_check(path, err);
	}
	*leaf = path->len;
	if (rc == DCOR_OK && dcor_buf_adds(path, p) != DCOR_OK)
		rc = dcor_buf_check(path, err);
	if (rc != DCOR_OK && *fd >= 0) {
		close(*fd);
		*fd = -1;
	}
	free(want);
	return rc;
}

int
dcor_arch_tree_read(int dir, const char *path, int *fd, uint64_t *size,
    struct dcor_err *err)
{
	char name[256];
	struct stat st;
	int at = dir, next;
	size_t n;

	for (*fd = -1;; path += n + 1) {
		n = strcspn(path, "/");
		if (n >= sizeof(name)) {
			next = -1;
			errno = ENAMETOOLONG;
		} else {
			memcpy(name, path, n);
			name[n] = '\0';
			/* not to wait for the other end of a pipe */
			next = openat(at, name, O_RDONLY | O_NOFOLLOW |
			    O_CLOEXEC | O_NONBLOCK |
			    (path[n] != '\0' ? O_DIRECTORY : 0));
		}
		if (at != dir)
			close(at);
		if (next < 0)
			return dcor_err_sys(err, errno, "archive: %s", path);
		at = next;
		if (path[n] == '\0')
			break;
	}
	if (fstat(at, &st) != 0 || !S_ISREG(st.st_mode)) {
		close(at);
		return dcor_err_set(err, DCOR_EDATA, 0,
		    "archive: %s: not a regular file", path);
	}
	*fd = at;
	*size = (uint64_t)st.st_size;
	return DCOR_OK;
}

int
dcor_arch_tree_publish(int from, const char *name, int to, const char *final,
    struct dcor_err *err)
{
	int sys = 0;

	/* a hard link never replaces; where there are none, the lock keeps
	 * others away between the look and the renaming */
	if (linkat(from, name, to, final, 0) == 0)
		(void)unlinkat(from, name, 0);
	else if (errno == EEXIST || kind_of(to, final) != 0)
		return dcor_err_set(err, DCOR_ECREATE, EEXIST, "%s: exists",
		    final);
	else if (renameat(from, name, to, final) != 0)
		sys = errno;
	if (sys != 0)
		return dcor_err_sys(err, sys, "%s", final);
	return DCOR_OK;
}

int
dcor_arch_tree_free(const struct dcor_arch_tree *t, uint64_t *avail,
    struct dcor_err *err)
{
	struct statvfs v;

	if (fstatvfs(t->root, &v) != 0)
		return dcor_err_sys(err, errno, "%s", t->path);
	*avail = (uint64_t)v.f_bavail * v.f_frsize;
	return DCOR_OK;
}

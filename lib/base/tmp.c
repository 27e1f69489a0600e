/* SPDX-License-Identifier: GPL-3.0-or-later */
#define _GNU_SOURCE	/* O_TMPFILE, renameat2 */
#include "base/tmp.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#define SLOTS	32	/* results in the making at one time */
#define TRIES	100	/* random names */

enum { FREE, BUSY, LIVE };

/* What a signal handler can reach.  A path is read only while LIVE. */
static struct slot {
	atomic_int	 state;
	char		 path[PATH_MAX];
} slots[SLOTS];

struct dcor_tmp {
	struct slot	*slot;
	char		*target;
};

/* Why an output cannot be made; a full disk and the like keep their
 * class. */
static int
create_error(struct dcor_err *err, int sys, const char *path)
{
	struct dcor_err why = DCOR_ERR_INIT;

	(void)dcor_err_sys(&why, sys, "%s", path);
	if (sys == ENOSPC || sys == EDQUOT || sys == EIO || sys == ENOMEM ||
	    sys == EMFILE || sys == ENFILE)
		return dcor_err_copy(err, &why);
	return dcor_err_set(err, DCOR_ECREATE, sys, "%s", why.msg);
}

/* Six letters and digits. */
static int
random_name(char out[7])
{
	static const char sign[] = "abcdefghijklmnopqrstuvwxyz234567";
	uint8_t r[6];
	size_t i;

	if (getrandom(r, sizeof(r), 0) != (ssize_t)sizeof(r))
		return -1;
	for (i = 0; i < sizeof(r); i++)
		out[i] = sign[r[i] & 31];
	out[6] = '\0';
	return 0;
}

/* The length of the directory part of path, its slash included. */
static size_t
dir_len(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash == NULL ? 0 : (size_t)(slash - path) + 1;
}

/*
 * Creates DIR/HEAD.XXXXXX.TAIL and writes its path to out (PATH_MAX bytes).
 * dlen and hlen: bytes of dir and head.  The descriptor, or -1 and errno.
 */
static int
create_random(const char *dir, size_t dlen, const char *head, size_t hlen,
    const char *tail, mode_t mode, char *out)
{
	char name[7];
	int fd, i, n;

	if (dlen >= PATH_MAX || hlen > NAME_MAX) {
		errno = ENAMETOOLONG;
		return -1;
	}
	for (i = 0; i < TRIES; i++) {
		if (random_name(name) != 0)
			return -1;
		n = snprintf(out, PATH_MAX, "%.*s%.*s.%s.%s", (int)dlen, dir,
		    (int)hlen, head, name, tail);
		if (n < 0 || n >= PATH_MAX) {
			errno = ENAMETOOLONG;
			return -1;
		}
		fd = open(out, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, mode);
		if (fd >= 0 || errno != EEXIST)
			return fd;
	}
	return -1;
}

static struct slot *
take_slot(void)
{
	size_t i;
	int want;

	for (i = 0; i < SLOTS; i++) {
		want = FREE;
		if (atomic_compare_exchange_strong(&slots[i].state, &want,
		    BUSY))
			return &slots[i];
	}
	return NULL;
}

static void
release(struct dcor_tmp *t)
{
	if (t->slot != NULL)
		atomic_store(&t->slot->state, FREE);
	free(t->target);
	free(t);
}

int
dcor_tmp_new(const char *target, struct dcor_tmp **out, struct dcor_err *err)
{
	size_t dlen = dir_len(target), hlen = strlen(target + dlen);
	struct dcor_tmp *t;
	struct stat st;
	int fd, rc;

	*out = NULL;
	if (hlen == 0)
		return dcor_err_set(err, DCOR_ECREATE, 0,
		    "%s: not the name of a file", target);
	if (stat(target, &st) == 0 && !S_ISREG(st.st_mode))
		return dcor_err_set(err, DCOR_ECREATE, 0,
		    "%s: exists and is not a regular file", target);
	t = calloc(1, sizeof(*t));
	if (t == NULL)
		return dcor_err_nomem(err);
	t->target = strdup(target);
	t->slot = take_slot();
	if (t->target == NULL || t->slot == NULL) {
		release(t);
		return dcor_err_nomem(err);
	}
	/* a long name is cut so that the temporary one is possible */
	if (hlen > NAME_MAX - sizeof("XXXXXX.part") && hlen <= NAME_MAX)
		hlen = NAME_MAX - sizeof("XXXXXX.part");
	fd = create_random(target, dlen, target + dlen, hlen, "part", 0666,
	    t->slot->path);
	if (fd < 0) {
		rc = create_error(err, errno, target);
		release(t);
		return rc;
	}
	close(fd);
	atomic_store(&t->slot->state, LIVE);
	*out = t;
	return DCOR_OK;
}

const char *
dcor_tmp_path(const struct dcor_tmp *t)
{
	return t->slot->path;
}

void
dcor_tmp_abandon(struct dcor_tmp *t)
{
	if (t == NULL)
		return;
	(void)unlink(t->slot->path);
	release(t);
}

void
dcor_tmp_unlink_all(void)
{
	int saved = errno;
	size_t i;

	for (i = 0; i < SLOTS; i++)
		if (atomic_load(&slots[i].state) == LIVE)
			(void)unlink(slots[i].path);
	errno = saved;
}

/*
 * Gives from the name to, which nobody may have.  What is atomic comes
 * first: some file systems know neither that flag nor hard links, so there
 * an empty file is put under the name before it is replaced.
 */
static int
rename_new(const char *from, const char *to)
{
	struct stat st;
	int fd;

#ifdef RENAME_NOREPLACE
	if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0)
		return 0;
	if (errno != EINVAL && errno != ENOSYS && errno != ENOTSUP)
		return -1;
#endif
	/* over NFS the answer may get lost and the second try fail */
	if (link(from, to) == 0 || (errno == EEXIST && stat(from, &st) == 0 &&
	    st.st_nlink == 2)) {
		(void)unlink(from);
		return 0;
	}
	if (errno == EEXIST || errno == ENOSPC || errno == ENOENT)
		return -1;
	fd = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	if (fd < 0)
		return -1;
	close(fd);
	return rename(from, to);
}

static int
sync_file(const char *path, struct dcor_err *err)
{
	int fd, rc = DCOR_OK;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return dcor_err_sys(err, errno, "%s", path);
	if (fsync(fd) != 0)
		rc = dcor_err_sys(err, errno, "%s: fsync", path);
	close(fd);
	return rc;
}

/* The name itself must survive a power cut too; where a directory cannot
 * be synchronised there is nothing better. */
static int
sync_dir(const char *target, struct dcor_err *err)
{
	char dir[PATH_MAX];
	size_t n = dir_len(target);
	int fd, rc = DCOR_OK;

	if (n >= sizeof(dir))
		return DCOR_OK;
	memcpy(dir, n > 0 ? target : ".", n > 0 ? n : 1);
	dir[n > 0 ? n : 1] = '\0';
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return DCOR_OK;
	if (fsync(fd) != 0 && (errno == EIO || errno == ENOSPC ||
	    errno == EDQUOT))
		rc = dcor_err_sys(err, errno, "%s: fsync", dir);
	close(fd);
	return rc;
}

int
dcor_tmp_publish(const char *from, const char *to, int replace,
    struct dcor_err *err)
{
	int rc;

	rc = sync_file(from, err);
	if (rc == DCOR_OK && (replace ? rename(from, to) :
	    rename_new(from, to)) != 0)
		rc = create_error(err, errno, to);
	return rc == DCOR_OK ? sync_dir(to, err) : rc;
}

int
dcor_tmp_commit(struct dcor_tmp *t, int replace, struct dcor_err *err)
{
	int rc;

	rc = dcor_tmp_publish(t->slot->path, t->target, replace, err);
	if (rc != DCOR_OK)
		(void)unlink(t->slot->path);
	release(t);
	return rc;
}

int
dcor_tmp_scratch(const char *near, int *fd, struct dcor_err *err)
{
	char path[PATH_MAX];
	char name[PATH_MAX];
	struct stat st;
	size_t n = strlen(near);
	int sys;

	*fd = -1;
	if (stat(near, &st) != 0 || !S_ISDIR(st.st_mode))
		n = dir_len(near);
	if (n == 0) {
		near = ".";
		n = 1;
	}
	if (n + 2 > sizeof(path))
		return create_error(err, ENAMETOOLONG, near);
	memcpy(path, near, n);
	path[n] = '\0';
#ifdef O_TMPFILE
	*fd = open(path, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (*fd >= 0)
		return DCOR_OK;
#endif
	/* an old kernel or a file system without such files */
	path[n++] = '/';
	*fd = create_random(path, n, ".dcor", 5, "tmp", 0600, name);
	if (*fd < 0) {
		sys = errno;
		path[n - 1] = '\0';
		return create_error(err, sys, path);
	}
	(void)unlink(name);
	return DCOR_OK;
}

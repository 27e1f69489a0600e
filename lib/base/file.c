/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/stat.h>
#include <unistd.h>

/* The open file is looked at, not the name: nobody can swap it between. */
static int
check_secret(const struct stat *st, const char *path, struct dcor_err *err)
{
	if (!S_ISREG(st->st_mode))
		return dcor_err_set(err, DCOR_EPERM, 0, "%s: not a regular "
		    "file, so no place for a secret", path);
	if (st->st_uid != geteuid() && st->st_uid != 0)
		return dcor_err_set(err, DCOR_EPERM, 0,
		    "%s: belongs to another user", path);
	if (st->st_mode & 077)
		return dcor_err_set(err, DCOR_EPERM, 0,
		    "%s: readable by others; chmod 600 %s", path, path);
	return 0;
}

static int
read_all(int fd, const char *path, size_t max, struct dcor_buf *out,
    struct dcor_err *err)
{
	size_t start = out->len;
	ssize_t n;

	do {
		if (dcor_buf_room(out, 4096) != 0)
			return dcor_buf_check(out, err);
		n = read(fd, out->p + out->len, 4096);
		if (n > 0)
			out->len += (size_t)n;
		if (out->len - start > max)
			return dcor_err_set(err, DCOR_EDATA, 0,
			    "%s: more than %zu bytes", path, max);
	} while (n > 0 || (n < 0 && errno == EINTR));
	out->p[out->len] = '\0';
	return n == 0 ? 0 : dcor_err_sys(err, errno, "%s", path);
}

static int
slurp(const char *path, int secret, size_t max, struct dcor_buf *out,
    struct dcor_err *err)
{
	struct stat st;
	int fd, rc = 0;

	/* a secret's place may be a pipe that nobody writes to */
	fd = open(path, O_RDONLY | O_CLOEXEC | (secret ? O_NONBLOCK : 0));
	if (fd < 0)
		return dcor_err_sys(err, errno, "%s", path);
	if (fstat(fd, &st) != 0)
		rc = dcor_err_sys(err, errno, "%s", path);
	else if (secret)
		rc = check_secret(&st, path, err);
	/* growing the buffer would leave a copy behind */
	if (rc == 0 && S_ISREG(st.st_mode) && st.st_size > 0 &&
	    (uintmax_t)st.st_size <= max &&
	    dcor_buf_room(out, (size_t)st.st_size + 4096) != 0)
		rc = dcor_buf_check(out, err);
	if (rc == 0)
		rc = read_all(fd, path, max, out, err);
	close(fd);
	return rc;
}

int
dcor_file_read(const char *path, size_t max, struct dcor_buf *out,
    struct dcor_err *err)
{
	return slurp(path, 0, max, out, err);
}

int
dcor_secret_read(const char *path, size_t max, struct dcor_buf *out,
    struct dcor_err *err)
{
	return slurp(path, 1, max, out, err);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "net/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hash.h"

#define SUM	8		/* digits of a line's SHA-256 before it */

struct dcor_journal {
	char		*path;
	int		 fd;
	struct dcor_buf	 lines;
};

/* The checksum of a line, or "" which no line has. */
static void
sum_of(const char *p, size_t n, char out[65])
{
	if (dcor_sha256_hex(p, n, out, NULL) != 0)
		out[0] = '\0';
	out[SUM] = '\0';
}

size_t
dcor_journal_parse(const char *p, size_t n, struct dcor_buf *lines)
{
	const char *at = p, *end = p + n, *nl;
	char sum[65];
	size_t len;

	while ((nl = memchr(at, '\n', (size_t)(end - at))) != NULL) {
		len = (size_t)(nl - at);
		if (len < SUM + 1 || at[SUM] != ' ' ||
		    memchr(at, '\0', len) != NULL)
			break;
		sum_of(at + SUM + 1, len - SUM - 1, sum);
		if (memcmp(at, sum, SUM) != 0)
			break;
		dcor_buf_add(lines, at + SUM + 1, len - SUM - 1);
		dcor_buf_addc(lines, '\0');
		at = nl + 1;
	}
	return (size_t)(at - p);
}

static int
load(struct dcor_journal *j, struct dcor_err *err)
{
	struct dcor_buf b;
	size_t good;
	ssize_t got;
	int rc = 0;

	dcor_buf_init(&b, DCOR_JOURNAL_MAX);
	do {
		if (dcor_buf_room(&b, 1 << 16) != 0) {
			dcor_buf_clear(&b);	/* none of ours */
			break;
		}
		got = read(j->fd, b.p + b.len, 1 << 16);
		if (got < 0 && errno != EINTR)
			rc = dcor_err_sys(err, errno, "%s", j->path);
		b.len += got > 0 ? (size_t)got : 0;
	} while (rc == 0 && got != 0);
	good = dcor_journal_parse(b.p != NULL ? b.p : "", b.len, &j->lines);
	if (rc == 0 && ftruncate(j->fd, (off_t)good) != 0)
		rc = dcor_err_sys(err, errno, "%s", j->path);
	if (rc == 0)
		rc = dcor_buf_check(&j->lines, err);
	dcor_buf_fini(&b);
	return rc;
}

int
dcor_journal_open(const char *path, struct dcor_journal **out,
    struct dcor_err *err)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	struct dcor_journal *j = calloc(1, sizeof(*j));
	struct stat st;
	int rc = 0;

	*out = NULL;
	if (j == NULL)
		return dcor_err_nomem(err);
	dcor_buf_init(&j->lines, 2 * DCOR_JOURNAL_MAX);
	j->path = strdup(path);
	j->fd = open(path, O_RDWR | O_CREAT | O_APPEND | O_NOFOLLOW |
	    O_CLOEXEC, 0600);
	if (j->path == NULL)
		rc = dcor_err_nomem(err);
	else if (j->fd < 0 && errno == ENOENT)
		rc = dcor_err_set(err, DCOR_ECREATE, errno, "%s: no such "
		    "directory", path);
	else if (j->fd < 0 || fstat(j->fd, &st) != 0)
		rc = dcor_err_sys(err, errno, "%s", path);
	else if (!S_ISREG(st.st_mode))
		rc = dcor_err_set(err, DCOR_ECREATE, 0, "%s: not a regular "
		    "file", path);
	/* a file system without locks is no reason not to work */
	else if ((fcntl(j->fd, F_SETLK, &lock) != 0 && (errno == EACCES ||
	    errno == EAGAIN)) || fstat(j->fd, &st) != 0 || st.st_nlink == 0)
		rc = dcor_err_set(err, DCOR_ETEMP, 0, "%s: another process "
		    "is at this transfer", path);
	if (rc == 0)
		rc = load(j, err);
	if (rc != 0)
		dcor_journal_close(j, 0);
	else
		*out = j;
	return rc;
}

void
dcor_journal_close(struct dcor_journal *j, int remove)
{
	if (j == NULL)
		return;
	if (remove)
		(void)unlink(j->path);
	if (j->fd >= 0)
		close(j->fd);
	dcor_buf_fini(&j->lines);
	free(j->path);
	free(j);
}

const char *
dcor_journal_line(const struct dcor_journal *j, const char **next)
{
	const char *line = *next != NULL ? *next : j->lines.p;

	if (line == NULL || line >= j->lines.p + j->lines.len)
		return NULL;
	*next = line + strlen(line) + 1;
	return line;
}

int
dcor_journal_restart(struct dcor_journal *j, struct dcor_err *err)
{
	dcor_buf_clear(&j->lines);
	if (ftruncate(j->fd, 0) != 0)
		return dcor_err_sys(err, errno, "%s", j->path);
	return 0;
}

int
dcor_journal_add(struct dcor_journal *j, const struct dcor_buf *text,
    int sync, struct dcor_err *err)
{
	const char *p = dcor_buf_str(text), *end = p + text->len;
	struct dcor_buf b;
	char sum[65];
	size_t at = 0;
	ssize_t n;
	int rc;

	if ((rc = dcor_buf_check(text, err)) != 0)
		return rc;
	dcor_buf_init(&b, 2 * DCOR_JOURNAL_MAX);
	for (; p < end; p += strlen(p) + 1) {
		sum_of(p, strlen(p), sum);
		dcor_buf_addf(&b, "%s %s\n", sum, p);
	}
	rc = dcor_buf_check(&b, err);
	while (rc == 0 && at < b.len) {
		n = write(j->fd, b.p + at, b.len - at);
		if (n < 0 && errno != EINTR)
			rc = dcor_err_sys(err, errno, "%s", j->path);
		at += n > 0 ? (size_t)n : 0;
	}
	if (rc == 0 && sync && fdatasync(j->fd) != 0)
		rc = dcor_err_sys(err, errno, "%s: fdatasync", j->path);
	dcor_buf_fini(&b);
	return rc;
}

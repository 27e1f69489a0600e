/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "arch/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "arch/tree.h"

#define BLOCK	(1 << 20)	/* bytes read or written at a time */
#define SLACK	10000		/* lines that may say nothing */

struct dcor_arch_log {
	int			 fd;
	struct dcor_arch_index	*x;
	struct dcor_buf		 b;	/* not written yet */
	uint64_t		 lines;
};

int
dcor_arch_lines(int fd, int (*fn)(void *arg, const struct dcor_arch_rec *r,
    struct dcor_err *err), void *arg, uint64_t *good, uint64_t *bad,
    struct dcor_err *err)
{
	struct dcor_arch_rec r;
	struct dcor_buf store;
	uint64_t off = 0, line = 0;
	size_t have = 0, from, n;
	ssize_t k = 1;
	char *p, *end;
	int rc = DCOR_OK;

	*good = *bad = 0;
	if ((p = malloc(BLOCK)) == NULL)
		return dcor_err_nomem(err);
	dcor_buf_init(&store, 4 * DCOR_ARCH_LINE);
	while (rc == DCOR_OK && k != 0) {
		k = pread(fd, p + have, BLOCK - have, (off_t)off);
		if (k < 0 && errno == EINTR)
			continue;
		if (k < 0) {
			rc = dcor_err_sys(err, errno, "index");
			break;
		}
		off += (uint64_t)k;
		have += (size_t)k;
		for (from = 0; rc == DCOR_OK && (end = memchr(p + from, '\n',
		    have - from)) != NULL; from += n, line += n) {
			n = (size_t)(end - (p + from)) + 1;
			rc = dcor_arch_rec_parse(p + from, n, &r, &store);
			if (rc == DCOR_EDATA) {
				rc = DCOR_OK;
				++*bad;
				continue;
			}
			if (rc == DCOR_OK)
				rc = fn(arg, &r, err);
			else
				(void)dcor_err_nomem(err);
			*good = line + n;
		}
		have -= from;
		memmove(p, p + from, have);
		if (have == BLOCK) {	/* no line is that long */
			line += have;
			have = 0;
			++*bad;
		}
	}
	if (have > 0)
		++*bad;
	dcor_buf_fini(&store);
	free(p);
	return rc;
}

static int
take(void *arg, const struct dcor_arch_rec *r, struct dcor_err *err)
{
	struct dcor_arch_log *l = arg;

	l->lines++;
	return dcor_arch_index_apply(l->x, r, err);
}

static int
put(struct dcor_arch_log *l, const struct dcor_arch_rec *r,
    struct dcor_err *err)
{
	int rc = DCOR_OK;

	if (l->b.len > BLOCK) {
		rc = dcor_arch_write(l->fd, l->b.p, l->b.len, err);
		dcor_buf_clear(&l->b);
	}
	if (rc == DCOR_OK && dcor_arch_rec_add(&l->b, r) != DCOR_OK)
		rc = dcor_buf_check(&l->b, err);
	l->lines++;
	return rc;
}

/* All that the index knows, in its order. */
static int
put_all(struct dcor_arch_log *l, struct dcor_err *err)
{
	const struct dcor_arch_ent *e;
	struct dcor_arch_rec r;
	const char *name;
	struct dcor_buf b;
	size_t i, n;
	int rc = DCOR_OK;

	l->lines = 0;
	for (i = 0; rc == DCOR_OK && i < dcor_arch_index_count(l->x); i++) {
		e = dcor_arch_index_at(l->x, i);
		dcor_arch_index_rec(l->x, e, &r);
		rc = put(l, &r, err);
		if (rc == DCOR_OK && e->checked != 0) {
			r.kind = e->bad ? DCOR_ARCH_BAD : DCOR_ARCH_GOOD;
			r.when = e->checked;
			rc = put(l, &r, err);
		}
		if (rc == DCOR_OK && e->gone != 0) {
			r.kind = DCOR_ARCH_GONE;
			r.when = e->gone;
			rc = put(l, &r, err);
		}
	}
	dcor_buf_init(&b, 4096);
	memset(&r, 0, sizeof(r));
	r.kind = DCOR_ARCH_KNOWN;
	for (i = 0; rc == DCOR_OK && (name = dcor_arch_index_known(l->x,
	    i)) != NULL; i++) {
		n = strcspn(name, "/");
		dcor_buf_clear(&b);
		dcor_buf_add(&b, name, n);
		r.bucket = dcor_buf_str(&b);
		r.key = name + n + 1;
		rc = put(l, &r, err);
	}
	dcor_buf_fini(&b);
	return rc;
}

static int
compact(struct dcor_arch_log *l, int dir, const char *name,
    struct dcor_err *err)
{
	struct dcor_buf tmp;
	int old = l->fd, rc;

	dcor_buf_init(&tmp, 256);
	dcor_buf_addf(&tmp, "%s.new", name);
	l->fd = openat(dir, dcor_buf_str(&tmp), O_RDWR | O_CREAT | O_TRUNC |
	    O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0666);
	if (l->fd < 0) {
		rc = dcor_err_sys(err, errno, "%s", dcor_buf_str(&tmp));
		l->fd = old;
		dcor_buf_fini(&tmp);
		return rc;
	}
	rc = put_all(l, err);
	if (rc == DCOR_OK)
		rc = dcor_arch_log_flush(l, err);
	if (rc == DCOR_OK && renameat(dir, dcor_buf_str(&tmp), dir,
	    name) != 0)
		rc = dcor_err_sys(err, errno, "%s", name);
	if (rc == DCOR_OK)
		rc = dcor_arch_sync(dir, err);
	close(old);
	dcor_buf_fini(&tmp);
	return rc;
}

int
dcor_arch_log_open(int dir, const char *name, int write,
    struct dcor_arch_index *x, struct dcor_arch_log **out, uint64_t *bad,
    struct dcor_err *err)
{
	struct dcor_arch_log *l = calloc(1, sizeof(*l));
	uint64_t good = 0;
	off_t end;
	int rc = DCOR_OK;

	*out = NULL;
	*bad = 0;
	if (l == NULL)
		return dcor_err_nomem(err);
	l->x = x;
	dcor_buf_init(&l->b, 2 * BLOCK);
	l->fd = openat(dir, name, (write ? O_RDWR | O_CREAT | O_APPEND :
	    O_RDONLY) | O_CLOEXEC | O_NOFOLLOW, 0666);
	if (l->fd < 0 && (write || errno != ENOENT))
		rc = dcor_err_sys(err, errno, "index");
	if (rc == DCOR_OK && l->fd >= 0)
		rc = dcor_arch_lines(l->fd, take, l, &good, bad, err);
	if (rc == DCOR_OK && write && *bad > 0) {
		/* what a crash tore is at the end, and all there is */
		end = lseek(l->fd, 0, SEEK_END);
		if (*bad == 1 && (uint64_t)end > good) {
			if (ftruncate(l->fd, (off_t)good) != 0)
				rc = dcor_err_sys(err, errno, "index");
			*bad = 0;
		} else {
			rc = compact(l, dir, name, err);
		}
	}
	if (rc == DCOR_OK && write && l->lines > SLACK +
	    4 * (uint64_t)dcor_arch_index_count(x))
		rc = compact(l, dir, name, err);
	if (rc == DCOR_OK)
		*out = l;
	else
		dcor_arch_log_close(l);
	return rc;
}

void
dcor_arch_log_close(struct dcor_arch_log *l)
{
	if (l == NULL)
		return;
	if (l->fd >= 0)
		close(l->fd);
	dcor_buf_fini(&l->b);
	free(l);
}

int
dcor_arch_log_add(struct dcor_arch_log *l, const struct dcor_arch_rec *r,
    struct dcor_err *err)
{
	int rc = dcor_arch_index_apply(l->x, r, err);

	return rc == DCOR_OK ? put(l, r, err) : rc;
}

int
dcor_arch_log_copy(struct dcor_arch_log *l, int fd, struct dcor_err *err)
{
	uint64_t off = 0;
	ssize_t n;
	int rc;

	rc = dcor_arch_log_flush(l, err);
	while (rc == DCOR_OK) {
		if (dcor_buf_room(&l->b, BLOCK) != DCOR_OK)
			return dcor_buf_check(&l->b, err);
		n = pread(fd, l->b.p, BLOCK, (off_t)off);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return dcor_err_sys(err, errno, "index");
		if (n == 0)
			break;
		rc = dcor_arch_write(l->fd, l->b.p, (size_t)n, err);
		off += (uint64_t)n;
	}
	return rc;
}

int
dcor_arch_log_flush(struct dcor_arch_log *l, struct dcor_err *err)
{
	int rc = DCOR_OK;

	if (l->b.len > 0) {
		rc = dcor_arch_write(l->fd, l->b.p, l->b.len, err);
		dcor_buf_clear(&l->b);
	}
	return rc == DCOR_OK ? dcor_arch_sync(l->fd, err) : rc;
}

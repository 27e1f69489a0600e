/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/src.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int
dcor_src_read(const struct dcor_src *src, uint64_t off, void *buf, size_t n,
    struct dcor_err *err)
{
	if (off > src->size || n > src->size - off)
		return dcor_err_set(err, DCOR_EDATA, 0,
		    "truncated: %zu bytes wanted at offset %llu of %llu", n,
		    (unsigned long long)off, (unsigned long long)src->size);
	return n == 0 ? DCOR_OK : src->read(src->ctx, off, buf, n, err);
}

int
dcor_src_is_url(const char *name)
{
	size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789+.-");

	return n > 1 && (strncmp(name + n, "://", 3) == 0 ||
	    strncmp(name, "dcor:", 5) == 0);
}

void
dcor_src_close(struct dcor_src *src)
{
	if (src->close != NULL)
		src->close(src->ctx);
	memset(src, 0, sizeof(*src));
}

void
dcor_src_expect(const struct dcor_src *src, const struct dcor_span *v,
    size_t n)
{
	if (src->expect != NULL && n > 0)
		src->expect(src->ctx, v, n);
}

static int
fd_read(void *ctx, uint64_t off, void *buf, size_t n, struct dcor_err *err)
{
	int fd = (int)(intptr_t)ctx;
	char *p = buf;
	ssize_t got;

	while (n > 0) {
		got = pread(fd, p, n, (off_t)off);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return dcor_err_sys(err, errno, "reading");
		if (got == 0)
			return dcor_err_set(err, DCOR_EDATA, 0,
			    "truncated while reading at offset %llu",
			    (unsigned long long)off);
		p += got;
		n -= (size_t)got;
		off += (uint64_t)got;
	}
	return DCOR_OK;
}

int
dcor_src_fd(struct dcor_src *src, int fd, struct dcor_err *err)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return dcor_err_sys(err, errno, "fstat");
	if (!S_ISREG(st.st_mode))
		return dcor_err_set(err, DCOR_EDATA, 0, "not a regular file");
	memset(src, 0, sizeof(*src));
	src->read = fd_read;
	src->ctx = (void *)(intptr_t)fd;
	src->size = (uint64_t)st.st_size;
	return DCOR_OK;
}

static int
mem_read(void *ctx, uint64_t off, void *buf, size_t n, struct dcor_err *err)
{
	(void)err;
	memcpy(buf, (const char *)ctx + off, n);
	return DCOR_OK;
}

void
dcor_src_mem(struct dcor_src *src, const void *mem, size_t n)
{
	memset(src, 0, sizeof(*src));
	src->read = mem_read;
	src->ctx = (void *)(uintptr_t)mem;
	src->size = n;
}

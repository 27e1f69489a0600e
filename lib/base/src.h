/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * src.h - a source of bytes at offsets: a file today, ranges of a remote
 * object tomorrow
 */
#ifndef DCOR_BASE_SRC_H
#define DCOR_BASE_SRC_H

#include <stdint.h>

#include "base/err.h"

struct dcor_src {
	/* Reads exactly n bytes at off into buf; fewer is an error (the end
	 * of the source is DCOR_EDATA).  Threads: any number at once. */
	int (*read)(void *ctx, uint64_t off, void *buf, size_t n,
	    struct dcor_err *err);
	void		*ctx;
	uint64_t	 size;		/* bytes in the source */
};

/* Reads n bytes at off after checking the range against src->size. */
int dcor_src_read(const struct dcor_src *src, uint64_t off, void *buf,
    size_t n, struct dcor_err *err) __attribute__((warn_unused_result));

/* A source over an open descriptor of a regular file, which it borrows. */
int dcor_src_fd(struct dcor_src *src, int fd, struct dcor_err *err);

/* A source over n bytes in memory, which it borrows. */
void dcor_src_mem(struct dcor_src *src, const void *mem, size_t n);

#endif /* DCOR_BASE_SRC_H */

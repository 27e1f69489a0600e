/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * src.h - a source of bytes at offsets: a file, memory, ranges of a remote
 * object (net/h5url.h)
 */
#ifndef DCOR_BASE_SRC_H
#define DCOR_BASE_SRC_H

#include <stdint.h>

#include "base/err.h"

struct dcor_span {
	uint64_t	 off, len;
};

struct dcor_src {
	/* Reads exactly n bytes at off into buf; fewer is an error (the end
	 * of the source is DCOR_EDATA).  Threads: any number at once. */
	int (*read)(void *ctx, uint64_t off, void *buf, size_t n,
	    struct dcor_err *err);
	/* NULL where reading takes no time.  Says what will be read soon, in
	 * this order: it is fetched ahead, as far as memory allows.  Advice
	 * only; what is wrong shows when it is read.  Threads: as read. */
	void (*expect)(void *ctx, const struct dcor_span *v, size_t n);
	/* NULL, or ends the source.  Nobody reads it any more. */
	void (*close)(void *ctx);
	void		*ctx;
	uint64_t	 size;		/* bytes in the source */
	const char	*id;		/* equal for sources of the same bytes,
					 * however named; NULL: unknown */
	/* Where others find it who may, and how: "http", "s3", "dcor".  NULL
	 * when its URL is signed: that ends, and is a secret. */
	const char	*url, *protocol;
};

/* Who opens what has a name with a scheme, "https://...".  Ownership of
 * *out: dcor_src_close. */
struct dcor_opener {
	int (*open)(void *ctx, const char *name, struct dcor_src *out,
	    struct dcor_err *err);
	/* NULL, or: what else is known to hold data of the same thing, by
	 * another name, or *more stays NULL.  Ownership: free. */
	int (*more)(void *ctx, const char *name, char **more,
	    struct dcor_err *err);
	void		*ctx;
};

/* Whether name has a scheme: "s3://...", "dcor:...".  Others are paths; one
 * that looks so is written with "./" before it. */
int dcor_src_is_url(const char *name);

/* Ends a source and forgets it; a zeroed one is fine. */
void dcor_src_close(struct dcor_src *src);

/* Tells src what is expected; nothing to do where it has no use for it. */
void dcor_src_expect(const struct dcor_src *src, const struct dcor_span *v,
    size_t n);

/* Reads n bytes at off after checking the range against src->size. */
int dcor_src_read(const struct dcor_src *src, uint64_t off, void *buf,
    size_t n, struct dcor_err *err) __attribute__((warn_unused_result));

/* A source over an open descriptor of a regular file, which it borrows. */
int dcor_src_fd(struct dcor_src *src, int fd, struct dcor_err *err);

/* A source over n bytes in memory, which it borrows. */
void dcor_src_mem(struct dcor_src *src, const void *mem, size_t n);

#endif /* DCOR_BASE_SRC_H */

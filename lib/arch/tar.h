/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tar.h - bundles of small objects: POSIX.1-2001 pax archives that every
 * tar opens
 *
 * The header of a member carries the record of its object (arch/rec.h) as
 * pax's "comment", so a bundle explains itself.
 */
#ifndef DCOR_ARCH_TAR_H
#define DCOR_ARCH_TAR_H

#include "arch/rec.h"

#define DCOR_ARCH_TAR_BLOCK	512
#define DCOR_ARCH_TAR_END	1024	/* zeros at the end */

/* Appends the headers of a member; its data and dcor_arch_tar_pad(size)
 * zeros are to follow.  comment: a line; NULL: none. */
int dcor_arch_tar_head(struct dcor_buf *out, const char *name,
    uint64_t size, int64_t mtime, const char *comment, size_t ncomment);
static inline size_t
dcor_arch_tar_pad(uint64_t size)
{
	return (size_t)(-size & (DCOR_ARCH_TAR_BLOCK - 1));
}

/* A member as it was found. */
struct dcor_arch_member {
	uint64_t	 off, size;	/* of the data */
	uint64_t	 next;		/* the header after it */
	struct dcor_buf	 name;		/* path of the member */
	struct dcor_buf	 comment;	/* the record's line, or empty */
};

/*
 * The member whose header is at off in a file of total bytes that read
 * gives.  1: there is one; 0: the end that a complete archive has;
 * DCOR_EDATA: neither, or it does not fit into the file.
 * Ownership: out's buffers belong to the caller, who has initialised them.
 */
int dcor_arch_tar_next(int (*read)(void *arg, uint64_t off, void *p,
    size_t n, struct dcor_err *err), void *arg, uint64_t total,
    uint64_t off, struct dcor_arch_member *out, struct dcor_err *err)
    __attribute__((warn_unused_result));

#endif /* DCOR_ARCH_TAR_H */

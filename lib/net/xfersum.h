/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * xfersum.h - the sums of a file in the making: SHA-256 of the whole, MD5 of
 * each part
 *
 * The bytes are read back from the file, where they are in memory still:
 * what is proven is what the file holds.  SHA-256 follows what is there;
 * MD5 takes sixteen parts at a time, side by side, at 3 GB/s.  SHA-256 does
 * 1.4 GB/s: it is for a thread of its own, and for those who need it.
 */
#ifndef DCOR_NET_XFERSUM_H
#define DCOR_NET_XFERSUM_H

#include <stdint.h>

#include "base/err.h"

struct dcor_sums;

enum { DCOR_SUMS_MD5 = 1, DCOR_SUMS_SHA256 = 2 };	/* what is wanted */

/* fd, path (for messages) are borrowed.  part > 0. */
int dcor_sums_new(int fd, const char *path, uint64_t size, uint64_t part,
    unsigned want, struct dcor_sums **out, struct dcor_err *err)
    __attribute__((warn_unused_result));
unsigned dcor_sums_want(const struct dcor_sums *s);
void dcor_sums_free(struct dcor_sums *s);

/* The file is complete up to upto: adds what can be.  DCOR_EDATA: the file
 * ends before.  Threads: one for each of the two at a time. */
int dcor_sums_add_sha256(struct dcor_sums *s, uint64_t upto,
    struct dcor_err *err) __attribute__((warn_unused_result));
int dcor_sums_add_md5(struct dcor_sums *s, uint64_t upto,
    struct dcor_err *err) __attribute__((warn_unused_result));

/* The MD5 of part i (from 0) in hex; NULL while it is not known. */
const char *dcor_sums_md5(const struct dcor_sums *s, unsigned i);
unsigned dcor_sums_parts(const struct dcor_sums *s);
/* When all is added.  multi: as a multipart upload has it, else part 0's. */
int dcor_sums_etag(const struct dcor_sums *s, int multi, char out[128],
    struct dcor_err *err) __attribute__((warn_unused_result));
/* Empty if it is not wanted. */
int dcor_sums_sha256(struct dcor_sums *s, char out[65], struct dcor_err *err)
    __attribute__((warn_unused_result));

#endif /* DCOR_NET_XFERSUM_H */

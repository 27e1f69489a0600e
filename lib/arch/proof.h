/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * proof.h - is this the object that the store has?
 */
#ifndef DCOR_ARCH_PROOF_H
#define DCOR_ARCH_PROOF_H

#include <stdint.h>

#include "base/err.h"

/*
 * Whether n bytes have the ETag: 1; 0 when that cannot be known (it is no
 * MD5, or of parts of unknown size); DCOR_EDATA when they have not.
 */
int dcor_arch_prove(const void *p, size_t n, const char *etag,
    struct dcor_err *err) __attribute__((warn_unused_result));

/* The same for a file; its SHA-256 on the way. */
int dcor_arch_prove_fd(int fd, uint64_t size, const char *etag,
    unsigned char sha256[32], struct dcor_err *err)
    __attribute__((warn_unused_result));

/* SHA-256 of n bytes of a file from off on; stop (may be NULL) is asked
 * often and ends it with DCOR_ETEMP. */
int dcor_arch_sha256(int fd, uint64_t off, uint64_t n, int (*stop)(void),
    unsigned char sha256[32], struct dcor_err *err)
    __attribute__((warn_unused_result));

#endif /* DCOR_ARCH_PROOF_H */

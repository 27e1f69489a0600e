/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * hash.h - MD5 (a name for settings and basins, no security) and SHA-256
 */
#ifndef DCOR_BASE_HASH_H
#define DCOR_BASE_HASH_H

#include "base/err.h"

/* The hash of n bytes as lower-case hexadecimal digits and a NUL.  p may
 * be NULL when n is 0.  DCOR_EBUG when the library refuses to hash.
 * Threads: pure. */
int dcor_md5_hex(const void *p, size_t n, char out[33], struct dcor_err *err);
int dcor_sha256_hex(const void *p, size_t n, char out[65],
    struct dcor_err *err);

#endif /* DCOR_BASE_HASH_H */

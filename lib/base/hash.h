/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * hash.h - MD5 (a name for settings and basins, and what S3 servers call an
 * ETag; no security), SHA-256, and HMAC-SHA1 (version 2 signatures)
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

/* n bytes as 2 * n digits and a NUL. */
void dcor_hex(const void *p, size_t n, char *out);
/* The same as base64 (RFC 4648 4): (n + 2) / 3 * 4 characters and a NUL. */
void dcor_base64(const void *p, size_t n, char *out);
/* 2 * n digits of either case, and nothing after them, as n bytes.
 * DCOR_EDATA when s is something else. */
int dcor_unhex(const char *s, void *out, size_t n)
    __attribute__((warn_unused_result));

/*
 * The hash of bytes that come piece by piece.
 * Ownership: dcor_hash_free; NULL is fine.
 */
enum dcor_hash_kind { DCOR_MD5, DCOR_SHA256 };	/* 16, 32 bytes */
struct dcor_hash;
int dcor_hash_new(enum dcor_hash_kind kind, struct dcor_hash **out,
    struct dcor_err *err) __attribute__((warn_unused_result));
void dcor_hash_add(struct dcor_hash *h, const void *p, size_t n);
/* Ends it and starts the next one. */
int dcor_hash_end(struct dcor_hash *h, unsigned char *md,
    struct dcor_err *err) __attribute__((warn_unused_result));
void dcor_hash_free(struct dcor_hash *h);

/* The code of n bytes under a secret key, as bytes. */
int dcor_hmac_sha1(const void *key, size_t nkey, const void *p, size_t n,
    unsigned char out[20], struct dcor_err *err);

#endif /* DCOR_BASE_HASH_H */

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "arch/proof.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arch/tree.h"
#include "base/hash.h"
#include "base/str.h"
#include "net/xfer.h"

#define BLOCK	(1 << 20)
#define MIB	((uint64_t)1 << 20)

/* 1: an MD5 (*parts 0), or that of so many parts; 0: something else. */
static int
parse_etag(const char *etag, uint64_t *parts)
{
	unsigned char md5[16];
	char hex[33];

	*parts = 0;
	if (strlen(etag) < 32)
		return 0;
	memcpy(hex, etag, 32);
	hex[32] = '\0';
	if (dcor_unhex(hex, md5, sizeof(md5)) != DCOR_OK)
		return 0;
	return etag[32] == '\0' || (etag[32] == '-' &&
	    dcor_parse_u64(etag + 33, parts) == DCOR_OK && *parts > 0 &&
	    *parts <= 10000);
}

/* The i-th size that parts may have had, or 0 after the last: equal ones,
 * then those that clients are known for. */
static uint64_t
candidate(uint64_t size, uint64_t parts, size_t i)
{
	static const uint16_t mib[] = { 5, 8, 10, 15, 16, 20, 25, 32, 50, 64,
		100, 128, 250, 256, 500, 512, 1024 };
	uint64_t part;

	if (i == 0)
		return size == 0 ? 1 : (size + parts - 1) / parts;
	if (i == 1)	/* ours for what is large */
		return ((size + 9499) / 9500 + MIB - 1) / MIB * MIB;
	if (i - 2 >= sizeof(mib) / sizeof(mib[0]))
		return 0;
	part = mib[i - 2] * MIB;
	return part;
}

static int
fits(uint64_t size, uint64_t parts, uint64_t part)
{
	return part > 0 && (size == 0 ? parts == 1 :
	    (size - 1) / part + 1 == parts);
}

/* The ETag of n bytes uploaded in parts of that size. */
static int
etag_of(const unsigned char *p, size_t n, uint64_t part, char out[48],
    struct dcor_err *err)
{
	unsigned char md[16], all[16];
	struct dcor_hash *one, *sum = NULL;
	unsigned parts = 0;
	size_t k;
	int rc;

	rc = dcor_hash_new(DCOR_MD5, &one, err);
	if (rc == DCOR_OK)
		rc = dcor_hash_new(DCOR_MD5, &sum, err);
	while (rc == DCOR_OK && (n > 0 || parts == 0)) {
		k = n < part ? n : (size_t)part;
		dcor_hash_add(one, p, k);
		rc = dcor_hash_end(one, md, err);
		if (rc == DCOR_OK)
			dcor_hash_add(sum, md, sizeof(md));
		p += k;
		n -= k;
		parts++;
	}
	if (rc == DCOR_OK)
		rc = dcor_hash_end(sum, all, err);
	if (rc == DCOR_OK) {
		dcor_hex(all, sizeof(all), out);
		(void)snprintf(out + 32, 14, "-%u", parts);
	}
	dcor_hash_free(one);
	dcor_hash_free(sum);
	return rc;
}

static int
differs(struct dcor_err *err)
{
	return dcor_err_set(err, DCOR_EDATA, 0,
	    "the content does not have its ETag");
}

int
dcor_arch_prove(const void *p, size_t n, const char *etag,
    struct dcor_err *err)
{
	uint64_t parts, part;
	char hex[48];
	size_t i;
	int rc;

	if (!parse_etag(etag, &parts))
		return 0;
	if (parts == 0) {
		rc = dcor_md5_hex(p, n, hex, err);
		return rc != DCOR_OK ? rc : strcmp(hex, etag) == 0 ? 1 :
		    differs(err);
	}
	for (i = 0; (part = candidate(n, parts, i)) != 0; i++) {
		if (!fits(n, parts, part))
			continue;
		rc = etag_of(p, n, part, hex, err);
		if (rc != DCOR_OK)
			return rc;
		if (strcmp(hex, etag) == 0)
			return 1;
	}
	/* one part leaves nothing to guess */
	return parts == 1 ? differs(err) : 0;
}

/* Feeds n bytes to the hashes (b may be NULL). */
static int
feed(int fd, uint64_t off, uint64_t n, int (*stop)(void),
    struct dcor_hash *a, struct dcor_hash *b, struct dcor_err *err)
{
	char *p = malloc(BLOCK);
	size_t k;
	int rc = DCOR_OK;

	if (p == NULL)
		return dcor_err_nomem(err);
	for (; rc == DCOR_OK && n > 0; n -= k, off += k) {
		if (stop != NULL && stop()) {
			rc = dcor_err_set(err, DCOR_ETEMP, 0, "interrupted");
			break;
		}
		k = n < BLOCK ? (size_t)n : BLOCK;
		rc = dcor_arch_read(fd, off, p, k, err);
		if (rc != DCOR_OK)
			break;
		dcor_hash_add(a, p, k);
		if (b != NULL)
			dcor_hash_add(b, p, k);
	}
	free(p);
	return rc;
}

int
dcor_arch_sha256(int fd, uint64_t off, uint64_t n, int (*stop)(void),
    unsigned char sha256[32], struct dcor_err *err)
{
	struct dcor_hash *h;
	int rc;

	rc = dcor_hash_new(DCOR_SHA256, &h, err);
	if (rc != DCOR_OK)
		return rc;
	rc = feed(fd, off, n, stop, h, NULL, err);
	if (rc == DCOR_OK)
		rc = dcor_hash_end(h, sha256, err);
	dcor_hash_free(h);
	return rc;
}

int
dcor_arch_prove_fd(int fd, uint64_t size, const char *etag,
    unsigned char sha256[32], struct dcor_err *err)
{
	struct dcor_hash *sha, *md5 = NULL;
	unsigned char md[16];
	uint64_t parts, part;
	char tag[128];
	size_t i;
	int known, rc;

	known = parse_etag(etag, &parts);
	rc = dcor_hash_new(DCOR_SHA256, &sha, err);
	if (rc == DCOR_OK)
		rc = dcor_hash_new(DCOR_MD5, &md5, err);
	if (rc == DCOR_OK)
		rc = feed(fd, 0, size, NULL, sha, md5, err);
	if (rc == DCOR_OK)
		rc = dcor_hash_end(sha, sha256, err);
	if (rc == DCOR_OK)
		rc = dcor_hash_end(md5, md, err);
	dcor_hash_free(sha);
	dcor_hash_free(md5);
	if (rc != DCOR_OK || !known)
		return rc;
	if (parts == 0) {
		dcor_hex(md, sizeof(md), tag);
		return strcmp(tag, etag) == 0 ? 1 : differs(err);
	}
	for (i = 0; (part = candidate(size, parts, i)) != 0; i++) {
		if (!fits(size, parts, part))
			continue;
		rc = dcor_xfer_etag(fd, size, part, tag, err);
		if (rc != DCOR_OK)
			return rc;
		if (strcmp(tag, etag) == 0)
			return 1;
	}
	return parts == 1 ? differs(err) : 0;
}

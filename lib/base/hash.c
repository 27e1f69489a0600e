/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/hash.h"

#include <limits.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdlib.h>
#include <string.h>

struct dcor_hash {
	EVP_MD		*alg;
	EVP_MD_CTX	*ctx;
	int		 ok;
};

static const char *
name_of(enum dcor_hash_kind kind)
{
	return kind == DCOR_MD5 ? "MD5" : "SHA256";
}

static int
refused(enum dcor_hash_kind kind, struct dcor_err *err)
{
	return dcor_err_set(err, DCOR_EBUG, 0, "%s: not available from "
	    "OpenSSL", name_of(kind));
}

/* The name is not a secret's hash, so "-fips": also where the machine is
 * set to approved algorithms only, which MD5 is not. */
static EVP_MD *
fetch(enum dcor_hash_kind kind)
{
	return EVP_MD_fetch(NULL, name_of(kind), "-fips");
}

void
dcor_hex(const void *p, size_t n, char *out)
{
	static const char digit[] = "0123456789abcdef";
	const unsigned char *b = p;

	for (; n > 0; n--, b++) {
		*out++ = digit[*b >> 4];
		*out++ = digit[*b & 15];
	}
	*out = '\0';
}

void
dcor_base64(const void *p, size_t n, char *out)
{
	static const char digit[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "abcdefghijklmnopqrstuvwxyz0123456789+/";
	const unsigned char *b = p;
	unsigned v;

	for (; n > 0; b += 3, out += 4) {
		v = (unsigned)b[0] << 16 | (n > 1 ? b[1] : 0u) << 8 |
		    (n > 2 ? b[2] : 0u);
		out[0] = digit[v >> 18];
		out[1] = digit[v >> 12 & 63];
		out[2] = n > 1 ? digit[v >> 6 & 63] : '=';
		out[3] = n > 2 ? digit[v & 63] : '=';
		n -= n < 3 ? n : 3;
	}
	*out = '\0';
}

static int
value(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ?
	    c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

int
dcor_unhex(const char *s, void *out, size_t n)
{
	unsigned char *b = out;

	if (strlen(s) != 2 * n)
		return DCOR_EDATA;
	for (; n > 0; n--, s += 2) {
		if (value(s[0]) < 0 || value(s[1]) < 0)
			return DCOR_EDATA;
		*b++ = (unsigned char)(value(s[0]) << 4 | value(s[1]));
	}
	return DCOR_OK;
}

static int
hex_of(enum dcor_hash_kind kind, const void *p, size_t n, char *out,
    unsigned want, struct dcor_err *err)
{
	unsigned char md[EVP_MAX_MD_SIZE];
	unsigned len = 0;
	EVP_MD *alg = fetch(kind);
	int ok;

	ok = alg != NULL && EVP_Digest(n > 0 ? p : "", n, md, &len, alg,
	    NULL) == 1 && len == want;
	EVP_MD_free(alg);
	if (!ok)
		return refused(kind, err);
	dcor_hex(md, len, out);
	return DCOR_OK;
}

int
dcor_md5_hex(const void *p, size_t n, char out[33], struct dcor_err *err)
{
	return hex_of(DCOR_MD5, p, n, out, 16, err);
}

int
dcor_sha256_hex(const void *p, size_t n, char out[65], struct dcor_err *err)
{
	return hex_of(DCOR_SHA256, p, n, out, 32, err);
}

int
dcor_hash_new(enum dcor_hash_kind kind, struct dcor_hash **out,
    struct dcor_err *err)
{
	struct dcor_hash *h = calloc(1, sizeof(*h));

	*out = NULL;
	if (h == NULL)
		return dcor_err_nomem(err);
	h->alg = fetch(kind);
	h->ctx = EVP_MD_CTX_new();
	h->ok = h->alg != NULL && h->ctx != NULL &&
	    EVP_DigestInit_ex2(h->ctx, h->alg, NULL) == 1;
	if (!h->ok) {
		dcor_hash_free(h);
		return refused(kind, err);
	}
	*out = h;
	return DCOR_OK;
}

void
dcor_hash_add(struct dcor_hash *h, const void *p, size_t n)
{
	h->ok = h->ok && EVP_DigestUpdate(h->ctx, p, n) == 1;
}

int
dcor_hash_end(struct dcor_hash *h, unsigned char *md, struct dcor_err *err)
{
	int ok = h->ok && EVP_DigestFinal_ex(h->ctx, md, NULL) == 1;

	h->ok = EVP_DigestInit_ex2(h->ctx, h->alg, NULL) == 1;
	return ok ? DCOR_OK : dcor_err_set(err, DCOR_EBUG, 0,
	    "OpenSSL refuses to hash");
}

void
dcor_hash_free(struct dcor_hash *h)
{
	if (h == NULL)
		return;
	EVP_MD_CTX_free(h->ctx);
	EVP_MD_free(h->alg);
	free(h);
}

int
dcor_hmac_sha1(const void *key, size_t nkey, const void *p, size_t n,
    unsigned char out[20], struct dcor_err *err)
{
	unsigned len = 0;

	if (nkey > INT_MAX || HMAC(EVP_sha1(), key, (int)nkey, p, n, out,
	    &len) == NULL || len != 20)
		return dcor_err_set(err, DCOR_EBUG, 0, "HMAC-SHA1: not "
		    "available from OpenSSL");
	return DCOR_OK;
}

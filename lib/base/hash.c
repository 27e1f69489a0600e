/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/hash.h"

#include <openssl/evp.h>

/* The name is not a secret's hash, so "-fips": also where the machine is
 * set to approved algorithms only, which MD5 is not. */
static int
hex_of(const char *name, const void *p, size_t n, char *out, size_t want,
    struct dcor_err *err)
{
	static const char digit[] = "0123456789abcdef";
	unsigned char md[EVP_MAX_MD_SIZE];
	unsigned len = 0, i;
	EVP_MD *alg;
	int ok;

	alg = EVP_MD_fetch(NULL, name, "-fips");
	ok = alg != NULL && EVP_Digest(n > 0 ? p : "", n, md, &len, alg,
	    NULL) == 1 && len == want;
	EVP_MD_free(alg);
	if (!ok)
		return dcor_err_set(err, DCOR_EBUG, 0, "%s: not available "
		    "from OpenSSL", name);
	for (i = 0; i < len; i++) {
		*out++ = digit[md[i] >> 4];
		*out++ = digit[md[i] & 15];
	}
	*out = '\0';
	return DCOR_OK;
}

int
dcor_md5_hex(const void *p, size_t n, char out[33], struct dcor_err *err)
{
	return hex_of("MD5", p, n, out, 16, err);
}

int
dcor_sha256_hex(const void *p, size_t n, char out[65], struct dcor_err *err)
{
	return hex_of("SHA256", p, n, out, 32, err);
}

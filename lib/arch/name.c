/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "arch/name.h"

#include <string.h>

#include "base/hash.h"
#include "net/url.h"

#define LONGEST	200	/* bytes of a component, leaves room for marks */
#define HEAD	120	/* bytes that are left of a longer one */

/* One component; first: it is where the archive has names of its own. */
static int
component(struct dcor_buf *out, const char *p, size_t n, int first,
    struct dcor_err *err)
{
	size_t from = out->len, cut;
	char hex[65];

	if (n == 0)
		return dcor_buf_adds(out, "%n");
	if (first && n == strlen(DCOR_ARCH_SMALL) &&
	    memcmp(p, DCOR_ARCH_SMALL, n) == 0)
		return dcor_buf_adds(out, "%73mall_objects");
	if (n <= 2 && memcmp(p, "..", n) == 0)
		return dcor_buf_adds(out, n == 1 ? "%2E" : "%2E%2E");
	(void)dcor_pct_encode(out, p, n, &DCOR_ARCH_KEEP[1]);
	if (dcor_buf_check(out, err) != DCOR_OK)
		return out->bad;
	if (out->len - from <= LONGEST)
		return DCOR_OK;
	cut = from + HEAD;		/* not in the middle of an escape */
	if (out->p[cut - 1] == '%')
		cut--;
	else if (out->p[cut - 2] == '%')
		cut -= 2;
	out->len = cut;
	if (dcor_sha256_hex(p, n, hex, err) != DCOR_OK)
		return err != NULL ? (int)err->code : DCOR_EBUG;
	return dcor_buf_addf(out, "%%h%s", hex);
}

int
dcor_arch_path(struct dcor_buf *out, const char *key, unsigned gen,
    struct dcor_err *err)
{
	size_t n = strlen(key), part;
	const char *p = key;
	int first = 1, rc;

	if (n == 0 || n > DCOR_ARCH_KEYMAX)
		return dcor_err_set(err, DCOR_EDATA, 0,
		    "a key of %zu bytes", n);
	for (;;) {
		part = strcspn(p, "/");
		rc = component(out, p, part, first, err);
		if (rc != DCOR_OK)
			return rc;
		if (p[part] == '\0')
			break;
		dcor_buf_addc(out, '/');
		p += part + 1;
		first = 0;
	}
	if (gen > 1)
		dcor_buf_addf(out, "%%g%u", gen);
	return dcor_buf_check(out, err);
}

int
dcor_arch_bucket(struct dcor_buf *out, const char *bucket,
    struct dcor_err *err)
{
	size_t n = strlen(bucket);

	if (n < 3 || n > 255 || strspn(bucket, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "abcdefghijklmnopqrstuvwxyz0123456789._-") != n)
		return dcor_err_set(err, DCOR_EDATA, 0,
		    "%.64s: not the name of a bucket", bucket);
	if (*bucket == '.') {		/* those are the archive's own */
		dcor_buf_adds(out, "%2E");
		bucket++;
		n--;
	}
	dcor_buf_add(out, bucket, n);
	return dcor_buf_check(out, err);
}

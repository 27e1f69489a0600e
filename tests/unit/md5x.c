/* SPDX-License-Identifier: GPL-3.0-or-later */
/* MD5 side by side: RFC 1321's test suite, and OpenSSL on random bytes. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/md5x.h"
#include "tap.h"

static void
rfc1321(void)
{
	static const struct {
		const char	*text, *md5;
	} suite[] = {
		{ "", "d41d8cd98f00b204e9800998ecf8427e" },
		{ "a", "0cc175b9c0f1b6a831c399e269772661" },
		{ "abc", "900150983cd24fb0d6963f7d28e17f72" },
		{ "message digest", "f96b697d7cb7938d525a2f31aaf161d0" },
		{ "abcdefghijklmnopqrstuvwxyz",
		    "c3fcd3d76192e4007dfb496cca67e13b" },
		{ "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
		    "0123456789", "d174ab98d277d9f5a5611c2c9f419d9f" },
		{ "12345678901234567890123456789012345678901234567890"
		    "123456789012345678901234567890",
		    "57edf4a22be3c955ac49da2e2107b67a" },
	};
	const unsigned char *p[DCOR_MD5X];
	unsigned char md[16];
	struct dcor_md5x x;
	size_t i, n;
	char hex[33];
	unsigned l;

	for (i = 0; i < sizeof(suite) / sizeof(suite[0]); i++) {
		n = strlen(suite[i].text);
		dcor_md5x_init(&x);
		for (l = 0; l < DCOR_MD5X; l++)
			p[l] = (const unsigned char *)suite[i].text;
		dcor_md5x_add(&x, p, n / 64);
		dcor_md5x_end(&x, (unsigned)(i * 5) % DCOR_MD5X,
		    suite[i].text + n / 64 * 64, n, md);
		dcor_hex(md, 16, hex);
		OK(strcmp(hex, suite[i].md5) == 0);
	}
}

/* Messages of different length, each in its lane, in steps of any size. */
static void
random_bytes(void)
{
	enum { MOST = 5000 };
	static unsigned char m[DCOR_MD5X][MOST + 8000];
	const unsigned char *p[DCOR_MD5X];
	unsigned char md[16];
	unsigned l, round, good = 0, all = 0;
	size_t len[DCOR_MD5X], at, step;
	uint64_t s = 88172645463325252u;
	char got[33], want[33];
	struct dcor_md5x x;

	for (round = 0; round < 50; round++) {
		for (l = 0; l < DCOR_MD5X; l++) {
			for (at = 0; at < MOST; at += 8) {
				s ^= s << 13;
				s ^= s >> 7;
				s ^= s << 17;
				memcpy(m[l] + at, &s, 8);
			}
			len[l] = (size_t)(s % MOST);
		}
		dcor_md5x_init(&x);
		for (at = 0; at <= MOST; at += 64 * step) {
			step = 1 + round % 3;
			for (l = 0; l < DCOR_MD5X; l++) {
				p[l] = m[l] + at;
				if (len[l] / 64 * 64 < at ||
				    len[l] / 64 * 64 >= at + 64 * step)
					continue;
				/* up to its last block, on its own */
				struct dcor_md5x y = x;

				while (p[l] < m[l] + len[l] / 64 * 64) {
					const unsigned char *q[DCOR_MD5X];
					unsigned k;

					for (k = 0; k < DCOR_MD5X; k++)
						q[k] = p[l];
					dcor_md5x_add(&y, q, 1);
					p[l] += 64;
				}
				dcor_md5x_end(&y, l, p[l], len[l], md);
				dcor_hex(md, 16, got);
				if (dcor_md5_hex(m[l], len[l], want, NULL) !=
				    0)
					abort();
				good += strcmp(got, want) == 0;
				all++;
				p[l] = m[l] + at;
			}
			dcor_md5x_add(&x, p, step);
		}
	}
	printf("# %u of %u\n", good, all);
	OK(all == 50 * DCOR_MD5X && good == all);
}

static void
pieces(void)
{
	struct dcor_hash *h;
	unsigned char md[32];
	char hex[65];

	if (dcor_hash_new(DCOR_SHA256, &h, NULL) != 0)
		abort();
	dcor_hash_add(h, "a", 1);
	dcor_hash_add(h, "bc", 2);
	OK(dcor_hash_end(h, md, NULL) == 0);
	dcor_hex(md, 32, hex);		/* FIPS 180-2, appendix B.1 */
	OK(strcmp(hex, "ba7816bf8f01cfea414140de5dae2223"
	    "b00361a396177a9cb410ff61f20015ad") == 0);
	OK(dcor_hash_end(h, md, NULL) == 0);
	dcor_hex(md, 32, hex);
	OK(strcmp(hex, "e3b0c44298fc1c149afbf4c8996fb924"
	    "27ae41e4649b934ca495991b7852b855") == 0);
	dcor_hash_free(h);
	OK(dcor_unhex("0aFf", md, 2) == 0 && md[0] == 10 && md[1] == 255);
	OK(dcor_unhex("0af", md, 2) != 0 && dcor_unhex("0afg", md, 2) != 0 &&
	    dcor_unhex("0aff0", md, 2) != 0);
}

/* 2^29 + 1 bytes, more than 2^32 bits: all of the length must count. */
static void
length(void)
{
	static unsigned char a[1 << 20];
	const unsigned char *p[DCOR_MD5X];
	unsigned char md[16], want[16];
	struct dcor_hash *h;
	struct dcor_md5x x;
	unsigned i;

	memset(a, 'a', sizeof(a));
	for (i = 0; i < DCOR_MD5X; i++)
		p[i] = a;
	dcor_md5x_init(&x);
	if (dcor_hash_new(DCOR_MD5, &h, NULL) != 0)
		abort();
	for (i = 0; i < 512; i++) {
		dcor_md5x_add(&x, p, sizeof(a) / 64);
		dcor_hash_add(h, a, sizeof(a));
	}
	dcor_hash_add(h, a, 1);
	dcor_md5x_end(&x, 3, a, (1u << 29) + 1, md);
	OK(dcor_hash_end(h, want, NULL) == 0 && memcmp(md, want, 16) == 0);
	dcor_hash_free(h);
}

int
main(void)
{
	rfc1321();
	random_bytes();
	pieces();
	if (getenv("SLOW") != NULL)
		length();
	return DONE();
}

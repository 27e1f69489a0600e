/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "arch/rec.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "arch/name.h"
#include "base/hash.h"
#include "base/str.h"
#include "net/url.h"

#define CRC_DIGITS	8
#define MAX_FIELDS	12

uint32_t
dcor_arch_crc(const void *p, size_t n)
{
	/* of four bits at a time: 16 entries, no set-up to share */
	static const uint32_t table[16] = {
		0x00000000, 0x105ec76f, 0x20bd8ede, 0x30e349b1, 0x417b1dbc,
		0x5125dad3, 0x61c69362, 0x7198540d, 0x82f63b78, 0x92a8fc17,
		0xa24bb5a6, 0xb21572c9, 0xc38d26c4, 0xd3d3e1ab, 0xe330a81a,
		0xf36e6f75
	};
	const unsigned char *s = p;
	uint32_t c = 0xffffffffu;

	for (; n > 0; n--) {
		c ^= *s++;
		c = c >> 4 ^ table[c & 15];
		c = c >> 4 ^ table[c & 15];
	}
	return ~c;
}

static void
add_text(struct dcor_buf *out, const char *s)
{
	dcor_buf_addc(out, '\t');
	if (*s == '\0')
		dcor_buf_addc(out, '-');
	else if (strcmp(s, "-") == 0)	/* not to be taken for nothing */
		dcor_buf_adds(out, "%2D");
	else
		(void)dcor_pct_encode(out, s, strlen(s), DCOR_ARCH_KEEP);
}

int
dcor_arch_rec_add(struct dcor_buf *out, const struct dcor_arch_rec *r)
{
	size_t from = out->len;
	char hex[65], crc[CRC_DIGITS + 1];

	dcor_buf_addf(out, "00000000\t%c\t%s", (char)r->kind, r->bucket);
	add_text(out, r->key);
	if (r->kind == DCOR_ARCH_ADD) {
		dcor_buf_addf(out, "\t%u\t%" PRIu64 "\t%" PRId64, r->gen,
		    r->size, r->mtime);
		add_text(out, r->etag);
		dcor_hex(r->sha256, sizeof(r->sha256), hex);
		dcor_buf_addf(out, "\t%s\t%u\t%" PRId64, hex, r->flags,
		    r->when);
		/* a place is encoded already and stays as it is */
		dcor_buf_addf(out, "\t%s\t%" PRIu64,
		    *r->place == '\0' ? "-" : r->place, r->off);
	} else if (r->kind != DCOR_ARCH_KNOWN) {
		dcor_buf_addf(out, "\t%u\t%" PRId64, r->gen, r->when);
	}
	if (out->bad != DCOR_OK)
		return out->bad;
	from += CRC_DIGITS;
	dcor_buf_addf(out, "\n");
	if (out->bad != DCOR_OK)
		return out->bad;
	(void)snprintf(crc, sizeof(crc), "%08" PRIx32,
	    dcor_arch_crc(out->p + from + 1, out->len - 1 - from - 1));
	memcpy(out->p + from - CRC_DIGITS, crc, CRC_DIGITS);
	return DCOR_OK;
}

/* A number; at most 63 bits, so that it fits both kinds. */
static int
number(const char *s, uint64_t max, uint64_t *out)
{
	return dcor_parse_u64(s, out) == DCOR_OK && *out <= max ? DCOR_OK :
	    DCOR_EDATA;
}

/* Decodes the field into store, whose memory must not move: the text is
 * never longer than what was encoded. */
static const char *
decoded(struct dcor_buf *store, const char *s)
{
	size_t from = store->len;

	if (strcmp(s, "-") != 0 &&
	    dcor_pct_decode(store, s, strlen(s)) != DCOR_OK)
		return NULL;
	if (dcor_buf_addc(store, '\0') != DCOR_OK ||
	    strlen(store->p + from) != store->len - from - 1)
		return NULL;
	return store->p + from;
}

/* A place is a path below the directory of a bucket and of our making. */
static int
place_ok(const char *p)
{
	size_t n;

	for (;; p += n + 1) {
		n = strcspn(p, "/");
		if (n == 0 || (n <= 2 && memcmp(p, "..", n) == 0))
			return 0;
		if (p[n] == '\0')
			return 1;
	}
}

static int
parse_added(char *const *f, struct dcor_arch_rec *r, struct dcor_buf *store)
{
	const char *etag;
	uint64_t mtime, flags, when;

	if (number(f[4], INT64_MAX, &r->size) != DCOR_OK ||
	    number(f[5], INT64_MAX, &mtime) != DCOR_OK ||
	    number(f[8], UINT_MAX, &flags) != DCOR_OK ||
	    number(f[9], INT64_MAX, &when) != DCOR_OK ||
	    number(f[11], INT64_MAX, &r->off) != DCOR_OK ||
	    dcor_unhex(f[7], r->sha256, sizeof(r->sha256)) != DCOR_OK ||
	    (etag = decoded(store, f[6])) == NULL ||
	    strlen(etag) >= sizeof(r->etag))
		return DCOR_EDATA;
	memcpy(r->etag, etag, strlen(etag) + 1);
	r->mtime = (int64_t)mtime;
	r->flags = (unsigned)flags;
	r->when = (int64_t)when;
	r->place = strcmp(f[10], "-") == 0 ? "" : f[10];
	if (*r->place != '\0' && !place_ok(r->place))
		return DCOR_EDATA;
	/* a file may be where its key says, a member is always somewhere */
	return r->off > 0 && *r->place == '\0' ? DCOR_EDATA : DCOR_OK;
}

int
dcor_arch_rec_parse(const char *line, size_t n, struct dcor_arch_rec *out,
    struct dcor_buf *store)
{
	char *f[MAX_FIELDS], *p, *end, crc[CRC_DIGITS + 1];
	struct dcor_buf name;
	uint64_t gen, when;
	size_t nf = 0;
	int bad;

	memset(out, 0, sizeof(*out));
	dcor_buf_clear(store);
	if (n > 0 && line[n - 1] == '\n')
		n--;
	if (n > DCOR_ARCH_LINE || n < CRC_DIGITS + 2 ||
	    line[CRC_DIGITS] != '\t' || memchr(line, '\0', n) != NULL)
		return DCOR_EDATA;
	(void)snprintf(crc, sizeof(crc), "%08" PRIx32,
	    dcor_arch_crc(line + CRC_DIGITS + 1, n - CRC_DIGITS - 1));
	if (memcmp(crc, line, CRC_DIGITS) != 0)
		return DCOR_EDATA;
	/* room for the line, and decoded once more */
	if (dcor_buf_room(store, 3 * n + 8) != DCOR_OK ||
	    dcor_buf_add(store, line + CRC_DIGITS + 1,
	    n - CRC_DIGITS - 1) != DCOR_OK ||
	    dcor_buf_addc(store, '\0') != DCOR_OK)
		return DCOR_ENOMEM;
	for (p = store->p;; p = end + 1) {
		if (nf == MAX_FIELDS)
			return DCOR_EDATA;
		f[nf++] = p;
		if ((end = strchr(p, '\t')) == NULL)
			break;
		*end = '\0';
	}
	if (nf < 3 || strlen(f[0]) != 1)
		return DCOR_EDATA;
	out->kind = (enum dcor_arch_kind)f[0][0];
	out->bucket = f[1];
	dcor_buf_init(&name, 512);
	bad = dcor_arch_bucket(&name, f[1], NULL);
	dcor_buf_fini(&name);
	if (bad != DCOR_OK || (out->key = decoded(store, f[2])) == NULL ||
	    *out->key == '\0' || strlen(out->key) > DCOR_ARCH_KEYMAX)
		return DCOR_EDATA;
	out->place = "";
	if (out->kind == DCOR_ARCH_KNOWN)
		return nf == 3 ? DCOR_OK : DCOR_EDATA;
	if (nf < 5 || number(f[3], 1000000, &gen) != DCOR_OK || gen == 0)
		return DCOR_EDATA;
	out->gen = (unsigned)gen;
	if (out->kind == DCOR_ARCH_ADD)
		return nf == 12 ? parse_added(f, out, store) : DCOR_EDATA;
	if (nf != 5 || strchr("VBGR", f[0][0]) == NULL ||
	    number(f[4], INT64_MAX, &when) != DCOR_OK)
		return DCOR_EDATA;
	out->when = (int64_t)when;
	return DCOR_OK;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * POSIX.1-2017, pax, "ustar Interchange Format" and "pax Interchange
 * Format".
 */
#include "arch/tar.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define BLOCK	DCOR_ARCH_TAR_BLOCK
#define XMAX	(64 << 10)	/* bytes of an extended header */
#define OCTAL11	077777777777	/* the largest size or time in a header */

struct ustar {
	char	name[100], mode[8], uid[8], gid[8], size[12], mtime[12];
	char	sum[8], type, link[100], magic[6], version[2];
	char	uname[32], gname[32], devmajor[8], devminor[8];
	char	prefix[155], pad[12];
};
_Static_assert(sizeof(struct ustar) == BLOCK, "a header is a block");

/* The sum of the header's bytes with blanks for the sum itself. */
static unsigned
checksum(const struct ustar *h)
{
	const unsigned char *p = (const unsigned char *)h;
	size_t i, at = offsetof(struct ustar, sum);
	unsigned sum = 0;

	for (i = 0; i < BLOCK; i++)
		sum += i >= at && i < at + sizeof(h->sum) ? ' ' : p[i];
	return sum;
}

/* Digits and a NUL; the field is full. */
static void
octal(char *field, size_t n, uint64_t v)
{
	size_t i;

	field[n - 1] = '\0';
	for (i = n - 1; i-- > 0; v >>= 3)
		field[i] = (char)('0' + (v & 7));
}

static int
add_header(struct dcor_buf *out, const char *name, char type, uint64_t size,
    int64_t mtime)
{
	struct ustar h;
	size_t n = strlen(name);

	memset(&h, 0, sizeof(h));
	memcpy(h.name, name, n < sizeof(h.name) ? n : sizeof(h.name));
	octal(h.mode, sizeof(h.mode), 0644);
	octal(h.uid, sizeof(h.uid), 0);
	octal(h.gid, sizeof(h.gid), 0);
	octal(h.size, sizeof(h.size), size > OCTAL11 ? 0 : size);
	octal(h.mtime, sizeof(h.mtime), mtime < 0 || mtime > OCTAL11 ? 0 :
	    (uint64_t)mtime);
	h.type = type;
	memcpy(h.magic, "ustar", 6);
	memcpy(h.version, "00", 2);
	octal(h.sum, 7, checksum(&h));
	h.sum[7] = ' ';
	return dcor_buf_add(out, &h, sizeof(h));
}

/* "LENGTH KEY=VALUE\n", where the length counts its own digits. */
static int
add_pax(struct dcor_buf *x, const char *key, const char *value, size_t n)
{
	size_t rest = strlen(key) + n + 3, len = rest + 1, digits, v;

	for (;;) {
		for (digits = 0, v = len; v > 0; v /= 10)
			digits++;
		if (len == rest + digits)
			break;
		len = rest + digits;
	}
	dcor_buf_addf(x, "%zu %s=", len, key);
	dcor_buf_add(x, value, n);
	return dcor_buf_addc(x, '\n');
}

static int
add_zeros(struct dcor_buf *out, size_t n)
{
	static const char zero[BLOCK];

	return dcor_buf_add(out, zero, n);
}

int
dcor_arch_tar_head(struct dcor_buf *out, const char *name, uint64_t size,
    int64_t mtime, const char *comment, size_t ncomment)
{
	size_t n = strlen(name);
	struct dcor_buf x;
	char number[24];

	dcor_buf_init(&x, XMAX);
	if (comment != NULL)
		add_pax(&x, "comment", comment, ncomment);
	if (n > sizeof(((struct ustar *)NULL)->name))
		add_pax(&x, "path", name, n);
	if (size > OCTAL11) {
		(void)snprintf(number, sizeof(number), "%" PRIu64, size);
		add_pax(&x, "size", number, strlen(number));
	}
	if (x.bad != DCOR_OK)
		out->bad = x.bad;
	if (x.len > 0) {
		add_header(out, "PaxHeaders/object", 'x', x.len, mtime);
		dcor_buf_add(out, x.p, x.len);
		add_zeros(out, dcor_arch_tar_pad(x.len));
	}
	dcor_buf_fini(&x);
	return add_header(out, name, '0', size, mtime);
}

/* A number of octal digits, then a NUL or a blank. */
static int
parse_octal(const char *p, size_t n, uint64_t *out)
{
	size_t i;

	*out = 0;
	for (i = 0; i < n && p[i] >= '0' && p[i] <= '7'; i++)
		*out = *out << 3 | (uint64_t)(p[i] - '0');
	return i > 0 && (i == n || p[i] == '\0' || p[i] == ' ') ? DCOR_OK :
	    DCOR_EDATA;
}

/* Decimal digits up to end; < 2^60. */
static int
parse_decimal(const char *p, const char *end, uint64_t *out)
{
	if (p == end)
		return DCOR_EDATA;
	for (*out = 0; p < end; p++) {
		if (*p < '0' || *p > '9' || *out >> 56 != 0)
			return DCOR_EDATA;
		*out = *out * 10 + (uint64_t)(*p - '0');
	}
	return DCOR_OK;
}

/* The records of an extended header. */
static int
parse_pax(const char *p, size_t n, struct dcor_arch_member *m, int *has_size)
{
	const char *end = p + n, *blank, *eq, *last;
	uint64_t len;

	for (; p < end; p += len) {
		blank = memchr(p, ' ', (size_t)(end - p));
		if (blank == NULL || parse_decimal(p, blank, &len) !=
		    DCOR_OK || len > (uint64_t)(end - p) ||
		    len < (uint64_t)(blank - p) + 3 || p[len - 1] != '\n')
			return DCOR_EDATA;
		last = p + len - 1;
		blank++;
		eq = memchr(blank, '=', (size_t)(last - blank));
		if (eq == NULL)
			return DCOR_EDATA;
		eq++;
		if (eq - blank == 8 && memcmp(blank, "comment=", 8) == 0) {
			dcor_buf_clear(&m->comment);
			dcor_buf_add(&m->comment, eq, (size_t)(last - eq));
		} else if (eq - blank == 5 && memcmp(blank, "path=",
		    5) == 0) {
			dcor_buf_clear(&m->name);
			dcor_buf_add(&m->name, eq, (size_t)(last - eq));
		} else if (eq - blank == 5 && memcmp(blank, "size=",
		    5) == 0) {
			*has_size = 1;
			if (parse_decimal(eq, last, &m->size) != DCOR_OK)
				return DCOR_EDATA;
		}
	}
	return m->comment.bad != DCOR_OK ? m->comment.bad : m->name.bad;
}

static int
bad(struct dcor_err *err, uint64_t off)
{
	return dcor_err_set(err, DCOR_EDATA, 0,
	    "no header of a member at %" PRIu64, off);
}

int
dcor_arch_tar_next(int (*read)(void *arg, uint64_t off, void *p, size_t n,
    struct dcor_err *err), void *arg, uint64_t total, uint64_t off,
    struct dcor_arch_member *out, struct dcor_err *err)
{
	static const struct ustar none;
	uint64_t start = off, sum, size;
	int has_size = 0, rc;
	struct ustar h;
	struct dcor_buf x;

	dcor_buf_clear(&out->name);
	dcor_buf_clear(&out->comment);
	for (;;) {
		if (off > total || total - off < BLOCK)
			return bad(err, start);
		if ((rc = read(arg, off, &h, sizeof(h), err)) != DCOR_OK)
			return rc;
		if (off == start && memcmp(&h, &none, sizeof(h)) == 0)
			return 0;
		off += BLOCK;
		if (memcmp(h.magic, "ustar", 6) != 0 ||
		    parse_octal(h.sum, sizeof(h.sum), &sum) != DCOR_OK ||
		    sum != checksum(&h) || parse_octal(h.size,
		    sizeof(h.size), &size) != DCOR_OK || size > total - off)
			return bad(err, start);
		if (h.type != 'x')
			break;
		if (size == 0 || size > XMAX || off - BLOCK != start)
			return bad(err, start);
		dcor_buf_init(&x, XMAX);
		rc = dcor_buf_room(&x, (size_t)size);
		if (rc != DCOR_OK)
			(void)dcor_err_nomem(err);
		else
			rc = read(arg, off, x.p, (size_t)size, err);
		if (rc == DCOR_OK && (rc = parse_pax(x.p, (size_t)size, out,
		    &has_size)) != DCOR_OK)
			(void)bad(err, start);
		dcor_buf_fini(&x);
		if (rc != DCOR_OK)
			return rc;
		off += size + dcor_arch_tar_pad(size);
	}
	if (h.type != '0' && h.type != '\0')
		return bad(err, start);
	if (!has_size)
		out->size = size;
	out->off = off;
	if (off > total || out->size > total - off ||
	    dcor_arch_tar_pad(out->size) > total - off - out->size)
		return bad(err, start);
	out->next = off + out->size + dcor_arch_tar_pad(out->size);
	if (out->name.len == 0)
		dcor_buf_add(&out->name, h.name, strnlen(h.name,
		    sizeof(h.name)));
	rc = dcor_buf_check(&out->name, err);
	return rc == DCOR_OK ? 1 : rc;
}

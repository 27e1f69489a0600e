/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "rtdc/h5indexrd.h"

#include <stdlib.h>
#include <string.h>

#define WINDOW	8192		/* bytes read at once when less is wanted */

void
dcor_h5rd_init(struct dcor_h5rd *r, const struct dcor_src *src,
    uint64_t base)
{
	memset(r, 0, sizeof(*r));
	r->src = src;
	r->base = base;
	/* a header is looked at twice, and windows overlap */
	r->budget = src->size < UINT64_MAX / 4 ? 2 * src->size + 65536 :
	    UINT64_MAX;
}

void
dcor_h5rd_fini(struct dcor_h5rd *r)
{
	free(r->buf);
	r->buf = NULL;
	r->len = r->cap = 0;
}

struct dcor_span
dcor_h5rd_window(const struct dcor_h5rd *r, uint64_t addr)
{
	struct dcor_span s = { r->base + addr, WINDOW };

	if (s.len > r->src->size - s.off)
		s.len = r->src->size - s.off;
	return s;
}

/* Has at least n bytes at off in the window; the range has been checked. */
static int
fill_window(struct dcor_h5rd *r, uint64_t off, size_t n, struct dcor_err *err)
{
	unsigned char *buf;
	size_t want;
	int rc;

	if (off >= r->off && off - r->off <= r->len &&
	    n <= r->len - (size_t)(off - r->off))
		return 0;
	want = n > WINDOW ? n : WINDOW;
	if (want > r->src->size - off)
		want = (size_t)(r->src->size - off);
	if (want > r->cap) {
		r->len = 0;
		if ((buf = realloc(r->buf, want)) == NULL)
			return dcor_err_nomem(err);
		r->buf = buf;
		r->cap = want;
	}
	r->len = 0;
	r->off = off;
	if ((rc = dcor_src_read(r->src, off, r->buf, want, err)) != 0)
		return rc;
	r->len = want;
	return 0;
}

int
dcor_h5rd_peek(struct dcor_h5rd *r, uint64_t addr, uint64_t n,
    const unsigned char **p, size_t *got, struct dcor_err *err)
{
	uint64_t off;
	int rc;

	*got = 0;
	*p = NULL;
	if (addr > UINT64_MAX - r->base)
		return 0;
	off = r->base + addr;
	if (off >= r->src->size)
		return 0;
	if (n > r->src->size - off)
		n = r->src->size - off;
	if (n > SIZE_MAX)
		return dcor_err_nomem(err);
	if (n > r->budget)
		return dcor_err_set(err, DCOR_EDATA, 0,
		    "metadata at address %llu: circular or too large",
		    (unsigned long long)addr);
	r->budget -= n;
	if ((rc = fill_window(r, off, (size_t)n, err)) != 0)
		return rc;
	*p = r->buf + (off - r->off);
	*got = (size_t)n;
	return 0;
}

int
dcor_h5rd_get(struct dcor_h5rd *r, uint64_t addr, uint64_t n,
    const unsigned char **p, struct dcor_err *err)
{
	size_t got;
	int rc;

	if (addr > UINT64_MAX - r->base || r->base + addr > r->src->size ||
	    n > r->src->size - r->base - addr)
		return dcor_err_set(err, DCOR_EDATA, 0,
		    "metadata at address %llu: past the end of the file",
		    (unsigned long long)addr);
	if (n == 0)
		return dcor_h5bad(err, addr, "empty block");
	if ((rc = dcor_h5rd_peek(r, addr, n, p, &got, err)) != 0)
		return rc;
	return got == n ? 0 : dcor_h5bad(err, addr, "short read");
}

int
dcor_h5rd_block(struct dcor_h5rd *r, uint64_t addr, uint64_t n,
    const char *sig, const char *what, const unsigned char **p,
    struct dcor_err *err)
{
	int rc;

	if (n < 8)
		return dcor_h5bad(err, addr, what);
	if ((rc = dcor_h5rd_get(r, addr, n, p, err)) != 0)
		return rc;
	if (memcmp(*p, sig, 4) != 0)
		return dcor_err_set(err, DCOR_EDATA, 0,
		    "%s at address %llu: no signature %s", what,
		    (unsigned long long)addr, sig);
	if (!dcor_h5sum_ok(*p, (size_t)n - 4))
		return dcor_err_set(err, DCOR_EDATA, 0,
		    "%s at address %llu: checksum differs", what,
		    (unsigned long long)addr);
	return 0;
}

void
dcor_h5cur_init(struct dcor_h5cur *c, const void *p, size_t n)
{
	c->p = p;
	c->n = n;
	c->bad = 0;
}

const unsigned char *
dcor_h5cur_skip(struct dcor_h5cur *c, size_t n)
{
	const unsigned char *p = c->p;

	if (c->bad || n > c->n) {
		c->bad = 1;
		return NULL;
	}
	c->p += n;
	c->n -= n;
	return p;
}

uint64_t
dcor_h5cur_num(struct dcor_h5cur *c, unsigned n)
{
	const unsigned char *p;
	uint64_t v = 0;
	unsigned i;

	if ((p = dcor_h5cur_skip(c, n)) == NULL)
		return 0;
	for (i = n; i-- > 0;) {
		if (i >= 8 && p[i] != 0)
			c->bad = 1;
		v = v << 8 | p[i];
	}
	return v;
}

uint64_t
dcor_h5cur_addr(struct dcor_h5cur *c, unsigned n)
{
	uint64_t v = dcor_h5cur_num(c, n);

	if (n < 8 && v == ((uint64_t)1 << 8 * n) - 1)
		return DCOR_H5_NOADDR;
	return v;
}

static uint32_t
rol(uint32_t x, unsigned k)
{
	return x << k | x >> (32 - k);
}

/* Up to four bytes, little-endian, the missing ones zero. */
static uint32_t
word(const unsigned char *p, size_t n)
{
	uint32_t v = 0;
	size_t i;

	for (i = 0; i < n && i < 4; i++)
		v |= (uint32_t)p[i] << 8 * i;
	return v;
}

uint32_t
dcor_h5sum(const unsigned char *p, size_t n)
{
	static const unsigned char mix[6] = { 4, 6, 8, 16, 19, 4 };
	static const unsigned char fin[7] = { 14, 11, 25, 16, 4, 14, 24 };
	uint32_t s[3];
	unsigned i;

	s[0] = s[1] = s[2] = 0xdeadbeefU + (uint32_t)n;
	for (; n > 12; n -= 12, p += 12) {
		s[0] += word(p, 4);
		s[1] += word(p + 4, 4);
		s[2] += word(p + 8, 4);
		for (i = 0; i < 6; i++) {
			s[i % 3] -= s[(i + 2) % 3];
			s[i % 3] ^= rol(s[(i + 2) % 3], mix[i]);
			s[(i + 2) % 3] += s[(i + 1) % 3];
		}
	}
	if (n == 0)
		return s[2];
	s[0] += word(p, n);
	if (n > 4)
		s[1] += word(p + 4, n - 4);
	if (n > 8)
		s[2] += word(p + 8, n - 8);
	for (i = 0; i < 7; i++) {
		s[(i + 2) % 3] ^= s[(i + 1) % 3];
		s[(i + 2) % 3] -= rol(s[(i + 1) % 3], fin[i]);
	}
	return s[2];
}

int
dcor_h5sum_ok(const unsigned char *p, size_t n)
{
#ifdef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION
	if (n > 0)			/* or a fuzzer never gets past here */
		return 1;
#endif
	return dcor_h5sum(p, n) == word(p + n, 4);
}

int
dcor_h5bad(struct dcor_err *err, uint64_t addr, const char *what)
{
	return dcor_err_set(err, DCOR_EDATA, 0, "metadata at address %llu: %s",
	    (unsigned long long)addr, what);
}

int
dcor_h5mul(uint64_t a, uint64_t b, uint64_t *out, struct dcor_err *err)
{
	if (b != 0 && a > UINT64_MAX / b)
		return dcor_err_set(err, DCOR_EDATA, 0,
		    "dimensions or sizes are too large");
	*out = a * b;
	return 0;
}

int
dcor_h5dup(const unsigned char *p, size_t n, unsigned char **out,
    struct dcor_err *err)
{
	if ((*out = malloc(n)) == NULL)
		return dcor_err_nomem(err);
	memcpy(*out, p, n);
	return 0;
}

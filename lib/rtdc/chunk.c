/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "rtdc/chunk.h"

#include <hdf5.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

/* Resolvers of clones run before the sanitizers are ready. */
#if defined(__x86_64__) && !defined(__SANITIZE_ADDRESS__) && \
    !defined(__SANITIZE_THREAD__)
#define CLONES __attribute__((target_clones("default", "avx2")))
#else
#define CLONES
#endif

struct dcor_codec {
	ZSTD_DCtx	*dctx;
	ZSTD_CCtx	*cctx;
	unsigned char	*tmp[2];	/* between two filters */
	size_t		 cap[2];
};

int
dcor_codec_new(struct dcor_codec **out, struct dcor_err *err)
{
	*out = calloc(1, sizeof(**out));
	return *out == NULL ? dcor_err_nomem(err) : DCOR_OK;
}

void
dcor_codec_free(struct dcor_codec *c)
{
	if (c == NULL)
		return;
	ZSTD_freeDCtx(c->dctx);
	ZSTD_freeCCtx(c->cctx);
	free(c->tmp[0]);
	free(c->tmp[1]);
	free(c);
}

/*
 * Fletcher32 over big-endian 16-bit words.  LANES independent columns are
 * summed in 32 bits: a[k] is the sum of a column, b[k] the sum of its
 * prefix sums, so word t of n in column k counts n - t times in b.  A block
 * of ROWS rows cannot overflow: ROWS^2 / 2 * 65535 < 2^32.
 */
#define LANES	16
#define ROWS	256

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
    "the swap in fletcher_block, and bulk data, count on little-endian");

CLONES static void
fletcher_block(const unsigned char *p, size_t rows, uint32_t *a, uint32_t *b)
{
	uint16_t w[LANES];
	uint32_t s[LANES] = { 0 };
	uint32_t t[LANES] = { 0 };
	size_t i, k;

	for (i = 0; i < rows; i++, p += 2 * LANES) {
		memcpy(w, p, sizeof(w));
		for (k = 0; k < LANES; k++) {
			s[k] += (uint16_t)(w[k] << 8 | w[k] >> 8);
			t[k] += s[k];
		}
	}
	memcpy(a, s, sizeof(s));
	memcpy(b, t, sizeof(t));
}

static uint32_t
fold(uint64_t sum)
{
	/* Folding carries, as HDF5 does, yields 65535 where the remainder
	 * of a sum that is not zero would be 0. */
	return sum == 0 ? 0 : (uint32_t)((sum - 1) % 65535 + 1);
}

uint32_t
dcor_fletcher32(const void *data, size_t n)
{
	const unsigned char *p = data;
	uint32_t a[LANES] = { 0 }, b[LANES] = { 0 };
	uint64_t s1 = 0, s2 = 0, part;
	size_t k, rows, words;

	while (n >= 2 * LANES) {
		rows = n / (2 * LANES);
		if (rows > ROWS)
			rows = ROWS;
		fletcher_block(p, rows, a, b);
		words = rows * LANES;
		s2 += words * s1;
		for (k = 0, part = 0; k < LANES; k++) {
			s1 += a[k];
			part += (uint64_t)LANES * b[k] - k * (uint64_t)a[k];
		}
		s2 += part;
		s1 = fold(s1);
		s2 = fold(s2);
		p += 2 * words;
		n -= 2 * words;
	}
	for (; n >= 2; p += 2, n -= 2) {
		s1 += (uint32_t)p[0] << 8 | p[1];
		s2 += s1;
	}
	if (n == 1) {
		s1 += (uint32_t)p[0] << 8;
		s2 += s1;
	}
	return fold(s2) << 16 | fold(s1);
}

static uint32_t
get32(const unsigned char *p)
{
	return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
	    (uint32_t)p[3] << 24;
}

/* Whether stored is the checksum of n bytes at p.  HDF5 before 1.6.3 wrote
 * the bytes of each half in the wrong order; it still accepts those. */
static int
fletcher_ok(const unsigned char *p, size_t n, uint32_t stored)
{
	uint32_t sum = dcor_fletcher32(p, n);

	return sum == stored || ((sum & 0x00ff00ff) << 8 |
	    (sum >> 8 & 0x00ff00ff)) == stored;
}

static void
unshuffle(const unsigned char *in, unsigned char *out, size_t n, size_t el)
{
	size_t i, k, m = n / el;

	for (k = 0; k < el; k++)
		for (i = 0; i < m; i++)
			out[i * el + k] = in[k * m + i];
	memcpy(out + m * el, in + m * el, n - m * el);
}

/* LibLZF's format: literal runs and back references. */
static int
lzf_decode(const unsigned char *in, size_t nin, unsigned char *out,
    size_t nout)
{
	const unsigned char *end = in + nin;
	size_t len, back, at = 0;
	unsigned ctrl;

	while (in < end) {
		ctrl = *in++;
		if (ctrl < 32) {
			len = ctrl + 1;
			if ((size_t)(end - in) < len || nout - at < len)
				return -1;
			memcpy(out + at, in, len);
			in += len;
			at += len;
			continue;
		}
		len = ctrl >> 5;
		if (len == 7) {
			if (in == end)
				return -1;
			len += *in++;
		}
		len += 2;
		if (in == end)
			return -1;
		back = (size_t)((ctrl & 31) << 8 | *in++) + 1;
		if (back > at || nout - at < len)
			return -1;
		for (; len > 0; len--, at++)
			out[at] = out[at - back];
	}
	return at == nout ? 0 : -1;
}

static int
inflate_all(const void *in, size_t nin, void *out, size_t nout)
{
	uLongf got = (uLongf)nout;

	return uncompress(out, &got, in, (uLong)nin) == Z_OK &&
	    got == nout ? 0 : -1;
}

static int
unzstd(struct dcor_codec *c, const void *in, size_t nin, void *out,
    size_t nout, struct dcor_err *err)
{
	size_t got;

	if (c->dctx == NULL && (c->dctx = ZSTD_createDCtx()) == NULL)
		return dcor_err_nomem(err);
	got = ZSTD_decompressDCtx(c->dctx, out, nout, in, nin);
	if (ZSTD_isError(got))
		return dcor_err_set(err, DCOR_EDATA, 0, "zstd: %s",
		    ZSTD_getErrorName(got));
	if (got != nout)
		return dcor_err_set(err, DCOR_EDATA, 0,
		    "zstd: %zu bytes instead of %zu", got, nout);
	return DCOR_OK;
}

static int
is_compressor(unsigned id)
{
	return id == DCOR_FILTER_DEFLATE || id == DCOR_FILTER_LZF ||
	    id == DCOR_FILTER_ZSTD;
}

int
dcor_filters_known(const struct dcor_h5filter *filt, unsigned nfilt)
{
	unsigned i, compressors = 0;

	for (i = 0; i < nfilt; i++) {
		if (is_compressor(filt[i].id))
			compressors++;
		else if (filt[i].id != DCOR_FILTER_SHUFFLE &&
		    filt[i].id != DCOR_FILTER_FLETCHER32)
			return 0;
	}
	return compressors <= 1;
}

/* Room for n bytes in scratch buffer which of c, or NULL. */
static unsigned char *
scratch(struct dcor_codec *c, unsigned which, size_t n)
{
	unsigned char *p;

	if (n > c->cap[which]) {
		p = realloc(c->tmp[which], n);
		if (p == NULL)
			return NULL;
		c->tmp[which] = p;
		c->cap[which] = n;
	}
	return c->tmp[which];
}

static int
undo(struct dcor_codec *c, unsigned id, size_t elsize, const void *in,
    size_t nin, void *out, size_t nout, struct dcor_err *err)
{
	switch (id) {
	case DCOR_FILTER_ZSTD:
		return unzstd(c, in, nin, out, nout, err);
	case DCOR_FILTER_DEFLATE:
		if (inflate_all(in, nin, out, nout) == 0)
			return DCOR_OK;
		return dcor_err_set(err, DCOR_EDATA, 0, "deflate: bad data");
	case DCOR_FILTER_LZF:
		if (lzf_decode(in, nin, out, nout) == 0)
			return DCOR_OK;
		return dcor_err_set(err, DCOR_EDATA, 0, "lzf: bad data");
	default:	/* shuffle */
		unshuffle(in, out, nout, elsize);
		return DCOR_OK;
	}
}

int
dcor_chunk_decode(struct dcor_codec *c, const struct dcor_h5filter *filt,
    unsigned nfilt, uint32_t mask, size_t elsize, const void *in, size_t nin,
    void *out, size_t nout, struct dcor_err *err)
{
	const unsigned char *cur = in;
	unsigned char *dst;
	unsigned i, j, which = 0;
	size_t want;
	int more, rc;

	for (i = nfilt; i-- > 0;) {
		if (mask >> i & 1)
			continue;
		/* What a decoder must yield: the data and the checksums of
		 * the filters that are still to be undone. */
		for (j = 0, want = nout, more = 0; j < i; j++) {
			if (mask >> j & 1)
				continue;
			if (filt[j].id == DCOR_FILTER_FLETCHER32)
				want += 4;
			else
				more = 1;
		}
		if (filt[i].id == DCOR_FILTER_FLETCHER32) {
			if (nin < 4 || !fletcher_ok(cur, nin - 4,
			    get32(cur + nin - 4)))
				return dcor_err_set(err, DCOR_EDATA, 0,
				    "checksum differs");
			nin -= 4;
			continue;
		}
		if (filt[i].id == DCOR_FILTER_SHUFFLE)
			want = nin;
		dst = out;
		if (more || want != nout) {
			dst = scratch(c, which, want);
			if (dst == NULL)
				return dcor_err_nomem(err);
			which ^= 1;
		}
		rc = undo(c, filt[i].id, elsize == 0 ? 1 : elsize, cur, nin,
		    dst, want, err);
		if (rc != DCOR_OK)
			return rc;
		cur = dst;
		nin = want;
	}
	if (nin != nout)
		return dcor_err_set(err, DCOR_EDATA, 0,
		    "chunk of %zu bytes instead of %zu", nin, nout);
	if (cur != out)
		memcpy(out, cur, nout);
	return DCOR_OK;
}

int
dcor_chunk_encode(struct dcor_codec *c, int level, const void *in, size_t n,
    void **out, size_t *nout, struct dcor_err *err)
{
	size_t cap = level > 0 ? ZSTD_compressBound(n) : n, got = n;
	unsigned char *p;
	void *fit;
	uint32_t sum;

	*out = NULL;
	/* Compress into scratch first, so that what waits to be written
	 * takes no more than its size. */
	p = scratch(c, 0, cap);
	if (p == NULL)
		return dcor_err_nomem(err);
	if (level > 0) {
		if (c->cctx == NULL && (c->cctx = ZSTD_createCCtx()) == NULL)
			return dcor_err_nomem(err);
		got = ZSTD_compressCCtx(c->cctx, p, cap, in, n, level);
		if (ZSTD_isError(got))
			return dcor_err_set(err, DCOR_EBUG, 0, "zstd: %s",
			    ZSTD_getErrorName(got));
	} else
		memcpy(p, in, n);
	fit = malloc(got + 4);
	if (fit == NULL)
		return dcor_err_nomem(err);
	memcpy(fit, p, got);
	sum = dcor_fletcher32(fit, got);
	p = (unsigned char *)fit + got;
	p[0] = (unsigned char)sum;
	p[1] = (unsigned char)(sum >> 8);
	p[2] = (unsigned char)(sum >> 16);
	p[3] = (unsigned char)(sum >> 24);
	*out = fit;
	*nout = got + 4;
	return DCOR_OK;
}

/*
 * The same for libhdf5, which reads what our fast path does not.  A filter
 * takes over *buf, may replace it, and returns the number of valid bytes
 * or 0 for failure.
 */
static size_t
replace(size_t n, size_t *cap, void **buf, void *fresh)
{
	if (n == 0) {
		free(fresh);
		return 0;
	}
	free(*buf);
	*buf = fresh;
	*cap = n;
	return n;
}

static size_t
h5_zstd(unsigned flags, size_t ncd, const unsigned cd[], size_t n,
    size_t *cap, void **buf)
{
	unsigned long long want;
	size_t bound, got;
	void *fresh;

	if (flags & H5Z_FLAG_REVERSE) {
		want = ZSTD_getFrameContentSize(*buf, n);
		/* A frame cannot expand beyond what a chunk can hold. */
		if (want == ZSTD_CONTENTSIZE_ERROR ||
		    want == ZSTD_CONTENTSIZE_UNKNOWN || want > UINT32_MAX ||
		    want == 0 || (fresh = malloc((size_t)want)) == NULL)
			return 0;
		got = ZSTD_decompress(fresh, (size_t)want, *buf, n);
		return replace(ZSTD_isError(got) ? 0 : got, cap, buf, fresh);
	}
	bound = ZSTD_compressBound(n);
	fresh = malloc(bound);
	if (fresh == NULL)
		return 0;
	got = ZSTD_compress(fresh, bound, *buf, n, ncd > 0 ? (int)cd[0] : 3);
	return replace(ZSTD_isError(got) ? 0 : got, cap, buf, fresh);
}

static size_t
h5_lzf(unsigned flags, size_t ncd, const unsigned cd[], size_t n,
    size_t *cap, void **buf)
{
	size_t want = ncd >= 3 ? cd[2] : 0;	/* h5py: the chunk's size */
	void *fresh;

	if (!(flags & H5Z_FLAG_REVERSE) || want == 0 ||
	    (fresh = malloc(want)) == NULL)
		return 0;
	if (lzf_decode(*buf, n, fresh, want) != 0)
		want = 0;
	return replace(want, cap, buf, fresh);
}

int
dcor_chunk_register(struct dcor_err *err)
{
	static const H5Z_class2_t zstd = { H5Z_CLASS_T_VERS, DCOR_FILTER_ZSTD,
	    1, 1, "zstd", NULL, NULL, h5_zstd };
	/* It says that it can encode, or chunks that are encoded could not be
	 * written as they are; who asks it to is told otherwise. */
	static const H5Z_class2_t lzf = { H5Z_CLASS_T_VERS, DCOR_FILTER_LZF,
	    1, 1, "lzf", NULL, NULL, h5_lzf };

	if (H5Zregister(&zstd) < 0 || H5Zregister(&lzf) < 0)
		return dcor_err_set(err, DCOR_EBUG, 0,
		    "libhdf5 refuses a filter");
	return DCOR_OK;
}

void
dcor_zstd_version(char *out, size_t size)
{
	snprintf(out, size, "%s", ZSTD_versionString());
}

uint32_t
dcor_crc32(uint32_t crc, const void *p, size_t n)
{
	const unsigned char *c = p;
	size_t part;

	for (; n > 0; n -= part, c += part) {
		part = n < 1 << 30 ? n : 1 << 30;
		crc = (uint32_t)crc32(crc, c, (uInt)part);
	}
	return crc;
}

int
dcor_zlib(int level, const void *p, size_t n, struct dcor_buf *out,
    struct dcor_err *err)
{
	uLongf len = compressBound(n);

	if (dcor_buf_room(out, len) != 0)
		return dcor_buf_check(out, err);
	if (compress2((Bytef *)out->p + out->len, &len, p, n, level) != Z_OK)
		return dcor_err_nomem(err);
	out->len += len;
	out->p[out->len] = '\0';
	return DCOR_OK;
}

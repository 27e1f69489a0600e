/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "segm/thresh.h"

#include <string.h>

#include "segm/bits.h"

#if defined(__x86_64__) && (defined(__GNUC__) || defined(__clang__))
#include <immintrin.h>
#define HAVE_X86 1
#else
#define HAVE_X86 0
#endif

/*
 * All kernels compute the same bits: whether p - q >= k, 1 <= k <= 255, of
 * 64 pixels a word, which is xor'ed with flip.
 */
typedef void kernel(const uint8_t *p, const uint8_t *q, size_t nwords,
    unsigned k, uint64_t flip, uint64_t *out);

#if HAVE_X86
static void
kernel_sse2(const uint8_t *p, const uint8_t *q, size_t nwords, unsigned k,
    uint64_t flip, uint64_t *out)
{
	const __m128i kk = _mm_set1_epi8((char)k);
	uint64_t m;
	__m128i d;
	size_t i;
	int j;

	for (i = 0; i < nwords; i++, p += 64, q += 64) {
		m = 0;
		for (j = 0; j < 4; j++) {
			d = _mm_subs_epu8(
			    _mm_loadu_si128((const void *)(p + 16 * j)),
			    _mm_loadu_si128((const void *)(q + 16 * j)));
			d = _mm_cmpeq_epi8(_mm_max_epu8(d, kk), d);
			m |= (uint64_t)(unsigned)_mm_movemask_epi8(d) <<
			    16 * j;
		}
		out[i] = m ^ flip;
	}
}

__attribute__((target("avx2")))
static void
kernel_avx2(const uint8_t *p, const uint8_t *q, size_t nwords, unsigned k,
    uint64_t flip, uint64_t *out)
{
	const __m256i kk = _mm256_set1_epi8((char)k);
	__m256i a, b;
	uint64_t m;
	size_t i;

	for (i = 0; i < nwords; i++, p += 64, q += 64) {
		a = _mm256_subs_epu8(_mm256_loadu_si256((const void *)p),
		    _mm256_loadu_si256((const void *)q));
		b = _mm256_subs_epu8(
		    _mm256_loadu_si256((const void *)(p + 32)),
		    _mm256_loadu_si256((const void *)(q + 32)));
		a = _mm256_cmpeq_epi8(_mm256_max_epu8(a, kk), a);
		b = _mm256_cmpeq_epi8(_mm256_max_epu8(b, kk), b);
		m = (uint64_t)(unsigned)_mm256_movemask_epi8(b) << 32 |
		    (unsigned)_mm256_movemask_epi8(a);
		out[i] = m ^ flip;
	}
}

__attribute__((target("avx512f,avx512bw")))
static void
kernel_avx512(const uint8_t *p, const uint8_t *q, size_t nwords, unsigned k,
    uint64_t flip, uint64_t *out)
{
	const __m512i kk = _mm512_set1_epi8((char)k);
	__m512i d;
	size_t i;

	for (i = 0; i < nwords; i++, p += 64, q += 64) {
		d = _mm512_subs_epu8(_mm512_loadu_si512((const void *)p),
		    _mm512_loadu_si512((const void *)q));
		out[i] = (uint64_t)_mm512_cmpge_epu8_mask(d, kk) ^ flip;
	}
}
#else
static void
kernel_c(const uint8_t *p, const uint8_t *q, size_t nwords, unsigned k,
    uint64_t flip, uint64_t *out)
{
	uint64_t m;
	size_t i;
	int j;

	for (i = 0; i < nwords; i++, p += 64, q += 64) {
		m = 0;
		for (j = 0; j < 64; j++)
			m |= (uint64_t)(p[j] - q[j] >= (int)k) << j;
		out[i] = m ^ flip;
	}
}
#endif

static kernel *
choose(void)
{
#if HAVE_X86
	if (__builtin_cpu_supports("avx512bw"))
		return kernel_avx512;
	if (__builtin_cpu_supports("avx2"))
		return kernel_avx2;
	return kernel_sse2;
#else
	return kernel_c;
#endif
}

/* The largest difference of two pixels that is below the threshold, or
 * -256 if there is none. */
static int
bound(const struct dcor_frame *f, double thresh)
{
	int lo = -256, hi = 255, d;

	while (lo < hi) {
		d = lo + (hi - lo + 1) / 2;
		if ((f->has_off ? (double)d - f->off : (double)d) < thresh)
			lo = d;
		else
			hi = d - 1;
	}
	return lo;
}

static void
rows(kernel *fn, const uint8_t *p, const uint8_t *q, unsigned k,
    uint64_t flip, struct dcor_bits *out)
{
	uint8_t a[64] = { 0 }, b[64] = { 0 };
	uint32_t rest = out->w % 64, y;
	size_t full = out->w / 64;
	uint64_t *row = out->word;

	if (rest == 0) {
		fn(p, q, full * out->h, k, flip, row);
		return;
	}
	for (y = 0; y < out->h; y++) {
		fn(p, q, full, k, flip, row);
		memcpy(a, p + full * 64, rest);
		memcpy(b, q + full * 64, rest);
		fn(a, b, 1, k, flip, row + full);
		row[full] &= dcor_bits_tail(out->w);
		p += out->w;
		q += out->w;
		row += out->stride;
	}
}

void
dcor_thresh(const struct dcor_frame *f, double thresh, struct dcor_bits *out)
{
	size_t n = (size_t)out->stride * out->h, i;
	int d = bound(f, thresh);

	/* image - bg <= d, said as a difference >= 1, which saturating
	 * subtraction of bytes can tell. */
	if (d == -256)
		memset(out->word, 0, n * sizeof(*out->word));
	else if (d < 0)
		rows(choose(), f->bg, f->image, (unsigned)-d, 0, out);
	else if (d < 255)
		rows(choose(), f->image, f->bg, (unsigned)d + 1, UINT64_MAX,
		    out);
	else
		for (i = 0; i < n; i++)
			out->word[i] = (i + 1) % out->stride == 0 ?
			    dcor_bits_tail(out->w) : UINT64_MAX;
}

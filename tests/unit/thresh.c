/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The source itself, to call every kernel and not just the fastest. */
#include "segm/thresh.c"

#include <math.h>
#include <stdlib.h>

#include "tap.h"

#define W 200
#define H 7

static uint64_t seed = 88172645463325252U;

static unsigned
rnd(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (unsigned)(seed >> 33);
}

/* Pixels that differ from the comparison in double, or stray bits. */
static size_t
wrong(const struct dcor_frame *f, double thresh)
{
	struct dcor_plane p = { 0 };
	size_t bad = 0, i;
	uint32_t x, y;
	double d;

	if (dcor_plane_set(&p, f->w, f->h, NULL) != DCOR_OK)
		return 1;
	memset(p.bits.word, 0x5a, p.bits.stride * f->h * sizeof(uint64_t));
	dcor_thresh(f, thresh, &p.bits);
	for (y = 0; y < f->h; y++)
		for (x = 0; x < p.bits.stride * 64; x++) {
			i = (size_t)y * f->w + x;
			d = x < f->w ? f->image[i] - f->bg[i] : 0;
			if (f->has_off)
				d -= f->off;
			bad += dcor_bits_get(&p.bits, x, y) !=
			    (x < f->w && d < thresh);
		}
	dcor_plane_fini(&p);
	return bad;
}

/* Words on which a kernel differs from the definition. */
static size_t
wrong_words(kernel *fn, const uint8_t *p, const uint8_t *q)
{
	uint64_t out[W * H / 64], want;
	size_t bad = 0, i, j;
	unsigned k;

	for (k = 1; k <= 255; k++) {
		fn(p, q, W * H / 64, k, k % 2 ? 0 : UINT64_MAX, out);
		for (i = 0; i < W * H / 64; i++) {
			for (want = 0, j = 0; j < 64; j++)
				want |= (uint64_t)(p[i * 64 + j] -
				    q[i * 64 + j] >= (int)k) << j;
			bad += out[i] != (k % 2 ? want : ~want);
		}
	}
	return bad;
}

int
main(void)
{
	static const double thresh[] = { -6, -6.25, -0.5, -1e-9, 0, 1e-9, 3,
	    -254, -255, -256, -300, 254, 255, 256, 300 };
	static const double off[] = { 0, 0.25, -0.5, 1.5, 0.9,
	    -0.37950000000000728, 1e9, -1e9 };
	uint8_t image[W * H], bg[W * H];
	struct dcor_frame f = { .image = image, .bg = bg };
	size_t bad = 0, i, k;
	uint32_t n;

	for (n = 1; n <= W; n++) {
		f.w = n;
		f.h = n % H + 1;
		for (i = 0; i < (size_t)n * f.h; i++) {
			bg[i] = (uint8_t)(rnd() % 4 == 0 ? rnd() :
			    100 + rnd() % 8);
			image[i] = (uint8_t)(rnd() % 4 == 0 ? rnd() :
			    bg[i] - 10 + rnd() % 12);
		}
		for (i = 0; i < sizeof(thresh) / sizeof(*thresh); i++) {
			f.has_off = 0;
			bad += wrong(&f, thresh[i]);
			f.has_off = 1;
			for (k = 0; k < sizeof(off) / sizeof(*off); k++) {
				f.off = off[k];
				bad += wrong(&f, thresh[i]);
			}
			f.off = (double)NAN;
			bad += wrong(&f, thresh[i]);
		}
	}
	OK(bad == 0);

	/* All differences at once, at the bound of each. */
	f.w = 1;
	f.h = 1;
	f.has_off = 1;
	for (bad = 0, k = 0; k < 511; k++) {
		image[0] = (uint8_t)(k > 255 ? k - 255 : 0);
		bg[0] = (uint8_t)(k > 255 ? 0 : 255 - k);
		f.off = 0;
		bad += wrong(&f, (double)k - 255);
		bad += wrong(&f, nextafter((double)k - 255, 1000));
		f.off = 0.1;
		bad += wrong(&f, (double)k - 255 - 0.1);
	}
	OK(bad == 0);

	for (i = 0; i < W * H; i++) {
		image[i] = (uint8_t)rnd();
		bg[i] = (uint8_t)(i % 3 == 0 ? rnd() : 0);
	}
	OK(wrong_words(choose(), image, bg) == 0);
#if HAVE_X86
	OK(wrong_words(kernel_sse2, image, bg) == 0);
	OK(!__builtin_cpu_supports("avx2") ||
	    wrong_words(kernel_avx2, image, bg) == 0);
#endif
	return DONE();
}

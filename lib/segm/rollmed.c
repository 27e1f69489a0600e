/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "segm/background.h"

#include <string.h>

#include "segm/median.h"

#define W	DCOR_MEDIAN_W
#define STEPS	10	/* grey levels followed before starting again */

/* A frame near the end has the background of the last whole window. */
static uint64_t
window(uint64_t total, uint64_t k, uint64_t frame)
{
	return frame < total - k ? frame : total - k - 1;
}

void
dcor_rollmed_span(uint64_t total, uint64_t k, uint64_t first, size_t n,
    uint64_t *span_first, size_t *span_n)
{
	uint64_t lo = window(total, k, first);

	*span_first = lo;
	*span_n = (size_t)(window(total, k, first + n - 1) - lo + k);
}

/*
 * Two ways.  Up to 255 frames: the rows of the window side by side, the
 * median of W pixels and the counts of smaller and equal values in bytes;
 * a new row changes the counts, and where they say that the median moved,
 * one pass over the rows counts the next grey level.  More frames: a
 * histogram for each pixel.
 */
#define SMALL	255

size_t
dcor_rollmed_scratch(uint32_t w, uint32_t h, uint64_t k)
{
	(void)w;
	(void)h;
	if (k <= SMALL)
		return dcor_median_scratch((size_t)k);
	return W * 256 * sizeof(uint32_t);
}

struct state {
	uint8_t	med[W];
	uint8_t	less[W];	/* values in the window that are smaller */
	uint8_t	same[W];	/* ... equal */
};

/* How many of the k rows are c. */
static inline __attribute__((always_inline)) void
count_same(const uint8_t *restrict row, size_t k, const uint8_t *restrict c,
    uint8_t *restrict cnt)
{
	size_t i, r;

	memset(cnt, 0, W);
	for (r = 0; r + 8 <= k; r += 8, row += 8 * W)
		for (i = 0; i < W; i++)
			cnt[i] = (uint8_t)(cnt[i] +
			    (row[i] == c[i]) + (row[i + W] == c[i]) +
			    (row[i + 2 * W] == c[i]) +
			    (row[i + 3 * W] == c[i]) +
			    (row[i + 4 * W] == c[i]) +
			    (row[i + 5 * W] == c[i]) +
			    (row[i + 6 * W] == c[i]) +
			    (row[i + 7 * W] == c[i]));
	for (; r < k; r++, row += W)
		for (i = 0; i < W; i++)
			cnt[i] = (uint8_t)(cnt[i] + (row[i] == c[i]));
}

static inline __attribute__((always_inline)) void
count_less(const uint8_t *restrict row, size_t k, const uint8_t *restrict c,
    uint8_t *restrict cnt)
{
	size_t i, r;

	memset(cnt, 0, W);
	for (r = 0; r < k; r++, row += W)
		for (i = 0; i < W; i++)
			cnt[i] = (uint8_t)(cnt[i] + (row[i] < c[i]));
}

/* The median itself, from the rows alone. */
static inline __attribute__((always_inline)) void
start(struct state *s, const uint8_t *row, size_t k)
{
	dcor_median_rows(row, k, s->med);
	count_less(row, k, s->med, s->less);
	count_same(row, k, s->med, s->same);
}

/* Whether any median has moved; where to in next. */
static inline __attribute__((always_inline)) int
moved(const struct state *s, uint8_t half, uint8_t *restrict next)
{
	uint8_t any = 0;
	size_t i;

	for (i = 0; i < W; i++) {
		uint8_t down = s->less[i] > half;
		uint8_t up = (uint8_t)(s->less[i] + s->same[i]) <= half;

		next[i] = (uint8_t)(s->med[i] + up - down);
		any |= up | down;
	}
	return any;
}

static inline __attribute__((always_inline)) void
follow(struct state *s, const uint8_t *row, size_t k)
{
	uint8_t half = (uint8_t)(k / 2), next[W], cnt[W];
	unsigned step;
	size_t i;

	for (step = 0; moved(s, half, next); step++) {
		if (step == STEPS) {
			start(s, row, k);
			return;
		}
		count_same(row, k, next, cnt);
		for (i = 0; i < W; i++) {
			uint8_t d = next[i] > s->med[i] ? s->same[i] : 0;
			uint8_t u = next[i] < s->med[i] ? cnt[i] : 0;

			s->less[i] = (uint8_t)(s->less[i] + d - u);
			s->same[i] = cnt[i];
			s->med[i] = next[i];
		}
	}
}

/* n medians of W columns; row: the k rows of the first, changed to those
 * of the last; frame: the row that comes next, then each npix further. */
DCOR_CLONES static void
roll_small(uint8_t *row, size_t k, const uint8_t *frame, size_t npix,
    size_t width, size_t n, uint8_t *bg)
{
	struct state s;
	uint8_t in[W] = { 0 };
	uint8_t *out;
	size_t i, j;

	start(&s, row, k);
	for (j = 0; ; j++) {
		memcpy(bg + j * npix, s.med, width);
		if (j + 1 == n)
			return;
		memcpy(in, frame + j * npix, width);
		out = row + j % k * W;
		for (i = 0; i < W; i++) {
			s.less[i] = (uint8_t)(s.less[i] +
			    (in[i] < s.med[i]) - (out[i] < s.med[i]));
			s.same[i] = (uint8_t)(s.same[i] +
			    (in[i] == s.med[i]) - (out[i] == s.med[i]));
		}
		memcpy(out, in, W);
		follow(&s, row, k);
	}
}

static void
roll_large(uint32_t *hist, size_t k, const uint8_t *frame, size_t npix,
    size_t width, size_t n, uint8_t *bg)
{
	uint32_t *h, less[W] = { 0 };
	uint8_t med[W] = { 0 }, in, out;
	size_t i, j;

	memset(hist, 0, width * 256 * sizeof(*hist));
	for (j = 0; j < k; j++)
		for (i = 0; i < width; i++)
			hist[i * 256 + frame[j * npix + i]]++;
	for (j = 0; ; j++) {
		for (i = 0; i < width; i++) {
			h = hist + i * 256;
			while (less[i] > k / 2)
				less[i] -= h[--med[i]];
			while (less[i] + h[med[i]] <= k / 2)
				less[i] += h[med[i]++];
			bg[j * npix + i] = med[i];
		}
		if (j + 1 == n)
			return;
		for (i = 0; i < width; i++) {
			h = hist + i * 256;
			out = frame[j * npix + i];
			in = frame[(j + k) * npix + i];
			h[out]--;
			h[in]++;
			less[i] += (uint32_t)(in < med[i]);
			less[i] -= (uint32_t)(out < med[i]);
		}
	}
}

void
dcor_rollmed(const uint8_t *frame, uint32_t w, uint32_t h, uint64_t total,
    uint64_t k, uint64_t first, size_t n, uint8_t *bg, void *scratch)
{
	size_t npix = (size_t)w * h, kk = (size_t)k, own, width, i, r;
	uint64_t lo = window(total, k, first);
	uint8_t *row = dcor_median_align(scratch);

	if (n == 0)
		return;
	own = (size_t)(window(total, k, first + n - 1) - lo + 1);
	for (i = 0; i < npix; i += W) {
		width = npix - i < W ? npix - i : W;
		if (k > SMALL) {
			roll_large(scratch, kk, frame + i, npix, width, own,
			    bg + i);
			continue;
		}
		for (r = 0; r < kk; r++) {
			memset(row + r * W, 0, W);
			memcpy(row + r * W, frame + r * npix + i, width);
		}
		roll_small(row, kk, frame + kk * npix + i, npix, width, own,
		    bg + i);
	}
	for (r = own; r < n; r++)
		memcpy(bg + r * npix, bg + (own - 1) * npix, npix);
}

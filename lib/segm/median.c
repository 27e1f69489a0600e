/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "segm/median.h"

#include <string.h>

#define W DCOR_MEDIAN_W

/* cnt += how many of the rows are not less than c; at most 255. */
static inline __attribute__((always_inline)) void
count_rows(const uint8_t *restrict row, size_t n, const uint8_t *restrict c,
    uint8_t *restrict cnt)
{
	size_t i, r;

	for (r = 0; r + 8 <= n; r += 8, row += 8 * W)
		for (i = 0; i < W; i++)
			cnt[i] = (uint8_t)(cnt[i] +
			    (row[i] >= c[i]) + (row[i + W] >= c[i]) +
			    (row[i + 2 * W] >= c[i]) +
			    (row[i + 3 * W] >= c[i]) +
			    (row[i + 4 * W] >= c[i]) +
			    (row[i + 5 * W] >= c[i]) +
			    (row[i + 6 * W] >= c[i]) +
			    (row[i + 7 * W] >= c[i]));
	for (; r < n; r++, row += W)
		for (i = 0; i < W; i++)
			cnt[i] = (uint8_t)(cnt[i] + (row[i] >= c[i]));
}

/*
 * Bit by bit from the highest: the median has the bit if at least
 * k - k/2 values are not less than what is known of it with that bit.
 * 8 passes over rows that stay in the cache; counts of up to 255 rows fit
 * a byte.
 */
DCOR_CLONES static void
median_rows(const uint8_t *row, size_t k, uint8_t *out)
{
	uint8_t med[W] = { 0 }, c[W], cnt[W];
	uint64_t total[W];
	size_t need = k - k / 2, r, n, i;
	unsigned bit;

	for (bit = 128; bit > 0; bit >>= 1) {
		for (i = 0; i < W; i++)
			c[i] = (uint8_t)(med[i] | bit);
		memset(cnt, 0, sizeof(cnt));
		if (k <= 255) {
			count_rows(row, k, c, cnt);
			for (i = 0; i < W; i++)
				med[i] = cnt[i] >= (uint8_t)need ? c[i] :
				    med[i];
			continue;
		}
		memset(total, 0, sizeof(total));
		for (r = 0; r < k; r += n) {
			n = k - r < 255 ? k - r : 248;
			memset(cnt, 0, sizeof(cnt));
			count_rows(row + r * W, n, c, cnt);
			for (i = 0; i < W; i++)
				total[i] += cnt[i];
		}
		for (i = 0; i < W; i++)
			med[i] = total[i] >= need ? c[i] : med[i];
	}
	memcpy(out, med, sizeof(med));
}

void
dcor_median_rows(const uint8_t *row, size_t k, uint8_t *out)
{
	median_rows(row, k, out);
}

size_t
dcor_median_scratch(size_t k)
{
	return k * W + 63;
}

void
dcor_median_images(const uint8_t *image, size_t stride, size_t k,
    size_t first, size_t n, uint8_t *out, void *scratch)
{
	uint8_t *row = dcor_median_align(scratch), med[W];
	size_t i, r;

	/* in place the rows of one column would share few cache lines */
	for (i = 0; i + W <= n; i += W) {
		for (r = 0; r < k; r++)
			memcpy(row + r * W, image + r * stride + first + i, W);
		dcor_median_rows(row, k, out + i);
	}
	if (i == n)
		return;
	for (r = 0; r < k; r++) {
		memset(row + r * W, 0, W);
		memcpy(row + r * W, image + r * stride + first + i, n - i);
	}
	dcor_median_rows(row, k, med);
	memcpy(out + i, med, n - i);
}

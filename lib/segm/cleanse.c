/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "segm/cleanse.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define WINDOW	10	/* images compared with each other */

static int
by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* The middle rows as Python slices them: a start before the first row
 * counts from the end (images of less than 40 rows). */
static void
middle_rows(uint32_t h, int64_t *lo, int64_t *hi)
{
	int64_t n = h, spread = n / 4 > 20 ? n / 4 : 20;

	*lo = n / 2 - spread;
	*hi = n / 2 + spread;
	if (*lo < 0)
		*lo = *lo + n > 0 ? *lo + n : 0;
	if (*hi > n)
		*hi = n;
}

/* Twice the median over the images of what row y spans. */
static int64_t
median2_of_row(const struct dcor_cleanse *c, int64_t y)
{
	uint64_t hist[256] = { 0 }, below = 0, j;
	int64_t v, lo;

	for (j = 0; j < c->n; j++)
		hist[c->ptp[(size_t)c->row[j] * c->h + (size_t)y]]++;
	for (v = 0; (below += hist[v]) <= (c->n - 1) / 2; v++)
		;
	for (lo = v; below <= c->n / 2; below += hist[v])
		v++;
	return lo + v;
}

/* How much more than usual each image spans: the mean over the middle
 * rows.  All sums are exact. */
static void
contrast(const struct dcor_cleanse *c, double *out)
{
	int64_t lo, hi, y, usual2 = 0, sum;
	const uint8_t *p;
	uint64_t j;

	middle_rows(c->h, &lo, &hi);
	for (y = lo; y < hi; y++)
		usual2 += median2_of_row(c, y);
	for (j = 0; j < c->n; j++) {
		p = c->ptp + (size_t)c->row[j] * c->h;
		for (sum = 0, y = lo; y < hi; y++)
			sum += p[y];
		out[j] = (double)(2 * sum - usual2) / 2.0 / (double)(hi - lo);
	}
}

/* The upper median of images j-5 ... j+4, the series being reflected at
 * its ends (c b a | a b c | c b a). */
static double
local_median(const double *v, uint64_t n, uint64_t j)
{
	double win[WINDOW];
	uint64_t k, at;

	for (k = 0; k < WINDOW; k++) {
		at = (j + k + 2 * WINDOW * n - WINDOW / 2) % (2 * n);
		win[k] = v[at < n ? at : 2 * n - 1 - at];
	}
	qsort(win, WINDOW, sizeof(*win), by_value);
	return win[WINDOW / 2];
}

/* numpy.quantile(v, q) of sorted values. */
static double
quantile(const double *v, uint64_t n, double q)
{
	double at = (double)(n - 1) * q, g, a, b;
	uint64_t i = (uint64_t)floor(at);

	if (i >= n - 1)
		return v[n - 1];
	g = at - (double)i;
	a = v[i];
	b = v[i + 1];
	return g < 0.5 ? a + (b - a) * g : b - (b - a) * (1 - g);
}

/* Sum in numpy's order, on which the last bit depends. */
static double
pairwise_sum(const double *v, uint64_t n)
{
	double r[8], sum;
	uint64_t i, half;
	int k;

	if (n < 8) {
		for (sum = 0, i = 0; i < n; i++)
			sum += v[i];
		return sum;
	}
	if (n > 128) {
		half = n / 2 - n / 2 % 8;
		return pairwise_sum(v, half) + pairwise_sum(v + half,
		    n - half);
	}
	for (k = 0; k < 8; k++)
		r[k] = v[k];
	for (i = 8; i + 8 <= n; i += 8)
		for (k = 0; k < 8; k++)
			r[k] += v[i + (uint64_t)k];
	sum = ((r[0] + r[1]) + (r[2] + r[3])) + ((r[4] + r[5]) + (r[6] + r[7]));
	for (; i < n; i++)
		sum += v[i];
	return sum;
}

/* numpy.var(v); tmp has room for n values. */
static double
variance(const double *v, uint64_t n, double *tmp)
{
	double mean = pairwise_sum(v, n) / (double)n;
	uint64_t i;

	for (i = 0; i < n; i++)
		tmp[i] = (v[i] - mean) * (v[i] - mean);
	return pairwise_sum(tmp, n) / (double)n;
}

static uint64_t
keep_below(const double *ref, uint64_t n, double limit, uint8_t *keep)
{
	uint64_t j, kept = 0;

	for (j = 0; j < n; j++)
		kept += keep[j] = ref[j] <= limit;
	return kept;
}

int
dcor_cleanse(const struct dcor_cleanse *c, uint8_t *keep, uint64_t *kept,
    int *fell_back, struct dcor_err *err)
{
	uint64_t n = c->n, j;
	double *ref, *tmp, mid, limit;

	*fell_back = 0;
	if (c->frac >= 1) {
		memset(keep, 1, (size_t)n);
		*kept = n;
		return DCOR_OK;
	}
	ref = malloc((size_t)n * sizeof(*ref));
	tmp = malloc((size_t)n * sizeof(*tmp));
	if (ref == NULL || tmp == NULL) {
		free(ref);
		free(tmp);
		return dcor_err_nomem(err);
	}
	contrast(c, tmp);
	for (j = 0; j < n; j++)
		ref[j] = tmp[j] - local_median(tmp, n, j);
	memcpy(tmp, ref, (size_t)n * sizeof(*tmp));
	qsort(tmp, (size_t)n, sizeof(*tmp), by_value);
	mid = n % 2 != 0 ? tmp[n / 2] : (tmp[n / 2 - 1] + tmp[n / 2]) / 2;
	for (j = 0; j < n; j++)
		ref[j] = fabs(ref[j] - mid);

	*kept = 0;
	if (c->thresh > 0) {
		limit = variance(ref, n, tmp) * 150 / c->thresh;
		*kept = keep_below(ref, n, limit, keep);
		*fell_back = (double)*kept / (double)n < c->frac;
	}
	if (!(c->thresh > 0) || *fell_back) {
		memcpy(tmp, ref, (size_t)n * sizeof(*tmp));
		qsort(tmp, (size_t)n, sizeof(*tmp), by_value);
		*kept = keep_below(ref, n, quantile(tmp, n, c->frac), keep);
	}
	free(ref);
	free(tmp);
	return DCOR_OK;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "segm/background.h"

#include <stdlib.h>
#include <string.h>

#define TOP_ROWS	20	/* whose mean is the offset of a frame */
#define FLICKER_FRAMES	1000
#define FLICKER_ROWS	10
#define FLICKER_BLOCK	(4u << 20)	/* bytes read at once */

void
dcor_times_f32(const float *time, uint64_t n, double *t)
{
	uint64_t i;
	float d;

	for (i = 0; i < n; i++) {
		d = time[i] - time[0];
		t[i] = (double)d;
	}
}

void
dcor_times_f64(const double *time, uint64_t n, double *t)
{
	uint64_t i;

	for (i = 0; i < n; i++)
		t[i] = time[i] - time[0];
}

void
dcor_times_frame(const double *frame, double rate, uint64_t n, double *t)
{
	uint64_t i;

	for (i = 0; i < n; i++)
		t[i] = frame[i] / rate - frame[0] / rate;
}

/* numpy.linspace(0, stop, n) */
static void
line(double stop, uint64_t n, double *t)
{
	double step = n > 1 ? stop / (double)(n - 1) : 0;
	uint64_t i;

	for (i = 0; i < n; i++)
		t[i] = (double)i * step;
	if (n > 1)
		t[n - 1] = stop;
}

void
dcor_times_rate(double rate, uint64_t n, double *t)
{
	line((double)n / rate * 1.5, n, t);
}

void
dcor_times_none(uint64_t n, double *t)
{
	line((double)n / 3600 * 1.5, n, t);
}

double
dcor_top_mean(const uint8_t *image, uint32_t w, uint32_t h)
{
	const uint64_t even = 0x00ff00ff00ff00ff;
	size_t n = (size_t)w * (h < TOP_ROWS ? h : TOP_ROWS), i = 0, end;
	uint64_t sum = 0, four, x;

	/* eight at a time into four sums of 16 bits, which hold 128 rounds */
	while (n - i >= 8) {
		four = 0;
		end = n - i < 1024 ? i + (n - i) / 8 * 8 : i + 1024;
		for (; i < end; i += 8) {
			memcpy(&x, image + i, sizeof(x));
			four += (x & even) + (x >> 8 & even);
		}
		four = (four & 0x0000ffff0000ffff) +
		    (four >> 16 & 0x0000ffff0000ffff);
		sum += (four & 0xffffffff) + (four >> 32);
	}
	for (; i < n; i++)
		sum += image[i];
	return (double)sum / (double)n;
}

unsigned
dcor_median2(const uint8_t *p, size_t n)
{
	size_t hist[4][256], below = 0, i = 0;
	unsigned v, lo;

	if (n == 0)
		return 0;
	memset(hist, 0, sizeof(hist));
	/* equal neighbours do not wait for each other */
	for (; i + 4 <= n; i += 4) {
		hist[0][p[i]]++;
		hist[1][p[i + 1]]++;
		hist[2][p[i + 2]]++;
		hist[3][p[i + 3]]++;
	}
	for (; i < n; i++)
		hist[0][p[i]]++;
	for (v = 0; ; v++) {
		below += hist[0][v] + hist[1][v] + hist[2][v] + hist[3][v];
		if (below > (n - 1) / 2)
			break;
	}
	lo = v;
	while (below <= n / 2) {
		v++;
		below += hist[0][v] + hist[1][v] + hist[2][v] + hist[3][v];
	}
	return lo + v;
}

static int
by_size(const void *a, const void *b)
{
	unsigned x = *(const unsigned *)a, y = *(const unsigned *)b;

	return (x > y) - (x < y);
}

int
dcor_flicker(const struct dcor_frames *in, int *flickers,
    struct dcor_err *err)
{
	unsigned med[FLICKER_FRAMES], sorted[FLICKER_FRAMES], mid, off = 0;
	size_t n = in->n < FLICKER_FRAMES ? (size_t)in->n : FLICKER_FRAMES;
	size_t npix = (size_t)in->w * in->h, top, per, m, i, j;
	uint8_t *buf;
	int rc = DCOR_OK;

	*flickers = 0;
	if (n == 0 || npix == 0)
		return DCOR_OK;
	top = (size_t)in->w * (in->h < FLICKER_ROWS ? in->h : FLICKER_ROWS);
	per = npix < FLICKER_BLOCK ? FLICKER_BLOCK / npix : 1;
	buf = malloc(per * npix);
	if (buf == NULL)
		return dcor_err_nomem(err);
	for (i = 0; rc == DCOR_OK && i < n; i += m) {
		m = n - i < per ? n - i : per;
		rc = in->read(in->ctx, i, m, buf, err);
		for (j = 0; rc == DCOR_OK && j < m; j++)
			med[i + j] = dcor_median2(buf + j * npix, top);
	}
	free(buf);
	if (rc != DCOR_OK)
		return rc;
	/* in quarters of a grey level everything is an integer */
	memcpy(sorted, med, n * sizeof(*med));
	qsort(sorted, n, sizeof(*sorted), by_size);
	mid = sorted[(n - 1) / 2] + sorted[n / 2];
	for (i = 0; i < n; i++)
		off += 2 * med[i] >= mid + 10 || 2 * med[i] + 10 <= mid;
	*flickers = off >= 5;
	return DCOR_OK;
}

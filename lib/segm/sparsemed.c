/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "segm/background.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/tmp.h"
#include "segm/cleanse.h"
#include "segm/series.h"

#define BUDGET		((size_t)160 << 20)
#define MAX_IMAGES	(1u << 24)

struct axis {
	const double	*t;
	uint64_t	 n;
	int		 rising;	/* t never falls and is never NaN */
};

static void
look_at_axis(struct axis *a)
{
	uint64_t i;

	for (i = 1; i < a->n && a->t[i] >= a->t[i - 1]; i++)
		;
	a->rising = i == a->n;
}

/* In dcnum's order of operations, because the last bit decides. */
static double
distance(double t, double step, double half)
{
	return fabs(t - step - half);
}

/* numpy.argmin: the first frame of the smallest distance, where NaN counts
 * as the smallest. */
static uint64_t
nearest_any(const struct axis *a, double step, double half)
{
	double d, best = HUGE_VAL;
	uint64_t i, at = 0;

	for (i = 0; i < a->n; i++) {
		d = distance(a->t[i], step, half);
		if (isnan(d))
			return i;
		if (d < best) {
			best = d;
			at = i;
		}
	}
	return at;
}

/*
 * The same by bisection: t - step - half rises with t, rounding included,
 * so the distance falls to the first frame that is not before the step,
 * and rises from there.
 */
static uint64_t
nearest(const struct axis *a, double step, double half)
{
	uint64_t lo = 0, hi = a->n, mid, after;
	double d;

	if (!a->rising)
		return nearest_any(a, step, half);
	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		if (a->t[mid] - step - half >= 0)
			hi = mid;
		else
			lo = mid + 1;
	}
	after = lo;
	if (after == 0)
		return 0;
	d = distance(a->t[after - 1], step, half);
	if (after < a->n && distance(a->t[after], step, half) < d)
		return after;
	for (lo = 0, hi = after - 1; lo < hi;) {
		mid = lo + (hi - lo) / 2;
		if (distance(a->t[mid], step, half) <= d)
			hi = mid;
		else
			lo = mid + 1;
	}
	return lo;
}

/* len(numpy.arange(0, duration, split_time)) */
static int
count_steps(const struct axis *a, const struct dcor_sparsemed_opts *o,
    uint64_t *n, struct dcor_err *err)
{
	double length = a->n > 0 ? a->t[a->n - 1] - a->t[0] : 0, steps;
	float single;

	steps = ceil(length / o->split_time);
	if (o->single) {
		single = (float)length / (float)o->split_time;
		steps = ceil((double)single);
	}
	if (!(length > 0) || !(steps >= 1))
		return dcor_err_set(err, DCOR_EDATA, 0, "sparsemed: no "
		    "background without time: the %llu frames last %g s",
		    (unsigned long long)a->n, length);
	if (steps > MAX_IMAGES)
		return dcor_err_set(err, DCOR_EDATA, 0, "sparsemed: more "
		    "than %u background images: %g s in steps of %g s",
		    MAX_IMAGES, length, o->split_time);
	*n = (uint64_t)steps;
	return DCOR_OK;
}

/* The windows of the steps; what is the same as before is not repeated.
 * row[j]: the window of step j.  Returns how many differ. */
static size_t
make_windows(const struct axis *a, const struct dcor_sparsemed_opts *o,
    uint64_t k, uint64_t n, uint64_t *first, uint32_t *row)
{
	uint64_t j, at;
	size_t m = 0;

	for (j = 0; j < n; j++) {
		at = nearest(a, (double)j * o->split_time, 0);
		if (at >= a->n - k)
			at = a->n - k;
		if (m == 0 || first[m - 1] != at)
			first[m++] = at;
		row[j] = (uint32_t)(m - 1);
	}
	return m;
}

/* Every frame gets the image of the step half a step before it. */
static void
assign(const struct axis *a, const struct dcor_sparsemed_opts *o,
    const double *step, uint64_t m, uint32_t *index)
{
	uint64_t j, i = 0, from = 0;

	memset(index, 0, (size_t)a->n * sizeof(*index));
	for (j = 0; j < m; j++) {
		i = nearest(a, step[j], o->split_time / 2);
		for (; from < i; from++)
			index[from] = (uint32_t)j;
		from = i;
	}
	for (; i < a->n; i++)
		index[i] = (uint32_t)(m - 1);
}

/* Takes over what is kept of n steps and rows images. */
static int
take(struct dcor_sparsemed *out, const struct dcor_series *s,
    const uint8_t *keep, const uint32_t *row, uint64_t n, uint64_t m,
    const struct axis *a, const struct dcor_sparsemed_opts *o,
    struct dcor_err *err)
{
	double *step = malloc((size_t)m * sizeof(*step));
	uint64_t j, i = 0;

	out->mean = malloc((size_t)m * sizeof(*out->mean));
	out->bg_med2 = malloc((size_t)m * sizeof(*out->bg_med2));
	out->at = malloc((size_t)m * sizeof(*out->at));
	out->index = malloc((size_t)a->n * sizeof(*out->index));
	if (step == NULL || out->mean == NULL || out->bg_med2 == NULL ||
	    out->at == NULL || out->index == NULL) {
		free(step);
		return dcor_err_nomem(err);
	}
	for (j = 0; j < n; j++) {
		if (!keep[j])
			continue;
		step[i] = (double)j * o->split_time;
		out->mean[i] = s->mean[row[j]];
		out->bg_med2[i] = s->med2[row[j]];
		out->at[i++] = row[j];
	}
	out->m = m;
	assign(a, o, step, m, out->index);
	free(step);
	return DCOR_OK;
}

int
dcor_sparsemed(const struct dcor_frames *in, const double *t,
    const struct dcor_sparsemed_opts *opts, struct dcor_pool *pool,
    const char *near, struct dcor_sparsemed *out, struct dcor_err *err)
{
	struct axis a = { .t = t, .n = in->n };
	struct dcor_series s = { .in = in, .budget = BUDGET };
	struct dcor_cleanse c = { .h = in->h };
	uint64_t *first = NULL, n = 0, m = 0;
	uint32_t *row = NULL;
	uint8_t *keep = NULL;
	int rc;

	memset(out, 0, sizeof(*out));
	out->fd = -1;
	if (in->w == 0 || in->h == 0 || (uint64_t)in->w * in->h > 1u << 30)
		return dcor_err_set(err, DCOR_EDATA, 0,
		    "sparsemed: images of %u x %u pixels", in->w, in->h);
	out->npix = (size_t)in->w * in->h;
	rc = count_steps(&a, opts, &n, err);
	if (rc != DCOR_OK)
		return rc;
	look_at_axis(&a);
	s.k = opts->kernel_size < in->n ? opts->kernel_size : in->n;
	first = malloc((size_t)n * sizeof(*first));
	row = malloc((size_t)n * sizeof(*row));
	keep = malloc((size_t)n);
	if (first == NULL || row == NULL || keep == NULL) {
		rc = dcor_err_nomem(err);
		goto out;
	}
	s.first = first;
	s.n = make_windows(&a, opts, s.k, n, first, row);
	s.ptp = malloc(s.n * in->h);
	s.mean = malloc(s.n * sizeof(*s.mean));
	s.med2 = malloc(s.n * sizeof(*s.med2));
	if (s.ptp == NULL || s.mean == NULL || s.med2 == NULL) {
		rc = dcor_err_nomem(err);
		goto out;
	}
	rc = dcor_tmp_scratch(near, &out->fd, err);
	if (rc != DCOR_OK)
		goto out;
	s.fd = out->fd;
	rc = dcor_series(&s, pool, err);
	if (rc != DCOR_OK)
		goto out;
	c.n = n;
	c.ptp = s.ptp;
	c.row = row;
	c.thresh = opts->thresh_cleansing;
	c.frac = opts->frac_cleansing;
	rc = dcor_cleanse(&c, keep, &m, &out->fell_back, err);
	if (rc == DCOR_OK)
		rc = take(out, &s, keep, row, n, m, &a, opts, err);
out:
	if (rc != DCOR_OK)
		dcor_sparsemed_fini(out);
	free(first);
	free(row);
	free(keep);
	free(s.ptp);
	free(s.mean);
	free(s.med2);
	return rc;
}

void
dcor_sparsemed_fini(struct dcor_sparsemed *s)
{
	free(s->mean);
	free(s->bg_med2);
	free(s->index);
	free(s->at);
	if (s->fd >= 0)
		close(s->fd);
	memset(s, 0, sizeof(*s));
	s->fd = -1;
}

int
dcor_sparsemed_image(const struct dcor_sparsemed *s, uint64_t j,
    uint8_t *dst, size_t size, struct dcor_err *err)
{
	size_t done = 0;
	ssize_t got;

	if (j >= s->m || size < s->npix)
		return dcor_err_set(err, DCOR_EBUG, 0,
		    "background image %llu", (unsigned long long)j);
	while (done < s->npix) {
		got = pread(s->fd, dst + done, s->npix - done,
		    (off_t)((uint64_t)s->at[j] * s->npix + done));
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return dcor_err_sys(err, got < 0 ? errno : EIO,
			    "background images: scratch file");
		done += (size_t)got;
	}
	return DCOR_OK;
}

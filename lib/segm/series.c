/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "segm/series.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "segm/median.h"

/*
 * Windows are independent, so each worker takes one after the other; what
 * overlaps is read once, as a group.  Where so many windows do not fit in
 * the budget, all workers share one window: they read a part each, then
 * take the medians of some pixels each.  A window that does not fit at all
 * is read in blocks that are counted into histograms.
 */
#define GROUP	4		/* windows' worth of frames in a group */
#define READ	64		/* frames worth a task */
#define PIXELS	1024		/* pixels worth a task */
#define ALONE	4		/* workers that need not share a window */

struct lane {
	uint8_t		*buf;		/* frames of a group */
	uint8_t		*image;
	void		*scratch;
	struct dcor_err	 err;
	size_t		 bad;		/* the group that failed */
};

struct job {
	const struct dcor_series *s;
	size_t		 npix, k;
	struct lane	*lane;
	size_t		 lanes;
	size_t		*group;		/* first window of each, and n */
	size_t		 groups;
	atomic_size_t	 next;
	atomic_size_t	 bad;		/* lowest group that failed */
	/* for a shared window */
	uint8_t		*buf, *image;
	uint32_t	*hist;
	uint64_t	 from;		/* the frames in buf */
	size_t		 count;
	size_t		 px0, px;	/* the pixels looked at */
	size_t		 parts;
};

/* What is to be known of image i, then the image itself to its place. */
static int
finish(const struct job *j, size_t i, const uint8_t *image,
    struct dcor_err *err)
{
	const struct dcor_series *s = j->s;
	uint32_t w = s->in->w, h = s->in->h, x, y;
	const uint8_t *p = image;
	size_t done;
	ssize_t got;

	for (y = 0; y < h; y++) {
		uint8_t lo = 255, hi = 0;

		for (x = 0; x < w; x++, p++) {
			lo = *p < lo ? *p : lo;
			hi = *p > hi ? *p : hi;
		}
		s->ptp[i * h + y] = (uint8_t)(hi - lo);
	}
	s->mean[i] = dcor_top_mean(image, w, h);
	s->med2[i] = (uint16_t)dcor_median2(image, j->npix);
	for (done = 0; done < j->npix; done += (size_t)got) {
		got = pwrite(s->fd, image + done, j->npix - done,
		    (off_t)(i * j->npix + done));
		if (got < 0 && errno == EINTR)
			got = 0;
		else if (got < 0)
			return dcor_err_sys(err, errno,
			    "background images: scratch file");
	}
	return DCOR_OK;
}

static int
do_group(const struct job *j, struct lane *l, size_t g)
{
	const struct dcor_series *s = j->s;
	size_t i = j->group[g], end = j->group[g + 1];
	uint64_t from = s->first[i];
	int rc;

	rc = s->in->read(s->in->ctx, from,
	    (size_t)(s->first[end - 1] - from) + j->k, l->buf, &l->err);
	for (; rc == DCOR_OK && i < end; i++) {
		dcor_median_images(l->buf + (size_t)(s->first[i] - from) *
		    j->npix, j->npix, j->k, 0, j->npix, l->image, l->scratch);
		rc = finish(j, i, l->image, &l->err);
	}
	return rc;
}

/* A group is left out only when one before it failed, so the first failure
 * is the same however the groups fall to the lanes. */
static void
run_lane(void *arg, size_t i, unsigned worker)
{
	struct job *j = arg;
	struct lane *l = &j->lane[i];
	size_t g, low;

	(void)worker;
	while ((g = atomic_fetch_add(&j->next, 1)) < j->groups &&
	    g < atomic_load(&j->bad)) {
		if (do_group(j, l, g) == DCOR_OK)
			continue;
		l->bad = g;
		low = atomic_load(&j->bad);
		while (g < low &&
		    !atomic_compare_exchange_weak(&j->bad, &low, g))
			;
		return;
	}
}

static int
first_failure(const struct job *j, struct dcor_err *err)
{
	const struct lane *l = NULL;
	size_t i;

	for (i = 0; i < j->lanes; i++)
		if (j->lane[i].err.code != DCOR_OK &&
		    (l == NULL || j->lane[i].bad < l->bad))
			l = &j->lane[i];
	return l == NULL ? DCOR_OK : dcor_err_copy(err, &l->err);
}

/* Groups of windows of which each begins before the end of the one before
 * it, all in not more than max frames. */
static int
make_groups(struct job *j, size_t max)
{
	const uint64_t *first = j->s->first;
	size_t i;

	j->group = malloc((j->s->n + 1) * sizeof(*j->group));
	if (j->group == NULL)
		return DCOR_ENOMEM;
	j->group[0] = 0;
	j->groups = 1;
	for (i = 1; i < j->s->n; i++)
		if (first[i] < first[i - 1] ||
		    first[i] > first[i - 1] + j->k || first[i] + j->k -
		    first[j->group[j->groups - 1]] > max)
			j->group[j->groups++] = i;
	j->group[j->groups] = i;
	return DCOR_OK;
}

static int
each_alone(struct job *j, struct dcor_pool *pool, struct dcor_err *err)
{
	const struct dcor_series *s = j->s;
	uint64_t span, lo = s->first[0], hi = lo;
	size_t max, share = s->budget / j->lanes, i;

	/* large groups save reading, small ones share the work evenly */
	for (i = 0; i < s->n; i++) {
		lo = s->first[i] < lo ? s->first[i] : lo;
		hi = s->first[i] > hi ? s->first[i] : hi;
	}
	span = (hi - lo + j->k) / (4 * j->lanes);
	max = GROUP * j->k;
	if (max > share / j->npix)
		max = share / j->npix;
	if (max > span)
		max = (size_t)span;
	if (max < j->k)
		max = j->k;
	if (make_groups(j, max) != DCOR_OK)
		return dcor_err_nomem(err);
	for (i = 0; i < j->lanes; i++) {
		j->lane[i].buf = malloc(max * j->npix);
		j->lane[i].image = malloc(j->npix);
		j->lane[i].scratch = malloc(dcor_median_scratch(j->k));
		if (j->lane[i].buf == NULL || j->lane[i].image == NULL ||
		    j->lane[i].scratch == NULL)
			return dcor_err_nomem(err);
	}
	dcor_pool_each(pool, j->lanes, run_lane, j);
	return first_failure(j, err);
}

static void
read_part(void *arg, size_t i, unsigned worker)
{
	struct job *j = arg;
	size_t lo = j->count * i / j->parts;
	size_t hi = j->count * (i + 1) / j->parts;

	(void)worker;
	j->lane[i].bad = i;
	(void)j->s->in->read(j->s->in->ctx, j->from + lo, hi - lo,
	    j->buf + lo * j->npix, &j->lane[i].err);
}

/* count frames from from on to buf, by all workers. */
static int
read_shared(struct job *j, struct dcor_pool *pool, uint64_t from,
    size_t count, struct dcor_err *err)
{
	j->from = from;
	j->count = count;
	j->parts = (count + READ - 1) / READ;
	if (j->parts > j->lanes)
		j->parts = j->lanes;
	dcor_pool_each(pool, j->parts, read_part, j);
	return first_failure(j, err);
}

static size_t
pixels_of(const struct job *j, size_t i, size_t *first)
{
	size_t left = j->px - i * PIXELS;

	*first = j->px0 + i * PIXELS;
	return left < PIXELS ? left : PIXELS;
}

static void
median_part(void *arg, size_t i, unsigned worker)
{
	struct job *j = arg;
	size_t first, n = pixels_of(j, i, &first);

	dcor_median_images(j->buf, j->npix, j->k, first, n,
	    j->image + first, j->lane[worker].scratch);
}

static void
count_part(void *arg, size_t i, unsigned worker)
{
	struct job *j = arg;
	size_t first, n = pixels_of(j, i, &first), r, x;
	uint32_t *hist = j->hist + i * PIXELS * 256;
	const uint8_t *p;

	(void)worker;
	for (r = 0; r < j->count; r++) {
		p = j->buf + r * j->npix + first;
		for (x = 0; x < n; x++)
			hist[x * 256 + p[x]]++;
	}
}

static void
rank_part(void *arg, size_t i, unsigned worker)
{
	struct job *j = arg;
	size_t first, n = pixels_of(j, i, &first), x, below;
	uint32_t *hist = j->hist + i * PIXELS * 256;
	unsigned v;

	(void)worker;
	for (x = 0; x < n; x++, hist += 256) {
		for (v = 0, below = 0; (below += hist[v]) <= j->k / 2; v++)
			;
		j->image[first + x] = (uint8_t)v;
	}
}

/* One window in blocks of frames, a band of pixels at a time. */
static int
count_window(struct job *j, struct dcor_pool *pool, uint64_t from,
    size_t block, size_t band, struct dcor_err *err)
{
	size_t r, n, tasks;
	int rc = DCOR_OK;

	for (j->px0 = 0; j->px0 < j->npix; j->px0 += j->px) {
		j->px = j->npix - j->px0 < band ? j->npix - j->px0 : band;
		tasks = (j->px + PIXELS - 1) / PIXELS;
		memset(j->hist, 0, j->px * 256 * sizeof(*j->hist));
		for (r = 0; r < j->k; r += n) {
			n = j->k - r < block ? j->k - r : block;
			rc = read_shared(j, pool, from + r, n, err);
			if (rc != DCOR_OK)
				return rc;
			dcor_pool_each(pool, tasks, count_part, j);
		}
		dcor_pool_each(pool, tasks, rank_part, j);
	}
	return DCOR_OK;
}

static int
all_share(struct job *j, struct dcor_pool *pool, struct dcor_err *err)
{
	const struct dcor_series *s = j->s;
	size_t block = j->k, band = 0, i;
	int rc = DCOR_OK;

	if (s->budget / j->k < j->npix + j->lanes * DCOR_MEDIAN_W) {
		band = s->budget / 2 / (256 * sizeof(*j->hist));
		band = band < PIXELS ? PIXELS : band;
		band = band > j->npix ? j->npix : band;
		block = s->budget / 2 / j->npix;
		block = block < 1 ? 1 : block;
		block = block > j->k ? j->k : block;
		j->hist = malloc(band * 256 * sizeof(*j->hist));
	}
	j->buf = malloc(block * j->npix);
	j->image = malloc(j->npix);
	if (j->buf == NULL || j->image == NULL ||
	    (band > 0 && j->hist == NULL))
		return dcor_err_nomem(err);
	for (i = 0; band == 0 && i < j->lanes; i++) {
		j->lane[i].scratch = malloc(dcor_median_scratch(j->k));
		if (j->lane[i].scratch == NULL)
			return dcor_err_nomem(err);
	}
	for (i = 0; rc == DCOR_OK && i < s->n; i++) {
		if (band > 0) {
			rc = count_window(j, pool, s->first[i], block, band,
			    err);
		} else {
			rc = read_shared(j, pool, s->first[i], j->k, err);
			j->px0 = 0;
			j->px = j->npix;
			if (rc == DCOR_OK)
				dcor_pool_each(pool, (j->npix + PIXELS - 1) /
				    PIXELS, median_part, j);
		}
		if (rc == DCOR_OK)
			rc = finish(j, i, j->image, err);
	}
	return rc;
}

int
dcor_series(const struct dcor_series *s, struct dcor_pool *pool,
    struct dcor_err *err)
{
	size_t workers = dcor_pool_workers(pool), fit, i;
	struct job j = { .s = s };
	int rc;

	j.npix = (size_t)s->in->w * s->in->h;
	j.k = (size_t)s->k;
	atomic_init(&j.next, 0);
	atomic_init(&j.bad, SIZE_MAX);
	j.lane = calloc(workers, sizeof(*j.lane));
	if (j.lane == NULL)
		return dcor_err_nomem(err);
	fit = s->budget / j.k / (j.npix + DCOR_MEDIAN_W);
	if (fit >= workers || fit >= ALONE) {
		j.lanes = fit < workers ? fit : workers;
		if (j.lanes > s->n)
			j.lanes = s->n;
		rc = each_alone(&j, pool, err);
	} else {
		j.lanes = workers;
		rc = all_share(&j, pool, err);
	}
	for (i = 0; i < workers; i++) {
		free(j.lane[i].buf);
		free(j.lane[i].image);
		free(j.lane[i].scratch);
	}
	free(j.lane);
	free(j.group);
	free(j.buf);
	free(j.image);
	free(j.hist);
	return rc;
}

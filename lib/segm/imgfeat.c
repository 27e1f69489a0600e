/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "segm/imgfeat.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "segm/bright.h"
#include "segm/moments.h"
#include "segm/squares.h"
#include "segm/volume.h"

#define BLOCK_MAX	((size_t)8 << 20)	/* bytes of masks */

static const enum dcor_feat of_mask[] = {
	DCOR_FEAT_INERT_RATIO_CVX, DCOR_FEAT_INERT_RATIO_PRNC,
	DCOR_FEAT_INERT_RATIO_RAW, DCOR_FEAT_TILT, DCOR_FEAT_VOLUME
};
static const enum dcor_feat of_image[] = {
	DCOR_FEAT_BRIGHT_AVG, DCOR_FEAT_BRIGHT_SD
};
static const enum dcor_feat of_bg[] = {
	DCOR_FEAT_BRIGHT_BC_AVG, DCOR_FEAT_BRIGHT_BC_SD,
	DCOR_FEAT_BRIGHT_PERC_10, DCOR_FEAT_BRIGHT_PERC_90
};
#define COUNT(v)	(sizeof(v) / sizeof((v)[0]))

enum { MASK, IMAGE, BG, NSETS };
static const char *const set_name[NSETS] = { "mask", "image", "image_bg" };

/* Scratch of one worker. */
struct lane {
	struct dcor_reader	*reader;
	unsigned char		*buf[NSETS];
	int32_t			*points;
	size_t			 pointcap;
	struct dcor_squares	 squares;
	struct dcor_contour	 contour;
	struct dcor_hull	 hull;
	struct dcor_pixels	 pixels;
	struct dcor_run		*run;
	size_t			 runcap;
	struct dcor_err		 err;
};

struct work {
	const struct dcor_imgfeat *f;
	struct dcor_feature	 set[NSETS];
	uint64_t		 rows[NSETS];	/* 0: not there */
	uint32_t		 w, h;
	uint64_t		 block;		/* events */
	uint64_t		 first;		/* of this round */
	int			 shape, bright;	/* anything of these? */
	struct lane		*lane;
};

/* Whether frames of f are bytes; their size. */
static int
is_frames(const struct dcor_feature *f, uint32_t *w, uint32_t *h)
{
	const struct dcor_h5dset *i = dcor_dset_info(f->set);

	if (i->rank != 3 || i->type.size != 1 || i->dim[1] < 1 ||
	    i->dim[2] < 1 || i->dim[1] > DCOR_FRAME_MAX ||
	    i->dim[2] > DCOR_FRAME_MAX)
		return 0;
	*h = (uint32_t)i->dim[1];
	*w = (uint32_t)i->dim[2];
	return 1;
}

/* The three features, those that are there and fit together. */
static void
find_sets(struct dcor_rtdc *m, struct work *k)
{
	uint32_t w, h;
	int i;

	for (i = 0; i < NSETS; i++) {
		k->rows[i] = 0;
		if ((i > MASK && k->rows[i - 1] == 0) ||
		    dcor_rtdc_feature(m, set_name[i], &k->set[i], NULL) !=
		    DCOR_OK)
			continue;
		if (!is_frames(&k->set[i], &w, &h) || (i > MASK &&
		    (w != k->w || h != k->h))) {
			dcor_feature_fini(&k->set[i]);
			continue;
		}
		k->w = w;
		k->h = h;
		k->rows[i] = k->set[i].n;
	}
}

static void
drop_sets(struct work *k)
{
	int i;

	for (i = 0; i < NSETS; i++)
		if (k->rows[i] > 0)
			dcor_feature_fini(&k->set[i]);
}

void
dcor_imgfeat_can(struct dcor_rtdc *m, char can[DCOR_NFEATS])
{
	struct work k = { .f = NULL };
	size_t i;

	memset(can, 0, DCOR_NFEATS);
	find_sets(m, &k);
	for (i = 0; k.rows[MASK] > 0 && i < COUNT(of_mask); i++)
		can[of_mask[i]] = 1;
	for (i = 0; k.rows[IMAGE] > 0 && i < COUNT(of_image); i++)
		can[of_image[i]] = 1;
	for (i = 0; k.rows[BG] > 0 && i < COUNT(of_bg); i++)
		can[of_bg[i]] = 1;
	drop_sets(&k);
}

/* The contour that is stored for event i. */
static int
stored_contour(const struct work *k, struct lane *l, uint64_t i)
{
	const struct dcor_h5dset *info;
	struct dcor_contour *c = &l->contour;
	struct dcor_dset *d;
	int64_t v;
	char path[64];
	unsigned char *buf;
	size_t el, n, j;
	int rc;

	c->n = 0;
	snprintf(path, sizeof(path), "events/contour/%llu",
	    (unsigned long long)i);
	rc = dcor_dset_open(dcor_rtdc_h5(k->f->m), path, &d, &l->err);
	if (rc != DCOR_OK)
		return rc;
	info = dcor_dset_info(d);
	el = info->type.size;
	n = (size_t)dcor_dset_rows(d);
	if (info->rank != 2 || info->dim[1] != 2 || n > 1 << 24 ||
	    info->type.cls != DCOR_H5_INT || (el != 4 && el != 8 && el != 2))
		rc = dcor_err_set(&l->err, DCOR_EDATA, 0, "%s: no contour",
		    path);
	if (rc == DCOR_OK)
		rc = dcor_room(&c->x, &c->xcap, n, sizeof(*c->x), &l->err);
	if (rc == DCOR_OK)
		rc = dcor_room(&c->y, &c->ycap, n, sizeof(*c->y), &l->err);
	buf = rc == DCOR_OK ? malloc(2 * n * el + 1) : NULL;
	if (rc == DCOR_OK && buf == NULL)
		rc = dcor_err_nomem(&l->err);
	if (rc == DCOR_OK)
		rc = dcor_dset_read(d, l->reader, 0, n, buf, &l->err);
	for (j = 0; rc == DCOR_OK && j < 2 * n; j++) {
		v = 0;		/* little-endian; coordinates are small */
		memcpy(&v, buf + j * el, el);
		(j % 2 == 0 ? c->x : c->y)[j / 2] = (int32_t)v;
	}
	if (rc == DCOR_OK)
		c->n = n;
	free(buf);
	dcor_reader_free(l->reader);	/* it remembers d */
	l->reader = NULL;
	dcor_dset_close(d);
	return rc == DCOR_OK ? dcor_reader_new(&l->reader, &l->err) : rc;
}

/* The points of the contour as runs from the first to the last of each row:
 * they have the same hull. */
static int
make_hull(struct lane *l, struct dcor_blob *b)
{
	const struct dcor_contour *c = &l->contour;
	int32_t x0, x1, y0, y1, x;
	struct dcor_run *r;
	size_t i;
	int rc;

	x0 = x1 = c->x[0];
	y0 = y1 = c->y[0];
	for (i = 1; i < c->n; i++) {
		x0 = c->x[i] < x0 ? c->x[i] : x0;
		x1 = c->x[i] > x1 ? c->x[i] : x1;
		y0 = c->y[i] < y0 ? c->y[i] : y0;
		y1 = c->y[i] > y1 ? c->y[i] : y1;
	}
	if (x0 < 0 || y0 < 0 || x1 >= DCOR_FRAME_MAX || y1 >= DCOR_FRAME_MAX)
		return dcor_err_set(&l->err, DCOR_EDATA, 0,
		    "a contour out of the frame");
	rc = dcor_room(&l->run, &l->runcap, (size_t)(y1 - y0) + 1,
	    sizeof(*l->run), &l->err);
	if (rc != DCOR_OK)
		return rc;
	for (i = 0; i <= (size_t)(y1 - y0); i++)
		l->run[i] = (struct dcor_run){ .x0 = UINT16_MAX };
	for (i = 0; i < c->n; i++) {
		r = &l->run[c->y[i] - y0];
		x = c->x[i];
		r->y = (uint16_t)c->y[i];
		r->x0 = (uint16_t)(x < r->x0 ? x : r->x0);
		r->x1 = (uint16_t)(x + 1 > r->x1 ? x + 1 : r->x1);
	}
	for (i = 0, b->nruns = 0; i <= (size_t)(y1 - y0); i++)
		if (l->run[i].x0 < l->run[i].x1)
			l->run[b->nruns++] = l->run[i];
	b->run = l->run;
	b->x0 = (uint16_t)x0;
	b->x1 = (uint16_t)(x1 + 1);
	b->y0 = (uint16_t)y0;
	b->y1 = (uint16_t)(y1 + 1);
	return dcor_hull(&l->hull, b, &l->err);
}

static int
shape(const struct work *k, struct lane *l, uint64_t i, const uint8_t *mask,
    double *feat)
{
	const struct dcor_imgfeat *f = k->f;
	struct dcor_blob b = { .npix = 0 };
	int rc;

	if (f->contours)
		rc = stored_contour(k, l, i);
	else
		rc = dcor_squares(&l->squares, mask, k->w, k->h, &l->contour,
		    &l->err);
	if (rc != DCOR_OK || l->contour.n == 0)
		return rc;
	rc = make_hull(l, &b);
	if (rc != DCOR_OK)
		return rc;
	(void)dcor_moments(&l->contour, &l->hull, &b, 1, feat);
	if (f->feat[DCOR_FEAT_VOLUME] != NULL)
		feat[DCOR_FEAT_VOLUME] = dcor_volume(&l->contour,
		    f->pos_x[i] / f->pixel_size, f->pos_y[i] / f->pixel_size,
		    f->pixel_size);
	return DCOR_OK;
}

/* The pixels of a mask as runs; none: nruns is 0. */
static int
make_runs(const struct work *k, struct lane *l, const uint8_t *mask,
    struct dcor_blob *b)
{
	uint32_t x, y;
	size_t n = 0;
	int rc = DCOR_OK;

	*b = (struct dcor_blob){ .x1 = (uint16_t)k->w, .y1 = (uint16_t)k->h };
	for (y = 0; y < k->h; y++, mask += k->w)
		for (x = 0; x < k->w; x++) {
			if (mask[x] == 0)
				continue;
			rc = dcor_room(&l->run, &l->runcap, n + 1,
			    sizeof(*l->run), &l->err);
			if (rc != DCOR_OK)
				return rc;
			l->run[n].y = (uint16_t)y;
			l->run[n].x0 = (uint16_t)x;
			while (x < k->w && mask[x] != 0)
				x++;
			l->run[n].x1 = (uint16_t)x;
			b->npix += (uint32_t)(l->run[n].x1 - l->run[n].x0);
			n++;
		}
	b->run = l->run;
	b->nruns = (uint32_t)n;
	return rc;
}

static int
bright(const struct work *k, struct lane *l, uint64_t i, uint64_t row,
    double *feat)
{
	size_t at = (size_t)row * k->w * k->h;
	struct dcor_frame fr = { .w = k->w, .h = k->h,
	    .image = l->buf[IMAGE] + at };
	struct dcor_blob b;
	size_t j;
	int rc;

	/* without a background the corrected values are of no use */
	fr.bg = k->rows[BG] > i ? l->buf[BG] + at : fr.image;
	if (k->f->bg_off != NULL) {
		fr.has_off = 1;
		fr.off = k->f->bg_off[i];
	}
	rc = make_runs(k, l, l->buf[MASK] + at, &b);
	if (rc != DCOR_OK || b.nruns == 0)
		return rc;
	rc = dcor_pixels(&l->pixels, &fr, &b, &l->err);
	if (rc != DCOR_OK)
		return rc;
	dcor_bright(&fr, &l->pixels, feat);
	for (j = 0; k->rows[BG] <= i && j < COUNT(of_bg); j++)
		feat[of_bg[j]] = (double)NAN;
	return DCOR_OK;
}

/* Reads what there is of n events of a set. */
static int
read_set(const struct work *k, struct lane *l, int set, uint64_t first,
    uint64_t n)
{
	uint64_t rows = k->rows[set];

	if (first >= rows)
		return DCOR_OK;
	if (l->buf[set] == NULL && (l->buf[set] = malloc((size_t)k->block *
	    k->w * k->h)) == NULL)
		return dcor_err_nomem(&l->err);
	return dcor_feature_read(&k->set[set], l->reader, first,
	    n < rows - first ? n : rows - first, l->buf[set], &l->err);
}

static void
one_block(void *arg, size_t nr, unsigned worker)
{
	const struct work *k = arg;
	const struct dcor_imgfeat *f = k->f;
	struct lane *l = &k->lane[worker];
	uint64_t first = k->first + nr * k->block, n = k->block, i;
	double feat[DCOR_NFEATS];
	int rc = l->err.code, j;

	if (first >= f->n)
		return;
	n = n < f->n - first ? n : f->n - first;
	if (rc == DCOR_OK && l->reader == NULL)
		rc = dcor_reader_new(&l->reader, &l->err);
	for (j = MASK; rc == DCOR_OK && j < NSETS; j++)
		if (j == MASK || k->bright)
			rc = read_set(k, l, j, first, n);
	for (i = first; rc == DCOR_OK && i < first + n; i++) {
		for (j = 0; j < DCOR_NFEATS; j++)
			feat[j] = (double)NAN;
		if (k->shape && i < k->rows[MASK])
			rc = shape(k, l, i, l->buf[MASK] + (size_t)(i -
			    first) * k->w * k->h, feat);
		if (rc == DCOR_OK && k->bright && i < k->rows[MASK] &&
		    i < k->rows[IMAGE])
			rc = bright(k, l, i, i - first, feat);
		for (j = 0; j < DCOR_NFEATS; j++)
			if (f->feat[j] != NULL)
				f->feat[j][i] = feat[j];
	}
}

static void
free_lane(struct lane *l)
{
	int i;

	dcor_reader_free(l->reader);
	for (i = 0; i < NSETS; i++)
		free(l->buf[i]);
	free(l->run);
	dcor_squares_fini(&l->squares);
	dcor_contour_fini(&l->contour);
	dcor_hull_fini(&l->hull);
	dcor_pixels_fini(&l->pixels);
}

int
dcor_imgfeat(const struct dcor_imgfeat *f, struct dcor_err *err)
{
	unsigned workers = dcor_pool_workers(f->pool), i;
	struct work k = { .f = f };
	size_t j, most;
	int rc = DCOR_OK;

	for (j = 0; j < COUNT(of_mask); j++)
		k.shape |= f->feat[of_mask[j]] != NULL;
	for (j = 0; j < COUNT(of_image); j++)
		k.bright |= f->feat[of_image[j]] != NULL;
	for (j = 0; j < COUNT(of_bg); j++)
		k.bright |= f->feat[of_bg[j]] != NULL;
	find_sets(f->m, &k);
	k.lane = calloc(workers, sizeof(*k.lane));
	if (k.lane == NULL)
		rc = dcor_err_nomem(err);
	if (rc == DCOR_OK && k.rows[MASK] > 0) {
		most = BLOCK_MAX / ((size_t)k.w * k.h);
		k.block = dcor_dset_chunk_rows(k.set[MASK].set);
		if (k.block > most)
			k.block = most;
		if (k.block < 1)
			k.block = 1;
	}
	for (; rc == DCOR_OK && k.block > 0 && k.first < f->n;
	    k.first += 4 * workers * k.block) {
		dcor_pool_each(f->pool, 4 * workers, one_block, &k);
		for (i = 0; rc == DCOR_OK && i < workers; i++)
			rc = dcor_err_copy(err, &k.lane[i].err);
		if (rc == DCOR_OK && f->stopped != NULL && f->stopped(f->ctx))
			rc = dcor_err_set(err, DCOR_ETEMP, 0, "interrupted");
	}
	for (i = 0; k.lane != NULL && i < workers; i++)
		free_lane(&k.lane[i]);
	free(k.lane);
	drop_sets(&k);
	return rc;
}

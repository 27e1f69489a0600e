/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "segm/moments.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define PI 3.14159265358979323846

struct polygon {
	double	m00, m10, m01, mu20, mu11, mu02;
	double	perimeter;
};

/* ---- hull ---- */

/*
 * Adds a point to one side of the hull, which began at point base, and
 * drops points that no longer are corners.
 */
static void
add_corner(struct dcor_hull *h, size_t base, int32_t x, int32_t y)
{
	int64_t ax, ay, bx, by;

	while (h->n >= base + 2) {
		ax = h->x[h->n - 1] - h->x[h->n - 2];
		ay = h->y[h->n - 1] - h->y[h->n - 2];
		bx = x - h->x[h->n - 2];
		by = y - h->y[h->n - 2];
		if (ax * by - ay * bx < 0)
			break;
		h->n--;
	}
	h->x[h->n] = x;
	h->y[h->n] = y;
	h->n++;
}

int
dcor_hull(struct dcor_hull *h, const struct dcor_blob *b,
    struct dcor_err *err)
{
	const struct dcor_run *r = b->run;
	size_t most = 2 * (size_t)(b->y1 - b->y0) + 2, base;
	uint32_t i;
	int rc;

	rc = dcor_room(&h->x, &h->xcap, most, sizeof(*h->x), err);
	if (rc == DCOR_OK)
		rc = dcor_room(&h->y, &h->ycap, most, sizeof(*h->y), err);
	if (rc != DCOR_OK)
		return rc;
	/* Down the left side, up the right. */
	h->n = 0;
	for (i = 0; i < b->nruns; i++)
		if (i == 0 || r[i].y != r[i - 1].y)
			add_corner(h, 0, r[i].x0, r[i].y);
	base = h->n;
	for (i = b->nruns; i-- > 0;)
		if (i + 1 == b->nruns || r[i].y != r[i + 1].y)
			add_corner(h, base, r[i].x1 - 1, r[i].y);
	/* The sides may share their lowest and their highest point. */
	if (h->x[base] == h->x[base - 1]) {
		memmove(h->x + base, h->x + base + 1,
		    (h->n - base - 1) * sizeof(*h->x));
		memmove(h->y + base, h->y + base + 1,
		    (h->n - base - 1) * sizeof(*h->y));
		h->n--;
	}
	if (h->n > 1 && h->x[h->n - 1] == h->x[0] &&
	    h->y[h->n - 1] == h->y[0])
		h->n--;
	return DCOR_OK;
}

void
dcor_hull_fini(struct dcor_hull *h)
{
	free(h->x);
	free(h->y);
	memset(h, 0, sizeof(*h));
}

/* ---- moments ---- */

/*
 * The sums over the sides of a polygon are integers.  Those of a blob fit
 * 64 bits though sums on the way may not: hence modulo 2^64.
 */
struct sums {
	uint64_t	a00, a10, a01, a20, a11, a02;
};

static double
real(uint64_t a)
{
	return a > INT64_MAX ? -(double)-a : (double)a;
}

static void
add_up(const int32_t *x, const int32_t *y, size_t n, struct sums *s)
{
	int64_t px = x[n - 1], py = y[n - 1], qx, qy, d, sx, sy;
	size_t i;

	memset(s, 0, sizeof(*s));
	for (i = 0; i < n; i++, px = qx, py = qy) {
		qx = x[i];
		qy = y[i];
		d = px * qy - qx * py;
		sx = px + qx;
		sy = py + qy;
		s->a00 += (uint64_t)d;
		s->a10 += (uint64_t)(d * sx);
		s->a01 += (uint64_t)(d * sy);
		s->a20 += (uint64_t)(d * (px * sx + qx * qx));
		s->a02 += (uint64_t)(d * (py * sy + qy * qy));
		s->a11 += (uint64_t)(d * (px * (py + sy) + qx * (sy + qy)));
	}
}

/* Lengths are single, their sum is double: so does OpenCV. */
static double
perimeter(const int32_t *x, const int32_t *y, size_t n)
{
	float dx, dy;
	double sum = 0;
	size_t i;

	for (i = 0; i < n; i++) {
		dx = (float)(x[i] - x[i > 0 ? i - 1 : n - 1]);
		dy = (float)(y[i] - y[i > 0 ? i - 1 : n - 1]);
		sum += (double)sqrtf(dx * dx + dy * dy);
	}
	return sum;
}

/* Returns 0 if the polygon has no area. */
static int
measure(const int32_t *x, const int32_t *y, size_t n, struct polygon *p)
{
	double sign, inv, cx, cy, m20, m11, m02;
	struct sums s;

	add_up(x, y, n, &s);
	if (s.a00 == 0)
		return 0;
	sign = s.a00 > INT64_MAX ? -1 : 1;
	p->m00 = real(s.a00) * (sign * 0.5);
	p->m10 = real(s.a10) * (sign * (1.0 / 6));
	p->m01 = real(s.a01) * (sign * (1.0 / 6));
	m20 = real(s.a20) * (sign * (1.0 / 12));
	m11 = real(s.a11) * (sign * (1.0 / 24));
	m02 = real(s.a02) * (sign * (1.0 / 12));
	inv = 1 / p->m00;
	cx = p->m10 * inv;
	cy = p->m01 * inv;
	p->mu20 = m20 - p->m10 * cx;
	p->mu11 = m11 - p->m10 * cy;
	p->mu02 = m02 - p->m01 * cy;
	p->perimeter = perimeter(x, y, n);
	return 1;
}

static double
inert_ratio(const struct polygon *p)
{
	return p->mu02 > 0 ? sqrt(p->mu20 / p->mu02) : (double)NAN;
}

/* From the principal moments of inertia. */
static void
principal(const struct polygon *p, double *feat)
{
	double xx = p->mu02, yy = p->mu20, xy = p->mu11, r, i1, i2;

	r = sqrt((xx - yy) * (xx - yy) + 4 * (xy * xy));
	i1 = 0.5 * (xx + yy + r);
	i2 = 0.5 * (xx + yy - r);
	feat[DCOR_FEAT_INERT_RATIO_PRNC] = i1 / i2 >= 0 ? sqrt(i1 / i2) :
	    (double)NAN;
	feat[DCOR_FEAT_ECCENTR_PRNC] = sqrt((i1 - i2) / i1);
	feat[DCOR_FEAT_TILT] = fabs(0.5 * atan2(-2 * p->mu11,
	    p->mu20 - p->mu02));
}

static const enum dcor_feat shape_feat[] = {
	DCOR_FEAT_AREA_MSD, DCOR_FEAT_AREA_RATIO, DCOR_FEAT_AREA_UM,
	DCOR_FEAT_AREA_UM_RAW, DCOR_FEAT_ASPECT, DCOR_FEAT_DEFORM,
	DCOR_FEAT_DEFORM_RAW, DCOR_FEAT_ECCENTR_PRNC,
	DCOR_FEAT_INERT_RATIO_CVX, DCOR_FEAT_INERT_RATIO_PRNC,
	DCOR_FEAT_INERT_RATIO_RAW, DCOR_FEAT_PER_RATIO,
	DCOR_FEAT_PER_UM_RAW, DCOR_FEAT_POS_X, DCOR_FEAT_POS_Y,
	DCOR_FEAT_SIZE_X, DCOR_FEAT_SIZE_Y, DCOR_FEAT_TILT
};

int
dcor_moments(const struct dcor_contour *c, const struct dcor_hull *h,
    const struct dcor_blob *b, double pixel_size, double *feat)
{
	/* Volatile, or pow becomes a product, which may round otherwise. */
	volatile double two = 2;
	double ps = pixel_size, ps2 = pow(ps, two);
	int w = b->x1 - b->x0, ht = b->y1 - b->y0;
	struct polygon raw, cvx;
	size_t i;

	if (!measure(c->x, c->y, c->n, &raw) ||
	    !measure(h->x, h->y, h->n, &cvx)) {
		for (i = 0; i < sizeof(shape_feat) / sizeof(*shape_feat); i++)
			feat[shape_feat[i]] = (double)NAN;
		return 0;
	}
	feat[DCOR_FEAT_AREA_MSD] = raw.m00;
	feat[DCOR_FEAT_AREA_RATIO] = cvx.m00 / raw.m00;
	feat[DCOR_FEAT_AREA_UM] = cvx.m00 * ps2;
	feat[DCOR_FEAT_AREA_UM_RAW] = raw.m00 * ps2;
	feat[DCOR_FEAT_ASPECT] = (double)w / ht;
	feat[DCOR_FEAT_DEFORM] = 1 - 2 * sqrt(PI * cvx.m00) / cvx.perimeter;
	feat[DCOR_FEAT_DEFORM_RAW] = 1 - 2 * sqrt(PI * raw.m00) /
	    raw.perimeter;
	feat[DCOR_FEAT_PER_RATIO] = raw.perimeter / cvx.perimeter;
	feat[DCOR_FEAT_PER_UM_RAW] = raw.perimeter * ps;
	feat[DCOR_FEAT_POS_X] = cvx.m10 / cvx.m00 * ps;
	feat[DCOR_FEAT_POS_Y] = cvx.m01 / cvx.m00 * ps;
	feat[DCOR_FEAT_SIZE_X] = w * ps;
	feat[DCOR_FEAT_SIZE_Y] = ht * ps;
	feat[DCOR_FEAT_INERT_RATIO_CVX] = inert_ratio(&cvx);
	feat[DCOR_FEAT_INERT_RATIO_RAW] = inert_ratio(&raw);
	principal(&raw, feat);
	return 1;
}

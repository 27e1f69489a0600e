/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "segm/contour.h"

#include <stdlib.h>
#include <string.h>

/* Directions: 0 east, 1 north-east, ... counter-clockwise, 7 south-east. */
static const int8_t step_x[8] = { 1, 1, 0, -1, -1, -1, 0, 1 };
static const int8_t step_y[8] = { 0, -1, -1, -1, 0, 1, 1, 1 };

/* Three pixels of the row above or of the same row to bits of a ring. */
static const uint8_t above[8] = { 0, 8, 4, 12, 2, 10, 6, 14 };
static const uint8_t beside[8] = { 0, 16, 0, 16, 1, 17, 1, 17 };

/* The neighbours of (x, y), bit d in direction d; the plane has a margin of
 * one pixel. */
static inline unsigned
around(const struct dcor_bits *b, uint32_t x, uint32_t y)
{
	const uint64_t *r = b->word + (size_t)(y - 1) * b->stride +
	    ((x - 1) >> 6);
	unsigned s = (x - 1) & 63;
	uint64_t u = r[0] >> s, v = r[b->stride] >> s,
	    w = r[2 * (size_t)b->stride] >> s;

	if (s > 61) {
		u |= r[1] << (64 - s);
		v |= r[b->stride + 1] << (64 - s);
		w |= r[2 * (size_t)b->stride + 1] << (64 - s);
	}
	return above[u & 7] | beside[v & 7] | (unsigned)(w & 7) << 5;
}

/* The first neighbour counter-clockwise from direction s on. */
static inline unsigned
turn(unsigned ring, unsigned s)
{
	return (s + (unsigned)__builtin_ctz((ring | ring << 8) >> s)) & 7;
}

static int
room(struct dcor_contour *c, size_t n, struct dcor_err *err)
{
	int rc;

	rc = dcor_room(&c->x, &c->xcap, n, sizeof(*c->x), err);
	if (rc == DCOR_OK)
		rc = dcor_room(&c->y, &c->ycap, n, sizeof(*c->y), err);
	return rc;
}

static int
follow(struct dcor_contour *c, uint32_t x0, uint32_t y0, int32_t ox,
    int32_t oy, struct dcor_err *err)
{
	const struct dcor_bits *b = &c->plane.bits;
	uint32_t x = x0, y = y0, endx, endy, nx, ny;
	unsigned s, nb = around(b, x, y);
	size_t n = 0;
	int rc;

	c->n = 0;
	rc = room(c, 64, err);
	if (rc != DCOR_OK)
		return rc;
	if (nb == 0) {
		c->x[0] = (int32_t)x + ox;
		c->y[0] = (int32_t)y + oy;
		c->n = 1;
		return DCOR_OK;
	}
	/* Clockwise from west: the pixel from which the start is entered
	 * last. */
	for (s = 3; (nb >> s & 1) == 0; s = (s - 1) & 7)
		;
	endx = x + (uint32_t)step_x[s];
	endy = y + (uint32_t)step_y[s];
	for (;;) {
		s = turn(around(b, x, y), (s + 1) & 7);
		nx = x + (uint32_t)step_x[s];
		ny = y + (uint32_t)step_y[s];
		if (n == c->xcap || n == c->ycap) {
			rc = room(c, n + 1, err);
			if (rc != DCOR_OK)
				return rc;
		}
		c->x[n] = (int32_t)x + ox;
		c->y[n] = (int32_t)y + oy;
		n++;
		if (nx == x0 && ny == y0 && x == endx && y == endy)
			break;
		x = nx;
		y = ny;
		s = (s + 4) & 7;
	}
	c->n = n;
	return DCOR_OK;
}

int
dcor_contour(struct dcor_contour *c, const struct dcor_blob *b,
    struct dcor_err *err)
{
	const struct dcor_run *r = b->run;
	uint32_t i;
	int rc;

	/* With a margin, so that no neighbour lies outside. */
	rc = dcor_plane_set(&c->plane, (uint32_t)(b->x1 - b->x0) + 2,
	    (uint32_t)(b->y1 - b->y0) + 2, err);
	if (rc != DCOR_OK)
		return rc;
	for (i = 0; i < b->nruns; i++)
		dcor_bits_run(&c->plane.bits, (uint32_t)(r[i].y - b->y0) + 1,
		    (uint32_t)(r[i].x0 - b->x0) + 1,
		    (uint32_t)(r[i].x1 - b->x0) + 1);
	return follow(c, (uint32_t)(r[0].x0 - b->x0) + 1, 1, b->x0 - 1,
	    b->y0 - 1, err);
}

void
dcor_contour_fini(struct dcor_contour *c)
{
	free(c->x);
	free(c->y);
	dcor_plane_fini(&c->plane);
	memset(c, 0, sizeof(*c));
}

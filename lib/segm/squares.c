/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "segm/squares.h"

#include <stdlib.h>
#include <string.h>

/*
 * A square has four pixels, (x, y), (x, y+1), (x+1, y), (x+1, y+1), bits 0
 * to 3 of its number, and four sides: between 0 and 1, 2 and 3, 0 and 2, 1
 * and 3.  Lines go from side to side with the outside on their left.
 */
enum side { TOP, BOTTOM, LEFT, RIGHT, NONE };

/* Where the line goes that comes in by a side. */
static const unsigned char leave[16][4] = {
#define T TOP
#define B BOTTOM
#define L LEFT
#define R RIGHT
#define o NONE
	{ o, o, o, o }, { L, o, o, o }, { o, o, o, T }, { o, o, o, L },
	{ o, o, B, o }, { B, o, o, o }, { o, o, T, B }, { o, o, o, B },
	{ o, R, o, o }, { R, L, o, o }, { o, T, o, o }, { o, L, o, o },
	{ o, o, R, o }, { R, o, o, o }, { o, o, T, o }, { o, o, o, o }
#undef T
#undef B
#undef L
#undef R
#undef o
};

struct grid {
	const uint8_t	*mask;
	uint32_t	 w, h;
	uint32_t	 x0, y0, x1, y1;	/* squares in the box */
	unsigned char	*seen;			/* bit: side of entry */
};

struct place {
	uint32_t	 x, y;
	unsigned	 in;		/* side of entry */
};

static inline int
inside(const struct grid *g, uint32_t x, uint32_t y)
{
	return g->mask[(size_t)y * g->w + x] != 0;
}

static inline unsigned
number(const struct grid *g, uint32_t x, uint32_t y)
{
	return (unsigned)inside(g, x, y) |
	    (unsigned)inside(g, x, y + 1) << 1 |
	    (unsigned)inside(g, x + 1, y) << 2 |
	    (unsigned)inside(g, x + 1, y + 1) << 3;
}

static inline unsigned char *
seen(const struct grid *g, const struct place *p)
{
	return &g->seen[(size_t)(p->x - g->x0) * (g->y1 - g->y0) + p->y -
	    g->y0];
}

/* Through a side into the next square; 0: out of the frame. */
static int
cross(const struct grid *g, struct place *p, unsigned side)
{
	static const unsigned char other[4] = { BOTTOM, TOP, RIGHT, LEFT };

	if ((side == TOP && p->x == 0) || (side == BOTTOM && p->x + 2 ==
	    g->w) || (side == LEFT && p->y == 0) || (side == RIGHT &&
	    p->y + 2 == g->h))
		return 0;
	p->x += side == BOTTOM;
	p->x -= side == TOP;
	p->y += side == RIGHT;
	p->y -= side == LEFT;
	p->in = other[side];
	return 1;
}

static inline int
forward(const struct grid *g, struct place *p)
{
	return cross(g, p, leave[number(g, p->x, p->y)][p->in]);
}

static int
backward(const struct grid *g, struct place *p)
{
	static const unsigned char other[4] = { BOTTOM, TOP, RIGHT, LEFT };
	unsigned out, k, n;

	out = p->in;
	if (!cross(g, p, out))
		return 0;
	n = number(g, p->x, p->y);
	for (k = 0; leave[n][k] != other[out]; k++)
		;
	p->in = k;
	return 1;
}

/* The pixel inside at a side of a square. */
static void
pixel(const struct grid *g, const struct place *p, unsigned side,
    uint32_t *x, uint32_t *y)
{
	*x = p->x + (side == BOTTOM);
	*y = p->y + (side == RIGHT);
	if (!inside(g, *x, *y)) {
		*x += side == LEFT || side == RIGHT;
		*y += side == TOP || side == BOTTOM;
	}
}

/* Marks the line through p; returns its segments and sets p to its start. */
static size_t
follow(const struct grid *g, struct place *p)
{
	struct place first = *p, q = *p;
	size_t n = 0;

	while (backward(g, &q)) {
		if (q.x == first.x && q.y == first.y && q.in == first.in)
			break;		/* closed */
		*p = q;
	}
	q = *p;
	do {
		*seen(g, &q) |= (unsigned char)(1 << q.in);
		n++;
	} while (forward(g, &q) && (q.x != p->x || q.y != p->y ||
	    q.in != p->in));
	return n;
}

static int
emit(const struct grid *g, struct place p, size_t n, struct dcor_contour *c,
    struct dcor_err *err)
{
	uint32_t x, y;
	size_t i;
	int rc;

	c->n = 0;
	rc = dcor_room(&c->x, &c->xcap, n + 1, sizeof(*c->x), err);
	if (rc == DCOR_OK)
		rc = dcor_room(&c->y, &c->ycap, n + 1, sizeof(*c->y), err);
	for (i = 0; rc == DCOR_OK && i <= n; i++) {
		if (i < n)
			pixel(g, &p, p.in, &x, &y);
		else	/* where the last segment ends */
			pixel(g, &p, leave[number(g, p.x, p.y)][p.in], &x,
			    &y);
		if (c->n == 0 || c->x[c->n - 1] != (int32_t)x ||
		    c->y[c->n - 1] != (int32_t)y) {
			c->x[c->n] = (int32_t)x;
			c->y[c->n++] = (int32_t)y;
		}
		if (i + 1 < n)
			(void)forward(g, &p);
	}
	while (c->n > 0 && c->x[c->n - 1] == c->x[0] &&
	    c->y[c->n - 1] == c->y[0])
		c->n--;		/* it is a circle */
	return rc;
}

/* The squares that may have a line; 0: none. */
static int
find_box(struct grid *g)
{
	uint32_t y, a, b, x0 = g->w, x1 = 0, y0 = g->h, y1 = 0;

	for (y = 0; y < g->h; y++) {
		for (a = 0; a < g->w && !inside(g, a, y); a++)
			;
		if (a == g->w)
			continue;
		for (b = g->w; !inside(g, b - 1, y); b--)
			;
		x0 = a < x0 ? a : x0;
		x1 = b > x1 ? b : x1;
		y0 = y < y0 ? y : y0;
		y1 = y + 1;
	}
	if (x0 >= x1 || g->w < 2 || g->h < 2)
		return 0;
	g->x0 = x0 > 0 ? x0 - 1 : 0;
	g->y0 = y0 > 0 ? y0 - 1 : 0;
	g->x1 = x1 < g->w ? x1 : g->w - 1;
	g->y1 = y1 < g->h ? y1 : g->h - 1;
	return 1;
}

int
dcor_squares(struct dcor_squares *s, const uint8_t *mask, uint32_t w,
    uint32_t h, struct dcor_contour *c, struct dcor_err *err)
{
	struct grid g = { .mask = mask, .w = w, .h = h };
	struct place p, best = { 0, 0, NONE };
	size_t cells, n, most = 0;
	unsigned k, in;
	int rc;

	c->n = 0;
	if (!find_box(&g))
		return DCOR_OK;
	cells = (size_t)(g.x1 - g.x0) * (g.y1 - g.y0);
	rc = dcor_room(&s->seen, &s->cap, cells, 1, err);
	if (rc != DCOR_OK)
		return rc;
	memset(s->seen, 0, cells);
	g.seen = s->seen;
	for (p.x = g.x0; p.x < g.x1; p.x++)
		for (p.y = g.y0; p.y < g.y1; p.y++) {
			k = number(&g, p.x, p.y);
			for (in = 0; in < 4; in++) {
				struct place q = { p.x, p.y, in };

				if (leave[k][in] == NONE || *seen(&g, &q) >>
				    in & 1)
					continue;
				n = follow(&g, &q);
				if (n >= most) {
					most = n;
					best = q;
				}
			}
		}
	return most > 0 ? emit(&g, best, most, c, err) : DCOR_OK;
}

void
dcor_squares_fini(struct dcor_squares *s)
{
	free(s->seen);
	memset(s, 0, sizeof(*s));
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "segm/delaunay.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "segm/bits.h"

#define ONE	67108864.0	/* 2^26 */
#define NEAR	1e-12		/* of a corner's share, still inside */

__extension__ typedef __int128 wide;

struct point {
	int64_t		 x, y;
};

/* Corners counter-clockwise; next[i] lies across from corner i.  Corner
 * ghost is a point at infinity: the side across from it is the border. */
struct triangle {
	uint32_t	 v[3], next[3];
	uint32_t	 round;		/* in which it was looked at */
	int		 dead;
};

struct dcor_delaunay {
	const double	*x, *y;
	struct point	*p;
	uint32_t	 n;		/* points; also the ghost's number */
	struct triangle	*t;
	size_t		 nt, cap;
	uint32_t	*starts;	/* triangle whose border starts there */
	uint32_t	*stack, *dead;	/* triangles */
	size_t		 stackcap, deadcap, ndead;
	uint32_t	 round, last;
};

/* > 0: c is to the left of a -> b. */
static int
side(const struct point *a, const struct point *b, const struct point *c)
{
	int64_t d = (b->x - a->x) * (c->y - a->y) -
	    (b->y - a->y) * (c->x - a->x);

	return (d > 0) - (d < 0);
}

/* Whether d is within the circle through a, b, c. */
static int
in_circle(const struct point *a, const struct point *b,
    const struct point *c, const struct point *d)
{
	int64_t ax = a->x - d->x, ay = a->y - d->y, bx = b->x - d->x,
	    by = b->y - d->y, cx = c->x - d->x, cy = c->y - d->y;
	wide det;

	det = (wide)(ax * ax + ay * ay) * (bx * cy - cx * by) -
	    (wide)(bx * bx + by * by) * (ax * cy - cx * ay) +
	    (wide)(cx * cx + cy * cy) * (ax * by - bx * ay);
	return det > 0;
}

/* Where the ghost is among the corners, or 3. */
static unsigned
ghost(const struct dcor_delaunay *d, const struct triangle *t)
{
	unsigned i;

	for (i = 0; i < 3 && t->v[i] != d->n; i++)
		;
	return i;
}

/* Whether a triangle cannot stay when p comes. */
static int
conflicts(const struct dcor_delaunay *d, const struct triangle *t,
    const struct point *p)
{
	const struct point *a, *b;
	unsigned g = ghost(d, t);
	int s;

	if (g == 3)
		return in_circle(&d->p[t->v[0]], &d->p[t->v[1]],
		    &d->p[t->v[2]], p);
	a = &d->p[t->v[(g + 1) % 3]];
	b = &d->p[t->v[(g + 2) % 3]];
	s = side(a, b, p);
	if (s != 0)
		return s > 0;
	/* on the line of the border: only within it */
	return (p->x - a->x) * (p->x - b->x) + (p->y - a->y) *
	    (p->y - b->y) < 0;
}

/* The triangle that holds p, or a ghost beside it. */
static uint32_t
walk(const struct dcor_delaunay *d, uint32_t t, const struct point *p)
{
	const struct triangle *q;
	unsigned i, k, from = 0;
	size_t steps;

	if ((i = ghost(d, &d->t[t])) < 3)
		t = d->t[t].next[i];
	for (steps = 0; steps < 4 * d->nt; steps++) {
		q = &d->t[t];
		if (ghost(d, q) < 3)
			return t;
		/* another side first each time, so as not to go round */
		for (k = 0; k < 3; k++) {
			i = (k + from) % 3;
			if (side(&d->p[q->v[(i + 1) % 3]],
			    &d->p[q->v[(i + 2) % 3]], p) < 0)
				break;
		}
		if (k == 3)
			return t;
		t = q->next[i];
		from++;
	}
	return t;
}

static int
new_triangle(struct dcor_delaunay *d, uint32_t *out, struct dcor_err *err)
{
	int rc;

	if (d->ndead > 0) {
		*out = d->dead[--d->ndead];
	} else {
		rc = dcor_room(&d->t, &d->cap, d->nt + 1, sizeof(*d->t), err);
		if (rc != DCOR_OK)
			return rc;
		*out = (uint32_t)d->nt++;
	}
	memset(&d->t[*out], 0, sizeof(d->t[*out]));
	return DCOR_OK;
}

/* Marks all triangles that conflict with p, from t on; *n of them are on
 * the stack. */
static int
dig(struct dcor_delaunay *d, uint32_t t, const struct point *p, size_t *n,
    struct dcor_err *err)
{
	struct triangle *q;
	size_t at;
	unsigned i;
	int rc;

	d->round++;
	d->stack[0] = t;
	d->t[t].dead = 1;
	d->t[t].round = d->round;
	for (at = 0, *n = 1; at < *n; at++) {
		rc = dcor_room(&d->stack, &d->stackcap, *n + 3,
		    sizeof(*d->stack), err);
		if (rc != DCOR_OK)
			return rc;
		for (i = 0; i < 3; i++) {
			t = d->t[d->stack[at]].next[i];
			q = &d->t[t];
			if (q->round == d->round)
				continue;
			q->round = d->round;
			q->dead = conflicts(d, q, p);
			if (q->dead)
				d->stack[(*n)++] = t;
		}
	}
	return DCOR_OK;
}

/* Fills the hole that n triangles on the stack leave with those that have
 * corner v. */
static int
fill(struct dcor_delaunay *d, uint32_t v, size_t n, struct dcor_err *err)
{
	uint32_t t, out, first = UINT32_MAX, fresh, a, b, u;
	size_t at;
	unsigned i, k;
	int rc;

	for (at = 0; at < n; at++)
		for (t = d->stack[at], i = 0; i < 3; i++) {
			out = d->t[t].next[i];
			if (d->t[out].dead)
				continue;
			a = d->t[t].v[(i + 1) % 3];
			b = d->t[t].v[(i + 2) % 3];
			rc = new_triangle(d, &fresh, err);
			if (rc != DCOR_OK)
				return rc;
			d->t[fresh].v[0] = v;
			d->t[fresh].v[1] = a;
			d->t[fresh].v[2] = b;
			d->t[fresh].next[0] = out;
			for (k = 0; d->t[out].next[k] != t ||
			    d->t[out].v[(k + 1) % 3] != b; k++)
				;
			d->t[out].next[k] = fresh;
			d->starts[a] = fresh;
			first = fresh;
		}
	/* round the border, each beside the next */
	for (u = first;;) {
		fresh = d->starts[d->t[u].v[2]];
		d->t[u].next[1] = fresh;
		d->t[fresh].next[2] = u;
		u = fresh;
		if (u == first)
			break;
	}
	for (at = 0; at < n; at++) {
		rc = dcor_room(&d->dead, &d->deadcap, d->ndead + 1,
		    sizeof(*d->dead), err);
		if (rc != DCOR_OK)
			return rc;
		d->dead[d->ndead++] = d->stack[at];
	}
	d->last = first;
	return DCOR_OK;
}

static int
insert(struct dcor_delaunay *d, uint32_t v, struct dcor_err *err)
{
	const struct point *p = &d->p[v], *q;
	const struct triangle *t;
	size_t n;
	unsigned i;
	int rc;

	d->last = walk(d, d->last, p);
	t = &d->t[d->last];
	for (i = 0; i < 3; i++) {
		q = &d->p[t->v[i]];
		if (t->v[i] != d->n && q->x == p->x && q->y == p->y)
			return DCOR_OK;		/* it is there */
	}
	rc = dig(d, d->last, p, &n, err);
	return rc == DCOR_OK ? fill(d, v, n, err) : rc;
}

/* The first triangle and the ghosts around it. */
static int
start(struct dcor_delaunay *d, uint32_t *a, uint32_t *b, uint32_t *c,
    struct dcor_err *err)
{
	uint32_t id, k, v[3];
	int rc = DCOR_OK;

	for (*a = 0, *b = 1; *b < d->n && d->p[*b].x == d->p[0].x &&
	    d->p[*b].y == d->p[0].y; ++*b)
		;
	for (*c = *b + 1; *c < d->n && side(&d->p[*a], &d->p[*b],
	    &d->p[*c]) == 0; ++*c)
		;
	if (*c >= d->n)
		return dcor_err_set(err, DCOR_EDATA, 0,
		    "the points are on a line");
	v[0] = *a;
	v[1] = side(&d->p[*a], &d->p[*b], &d->p[*c]) > 0 ? *b : *c;
	v[2] = v[1] == *b ? *c : *b;
	for (k = 0; rc == DCOR_OK && k < 4; k++)
		rc = new_triangle(d, &id, err);
	if (rc != DCOR_OK)
		return rc;
	for (k = 0; k < 3; k++) {
		d->t[0].v[k] = v[k];
		d->t[0].next[k] = k + 1;
		d->t[k + 1].v[0] = d->n;
		d->t[k + 1].v[1] = v[(k + 2) % 3];
		d->t[k + 1].v[2] = v[(k + 1) % 3];
		d->t[k + 1].next[0] = 0;
		d->t[k + 1].next[1] = 1 + (k + 2) % 3;
		d->t[k + 1].next[2] = 1 + (k + 1) % 3;
	}
	return DCOR_OK;
}

int
dcor_delaunay_new(const double *x, const double *y, size_t n,
    struct dcor_delaunay **out, struct dcor_err *err)
{
	struct dcor_delaunay *d = calloc(1, sizeof(*d));
	uint32_t i, a, b, c;
	int rc = DCOR_OK;

	*out = NULL;
	if (d == NULL)
		return dcor_err_nomem(err);
	if (n < 3 || n > 1 << 24)
		rc = dcor_err_set(err, DCOR_EDATA, 0, "%zu points", n);
	if (rc == DCOR_OK)
		rc = dcor_room(&d->stack, &d->stackcap, 64,
		    sizeof(*d->stack), err);
	d->n = (uint32_t)n;
	d->x = x;
	d->y = y;
	d->p = rc == DCOR_OK ? calloc(n, sizeof(*d->p)) : NULL;
	d->starts = rc == DCOR_OK ? calloc(n + 1, sizeof(*d->starts)) : NULL;
	if (rc == DCOR_OK && (d->p == NULL || d->starts == NULL))
		rc = dcor_err_nomem(err);
	for (i = 0; rc == DCOR_OK && i < n; i++) {
		if (!(fabs(x[i]) <= 1) || !(fabs(y[i]) <= 1))
			rc = dcor_err_set(err, DCOR_EDATA, 0,
			    "point %u is out of range", i);
		else {
			d->p[i].x = (int64_t)rint(x[i] * ONE);
			d->p[i].y = (int64_t)rint(y[i] * ONE);
		}
	}
	if (rc == DCOR_OK)
		rc = start(d, &a, &b, &c, err);
	for (i = 0; rc == DCOR_OK && i < n; i++)
		if (i != a && i != b && i != c)
			rc = insert(d, i, err);
	if (rc != DCOR_OK) {
		dcor_delaunay_free(d);
		return rc;
	}
	*out = d;
	return DCOR_OK;
}

void
dcor_delaunay_free(struct dcor_delaunay *d)
{
	if (d == NULL)
		return;
	free(d->p);
	free(d->t);
	free(d->starts);
	free(d->stack);
	free(d->dead);
	free(d);
}

/* The share of each corner at (px, py); whether that is inside. */
static int
shares(const struct dcor_delaunay *d, const struct triangle *t, double px,
    double py, double w[3])
{
	double ax = d->x[t->v[0]], ay = d->y[t->v[0]];
	double bx = d->x[t->v[1]] - ax, by = d->y[t->v[1]] - ay;
	double cx = d->x[t->v[2]] - ax, cy = d->y[t->v[2]] - ay;
	double det = bx * cy - by * cx;

	px -= ax;
	py -= ay;
	w[1] = (px * cy - py * cx) / det;
	w[2] = (bx * py - by * px) / det;
	w[0] = 1 - w[1] - w[2];
	return w[0] >= -NEAR && w[1] >= -NEAR && w[2] >= -NEAR;
}

double
dcor_delaunay_at(struct dcor_delaunay *d, const double *z, double px,
    double py)
{
	const struct triangle *t;
	struct point p;
	double w[3];
	unsigned i, g;

	if (!(fabs(px) <= 1) || !(fabs(py) <= 1))
		return (double)NAN;
	p.x = (int64_t)rint(px * ONE);
	p.y = (int64_t)rint(py * ONE);
	d->last = walk(d, d->last, &p);
	t = &d->t[d->last];
	/* rounding may have moved it across a side */
	if ((g = ghost(d, t)) < 3)
		t = &d->t[t->next[g]];
	if (!shares(d, t, px, py, w)) {
		for (i = 0; i < 3 && (ghost(d, &d->t[t->next[i]]) < 3 ||
		    !shares(d, &d->t[t->next[i]], px, py, w)); i++)
			;
		if (i == 3)
			return (double)NAN;
		t = &d->t[t->next[i]];
	}
	return w[0] * z[t->v[0]] + w[1] * z[t->v[1]] + w[2] * z[t->v[2]];
}

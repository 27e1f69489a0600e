/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mkimage.h - the images of mkrtdc: cells over an uneven, drifting, noisy
 * background
 */
#ifndef MKIMAGE_H
#define MKIMAGE_H

#include <math.h>
#include <stdint.h>

#include "h5test.h"

#define MK_NOISE	4096

/* What a cell is: flags of struct mk_cell. */
enum { MK_TOUCHES = 1, MK_BORDER = 2 };

struct mk_cell {
	uint64_t	frame;
	double		x, y, r;	/* pixels */
	int32_t		flag;
};

struct mk_opts {
	uint64_t	seed, n;
	unsigned	h, w;
	unsigned	cmin, cmax;	/* cells of a frame */
	double		rmin, rmax;	/* radius */
	double		touch, border;	/* percent of the cells */
	double		contrast, noise, drift;
	double		jumps, dup;	/* percent of the frames */
	double		dots, grid;	/* percent of the frames */
	double		level;		/* of the background */
	int		plain;		/* cells of one grey level */
	int		flat;		/* background of one grey level */
};

struct mk_scene {
	struct mk_opts	 o;
	float		*bg, *tilt;	/* mean, and where it drifts */
	float		*f;		/* the frame being made */
	float		 noise[MK_NOISE];
	struct mk_cell	*cell;		/* all cells of all frames */
	size_t		 ncell, cap;
};

static inline hid_t
mk_cell_type(void)
{
	hid_t t = H5Tcreate(H5T_COMPOUND, sizeof(struct mk_cell));

	H5Tinsert(t, "frame", HOFFSET(struct mk_cell, frame),
	    H5T_NATIVE_UINT64);
	H5Tinsert(t, "x", HOFFSET(struct mk_cell, x), H5T_NATIVE_DOUBLE);
	H5Tinsert(t, "y", HOFFSET(struct mk_cell, y), H5T_NATIVE_DOUBLE);
	H5Tinsert(t, "r", HOFFSET(struct mk_cell, r), H5T_NATIVE_DOUBLE);
	H5Tinsert(t, "flag", HOFFSET(struct mk_cell, flag), H5T_NATIVE_INT32);
	return t;
}

/* splitmix64 */
static inline uint64_t
mk_rand(uint64_t *s)
{
	uint64_t z = *s += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

static inline double
mk_unit(uint64_t *s)
{
	return (double)(mk_rand(s) >> 11) / 9007199254740992.0;
}

static inline double
mk_from(uint64_t *s, double a, double b)
{
	return a + (b - a) * mk_unit(s);
}

static inline double
mk_bell(double x)
{
	return exp(-x * x);
}

static inline void
mk_scene_init(struct mk_scene *m, const struct mk_opts *o)
{
	const double pi = 3.14159265358979323846;
	uint64_t s = o->seed;
	size_t npix = (size_t)o->h * o->w, i;

	memset(m, 0, sizeof(*m));
	m->o = *o;
	m->bg = h5test_alloc(npix * sizeof(*m->bg));
	m->tilt = h5test_alloc(npix * sizeof(*m->tilt));
	m->f = h5test_alloc(npix * sizeof(*m->f));
	for (i = 0; i < npix; i++) {
		double x = (double)(i % o->w) / o->w;
		double y = (double)(i / o->w) / o->h;
		double v = o->level;

		if (!o->flat) {
			/* lamp, then the two walls of the channel */
			v += 9 * x + 5 * sin(3 * y + 2 * x);
			v -= 0.3 * o->level * (mk_bell((y - 0.09) * 40) +
			    mk_bell((y - 0.91) * 40));
			v += 0.1 * o->level * (mk_bell((y - 0.13) * 30) +
			    mk_bell((y - 0.87) * 30));
			v += mk_from(&s, -1.5, 1.5);
		}
		m->bg[i] = (float)v;
		m->tilt[i] = (float)(o->drift * (0.6 + 0.8 * x));
	}
	for (i = 0; i < MK_NOISE; i++)
		m->noise[i] = (float)(o->noise * cos(2 * pi * mk_unit(&s)) *
		    sqrt(-2 * log(1 - mk_unit(&s))));
}

static inline void
mk_scene_fini(struct mk_scene *m)
{
	free(m->bg);
	free(m->tilt);
	free(m->f);
	free(m->cell);
}

static inline void
mk_draw(struct mk_scene *m, const struct mk_cell *c, uint64_t *s)
{
	const struct mk_opts *o = &m->o;
	double e = mk_from(s, 1, 1.25), phi = mk_from(s, 0, 3.1416);
	double kx = mk_from(s, 0.5, 1.2), ky = mk_from(s, 0.5, 1.2);
	double px = mk_from(s, 0, 6), py = mk_from(s, 0, 6);
	double ca = cos(phi), sa = sin(phi), reach = c->r * e + 2;
	int x, y;

	if (o->plain)
		e = 1;
	for (y = (int)(c->y - reach); y <= (int)(c->y + reach); y++) {
		if (y < 0 || y >= (int)o->h)
			continue;
		for (x = (int)(c->x - reach); x <= (int)(c->x + reach); x++) {
			double u, v, q, edge, depth = 1;

			if (x < 0 || x >= (int)o->w)
				continue;
			u = ((x - c->x) * ca + (y - c->y) * sa) / e;
			v = ((y - c->y) * ca - (x - c->x) * sa) * e;
			q = sqrt(u * u + v * v) / c->r;
			edge = (1 - q) * c->r / 1.5 + 0.5;
			if (o->plain)
				edge = edge >= 0.5;
			if (edge <= 0)
				continue;
			if (!o->plain)
				depth = 0.55 + 0.9 * mk_bell((q - 0.85) / 0.15)
				    - 0.9 * mk_bell(q / 0.35) + 0.3 *
				    sin(kx * u + px) * sin(ky * v + py);
			m->f[(size_t)y * o->w + (size_t)x] -= (float)
			    (o->contrast * depth * (edge < 1 ? edge : 1));
		}
	}
}

/* Whether the cell stays clear of cells first ... end - 1. */
static inline int
mk_clear(const struct mk_scene *m, const struct mk_cell *c, size_t first,
    size_t end)
{
	size_t i;

	for (i = first; i < end; i++) {
		const struct mk_cell *d = &m->cell[i];

		if (hypot(c->x - d->x, c->y - d->y) <
		    1.25 * (c->r + d->r) + 6)
			return 0;
	}
	return 1;
}

static inline int
mk_place(struct mk_scene *m, struct mk_cell *c, size_t first, uint64_t *s)
{
	const struct mk_opts *o = &m->o;
	int try, touch, border;
	double reach, in;

	touch = m->ncell > first && mk_unit(s) * 100 < o->touch;
	border = !touch && mk_unit(s) * 100 < o->border;
	for (try = 0; try < 40; try++) {
		c->flag = 0;
		c->r = mk_from(s, o->rmin, o->rmax);
		reach = 1.25 * c->r + 3;
		c->x = mk_from(s, reach, o->w - 1 - reach);
		c->y = mk_from(s, reach, o->h - 1 - reach);
		if (touch) {
			struct mk_cell *d = &m->cell[m->ncell - 1];
			double a = mk_from(s, 0, 6.2832);

			c->x = d->x + (c->r + d->r - 1) * cos(a);
			c->y = d->y + (c->r + d->r - 1) * sin(a);
			c->flag = MK_TOUCHES;
			if (c->x < reach || c->x > o->w - 1 - reach ||
			    c->y < reach || c->y > o->h - 1 - reach ||
			    !mk_clear(m, c, first, m->ncell - 1))
				continue;
			d->flag |= MK_TOUCHES;
			return 1;
		}
		if (border) {
			in = mk_from(s, -0.4, 0.7) * c->r;
			switch (mk_rand(s) % 4) {
			case 0: c->x = in; break;
			case 1: c->x = o->w - 1 - in; break;
			case 2: c->y = in; break;
			default: c->y = o->h - 1 - in; break;
			}
			c->flag = MK_BORDER;
		} else if (o->w - 1 < 2 * reach || o->h - 1 < 2 * reach)
			continue;
		if (mk_clear(m, c, first, m->ncell))
			return 1;
	}
	return 0;
}

/* The pattern of many small things: single pixels, or squares of four. */
static inline void
mk_pattern(struct mk_scene *m, unsigned step, unsigned side)
{
	unsigned x, y;

	for (y = 1; y + side < m->o.h; y++)
		for (x = 1; x + side < m->o.w; x++)
			if ((y - 1) % step < side && (x - 1) % step < side)
				m->f[(size_t)y * m->o.w + x] -=
				    (float)m->o.contrast;
}

/* Frame i; must be called for one frame after the other. */
static inline void
mk_frame(struct mk_scene *m, uint64_t i, unsigned char *out)
{
	const struct mk_opts *o = &m->o;
	uint64_t s = o->seed ^ (i + 1) * UINT64_C(0xd1342543de82ef95), bits = 0;
	size_t npix = (size_t)o->h * o->w, first = m->ncell, k;
	unsigned left = 0, n;
	float t, jump = 0;

	if (i > 0 && mk_unit(&s) * 100 < o->dup) {
		memcpy(out, out - npix, npix);
		return;
	}
	t = o->n > 1 ? (float)i / (float)(o->n - 1) : 0;
	if (mk_unit(&s) * 100 < o->jumps)
		jump = (float)((mk_rand(&s) & 1) ? mk_from(&s, 3, 8) :
		    mk_from(&s, -8, -3));
	for (k = 0; k < npix; k++)
		m->f[k] = m->bg[k] + t * m->tilt[k] + jump;
	n = o->cmin + (unsigned)(mk_rand(&s) % (o->cmax - o->cmin + 1));
	for (; n > 0; n--) {
		struct mk_cell c = { .frame = i };

		if (!mk_place(m, &c, first, &s))
			continue;
		if (m->ncell == m->cap) {
			m->cap = m->cap ? 2 * m->cap : 1024;
			m->cell = realloc(m->cell, m->cap * sizeof(c));
			if (m->cell == NULL)
				cli_die(71, "out of memory");
		}
		mk_draw(m, &c, &s);
		m->cell[m->ncell++] = c;
	}
	if (mk_unit(&s) * 100 < o->dots)
		mk_pattern(m, 2, 1);
	if (mk_unit(&s) * 100 < o->grid)
		mk_pattern(m, 4, 2);
	for (k = 0; k < npix; k++) {
		float v = m->f[k] + 0.5F;

		if (o->noise > 0) {
			if (left == 0) {
				bits = mk_rand(&s);
				left = 5;
			}
			v += m->noise[bits % MK_NOISE];
			bits /= MK_NOISE;
			left--;
		}
		out[k] = (unsigned char)(v < 0 ? 0 : v > 255 ? 255 : v);
	}
}

#endif /* MKIMAGE_H */

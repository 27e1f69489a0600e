/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * poly.h - polygons in the plane of two features, and files of them
 *
 * A .poly file, as dclab and Shape-Out write it, has one or more of
 *	[Polygon 00000000]
 *	X Axis = area_um
 *	Y Axis = deform
 *	Name = beads
 *	Inverted = False
 *	point00000000 = 2.5e+01 1.0e-02
 *	...
 * The points are in the order of their numbers, not of their lines.
 */
#ifndef DCOR_RTDC_POLY_H
#define DCOR_RTDC_POLY_H

#include <stddef.h>

#include "base/err.h"

#define DCOR_POLY_POINTS	1000000	/* of a polygon */
#define DCOR_POLY_MAX		4096	/* polygons of a file */

struct dcor_poly {
	char	*axis[2];	/* features, in lower case */
	char	*name;		/* may be NULL */
	int	 inverted;
	double	*x, *y;
	size_t	 n, room;	/* of points */
};

struct dcor_polys {
	struct dcor_poly *v;
	size_t	 n;
};

/* The polygons of a text of n bytes, of a file; added to *out, which may
 * have some.  DCOR_EDATA "line N: ...".  Ownership: dcor_polys_fini. */
int dcor_polys_parse(const char *text, size_t n, struct dcor_polys *out,
    struct dcor_err *err);
int dcor_polys_read(const char *path, struct dcor_polys *out,
    struct dcor_err *err);
void dcor_polys_fini(struct dcor_polys *p);

/*
 * keep[i] becomes 0 for each of n points that the polygon does not let
 * through: one outside or, when it is inverted, inside.  Even-odd rule
 * (W. R. Franklin, PNPOLY); a point on a lower or left side is inside, on
 * an upper or right side outside; one with a NaN is outside.
 */
void dcor_poly_filter(const struct dcor_poly *p, const double *x,
    const double *y, size_t n, unsigned char *keep);

#endif /* DCOR_RTDC_POLY_H */

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * moments.h - size, position and shape of a blob
 *
 * Formulas and their floating point forms are OpenCV's (Green's theorem on
 * the polygon, lengths in single precision) and dcnum's.
 */
#ifndef DCOR_SEGM_MOMENTS_H
#define DCOR_SEGM_MOMENTS_H

#include "segm/contour.h"
#include "segm/extract.h"

/* Grows as needed; zero it before the first use. */
struct dcor_hull {
	int32_t		*x, *y;		/* n points, counter-clockwise */
	size_t		 n;
	size_t		 xcap, ycap;
};

/* The strict convex hull of the pixel centres of b. */
int dcor_hull(struct dcor_hull *h, const struct dcor_blob *b,
    struct dcor_err *err);
void dcor_hull_fini(struct dcor_hull *h);

/*
 * Sets the 18 features from area_msd to tilt that depend on the shape only
 * and returns 1; or, for a blob without area (points, lines), sets them to
 * NaN and returns 0.  pixel_size in micrometre.
 */
int dcor_moments(const struct dcor_contour *c, const struct dcor_hull *h,
    const struct dcor_blob *b, double pixel_size, double *feat);

#endif /* DCOR_SEGM_MOMENTS_H */

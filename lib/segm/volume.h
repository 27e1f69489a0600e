/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * volume.h - volume of a blob as a solid of revolution
 */
#ifndef DCOR_SEGM_VOLUME_H
#define DCOR_SEGM_VOLUME_H

#include "segm/contour.h"

/*
 * The mean of the volumes that the upper and the lower half of the contour
 * sweep when they turn about the horizontal axis through the centre (cx,
 * cy), pixels, which is that of the hull; NaN for less than 4 points.
 */
double dcor_volume(const struct dcor_contour *c, double cx, double cy,
    double pixel_size);

/*
 * Sum of the truncated cones below the closed polygon of n points (r, z),
 * in units of pi / 3; negative where z falls.
 */
double dcor_cones(const double *r, const double *z, size_t n);

#endif /* DCOR_SEGM_VOLUME_H */

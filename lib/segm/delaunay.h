/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * delaunay.h - linear interpolation between scattered points of a plane
 *
 * Points are inserted one by one (Bowyer 1981, Watson 1981).  Decisions are
 * exact: they are made on coordinates rounded to 2^-26, in integers of 128
 * bits.  Interpolation uses the coordinates as they were.
 */
#ifndef DCOR_SEGM_DELAUNAY_H
#define DCOR_SEGM_DELAUNAY_H

#include "base/err.h"

struct dcor_delaunay;

/*
 * The triangulation of n points (x, y), borrowed, coordinates -1 ... 1.
 * Points that are there already do not count; DCOR_EDATA when all are on a
 * line or out of range.  Ownership: dcor_delaunay_free.
 */
int dcor_delaunay_new(const double *x, const double *y, size_t n,
    struct dcor_delaunay **out, struct dcor_err *err);
void dcor_delaunay_free(struct dcor_delaunay *d);

/* The value at (px, py) of the plane through the corners of the triangle
 * there, z: one value a point; NaN outside.  Near the last call is fast.
 * Threads: one. */
double dcor_delaunay_at(struct dcor_delaunay *d, const double *z, double px,
    double py);

#endif /* DCOR_SEGM_DELAUNAY_H */

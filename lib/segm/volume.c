/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "segm/volume.h"

#include <math.h>

#define PI 3.14159265358979323846

static inline double
cone(double r0, double z0, double r1, double z1)
{
	double dr = r1 - r0;

	return (z1 - z0) * fabs(3 * r0 * r0 + 3 * r0 * dr + dr * dr);
}

double
dcor_cones(const double *r, const double *z, size_t n)
{
	double sum = 0;
	size_t i;

	for (i = 0; i < n; i++)
		sum += cone(r[i], z[i], r[(i + 1) % n], z[(i + 1) % n]);
	return sum;
}

double
dcor_volume(const struct dcor_contour *c, double cx, double cy,
    double pixel_size)
{
	double z0, r0, z1, r1, lower = 0, upper = 0;
	size_t i;

	if (c->n < 4)
		return (double)NAN;
	z0 = c->x[c->n - 1] - cx;
	r0 = c->y[c->n - 1] - cy;
	for (i = 0; i < c->n; i++, z0 = z1, r0 = r1) {
		z1 = c->x[i] - cx;
		r1 = c->y[i] - cy;
		if (r0 > 0 || r1 > 0)
			lower += cone(fmax(r0, 0), z0, fmax(r1, 0), z1);
		/* The upper half is gone through backwards. */
		if (r0 < 0 || r1 < 0)
			upper += cone(fmax(-r1, 0), z1, fmax(-r0, 0), z0);
	}
	return pow(pixel_size, 3) * (PI / 3) * (lower + upper) / 2;
}

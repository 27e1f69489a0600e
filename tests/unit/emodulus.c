/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Triangulations and viscosities; the latter as dclab 0.73 has them. */
#include "tap.h"

#include <math.h>
#include <stdlib.h>

#include "segm/delaunay.h"
#include "segm/emodulus.h"

#define N	400

static double
noise(void)
{
	static unsigned s = 1;

	s = s * 1664525 + 1013904223;
	return (double)(s >> 8) / (1 << 24);
}

/* A plane is reproduced wherever there is a triangle; step > 0: points on a
 * grid of that width, on which most circles have four. */
static void
plane(double step)
{
	static double x[N + 4], y[N + 4], z[N + 4];
	struct dcor_delaunay *d = NULL;
	double px, py, v, most = 0;
	int i, holes = 0, outside = 0;

	for (i = 0; i < N; i++) {
		x[i] = noise();
		y[i] = noise();
		if (step > 0) {
			x[i] = floor(x[i] / step) * step;
			y[i] = floor(y[i] / step) * step;
		}
	}
	for (i = 0; i < 4; i++) {
		x[N + i] = i & 1;
		y[N + i] = i >> 1;
	}
	for (i = 0; i < N + 4; i++)
		z[i] = 3 * x[i] - 2 * y[i] + 1;
	OK(dcor_delaunay_new(x, y, N + 4, &d, NULL) == 0);
	for (i = 0; d != NULL && i < 5000; i++) {
		px = noise();
		py = i % 10 == 0 ? 0 : i % 10 == 1 ? 1 : noise();
		v = dcor_delaunay_at(d, z, px, py);
		if (isnan(v))
			holes++;
		else if (fabs(v - (3 * px - 2 * py + 1)) > most)
			most = fabs(v - (3 * px - 2 * py + 1));
		outside += isnan(dcor_delaunay_at(d, z, px, -1e-3)) &&
		    isnan(dcor_delaunay_at(d, z, -0.5, py));
	}
	OK(holes == 0);
	OK(most < 1e-9);
	OK(outside == 5000);
	OK(isnan(dcor_delaunay_at(d, z, (double)NAN, 0)));
	dcor_delaunay_free(d);
}

/* Of the two ways to divide a kite the one with the shorter line. */
static void
kite(void)
{
	const double x[] = { 0, 0.5, 1, 0.5 }, y[] = { 0, 0.1, 0, -0.1 };
	const double z[] = { 0, 1, 0, 1 };
	struct dcor_delaunay *d = NULL;

	OK(dcor_delaunay_new(x, y, 4, &d, NULL) == 0);
	OK(fabs(dcor_delaunay_at(d, z, 0.5, 0) - 1) < 1e-12);
	OK(fabs(dcor_delaunay_at(d, z, 0.25, 0) - 0.5) < 1e-12);
	dcor_delaunay_free(d);
}

static int
viscosity(const char *medium, enum dcor_visc_model model, double want)
{
	double v = 0;

	return dcor_viscosity(medium, model, 20, 0.04, 23, &v, NULL) == 0 &&
	    fabs(v / want - 1) < 1e-13;
}

int
main(void)
{
	const double same[] = { 0.5, 0.5, 0.5 }, line[] = { 0, 0.5, 1 };
	struct dcor_delaunay *d;
	double v;

	plane(0);
	plane(0.125);
	kite();
	OK(dcor_delaunay_new(same, same, 3, &d, NULL) == DCOR_EDATA);
	OK(dcor_delaunay_new(line, line, 3, &d, NULL) == DCOR_EDATA);
	OK(viscosity("0.49% MC-PBS", DCOR_VISC_BUYUKURGANCI,
	    5.379466386424171));
	OK(viscosity("cellcarrierb", DCOR_VISC_BUYUKURGANCI,
	    6.335258078086116));
	OK(viscosity("0.83% MC-PBS", DCOR_VISC_BUYUKURGANCI,
	    8.429822178445834));
	OK(viscosity("CellCarrier", DCOR_VISC_HEROLD, 5.901983166045348));
	OK(viscosity("CellCarrier B", DCOR_VISC_HEROLD, 7.582180390559559));
	OK(viscosity("water", DCOR_VISC_HEROLD, 0.9323802528744568));
	OK(dcor_viscosity("0.83% MC-PBS", DCOR_VISC_HEROLD, 20, 0.04, 23, &v,
	    NULL) == DCOR_EARG);
	OK(dcor_viscosity("ketchup", DCOR_VISC_HEROLD, 20, 0.04, 23, &v,
	    NULL) == DCOR_EARG);
	return DONE();
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Files of polygons: what is accepted is complete, and inside and outside
 * exclude each other. */
#include <stdint.h>
#include <stdlib.h>

#include "rtdc/poly.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static const double x[3] = { 0.5, 25, -1 }, y[3] = { 0.5, 0.01, 1e9 };
	unsigned char in[3], out[3];
	struct dcor_polys ps = { 0 };
	struct dcor_poly *v;
	size_t i, k;

	if (dcor_polys_parse((const char *)p, n, &ps, NULL) == 0 &&
	    ps.n == 0)
		abort();
	for (i = 0; i < ps.n; i++) {
		v = &ps.v[i];
		if (v->n == 0)
			break;		/* the one with the mistake */
		if (v->axis[0] == NULL || v->axis[1] == NULL || v->n < 3)
			abort();
		for (k = 0; k < 3; k++)
			in[k] = out[k] = 1;
		dcor_poly_filter(v, x, y, 3, in);
		v->inverted = !v->inverted;
		dcor_poly_filter(v, x, y, 3, out);
		for (k = 0; k < 3; k++)
			if (in[k] + out[k] != 1)
				abort();
	}
	dcor_polys_fini(&ps);
	return 0;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Numbers of one type as numbers of another: what fits, what does not. */
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "rtdc/elem.h"
#include "tap.h"

#define I(n)	{ .cls = DCOR_H5_INT, .size = (n), .is_signed = 1, \
		  .standard = 1 }
#define U(n)	{ .cls = DCOR_H5_INT, .size = (n), .standard = 1 }
#define F(n)	{ .cls = DCOR_H5_FLOAT, .size = (n), .standard = 1 }

static const struct dcor_h5type type[] = { I(1), I(2), I(4), I(8), U(1),
    U(2), U(4), U(8), F(4), F(8) };
enum { I1, I2, I4, I8, U1, U2, U4, U8, F4, F8, N };

/* numpy.result_type of each pair, except that i8 with u8 is i8 */
static const unsigned char wide[N][N] = {
	{ I1, I2, I4, I8, I2, I4, I8, I8, F4, F8 },
	{ I2, I2, I4, I8, I2, I4, I8, I8, F4, F8 },
	{ I4, I4, I4, I8, I4, I4, I8, I8, F8, F8 },
	{ I8, I8, I8, I8, I8, I8, I8, I8, F8, F8 },
	{ I2, I2, I4, I8, U1, U2, U4, U8, F4, F8 },
	{ I4, I4, I4, I8, U2, U2, U4, U8, F4, F8 },
	{ I8, I8, I8, I8, U4, U4, U4, U8, F8, F8 },
	{ I8, I8, I8, I8, U8, U8, U8, U8, F8, F8 },
	{ F4, F4, F8, F8, F4, F4, F8, F8, F4, F8 },
	{ F8, F8, F8, F8, F8, F8, F8, F8, F8, F8 }
};

static void
widening(void)
{
	struct dcor_h5type t;
	unsigned a, b;

	for (a = 0; a < N; a++)
		for (b = 0; b < N; b++) {
			t = type[a];
			dcor_elem_widen(&t, &type[b]);
			OK(t.cls == type[wide[a][b]].cls && t.size ==
			    type[wide[a][b]].size && (t.cls ==
			    DCOR_H5_FLOAT || t.is_signed ==
			    type[wide[a][b]].is_signed));
		}
}

/* Whether v, a number of type from, can be had as type to; and back. */
static int
fits(unsigned to, unsigned from, const void *v)
{
	unsigned char there[8], back[8];

	if (dcor_elem_convert(&type[to], there, &type[from], v, 1) == 0)
		return 0;
	OK(dcor_elem_convert(&type[from], back, &type[to], there, 1) == 1
	    && memcmp(back, v, type[from].size) == 0);
	return 1;
}

static void
limits(void)
{
	const int8_t low = INT8_MIN;
	const uint8_t high = UINT8_MAX;
	const int64_t least = INT64_MIN, most = INT64_MAX;
	const int64_t odd = ((int64_t)1 << 53) + 1;
	const uint64_t top = UINT64_MAX, half = (uint64_t)1 << 63;
	const double two63 = 9223372036854775808.0, two64 = 2 * two63;
	const double part = 0.5, minus = -1, none = (double)NAN;
	const double inf = (double)INFINITY, third = 1. / 3;
	const int32_t i25 = (1 << 25) + 1, i24 = 1 << 24;

	OK(fits(I2, I1, &low) && !fits(U1, I1, &low) &&
	    !fits(U8, I1, &low));
	OK(fits(I2, U1, &high) && !fits(I1, U1, &high) &&
	    fits(F4, U1, &high));
	OK(fits(F8, I8, &least) && fits(F4, I8, &least) &&
	    !fits(U8, I8, &least) && !fits(I4, I8, &least));
	OK(!fits(F8, I8, &most) && fits(U8, I8, &most));
	OK(!fits(F8, I8, &odd) && fits(U8, I8, &odd));
	OK(!fits(F8, U8, &top) && !fits(I8, U8, &top));
	OK(fits(F8, U8, &half) && fits(F4, U8, &half) &&
	    !fits(I8, U8, &half));
	OK(fits(U8, F8, &two63) && !fits(I8, F8, &two63) &&
	    !fits(U8, F8, &two64));
	OK(!fits(I8, F8, &part) && fits(F4, F8, &part));
	OK(!fits(F4, F8, &third));
	OK(fits(I1, F8, &minus) && !fits(U8, F8, &minus));
	OK(!fits(I8, F8, &none) && !fits(U8, F8, &inf) &&
	    !fits(I8, F8, &inf));
	OK(!fits(F4, I4, &i25) && fits(F4, I4, &i24));
}

static void
adding(void)
{
	uint64_t u[2] = { 5, UINT64_MAX - 3 };
	int64_t i[2] = { -5, INT64_MAX - 3 };
	double d = 0.25;

	OK(dcor_elem_add(&type[U8], u, 2, 4) == 1 && u[0] == 9 &&
	    u[1] == UINT64_MAX - 3);
	OK(dcor_elem_add(&type[I8], i, 2, 4) == 1 && i[0] == -1 &&
	    i[1] == INT64_MAX - 3);
	OK(dcor_elem_add(&type[F8], &d, 1, 4) == 1 && d > 4.2 && d < 4.3);
}

int
main(void)
{
	widening();
	limits();
	adding();
	return DONE();
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Numbers to text.  The vectors are what Python 3.11 and NumPy 2 print;
 * the property is the definition: it reads back, and nothing shorter does.
 */
#include "base/num.h"

#include <inttypes.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "tap.h"

static int
f64(double v, const char *want)
{
	char out[DCOR_NUM_SIZE];

	return dcor_num_f64(v, out) == strlen(want) &&
	    strcmp(out, want) == 0;
}

static int
f32(float v, const char *want)
{
	char out[DCOR_NUM_SIZE];

	return dcor_num_f32(v, out) == strlen(want) &&
	    strcmp(out, want) == 0;
}

/* Digits of a text, without zeros at either end. */
static int
digits(const char *p)
{
	int n = 0, last = 0;

	for (; *p != '\0' && *p != 'e'; p++)
		if (*p >= '0' && *p <= '9' && (n > 0 || *p != '0')) {
			n++;
			last = *p != '0' ? n : last;
		}
	return last;
}

/* Reads back as v, and no decimal of one digit less does: the two nearest
 * of that length are tried. */
static int
is_shortest(double v, int single)
{
	char out[DCOR_NUM_SIZE], less[48], *e;
	int n, down;

	if (single)
		(void)dcor_num_f32((float)v, out);
	else
		(void)dcor_num_f64(v, out);
	if (single ? strtof(out, NULL) != (float)v : strtod(out, NULL) != v)
		return 0;
	n = digits(out);
	if (n < 2)
		return 1;
	for (down = 0; down < 2; down++) {
		snprintf(less, sizeof(less), "%.40e", fabs(v));
		e = strchr(less, 'e');
		/* cut after n-1 digits: the decimal below; and one above */
		memmove(less + n, e, strlen(e) + 1);
		if (down == 0)
			less[n - 1] = (char)(less[n - 1] < '9' &&
			    less[n - 1] != '.' ? less[n - 1] + 1 :
			    less[n - 1]);
		if (single ? strtof(less, NULL) == fabsf((float)v) :
		    strtod(less, NULL) == fabs(v))
			return 0;
	}
	return 1;
}

static uint64_t seed = 88172645463325252u;

static uint64_t
next(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	return seed ^= seed << 17;
}

static void
random_bits(void)
{
	int i, bad = 0;
	uint64_t u;
	uint32_t w;
	double d;
	float f;

	for (i = 0; i < 200000 && bad == 0; i++) {
		u = next();
		w = (uint32_t)next();
		memcpy(&d, &u, 8);
		memcpy(&f, &w, 4);
		bad += isfinite(d) && !is_shortest(d, 0);
		bad += isfinite(f) && !is_shortest((double)f, 1);
	}
	OK(bad == 0);
	for (i = -1074, bad = 0; i < 1024; i++)
		bad += !is_shortest(ldexp(1, i), 0);
	OK(bad == 0);
}

static void
integers(void)
{
	char out[DCOR_NUM_SIZE], want[32];
	int i, bad = 0;
	uint64_t u;

	for (i = 0; i < 100000; i++) {
		u = next() >> (i % 64);
		snprintf(want, sizeof(want), "%" PRIu64, u);
		bad += dcor_num_u64(u, out) != strlen(want) ||
		    strcmp(out, want) != 0;
		snprintf(want, sizeof(want), "%" PRId64, -(int64_t)u);
		bad += dcor_num_i64(-(int64_t)u, out) != strlen(want) ||
		    strcmp(out, want) != 0;
	}
	OK(bad == 0);
	OK(dcor_num_i64(INT64_MIN, out) == 20 &&
	    strcmp(out, "-9223372036854775808") == 0);
	OK(dcor_num_u64(UINT64_MAX, out) == 20 &&
	    strcmp(out, "18446744073709551615") == 0);
	OK(dcor_num_u64(0, out) == 1 && strcmp(out, "0") == 0);
}

int
main(void)
{
	OK(f64(0.0, "0.0") && f64(-0.0, "-0.0") && f64(1, "1.0"));
	OK(f64(0.1, "0.1") && f64(0.1 + 0.2, "0.30000000000000004"));
	OK(f64(1e15, "1000000000000000.0") && f64(1e16, "1e+16"));
	OK(f64(123456789012345680.0, "1.2345678901234568e+17"));
	OK(f64(1e-4, "0.0001") && f64(1e-5, "1e-05"));
	OK(f64(-12.5, "-12.5") && f64(9007199254740993.0,
	    "9007199254740992.0"));
	OK(f64(5e-324, "5e-324") && f64(2.2250738585072014e-308,
	    "2.2250738585072014e-308"));
	OK(f64(1.7976931348623157e308, "1.7976931348623157e+308"));
	OK(f64(9.5367431640625e-07, "9.5367431640625e-07"));
	OK(f64(HUGE_VAL, "inf") && f64(-HUGE_VAL, "-inf"));
	OK(f64((double)NAN, "nan") && f64(-(double)NAN, "nan"));
	OK(f32(0.1f, "0.1") && f32(16777216.0f, "16777216.0"));
	OK(f32(3.4028235e38f, "3.4028235e+38") && f32(1e-45f, "1e-45"));
	OK(f32(36.8764f, "36.8764") && f32(-0.0f, "-0.0"));
	random_bits();
	integers();
	return DONE();
}

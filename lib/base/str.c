/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/str.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DIGITS "0123456789"

int
dcor_parse_u64(const char *text, uint64_t *out)
{
	const char *p = text;
	uint64_t v = 0, d;

	if (*p == '\0')
		return DCOR_EARG;
	for (; *p != '\0'; p++) {
		if (*p < '0' || *p > '9')
			return DCOR_EARG;
		d = (uint64_t)(*p - '0');
		if (v > (UINT64_MAX - d) / 10)
			return DCOR_EARG;
		v = v * 10 + d;
	}
	*out = v;
	return DCOR_OK;
}

int
dcor_parse_double(const char *text, double *out)
{
	const char *p = text;
	size_t whole, frac = 0, ex;
	double v;

	p += *p == '-' || *p == '+';
	whole = strspn(p, DIGITS);
	p += whole;
	if (*p == '.') {
		frac = strspn(++p, DIGITS);
		p += frac;
	}
	if (whole + frac == 0)
		return DCOR_EARG;
	if (*p == 'e' || *p == 'E') {
		p++;
		p += *p == '-' || *p == '+';
		ex = strspn(p, DIGITS);
		if (ex == 0)
			return DCOR_EARG;
		p += ex;
	}
	if (*p != '\0')
		return DCOR_EARG;
	v = strtod(text, NULL);
	if (!isfinite(v))
		return DCOR_EARG;
	*out = v;
	return DCOR_OK;
}

int
dcor_fmt_pixel(double v, char out[DCOR_PIXEL_SIZE])
{
	char *end;
	int n;

	if (!(fabs(v) <= 1e15))
		return DCOR_EARG;
	n = snprintf(out, DCOR_PIXEL_SIZE, "%.8f", v);
	if (n < 0 || n >= DCOR_PIXEL_SIZE)
		return DCOR_EARG;
	for (end = out + n; end[-1] == '0'; end--)
		;
	*end = '\0';
	return DCOR_OK;
}

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
dcor_parse_size(const char *text, uint64_t *out)
{
	static const struct {
		char		name[4];
		unsigned	base, power;
	} unit[] = {
		{ "", 1, 0 }, { "B", 1, 0 },
		{ "kB", 1000, 1 }, { "MB", 1000, 2 }, { "GB", 1000, 3 },
		{ "TB", 1000, 4 }, { "PB", 1000, 5 },
		{ "KiB", 1024, 1 }, { "MiB", 1024, 2 }, { "GiB", 1024, 3 },
		{ "TiB", 1024, 4 }, { "PiB", 1024, 5 },
	};
	size_t n = strspn(text, "0123456789"), i;
	const char *p = text + n;
	char digits[24];
	unsigned k;
	uint64_t v;

	if (n >= sizeof(digits))
		return DCOR_EARG;
	memcpy(digits, text, n);
	digits[n] = '\0';
	if (dcor_parse_u64(digits, &v) != 0)
		return DCOR_EARG;
	if (p[0] == ' ' && p[1] != '\0')
		p++;
	for (i = 0; strcmp(p, unit[i].name) != 0;)
		if (++i == sizeof(unit) / sizeof(unit[0]))
			return DCOR_EARG;
	for (k = 0; k < unit[i].power; k++) {
		if (v > UINT64_MAX / unit[i].base)
			return DCOR_EARG;
		v *= unit[i].base;
	}
	*out = v;
	return 0;
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

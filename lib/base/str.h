/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * str.h - numbers from text and to text, in the C locale whatever LC_ALL
 * says (no program calls setlocale)
 *
 * dcor_repr in base/json.h prints a double as Python does.
 */
#ifndef DCOR_BASE_STR_H
#define DCOR_BASE_STR_H

#include "base/err.h"

#include <stdint.h>

/*
 * The whole of text as a number: decimal digits; an optional sign, digits
 * with an optional point, and an optional exponent.  No blanks, no
 * hexadecimal, no "nan" or "inf".  0, or DCOR_EARG (which leaves *out as it
 * is) when it is something else or out of range; the caller knows what to
 * call it.  Smaller than the smallest double is 0, as in Python.
 */
int dcor_parse_u64(const char *text, uint64_t *out)
    __attribute__((warn_unused_result));
int dcor_parse_double(const char *text, double *out)
    __attribute__((warn_unused_result));

/* A whole number with an optional suffix: B, kB MB GB TB PB (powers of
 * 1000), KiB MiB GiB TiB PiB (of 1024); a blank may stand before it. */
int dcor_parse_size(const char *text, uint64_t *out)
    __attribute__((warn_unused_result));

/* A number with eight decimals less the zeros at its end: 0.2645, "1." for
 * 1.  Not finite or beyond 1e15: DCOR_EARG.  Threads: pure, as all here. */
#define DCOR_PIXEL_SIZE	32
int dcor_fmt_pixel(double v, char out[DCOR_PIXEL_SIZE])
    __attribute__((warn_unused_result));

#endif /* DCOR_BASE_STR_H */

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * num.h - numbers to text, fast
 *
 * Floating-point numbers become the shortest decimal that reads back as
 * the same number of their type, of these the nearest: as Python's repr()
 * and str() of a NumPy scalar.  After R. Giulietti, The Schubfach way to
 * render doubles (2021).
 */
#ifndef DCOR_BASE_NUM_H
#define DCOR_BASE_NUM_H

#include <stddef.h>
#include <stdint.h>

#define DCOR_NUM_SIZE	32	/* longest text and its NUL */

/*
 * Each writes DCOR_NUM_SIZE bytes at most to out and returns the length.
 * f64 and f32 have a point or an exponent, the latter below 1e-4 and from
 * 1e16 on, or are nan, inf, -inf.  Threads: any.
 */
size_t dcor_num_f64(double v, char *out);
size_t dcor_num_f32(float v, char *out);
size_t dcor_num_u64(uint64_t v, char *out);
size_t dcor_num_i64(int64_t v, char *out);

#endif /* DCOR_BASE_NUM_H */

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * elem.h - numbers as datasets hold them: integers of 1, 2, 4, 8 bytes,
 * floats of 4 and 8, in native byte order
 *
 * Threads: pure.
 */
#ifndef DCOR_RTDC_ELEM_H
#define DCOR_RTDC_ELEM_H

#include "rtdc/h5index.h"

/* Whether elements of this type are such numbers. */
int dcor_elem_known(const struct dcor_h5type *t);

/*
 * Makes *a the type that holds the values of both: NumPy's rule, except
 * that 64 bits with and without a sign become 64 bits with one, not a
 * float that would round most of them.
 */
void dcor_elem_widen(struct dcor_h5type *a, const struct dcor_h5type *b);

/*
 * Converts n elements.  Returns how many were done: fewer than n when the
 * next has no exact equal in the type to (NaN has in floats).
 */
size_t dcor_elem_convert(const struct dcor_h5type *to, void *dst,
    const struct dcor_h5type *from, const void *src, size_t n);

/* Element k as a double, rounded if need be. */
double dcor_elem_f64(const struct dcor_h5type *t, const void *p, size_t k);

/* Adds add to each of n elements; the integer types are those of 8 bytes.
 * Returns as dcor_elem_convert: fewer than n on overflow. */
size_t dcor_elem_add(const struct dcor_h5type *t, void *p, size_t n,
    uint64_t add);

#endif /* DCOR_RTDC_ELEM_H */

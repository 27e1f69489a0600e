/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * forest.h - sets that grow together: up[i] is the parent of i, a root is
 * its own, and parents come first
 */
#ifndef DCOR_SEGM_FOREST_H
#define DCOR_SEGM_FOREST_H

#include <stdint.h>

/* The root of i. */
static inline uint32_t
dcor_forest_find(uint32_t *up, uint32_t i)
{
	while (up[i] != i) {
		up[i] = up[up[i]];
		i = up[i];
	}
	return i;
}

/* Makes one set of those of a and b. */
static inline void
dcor_forest_join(uint32_t *up, uint32_t a, uint32_t b)
{
	a = dcor_forest_find(up, a);
	b = dcor_forest_find(up, b);
	if (a < b)
		up[b] = a;
	else
		up[a] = b;
}

#endif /* DCOR_SEGM_FOREST_H */

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cleanse.h - which background images to trust (private to sparsemed)
 *
 * An image in which cells stuck or a flash shows differs along the flow
 * axis from the images before and after it.
 */
#ifndef DCOR_SEGM_CLEANSE_H
#define DCOR_SEGM_CLEANSE_H

#include "base/err.h"

#include <stdint.h>

struct dcor_cleanse {
	uint64_t	 n;	/* images of the series, > 0 */
	uint32_t	 h;	/* rows of each */
	const uint8_t	*ptp;	/* rows of h values: max - min of each row */
	const uint32_t	*row;	/* n: which of these rows an image has */
	double		 thresh, frac;
};

/* Sets keep[j] to 1 or 0 for each of the n images; *kept: how many, at
 * least one; *fell_back: whether thresh alone kept less than frac. */
int dcor_cleanse(const struct dcor_cleanse *c, uint8_t *keep, uint64_t *kept,
    int *fell_back, struct dcor_err *err);

#endif /* DCOR_SEGM_CLEANSE_H */

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * series.h - median images of many windows of frames (private to
 * sparsemed)
 */
#ifndef DCOR_SEGM_SERIES_H
#define DCOR_SEGM_SERIES_H

#include "segm/background.h"

struct dcor_series {
	const struct dcor_frames *in;
	uint64_t	 k;		/* frames of a window */
	size_t		 n;		/* windows */
	const uint64_t	*first;		/* n: frame that a window begins with */
	int		 fd;		/* image i goes to offset i * w * h */
	size_t		 budget;	/* bytes to use, about */
	/* results, caller's storage */
	uint8_t		*ptp;		/* n * h: max - min of each row */
	double		*mean;		/* n: of the top rows */
	uint16_t	*med2;		/* n: twice the median */
};

/* The first failure in the order of the windows, whatever the pool. */
int dcor_series(const struct dcor_series *s, struct dcor_pool *pool,
    struct dcor_err *err);

#endif /* DCOR_SEGM_SERIES_H */

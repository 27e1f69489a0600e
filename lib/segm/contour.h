/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * contour.h - the outer border of a blob
 *
 * Border following after Suzuki and Abe (1985), as OpenCV's findContours
 * with RETR_EXTERNAL and CHAIN_APPROX_NONE: pixel centres, starting at the
 * first pixel in raster order and going down its left side; thin parts are
 * visited twice.
 */
#ifndef DCOR_SEGM_CONTOUR_H
#define DCOR_SEGM_CONTOUR_H

#include "segm/bits.h"

/* Grows as needed; zero it before the first use. */
struct dcor_contour {
	int32_t		*x, *y;		/* n points, frame coordinates */
	size_t		 n;
	size_t		 xcap, ycap;
	struct dcor_plane plane;	/* scratch */
};

int dcor_contour(struct dcor_contour *c, const struct dcor_blob *b,
    struct dcor_err *err);
void dcor_contour_fini(struct dcor_contour *c);

#endif /* DCOR_SEGM_CONTOUR_H */

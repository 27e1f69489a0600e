/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * squares.h - the contour of a mask as dclab sees it
 *
 * Marching squares over the mask, pixels that touch at a corner belonging
 * together; of the lines found the one with the most points, or the last
 * of those; its points are the pixels inside, without repetitions.  Other
 * than border following it ends where the mask touches the border of the
 * frame.
 */
#ifndef DCOR_SEGM_SQUARES_H
#define DCOR_SEGM_SQUARES_H

#include "segm/contour.h"

/* Zero it before the first use. */
struct dcor_squares {
	unsigned char	*seen;		/* scratch */
	size_t		 cap;
};

/* c->n is 0 when there is no line, or a single pixel.  mask: w * h bytes,
 * not 0 inside. */
int dcor_squares(struct dcor_squares *s, const uint8_t *mask, uint32_t w,
    uint32_t h, struct dcor_contour *c, struct dcor_err *err);
void dcor_squares_fini(struct dcor_squares *s);

#endif /* DCOR_SEGM_SQUARES_H */

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * pixels.h - the grey values of a blob
 */
#ifndef DCOR_SEGM_PIXELS_H
#define DCOR_SEGM_PIXELS_H

#include "segm/bits.h"

#define DCOR_PIXELS_SLACK 64	/* elements that may be read beyond n */

/* Grows as needed; zero it before the first use.  Values are in raster
 * order. */
struct dcor_pixels {
	uint8_t		*v;		/* n: image */
	int16_t		*c;		/* n: image - bg */
	uint8_t		*g;		/* n: room for others */
	uint32_t	 hist[512];	/* of c + 255 */
	int		 lo, hi;	/* the extremes of c */
	int64_t		 vsum, csum;	/* of v, of c */
	size_t		 n;
	size_t		 vcap, ccap, gcap;
};

int dcor_pixels(struct dcor_pixels *p, const struct dcor_frame *f,
    const struct dcor_blob *b, struct dcor_err *err);
void dcor_pixels_fini(struct dcor_pixels *p);

#endif /* DCOR_SEGM_PIXELS_H */

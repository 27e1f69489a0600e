/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * frame.h - one camera frame and its segmentation, as the steps see it
 *
 * Images are w x h bytes, row-major, x to the right, y downwards, the
 * origin in the centre of the top left pixel.  Masks are bit planes; a
 * blob (the pixels of one event) is a list of runs in raster order.
 */
#ifndef DCOR_SEGM_FRAME_H
#define DCOR_SEGM_FRAME_H

#include <stddef.h>
#include <stdint.h>

#define DCOR_FRAME_MAX	16384	/* largest width and height, pixels */

struct dcor_frame {
	uint32_t	 w, h;
	const uint8_t	*image;		/* w * h */
	const uint8_t	*bg;		/* w * h: its background image */
	int		 has_off;	/* off counts */
	double		 off;		/* added to bg, grey levels */
	double		 bg_med;	/* true median of bg, without off */
};

/* Bit x & 63 of word[y * stride + (x >> 6)] is pixel (x, y); bits beyond
 * the width are zero.  stride = (w + 63) / 64. */
struct dcor_bits {
	uint32_t	 w, h, stride;
	uint64_t	*word;
};

/* Pixels (x0 ... x1-1, y). */
struct dcor_run {
	uint16_t	 y, x0, x1;
};

/* The pixels of one event: 8-connected, runs in raster order; its box is
 * x0 ... x1-1, y0 ... y1-1.  run is borrowed. */
struct dcor_blob {
	const struct dcor_run	*run;
	uint32_t		 nruns, npix;
	uint16_t		 x0, y0, x1, y1;
};

#endif /* DCOR_SEGM_FRAME_H */

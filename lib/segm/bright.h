/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * bright.h - brightness of a blob
 */
#ifndef DCOR_SEGM_BRIGHT_H
#define DCOR_SEGM_BRIGHT_H

#include "segm/extract.h"
#include "segm/pixels.h"

/* Sets bg_med and the six bright_* features, bit for bit as dcnum: sums
 * run in raster order, percentiles are interpolated as numba does. */
void dcor_bright(const struct dcor_frame *f, const struct dcor_pixels *p,
    double *feat);

#endif /* DCOR_SEGM_BRIGHT_H */

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * thresh.h - the threshold segmenter
 */
#ifndef DCOR_SEGM_THRESH_H
#define DCOR_SEGM_THRESH_H

#include "segm/frame.h"

/*
 * Sets the bits of out (of f's size) where image - bg - off < thresh, a
 * strict comparison whose result is that of double arithmetic.
 */
void dcor_thresh(const struct dcor_frame *f, double thresh,
    struct dcor_bits *out);

#endif /* DCOR_SEGM_THRESH_H */

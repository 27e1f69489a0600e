/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * texture.h - Haralick's texture features of a blob
 *
 * Haralick, Shanmugam, Dinstein (1973) as mahotas computes them: symmetric
 * co-occurrence at distance 1 in four directions, log2.
 */
#ifndef DCOR_SEGM_TEXTURE_H
#define DCOR_SEGM_TEXTURE_H

#include "segm/extract.h"
#include "segm/pixels.h"

struct dcor_texture;

/* Ownership: caller, _free. */
int dcor_texture_new(struct dcor_texture **out, struct dcor_err *err);
void dcor_texture_free(struct dcor_texture *t);

/*
 * Sets the 22 tex_* features of blob b with pixels p, whose g it uses; all
 * are NaN if there is no pair of neighbours in one of the directions.
 * The grey values are those of dcnum: c - min + 1 modulo 256, of which 0
 * is ignored.
 */
int dcor_texture(struct dcor_texture *t, const struct dcor_blob *b,
    struct dcor_pixels *p, double *feat, struct dcor_err *err);

#endif /* DCOR_SEGM_TEXTURE_H */

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * bits.h - storage and words of bit planes
 */
#ifndef DCOR_SEGM_BITS_H
#define DCOR_SEGM_BITS_H

#include "base/err.h"
#include "segm/frame.h"

/* A plane with memory of its own; zero it before the first use. */
struct dcor_plane {
	struct dcor_bits bits;
	size_t		 cap;		/* words allocated */
};

/* Makes p a plane of w x h pixels, all zero, keeping its memory if that is
 * large enough. */
int dcor_plane_set(struct dcor_plane *p, uint32_t w, uint32_t h,
    struct dcor_err *err);
void dcor_plane_fini(struct dcor_plane *p);

/* Sets pixels (x0 ... x1-1, y); x0 < x1 <= w. */
void dcor_bits_run(struct dcor_bits *b, uint32_t y, uint32_t x0,
    uint32_t x1);

static inline int
dcor_bits_get(const struct dcor_bits *b, uint32_t x, uint32_t y)
{
	return (int)(b->word[(size_t)y * b->stride + (x >> 6)] >> (x & 63) &
	    1);
}

/* The pixels of the last word of a row. */
static inline uint64_t
dcor_bits_tail(uint32_t w)
{
	return w % 64 == 0 ? UINT64_MAX : ((uint64_t)1 << w % 64) - 1;
}

/* Makes the array at *p (p is a pointer to the pointer) hold n elements of
 * size bytes at least, and more, so that appending is cheap; *cap is how
 * many.  The old content stays.  New memory is zero. */
int dcor_room(void *p, size_t *cap, size_t n, size_t size,
    struct dcor_err *err);

#endif /* DCOR_SEGM_BITS_H */

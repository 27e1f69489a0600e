/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * npyin.h - lists that NumPy saved (.npy, versions 1 to 3)
 */
#ifndef DCOR_RTDC_NPYIN_H
#define DCOR_RTDC_NPYIN_H

#include <stddef.h>
#include <stdint.h>

struct dcor_npyin {
	char		 kind;		/* i, u, f, b as NumPy has it */
	int		 big;		/* big-endian */
	size_t		 size;		/* bytes an item: 1, 2, 4 or 8 */
	uint64_t	 n;		/* items, all within the bytes */
	size_t		 data;		/* where they begin */
};

/* What the len bytes at p hold; 0 when that is no array of one dimension
 * of these kinds, or less than it should be. */
int dcor_npyin(const void *p, size_t len, struct dcor_npyin *out);

#endif /* DCOR_RTDC_NPYIN_H */

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sel.h - a selection: which events of a measurement
 */
#ifndef DCOR_RTDC_SEL_H
#define DCOR_RTDC_SEL_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct dcor_range {
	uint64_t	 first, n;
};

/* Ranges in ascending order, disjoint, merged where they touch; none is
 * empty.  All zero: no events. */
struct dcor_sel {
	struct dcor_range *v;
	size_t		 nv, room;
	uint64_t	 n;		/* events in all ranges */
};

/*
 * Adds n events from first on, which must not be before what was added
 * last (DCOR_EBUG).  Ownership: dcor_sel_fini.
 */
int dcor_sel_add(struct dcor_sel *s, uint64_t first, uint64_t n,
    struct dcor_err *err);
void dcor_sel_fini(struct dcor_sel *s);

/* Where a walk through a selection is; all zero: at its start. */
struct dcor_selpos {
	size_t		 range;
	uint64_t	 off;		/* events of that range gone by */
};

/* Makes part the next events of s, at most max: none at the end.  part
 * keeps its memory from call to call. */
int dcor_sel_next(const struct dcor_sel *s, struct dcor_selpos *pos,
    uint64_t max, struct dcor_sel *part, struct dcor_err *err);

/* Keeps the first n events. */
void dcor_sel_limit(struct dcor_sel *s, uint64_t n);

/*
 * Keeps n events, each set of n as likely as any other, the same on every
 * machine: of an event with r left, itself included, and k still wanted,
 * in ascending order, it stays when floor(u / 2^11) * 2^-53 * r < k, where
 * u is the next number of SplitMix64 (Steele, Lea, Flood 2014) from seed
 * on.  This is algorithm S of Knuth, The Art of Computer Programming 3.4.2.
 */
int dcor_sel_sample(struct dcor_sel *s, uint64_t n, uint64_t seed,
    struct dcor_err *err);

#endif /* DCOR_RTDC_SEL_H */

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

#endif /* DCOR_RTDC_SEL_H */

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * filter.h - the events of a selection that meet conditions
 */
#ifndef DCOR_RTDC_FILTER_H
#define DCOR_RTDC_FILTER_H

#include "rtdc/cols.h"
#include "rtdc/expr.h"
#include "rtdc/poly.h"

struct dcor_filter {
	struct dcor_expr **expr;	/* all hold */
	size_t		 nexpr;
	struct dcor_polys polys;	/* all let the event through */
	/* asked after each window, with the events seen; may be NULL;
	 * anything but 0 ends it with DCOR_ETEMP */
	int		(*tick)(uint64_t done);
};

/*
 * Takes out of sel what does not meet f.  Features are read for the events
 * of sel only.  DCOR_ENOENT: a feature is missing.  On failure sel is as it
 * was.
 */
int dcor_sel_filter(struct dcor_rtdc *m, const struct dcor_filter *f,
    struct dcor_sel *sel, struct dcor_pool *pool, struct dcor_err *err);

#endif /* DCOR_RTDC_FILTER_H */

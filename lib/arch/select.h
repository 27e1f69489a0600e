/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * select.h - which objects of an archive are meant; what all of them are
 */
#ifndef DCOR_ARCH_SELECT_H
#define DCOR_ARCH_SELECT_H

#include "arch/index.h"

struct dcor_arch_select {		/* zero: every generation of all */
	char	**names;	/* "BUCKET/KEY", "BUCKET/PREFIX*"; none: all */
	size_t	  nnames;
	unsigned char *used;	/* of nnames: set for names that matched */
	int	  newest;	/* of each object the newest generation */
	unsigned  gen;		/* this one only, or 0 */
	int64_t	  at;		/* what was there at that time, or 0 */
	int64_t	  before;	/* not verified since then, or 0 */
};

/* The numbers of the entries; as dcor_arch_index_sorted. */
int dcor_arch_select(struct dcor_arch_index *x,
    const struct dcor_arch_select *s, enum dcor_arch_order order,
    uint32_t **out, size_t *n, struct dcor_err *err)
    __attribute__((warn_unused_result));

struct dcor_arch_totals {
	uint64_t objects, bytes;	/* newest generations */
	uint64_t generations, all_bytes;
	uint64_t members, bundles;	/* small ones, and where they are */
	uint64_t gone, gone_bytes;	/* not in the store any more */
	uint64_t bad, unproven, unverified;
	uint64_t week, month;		/* bytes of the last 7, 30 days */
	int64_t	 last;			/* when something was archived */
	int64_t	 oldest;		/* longest not looked at, or 0 */
};
void dcor_arch_totals(struct dcor_arch_index *x, int64_t now,
    struct dcor_arch_totals *out);

#endif /* DCOR_ARCH_SELECT_H */

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * pick.h - events named by number, as a person writes it
 *
 *	LIST	ITEM,ITEM,...
 *	ITEM	A	one event; the first is 0, -1 is the last
 *		A:B	from A on up to but not B; either may be missing
 *		A:B:S	every S-th of these
 *		@FILE	what is in FILE: a list a line, # begins a comment,
 *			or a NumPy array (.npy) of integers or, one for each
 *			event, booleans; the rest of the text is its name
 *
 * A single event that does not exist is an error; what a range has beyond
 * the ends is not, as in Python.  The order and repetition of items have no
 * meaning: they name a set.
 */
#ifndef DCOR_RTDC_PICK_H
#define DCOR_RTDC_PICK_H

#include "rtdc/sel.h"

#define DCOR_PICK_MAX	((uint64_t)1 << 32)	/* events that can be named */

/* What was asked for, before it is known of how many events. */
struct dcor_pick;

int dcor_pick_new(struct dcor_pick **out, struct dcor_err *err);
void dcor_pick_free(struct dcor_pick *p);

/* Adds what a list names; files are read now.  DCOR_EARG "column N: ..."
 * when it is no list, DCOR_EDATA when a file holds none. */
int dcor_pick_add(struct dcor_pick *p, const char *list,
    struct dcor_err *err);

/*
 * The events of a measurement of that many: the union of all that was
 * added.  DCOR_EARG: there is no such event.  Needs a bit an event.
 * Ownership: dcor_sel_fini, for out, which must be empty.
 */
int dcor_pick_get(const struct dcor_pick *p, uint64_t events,
    struct dcor_sel *out, struct dcor_err *err);

#endif /* DCOR_RTDC_PICK_H */

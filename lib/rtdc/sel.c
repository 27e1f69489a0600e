/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "rtdc/sel.h"

#include <stdlib.h>
#include <string.h>

int
dcor_sel_add(struct dcor_sel *s, uint64_t first, uint64_t n,
    struct dcor_err *err)
{
	struct dcor_range *last = s->nv > 0 ? &s->v[s->nv - 1] : NULL, *v;
	size_t room;

	if (n == 0)
		return DCOR_OK;
	if (n > UINT64_MAX - first ||
	    (last != NULL && first < last->first + last->n))
		return dcor_err_set(err, DCOR_EBUG, 0,
		    "events are not in ascending order");
	if (last != NULL && first == last->first + last->n) {
		last->n += n;
		s->n += n;
		return DCOR_OK;
	}
	if (s->nv == s->room) {
		room = s->room > 0 ? s->room * 2 : 16;
		v = realloc(s->v, room * sizeof(*v));
		if (v == NULL)
			return dcor_err_nomem(err);
		s->v = v;
		s->room = room;
	}
	s->v[s->nv++] = (struct dcor_range){ first, n };
	s->n += n;
	return DCOR_OK;
}

void
dcor_sel_fini(struct dcor_sel *s)
{
	free(s->v);
	memset(s, 0, sizeof(*s));
}

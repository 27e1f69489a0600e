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

int
dcor_sel_next(const struct dcor_sel *s, struct dcor_selpos *pos,
    uint64_t max, struct dcor_sel *part, struct dcor_err *err)
{
	const struct dcor_range *r;
	uint64_t n;
	int rc;

	part->nv = 0;
	part->n = 0;
	for (; max > 0 && pos->range < s->nv; max -= n) {
		r = &s->v[pos->range];
		n = r->n - pos->off;
		if (n > max)
			n = max;
		rc = dcor_sel_add(part, r->first + pos->off, n, err);
		if (rc != DCOR_OK)
			return rc;
		pos->off += n;
		if (pos->off == r->n) {
			pos->range++;
			pos->off = 0;
		}
	}
	return DCOR_OK;
}

void
dcor_sel_limit(struct dcor_sel *s, uint64_t n)
{
	size_t i;

	if (n >= s->n)
		return;
	s->n = n;
	for (i = 0; n > 0; n -= s->v[i++].n)
		if (s->v[i].n > n)
			s->v[i].n = n;
	s->nv = i;
}

static uint64_t
splitmix64(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

int
dcor_sel_sample(struct dcor_sel *s, uint64_t n, uint64_t seed,
    struct dcor_err *err)
{
	struct dcor_sel out = { 0 };
	uint64_t left = s->n, k;
	size_t i;
	int rc = DCOR_OK;

	if (n >= s->n)
		return DCOR_OK;
	for (i = 0; rc == DCOR_OK && n > 0; i++)
		for (k = 0; rc == DCOR_OK && k < s->v[i].n; k++, left--)
			if ((double)(splitmix64(&seed) >> 11) * 0x1p-53 *
			    (double)left < (double)n) {
				n--;
				rc = dcor_sel_add(&out, s->v[i].first + k, 1,
				    err);
			}
	if (rc != DCOR_OK) {
		dcor_sel_fini(&out);
		return rc;
	}
	dcor_sel_fini(s);
	*s = out;
	return DCOR_OK;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "arch/index.h"

#include <stdlib.h>
#include <string.h>

/*
 * Heap sort: qsort has no argument for the index, and this one needs no
 * memory and has no bad case for keys that strangers chose.
 */
static int
compare(const struct dcor_arch_index *x, enum dcor_arch_order order,
    const struct dcor_arch_ent *a, const struct dcor_arch_ent *b)
{
	struct dcor_arch_rec ra, rb;
	uint32_t ta, tb;
	int r;

	if (order == DCOR_ARCH_BY_AGE) {
		ta = a->checked > a->when ? a->checked : a->when;
		tb = b->checked > b->when ? b->checked : b->when;
		if (ta != tb)
			return ta < tb ? -1 : 1;
	}
	r = strcmp(dcor_arch_index_bucket(x, a),
	    dcor_arch_index_bucket(x, b));
	if (r != 0)
		return r;
	if (order != DCOR_ARCH_BY_KEY) {
		if (a->place != b->place) {
			dcor_arch_index_rec(x, a, &ra);
			dcor_arch_index_rec(x, b, &rb);
			return strcmp(ra.place, rb.place);
		}
		if (a->off != b->off)
			return a->off < b->off ? -1 : 1;
	}
	r = strcmp(dcor_arch_index_key(x, a), dcor_arch_index_key(x, b));
	if (r != 0)
		return r;
	return a->gen < b->gen ? -1 : a->gen > b->gen;
}

static void
sift(struct dcor_arch_index *x, enum dcor_arch_order order, uint32_t *p,
    size_t top, size_t n)
{
	uint32_t v = p[top];
	size_t child;

	while ((child = 2 * top + 1) < n) {
		if (child + 1 < n && compare(x, order,
		    dcor_arch_index_at(x, p[child]),
		    dcor_arch_index_at(x, p[child + 1])) < 0)
			child++;
		if (compare(x, order, dcor_arch_index_at(x, v),
		    dcor_arch_index_at(x, p[child])) >= 0)
			break;
		p[top] = p[child];
		top = child;
	}
	p[top] = v;
}

void
dcor_arch_index_resort(struct dcor_arch_index *x,
    enum dcor_arch_order order, uint32_t *list, size_t n)
{
	uint32_t t;
	size_t i;

	for (i = n / 2; i-- > 0;)
		sift(x, order, list, i, n);
	for (i = n; i-- > 1;) {
		t = list[0];
		list[0] = list[i];
		list[i] = t;
		sift(x, order, list, 0, i);
	}
}

int
dcor_arch_index_sorted(struct dcor_arch_index *x,
    enum dcor_arch_order order, int (*want)(void *arg,
    const struct dcor_arch_ent *e), void *arg, uint32_t **out, size_t *n,
    struct dcor_err *err)
{
	size_t count = dcor_arch_index_count(x), i;

	*n = 0;
	*out = malloc((count + 1) * sizeof(**out));
	if (*out == NULL)
		return dcor_err_nomem(err);
	for (i = 0; i < count; i++)
		if (want == NULL || want(arg, dcor_arch_index_at(x, i)))
			(*out)[(*n)++] = (uint32_t)i;
	dcor_arch_index_resort(x, order, *out, *n);
	return DCOR_OK;
}

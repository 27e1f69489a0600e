/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "segm/label.h"

#include <stdlib.h>
#include <string.h>

#include "segm/bits.h"
#include "segm/forest.h"

/* The places where a row changes its colour, to edge; how many. */
static size_t
row_edges(const uint64_t *row, uint32_t stride, uint32_t w, uint16_t *edge)
{
	uint64_t carry = 0, t;
	uint32_t i, x;
	size_t n = 0;

	for (i = 0, x = 0; i < stride; i++, x += 64) {
		t = row[i] ^ (row[i] << 1 | carry);
		carry = row[i] >> 63;
		for (; t != 0; t &= t - 1)
			edge[n++] = (uint16_t)(x +
			    (uint32_t)__builtin_ctzll(t));
	}
	if (n % 2 != 0)
		edge[n++] = (uint16_t)w;
	return n;
}

/* Joins runs above ... row-1 to runs row ... n-1 of the next row. */
static void
join_rows(struct dcor_labels *l, uint32_t above, uint32_t row, uint32_t n,
    uint32_t reach)
{
	const struct dcor_run *r = l->run;
	uint32_t i, j = above, k;

	for (i = row; i < n; i++) {
		while (j < row && r[j].x1 + reach <= r[i].x0)
			j++;
		for (k = j; k < row && r[k].x0 < r[i].x1 + reach; k++)
			dcor_forest_join(l->comp, i, k);
	}
}

static int
find_runs(struct dcor_labels *l, const struct dcor_bits *b, int four,
    struct dcor_err *err)
{
	const uint64_t *row = b->word;
	uint32_t above = 0, start = 0, y;
	size_t m, i;
	int rc;

	rc = dcor_room(&l->edge, &l->edgecap, (size_t)b->w + 2,
	    sizeof(*l->edge), err);
	l->n = 0;
	for (y = 0; rc == DCOR_OK && y < b->h; y++, row += b->stride) {
		m = row_edges(row, b->stride, b->w, l->edge) / 2;
		start = l->n;
		if (start + m > l->runcap || start + m > l->compcap) {
			rc = dcor_room(&l->run, &l->runcap, start + m,
			    sizeof(*l->run), err);
			if (rc == DCOR_OK)
				rc = dcor_room(&l->comp, &l->compcap,
				    start + m, sizeof(*l->comp), err);
			if (rc != DCOR_OK)
				break;
		}
		for (i = 0; i < m; i++) {
			l->run[start + i].y = (uint16_t)y;
			l->run[start + i].x0 = l->edge[2 * i];
			l->run[start + i].x1 = l->edge[2 * i + 1];
			l->comp[start + i] = (uint32_t)(start + i);
		}
		l->n = start + (uint32_t)m;
		if (m > 0 && start > above)
			join_rows(l, above, start, l->n, four ? 0 : 1);
		above = start;
	}
	return rc;
}

static void
add_run(struct dcor_labels *l, struct dcor_comp *c, uint32_t i)
{
	const struct dcor_run *r = &l->run[i];

	l->next[c->last] = i;
	c->last = i;
	c->nruns++;
	c->npix += (uint32_t)(r->x1 - r->x0);
	if (r->x0 < c->x0)
		c->x0 = r->x0;
	if (r->x1 > c->x1)
		c->x1 = r->x1;
	c->y1 = (uint16_t)(r->y + 1);
}

int
dcor_label(struct dcor_labels *l, const struct dcor_bits *b, int four,
    struct dcor_err *err)
{
	const struct dcor_run *r;
	struct dcor_comp *c;
	uint32_t i;
	int rc;

	l->ncomp = 0;
	rc = find_runs(l, b, four, err);
	if (rc == DCOR_OK)
		rc = dcor_room(&l->next, &l->nextcap, l->n,
		    sizeof(*l->next), err);
	for (i = 0; rc == DCOR_OK && i < l->n; i++) {
		l->next[i] = DCOR_LABEL_END;
		if (l->comp[i] != i) {
			/* A parent comes first: it has its number. */
			l->comp[i] = l->comp[l->comp[i]];
			add_run(l, &l->c[l->comp[i]], i);
			continue;
		}
		if (l->ncomp == l->ccap) {
			rc = dcor_room(&l->c, &l->ccap, l->ncomp + (size_t)1,
			    sizeof(*l->c), err);
			if (rc != DCOR_OK)
				break;
		}
		r = &l->run[i];
		c = &l->c[l->ncomp];
		c->first = c->last = i;
		c->nruns = 1;
		c->npix = (uint32_t)(r->x1 - r->x0);
		c->x0 = r->x0;
		c->x1 = r->x1;
		c->y0 = r->y;
		c->y1 = (uint16_t)(r->y + 1);
		l->comp[i] = l->ncomp++;
	}
	return rc;
}

void
dcor_labels_fini(struct dcor_labels *l)
{
	free(l->run);
	free(l->comp);
	free(l->next);
	free(l->c);
	free(l->edge);
	memset(l, 0, sizeof(*l));
}

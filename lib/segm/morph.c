/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "segm/morph.h"

#include <stdlib.h>
#include <string.h>

#include "segm/forest.h"

void
dcor_morph_fini(struct dcor_morph *m)
{
	dcor_plane_fini(&m->a);
	dcor_plane_fini(&m->b);
	dcor_plane_fini(&m->c);
	dcor_labels_fini(&m->labels);
	free(m->gap);
	free(m->up);
	memset(m, 0, sizeof(*m));
}

/* ---- holes ---- */

/* The gaps of one row on their way through the rows; gap i is node i + 1
 * of the forest, node 0 is the outside. */
struct gaprow {
	size_t		 first, n;	/* gaps; n: end */
	unsigned	 x0, x1;	/* the row's runs lie in x0 ... x1-1 */
	unsigned	 y;
};

/* Joins gaps first ... n-1 to the outside where they reach beyond o. */
static void
join_outside(struct dcor_morph *m, const struct gaprow *g,
    const struct gaprow *o)
{
	size_t i;

	for (i = g->first; i < g->n; i++)
		if (m->gap[i].x0 < o->x0 || m->gap[i].x1 > o->x1)
			dcor_forest_join(m->up, (uint32_t)i + 1, 0);
}

static void
join_gaps(struct dcor_morph *m, const struct gaprow *up,
    const struct gaprow *g)
{
	const struct dcor_run *r = m->gap;
	size_t i, j = up->first, k;

	join_outside(m, up, g);
	join_outside(m, g, up);
	for (i = g->first; i < g->n; i++) {
		while (j < up->n && r[j].x1 <= r[i].x0)
			j++;
		for (k = j; k < up->n && r[k].x0 < r[i].x1; k++)
			dcor_forest_join(m->up, (uint32_t)i + 1,
			    (uint32_t)k + 1);
	}
}

int
dcor_fill_blob(struct dcor_morph *m, const struct dcor_run *run, size_t n,
    struct dcor_bits *b, int *filled, struct dcor_err *err)
{
	const struct gaprow none = { 0, 0, UINT32_MAX, 0, 0 };
	struct gaprow up = none, row;
	size_t i = 0;
	int rc;

	*filled = 0;
	rc = dcor_room(&m->gap, &m->gapcap, n, sizeof(*m->gap), err);
	if (rc == DCOR_OK)
		rc = dcor_room(&m->up, &m->upcap, n + 1, sizeof(*m->up),
		    err);
	if (rc != DCOR_OK)
		return rc;
	m->up[0] = 0;
	row = none;
	while (i < n) {
		row.first = row.n;
		row.y = run[i].y;
		row.x0 = run[i].x0;
		for (i++; i < n && run[i].y == row.y; i++) {
			m->gap[row.n].y = run[i].y;
			m->gap[row.n].x0 = run[i - 1].x1;
			m->gap[row.n].x1 = run[i].x0;
			row.n++;
			m->up[row.n] = (uint32_t)row.n;
		}
		row.x1 = run[i - 1].x1;
		if (up.x1 > 0 && up.y + 1 == row.y)
			join_gaps(m, &up, &row);
		else {
			join_outside(m, &up, &none);
			join_outside(m, &row, &none);
		}
		up = row;
	}
	join_outside(m, &up, &none);
	for (i = 0; i < row.n; i++)
		if (dcor_forest_find(m->up, (uint32_t)i + 1) != 0) {
			*filled = 1;
			dcor_bits_run(b, m->gap[i].y, m->gap[i].x0,
			    m->gap[i].x1);
		}
	return DCOR_OK;
}

static void
invert(struct dcor_bits *b)
{
	size_t n = (size_t)b->stride * b->h, i;

	for (i = 0; i < n; i++)
		b->word[i] = ~b->word[i];
	for (i = b->stride; i > 0 && i <= n; i += b->stride)
		b->word[i - 1] &= dcor_bits_tail(b->w);
}

int
dcor_fill_frame(struct dcor_morph *m, struct dcor_bits *b,
    struct dcor_err *err)
{
	struct dcor_labels *l = &m->labels;
	uint32_t i;
	int rc;

	memset(b->word, 0, b->stride * sizeof(*b->word));
	if (b->h > 1)
		b->word[b->stride] &= ~(uint64_t)3;
	invert(b);
	rc = dcor_label(l, b, 1, err);
	if (rc != DCOR_OK)
		return rc;
	memset(b->word, 0, (size_t)b->stride * b->h * sizeof(*b->word));
	/* Row 0 is the first run of component 0. */
	for (i = 0; i < l->n; i++)
		if (l->comp[i] == 0)
			dcor_bits_run(b, l->run[i].y, l->run[i].x0,
			    l->run[i].x1);
	invert(b);
	return DCOR_OK;
}

/* ---- opening ---- */

/* Word i of a row moved k pixels to the left; what comes in is fill. */
static inline uint64_t
moved_left(const uint64_t *r, size_t stride, size_t i, unsigned k,
    uint64_t fill)
{
	size_t q = i + k / 64;
	unsigned s = k % 64;
	uint64_t lo, hi;

	lo = q < stride ? r[q] : fill;
	if (s == 0)
		return lo;
	hi = q + 1 < stride ? r[q + 1] : fill;
	return lo >> s | hi << (64 - s);
}

static inline uint64_t
moved_right(const uint64_t *r, size_t i, unsigned k, uint64_t fill)
{
	size_t q = k / 64;
	unsigned s = k % 64;
	uint64_t lo, hi;

	hi = i >= q ? r[i - q] : fill;
	if (s == 0)
		return hi;
	lo = i >= q + 1 ? r[i - q - 1] : fill;
	return hi << s | lo >> (64 - s);
}

/* h = h and-ed with src moved k pixels to both sides. */
static inline void
narrow(uint64_t *h, const uint64_t *src, size_t stride, size_t rows,
    unsigned k, uint64_t left, uint64_t right)
{
	size_t y, i;

	for (y = 0; y < rows; y++, h += stride, src += stride)
		for (i = 0; i < stride; i++)
			h[i] &= moved_left(src, stride, i, k, right) &
			    moved_right(src, i, k, left);
}

static inline void
widen(uint64_t *h, const uint64_t *src, size_t stride, size_t rows,
    unsigned k)
{
	size_t y, i;

	for (y = 0; y < rows; y++, h += stride, src += stride)
		for (i = 0; i < stride; i++)
			h[i] |= moved_left(src, stride, i, k, 0) |
			    moved_right(src, i, k, 0);
}

/* Half the width of the disk in row dy. */
static unsigned
half_width(unsigned r, unsigned dy)
{
	uint64_t d2 = (uint64_t)r * r - (uint64_t)dy * dy;
	unsigned w = 0;

	while ((uint64_t)(w + 1) * (w + 1) <= d2)
		w++;
	return w;
}

/* The erosion of src to out; h is scratch. */
static inline __attribute__((always_inline)) void
erode(const uint64_t *src, uint64_t *h, uint64_t *out, size_t stride,
    size_t rows, unsigned r, unsigned edges)
{
	uint64_t left = edges & DCOR_EDGE_LEFT ? UINT64_MAX : 0;
	uint64_t right = edges & DCOR_EDGE_RIGHT ? UINT64_MAX : 0;
	size_t n = stride * rows, cut, off, i;
	unsigned k = 0, want, dy;

	memcpy(h, src, n * sizeof(*h));
	memset(out, 255, n * sizeof(*out));
	for (dy = r;; dy--) {
		for (want = half_width(r, dy); k < want;)
			narrow(h, src, stride, rows, ++k, left, right);
		cut = dy < rows ? dy : rows;
		off = cut * stride;
		for (i = 0; i < n - off; i++)
			out[i] &= h[i + off];
		if (!(edges & DCOR_EDGE_BOTTOM))
			memset(out + n - off, 0, off * sizeof(*out));
		for (i = off; i < n; i++)
			out[i] &= h[i - off];
		if (!(edges & DCOR_EDGE_TOP))
			memset(out, 0, off * sizeof(*out));
		if (dy == 0)
			break;
	}
}

/* The dilation of src to out; h is scratch. */
static inline __attribute__((always_inline)) void
dilate(const uint64_t *src, uint64_t *h, uint64_t *out, size_t stride,
    size_t rows, unsigned r)
{
	size_t n = stride * rows, off, i;
	unsigned k = 0, want, dy;

	memcpy(h, src, n * sizeof(*h));
	memset(out, 0, n * sizeof(*out));
	for (dy = r;; dy--) {
		for (want = half_width(r, dy); k < want;)
			widen(h, src, stride, rows, ++k);
		off = (dy < rows ? dy : rows) * stride;
		for (i = 0; i < n - off; i++)
			out[i] |= h[i + off];
		for (i = off; i < n; i++)
			out[i] |= h[i - off];
		if (dy == 0)
			break;
	}
}

int
dcor_open_disk(struct dcor_morph *m, struct dcor_bits *b, unsigned r,
    unsigned edges, struct dcor_err *err)
{
	size_t stride = b->stride, rows = b->h, n = stride * rows, i;
	uint64_t tail = dcor_bits_tail(b->w), *e;
	unsigned most = b->w + b->h;
	int rc;

	if (r == 0 || n == 0)
		return DCOR_OK;
	/* Such a disk covers everything, whatever its centre. */
	if (r > most)
		r = most;
	rc = dcor_plane_set(&m->a, b->w, b->h, err);
	if (rc == DCOR_OK)
		rc = dcor_plane_set(&m->b, b->w, b->h, err);
	if (rc != DCOR_OK)
		return rc;
	e = m->b.bits.word;
	if (edges & DCOR_EDGE_RIGHT)
		for (i = stride; i <= n; i += stride)
			b->word[i - 1] |= ~tail;
	if (stride == 1)
		erode(b->word, m->a.bits.word, e, 1, rows, r, edges);
	else
		erode(b->word, m->a.bits.word, e, stride, rows, r, edges);
	for (i = stride; i <= n; i += stride)
		e[i - 1] &= tail;
	if (stride == 1)
		dilate(e, m->a.bits.word, b->word, 1, rows, r);
	else
		dilate(e, m->a.bits.word, b->word, stride, rows, r);
	for (i = stride; i <= n; i += stride)
		b->word[i - 1] &= tail;
	return DCOR_OK;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "segm/bits.h"

#include <stdlib.h>
#include <string.h>

int
dcor_room(void *p, size_t *cap, size_t n, size_t size, struct dcor_err *err)
{
	size_t want;
	void *old, *new;

	if (n <= *cap)
		return DCOR_OK;
	/* Less slack where there is much. */
	if (n > SIZE_MAX / 2)
		return dcor_err_nomem(err);
	want = n < 64 ? 64 : n < (1 << 20) ? 2 * n : n + n / 8;
	if (want > SIZE_MAX / size)
		return dcor_err_nomem(err);
	memcpy(&old, p, sizeof(old));
	new = realloc(old, want * size);
	if (new == NULL)
		return dcor_err_nomem(err);
	memset((char *)new + *cap * size, 0, (want - *cap) * size);
	memcpy(p, &new, sizeof(new));
	*cap = want;
	return DCOR_OK;
}

int
dcor_plane_set(struct dcor_plane *p, uint32_t w, uint32_t h,
    struct dcor_err *err)
{
	struct dcor_bits *b = &p->bits;
	size_t n;
	int rc;

	b->w = w;
	b->h = h;
	b->stride = (w + 63) / 64;
	n = (size_t)b->stride * h;
	rc = dcor_room(&b->word, &p->cap, n, sizeof(*b->word), err);
	if (rc == DCOR_OK)
		memset(b->word, 0, n * sizeof(*b->word));
	return rc;
}

void
dcor_plane_fini(struct dcor_plane *p)
{
	free(p->bits.word);
	memset(p, 0, sizeof(*p));
}

void
dcor_bits_run(struct dcor_bits *b, uint32_t y, uint32_t x0, uint32_t x1)
{
	uint64_t *row = b->word + (size_t)y * b->stride;
	uint64_t head = UINT64_MAX << (x0 & 63), tail = dcor_bits_tail(x1);
	size_t i = x0 >> 6, last = (x1 - 1) >> 6;

	if (i == last) {
		row[i] |= head & tail;
		return;
	}
	row[i++] |= head;
	while (i < last)
		row[i++] = UINT64_MAX;
	row[last] |= tail;
}

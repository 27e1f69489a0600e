/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Chunk indexes: single chunk and the two B-trees; see h5chunkarr.c. */
#include "rtdc/h5walk.h"

#include <stdlib.h>
#include <string.h>

enum { IX_V1 = 0, IX_SINGLE = 1, IX_IMPLICIT = 2, IX_FIXED = 3, IX_EXT = 4,
    IX_V2 = 5 };

#define MANY		((uint64_t)1 << 20)	/* chunks, in any file */

int
dcor_h5walk_put(struct dcor_h5walk *w, const uint64_t *scaled,
    uint64_t addr, uint64_t size, uint32_t mask, struct dcor_err *err)
{
	const struct dcor_h5dset *d = w->d;
	struct dcor_h5chunk *ch;
	uint64_t at = 0, room;
	unsigned i;
	int edge = 0;

	if (addr == DCOR_H5_NOADDR || scaled[0] < w->lo || scaled[0] >= w->hi)
		return 0;
	for (i = 0; i < d->rank; i++) {
		if (scaled[i] >= w->grid[i])
			return 0;
		at += scaled[i] * w->stride[i];
		if (scaled[i] == w->grid[i] - 1 &&
		    d->dim[i] % d->chunk[i] != 0)
			edge = 1;
	}
	ch = &w->out[at];
	if (ch->addr != DCOR_H5_NOADDR)
		return dcor_err_set(err, DCOR_EDATA, 0,
		    "chunk %llu is in the index twice",
		    (unsigned long long)at);
	room = w->src->size - w->sb->base;
	if (size == 0 || size > UINT32_MAX || addr > room ||
	    size > room - addr)
		return dcor_err_set(err, DCOR_EDATA, 0,
		    "chunk %llu: %llu bytes at address %llu are not in the "
		    "file", (unsigned long long)at, (unsigned long long)size,
		    (unsigned long long)addr);
	ch->addr = addr;
	ch->size = (uint32_t)size;
	ch->mask = mask;
	if (edge && d->ix.partial)
		ch->mask = ((uint32_t)1 << d->nfilt) - 1;
	return 0;
}

static int
single(struct dcor_h5walk *w, struct dcor_err *err)
{
	static const uint64_t origin[DCOR_H5_MAXRANK];
	const struct dcor_h5dset *d = w->d;

	if (w->total != 1 || (d->nfilt > 0) != d->ix.sized)
		return dcor_err_set(err, DCOR_EDATA, 0,
		    "bad index of a single chunk");
	return dcor_h5walk_put(w, origin, d->addr, d->ix.sized ?
	    d->ix.single_size : d->chunk_bytes, d->ix.single_mask, err);
}

/* Whether the chunks before these coordinates are all below w->lo. */
static int
is_low(const struct dcor_h5walk *w, const uint64_t *scaled)
{
	unsigned j;

	for (j = 1; j < w->d->rank && scaled[j] == 0; j++)
		continue;
	return scaled[0] < w->lo || (scaled[0] == w->lo && j == w->d->rank);
}

/* The chunks of a leaf, or the children of another node that matter: each
 * has the chunks from its key on and before the next one's. */
static int
v1_node(struct dcor_h5walk *w, uint64_t addr, unsigned level, unsigned nent,
    struct dcor_h5cur *c, struct dcor_h5nodes *next,
    struct dcor_err *err)
{
	const struct dcor_h5dset *d = w->d;
	uint64_t scaled[DCOR_H5_MAXRANK], size, child;
	size_t had = next->n;
	uint32_t mask;
	unsigned i, j;
	int rc;

	for (i = 0; i < nent; i++) {
		size = dcor_h5cur_num(c, 4);
		mask = (uint32_t)dcor_h5cur_num(c, 4);
		for (j = 0; j < d->rank; j++) {
			scaled[j] = dcor_h5cur_num(c, 8);
			if (level == 0 && scaled[j] % d->chunk[j] != 0)
				return dcor_h5bad(err, addr,
				    "chunk off the grid");
			scaled[j] /= d->chunk[j];
		}
		dcor_h5cur_num(c, 8);
		child = dcor_h5cur_addr(c, w->sb->addr_bytes);
		if (level > 0 && i > 0 && is_low(w, scaled))
			next->n = had;		/* the one before is */
		had = next->n;
		rc = level == 0 ?
		    dcor_h5walk_put(w, scaled, child, size, mask, err) :
		    scaled[0] < w->hi ?
		    dcor_h5nodes_add(next, child, 0, err) : 0;
		if (rc != 0)
			return rc;
	}
	return c->bad ? dcor_h5bad(err, addr, "B-tree node too short") : 0;
}

static int
v1_tree(struct dcor_h5walk *w, struct dcor_err *err)
{
	const unsigned char *p;
	struct dcor_h5rd r;
	struct dcor_h5cur c;
	struct dcor_h5nodes now = { NULL, 0, 0 }, next = { NULL, 0, 0 };
	size_t i, head, len, a = w->sb->addr_bytes;
	unsigned level = 0, at, nent;
	int rc, root = 1;

	dcor_h5rd_init(&r, w->src, w->sb->base);
	head = 8 + 2 * a;
	rc = dcor_h5nodes_add(&now, w->d->addr, 0, err);
	while (rc == 0 && now.n > 0) {
		dcor_h5nodes_expect(&r, &now);
		for (i = 0; rc == 0 && i < now.n; i++) {
			if ((rc = dcor_h5rd_get(&r, now.v[i].addr, head, &p,
			    err)) != 0)
				break;
			at = p[5];
			nent = p[6] | (unsigned)p[7] << 8;
			if (memcmp(p, "TREE\1", 5) != 0 ||
			    (!root && at != level)) {
				rc = dcor_h5bad(err, now.v[i].addr,
				    "no B-tree node of its level");
				break;
			}
			level = at;
			root = 0;
			if (nent == 0)
				continue;
			len = nent * (16 + 8 * (size_t)w->d->rank + a);
			if ((rc = dcor_h5rd_get(&r, now.v[i].addr + head, len,
			    &p, err)) != 0)
				break;
			dcor_h5cur_init(&c, p, len);
			rc = v1_node(w, now.v[i].addr, level, nent, &c, &next,
			    err);
		}
		dcor_h5nodes_next(&now, &next);
		level--;
	}
	free(now.v);
	free(next.v);
	dcor_h5rd_fini(&r);
	return rc;
}

/* One chunk of a version 2 B-tree of type 10, or 11 with filters. */
static int
v2_chunk(void *arg, const unsigned char *rec, size_t n, struct dcor_err *err)
{
	struct dcor_h5walk *w = arg;
	size_t plain = w->sb->addr_bytes + 8 * (size_t)w->d->rank;
	uint64_t scaled[DCOR_H5_MAXRANK], addr, size = w->chunk_bytes;
	struct dcor_h5cur c;
	uint32_t mask = 0;
	unsigned j;

	if (n < plain || (w->d->nfilt == 0 && n != plain) ||
	    (w->d->nfilt > 0 && (n < plain + 5 || n > plain + 12)))
		return dcor_h5bad(err, w->d->addr,
		    "B-tree with other records");
	dcor_h5cur_init(&c, rec, n);
	addr = dcor_h5cur_addr(&c, w->sb->addr_bytes);
	if (w->d->nfilt > 0) {
		size = dcor_h5cur_num(&c, (unsigned)(n - plain - 4));
		mask = (uint32_t)dcor_h5cur_num(&c, 4);
	}
	for (j = 0; j < w->d->rank; j++)
		scaled[j] = dcor_h5cur_num(&c, 8);
	return dcor_h5walk_put(w, scaled, addr, size, mask, err);
}

static int
v2_tree(struct dcor_h5walk *w, struct dcor_err *err)
{
	struct dcor_h5rd r;
	int rc;

	dcor_h5rd_init(&r, w->src, w->sb->base);
	rc = dcor_h5btree2(&r, w->sb, w->d->addr, w->d->nfilt > 0 ? 11 : 10,
	    v2_chunk, w, err);
	dcor_h5rd_fini(&r);
	return rc;
}

/* Whether a file of this size can have so many chunks: an entry of the
 * index has an address at least. */
static int
plausible(const struct dcor_h5walk *w, struct dcor_err *err)
{
	uint64_t most = w->src->size / w->sb->addr_bytes;

	if (w->d->ix.kind == IX_IMPLICIT && w->d->addr != DCOR_H5_NOADDR)
		most = w->src->size / w->chunk_bytes;
	else if (most < MANY)
		most = MANY;
	if (w->total > most || w->total > SIZE_MAX / sizeof(*w->out))
		return dcor_err_set(err, DCOR_EDATA, 0,
		    "%llu chunks are more than the file can hold",
		    (unsigned long long)w->total);
	return 0;
}

int
dcor_h5dset_chunks_new(const struct dcor_src *src,
    const struct dcor_h5super *sb, const struct dcor_h5dset *d,
    struct dcor_h5chunk **out, uint64_t *n, struct dcor_err *err)
{
	struct dcor_h5walk w = { .src = src, .sb = sb, .d = d,
	    .chunk_bytes = d->chunk_bytes };
	uint64_t i;
	int rc;

	*out = NULL;
	*n = 0;
	if ((rc = dcor_h5dset_grid(d, w.grid, &w.total, err)) != 0 ||
	    w.total == 0 || (rc = plausible(&w, err)) != 0)
		return rc;
	if ((*out = malloc((size_t)w.total * sizeof(**out))) == NULL)
		return dcor_err_nomem(err);
	for (i = 0; i < w.total; i++) {
		(*out)[i].addr = DCOR_H5_NOADDR;
		(*out)[i].size = (*out)[i].mask = 0;
	}
	*n = w.total;
	return 0;
}

int
dcor_h5dset_chunks_fill(const struct dcor_src *src,
    const struct dcor_h5super *sb, const struct dcor_h5dset *d,
    struct dcor_h5chunk *out, uint64_t *lo, uint64_t *hi,
    struct dcor_err *err)
{
	struct dcor_h5walk w = { .src = src, .sb = sb, .d = d, .out = out,
	    .chunk_bytes = d->chunk_bytes };
	uint64_t i;
	unsigned k;
	int rc;

	if ((rc = dcor_h5dset_grid(d, w.grid, &w.total, err)) != 0 ||
	    w.total == 0)
		return rc;
	for (i = 1, k = d->rank; k-- > 0; i *= w.grid[k])
		w.stride[k] = i;
	if (d->ix.kind != IX_V1) {
		*lo = 0;
		*hi = w.grid[0];
	}
	w.lo = *lo;
	w.hi = *hi;
	if (d->addr == DCOR_H5_NOADDR)
		return 0;
	switch (d->ix.kind) {
	case IX_V1:
		return v1_tree(&w, err);
	case IX_SINGLE:
		return single(&w, err);
	case IX_IMPLICIT:
		return dcor_h5walk_implicit(&w, err);
	case IX_FIXED:
		return dcor_h5walk_fixed(&w, err);
	case IX_EXT:
		return dcor_h5walk_ext(&w, err);
	case IX_V2:
		return v2_tree(&w, err);
	default:
		return dcor_err_set(err, DCOR_EARG, 0, "unknown chunk index");
	}
}

int
dcor_h5dset_chunks(const struct dcor_src *src,
    const struct dcor_h5super *sb, const struct dcor_h5dset *d,
    struct dcor_h5chunk **out, uint64_t *n, struct dcor_err *err)
{
	uint64_t lo = 0, hi = UINT64_MAX;
	int rc;

	rc = dcor_h5dset_chunks_new(src, sb, d, out, n, err);
	if (rc == 0 && *n > 0)
		rc = dcor_h5dset_chunks_fill(src, sb, d, *out, &lo, &hi, err);
	if (rc != 0) {
		free(*out);
		*out = NULL;
		*n = 0;
	}
	return rc;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Chunk indexes: single chunk and the two B-trees; see h5chunkarr.c. */
#include "rtdc/h5indexrd.h"

#include <stdlib.h>
#include <string.h>

enum { IX_V1 = 0, IX_SINGLE = 1, IX_IMPLICIT = 2, IX_FIXED = 3, IX_EXT = 4,
    IX_V2 = 5 };

#define MANY		((uint64_t)1 << 20)	/* chunks, in any file */
#define V2_DEPTH	32

/* The nodes of one level of a tree. */
struct nodes {
	struct node {
		uint64_t addr;
		uint64_t nrec;
	}		*v;
	size_t		 n, room;
};

static int
nodes_add(struct nodes *l, uint64_t addr, uint64_t nrec, struct dcor_err *err)
{
	struct node *v;
	size_t room;

	if (l->n == l->room) {
		room = l->room == 0 ? 64 : 2 * l->room;
		if (room > SIZE_MAX / sizeof(*v) ||
		    (v = realloc(l->v, room * sizeof(*v))) == NULL)
			return dcor_err_nomem(err);
		l->v = v;
		l->room = room;
	}
	l->v[l->n].addr = addr;
	l->v[l->n++].nrec = nrec;
	return 0;
}

/* The children become the level that is read next. */
static void
nodes_next(struct nodes *now, struct nodes *next)
{
	struct nodes t = *now;

	*now = *next;
	*next = t;
	next->n = 0;
}

int
dcor_h5walk_put(struct dcor_h5walk *w, const uint64_t *scaled,
    uint64_t addr, uint64_t size, uint32_t mask, struct dcor_err *err)
{
	const struct dcor_h5dset *d = w->d;
	struct dcor_h5chunk *ch;
	uint64_t at = 0, room;
	unsigned i;
	int edge = 0;

	if (addr == DCOR_H5_NOADDR)
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

/* The chunks of a leaf, or the children of another node. */
static int
v1_node(struct dcor_h5walk *w, uint64_t addr, unsigned level, unsigned nent,
    struct dcor_h5cur *c, struct nodes *next, struct dcor_err *err)
{
	const struct dcor_h5dset *d = w->d;
	uint64_t scaled[DCOR_H5_MAXRANK], size, child;
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
		rc = level > 0 ? nodes_add(next, child, 0, err) :
		    dcor_h5walk_put(w, scaled, child, size, mask, err);
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
	struct nodes now = { NULL, 0, 0 }, next = { NULL, 0, 0 };
	size_t i, head, len, a = w->sb->addr_bytes;
	unsigned level = 0, at, nent;
	int rc, root = 1;

	dcor_h5rd_init(&r, w->src, w->sb->base);
	head = 8 + 2 * a;
	rc = nodes_add(&now, w->d->addr, 0, err);
	while (rc == 0 && now.n > 0) {
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
		nodes_next(&now, &next);
		level--;
	}
	free(now.v);
	free(next.v);
	dcor_h5rd_fini(&r);
	return rc;
}

/* What the header of a version 2 B-tree says, and what follows from it. */
struct v2 {
	unsigned	 type;
	unsigned	 rec;		/* bytes a record */
	unsigned	 size_bytes;	/* of the chunk's size therein */
	unsigned	 depth;
	uint64_t	 max[V2_DEPTH + 1];	/* records a node */
	unsigned	 cum_bytes[V2_DEPTH + 1];
	unsigned	 nrec_bytes;
};

static unsigned
bytes_for(uint64_t n)
{
	unsigned b = 1;

	while (n >>= 8)
		b++;
	return b;
}

static int
v2_setup(struct v2 *t, uint64_t addr, uint64_t node, unsigned a,
    struct dcor_err *err)
{
	uint64_t cum, ptr;
	unsigned i;

	if (t->depth > V2_DEPTH || node < 10 || t->rec == 0)
		return dcor_h5bad(err, addr, "bad B-tree header");
	t->max[0] = cum = (node - 10) / t->rec;
	t->nrec_bytes = bytes_for(cum);
	t->cum_bytes[0] = 0;
	for (i = 1; i <= t->depth; i++) {
		ptr = a + t->nrec_bytes + t->cum_bytes[i - 1];
		if (node < 10 + ptr)
			return dcor_h5bad(err, addr, "bad B-tree header");
		t->max[i] = (node - 10 - ptr) / (t->rec + ptr);
		/* saturates: only its width matters */
		if (cum > (UINT64_MAX - t->max[i]) / (t->max[i] + 1))
			cum = UINT64_MAX;
		else
			cum = (t->max[i] + 1) * cum + t->max[i];
		t->cum_bytes[i] = bytes_for(cum);
	}
	return 0;
}

static int
v2_node(struct dcor_h5walk *w, const struct v2 *t, unsigned level,
    const struct node *n, const unsigned char *p, size_t len,
    struct nodes *next, struct dcor_err *err)
{
	uint64_t scaled[DCOR_H5_MAXRANK], addr, size, nrec, i;
	struct dcor_h5cur c;
	uint32_t mask;
	unsigned j;
	int rc;

	if (p[4] != 0 || p[5] != t->type)
		return dcor_h5bad(err, n->addr, "B-tree node of another type");
	dcor_h5cur_init(&c, p + 6, len - 10);
	for (i = 0; i < n->nrec; i++) {
		addr = dcor_h5cur_addr(&c, w->sb->addr_bytes);
		size = w->chunk_bytes;
		mask = 0;
		if (t->type == 11) {
			size = dcor_h5cur_num(&c, t->size_bytes);
			mask = (uint32_t)dcor_h5cur_num(&c, 4);
		}
		for (j = 0; j < w->d->rank; j++)
			scaled[j] = dcor_h5cur_num(&c, 8);
		if (c.bad)
			break;
		if ((rc = dcor_h5walk_put(w, scaled, addr, size, mask,
		    err)) != 0)
			return rc;
	}
	for (i = 0; level > 0 && i <= n->nrec; i++) {
		addr = dcor_h5cur_addr(&c, w->sb->addr_bytes);
		nrec = dcor_h5cur_num(&c, t->nrec_bytes);
		dcor_h5cur_skip(&c, t->cum_bytes[level - 1]);
		if (c.bad || nrec > t->max[level - 1])
			return dcor_h5bad(err, n->addr, "bad B-tree node");
		if ((rc = nodes_add(next, addr, nrec, err)) != 0)
			return rc;
	}
	return c.bad ? dcor_h5bad(err, n->addr, "B-tree node too short") : 0;
}

static int
v2_levels(struct dcor_h5walk *w, struct dcor_h5rd *r, const struct v2 *t,
    struct nodes *now, struct nodes *next, uint64_t *count,
    struct dcor_err *err)
{
	const unsigned char *p;
	unsigned level = t->depth;
	uint64_t len, ptr;
	size_t i;
	int rc;

	for (;;) {
		ptr = level == 0 ? 0 : w->sb->addr_bytes + t->nrec_bytes +
		    t->cum_bytes[level - 1];
		for (i = 0; i < now->n; i++) {
			len = 10 + now->v[i].nrec * t->rec;
			if (level > 0)
				len += (now->v[i].nrec + 1) * ptr;
			*count += now->v[i].nrec;
			if ((rc = dcor_h5rd_block(r, now->v[i].addr, len,
			    level > 0 ? "BTIN" : "BTLF", "B-tree node", &p,
			    err)) != 0 || (rc = v2_node(w, t, level,
			    &now->v[i], p, (size_t)len, next, err)) != 0)
				return rc;
		}
		if (level-- == 0)
			return 0;
		nodes_next(now, next);
	}
}

static int
v2_tree(struct dcor_h5walk *w, struct dcor_err *err)
{
	const unsigned char *p;
	struct dcor_h5rd r;
	struct dcor_h5cur c;
	struct nodes now = { NULL, 0, 0 }, next = { NULL, 0, 0 };
	uint64_t addr = w->d->addr, node, root, nrec, total, count = 0;
	unsigned a = w->sb->addr_bytes, l = w->sb->len_bytes, plain;
	size_t len = 22 + (size_t)a + l;
	struct v2 t;
	int rc;

	memset(&t, 0, sizeof(t));
	dcor_h5rd_init(&r, w->src, w->sb->base);
	if ((rc = dcor_h5rd_block(&r, addr, len, "BTHD", "B-tree header", &p,
	    err)) != 0)
		goto out;
	dcor_h5cur_init(&c, p + 4, len - 8);
	if (dcor_h5cur_num(&c, 1) != 0) {
		rc = dcor_h5bad(err, addr, "B-tree of unknown version");
		goto out;
	}
	t.type = (unsigned)dcor_h5cur_num(&c, 1);
	node = dcor_h5cur_num(&c, 4);
	t.rec = (unsigned)dcor_h5cur_num(&c, 2);
	t.depth = (unsigned)dcor_h5cur_num(&c, 2);
	dcor_h5cur_skip(&c, 2);
	root = dcor_h5cur_addr(&c, a);
	nrec = dcor_h5cur_num(&c, 2);
	total = dcor_h5cur_num(&c, l);
	plain = a + 8 * w->d->rank;
	t.size_bytes = t.type == 11 ? t.rec - plain - 4 : 0;
	if (t.type != (w->d->nfilt > 0 ? 11 : 10) || t.rec < plain ||
	    (t.type == 10 && t.rec != plain) || t.size_bytes > 8 ||
	    (t.type == 11 && t.size_bytes == 0)) {
		rc = dcor_h5bad(err, addr, "B-tree with other records");
		goto out;
	}
	if ((rc = v2_setup(&t, addr, node, a, err)) != 0)
		goto out;
	if (nrec > t.max[t.depth]) {
		rc = dcor_h5bad(err, addr, "bad B-tree header");
		goto out;
	}
	if (root != DCOR_H5_NOADDR && nrec > 0) {
		if ((rc = nodes_add(&now, root, nrec, err)) != 0 ||
		    (rc = v2_levels(w, &r, &t, &now, &next, &count,
		    err)) != 0)
			goto out;
	}
	if (count != total)
		rc = dcor_h5bad(err, addr, "B-tree lacks records");
out:
	free(now.v);
	free(next.v);
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
dcor_h5dset_chunks(const struct dcor_src *src,
    const struct dcor_h5super *sb, const struct dcor_h5dset *d,
    struct dcor_h5chunk **out, uint64_t *n, struct dcor_err *err)
{
	struct dcor_h5walk w;
	uint64_t i;
	unsigned k;
	int rc;

	*out = NULL;
	*n = 0;
	memset(&w, 0, sizeof(w));
	w.src = src;
	w.sb = sb;
	w.d = d;
	w.chunk_bytes = d->chunk_bytes;
	if ((rc = dcor_h5dset_grid(d, w.grid, &w.total, err)) != 0 ||
	    w.total == 0 || (rc = plausible(&w, err)) != 0)
		return rc;
	if ((w.out = malloc((size_t)w.total * sizeof(*w.out))) == NULL)
		return dcor_err_nomem(err);
	for (i = 0; i < w.total; i++) {
		w.out[i].addr = DCOR_H5_NOADDR;
		w.out[i].size = w.out[i].mask = 0;
	}
	for (i = 1, k = d->rank; k-- > 0; i *= w.grid[k])
		w.stride[k] = i;
	if (d->addr == DCOR_H5_NOADDR)
		goto out;
	switch (d->ix.kind) {
	case IX_V1:
		rc = v1_tree(&w, err);
		break;
	case IX_SINGLE:
		rc = single(&w, err);
		break;
	case IX_IMPLICIT:
		rc = dcor_h5walk_implicit(&w, err);
		break;
	case IX_FIXED:
		rc = dcor_h5walk_fixed(&w, err);
		break;
	case IX_EXT:
		rc = dcor_h5walk_ext(&w, err);
		break;
	case IX_V2:
		rc = v2_tree(&w, err);
		break;
	default:
		rc = dcor_err_set(err, DCOR_EARG, 0, "unknown chunk index");
	}
out:
	if (rc != 0) {
		free(w.out);
		return rc;
	}
	*out = w.out;
	*n = w.total;
	return 0;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Version 2 B-trees, and the nodes of a level of any tree. */
#include "rtdc/h5walk.h"

#include <stdlib.h>
#include <string.h>

#define V2_DEPTH	32

int
dcor_h5nodes_add(struct dcor_h5nodes *l, uint64_t addr, uint64_t nrec,
    struct dcor_err *err)
{
	struct dcor_h5node *v;
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

void
dcor_h5nodes_next(struct dcor_h5nodes *now, struct dcor_h5nodes *next)
{
	struct dcor_h5nodes t = *now;

	*now = *next;
	*next = t;
	next->n = 0;
}

void
dcor_h5nodes_expect(const struct dcor_h5rd *r, const struct dcor_h5nodes *l)
{
	struct dcor_span *v;
	size_t i, n = 0;

	if (l->n < 2 || r->src->expect == NULL ||
	    (v = malloc(l->n * sizeof(*v))) == NULL)
		return;
	for (i = 0; i < l->n; i++)
		if (l->v[i].addr < r->src->size - r->base)
			v[n++] = dcor_h5rd_window(r, l->v[i].addr);
	dcor_src_expect(r->src, v, n);
	free(v);
}

/* What the header of a version 2 B-tree says, and what follows from it. */
struct v2 {
	const struct dcor_h5super *sb;
	unsigned	 type;
	int		(*record)(void *arg, const unsigned char *rec,
			    size_t n, struct dcor_err *err);
	void		*arg;
	unsigned	 rec;		/* bytes a record */
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
v2_node(const struct v2 *t, unsigned level, const struct dcor_h5node *n,
    const unsigned char *p, size_t len, struct dcor_h5nodes *next,
    struct dcor_err *err)
{
	const unsigned char *rec;
	struct dcor_h5cur c;
	uint64_t addr, nrec, i;
	int rc;

	if (p[4] != 0 || p[5] != t->type)
		return dcor_h5bad(err, n->addr, "B-tree node of another type");
	dcor_h5cur_init(&c, p + 6, len - 10);
	for (i = 0; i < n->nrec; i++) {
		if ((rec = dcor_h5cur_skip(&c, t->rec)) == NULL)
			break;
		if ((rc = t->record(t->arg, rec, t->rec, err)) != 0)
			return rc;
	}
	for (i = 0; level > 0 && i <= n->nrec; i++) {
		addr = dcor_h5cur_addr(&c, t->sb->addr_bytes);
		nrec = dcor_h5cur_num(&c, t->nrec_bytes);
		dcor_h5cur_skip(&c, t->cum_bytes[level - 1]);
		if (c.bad || nrec > t->max[level - 1])
			return dcor_h5bad(err, n->addr, "bad B-tree node");
		if ((rc = dcor_h5nodes_add(next, addr, nrec, err)) != 0)
			return rc;
	}
	return c.bad ? dcor_h5bad(err, n->addr, "B-tree node too short") : 0;
}

static int
v2_levels(struct dcor_h5rd *r, const struct v2 *t, struct dcor_h5nodes *now,
    struct dcor_h5nodes *next, uint64_t *count, struct dcor_err *err)
{
	const unsigned char *p;
	unsigned level = t->depth;
	uint64_t len, ptr;
	size_t i;
	int rc;

	for (;;) {
		dcor_h5nodes_expect(r, now);
		ptr = level == 0 ? 0 : t->sb->addr_bytes + t->nrec_bytes +
		    t->cum_bytes[level - 1];
		for (i = 0; i < now->n; i++) {
			len = 10 + now->v[i].nrec * t->rec;
			if (level > 0)
				len += (now->v[i].nrec + 1) * ptr;
			*count += now->v[i].nrec;
			if ((rc = dcor_h5rd_block(r, now->v[i].addr, len,
			    level > 0 ? "BTIN" : "BTLF", "B-tree node", &p,
			    err)) != 0 || (rc = v2_node(t, level,
			    &now->v[i], p, (size_t)len, next, err)) != 0)
				return rc;
		}
		if (level-- == 0)
			return 0;
		dcor_h5nodes_next(now, next);
	}
}

int
dcor_h5btree2(struct dcor_h5rd *r, const struct dcor_h5super *sb,
    uint64_t addr, unsigned type, int (*record)(void *arg,
    const unsigned char *rec, size_t n, struct dcor_err *err), void *arg,
    struct dcor_err *err)
{
	struct dcor_h5nodes now = { NULL, 0, 0 }, next = { NULL, 0, 0 };
	uint64_t node, root, nrec, total, count = 0;
	unsigned a = sb->addr_bytes, l = sb->len_bytes;
	size_t len = 22 + (size_t)a + l;
	struct v2 t = { .sb = sb, .type = type, .record = record,
	    .arg = arg };
	const unsigned char *p;
	struct dcor_h5cur c;
	int rc;

	if ((rc = dcor_h5rd_block(r, addr, len, "BTHD", "B-tree header", &p,
	    err)) != 0)
		return rc;
	dcor_h5cur_init(&c, p + 4, len - 8);
	if (dcor_h5cur_num(&c, 1) != 0)
		return dcor_h5bad(err, addr, "B-tree of unknown version");
	if (dcor_h5cur_num(&c, 1) != type)
		return dcor_h5bad(err, addr, "B-tree with other records");
	node = dcor_h5cur_num(&c, 4);
	t.rec = (unsigned)dcor_h5cur_num(&c, 2);
	t.depth = (unsigned)dcor_h5cur_num(&c, 2);
	dcor_h5cur_skip(&c, 2);
	root = dcor_h5cur_addr(&c, a);
	nrec = dcor_h5cur_num(&c, 2);
	total = dcor_h5cur_num(&c, l);
	if ((rc = v2_setup(&t, addr, node, a, err)) != 0)
		return rc;
	if (nrec > t.max[t.depth])
		return dcor_h5bad(err, addr, "bad B-tree header");
	if (root != DCOR_H5_NOADDR && nrec > 0) {
		rc = dcor_h5nodes_add(&now, root, nrec, err);
		if (rc == 0)
			rc = v2_levels(r, &t, &now, &next, &count, err);
	}
	if (rc == 0 && count != total)
		rc = dcor_h5bad(err, addr, "B-tree lacks records");
	free(now.v);
	free(next.v);
	return rc;
}

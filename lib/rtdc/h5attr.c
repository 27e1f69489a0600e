/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Attribute messages; where dense storage keeps them is in h5heap.c. */
#include "rtdc/h5attr.h"

#include <stdlib.h>
#include <string.h>

#include "rtdc/h5walk.h"

enum { MSG_SPACE = 0x01, MSG_TYPE = 0x03, MSG_ATTR = 0x0c, MSG_INFO = 0x15 };

#define MOST	65536		/* attributes of an object */

struct reading {
	const struct dcor_h5super *sb;
	struct dcor_h5attr *v;
	size_t		 n, room;
	uint64_t	 heap, index;	/* of dense storage */
};

static int
odd(struct dcor_err *err, const char *what)
{
	return dcor_err_set(err, DCOR_EDATA, 0, "attribute: %s", what);
}

/* Type, extent and data of a whose name is known. */
static int
contents(struct reading *w, struct dcor_h5attr *a, const unsigned char *type,
    size_t ntype, const unsigned char *space, size_t nspace,
    const unsigned char *data, size_t ndata, struct dcor_err *err)
{
	struct dcor_h5dset d;
	struct dcor_h5msgs m;
	uint64_t need;
	unsigned i;
	int rc;

	memset(&d, 0, sizeof(d));
	memset(&m, 0, sizeof(m));
	m.d = &d;
	m.sb = w->sb;
	rc = dcor_h5msg_take(&m, MSG_TYPE, 0, type, ntype, err);
	if (rc == 0)
		rc = dcor_h5msg_take(&m, MSG_SPACE, 0, space, nspace, err);
	need = d.null_space ? 0 : d.type.size;
	for (i = 0; rc == 0 && i < d.rank; i++)
		rc = dcor_h5mul(need, d.dim[i], &need, err);
	if (rc == 0 && need > ndata)
		rc = odd(err, "data too short");
	a->enc = d.enc;
	a->nenc = d.nenc;
	if (rc != 0)
		return rc;
	a->rank = d.rank;
	memcpy(a->dim, d.dim, sizeof(a->dim));
	a->type = d.type;
	a->ndata = (size_t)need;
	if (need > 0)
		rc = dcor_h5dup(data, (size_t)need, &a->data, err);
	return rc;
}

/* One attribute message, or object of a heap. */
static int
take(struct reading *w, const unsigned char *p, size_t n,
    struct dcor_err *err)
{
	const unsigned char *name, *type, *space;
	size_t nname, ntype, nspace, round;
	unsigned version, flags;
	struct dcor_h5attr *v;
	struct dcor_h5cur c;

	dcor_h5cur_init(&c, p, n);
	version = (unsigned)dcor_h5cur_num(&c, 1);
	flags = (unsigned)dcor_h5cur_num(&c, 1);
	nname = (size_t)dcor_h5cur_num(&c, 2);
	ntype = (size_t)dcor_h5cur_num(&c, 2);
	nspace = (size_t)dcor_h5cur_num(&c, 2);
	if (version < 1 || version > 3)
		return odd(err, "unknown version");
	if (version > 1 && (flags & 3) != 0)
		return odd(err, "shared type or extent: not supported");
	if (version == 3)
		dcor_h5cur_skip(&c, 1);
	round = version == 1 ? 7 : 0;
	name = dcor_h5cur_skip(&c, (nname + round) & ~round);
	type = dcor_h5cur_skip(&c, (ntype + round) & ~round);
	space = dcor_h5cur_skip(&c, (nspace + round) & ~round);
	if (c.bad || nname == 0 || name == NULL || type == NULL ||
	    space == NULL || name[nname - 1] != '\0')
		return odd(err, "too short");
	if (w->n == MOST)
		return odd(err, "too many");
	if (w->n == w->room) {
		w->room = w->room == 0 ? 32 : 2 * w->room;
		v = realloc(w->v, w->room * sizeof(*v));
		if (v == NULL)
			return dcor_err_nomem(err);
		w->v = v;
	}
	v = &w->v[w->n++];
	memset(v, 0, sizeof(*v));
	if ((v->name = strdup((const char *)name)) == NULL)
		return dcor_err_nomem(err);
	return contents(w, v, type, ntype, space, nspace, c.p, c.n, err);
}

static int
info(struct reading *w, const unsigned char *p, size_t n,
    struct dcor_err *err)
{
	struct dcor_h5cur c;
	unsigned flags;

	dcor_h5cur_init(&c, p, n);
	if (dcor_h5cur_num(&c, 1) != 0)
		return odd(err, "storage of unknown version");
	flags = (unsigned)dcor_h5cur_num(&c, 1);
	dcor_h5cur_skip(&c, flags & 1 ? 2 : 0);
	w->heap = dcor_h5cur_addr(&c, w->sb->addr_bytes);
	w->index = dcor_h5cur_addr(&c, w->sb->addr_bytes);
	return c.bad ? odd(err, "storage message too short") : 0;
}

static int
on_message(void *arg, unsigned type, unsigned flags, const unsigned char *p,
    size_t n, struct dcor_err *err)
{
	struct reading *w = arg;

	if (type == MSG_INFO)
		return info(w, p, n, err);
	if (type != MSG_ATTR)
		return 0;
	if (flags & 2)
		return odd(err, "shared: not supported");
	return take(w, p, n, err);
}

static int
on_object(void *arg, const unsigned char *p, size_t n, struct dcor_err *err)
{
	return take(arg, p, n, err);
}

int
dcor_h5attrs_read(const struct dcor_src *src, const struct dcor_h5super *sb,
    uint64_t addr, struct dcor_h5attr **out, size_t *n, struct dcor_err *err)
{
	struct reading w = { .sb = sb, .heap = DCOR_H5_NOADDR,
	    .index = DCOR_H5_NOADDR };
	struct dcor_h5msgs m;
	struct dcor_h5rd r;
	int rc;

	*out = NULL;
	*n = 0;
	memset(&m, 0, sizeof(m));
	m.take = on_message;
	m.arg = &w;
	dcor_h5rd_init(&r, src, sb->base);
	rc = dcor_h5header(&r, sb, addr, &m, err);
	if (rc == 0 && w.heap != DCOR_H5_NOADDR &&
	    w.index != DCOR_H5_NOADDR)
		rc = dcor_h5heap_each(src, sb, w.heap, w.index, on_object, &w,
		    err);
	dcor_h5rd_fini(&r);
	if (rc != 0) {
		dcor_h5attrs_free(w.v, w.n);
		return rc;
	}
	*out = w.v;
	*n = w.n;
	return 0;
}

void
dcor_h5attrs_free(struct dcor_h5attr *a, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		free(a[i].name);
		free(a[i].enc);
		free(a[i].data);
	}
	free(a);
}

int
dcor_h5attr_text(const struct dcor_src *src, const struct dcor_h5super *sb,
    const struct dcor_h5attr *a, char **out, struct dcor_err *err)
{
	unsigned char *p = NULL;
	struct dcor_h5cur c;
	uint64_t len, addr;
	uint32_t index;
	size_t n;
	int rc = 0;

	*out = NULL;
	if (a->ndata != a->type.size)
		return odd(err, "not one text");
	if (a->type.cls == DCOR_H5_VLEN) {
		dcor_h5cur_init(&c, a->data, a->ndata);
		len = dcor_h5cur_num(&c, 4);
		addr = dcor_h5cur_addr(&c, sb->addr_bytes);
		index = (uint32_t)dcor_h5cur_num(&c, 4);
		if (c.bad)
			return odd(err, "bad reference");
		n = (size_t)len;
		if (n > 0)
			rc = dcor_h5gheap_get(src, sb, addr, index, n, &p,
			    err);
	} else if (a->type.cls == DCOR_H5_STRING) {
		n = a->ndata;
		rc = dcor_h5dup(a->data, n, &p, err);
	} else
		return odd(err, "not a text");
	if (rc == 0 && (*out = strndup(p != NULL ? (char *)p : "", n)) ==
	    NULL)
		rc = dcor_err_nomem(err);
	free(p);
	return rc;
}

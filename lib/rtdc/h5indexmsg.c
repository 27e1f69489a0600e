/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The messages of an object header that describe a dataset. */
#include "rtdc/h5walk.h"

#include <stdlib.h>

enum {
	MSG_SPACE = 0x01, MSG_TYPE = 0x03, MSG_OLDFILL = 0x04,
	MSG_FILL = 0x05, MSG_EXTERNAL = 0x07, MSG_LAYOUT = 0x08,
	MSG_PIPE = 0x0b, MSG_LAST = 0x1f
};

enum { F_SHARED = 0x02, F_FAIL_UNKNOWN = 0x80 };

static int
bad(struct dcor_err *err, const char *what)
{
	return dcor_err_set(err, DCOR_EDATA, 0, "object header: %s", what);
}

static int
unknown(struct dcor_err *err, const char *what, unsigned version)
{
	return dcor_err_set(err, DCOR_EDATA, 0,
	    "object header: %s of unknown version %u", what, version);
}

static int
take_space(struct dcor_h5msgs *m, struct dcor_h5cur *c, struct dcor_err *err)
{
	struct dcor_h5dset *d = m->d;
	unsigned version, rank, flags, type, i, nb = m->sb->len_bytes;

	version = (unsigned)dcor_h5cur_num(c, 1);
	rank = (unsigned)dcor_h5cur_num(c, 1);
	flags = (unsigned)dcor_h5cur_num(c, 1);
	type = (unsigned)dcor_h5cur_num(c, 1);
	if (version == 1) {
		dcor_h5cur_skip(c, 4);
		type = rank > 0;
	} else if (version != 2)
		return unknown(err, "data space", version);
	if (rank > DCOR_H5_MAXRANK || type > 2 || (type != 1) != (rank == 0))
		return bad(err, "bad rank of the data space");
	d->rank = rank;
	d->null_space = type == 2;
	for (i = 0; i < rank; i++)
		d->maxdim[i] = d->dim[i] = dcor_h5cur_num(c, nb);
	for (i = 0; i < rank && (flags & 1); i++)
		d->maxdim[i] = dcor_h5cur_addr(c, nb);
	for (i = 0; i < rank; i++)
		if (d->dim[i] == UINT64_MAX || d->maxdim[i] < d->dim[i])
			return bad(err, "bad extent of the data space");
	return c->bad ? bad(err, "data space too short") : 0;
}

/* A float of HDF5 is IEEE 754's when all of this is as there. */
static int
is_ieee(uint32_t size, unsigned bits, unsigned sign, struct dcor_h5cur *c)
{
	static const struct {
		uint32_t size;
		unsigned prec, exploc, expsize, mantsize, bias;
	} ieee[] = {
		{ 2, 16, 10, 5, 10, 15 }, { 4, 32, 23, 8, 23, 127 },
		{ 8, 64, 52, 11, 52, 1023 }, { 16, 128, 112, 15, 112, 16383 }
	};
	unsigned off, prec, exploc, expsize, mantloc, mantsize, bias, i;

	off = (unsigned)dcor_h5cur_num(c, 2);
	prec = (unsigned)dcor_h5cur_num(c, 2);
	exploc = (unsigned)dcor_h5cur_num(c, 1);
	expsize = (unsigned)dcor_h5cur_num(c, 1);
	mantloc = (unsigned)dcor_h5cur_num(c, 1);
	mantsize = (unsigned)dcor_h5cur_num(c, 1);
	bias = (unsigned)dcor_h5cur_num(c, 4);
	/* 0x30: how the mantissa is normalised, 2 is the implied bit;
	 * 0x40: VAX byte order */
	if ((bits & 0x70) != 0x20 || off != 0 || mantloc != 0)
		return 0;
	for (i = 0; i < sizeof(ieee) / sizeof(ieee[0]); i++)
		if (size == ieee[i].size)
			return prec == ieee[i].prec && sign == prec - 1 &&
			    exploc == ieee[i].exploc &&
			    expsize == ieee[i].expsize &&
			    mantsize == ieee[i].mantsize &&
			    bias == ieee[i].bias;
	return 0;
}

static int
take_type(struct dcor_h5msgs *m, struct dcor_h5cur *c, struct dcor_err *err)
{
	struct dcor_h5type *t = &m->d->type;
	unsigned cv, bits, sign, off, prec;
	int rc;

	if (c->n > 0) {
		if ((rc = dcor_h5dup(c->p, c->n, &m->d->enc, err)) != 0)
			return rc;
		m->d->nenc = dcor_h5type_lower(m->d->enc, c->n);
	}
	cv = (unsigned)dcor_h5cur_num(c, 1);
	bits = (unsigned)dcor_h5cur_num(c, 1);
	sign = (unsigned)dcor_h5cur_num(c, 1);
	dcor_h5cur_skip(c, 1);
	t->size = (uint32_t)dcor_h5cur_num(c, 4);
	if (cv >> 4 < 1 || cv >> 4 > 5)
		return unknown(err, "data type", cv >> 4);
	if ((cv & 15) > DCOR_H5_COMPLEX || t->size == 0)
		return bad(err, "bad data type");
	t->cls = (enum dcor_h5class)(cv & 15);
	switch (t->cls) {
	case DCOR_H5_INT:
		t->is_big = bits & 1;
		t->is_signed = (bits & 8) != 0;
		off = (unsigned)dcor_h5cur_num(c, 2);
		prec = (unsigned)dcor_h5cur_num(c, 2);
		t->standard = off == 0 && (t->size == 1 || t->size == 2 ||
		    t->size == 4 || t->size == 8) && prec == 8 * t->size;
		break;
	case DCOR_H5_FLOAT:
		t->is_big = bits & 1;
		t->standard = is_ieee(t->size, bits, sign, c);
		break;
	case DCOR_H5_STRING:
		t->strpad = bits & 15;
		t->utf8 = bits >> 4 == 1;
		break;
	default:
		break;
	}
	return c->bad ? bad(err, "data type too short") : 0;
}

static int
take_fill(struct dcor_h5msgs *m, struct dcor_h5cur *c, int old,
    struct dcor_err *err)
{
	struct dcor_h5dset *d = m->d;
	const unsigned char *p;
	unsigned version = 0, flags;
	uint32_t size;
	int set = 1, sized = 1;

	if (!old) {
		version = (unsigned)dcor_h5cur_num(c, 1);
		if (version == 1 || version == 2) {
			dcor_h5cur_skip(c, 2);
			set = dcor_h5cur_num(c, 1) != 0;
			sized = version == 1 || set;
		} else if (version == 3) {
			flags = (unsigned)dcor_h5cur_num(c, 1);
			set = sized = (flags & 0x20) != 0;
		} else
			return unknown(err, "fill value", version);
	}
	/* what the newer message says stands */
	free(d->fill);
	d->fill = NULL;
	m->fill_size = 0;
	d->fill_set = 0;
	size = sized ? (uint32_t)dcor_h5cur_num(c, 4) : 0;
	if (size == 0 || size == UINT32_MAX || !set)
		return c->bad ? bad(err, "fill value too short") : 0;
	if ((p = dcor_h5cur_skip(c, size)) == NULL)
		return bad(err, "fill value too short");
	m->fill_size = size;
	d->fill_set = 1;
	return dcor_h5dup(p, size, &d->fill, err);
}

static int
take_pipe(struct dcor_h5msgs *m, struct dcor_h5cur *c, struct dcor_err *err)
{
	struct dcor_h5dset *d = m->d;
	struct dcor_h5filter *f;
	unsigned version, n, i, j, name;
	uint32_t v;

	version = (unsigned)dcor_h5cur_num(c, 1);
	n = (unsigned)dcor_h5cur_num(c, 1);
	if (version == 1)
		dcor_h5cur_skip(c, 6);
	else if (version != 2)
		return unknown(err, "filter pipeline", version);
	if (n > DCOR_H5_MAXFILT)
		return dcor_err_set(err, DCOR_EDATA, 0,
		    "object header: %u filters, more than %d", n,
		    DCOR_H5_MAXFILT);
	for (i = 0; i < n && !c->bad; i++) {
		f = &d->filt[i];
		f->id = (uint16_t)dcor_h5cur_num(c, 2);
		name = 0;
		if (version == 1 || f->id >= 256)
			name = (unsigned)dcor_h5cur_num(c, 2);
		f->flags = (uint16_t)dcor_h5cur_num(c, 2);
		f->ncd = (uint16_t)dcor_h5cur_num(c, 2);
		if (version == 1)
			name = (name + 7) & ~7u;
		dcor_h5cur_skip(c, name);
		for (j = 0; j < f->ncd && !c->bad; j++) {
			v = (uint32_t)dcor_h5cur_num(c, 4);
			if (j < sizeof(f->cd) / sizeof(f->cd[0]))
				f->cd[j] = v;
		}
		if (version == 1 && f->ncd % 2 == 1)
			dcor_h5cur_skip(c, 4);
	}
	d->nfilt = n;
	return c->bad ? bad(err, "filter pipeline too short") : 0;
}

static int
take_compact(struct dcor_h5dset *d, struct dcor_h5cur *c, uint64_t n,
    struct dcor_err *err)
{
	const unsigned char *p;

	if (c->bad || n > c->n)
		return bad(err, "compact data too short");
	d->size = n;
	p = dcor_h5cur_skip(c, (size_t)n);
	if (n == 0 || p == NULL)
		return 0;
	return dcor_h5dup(p, (size_t)n, &d->compact, err);
}

/* Versions 1 and 2. */
static int
take_layout1(struct dcor_h5msgs *m, struct dcor_h5cur *c,
    struct dcor_err *err)
{
	struct dcor_h5dset *d = m->d;
	unsigned i, cls;

	m->lrank = (unsigned)dcor_h5cur_num(c, 1);
	cls = (unsigned)dcor_h5cur_num(c, 1);
	dcor_h5cur_skip(c, 5);
	if (m->lrank == 0 || m->lrank > DCOR_H5_MAXRANK + 1 || cls > 2)
		return bad(err, "bad data layout");
	d->layout = (enum dcor_h5layout)cls;
	if (d->layout != DCOR_H5_COMPACT)
		d->addr = dcor_h5cur_addr(c, m->sb->addr_bytes);
	for (i = 0; i < m->lrank; i++)
		m->ldim[i] = dcor_h5cur_num(c, 4);
	if (d->layout == DCOR_H5_COMPACT)
		return take_compact(d, c, dcor_h5cur_num(c, 4), err);
	return 0;
}

/* Chunks in versions 4 and 5: those differ in the width of the sizes in
 * the chunk index only, and the index says how wide its entries are. */
static int
take_chunks(struct dcor_h5msgs *m, struct dcor_h5cur *c, struct dcor_err *err)
{
	static const unsigned char params[6] = { 0, 0, 0, 1, 5, 6 };
	struct dcor_h5dset *d = m->d;
	unsigned flags, width, i;

	flags = (unsigned)dcor_h5cur_num(c, 1);
	m->lrank = (unsigned)dcor_h5cur_num(c, 1);
	width = (unsigned)dcor_h5cur_num(c, 1);
	if ((flags & ~3u) != 0 || m->lrank > DCOR_H5_MAXRANK + 1 ||
	    width == 0 || width > 8)
		return bad(err, "bad chunk layout");
	for (i = 0; i < m->lrank; i++)
		m->ldim[i] = dcor_h5cur_num(c, width);
	d->ix.kind = (int)dcor_h5cur_num(c, 1);
	if (d->ix.kind < 1 || d->ix.kind > 5)
		return bad(err, "unknown kind of chunk index");
	d->ix.partial = flags & 1;
	if (d->ix.kind == 1 && (flags & 2) != 0) {
		d->ix.sized = 1;
		d->ix.single_size = dcor_h5cur_num(c, m->sb->len_bytes);
		d->ix.single_mask = (uint32_t)dcor_h5cur_num(c, 4);
	}
	/* how the index was made; its own header says so, too */
	dcor_h5cur_skip(c, params[d->ix.kind]);
	d->addr = dcor_h5cur_addr(c, m->sb->addr_bytes);
	return 0;
}

static int
take_layout(struct dcor_h5msgs *m, struct dcor_h5cur *c, struct dcor_err *err)
{
	struct dcor_h5dset *d = m->d;
	unsigned version, cls, i;
	int rc = 0;

	version = (unsigned)dcor_h5cur_num(c, 1);
	if (version == 1 || version == 2) {
		rc = take_layout1(m, c, err);
		goto out;
	}
	if (version < 3 || version > 5)
		return unknown(err, "data layout", version);
	cls = (unsigned)dcor_h5cur_num(c, 1);
	if (cls > DCOR_H5_VIRTUAL || (cls == DCOR_H5_VIRTUAL && version == 3))
		return bad(err, "unknown data layout");
	d->layout = (enum dcor_h5layout)cls;
	switch (d->layout) {
	case DCOR_H5_COMPACT:
		rc = take_compact(d, c, dcor_h5cur_num(c, 2), err);
		break;
	case DCOR_H5_CONTIGUOUS:
		d->addr = dcor_h5cur_addr(c, m->sb->addr_bytes);
		d->size = dcor_h5cur_num(c, m->sb->len_bytes);
		break;
	case DCOR_H5_CHUNKED:
		if (version > 3) {
			rc = take_chunks(m, c, err);
			break;
		}
		m->lrank = (unsigned)dcor_h5cur_num(c, 1);
		if (m->lrank > DCOR_H5_MAXRANK + 1)
			return bad(err, "bad chunk layout");
		d->addr = dcor_h5cur_addr(c, m->sb->addr_bytes);
		for (i = 0; i < m->lrank; i++)
			m->ldim[i] = dcor_h5cur_num(c, 4);
		break;
	case DCOR_H5_VIRTUAL:
		d->addr = dcor_h5cur_addr(c, m->sb->addr_bytes);
		break;
	}
out:
	if (rc == 0 && c->bad)
		rc = bad(err, "data layout too short");
	return rc;
}

/* Where a shared message really is: a committed data type, or a heap of
 * messages which nobody writes. */
static int
take_shared(struct dcor_h5msgs *m, unsigned type, struct dcor_h5cur *c,
    struct dcor_err *err)
{
	unsigned version, how;

	version = (unsigned)dcor_h5cur_num(c, 1);
	how = (unsigned)dcor_h5cur_num(c, 1);
	if (version == 1)
		dcor_h5cur_skip(c, 6 + (size_t)m->sb->len_bytes);
	else if (version != 2 && version != 3)
		return unknown(err, "shared message", version);
	else if (version == 3 && how != 2)
		return bad(err, "message in a shared heap: not supported");
	if (type != MSG_TYPE)
		return bad(err, "shared message: not supported");
	m->type_addr = dcor_h5cur_addr(c, m->sb->addr_bytes);
	return c->bad ? bad(err, "shared message too short") : 0;
}

int
dcor_h5msg_take(struct dcor_h5msgs *m, unsigned type, unsigned flags,
    const unsigned char *p, size_t n, struct dcor_err *err)
{
	struct dcor_h5cur c;
	unsigned bit;

	dcor_h5cur_init(&c, p, n);
	switch (type) {
	case MSG_SPACE:
		bit = DCOR_H5M_SPACE;
		break;
	case MSG_TYPE:
		bit = DCOR_H5M_TYPE;
		break;
	case MSG_OLDFILL:
		bit = DCOR_H5M_OLDFILL;
		break;
	case MSG_FILL:
		bit = DCOR_H5M_FILL;
		break;
	case MSG_LAYOUT:
		bit = DCOR_H5M_LAYOUT;
		break;
	case MSG_PIPE:
		bit = DCOR_H5M_PIPE;
		break;
	case MSG_EXTERNAL:
		m->d->external = 1;
		return 0;
	default:
		if (type > MSG_LAST && (flags & F_FAIL_UNKNOWN) != 0)
			return bad(err, "unknown message");
		return 0;
	}
	if ((m->have & bit) != 0)	/* HDF5 takes the first */
		return 0;
	m->have |= bit;
	if ((flags & F_SHARED) != 0)
		return take_shared(m, type, &c, err);
	switch (bit) {
	case DCOR_H5M_SPACE:
		return take_space(m, &c, err);
	case DCOR_H5M_TYPE:
		return take_type(m, &c, err);
	case DCOR_H5M_OLDFILL:
		return (m->have & DCOR_H5M_FILL) != 0 ? 0 :
		    take_fill(m, &c, 1, err);
	case DCOR_H5M_FILL:
		return take_fill(m, &c, 0, err);
	case DCOR_H5M_LAYOUT:
		return take_layout(m, &c, err);
	default:
		return take_pipe(m, &c, err);
	}
}

static int
check_chunks(struct dcor_h5msgs *m, struct dcor_err *err)
{
	struct dcor_h5dset *d = m->d;
	uint64_t n = d->type.size;
	unsigned i;

	if (d->rank == 0 || m->lrank != d->rank + 1)
		return bad(err, "rank of the chunks is not that of the data");
	if (m->ldim[d->rank] != d->type.size)
		return bad(err, "element size of the chunks is not the type's");
	for (i = 0; i < d->rank; i++) {
		if (m->ldim[i] == 0)
			return bad(err, "empty chunks");
		if (m->ldim[i] > UINT32_MAX || n > UINT32_MAX / m->ldim[i])
			return bad(err, "chunks of 4 GiB or more: not "
			    "supported");
		d->chunk[i] = (uint32_t)m->ldim[i];
		n *= m->ldim[i];
	}
	d->chunk_bytes = n;
	return 0;
}

int
dcor_h5msg_check(struct dcor_h5msgs *m, struct dcor_err *err)
{
	struct dcor_h5dset *d = m->d;
	uint64_t n = d->null_space ? 0 : d->type.size;
	unsigned i, need = DCOR_H5M_SPACE | DCOR_H5M_TYPE | DCOR_H5M_LAYOUT;

	if ((m->have & need) != need || d->type.size == 0)
		return bad(err, "not a dataset");
	if (d->fill != NULL && m->fill_size != d->type.size)
		return bad(err, "size of the fill value is not the type's");
	if (d->layout == DCOR_H5_CHUNKED)
		return check_chunks(m, err);
	if (d->nfilt > 0 && d->layout != DCOR_H5_VIRTUAL)
		return bad(err, "filters without chunks");
	if (d->layout == DCOR_H5_VIRTUAL)
		return 0;
	for (i = 0; i < d->rank; i++)
		if (d->dim[i] == 0)
			n = 0;
	for (i = 0; i < d->rank && n > 0; i++)
		if (dcor_h5mul(n, d->dim[i], &n, err) != 0)
			return DCOR_EDATA;
	/* versions 1 and 2 do not say, and external files have their own */
	if (d->layout == DCOR_H5_CONTIGUOUS && m->lrank > 0)
		d->size = n;
	if (d->size < n && !(d->layout == DCOR_H5_CONTIGUOUS &&
	    (d->external || d->addr == DCOR_H5_NOADDR)))
		return bad(err, "less data than the extent needs");
	return 0;
}

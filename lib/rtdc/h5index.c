/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Superblock and object headers. */
#include "rtdc/h5walk.h"

#include <stdlib.h>
#include <string.h>

/* A part of an object header that is still to be read. */
struct part {
	uint64_t	 addr;
	uint64_t	 len;
};

struct header {
	struct dcor_h5rd *rd;
	const struct dcor_h5super *sb;
	unsigned	 version;
	unsigned	 flags;		/* of a version 2 header */
	struct part	*part;
	size_t		 nparts, room;
};

static int
good_width(unsigned n)
{
	return n == 2 || n == 4 || n == 8;
}

static int
super_at(struct dcor_h5rd *r, uint64_t off, struct dcor_h5super *out,
    int *found, struct dcor_err *err)
{
	static const unsigned char sig[8] = {
		0x89, 'H', 'D', 'F', '\r', '\n', 0x1a, '\n'
	};
	const unsigned char *p;
	size_t got, need;
	int rc;

	*found = 0;
	if ((rc = dcor_h5rd_peek(r, off, 64, &p, &got, err)) != 0)
		return rc;
	if (got < 16 || memcmp(p, sig, 8) != 0)
		return 0;
	*found = 1;
	out->base = off;
	out->version = p[8];
	if (out->version > 3)
		return dcor_err_set(err, DCOR_EDATA, 0,
		    "HDF5 superblock of unknown version %u", out->version);
	out->addr_bytes = p[out->version < 2 ? 13 : 9];
	out->len_bytes = p[out->version < 2 ? 14 : 10];
	if (!good_width(out->addr_bytes) || !good_width(out->len_bytes))
		return dcor_err_set(err, DCOR_EDATA, 0,
		    "HDF5 superblock: addresses of %u, sizes of %u bytes",
		    out->addr_bytes, out->len_bytes);
	if (out->version < 2)
		return 0;
	need = 12 + 4 * (size_t)out->addr_bytes;
	if (got < need + 4)
		return dcor_err_set(err, DCOR_EDATA, 0,
		    "HDF5 superblock: truncated");
	if (!dcor_h5sum_ok(p, need))
		return dcor_err_set(err, DCOR_EDATA, 0,
		    "HDF5 superblock: checksum differs");
	return 0;
}

int
dcor_h5_super(const struct dcor_src *src, struct dcor_h5super *out,
    struct dcor_err *err)
{
	struct dcor_h5rd r;
	uint64_t off = 0;
	int rc = 0, found = 0;

	memset(out, 0, sizeof(*out));
	dcor_h5rd_init(&r, src, 0);
	while (rc == 0 && !found && off < src->size) {
		rc = super_at(&r, off, out, &found, err);
		if (off > UINT64_MAX / 2)
			break;
		off = off == 0 ? 512 : 2 * off;
	}
	if (rc == 0 && !found)
		rc = dcor_err_set(err, DCOR_EDATA, 0, "not an HDF5 file");
	dcor_h5rd_fini(&r);
	return rc;
}

static int
add_part(struct header *h, uint64_t addr, uint64_t len, struct dcor_err *err)
{
	struct part *p;
	size_t room;

	if (h->nparts == h->room) {
		room = h->room == 0 ? 8 : 2 * h->room;
		if ((p = realloc(h->part, room * sizeof(*p))) == NULL)
			return dcor_err_nomem(err);
		h->part = p;
		h->room = room;
	}
	h->part[h->nparts].addr = addr;
	h->part[h->nparts++].len = len;
	return 0;
}

/* The messages in n bytes at p, which are at address addr in the file. */
static int
messages(struct header *h, uint64_t addr, const unsigned char *p, size_t n,
    struct dcor_h5msgs *m, struct dcor_err *err)
{
	struct dcor_h5cur c, cont;
	const unsigned char *body;
	unsigned type, size, flags;
	size_t head = h->version == 1 ? 8 : (h->flags & 4) != 0 ? 6 : 4;
	uint64_t to;
	int rc;

	dcor_h5cur_init(&c, p, n);
	while (c.n >= head) {
		if (h->version == 1) {
			type = (unsigned)dcor_h5cur_num(&c, 2);
			size = (unsigned)dcor_h5cur_num(&c, 2);
			flags = (unsigned)dcor_h5cur_num(&c, 1);
			dcor_h5cur_skip(&c, 3);
		} else {
			type = (unsigned)dcor_h5cur_num(&c, 1);
			size = (unsigned)dcor_h5cur_num(&c, 2);
			flags = (unsigned)dcor_h5cur_num(&c, 1);
			dcor_h5cur_skip(&c, head - 4);
		}
		if ((body = dcor_h5cur_skip(&c, size)) == NULL)
			return dcor_h5bad(err, addr,
			    "message longer than its object header");
		if (type == 0x10) {
			dcor_h5cur_init(&cont, body, size);
			to = dcor_h5cur_addr(&cont, h->sb->addr_bytes);
			rc = add_part(h, to,
			    dcor_h5cur_num(&cont, h->sb->len_bytes), err);
			if (rc == 0 && cont.bad)
				rc = dcor_h5bad(err, addr,
				    "bad continuation of an object header");
		} else if (m->take != NULL)
			rc = m->take(m->arg, type, flags, body, size, err);
		else
			rc = dcor_h5msg_take(m, type, flags, body, size, err);
		if (rc != 0)
			return rc;
	}
	return 0;
}

/* The first part: its address and length without what frames it. */
static int
first_part(struct header *h, uint64_t addr, uint64_t *skip, uint64_t *len,
    struct dcor_err *err)
{
	const unsigned char *p;
	struct dcor_h5cur c;
	size_t got;
	int rc;

	if ((rc = dcor_h5rd_peek(h->rd, addr, 64, &p, &got, err)) != 0)
		return rc;
	dcor_h5cur_init(&c, p, got);
	if (got >= 8 && memcmp(p, "OHDR", 4) == 0) {
		dcor_h5cur_skip(&c, 4);
		h->version = (unsigned)dcor_h5cur_num(&c, 1);
		h->flags = (unsigned)dcor_h5cur_num(&c, 1);
		if (h->version != 2)
			return dcor_h5bad(err, addr,
			    "object header of unknown version");
		dcor_h5cur_skip(&c, (h->flags & 0x20) != 0 ? 16 : 0);
		dcor_h5cur_skip(&c, (h->flags & 0x10) != 0 ? 4 : 0);
		*len = dcor_h5cur_num(&c, 1u << (h->flags & 3));
	} else {
		h->version = (unsigned)dcor_h5cur_num(&c, 1);
		dcor_h5cur_skip(&c, 7);
		*len = dcor_h5cur_num(&c, 4);
		dcor_h5cur_skip(&c, 4);
		if (c.bad || h->version != 1)
			return dcor_h5bad(err, addr, "no object header");
	}
	if (c.bad)
		return dcor_h5bad(err, addr, "object header too short");
	*skip = got - c.n;
	return 0;
}

int
dcor_h5header(struct dcor_h5rd *r, const struct dcor_h5super *sb,
    uint64_t addr, struct dcor_h5msgs *m, struct dcor_err *err)
{
	struct header h;
	const unsigned char *p;
	uint64_t skip = 0, len = 0;
	size_t i;
	int rc;

	memset(&h, 0, sizeof(h));
	h.rd = r;
	h.sb = sb;
	if ((rc = first_part(&h, addr, &skip, &len, err)) != 0)
		goto out;
	if (len > r->src->size) {
		rc = dcor_h5bad(err, addr, "object header too long");
		goto out;
	}
	if (h.version == 1 && len > 0) {
		rc = dcor_h5rd_get(r, addr + skip, len, &p, err);
		if (rc == 0)
			rc = messages(&h, addr, p, (size_t)len, m, err);
	} else if (h.version == 2) {
		rc = dcor_h5rd_block(r, addr, skip + len + 4, "OHDR",
		    "object header", &p, err);
		if (rc == 0)
			rc = messages(&h, addr, p + skip, (size_t)len, m,
			    err);
	}
	for (i = 0; rc == 0 && i < h.nparts; i++) {
		addr = h.part[i].addr;
		len = h.part[i].len;
		if (h.version == 1) {
			rc = dcor_h5rd_get(r, addr, len, &p, err);
			if (rc == 0)
				rc = messages(&h, addr, p, (size_t)len, m,
				    err);
			continue;
		}
		rc = dcor_h5rd_block(r, addr, len, "OCHK",
		    "object header continuation", &p, err);
		if (rc == 0)
			rc = messages(&h, addr, p + 4, (size_t)len - 8, m,
			    err);
	}
out:
	free(h.part);
	return rc;
}

int
dcor_h5dset_read(const struct dcor_src *src, const struct dcor_h5super *sb,
    uint64_t addr, struct dcor_h5dset *out, struct dcor_err *err)
{
	struct dcor_h5msgs m, t;
	struct dcor_h5dset named;
	struct dcor_h5rd r;
	int rc;

	memset(out, 0, sizeof(*out));
	memset(&m, 0, sizeof(m));
	memset(&named, 0, sizeof(named));
	out->addr = DCOR_H5_NOADDR;
	m.d = out;
	m.sb = sb;
	m.type_addr = DCOR_H5_NOADDR;
	dcor_h5rd_init(&r, src, sb->base);
	if ((rc = dcor_h5header(&r, sb, addr, &m, err)) != 0)
		goto out;
	if (m.type_addr != DCOR_H5_NOADDR) {
		memset(&t, 0, sizeof(t));
		t.d = &named;
		t.sb = sb;
		t.type_addr = DCOR_H5_NOADDR;
		if ((rc = dcor_h5header(&r, sb, m.type_addr, &t, err)) != 0)
			goto out;
		if ((t.have & DCOR_H5M_TYPE) == 0 ||
		    t.type_addr != DCOR_H5_NOADDR) {
			rc = dcor_h5bad(err, m.type_addr,
			    "not a committed data type");
			goto out;
		}
		out->type = named.type;
		out->enc = named.enc;
		out->nenc = named.nenc;
		named.enc = NULL;
	}
	rc = dcor_h5msg_check(&m, err);
out:
	dcor_h5rd_fini(&r);
	dcor_h5dset_fini(&named);
	if (rc != 0)
		dcor_h5dset_fini(out);
	return rc;
}

void
dcor_h5dset_fini(struct dcor_h5dset *d)
{
	free(d->compact);
	free(d->fill);
	free(d->enc);
	d->compact = d->fill = d->enc = NULL;
}

int
dcor_h5dset_grid(const struct dcor_h5dset *d, uint64_t *grid,
    uint64_t *total, struct dcor_err *err)
{
	uint64_t n, all = 1;
	unsigned i;
	int rc;

	if (total != NULL)
		*total = 0;
	if (d->layout != DCOR_H5_CHUNKED || d->rank == 0)
		return dcor_err_set(err, DCOR_EARG, 0, "dataset has no chunks");
	for (i = 0; i < d->rank; i++)
		if (d->dim[i] == 0)
			all = 0;
	for (i = 0; i < d->rank; i++) {
		n = d->dim[i] / d->chunk[i] + (d->dim[i] % d->chunk[i] != 0);
		if (grid != NULL)
			grid[i] = n;
		if ((rc = dcor_h5mul(all, n, &all, err)) != 0)
			return rc;
	}
	if (total != NULL)
		*total = all;
	return 0;
}

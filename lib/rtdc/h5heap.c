/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Fractal heaps and global heaps; see HDF5's file format, III.E and III.G. */
#include "rtdc/h5walk.h"

#include <stdlib.h>
#include <string.h>

#define OBJECT_MAX	((uint64_t)1 << 16)
#define GLOBAL_MAX	((uint64_t)1 << 28)

struct heap {
	struct dcor_h5rd	*rd;
	const struct dcor_h5super *sb;
	uint64_t		 addr;
	unsigned		 id_len;
	unsigned		 off_bytes, len_bytes;	/* in an identifier */
	unsigned		 width;			/* blocks a row */
	uint64_t		 start, max_direct;	/* sizes of blocks */
	uint64_t		 root;
	unsigned		 rows;		/* of the root; 0: direct */
	int			 (*object)(void *arg, const unsigned char *p,
				    size_t n, struct dcor_err *err);
	void			*arg;
};

static int
is_power(uint64_t n)
{
	return n != 0 && (n & (n - 1)) == 0;
}

static unsigned
log_of(uint64_t n)
{
	unsigned b = 0;

	while (n >>= 1)
		b++;
	return b;
}

static int
open_heap(struct heap *h, struct dcor_err *err)
{
	unsigned a = h->sb->addr_bytes, l = h->sb->len_bytes, bits, filter;
	size_t len = 4 + 1 + 2 + 2 + 1 + 4 + 12 * (size_t)l + 3 * (size_t)a +
	    2 + 2 + 2 + 2 + 4;
	const unsigned char *p;
	struct dcor_h5cur c;
	uint64_t most;
	int rc;

	if ((rc = dcor_h5rd_block(h->rd, h->addr, len, "FRHP", "heap header",
	    &p, err)) != 0)
		return rc;
	dcor_h5cur_init(&c, p + 4, len - 8);
	if (dcor_h5cur_num(&c, 1) != 0)
		return dcor_h5bad(err, h->addr, "heap of unknown version");
	h->id_len = (unsigned)dcor_h5cur_num(&c, 2);
	filter = (unsigned)dcor_h5cur_num(&c, 2);
	dcor_h5cur_skip(&c, 1);
	most = dcor_h5cur_num(&c, 4);
	dcor_h5cur_skip(&c, l);			/* next huge object */
	dcor_h5cur_skip(&c, a);			/* their B-tree */
	dcor_h5cur_skip(&c, l);			/* free space */
	dcor_h5cur_skip(&c, a);			/* its manager */
	dcor_h5cur_skip(&c, 8 * (size_t)l);	/* statistics */
	h->width = (unsigned)dcor_h5cur_num(&c, 2);
	h->start = dcor_h5cur_num(&c, l);
	h->max_direct = dcor_h5cur_num(&c, l);
	bits = (unsigned)dcor_h5cur_num(&c, 2);
	dcor_h5cur_skip(&c, 2);
	h->root = dcor_h5cur_addr(&c, a);
	h->rows = (unsigned)dcor_h5cur_num(&c, 2);
	if (filter != 0)
		return dcor_h5bad(err, h->addr, "heap with filters: not "
		    "supported");
	if (c.bad || bits > 64 || bits == 0 || h->rows > 64 || most == 0 ||
	    !is_power(h->width) || !is_power(h->start) ||
	    !is_power(h->max_direct) || h->start > h->max_direct ||
	    h->max_direct > UINT32_MAX || h->id_len < 3)
		return dcor_h5bad(err, h->addr, "bad heap header");
	h->off_bytes = (bits + 7) / 8;
	h->len_bytes = log_of(most) / 8 + 1;
	if (h->len_bytes > (log_of(h->max_direct) + 7) / 8)
		h->len_bytes = (log_of(h->max_direct) + 7) / 8;
	return 0;
}

/* The n bytes at off within a direct block that is at addr. */
static int
direct(struct heap *h, uint64_t addr, uint64_t off, uint64_t n,
    uint64_t size, struct dcor_err *err)
{
	const unsigned char *p;
	size_t head = 5 + h->sb->addr_bytes + h->off_bytes;
	int rc;

	if (addr == DCOR_H5_NOADDR || off < head || off > size ||
	    n > size - off)
		return dcor_h5bad(err, h->addr, "object outside its heap");
	if ((rc = dcor_h5rd_get(h->rd, addr, 4, &p, err)) != 0)
		return rc;
	if (memcmp(p, "FHDB", 4) != 0)
		return dcor_h5bad(err, addr, "no block of a heap");
	if (addr > UINT64_MAX - off)
		return dcor_h5bad(err, h->addr, "object outside its heap");
	if ((rc = dcor_h5rd_get(h->rd, addr + off, n, &p, err)) != 0)
		return rc;
	return h->object(h->arg, p, (size_t)n, err);
}

/* Goes down from an indirect block of so many rows. */
static int
managed(struct heap *h, uint64_t off, uint64_t n, struct dcor_err *err)
{
	unsigned a = h->sb->addr_bytes, rows = h->rows, row, ndirect, col;
	unsigned first = log_of(h->start) + log_of(h->width);
	uint64_t addr = h->root, size, len;
	const unsigned char *p;
	struct dcor_h5cur c;
	int rc;

	if (rows == 0)
		return direct(h, addr, off, n, h->start, err);
	ndirect = log_of(h->max_direct) - log_of(h->start) + 2;
	for (;;) {
		size = h->start;
		for (row = 0; row < rows; row++) {
			if (row > 1)
				size *= 2;
			if (size > UINT64_MAX / 2 / h->width)
				return dcor_h5bad(err, h->addr,
				    "object outside its heap");
			if (off < size * h->width)
				break;
			off -= size * h->width;
		}
		if (row == rows)
			return dcor_h5bad(err, h->addr,
			    "object outside its heap");
		col = (unsigned)(off / size);
		off %= size;
		len = 5 + a + h->off_bytes + (uint64_t)rows * h->width * a +
		    4;
		if (addr == DCOR_H5_NOADDR)
			return dcor_h5bad(err, h->addr, "heap lacks a block");
		if ((rc = dcor_h5rd_block(h->rd, addr, len, "FHIB",
		    "block of a heap", &p, err)) != 0)
			return rc;
		dcor_h5cur_init(&c, p, (size_t)len - 4);
		dcor_h5cur_skip(&c, 5 + a + h->off_bytes +
		    ((size_t)row * h->width + col) * a);
		addr = dcor_h5cur_addr(&c, a);
		if (c.bad)
			return dcor_h5bad(err, h->addr, "heap lacks a block");
		if (row < ndirect)
			return direct(h, addr, off, n, size, err);
		/* fewer rows with every level: this ends */
		if (log_of(size) < first || log_of(size) - first + 1 >= rows)
			return dcor_h5bad(err, h->addr, "bad heap");
		rows = log_of(size) - first + 1;
	}
}

/* A record of the index of names: identifier, flags, order, hash. */
static int
on_record(void *arg, const unsigned char *rec, size_t n, struct dcor_err *err)
{
	struct heap *h = arg;
	struct dcor_h5cur c;
	uint64_t off, len;
	unsigned kind;

	if (n != h->id_len + 9)
		return dcor_h5bad(err, h->addr, "index with other records");
	if (rec[h->id_len] & 2)
		return dcor_h5bad(err, h->addr,
		    "message in a shared heap: not supported");
	kind = rec[0] >> 4;
	if (kind == 2) {
		len = (rec[0] & 15) + 1;
		if (len > h->id_len - 1)
			return dcor_h5bad(err, h->addr, "bad object of a heap");
		return h->object(h->arg, rec + 1, (size_t)len, err);
	}
	if (kind != 0)
		return dcor_h5bad(err, h->addr,
		    "huge object of a heap: not supported");
	dcor_h5cur_init(&c, rec + 1, h->id_len - 1);
	off = dcor_h5cur_num(&c, h->off_bytes);
	len = dcor_h5cur_num(&c, h->len_bytes);
	if (c.bad || len == 0 || len > OBJECT_MAX)
		return dcor_h5bad(err, h->addr, "bad object of a heap");
	return managed(h, off, len, err);
}

int
dcor_h5heap_each(const struct dcor_src *src, const struct dcor_h5super *sb,
    uint64_t heap, uint64_t index, int (*object)(void *arg,
    const unsigned char *p, size_t n, struct dcor_err *err), void *arg,
    struct dcor_err *err)
{
	struct dcor_h5rd tree, blocks;
	struct heap h = { .rd = &blocks, .sb = sb, .addr = heap,
	    .object = object, .arg = arg };
	int rc;

	dcor_h5rd_init(&tree, src, sb->base);
	dcor_h5rd_init(&blocks, src, sb->base);
	rc = open_heap(&h, err);
	/* indirect blocks are read once for each object */
	blocks.budget = src->size < UINT64_MAX / 128 ?
	    64 * src->size + (1 << 20) : UINT64_MAX;
	if (rc == 0)
		rc = dcor_h5btree2(&tree, sb, index, 8, on_record, &h, err);
	dcor_h5rd_fini(&tree);
	dcor_h5rd_fini(&blocks);
	return rc;
}

int
dcor_h5gheap_get(const struct dcor_src *src, const struct dcor_h5super *sb,
    uint64_t addr, uint32_t index, size_t n, unsigned char **out,
    struct dcor_err *err)
{
	unsigned l = sb->len_bytes;
	const unsigned char *p;
	struct dcor_h5cur c;
	struct dcor_h5rd r;
	uint64_t size, len;
	uint32_t which;
	int rc;

	dcor_h5rd_init(&r, src, sb->base);
	rc = dcor_h5rd_get(&r, addr, 8 + l, &p, err);
	if (rc != 0)
		goto out;
	dcor_h5cur_init(&c, p + 8, l);
	size = dcor_h5cur_num(&c, l);
	if (memcmp(p, "GCOL\1", 5) != 0 || size < 8 + l || size > GLOBAL_MAX) {
		rc = dcor_h5bad(err, addr, "no global heap");
		goto out;
	}
	if ((rc = dcor_h5rd_get(&r, addr, size, &p, err)) != 0)
		goto out;
	dcor_h5cur_init(&c, p + 8 + l, (size_t)size - 8 - l);
	for (;;) {
		which = (uint32_t)dcor_h5cur_num(&c, 2);
		dcor_h5cur_skip(&c, 6);
		len = dcor_h5cur_num(&c, l);
		if (c.bad || which == 0 || len > c.n) {
			rc = dcor_h5bad(err, addr,
			    "object is not in its global heap");
			goto out;
		}
		if (which == index)
			break;
		dcor_h5cur_skip(&c, (size_t)(len + 7) & ~(size_t)7);
	}
	rc = len < n ? dcor_h5bad(err, addr, "object shorter than it says") :
	    dcor_h5dup(c.p, n, out, err);
out:
	dcor_h5rd_fini(&r);
	return rc;
}

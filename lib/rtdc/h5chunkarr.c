/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Chunk indexes that are arrays: fixed, extensible, implicit. */
#include "rtdc/h5walk.h"

#include <string.h>

struct array {
	struct dcor_h5walk *w;
	uint64_t	 addr;		/* of its header */
	unsigned	 cls;		/* 1: entries have size and mask */
	unsigned	 es;		/* bytes an entry */
	uint64_t	 page;		/* entries a page */
	/* where an entry is: axes from slow to fast, entries a step */
	unsigned	 axis[DCOR_H5_MAXRANK];
	uint64_t	 down[DCOR_H5_MAXRANK];
	/* entries [first, first + n) are at cur, or missing if NULL */
	uint64_t	 first, n;
	const unsigned char *cur;
	struct dcor_h5rd el;		/* of data blocks */
	/* fixed array */
	uint64_t	 nelmts, data;
	const unsigned char *init;	/* bitmap of pages, or NULL */
	struct dcor_h5rd top;		/* of that, of the index block */
	/* extensible array */
	unsigned	 bits, nidx, nmin, nptr;
	uint64_t	 used;		/* entries ever set */
	unsigned	 nsblk, nsblk_idx;	/* super blocks, those of
						 * the index block */
	const unsigned char *idx;	/* entries of the index block */
	int		 sblk;		/* the one in sub, or -1 */
	const unsigned char *sinit, *saddr;
	struct dcor_h5rd sub;		/* of super blocks */
};

typedef int find_fn(struct array *, uint64_t, struct dcor_err *);

/* Entries are in row-major order of the largest extent; what grows without
 * limit comes first. */
static int
order(struct array *a, int may_grow, struct dcor_err *err)
{
	const struct dcor_h5dset *d = a->w->d;
	uint64_t n = 1, chunks;
	unsigned i, k, grows = 0, first = 0;
	int rc;

	for (i = 0; i < d->rank; i++)
		if (d->maxdim[i] == UINT64_MAX) {
			grows++;
			first = i;
		}
	if (grows != (may_grow ? 1 : 0))
		return dcor_h5bad(err, a->addr,
		    "chunk index does not fit the extent");
	a->axis[0] = first;
	for (i = 0, k = 1; i < d->rank; i++)
		if (i != first)
			a->axis[k++] = i;
	for (k = d->rank; k-- > 0;) {
		i = a->axis[k];
		a->down[k] = n;
		if (k == 0)
			break;
		chunks = d->maxdim[i] / d->chunk[i] +
		    (d->maxdim[i] % d->chunk[i] != 0);
		if ((rc = dcor_h5mul(n, chunks, &n, err)) != 0)
			return rc;
	}
	/* so that no number of an entry overflows */
	return dcor_h5mul(n, a->w->grid[a->axis[0]], &n, err);
}

/* Visits every chunk of the extent in the order of the array. */
static int
visit(struct array *a, find_fn *find, struct dcor_err *err)
{
	struct dcor_h5walk *w = a->w;
	uint64_t c[DCOR_H5_MAXRANK] = { 0 }, at, i, addr, size;
	unsigned rank = w->d->rank, k, ab = w->sb->addr_bytes;
	struct dcor_h5cur cur;
	uint32_t mask;
	int rc;

	for (i = 0; i < w->total; i++) {
		for (at = 0, k = 0; k < rank; k++)
			at += c[a->axis[k]] * a->down[k];
		if (at < a->first || at - a->first >= a->n) {
			a->cur = NULL;
			a->n = 0;
			if ((rc = find(a, at, err)) != 0)
				return rc;
		}
		if (a->cur != NULL) {
			dcor_h5cur_init(&cur, a->cur + (size_t)(at -
			    a->first) * a->es, a->es);
			addr = dcor_h5cur_addr(&cur, ab);
			size = w->chunk_bytes;
			mask = 0;
			if (a->cls == 1) {
				size = dcor_h5cur_num(&cur, a->es - ab - 4);
				mask = (uint32_t)dcor_h5cur_num(&cur, 4);
			}
			if ((rc = dcor_h5walk_put(w, c, addr, size, mask,
			    err)) != 0)
				return rc;
		}
		for (k = rank; k-- > 0;) {
			if (++c[a->axis[k]] < w->grid[a->axis[k]])
				break;
			c[a->axis[k]] = 0;
		}
	}
	return 0;
}

/* Class and size of the entries must be those of this dataset. */
static int
check_entry(const struct array *a, struct dcor_err *err)
{
	unsigned ab = a->w->sb->addr_bytes;

	if (a->cls != (a->w->d->nfilt > 0 ? 1 : 0) ||
	    (a->cls == 0 && a->es != ab) ||
	    (a->cls == 1 && (a->es < ab + 5 || a->es > ab + 12)))
		return dcor_h5bad(err, a->addr, "index with other entries");
	return 0;
}

/* A block of the array: its version, class and owner behind the signature
 * in c. */
static int
check_owner(const struct array *a, uint64_t addr, struct dcor_h5cur *c,
    struct dcor_err *err)
{
	dcor_h5cur_skip(c, 4);
	if (dcor_h5cur_num(c, 1) != 0 || dcor_h5cur_num(c, 1) != a->cls ||
	    dcor_h5cur_addr(c, a->w->sb->addr_bytes) != a->addr)
		return dcor_h5bad(err, addr, "block of another chunk index");
	return 0;
}

/* H5VM's order of bits: the first is the most significant of its byte. */
static int
bit(const unsigned char *map, uint64_t i)
{
	return map[i / 8] >> (7 - i % 8) & 1;
}

static int
fixed_find(struct array *a, uint64_t at, struct dcor_err *err)
{
	uint64_t addr = a->data, pages, no, n;
	size_t head = 6 + (size_t)a->w->sb->addr_bytes;
	const unsigned char *p;
	int rc;

	if (at >= a->nelmts)
		return dcor_h5bad(err, a->addr, "array is too short");
	if (a->init == NULL) {		/* not paged: all at once, once */
		a->cur = a->idx;
		a->first = 0;
		a->n = a->nelmts;
		return 0;
	}
	no = at / a->page;
	pages = (a->nelmts - 1) / a->page + 1;
	n = no < pages - 1 ? a->page : a->nelmts - no * a->page;
	a->first = no * a->page;
	a->n = n;
	if (!bit(a->init, no))
		return 0;
	addr += head + (pages + 7) / 8 + 4 + no * (a->page * a->es + 4);
	if ((rc = dcor_h5rd_get(&a->el, addr, n * a->es + 4, &p, err)) != 0)
		return rc;
	if (!dcor_h5sum_ok(p, (size_t)n * a->es))
		return dcor_h5bad(err, addr,
		    "page of a fixed array: checksum differs");
	a->cur = p;
	return 0;
}

static int
fixed_open(struct array *a, struct dcor_err *err)
{
	unsigned ab = a->w->sb->addr_bytes, lb = a->w->sb->len_bytes, bits;
	size_t head = 6 + (size_t)ab;
	const unsigned char *p;
	struct dcor_h5cur c;
	uint64_t len, map = 0;
	int rc;

	len = 12 + (uint64_t)ab + lb;
	if ((rc = dcor_h5rd_block(&a->top, a->addr, len, "FAHD",
	    "header of a fixed array", &p, err)) != 0)
		return rc;
	dcor_h5cur_init(&c, p + 4, (size_t)len - 8);
	if (dcor_h5cur_num(&c, 1) != 0)
		return dcor_h5bad(err, a->addr,
		    "fixed array of unknown version");
	a->cls = (unsigned)dcor_h5cur_num(&c, 1);
	a->es = (unsigned)dcor_h5cur_num(&c, 1);
	bits = (unsigned)dcor_h5cur_num(&c, 1);
	a->nelmts = dcor_h5cur_num(&c, lb);
	a->data = dcor_h5cur_addr(&c, ab);
	if ((rc = check_entry(a, err)) != 0)
		return rc;
	if (bits == 0 || bits > 63 || a->nelmts == 0 ||
	    a->nelmts > a->w->src->size / a->es)
		return dcor_h5bad(err, a->addr, "bad header of a fixed array");
	if (a->data == DCOR_H5_NOADDR)
		return 0;
	a->page = (uint64_t)1 << bits;
	if (a->nelmts > a->page) {
		map = ((a->nelmts - 1) / a->page + 8) / 8;
		len = head + map + 4;
	} else
		len = head + a->nelmts * a->es + 4;
	if ((rc = dcor_h5rd_block(&a->top, a->data, len, "FADB",
	    "fixed array", &p, err)) != 0)
		return rc;
	dcor_h5cur_init(&c, p, (size_t)len);
	if (map > 0)
		a->init = p + head;
	else
		a->idx = p + head;
	return check_owner(a, a->data, &c, err);
}

static void
array_init(struct array *a, struct dcor_h5walk *w)
{
	memset(a, 0, sizeof(*a));
	a->w = w;
	a->addr = w->d->addr;
	a->sblk = -1;
	dcor_h5rd_init(&a->el, w->src, w->sb->base);
	dcor_h5rd_init(&a->top, w->src, w->sb->base);
	dcor_h5rd_init(&a->sub, w->src, w->sb->base);
}

static void
array_fini(struct array *a)
{
	dcor_h5rd_fini(&a->el);
	dcor_h5rd_fini(&a->top);
	dcor_h5rd_fini(&a->sub);
}

int
dcor_h5walk_fixed(struct dcor_h5walk *w, struct dcor_err *err)
{
	struct array a;
	int rc;

	array_init(&a, w);
	if ((rc = order(&a, 0, err)) == 0 &&
	    (rc = fixed_open(&a, err)) == 0 && a.data != DCOR_H5_NOADDR)
		rc = visit(&a, fixed_find, err);
	array_fini(&a);
	return rc;
}

static unsigned
log2_floor(uint64_t n)
{
	unsigned l = 0;

	while (n >>= 1)
		l++;
	return l;
}

/* Super block s has 2^(s/2) data blocks of nmin * 2^((s+1)/2) entries. */
static uint64_t
ndblks(unsigned s)
{
	return (uint64_t)1 << s / 2;
}

/* Data blocks before those of super block s. */
static uint64_t
dblks_before(unsigned s)
{
	uint64_t n = 0;
	unsigned i;

	for (i = 0; i < s; i++)
		n += ndblks(i);
	return n;
}

static int
ext_open(struct array *a, struct dcor_err *err)
{
	unsigned ab = a->w->sb->addr_bytes, lb = a->w->sb->len_bytes, bits;
	const unsigned char *p;
	struct dcor_h5cur c;
	uint64_t len;
	int rc;

	len = 16 + (uint64_t)ab + 6 * (uint64_t)lb;
	if ((rc = dcor_h5rd_block(&a->top, a->addr, len, "EAHD",
	    "header of an extensible array", &p, err)) != 0)
		return rc;
	dcor_h5cur_init(&c, p + 4, (size_t)len - 8);
	if (dcor_h5cur_num(&c, 1) != 0)
		return dcor_h5bad(err, a->addr,
		    "extensible array of unknown version");
	a->cls = (unsigned)dcor_h5cur_num(&c, 1);
	a->es = (unsigned)dcor_h5cur_num(&c, 1);
	a->bits = (unsigned)dcor_h5cur_num(&c, 1);
	a->nidx = (unsigned)dcor_h5cur_num(&c, 1);
	a->nmin = (unsigned)dcor_h5cur_num(&c, 1);
	a->nptr = (unsigned)dcor_h5cur_num(&c, 1);
	bits = (unsigned)dcor_h5cur_num(&c, 1);
	dcor_h5cur_skip(&c, 4 * (size_t)lb);
	a->used = dcor_h5cur_num(&c, lb);
	dcor_h5cur_skip(&c, lb);
	a->data = dcor_h5cur_addr(&c, ab);
	if ((rc = check_entry(a, err)) != 0)
		return rc;
	if (a->bits == 0 || a->bits > 64 || bits == 0 || bits > 63 ||
	    a->nmin == 0 || (a->nmin & (a->nmin - 1)) != 0 || a->nptr < 2 ||
	    (a->nptr & (a->nptr - 1)) != 0 || log2_floor(a->nmin) > a->bits)
		return dcor_h5bad(err, a->addr,
		    "bad header of an extensible array");
	a->page = (uint64_t)1 << bits;
	a->nsblk = 1 + a->bits - log2_floor(a->nmin);
	a->nsblk_idx = 2 * log2_floor(a->nptr);
	if (a->nsblk_idx > a->nsblk)
		return dcor_h5bad(err, a->addr,
		    "bad header of an extensible array");
	if (a->data == DCOR_H5_NOADDR)
		return 0;
	len = 10 + (uint64_t)ab + a->nidx * a->es +
	    (2 * (a->nptr - 1) + a->nsblk - a->nsblk_idx) * ab;
	if ((rc = dcor_h5rd_block(&a->top, a->data, len, "EAIB",
	    "index block of an extensible array", &p, err)) != 0)
		return rc;
	dcor_h5cur_init(&c, p, (size_t)len);
	if ((rc = check_owner(a, a->data, &c, err)) != 0)
		return rc;
	a->idx = c.p;
	return 0;
}

/* Address no of a table of addresses. */
static uint64_t
entry(const struct array *a, const unsigned char *table, uint64_t no)
{
	struct dcor_h5cur c;
	unsigned ab = a->w->sb->addr_bytes;

	dcor_h5cur_init(&c, table + (size_t)no * ab, ab);
	return dcor_h5cur_addr(&c, ab);
}

/* Has super block s in sub, or saddr NULL if it was never made.  It begins
 * with entry number start (not counting the index block's), and its data
 * blocks have npages pages (0: they are not paged). */
static int
ext_super(struct array *a, unsigned s, uint64_t start, uint64_t npages,
    struct dcor_err *err)
{
	unsigned ab = a->w->sb->addr_bytes, ob = (a->bits + 7) / 8;
	uint64_t addr, len, map;
	const unsigned char *p;
	struct dcor_h5cur c;
	int rc;

	if (a->sblk == (int)s)
		return 0;
	a->sblk = -1;
	a->saddr = a->sinit = NULL;
	addr = entry(a, a->idx + a->nidx * a->es, 2 * (a->nptr - 1) +
	    (s - a->nsblk_idx));
	if (addr != DCOR_H5_NOADDR) {
		map = npages > 0 ? ndblks(s) * ((npages + 7) / 8) : 0;
		len = 10 + ab + ob + map + ndblks(s) * ab;
		if ((rc = dcor_h5rd_block(&a->sub, addr, len, "EASB",
		    "super block of an extensible array", &p, err)) != 0)
			return rc;
		dcor_h5cur_init(&c, p, (size_t)len);
		if ((rc = check_owner(a, addr, &c, err)) != 0)
			return rc;
		if (dcor_h5cur_num(&c, ob) != start)
			return dcor_h5bad(err, addr,
			    "super block of another place");
		a->sinit = c.p;
		a->saddr = c.p + map;
	}
	a->sblk = (int)s;
	return 0;
}

/* What is read of an extensible array: a data block, or a page of it. */
struct piece {
	uint64_t	 addr;		/* of the block */
	uint64_t	 start;		/* its first entry, not counting the
					 * index block's */
	uint64_t	 quirk;		/* what HDF5 calls that */
	int		 paged;
	uint64_t	 page;
};

/* Has entries [first, first + n) of the array at cur. */
static int
ext_data(struct array *a, const struct piece *d, struct dcor_err *err)
{
	unsigned ob = (a->bits + 7) / 8;
	size_t head = 6 + (size_t)a->w->sb->addr_bytes + ob;
	uint64_t len = head + 4, addr, at;
	const unsigned char *p;
	struct dcor_h5cur c;
	int rc;

	if (!d->paged)
		len += a->n * a->es;
	if ((rc = dcor_h5rd_block(&a->el, d->addr, len, "EADB",
	    "data block of an extensible array", &p, err)) != 0)
		return rc;
	dcor_h5cur_init(&c, p, (size_t)len);
	if ((rc = check_owner(a, d->addr, &c, err)) != 0)
		return rc;
	at = dcor_h5cur_num(&c, ob);
	if (at != d->start && at != d->quirk)
		return dcor_h5bad(err, d->addr, "data block of another place");
	if (!d->paged) {
		a->cur = c.p;
		return 0;
	}
	addr = d->addr + len + d->page * (a->page * a->es + 4);
	len = a->page * a->es + 4;
	if ((rc = dcor_h5rd_get(&a->el, addr, len, &p, err)) != 0)
		return rc;
	if (!dcor_h5sum_ok(p, (size_t)len - 4))
		return dcor_h5bad(err, addr,
		    "page of an extensible array: checksum differs");
	a->cur = p;
	return 0;
}

static int
ext_find(struct array *a, uint64_t at, struct dcor_err *err)
{
	uint64_t e, start, per, no, before, npages = 0;
	struct piece d = { 0 };
	unsigned s;
	int rc;

	a->first = at;
	if (at >= a->used) {		/* nor any after it */
		a->n = UINT64_MAX - at;
		return 0;
	}
	if (at < a->nidx) {
		a->first = 0;
		a->n = a->nidx < a->used ? a->nidx : a->used;
		a->cur = a->idx;
		return 0;
	}
	e = at - a->nidx;
	s = log2_floor(e / a->nmin + 1);
	if (s >= a->nsblk)
		return dcor_h5bad(err, a->addr, "array is too short");
	start = a->nmin * (((uint64_t)1 << s) - 1);
	per = (uint64_t)a->nmin << (s + 1) / 2;
	if (per > a->page)
		npages = per / a->page;
	no = (e - start) / per;
	d.start = d.quirk = start + no * per;
	if (s < a->nsblk_idx) {
		if (npages > 0)
			return dcor_h5bad(err, a->addr,
			    "bad header of an extensible array");
		/* HDF5 writes the offset as if all blocks before were of
		 * this size */
		before = dblks_before(s);
		d.quirk += before * per;
		d.addr = entry(a, a->idx + a->nidx * a->es, before + no);
	} else {
		if ((rc = ext_super(a, s, start, npages, err)) != 0)
			return rc;
		d.addr = a->saddr == NULL ? DCOR_H5_NOADDR :
		    entry(a, a->saddr, no);
	}
	a->first = d.start + a->nidx;
	a->n = per;
	if (d.addr == DCOR_H5_NOADDR)
		return 0;
	if (npages > 0) {
		d.paged = 1;
		d.page = (e - d.start) / a->page;
		a->first += d.page * a->page;
		a->n = a->page;
		if (!bit(a->sinit, no * npages + d.page))
			return 0;
	}
	return ext_data(a, &d, err);
}

int
dcor_h5walk_ext(struct dcor_h5walk *w, struct dcor_err *err)
{
	struct array a;
	int rc;

	array_init(&a, w);
	if ((rc = order(&a, 1, err)) == 0 &&
	    (rc = ext_open(&a, err)) == 0 && a.data != DCOR_H5_NOADDR)
		rc = visit(&a, ext_find, err);
	array_fini(&a);
	return rc;
}

/* No index at all: the chunks lie one behind the other. */
int
dcor_h5walk_implicit(struct dcor_h5walk *w, struct dcor_err *err)
{
	uint64_t c[DCOR_H5_MAXRANK] = { 0 }, at, i;
	const struct dcor_h5dset *d = w->d;
	struct array a;
	unsigned k;
	int rc;

	array_init(&a, w);
	if (d->nfilt > 0)
		return dcor_h5bad(err, d->addr, "filters without an index");
	if ((rc = order(&a, 0, err)) != 0)
		return rc;
	for (i = 0; i < w->total; i++) {
		for (at = 0, k = 0; k < d->rank; k++)
			at += c[a.axis[k]] * a.down[k];
		if (at > w->src->size / w->chunk_bytes ||
		    at * w->chunk_bytes > UINT64_MAX - 1 - d->addr)
			return dcor_h5bad(err, d->addr,
			    "chunks past the end of the file");
		if ((rc = dcor_h5walk_put(w, c, d->addr + at * w->chunk_bytes,
		    w->chunk_bytes, 0, err)) != 0)
			return rc;
		for (k = d->rank; k-- > 0;) {
			if (++c[k] < w->grid[k])
				break;
			c[k] = 0;
		}
	}
	return 0;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "rtdc/dset.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK_MAX	((uint64_t)1 << 31)	/* bytes, decoded */

struct dcor_dset {
	struct dcor_h5		*h;
	char			*path;
	uint64_t		 serial;	/* no other has had it */
	struct dcor_h5dset	 info;
	pthread_mutex_t		 lock;		/* of the four below */
	uint64_t		 known_lo, known_hi;	/* chunks along axis 0
						 * of which chunk tells */
	struct dcor_h5chunk	*chunk;		/* chunked, fast: the index */
	uint64_t		 nchunk;
	uint64_t		 grid[DCOR_H5_MAXRANK];
	uint64_t		 per_row;	/* chunks in a grid row */
	size_t			 chunk_size;	/* bytes, decoded */
	size_t			 row_size;
	int			 fast;
	int			 whole_rows;	/* chunks span axes 1, 2, ... */
};

struct dcor_reader {
	struct dcor_codec	*codec;
	unsigned char		*raw;		/* a chunk as stored */
	size_t			 rawcap;
	unsigned char		*data;		/* a chunk decoded */
	size_t			 datacap;
	uint64_t		 of;		/* whose chunk; 0: none */
	uint64_t		 which;
};

int
dcor_reader_new(struct dcor_reader **out, struct dcor_err *err)
{
	struct dcor_reader *r;
	int rc;

	*out = NULL;
	r = calloc(1, sizeof(*r));
	if (r == NULL)
		return dcor_err_nomem(err);
	rc = dcor_codec_new(&r->codec, err);
	if (rc != DCOR_OK) {
		free(r);
		return rc;
	}
	*out = r;
	return DCOR_OK;
}

void
dcor_reader_free(struct dcor_reader *r)
{
	if (r == NULL)
		return;
	dcor_codec_free(r->codec);
	free(r->raw);
	free(r->data);
	free(r);
}

static int
grow(unsigned char **p, size_t *cap, size_t n, struct dcor_err *err)
{
	unsigned char *q;

	if (n <= *cap)
		return DCOR_OK;
	q = realloc(*p, n);
	if (q == NULL)
		return dcor_err_nomem(err);
	*p = q;
	*cap = n;
	return DCOR_OK;
}

/* Whether bulk reads can go around libhdf5. */
static int
can_be_fast(const struct dcor_h5dset *i)
{
	if (i->external || i->layout == DCOR_H5_VIRTUAL)
		return 0;
	if (i->type.cls == DCOR_H5_VLEN || i->type.cls == DCOR_H5_REFERENCE)
		return 0;
	if ((i->type.cls == DCOR_H5_INT || i->type.cls == DCOR_H5_FLOAT) &&
	    !i->type.standard)
		return 0;
	return i->layout != DCOR_H5_CHUNKED ||
	    dcor_filters_known(i->filt, i->nfilt);
}

/* Sizes that follow from the shape, with every product checked. */
static int
measure(struct dcor_dset *d, struct dcor_err *err)
{
	const struct dcor_h5dset *i = &d->info;
	uint64_t row = i->type.size, chunk = i->type.size;
	unsigned k;

	if (i->null_space || i->rank == 0)
		return dcor_err_set(err, DCOR_EDATA, 0, "%s: has no rows",
		    d->path);
	for (k = 1; k < i->rank; k++)
		if (__builtin_mul_overflow(row, i->dim[k], &row) ||
		    row > CHUNK_MAX)
			return dcor_err_set(err, DCOR_EDATA, 0,
			    "%s: absurd shape", d->path);
	d->row_size = (size_t)row;
	if (i->layout != DCOR_H5_CHUNKED)
		return DCOR_OK;
	d->whole_rows = 1;
	d->per_row = 1;
	for (k = 0; k < i->rank; k++) {
		if (__builtin_mul_overflow(chunk, (uint64_t)i->chunk[k],
		    &chunk) || chunk > CHUNK_MAX || chunk == 0)
			return dcor_err_set(err, DCOR_EDATA, 0,
			    "%s: absurd chunks", d->path);
		if (k > 0 && i->chunk[k] != i->dim[k])
			d->whole_rows = 0;
		if (k > 0)
			d->per_row *= d->grid[k];
	}
	d->chunk_size = (size_t)chunk;
	return DCOR_OK;
}

/* Adds the chunks from ... to - 1 along axis 0, which are not known yet. */
static int
learn(struct dcor_dset *d, uint64_t from, uint64_t to, struct dcor_err *err)
{
	uint64_t i;
	int rc;

	to = to < d->grid[0] ? to : d->grid[0];
	rc = dcor_h5dset_chunks_fill(dcor_h5_src(d->h),
	    dcor_h5_superblock(d->h), &d->info, d->chunk, &from, &to, err);
	if (rc != DCOR_OK) {		/* what came of it must not stay */
		for (i = from * d->per_row; i < to * d->per_row; i++)
			d->chunk[i].addr = DCOR_H5_NOADDR;
		return rc;
	}
	if (d->known_lo == d->known_hi)
		d->known_lo = d->known_hi = from;
	d->known_lo = from < d->known_lo ? from : d->known_lo;
	d->known_hi = to > d->known_hi ? to : d->known_hi;
	return DCOR_OK;
}

/* Reads the index of the chunks lo <= i < hi along axis 0 when it is needed
 * first: it can be far away.  What is known stays in one piece. */
static int
need_index(const struct dcor_dset *cd, uint64_t lo, uint64_t hi,
    struct dcor_err *err)
{
	struct dcor_dset *d = (struct dcor_dset *)(uintptr_t)cd;
	int rc = DCOR_OK;

	if (!d->fast || d->info.layout != DCOR_H5_CHUNKED)
		return DCOR_OK;
	pthread_mutex_lock(&d->lock);
	if (d->chunk == NULL)
		rc = dcor_h5dset_chunks_new(dcor_h5_src(d->h),
		    dcor_h5_superblock(d->h), &d->info, &d->chunk,
		    &d->nchunk, err);
	if (rc == DCOR_OK && d->nchunk > 0 && d->known_lo == d->known_hi)
		rc = learn(d, lo, hi, err);
	if (rc == DCOR_OK && d->nchunk > 0 && lo < d->known_lo)
		rc = learn(d, lo, d->known_lo, err);
	if (rc == DCOR_OK && d->nchunk > 0 && hi > d->known_hi &&
	    d->known_hi < d->grid[0])
		rc = learn(d, d->known_hi, hi, err);
	pthread_mutex_unlock(&d->lock);
	return rc;
}

int
dcor_dset_open(struct dcor_h5 *h, const char *path, struct dcor_dset **out,
    struct dcor_err *err)
{
	static atomic_uint_fast64_t serial;
	struct dcor_err why = DCOR_ERR_INIT;
	struct dcor_dset *d;
	uint64_t addr = 0;
	int rc;

	*out = NULL;
	d = calloc(1, sizeof(*d));
	if (d == NULL)
		return dcor_err_nomem(err);
	pthread_mutex_init(&d->lock, NULL);
	d->serial = atomic_fetch_add(&serial, 1) + 1;
	d->h = h;
	d->path = strdup(path);
	if (d->path == NULL) {
		rc = dcor_err_nomem(&why);
		goto out;
	}
	rc = dcor_h5_addr(h, path, &addr, &why);
	if (rc == DCOR_OK)
		rc = dcor_h5dset_read(dcor_h5_src(h), dcor_h5_superblock(h),
		    addr, &d->info, &why);
	if (rc == DCOR_OK && d->info.layout == DCOR_H5_CHUNKED)
		rc = dcor_h5dset_grid(&d->info, d->grid, NULL, &why);
	if (rc == DCOR_OK)
		rc = measure(d, &why);
	if (rc == DCOR_OK && !dcor_h5_is_local(h) && (d->info.external ||
	    d->info.layout == DCOR_H5_VIRTUAL))
		rc = dcor_err_set(&why, DCOR_EPERM, 0, "its data are in "
		    "another file, which a remote one may not name");
	if (rc != DCOR_OK)
		goto out;
	d->fast = can_be_fast(&d->info);
	if (dcor_h5_is_local(h))
		rc = need_index(d, 0, d->grid[0], &why);
out:
	if (rc != DCOR_OK) {
		(void)dcor_err_set(err, why.code, why.sys, "%s: %s", path,
		    why.msg);
		dcor_dset_close(d);
		return rc;
	}
	*out = d;
	return DCOR_OK;
}

void
dcor_dset_close(struct dcor_dset *d)
{
	if (d == NULL)
		return;
	dcor_h5dset_fini(&d->info);
	pthread_mutex_destroy(&d->lock);
	free(d->chunk);
	free(d->path);
	free(d);
}

const struct dcor_h5dset *
dcor_dset_info(const struct dcor_dset *d)
{
	return &d->info;
}

const char *
dcor_dset_path(const struct dcor_dset *d)
{
	return d->path;
}

struct dcor_h5 *
dcor_dset_h5(const struct dcor_dset *d)
{
	return d->h;
}

const struct dcor_h5chunk *
dcor_dset_chunk(const struct dcor_dset *d, uint64_t i, struct dcor_err *err)
{
	uint64_t row = i / d->per_row;

	return need_index(d, row, row + 1, err) == DCOR_OK ? &d->chunk[i] :
	    NULL;
}

uint64_t
dcor_dset_rows(const struct dcor_dset *d)
{
	return d->info.dim[0];
}

size_t
dcor_dset_row_size(const struct dcor_dset *d)
{
	return d->row_size;
}

int
dcor_dset_is_fast(const struct dcor_dset *d)
{
	return d->fast;
}

uint64_t
dcor_dset_chunk_rows(const struct dcor_dset *d)
{
	return d->info.layout == DCOR_H5_CHUNKED ? d->info.chunk[0] : 1;
}

int
dcor_dset_has_filters(const struct dcor_dset *d, int level)
{
	const struct dcor_h5dset *i = &d->info;
	unsigned n = level > 0, k;

	if (i->layout != DCOR_H5_CHUNKED || i->nfilt != n + 1 ||
	    i->filt[n].id != DCOR_FILTER_FLETCHER32)
		return 0;
	if (level > 0 && (i->filt[0].id != DCOR_FILTER_ZSTD ||
	    i->filt[0].ncd < 1 || i->filt[0].cd[0] > 22 ||
	    (int)i->filt[0].cd[0] < level))
		return 0;
	for (k = 1; k < i->rank; k++)
		if (i->chunk[k] != i->dim[k])
			return 0;
	return (i->type.cls != DCOR_H5_INT && i->type.cls != DCOR_H5_FLOAT) ||
	    (i->type.standard && !i->type.is_big);
}

uint64_t
dcor_dset_stored(const struct dcor_dset *d)
{
	uint64_t sum = 0, i;

	if (d->info.layout != DCOR_H5_CHUNKED)
		return d->info.addr != DCOR_H5_NOADDR ||
		    d->info.compact != NULL ? d->info.size : 0;
	if (d->nchunk > 0 && d->known_hi - d->known_lo < d->grid[0])
		return UINT64_MAX;
	for (i = 0; i < d->nchunk; i++)
		sum += d->chunk[i].addr != DCOR_H5_NOADDR ?
		    d->chunk[i].size : 0;
	return sum;
}

/* Elements of the fill value, n bytes of them. */
static void
fill(const struct dcor_h5dset *i, unsigned char *p, size_t n)
{
	size_t el = i->type.size;

	if (i->fill == NULL) {
		memset(p, 0, n);
		return;
	}
	for (; n >= el; p += el, n -= el)
		memcpy(p, i->fill, el);
}

/* Decodes chunk c of d to dst (chunk_size bytes). */
static int
decode(const struct dcor_dset *d, struct dcor_reader *r, uint64_t c,
    unsigned char *dst, struct dcor_err *err)
{
	const struct dcor_h5chunk *ch = &d->chunk[c];
	struct dcor_err why = DCOR_ERR_INIT;
	int rc;

	if (ch->addr == DCOR_H5_NOADDR) {
		fill(&d->info, dst, d->chunk_size);
		return DCOR_OK;
	}
	rc = grow(&r->raw, &r->rawcap, ch->size, &why);
	if (rc == DCOR_OK)
		rc = dcor_src_read(dcor_h5_src(d->h),
		    dcor_h5_superblock(d->h)->base + ch->addr, r->raw,
		    ch->size, &why);
	if (rc == DCOR_OK)
		rc = dcor_chunk_decode(r->codec, d->info.filt, d->info.nfilt,
		    ch->mask, d->info.type.size, r->raw, ch->size, dst,
		    d->chunk_size, &why);
	if (rc != DCOR_OK)
		return dcor_err_set(err, why.code, why.sys,
		    "%s: chunk at row %llu: %s", d->path,
		    (unsigned long long)(c / d->per_row * d->info.chunk[0]),
		    why.msg);
	return DCOR_OK;
}

/* Copies what chunk c and rows first ... first+n-1 have in common. */
static void
paste(const struct dcor_dset *d, uint64_t c, const unsigned char *chunk,
    uint64_t first, uint64_t n, unsigned char *buf)
{
	const struct dcor_h5dset *i = &d->info;
	uint64_t at[DCOR_H5_MAXRANK], len[DCOR_H5_MAXRANK];
	uint64_t pos[DCOR_H5_MAXRANK] = { 0 };
	uint64_t src, dst, skip;
	unsigned k, last = i->rank - 1;

	for (k = i->rank; k-- > 0; c /= d->grid[k] ? d->grid[k] : 1) {
		at[k] = c % d->grid[k] * i->chunk[k];
		len[k] = i->dim[k] - at[k];
		if (len[k] > i->chunk[k])
			len[k] = i->chunk[k];
	}
	skip = first > at[0] ? first - at[0] : 0;
	if (at[0] + len[0] > first + n)
		len[0] = first + n - at[0];
	for (pos[0] = skip; pos[0] < len[0];) {
		for (k = 0, src = 0, dst = 0; k < i->rank; k++) {
			src = src * i->chunk[k] + pos[k];
			dst = dst * (k == 0 ? 1 : i->dim[k]) + at[k] + pos[k] -
			    (k == 0 ? first : 0);
		}
		memcpy(buf + dst * i->type.size, chunk + src * i->type.size,
		    (last == 0 ? len[0] - pos[0] : len[last]) *
		    i->type.size);
		if (last == 0)
			break;
		for (k = last; k-- > 0;) {
			if (++pos[k] < len[k] || k == 0)
				break;
			pos[k] = 0;
		}
	}
}

static int
add_span(struct dcor_span **span, size_t *n, uint64_t off, uint64_t len)
{
	struct dcor_span *grown;

	if ((*n & (*n - 1)) == 0) {		/* at each power of two */
		grown = realloc(*span, (*n == 0 ? 1 : 2 * *n) *
		    sizeof(*grown));
		if (grown == NULL)
			return -1;
		*span = grown;
	}
	(*span)[*n].off = off;
	(*span)[(*n)++].len = len;
	return 0;
}

/* Where the bytes are that rows first ... first+n-1 need; *span grows.
 * The grid row *last has been dealt with. */
static int
add_spans(const struct dcor_dset *d, uint64_t first, uint64_t n,
    uint64_t *last, struct dcor_span **span, size_t *nspan)
{
	uint64_t base = dcor_h5_superblock(d->h)->base, row, end, c;

	if (d->info.layout == DCOR_H5_CONTIGUOUS)
		return add_span(span, nspan, base + d->info.addr + first *
		    d->row_size, n * d->row_size);
	row = first / d->info.chunk[0];
	end = (first + n - 1) / d->info.chunk[0];
	row += row == *last;
	for (c = row * d->per_row; c < (end + 1) * d->per_row; c++)
		if (d->chunk[c].addr != DCOR_H5_NOADDR && add_span(span,
		    nspan, base + d->chunk[c].addr, d->chunk[c].size) != 0)
			return -1;
	*last = end;
	return 0;
}

static int
can_expect(const struct dcor_dset *d, uint64_t first, uint64_t last)
{
	if (dcor_h5_src(d->h)->expect == NULL || !d->fast || d->row_size == 0)
		return 0;
	if (d->info.layout == DCOR_H5_CONTIGUOUS)
		return d->info.addr != DCOR_H5_NOADDR;
	return d->info.layout == DCOR_H5_CHUNKED &&
	    need_index(d, first / d->info.chunk[0],
	    last / d->info.chunk[0] + 1, NULL) == DCOR_OK;
}

void
dcor_dset_expect(const struct dcor_dset *d, uint64_t first, uint64_t n)
{
	struct dcor_span *span = NULL;
	uint64_t last = UINT64_MAX;
	size_t nspan = 0;

	if (first >= d->info.dim[0] || n == 0)
		return;
	if (n > d->info.dim[0] - first)
		n = d->info.dim[0] - first;
	if (can_expect(d, first, first + n - 1) &&
	    add_spans(d, first, n, &last, &span, &nspan) == 0)
		dcor_src_expect(dcor_h5_src(d->h), span, nspan);
	free(span);
}

void
dcor_dset_expect_list(const struct dcor_dset *d, const uint64_t *row,
    size_t n)
{
	struct dcor_span *span = NULL;
	uint64_t last = UINT64_MAX;
	uint64_t least = UINT64_MAX, most = 0;
	size_t nspan = 0, i;

	for (i = 0; i < n; i++)
		if (row[i] < d->info.dim[0]) {
			least = row[i] < least ? row[i] : least;
			most = row[i] > most ? row[i] : most;
		}
	if (least > most || !can_expect(d, least, most))
		return;
	for (i = 0; i < n; i++)
		if (row[i] < d->info.dim[0] &&
		    add_spans(d, row[i], 1, &last, &span, &nspan) != 0)
			break;
	dcor_src_expect(dcor_h5_src(d->h), span, nspan);
	free(span);
}

static int
read_chunked(const struct dcor_dset *d, struct dcor_reader *r,
    uint64_t first, uint64_t n, unsigned char *buf, struct dcor_err *err)
{
	uint64_t per = d->info.chunk[0];
	uint64_t c, end, row0;
	int rc;

	rc = need_index(d, first / per, (first + n - 1) / per + 1, err);
	if (rc != DCOR_OK)
		return rc;
	c = first / per * d->per_row;
	end = ((first + n - 1) / per + 1) * d->per_row;
	if (end - c > 1)
		dcor_dset_expect(d, first, n);
	for (; c < end; c++) {
		row0 = c / d->per_row * per;
		if (d->whole_rows && row0 >= first &&
		    row0 + per <= first + n) {
			rc = decode(d, r, c, buf + (row0 - first) *
			    d->row_size, err);
			if (rc != DCOR_OK)
				return rc;
			continue;
		}
		if (r->of != d->serial || r->which != c) {
			r->of = 0;
			rc = grow(&r->data, &r->datacap, d->chunk_size, err);
			if (rc == DCOR_OK)
				rc = decode(d, r, c, r->data, err);
			if (rc != DCOR_OK)
				return rc;
			r->of = d->serial;
			r->which = c;
		}
		paste(d, c, r->data, first, n, buf);
	}
	return DCOR_OK;
}

static void
swap_bytes(unsigned char *p, size_t n, size_t el)
{
	unsigned char t;
	size_t i;

	for (; n >= el; p += el, n -= el)
		for (i = 0; i < el / 2; i++) {
			t = p[i];
			p[i] = p[el - 1 - i];
			p[el - 1 - i] = t;
		}
}

int
dcor_dset_read(const struct dcor_dset *d, struct dcor_reader *r,
    uint64_t first, uint64_t n, void *buf, struct dcor_err *err)
{
	const struct dcor_h5dset *i = &d->info;
	size_t bytes;
	int rc;

	if (first > i->dim[0] || n > i->dim[0] - first)
		return dcor_err_set(err, DCOR_EDATA, 0,
		    "%s: row %llu of %llu", d->path,
		    (unsigned long long)(first + n),
		    (unsigned long long)i->dim[0]);
	if (n == 0 || d->row_size == 0)
		return DCOR_OK;
	bytes = (size_t)n * d->row_size;
	if (!d->fast)
		return dcor_h5_read_rows(d->h, d->path, first, n, buf, bytes,
		    err);
	if (i->layout == DCOR_H5_CHUNKED)
		rc = read_chunked(d, r, first, n, buf, err);
	else if (i->compact != NULL) {
		if ((first + n) * d->row_size > i->size)
			return dcor_err_set(err, DCOR_EDATA, 0,
			    "%s: short data", d->path);
		memcpy(buf, i->compact + first * d->row_size, bytes);
		rc = DCOR_OK;
	} else if (i->addr == DCOR_H5_NOADDR) {
		fill(i, buf, bytes);
		rc = DCOR_OK;
	} else
		rc = dcor_src_read(dcor_h5_src(d->h),
		    dcor_h5_superblock(d->h)->base + i->addr +
		    first * d->row_size, buf, bytes, err);
	if (rc == DCOR_OK && i->type.is_big && i->type.size > 1 &&
	    (i->type.cls == DCOR_H5_INT || i->type.cls == DCOR_H5_FLOAT))
		swap_bytes(buf, bytes, i->type.size);
	return rc;
}

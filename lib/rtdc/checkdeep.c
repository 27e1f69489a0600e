/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Everything that is stored is read, decoded, and its checksums compared. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rtdc/checkpriv.h"

#define DEPTH_MAX	64		/* groups in groups */
#define WINDOW		256		/* chunks between two reports */
#define BLOCK		((uint64_t)1 << 20)	/* of what has no chunks */
#define TELL		20		/* bad chunks of a dataset */
#define ROWS_MAX	((uint64_t)1 << 28)	/* bytes read by libhdf5 */

struct scratch {			/* of a worker */
	struct dcor_codec *codec;
	unsigned char	*raw, *data;
	size_t		 rawcap, datacap;
};

struct deep {
	struct dcor_checking *c;
	struct scratch	*scratch;
	uint64_t	*seen;		/* addresses, a table that hashes */
	size_t		 nseen, room;
	/* the dataset at hand */
	const char	*path;
	struct dcor_h5dset d;
	struct dcor_h5chunk *chunk;
	uint64_t	 nchunk, first, done;
	int		 is_mask;
	int		 odd[WINDOW];	/* values that no mask has */
	struct dcor_err	 err[WINDOW];
};

/* 1 when addr was there already, -1 when memory is out. */
static int
seen(struct deep *s, uint64_t addr)
{
	size_t i, k, room;
	uint64_t *t;

	if (2 * s->nseen >= s->room) {
		room = s->room == 0 ? 1024 : 2 * s->room;
		t = malloc(room * sizeof(*t));
		if (t == NULL)
			return -1;
		for (i = 0; i < room; i++)
			t[i] = DCOR_H5_NOADDR;
		for (i = 0; i < s->room; i++) {
			if (s->seen[i] == DCOR_H5_NOADDR)
				continue;
			for (k = s->seen[i] / 8 % room; t[k] !=
			    DCOR_H5_NOADDR; k = (k + 1) % room)
				;
			t[k] = s->seen[i];
		}
		free(s->seen);
		s->seen = t;
		s->room = room;
	}
	for (k = addr / 8 % s->room; s->seen[k] != DCOR_H5_NOADDR;
	    k = (k + 1) % s->room)
		if (s->seen[k] == addr)
			return 1;
	s->seen[k] = addr;
	s->nseen++;
	return 0;
}

static int
grow(unsigned char **p, size_t *cap, uint64_t n, struct dcor_err *err)
{
	unsigned char *q;

	if (n <= *cap)
		return DCOR_OK;
	q = n < SIZE_MAX / 2 ? realloc(*p, (size_t)n) : NULL;
	if (q == NULL)
		return dcor_err_nomem(err);
	*p = q;
	*cap = (size_t)n;
	return DCOR_OK;
}

/* One chunk, on a worker. */
static void
read_chunk(void *arg, size_t i, unsigned worker)
{
	struct deep *s = arg;
	struct scratch *w = &s->scratch[worker];
	const struct dcor_h5chunk *k = &s->chunk[s->first + i];
	struct dcor_err *err = &s->err[i];
	uint64_t n;
	int rc;

	if (k->addr == DCOR_H5_NOADDR)
		return;
	rc = grow(&w->raw, &w->rawcap, k->size, err);
	if (rc == DCOR_OK)
		rc = grow(&w->data, &w->datacap, s->d.chunk_bytes, err);
	if (rc == DCOR_OK)
		rc = dcor_src_read(dcor_h5_src(s->c->h),
		    dcor_h5_superblock(s->c->h)->base + k->addr, w->raw,
		    k->size, err);
	if (rc == DCOR_OK)
		rc = dcor_chunk_decode(w->codec, s->d.filt, s->d.nfilt,
		    k->mask, s->d.type.size, w->raw, k->size, w->data,
		    (size_t)s->d.chunk_bytes, err);
	for (n = 0; rc == DCOR_OK && s->is_mask && n < s->d.chunk_bytes; n++)
		if (w->data[n] != 0 && w->data[n] != 255)
			s->odd[i] = 1;
}

/* A part of what is stored in one piece, on a worker. */
static void
read_block(void *arg, size_t i, unsigned worker)
{
	struct deep *s = arg;
	struct scratch *w = &s->scratch[worker];
	uint64_t at = (s->first + i) * BLOCK, n = s->d.size - at, k;
	int rc;

	n = n < BLOCK ? n : BLOCK;
	rc = grow(&w->raw, &w->rawcap, n, &s->err[i]);
	if (rc == DCOR_OK)
		rc = dcor_src_read(dcor_h5_src(s->c->h),
		    dcor_h5_superblock(s->c->h)->base + s->d.addr + at,
		    w->raw, (size_t)n, &s->err[i]);
	for (k = 0; rc == DCOR_OK && s->is_mask && k < n; k++)
		if (w->raw[k] != 0 && w->raw[k] != 255)
			s->odd[i] = 1;
}

/* "DATASET: chunk (10, 0, 0) at byte 2048: why" */
static void
tell(struct deep *s, uint64_t which, const struct dcor_err *why)
{
	struct dcor_err e = DCOR_ERR_INIT;
	uint64_t grid[DCOR_H5_MAXRANK], at[DCOR_H5_MAXRANK], k = which, off;
	char where[192] = "";
	size_t n = 0;
	unsigned i;

	off = dcor_h5_superblock(s->c->h)->base;
	if (s->chunk == NULL) {
		dcor_err_set(&e, why->code, why->sys, "%s: at byte %llu: %s",
		    s->path, (unsigned long long)(off + s->d.addr + which *
		    BLOCK), why->msg);
		dcor_check_damage(s->c, s->path, &e);
		return;
	}
	if (dcor_h5dset_grid(&s->d, grid, NULL, NULL) != DCOR_OK)
		return;
	for (i = s->d.rank; i-- > 0; k /= grid[i])
		at[i] = k % grid[i] * s->d.chunk[i];
	for (i = 0; i < s->d.rank && n < sizeof(where); i++)
		n += (size_t)snprintf(where + n, sizeof(where) - n, "%s%llu",
		    i > 0 ? ", " : "", (unsigned long long)at[i]);
	dcor_err_set(&e, why->code, why->sys, "%s: chunk (%s) at byte %llu: "
	    "%s", s->path, where, (unsigned long long)(off +
	    s->chunk[which].addr), why->msg);
	dcor_check_damage(s->c, s->path, &e);
}

static int
stopped(const struct deep *s, struct dcor_err *err)
{
	const struct dcor_check_opts *o = s->c->opts;

	if (o->stopped == NULL || !o->stopped(o->ctx))
		return DCOR_OK;
	return dcor_err_set(err, DCOR_ETEMP, 0, "stopped");
}

/* fn for 0 ... n-1 on the pool, and what it found. */
static int
sweep(struct deep *s, uint64_t n, void (*fn)(void *arg, size_t i,
    unsigned worker), struct dcor_err *err)
{
	const struct dcor_check_opts *o = s->c->opts;
	uint64_t bad = 0, bytes;
	size_t part, i;
	int odd = 0, rc;

	for (s->first = 0; s->first < n; s->first += part) {
		part = n - s->first < WINDOW ? (size_t)(n - s->first) :
		    WINDOW;
		memset(s->err, 0, part * sizeof(s->err[0]));
		memset(s->odd, 0, part * sizeof(s->odd[0]));
		dcor_pool_each(o->pool, part, fn, s);
		for (i = 0, bytes = 0; i < part; i++) {
			if (s->err[i].code == DCOR_ENOMEM)
				return dcor_err_nomem(err);
			if (s->err[i].code != DCOR_OK && bad++ < TELL)
				tell(s, s->first + i, &s->err[i]);
			odd |= s->odd[i];
			bytes += s->chunk == NULL ? BLOCK :
			    s->chunk[s->first + i].addr == DCOR_H5_NOADDR ?
			    0 : s->chunk[s->first + i].size;
		}
		s->done += bytes;
		if (o->progress != NULL)
			o->progress(o->ctx, s->done);
		rc = stopped(s, err);
		if (rc != DCOR_OK)
			return rc;
	}
	if (bad > TELL) {
		dcor_check_add(s->c, DCOR_CUE_OURS, DCOR_CUE_VIOLATION,
		    "data", s->path, "%s: %llu more like these", s->path,
		    (unsigned long long)(bad - TELL));
		s->c->out->damaged += bad - TELL;
	}
	if (odd)
		dcor_check_add(s->c, DCOR_CUE_OURS, DCOR_CUE_ALERT, "mask",
		    "mask", "Features: '%s' has values other than 0 and 255",
		    s->path + 7);
	return DCOR_OK;
}

static void
count_chunks(struct deep *s)
{
	struct dcor_cues *o = s->c->out;
	unsigned f, sum = 32;
	uint64_t i;

	for (f = 0; f < s->d.nfilt; f++)
		if (s->d.filt[f].id == DCOR_FILTER_FLETCHER32)
			sum = f;
	for (i = 0; i < s->nchunk; i++) {
		if (s->chunk[i].addr == DCOR_H5_NOADDR)
			continue;
		o->chunks++;
		o->bytes += s->chunk[i].size;
		o->summed += sum < 32 && (s->chunk[i].mask >> sum & 1) == 0;
	}
}

/* Filters that only libhdf5 knows. */
static void
read_slowly(struct deep *s, struct dcor_err *why)
{
	struct dcor_reader *r = NULL;
	uint64_t at, rows, part;
	struct dcor_dset *d;
	void *b = NULL;
	int rc;

	rc = dcor_check_open(s->c, s->path, &d, why);
	if (rc != DCOR_OK)
		return;
	part = dcor_dset_chunk_rows(d);
	if (part * dcor_dset_row_size(d) > ROWS_MAX)
		part = 1;
	b = malloc((size_t)part * dcor_dset_row_size(d) + 1);
	rc = b == NULL ? dcor_err_nomem(why) : dcor_reader_new(&r, why);
	rows = dcor_dset_rows(d);
	for (at = 0; rc == DCOR_OK && at < rows; at += part) {
		part = rows - at < part ? rows - at : part;
		rc = dcor_dset_read(d, r, at, part, b, why);
	}
	free(b);
	dcor_reader_free(r);
	dcor_dset_close(d);
}

static int
chunked(struct deep *s, struct dcor_err *err)
{
	struct dcor_err why = DCOR_ERR_INIT;
	int rc;

	(void)dcor_h5dset_chunks(dcor_h5_src(s->c->h),
	    dcor_h5_superblock(s->c->h), &s->d, &s->chunk, &s->nchunk, &why);
	rc = why.code;
	if (rc == DCOR_OK) {
		count_chunks(s);
		if (dcor_filters_known(s->d.filt, s->d.nfilt))
			rc = sweep(s, s->nchunk, read_chunk, err);
		else
			read_slowly(s, &why);
	}
	if (why.code == DCOR_ENOMEM)
		rc = dcor_err_nomem(err);
	else if (why.code != DCOR_OK) {
		dcor_check_damage(s->c, s->path, &why);
		rc = DCOR_OK;
	}
	free(s->chunk);
	s->chunk = NULL;
	s->nchunk = 0;
	return rc;
}

/* Text of variable length: what the elements point to. */
static void
vlen(struct deep *s)
{
	struct dcor_err why = DCOR_ERR_INIT;
	struct dcor_names line;

	if (s->d.type.cls != DCOR_H5_VLEN || s->d.rank != 1 ||
	    s->d.dim[0] == 0 || dcor_check_filters(&s->d, NULL) != DCOR_OK)
		return;
	if (dcor_h5_read_lines(s->c->h, s->path, &line, &why) == DCOR_OK)
		dcor_names_fini(&line);
	else
		dcor_check_damage(s->c, s->path, &why);
}

static int
dataset(struct deep *s, const char *path, struct dcor_err *err)
{
	struct dcor_err why = DCOR_ERR_INIT;
	uint64_t n;
	int rc = DCOR_OK;

	/* The other walk has told if this fails. */
	if (dcor_check_info(s->c, path, &s->d, &why) != DCOR_OK)
		return why.code == DCOR_ENOMEM ? dcor_err_nomem(err) :
		    DCOR_OK;
	s->path = path;
	s->is_mask = strcmp(path, "events/mask") == 0 && s->d.type.size == 1;
	s->c->out->datasets++;
	if (s->d.external || s->d.layout == DCOR_H5_VIRTUAL)
		dcor_check_add(s->c, DCOR_CUE_OURS, DCOR_CUE_INFO, "data",
		    path, "%s: is in other files and was not read", path);
	else if (s->d.layout == DCOR_H5_CHUNKED && s->d.rank > 0)
		rc = chunked(s, err);
	else if (s->d.layout == DCOR_H5_CONTIGUOUS && s->d.addr !=
	    DCOR_H5_NOADDR) {
		s->c->out->bytes += s->d.size;
		n = s->d.size / BLOCK + (s->d.size % BLOCK != 0);
		rc = sweep(s, n, read_block, err);
	}
	if (rc == DCOR_OK)
		vlen(s);
	dcor_h5dset_fini(&s->d);
	return rc;
}

static int
libhdf5_can(struct deep *s, const char *path)
{
	struct dcor_names in;
	struct dcor_attr a;
	size_t i;
	int ok = 1;

	if (dcor_h5_attrs(s->c->h, path, &in, NULL) != DCOR_OK)
		return 0;
	for (i = 0; ok && i < in.n; i++) {
		ok = dcor_h5_attr(s->c->h, path, in.name[i], &a, NULL) ==
		    DCOR_OK;
		if (ok)
			dcor_attr_fini(&a);
	}
	dcor_names_fini(&in);
	return ok;
}

static void
attributes(struct deep *s, const char *path, uint64_t addr)
{
	const struct dcor_src *src = dcor_h5_src(s->c->h);
	struct dcor_err why = DCOR_ERR_INIT;
	struct dcor_h5attr *v;
	char *text;
	size_t i, n;

	(void)dcor_h5attrs_read(src, dcor_h5_superblock(s->c->h), addr, &v,
	    &n, &why);
	for (i = 0; i < n && why.code == DCOR_OK; i++) {
		if (v[i].type.cls != DCOR_H5_VLEN || v[i].ndata !=
		    v[i].type.size)
			continue;
		if (dcor_h5attr_text(src, dcor_h5_superblock(s->c->h), &v[i],
		    &text, &why) == DCOR_OK)
			free(text);
	}
	dcor_h5attrs_free(v, n);
	/* There is storage that only libhdf5 knows. */
	if (why.code == DCOR_OK || libhdf5_can(s, path))
		return;
	dcor_check_damage(s->c, path, &why);
}

static int
visit(struct deep *s, const char *group, unsigned depth,
    struct dcor_err *err)
{
	char path[DCOR_CHECK_PATH];
	enum dcor_h5kind kind;
	struct dcor_names in;
	uint64_t addr = 0;
	int rc, known;
	size_t i;

	if (depth > DEPTH_MAX ||
	    dcor_h5_list(s->c->h, group, &in, NULL) != DCOR_OK)
		return DCOR_OK;
	for (i = 0, rc = DCOR_OK; rc == DCOR_OK && i < in.n; i++) {
		if ((size_t)snprintf(path, sizeof(path), "%s%s%s", depth > 0 ?
		    group : "", depth > 0 ? "/" : "", in.name[i]) >=
		    sizeof(path))
			continue;
		kind = dcor_h5_kind(s->c->h, path);
		if ((kind != DCOR_H5_GROUP && kind != DCOR_H5_DATASET) ||
		    dcor_h5_addr(s->c->h, path, &addr, NULL) != DCOR_OK)
			continue;
		known = seen(s, addr);
		if (known < 0)
			rc = dcor_err_nomem(err);
		if (known != 0)
			continue;
		attributes(s, path, addr);
		rc = kind == DCOR_H5_GROUP ? visit(s, path, depth + 1, err) :
		    dataset(s, path, err);
	}
	dcor_names_fini(&in);
	return rc;
}

int
dcor_check_deep(struct dcor_checking *c, struct dcor_err *err)
{
	unsigned n = dcor_pool_workers(c->opts->pool), i;
	struct deep *s = calloc(1, sizeof(*s));
	uint64_t addr = 0;
	int rc = DCOR_OK;

	if (s == NULL)
		return dcor_err_nomem(err);
	s->c = c;
	s->scratch = calloc(n, sizeof(*s->scratch));
	if (s->scratch == NULL)
		rc = dcor_err_nomem(err);
	for (i = 0; rc == DCOR_OK && i < n; i++)
		rc = dcor_codec_new(&s->scratch[i].codec, err);
	if (rc == DCOR_OK && dcor_h5_addr(c->h, "/", &addr, NULL) == DCOR_OK)
		rc = seen(s, addr) < 0 ? dcor_err_nomem(err) :
		    visit(s, "/", 0, err);
	if (rc == DCOR_OK) {
		dcor_check_values(c);
		dcor_check_add(c, DCOR_CUE_OURS, DCOR_CUE_INFO, "data", NULL,
		    "%llu bytes of %llu datasets were read, %llu of %llu "
		    "chunks have a checksum",
		    (unsigned long long)c->out->bytes,
		    (unsigned long long)c->out->datasets,
		    (unsigned long long)c->out->summed,
		    (unsigned long long)c->out->chunks);
	}
	for (i = 0; s->scratch != NULL && i < n; i++) {
		dcor_codec_free(s->scratch[i].codec);
		free(s->scratch[i].raw);
		free(s->scratch[i].data);
	}
	free(s->scratch);
	free(s->seen);
	free(s);
	return rc;
}

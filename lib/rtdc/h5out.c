/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "rtdc/h5out.h"

#include <stdlib.h>
#include <string.h>

#include "base/time.h"
#include "rtdc/h5priv.h"
#include "rtdc/h5sink.h"

/*
 * Chunks in flight.  The oldest is written when there is one more, not when
 * it happens to be ready: where libhdf5 puts things depends on the order of
 * all calls, and the file must not depend on the number of workers.
 */
#define PENDING	32

/* Decoded bytes of them, unless one alone has more. */
#define IN_FLIGHT	((size_t)64 << 20)

/* A chunk on its way to the file. */
struct job {
	struct dcor_task	 task;
	struct dcor_h5col	*col;
	uint64_t		 index;		/* of the chunk */
	uint64_t		 rows;		/* of them valid */
	unsigned char		*data;		/* full size; or NULL */
	void			(*fill)(void *arg, void *buf);
	void			(*done)(void *arg);
	void			*arg;
	const struct dcor_dset	*from;		/* the source of n rows */
	uint64_t		 first, n;
	const struct dcor_h5chunk *stored;	/* taken as it is */
	void			*coded;
	size_t			 ncoded;
	uint32_t		 mask;		/* filters skipped */
	struct dcor_err		 err;
	struct job		*next;
};

/* Scratch of one worker. */
struct lane {
	struct dcor_codec	*codec;
	struct dcor_reader	*reader;
	unsigned char		*buf;
	size_t			 cap;
	double			 seconds;
};

struct dcor_h5out {
	hid_t			 file;
	struct dcor_h5sink	 sink;
	struct dcor_pool	*pool;
	struct lane		*lane;		/* one a worker */
	struct dcor_h5col	*cols;
	struct job		*head, **tail;	/* in order of writing */
	unsigned		 pending;
	size_t			 in_flight;
	char			*path;
};

hid_t
dcor_h5out_file(const struct dcor_h5out *o)
{
	return o->file;
}

int
dcor_h5out_fail(struct dcor_h5out *o, struct dcor_err *err)
{
	if (o->sink.sys == 0)
		return dcor_h5_fail(err, DCOR_EIO, "cannot write the result");
	H5Eclear2(H5E_DEFAULT);
	return dcor_err_sys(err, o->sink.sys, "cannot write the result");
}

int
dcor_h5out_create(const char *path, struct dcor_pool *pool,
    struct dcor_h5out **out, struct dcor_err *err)
{
	return dcor_h5out_create_paged(path, pool, 0, out, err);
}

int
dcor_h5out_create_paged(const char *path, struct dcor_pool *pool,
    uint64_t page, struct dcor_h5out **out, struct dcor_err *err)
{
	struct dcor_h5out *o;
	hid_t fapl = -1, fcpl = -1;
	unsigned i, n = dcor_pool_workers(pool);
	int rc = DCOR_OK;

	*out = NULL;
	o = calloc(1, sizeof(*o));
	if (o == NULL)
		return dcor_err_nomem(err);
	o->file = -1;
	o->pool = pool;
	o->tail = &o->head;
	o->path = strdup(path);
	o->lane = calloc(n, sizeof(*o->lane));
	if (o->path == NULL || o->lane == NULL)
		rc = dcor_err_nomem(err);
	for (i = 0; rc == DCOR_OK && i < n; i++)
		rc = dcor_codec_new(&o->lane[i].codec, err);
	dcor_h5_enter();
	if (rc == DCOR_OK)
		rc = dcor_h5_init(err);
	if (rc == DCOR_OK) {
		fapl = H5Pcreate(H5P_FILE_ACCESS);
		fcpl = H5Pcreate(H5P_FILE_CREATE);
		H5Pset_libver_bounds(fapl, H5F_LIBVER_EARLIEST,
		    H5F_LIBVER_V110);
		H5Pset_obj_track_times(fcpl, 0);
		if (page > 0) {
			H5Pset_file_space_strategy(fcpl,
			    H5F_FSPACE_STRATEGY_PAGE, 0, 1);
			H5Pset_file_space_page_size(fcpl, page);
		}
		if (dcor_h5sink_use(fapl, &o->sink) == 0)
			o->file = H5Fcreate(path, H5F_ACC_TRUNC, fcpl, fapl);
		if (o->file < 0)
			rc = dcor_h5_fail(err, DCOR_ECREATE, path);
		H5Pclose(fapl);
		H5Pclose(fcpl);
	}
	dcor_h5_leave();
	if (rc != DCOR_OK) {
		dcor_h5out_discard(o);
		return rc;
	}
	*out = o;
	return DCOR_OK;
}

/* Scratch for a chunk, or NULL. */
static unsigned char *
chunk_buf(struct lane *l, size_t n)
{
	unsigned char *p;

	if (l->cap < n) {
		p = realloc(l->buf, n);
		if (p == NULL)
			return NULL;
		l->buf = p;
		l->cap = n;
	}
	return l->buf;
}

/* Reads a chunk as it is stored, and verifies it as far as it can be
 * without decoding. */
static int
take(struct job *j, struct lane *l, struct dcor_err *err)
{
	const struct dcor_h5dset *i = dcor_dset_info(j->from);
	struct dcor_h5 *h = dcor_dset_h5(j->from);
	const struct dcor_h5chunk *s = j->stored;
	unsigned last = i->nfilt - 1;
	unsigned char *buf;
	int rc;

	j->coded = malloc(s->size > 0 ? s->size : 1);
	if (j->coded == NULL)
		return dcor_err_nomem(err);
	j->ncoded = s->size;
	j->mask = s->mask;
	rc = dcor_src_read(dcor_h5_src(h), dcor_h5_superblock(h)->base +
	    s->addr, j->coded, s->size, err);
	if (rc != DCOR_OK || i->nfilt == 0 || s->mask >> last & 1 ||
	    i->filt[last].id != DCOR_FILTER_FLETCHER32 || s->size < 4)
		return rc;
	buf = chunk_buf(l, s->size);
	if (buf == NULL)
		return dcor_err_nomem(err);
	return dcor_chunk_decode(l->codec, &i->filt[last], 1, 0, 1, j->coded,
	    s->size, buf, s->size - 4, err);
}

/* Makes a chunk and compresses it. */
static int
encode(struct job *j, struct lane *l, struct dcor_err *err)
{
	struct dcor_h5col *c = j->col;
	unsigned char *data = j->data;
	uint64_t have = j->rows - j->n;
	int rc = DCOR_OK;

	if (data == NULL) {
		data = chunk_buf(l, c->chunk_size);
		if (data == NULL)
			return dcor_err_nomem(err);
		memset(data, 0, c->chunk_size);
	}
	if (j->fill != NULL)
		j->fill(j->arg, data);
	if (j->from != NULL && l->reader == NULL)
		rc = dcor_reader_new(&l->reader, err);
	if (rc == DCOR_OK && j->from != NULL)
		rc = dcor_dset_read(j->from, l->reader, j->first, j->n, data +
		    have * c->row_size, err);
	if (rc == DCOR_OK)
		rc = dcor_chunk_encode(l->codec, c->level, data,
		    c->chunk_size, &j->coded, &j->ncoded, err);
	free(j->data);
	j->data = NULL;
	return rc;
}

/* The same on the pool. */
static void
run_job(void *arg, unsigned worker)
{
	struct job *j = arg;
	struct lane *l = &j->col->o->lane[worker];
	struct dcor_err why = DCOR_ERR_INIT;
	double t = dcor_seconds();
	int rc = DCOR_OK;

	if (j->stored == NULL)
		rc = encode(j, l, &why);
	else if (j->stored->addr != DCOR_H5_NOADDR)
		rc = take(j, l, &why);
	if (rc != DCOR_OK)
		dcor_err_set(&j->err, rc, why.sys, "%s: %s", j->col->path,
		    why.msg);
	l->seconds += dcor_lap(&t);
}

static void
free_job(struct job *j)
{
	if (j->done != NULL)
		j->done(j->arg);
	free(j->data);
	free(j->coded);
	free(j);
}

/* Waits for the oldest chunk and writes it. */
static int
write_oldest(struct dcor_h5out *o, struct dcor_err *err)
{
	struct job *j = o->head;
	struct dcor_h5col *c = j->col;
	hsize_t at[DCOR_H5_MAXRANK];
	uint64_t k, i = j->index;
	int rc, ok = 1;

	dcor_pool_wait(o->pool, &j->task);
	o->head = j->next;
	if (o->head == NULL)
		o->tail = &o->head;
	o->pending--;
	o->in_flight -= c->chunk_size;
	rc = dcor_err_copy(err, &j->err);
	if (rc == DCOR_OK) {
		for (k = c->rank; k-- > 1; i /= c->grid[k])
			at[k] = i % c->grid[k] * c->chunk[k];
		at[0] = i * c->chunk_rows;
		dcor_h5_enter();
		if (c->dim[0] != at[0] + j->rows) {
			c->dim[0] = at[0] + j->rows;
			ok = H5Dset_extent(c->set, c->dim) >= 0;
		}
		if (ok && j->coded != NULL)
			ok = H5Dwrite_chunk(c->set, H5P_DEFAULT, j->mask, at,
			    j->ncoded, j->coded) >= 0;
		if (!ok || o->sink.sys != 0)
			rc = dcor_h5out_fail(o, err);
		dcor_h5_leave();
	}
	free_job(j);
	return rc;
}

static int
drain(struct dcor_h5out *o, unsigned most, struct dcor_err *err)
{
	int rc = DCOR_OK;

	while (rc == DCOR_OK && (o->pending > most ||
	    (o->in_flight > IN_FLIGHT && o->pending > 1)))
		rc = write_oldest(o, err);
	return rc;
}

/* Sends off what is in *what, and owns it from now on. */
static int
submit(struct dcor_h5col *c, const struct job *what, struct dcor_err *err)
{
	struct dcor_h5out *o = c->o;
	struct job *j = malloc(sizeof(*j));

	if (j == NULL) {
		free(what->data);
		if (what->done != NULL)
			what->done(what->arg);
		return dcor_err_nomem(err);
	}
	*j = *what;
	j->task.fn = run_job;
	j->task.arg = j;
	j->col = c;
	j->index = c->nchunk++;
	c->rows = j->index / c->per_row * c->chunk_rows + j->rows;
	*o->tail = j;
	o->tail = &j->next;
	o->pending++;
	o->in_flight += c->chunk_size;
	dcor_pool_submit(o->pool, &j->task);
	return drain(o, PENDING, err);
}

/* Gives up what is to be written. */
static void
drop(struct dcor_h5out *o)
{
	struct job *j;

	while ((j = o->head) != NULL) {
		dcor_pool_wait(o->pool, &j->task);
		o->head = j->next;
		free_job(j);
	}
	o->tail = &o->head;
	o->pending = 0;
	o->in_flight = 0;
}

/* Closes and frees everything; DCOR_EIO when the file is not complete. */
static int
free_out(struct dcor_h5out *o, struct dcor_err *err)
{
	struct dcor_h5col *c;
	int rc = DCOR_OK;
	unsigned i;

	drop(o);	/* first the jobs: they use the columns */
	dcor_h5_enter();
	while ((c = o->cols) != NULL) {
		o->cols = c->next;
		dcor_h5col_free(c);
	}
	if (o->file >= 0 && (H5Fclose(o->file) < 0 || o->sink.sys != 0))
		rc = dcor_h5out_fail(o, err);
	H5Eclear2(H5E_DEFAULT);
	dcor_h5_leave();
	for (i = 0; o->lane != NULL && i < dcor_pool_workers(o->pool); i++) {
		dcor_codec_free(o->lane[i].codec);
		dcor_reader_free(o->lane[i].reader);
		free(o->lane[i].buf);
	}
	free(o->lane);
	free(o->path);
	free(o);
	return rc;
}

void
dcor_h5out_discard(struct dcor_h5out *o)
{
	if (o != NULL)
		(void)free_out(o, NULL);
}

int
dcor_h5out_flush(struct dcor_h5out *o, struct dcor_err *err)
{
	int rc = drain(o, 0, err);
	struct dcor_h5col **at, *c;
	unsigned i;

	drop(o);
	dcor_h5_enter();
	for (at = &o->cols; (c = *at) != NULL;)
		if (c->finished) {
			*at = c->next;
			dcor_h5col_free(c);
		} else
			at = &c->next;
	dcor_h5_leave();
	/* a reader remembers a dataset that may be closed now */
	for (i = 0; i < dcor_pool_workers(o->pool); i++) {
		dcor_reader_free(o->lane[i].reader);
		o->lane[i].reader = NULL;
	}
	return rc;
}

int
dcor_h5out_close(struct dcor_h5out *o, double *seconds, struct dcor_err *err)
{
	struct dcor_h5col *c;
	int rc = DCOR_OK, closed;
	unsigned i;

	for (c = o->cols; rc == DCOR_OK && c != NULL; c = c->next)
		rc = dcor_h5col_finish(c, err);
	if (rc == DCOR_OK)
		rc = drain(o, 0, err);
	if (rc == DCOR_OK && seconds != NULL)
		for (i = 0, *seconds = 0; i < dcor_pool_workers(o->pool); i++)
			*seconds += o->lane[i].seconds;
	closed = free_out(o, err);
	return rc != DCOR_OK ? rc : closed;
}

int
dcor_h5out_group(struct dcor_h5out *o, const char *path,
    struct dcor_err *err)
{
	hid_t g;
	int rc = DCOR_OK;

	dcor_h5_enter();
	if (H5Lexists(o->file, path, H5P_DEFAULT) <= 0) {
		g = H5Gcreate2(o->file, path, H5P_DEFAULT, H5P_DEFAULT,
		    H5P_DEFAULT);
		if (g < 0)
			rc = dcor_h5out_fail(o, err);
		else
			H5Gclose(g);
	}
	dcor_h5_leave();
	return rc;
}

void
dcor_h5out_add(struct dcor_h5out *o, struct dcor_h5col *c)
{
	c->next = o->cols;
	o->cols = c;
}

/* Whether rows can be put behind the last: only the last chunk may be one
 * that is not full. */
static int
ready(const struct dcor_h5col *c, struct dcor_err *err)
{
	if (c->encodes && c->rows % c->chunk_rows == 0)
		return DCOR_OK;
	return dcor_err_set(err, DCOR_EARG, 0, "%s: no rows can follow",
	    c->path);
}

/* A chunk of the rows that wait in memory and n of d; zeros after them. */
static int
send_rows(struct dcor_h5col *c, const struct dcor_dset *d, uint64_t first,
    uint64_t n, struct dcor_err *err)
{
	struct job j = { .data = c->buf, .rows = c->nbuf + n, .from = d,
	    .first = first, .n = n };

	if (c->buf != NULL)
		memset(c->buf + c->nbuf * c->row_size, 0, (c->chunk_rows -
		    c->nbuf) * c->row_size);
	c->buf = NULL;
	c->nbuf = 0;
	return submit(c, &j, err);
}

/* The chunks that hold rows first ... first+n-1 of d, as they are. */
static int
send_stored(struct dcor_h5col *c, const struct dcor_dset *d, uint64_t first,
    uint64_t n, struct dcor_err *err)
{
	struct job j = { .from = d, .rows = n };
	uint64_t i = first / c->chunk_rows * c->per_row, k;
	int rc = DCOR_OK;

	for (k = 0; rc == DCOR_OK && k < c->per_row; k++) {
		j.stored = dcor_dset_chunk(d, i + k, err);
		rc = j.stored != NULL ? submit(c, &j, err) : DCOR_EDATA;
	}
	return rc;
}

/* Makes rows that wait in another file rows that wait in memory. */
static int
settle(struct dcor_h5col *c, struct dcor_err *err)
{
	struct dcor_reader *r = NULL;
	int rc = ready(c, err);

	if (rc == DCOR_OK && c->buf == NULL &&
	    (c->buf = malloc(c->chunk_size)) == NULL)
		return dcor_err_nomem(err);
	if (rc != DCOR_OK || c->rest == NULL)
		return rc;
	rc = dcor_reader_new(&r, err);
	if (rc == DCOR_OK)
		rc = dcor_dset_read(c->rest, r, c->rest_first, c->rest_n,
		    c->buf + c->nbuf * c->row_size, err);
	dcor_reader_free(r);
	c->nbuf += c->rest_n;
	c->rest = NULL;
	return rc;
}

int
dcor_h5col_append(struct dcor_h5col *c, const void *rows, uint64_t n,
    struct dcor_err *err)
{
	const unsigned char *p = rows;
	uint64_t part;
	int rc = DCOR_OK;

	for (; rc == DCOR_OK && n > 0; n -= part) {
		rc = settle(c, err);
		if (rc != DCOR_OK)
			return rc;
		part = c->chunk_rows - c->nbuf;
		if (part > n)
			part = n;
		memcpy(c->buf + c->nbuf * c->row_size, p, part *
		    c->row_size);
		p += part * c->row_size;
		c->nbuf += part;
		if (c->nbuf == c->chunk_rows)
			rc = send_rows(c, NULL, 0, 0, err);
	}
	return rc;
}

int
dcor_h5col_copy(struct dcor_h5col *c, const struct dcor_dset *d,
    uint64_t first, uint64_t n, struct dcor_err *err)
{
	uint64_t rows = dcor_dset_rows(d), per = c->chunk_rows, part;
	int rc = DCOR_OK, same, whole;

	if (!dcor_h5col_takes(c, d, &same) || first > rows ||
	    n > rows - first)
		return dcor_err_set(err, DCOR_EARG, 0, "%s: rows of another "
		    "kind", c->path);
	for (; rc == DCOR_OK && n > 0; first += part, n -= part) {
		if (c->rest != NULL && (rc = settle(c, err)) != DCOR_OK)
			break;
		part = n < per - c->nbuf ? n : per - c->nbuf;
		whole = same && c->nbuf == 0 && first % per == 0 &&
		    (part == per || first + part == rows);
		if (!whole || c->rows % per != 0)
			rc = ready(c, err);
		if (rc != DCOR_OK)
			break;
		if (part < per - c->nbuf) {
			c->rest = d;
			c->rest_first = first;
			c->rest_n = part;
			c->rest_whole = whole;
		} else if (whole)
			rc = send_stored(c, d, first, part, err);
		else
			rc = send_rows(c, d, first, part, err);
	}
	return rc;
}

int
dcor_h5col_chunk(struct dcor_h5col *c, uint64_t n,
    void (*fill)(void *arg, void *buf), void (*done)(void *arg), void *arg,
    struct dcor_err *err)
{
	struct job j = { .rows = n, .fill = fill, .done = done, .arg = arg };
	int rc = ready(c, err);

	if (rc == DCOR_OK && (n > c->chunk_rows || c->nbuf > 0 ||
	    c->rest != NULL))
		rc = dcor_err_set(err, DCOR_EBUG, 0, "%s: odd chunk",
		    c->path);
	if (rc == DCOR_OK)
		return submit(c, &j, err);
	done(arg);
	return rc;
}

int
dcor_h5col_finish(struct dcor_h5col *c, struct dcor_err *err)
{
	const struct dcor_dset *d = c->rest;

	c->finished = 1;
	c->rest = NULL;
	if (d != NULL && c->rest_whole)
		return send_stored(c, d, c->rest_first, c->rest_n, err);
	if (d != NULL)
		return send_rows(c, d, c->rest_first, c->rest_n, err);
	return c->nbuf > 0 ? send_rows(c, NULL, 0, 0, err) : DCOR_OK;
}

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

/* A chunk on its way to the file. */
struct job {
	struct dcor_task	 task;
	struct dcor_h5col	*col;
	uint64_t		 index;		/* of the chunk */
	uint64_t		 rows;		/* of them valid */
	void			*data;		/* full size; or made by fill */
	void			(*fill)(void *arg, void *buf);
	void			(*done)(void *arg);
	void			*arg;
	void			*coded;
	size_t			 ncoded;
	struct dcor_err		 err;
	struct job		*next;
};

struct dcor_h5col {
	struct dcor_h5out	*o;
	char			*path;
	hid_t			 set;
	unsigned		 rank;
	hsize_t			 dim[3];
	int			 level;
	uint64_t		 chunk_rows, nchunk;
	uint64_t		 rows;
	size_t			 row_size, chunk_size;
	unsigned char		*buf;		/* rows not in a chunk yet */
	uint64_t		 nbuf;
	struct dcor_h5col	*next;
};

/* Scratch of one worker. */
struct lane {
	struct dcor_codec	*codec;
	void			*buf;
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

/* Fills and compresses a chunk. */
static void
encode(struct job *j, unsigned worker)
{
	struct dcor_h5col *c = j->col;
	struct lane *l = &c->o->lane[worker];
	void *data = j->data, *p;

	if (data == NULL) {
		if (l->cap < c->chunk_size) {
			p = realloc(l->buf, c->chunk_size);
			if (p == NULL) {
				dcor_err_nomem(&j->err);
				return;
			}
			l->buf = p;
			l->cap = c->chunk_size;
		}
		data = l->buf;
		memset(data, 0, c->chunk_size);
		j->fill(j->arg, data);
	}
	dcor_chunk_encode(l->codec, c->level, data, c->chunk_size, &j->coded,
	    &j->ncoded, &j->err);
	free(j->data);
	j->data = NULL;
}

/* The same on the pool. */
static void
run_job(void *arg, unsigned worker)
{
	struct job *j = arg;
	double *sum = &j->col->o->lane[worker].seconds;
	double t = dcor_seconds();

	encode(j, worker);
	*sum += dcor_lap(&t);
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
	hsize_t at[3] = { 0 };
	int rc;

	dcor_pool_wait(o->pool, &j->task);
	o->head = j->next;
	if (o->head == NULL)
		o->tail = &o->head;
	o->pending--;
	rc = dcor_err_copy(err, &j->err);
	if (rc == DCOR_OK) {
		at[0] = j->index * c->chunk_rows;
		c->dim[0] = at[0] + j->rows;
		dcor_h5_enter();
		if (H5Dset_extent(c->set, c->dim) < 0 ||
		    H5Dwrite_chunk(c->set, H5P_DEFAULT, 0, at, j->ncoded,
		    j->coded) < 0 || o->sink.sys != 0)
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

	while (rc == DCOR_OK && o->pending > most)
		rc = write_oldest(o, err);
	return rc;
}

static int
submit(struct dcor_h5col *c, uint64_t n, void *data,
    void (*fill)(void *, void *), void (*done)(void *), void *arg,
    struct dcor_err *err)
{
	struct dcor_h5out *o = c->o;
	struct job *j = calloc(1, sizeof(*j));

	if (j == NULL) {
		free(data);
		if (done != NULL)
			done(arg);
		return dcor_err_nomem(err);
	}
	j->task.fn = run_job;
	j->task.arg = j;
	j->col = c;
	j->index = c->nchunk++;
	j->rows = n;
	j->data = data;
	j->fill = fill;
	j->done = done;
	j->arg = arg;
	*o->tail = j;
	o->tail = &j->next;
	o->pending++;
	dcor_pool_submit(o->pool, &j->task);
	return drain(o, PENDING, err);
}

static void
free_col(struct dcor_h5col *c)
{
	if (c->set >= 0)
		H5Dclose(c->set);
	free(c->buf);
	free(c->path);
	free(c);
}

/* Closes and frees everything; DCOR_EIO when the file is not complete. */
static int
free_out(struct dcor_h5out *o, struct dcor_err *err)
{
	struct dcor_h5col *c;
	struct job *j;
	int rc = DCOR_OK;
	unsigned i;

	/* first the jobs: they use the columns */
	while ((j = o->head) != NULL) {
		dcor_pool_wait(o->pool, &j->task);
		o->head = j->next;
		free_job(j);
	}
	dcor_h5_enter();
	while ((c = o->cols) != NULL) {
		o->cols = c->next;
		free_col(c);
	}
	if (o->file >= 0 && (H5Fclose(o->file) < 0 || o->sink.sys != 0))
		rc = dcor_h5out_fail(o, err);
	H5Eclear2(H5E_DEFAULT);
	dcor_h5_leave();
	for (i = 0; o->lane != NULL && i < dcor_pool_workers(o->pool); i++) {
		dcor_codec_free(o->lane[i].codec);
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

uint64_t
dcor_chunk_rows(uint64_t row_size)
{
	uint64_t n = ((uint64_t)1 << 20) / (row_size > 0 ? row_size : 1);

	return n < 10 ? 10 : n > 1000 ? 1000 : n;
}

hid_t
dcor_h5_make_type(const struct dcor_h5type *t)
{
	hid_t type;

	if (t->cls == DCOR_H5_STRING) {
		type = H5Tcopy(H5T_C_S1);
		H5Tset_size(type, t->size);
		H5Tset_strpad(type, H5T_STR_NULLPAD);
		return type;
	}
	if (t->cls == DCOR_H5_FLOAT)
		return H5Tcopy(t->size == 4 ? H5T_IEEE_F32LE :
		    H5T_IEEE_F64LE);
	if (t->cls != DCOR_H5_INT)
		return -1;
	switch (t->size) {
	case 1:
		return H5Tcopy(t->is_signed ? H5T_STD_I8LE : H5T_STD_U8LE);
	case 2:
		return H5Tcopy(t->is_signed ? H5T_STD_I16LE : H5T_STD_U16LE);
	case 4:
		return H5Tcopy(t->is_signed ? H5T_STD_I32LE : H5T_STD_U32LE);
	default:
		return H5Tcopy(t->is_signed ? H5T_STD_I64LE : H5T_STD_U64LE);
	}
}

static int
image_attrs(hid_t set)
{
	static const char *const attr[][2] = {
		{ "CLASS", "IMAGE" }, { "IMAGE_VERSION", "1.2" },
		{ "IMAGE_SUBCLASS", "IMAGE_GRAYSCALE" }
	};
	hid_t type, space = H5Screate(H5S_SCALAR), a;
	size_t i;
	int ok = 1;

	for (i = 0; ok && i < sizeof(attr) / sizeof(attr[0]); i++) {
		type = H5Tcopy(H5T_C_S1);
		H5Tset_size(type, strlen(attr[i][1]));
		H5Tset_strpad(type, H5T_STR_NULLPAD);
		a = H5Acreate2(set, attr[i][0], type, space, H5P_DEFAULT,
		    H5P_DEFAULT);
		ok = a >= 0 && H5Awrite(a, type, attr[i][1]) >= 0;
		if (a >= 0)
			H5Aclose(a);
		H5Tclose(type);
	}
	H5Sclose(space);
	return ok;
}

/* Creates the dataset of c, with room to grow along axis 0. */
static int
create_set(struct dcor_h5col *c, hid_t type, int image,
    struct dcor_err *err)
{
	hsize_t max[3], chunk[3];
	unsigned level = (unsigned)c->level, k;
	hid_t dcpl, space;
	int rc = DCOR_OK;

	memcpy(max, c->dim, sizeof(max));
	memcpy(chunk, c->dim, sizeof(chunk));
	max[0] = H5S_UNLIMITED;
	chunk[0] = c->chunk_rows;
	for (k = 1; k < c->rank; k++)
		if (chunk[k] == 0)
			chunk[k] = 1;
	dcpl = H5Pcreate(H5P_DATASET_CREATE);
	H5Pset_obj_track_times(dcpl, 0);
	H5Pset_chunk(dcpl, (int)c->rank, chunk);
	if (level > 0)
		H5Pset_filter(dcpl, DCOR_FILTER_ZSTD, H5Z_FLAG_OPTIONAL, 1,
		    &level);
	H5Pset_fletcher32(dcpl);
	space = H5Screate_simple((int)c->rank, c->dim, max);
	c->set = H5Dcreate2(c->o->file, c->path, type, space, H5P_DEFAULT,
	    dcpl, H5P_DEFAULT);
	if (c->set < 0 || (image && !image_attrs(c->set)))
		rc = dcor_h5out_fail(c->o, err);
	H5Sclose(space);
	H5Pclose(dcpl);
	return rc;
}

int
dcor_h5col_new(struct dcor_h5out *o, const char *path, hid_t type, size_t el,
    const struct dcor_h5spec *spec, struct dcor_h5col **col,
    struct dcor_err *err)
{
	struct dcor_h5col *c = calloc(1, sizeof(*c));
	unsigned k;
	int rc;

	*col = NULL;
	if (c == NULL)
		return dcor_err_nomem(err);
	c->o = o;
	c->set = -1;
	c->level = spec->level;
	c->rank = spec->rank;
	c->row_size = el;
	for (k = 1; k < c->rank; k++) {
		c->dim[k] = spec->item[k - 1];
		c->row_size *= spec->item[k - 1];
	}
	c->chunk_rows = spec->chunk_rows > 0 ? spec->chunk_rows :
	    dcor_chunk_rows(c->row_size);
	c->chunk_size = c->chunk_rows * c->row_size;
	c->path = strdup(path);
	if (c->path == NULL)
		rc = dcor_err_nomem(err);
	else if (c->row_size == 0)
		rc = dcor_err_set(err, DCOR_EARG, 0, "%s: rows of no size",
		    path);
	else
		rc = create_set(c, type, spec->image, err);
	if (rc != DCOR_OK) {
		free_col(c);
		return rc;
	}
	c->next = o->cols;
	o->cols = c;
	*col = c;
	return DCOR_OK;
}

int
dcor_h5out_dset(struct dcor_h5out *o, const char *path,
    const struct dcor_h5spec *spec, struct dcor_h5col **col,
    struct dcor_err *err)
{
	hid_t type;
	int rc;

	dcor_h5_enter();
	type = dcor_h5_make_type(&spec->type);
	if (type < 0)
		rc = dcor_err_set(err, DCOR_EARG, 0, "%s: type", path);
	else {
		rc = dcor_h5col_new(o, path, type, spec->type.size, spec,
		    col, err);
		H5Tclose(type);
	}
	dcor_h5_leave();
	return rc;
}

uint64_t
dcor_h5col_chunk_rows(const struct dcor_h5col *c)
{
	return c->chunk_rows;
}

/* Sends the buffered rows off as a chunk, the rest of it zeros. */
static int
flush_rows(struct dcor_h5col *c, struct dcor_err *err)
{
	void *data = c->buf;
	uint64_t n = c->nbuf;

	memset(c->buf + n * c->row_size, 0, (c->chunk_rows - n) *
	    c->row_size);
	c->buf = NULL;
	c->nbuf = 0;
	return submit(c, n, data, NULL, NULL, NULL, err);
}

int
dcor_h5col_append(struct dcor_h5col *c, const void *rows, uint64_t n,
    struct dcor_err *err)
{
	const unsigned char *p = rows;
	uint64_t part;
	int rc = DCOR_OK;

	for (; rc == DCOR_OK && n > 0; n -= part) {
		if (c->buf == NULL && (c->buf = malloc(c->chunk_size)) ==
		    NULL)
			return dcor_err_nomem(err);
		part = c->chunk_rows - c->nbuf;
		if (part > n)
			part = n;
		memcpy(c->buf + c->nbuf * c->row_size, p, part *
		    c->row_size);
		p += part * c->row_size;
		c->nbuf += part;
		c->rows += part;
		if (c->nbuf == c->chunk_rows)
			rc = flush_rows(c, err);
	}
	return rc;
}

int
dcor_h5col_chunk(struct dcor_h5col *c, uint64_t n,
    void (*fill)(void *arg, void *buf), void (*done)(void *arg), void *arg,
    struct dcor_err *err)
{
	if (n > c->chunk_rows || c->rows % c->chunk_rows != 0 ||
	    c->buf != NULL) {
		done(arg);
		return dcor_err_set(err, DCOR_EBUG, 0, "%s: odd chunk",
		    c->path);
	}
	c->rows += n;
	return submit(c, n, NULL, fill, done, arg, err);
}

int
dcor_h5col_finish(struct dcor_h5col *c, struct dcor_err *err)
{
	return c->nbuf > 0 ? flush_rows(c, err) : DCOR_OK;
}

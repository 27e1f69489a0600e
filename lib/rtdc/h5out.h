/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * h5out.h - an HDF5 file being written
 *
 * Datasets grow row by row; full chunks are compressed on the pool and
 * written in the order in which they were filled, so that the bytes of the
 * file depend on what was written and never on the number of threads.
 * Format bounds (earliest, v110): every HDF5 from 1.10 on can read it.
 * All functions are for the thread that owns the pool.
 */
#ifndef DCOR_RTDC_H5OUT_H
#define DCOR_RTDC_H5OUT_H

#include "base/pool.h"
#include "rtdc/dset.h"

struct dcor_h5out;
struct dcor_h5col;

/*
 * Creates (or truncates) the file at path.  Ownership: _close finishes and
 * frees it, also when that fails, and says how many seconds the workers
 * spent on compression, summed (seconds may be NULL); _discard frees it
 * without finishing.
 * Neither removes the file.
 */
int dcor_h5out_create(const char *path, struct dcor_pool *pool,
    struct dcor_h5out **out, struct dcor_err *err);
/* The same in pages of that size (512 ... 1 GiB; 0: none), metadata and data
 * apart: whoever reads whole pages from afar needs few. */
int dcor_h5out_create_paged(const char *path, struct dcor_pool *pool,
    uint64_t page, struct dcor_h5out **out, struct dcor_err *err);
int dcor_h5out_close(struct dcor_h5out *o, double *seconds,
    struct dcor_err *err);
void dcor_h5out_discard(struct dcor_h5out *o);

int dcor_h5out_group(struct dcor_h5out *o, const char *path,
    struct dcor_err *err);

/* What a growing dataset is made of. */
struct dcor_h5spec {
	struct dcor_h5type type;	/* INT, FLOAT or STRING */
	unsigned	 rank;		/* of the dataset: 1, 2 or 3 */
	uint64_t	 item[2];	/* rank - 1 lengths */
	uint64_t	 chunk_rows;	/* 0: dcor_chunk_rows of a row */
	int		 level;		/* Zstandard; 0: only Fletcher32;
					 * DCOR_LEVEL_ASIS: see below */
	int		 image;		/* add the image attributes */
};

/* Chunk length that dcnum chooses: 1 MiB, but 10 ... 1000 rows. */
uint64_t dcor_chunk_rows(uint64_t row_size);

/*
 * A new dataset without rows.  Ownership: the file's; *col is valid until
 * dcor_h5col_finish or the end of the file.
 */
int dcor_h5out_dset(struct dcor_h5out *o, const char *path,
    const struct dcor_h5spec *spec, struct dcor_h5col **col,
    struct dcor_err *err);

#define DCOR_LEVEL_ASIS	(-1)

/*
 * A new dataset without rows, for rows of d: of its type, whatever that is,
 * its fill value and its lengths of axes 1, 2, ...  Of spec count
 * chunk_rows (0: as in d), level and image.  With DCOR_LEVEL_ASIS chunks
 * of any shape and filters are those of d, and only whole chunks of d can
 * be copied.  DCOR_EARG: variable length or references; as-is, but not
 * chunked or with unknown filters.  d must stay open like any d that is
 * copied from.
 */
int dcor_h5out_like(struct dcor_h5out *o, const char *path,
    const struct dcor_dset *d, const struct dcor_h5spec *spec,
    struct dcor_h5col **col, struct dcor_err *err);

/* Whether rows of d can be in another file: no element has a reference or
 * is of variable length. */
int dcor_h5out_can_like(const struct dcor_dset *d);

/*
 * Appends rows first ... first+n-1 of d.  Where they are a chunk of d and
 * become a chunk of c, and d's filters are c's with at least its level,
 * the chunk is taken as it is stored, its checksum verified; otherwise it
 * is decoded and compressed anew.  Both happens on the pool: d must stay
 * open until dcor_h5out_flush or the end of the file.  DCOR_EARG when rows
 * of d are of another kind.
 */
int dcor_h5col_copy(struct dcor_h5col *c, const struct dcor_dset *d,
    uint64_t first, uint64_t n, struct dcor_err *err);

/* Appends n rows, which are copied. */
int dcor_h5col_append(struct dcor_h5col *c, const void *rows, uint64_t n,
    struct dcor_err *err);

/*
 * Appends rows that are made where they are compressed: fill(arg, buf)
 * writes n rows, at most chunk_rows, to buf, which is zeroed; then
 * done(arg) is called, always and from the owner's thread.  A chunk that
 * is not full must be the last.  Not to be mixed with _append.
 */
int dcor_h5col_chunk(struct dcor_h5col *c, uint64_t n,
    void (*fill)(void *arg, void *buf), void (*done)(void *arg), void *arg,
    struct dcor_err *err);

uint64_t dcor_h5col_chunk_rows(const struct dcor_h5col *c);

/* Sends off what is left of a column and ends it; _close does it for
 * all. */
int dcor_h5col_finish(struct dcor_h5col *c, struct dcor_err *err);

/* Returns when all that was sent off is written, or given up because of a
 * failure: what finished columns were copied from can be closed now. */
int dcor_h5out_flush(struct dcor_h5out *o, struct dcor_err *err);

/* Attributes of the object at path ("/" for the root); text is UTF-8 of
 * variable length.  An existing one is replaced. */
int dcor_h5out_text(struct dcor_h5out *o, const char *path,
    const char *name, const char *text, struct dcor_err *err);
int dcor_h5out_i64(struct dcor_h5out *o, const char *path, const char *name,
    int64_t v, struct dcor_err *err);
int dcor_h5out_f64(struct dcor_h5out *o, const char *path, const char *name,
    double v, struct dcor_err *err);

/* A 1-D dataset of fixed-length text, one element a line. */
int dcor_h5out_lines(struct dcor_h5out *o, const char *path,
    const char *const *line, size_t n, struct dcor_err *err);

/* Copies those attributes of in:from that path does not have. */
int dcor_h5out_copy_attrs(struct dcor_h5out *o, const char *path,
    struct dcor_h5 *in, const char *from, struct dcor_err *err);

/*
 * Copies what is at in:from as it is, with its attributes: soft and
 * external links stay links, references become null.
 */
int dcor_h5out_copy_verbatim(struct dcor_h5out *o, const char *path,
    struct dcor_h5 *in, const char *from, struct dcor_err *err);

/* Another name, path, for the object that is at target. */
int dcor_h5out_link(struct dcor_h5out *o, const char *path,
    const char *target, struct dcor_err *err);

/* Copies the dataset in:from, compressed anew, with its attributes; text
 * of variable length becomes text of fixed length. */
int dcor_h5out_copy_dset(struct dcor_h5out *o, const char *path,
    struct dcor_h5 *in, const char *from, struct dcor_err *err);

#endif /* DCOR_RTDC_H5OUT_H */

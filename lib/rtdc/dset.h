/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * dset.h - bulk reading of datasets
 *
 * Rows (elements along axis 0) are read by any number of threads at once:
 * chunks are fetched by offset and decoded outside libhdf5.  What this
 * fast path does not know goes through libhdf5 and is just slower.
 */
#ifndef DCOR_RTDC_DSET_H
#define DCOR_RTDC_DSET_H

#include "rtdc/chunk.h"
#include "rtdc/h5.h"

struct dcor_dset;

/*
 * Opens the dataset at path, of rank 1 or more.  Ownership: caller,
 * dcor_dset_close; h must live longer.
 */
int dcor_dset_open(struct dcor_h5 *h, const char *path,
    struct dcor_dset **out, struct dcor_err *err);
void dcor_dset_close(struct dcor_dset *d);

/* Shape, type, layout, filters.  Borrowed. */
const struct dcor_h5dset *dcor_dset_info(const struct dcor_dset *d);
const char *dcor_dset_path(const struct dcor_dset *d);
uint64_t dcor_dset_rows(const struct dcor_dset *d);	/* dim[0] */
size_t dcor_dset_row_size(const struct dcor_dset *d);	/* bytes */
int dcor_dset_is_fast(const struct dcor_dset *d);
struct dcor_h5 *dcor_dset_h5(const struct dcor_dset *d);
/* Chunk i of the grid as it is stored; only where the layout is chunked and
 * the dataset fast.  Borrowed; NULL when the index cannot be read. */
const struct dcor_h5chunk *dcor_dset_chunk(const struct dcor_dset *d,
    uint64_t i, struct dcor_err *err);
/* Whether the chunks are such as we write: whole rows, Zstandard of at least
 * that level (0: none), checksums, numbers of standard type. */
int dcor_dset_has_filters(const struct dcor_dset *d, int level);
/* Rows that are stored together: chunk[0], or 1. */
uint64_t dcor_dset_chunk_rows(const struct dcor_dset *d);
/* Bytes in the file; UINT64_MAX: only an index could tell that has not been
 * read, or that only libhdf5 can read. */
uint64_t dcor_dset_stored(const struct dcor_dset *d);

/* What one thread needs to read: contexts and the chunk read last. */
struct dcor_reader;
int dcor_reader_new(struct dcor_reader **out, struct dcor_err *err);
void dcor_reader_free(struct dcor_reader *r);

/*
 * Reads n rows from first on to buf, which has room for n rows.  Integers
 * and floats arrive in native byte order, everything else as stored.
 * Threads: one reader each.
 */
int dcor_dset_read(const struct dcor_dset *d, struct dcor_reader *r,
    uint64_t first, uint64_t n, void *buf, struct dcor_err *err);

/* The rows first ... first+n-1, or those listed, will be read soon and in
 * this order.  See dcor_src_expect. */
void dcor_dset_expect(const struct dcor_dset *d, uint64_t first, uint64_t n);
void dcor_dset_expect_list(const struct dcor_dset *d, const uint64_t *row,
    size_t n);

/* As dcor_dset_read for numbers of rank 1, converted to double; n > 0. */
int dcor_dset_read_f64(const struct dcor_dset *d, struct dcor_reader *r,
    uint64_t first, uint64_t n, double *buf, struct dcor_err *err);

/* The same for integers; DCOR_EDATA for a value below 0 or not whole. */
int dcor_dset_read_u64(const struct dcor_dset *d, struct dcor_reader *r,
    uint64_t first, uint64_t n, uint64_t *buf, struct dcor_err *err);

/* Whether elements are numbers of 1, 2, 4 or 8 bytes (floats: 4, 8) that
 * arrive in native form; element k of such at p, as a double. */
int dcor_h5_is_number(const struct dcor_h5type *t);
double dcor_h5_number(const struct dcor_h5type *t, const void *p,
    uint64_t k);

/* Whether they are what Python makes of booleans: an enumeration of two
 * bytes, 0 and 1. */
int dcor_dset_is_bool(const struct dcor_dset *d);

/* The lines of a 1-D text dataset (log, basin); fixed or variable length,
 * trailing NULs cut.  Ownership: dcor_names_fini. */
int dcor_dset_read_lines(struct dcor_h5 *h, const char *path,
    struct dcor_names *out, struct dcor_err *err);

#endif /* DCOR_RTDC_DSET_H */

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * h5priv.h - what the files that call libhdf5 share
 */
#ifndef DCOR_RTDC_H5PRIV_H
#define DCOR_RTDC_H5PRIV_H

#include <hdf5.h>

#include "rtdc/h5attr.h"
#include "rtdc/h5out.h"

#define DCOR_META_LEVEL	5	/* Zstandard level of text and tables */

struct dcor_h5 {
	char			*path;
	int			 fd;
	struct dcor_src		 src;
	struct dcor_h5super	 super;
	hid_t			 file;
	struct dcor_err		 lost;		/* first failure of src that
						 * met libhdf5 */
	int			 swmr;
};

/* One thread at a time in libhdf5. */
void dcor_h5_enter(void);
void dcor_h5_leave(void);

/* Prepares libhdf5: quiet errors, our filters.  Called with the lock. */
int dcor_h5_init(struct dcor_err *err);

/* Records "WHAT: what libhdf5 says", and empties libhdf5's error stack.
 * Where the source failed its word counts, and its class instead of code. */
int dcor_h5_fail(struct dcor_err *err, enum dcor_code code,
    const char *what);

/* The driver for files that are a source (h5vfd.c); its driver information
 * is a struct dcor_h5 *.  The failure of a source since dcor_h5_forget, or
 * NULL.  With the lock. */
hid_t dcor_h5_driver(void);
void dcor_h5_forget(void);
const struct dcor_err *dcor_h5_lost(void);

/* Sorts the names that were gathered, or drops them when status < 0. */
int dcor_h5_names(struct dcor_names *out, herr_t status, const char *what,
    struct dcor_err *err);

/* Attributes without libhdf5; called without the lock. */
int dcor_h5_own_attrs(struct dcor_h5 *h, const char *path,
    struct dcor_h5attr **out, size_t *n, struct dcor_err *err);

/* The type that dcor_h5type_lower made, or -1. */
hid_t dcor_h5_decode_type(const unsigned char *enc, size_t n);

/* The rest with the lock, too. */

hid_t dcor_h5out_file(const struct dcor_h5out *o);

/* Why the file cannot be written: the system's word if it has one. */
int dcor_h5out_fail(struct dcor_h5out *o, struct dcor_err *err);

/* libhdf5's idea of an integer, float or fixed text; -1 for others. */
hid_t dcor_h5_make_type(const struct dcor_h5type *t);

/* A dataset being written. */
struct dcor_h5col {
	struct dcor_h5out	*o;
	char			*path;
	hid_t			 set;
	unsigned		 rank;
	hsize_t			 dim[DCOR_H5_MAXRANK];
	hsize_t			 chunk[DCOR_H5_MAXRANK];
	uint64_t		 grid[DCOR_H5_MAXRANK];	/* from axis 1 on */
	uint64_t		 chunk_rows;	/* chunk[0] */
	uint64_t		 per_row;	/* chunks in a grid row */
	int			 level;
	int			 encodes;	/* chunks hold whole rows and
						 * have the filters of level */
	struct dcor_h5type	 type;
	unsigned char		*enc;		/* of the type; or NULL */
	size_t			 nenc;
	const struct dcor_dset	*like;		/* may be NULL */
	size_t			 row_size, chunk_size;
	uint64_t		 nchunk, rows;	/* sent off */
	unsigned char		*buf;		/* rows not in a chunk yet, */
	uint64_t		 nbuf;
	const struct dcor_dset	*rest;		/* and those after them */
	uint64_t		 rest_first, rest_n;
	int			 rest_whole;	/* are a chunk of rest's */
	int			 finished;
	struct dcor_h5col	*next;
};

/* Closes a column and frees it. */
void dcor_h5col_free(struct dcor_h5col *c);

/* Puts a column into the list of the file's. */
void dcor_h5out_add(struct dcor_h5out *o, struct dcor_h5col *c);

/* Whether rows of d can be appended to c; *same: even chunks as stored. */
int dcor_h5col_takes(const struct dcor_h5col *c, const struct dcor_dset *d,
    int *same);

/* The type of a dataset as its file has it, or -1. */
hid_t dcor_h5_type_of(const struct dcor_dset *d);

#endif /* DCOR_RTDC_H5PRIV_H */

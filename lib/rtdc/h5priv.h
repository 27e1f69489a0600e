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
};

/* One thread at a time in libhdf5. */
void dcor_h5_enter(void);
void dcor_h5_leave(void);

/* Prepares libhdf5: quiet errors, our filters.  Called with the lock. */
int dcor_h5_init(struct dcor_err *err);

/* Records "WHAT: what libhdf5 says", and empties libhdf5's error stack. */
int dcor_h5_fail(struct dcor_err *err, enum dcor_code code,
    const char *what);

/* Sorts the names that were gathered, or drops them when status < 0. */
int dcor_h5_names(struct dcor_names *out, herr_t status, const char *what,
    struct dcor_err *err);

/* Attributes without libhdf5; called without the lock. */
int dcor_h5_own_attrs(struct dcor_h5 *h, const char *path,
    struct dcor_h5attr **out, size_t *n, struct dcor_err *err);

/* The type that dcor_h5type_lower made, or -1. */
hid_t dcor_h5_decode_type(const unsigned char *enc, size_t n);

/* Adds a copy of len bytes of s; -1 when memory is out. */
int dcor_names_add(struct dcor_names *v, const char *s, size_t len);

/* The rest with the lock, too. */

hid_t dcor_h5out_file(const struct dcor_h5out *o);

/* Why the file cannot be written: the system's word if it has one. */
int dcor_h5out_fail(struct dcor_h5out *o, struct dcor_err *err);

/* libhdf5's idea of an integer, float or fixed text; -1 for others. */
hid_t dcor_h5_make_type(const struct dcor_h5type *t);

/* dcor_h5out_dset for any type, of el bytes. */
int dcor_h5col_new(struct dcor_h5out *o, const char *path, hid_t type,
    size_t el, const struct dcor_h5spec *spec, struct dcor_h5col **col,
    struct dcor_err *err);

#endif /* DCOR_RTDC_H5PRIV_H */

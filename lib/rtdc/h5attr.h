/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * h5attr.h - attributes of HDF5 objects, read without libhdf5
 *
 * HDF5 2.0 with its latest bounds writes booleans and compounds as data
 * types of version 5, which libhdf5 before 2.0 refuses - and with them
 * every attribute that stands behind one in the same object header.  Read
 * here are attribute messages of all versions in the header and in dense
 * storage (a fractal heap without filters).  Not read, and said so: shared
 * messages, attributes of 64 KiB and more in dense storage.
 */
#ifndef DCOR_RTDC_H5ATTR_H
#define DCOR_RTDC_H5ATTR_H

#include "rtdc/h5index.h"

struct dcor_h5attr {
	char		*name;
	unsigned	 rank;		/* 0: scalar, or null: no data */
	uint64_t	 dim[DCOR_H5_MAXRANK];
	struct dcor_h5type type;
	unsigned char	*enc;		/* as in struct dcor_h5dset */
	size_t		 nenc;
	unsigned char	*data;		/* as stored */
	size_t		 ndata;
};

/* All attributes of the object whose header is at addr.
 * Ownership: dcor_h5attrs_free. */
int dcor_h5attrs_read(const struct dcor_src *src,
    const struct dcor_h5super *sb, uint64_t addr, struct dcor_h5attr **out,
    size_t *n, struct dcor_err *err);
void dcor_h5attrs_free(struct dcor_h5attr *a, size_t n);

/* The text of a scalar attribute of type VLEN (from the global heap) or
 * STRING, without trailing NULs.  Ownership: the caller frees *out. */
int dcor_h5attr_text(const struct dcor_src *src,
    const struct dcor_h5super *sb, const struct dcor_h5attr *a, char **out,
    struct dcor_err *err);

#endif /* DCOR_RTDC_H5ATTR_H */

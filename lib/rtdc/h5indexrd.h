/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * h5indexrd.h - what h5index.c and its companions read with: bounded reading
 * of a source, decoding of little-endian fields, HDF5's checksum
 *
 * Private to rtdc/h5index*.c.
 */
#ifndef DCOR_RTDC_H5INDEXRD_H
#define DCOR_RTDC_H5INDEXRD_H

#include "rtdc/h5index.h"

/*
 * A window on the source.  Reading more bytes in all than any well-formed
 * structure of a source of this size can have is an error: this is what
 * ends cycles and nodes that are shared by many parents.
 */
struct dcor_h5rd {
	const struct dcor_src *src;
	uint64_t	 base;
	uint64_t	 budget;	/* bytes that may still be asked for */
	uint64_t	 off;		/* in the source, of buf */
	size_t		 len;		/* bytes valid in buf */
	size_t		 cap;
	unsigned char	*buf;
};

void dcor_h5rd_init(struct dcor_h5rd *r, const struct dcor_src *src,
    uint64_t base);
void dcor_h5rd_fini(struct dcor_h5rd *r);

/* *p: n bytes at address addr, valid until the next call. */
int dcor_h5rd_get(struct dcor_h5rd *r, uint64_t addr, uint64_t n,
    const unsigned char **p, struct dcor_err *err);

/* What is read of the source when something short at addr is asked for. */
struct dcor_span dcor_h5rd_window(const struct dcor_h5rd *r, uint64_t addr);

/* As many of n bytes as there are before the end; *got may be 0. */
int dcor_h5rd_peek(struct dcor_h5rd *r, uint64_t addr, uint64_t n,
    const unsigned char **p, size_t *got, struct dcor_err *err);

/* The same as dcor_h5rd_get for a block that begins with a signature and
 * ends with a checksum of all before it; what: its name in messages. */
int dcor_h5rd_block(struct dcor_h5rd *r, uint64_t addr, uint64_t n,
    const char *sig, const char *what, const unsigned char **p,
    struct dcor_err *err);

/* A run of bytes that is being decoded.  Reading past its end gives zeros
 * and sets bad. */
struct dcor_h5cur {
	const unsigned char *p;
	size_t		 n;
	int		 bad;
};

void dcor_h5cur_init(struct dcor_h5cur *c, const void *p, size_t n);
/* A little-endian number of n bytes; above 8 the rest must be zeros. */
uint64_t dcor_h5cur_num(struct dcor_h5cur *c, unsigned n);
/* The same, all bits set being DCOR_H5_NOADDR. */
uint64_t dcor_h5cur_addr(struct dcor_h5cur *c, unsigned n);
/* n bytes, or NULL. */
const unsigned char *dcor_h5cur_skip(struct dcor_h5cur *c, size_t n);

/* HDF5's metadata checksum (Jenkins' lookup3). */
uint32_t dcor_h5sum(const unsigned char *p, size_t n);
/* Whether the four bytes behind p[0..n) are the checksum of those. */
int dcor_h5sum_ok(const unsigned char *p, size_t n);

/* DCOR_EDATA with a message about the structure at addr. */
int dcor_h5bad(struct dcor_err *err, uint64_t addr, const char *what);

/* A copy of n > 0 bytes. */
int dcor_h5dup(const unsigned char *p, size_t n, unsigned char **out,
    struct dcor_err *err);

/* a * b; DCOR_EDATA when it overflows. */
int dcor_h5mul(uint64_t a, uint64_t b, uint64_t *out, struct dcor_err *err);

#endif /* DCOR_RTDC_H5INDEXRD_H */

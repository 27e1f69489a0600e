/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * h5walk.h - what h5index.c and its companions walk along: messages of an
 * object header, trees, heaps, chunk indexes
 *
 * Private to rtdc/h5index*.c, h5chunk*.c, h5btree2.c, h5heap.c, h5attr.c.
 */
#ifndef DCOR_RTDC_H5WALK_H
#define DCOR_RTDC_H5WALK_H

#include "rtdc/h5indexrd.h"

/* Messages of an object header (h5indexmsg.c).  The flags that are set in
 * have say which were seen. */
enum {
	DCOR_H5M_SPACE = 1, DCOR_H5M_TYPE = 2, DCOR_H5M_FILL = 4,
	DCOR_H5M_LAYOUT = 8, DCOR_H5M_PIPE = 16, DCOR_H5M_OLDFILL = 32
};

struct dcor_h5msgs {
	const struct dcor_h5super *sb;
	struct dcor_h5dset *d;
	unsigned	 have;
	uint64_t	 type_addr;	/* of a committed type */
	uint32_t	 fill_size;	/* bytes in d->fill */
	unsigned	 lrank;		/* of the layout message, with the
					 * element size as last */
	uint64_t	 ldim[DCOR_H5_MAXRANK + 1];
	/* If set, gets the messages instead. */
	int		 (*take)(void *arg, unsigned type, unsigned flags,
			    const unsigned char *p, size_t n,
			    struct dcor_err *err);
	void		 *arg;
};

/* Hands every message of the object header at addr to m (h5index.c). */
int dcor_h5header(struct dcor_h5rd *r, const struct dcor_h5super *sb,
    uint64_t addr, struct dcor_h5msgs *m, struct dcor_err *err);

/* Takes one message; unknown ones are left alone. */
int dcor_h5msg_take(struct dcor_h5msgs *m, unsigned type, unsigned flags,
    const unsigned char *p, size_t n, struct dcor_err *err);
/* Checks them against each other once all are there. */
int dcor_h5msg_check(struct dcor_h5msgs *m, struct dcor_err *err);

/* The nodes of one level of a tree (h5btree2.c); the caller frees v. */
struct dcor_h5nodes {
	struct dcor_h5node {
		uint64_t addr;
		uint64_t nrec;
	}		*v;
	size_t		 n, room;
};

int dcor_h5nodes_add(struct dcor_h5nodes *l, uint64_t addr, uint64_t nrec,
    struct dcor_err *err);
/* They will be read soon. */
void dcor_h5nodes_expect(const struct dcor_h5rd *r,
    const struct dcor_h5nodes *l);
/* The children become the level that is read next. */
void dcor_h5nodes_next(struct dcor_h5nodes *now, struct dcor_h5nodes *next);

/* Hands each record of the version 2 B-tree of this type at addr, n bytes,
 * to record, which must not use r. */
int dcor_h5btree2(struct dcor_h5rd *r, const struct dcor_h5super *sb,
    uint64_t addr, unsigned type, int (*record)(void *arg,
    const unsigned char *rec, size_t n, struct dcor_err *err), void *arg,
    struct dcor_err *err);

/* Hands every object of the fractal heap at heap that the name index at
 * index lists to object (h5heap.c). */
int dcor_h5heap_each(const struct dcor_src *src,
    const struct dcor_h5super *sb, uint64_t heap, uint64_t index,
    int (*object)(void *arg, const unsigned char *p, size_t n,
    struct dcor_err *err), void *arg, struct dcor_err *err);

/* The first n > 0 bytes of an object of the global heap at addr.
 * Ownership: the caller frees *out. */
int dcor_h5gheap_get(const struct dcor_src *src,
    const struct dcor_h5super *sb, uint64_t addr, uint32_t index, size_t n,
    unsigned char **out, struct dcor_err *err);

/* A chunk index that is being read (h5chunks.c, h5chunkarr.c). */
struct dcor_h5walk {
	const struct dcor_src *src;
	const struct dcor_h5super *sb;
	const struct dcor_h5dset *d;
	uint64_t	 grid[DCOR_H5_MAXRANK];
	uint64_t	 stride[DCOR_H5_MAXRANK];	/* in out */
	uint64_t	 chunk_bytes;	/* of a chunk without filters */
	struct dcor_h5chunk *out;
	uint64_t	 total;
	uint64_t	 lo, hi;	/* chunks lo <= i < hi along axis 0 */
};

/* Puts the chunk at these coordinates of the grid into its place. */
int dcor_h5walk_put(struct dcor_h5walk *w, const uint64_t *scaled,
    uint64_t addr, uint64_t size, uint32_t mask, struct dcor_err *err);
int dcor_h5walk_fixed(struct dcor_h5walk *w, struct dcor_err *err);
int dcor_h5walk_ext(struct dcor_h5walk *w, struct dcor_err *err);
int dcor_h5walk_implicit(struct dcor_h5walk *w, struct dcor_err *err);

#endif /* DCOR_RTDC_H5WALK_H */

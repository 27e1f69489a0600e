/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * archive.h - an archive: its tree and what it says about itself
 */
#ifndef DCOR_ARCH_ARCHIVE_H
#define DCOR_ARCH_ARCHIVE_H

#include "arch/log.h"
#include "arch/tree.h"

struct dcor_arch {
	struct dcor_arch_tree	 tree;
	struct dcor_arch_index	*index;
	struct dcor_arch_log	*log;	/* NULL: opened for reading */
	uint64_t		 bad;	/* damaged lines of the index */
	uint64_t		 imported; /* records found in the tree only */
};

enum dcor_arch_how {
	DCOR_ARCH_READ,
	DCOR_ARCH_PLAN,		/* to read; no archive is an empty one */
	DCOR_ARCH_WRITE,	/* it is locked, and made if there is none */
	DCOR_ARCH_ANEW		/* the same, and the index is made from the
				 * tree alone; index.old is what it was */
};

/*
 * Opens the archive DIR, which must be there.  Bundles and lists that the
 * index has not heard of are read: their headers, or the lists beside them.
 * Ownership: dcor_arch_close.
 */
int dcor_arch_open(const char *path, enum dcor_arch_how how,
    struct dcor_arch **out, struct dcor_err *err)
    __attribute__((warn_unused_result));
void dcor_arch_close(struct dcor_arch *a);

/* Opens the copy of an object: size bytes at *off of *fd.  DCOR_ENOENT, and
 * DCOR_EDATA when the file is too short for it. */
int dcor_arch_copy_open(struct dcor_arch *a, const struct dcor_arch_ent *e,
    int *fd, uint64_t *off, struct dcor_err *err)
    __attribute__((warn_unused_result));
/* Appends its path below DIR. */
int dcor_arch_copy_path(struct dcor_arch *a, const struct dcor_arch_ent *e,
    struct dcor_buf *out, struct dcor_err *err)
    __attribute__((warn_unused_result));

/* Reads the copy and compares its SHA-256; DCOR_EDATA when it differs. */
int dcor_arch_check(struct dcor_arch *a, const struct dcor_arch_ent *e,
    int (*stop)(void), struct dcor_err *err)
    __attribute__((warn_unused_result));

/* Reads the members of a bundle: fn gets their records, with their place
 * (as given) and offset; hash: only those whose data are proven by their
 * SHA-256.  *end: where the first that is not good starts.  fn ends it with
 * non-zero. */
int dcor_arch_scan(int fd, uint64_t size, const char *bucket,
    const char *place, int hash, int (*fn)(void *arg,
    const struct dcor_arch_rec *r, struct dcor_err *err), void *arg,
    uint64_t *end, struct dcor_err *err)
    __attribute__((warn_unused_result));

#endif /* DCOR_ARCH_ARCHIVE_H */

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * h5.h - an HDF5 file opened for reading: libhdf5 for names and
 * attributes, a byte source for everything that is bulk
 *
 * libhdf5 is entered by one thread at a time (a lock in here), so every
 * function may be called from any thread.
 */
#ifndef DCOR_RTDC_H5_H
#define DCOR_RTDC_H5_H

#include <stdint.h>

#include "rtdc/h5index.h"

struct dcor_h5;

/*
 * Opens the file at path.  Not HDF5, or damaged: DCOR_EDATA.  A file that
 * a crashed writer left in SWMR mode is opened all the same.  Nothing is
 * ever written to it.  Ownership: dcor_h5_close.
 */
int dcor_h5_open(const char *path, struct dcor_h5 **out,
    struct dcor_err *err);
/*
 * The same for a source, which then belongs to h, or is closed on failure.
 * name is for messages.  Datasets whose data are in other files cannot be
 * read: what comes from elsewhere does not say what is read here.
 */
int dcor_h5_open_src(const char *name, struct dcor_src *src,
    struct dcor_h5 **out, struct dcor_err *err);
void dcor_h5_close(struct dcor_h5 *h);
int dcor_h5_is_local(const struct dcor_h5 *h);
/* DCOR_OK, or the failure of a read because of which something may have
 * looked absent. */
int dcor_h5_intact(struct dcor_h5 *h, struct dcor_err *err);
const char *dcor_h5_path(const struct dcor_h5 *h);
const struct dcor_src *dcor_h5_src(const struct dcor_h5 *h);
const struct dcor_h5super *dcor_h5_superblock(const struct dcor_h5 *h);

enum dcor_h5kind {
	DCOR_H5_ABSENT, DCOR_H5_GROUP, DCOR_H5_DATASET, DCOR_H5_OTHER
};

/* What is at path ("events/image"); soft and external links are
 * DCOR_H5_OTHER: they are not followed. */
enum dcor_h5kind dcor_h5_kind(struct dcor_h5 *h, const char *path);

/* What the last name of path is, whose other names are hard links: the
 * target of a soft link, the file and the target of an external one go to
 * *target and *file, which the caller frees; else they are NULL. */
enum dcor_h5link {
	DCOR_H5_NOLINK, DCOR_H5_HARD, DCOR_H5_SOFT, DCOR_H5_EXTERNAL
};
enum dcor_h5link dcor_h5_link(struct dcor_h5 *h, const char *path,
    char **file, char **target);

/* Whether a writer left the file marked as open, and it had to be read in
 * SWMR mode. */
int dcor_h5_is_swmr(const struct dcor_h5 *h);

/* Address of the object header at path. */
int dcor_h5_addr(struct dcor_h5 *h, const char *path, uint64_t *addr,
    struct dcor_err *err);

/* Whether that object has other names, too. */
int dcor_h5_is_shared(struct dcor_h5 *h, const char *path);

/* The members of a group in byte order of their names; none when the group
 * does not exist.  Ownership: dcor_names_fini. */
struct dcor_names {
	char	**name;
	size_t	 n;
};
int dcor_h5_list(struct dcor_h5 *h, const char *group,
    struct dcor_names *out, struct dcor_err *err);
void dcor_names_fini(struct dcor_names *n);

/* Adds a copy of at most len bytes of s to a list that was empty, or made by
 * this. */
int dcor_names_add(struct dcor_names *v, const char *s, size_t len,
    struct dcor_err *err);
int dcor_names_has(const struct dcor_names *v, const char *s);

enum dcor_attr_kind {
	DCOR_ATTR_NONE,		/* there is no such attribute */
	DCOR_ATTR_TEXT, DCOR_ATTR_INT, DCOR_ATTR_FLOAT, DCOR_ATTR_BOOL,
	DCOR_ATTR_OTHER		/* arrays and what else HDF5 can store */
};

struct dcor_attr {
	enum dcor_attr_kind kind;
	char		*text;		/* TEXT; owned */
	int		 fixed;		/* TEXT: of fixed length */
	int64_t		 i;		/* INT, BOOL */
	double		 f;		/* FLOAT; also INT and BOOL */
};

/* The attribute name of the object at path ("/" for the root).  A missing
 * one is no error: kind says so.  Ownership: dcor_attr_fini. */
int dcor_h5_attr(struct dcor_h5 *h, const char *path, const char *name,
    struct dcor_attr *out, struct dcor_err *err);
void dcor_attr_fini(struct dcor_attr *a);

/* Names of all attributes of the object at path. */
int dcor_h5_attrs(struct dcor_h5 *h, const char *path,
    struct dcor_names *out, struct dcor_err *err);

/*
 * Reads elements through libhdf5: rows first ... first+n-1 of the dataset
 * at path, converted to native byte order.  For what the fast path does
 * not know.  buf holds size bytes, which must be exactly enough.
 */
int dcor_h5_read_rows(struct dcor_h5 *h, const char *path, uint64_t first,
    uint64_t n, void *buf, size_t size, struct dcor_err *err);

/* The lines of a 1-D text dataset of variable length; see
 * dcor_dset_read_lines for any.
 * Ownership: dcor_names_fini. */
int dcor_h5_read_lines(struct dcor_h5 *h, const char *path,
    struct dcor_names *out, struct dcor_err *err);

/* Says the versions of libhdf5 and libzstd at run time, "1.10.8". */
void dcor_h5_versions(void (*say)(const char *name, const char *version));

#endif /* DCOR_RTDC_H5_H */

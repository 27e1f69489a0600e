/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tree.h - the directory of an archive
 *
 *	DIR/BUCKET/...			large objects
 *	DIR/BUCKET/small_objects/	bundles, and lists of what is where
 *	DIR/.dcor-archive/		index, lock, what is not complete yet
 *
 * Every step is taken from the directory before it and none through a
 * symbolic link, so what somebody else puts into the tree cannot lead out
 * of it.  Nothing that has a name is replaced.
 */
#ifndef DCOR_ARCH_TREE_H
#define DCOR_ARCH_TREE_H

#include <stdint.h>

#include "base/buf.h"

#define DCOR_ARCH_STATE	".dcor-archive"

struct dcor_arch_tree {
	char	*path;		/* as it was given, for messages */
	int	 root;		/* directories */
	int	 state;		/* -1: there is none, nor an archive */
	int	 lock;		/* held, or -1 */
};

/*
 * Opens an archive; write: takes its lock and makes what is missing (DIR
 * itself must be there: a file system that is not mounted must not be
 * filled).  DCOR_ETEMP "... locked by process N on HOST".
 * Ownership: dcor_arch_tree_close.
 */
int dcor_arch_tree_open(const char *path, int write,
    struct dcor_arch_tree *out, struct dcor_err *err)
    __attribute__((warn_unused_result));
void dcor_arch_tree_close(struct dcor_arch_tree *t);

/*
 * The directory of a path (encoded, relative) below dir, made if needed;
 * path becomes the one that was taken: a name that a file has is marked %d.
 * leaf: where its last component starts.  Ownership: the caller closes *fd.
 */
int dcor_arch_tree_parent(int dir, struct dcor_buf *path, int *fd,
    size_t *leaf, struct dcor_err *err) __attribute__((warn_unused_result));

/* Opens a file to read, DCOR_ENOENT; no links.  *size: of a regular one. */
int dcor_arch_tree_read(int dir, const char *path, int *fd, uint64_t *size,
    struct dcor_err *err) __attribute__((warn_unused_result));

/* A directory right below dir; make: if it is not there. */
int dcor_arch_tree_dir(int dir, const char *name, int make, int *fd,
    struct dcor_err *err) __attribute__((warn_unused_result));

/* Gives a complete file its name: DCOR_ECREATE with EEXIST in err->sys when
 * that is taken.  The caller brings file and directory to disk. */
int dcor_arch_tree_publish(int from, const char *name, int to,
    const char *final, struct dcor_err *err)
    __attribute__((warn_unused_result));

/* All n bytes, where the file is; and as many read at off,
 * DCOR_EDATA when the file is shorter. */
int dcor_arch_write(int fd, const void *p, size_t n, struct dcor_err *err)
    __attribute__((warn_unused_result));
int dcor_arch_read(int fd, uint64_t off, void *p, size_t n,
    struct dcor_err *err) __attribute__((warn_unused_result));
/* To disk; what cannot be (a directory on some file systems) is not. */
int dcor_arch_sync(int fd, struct dcor_err *err)
    __attribute__((warn_unused_result));

/* The file system of fd to disk, at once instead of file by file. */
int dcor_arch_sync_all(int fd, struct dcor_err *err)
    __attribute__((warn_unused_result));

/* Bytes free for us on the archive's file system. */
int dcor_arch_tree_free(const struct dcor_arch_tree *t, uint64_t *avail,
    struct dcor_err *err) __attribute__((warn_unused_result));

#endif /* DCOR_ARCH_TREE_H */

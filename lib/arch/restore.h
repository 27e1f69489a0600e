/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * restore.h - objects out of the archive: to a directory, to a bucket
 *
 * Every byte is compared with the SHA-256 of then before the copy gets its
 * name.  Files are brought to disk by the caller (dcor_arch_sync_all).
 */
#ifndef DCOR_ARCH_RESTORE_H
#define DCOR_ARCH_RESTORE_H

#include "arch/archive.h"
#include "net/s3.h"

/*
 * The copy to DIR/BUCKET/KEY, DIR open as dir.  A key that is no path (".."
 * in it, "//") gets the name that it has in the archive, as does one with a
 * component of more than 255 bytes.  A file that exists: if it is the same
 * *same is 1 and nothing is done; if not DCOR_ECREATE unless replace.  path
 * gets where it is, below DIR.
 */
int dcor_arch_restore_file(struct dcor_arch *a,
    const struct dcor_arch_ent *e, int dir, int replace, int (*stop)(void),
    struct dcor_buf *path, int *same, struct dcor_err *err)
    __attribute__((warn_unused_result));

/* The copy to an object.  One that exists and has the same size and ETag:
 * *same is 1; else DCOR_ECREATE unless replace. */
int dcor_arch_restore_object(struct dcor_arch *a,
    const struct dcor_arch_ent *e, struct dcor_s3 *s3, const char *bucket,
    const char *key, int replace, int (*stop)(void), int *same,
    struct dcor_err *err) __attribute__((warn_unused_result));

#endif /* DCOR_ARCH_RESTORE_H */

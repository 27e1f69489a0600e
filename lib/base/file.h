/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * file.h - small files, whole: configuration and secrets
 */
#ifndef DCOR_BASE_FILE_H
#define DCOR_BASE_FILE_H

#include "base/buf.h"

/*
 * Appends a file of at most max bytes to out.  DCOR_ENOENT, DCOR_EPERM,
 * DCOR_EIO, DCOR_EDATA when it is larger.  A pipe is read to its end.
 */
int dcor_file_read(const char *path, size_t max, struct dcor_buf *out,
    struct dcor_err *err) __attribute__((warn_unused_result));

/*
 * The same for a file that holds a secret: it, or what a link leads to, must
 * be a regular file of the user (or root) with no permission for group and
 * others; DCOR_EPERM says what to do.  Ownership: dcor_buf_wipe, for out.
 */
int dcor_secret_read(const char *path, size_t max, struct dcor_buf *out,
    struct dcor_err *err) __attribute__((warn_unused_result));

#endif /* DCOR_BASE_FILE_H */

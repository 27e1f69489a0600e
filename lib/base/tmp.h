/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tmp.h - files that are not there yet: results until they are complete,
 * and scratch space
 *
 * A result is written to NAME.XXXXXX.part beside NAME and gets its name
 * when it is complete and on disk.  Names are random, so what a killed
 * program left behind never stands in the way of the next.
 */
#ifndef DCOR_BASE_TMP_H
#define DCOR_BASE_TMP_H

#include "base/err.h"

struct dcor_tmp;

/*
 * Creates an empty file (0666 less umask) that shall become target.
 * DCOR_ECREATE when that cannot be: no such directory, not permitted,
 * target exists and is no regular file.  An existing regular file is
 * accepted here; dcor_tmp_commit decides.
 * Ownership: dcor_tmp_commit or dcor_tmp_abandon ends it.
 */
int dcor_tmp_new(const char *target, struct dcor_tmp **out,
    struct dcor_err *err) __attribute__((warn_unused_result));

/* The path to write to; borrowed.  It may be opened, truncated and closed
 * by name at will. */
const char *dcor_tmp_path(const struct dcor_tmp *t);

/*
 * Brings it to disk, then gives it its name.  Without replace a target
 * that exists, even one that appeared this moment, stays as it is and the
 * result is DCOR_ECREATE.  In every case t is freed and, on failure, the
 * temporary file removed.
 */
int dcor_tmp_commit(struct dcor_tmp *t, int replace, struct dcor_err *err)
    __attribute__((warn_unused_result));

/* The same for a file that the caller made in the same directory: from gets
 * the name to.  On failure it stays. */
int dcor_tmp_publish(const char *from, const char *to, int replace,
    struct dcor_err *err) __attribute__((warn_unused_result));

/* Removes it.  t may be NULL. */
void dcor_tmp_abandon(struct dcor_tmp *t);

/* Removes every temporary file that is neither committed nor abandoned.
 * Async-signal-safe: for a handler that is about to end the program. */
void dcor_tmp_unlink_all(void);

/*
 * A new empty file without a name, open for reading and writing: in
 * directory near or, when near is no directory, beside that file.
 * Ownership: the caller closes *fd, which frees the space.
 */
int dcor_tmp_scratch(const char *near, int *fd, struct dcor_err *err)
    __attribute__((warn_unused_result));

#endif /* DCOR_BASE_TMP_H */

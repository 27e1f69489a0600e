/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * log.h - the index on disk: lines that are only ever appended
 *
 * It says nothing that the tree does not say as well, only sooner.  A line
 * that a crash tore is cut off when the log is next opened for writing;
 * other damaged lines are counted and ignored.
 */
#ifndef DCOR_ARCH_LOG_H
#define DCOR_ARCH_LOG_H

#include "arch/index.h"

struct dcor_arch_log;

/*
 * Reads NAME in dir into x.  write: it is made when it is not there, and
 * written anew when most of its lines say nothing any more.  *bad: damaged
 * lines.  Ownership: dcor_arch_log_close, which does not flush.
 */
int dcor_arch_log_open(int dir, const char *name, int write,
    struct dcor_arch_index *x, struct dcor_arch_log **out, uint64_t *bad,
    struct dcor_err *err) __attribute__((warn_unused_result));
void dcor_arch_log_close(struct dcor_arch_log *l);

/* Appends a record and applies it to the index. */
int dcor_arch_log_add(struct dcor_arch_log *l,
    const struct dcor_arch_rec *r, struct dcor_err *err)
    __attribute__((warn_unused_result));

/* Appends the lines of a file, which the index has already. */
int dcor_arch_log_copy(struct dcor_arch_log *l, int fd,
    struct dcor_err *err) __attribute__((warn_unused_result));

/* Brings everything to disk. */
int dcor_arch_log_flush(struct dcor_arch_log *l, struct dcor_err *err)
    __attribute__((warn_unused_result));

/* Reads the lines of a file from its start: fn for each good one; fn ends
 * it with non-zero, which is returned.  *good: where the last good line
 * ends; *bad: lines that are damaged or torn. */
int dcor_arch_lines(int fd, int (*fn)(void *arg,
    const struct dcor_arch_rec *r, struct dcor_err *err), void *arg,
    uint64_t *good, uint64_t *bad, struct dcor_err *err)
    __attribute__((warn_unused_result));

#endif /* DCOR_ARCH_LOG_H */

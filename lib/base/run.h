/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * run.h - other programs, for the one line they answer
 */
#ifndef DCOR_BASE_RUN_H
#define DCOR_BASE_RUN_H

#include "base/buf.h"

/*
 * Runs argv (found along PATH, without a shell) and appends what it writes
 * to standard output, at most max bytes, to out.  Its standard input is
 * empty, standard error ours.  After that many seconds it is killed:
 * DCOR_ETEMP.  DCOR_ECONF: it cannot be started; DCOR_EPERM: it failed;
 * DCOR_EDATA: it wrote more.  Messages name argv[0], never the others.
 */
int dcor_run_read(char *const argv[], double seconds, size_t max,
    struct dcor_buf *out, struct dcor_err *err)
    __attribute__((warn_unused_result));

/*
 * Splits a command line into words as a POSIX shell does, with quotes and
 * backslashes but no other of its powers.  DCOR_ECONF: a quote is not
 * closed, or there is no word.
 * Ownership: dcor_words_free for the list, which ends with NULL.
 */
int dcor_words_split(const char *text, char ***out, struct dcor_err *err)
    __attribute__((warn_unused_result));
void dcor_words_free(char **words);

#endif /* DCOR_BASE_RUN_H */

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * journal.h - what a transfer has done so far, for the next one that takes
 * it up: lines of text, each with a checksum
 *
 * A line that a kill or a power cut left torn ends the journal; what is
 * before it counts.
 */
#ifndef DCOR_NET_JOURNAL_H
#define DCOR_NET_JOURNAL_H

#include "base/buf.h"

#define DCOR_JOURNAL_MAX	(4 << 20)	/* bytes */

/* The good lines of n bytes, each ended by a NUL, are appended to lines.
 * Returns how many bytes they take in p. */
size_t dcor_journal_parse(const char *p, size_t n, struct dcor_buf *lines);

struct dcor_journal;

/*
 * Opens or makes (0600) the file and locks it: DCOR_ETEMP when another
 * process has it.  It is cut behind the last good line.
 * Ownership: dcor_journal_close, which removes the file if it shall.
 */
int dcor_journal_open(const char *path, struct dcor_journal **out,
    struct dcor_err *err) __attribute__((warn_unused_result));
void dcor_journal_close(struct dcor_journal *j, int remove);

/* The lines that were there when it was opened: *next is NULL at the start;
 * NULL after the last.  Borrowed. */
const char *dcor_journal_line(const struct dcor_journal *j,
    const char **next);

/* Empties it. */
int dcor_journal_restart(struct dcor_journal *j, struct dcor_err *err)
    __attribute__((warn_unused_result));

/* Appends lines, each ended by a NUL in text and without newlines; with
 * sync they are on disk when it returns. */
int dcor_journal_add(struct dcor_journal *j, const struct dcor_buf *text,
    int sync, struct dcor_err *err) __attribute__((warn_unused_result));

#endif /* DCOR_NET_JOURNAL_H */

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * xferdone.h - which chunks of a download are there, in a journal
 *
 * A chunk counts as soon as it was written: that outlasts the process.  It
 * does not outlast the machine, so the journal also says what has come to
 * disk, and after another boot only that counts.
 */
#ifndef DCOR_NET_XFERDONE_H
#define DCOR_NET_XFERDONE_H

#include <stdint.h>

#include "base/err.h"

struct dcor_done;

/*
 * n chunks of chunk bytes, the last one shorter, size bytes in all; what
 * names the object, one line.  A journal of something else is begun anew.
 * have: bytes in the part file; chunks beyond do not count.
 * Ownership: dcor_done_close, which may remove the journal.
 */
int dcor_done_open(const char *path, const char *what, uint64_t size,
    uint64_t chunk, unsigned n, uint64_t have, struct dcor_done **out,
    struct dcor_err *err) __attribute__((warn_unused_result));
void dcor_done_close(struct dcor_done *d, int remove);

int dcor_done_has(const struct dcor_done *d, unsigned i);
unsigned dcor_done_count(const struct dcor_done *d);

/* Chunk i, which was not there, was written. */
int dcor_done_add(struct dcor_done *d, unsigned i, struct dcor_err *err)
    __attribute__((warn_unused_result));

/* The count chunks that were there first are on disk. */
int dcor_done_synced(struct dcor_done *d, unsigned count,
    struct dcor_err *err) __attribute__((warn_unused_result));

#endif /* DCOR_NET_XFERDONE_H */

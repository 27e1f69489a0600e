/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * xferpriv.h - what downloads and uploads share
 */
#ifndef DCOR_NET_XFERPRIV_H
#define DCOR_NET_XFERPRIV_H

#include "net/journal.h"
#include "net/xfer.h"
#include "net/xfersum.h"

/* x->part, or the default for that size; at least size/10000. */
uint64_t dcor_xfer_part(const struct dcor_xfer *x, uint64_t size);

/*
 * What goes on beside the network, in two threads: the file comes to disk,
 * then what is noted to the journal, then MD5 sums advance; SHA-256.
 * All pointers are borrowed; journal may be NULL.
 */
struct dcor_work;
int dcor_work_new(int fd, const char *path, struct dcor_sums *sums,
    struct dcor_journal *journal, struct dcor_work **out,
    struct dcor_err *err) __attribute__((warn_unused_result));
void dcor_work_free(struct dcor_work *w);

/* A line for the journal, after what was written so far. */
void dcor_work_note(struct dcor_work *w, const char *line);
/* Lines that are not in the journal yet. */
unsigned dcor_work_lag(const struct dcor_work *w);

/* Starts on what there is, if it is idle: the file is complete up to upto.
 * Never waits.  *idle (if not NULL): the sums may be looked at. */
int dcor_work_kick(struct dcor_work *w, uint64_t upto, int *idle,
    struct dcor_err *err) __attribute__((warn_unused_result));
/* The same and waits until it is done. */
int dcor_work_finish(struct dcor_work *w, uint64_t upto,
    struct dcor_err *err) __attribute__((warn_unused_result));

#endif /* DCOR_NET_XFERPRIV_H */

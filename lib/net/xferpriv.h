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

/* Does the answer say that the ETag of what is stored is no sum of it? */
int dcor_xfer_opaque(const struct dcor_http_resp *resp);

/*
 * What goes on beside the network, each in a thread: MD5 sums and SHA-256
 * advance; if sync, the file comes to disk.  All pointers are borrowed.
 */
struct dcor_work;
int dcor_work_new(int fd, const char *path, struct dcor_sums *sums, int sync,
    struct dcor_work **out, struct dcor_err *err)
    __attribute__((warn_unused_result));
void dcor_work_free(struct dcor_work *w);

/* Starts on what there is, if it is idle: the file is complete up to upto,
 * and mark stands for what was written anywhere.  Never waits.  *idle (if not
 * NULL): the sums may be looked at. */
int dcor_work_kick(struct dcor_work *w, uint64_t upto, uint64_t mark,
    int *idle, struct dcor_err *err) __attribute__((warn_unused_result));
/* The latest mark that has come to disk, as far as kick and finish know. */
uint64_t dcor_work_synced(const struct dcor_work *w);
/* The same and waits until it is done. */
int dcor_work_finish(struct dcor_work *w, uint64_t upto, uint64_t mark,
    struct dcor_err *err) __attribute__((warn_unused_result));

#endif /* DCOR_NET_XFERPRIV_H */

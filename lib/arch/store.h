/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * store.h - one bucket of an archive while objects are put into it
 *
 * A bundle grows as .dcor-archive/BUCKET/TIME-RANDOM.tar.part and gets its
 * name when it is full or the run ends.  One that a killed run left is
 * continued after its last member whose SHA-256 is right.  The line of a
 * large object goes to a list, TIME-RANDOM.files.index, in the same way.
 * Nothing is made before there is something to put into it.
 */
#ifndef DCOR_ARCH_STORE_H
#define DCOR_ARCH_STORE_H

#include "arch/archive.h"

struct dcor_arch_store;

/* bundle: bytes that a bundle may have before the next one begins; now:
 * seconds since 1970, for names.  *resumed: members of a bundle that was
 * left.  Ownership: dcor_arch_store_close, which leaves what is not
 * complete to be continued. */
int dcor_arch_store_open(struct dcor_arch *a, const char *bucket,
    uint64_t bundle, int64_t now, struct dcor_arch_store **out,
    uint64_t *resumed, struct dcor_err *err)
    __attribute__((warn_unused_result));
void dcor_arch_store_close(struct dcor_arch_store *s);

/* A small object, r->size bytes; r->place and r->off are set.  depth: how
 * many objects it would be below of, were they directories; who unpacks the
 * bundle cannot have both "a" and "a/b" in one tree, so these go to
 * BUCKET%d, BUCKET%d2 ... */
int dcor_arch_store_member(struct dcor_arch_store *s,
    struct dcor_arch_rec *r, unsigned depth, const void *data,
    struct dcor_err *err)
    __attribute__((warn_unused_result));

/* Where a large object is fetched to: a path, borrowed until the next call;
 * the same for the same key and ETag, so that it can be continued. */
int dcor_arch_store_work(struct dcor_arch_store *s, const char *key,
    const char *etag, const char **path, struct dcor_err *err)
    __attribute__((warn_unused_result));
/* That file, complete and on disk, is the object.  It gets its name; r->gen
 * grows if there are files that nothing is known about. */
int dcor_arch_store_file(struct dcor_arch_store *s, struct dcor_arch_rec *r,
    struct dcor_err *err) __attribute__((warn_unused_result));
/* A file that is in its place already (the tree was another program's). */
int dcor_arch_store_adopt(struct dcor_arch_store *s,
    struct dcor_arch_rec *r, struct dcor_err *err)
    __attribute__((warn_unused_result));

/* Publishes bundle and list.  clean: removes what no longer leads to
 * anything. */
int dcor_arch_store_finish(struct dcor_arch_store *s, int clean,
    struct dcor_err *err) __attribute__((warn_unused_result));

#endif /* DCOR_ARCH_STORE_H */

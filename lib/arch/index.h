/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * index.h - what is in an archive, in memory
 *
 * About 180 bytes for an object with a key of 50.
 */
#ifndef DCOR_ARCH_INDEX_H
#define DCOR_ARCH_INDEX_H

#include "arch/rec.h"

struct dcor_arch_index;

/* One generation of an object.  Pointers to entries are good until the next
 * dcor_arch_index_apply. */
struct dcor_arch_ent {
	uint64_t	 size, off;
	int64_t		 mtime;
	uint32_t	 when;		/* archived, seconds since 1970 */
	uint32_t	 checked;	/* last verified, or 0 */
	uint32_t	 gone;		/* since when it is missing, or 0 */
	unsigned char	 sha256[32];
	unsigned char	 seen;		/* the caller's */
	unsigned char	 bad;		/* found damaged when checked */
	unsigned char	 flags;
	/* private */
	unsigned char	 newest;
	uint16_t	 parts;
	uint16_t	 bucket;
	uint32_t	 gen, key, place, older;
	unsigned char	 md5[16];
};

/* Ownership: dcor_arch_index_free. */
int dcor_arch_index_new(struct dcor_arch_index **out, struct dcor_err *err)
    __attribute__((warn_unused_result));
void dcor_arch_index_free(struct dcor_arch_index *x);

/* Takes note of a record.  The same generation once more replaces what was
 * known of it.  What is about an unknown object is ignored. */
int dcor_arch_index_apply(struct dcor_arch_index *x,
    const struct dcor_arch_rec *r, struct dcor_err *err)
    __attribute__((warn_unused_result));

/* The newest generation, or NULL; the one before e, or NULL. */
struct dcor_arch_ent *dcor_arch_index_find(struct dcor_arch_index *x,
    const char *bucket, const char *key);
struct dcor_arch_ent *dcor_arch_index_older(struct dcor_arch_index *x,
    const struct dcor_arch_ent *e);
static inline int
dcor_arch_is_newest(const struct dcor_arch_ent *e)
{
	return e->newest;
}

/* Whether a KNOWN record had this name. */
int dcor_arch_index_knows(const struct dcor_arch_index *x,
    const char *bucket, const char *name);
/* These names, from i = 0 to NULL, as "BUCKET/NAME". */
const char *dcor_arch_index_known(const struct dcor_arch_index *x, size_t i);

/* All entries, in no order. */
size_t dcor_arch_index_count(const struct dcor_arch_index *x);
struct dcor_arch_ent *dcor_arch_index_at(struct dcor_arch_index *x,
    size_t i);
const char *dcor_arch_index_bucket(const struct dcor_arch_index *x,
    const struct dcor_arch_ent *e);
const char *dcor_arch_index_key(const struct dcor_arch_index *x,
    const struct dcor_arch_ent *e);
/* The ADD record that made e; strings are borrowed. */
void dcor_arch_index_rec(const struct dcor_arch_index *x,
    const struct dcor_arch_ent *e, struct dcor_arch_rec *out);

/*
 * The entries for which want (NULL: all) is not 0, as numbers for
 * dcor_arch_index_at, by bucket, key and generation, or as they lie on a
 * tape: by bucket, place and offset.  Ownership: the caller frees *out.
 */
enum dcor_arch_order { DCOR_ARCH_BY_KEY, DCOR_ARCH_BY_PLACE,
	DCOR_ARCH_BY_AGE };		/* longest not verified first */
int dcor_arch_index_sorted(struct dcor_arch_index *x,
    enum dcor_arch_order order, int (*want)(void *arg,
    const struct dcor_arch_ent *e), void *arg, uint32_t **out, size_t *n,
    struct dcor_err *err) __attribute__((warn_unused_result));
/* Puts n of them into another order. */
void dcor_arch_index_resort(struct dcor_arch_index *x,
    enum dcor_arch_order order, uint32_t *list, size_t n);

#endif /* DCOR_ARCH_INDEX_H */

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mirror.h - the run of a job: what the store has and the archive has not
 * goes into it, what changed becomes a further generation, what vanished is
 * noted
 */
#ifndef DCOR_ARCH_MIRROR_H
#define DCOR_ARCH_MIRROR_H

#include "arch/archive.h"
#include "arch/conf.h"
#include "net/s3.h"

enum dcor_arch_event {
	DCOR_ARCH_EV_NEW,	/* archived for the first time */
	DCOR_ARCH_EV_CHANGED,	/* a further generation */
	DCOR_ARCH_EV_ADOPTED,	/* was in the tree: proven and noted */
	DCOR_ARCH_EV_GONE, DCOR_ARCH_EV_BACK,
	DCOR_ARCH_EV_STRANGE,	/* a file has the name and is something
				 * else; it is kept */
	DCOR_ARCH_EV_FAILED	/* err says why; the others go on */
};

struct dcor_arch_mirror {		/* zero it */
	const struct dcor_arch_job *job;
	unsigned	 inflight;	/* requests at a time */
	int		 dry;		/* only say what would be done */
	int64_t		 now;		/* seconds since 1970 */
	int		(*stop)(void);
	/* r is NULL for a bucket, err unless it is FAILED */
	void		(*event)(void *arg, enum dcor_arch_event what,
			    const char *bucket, const struct dcor_arch_rec *r,
			    const struct dcor_err *err);
	void		(*progress)(void *arg, uint64_t bytes);
	void		*arg;

	/* what happened */
	uint64_t	 buckets, other_buckets;
	uint64_t	 objects, other_objects, bytes;	/* that match */
	uint64_t	 added, changed, adopted, gone, back, failed;
	uint64_t	 resumed, unproven;
	uint64_t	 added_bytes;	/* of added, changed, adopted */
};

/*
 * Runs m->job into the archive.  0 also when objects failed (m->failed);
 * what ends the run is what concerns all of it: the archive cannot be
 * written, the store not be asked, m->stop.  Then what is there stays and
 * is continued by the next run.
 */
int dcor_arch_mirror(struct dcor_arch *a, struct dcor_http *http,
    struct dcor_s3 *s3, struct dcor_arch_mirror *m, struct dcor_err *err)
    __attribute__((warn_unused_result));

#endif /* DCOR_ARCH_MIRROR_H */

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * batch.h - runs of frames on the pool (private to run)
 *
 * A batch is segmented by one worker, which keeps the events and, of the
 * frames that have any, what the result copies.
 */
#ifndef DCOR_SEGM_BATCH_H
#define DCOR_SEGM_BATCH_H

#include "segm/plan.h"

struct dcor_lane;		/* what one worker needs */
struct dcor_batches;

struct dcor_batch {
	struct dcor_task	 task;
	struct dcor_batches	*of;
	uint64_t		 first;		/* of the mapped frames */
	size_t			 n;
	struct dcor_events	 ev;
	uint8_t			*image, *bg;	/* of frames with events */
	double			*off;		/* of the same frames */
	uint32_t		*slot;		/* of each event: its frame */
	size_t			 slotcap;
	uint8_t			*edge;		/* first and last frame */
	size_t			 first_events;	/* events of the first */
	uint64_t		 duplicates;
	struct dcor_err		 err;
};

struct dcor_batches {
	struct dcor_segm	*s;
	struct dcor_lane	*lane;
	unsigned		 nlane;
	struct dcor_batch	*batch;
	size_t			 nbatch;	/* in flight */
	size_t			 per;		/* frames a batch */
	int			 copy_image, copy_bg;
};

/* Memory for as many batches as keep the pool busy.  Ownership: _fini, also
 * after a failure; it adds the seconds of the workers to those of s. */
int dcor_batches_init(struct dcor_batches *w, struct dcor_segm *s,
    struct dcor_err *err);
void dcor_batches_fini(struct dcor_batches *w);

/* Sends the frames from first on to the pool, as batch b. */
void dcor_batch_send(struct dcor_batch *b, struct dcor_batches *w,
    uint64_t first);

#endif /* DCOR_SEGM_BATCH_H */

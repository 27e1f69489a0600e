/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * run.h - a whole segmentation: from a measurement to a file of events
 *
 * dcnum's pipeline in one pass over the images (two with a sparsemed
 * background): read, segment, extract, write.  Batches of frames are
 * worked on by the pool and merged in order, so the result does not depend
 * on the number of workers.
 */
#ifndef DCOR_SEGM_RUN_H
#define DCOR_SEGM_RUN_H

#include "base/pool.h"
#include "segm/ppid.h"

/* Where the images of the events go. */
enum dcor_images {
	DCOR_IMAGES_TAP,	/* stay in the input, which becomes a basin */
	DCOR_IMAGES_DRAIN	/* are copied */
};

struct dcor_segm_opts {
	const char	*in;
	struct dcor_pipeline pipeline;	/* pixel_size 0: the file's */
	int		 offset_auto;	/* offset_correction: as it flickers */
	enum dcor_images images;
	int		 level;		/* Zstandard 1 ... 9; 0: none */
	struct dcor_pool *pool;
	const char	*software;	/* "dcor-tools 0.1.0" */
	/* Called by the owner of the pool, now and then; may be NULL. */
	void		(*progress)(void *ctx, const char *stage,
			    uint64_t done, uint64_t total);
	/* Whether to give up (DCOR_ETEMP "interrupted"); may be NULL.
	 * Threads: called by the workers too. */
	int		(*stopped)(void *ctx);
	void		*ctx;
};

/* An opened input and everything that is decided before the work. */
struct dcor_segm;

/*
 * Opens the input and makes the plan: pixel size, offset correction,
 * identifier, what can be used again.  opts and what it points to must
 * live as long.  Ownership: dcor_segm_close.
 */
int dcor_segm_open(const struct dcor_segm_opts *opts,
    struct dcor_segm **out, struct dcor_err *err);
void dcor_segm_close(struct dcor_segm *s);

const struct dcor_ppid *dcor_segm_ppid(const struct dcor_segm *s);
/* The identifier of the input measurement, or NULL. */
const char *dcor_segm_input_id(const struct dcor_segm *s);
/* Frames that will be segmented. */
uint64_t dcor_segm_frames(const struct dcor_segm *s);
/* Whether the input already is the result of this pipeline. */
int dcor_segm_is_done(const struct dcor_segm *s);
/* Remarks for the user, NULL after the last. */
const char *dcor_segm_note(const struct dcor_segm *s, unsigned i);

/* Where the time went; seconds summed over the workers. */
struct dcor_segm_stats {
	uint64_t	frames, events, invalid, duplicates;
	uint64_t	bg_images;
	double		wall;
	double		background;	/* wall: the pass before */
	double		read, bg, thresh, extract, encode;
	double		write;		/* owner: waiting and HDF5 */
};

/*
 * Does the work and writes the result to path, which appears complete or
 * not at all.  An existing file is replaced if asked to and refused
 * (DCOR_ECREATE) otherwise.
 */
int dcor_segm_run(struct dcor_segm *s, const char *path, int replace,
    struct dcor_segm_stats *stats, struct dcor_err *err);

#endif /* DCOR_SEGM_RUN_H */

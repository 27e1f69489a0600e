/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * extract.h - from the mask of a frame to its events and their features
 *
 * Mask processing, labelling, size and box gates and all features of
 * dcnum's "legacy" extractor, one frame at a time, in per-worker scratch.
 */
#ifndef DCOR_SEGM_EXTRACT_H
#define DCOR_SEGM_EXTRACT_H

#include "base/err.h"
#include "segm/frame.h"

/* The scalar features an event can have, in alphabetical order. */
enum dcor_feat {
	DCOR_FEAT_AREA_MSD, DCOR_FEAT_AREA_RATIO, DCOR_FEAT_AREA_UM,
	DCOR_FEAT_AREA_UM_RAW, DCOR_FEAT_ASPECT,
	DCOR_FEAT_BG_MED,
	DCOR_FEAT_BRIGHT_AVG, DCOR_FEAT_BRIGHT_BC_AVG, DCOR_FEAT_BRIGHT_BC_SD,
	DCOR_FEAT_BRIGHT_PERC_10, DCOR_FEAT_BRIGHT_PERC_90,
	DCOR_FEAT_BRIGHT_SD,
	DCOR_FEAT_DEFORM, DCOR_FEAT_DEFORM_RAW, DCOR_FEAT_ECCENTR_PRNC,
	DCOR_FEAT_INERT_RATIO_CVX, DCOR_FEAT_INERT_RATIO_PRNC,
	DCOR_FEAT_INERT_RATIO_RAW,
	DCOR_FEAT_PER_RATIO, DCOR_FEAT_PER_UM_RAW,
	DCOR_FEAT_POS_X, DCOR_FEAT_POS_Y, DCOR_FEAT_SIZE_X, DCOR_FEAT_SIZE_Y,
	DCOR_FEAT_TEX_ASM_AVG, DCOR_FEAT_TEX_ASM_PTP,
	DCOR_FEAT_TEX_CON_AVG, DCOR_FEAT_TEX_CON_PTP,
	DCOR_FEAT_TEX_COR_AVG, DCOR_FEAT_TEX_COR_PTP,
	DCOR_FEAT_TEX_DEN_AVG, DCOR_FEAT_TEX_DEN_PTP,
	DCOR_FEAT_TEX_ENT_AVG, DCOR_FEAT_TEX_ENT_PTP,
	DCOR_FEAT_TEX_F12_AVG, DCOR_FEAT_TEX_F12_PTP,
	DCOR_FEAT_TEX_F13_AVG, DCOR_FEAT_TEX_F13_PTP,
	DCOR_FEAT_TEX_IDM_AVG, DCOR_FEAT_TEX_IDM_PTP,
	DCOR_FEAT_TEX_SEN_AVG, DCOR_FEAT_TEX_SEN_PTP,
	DCOR_FEAT_TEX_SVA_AVG, DCOR_FEAT_TEX_SVA_PTP,
	DCOR_FEAT_TEX_VAR_AVG, DCOR_FEAT_TEX_VAR_PTP,
	DCOR_FEAT_TILT, DCOR_FEAT_VOLUME,
	DCOR_NFEATS
};

/* Names as in the file ("area_msd"), indexed by enum dcor_feat. */
extern const char *const dcor_feat_name[DCOR_NFEATS];

/* A closed interval; NaN fails it.  Use -INFINITY / INFINITY for no bound. */
struct dcor_box {
	enum dcor_feat	feat;
	double		min, max;
};

struct dcor_extract_opts {
	double		 pixel_size;	/* micrometre, > 0 */
	int		 clear_border;	/* mask processing */
	int		 fill_holes;
	unsigned	 closing_disk;	/* radius of the opening, 0: none */
	int		 brightness, haralick, volume;	/* compute them? */
	uint32_t	 size_thresh_mask;	/* keep blobs of more pixels */
	const struct dcor_box	*box;	/* box gates; borrowed */
	size_t		 nbox;
};

struct dcor_event {
	double		 feat[DCOR_NFEATS];	/* NaN where not computed */
	size_t		 run;	/* first of nruns in dcor_events.run */
	uint32_t	 nruns;
	uint32_t	 frame;		/* as given to dcor_extract_frame */
	uint32_t	 nevents;	/* events kept in this frame */
};

/* Grows as frames are added; zero it before the first use. */
struct dcor_events {
	struct dcor_event	*event;
	size_t			 n, cap;
	struct dcor_run		*run;
	size_t			 nrun, runcap;
	uint64_t		 ninvalid;	/* dropped: no area */
};
void dcor_events_clear(struct dcor_events *e);	/* keeps the memory */
void dcor_events_fini(struct dcor_events *e);

struct dcor_extract;

/* Scratch for frames of w x h pixels.  Ownership: caller, _free. */
int dcor_extract_new(uint32_t w, uint32_t h,
    const struct dcor_extract_opts *opts, struct dcor_extract **out,
    struct dcor_err *err);
void dcor_extract_free(struct dcor_extract *x);

/*
 * Appends the events of one frame, in the order of their labels, to out.
 * mask is the segmenter's raw mask; it is used as scratch and destroyed.
 * After a failure out holds what it held before.
 */
int dcor_extract_frame(struct dcor_extract *x, const struct dcor_frame *f,
    struct dcor_bits *mask, uint32_t frame, struct dcor_events *out,
    struct dcor_err *err);

#endif /* DCOR_SEGM_EXTRACT_H */

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * plan.h - what the steps of a segmentation share (private to run)
 */
#ifndef DCOR_SEGM_PLAN_H
#define DCOR_SEGM_PLAN_H

#include "rtdc/file.h"
#include "rtdc/h5out.h"
#include "segm/background.h"
#include "segm/extract.h"
#include "segm/run.h"

#define DCOR_SEGM_NOTES	8

/* Where the background of a frame comes from. */
enum dcor_bg_source {
	DCOR_BG_FROM_SPARSEMED,	/* images in a scratch file */
	DCOR_BG_FROM_ROLLMED,	/* computed with each batch */
	DCOR_BG_FROM_INPUT	/* feature image_bg of the input */
};

struct dcor_segm {
	struct dcor_segm_opts	 o;
	struct dcor_pipeline	 pl;
	struct dcor_ppid	 id;
	struct dcor_rtdc	*m;
	struct dcor_feature	 image, image_bg;
	uint32_t		 w, h;
	size_t			 npix;
	uint64_t		 nfile;		/* frames of the file */
	uint64_t		 n;		/* those that are selected */
	enum dcor_bg_source	 source;
	int			 reuse_bg, done;
	double			*off;		/* nfile: bg_off of the input */
	int			 off_own;	/* computed or critical */
	struct dcor_extract_opts xo;
	struct dcor_box		*box;
	char			*note[DCOR_SEGM_NOTES];
	unsigned		 nnote;

	struct dcor_sparsemed	 sparse;
	struct dcor_segm_stats	 st;
};

/* The frame of the file that is the i-th to be segmented. */
static inline uint64_t
dcor_segm_frame(const struct dcor_segm *s, uint64_t i)
{
	if (s->pl.map.kind != DCOR_MAP_SLICE)
		return i;
	return s->pl.map.start + i * (s->pl.map.step > 0 ?
	    s->pl.map.step : 1);
}

/* The frames of the file as the background wants them. */
void dcor_segm_frames_of(struct dcor_segm *s, struct dcor_frames *f);

/* A scalar feature of the frames of the file, nfile values; DCOR_EDATA when
 * there are fewer. */
int dcor_segm_column(const struct dcor_segm *s, const struct dcor_feature *f,
    double *out, struct dcor_err *err);

/* DCOR_ETEMP when the caller wants to give up.  Threads: any. */
int dcor_segm_stopped(const struct dcor_segm *s, struct dcor_err *err);

/* Adds a remark for the user. */
void dcor_segm_remark(struct dcor_segm *s, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* What the merged batches left: frame (counted in the mapped input) and
 * sparsemed image of every event. */
struct dcor_segm_index {
	uint32_t	*frame;
	size_t		 n, cap;
};

/* Everything but the events: mapping, frame features, basins, background
 * images, metadata, logs, tables.  out is the path the file will have. */
int dcor_segm_publish(struct dcor_segm *s, struct dcor_h5out *o,
    const struct dcor_segm_index *ix, const char *out, struct dcor_err *err);

/* The logs of a result with that many events. */
int dcor_segm_logs(const struct dcor_segm *s, struct dcor_h5out *o,
    size_t events, struct dcor_err *err);

/* Computes the sparsemed background if it is needed and not there yet.
 * near: where the scratch file may be. */
int dcor_segm_background(struct dcor_segm *s, const char *near,
    struct dcor_err *err);

#endif /* DCOR_SEGM_PLAN_H */

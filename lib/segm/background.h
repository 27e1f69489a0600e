/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * background.h - background images of a measurement, as dcnum computes them
 *
 * sparsemed: a median image about every second, of which each frame uses
 * the nearest that survived cleansing; computed in one pass over the
 * windows before segmentation and kept in a scratch file.
 * rollmed: a rolling median, computed batch by batch during segmentation.
 */
#ifndef DCOR_SEGM_BACKGROUND_H
#define DCOR_SEGM_BACKGROUND_H

#include "base/pool.h"

#include <stdint.h>

/* Where frames come from.  Threads: read may be called by many at once. */
struct dcor_frames {
	uint32_t	 w, h;
	uint64_t	 n;
	/* n frames from first on, to dst (n * w * h bytes). */
	int (*read)(void *ctx, uint64_t first, size_t n, uint8_t *dst,
	    struct dcor_err *err);
	void		*ctx;
};

/*
 * The time of each frame in seconds, relative to the first.  Build it with
 * one of the dcor_times_* functions.  Shape: n doubles, caller's storage.
 * The float32 variant subtracts in single precision, as dcnum does.
 */
void dcor_times_f32(const float *time, uint64_t n, double *t);
void dcor_times_f64(const double *time, uint64_t n, double *t);
void dcor_times_frame(const double *frame, double rate, uint64_t n, double *t);
void dcor_times_rate(double rate, uint64_t n, double *t);
void dcor_times_none(uint64_t n, double *t);

struct dcor_sparsemed_opts {
	uint64_t	 kernel_size;		/* frames, > 0 */
	double		 split_time;		/* seconds, > 0 */
	double		 thresh_cleansing;	/* >= 0 */
	double		 frac_cleansing;	/* 0 < f <= 1 */
	int		 single;	/* t is from dcor_times_f32: dcnum then
					 * counts images in single precision */
};

struct dcor_sparsemed {
	uint64_t	 m;		/* background images kept */
	double		*mean;		/* m: of the top rows, for bg_off */
	uint16_t	*bg_med2;	/* m: twice the true median */
	uint32_t	*index;		/* of each frame: its image, < m */
	int		 fd;		/* scratch: their bytes, -1: none */
	int		 fell_back;	/* kept too few: took the quantile */
	/* private */
	uint32_t	*at;		/* m: place in the scratch file */
	size_t		 npix;
};

/*
 * Computes all images and says which frame has which.  t: the time of
 * each frame.  A kernel larger than the measurement is cut to it.  Uses at
 * most about 200 MB at a time (more only where a few frames are larger
 * than that).  near: a directory for the scratch file, or a file beside
 * which it may be.  DCOR_EDATA when there are no two frames of different
 * time.  Ownership: dcor_sparsemed_fini, also after a failure; twice is
 * fine.  The result does not depend on the pool.
 */
int dcor_sparsemed(const struct dcor_frames *in, const double *t,
    const struct dcor_sparsemed_opts *opts, struct dcor_pool *pool,
    const char *near, struct dcor_sparsemed *out, struct dcor_err *err);
void dcor_sparsemed_fini(struct dcor_sparsemed *s);

/* Image j of s to dst, which has room for size >= w * h bytes.  Threads:
 * any number at once. */
int dcor_sparsemed_image(const struct dcor_sparsemed *s, uint64_t j,
    uint8_t *dst, size_t size, struct dcor_err *err);

/* Sum of the first min(20, h) rows over their number of pixels. */
double dcor_top_mean(const uint8_t *image, uint32_t w, uint32_t h);

/* Twice the true median of n bytes (so that it is an integer); 0 of none. */
unsigned dcor_median2(const uint8_t *p, size_t n);

/*
 * Rolling median of frames first ... first+n-1, n > 0, to bg (n * w * h
 * bytes).  frame: the frames that dcor_rollmed_span asks for.  total:
 * frames in the measurement; k: kernel size, 0 < k < total.  Frames from
 * total-k on have the background of frame total-k-1.  scratch:
 * dcor_rollmed_scratch bytes, aligned as malloc does.  Threads: pure.
 */
void dcor_rollmed_span(uint64_t total, uint64_t k, uint64_t first, size_t n,
    uint64_t *span_first, size_t *span_n);
size_t dcor_rollmed_scratch(uint32_t w, uint32_t h, uint64_t k);
void dcor_rollmed(const uint8_t *frame, uint32_t w, uint32_t h,
    uint64_t total, uint64_t k, uint64_t first, size_t n, uint8_t *bg,
    void *scratch);

/* Whether the light source flickers, by the rule of chipstream-cli: of the
 * first 1000 frames at least 5 whose median over the top 10 rows is 2.5 or
 * more off the median of those medians. */
int dcor_flicker(const struct dcor_frames *in, int *flickers,
    struct dcor_err *err);

#endif /* DCOR_SEGM_BACKGROUND_H */

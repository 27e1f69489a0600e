/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ppid.h - the pipeline: its settings, its identifier and its hash
 *
 * dcnum's pipeline identifier names six steps, "gen|dat|bg|seg|feat|gate";
 * the hash is the MD5 of it.  Same settings, same text, as in dcnum.  The
 * hash does not depend on the data.  Threads: pure.
 */
#ifndef DCOR_SEGM_PPID_H
#define DCOR_SEGM_PPID_H

#include "base/err.h"

#include <stdint.h>

#define DCOR_PPID_GENERATION "13"

enum dcor_map_kind { DCOR_MAP_ALL, DCOR_MAP_FIRST, DCOR_MAP_SLICE };

/* Which frames: all; the first n; start, start+step, ... < stop. */
struct dcor_map {
	enum dcor_map_kind kind;
	uint64_t	 n;			/* FIRST */
	uint64_t	 start, stop, step;	/* SLICE; step 0: not given */
};

enum dcor_bg_code { DCOR_BG_SPARSEMED, DCOR_BG_ROLLMED, DCOR_BG_COPY };

struct dcor_pipeline {
	double		 pixel_size;	/* micrometre, at most 8 decimals */
	struct dcor_map	 map;

	enum dcor_bg_code bg;
	uint64_t	 kernel_size;	/* sparsemed, rollmed */
	double		 split_time, thresh_cleansing, frac_cleansing;
	int		 offset_correction;	/* sparsemed */
	uint64_t	 batch_size;	/* rollmed: in the identifier only */

	double		 thresh;	/* < 0 */
	int		 clear_border, fill_holes;
	unsigned	 closing_disk;

	int		 brightness, haralick, volume;

	int		 online_gates;
	uint32_t	 size_thresh_mask;	/* 0: the file's or 10 */
	int		 size_zero;	/* 0 was asked for: s=0, not s=10 */
};

#define DCOR_CLOSING_DISK_MAX	1000

/* dcnum's defaults (sparsemed with offset correction, thresh -6, ...);
 * pixel_size 0 is to be filled in from the file. */
void dcor_pipeline_default(struct dcor_pipeline *p);

/*
 * Sets one part from text as users and identifiers write it:
 *   BACKGROUND   "sparsemed", "sparsemed:k=100^t=0.5", "kernel_size=100" ...
 *   SEGMENTER    "thresh:t=-3:cle=1^f=0^clo=2" (segmenter and mask keywords
 *                may also stand in one list: "thresh:t=-3^clo=2")
 *   FEATURES     "legacy:b=1^h=0"
 *   GATE         "norm:o=1^s=20"
 *   DATA         "hdf:p=0.34^i=0"
 * Without "CODE:" the code stays (of the background: the present method).
 * Keywords may be abbreviated as dcnum does or written in full: the longer
 * ones are looked at first, each is the first keyword not yet used that
 * begins with it.  Those not given take their default.  Truth is 0, 1,
 * true, false, yes, no or a number.  DCOR_EARG names the culprit and, for
 * a value, what is allowed; *p is then as it was.
 */
enum dcor_part {
	DCOR_PART_DATA, DCOR_PART_BACKGROUND, DCOR_PART_SEGMENTER,
	DCOR_PART_FEATURES, DCOR_PART_GATE
};
int dcor_pipeline_set(struct dcor_pipeline *p, enum dcor_part part,
    const char *text, struct dcor_err *err);

/* Replays a whole identifier: six parts separated by '|', the generation
 * ours.  DCOR_EARG, also for a list of frames ("h-..."), of which the
 * identifier holds but a hash; *p is then as it was. */
int dcor_pipeline_parse(struct dcor_pipeline *p, const char *id,
    struct dcor_err *err);

/* The limit of events as chipstream-cli writes it: "0" (all), "N", "A-B",
 * "A-B-S", "n" for no step.  DCOR_EARG says what is wrong. */
int dcor_map_parse(struct dcor_map *m, const char *text,
    struct dcor_err *err);

/* The six parts and the hash of all of them as text. */
struct dcor_ppid {
	char	gen[8], dat[112], bg[160], seg[112], feat[32], gate[48];
	char	map[72];	/* the mapping as in dat: "0", "1-4-n" */
	char	id[480];	/* gen|dat|bg|seg|feat|gate */
	char	hash[33];	/* lower-case hex MD5 of id */
};

/* DCOR_EARG for a setting out of range or too long as text; a pixel size
 * of 0 is accepted here and has no meaning. */
int dcor_pipeline_id(const struct dcor_pipeline *p, struct dcor_ppid *out,
    struct dcor_err *err);

#endif /* DCOR_SEGM_PPID_H */

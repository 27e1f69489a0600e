/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ppid.h - the pipeline: its settings, its identifier and its hash
 *
 * dcnum's pipeline identifier names six steps, "gen|dat|bg|seg|feat|gate";
 * the hash is the MD5 of it.  Same settings, same text, as in dcnum.
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
};
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
 * Keywords may be abbreviated as dcnum does or written in full; those not
 * given take their default.  DCOR_EARG names the culprit and, for a value,
 * what is allowed.
 */
enum dcor_part {
	DCOR_PART_DATA, DCOR_PART_BACKGROUND, DCOR_PART_SEGMENTER,
	DCOR_PART_FEATURES, DCOR_PART_GATE
};
int dcor_pipeline_set(struct dcor_pipeline *p, enum dcor_part part,
    const char *text, struct dcor_err *err);

/* Replays a whole identifier; the generation must be ours. */
int dcor_pipeline_parse(struct dcor_pipeline *p, const char *id,
    struct dcor_err *err);

/* The limit of events as chipstream-cli writes it: "0", "N", "A-B",
 * "A-B-S", "n" for none. */
int dcor_map_parse(struct dcor_map *m, const char *text,
    struct dcor_err *err);

/* The six parts and the hash of all of them as text. */
struct dcor_ppid {
	char	gen[8], dat[80], bg[128], seg[96], feat[32], gate[48];
	char	map[64];	/* the mapping as in dat: "0", "1-4-n" */
	char	id[400];	/* gen|dat|bg|seg|feat|gate */
	char	hash[33];	/* lower-case hex MD5 of id */
};
int dcor_pipeline_id(const struct dcor_pipeline *p, struct dcor_ppid *out,
    struct dcor_err *err);

#endif /* DCOR_SEGM_PPID_H */

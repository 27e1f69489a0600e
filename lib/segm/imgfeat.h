/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * imgfeat.h - features of events that are stored with mask and image, as
 * dclab computes them
 */
#ifndef DCOR_SEGM_IMGFEAT_H
#define DCOR_SEGM_IMGFEAT_H

#include "base/pool.h"
#include "rtdc/file.h"
#include "segm/extract.h"

/* What they are computed from; rows beyond those of a feature give NaN. */
struct dcor_imgfeat {
	struct dcor_pool *pool;
	struct dcor_rtdc *m;
	uint64_t	 n;		/* events */
	double		 pixel_size;
	const double	*pos_x, *pos_y;	/* n; NULL: no volume */
	const double	*bg_off;	/* n, or NULL */
	int		 contours;	/* use those that are stored */
	double		*feat[DCOR_NFEATS];	/* n; NULL: not wanted */
	int		 (*stopped)(void *ctx);	/* may be NULL */
	void		*ctx;
};

/* Which features mask, image and image_bg of m are enough for: 1 or 0 for
 * each. */
void dcor_imgfeat_can(struct dcor_rtdc *m, char can[DCOR_NFEATS]);

/* Fills feat.  DCOR_ETEMP: stopped. */
int dcor_imgfeat(const struct dcor_imgfeat *f, struct dcor_err *err);

#endif /* DCOR_SEGM_IMGFEAT_H */

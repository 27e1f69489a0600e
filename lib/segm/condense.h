/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * condense.h - a measurement without its images: every scalar feature that
 * is stored, that basins have, or that can be computed
 *
 * The features, their formulas and the order in which they are looked for
 * are dclab's.  An event without a contour has NaN where dclab fails.
 */
#ifndef DCOR_SEGM_CONDENSE_H
#define DCOR_SEGM_CONDENSE_H

#include "rtdc/file.h"
#include "rtdc/pack.h"
#include "segm/emodulus.h"

struct dcor_condense {
	struct dcor_pack pack;
	const char	*software;	/* joins setup:software version */
	int		 no_basins;	/* leave features of basins there */
	int		 no_computed;	/* only what takes no images */
	const char	*lut;		/* emodulus by this table; NULL: not */
	const char	*medium;	/* NULL: the viscosity is given, */
	double		 viscosity;	/* mPa s */
	double		 temperature;	/* degrees Celsius; NaN: feature temp */
	enum dcor_visc_model model;
};

/*
 * As dcor_pack_file.  Stored features that are known to be wrong are
 * computed anew or left out; /logs/dcor-condense lists what was added.
 * Without what emodulus needs: DCOR_EARG.
 * Memory: that of dcor_pack_copy, 100 bytes an event, and for each worker
 * the images of a chunk.
 */
int dcor_condense_file(struct dcor_rtdc *m, const char *out, int replace,
    const struct dcor_condense *c, struct dcor_pack_stats *st,
    struct dcor_err *err);

#endif /* DCOR_SEGM_CONDENSE_H */

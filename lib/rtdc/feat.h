/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * feat.h - the features that a measurement can have
 */
#ifndef DCOR_RTDC_FEAT_H
#define DCOR_RTDC_FEAT_H

#include <stddef.h>

enum dcor_featkind {
	DCOR_FEATKIND_NONE,	/* not a feature */
	DCOR_FEATKIND_SCALAR,	/* one number an event */
	DCOR_FEATKIND_IMAGE,	/* two dimensions an event */
	DCOR_FEATKIND_TRACE,	/* a group of one dimension an event */
	DCOR_FEATKIND_CONTOUR	/* a group of one dataset an event */
};

struct dcor_featinfo {
	const char	*name;
	enum dcor_featkind kind;
	const char	*unit;		/* "" when there is none */
};

/*
 * What is known of a feature by its name in /events; NULL when it is none.
 * Families (userdef0...9, basinmap0...9, ml_score_???) have one entry.
 * Source: the feature list of dclab 0.71 and dcnum 0.31.
 */
const struct dcor_featinfo *dcor_feat_find(const char *name);

/* All entries of the list, one by one; NULL after the last.  In the name
 * of a family '#' stands for a digit, '?' for a digit or a letter. */
const struct dcor_featinfo *dcor_feat_at(size_t i);

#endif /* DCOR_RTDC_FEAT_H */

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * condpriv.h - what the files that condense share
 */
#ifndef DCOR_SEGM_CONDPRIV_H
#define DCOR_SEGM_CONDPRIV_H

#include "segm/condense.h"

#define COLUMN_CHUNK	((uint64_t)131072)	/* rows: 1 MiB */
#define NAMES_MAX	192

/* Names of features, in the order in which they were added. */
struct names {
	char		 name[NAMES_MAX][32];
	size_t		 n;
};

struct cond {
	const struct dcor_condense *c;
	struct dcor_rtdc	*m;
	struct dcor_h5out	*o;
	struct dcor_reader	*r;
	uint64_t		 n;		/* events */
	struct names		 all;		/* every scalar feature */
	struct names		 bad;		/* stored, but wrong */
	struct names		 basin, computed;
	double			*volume;	/* if it was computed */
};

void dcor_cond_add(struct names *v, const char *name);
int dcor_cond_has(const struct names *v, const char *name);

/* Whether the copy has the feature already. */
int dcor_cond_stored(const struct cond *k, const char *name);

/* The first n values of a feature, wherever it is, NaN behind its end; NULL
 * when there is none.  single (may be NULL): stored as float.
 * Ownership: the caller frees it. */
double *dcor_cond_column(struct cond *k, const char *name, int *single);

/* Writes a column of doubles as floats of el bytes, or el 1: as unsigned,
 * el 2: as signed integers of 32 bits. */
int dcor_cond_put(struct cond *k, const char *name, const double *v,
    unsigned el, struct dcor_err *err);

/* NaN-ignoring extremes and mean, which readers believe. */
int dcor_cond_range(struct cond *k, const char *name, const double *v,
    uint64_t n, struct dcor_err *err);

/* Features that follow from others, one number from one or two. */
int dcor_cond_rules(struct cond *k, struct dcor_err *err);
/* The class with the highest score; -1: no score says anything.  Not where
 * one is no number from 0 to 1. */
int dcor_cond_ml_class(struct cond *k, struct dcor_err *err);
int dcor_cond_emodulus(struct cond *k, struct dcor_err *err);

#endif /* DCOR_SEGM_CONDPRIV_H */

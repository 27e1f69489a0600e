/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * label.h - connected components of a bit plane, found by runs
 */
#ifndef DCOR_SEGM_LABEL_H
#define DCOR_SEGM_LABEL_H

#include "base/err.h"
#include "segm/frame.h"

#define DCOR_LABEL_END	UINT32_MAX

/* One component; its runs are first, next[first], ... in raster order. */
struct dcor_comp {
	uint32_t	 first, last;	/* run */
	uint32_t	 nruns, npix;
	uint16_t	 x0, y0, x1, y1;	/* box: x0 ... x1-1, y0 ... */
};

/* Grows as needed; zero it before the first use. */
struct dcor_labels {
	struct dcor_run	*run;		/* n, raster order */
	uint32_t	*comp;		/* n: the component of each run */
	uint32_t	*next;		/* n: next run of it, or _END */
	struct dcor_comp *c;		/* ncomp, by their first pixels */
	uint32_t	 n, ncomp;
	size_t		 runcap, compcap, nextcap, ccap, edgecap;
	uint16_t	*edge;		/* scratch: one row */
};

/* Labels plane b with 8-connectivity, or 4-connectivity if four.  Number
 * k + 1 of the usual label image is l->c[k]. */
int dcor_label(struct dcor_labels *l, const struct dcor_bits *b, int four,
    struct dcor_err *err);
void dcor_labels_fini(struct dcor_labels *l);

#endif /* DCOR_SEGM_LABEL_H */

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * morph.h - filling holes and opening with a disk
 */
#ifndef DCOR_SEGM_MORPH_H
#define DCOR_SEGM_MORPH_H

#include "segm/bits.h"
#include "segm/label.h"

/* Scratch; zero it before the first use. */
struct dcor_morph {
	struct dcor_plane	 a, b, c;
	struct dcor_labels	 labels;
	struct dcor_run		*gap;
	uint32_t		*up;
	size_t			 gapcap, upcap;
};
void dcor_morph_fini(struct dcor_morph *m);

/*
 * Sets in b the holes of a blob whose n runs, in raster order, b holds:
 * background that no 4-connected path leads out of the box.  *filled says
 * whether there was one.
 */
int dcor_fill_blob(struct dcor_morph *m, const struct dcor_run *run,
    size_t n, struct dcor_bits *b, int *filled, struct dcor_err *err);

/*
 * The same for a whole frame as dcnum does it: row 0 and the pixels (0, 1)
 * and (1, 1) are background, and what cannot be reached from there becomes
 * foreground.
 */
int dcor_fill_frame(struct dcor_morph *m, struct dcor_bits *b,
    struct dcor_err *err);

/* Sides of a plane that lie on the border of the image. */
#define DCOR_EDGE_LEFT		1U
#define DCOR_EDGE_RIGHT		2U
#define DCOR_EDGE_TOP		4U
#define DCOR_EDGE_BOTTOM	8U

/*
 * Opens b with the disk dx^2 + dy^2 <= r^2.  What lies beyond an edge in
 * edges does not erode; beyond the other sides is background.
 */
int dcor_open_disk(struct dcor_morph *m, struct dcor_bits *b, unsigned r,
    unsigned edges, struct dcor_err *err);

#endif /* DCOR_SEGM_MORPH_H */

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * export.h - part of a measurement: as a measurement of its own, as NumPy
 * arrays, as images
 *
 * All of it takes selected events of m and names of features, from basins
 * if need be ("image", "trace/fl1_raw").  What is written to a FILE is
 * written from where it stands on, in order, so that it may be a pipe; the
 * caller flushes it.  Values keep their types.  DCOR_ENOENT: nobody has a
 * feature of that name.  DCOR_EDATA: a feature has fewer events than were
 * selected.  Threads: the owner of the pool.
 *
 * Memory: what dcor_rows_each and dcor_h5out need, whatever the size of the
 * file; for contours, some 4 KiB each.
 */
#ifndef DCOR_RTDC_EXPORT_H
#define DCOR_RTDC_EXPORT_H

#include <stdio.h>

#include "rtdc/rows.h"

struct dcor_export {		/* all zero: as usual */
	int		 level;		/* of compression; 0: Zstandard 5,
					 * PNG 6, TIFF none */
	int		 replace;	/* existing files */
	/* Both may be NULL: whether to give up, with DCOR_ETEMP; so many
	 * more rows, of whatever feature, are done. */
	int		 (*stopped)(void *ctx);
	void		 (*progress)(void *ctx, uint64_t rows);
	void		*ctx;
	/* dcor_export_rtdc only: */
	int		 source;	/* add a basin that leads to m */
	int		 no_basins;	/* nor their internal data */
	int		 no_logs, no_tables;
	int		 same_names;	/* of logs and tables; else "src_..."
					 * as dclab calls them */
	const char	*software;	/* "NAME VERSION": a log called NAME
					 * says what was selected; or NULL */
};

/*
 * A measurement: a new file at path, which appears when it is complete.
 *
 * What follows from the selection is made anew: the number of events,
 * feature index (1, 2, ...), the attributes min, max and mean, the maps into
 * basins, and the identifier of the measurement: that of the source,
 * "_dcor-" and seven digits of a hash of it and the selection.  All else is
 * kept, unknown objects included: those in events are cut if they have as
 * many rows as there are events.
 * setup:software version stays as it is: dclab judges by it which of the
 * stored features it can trust, and their values have not changed.
 *
 * features: NULL: all that the file stores and all definitions of basins;
 * "trace" and "contour" are groups.  With a list, internal basins of
 * features that are in it are kept and, with opt->source, definitions of
 * other basins.
 * DCOR_EDATA, too: no number is free for the map of a basin.  DCOR_EARG:
 * path is the file of m itself.
 */
int dcor_export_rtdc(struct dcor_rtdc *m, const struct dcor_sel *sel,
    const struct dcor_names *features, const struct dcor_export *opt,
    const char *path, struct dcor_pool *pool, struct dcor_err *err);

/* An array (.npy, version 1) of the one feature that is named. */
int dcor_export_npy(struct dcor_rtdc *m, const struct dcor_sel *sel,
    const struct dcor_names *features, const struct dcor_export *opt,
    FILE *out, struct dcor_pool *pool, struct dcor_err *err);

/* Arrays in a ZIP archive (.npz), each called as its feature, none of them
 * compressed; "trace" and NULL stand for all traces, all that the file
 * stores except for contours.  The same events are the same bytes. */
int dcor_export_npz(struct dcor_rtdc *m, const struct dcor_sel *sel,
    const struct dcor_names *features, const struct dcor_export *opt,
    FILE *out, struct dcor_pool *pool, struct dcor_err *err);

/* The bytes of the one feature that is named, one event after the other.
 * Here and below mask is 0 and 255. */
int dcor_export_raw(struct dcor_rtdc *m, const struct dcor_sel *sel,
    const struct dcor_names *features, const struct dcor_export *opt,
    FILE *out, struct dcor_pool *pool, struct dcor_err *err);

/*
 * PNG files, one an event and feature, 8 or 16 bits of grey (other numbers:
 * DCOR_EDATA).  pattern is their name: %e stands for the number of the event
 * in m, from 0 on and with leading zeros, %f for the feature, %% for %;
 * DCOR_EARG when two of them would have the same name.
 */
int dcor_export_png(struct dcor_rtdc *m, const struct dcor_sel *sel,
    const struct dcor_names *features, const struct dcor_export *opt,
    const char *pattern, struct dcor_pool *pool, struct dcor_err *err);

/* A TIFF file of a page an event, of the one feature that is named; numbers
 * of any kind, BigTIFF where 4 GiB might not do.  DCOR_EARG: no events. */
int dcor_export_tiff(struct dcor_rtdc *m, const struct dcor_sel *sel,
    const struct dcor_names *features, const struct dcor_export *opt,
    FILE *out, struct dcor_pool *pool, struct dcor_err *err);

#endif /* DCOR_RTDC_EXPORT_H */

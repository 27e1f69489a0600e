/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * export.h - part of a measurement as a measurement of its own
 *
 * Values keep their types; numbers of more than 4 bytes, signs and NaN
 * survive.  What follows from the selection is made anew: the number of
 * events, feature index (1, 2, ...), the attributes min, max and mean, the
 * maps into basins, and the identifier of the measurement: that of the
 * source, "_dcor-" and seven digits of a hash of it and the selection.
 * Everything else is kept, unknown objects included.
 * setup:software version stays as it is: dclab judges by it which of the
 * stored features it can trust, and their values have not changed.
 *
 * Memory: what dcor_rows_each and dcor_h5out need, whatever the size of the
 * file; with contours, some 4 KiB for each of them.
 */
#ifndef DCOR_RTDC_EXPORT_H
#define DCOR_RTDC_EXPORT_H

#include "rtdc/rows.h"

struct dcor_export {		/* all zero: as usual */
	int		 level;		/* Zstandard; 0: 5 */
	int		 source;	/* add a basin that leads to m */
	int		 no_basins;	/* nor their internal data */
	int		 no_logs, no_tables;
	int		 same_names;	/* of logs and tables; else "src_..."
					 * as dclab calls them */
	int		 replace;	/* an existing file */
	const char	*software;	/* "NAME VERSION": a log called NAME
					 * says what was selected; or NULL */
};

/*
 * Writes the selected events of m to a new file at path, which appears when
 * it is complete.  features: names ("image", "trace", "trace/fl1_raw",
 * "contour"), from basins if need be; NULL: all that the file stores and all
 * definitions of basins.  With a list, only internal basins of features
 * that are in it are kept and, with opt->source, those of other files.
 * DCOR_ENOENT: nobody has a feature of the list.  DCOR_EDATA: a feature has
 * fewer events than were selected, no number is free for a basin's map.
 * DCOR_EARG: path is the file of m itself.
 * Threads: the owner of the pool.
 */
int dcor_export_rtdc(struct dcor_rtdc *m, const struct dcor_sel *sel,
    const struct dcor_names *features, const struct dcor_export *opt,
    const char *path, struct dcor_pool *pool, struct dcor_err *err);

#endif /* DCOR_RTDC_EXPORT_H */

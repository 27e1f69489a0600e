/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * exportpriv.h - what the parts of dcor_export_rtdc share
 */
#ifndef DCOR_RTDC_EXPORTPRIV_H
#define DCOR_RTDC_EXPORTPRIV_H

#include "rtdc/export.h"
#include "rtdc/h5outattr.h"

#define DCOR_EXPORT_LEVEL	5
#define DCOR_EXPORT_MAPS	10	/* basinmap0 ... basinmap9 */

struct dcor_exporter {
	struct dcor_rtdc	*m;
	struct dcor_h5		*in;		/* of m */
	const struct dcor_sel	*sel;
	const struct dcor_names	*features;	/* or NULL */
	const struct dcor_export *opt;
	const char		*target;	/* path of the result */
	struct dcor_h5out	*o;
	struct dcor_pool	*pool;
	uint64_t		 events;	/* of the source */
	int			 whole;		/* they are all selected */
	int			 map[DCOR_EXPORT_MAPS];	/* is in the result */
};

/* The feature name, wherever it is stored, as events/NAME (export.c); those
 * of internal basins stay there. */
int dcor_export_put(struct dcor_exporter *x, const char *name,
    struct dcor_err *err);

/* Rows were done; DCOR_ETEMP when it is time to stop. */
int dcor_export_tick(const struct dcor_export *opt, uint64_t rows,
    struct dcor_err *err);

/* A dataset, a group or a link of the source as it is. */
int dcor_export_copy(struct dcor_exporter *x, const char *path,
    const char *from, struct dcor_err *err);

/* The selected events of f as the dataset at path (exportset.c). */
int dcor_export_feature(struct dcor_exporter *x, const char *path,
    const struct dcor_feature *f, struct dcor_err *err);

/* A column of the numbers that the events have in the source, from 0 on;
 * renumber: in the result, from 1 on. */
int dcor_export_numbers(struct dcor_exporter *x, const char *path,
    int renumber, struct dcor_err *err);

/* Definitions and internal data of basins (exportbasin.c); after the
 * features. */
int dcor_export_basins(struct dcor_exporter *x, struct dcor_err *err);

/* Whether the result has the feature: it is in the list, or all are. */
int dcor_export_wants(const struct dcor_exporter *x, const char *name);

/* The one feature that is named, or DCOR_EARG (exportnpy.c). */
int dcor_export_one(struct dcor_rtdc *m, const struct dcor_names *features,
    struct dcor_feature *out, struct dcor_err *err);

/* Writes n bytes. */
int dcor_export_write(FILE *out, const void *p, size_t n,
    struct dcor_err *err);

#endif /* DCOR_RTDC_EXPORTPRIV_H */

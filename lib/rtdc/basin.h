/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * basin.h - definitions of basins: where features of a measurement can be
 * found that the file itself does not have
 */
#ifndef DCOR_RTDC_BASIN_H
#define DCOR_RTDC_BASIN_H

#include "rtdc/dset.h"
#include "rtdc/h5out.h"

enum dcor_basin_type {		/* in the order of preference */
	DCOR_BASIN_INTERNAL, DCOR_BASIN_FILE, DCOR_BASIN_REMOTE,
	DCOR_BASIN_UNKNOWN
};

struct dcor_basin {
	enum dcor_basin_type type;
	char		*key;		/* its name in /basins */
	char		*name, *description;	/* may be NULL */
	char		*format;
	char		*mapping;	/* "basinmap0"; NULL: same events */
	char		*identifier;	/* of the measurement; may be NULL */
	int		 any;		/* no list: all features count */
	struct dcor_names features;
	struct dcor_names paths;	/* or URLs */
};

/*
 * All definitions in /basins, preferred ones first.  A definition that is
 * no JSON object is DCOR_EDATA.  Ownership: dcor_basins_free.
 */
int dcor_basins_read(struct dcor_h5 *h, struct dcor_basin **out, size_t *n,
    struct dcor_err *err);
void dcor_basins_free(struct dcor_basin *b, size_t n);

/* One more, before other remote ones: at url, with any feature. */
int dcor_basins_add(struct dcor_basin **b, size_t *n, const char *url,
    struct dcor_err *err);

int dcor_basin_lists(const struct dcor_basin *b, const char *feature);

/*
 * Writes a definition as dcnum does: Python's
 * JSON text, one line an element, named by the MD5 of the text.
 */
int dcor_basin_write(struct dcor_h5out *o, const struct dcor_basin *b,
    struct dcor_err *err);

/* The text of a definition, JSON of n bytes, put there the same way; once
 * if it is the same. */
int dcor_basin_write_json(struct dcor_h5out *o, const char *text, size_t n,
    struct dcor_err *err);

#endif /* DCOR_RTDC_BASIN_H */

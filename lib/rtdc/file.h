/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * file.h - a measurement: one .rtdc file and what its basins add
 *
 * A feature is looked for among the file's own events, then in its
 * internal basins, then in the files and at the URLs that its other basins
 * name.  Basins of basins are followed, each file once on the way, and 16
 * deep.  What is not a local file never leads to one.
 */
#ifndef DCOR_RTDC_FILE_H
#define DCOR_RTDC_FILE_H

#include "rtdc/dset.h"

struct dcor_rtdc;

/*
 * Opens a measurement by name: a path or, with an opener (borrowed), what
 * has a scheme; its remote basins are opened the same way.
 * Ownership: dcor_rtdc_close, after all features are closed.
 */
int dcor_rtdc_open(const char *path, struct dcor_rtdc **out,
    struct dcor_err *err);
int dcor_rtdc_open_by(const char *name, const struct dcor_opener *opener,
    struct dcor_rtdc **out, struct dcor_err *err);
void dcor_rtdc_close(struct dcor_rtdc *m);
struct dcor_h5 *dcor_rtdc_h5(struct dcor_rtdc *m);

/* Metadata, "section:key".  0 when absent, empty or of another kind; text
 * is borrowed until the file is closed. */
const char *dcor_rtdc_text(struct dcor_rtdc *m, const char *key);
int dcor_rtdc_f64(struct dcor_rtdc *m, const char *key, double *v);
int dcor_rtdc_i64(struct dcor_rtdc *m, const char *key, int64_t *v);

/* The measurement identifier, or NULL: experiment:run identifier, else the
 * MD5 of time, date and setup:identifier in the form of a UUID.  Borrowed. */
const char *dcor_rtdc_id(struct dcor_rtdc *m);

/* Whether dclab and dcnum find the same identifier.  Where it comes from
 * text of fixed length they do not: dcnum takes b'...' for the text. */
int dcor_rtdc_id_is_common(struct dcor_rtdc *m);

/* A feature of a measurement, wherever it is stored. */
struct dcor_feature {
	struct dcor_dset	*set;		/* borrowed from its file */
	struct dcor_rtdc	*origin;	/* whose dataset that is */
	int			 internal;	/* stored in /basin_events */
	uint64_t		*map;		/* row of each event; NULL:
						 * the event's number */
	uint64_t		 n;		/* events */
};

/*
 * Finds a feature ("image", "time", "trace/fl1_raw").  DCOR_ENOENT when
 * nobody has it.  A basin that cannot be opened is passed over; if it lists
 * the feature and no other has it, its failure is ours, and where it may
 * have it, the message says so.
 * Ownership: dcor_feature_fini; the datasets belong to m.
 */
int dcor_rtdc_feature(struct dcor_rtdc *m, const char *name,
    struct dcor_feature *out, struct dcor_err *err);
void dcor_feature_fini(struct dcor_feature *f);

/* Whether the file itself has a dataset events/NAME. */
int dcor_rtdc_has_own(struct dcor_rtdc *m, const char *name);

/* These events will be read soon and in this order: number first and the
 * n-1 after it, or the n of the list.  See dcor_src_expect. */
void dcor_feature_expect(const struct dcor_feature *f, uint64_t first,
    uint64_t n);
void dcor_feature_expect_list(const struct dcor_feature *f,
    const uint64_t *event, size_t n);

/* Reads events first ... first+n-1, see dcor_dset_read. */
int dcor_feature_read(const struct dcor_feature *f, struct dcor_reader *r,
    uint64_t first, uint64_t n, void *buf, struct dcor_err *err);

#endif /* DCOR_RTDC_FILE_H */

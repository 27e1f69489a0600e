/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * list.h - what a measurement has: how many events, which features
 */
#ifndef DCOR_RTDC_LIST_H
#define DCOR_RTDC_LIST_H

#include "rtdc/file.h"

/*
 * How many events it has: the length of its shortest own scalar feature
 * or, if less, experiment:event count.  Without own features that count,
 * and without that the first feature of a basin; else DCOR_EDATA.
 */
int dcor_rtdc_events(struct dcor_rtdc *m, uint64_t *out,
    struct dcor_err *err);

/*
 * The features that can be read, its own and those of its basins, in byte
 * order: "deform", "image", "trace/fl1_raw", and "contour" for that group.
 * Of a basin that does not list its features those are found that have a
 * known name, and all of a file that has one of these.
 * Ownership: dcor_names_fini.
 */
int dcor_rtdc_features(struct dcor_rtdc *m, struct dcor_names *out,
    struct dcor_err *err);

/* Whether a feature is one number an event of a type that we know. */
int dcor_feature_is_scalar(const struct dcor_feature *f);

#endif /* DCOR_RTDC_LIST_H */

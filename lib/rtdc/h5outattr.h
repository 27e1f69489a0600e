/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * h5outattr.h - attributes and text of a file being written, beyond what
 * every program needs
 */
#ifndef DCOR_RTDC_H5OUTATTR_H
#define DCOR_RTDC_H5OUTATTR_H

#include "rtdc/h5out.h"

/* Whether there is something at path, in a group that there is. */
int dcor_h5out_has(struct dcor_h5out *o, const char *path);

/* An attribute: a number of type t (see dcor_h5_is_number), v in native
 * form. */
int dcor_h5out_number(struct dcor_h5out *o, const char *path,
    const char *name, const struct dcor_h5type *t, const void *v,
    struct dcor_err *err);
/* Takes an attribute away if there is one of that name. */
int dcor_h5out_drop(struct dcor_h5out *o, const char *path,
    const char *name, struct dcor_err *err);

/* dcor_h5out_lines for text with a newline between, or behind, lines. */
int dcor_h5out_text_lines(struct dcor_h5out *o, const char *path,
    const char *text, struct dcor_err *err);

#endif /* DCOR_RTDC_H5OUTATTR_H */

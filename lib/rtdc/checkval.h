/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * checkval.h - values of metadata as Python holds, converts and prints them
 *
 * Private to rtdc/check*.c.
 */
#ifndef DCOR_RTDC_CHECKVAL_H
#define DCOR_RTDC_CHECKVAL_H

#include "base/buf.h"
#include "rtdc/h5index.h"
#include "rtdc/meta.h"

enum dcor_valkind {
	DCOR_VAL_TEXT, DCOR_VAL_INT, DCOR_VAL_FLOAT, DCOR_VAL_BOOL,
	DCOR_VAL_ARRAY, DCOR_VAL_OTHER
};

/* A value as Python holds it. */
struct dcor_val {
	enum dcor_valkind kind;
	const char	*cls;		/* Python's name of its class */
	char		*text;
	int64_t		 i;		/* INT, BOOL */
	double		 f;		/* INT, BOOL, FLOAT */
	unsigned	 bytes;		/* of a FLOAT; 0: a large integer */
	unsigned	 rank;		/* ARRAY of n numbers */
	uint64_t	 dim[DCOR_H5_MAXRANK];
	double		*num;
	size_t		 n;
};

void dcor_val_fini(struct dcor_val *v);
/* Converts; else what Python raises is in *why. */
int dcor_val_convert(enum dcor_metatype type, const struct dcor_val *in,
    struct dcor_val *out, struct dcor_buf *why);
void dcor_val_format(const struct dcor_val *v, struct dcor_buf *b);
/* Python's name of the types that are welcome, NULL: v is one of them. */
const char *dcor_val_wanted(enum dcor_metatype type,
    const struct dcor_val *v);

/* Python's repr() of a text and float(). */
void dcor_py_repr(struct dcor_buf *b, const char *s);
int dcor_py_float(const char *s, double *out);

#endif /* DCOR_RTDC_CHECKVAL_H */

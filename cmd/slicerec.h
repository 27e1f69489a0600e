/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * slicerec.h - records of dcor-slice, as a line of TSV or of JSON
 */
#ifndef DCOR_CMD_SLICEREC_H
#define DCOR_CMD_SLICEREC_H

#include "base/json.h"
#include "rtdc/h5attr.h"
#include "slice.h"

struct rec {
	int		 json;
	int		 bare;		/* TSV without the type */
	const char	*name;		/* of the measurement */
	struct dcor_buf	 b;
	struct dcor_jw	 w;
	int		 fields;
};

void rec_init(struct rec *r, int json, const char *name);
void rec_fini(struct rec *r);

/* A record and its fields, in order.  Nothing is "-" or null. */
void rec_begin(struct rec *r, const char *type);
void rec_str(struct rec *r, const char *key, const char *v);
void rec_u64(struct rec *r, const char *key, uint64_t v);
/* Text or numbers; v == NULL: nothing.  TSV has sep between them. */
void rec_list(struct rec *r, const char *key, char *const *v, size_t n,
    char sep);
void rec_numbers(struct rec *r, const char *key, char *const *v, size_t n,
    char sep);
void rec_value(struct rec *r, const char *key, const struct dcor_attr *a);
/* An array of numbers; NULL, or one of something else: nothing. */
void rec_array(struct rec *r, const char *key, const struct dcor_h5attr *a);
/* Writes it to standard output. */
int rec_end(struct rec *r, struct dcor_err *err);

#endif /* DCOR_CMD_SLICEREC_H */

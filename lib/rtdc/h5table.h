/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * h5table.h - tables: compounds, or numbers in two dimensions
 *
 * A compound of N, N x 1 or N x 1 x 1 is a table of N rows.  The columns
 * of what is no compound are called 0, 1, 2, ...
 */
#ifndef DCOR_RTDC_H5TABLE_H
#define DCOR_RTDC_H5TABLE_H

#include "rtdc/dset.h"

struct dcor_tablecol {
	char		*name;
	struct dcor_h5type type;
	size_t		 offset;	/* in the row */
};

struct dcor_table {
	struct dcor_dset *set;
	struct dcor_reader *reader;
	struct dcor_tablecol *col;
	size_t		 ncol, row_size;
	uint64_t	 rows;
};

/* Ownership: dcor_table_close; h must live longer. */
int dcor_table_open(struct dcor_h5 *h, const char *path,
    struct dcor_table *out, struct dcor_err *err);
void dcor_table_close(struct dcor_table *t);

/* Rows first ... first+n-1; buf has room for n * row_size bytes.  Where
 * several rows of the table are one of the dataset, first and n must be
 * multiples of their number, rows / rows of the dataset. */
int dcor_table_read(struct dcor_table *t, uint64_t first, uint64_t n,
    void *buf, struct dcor_err *err);

/* A value of a row: DCOR_ATTR_INT, _FLOAT, _TEXT or, for a type that is
 * none of these, _NONE.  Text is to be freed with dcor_attr_fini. */
int dcor_table_value(const struct dcor_table *t, const void *row,
    size_t col, struct dcor_attr *out, struct dcor_err *err);

#endif /* DCOR_RTDC_H5TABLE_H */

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cols.h - scalar features read side by side, a window of events at a time
 *
 * Columns are read in parallel.  A window is as long as 64 MiB allow, so
 * that most chunks are decoded once.
 */
#ifndef DCOR_RTDC_COLS_H
#define DCOR_RTDC_COLS_H

#include "base/pool.h"
#include "rtdc/file.h"
#include "rtdc/sel.h"

struct dcor_cols;

enum dcor_coltype {
	DCOR_COL_I8, DCOR_COL_I16, DCOR_COL_I32, DCOR_COL_I64,
	DCOR_COL_U8, DCOR_COL_U16, DCOR_COL_U32, DCOR_COL_U64,
	DCOR_COL_F32, DCOR_COL_F64
};

struct dcor_col {
	const char	*name;
	enum dcor_coltype type;		/* as stored */
	const void	*data;		/* of the window, in native order */
};

/*
 * Prepares to read n features.  With f64 all arrive as doubles.  "index",
 * where it is not stored, is the number of the event from 1 on.
 * DCOR_ENOENT, DCOR_EDATA: no such feature, not one number an event.
 * Ownership: dcor_cols_close; m and pool must live longer.
 */
int dcor_cols_open(struct dcor_rtdc *m, const char *const *name, size_t n,
    int f64, struct dcor_pool *pool, struct dcor_cols **out,
    struct dcor_err *err);
void dcor_cols_close(struct dcor_cols *c);

/* Events that fit in a window: a multiple of 4096, at least that.  Columns
 * have room for so many. */
size_t dcor_cols_window(const struct dcor_cols *c);

/* Reads the events of part, at most a window of them. */
int dcor_cols_load(struct dcor_cols *c, const struct dcor_sel *part,
    struct dcor_err *err);

/* Column i.  Borrowed; what data points to changes with each load. */
const struct dcor_col *dcor_cols_at(const struct dcor_cols *c, size_t i);

#endif /* DCOR_RTDC_COLS_H */

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * rows.h - the selected events of a feature, in order, read on the pool
 *
 * Two blocks a worker are in flight; a block is 1 MiB of rows, or as many
 * as share a chunk of the file, so memory is
 * 2 * workers * max(1 MiB, 2 chunks), and a chunk a worker besides.
 */
#ifndef DCOR_RTDC_ROWS_H
#define DCOR_RTDC_ROWS_H

#include "base/buf.h"
#include "base/pool.h"
#include "rtdc/file.h"
#include "rtdc/sel.h"

struct dcor_rows_use {
	/* Makes something else of a row: appends to out.  On any worker, for
	 * many rows at once.  NULL: the rows are wanted as they are. */
	int	(*make)(void *arg, const void *row, struct dcor_buf *out,
		    struct dcor_err *err);
	/*
	 * Takes n rows, nbytes in all, or what was made of one.  Called by
	 * the thread that called dcor_rows_each, in order; it may use the
	 * pool.
	 */
	int	(*take)(void *arg, const void *p, size_t nbytes, uint64_t n,
		    struct dcor_err *err);
	void	*arg;
};

/* The selected events of f will be read soon: what of that is remote is
 * fetched ahead.  dcor_rows_each does so itself. */
void dcor_rows_expect(const struct dcor_feature *f,
    const struct dcor_sel *sel);

/*
 * Hands all selected events of f to use; integers and floats in native
 * byte order.  The first failure of reading, make or take ends it.  An
 * event that f does not have is DCOR_EDATA.
 */
int dcor_rows_each(const struct dcor_feature *f, const struct dcor_sel *sel,
    struct dcor_pool *pool, const struct dcor_rows_use *use,
    struct dcor_err *err);

#endif /* DCOR_RTDC_ROWS_H */

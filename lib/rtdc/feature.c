/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reading features, through the mappings of basins. */
#include <stdlib.h>
#include <string.h>

#include "rtdc/file.h"

void
dcor_feature_fini(struct dcor_feature *f)
{
	free(f->map);
	memset(f, 0, sizeof(*f));
}

void
dcor_feature_expect(const struct dcor_feature *f, uint64_t first, uint64_t n)
{
	if (first >= f->n || n == 0)
		return;
	if (n > f->n - first)
		n = f->n - first;
	if (f->map == NULL)
		dcor_dset_expect(f->set, first, n);
	else
		dcor_dset_expect_list(f->set, f->map + first, (size_t)n);
}

void
dcor_feature_expect_list(const struct dcor_feature *f,
    const uint64_t *event, size_t n)
{
	uint64_t *row;
	size_t i, k = 0;

	if (f->map == NULL) {
		dcor_dset_expect_list(f->set, event, n);
		return;
	}
	if (dcor_h5_src(dcor_rtdc_h5(f->origin))->expect == NULL ||
	    (row = malloc((n > 0 ? n : 1) * sizeof(*row))) == NULL)
		return;
	for (i = 0; i < n; i++)
		if (event[i] < f->n)
			row[k++] = f->map[event[i]];
	dcor_dset_expect_list(f->set, row, k);
	free(row);
}

int
dcor_feature_read(const struct dcor_feature *f, struct dcor_reader *r,
    uint64_t first, uint64_t n, void *buf, struct dcor_err *err)
{
	size_t row = dcor_dset_row_size(f->set);
	unsigned char *p = buf;
	uint64_t run;
	int rc;

	if (first > f->n || n > f->n - first)
		return dcor_err_set(err, DCOR_EDATA, 0, "%s: event %llu of "
		    "%llu", dcor_dset_path(f->set),
		    (unsigned long long)(first + n),
		    (unsigned long long)f->n);
	if (f->map == NULL)
		return dcor_dset_read(f->set, r, first, n, buf, err);
	for (; n > 0; first += run, n -= run, p += run * row) {
		for (run = 1; run < n && f->map[first + run] ==
		    f->map[first] + run; run++)
			;
		rc = dcor_dset_read(f->set, r, f->map[first], run, p, err);
		if (rc != DCOR_OK)
			return rc;
	}
	return DCOR_OK;
}

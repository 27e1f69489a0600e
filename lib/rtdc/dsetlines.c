/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Text datasets: logs, definitions of basins. */
#include <stdlib.h>
#include <string.h>

#include "rtdc/dset.h"

#define TEXT_MAX	((uint64_t)1 << 31)	/* bytes in all */

int
dcor_dset_read_lines(struct dcor_h5 *h, const char *path,
    struct dcor_names *out, struct dcor_err *err)
{
	const struct dcor_h5dset *i;
	struct dcor_reader *r = NULL;
	struct dcor_dset *d = NULL;
	unsigned char *all = NULL;
	size_t len, el;
	uint64_t k;
	int rc;

	out->name = NULL;
	out->n = 0;
	rc = dcor_dset_open(h, path, &d, err);
	if (rc != DCOR_OK)
		return rc;
	i = dcor_dset_info(d);
	if (i->type.cls == DCOR_H5_VLEN) {
		dcor_dset_close(d);
		return dcor_h5_read_lines(h, path, out, err);
	}
	el = i->type.size;
	if (i->type.cls != DCOR_H5_STRING || i->rank != 1 || el == 0 ||
	    i->dim[0] > TEXT_MAX / el) {
		rc = dcor_err_set(err, DCOR_EDATA, 0, "%s: not lines of text",
		    path);
		goto out;
	}
	rc = dcor_reader_new(&r, err);
	if (rc != DCOR_OK || i->dim[0] == 0)
		goto out;
	all = malloc((size_t)i->dim[0] * el);
	out->name = calloc((size_t)i->dim[0], sizeof(*out->name));
	if (all == NULL || out->name == NULL) {
		rc = dcor_err_nomem(err);
		goto out;
	}
	rc = dcor_dset_read(d, r, 0, i->dim[0], all, err);
	for (k = 0; rc == DCOR_OK && k < i->dim[0]; k++) {
		for (len = el; len > 0 && all[k * el + len - 1] == '\0';
		    len--)
			;
		out->name[k] = strndup((char *)all + k * el, len);
		if (out->name[k] == NULL)
			rc = dcor_err_nomem(err);
		else
			out->n++;
	}
out:
	if (rc != DCOR_OK)
		dcor_names_fini(out);
	free(all);
	dcor_reader_free(r);
	dcor_dset_close(d);
	return rc;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A whole HDF5 file; all that may be an object header is taken for one. */
#include <stdlib.h>
#include <string.h>

#include "rtdc/h5attr.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct dcor_h5chunk *c;
	struct dcor_h5super sb;
	struct dcor_h5dset d;
	struct dcor_src src;
	uint64_t total, i;
	size_t at, na, tries = 0;
	struct dcor_h5attr *a;
	char *text;

	dcor_src_mem(&src, p, n);
	if (dcor_h5_super(&src, &sb, NULL) != 0)
		return 0;
	for (at = (size_t)sb.base; at + 16 < n && tries < 100; at++) {
		if (memcmp(p + at, "OHDR", 4) != 0 &&
		    memcmp(p + at, "\1\0", 2) != 0)
			continue;
		tries++;
		if (dcor_h5attrs_read(&src, &sb, at - sb.base, &a, &na,
		    NULL) == 0) {
			for (i = 0; i < na; i++)
				if (dcor_h5attr_text(&src, &sb, &a[i], &text,
				    NULL) == 0)
					free(text);
			dcor_h5attrs_free(a, na);
		}
		if (dcor_h5dset_read(&src, &sb, at - sb.base, &d, NULL) != 0)
			continue;
		if (d.layout == DCOR_H5_CHUNKED &&
		    dcor_h5dset_chunks(&src, &sb, &d, &c, &total, NULL) == 0) {
			for (i = 0; i < total; i++)
				if (c[i].addr != DCOR_H5_NOADDR &&
				    c[i].addr + c[i].size > n - sb.base)
					abort();
			free(c);
		}
		dcor_h5dset_fini(&d);
	}
	return 0;
}

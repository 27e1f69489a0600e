/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Lines of the index: what is read is written as it was.  The checksum is
 * set right first, or nothing would ever come past it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arch/index.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct dcor_buf line, again, store, store2;
	struct dcor_arch_rec r, r2;
	struct dcor_arch_index *x;

	if (n > 8000)
		return 0;
	dcor_buf_init(&line, 1 << 16);
	dcor_buf_init(&again, 1 << 16);
	dcor_buf_init(&store, 1 << 18);
	dcor_buf_init(&store2, 1 << 18);
	dcor_buf_addf(&line, "%08x\t", dcor_arch_crc(p, n));
	dcor_buf_add(&line, p, n);
	if (dcor_arch_rec_parse(line.p, line.len, &r, &store) == 0) {
		if (dcor_arch_rec_add(&again, &r) != 0 ||
		    dcor_arch_rec_parse(again.p, again.len, &r2, &store2) !=
		    0 || strcmp(r.key, r2.key) != 0 || r.gen != r2.gen ||
		    r.size != r2.size || r.off != r2.off ||
		    strcmp(r.etag, r2.etag) != 0 ||
		    strcmp(r.place, r2.place) != 0)
			abort();
		if (dcor_arch_index_new(&x, NULL) != 0 ||
		    dcor_arch_index_apply(x, &r, NULL) != 0)
			abort();
		dcor_arch_index_free(x);
	}
	dcor_buf_fini(&line);
	dcor_buf_fini(&again);
	dcor_buf_fini(&store);
	dcor_buf_fini(&store2);
	return 0;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Bundles: members lie within the file, and the walk comes to an end. */
#include <stdlib.h>
#include <string.h>

#include "arch/tar.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

struct mem {
	const uint8_t	*p;
	size_t		 n;
};

static int
get(void *arg, uint64_t off, void *p, size_t n, struct dcor_err *err)
{
	struct mem *m = arg;

	(void)err;
	if (off > m->n || n > m->n - off)
		abort();
	memcpy(p, m->p + off, n);
	return DCOR_OK;
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct mem mem = { p, n };
	struct dcor_arch_member m;
	uint64_t off = 0;

	dcor_buf_init(&m.name, 4096);
	dcor_buf_init(&m.comment, 4096);
	while (dcor_arch_tar_next(get, &mem, n, off, &m, NULL) == 1) {
		if (m.next <= off || m.off > n || m.size > n - m.off ||
		    m.next > n || m.next < m.off + m.size)
			abort();
		off = m.next;
	}
	dcor_buf_fini(&m.name);
	dcor_buf_fini(&m.comment);
	return 0;
}

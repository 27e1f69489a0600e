/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * h5chunks.c - h5chunks FILE ADDRESS...: what h5index knows of datasets,
 * for tests/peer/h5index.py
 *
 * A line for each: dataset, its address, rank, extent, chunks, bytes an
 * element, layout, filters; then one for each chunk that is there: its
 * number, address in the file, size and mask.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "rtdc/h5index.h"

static void
list(const char *sep, unsigned rank, const uint64_t *dim,
    const uint32_t *chunk)
{
	unsigned i;

	printf("%s", sep);
	for (i = 0; i < rank; i++)
		printf("%s%" PRIu64, i > 0 ? "," : "",
		    dim != NULL ? dim[i] : chunk[i]);
}

static int
show(const struct dcor_src *src, const struct dcor_h5super *sb, uint64_t addr,
    struct dcor_err *err)
{
	struct dcor_h5chunk *c;
	struct dcor_h5dset d;
	uint64_t n, i;
	int rc;

	if ((rc = dcor_h5dset_read(src, sb, addr, &d, err)) != 0)
		return rc;
	printf("dataset %" PRIu64 " %u", addr, d.rank);
	list(" (", d.rank, d.dim, NULL);
	list(") (", d.rank, NULL, d.chunk);
	printf(") %" PRIu32 " %d", d.type.size, (int)d.layout);
	for (i = 0; i < d.nfilt; i++)
		printf(" %u", d.filt[i].id);
	putchar('\n');
	if (d.layout == DCOR_H5_CHUNKED) {
		rc = dcor_h5dset_chunks(src, sb, &d, &c, &n, err);
		for (i = 0; rc == 0 && i < n; i++)
			if (c[i].addr != DCOR_H5_NOADDR)
				printf("%" PRIu64 " %" PRIu64 " %" PRIu32
				    " %" PRIu32 "\n", i, sb->base + c[i].addr,
				    c[i].size, c[i].mask);
		if (rc == 0)
			free(c);
	}
	dcor_h5dset_fini(&d);
	return rc;
}

int
main(int argc, char **argv)
{
	struct dcor_err err = DCOR_ERR_INIT;
	struct dcor_h5super sb;
	struct dcor_src src;
	int i, rc, fd;

	if (argc < 2 || (fd = open(argv[1], O_RDONLY)) < 0)
		return 64;
	if ((rc = dcor_src_fd(&src, fd, &err)) == 0)
		rc = dcor_h5_super(&src, &sb, &err);
	for (i = 2; rc == 0 && i < argc; i++)
		rc = show(&src, &sb, strtoull(argv[i], NULL, 10), &err);
	if (rc != 0)
		printf("error: %s\n", err.msg);
	return rc != 0;
}

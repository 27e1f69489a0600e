/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * replay.c - runs a fuzz target on files, without a fuzzer
 *
 * Each operand is a file; for each the target also gets every truncation
 * of its first kilobyte and the file with single bits flipped there.  TAP.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static uint8_t *
slurp(const char *path, size_t *len)
{
	uint8_t *p = NULL;
	size_t cap = 1 << 16, n = 0, k;
	FILE *fp;

	if ((fp = fopen(path, "rb")) == NULL)
		return NULL;
	if ((p = malloc(cap)) != NULL)
		while ((k = fread(p + n, 1, cap - n, fp)) > 0) {
			n += k;
			if (n == cap)
				break;		/* files are small */
		}
	fclose(fp);
	*len = n;
	return p;
}

/* A copy of exactly n bytes, so that a read past the end is noticed. */
static void
feed(const uint8_t *p, size_t n)
{
	uint8_t *q;

	if ((q = malloc(n > 0 ? n : 1)) == NULL)
		return;
	if (n > 0)
		memcpy(q, p, n);
	LLVMFuzzerTestOneInput(q, n);
	free(q);
}

int
main(int argc, char **argv)
{
	size_t n, i, max;
	uint8_t *p;
	int k, bad = 0;

	for (k = 1; k < argc; k++) {
		if ((p = slurp(argv[k], &n)) == NULL) {
			printf("not ok %d - %s\n", k, argv[k]);
			bad = 1;
			continue;
		}
		feed(p, n);
		max = n < 1024 ? n : 1024;
		for (i = 0; i < max; i++)
			feed(p, i);
		for (i = 0; i < max; i++) {
			p[i] ^= (uint8_t)(1 << (i % 8));
			feed(p, n);
			p[i] ^= (uint8_t)(1 << (i % 8));
		}
		free(p);
		printf("ok %d - %s\n", k, argv[k]);
	}
	printf("1..%d\n", argc - 1);
	return bad;
}

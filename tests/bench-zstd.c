/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * bench-zstd - what cannot be made faster: Zstandard on the images of a
 * measurement and the masks of a result, chunk by chunk on one processor,
 * and memory bandwidth
 */
#include <time.h>
#include <unistd.h>

#include "h5test.h"

#define MOST	8000		/* frames that are looked at */

static const struct cli_opt opts[] = { { 0, NULL, NULL, NULL } };
static const struct cli bench_zstd = { "bench-zstd", "speed of Zstandard",
    "bench-zstd MEASUREMENT [RESULT]", opts, NULL };

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void
one(const char *path, const char *name)
{
	static const int level[] = { 1, 3, 5 };
	hsize_t shape[4], ck[4];
	size_t npix, chunk, cap, i, k, n, total, pos;
	unsigned char *raw, *z, *back;
	size_t *len;
	double t, tz, td;
	hid_t f, d, p;

	f = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
	if (f < 0 || (d = H5Dopen2(f, name, H5P_DEFAULT)) < 0)
		cli_die(66, "%s: %s: cannot be opened", path, name);
	if (h5test_shape(d, shape) != 3)
		cli_die(65, "%s: %s: no images", path, name);
	p = H5Dget_create_plist(d);
	if (H5Pget_chunk(p, 4, ck) < 1)
		ck[0] = 40;
	H5Pclose(p);
	n = shape[0] < MOST ? (size_t)shape[0] : MOST;
	npix = (size_t)(shape[1] * shape[2]);
	chunk = (size_t)ck[0] * npix;
	raw = h5test_alloc(n * npix);
	h5test_rows(d, 0, n, raw);
	H5Dclose(d);
	H5Fclose(f);
	cap = ZSTD_compressBound(chunk);
	back = h5test_alloc(chunk);
	len = h5test_alloc((n / (size_t)ck[0] + 1) * sizeof(*len));
	z = h5test_alloc((n / (size_t)ck[0] + 1) * cap);
	for (i = 0; i < 3; i++) {
		total = 0;
		t = now();
		for (k = pos = 0; pos < n * npix; k++, pos += chunk) {
			size_t m = n * npix - pos;

			len[k] = ZSTD_compress(z + k * cap, cap, raw + pos,
			    m < chunk ? m : chunk, level[i]);
			total += len[k];
		}
		tz = now() - t;
		t = now();
		while (k-- > 0)
			ZSTD_decompress(back, chunk, z + k * cap, len[k]);
		td = now() - t;
		printf("%-14s zstd-%d  %7.0f frames/s in  %8.0f frames/s out"
		    "  %5.1f %%\n", name, level[i], (double)n / tz,
		    (double)n / td, 100.0 * (double)total /
		    (double)(n * npix));
	}
	free(raw);
	free(back);
	free(len);
	free(z);
}

static void
memory(void)
{
	size_t n = (size_t)256 << 20, i;
	unsigned char *a = h5test_alloc(n), *b = h5test_alloc(n);
	double t, best = 0, v;

	memset(a, 1, n);
	for (i = 0; i < 6; i++) {
		t = now();
		memcpy(b, a, n);
		a[i] = b[i + 1];	/* keep the copies */
		v = (double)n / (now() - t) / 1e9;
		best = v > best ? v : best;
	}
	printf("%-14s copy    %7.1f GB/s\n", "memory", best);
	free(a);
	free(b);
}

int
main(int argc, char **argv)
{
	while (cli_next(&bench_zstd, argc, argv) != -1)
		continue;
	if (argc - optind < 1 || argc - optind > 2)
		cli_usage("name a measurement");
	h5test_init();
	one(argv[optind], "events/image");
	if (argc - optind == 2)
		one(argv[optind + 1], "events/mask");
	memory();
	return cli_finish(0);
}

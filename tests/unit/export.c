/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Parts of a measurement that libhdf5 wrote, read again by libhdf5. */
#include "tap.h"

#include <fcntl.h>
#include <hdf5.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rtdc/export.h"

#define N	137
#define H	6
#define W	7

static uint8_t image[N][H][W], bg[4][H][W], mask[N][H][W];
static double area[N];
static int16_t flmax[N], trace[N][5];
static uint64_t big[N], map[N];
static float count[N];
static struct dcor_err err = DCOR_ERR_INIT;

static uint64_t seed = 1;

static uint64_t
rnd(uint64_t n)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (seed >> 33) % n;
}

static hid_t
put(hid_t file, const char *name, hid_t type, unsigned rank, hsize_t n,
    hsize_t d1, hsize_t d2, hsize_t per, const void *data)
{
	hsize_t dim[3] = { n, d1, d2 }, max[3] = { H5S_UNLIMITED, d1, d2 };
	hsize_t chunk[3] = { per, d1, d2 };
	hid_t dcpl = H5Pcreate(H5P_DATASET_CREATE), lcpl, space, set;

	if (per > 0) {
		H5Pset_chunk(dcpl, (int)rank, chunk);
		H5Pset_shuffle(dcpl);
		H5Pset_deflate(dcpl, 3);
		H5Pset_fletcher32(dcpl);
	}
	lcpl = H5Pcreate(H5P_LINK_CREATE);
	H5Pset_create_intermediate_group(lcpl, 1);
	space = H5Screate_simple((int)rank, dim, per > 0 ? max : NULL);
	set = H5Dcreate2(file, name, type, space, lcpl, dcpl, H5P_DEFAULT);
	OK(set >= 0 && H5Dwrite(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT,
	    data) >= 0);
	H5Sclose(space);
	H5Pclose(lcpl);
	H5Pclose(dcpl);
	return set;
}

static void
number(hid_t at, const char *name, hid_t type, const void *v)
{
	hid_t space = H5Screate(H5S_SCALAR), a;

	a = H5Acreate2(at, name, type, space, H5P_DEFAULT, H5P_DEFAULT);
	OK(a >= 0 && H5Awrite(a, type, v) >= 0);
	H5Aclose(a);
	H5Sclose(space);
}

static void
text(hid_t at, const char *name, const char *v)
{
	hid_t type = H5Tcopy(H5T_C_S1);

	H5Tset_size(type, H5T_VARIABLE);
	number(at, name, type, &v);
	H5Tclose(type);
}

static void
line(hid_t file, const char *name, const char *v)
{
	hid_t type = H5Tcopy(H5T_C_S1);

	H5Tset_size(type, strlen(v));
	H5Tset_strpad(type, H5T_STR_NULLPAD);
	H5Dclose(put(file, name, type, 1, 1, 0, 0, 0, v));
	H5Tclose(type);
}

static void
make(void)
{
	static const char inner[] = "{\"name\": \"b\", \"type\": \"internal\","
	    " \"format\": \"h5dataset\", \"mapping\": \"basinmap0\","
	    " \"features\": [\"image_bg\"], \"paths\": [\"basin_events\"]}";
	static const char outer[] = "{\"name\": \"c\", \"type\": \"file\","
	    " \"format\": \"hdf5\", \"mapping\": \"same\", \"key\": \"x\","
	    " \"features\": [\"temp\"], \"paths\": [\"none.rtdc\"]}";
	int64_t contour[9][2] = { { 0 } }, n = N;
	double wrong = 77;
	char name[64];
	hid_t file, set;
	int i;

	for (i = 0; i < N; i++) {
		area[i] = i % 5 == 3 ? (double)NAN : sin(i) * 100;
		flmax[i] = (int16_t)(rnd(2000) - 1000);
		big[i] = UINT64_MAX - rnd(1000);
		map[i] = rnd(4);
		count[i] = (float)i + 1;
	}
	for (i = 0; i < N * H * W; i++) {
		(&image[0][0][0])[i] = (uint8_t)rnd(256);
		(&mask[0][0][0])[i] = (uint8_t)rnd(2);
	}
	for (i = 0; i < 4 * H * W; i++)
		(&bg[0][0][0])[i] = (uint8_t)rnd(256);
	for (i = 0; i < N * 5; i++)
		(&trace[0][0])[i] = (int16_t)(rnd(9) - 4);
	file = H5Fcreate("in.rtdc", H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
	H5Dclose(put(file, "events/image", H5T_NATIVE_UINT8, 3, N, H, W, 10,
	    image));
	H5Dclose(put(file, "events/mask", H5T_NATIVE_UINT8, 3, N, H, W, 0,
	    mask));
	set = put(file, "events/area_um", H5T_NATIVE_DOUBLE, 1, N, 0, 0, 9,
	    area);
	number(set, "max", H5T_NATIVE_DOUBLE, &wrong);
	text(set, "unit", "um");
	H5Dclose(set);
	H5Dclose(put(file, "events/fl1_max", H5T_NATIVE_INT16, 1, N, 0, 0, 0,
	    flmax));
	H5Dclose(put(file, "events/userdef0", H5T_NATIVE_UINT64, 1, N, 0, 0,
	    50, big));
	H5Dclose(put(file, "events/index", H5T_NATIVE_FLOAT, 1, N, 0, 0, 0,
	    count));
	H5Dclose(put(file, "events/basinmap0", H5T_NATIVE_UINT64, 1, N, 0, 0,
	    200, map));
	H5Dclose(put(file, "events/trace/fl1_raw", H5T_NATIVE_INT16, 2, N, 5,
	    0, 20, trace));
	for (i = 0; i < N; i++) {
		contour[0][0] = i;
		snprintf(name, sizeof(name), "events/contour/%d", i);
		H5Dclose(put(file, name, H5T_NATIVE_INT64, 2,
		    (hsize_t)(1 + i % 9), 2, 0, 0, contour));
	}
	H5Dclose(put(file, "basin_events/image_bg", H5T_NATIVE_UINT8, 3, 4,
	    H, W, 2, bg));
	line(file, "basins/in", inner);
	line(file, "basins/out", outer);
	line(file, "logs/a", "one line");
	line(file, "logs/dclab_issue_141", "x");
	line(file, "odd/deep/thing", "kept");
	number(file, "experiment:event count", H5T_NATIVE_INT64, &n);
	text(file, "experiment:run identifier", "me");
	text(file, "user:what", "something");
	H5Fclose(file);
}

/* Rows of the result, or NULL when there are others than n. */
static void *
get(hid_t file, const char *name, hid_t type, uint64_t n)
{
	hid_t set = H5Dopen2(file, name, H5P_DEFAULT), space;
	hsize_t dim[3] = { 0, 1, 1 };
	void *p = NULL;

	if (set < 0)
		return NULL;
	space = H5Dget_space(set);
	H5Sget_simple_extent_dims(space, dim, NULL);
	if (dim[0] == n) {
		p = calloc((size_t)(dim[0] * dim[1] * dim[2]) + 1,
		    H5Tget_size(type));
		if (n > 0 && H5Dread(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT,
		    p) < 0) {
			free(p);
			p = NULL;
		}
	}
	H5Sclose(space);
	H5Dclose(set);
	return p;
}

/* Whether name has the selected rows of all, and its type that size. */
static int
holds(hid_t file, const char *name, hid_t type, const void *all, size_t row,
    const uint64_t *pick, size_t n)
{
	unsigned char *p = get(file, name, type, n);
	hid_t set, t;
	size_t i;
	int good = p != NULL;

	if (good) {
		set = H5Dopen2(file, name, H5P_DEFAULT);
		t = H5Dget_type(set);
		good = H5Tequal(t, type) > 0;
		H5Tclose(t);
		H5Dclose(set);
	}
	for (i = 0; good && i < n; i++)
		good = memcmp(p + i * row, (const char *)all + pick[i] * row,
		    row) == 0;
	if (!good)
		printf("# %s differs\n", name);
	free(p);
	return good;
}

static double
attr(hid_t file, const char *path, const char *name)
{
	hid_t a = H5Aopen_by_name(file, path, name, H5P_DEFAULT,
	    H5P_DEFAULT);
	double v = (double)NAN;

	if (a < 0)
		return -12345;
	H5Aread(a, H5T_NATIVE_DOUBLE, &v);
	H5Aclose(a);
	return v;
}

static int
is_near(double a, double b)
{
	return (isnan(a) && isnan(b)) || fabs(a - b) <= 1e-12 * fabs(b);
}

/* min, max and mean of the areas that were picked */
static int
area_stats(hid_t file, const uint64_t *pick, size_t n)
{
	double lo = (double)NAN, hi = lo, sum = 0, v;
	size_t i, k = 0;

	if (n == 0)
		return attr(file, "events/area_um", "max") <= -12345;
	for (i = 0; i < n; i++) {
		v = area[pick[i]];
		if (isnan(v))
			continue;
		lo = k == 0 || v < lo ? v : lo;
		hi = k == 0 || v > hi ? v : hi;
		sum += v;
		k++;
	}
	return is_near(attr(file, "events/area_um", "min"), lo) &&
	    is_near(attr(file, "events/area_um", "max"), hi) &&
	    is_near(attr(file, "events/area_um", "mean"), k == 0 ?
	    (double)NAN : sum / (double)k);
}

static int
check(const uint64_t *pick, size_t n)
{
	char name[64];
	int64_t *c;
	uint64_t *count64, i;
	hid_t f = H5Fopen("out.rtdc", H5F_ACC_RDONLY, H5P_DEFAULT);
	int good;

	good = f >= 0 &&
	    holds(f, "events/image", H5T_STD_U8LE, image, H * W, pick, n) &&
	    holds(f, "events/mask", H5T_STD_U8LE, mask, H * W, pick, n) &&
	    holds(f, "events/area_um", H5T_IEEE_F64LE, area, 8, pick, n) &&
	    holds(f, "events/fl1_max", H5T_STD_I16LE, flmax, 2, pick, n) &&
	    holds(f, "events/userdef0", H5T_STD_U64LE, big, 8, pick, n) &&
	    holds(f, "events/basinmap0", H5T_STD_U64LE, map, 8, pick, n) &&
	    holds(f, "events/trace/fl1_raw", H5T_STD_I16LE, trace, 10, pick,
	    n) && area_stats(f, pick, n) &&
	    is_near(attr(f, "/", "experiment:event count"), (double)n) &&
	    H5Aexists_by_name(f, "events/area_um", "unit", H5P_DEFAULT) > 0 &&
	    H5Lexists(f, "logs/src_a", H5P_DEFAULT) > 0 &&
	    H5Lexists(f, "logs/dclab_issue_141", H5P_DEFAULT) > 0 &&
	    H5Lexists(f, "logs/unit", H5P_DEFAULT) > 0 &&
	    H5Lexists(f, "odd/deep/thing", H5P_DEFAULT) > 0 &&
	    H5Lexists(f, "basins/in", H5P_DEFAULT) > 0 &&
	    (H5Lexists(f, "basins/out", H5P_DEFAULT) > 0) == 0 &&
	    (H5Lexists(f, "events/basinmap1", H5P_DEFAULT) > 0) == (n < N);
	for (i = 0; good && i < 4; i++)
		good = holds(f, "basin_events/image_bg", H5T_STD_U8LE, bg,
		    H * W, (uint64_t[4]){ 0, 1, 2, 3 }, 4);
	if (good && n < N) {
		good = 0;
		count64 = get(f, "events/basinmap1", H5T_NATIVE_UINT64, n);
		if (count64 != NULL && memcmp(count64, pick, n * 8) == 0)
			good = 1;
		free(count64);
	}
	count64 = good ? get(f, "events/index", H5T_NATIVE_UINT64, n) : NULL;
	good = good && count64 != NULL;
	for (i = 0; good && i < n; i++)
		good = count64[i] == i + 1;
	free(count64);
	for (i = 0; good && i < n; i++) {
		snprintf(name, sizeof(name), "events/contour/%d", (int)i);
		c = get(f, name, H5T_NATIVE_INT64, 1 + pick[i] % 9);
		good = c != NULL && c[0] == (int64_t)pick[i];
		free(c);
	}
	if (f >= 0)
		H5Fclose(f);
	return good;
}

static size_t
slurp(const char *path, unsigned char **out)
{
	FILE *f = fopen(path, "rb");
	size_t n = 0;

	*out = malloc(1 << 22);
	if (f != NULL) {
		n = fread(*out, 1, 1 << 22, f);
		fclose(f);
	}
	return n;
}

static int
same_file(const char *a, const char *b)
{
	unsigned char *p, *q;
	size_t n = slurp(a, &p), k = slurp(b, &q);
	int same = n > 0 && n == k && memcmp(p, q, n) == 0;

	free(p);
	free(q);
	return same;
}

/* The plain bytes of masks, and the same after a header of NumPy's. */
static int
bytes(struct dcor_rtdc *m, const struct dcor_sel *sel, const uint64_t *pick,
    size_t n, struct dcor_pool *pool)
{
	char mask_name[] = "mask", image_name[] = "image", *one;
	struct dcor_names v = { &one, 1 };
	struct dcor_export x = { 0 };
	unsigned char *p;
	char want[256];
	size_t got, i, k, head;
	FILE *f;
	int good;

	one = mask_name;
	f = fopen("out.raw", "wb");
	good = dcor_export_raw(m, sel, &v, &x, f, pool, &err) == DCOR_OK;
	fclose(f);
	got = slurp("out.raw", &p);
	good = good && got == n * H * W;
	for (i = 0; good && i < n; i++)
		for (k = 0; good && k < H * W; k++)
			good = p[i * H * W + k] ==
			    255 * (&mask[pick[i]][0][0])[k];
	free(p);
	one = image_name;
	f = fopen("out.npy", "wb");
	good = good && dcor_export_npy(m, sel, &v, &x, f, pool, &err) ==
	    DCOR_OK;
	fclose(f);
	got = slurp("out.npy", &p);
	snprintf(want, sizeof(want), "{'descr': '|u1', 'fortran_order': "
	    "False, 'shape': (%d, 6, 7), }", (int)n);
	head = got - n * H * W;
	good = good && got > n * H * W && head % 64 == 0 &&
	    memcmp(p, "\x93NUMPY\1\0", 8) == 0 && p[8] + 256u * p[9] + 10 ==
	    head && p[head - 1] == '\n' && memcmp(p + 10, want,
	    strlen(want)) == 0;
	for (i = 0; good && i < n; i++)
		good = memcmp(p + head + i * H * W, image[pick[i]], H * W) ==
		    0;
	free(p);
	return good;
}

/* 0: all, 1: none, 2: one run, else at random; the more, the rarer */
static size_t
choose(int how, uint64_t *pick, struct dcor_sel *sel)
{
	uint64_t i, a = rnd(N), b = a + rnd(N - a) + 1, rare = rnd(12) + 2;
	size_t n = 0;

	memset(sel, 0, sizeof(*sel));
	for (i = 0; i < N; i++) {
		if (how == 1 || (how == 2 && (i < a || i >= b)) ||
		    (how > 2 && rnd(rare) != 0))
			continue;
		pick[n++] = i;
		OK(dcor_sel_add(sel, i, 1, &err) == DCOR_OK);
	}
	return n;
}

static int
give_up(void *ctx)
{
	return --*(int *)ctx < 0;
}

static void
refusals(struct dcor_rtdc *m, struct dcor_pool *pool)
{
	char none[] = "nothing", temp[] = "temp", image_name[] = "image",
	    *one = none;
	struct dcor_names v = { &one, 1 }, no = { NULL, 0 };
	struct dcor_sel sel = { NULL, 0, 0, 0 };
	struct dcor_export x = { .replace = 1 };
	int left = 3;
	FILE *f = fopen("/dev/full", "wb");

	OK(dcor_sel_add(&sel, 0, N, NULL) == DCOR_OK);
	OK(dcor_export_rtdc(m, &sel, &v, &x, "x.rtdc", pool, NULL) ==
	    DCOR_ENOENT);
	one = temp;	/* the file of its basin is gone */
	OK(dcor_export_rtdc(m, &sel, &v, &x, "x.rtdc", pool, NULL) ==
	    DCOR_ENOENT);
	OK(dcor_export_rtdc(m, &sel, NULL, &x, "in.rtdc", pool, NULL) ==
	    DCOR_EARG);
	OK(dcor_export_rtdc(m, &sel, NULL, &x, "./none/x.rtdc", pool, NULL) ==
	    DCOR_ECREATE);
	x.stopped = give_up;
	x.ctx = &left;
	OK(dcor_export_rtdc(m, &sel, NULL, &x, "x.rtdc", pool, NULL) ==
	    DCOR_ETEMP);
	x.stopped = NULL;
	OK(dcor_export_npy(m, &sel, &no, &x, f, pool, NULL) == DCOR_EARG);
	OK(dcor_export_png(m, &sel, &v, &x, "x.png", pool, NULL) ==
	    DCOR_EARG);
	one = image_name;
	setvbuf(f, NULL, _IONBF, 0);
	OK(dcor_export_raw(m, &sel, &v, &x, f, pool, NULL) == DCOR_EIO);
	OK(dcor_sel_add(&sel, N, 1, NULL) == DCOR_OK);
	OK(dcor_export_rtdc(m, &sel, NULL, &x, "x.rtdc", pool, NULL) ==
	    DCOR_EDATA);
	OK(dcor_export_raw(m, &sel, &v, &x, f, pool, NULL) == DCOR_EDATA);
	fclose(f);
	OK(access("x.rtdc", F_OK) != 0);
	dcor_sel_fini(&sel);
}

int
main(void)
{
	char dir[] = "/tmp/dcor-unit.XXXXXX";
	struct dcor_export x = { .software = "unit 1", .replace = 1 };
	struct dcor_pool *one = NULL, *three = NULL;
	struct dcor_rtdc *m = NULL;
	struct dcor_sel sel;
	uint64_t pick[N];
	size_t n;
	int i;

	if (mkdtemp(dir) == NULL || chdir(dir) != 0)
		return 1;
	make();
	OK(dcor_pool_new(1, &one, &err) == DCOR_OK);
	OK(dcor_pool_new(3, &three, &err) == DCOR_OK);
	OK(dcor_rtdc_open("in.rtdc", &m, &err) == DCOR_OK);
	for (i = 0; i < 12; i++) {
		n = choose(i, pick, &sel);
		x.source = 0;
		OK(dcor_export_rtdc(m, &sel, NULL, &x, "out.rtdc", three,
		    &err) == DCOR_OK);
		OK(check(pick, n));
		OK(dcor_export_rtdc(m, &sel, NULL, &x, "again.rtdc", one,
		    &err) == DCOR_OK);
		OK(same_file("out.rtdc", "again.rtdc"));
		OK(bytes(m, &sel, pick, n, three));
		dcor_sel_fini(&sel);
	}
	refusals(m, three);
	if (err.code != DCOR_OK)
		printf("# %s\n", err.msg);
	dcor_rtdc_close(m);
	dcor_pool_free(one);
	dcor_pool_free(three);
	for (i = 0; i < 5; i++)
		unlink((const char *[]){ "in.rtdc", "out.rtdc", "again.rtdc",
		    "out.raw", "out.npy" }[i]);
	OK(chdir("/") == 0 && rmdir(dir) == 0);
	return DONE();
}

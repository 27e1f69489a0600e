/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rows of one file put into another; libhdf5 wrote the one and reads the
 * other. */
#include "tap.h"

#include <fcntl.h>
#include <hdf5.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rtdc/h5out.h"

#define N	47

struct pair {
	int16_t	 a;
	double	 b;
};

static int16_t grid[N][5][9];
static double column[N];
static struct pair table[N];
static signed char flag[N];

static void
put(hid_t file, const char *name, hid_t type, hid_t mem, unsigned rank,
    const hsize_t *dim, hid_t dcpl, const void *data)
{
	hsize_t max[4] = { H5S_UNLIMITED, H5S_UNLIMITED, 9, 0 };
	int chunked = H5Pget_layout(dcpl) == H5D_CHUNKED;
	hid_t space, set;

	space = H5Screate_simple((int)rank, dim, chunked ? max : NULL);
	set = H5Dcreate2(file, name, type, space, H5P_DEFAULT, dcpl,
	    H5P_DEFAULT);
	OK(set >= 0 && (data == NULL || H5Dwrite(set, mem, H5S_ALL, H5S_ALL,
	    H5P_DEFAULT, data) >= 0));
	H5Dclose(set);
	H5Sclose(space);
}

static hid_t
pair_type(void)
{
	hid_t t = H5Tcreate(H5T_COMPOUND, sizeof(struct pair));

	H5Tinsert(t, "a", HOFFSET(struct pair, a), H5T_NATIVE_INT16);
	H5Tinsert(t, "b", HOFFSET(struct pair, b), H5T_NATIVE_DOUBLE);
	return t;
}

/* The source: chunks that cut rows, big-endian, no chunks, a compound, an
 * enumeration, chunks that are not there. */
static void
make(void)
{
	hsize_t dim[3] = { N, 5, 9 }, cut[3] = { 4, 2, 9 }, per = 10;
	hid_t file, dcpl, pair = pair_type(), bools;
	signed char v;
	int16_t fill = -7;
	int i;

	for (i = 0; i < N; i++) {
		column[i] = i / 7.0;
		table[i].a = (int16_t)-i;
		table[i].b = 1.0 / (i + 1);
		flag[i] = i % 3 == 0;
	}
	for (i = 0; i < N * 5 * 9; i++)
		(&grid[0][0][0])[i] = (int16_t)(i * 31 - 9000);
	file = H5Fcreate("in.h5", H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
	dcpl = H5Pcreate(H5P_DATASET_CREATE);
	put(file, "plain", H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, 1, dim, dcpl,
	    column);
	H5Pset_chunk(dcpl, 3, cut);
	H5Pset_shuffle(dcpl);
	H5Pset_deflate(dcpl, 4);
	put(file, "cut", H5T_STD_I16BE, H5T_NATIVE_INT16, 3, dim, dcpl, grid);
	H5Pclose(dcpl);
	dcpl = H5Pcreate(H5P_DATASET_CREATE);
	H5Pset_chunk(dcpl, 1, &per);
	H5Pset_fletcher32(dcpl);
	put(file, "sum", H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, 1, dim, dcpl,
	    column);
	put(file, "pair", pair, pair, 1, dim, dcpl, table);
	bools = H5Tenum_create(H5T_STD_I8LE);
	v = 0;
	H5Tenum_insert(bools, "FALSE", &v);
	v = 1;
	H5Tenum_insert(bools, "TRUE", &v);
	put(file, "flag", bools, bools, 1, dim, dcpl, flag);
	H5Pset_fill_value(dcpl, H5T_NATIVE_INT16, &fill);
	put(file, "none", H5T_STD_I16LE, H5T_NATIVE_INT16, 1, dim, dcpl,
	    NULL);
	H5Tclose(bools);
	H5Tclose(pair);
	H5Pclose(dcpl);
	H5Fclose(file);
}

/* Whether name holds those n bytes, after libhdf5 in type mem; its rows. */
static uint64_t
holds(hid_t file, const char *name, hid_t mem, const void *want, size_t n)
{
	hid_t set = H5Dopen2(file, name, H5P_DEFAULT), space;
	hsize_t dim[4] = { 0 };
	void *got = calloc(1, n);
	int good;

	space = H5Dget_space(set);
	H5Sget_simple_extent_dims(space, dim, NULL);
	good = (size_t)H5Sget_simple_extent_npoints(space) *
	    H5Tget_size(mem) == n &&
	    H5Dread(set, mem, H5S_ALL, H5S_ALL, H5P_DEFAULT, got) >= 0 &&
	    memcmp(got, want, n) == 0;
	H5Sclose(space);
	H5Dclose(set);
	free(got);
	return good ? dim[0] : 0;
}

/* Whether both files have the same stored chunk there. */
static int
same_chunk(hid_t a, hid_t b, const char *name, const hsize_t *at)
{
	unsigned char x[4096], y[4096];
	hsize_t n = 0, m = 1;
	uint32_t k = 0, l = 1;
	hid_t s, t;
	int same;

	s = H5Dopen2(a, name, H5P_DEFAULT);
	t = H5Dopen2(b, name, H5P_DEFAULT);
	same = H5Dget_chunk_storage_size(s, at, &n) >= 0 &&
	    H5Dget_chunk_storage_size(t, at, &m) >= 0 && n == m && n > 0 &&
	    n < sizeof(x) &&
	    H5Dread_chunk(s, H5P_DEFAULT, at, &k, x) >= 0 &&
	    H5Dread_chunk(t, H5P_DEFAULT, at, &l, y) >= 0 && k == l &&
	    memcmp(x, y, n) == 0;
	H5Dclose(s);
	H5Dclose(t);
	return same;
}

static const char *const names[] = { "plain", "cut", "sum", "pair", "flag",
	"none" };
#define NSETS	(sizeof(names) / sizeof(names[0]))

static int
copy_all(const char *out, int level, unsigned workers)
{
	struct dcor_h5spec spec = { .level = level };
	struct dcor_err err = DCOR_ERR_INIT;
	struct dcor_dset *d[NSETS];
	struct dcor_h5out *o;
	struct dcor_h5col *c;
	struct dcor_pool *pool;
	struct dcor_h5 *h;
	unsigned i;
	int rc, n = 0;

	OK(dcor_pool_new(workers, &pool, &err) == DCOR_OK);
	OK(dcor_h5_open("in.h5", &h, &err) == DCOR_OK);
	OK(dcor_h5out_create(out, pool, &o, &err) == DCOR_OK);
	for (i = 0; i < NSETS; i++) {
		d[i] = NULL;
		OK(dcor_dset_open(h, names[i], &d[i], &err) == DCOR_OK);
		rc = dcor_h5out_like(o, names[i], d[i], &spec, &c, NULL);
		if (rc == DCOR_OK) {
			n++;
			OK(dcor_h5col_copy(c, d[i], 0, N, &err) == DCOR_OK);
		}
	}
	OK(dcor_h5out_close(o, NULL, &err) == DCOR_OK);
	for (i = 0; i < NSETS; i++)
		dcor_dset_close(d[i]);
	dcor_h5_close(h);
	dcor_pool_free(pool);
	return n;
}

static void
whole(const char *out, int asis)
{
	hsize_t edge[3] = { 44, 4, 0 }, second = 10;
	hid_t in = H5Fopen("in.h5", H5F_ACC_RDONLY, H5P_DEFAULT);
	hid_t f = H5Fopen(out, H5F_ACC_RDONLY, H5P_DEFAULT);
	hid_t pair = pair_type(), set, type, space;
	hsize_t max[3];
	int16_t none[N];
	int i;

	for (i = 0; i < N; i++)
		none[i] = -7;
	OK(asis || holds(f, "plain", H5T_NATIVE_DOUBLE, column,
	    sizeof(column)) == N);
	OK(holds(f, "sum", H5T_NATIVE_DOUBLE, column, sizeof(column)) == N);
	OK(holds(f, "cut", H5T_NATIVE_INT16, grid, sizeof(grid)) == N);
	OK(holds(f, "pair", pair, table, sizeof(table)) == N);
	OK(holds(f, "none", H5T_NATIVE_INT16, none, sizeof(none)) == N);
	set = H5Dopen2(f, "flag", H5P_DEFAULT);
	type = H5Dget_type(set);
	OK(H5Tget_class(type) == H5T_ENUM && H5Tget_nmembers(type) == 2);
	OK(holds(f, "flag", type, flag, sizeof(flag)) == N);
	H5Tclose(type);
	H5Dclose(set);
	set = H5Dopen2(f, "cut", H5P_DEFAULT);
	type = H5Dget_type(set);
	space = H5Dget_space(set);
	OK(H5Tget_order(type) == (asis ? H5T_ORDER_BE : H5T_ORDER_LE));
	OK(H5Sget_simple_extent_dims(space, NULL, max) == 3 &&
	    max[0] == H5S_UNLIMITED && max[1] == H5S_UNLIMITED &&
	    max[2] == 9);
	H5Sclose(space);
	H5Tclose(type);
	H5Dclose(set);
	if (asis) {
		OK(same_chunk(in, f, "cut", edge));
		OK(same_chunk(in, f, "sum", &second));
		OK(same_chunk(in, f, "pair", &second));
	}
	H5Tclose(pair);
	H5Fclose(f);
	H5Fclose(in);
}

/* Rows from here and there, on chunk borders and off them. */
static void
parts(void)
{
	struct dcor_h5spec spec = { .level = 0 }, five = { .level = 5 };
	struct dcor_err err = DCOR_ERR_INIT;
	double want[3 * N], two[2] = { -1, -2 };
	struct dcor_h5col *a, *b, *c;
	hsize_t first = 0, last = 40;
	struct dcor_dset *d, *cut;
	struct dcor_h5out *o;
	struct dcor_pool *pool;
	struct dcor_h5 *h;
	hid_t f, in;

	OK(dcor_pool_new(3, &pool, &err) == DCOR_OK);
	OK(dcor_h5_open("in.h5", &h, &err) == DCOR_OK);
	OK(dcor_dset_open(h, "sum", &d, &err) == DCOR_OK);
	OK(dcor_dset_open(h, "cut", &cut, &err) == DCOR_OK);
	OK(dcor_h5out_create("parts.h5", pool, &o, &err) == DCOR_OK);
	OK(dcor_h5out_like(o, "sum", d, &spec, &a, &err) == DCOR_OK);
	OK(dcor_h5col_chunk_rows(a) == 10);
	OK(dcor_h5col_copy(a, d, 0, N, &err) == DCOR_OK);
	OK(dcor_h5col_copy(a, d, 10, 20, &err) == DCOR_OK);
	OK(dcor_h5col_append(a, two, 2, &err) == DCOR_OK);
	OK(dcor_h5col_copy(a, d, 3, 40, &err) == DCOR_OK);
	memcpy(want, column, sizeof(column));
	memcpy(want + N, column + 10, 20 * sizeof(*want));
	memcpy(want + N + 20, two, sizeof(two));
	memcpy(want + N + 22, column + 3, 40 * sizeof(*want));
	OK(dcor_h5col_finish(a, &err) == DCOR_OK);
	OK(dcor_h5out_like(o, "five", d, &five, &b, &err) == DCOR_OK);
	OK(dcor_h5col_copy(b, d, 5, 9, &err) == DCOR_OK);
	OK(dcor_h5out_like(o, "tail", d, &spec, &c, &err) == DCOR_OK);
	OK(dcor_h5col_copy(c, d, 40, 7, &err) == DCOR_OK);
	OK(dcor_h5col_copy(c, cut, 0, 1, NULL) == DCOR_EARG);
	OK(dcor_h5col_copy(c, d, 40, 8, NULL) == DCOR_EARG);
	OK(dcor_h5out_close(o, NULL, &err) == DCOR_OK);
	dcor_dset_close(cut);
	dcor_dset_close(d);
	dcor_h5_close(h);
	dcor_pool_free(pool);
	in = H5Fopen("in.h5", H5F_ACC_RDONLY, H5P_DEFAULT);
	f = H5Fopen("parts.h5", H5F_ACC_RDONLY, H5P_DEFAULT);
	OK(holds(f, "sum", H5T_NATIVE_DOUBLE, want, (N + 62) *
	    sizeof(*want)) == N + 62);
	OK(same_chunk(in, f, "sum", &first));
	OK(!same_chunk(in, f, "sum", &last));
	OK(holds(f, "five", H5T_NATIVE_DOUBLE, column + 5, 9 *
	    sizeof(*column)) == 9);
	OK(holds(f, "tail", H5T_NATIVE_DOUBLE, column + 40, 7 *
	    sizeof(*column)) == 7);
	H5Fclose(f);
	H5Fclose(in);
}

/* A flipped bit is found also where nothing is decoded. */
static void
damage(void)
{
	struct dcor_h5spec spec = { .level = DCOR_LEVEL_ASIS };
	struct dcor_err err = DCOR_ERR_INIT;
	const struct dcor_h5chunk *chunk;
	struct dcor_h5col *c;
	struct dcor_dset *d;
	struct dcor_h5out *o;
	struct dcor_pool *pool;
	struct dcor_h5 *h;
	unsigned char byte;
	int fd, rc;

	OK(dcor_pool_new(2, &pool, &err) == DCOR_OK);
	OK(dcor_h5_open("in.h5", &h, &err) == DCOR_OK);
	OK(dcor_dset_open(h, "sum", &d, &err) == DCOR_OK);
	chunk = dcor_dset_chunk(d, 3, &err);
	fd = open("in.h5", O_RDWR | O_CLOEXEC);
	OK(pread(fd, &byte, 1, (off_t)chunk->addr + 5) == 1);
	byte ^= 4;
	OK(pwrite(fd, &byte, 1, (off_t)chunk->addr + 5) == 1);
	close(fd);
	OK(dcor_h5out_create("bad.h5", pool, &o, &err) == DCOR_OK);
	OK(dcor_h5out_like(o, "sum", d, &spec, &c, &err) == DCOR_OK);
	rc = dcor_h5col_copy(c, d, 0, N, &err);
	if (rc == DCOR_OK)
		rc = dcor_h5col_finish(c, &err);
	if (rc == DCOR_OK)
		rc = dcor_h5out_flush(o, &err);
	OK(rc == DCOR_EDATA && strstr(err.msg, "checksum") != NULL);
	dcor_h5out_discard(o);
	dcor_dset_close(d);
	dcor_h5_close(h);
	dcor_pool_free(pool);
}

int
main(void)
{
	char dir[] = "/tmp/h5out.XXXXXX";

	if (mkdtemp(dir) == NULL || chdir(dir) != 0)
		return 1;
	make();
	OK(copy_all("asis.h5", DCOR_LEVEL_ASIS, 1) == NSETS - 1);
	whole("asis.h5", 1);
	OK(copy_all("five.h5", 5, 4) == NSETS);
	whole("five.h5", 0);
	parts();
	damage();
	unlink("in.h5");
	unlink("asis.h5");
	unlink("five.h5");
	unlink("parts.h5");
	unlink("bad.h5");
	OK(chdir("/") == 0 && rmdir(dir) == 0);
	return DONE();
}

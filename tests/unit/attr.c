/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Attributes read without libhdf5: the same as libhdf5 reads where it can,
 * and what h5py wrote with HDF5 2.0 where it cannot.
 */
#include <hdf5.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rtdc/h5attr.h"
#include "rtdc/h5out.h"
#include "tap.h"

static uint32_t state = 1;

static unsigned
rnd(unsigned n)
{
	state = state * 1664525 + 1013904223;
	return (state >> 8) % n;
}

/* An attribute of some type and extent. */
static void
put(hid_t at, unsigned i)
{
	static const hsize_t dims[2] = { 3, 2 };
	unsigned char data[4096];
	unsigned kind = rnd(8), k;
	hid_t type, space, a;
	char name[300];
	char text[40], *ptr = text;

	for (k = 0; k < sizeof(data); k++)
		data[k] = (unsigned char)rnd(256);
	snprintf(name, sizeof(name), "%04u:%.*s", i, (int)rnd(200),
	    "a long name of an attribute that says nothing at all but takes "
	    "room in the heap where it is kept, so that blocks fill up soon "
	    "and there is a second and a third of them, in rows that double");
	space = kind == 0 ? H5Screate(H5S_NULL) : kind < 6 ?
	    H5Screate(H5S_SCALAR) : H5Screate_simple(2, dims, NULL);
	if (kind == 2) {
		type = H5Tcopy(H5T_C_S1);
		H5Tset_size(type, 1 + rnd(600));
	} else if (kind == 3) {
		type = H5Tcopy(H5T_C_S1);
		H5Tset_size(type, H5T_VARIABLE);
		snprintf(text, sizeof(text), "text %u", i);
	} else if (kind == 4) {
		type = H5Tcreate(H5T_COMPOUND, 24);
		H5Tinsert(type, "a", 0, H5T_STD_I32LE);
		H5Tinsert(type, "bc", 8, H5T_IEEE_F64BE);
		H5Tinsert(type, "d", 17, H5T_STD_U8LE);
	} else if (kind == 5) {
		type = H5Tenum_create(H5T_STD_I8LE);
		H5Tenum_insert(type, "FALSE", "\0");
		H5Tenum_insert(type, "TRUE", "\1");
		data[0] &= 1;
	} else
		type = H5Tcopy(kind == 1 ? H5T_STD_I64BE : kind == 6 ?
		    H5T_IEEE_F32LE : H5T_STD_U16LE);
	a = H5Acreate2(at, name, type, space, H5P_DEFAULT, H5P_DEFAULT);
	if (kind != 0)
		H5Awrite(a, type, kind == 3 ? (void *)&ptr : data);
	H5Aclose(a);
	H5Tclose(type);
	H5Sclose(space);
}

/* Whether a is what libhdf5 says. */
static int
agrees(struct dcor_h5 *h, hid_t obj, const struct dcor_h5attr *a)
{
	hid_t at = H5Aopen(obj, a->name, H5P_DEFAULT), type, space;
	unsigned char buf[4096];
	hsize_t dim[H5S_MAX_RANK];
	char *text = NULL, *want = NULL;
	int ok, rank;
	size_t n;

	if (at < 0)
		return 0;
	type = H5Aget_type(at);
	space = H5Aget_space(at);
	rank = H5Sget_simple_extent_dims(space, dim, NULL);
	ok = rank == (int)a->rank && (rank == 0 ||
	    memcmp(dim, a->dim, (size_t)rank * sizeof(*dim)) == 0);
	n = (size_t)H5Sget_simple_extent_npoints(space) * H5Tget_size(type);
	if (H5Tis_variable_str(type) > 0) {
		if (n > 0) {
			ok &= H5Aread(at, type, &want) >= 0 &&
			    dcor_h5attr_text(dcor_h5_src(h),
			    dcor_h5_superblock(h), a, &text, NULL) == 0 &&
			    strcmp(text, want) == 0;
			H5free_memory(want);
			free(text);
		}
	} else
		ok &= n == a->ndata && (n == 0 || (H5Aread(at, type, buf) >=
		    0 && memcmp(buf, a->data, n) == 0));
	H5Sclose(space);
	H5Tclose(type);
	H5Aclose(at);
	return ok;
}

/* n attributes, written with these bounds. */
static int
same(H5F_libver_t low, unsigned n)
{
	struct dcor_h5attr *v = NULL;
	struct dcor_h5 *h = NULL;
	hid_t fapl = H5Pcreate(H5P_FILE_ACCESS), f, g;
	uint64_t addr = 0;
	size_t got = 0, i;
	unsigned k;
	int ok;

	H5Pset_libver_bounds(fapl, low, H5F_LIBVER_V110);
	f = H5Fcreate("attr.h5", H5F_ACC_TRUNC, H5P_DEFAULT, fapl);
	g = H5Gcreate2(f, "g", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
	for (k = 0; k < n; k++)
		put(g, k);
	H5Gclose(g);
	H5Fclose(f);
	H5Pclose(fapl);
	ok = dcor_h5_open("attr.h5", &h, NULL) == 0 &&
	    dcor_h5_addr(h, "g", &addr, NULL) == 0 &&
	    dcor_h5attrs_read(dcor_h5_src(h), dcor_h5_superblock(h), addr,
	    &v, &got, NULL) == 0 && got == n;
	fapl = H5Pcreate(H5P_FILE_ACCESS);
#if H5_VERSION_GE(1, 10, 7)
	H5Pset_file_locking(fapl, 0, 1);
#endif
	f = H5Fopen("attr.h5", H5F_ACC_RDONLY, fapl);
	g = H5Gopen2(f, "g", H5P_DEFAULT);
	for (i = 0; ok && i < got; i++)
		if (!agrees(h, g, &v[i])) {
			printf("# %.20s: class %d, %zu bytes: differs\n",
			    v[i].name, (int)v[i].type.cls, v[i].ndata);
			ok = 0;
		}
	H5Gclose(g);
	H5Fclose(f);
	H5Pclose(fapl);
	dcor_h5attrs_free(v, got);
	dcor_h5_close(h);
	return ok;
}

static int
text_is(struct dcor_h5 *h, const char *path, const char *name,
    const char *want)
{
	struct dcor_attr a;
	int ok;

	ok = dcor_h5_attr(h, path, name, &a, NULL) == 0 &&
	    a.kind == DCOR_ATTR_TEXT && strcmp(a.text, want) == 0;
	dcor_attr_fini(&a);
	return ok;
}

static int
number_is(struct dcor_h5 *h, const char *path, const char *name,
    enum dcor_attr_kind kind, double want)
{
	struct dcor_attr a;

	return dcor_h5_attr(h, path, name, &a, NULL) == 0 &&
	    a.kind == kind && a.f == want;
}

static int
opened(struct dcor_h5 *h)
{
	struct dcor_names names;
	struct dcor_attr a;
	int ok = 1;

	ok &= number_is(h, "/", "a bool", DCOR_ATTR_BOOL, 1);
	ok &= number_is(h, "/", "b int", DCOR_ATTR_INT, -7);
	ok &= number_is(h, "/", "c big", DCOR_ATTR_INT, 258);
	ok &= number_is(h, "/", "d float", DCOR_ATTR_FLOAT, 0.5);
	ok &= text_is(h, "/", "e text", "Zellen \xc3\xa4");
	ok &= text_is(h, "/", "f fixed", "fixed");
	ok &= dcor_h5_attr(h, "/", "g points", &a, NULL) == 0 &&
	    a.kind == DCOR_ATTR_OTHER;
	ok &= number_is(h, "/", "h false", DCOR_ATTR_BOOL, 0);
	ok &= text_is(h, "/", "i empty", "");
	ok &= text_is(h, "/", "z19", "vvvvvvvvvvvvvvvvvvv");
	ok &= dcor_h5_attr(h, "/", "none", &a, NULL) == 0 &&
	    a.kind == DCOR_ATTR_NONE;
	ok &= dcor_h5_attrs(h, "/", &names, NULL) == 0 && names.n == 29 &&
	    strcmp(names.name[0], "a bool") == 0;
	dcor_names_fini(&names);
	/* behind a boolean in one header */
	ok &= number_is(h, "few", "first", DCOR_ATTR_BOOL, 1);
	ok &= text_is(h, "few", "second", "after a boolean");
	ok &= number_is(h, "few", "third", DCOR_ATTR_INT, 1099511627776.0);
	ok &= number_is(h, "table", "flag", DCOR_ATTR_BOOL, 1);
	ok &= text_is(h, "table", "name", "cells");
	return ok;
}

/* The table of five rows, by libhdf5, in a copy. */
static int
table_is(const char *path)
{
	struct row {
		unsigned char count;
		int x;
		double y;
		char s[4];
		float v[2];
	} row[5];
	static const hsize_t two = 2;
	hid_t f = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT), d, t, s, v;
	static const char *const text[] = { "a", "bc", "def", "ghij", "" };
	int i, ok;

	d = H5Dopen2(f, "table", H5P_DEFAULT);
	t = H5Tcreate(H5T_COMPOUND, sizeof(row[0]));
	s = H5Tcopy(H5T_C_S1);
	H5Tset_size(s, 4);
	H5Tset_strpad(s, H5T_STR_NULLPAD);
	v = H5Tarray_create2(H5T_NATIVE_FLOAT, 1, &two);
	H5Tinsert(t, "count", HOFFSET(struct row, count), H5T_NATIVE_UCHAR);
	H5Tinsert(t, "x", HOFFSET(struct row, x), H5T_NATIVE_INT);
	H5Tinsert(t, "y", HOFFSET(struct row, y), H5T_NATIVE_DOUBLE);
	H5Tinsert(t, "s", HOFFSET(struct row, s), s);
	H5Tinsert(t, "v", HOFFSET(struct row, v), v);
	ok = d >= 0 && H5Dread(d, t, H5S_ALL, H5S_ALL, H5P_DEFAULT, row) >= 0;
	for (i = 0; ok && i < 5; i++)
		ok = row[i].count == i && row[i].x == (i % 2 ? i + 1 :
		    -i - 1) && row[i].y == i / 4.0 && strncmp(row[i].s,
		    text[i], 4) == 0 && row[i].v[0] == 0 && row[i].v[1] == 7;
	H5Tclose(v);
	H5Tclose(s);
	H5Tclose(t);
	H5Dclose(d);
	H5Fclose(f);
	return ok;
}

int
main(void)
{
	char dir[] = "/tmp/dcor-unit.XXXXXX";
	char *latest = realpath("tests/data/hdf5-2.0-latest.h5", NULL);
	struct dcor_pool *pool = NULL;
	struct dcor_h5out *o = NULL;
	struct dcor_h5 *h = NULL, *copy = NULL;

	if (latest == NULL || mkdtemp(dir) == NULL || chdir(dir) != 0 ||
	    dcor_pool_new(1, &pool, NULL) != 0)
		return 1;
	OK(same(H5F_LIBVER_EARLIEST, 0));
	OK(same(H5F_LIBVER_EARLIEST, 7));
	OK(same(H5F_LIBVER_EARLIEST, 60));
	OK(same(H5F_LIBVER_V18, 8));
	OK(same(H5F_LIBVER_V18, 30));
	OK(same(H5F_LIBVER_V110, 9));
	OK(same(H5F_LIBVER_V110, 300));
	OK(same(H5F_LIBVER_V110, 3000));
	OK(same(H5F_LIBVER_V110, 12000));

	OK(dcor_h5_open(latest, &h, NULL) == 0);
	OK(opened(h));
	OK(dcor_h5out_create("copy.h5", pool, &o, NULL) == 0);
	OK(dcor_h5out_copy_attrs(o, "/", h, "/", NULL) == 0);
	OK(dcor_h5out_group(o, "few", NULL) == 0);
	OK(dcor_h5out_copy_attrs(o, "few", h, "few", NULL) == 0);
	OK(dcor_h5out_copy_dset(o, "table", h, "table", NULL) == 0);
	OK(dcor_h5out_close(o, NULL, NULL) == 0);
	OK(dcor_h5_open("copy.h5", &copy, NULL) == 0);
	OK(opened(copy));
	dcor_h5_close(copy);
	OK(table_is("copy.h5"));
	dcor_h5_close(h);
	dcor_pool_free(pool);
	free(latest);
	unlink("attr.h5");
	unlink("copy.h5");
	rmdir(dir);
	return DONE();
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* h5make.h - HDF5 files with every kind of dataset */
#ifndef H5MAKE_H
#define H5MAKE_H
#include <hdf5.h>
#include <stdint.h>
#include <stdio.h>

/* A dataset: extent, largest extent, chunks; 0 ends, U is unlimited. */
#define U	UINT64_MAX
struct spec {
	const char	*name;
	hsize_t		 dim[4], max[4], chunk[4];
	enum { PLAIN = 0, DEFLATE = 1, SHUFFLE = 2, SUM = 4, EARLY = 8,
	    SPARSE = 16, RAWMASK = 32, FILL = 64, NODATA = 128,
	    SHRINK = 256, NOEDGE = 512, COMPACT = 1024 } flags;
};
static const struct spec specs[] = {
	{ "scalar", { 0 }, { 0 }, { 0 }, PLAIN },
	{ "contiguous", { 7, 5 }, { 0 }, { 0 }, FILL },
	{ "unwritten", { 7, 5 }, { 0 }, { 0 }, NODATA },
	{ "compact", { 100 }, { 0 }, { 0 }, COMPACT },
	{ "single", { 10, 4 }, { 0 }, { 10, 4 }, PLAIN },
	{ "single_big", { 10, 4 }, { 10, 4 }, { 16, 4 }, DEFLATE | SUM },
	{ "single_mask", { 10, 4 }, { 0 }, { 10, 4 }, DEFLATE | RAWMASK },
	{ "implicit", { 20, 13, 11 }, { 30, 13, 21 }, { 7, 5, 3 }, EARLY },
	{ "fixed", { 20, 13, 11 }, { 30, 13, 21 }, { 7, 5, 3 }, PLAIN },
	{ "fixed_z", { 20, 13, 11 }, { 0 }, { 7, 5, 3 },
	  DEFLATE | SHUFFLE | SUM | FILL },
	{ "fixed_mask", { 64 }, { 0 }, { 4 }, DEFLATE | SHUFFLE | RAWMASK },
	{ "fixed_pages", { 5000 }, { 7777 }, { 1 }, PLAIN },
	{ "fixed_pages_z", { 3000 }, { 0 }, { 1 }, DEFLATE },
	{ "fixed_sparse", { 100000 }, { 0 }, { 2 }, SPARSE | SUM },
	{ "ext", { 20, 13, 11 }, { U, 13, 11 }, { 7, 5, 3 }, PLAIN },
	{ "ext_second", { 20, 40, 11 }, { 21, U, 30 }, { 7, 5, 3 }, SUM },
	{ "ext_last", { 5, 4, 60 }, { 5, 9, U }, { 2, 3, 1 }, DEFLATE },
	{ "ext_20000", { 20000 }, { U }, { 1 }, PLAIN },
	{ "ext_sparse", { 400000 }, { U }, { 1 }, SPARSE },
	{ "ext_sparse_z", { 300000 }, { U }, { 1 }, SPARSE | DEFLATE },
	{ "ext_empty", { 0, 4 }, { U, 4 }, { 10, 4 }, NODATA },
	{ "ext_nodata", { 100 }, { U }, { 10 }, NODATA | FILL },
	{ "ext_shrunk", { 1000 }, { U }, { 10 }, SHRINK },
	{ "ext_mask", { 1000 }, { U }, { 10 }, SUM | RAWMASK },
	{ "btree2", { 20, 13, 11 }, { U, U, 11 }, { 7, 5, 3 }, PLAIN },
	{ "btree2_z", { 20, 13, 11 }, { U, 20, U }, { 7, 5, 3 },
	  DEFLATE | FILL },
	{ "btree2_deep", { 150, 120 }, { U, U }, { 1, 1 }, PLAIN },
	{ "btree2_deep_z", { 100, 80 }, { U, U }, { 1, 1 }, SUM },
	{ "btree2_shrunk", { 100, 80 }, { U, U }, { 3, 7 }, SHRINK },
	{ "btree2_sparse", { 400, 500 }, { U, U }, { 1, 10 }, SPARSE },
	{ "edge", { 20, 13 }, { 0 }, { 7, 5 }, DEFLATE | NOEDGE },
	{ "edge_ext", { 20, 13 }, { U, 13 }, { 7, 5 }, SUM | NOEDGE },
	{ "edge_single", { 20, 13 }, { 0 }, { 21, 13 }, DEFLATE | NOEDGE },
};

static void
make_dset(hid_t f, const char *name, const struct spec *s, hid_t type)
{
	static uint32_t buf[400000];
	hsize_t half[4], n = 1, start, count, off[4] = { 0 };
	hid_t space, mem, p, d;
	int rank = 0, i;

	for (; rank < 4 && (s->dim[rank] > 0 || s->chunk[rank] > 0); rank++) {
		n *= s->dim[rank];
		half[rank] = s->dim[rank] / 2 + 1;
	}
	for (i = 0; i < 400000; i++)
		buf[i] = (uint32_t)i * 2654435761u;
	space = rank == 0 ? H5Screate(H5S_SCALAR) : H5Screate_simple(rank,
	    s->dim, s->max[0] > 0 ? s->max : NULL);
	p = H5Pcreate(H5P_DATASET_CREATE);
	if (s->chunk[0] > 0)
		H5Pset_chunk(p, rank, s->chunk);
	if (s->flags & COMPACT)
		H5Pset_layout(p, H5D_COMPACT);
	if (s->flags & EARLY)
		H5Pset_alloc_time(p, H5D_ALLOC_TIME_EARLY);
	if (s->flags & SHUFFLE)
		H5Pset_shuffle(p);
	if (s->flags & DEFLATE)
		H5Pset_deflate(p, 1);
	if (s->flags & SUM)
		H5Pset_fletcher32(p);
	if (s->flags & FILL)
		H5Pset_fill_value(p, H5T_NATIVE_UINT32, &buf[3]);
	if (s->flags & NOEDGE)
		H5Pset_chunk_opts(p, H5D_CHUNK_DONT_FILTER_PARTIAL_CHUNKS);
	d = H5Dcreate2(f, name, type, space, H5P_DEFAULT, p, H5P_DEFAULT);
	if (s->flags & SPARSE)
		for (i = 0; i < 5 && rank > 0; i++) {
			/* rows here and there */
			off[0] = start = s->dim[0] * (unsigned)i * i / 17;
			count = s->dim[0] / 60;
			n = count;
			half[0] = count;
			if (rank == 2)
				n *= half[1] = s->dim[1] / 3;
			H5Sselect_hyperslab(space, H5S_SELECT_SET, off, NULL,
			    half, NULL);
			mem = H5Screate_simple(1, &n, NULL);
			H5Dwrite(d, H5T_NATIVE_UINT32, mem, space,
			    H5P_DEFAULT, buf + start % 1000);
			H5Sclose(mem);
		}
	else if (!(s->flags & NODATA))
		H5Dwrite(d, H5T_NATIVE_UINT32, H5S_ALL, H5S_ALL, H5P_DEFAULT,
		    buf);
	if (s->flags & RAWMASK) {
		H5Dwrite_chunk(d, H5P_DEFAULT, 1, off, 33, buf);
		off[0] += s->chunk[0] < s->dim[0] ? s->chunk[0] : 0;
		H5Dwrite_chunk(d, H5P_DEFAULT, 3, off, 44, buf);
	}
	if (s->flags & SHRINK)
		H5Dset_extent(d, half);
	H5Dclose(d);
	H5Pclose(p);
	H5Sclose(space);
}

static void
make_types(hid_t f, int grow)
{
	static const struct spec one = { "", { 6 }, { 0 }, { 4 }, FILL };
	static const struct spec none = { "", { 6 }, { U }, { 4 }, NODATA };
	static const struct spec fixed = { "", { 6 }, { 9 }, { 4 }, NODATA };
	static const hid_t *const num[] = {
		&H5T_STD_U8LE_g, &H5T_STD_I8BE_g, &H5T_STD_U16LE_g,
		&H5T_STD_I16BE_g, &H5T_STD_U32BE_g, &H5T_STD_I32LE_g,
		&H5T_STD_U64LE_g, &H5T_STD_I64BE_g, &H5T_IEEE_F32LE_g,
		&H5T_IEEE_F32BE_g, &H5T_IEEE_F64LE_g, &H5T_IEEE_F64BE_g,
		&H5T_NATIVE_LDOUBLE_g
	};
	char name[16];
	hsize_t dim = 3;
	hid_t t[10], s, d;
	size_t i;

	for (i = 0; i < sizeof(num) / sizeof(num[0]); i++) {
		snprintf(name, sizeof(name), "number%zu", i);
		make_dset(f, name, &one, *num[i]);
	}
	t[0] = H5Tcopy(H5T_C_S1);
	H5Tset_size(t[0], 17);
	t[1] = H5Tcopy(H5T_C_S1);
	H5Tset_size(t[1], H5T_VARIABLE);
	t[2] = H5Tcopy(t[0]);
	H5Tset_cset(t[2], H5T_CSET_UTF8);
	H5Tset_strpad(t[2], H5T_STR_NULLPAD);
	t[3] = H5Tcreate(H5T_COMPOUND, 24);
	H5Tinsert(t[3], "a", 0, H5T_STD_I64LE);
	H5Tinsert(t[3], "b", 8, t[1]);
	t[4] = H5Tenum_create(H5T_STD_I8LE);
	H5Tenum_insert(t[4], "TRUE", "\1");
	t[5] = H5Tvlen_create(H5T_STD_U16LE);
	t[6] = H5Tarray_create2(H5T_IEEE_F32LE, 1, &dim);
	t[7] = H5Tcopy(H5T_STD_U32LE);		/* 12 bits at 4 */
	H5Tset_precision(t[7], 12);
	H5Tset_offset(t[7], 4);
	t[8] = H5Tcopy(H5T_IEEE_F32LE);		/* another bias */
	H5Tset_ebias(t[8], 100);
	t[9] = H5Tcreate(H5T_OPAQUE, 5);
	for (i = 0; i < 10; i++) {
		snprintf(name, sizeof(name), "type%zu", i);
		make_dset(f, name, grow ? &none : &fixed, t[i]);
	}
	H5Tcommit2(f, "committed", t[7], H5P_DEFAULT, H5P_DEFAULT,
	    H5P_DEFAULT);
	make_dset(f, "of_committed", &one, t[7]);
	for (i = 0; i < 10; i++)
		H5Tclose(t[i]);
	s = H5Screate(H5S_NULL);
	d = H5Dcreate2(f, "null", H5T_STD_I32LE, s, H5P_DEFAULT, H5P_DEFAULT,
	    H5P_DEFAULT);
	H5Dclose(d);
	H5Sclose(s);
}

/* External and virtual data, and a header of several parts. */
static void
make_odd(hid_t f, int virtual)
{
	hsize_t dim = 10;
	hid_t s = H5Screate_simple(1, &dim, NULL), p, d, a;
	char name[200];
	int i;

	p = H5Pcreate(H5P_DATASET_CREATE);
	H5Pset_external(p, "nowhere.bin", 0, 40);
	H5Dclose(H5Dcreate2(f, "external", H5T_STD_I32LE, s, H5P_DEFAULT, p,
	    H5P_DEFAULT));
	H5Pclose(p);
	p = H5Pcreate(H5P_DATASET_CREATE);
	if (virtual) {
		H5Pset_virtual(p, s, "nowhere.h5", "/x", s);
		H5Dclose(H5Dcreate2(f, "virtual", H5T_STD_I32LE, s,
		    H5P_DEFAULT, p, H5P_DEFAULT));
	}
	H5Pclose(p);
	p = H5Pcreate(H5P_DATASET_CREATE);
	H5Pset_attr_phase_change(p, 100, 0);
	H5Pset_attr_creation_order(p, H5P_CRT_ORDER_TRACKED);
	H5Pset_chunk(p, 1, &dim);
	d = H5Dcreate2(f, "attributes", H5T_STD_I32LE, s, H5P_DEFAULT, p,
	    H5P_DEFAULT);
	for (i = 0; i < 60; i++) {
		snprintf(name, sizeof(name), "%0*d", 3 * i + 1, i);
		a = H5Acreate2(d, name, H5T_STD_I32LE, s, H5P_DEFAULT,
		    H5P_DEFAULT);
		H5Aclose(a);
	}
	H5Dclose(d);
	H5Pclose(p);
	H5Sclose(s);
}

/* Sizes of width bytes; with 4, libhdf5 itself cannot read what is
 * unlimited, so there is none of that.  many: also datasets of many
 * chunks. */
static void
make_file(const char *path, int latest, unsigned userblock, size_t width,
    int many)
{
	hid_t fapl = H5Pcreate(H5P_FILE_ACCESS), f;
	hid_t fcpl = H5Pcreate(H5P_FILE_CREATE);
	const struct spec *s;

	if (latest)
		H5Pset_libver_bounds(fapl, H5F_LIBVER_V110, H5F_LIBVER_V110);
	H5Pset_userblock(fcpl, userblock);
	H5Pset_sizes(fcpl, width, width);
	f = H5Fcreate(path, H5F_ACC_TRUNC, fcpl, fapl);
	for (s = specs; s < specs + sizeof(specs) / sizeof(specs[0]); s++)
		if ((many || s->dim[0] < 1000) && (width > 4 ||
		    (s->max[0] != U && s->max[1] != U && s->max[2] != U)))
			make_dset(f, s->name, s, H5T_STD_U32LE);
	make_types(f, width > 4);
	make_odd(f, latest);
	H5Fclose(f);
	H5Pclose(fapl);
	H5Pclose(fcpl);
}

#endif /* H5MAKE_H */

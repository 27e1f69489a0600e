/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * h5test.h - what the test programs need of HDF5: the Zstandard filter and
 * whole datasets, by libhdf5 alone, so that they can judge our own reader
 * and writer
 */
#ifndef H5TEST_H
#define H5TEST_H

#include <hdf5.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "cli.h"

#define H5TEST_ZSTD	((H5Z_filter_t)32015)

static size_t
h5test_zstd(unsigned flags, size_t nval, const unsigned *val, size_t nbytes,
    size_t *size, void **buf)
{
	unsigned long long len;
	size_t cap, n;
	void *out;

	if (flags & H5Z_FLAG_REVERSE) {
		len = ZSTD_getFrameContentSize(*buf, nbytes);
		if (len >= ZSTD_CONTENTSIZE_ERROR || len > SIZE_MAX)
			return 0;
		cap = (size_t)len;
	} else
		cap = ZSTD_compressBound(nbytes);
	if ((out = malloc(cap ? cap : 1)) == NULL)
		return 0;
	if (flags & H5Z_FLAG_REVERSE)
		n = ZSTD_decompress(out, cap, *buf, nbytes);
	else
		n = ZSTD_compress(out, cap, *buf, nbytes,
		    nval > 0 ? (int)val[0] : 3);
	if (ZSTD_isError(n)) {
		free(out);
		return 0;
	}
	free(*buf);
	*buf = out;
	*size = cap;
	return n;
}

/* To be called first; from then on HDF5 says nothing by itself. */
static inline void
h5test_init(void)
{
	static const H5Z_class2_t zstd = { H5Z_CLASS_T_VERS, H5TEST_ZSTD,
	    1, 1, "zstd", NULL, NULL, h5test_zstd };

	H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
	if (H5Zregister(&zstd) < 0)
		cli_die(70, "cannot register a filter");
}

static inline int
h5test_has(hid_t at, const char *name)
{
	return H5Lexists(at, name, H5P_DEFAULT) > 0;
}

/* Shape of a dataset; returns its rank, at most 4. */
static inline int
h5test_shape(hid_t d, hsize_t shape[4])
{
	hid_t s = H5Dget_space(d);
	int rank = H5Sget_simple_extent_ndims(s);

	memset(shape, 0, 4 * sizeof(*shape));
	if (rank < 0 || rank > 4)
		cli_die(65, "a dataset of %d dimensions", rank);
	H5Sget_simple_extent_dims(s, shape, NULL);
	H5Sclose(s);
	return rank;
}

static inline void *
h5test_alloc(size_t n)
{
	void *p = calloc(n ? n : 1, 1);

	if (p == NULL)
		cli_die(71, "out of memory");
	return p;
}

/* All of a dataset as items of type; *n counts the items of axis 0. */
static inline void *
h5test_read(hid_t at, const char *name, hid_t type, size_t *n)
{
	hsize_t shape[4], items = 1;
	hid_t d = H5Dopen2(at, name, H5P_DEFAULT);
	void *p;
	int i, rank;

	if (d < 0)
		cli_die(65, "%s: cannot be opened", name);
	rank = h5test_shape(d, shape);
	for (i = 0; i < rank; i++)
		items *= shape[i];
	p = h5test_alloc((size_t)items * H5Tget_size(type));
	if (items > 0 &&
	    H5Dread(d, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, p) < 0)
		cli_die(65, "%s: cannot be read", name);
	H5Dclose(d);
	*n = rank > 0 ? (size_t)shape[0] : 1;
	return p;
}

/* Rows [from, from + n) of a dataset of unsigned char. */
static inline void
h5test_rows(hid_t d, hsize_t from, hsize_t n, unsigned char *out)
{
	hsize_t shape[4], at[4] = { 0, 0, 0, 0 };
	int rank = h5test_shape(d, shape);
	hid_t fs = H5Dget_space(d), ms;

	at[0] = from;
	shape[0] = n;
	ms = H5Screate_simple(rank, shape, NULL);
	H5Sselect_hyperslab(fs, H5S_SELECT_SET, at, NULL, shape, NULL);
	if (H5Dread(d, H5T_NATIVE_UCHAR, ms, fs, H5P_DEFAULT, out) < 0)
		cli_die(65, "rows from %llu: cannot be read",
		    (unsigned long long)from);
	H5Sclose(ms);
	H5Sclose(fs);
}

/* A number among the root attributes, or dflt. */
static inline double
h5test_number(hid_t file, const char *name, double dflt)
{
	double v = dflt;
	hid_t a;

	if (H5Aexists(file, name) <= 0)
		return dflt;
	a = H5Aopen(file, name, H5P_DEFAULT);
	if (H5Aread(a, H5T_NATIVE_DOUBLE, &v) < 0)
		v = dflt;
	H5Aclose(a);
	return v;
}

/* What writes: ends the program when it cannot. */
static inline hid_t
h5test_must(hid_t id, const char *what)
{
	if (id < 0)
		cli_die(74, "%s: cannot be made", what);
	return id;
}

static inline void
h5test_put_text(hid_t at, const char *name, const char *s)
{
	hid_t t = H5Tcopy(H5T_C_S1), sp = H5Screate(H5S_SCALAR), a;

	H5Tset_size(t, H5T_VARIABLE);
	H5Tset_cset(t, H5T_CSET_UTF8);
	a = h5test_must(H5Acreate2(at, name, t, sp, H5P_DEFAULT,
	    H5P_DEFAULT), name);
	H5Awrite(a, t, &s);
	H5Aclose(a);
	H5Sclose(sp);
	H5Tclose(t);
}

static inline void
h5test_put_number(hid_t at, const char *name, hid_t type, const void *v)
{
	hid_t sp = H5Screate(H5S_SCALAR), a;

	a = h5test_must(H5Acreate2(at, name, type, sp, H5P_DEFAULT,
	    H5P_DEFAULT), name);
	H5Awrite(a, type, v);
	H5Aclose(a);
	H5Sclose(sp);
}

static inline void
h5test_put_i64(hid_t at, const char *name, int64_t v)
{
	h5test_put_number(at, name, H5T_NATIVE_INT64, &v);
}

static inline void
h5test_put_f64(hid_t at, const char *name, double v)
{
	h5test_put_number(at, name, H5T_NATIVE_DOUBLE, &v);
}

static inline void
h5test_put_fixed(hid_t at, const char *name, const char *s)
{
	hid_t t = H5Tcopy(H5T_C_S1);

	H5Tset_size(t, strlen(s));
	H5Tset_strpad(t, H5T_STR_NULLPAD);
	h5test_put_number(at, name, t, s);
	H5Tclose(t);
}

#endif /* H5TEST_H */

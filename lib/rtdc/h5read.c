/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Elements through libhdf5: for what the fast path does not know. */
#include <stdlib.h>
#include <string.h>

#include "rtdc/h5priv.h"

int
dcor_h5_read_rows(struct dcor_h5 *h, const char *path, uint64_t first,
    uint64_t n, void *buf, size_t size, struct dcor_err *err)
{
	hsize_t dim[DCOR_H5_MAXRANK], start[DCOR_H5_MAXRANK] = { 0 };
	hid_t set, file = -1, mem = -1, type = -1, native = -1;
	int rank, rc = DCOR_OK;
	size_t want;
	int i;

	dcor_h5_enter();
	set = H5Dopen2(h->file, path, H5P_DEFAULT);
	if (set < 0) {
		rc = dcor_h5_fail(err, DCOR_EDATA, path);
		goto out;
	}
	file = H5Dget_space(set);
	type = H5Dget_type(set);
	native = H5Tget_native_type(type, H5T_DIR_ASCEND);
	rank = H5Sget_simple_extent_ndims(file);
	if (native < 0 || rank < 1 || rank > DCOR_H5_MAXRANK) {
		rc = dcor_h5_fail(err, DCOR_EDATA, path);
		goto out;
	}
	H5Sget_simple_extent_dims(file, dim, NULL);
	start[0] = first;
	dim[0] = n;
	want = H5Tget_size(native);
	for (i = 0; i < rank; i++)
		want *= dim[i];
	mem = H5Screate_simple(rank, dim, NULL);
	if (want != size)
		rc = dcor_err_set(err, DCOR_EBUG, 0, "%s: %zu bytes, not %zu",
		    path, want, size);
	else if (n > 0 && (mem < 0 || H5Sselect_hyperslab(file,
	    H5S_SELECT_SET, start, NULL, dim, NULL) < 0 ||
	    H5Dread(set, native, mem, file, H5P_DEFAULT, buf) < 0))
		rc = dcor_h5_fail(err, DCOR_EDATA, path);
out:
	if (mem >= 0)
		H5Sclose(mem);
	if (native >= 0)
		H5Tclose(native);
	if (type >= 0)
		H5Tclose(type);
	if (file >= 0)
		H5Sclose(file);
	if (set >= 0)
		H5Dclose(set);
	dcor_h5_leave();
	return rc;
}

/* n elements of variable length, as libhdf5 hands them out. */
static int
vlen_lines(hid_t set, hid_t type, hid_t space, size_t n,
    struct dcor_names *out)
{
	char **line = calloc(n, sizeof(*line));
	size_t i;
	int ok;

	ok = line != NULL && H5Dread(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT,
	    line) >= 0;
	for (i = 0; ok && i < n; i++)
		ok = dcor_names_add(out, line[i] != NULL ? line[i] : "",
		    line[i] != NULL ? strlen(line[i]) : 0, NULL) == 0;
	if (line != NULL)
		H5Dvlen_reclaim(type, space, H5P_DEFAULT, line);
	free(line);
	return ok;
}

int
dcor_h5_read_lines(struct dcor_h5 *h, const char *path,
    struct dcor_names *out, struct dcor_err *err)
{
	hid_t set, space = -1, type = -1;
	hssize_t n = 0;
	int ok = 0;

	out->name = NULL;
	out->n = 0;
	dcor_h5_enter();
	set = H5Dopen2(h->file, path, H5P_DEFAULT);
	if (set >= 0) {
		space = H5Dget_space(set);
		type = H5Dget_type(set);
		n = H5Sget_simple_extent_npoints(space);
		if (H5Tis_variable_str(type) > 0 && n >= 0 && n < 1 << 28)
			ok = n == 0 || vlen_lines(set, type, space,
			    (size_t)n, out);
	}
	if (!ok) {
		dcor_names_fini(out);
		dcor_h5_fail(err, DCOR_EDATA, path);
	}
	if (type >= 0)
		H5Tclose(type);
	if (space >= 0)
		H5Sclose(space);
	if (set >= 0)
		H5Dclose(set);
	dcor_h5_leave();
	return ok ? DCOR_OK : DCOR_EDATA;
}

int
dcor_dset_is_bool(const struct dcor_dset *d)
{
	signed char v[2] = { 0, 0 };
	hid_t type;
	int is;

	if (dcor_dset_info(d)->type.cls != DCOR_H5_ENUM ||
	    dcor_dset_info(d)->type.size != 1)
		return 0;
	dcor_h5_enter();
	type = dcor_h5_type_of(d);
	is = type >= 0 && H5Tget_nmembers(type) == 2 &&
	    H5Tget_member_value(type, 0, &v[0]) >= 0 &&
	    H5Tget_member_value(type, 1, &v[1]) >= 0 &&
	    (v[0] | v[1]) == 1 && (v[0] & v[1]) == 0;
	if (type >= 0)
		H5Tclose(type);
	H5Eclear2(H5E_DEFAULT);
	dcor_h5_leave();
	return is;
}

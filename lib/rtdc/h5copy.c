/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copies from an open file to one being written. */
#include <stdlib.h>
#include <string.h>

#include "rtdc/h5priv.h"

/* Bytes that are copied at a time. */
#define BLOCK	((uint64_t)4 << 20)

/* Called with the lock. */
static int
copy_attr(hid_t to, const char *path, hid_t from, const char *source,
    const char *name, struct dcor_err *err)
{
	hid_t src, dst = -1, type, space, mem;
	hssize_t n;
	void *buf = NULL;
	int ok;

	src = H5Aopen_by_name(from, source, name, H5P_DEFAULT, H5P_DEFAULT);
	if (src < 0)
		return dcor_h5_fail(err, DCOR_EDATA, name);
	type = H5Aget_type(src);
	space = H5Aget_space(src);
	mem = H5Tcopy(type);	/* in memory, also when it was committed */
	n = H5Sget_simple_extent_npoints(space);
	ok = mem >= 0 && n >= 0 && n < 1 << 24;
	if (ok && H5Tget_class(mem) == H5T_REFERENCE)
		goto out;	/* means nothing in another file */
	if (ok && n > 0) {
		buf = calloc((size_t)n, H5Tget_size(mem));
		ok = buf != NULL && H5Aread(src, mem, buf) >= 0;
	}
	if (ok) {
		dst = H5Acreate_by_name(to, path, name, mem, space,
		    H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
		ok = dst >= 0 && (n == 0 || H5Awrite(dst, mem, buf) >= 0);
	}
	if (buf != NULL)
		H5Dvlen_reclaim(mem, space, H5P_DEFAULT, buf);
out:
	if (!ok)
		dcor_h5_fail(err, DCOR_EDATA, name);
	if (dst >= 0)
		H5Aclose(dst);
	free(buf);
	H5Tclose(mem);
	H5Sclose(space);
	H5Tclose(type);
	H5Aclose(src);
	return ok ? DCOR_OK : DCOR_EDATA;
}

/* The same for an attribute that libhdf5 cannot read. */
static int
copy_own_attr(struct dcor_h5out *o, const char *path, struct dcor_h5 *in,
    const struct dcor_h5attr *a, struct dcor_err *err)
{
	hid_t file = dcor_h5out_file(o), type, space, dst = -1;
	hsize_t dim[DCOR_H5_MAXRANK];
	char *text;
	unsigned k;
	int rc, ok;

	if (a->type.cls == DCOR_H5_REFERENCE)
		return DCOR_OK;		/* means nothing in another file */
	if (a->type.cls == DCOR_H5_VLEN) {
		rc = dcor_h5attr_text(&in->src, &in->super, a, &text, err);
		if (rc == DCOR_OK)
			rc = dcor_h5out_text(o, path, a->name, text, err);
		free(text);
		return rc;
	}
	for (k = 0; k < a->rank; k++)
		dim[k] = a->dim[k];
	dcor_h5_enter();
	type = dcor_h5_decode_type(a->enc, a->nenc);
	space = a->rank > 0 ? H5Screate_simple((int)a->rank, dim, NULL) :
	    H5Screate(a->ndata > 0 ? H5S_SCALAR : H5S_NULL);
	if (type >= 0 && space >= 0)
		dst = H5Acreate_by_name(file, path, a->name, type, space,
		    H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
	ok = dst >= 0 && (a->ndata == 0 || H5Awrite(dst, type, a->data) >= 0);
	rc = ok ? DCOR_OK : dcor_h5_fail(err, DCOR_EDATA, a->name);
	if (dst >= 0)
		H5Aclose(dst);
	if (space >= 0)
		H5Sclose(space);
	if (type >= 0)
		H5Tclose(type);
	dcor_h5_leave();
	return rc;
}

/* All those that the object does not have, without libhdf5's reading. */
static int
copy_own_attrs(struct dcor_h5out *o, const char *path, struct dcor_h5 *in,
    const char *from, struct dcor_err *err)
{
	struct dcor_h5attr *v;
	size_t n, i;
	htri_t there;
	int rc;

	rc = dcor_h5_own_attrs(in, from, &v, &n, err);
	if (rc != DCOR_OK)
		return rc;
	for (i = 0; rc == DCOR_OK && i < n; i++) {
		dcor_h5_enter();
		there = H5Aexists_by_name(dcor_h5out_file(o), path,
		    v[i].name, H5P_DEFAULT);
		dcor_h5_leave();
		if (there <= 0)
			rc = copy_own_attr(o, path, in, &v[i], err);
	}
	dcor_h5attrs_free(v, n);
	return rc;
}

int
dcor_h5out_copy_attrs(struct dcor_h5out *o, const char *path,
    struct dcor_h5 *in, const char *from, struct dcor_err *err)
{
	struct dcor_err why = DCOR_ERR_INIT;
	struct dcor_names names;
	hid_t file = dcor_h5out_file(o);
	size_t i;
	int rc;

	rc = dcor_h5_attrs(in, from, &names, err);
	if (rc != DCOR_OK)
		return rc;
	dcor_h5_enter();
	for (i = 0; rc == DCOR_OK && i < names.n; i++)
		if (H5Aexists_by_name(file, path, names.name[i],
		    H5P_DEFAULT) <= 0)
			rc = copy_attr(file, path, in->file, from,
			    names.name[i], &why);
	dcor_h5_leave();
	dcor_names_fini(&names);
	if (rc != DCOR_OK && copy_own_attrs(o, path, in, from, NULL) ==
	    DCOR_OK)
		return DCOR_OK;
	return rc == DCOR_OK ? rc : dcor_err_copy(err, &why);
}

/* The type of a dataset, one that every libhdf5 can read where that can be;
 * -1 when there is none. */
static hid_t
type_of(struct dcor_h5 *in, const char *path, const struct dcor_h5dset *info)
{
	hid_t set, type, copy;

	type = dcor_h5_make_type(&info->type);
	if (type < 0)
		type = dcor_h5_decode_type(info->enc, info->nenc);
	if (type >= 0)
		return type;
	set = H5Dopen2(in->file, path, H5P_DEFAULT);
	if (set < 0)
		return -1;
	type = H5Dget_type(set);
	copy = H5Tcopy(type);
	H5Tclose(type);
	H5Dclose(set);
	return copy;
}

static int
copy_rows(struct dcor_h5col *col, const struct dcor_dset *d,
    struct dcor_err *err)
{
	uint64_t at, n, rows = dcor_dset_rows(d), per;
	struct dcor_reader *r = NULL;
	void *buf;
	int rc;

	per = BLOCK / dcor_dset_row_size(d);
	per = per < 1 ? 1 : per > rows ? rows : per;
	buf = malloc((size_t)per * dcor_dset_row_size(d));
	if (buf == NULL)
		return dcor_err_nomem(err);
	rc = dcor_reader_new(&r, err);
	for (at = 0; rc == DCOR_OK && at < rows; at += n) {
		n = rows - at < per ? rows - at : per;
		rc = dcor_dset_read(d, r, at, n, buf, err);
		if (rc == DCOR_OK)
			rc = dcor_h5col_append(col, buf, n, err);
	}
	dcor_reader_free(r);
	free(buf);
	return rc == DCOR_OK ? dcor_h5col_finish(col, err) : rc;
}

int
dcor_h5out_copy_dset(struct dcor_h5out *o, const char *path,
    struct dcor_h5 *in, const char *from, struct dcor_err *err)
{
	struct dcor_h5spec spec = { .level = DCOR_META_LEVEL };
	const struct dcor_h5dset *info;
	struct dcor_h5col *col = NULL;
	struct dcor_dset *d = NULL;
	struct dcor_names text;
	hid_t type = -1;
	unsigned k;
	int rc;

	rc = dcor_dset_open(in, from, &d, err);
	if (rc != DCOR_OK)
		return rc;
	info = dcor_dset_info(d);
	if (info->type.cls == DCOR_H5_VLEN) {
		rc = dcor_dset_read_lines(in, from, &text, err);
		if (rc == DCOR_OK) {
			rc = dcor_h5out_lines(o, path,
			    (const char *const *)text.name, text.n, err);
			dcor_names_fini(&text);
		}
		goto attrs;
	}
	spec.rank = info->rank;
	if (info->rank > 3 || dcor_dset_row_size(d) == 0) {
		rc = dcor_err_set(err, DCOR_EDATA, 0, "%s: odd shape", from);
		goto out;
	}
	for (k = 1; k < info->rank; k++)
		spec.item[k - 1] = info->dim[k];
	dcor_h5_enter();
	type = type_of(in, from, info);
	if (type < 0)
		rc = dcor_h5_fail(err, DCOR_EDATA, from);
	else {
		rc = dcor_h5col_new(o, path, type, info->type.size, &spec,
		    &col, err);
		H5Tclose(type);
	}
	dcor_h5_leave();
	if (rc == DCOR_OK && dcor_dset_rows(d) > 0)
		rc = copy_rows(col, d, err);
attrs:
	if (rc == DCOR_OK)
		rc = dcor_h5out_copy_attrs(o, path, in, from, err);
out:
	dcor_dset_close(d);
	return rc;
}

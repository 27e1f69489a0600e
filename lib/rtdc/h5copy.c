/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copies from an open file to one being written. */
#include <stdlib.h>
#include <string.h>

#include "rtdc/h5priv.h"

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

int
dcor_h5out_copy_dset(struct dcor_h5out *o, const char *path,
    struct dcor_h5 *in, const char *from, struct dcor_err *err)
{
	struct dcor_h5spec spec = { .level = DCOR_META_LEVEL };
	struct dcor_h5col *col = NULL;
	struct dcor_dset *d = NULL;
	struct dcor_names text;
	int rc, done;

	rc = dcor_dset_open(in, from, &d, err);
	if (rc != DCOR_OK)
		return rc;
	if (dcor_dset_info(d)->type.cls == DCOR_H5_VLEN) {
		rc = dcor_dset_read_lines(in, from, &text, err);
		if (rc == DCOR_OK) {
			rc = dcor_h5out_lines(o, path,
			    (const char *const *)text.name, text.n, err);
			dcor_names_fini(&text);
		}
	} else {
		spec.chunk_rows = dcor_chunk_rows(dcor_dset_row_size(d));
		rc = dcor_h5out_like(o, path, d, &spec, &col, err);
		dcor_dset_expect(d, 0, dcor_dset_rows(d));
		if (rc == DCOR_OK)
			rc = dcor_h5col_copy(col, d, 0, dcor_dset_rows(d),
			    err);
		if (rc == DCOR_OK)
			rc = dcor_h5col_finish(col, err);
		done = dcor_h5out_flush(o, err);
		rc = rc == DCOR_OK ? done : rc;
	}
	if (rc == DCOR_OK)
		rc = dcor_h5out_copy_attrs(o, path, in, from, err);
	dcor_dset_close(d);
	return rc;
}

/* Soft and external links; called with the lock. */
static int
copy_link(hid_t to, const char *path, hid_t from, const char *source,
    const H5L_info_t *li)
{
	const char *file, *object;
	char *value;
	unsigned flags;
	int ok = 0;

	if ((li->type != H5L_TYPE_SOFT && li->type != H5L_TYPE_EXTERNAL) ||
	    li->u.val_size > 1 << 20)
		return 0;
	value = calloc(1, li->u.val_size + 1);
	if (value == NULL)
		return 0;
	if (H5Lget_val(from, source, value, li->u.val_size, H5P_DEFAULT) < 0)
		ok = 0;
	else if (li->type == H5L_TYPE_SOFT)
		ok = H5Lcreate_soft(value, to, path, H5P_DEFAULT,
		    H5P_DEFAULT) >= 0;
	else if (H5Lunpack_elink_val(value, li->u.val_size, &flags, &file,
	    &object) >= 0)
		ok = H5Lcreate_external(file, object, to, path, H5P_DEFAULT,
		    H5P_DEFAULT) >= 0;
	free(value);
	return ok;
}

int
dcor_h5out_copy_verbatim(struct dcor_h5out *o, const char *path,
    struct dcor_h5 *in, const char *from, struct dcor_err *err)
{
	hid_t file = dcor_h5out_file(o);
	H5L_info_t li;
	int rc = DCOR_OK, ok;

	dcor_h5_enter();
	ok = H5Lget_info(in->file, from, &li, H5P_DEFAULT) >= 0;
	if (ok && li.type == H5L_TYPE_HARD)
		ok = H5Ocopy(in->file, from, file, path, H5P_DEFAULT,
		    H5P_DEFAULT) >= 0;
	else if (ok)
		ok = copy_link(file, path, in->file, from, &li);
	if (!ok)
		rc = dcor_h5_fail(err, DCOR_EDATA, from);
	dcor_h5_leave();
	return rc;
}

int
dcor_h5out_link(struct dcor_h5out *o, const char *path, const char *target,
    struct dcor_err *err)
{
	hid_t file = dcor_h5out_file(o);
	int rc = DCOR_OK;

	dcor_h5_enter();
	if (H5Lcreate_hard(file, target, file, path, H5P_DEFAULT,
	    H5P_DEFAULT) < 0)
		rc = dcor_h5out_fail(o, err);
	dcor_h5_leave();
	return rc;
}

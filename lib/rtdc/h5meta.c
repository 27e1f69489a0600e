/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Attributes: by libhdf5 or, where it fails, by ourselves. */
#include <stdlib.h>
#include <string.h>

#include "rtdc/h5priv.h"

int
dcor_h5_own_attrs(struct dcor_h5 *h, const char *path,
    struct dcor_h5attr **out, size_t *n, struct dcor_err *err)
{
	uint64_t addr = 0;
	int rc = dcor_h5_addr(h, path, &addr, err);

	return rc != DCOR_OK ? rc :
	    dcor_h5attrs_read(&h->src, &h->super, addr, out, n, err);
}

hid_t
dcor_h5_decode_type(const unsigned char *enc, size_t n)
{
	unsigned char *p = malloc(n + 2);
	hid_t type = -1;

	if (p == NULL)
		return -1;
	p[0] = 3;	/* number of the data type message */
	p[1] = 0;	/* version of this form */
	memcpy(p + 2, enc, n);
	if (n > 0)
		type = H5Tdecode(p);
	free(p);
	return type;
}

static int
own_names(struct dcor_h5 *h, const char *path, struct dcor_names *out)
{
	struct dcor_h5attr *v;
	size_t n, i;
	int rc;

	rc = dcor_h5_own_attrs(h, path, &v, &n, NULL);
	if (rc != DCOR_OK)
		return rc;
	for (i = 0; rc == DCOR_OK && i < n; i++)
		if (dcor_names_add(out, v[i].name, strlen(v[i].name),
		    NULL) != 0)
			rc = DCOR_ENOMEM;
	dcor_h5attrs_free(v, n);
	return dcor_h5_names(out, rc == DCOR_OK ? 0 : -1, path, NULL);
}

/* A number of one element, whatever its size and byte order. */
static int
own_number(const struct dcor_h5attr *a, struct dcor_attr *out)
{
	int whole = a->type.cls == DCOR_H5_INT, ok;
	unsigned char buf[8] = { 0 };
	hid_t type;

	if (a->ndata > sizeof(buf) || !a->type.standard)
		return DCOR_EDATA;
	memcpy(buf, a->data, a->ndata);
	dcor_h5_enter();
	type = dcor_h5_decode_type(a->enc, a->nenc);
	ok = type >= 0 && H5Tconvert(type, whole ? H5T_NATIVE_INT64 :
	    H5T_NATIVE_DOUBLE, 1, buf, NULL, H5P_DEFAULT) >= 0;
	if (type >= 0)
		H5Tclose(type);
	H5Eclear2(H5E_DEFAULT);
	dcor_h5_leave();
	if (!ok)
		return DCOR_EDATA;
	if (whole)
		memcpy(&out->i, buf, sizeof(out->i));
	else
		memcpy(&out->f, buf, sizeof(out->f));
	if (whole)
		out->f = (double)out->i;
	out->kind = whole ? DCOR_ATTR_INT : DCOR_ATTR_FLOAT;
	return DCOR_OK;
}

/* By number, not by H5Aiterate: that would open the object, which libhdf5
 * refuses when it does not know the layout of a dataset. */
int
dcor_h5_attrs(struct dcor_h5 *h, const char *path, struct dcor_names *out,
    struct dcor_err *err)
{
	struct dcor_err why = DCOR_ERR_INIT;
	char name[1024];
	H5O_info_t oi;
	hsize_t i;
	hid_t a;
	herr_t st;
	int rc;

	out->name = NULL;
	out->n = 0;
	dcor_h5_enter();
	st = H5Oget_info_by_name2(h->file, path, &oi, H5O_INFO_NUM_ATTRS,
	    H5P_DEFAULT);
	for (i = 0; st >= 0 && i < oi.num_attrs; i++) {
		a = H5Aopen_by_idx(h->file, path, H5_INDEX_NAME,
		    H5_ITER_NATIVE, i, H5P_DEFAULT, H5P_DEFAULT);
		if (a < 0 || H5Aget_name(a, sizeof(name), name) < 0 ||
		    dcor_names_add(out, name, strlen(name), NULL) != 0)
			st = -1;
		if (a >= 0)
			H5Aclose(a);
	}
	rc = dcor_h5_names(out, st, path, &why);
	dcor_h5_leave();
	if (rc != DCOR_OK && own_names(h, path, out) == DCOR_OK)
		return DCOR_OK;
	return rc == DCOR_OK ? rc : dcor_err_copy(err, &why);
}

void
dcor_attr_fini(struct dcor_attr *a)
{
	free(a->text);
	a->text = NULL;
	a->kind = DCOR_ATTR_NONE;
}

/* A scalar text attribute; fixed length loses trailing NULs only. */
static int
attr_text(hid_t attr, hid_t type, char **out)
{
	hid_t space, mem;
	size_t n;
	char *s = NULL;

	if (H5Tis_variable_str(type) > 0) {
		mem = H5Tcopy(type);
		if (H5Aread(attr, mem, &s) >= 0 && s != NULL) {
			*out = strdup(s);
			space = H5Aget_space(attr);
			H5Dvlen_reclaim(mem, space, H5P_DEFAULT, &s);
			H5Sclose(space);
		} else
			*out = strdup("");
		H5Tclose(mem);
		return *out != NULL;
	}
	n = H5Tget_size(type);
	if (n > 1 << 24)
		return 0;
	s = calloc(1, n + 1);
	if (s == NULL || H5Aread(attr, type, s) < 0) {
		free(s);
		return 0;
	}
	*out = s;
	return 1;
}

static int
attr_value(hid_t attr, struct dcor_attr *out)
{
	hid_t space = H5Aget_space(attr), type = H5Aget_type(attr);
	H5T_class_t cls = H5Tget_class(type);
	int ok = 1;

	out->kind = DCOR_ATTR_OTHER;
	if (H5Sget_simple_extent_npoints(space) == 1) {
		if (cls == H5T_STRING) {
			ok = attr_text(attr, type, &out->text);
			out->fixed = H5Tis_variable_str(type) <= 0;
			out->kind = DCOR_ATTR_TEXT;
		} else if (cls == H5T_INTEGER || cls == H5T_ENUM) {
			if (cls == H5T_ENUM) {
				hid_t super = H5Tget_super(type);
				int64_t v = 0;

				/* HDF5 converts no enum to a number, but what
				 * it is made of: a byte, in Shape-In four */
				ok = H5Tget_size(super) <= sizeof(v) &&
				    H5Aread(attr, type, &v) >= 0 &&
				    H5Tconvert(super, H5T_NATIVE_INT64, 1, &v,
				    NULL, H5P_DEFAULT) >= 0;
				out->i = v;
				H5Tclose(super);
				out->kind = DCOR_ATTR_BOOL;
			} else {
				ok = H5Aread(attr, H5T_NATIVE_INT64,
				    &out->i) >= 0;
				out->kind = DCOR_ATTR_INT;
			}
			out->f = (double)out->i;
		} else if (cls == H5T_FLOAT) {
			ok = H5Aread(attr, H5T_NATIVE_DOUBLE, &out->f) >= 0;
			out->kind = DCOR_ATTR_FLOAT;
		}
	}
	if (!ok)
		out->kind = DCOR_ATTR_NONE;
	H5Tclose(type);
	H5Sclose(space);
	return ok;
}

/* An attribute that libhdf5 cannot read, by ourselves. */
static int
own_attr(struct dcor_h5 *h, const char *path, const char *name,
    struct dcor_attr *out)
{
	struct dcor_h5attr *v, *a;
	signed char b = 0;
	size_t n, i;
	int rc;

	rc = dcor_h5_own_attrs(h, path, &v, &n, NULL);
	if (rc != DCOR_OK)
		return rc;
	for (i = 0; i < n && strcmp(v[i].name, name) != 0; i++)
		;
	a = i < n ? &v[i] : NULL;
	if (a == NULL)
		out->kind = DCOR_ATTR_NONE;
	else if (a->ndata != a->type.size)
		out->kind = DCOR_ATTR_OTHER;
	else if (a->type.cls == DCOR_H5_VLEN ||
	    a->type.cls == DCOR_H5_STRING) {
		rc = dcor_h5attr_text(&h->src, &h->super, a, &out->text,
		    NULL);
		out->kind = DCOR_ATTR_TEXT;
		out->fixed = a->type.cls == DCOR_H5_STRING;
	} else if (a->type.cls == DCOR_H5_ENUM && a->ndata == 1) {
		memcpy(&b, a->data, 1);
		out->i = b;
		out->f = b;
		out->kind = DCOR_ATTR_BOOL;
	} else if ((a->type.cls == DCOR_H5_INT ||
	    a->type.cls == DCOR_H5_FLOAT) && a->nenc > 0) {
		rc = own_number(a, out);
	} else
		out->kind = DCOR_ATTR_OTHER;
	dcor_h5attrs_free(v, n);
	return rc;
}

int
dcor_h5_attr(struct dcor_h5 *h, const char *path, const char *name,
    struct dcor_attr *out, struct dcor_err *err)
{
	struct dcor_err why = DCOR_ERR_INIT;
	hid_t attr = -1;
	htri_t there;
	int rc = DCOR_OK;

	memset(out, 0, sizeof(*out));
	dcor_h5_enter();
	there = H5Aexists_by_name(h->file, path, name, H5P_DEFAULT);
	if (there > 0)
		attr = H5Aopen_by_name(h->file, path, name, H5P_DEFAULT,
		    H5P_DEFAULT);
	if (there < 0 || (there > 0 && (attr < 0 || !attr_value(attr, out))))
		rc = dcor_h5_fail(&why, DCOR_EDATA, name);
	if (attr >= 0)
		H5Aclose(attr);
	H5Eclear2(H5E_DEFAULT);
	dcor_h5_leave();
	if (rc != DCOR_OK && own_attr(h, path, name, out) == DCOR_OK)
		return DCOR_OK;
	return rc == DCOR_OK ? rc : dcor_err_copy(err, &why);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Datasets of a file being written: what they are made of. */
#include <stdlib.h>
#include <string.h>

#include "rtdc/h5priv.h"

uint64_t
dcor_chunk_rows(uint64_t row_size)
{
	uint64_t n = ((uint64_t)1 << 20) / (row_size > 0 ? row_size : 1);

	return n < 10 ? 10 : n > 1000 ? 1000 : n;
}

hid_t
dcor_h5_make_type(const struct dcor_h5type *t)
{
	hid_t type;

	if (t->cls == DCOR_H5_STRING) {
		type = H5Tcopy(H5T_C_S1);
		H5Tset_size(type, t->size);
		H5Tset_strpad(type, H5T_STR_NULLPAD);
		return type;
	}
	if (t->cls == DCOR_H5_FLOAT)
		return H5Tcopy(t->size == 4 ? H5T_IEEE_F32LE :
		    H5T_IEEE_F64LE);
	if (t->cls != DCOR_H5_INT)
		return -1;
	switch (t->size) {
	case 1:
		return H5Tcopy(t->is_signed ? H5T_STD_I8LE : H5T_STD_U8LE);
	case 2:
		return H5Tcopy(t->is_signed ? H5T_STD_I16LE : H5T_STD_U16LE);
	case 4:
		return H5Tcopy(t->is_signed ? H5T_STD_I32LE : H5T_STD_U32LE);
	default:
		return H5Tcopy(t->is_signed ? H5T_STD_I64LE : H5T_STD_U64LE);
	}
}

static int
image_attrs(hid_t set)
{
	static const char *const attr[][2] = {
		{ "CLASS", "IMAGE" }, { "IMAGE_VERSION", "1.2" },
		{ "IMAGE_SUBCLASS", "IMAGE_GRAYSCALE" }
	};
	hid_t type, space = H5Screate(H5S_SCALAR), a;
	size_t i;
	int ok = 1;

	for (i = 0; ok && i < sizeof(attr) / sizeof(attr[0]); i++) {
		type = H5Tcopy(H5T_C_S1);
		H5Tset_size(type, strlen(attr[i][1]));
		H5Tset_strpad(type, H5T_STR_NULLPAD);
		a = H5Acreate2(set, attr[i][0], type, space, H5P_DEFAULT,
		    H5P_DEFAULT);
		ok = a >= 0 && H5Awrite(a, type, attr[i][1]) >= 0;
		if (a >= 0)
			H5Aclose(a);
		H5Tclose(type);
	}
	H5Sclose(space);
	return ok;
}

/* The filters that we write ourselves. */
static void
our_filters(hid_t dcpl, int level)
{
	unsigned cd = (unsigned)level;

	if (level > 0)
		H5Pset_filter(dcpl, DCOR_FILTER_ZSTD, H5Z_FLAG_OPTIONAL, 1,
		    &cd);
	H5Pset_fletcher32(dcpl);
}

/* Those of another dataset. */
static void
their_filters(hid_t dcpl, const struct dcor_h5dset *i)
{
	const struct dcor_h5filter *f;
	unsigned k;

	for (k = 0; k < i->nfilt; k++) {
		f = &i->filt[k];
		H5Pset_filter(dcpl, f->id, f->flags & H5Z_FLAG_OPTIONAL,
		    f->ncd < 20 ? f->ncd : 20, f->cd);
	}
}

void
dcor_h5col_free(struct dcor_h5col *c)
{
	if (c->set >= 0)
		H5Dclose(c->set);
	free(c->enc);
	free(c->buf);
	free(c->path);
	free(c);
}

static struct dcor_h5col *
new_col(struct dcor_h5out *o, const char *path)
{
	struct dcor_h5col *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return NULL;
	c->o = o;
	c->set = -1;
	c->path = strdup(path);
	if (c->path == NULL) {
		free(c);
		return NULL;
	}
	return c;
}

/* Sizes that follow from the shape; chunk[0] is chunk_rows. */
static int
measure(struct dcor_h5col *c, struct dcor_err *err)
{
	uint64_t row = c->type.size, size;
	unsigned k;

	c->per_row = 1;
	size = row * c->chunk_rows;
	for (k = 1; k < c->rank; k++) {
		if (c->chunk[k] == 0)
			c->chunk[k] = 1;
		c->grid[k] = (c->dim[k] + c->chunk[k] - 1) / c->chunk[k];
		c->per_row *= c->grid[k];
		row *= c->dim[k];
		size *= c->chunk[k];
	}
	if (row == 0)
		return dcor_err_set(err, DCOR_EARG, 0, "%s: rows of no size",
		    c->path);
	c->row_size = (size_t)row;
	c->chunk[0] = c->chunk_rows;
	c->chunk_size = (size_t)size;
	return DCOR_OK;
}

/* Creates the dataset, with room to grow along axis 0, and gives it to the
 * file; or frees c.  like: fill value, filters unless c encodes. */
static int
create(struct dcor_h5col *c, hid_t type, hid_t fill_type,
    const struct dcor_h5dset *like, int image, struct dcor_h5col **col,
    struct dcor_err *err)
{
	hsize_t max[DCOR_H5_MAXRANK];
	hid_t dcpl, space;
	unsigned k;
	int rc = measure(c, err);

	*col = NULL;
	if (rc != DCOR_OK) {
		dcor_h5col_free(c);
		return rc;
	}
	for (k = 0; k < c->rank; k++)
		max[k] = like != NULL ? like->maxdim[k] : c->dim[k];
	max[0] = H5S_UNLIMITED;
	dcpl = H5Pcreate(H5P_DATASET_CREATE);
	H5Pset_obj_track_times(dcpl, 0);
	H5Pset_chunk(dcpl, (int)c->rank, c->chunk);
	if (like != NULL && like->fill != NULL)
		H5Pset_fill_value(dcpl, fill_type, like->fill);
	if (c->encodes)
		our_filters(dcpl, c->level);
	else
		their_filters(dcpl, like);
	space = H5Screate_simple((int)c->rank, c->dim, max);
	c->set = H5Dcreate2(dcor_h5out_file(c->o), c->path, type, space,
	    H5P_DEFAULT, dcpl, H5P_DEFAULT);
	if (c->set < 0 || (image && !image_attrs(c->set)))
		rc = dcor_h5out_fail(c->o, err);
	H5Sclose(space);
	H5Pclose(dcpl);
	if (rc != DCOR_OK) {
		dcor_h5col_free(c);
		return rc;
	}
	dcor_h5out_add(c->o, c);
	*col = c;
	return DCOR_OK;
}

int
dcor_h5out_dset(struct dcor_h5out *o, const char *path,
    const struct dcor_h5spec *spec, struct dcor_h5col **col,
    struct dcor_err *err)
{
	struct dcor_h5col *c = new_col(o, path);
	uint64_t row = spec->type.size;
	hid_t type;
	unsigned k;
	int rc;

	*col = NULL;
	if (c == NULL)
		return dcor_err_nomem(err);
	c->type = spec->type;
	c->level = spec->level;
	c->encodes = 1;
	c->rank = spec->rank;
	for (k = 1; k < c->rank; k++) {
		c->dim[k] = c->chunk[k] = spec->item[k - 1];
		row *= spec->item[k - 1];
	}
	c->chunk_rows = spec->chunk_rows > 0 ? spec->chunk_rows :
	    dcor_chunk_rows(row);
	dcor_h5_enter();
	type = dcor_h5_make_type(&spec->type);
	if (type < 0) {
		dcor_h5col_free(c);
		rc = dcor_err_set(err, DCOR_EARG, 0, "%s: type", path);
	} else {
		rc = create(c, type, type, NULL, spec->image, col, err);
		H5Tclose(type);
	}
	dcor_h5_leave();
	return rc;
}

hid_t
dcor_h5_type_of(const struct dcor_dset *d)
{
	const struct dcor_h5dset *i = dcor_dset_info(d);
	hid_t set, type, copy;

	type = dcor_h5_decode_type(i->enc, i->nenc);
	if (type >= 0)
		return type;
	set = H5Dopen2(dcor_dset_h5(d)->file, dcor_dset_path(d), H5P_DEFAULT);
	if (set < 0)
		return -1;
	type = H5Dget_type(set);
	copy = H5Tcopy(type);	/* in memory, also when it was committed */
	H5Tclose(type);
	H5Dclose(set);
	return copy;
}

/* Whether elements are, or have, addresses of something in their file. */
static int
has_addresses(hid_t type)
{
	H5T_class_t cls = H5Tget_class(type);
	hid_t part;
	int i, n, found = 0;

	if (cls == H5T_VLEN || cls == H5T_REFERENCE ||
	    (cls == H5T_STRING && H5Tis_variable_str(type) > 0))
		return 1;
	n = cls == H5T_COMPOUND ? H5Tget_nmembers(type) : cls == H5T_ARRAY;
	for (i = 0; !found && i < n; i++) {
		part = cls == H5T_ARRAY ? H5Tget_super(type) :
		    H5Tget_member_type(type, (unsigned)i);
		found = has_addresses(part);
		H5Tclose(part);
	}
	return found;
}

int
dcor_h5out_can_like(const struct dcor_dset *d)
{
	hid_t type;
	int can;

	dcor_h5_enter();
	type = dcor_h5_type_of(d);
	can = type >= 0 && !has_addresses(type);
	if (type >= 0)
		H5Tclose(type);
	H5Eclear2(H5E_DEFAULT);
	dcor_h5_leave();
	return can;
}

/* What dcor_dset_read makes of a type. */
static hid_t
type_read(const struct dcor_dset *d, hid_t stored)
{
	const struct dcor_h5type *t = &dcor_dset_info(d)->type;
	hid_t type;

	if (!dcor_dset_is_fast(d))
		return H5Tget_native_type(stored, H5T_DIR_ASCEND);
	type = H5Tcopy(stored);
	if (t->is_big && (t->cls == DCOR_H5_INT || t->cls == DCOR_H5_FLOAT))
		H5Tset_order(type, H5T_ORDER_LE);
	return type;
}

/* The shape of c; DCOR_EARG when d has no rows that can be copied. */
static int
shape_like(struct dcor_h5col *c, const struct dcor_dset *d,
    const struct dcor_h5spec *spec, struct dcor_err *err)
{
	const struct dcor_h5dset *i = dcor_dset_info(d);
	int asis = spec->level == DCOR_LEVEL_ASIS, whole;
	unsigned k;

	if (!dcor_h5out_can_like(d) || (asis &&
	    (i->layout != DCOR_H5_CHUNKED || !dcor_dset_is_fast(d))))
		return dcor_err_set(err, DCOR_EARG, 0, "%s: chunks cannot be "
		    "copied", c->path);
	c->like = d;
	c->type = i->type;
	c->rank = i->rank;
	c->level = asis ? i->nfilt > 1 ? (int)i->filt[0].cd[0] : 0 :
	    spec->level;
	c->encodes = !asis || dcor_dset_has_filters(d, c->level);
	whole = i->layout == DCOR_H5_CHUNKED;
	for (k = 1; k < c->rank; k++) {
		c->dim[k] = i->dim[k];
		c->chunk[k] = asis ? i->chunk[k] : i->dim[k];
		whole = whole && i->chunk[k] == i->dim[k];
	}
	if (asis)
		c->chunk_rows = i->chunk[0];
	else if (spec->chunk_rows > 0)
		c->chunk_rows = spec->chunk_rows;
	else if (whole && (i->chunk[0] <= i->dim[0] ||
	    dcor_dset_has_filters(d, c->level)))
		c->chunk_rows = i->chunk[0];
	else
		c->chunk_rows = dcor_chunk_rows(dcor_dset_row_size(d));
	c->type.is_big = !c->encodes && i->type.is_big;
	if (i->nenc > 0 && (c->enc = malloc(i->nenc)) == NULL)
		return dcor_err_nomem(err);
	if (i->nenc > 0)
		memcpy(c->enc, i->enc, i->nenc);
	c->nenc = i->nenc;
	return DCOR_OK;
}

int
dcor_h5out_like(struct dcor_h5out *o, const char *path,
    const struct dcor_dset *d, const struct dcor_h5spec *spec,
    struct dcor_h5col **col, struct dcor_err *err)
{
	struct dcor_h5col *c = new_col(o, path);
	hid_t stored, type = -1;
	int rc;

	*col = NULL;
	if (c == NULL)
		return dcor_err_nomem(err);
	rc = shape_like(c, d, spec, err);
	if (rc != DCOR_OK) {
		dcor_h5col_free(c);
		return rc;
	}
	dcor_h5_enter();
	stored = dcor_h5_type_of(d);
	if (stored >= 0)
		type = c->encodes ? type_read(d, stored) : H5Tcopy(stored);
	if (type < 0) {
		dcor_h5col_free(c);
		rc = dcor_h5_fail(err, DCOR_EDATA, path);
	} else
		rc = create(c, type, stored, dcor_dset_info(d), spec->image,
		    col, err);
	if (type >= 0)
		H5Tclose(type);
	if (stored >= 0)
		H5Tclose(stored);
	dcor_h5_leave();
	return rc;
}

/* Whether rows of c and of i are the same bytes. */
static int
same_rows(const struct dcor_h5col *c, const struct dcor_h5dset *i)
{
	const struct dcor_h5type *t = &c->type, *u = &i->type;
	unsigned k;

	if (c->rank != i->rank || t->cls != u->cls || t->size != u->size)
		return 0;
	for (k = 1; k < c->rank; k++)
		if (c->dim[k] != i->dim[k])
			return 0;
	if (t->cls == DCOR_H5_INT || t->cls == DCOR_H5_FLOAT)
		return t->is_signed == u->is_signed;
	if (t->cls == DCOR_H5_STRING)
		return 1;
	return c->nenc > 0 && c->nenc == i->nenc &&
	    memcmp(c->enc, i->enc, c->nenc) == 0;
}

int
dcor_h5col_takes(const struct dcor_h5col *c, const struct dcor_dset *d,
    int *same)
{
	const struct dcor_h5dset *i = dcor_dset_info(d);

	*same = c->encodes ? dcor_dset_has_filters(d, c->level) &&
	    c->chunk_rows == i->chunk[0] : c->like == d;
	return c->like == d || same_rows(c, i);
}

uint64_t
dcor_h5col_chunk_rows(const struct dcor_h5col *c)
{
	return c->chunk_rows;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "rtdc/h5table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rtdc/h5priv.h"

#define COLUMNS_MAX	65536

/* What we know of a type of libhdf5; cls is what it says. */
static struct dcor_h5type
look(hid_t t)
{
	struct dcor_h5type out = { 0 };

	out.cls = (enum dcor_h5class)H5Tget_class(t);
	out.size = (uint32_t)H5Tget_size(t);
	if (out.cls == DCOR_H5_INT || out.cls == DCOR_H5_ENUM ||
	    out.cls == DCOR_H5_FLOAT)
		out.is_big = H5Tget_order(t) == H5T_ORDER_BE;
	if (out.cls == DCOR_H5_INT)
		out.is_signed = H5Tget_sign(t) == H5T_SGN_2;
	if (out.cls == DCOR_H5_STRING && H5Tis_variable_str(t) > 0)
		out.cls = DCOR_H5_VLEN;
	return out;
}

/* The members of the compound; with the lock. */
static int
members(struct dcor_table *t, hid_t type)
{
	int n = H5Tget_nmembers(type), i;
	char *name;
	hid_t sub;

	if (n < 1 || n > COLUMNS_MAX)
		return 0;
	t->col = calloc((size_t)n, sizeof(*t->col));
	for (i = 0; t->col != NULL && i < n; i++) {
		name = H5Tget_member_name(type, (unsigned)i);
		sub = H5Tget_member_type(type, (unsigned)i);
		if (name != NULL && sub >= 0) {
			t->col[i].name = strdup(name);
			t->col[i].type = look(sub);
			t->col[i].offset = H5Tget_member_offset(type,
			    (unsigned)i);
		}
		if (sub >= 0)
			H5Tclose(sub);
		H5free_memory(name);
		if (t->col[i].name == NULL || t->col[i].offset +
		    t->col[i].type.size > t->row_size)
			return 0;
		t->ncol++;
	}
	return t->col != NULL;
}

static int
compound(struct dcor_h5 *h, const char *path, struct dcor_table *t,
    struct dcor_err *err)
{
	const struct dcor_h5dset *info = dcor_dset_info(t->set);
	hid_t set = -1, type;
	int ok;

	dcor_h5_enter();
	type = dcor_h5_decode_type(info->enc, info->nenc);
	if (type < 0) {
		set = H5Dopen2(h->file, path, H5P_DEFAULT);
		type = set >= 0 ? H5Dget_type(set) : -1;
	}
	ok = type >= 0 && members(t, type);
	if (type >= 0)
		H5Tclose(type);
	if (set >= 0)
		H5Dclose(set);
	if (!ok)
		(void)dcor_h5_fail(NULL, DCOR_EDATA, path);
	dcor_h5_leave();
	return ok ? DCOR_OK : dcor_err_set(err, DCOR_EDATA, 0,
	    "%s: columns cannot be read", path);
}

static int
plain(struct dcor_table *t, const struct dcor_h5type *type,
    struct dcor_err *err)
{
	char name[24];
	size_t i, n = t->row_size / type->size;

	if (n > COLUMNS_MAX)
		return dcor_err_set(err, DCOR_EDATA, 0, "%s: too many columns",
		    dcor_dset_path(t->set));
	t->col = calloc(n + 1, sizeof(*t->col));
	if (t->col == NULL)
		return dcor_err_nomem(err);
	for (i = 0; i < n; i++) {
		snprintf(name, sizeof(name), "%zu", i);
		t->col[i].name = strdup(name);
		if (t->col[i].name == NULL)
			return dcor_err_nomem(err);
		t->col[i].type = *type;
		t->col[i].type.is_big = 0;	/* dcor_dset_read swaps */
		t->col[i].offset = i * type->size;
		t->ncol++;
	}
	return DCOR_OK;
}

int
dcor_table_open(struct dcor_h5 *h, const char *path, struct dcor_table *out,
    struct dcor_err *err)
{
	const struct dcor_h5dset *info;
	int rc;

	memset(out, 0, sizeof(*out));
	rc = dcor_dset_open(h, path, &out->set, err);
	if (rc != DCOR_OK)
		return rc;
	rc = dcor_reader_new(&out->reader, err);
	info = dcor_dset_info(out->set);
	out->rows = dcor_dset_rows(out->set);
	out->row_size = dcor_dset_row_size(out->set);
	if (rc == DCOR_OK && info->type.cls == DCOR_H5_COMPOUND) {
		out->rows *= out->row_size / info->type.size;
		out->row_size = info->type.size;
		rc = compound(h, path, out, err);
	} else if (rc == DCOR_OK)
		rc = plain(out, &info->type, err);
	if (rc != DCOR_OK)
		dcor_table_close(out);
	return rc;
}

void
dcor_table_close(struct dcor_table *t)
{
	size_t i;

	for (i = 0; i < t->ncol; i++)
		free(t->col[i].name);
	free(t->col);
	dcor_reader_free(t->reader);
	dcor_dset_close(t->set);
	memset(t, 0, sizeof(*t));
}

int
dcor_table_read(struct dcor_table *t, uint64_t first, uint64_t n, void *buf,
    struct dcor_err *err)
{
	uint64_t k = t->row_size > 0 ? dcor_dset_row_size(t->set) /
	    t->row_size : 1;

	if (k == 0 || first % k != 0 || n % k != 0)
		return dcor_err_set(err, DCOR_EBUG, 0, "%s: part of a row",
		    dcor_dset_path(t->set));
	return dcor_dset_read(t->set, t->reader, first / k, n / k, buf, err);
}

static int64_t
integer(const struct dcor_h5type *t, const unsigned char *p)
{
	uint64_t v = 0;
	size_t k;

	for (k = 0; k < t->size; k++)
		v |= (uint64_t)p[t->is_big ? t->size - 1 - k : k] << 8 * k;
	if (t->is_signed && t->size < 8 && (v >> (8 * t->size - 1)) != 0)
		v |= UINT64_MAX << 8 * t->size;
	return (int64_t)v;
}

static double
real(const struct dcor_h5type *t, const unsigned char *p)
{
	uint64_t bits = (uint64_t)integer(t, p);
	uint32_t half = (uint32_t)bits;
	double d;
	float f;

	memcpy(&f, &half, sizeof(f));
	memcpy(&d, &bits, sizeof(d));
	return t->size == 4 ? (double)f : d;
}

int
dcor_table_value(const struct dcor_table *t, const void *row, size_t col,
    struct dcor_attr *out, struct dcor_err *err)
{
	const struct dcor_tablecol *c = &t->col[col];
	const unsigned char *p = (const unsigned char *)row + c->offset;

	memset(out, 0, sizeof(*out));
	switch (c->type.cls) {
	case DCOR_H5_INT:
	case DCOR_H5_ENUM:
		if (c->type.size > 8)
			return DCOR_OK;
		out->kind = DCOR_ATTR_INT;
		out->i = integer(&c->type, p);
		out->f = (double)out->i;
		return DCOR_OK;
	case DCOR_H5_FLOAT:
		if (c->type.size != 4 && c->type.size != 8)
			return DCOR_OK;
		out->kind = DCOR_ATTR_FLOAT;
		out->f = real(&c->type, p);
		return DCOR_OK;
	case DCOR_H5_STRING:
		out->kind = DCOR_ATTR_TEXT;
		out->text = strndup((const char *)p, c->type.size);
		return out->text != NULL ? DCOR_OK : dcor_err_nomem(err);
	default:
		return DCOR_OK;
	}
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The root attributes, with the names that Python has for their types. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "rtdc/checkpriv.h"

#define ARRAY_MAX	((size_t)1 << 20)	/* numbers of an attribute */

/* A float of two bytes. */
static double
half(unsigned u)
{
	int e = (int)(u >> 10 & 31);
	double m = (double)(u & 1023), f;

	if (e == 31)
		f = m != 0 ? (double)NAN : HUGE_VAL;
	else
		f = e == 0 ? ldexp(m, -24) : ldexp(m + 1024, e - 25);
	return u & 0x8000 ? -f : f;
}

/* Element k; ints also to *i. */
static double
number(const struct dcor_h5attr *a, size_t k, int64_t *i)
{
	const unsigned char *p = a->data + k * a->type.size;
	unsigned size = a->type.size, j;
	uint64_t u = 0;
	double d;
	float f;

	for (j = 0; j < size; j++)
		u |= (uint64_t)p[a->type.is_big ? size - 1 - j : j] << 8 * j;
	if (a->type.cls == DCOR_H5_FLOAT) {
		if (size == 8) {
			memcpy(&d, &u, sizeof(d));
			return d;
		}
		if (size == 2)
			return half((unsigned)u);
		j = (unsigned)u;
		memcpy(&f, &j, sizeof(f));
		return (double)f;
	}
	if ((a->type.is_signed || a->type.cls == DCOR_H5_ENUM) && size < 8 &&
	    u >> (8 * size - 1))
		u |= UINT64_MAX << 8 * size;
	*i = (int64_t)u;
	return !a->type.is_signed && a->type.cls == DCOR_H5_INT ?
	    (double)u : (double)*i;
}

/* h5py's booleans: an enumeration of these two names, which stand behind
 * the heads of the type and of its integer.  Of old types the names are not
 * kept: there any two are taken for these. */
static int
is_bool(const struct dcor_h5attr *a)
{
	if (a->type.cls != DCOR_H5_ENUM)
		return 0;
	return a->nenc == 0 || (a->nenc >= 31 && a->enc[1] == 2 &&
	    (memcmp(a->enc + 20, "FALSE\0TRUE", 11) == 0 ||
	    memcmp(a->enc + 20, "TRUE\0FALSE", 11) == 0));
}

static const char *
class_of(const struct dcor_h5attr *a)
{
	const struct dcor_h5type *t = &a->type;
	static const char *const f[] = { NULL, NULL, "numpy.float16", NULL,
	    "numpy.float32", NULL, NULL, NULL, "numpy.float64" };
	static const char *const i[] = { NULL, "numpy.int8", "numpy.int16",
	    NULL, "numpy.int32", NULL, NULL, NULL, "numpy.int64" };
	static const char *const u[] = { NULL, "numpy.uint8", "numpy.uint16",
	    NULL, "numpy.uint32", NULL, NULL, NULL, "numpy.uint64" };

	if (t->size > 8)
		return NULL;
	if (t->cls == DCOR_H5_ENUM)
		return is_bool(a) ? "numpy.bool" : i[t->size];
	if (!t->standard)
		return NULL;
	if (t->cls == DCOR_H5_FLOAT)
		return f[t->size];
	return t->cls != DCOR_H5_INT ? NULL : t->is_signed ? i[t->size] :
	    u[t->size];
}

static int
value(struct dcor_checking *c, const struct dcor_h5attr *a,
    struct dcor_val *out)
{
	const char *cls = class_of(a);
	size_t k, n = a->type.size > 0 ? a->ndata / a->type.size : 0;
	int64_t i = 0;

	memset(out, 0, sizeof(*out));
	out->kind = DCOR_VAL_OTHER;
	out->cls = a->rank > 0 ? "numpy.ndarray" : n == 0 ?
	    "h5py._hl.base.Empty" : "numpy.void";
	if (a->rank == 0 && n == 1 && (a->type.cls == DCOR_H5_STRING ||
	    a->type.cls == DCOR_H5_VLEN)) {
		out->kind = DCOR_VAL_TEXT;
		out->cls = "str";
		return dcor_h5attr_text(dcor_h5_src(c->h),
		    dcor_h5_superblock(c->h), a, &out->text, NULL);
	}
	if (cls == NULL || n > ARRAY_MAX || (a->rank == 0 && n != 1))
		return DCOR_OK;
	if (a->rank == 0) {
		out->cls = cls;
		out->bytes = a->type.size;
		out->f = number(a, 0, &out->i);
		out->kind = a->type.cls == DCOR_H5_FLOAT ? DCOR_VAL_FLOAT :
		    is_bool(a) ? DCOR_VAL_BOOL : DCOR_VAL_INT;
		return DCOR_OK;
	}
	out->num = calloc(n + 1, sizeof(*out->num));
	if (out->num == NULL)
		return DCOR_ENOMEM;
	out->kind = DCOR_VAL_ARRAY;
	out->n = n;
	out->rank = a->rank;
	memcpy(out->dim, a->dim, sizeof(out->dim));
	for (k = 0; k < n; k++)
		out->num[k] = number(a, k, &i);
	return DCOR_OK;
}

/* An attribute that only libhdf5 can read. */
static int
other_value(struct dcor_checking *c, const char *name, struct dcor_val *out,
    struct dcor_err *err)
{
	struct dcor_attr a;
	int rc = dcor_h5_attr(c->h, "/", name, &a, err);

	if (rc != DCOR_OK)
		return rc;
	memset(out, 0, sizeof(*out));
	out->kind = a.kind == DCOR_ATTR_TEXT ? DCOR_VAL_TEXT :
	    a.kind == DCOR_ATTR_INT ? DCOR_VAL_INT :
	    a.kind == DCOR_ATTR_FLOAT ? DCOR_VAL_FLOAT :
	    a.kind == DCOR_ATTR_BOOL ? DCOR_VAL_BOOL : DCOR_VAL_OTHER;
	out->cls = a.kind == DCOR_ATTR_TEXT ? "str" :
	    a.kind == DCOR_ATTR_INT ? "numpy.int64" :
	    a.kind == DCOR_ATTR_FLOAT ? "numpy.float64" :
	    a.kind == DCOR_ATTR_BOOL ? "numpy.bool" : "numpy.ndarray";
	out->text = a.text;
	out->i = a.i;
	out->f = a.f;
	out->bytes = 8;
	return DCOR_OK;
}

static int
by_attr(const void *x, const void *y)
{
	const struct dcor_checkattr *a = x, *b = y;

	return strcmp(a->name, b->name);
}

static int
make_room(struct dcor_checking *c, size_t n, struct dcor_err *err)
{
	c->attr = calloc(n + 1, sizeof(*c->attr));
	return c->attr == NULL ? dcor_err_nomem(err) : DCOR_OK;
}

/* By libhdf5, where our own reader does not know the storage. */
static int
other_attrs(struct dcor_checking *c, struct dcor_err *err)
{
	struct dcor_names in;
	size_t i;
	int rc = dcor_h5_attrs(c->h, "/", &in, err);

	if (rc != DCOR_OK)
		return rc;
	rc = make_room(c, in.n, err);
	for (i = 0; rc == DCOR_OK && i < in.n; i++) {
		rc = other_value(c, in.name[i], &c->attr[i].v, err);
		if (rc != DCOR_OK)
			break;
		c->attr[c->nattr++].name = in.name[i];
		in.name[i] = NULL;
	}
	dcor_names_fini(&in);
	return rc;
}

int
dcor_check_attrs(struct dcor_checking *c, struct dcor_err *err)
{
	struct dcor_h5attr *v = NULL;
	uint64_t addr;
	size_t i, n = 0;
	int rc;

	rc = dcor_h5_addr(c->h, "/", &addr, err);
	if (rc != DCOR_OK)
		return rc;
	if (dcor_h5attrs_read(dcor_h5_src(c->h), dcor_h5_superblock(c->h),
	    addr, &v, &n, NULL) != DCOR_OK)
		return other_attrs(c, err);
	rc = make_room(c, n, err);
	for (i = 0; rc == DCOR_OK && i < n; i++) {
		rc = value(c, &v[i], &c->attr[i].v);
		if (rc != DCOR_OK) {
			(void)dcor_err_set(err, (enum dcor_code)rc, 0,
			    "attribute %s cannot be read", v[i].name);
			break;
		}
		c->attr[c->nattr++].name = v[i].name;
		v[i].name = NULL;
	}
	dcor_h5attrs_free(v, n);
	if (c->nattr > 1)
		qsort(c->attr, c->nattr, sizeof(*c->attr), by_attr);
	return rc;
}

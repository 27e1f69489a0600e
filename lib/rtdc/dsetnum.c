/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Columns of numbers. */
#include <math.h>
#include <string.h>

#include "rtdc/dset.h"

double
dcor_h5_number(const struct dcor_h5type *t, const void *p, uint64_t k)
{
	union {
		int8_t i8; int16_t i16; int32_t i32; int64_t i64;
		uint8_t u8; uint16_t u16; uint32_t u32; uint64_t u64;
		float f; double d;
	} v;

	memcpy(&v, (const unsigned char *)p + k * t->size, t->size);
	if (t->cls == DCOR_H5_FLOAT)
		return t->size == 4 ? (double)v.f : v.d;
	if (t->is_signed)
		return t->size == 1 ? v.i8 : t->size == 2 ? v.i16 :
		    t->size == 4 ? v.i32 : (double)v.i64;
	return t->size == 1 ? v.u8 : t->size == 2 ? v.u16 :
	    t->size == 4 ? v.u32 : (double)v.u64;
}

int
dcor_h5_is_number(const struct dcor_h5type *t)
{
	if (t->cls == DCOR_H5_FLOAT)
		return t->size == 4 || t->size == 8;
	return t->cls == DCOR_H5_INT && (t->size == 1 || t->size == 2 ||
	    t->size == 4 || t->size == 8);
}

static int
is_column(const struct dcor_h5dset *i)
{
	return i->rank == 1 && dcor_h5_is_number(&i->type);
}

int
dcor_dset_read_f64(const struct dcor_dset *d, struct dcor_reader *r,
    uint64_t first, uint64_t n, double *buf, struct dcor_err *err)
{
	const struct dcor_h5dset *i = dcor_dset_info(d);
	unsigned char block[8192];
	uint64_t k, part, per;
	int rc;

	if (!is_column(i))
		return dcor_err_set(err, DCOR_EDATA, 0,
		    "%s: not a column of numbers", dcor_dset_path(d));
	dcor_dset_expect(d, first, n);
	per = sizeof(block) / i->type.size;
	for (; n > 0; first += part, n -= part, buf += part) {
		part = n < per ? n : per;
		rc = dcor_dset_read(d, r, first, part, block, err);
		if (rc != DCOR_OK)
			return rc;
		for (k = 0; k < part; k++)
			buf[k] = dcor_h5_number(&i->type, block, k);
	}
	return DCOR_OK;
}

int
dcor_dset_read_u64(const struct dcor_dset *d, struct dcor_reader *r,
    uint64_t first, uint64_t n, uint64_t *buf, struct dcor_err *err)
{
	const struct dcor_h5dset *i = dcor_dset_info(d);
	unsigned char block[8192];
	uint64_t k, part, per, u;
	double f;
	int rc;

	if (!is_column(i))
		return dcor_err_set(err, DCOR_EDATA, 0,
		    "%s: not a column of numbers", dcor_dset_path(d));
	dcor_dset_expect(d, first, n);
	per = sizeof(block) / i->type.size;
	for (; n > 0; first += part, n -= part, buf += part) {
		part = n < per ? n : per;
		rc = dcor_dset_read(d, r, first, part, block, err);
		if (rc != DCOR_OK)
			return rc;
		for (k = 0; k < part; k++) {
			f = dcor_h5_number(&i->type, block, k);
			if (!(f >= 0 && f < 18446744073709551616.0) ||
			    f != floor(f))
				return dcor_err_set(err, DCOR_EDATA, 0,
				    "%s: row %llu: no index", dcor_dset_path(d),
				    (unsigned long long)(first + k));
			u = (uint64_t)f;
			if (i->type.cls == DCOR_H5_INT &&
			    i->type.size == 8)
				memcpy(&u, block + 8 * k, 8);
			buf[k] = u;
		}
	}
	return DCOR_OK;
}

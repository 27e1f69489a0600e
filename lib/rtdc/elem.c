/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "rtdc/elem.h"

#include <math.h>
#include <string.h>

#define TWO64	18446744073709551616.0

union any {
	int8_t		 i8;
	int16_t		 i16;
	int32_t		 i32;
	int64_t		 i64;
	uint8_t		 u8;
	uint16_t	 u16;
	uint32_t	 u32;
	uint64_t	 u64;
	float		 f;
	double		 d;
};

/* An integer of any type: its sign and its magnitude. */
struct whole {
	int		 negative;
	uint64_t	 mag;
};

int
dcor_elem_known(const struct dcor_h5type *t)
{
	if (!t->standard)
		return 0;
	if (t->cls == DCOR_H5_FLOAT)
		return t->size == 4 || t->size == 8;
	return t->cls == DCOR_H5_INT && (t->size == 1 || t->size == 2 ||
	    t->size == 4 || t->size == 8);
}

void
dcor_elem_widen(struct dcor_h5type *a, const struct dcor_h5type *b)
{
	int fa = a->cls == DCOR_H5_FLOAT, fb = b->cls == DCOR_H5_FLOAT;
	uint32_t size = a->size > b->size ? a->size : b->size;

	if (fa && !fb)
		size = b->size > 2 ? 8 : a->size;
	else if (fb && !fa)
		size = a->size > 2 ? 8 : b->size;
	else if (!fa && a->is_signed != b->is_signed) {
		/* what has no sign needs a bit more */
		uint32_t u = a->is_signed ? b->size : a->size;

		size = size > u ? size : u < 8 ? 2 * u : 8;
		a->is_signed = 1;
	}
	a->cls = fa || fb ? DCOR_H5_FLOAT : DCOR_H5_INT;
	a->size = size;
	a->is_big = 0;
}

static struct whole
load(const struct dcor_h5type *t, const union any *v)
{
	struct whole w = { 0, 0 };
	int64_t i;

	if (!t->is_signed) {
		w.mag = t->size == 1 ? v->u8 : t->size == 2 ? v->u16 :
		    t->size == 4 ? v->u32 : v->u64;
		return w;
	}
	i = t->size == 1 ? v->i8 : t->size == 2 ? v->i16 :
	    t->size == 4 ? v->i32 : v->i64;
	w.negative = i < 0;
	w.mag = i < 0 ? 0 - (uint64_t)i : (uint64_t)i;
	return w;
}

/* 0 when it does not fit */
static int
store(const struct dcor_h5type *t, union any *v, struct whole w)
{
	unsigned bits = 8 * t->size - (t->is_signed != 0);
	uint64_t most = ~(uint64_t)0 >> (64 - bits), n;

	if (w.negative && !t->is_signed)
		return 0;
	if (w.mag > most + (w.negative != 0) || (w.mag > most && bits == 64))
		return 0;
	n = w.negative ? 0 - w.mag : w.mag;
	switch (t->size) {
	case 1: v->u8 = (uint8_t)n; break;
	case 2: v->u16 = (uint16_t)n; break;
	case 4: v->u32 = (uint32_t)n; break;
	default: v->u64 = n; break;
	}
	return 1;
}

/* An integer as a float of size bytes; 0 when that would round it. */
static int
store_float(uint32_t size, union any *v, struct whole w)
{
	unsigned digits = size == 4 ? 24 : 53;
	double d = (double)w.mag;

	if (w.mag != 0 && w.mag >> __builtin_ctzll(w.mag) >> digits != 0)
		return 0;
	d = w.negative ? -d : d;
	if (size == 4)
		v->f = (float)d;
	else
		v->d = d;
	return 1;
}

/* A float as an integer or a float; 0 when it is not the same then. */
static int
from_float(const struct dcor_h5type *to, union any *v, double d)
{
	struct whole w;

	if (to->cls == DCOR_H5_FLOAT) {
		if (to->size == 8) {
			v->d = d;
			return 1;
		}
		v->f = (float)d;
		return isnan(d) || (double)v->f == d;
	}
	if (!(d > -TWO64 && d < TWO64) || d != floor(d))
		return 0;
	w.negative = d < 0;
	w.mag = (uint64_t)fabs(d);
	return store(to, v, w);
}

size_t
dcor_elem_convert(const struct dcor_h5type *to, void *dst,
    const struct dcor_h5type *from, const void *src, size_t n)
{
	int floats = from->cls == DCOR_H5_FLOAT;
	const unsigned char *s = src;
	unsigned char *d = dst;
	union any a, b;
	size_t k;
	int ok;

	for (k = 0; k < n; k++, s += from->size, d += to->size) {
		memcpy(&a, s, from->size);
		if (floats)
			ok = from_float(to, &b, from->size == 4 ?
			    (double)a.f : a.d);
		else if (to->cls == DCOR_H5_FLOAT)
			ok = store_float(to->size, &b, load(from, &a));
		else
			ok = store(to, &b, load(from, &a));
		if (!ok)
			break;
		memcpy(d, &b, to->size);
	}
	return k;
}

double
dcor_elem_f64(const struct dcor_h5type *t, const void *p, size_t k)
{
	struct whole w;
	union any v;

	memcpy(&v, (const unsigned char *)p + k * t->size, t->size);
	if (t->cls == DCOR_H5_FLOAT)
		return t->size == 4 ? (double)v.f : v.d;
	w = load(t, &v);
	return w.negative ? -(double)w.mag : (double)w.mag;
}

size_t
dcor_elem_add(const struct dcor_h5type *t, void *p, size_t n, uint64_t add)
{
	unsigned char *e = p;
	union any v;
	int bad = 0;
	size_t k;

	for (k = 0; k < n; k++, e += t->size) {
		memcpy(&v, e, t->size);
		if (t->cls == DCOR_H5_FLOAT && t->size == 4)
			v.f += (float)add;
		else if (t->cls == DCOR_H5_FLOAT)
			v.d += (double)add;
		else if (t->is_signed)
			bad = __builtin_add_overflow(v.i64, add, &v.i64);
		else
			bad = __builtin_add_overflow(v.u64, add, &v.u64);
		if (bad)
			break;
		memcpy(e, &v, t->size);
	}
	return k;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Encoded data types; see HDF5's file format, IV.A.2.d. */
#include <string.h>

#include "rtdc/h5indexrd.h"

#define DEPTH	8	/* types within types */
#define HEAD	8

static size_t lower(unsigned char *p, size_t n, unsigned depth);

static uint32_t
get32(const unsigned char *p)
{
	return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
	    (uint32_t)p[3] << 24;
}

/* The bytes of a name and its NUL, or 0. */
static size_t
name_len(const unsigned char *p, size_t n)
{
	const unsigned char *end = memchr(p, '\0', n);

	return end == NULL ? 0 : (size_t)(end - p) + 1;
}

/* The members behind the head of a compound. */
static size_t
members(unsigned char *p, size_t n, unsigned count, uint32_t size,
    unsigned depth)
{
	size_t at = 0, k, off = 1, i;
	uint64_t where;

	for (; off < 4 && size >> (8 * off) != 0; off++)
		;
	for (; count > 0; count--) {
		if ((k = name_len(p + at, n - at)) == 0)
			return 0;
		at += k;
		if (n - at < off)
			return 0;
		for (i = off, where = 0; i > 0; i--)
			where = where << 8 | p[at + i - 1];
		at += off;
		if ((k = lower(p + at, n - at, depth)) == 0 ||
		    where + get32(p + at + 4) > size)
			return 0;
		at += k;
	}
	return at;
}

/* Dimensions and element type of an array of so many bytes. */
static size_t
array(unsigned char *p, size_t n, uint32_t size, unsigned depth)
{
	uint64_t all = 1;
	size_t at = 1, k, rank;

	if (n < 1 || p[0] == 0 || p[0] > DCOR_H5_MAXRANK ||
	    n - 1 < 4 * (size_t)p[0])
		return 0;
	for (rank = p[0]; rank > 0; rank--, at += 4)
		if ((all *= get32(p + at)) > UINT32_MAX)
			return 0;
	if ((k = lower(p + at, n - at, depth)) == 0 ||
	    all * get32(p + at + 4) != size)
		return 0;
	return at + k;
}

/* Names and values behind the base type of an enumeration. */
static size_t
values(const unsigned char *p, size_t n, unsigned count, uint32_t size)
{
	size_t at = 0, k;
	unsigned i;

	for (i = 0; i < count; i++) {
		if ((k = name_len(p + at, n - at)) == 0)
			return 0;
		at += k;
	}
	if ((uint64_t)count * size > n - at)
		return 0;
	return at + (size_t)count * size;
}

static size_t
lower(unsigned char *p, size_t n, unsigned depth)
{
	unsigned version, count, bits;
	size_t at = HEAD, k;
	uint32_t size;

	if (depth == DEPTH || n < HEAD)
		return 0;
	version = p[0] >> 4;
	bits = p[1];
	count = p[1] | (unsigned)p[2] << 8;
	size = get32(p + 4);
	/* versions 1 and 2 pad; files with them need no help */
	if (version < 1 || version > 5 || size == 0)
		return 0;
	switch (p[0] & 15) {
	case DCOR_H5_INT:
	case DCOR_H5_BITFIELD:
		at += 4;
		break;
	case DCOR_H5_FLOAT:
		at += 12;
		break;
	case DCOR_H5_STRING:
		break;
	case DCOR_H5_OPAQUE:
		at += bits;
		break;
	case DCOR_H5_COMPOUND:
		if (version < 3 || count == 0 || (k = members(p + at, n - at,
		    count, size, depth + 1)) == 0)
			return 0;
		at += k;
		break;
	case DCOR_H5_ENUM:
		if (version < 3 || count == 0 || n - at < HEAD ||
		    (p[at] & 15) != DCOR_H5_INT || get32(p + at + 4) !=
		    size || (k = lower(p + at, n - at, depth + 1)) == 0)
			return 0;
		at += k;
		if ((k = values(p + at, n - at, count, size)) == 0)
			return 0;
		at += k;
		break;
	case DCOR_H5_ARRAY:
		if (version < 3 || (k = array(p + at, n - at, size,
		    depth + 1)) == 0)
			return 0;
		at += k;
		break;
	default:
		return 0;
	}
	if (at > n)
		return 0;
	p[0] = (unsigned char)((p[0] & 15) | 3 << 4);
	return at;
}

size_t
dcor_h5type_lower(unsigned char *p, size_t n)
{
	return lower(p, n, 0);
}

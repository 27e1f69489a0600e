/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Encoded data types; see HDF5's file format, IV.A.2.d. */
#include <string.h>

#include "rtdc/h5indexrd.h"

#define DEPTH	8	/* types within types */
#define HEAD	8

static size_t lower(unsigned char *p, size_t n, unsigned depth);

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
	size_t at = 0, k, off = 1;

	for (; off < 4 && size >> (8 * off) != 0; off++)
		;
	for (; count > 0; count--) {
		if ((k = name_len(p + at, n - at)) == 0)
			return 0;
		at += k;
		if (n - at < off)
			return 0;
		at += off;
		if ((k = lower(p + at, n - at, depth)) == 0)
			return 0;
		at += k;
	}
	return at;
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
	size = p[4] | (uint32_t)p[5] << 8 | (uint32_t)p[6] << 16 |
	    (uint32_t)p[7] << 24;
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
		if (version < 3 || count == 0 || (k = lower(p + at, n - at,
		    depth + 1)) == 0)
			return 0;
		at += k;
		if ((k = values(p + at, n - at, count, size)) == 0)
			return 0;
		at += k;
		break;
	case DCOR_H5_ARRAY:
		if (version < 3 || n - at < 1)
			return 0;
		k = 1 + 4 * (size_t)p[at];
		if (p[at] == 0 || n - at < k)
			return 0;
		at += k;
		if ((k = lower(p + at, n - at, depth + 1)) == 0)
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

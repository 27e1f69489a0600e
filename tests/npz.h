/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * npz.h - arrays that NumPy saved: a ZIP file of .npy members, stored or
 * deflated, below 4 GB, little-endian
 */
#ifndef NPZ_H
#define NPZ_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "cli.h"

#define NPZ_MAX	128

struct npy {
	char		 name[64];	/* without .npy */
	char		 kind;		/* f, i, u, b */
	unsigned	 size;		/* of an item */
	int		 rank;
	size_t		 shape[4], n;	/* n: of items */
	unsigned char	*data;
	unsigned char	*base;		/* what to free */
};

struct npz {
	struct npy	 a[NPZ_MAX];
	int		 n;
};

static inline uint32_t
npz_u32(const unsigned char *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
	    (uint32_t)p[3] << 24;
}

static inline unsigned
npz_u16(const unsigned char *p)
{
	return p[0] | (unsigned)p[1] << 8;
}

static inline unsigned char *
npz_slurp(const char *path, size_t *n)
{
	FILE *fp = fopen(path, "rb");
	unsigned char *p;
	long len;

	if (fp == NULL)
		cli_die(66, "%s: cannot be opened", path);
	if (fseek(fp, 0, SEEK_END) != 0 || (len = ftell(fp)) < 0)
		cli_die(74, "%s: cannot be read", path);
	rewind(fp);
	*n = (size_t)len;
	if ((p = malloc(*n + 1)) == NULL)
		cli_die(71, "out of memory");
	if (fread(p, 1, *n, fp) != *n)
		cli_die(74, "%s: cannot be read", path);
	p[*n] = '\0';
	fclose(fp);
	return p;
}

static inline unsigned char *
npz_inflate(const unsigned char *in, size_t nin, size_t nout)
{
	unsigned char *out = malloc(nout + 1);
	z_stream z;

	memset(&z, 0, sizeof(z));
	z.next_in = (z_const Bytef *)(uintptr_t)in;
	z.avail_in = (uInt)nin;
	z.next_out = out;
	z.avail_out = (uInt)nout;
	if (out == NULL || inflateInit2(&z, -15) != Z_OK ||
	    inflate(&z, Z_FINISH) != Z_STREAM_END || z.total_out != nout)
		cli_die(65, "a member of the archive cannot be inflated");
	inflateEnd(&z);
	return out;
}

/* The header of an array: {'descr': '<f8', ..., 'shape': (3, 4), } */
static inline void
npz_header(struct npy *a, size_t len)
{
	const unsigned char *p = a->base;
	size_t head, i;
	char text[512];
	const char *s;
	char *end;

	if (len < 12 || memcmp(p, "\x93NUMPY", 6) != 0)
		cli_die(65, "%s: not an array", a->name);
	head = p[6] == 1 ? 10 + npz_u16(p + 8) : 12 + npz_u32(p + 8);
	if (head > len || head > sizeof(text))
		cli_die(65, "%s: not an array", a->name);
	memcpy(text, p + 10, head - 10);
	text[head - 10] = '\0';
	if ((s = strstr(text, "'descr': '")) == NULL)
		cli_die(65, "%s: no type", a->name);
	a->kind = s[11];
	a->size = (unsigned)strtoul(s + 12, NULL, 10);
	if (s[10] == '>' || strstr(text, "'fortran_order': False") == NULL ||
	    (s = strstr(text, "'shape': (")) == NULL)
		cli_die(65, "%s: an array of another kind", a->name);
	s += 10;
	for (a->n = 1; a->rank < 4; s = end + strspn(end, ", ")) {
		size_t v = strtoul(s, &end, 10);

		if (end == s)
			break;
		a->shape[a->rank++] = v;
		a->n *= v;
	}
	a->data = a->base + head;
	for (i = a->n; i > 0 && a->size > (len - head) / i; )
		cli_die(65, "%s: cut short", a->name);
}

static inline void
npz_read(const char *path, struct npz *z)
{
	size_t n, i, off, zn, un;
	unsigned char *f = npz_slurp(path, &n), *p, *l;
	unsigned count, nlen;

	memset(z, 0, sizeof(*z));
	if (n < 22)
		cli_die(65, "%s: not a ZIP file", path);
	for (i = n - 22; npz_u32(f + i) != 0x06054b50; i--)
		if (i == 0)
			cli_die(65, "%s: not a ZIP file", path);
	count = npz_u16(f + i + 10);
	off = npz_u32(f + i + 16);
	for (p = f + off; count > 0 && z->n < NPZ_MAX; count--) {
		struct npy *a = &z->a[z->n++];

		if (p + 46 > f + n || npz_u32(p) != 0x02014b50)
			cli_die(65, "%s: bad ZIP file", path);
		zn = npz_u32(p + 20);
		un = npz_u32(p + 24);
		nlen = npz_u16(p + 28);
		snprintf(a->name, sizeof(a->name), "%.*s",
		    (int)(nlen > 4 ? nlen - 4 : 0), (const char *)p + 46);
		l = f + npz_u32(p + 42);
		l += 30 + npz_u16(l + 26) + npz_u16(l + 28);
		if (l + zn > f + n)
			cli_die(65, "%s: cut short", path);
		if (npz_u16(p + 10) == 8)
			a->base = npz_inflate(l, zn, un);
		else if ((a->base = malloc(un + 1)) != NULL)
			memcpy(a->base, l, un);
		if (a->base == NULL)
			cli_die(71, "out of memory");
		if (crc32(0, a->base, (uInt)un) != npz_u32(p + 16))
			cli_die(65, "%s: %s: bad checksum", path, a->name);
		npz_header(a, un);
		p += 46 + nlen + npz_u16(p + 30) + npz_u16(p + 32);
	}
	free(f);
}

static inline const struct npy *
npz_get(const struct npz *z, const char *name)
{
	int i;

	for (i = 0; i < z->n; i++)
		if (strcmp(z->a[i].name, name) == 0)
			return &z->a[i];
	return NULL;
}

static inline double
npz_number(const struct npy *a, size_t i)
{
	const unsigned char *p = a->data + i * a->size;
	uint64_t u = 0;
	double d;
	float f;

	if (a->kind == 'f' && a->size == 8) {
		memcpy(&d, p, 8);
		return d;
	}
	if (a->kind == 'f' && a->size == 4) {
		memcpy(&f, p, 4);
		return (double)f;
	}
	memcpy(&u, p, a->size);
	if (a->kind == 'i' && a->size < 8 && u >> (8 * a->size - 1))
		u |= UINT64_MAX << (8 * a->size);
	return a->kind == 'i' ? (double)(int64_t)u : (double)u;
}

static inline void
npz_free(struct npz *z)
{
	while (z->n > 0)
		free(z->a[--z->n].base);
}

#endif /* NPZ_H */

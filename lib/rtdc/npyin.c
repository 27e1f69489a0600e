/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "rtdc/npyin.h"

#include <string.h>

#define MAGIC	"\x93NUMPY"

/* The value of a key in the header, which is a Python dictionary. */
static const char *
value(const char *head, const char *key)
{
	const char *p = strstr(head, key);

	if (p == NULL)
		return NULL;
	p += strlen(key);
	p += strspn(p, " ");
	if (*p != ':')
		return NULL;
	return p + 1 + strspn(p + 1, " ");
}

static int
dtype(const char *p, struct dcor_npyin *out)
{
	if (p == NULL || p[0] != '\'' || strchr("<>|=", p[1]) == NULL ||
	    p[1] == '\0' || strchr("iufb", p[2]) == NULL || p[2] == '\0' ||
	    strchr("1248", p[3]) == NULL || p[3] == '\0' || p[4] != '\'')
		return 0;
	out->big = p[1] == '>';
	out->kind = p[2];
	out->size = (size_t)(p[3] - '0');
	return out->kind != 'b' || out->size == 1;
}

/* "(N,)" */
static int
shape(const char *p, struct dcor_npyin *out)
{
	uint64_t n = 0;

	if (p == NULL || *p++ != '(' || *p < '0' || *p > '9')
		return 0;
	for (; *p >= '0' && *p <= '9'; p++) {
		if (n > UINT64_MAX / 100)
			return 0;
		n = n * 10 + (uint64_t)(*p - '0');
	}
	out->n = n;
	return strncmp(p, ",)", 2) == 0;
}

int
dcor_npyin(const void *data, size_t len, struct dcor_npyin *out)
{
	const unsigned char *p = data;
	char head[512];
	size_t n, at;

	memset(out, 0, sizeof(*out));
	if (len < 12 || memcmp(p, MAGIC, 6) != 0 || p[6] < 1 || p[6] > 3)
		return 0;
	at = p[6] == 1 ? 10 : 12;
	n = (size_t)p[8] | (size_t)p[9] << 8;
	if (at == 12)
		n |= (size_t)p[10] << 16 | (size_t)p[11] << 24;
	if (n > len - at || n >= sizeof(head))
		return 0;
	memcpy(head, p + at, n);
	head[n] = '\0';
	out->data = at + n;
	return dtype(value(head, "'descr'"), out) &&
	    shape(value(head, "'shape'"), out) &&
	    out->n <= (len - out->data) / out->size;
}

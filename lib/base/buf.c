/* SPDX-License-Identifier: GPL-3.0-or-later */
#define _DEFAULT_SOURCE			/* explicit_bzero */
#include "base/buf.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void
dcor_buf_init(struct dcor_buf *b, size_t max)
{
	memset(b, 0, sizeof(*b));
	b->max = max < SIZE_MAX ? max : SIZE_MAX - 1;
}

void
dcor_buf_fini(struct dcor_buf *b)
{
	free(b->p);
	dcor_buf_init(b, b->max);
}

void
dcor_wipe(void *p, size_t n)
{
	if (n > 0)
		explicit_bzero(p, n);
}

void
dcor_buf_wipe(struct dcor_buf *b)
{
	dcor_wipe(b->p, b->cap);
	dcor_buf_fini(b);
}

void
dcor_buf_clear(struct dcor_buf *b)
{
	b->len = 0;
	b->bad = DCOR_OK;
	if (b->p != NULL)
		b->p[0] = '\0';
}

int
dcor_buf_room(struct dcor_buf *b, size_t n)
{
	size_t need, cap;
	char *p;

	if (b->bad != DCOR_OK)
		return b->bad;
	if (n > b->max - b->len)
		return b->bad = DCOR_EDATA;
	need = b->len + n + 1;		/* max < SIZE_MAX: no overflow */
	if (need <= b->cap)
		return 0;
	cap = b->cap < 64 ? 64 : b->cap;
	while (cap < need)
		cap = cap > SIZE_MAX / 2 ? need : cap * 2;
	if ((p = realloc(b->p, cap)) == NULL)
		return b->bad = DCOR_ENOMEM;
	b->p = p;
	b->cap = cap;
	b->p[b->len] = '\0';
	return 0;
}

int
dcor_buf_add(struct dcor_buf *b, const void *p, size_t n)
{
	int rc;

	if (n == 0)
		return b->bad;
	if ((rc = dcor_buf_room(b, n)) != 0)
		return rc;
	memcpy(b->p + b->len, p, n);
	b->len += n;
	b->p[b->len] = '\0';
	return 0;
}

int
dcor_buf_adds(struct dcor_buf *b, const char *s)
{
	return dcor_buf_add(b, s, strlen(s));
}

int
dcor_buf_addc(struct dcor_buf *b, char c)
{
	return dcor_buf_add(b, &c, 1);
}

int
dcor_buf_addf(struct dcor_buf *b, const char *fmt, ...)
{
	va_list ap;
	int n, rc;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0)
		return b->bad = DCOR_EBUG;
	if ((rc = dcor_buf_room(b, (size_t)n)) != 0)
		return rc;
	va_start(ap, fmt);
	vsnprintf(b->p + b->len, (size_t)n + 1, fmt, ap);
	va_end(ap);
	b->len += (size_t)n;
	return 0;
}

const char *
dcor_buf_str(const struct dcor_buf *b)
{
	return b->p != NULL ? b->p : "";
}

int
dcor_buf_check(const struct dcor_buf *b, struct dcor_err *err)
{
	switch (b->bad) {
	case DCOR_OK:
		return 0;
	case DCOR_ENOMEM:
		return dcor_err_nomem(err);
	case DCOR_EDATA:
		return dcor_err_set(err, DCOR_EDATA, 0,
		    "text longer than %zu bytes", b->max);
	default:
		return dcor_err_set(err, b->bad, 0, "text cannot be built");
	}
}

int
dcor_buf_take(struct dcor_buf *b, char **out, size_t *len,
    struct dcor_err *err)
{
	int rc;

	*out = NULL;
	dcor_buf_room(b, 0);		/* an empty text is a string, too */
	if ((rc = dcor_buf_check(b, err)) != 0)
		return rc;
	*out = b->p;
	if (len != NULL)
		*len = b->len;
	dcor_buf_init(b, b->max);
	return 0;
}

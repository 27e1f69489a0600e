/* SPDX-License-Identifier: GPL-3.0-or-later */
/* req.c - the head of a request, percent signs, ranges, dates */
#include "httpd.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static int
digit(char ch)
{
	if (ch >= '0' && ch <= '9')
		return ch - '0';
	if (ch >= 'a' && ch <= 'f')
		return ch - 'a' + 10;
	if (ch >= 'A' && ch <= 'F')
		return ch - 'A' + 10;
	return -1;
}

/* Decodes to at most n bytes and a NUL; returns what follows the NUL, or
 * NULL when the text is malformed or holds a NUL. */
char *
pct_decode(char *to, const char *s, size_t n, int plus)
{
	const char *end = s + n;

	while (s < end) {
		if (*s == '%') {
			int hi = end - s > 2 ? digit(s[1]) : -1;
			int lo = end - s > 2 ? digit(s[2]) : -1;

			if (hi < 0 || lo < 0 || hi + lo == 0)
				return NULL;
			*to++ = (char)(hi * 16 + lo);
			s += 3;
		} else {
			*to++ = *s == '+' && plus ? ' ' : *s;
			s++;
		}
	}
	*to++ = '\0';
	return to;
}

void
pct_encode(struct dcor_buf *b, const char *s, const char *keep)
{
	for (; *s; s++) {
		if ((*s >= 'a' && *s <= 'z') || (*s >= 'A' && *s <= 'Z') ||
		    (*s >= '0' && *s <= '9') || strchr("-._~", *s) ||
		    strchr(keep, *s))
			dcor_buf_addc(b, *s);
		else
			dcor_buf_addf(b, "%%%02X", (unsigned char)*s);
	}
}

int64_t
number(const char *s)
{
	int64_t v = 0;

	if (s == NULL || *s == '\0' || strlen(s) > 18)
		return -1;
	for (; *s; s++) {
		if (*s < '0' || *s > '9')
			return -1;
		v = v * 10 + (*s - '0');
	}
	return v;
}

/* Splits the query (decoded values go to *m). */
static int
params(struct req *r, char **m)
{
	const char *p = r->query, *end, *eq;

	while (p != NULL && *p) {
		end = p + strcspn(p, "&");
		if (end > p) {
			struct pair *q = &r->param[r->nparam];

			eq = memchr(p, '=', (size_t)(end - p));
			q->name = *m;
			*m = pct_decode(*m, p,
			    (size_t)((eq ? eq : end) - p), 1);
			if (*m == NULL)
				return -1;
			q->value = *m;
			*m = pct_decode(*m, eq ? eq + 1 : end,
			    eq ? (size_t)(end - eq - 1) : 0, 1);
			if (*m == NULL)
				return -1;
			r->nparam++;
		}
		p = *end ? end + 1 : end;
	}
	return 0;
}

static int
headers(struct req *r, char *p)
{
	char *eol, *v;

	while (*p && (eol = strstr(p, "\r\n")) != NULL && eol != p) {
		struct pair *h = &r->head[r->nhead];

		*eol = '\0';
		if (*p == ' ' || *p == '\t' || (v = strchr(p, ':')) == NULL ||
		    v == p)
			return -1;
		*v++ = '\0';
		h->name = p;
		for (; *p; p++) {
			if (*p <= ' ' || *p == 127)
				return -1;
			if (*p >= 'A' && *p <= 'Z')
				*p = (char)(*p - 'A' + 'a');
		}
		v += strspn(v, " \t");
		h->value = v;
		for (v += strlen(v); v > h->value && strchr(" \t", v[-1]); )
			*--v = '\0';
		r->nhead++;
		p = eol + 2;
	}
	return 0;
}

/* Bucket and key from Host and path; decoded names go to *m. */
static int
names(struct req *r, char **m)
{
	const char *host = req_header(r, "host"), *p = r->path + 1, *slash;
	size_t n = host ? strcspn(host, ":") : 0, d = strlen(conf.domain);

	if (n > d + 1 && host[n - d - 1] == '.' &&
	    strncasecmp(host + n - d, conf.domain, d) == 0) {
		r->vhost = 1;
		r->bucket = *m;
		memcpy(*m, host, n - d - 1);
		*m += n - d - 1;
		*(*m)++ = '\0';
	} else {
		slash = strchr(p, '/');
		n = slash ? (size_t)(slash - p) : strlen(p);
		if (n > 0)
			r->bucket = *m;
		if ((*m = pct_decode(*m, p, n, 0)) == NULL)
			return -1;
		p += n + (slash != NULL);
	}
	if (*p)
		r->key = *m;
	return (*m = pct_decode(*m, p, strlen(p), 0)) == NULL ? -1 : 0;
}

/* Takes n bytes with the empty line at their end apart. */
int
req_parse(struct req *r, const char *p, size_t n)
{
	char *line, *m, *sp, *q;
	size_t i, most = 1;

	memset(r, 0, sizeof(*r));
	if (memchr(p, '\0', n) != NULL)
		return -1;
	for (i = 0; i < n; i++)
		most += p[i] == '\n' || p[i] == '&' || p[i] == '?';
	/* the head; the target once more; decoded path and query */
	r->mem = xalloc(NULL, 4 * n + 64);
	r->head = xalloc(NULL, most * sizeof(*r->head));
	r->param = xalloc(NULL, most * sizeof(*r->param));
	memcpy(r->mem, p, n);
	r->mem[n] = '\0';
	m = r->mem + n + 1;
	line = r->mem;
	if ((q = strstr(line, "\r\n")) == NULL)
		return -1;
	*q = '\0';
	r->method = line;
	if ((sp = strchr(line, ' ')) == NULL)
		return -1;
	*sp++ = '\0';
	r->target = sp;
	if ((sp = strchr(sp, ' ')) == NULL ||
	    strncmp(sp, " HTTP/1.", 8) != 0 || *r->target != '/')
		return -1;
	*sp = '\0';
	for (sp = r->target; *sp; sp++)
		if (*sp > 0 && *sp < 32)
			return -1;
	r->path = m;
	memcpy(m, r->target, strlen(r->target) + 1);
	m += strlen(m) + 1;
	if ((sp = strchr(r->path, '?')) != NULL) {
		*sp = '\0';
		r->query = sp + 1;
	}
	if (headers(r, q + 2) != 0 || params(r, &m) != 0)
		return -1;
	return names(r, &m);
}

void
req_free(struct req *r)
{
	free(r->mem);
	free(r->head);
	free(r->param);
	memset(r, 0, sizeof(*r));
}

static const char *
find(const struct pair *p, size_t n, const char *name)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (strcmp(p[i].name, name) == 0)
			return p[i].value;
	return NULL;
}

const char *
req_header(const struct req *r, const char *name)
{
	return find(r->head, r->nhead, name);
}

const char *
req_param(const struct req *r, const char *name)
{
	return find(r->param, r->nparam, name);
}

int
range_parse(const char *s, uint64_t size, uint64_t *from, uint64_t *n)
{
	char a[20] = "", b[20] = "";
	const char *dash;
	int64_t x, y;

	if (s == NULL || strncmp(s, "bytes=", 6) != 0)
		return 0;
	s += 6;
	if ((dash = strchr(s, '-')) == NULL || dash - s > 18 ||
	    strlen(dash + 1) > 18)
		return 0;
	memcpy(a, s, (size_t)(dash - s));
	memcpy(b, dash + 1, strlen(dash + 1));
	x = number(a);
	y = number(b);
	if ((*a && x < 0) || (*b && y < 0) || (x < 0 && y < 0))
		return 0;
	if (*a == '\0') {
		if (y == 0 || size == 0)
			return -1;
		*n = (uint64_t)y < size ? (uint64_t)y : size;
		*from = size - *n;
		return 1;
	}
	if (*b && y < x)
		return 0;
	if ((uint64_t)x >= size)
		return -1;
	*from = (uint64_t)x;
	*n = size - *from;
	if (*b && (uint64_t)(y - x) + 1 < *n)
		*n = (uint64_t)(y - x) + 1;
	return 1;
}

static void
date(char out[40], int64_t t, const char *fmt)
{
	struct tm tm;
	time_t tt = (time_t)t;

	memset(&tm, 0, sizeof(tm));
	gmtime_r(&tt, &tm);
	switch (*fmt) {
	case 'h':
		strftime(out, 40, "%a, %d %b %Y %H:%M:%S GMT", &tm);
		break;
	default:
		strftime(out, 40, "%Y-%m-%dT%H:%M:%S.000Z", &tm);
	}
}

void
http_date(char out[40], int64_t t)
{
	date(out, t, "http");
}

void
iso_date(char out[40], int64_t t)
{
	date(out, t, "iso");
}

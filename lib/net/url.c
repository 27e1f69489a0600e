/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "net/url.h"

#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define ALNUM	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz" \
		"0123456789"

/* The bytes that are never encoded (RFC 3986 2.3). */
static const unsigned char unreserved[256] = {
	['-'] = 1, ['.'] = 1, ['_'] = 1, ['~'] = 1,
	['0'] = 1, ['1'] = 1, ['2'] = 1, ['3'] = 1, ['4'] = 1, ['5'] = 1,
	['6'] = 1, ['7'] = 1, ['8'] = 1, ['9'] = 1,
	['A'] = 1, ['B'] = 1, ['C'] = 1, ['D'] = 1, ['E'] = 1, ['F'] = 1,
	['G'] = 1, ['H'] = 1, ['I'] = 1, ['J'] = 1, ['K'] = 1, ['L'] = 1,
	['M'] = 1, ['N'] = 1, ['O'] = 1, ['P'] = 1, ['Q'] = 1, ['R'] = 1,
	['S'] = 1, ['T'] = 1, ['U'] = 1, ['V'] = 1, ['W'] = 1, ['X'] = 1,
	['Y'] = 1, ['Z'] = 1,
	['a'] = 1, ['b'] = 1, ['c'] = 1, ['d'] = 1, ['e'] = 1, ['f'] = 1,
	['g'] = 1, ['h'] = 1, ['i'] = 1, ['j'] = 1, ['k'] = 1, ['l'] = 1,
	['m'] = 1, ['n'] = 1, ['o'] = 1, ['p'] = 1, ['q'] = 1, ['r'] = 1,
	['s'] = 1, ['t'] = 1, ['u'] = 1, ['v'] = 1, ['w'] = 1, ['x'] = 1,
	['y'] = 1, ['z'] = 1
};

/* The length of "scheme" when text begins with "scheme:", else 0. */
static size_t
scheme_len(const char *text)
{
	size_t n = strspn(text, ALNUM "+-.");

	return n > 0 && n < 32 && text[n] == ':' &&
	    isalpha((unsigned char)text[0]) ? n : 0;
}

static char *
lower_dup(const char *p, size_t n)
{
	char *s = malloc(n + 1);
	size_t i;

	if (s == NULL)
		return NULL;
	for (i = 0; i < n; i++)
		s[i] = (char)tolower((unsigned char)p[i]);
	s[n] = '\0';
	return s;
}

static int
well_formed(const char *text)
{
	const unsigned char *p = (const unsigned char *)text;

	for (; *p != '\0'; p++)
		if (*p <= 0x20 || *p == 0x7f)
			return 0;
	return (size_t)((const char *)p - text) <= DCOR_URL_MAX;
}

/* "host" or "host:port" of n bytes.  Sets the length of the host. */
static int
authority(const char *p, size_t n, size_t *nhost, int *port)
{
	size_t i, h;
	int v = 0;

	if (n > 0 && p[0] == '[') {
		h = 1 + strspn(p + 1, "0123456789abcdefABCDEF:.");
		if (h < 3 || h >= n || p[h] != ']')
			return DCOR_EARG;
		h++;
	} else
		h = strspn(p, ALNUM "-._");
	if (h == 0 || h > 255 || (h < n && p[h] != ':') || n - h > 6)
		return DCOR_EARG;
	for (i = h + 1; i < n; i++) {
		if (p[i] < '0' || p[i] > '9')
			return DCOR_EARG;
		v = v * 10 + (p[i] - '0');
	}
	if (n > h + 1 && (v < 1 || v > 65535))
		return DCOR_EARG;
	*nhost = h;
	*port = v;
	return 0;
}

int
dcor_url_parse(const char *text, struct dcor_url *out, struct dcor_err *err)
{
	size_t ns = scheme_len(text), na, np, nhost;
	const char *p, *q;
	int port, own;

	memset(out, 0, sizeof(*out));
	if (!well_formed(text))
		return dcor_err_set(err, DCOR_EARG, 0, "not a URL: it is too "
		    "long or has blanks or control bytes");
	if (ns == 0 || strncmp(text + ns, "://", 3) != 0)
		return dcor_err_set(err, DCOR_EARG, 0, "not a URL: it does "
		    "not begin with a scheme and \"://\"");
	p = text + ns + 3;
	na = strcspn(p, "/?#");
	if (memchr(p, '@', na) != NULL)
		return dcor_err_set(err, DCOR_EARG, 0, "a URL must not hold "
		    "a user or a password");
	if (authority(p, na, &nhost, &port) != 0)
		return dcor_err_set(err, DCOR_EARG, 0,
		    "not a URL: its host or port is malformed");
	q = p + na;
	np = strcspn(q, "?#");
	out->scheme = lower_dup(text, ns);
	out->host = lower_dup(p, nhost);
	out->path = np > 0 ? strndup(q, np) : strdup("/");
	q += np;
	if (*q == '?')
		out->query = strndup(q + 1, strcspn(q + 1, "#"));
	if (out->scheme == NULL || out->host == NULL || out->path == NULL ||
	    (*q == '?' && out->query == NULL)) {
		dcor_url_fini(out);
		return dcor_err_nomem(err);
	}
	own = strcmp(out->scheme, "https") == 0 ? 443 :
	    strcmp(out->scheme, "http") == 0 ? 80 : 0;
	out->port = port != 0 ? port : own;
	out->port_given = out->port != own;
	return 0;
}

void
dcor_url_fini(struct dcor_url *u)
{
	free(u->scheme);
	free(u->host);
	free(u->path);
	free(u->query);
	memset(u, 0, sizeof(*u));
}

int
dcor_url_host(const struct dcor_url *u, struct dcor_buf *out)
{
	if (u->port_given)
		return dcor_buf_addf(out, "%s:%d", u->host, u->port);
	return dcor_buf_adds(out, u->host);
}

int
dcor_url_is_address(const char *host)
{
	return host[0] == '[' || host[strspn(host, "0123456789.")] == '\0';
}

int
dcor_url_same_origin(const struct dcor_url *a, const struct dcor_url *b)
{
	return strcmp(a->scheme, b->scheme) == 0 &&
	    strcmp(a->host, b->host) == 0 && a->port == b->port;
}

/*
 * A path without its dot segments (RFC 3986 5.2.4), appended.  seg is where
 * the segment that comes next begins; out never loses what it had before.
 */
static void
add_undotted(struct dcor_buf *out, const char *path, size_t n)
{
	const char *end = path + n, *seg, *next;
	size_t base = out->len;

	for (seg = path; seg < end; seg = next) {
		/* a segment with the slash before it */
		next = memchr(seg + 1, '/', (size_t)(end - seg - 1));
		next = next != NULL ? next : end;
		n = (size_t)(next - seg);
		if ((n == 2 && memcmp(seg, "/.", 2) == 0) ||
		    (n == 3 && memcmp(seg, "/..", 3) == 0)) {
			if (n == 3) {
				while (out->len > base &&
				    out->p[--out->len] != '/')
					continue;
			}
			if (next == end)
				dcor_buf_addc(out, '/');
		} else
			dcor_buf_add(out, seg, n);
	}
}

/* A reference without scheme: what is missing is the base's. */
static void
add_relative(struct dcor_buf *out, const char *base, const char *ref,
    size_t nref)
{
	const char *path = base + scheme_len(base) + 3, *slash;
	size_t np, nr;
	struct dcor_buf b;

	path += strcspn(path, "/?#");
	np = strcspn(path, "?#");
	nr = strcspn(ref, "?#");
	dcor_buf_add(out, base, (size_t)(path - base));
	if (nr == 0) {			/* a query, or nothing */
		dcor_buf_add(out, np > 0 ? path : "/", np > 0 ? np : 1);
		if (nref == 0 && path[np] == '?')
			dcor_buf_add(out, path + np, strcspn(path + np, "#"));
		dcor_buf_add(out, ref, nref);
		return;
	}
	dcor_buf_init(&b, 2 * DCOR_URL_MAX);
	if (ref[0] != '/') {
		for (slash = path + np; slash > path && slash[-1] != '/';)
			slash--;
		dcor_buf_add(&b, slash > path ? path : "/",
		    slash > path ? (size_t)(slash - path) : 1);
	}
	dcor_buf_add(&b, ref, nr);
	add_undotted(out, dcor_buf_str(&b), b.len);
	if (b.bad != DCOR_OK)
		out->bad = b.bad;
	dcor_buf_fini(&b);
	dcor_buf_add(out, ref + nr, nref - nr);
}

int
dcor_url_resolve(const char *base, const char *reference,
    struct dcor_buf *out, struct dcor_err *err)
{
	size_t from = out->len, n = strcspn(reference, "#");
	struct dcor_url a, b;
	int rc, web, down;

	if ((rc = dcor_url_parse(base, &a, err)) != 0)
		return rc;
	if (!well_formed(reference)) {
		dcor_url_fini(&a);
		return dcor_err_set(err, DCOR_EPROTO, 0, "redirected to what "
		    "is too long or has blanks or control bytes");
	}
	if (scheme_len(reference) > 0)
		dcor_buf_add(out, reference, n);
	else if (strncmp(reference, "//", 2) == 0) {
		dcor_buf_addf(out, "%s:", a.scheme);
		dcor_buf_add(out, reference, n);
	} else
		add_relative(out, base, reference, n);
	if ((rc = dcor_buf_check(out, err)) != 0) {
		dcor_url_fini(&a);
		return rc;
	}
	if (dcor_url_parse(out->p + from, &b, NULL) != 0) {
		dcor_url_fini(&a);
		return dcor_err_set(err, DCOR_EPROTO, 0,
		    "redirected to what is no URL");
	}
	web = strcmp(b.scheme, "https") == 0 || strcmp(b.scheme, "http") == 0;
	down = strcmp(a.scheme, "https") == 0 && strcmp(b.scheme, "https");
	dcor_url_fini(&a);
	dcor_url_fini(&b);
	if (!web || down)
		return dcor_err_set(err, DCOR_EPROTO, 0, "redirected %s",
		    !web ? "to what is neither http nor https" :
		    "from https to http");
	return 0;
}

static void
add_printable(struct dcor_buf *out, const char *p, size_t n)
{
	for (; n > 0; p++, n--)
		dcor_buf_addc(out, (unsigned char)*p < 0x20 || *p == 0x7f ?
		    '?' : *p);
}

void
dcor_url_redact(const char *text, struct dcor_buf *out)
{
	size_t n = strcspn(text, "?#"), i, from = 0;
	const char *a = strstr(text, "://");

	if (a != NULL && (size_t)(a - text) < n) {
		a += 3;
		add_printable(out, text, (size_t)(a - text));
		n -= (size_t)(a - text);
		text = a;
		for (i = 0; i < n && text[i] != '/'; i++)
			if (text[i] == '@')
				from = i + 1;
	}
	add_printable(out, text + from, n - from);
}

int
dcor_pct_encode(struct dcor_buf *out, const void *data, size_t n,
    const char *keep)
{
	static const char digit[] = "0123456789ABCDEF";
	const unsigned char *p = data;
	size_t i, more = 0;
	char *q;
	int rc;

#define KEPT(c)	(unreserved[c] || (keep != NULL && (c) != 0 && \
	strchr(keep, (c)) != NULL))
	for (i = 0; i < n; i++)
		more += KEPT(p[i]) ? 0 : 2;
	if (more > SIZE_MAX - n - 1)
		return out->bad = DCOR_EDATA;
	if ((rc = dcor_buf_room(out, n + more)) != 0)
		return rc;
	q = out->p + out->len;
	for (i = 0; i < n; i++)
		if (KEPT(p[i]))
			*q++ = (char)p[i];
		else {
			*q++ = '%';
			*q++ = digit[p[i] >> 4];
			*q++ = digit[p[i] & 15];
		}
#undef KEPT
	*q = '\0';
	out->len += n + more;
	return 0;
}

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int
dcor_pct_decode(struct dcor_buf *out, const char *p, size_t n)
{
	size_t i;
	int hi, lo;

	for (i = 0; i < n && out->bad == DCOR_OK; i++) {
		if (p[i] != '%') {
			dcor_buf_addc(out, p[i]);
			continue;
		}
		if (n - i < 3 || (hi = hex_digit(p[i + 1])) < 0 ||
		    (lo = hex_digit(p[i + 2])) < 0)
			return DCOR_EDATA;
		dcor_buf_addc(out, (char)(hi << 4 | lo));
		i += 2;
	}
	return out->bad;
}

int
dcor_url_param(const char **next, struct dcor_param *out)
{
	const char *p = *next, *eq;
	size_t n;

	if (p == NULL)
		return 0;
	p += strspn(p, "&");
	if (*p == '\0') {
		*next = p;
		return 0;
	}
	n = strcspn(p, "&");
	eq = memchr(p, '=', n);
	out->name = p;
	out->nname = eq != NULL ? (size_t)(eq - p) : n;
	out->value = eq != NULL ? eq + 1 : p + n;
	out->nvalue = (size_t)(p + n - out->value);
	*next = p + n;
	return 1;
}

/* Whether the n bytes at p are name, encoded, in any case. */
static int
is_name(const char *p, size_t n, const char *name)
{
	char c;

	for (; n > 0 && *name != '\0'; p++, n--, name++) {
		c = *p;
		if (c == '%' && n >= 3 && hex_digit(p[1]) >= 0 &&
		    hex_digit(p[2]) >= 0) {
			c = (char)(hex_digit(p[1]) << 4 | hex_digit(p[2]));
			p += 2;
			n -= 2;
		}
		if (tolower((unsigned char)c) !=
		    tolower((unsigned char)*name))
			return 0;
	}
	return n == 0 && *name == '\0';
}

int
dcor_url_get(const char *query, const char *name, struct dcor_buf *out)
{
	struct dcor_param p, found;
	int n = 0;

	while (dcor_url_param(&query, &p))
		if (is_name(p.name, p.nname, name)) {
			found = p;
			n++;
		}
	if (n != 1)
		return n == 0 ? DCOR_ENOENT : DCOR_EDATA;
	return dcor_pct_decode(out, found.value, found.nvalue);
}

int
dcor_s3url_parse(const char *text, char bucket[256], const char **key,
    struct dcor_err *err)
{
	size_t n = 0;

	if (strncmp(text, "s3://", 5) != 0)
		return dcor_err_set(err, DCOR_EARG, 0, "not s3://BUCKET/KEY");
	text += 5;
	while (unreserved[(unsigned char)text[n]] && text[n] != '~')
		n++;
	if (n < 3 || n > 255 || (text[n] != '\0' && text[n] != '/'))
		return dcor_err_set(err, DCOR_EARG, 0, "a bucket's name has "
		    "3 to 255 letters, digits, dots, hyphens, underscores");
	memcpy(bucket, text, n);
	bucket[n] = '\0';
	*key = text[n] == '/' ? text + n + 1 : text + n;
	return 0;
}

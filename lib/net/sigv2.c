/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sigv2.c - version 2 signatures, the headers of both versions, and what
 * signed URLs say about themselves
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/hash.h"
#include "base/str.h"
#include "base/time.h"
#include "net/sigv4.h"
#include "net/url.h"

#define TEXT_MAX	(1 << 20)

/*
 * Headers
 */

static int
is_token(const char *name)
{
	return name[0] != '\0' && name[strspn(name, "!#$%&'*+-.^_`|~"
	    "0123456789abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ")] == '\0';
}

/* Stable, and these lists are short.  Of the parameters that version 2 signs
 * no two differ in case only. */
static void
sort_by_name(const struct dcor_pair **list, size_t n)
{
	const struct dcor_pair *x;
	size_t i, k;

	for (i = 1; i < n; i++) {
		x = list[i];
		for (k = i; k > 0 && strcasecmp(list[k - 1]->name,
		    x->name) > 0; k--)
			list[k] = list[k - 1];
		list[k] = x;
	}
}

static void
add_lower(struct dcor_buf *b, const char *s)
{
	for (; *s != '\0'; s++)
		dcor_buf_addc(b, *s >= 'A' && *s <= 'Z' ? (char)(*s | 0x20) :
		    *s);
}

/* Without blanks at the ends, each run of others as one. */
static void
add_trimmed(struct dcor_buf *b, const char *s)
{
	size_t n;

	for (s += strspn(s, " \t"); *s != '\0'; s += strspn(s, " \t")) {
		n = strcspn(s, " \t");
		dcor_buf_add(b, s, n);
		s += n;
		if (s[strspn(s, " \t")] != '\0')
			dcor_buf_addc(b, ' ');
	}
}

int
dcor_sig_headers(const struct dcor_sigreq *r, const struct dcor_pair *more,
    size_t nmore, const char *prefix, struct dcor_buf *out,
    struct dcor_buf *names, struct dcor_err *err)
{
	const struct dcor_pair *list[DCOR_SIG_MAX], *h;
	const char *p, *last = NULL;
	size_t n = 0, i;
	int rc;

	for (i = 0; i < r->nheaders + nmore; i++) {
		h = i < r->nheaders ? &r->headers[i] : &more[i - r->nheaders];
		if (!is_token(h->name))
			return dcor_err_set(err, DCOR_EARG, 0,
			    "not a header's name: %s", h->name);
		for (p = h->value; *p != '\0'; p++)
			if ((unsigned char)*p < 0x20 && *p != '\t')
				return dcor_err_set(err, DCOR_EARG, 0,
				    "%s: control byte in a header", h->name);
		if (strncasecmp(h->name, prefix, strlen(prefix)) != 0)
			continue;
		if (n == DCOR_SIG_MAX)
			return dcor_err_set(err, DCOR_EARG, 0,
			    "more than %d headers", DCOR_SIG_MAX);
		list[n++] = h;
	}
	sort_by_name(list, n);
	for (i = 0; i < n; last = list[i++]->name) {
		if (last != NULL && strcasecmp(last, list[i]->name) == 0)
			dcor_buf_addc(out, ',');
		else {
			if (i > 0) {
				dcor_buf_addc(out, '\n');
				if (names != NULL)
					dcor_buf_addc(names, ';');
			}
			add_lower(out, list[i]->name);
			dcor_buf_addc(out, ':');
			if (names != NULL)
				add_lower(names, list[i]->name);
		}
		add_trimmed(out, list[i]->value);
	}
	if (n > 0)
		dcor_buf_addc(out, '\n');
	if (names != NULL && (rc = dcor_buf_check(names, err)) != 0)
		return rc;
	return dcor_buf_check(out, err);
}

/*
 * Version 2
 */

/* The parameters that are signed; RestAuthentication.html and botocore. */
static int
is_signed(const char *name)
{
	static const char *const list[] = { "accelerate", "acl", "analytics",
	    "cors", "defaultObjectAcl", "delete", "inventory", "lifecycle",
	    "location", "logging", "metrics", "notification", "object-lock",
	    "partNumber", "policy", "replication", "requestPayment",
	    "response-cache-control", "response-content-disposition",
	    "response-content-encoding", "response-content-language",
	    "response-content-type", "response-expires", "restore", "select",
	    "select-type", "storageClass", "tagging", "torrent", "uploadId",
	    "uploads", "versionId", "versioning", "versions", "website" };
	size_t i;

	for (i = 0; i < sizeof(list) / sizeof(list[0]); i++)
		if (strcmp(name, list[i]) == 0)
			return 1;
	return 0;
}

/* The value of a header of r, or NULL. */
static const char *
header(const struct dcor_sigreq *r, const char *name)
{
	size_t i;

	for (i = 0; i < r->nheaders; i++)
		if (strcasecmp(r->headers[i].name, name) == 0)
			return r->headers[i].value;
	return NULL;
}

static int
v2_text(const struct dcor_keys *keys, const struct dcor_sigreq *r,
    int64_t expires, struct dcor_buf *b, struct dcor_err *err)
{
	static const char *const first[] = { "content-md5", "content-type" };
	struct dcor_pair token = { "x-amz-security-token", keys->token };
	const struct dcor_pair *list[DCOR_SIG_MAX];
	const char *v;
	size_t i, n = 0;
	int rc;

	if (r->nquery > DCOR_SIG_MAX)
		return dcor_err_set(err, DCOR_EARG, 0,
		    "more than %d parameters", DCOR_SIG_MAX);
	if (expires < 1)
		return dcor_err_set(err, DCOR_EARG, 0, "no time to be valid");
	dcor_buf_addf(b, "%s\n", r->method);
	for (i = 0; i < 2; i++) {
		if ((v = header(r, first[i])) != NULL)
			add_trimmed(b, v);
		dcor_buf_addc(b, '\n');
	}
	dcor_buf_addf(b, "%" PRId64 "\n", expires);
	if ((rc = dcor_sig_headers(r, &token, keys->token != NULL, "x-amz-",
	    b, NULL, err)) != 0)
		return rc;
	dcor_buf_adds(b, r->path);
	for (i = 0; i < r->nquery; i++)
		if (is_signed(r->query[i].name))
			list[n++] = &r->query[i];
	sort_by_name(list, n);
	for (i = 0; i < n; i++) {
		dcor_buf_addc(b, i == 0 ? '?' : '&');
		dcor_buf_adds(b, list[i]->name);
		if (list[i]->value != NULL)	/* decoded, says Amazon */
			dcor_buf_addf(b, "=%s", list[i]->value);
	}
	return dcor_buf_check(b, err);
}

static void
add_param(struct dcor_buf *b, const char *name, const char *value)
{
	if (b->len > 0 && b->p[b->len - 1] != '?')
		dcor_buf_addc(b, '&');
	dcor_pct_encode(b, name, strlen(name), NULL);
	if (value == NULL)
		return;
	dcor_buf_addc(b, '=');
	dcor_pct_encode(b, value, strlen(value), NULL);
}

int
dcor_sigv2_query(const struct dcor_keys *keys, const struct dcor_sigreq *r,
    int64_t expires, struct dcor_buf *out, struct dcor_err *err)
{
	unsigned char md[20];
	char sig[29], until[24];
	struct dcor_buf b;
	const char *name;
	size_t i;
	int rc;

	dcor_buf_init(&b, TEXT_MAX);
	if ((rc = v2_text(keys, r, expires, &b, err)) == 0)
		rc = dcor_hmac_sha1(keys->secret, strlen(keys->secret), b.p,
		    b.len, md, err);
	dcor_buf_clear(&b);
	if (rc != 0)
		goto out;
	dcor_base64(md, sizeof(md), sig);
	for (i = 0; i < r->nquery; i++)
		add_param(&b, r->query[i].name, r->query[i].value);
	add_param(&b, "AWSAccessKeyId", keys->id);
	add_param(&b, "Signature", sig);
	for (i = 0; i < r->nheaders; i++) {
		name = r->headers[i].name;
		if (strncasecmp(name, "x-amz-", 6) == 0 ||
		    strcasecmp(name, "content-md5") == 0 ||
		    strcasecmp(name, "content-type") == 0)
			add_param(&b, name, r->headers[i].value);
	}
	if (keys->token != NULL)
		add_param(&b, "x-amz-security-token", keys->token);
	snprintf(until, sizeof(until), "%" PRId64, expires);
	add_param(&b, "Expires", until);
	if ((rc = dcor_buf_check(&b, err)) == 0) {
		dcor_buf_add(out, b.p, b.len);
		rc = dcor_buf_check(out, err);
	}
out:
	dcor_buf_fini(&b);
	return rc;
}

int
dcor_sigv2_explain(const struct dcor_keys *keys,
    const struct dcor_sigreq *r, int64_t expires, struct dcor_buf *tosign,
    struct dcor_err *err)
{
	return v2_text(keys, r, expires, tosign, err);
}

/*
 * What a URL says
 */

/* The decoded value of a parameter that must be there, at most max long and
 * printable. */
static int
need(const char *query, const char *name, size_t max, struct dcor_buf *b,
    struct dcor_err *err)
{
	const char *p;
	int rc;

	dcor_buf_clear(b);
	if ((rc = dcor_url_get(query, name, b)) == DCOR_ENOMEM)
		return dcor_err_nomem(err);
	if (rc == DCOR_ENOENT)
		return dcor_err_set(err, DCOR_EDATA, 0,
		    "signed, but without %s", name);
	for (p = dcor_buf_str(b); rc == 0 && *p > 0x20 && *p < 0x7f; p++)
		continue;
	if (rc != 0 || b->len == 0 || b->len > max ||
	    p != dcor_buf_str(b) + b->len)
		return dcor_err_set(err, DCOR_EDATA, 0, "signed, but its %s "
		    "is malformed", name);
	return 0;
}

static int
need_u64(const char *query, const char *name, uint64_t max, uint64_t *v,
    struct dcor_buf *b, struct dcor_err *err)
{
	int rc;

	if ((rc = need(query, name, 20, b, err)) != 0)
		return rc;
	if (dcor_parse_u64(b->p, v) != 0 || *v > max)
		return dcor_err_set(err, DCOR_EDATA, 0, "signed, but its %s "
		    "is not from 0 to %" PRIu64, name, max);
	return 0;
}

/* Takes the last part of ID/DAY/REGION/SERVICE/aws4_request away. */
static const char *
last_part(char *text)
{
	char *slash = strrchr(text, '/');

	if (slash == NULL)
		return "";
	*slash = '\0';
	return slash + 1;
}

static int
parse_v4(const char *query, struct dcor_signed *out, struct dcor_buf *b,
    struct dcor_err *err)
{
	const char *end, *region, *day;
	char scope[512], date[17];
	uint64_t expires = 0;
	int rc;

	if ((rc = need(query, "X-Amz-Algorithm", 64, b, err)) != 0)
		return rc;
	if (strcmp(b->p, "AWS4-HMAC-SHA256") != 0)
		return dcor_err_set(err, DCOR_EDATA, 0, "signed by %s, which "
		    "is not known here", b->p);
	if ((rc = need(query, "X-Amz-Signature", 64, b, err)) != 0)
		return rc;
	if (b->len != 64 || strspn(b->p, "0123456789abcdef") != 64)
		return dcor_err_set(err, DCOR_EDATA, 0, "signed, but its "
		    "X-Amz-Signature is malformed");
	if ((rc = need(query, "X-Amz-SignedHeaders",
	    sizeof(out->headers) - 1, b, err)) != 0)
		return rc;
	memcpy(out->headers, b->p, b->len + 1);
	if ((rc = need(query, "X-Amz-Date", 16, b, err)) != 0)
		return rc;
	if (b->len != 16 || dcor_parse_time(b->p, &out->since) != 0)
		return dcor_err_set(err, DCOR_EDATA, 0, "signed, but its "
		    "X-Amz-Date is malformed");
	memcpy(date, b->p, 17);
	if ((rc = need_u64(query, "X-Amz-Expires", DCOR_SIGV4_MAX_EXPIRES,
	    &expires, b, err)) != 0 ||
	    (rc = need(query, "X-Amz-Credential", sizeof(scope) - 1, b,
	    err)) != 0)
		return rc;
	memcpy(scope, b->p, b->len + 1);
	end = last_part(scope);
	(void)last_part(scope);			/* the service */
	region = last_part(scope);
	day = last_part(scope);
	if (strcmp(end, "aws4_request") != 0 || strlen(day) != 8 ||
	    strncmp(day, date, 8) != 0 || region[0] == '\0' ||
	    strlen(region) >= sizeof(out->region) || scope[0] == '\0' ||
	    strlen(scope) >= sizeof(out->id))
		return dcor_err_set(err, DCOR_EDATA, 0, "signed, but its "
		    "X-Amz-Credential is malformed");
	memcpy(out->region, region, strlen(region) + 1);
	memcpy(out->id, scope, strlen(scope) + 1);
	out->until = out->since + (int64_t)expires;
	out->version = 4;
	return 0;
}

static int
parse_v2(const char *query, struct dcor_signed *out, struct dcor_buf *b,
    struct dcor_err *err)
{
	uint64_t until = 0;
	int rc;

	if ((rc = need(query, "Signature", 64, b, err)) != 0 ||
	    (rc = need_u64(query, "Expires", UINT64_C(253402300799), &until,
	    b, err)) != 0 ||
	    (rc = need(query, "AWSAccessKeyId", sizeof(out->id) - 1, b,
	    err)) != 0)
		return rc;
	memcpy(out->id, b->p, b->len + 1);
	out->until = (int64_t)until;
	out->version = 2;
	return 0;
}

static int
has(const char *query, const char *name, struct dcor_buf *b)
{
	dcor_buf_clear(b);
	return dcor_url_get(query, name, b) != DCOR_ENOENT;
}

int
dcor_signed_parse(const char *query, struct dcor_signed *out,
    struct dcor_err *err)
{
	struct dcor_buf b;
	int rc = 0;

	memset(out, 0, sizeof(*out));
	dcor_buf_init(&b, DCOR_URL_MAX);
	out->has_token = has(query, "x-amz-security-token", &b);
	if (has(query, "X-Amz-Signature", &b) ||
	    has(query, "X-Amz-Algorithm", &b) ||
	    has(query, "X-Amz-Credential", &b))
		rc = parse_v4(query, out, &b, err);
	else if (has(query, "AWSAccessKeyId", &b))
		rc = parse_v2(query, out, &b, err);
	dcor_buf_fini(&b);
	return rc;
}

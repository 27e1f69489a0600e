/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "net/s3.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/hash.h"
#include "base/time.h"
#include "net/s3priv.h"
#include "net/url.h"

#define EMPTY_SHA256	"e3b0c44298fc1c149afbf4c8996fb924" \
			"27ae41e4649b934ca495991b7852b855"
#define SHORT_BODY	(64 << 10)	/* bytes that are hashed for a
					 * signature without being asked */

struct dcor_s3 {
	struct dcor_http	*http;
	const struct dcor_site	*site;
	char			*scheme;	/* "http", "https" */
	char			*host;		/* with port; NULL: AWS */
	char			*prefix;	/* "" or "/..." */
	int			 numeric;	/* host is an address */
	char			 region[65];
	unsigned		 moves;		/* of region, so far */
	struct dcor_signer	*signer;
	uint64_t		 serial;	/* of the keys it has */
	unsigned		 signer_moves;
};

struct dcor_http *
dcor_s3_http(const struct dcor_s3 *s)
{
	return s->http;
}

const char *
dcor_s3_location(const struct dcor_s3 *s)
{
	return s->host == NULL && strcmp(s->region, "us-east-1") != 0 ?
	    s->region : NULL;
}

static int
set_endpoint(struct dcor_s3 *s, const char *endpoint, struct dcor_err *err)
{
	struct dcor_url u;
	struct dcor_buf b;
	size_t n;
	int rc;

	if ((rc = dcor_url_parse(endpoint, &u, err)) != 0)
		return rc;
	dcor_buf_init(&b, DCOR_URL_MAX);
	if (strcmp(u.scheme, "http") != 0 && strcmp(u.scheme, "https") != 0)
		rc = dcor_err_set(err, DCOR_ECONF, 0, "endpoint %s://%s: "
		    "neither http nor https", u.scheme, u.host);
	else if (u.query != NULL)
		rc = dcor_err_set(err, DCOR_ECONF, 0, "endpoint %s://%s: "
		    "has a query", u.scheme, u.host);
	else {
		for (n = strlen(u.path); n > 0 && u.path[n - 1] == '/'; n--)
			continue;
		s->numeric = dcor_url_is_address(u.host);
		s->scheme = strdup(u.scheme);
		s->prefix = strndup(u.path, n);
		(void)dcor_url_host(&u, &b);
		rc = dcor_buf_take(&b, &s->host, NULL, err);
		if (rc == 0 && (s->scheme == NULL || s->prefix == NULL))
			rc = dcor_err_nomem(err);
	}
	dcor_buf_fini(&b);
	dcor_url_fini(&u);
	return rc;
}

int
dcor_s3_new(struct dcor_http *http, const struct dcor_site *site,
    struct dcor_s3 **out, struct dcor_err *err)
{
	const char *region = site->region != NULL ? site->region :
	    "us-east-1";
	struct dcor_s3 *s;
	int rc = 0;

	*out = NULL;
	if (strlen(region) >= sizeof(s->region))
		return dcor_err_set(err, DCOR_ECONF, 0,
		    "region %.20s...: too long", region);
	if ((s = calloc(1, sizeof(*s))) == NULL)
		return dcor_err_nomem(err);
	s->http = http;
	s->site = site;
	snprintf(s->region, sizeof(s->region), "%s", region);
	if (site->endpoint != NULL)
		rc = set_endpoint(s, site->endpoint, err);
	else if ((s->scheme = strdup("https")) == NULL ||
	    (s->prefix = strdup("")) == NULL)
		rc = dcor_err_nomem(err);
	if (rc != 0)
		dcor_s3_free(s);
	else
		*out = s;
	return rc;
}

void
dcor_s3_free(struct dcor_s3 *s)
{
	if (s == NULL)
		return;
	dcor_signer_free(s->signer);
	free(s->scheme);
	free(s->host);
	free(s->prefix);
	free(s);
}

const char *
dcor_s3_name(const char *bucket, const char *key, char out[DCOR_S3_NAME])
{
	snprintf(out, DCOR_S3_NAME, "s3://%.63s%s%.100s%s",
	    bucket != NULL ? bucket : "", key != NULL ? "/" : "",
	    key != NULL ? key : "",
	    key != NULL && strlen(key) > 100 ? "..." : "");
	return out;
}

/* Wildcard certificates cover one label, so a bucket with a dot keeps to
 * the path; an address has no subdomains. */
static int
bucket_in_host(const struct dcor_s3 *s, const char *bucket)
{
	return s->site->virtual_host && !s->numeric &&
	    (strcmp(s->scheme, "http") == 0 || strchr(bucket, '.') == NULL);
}

/* Where the request goes: host, path, url. */
static int
aim(struct dcor_s3_req *req, struct dcor_err *err)
{
	struct dcor_s3 *s = req->s3;
	int in_host = req->bucket != NULL && bucket_in_host(s, req->bucket);
	size_t i;

	dcor_buf_clear(&req->host);
	dcor_buf_clear(&req->path);
	dcor_buf_clear(&req->url);
	if (in_host)
		dcor_buf_addf(&req->host, "%s.", req->bucket);
	if (s->host != NULL)
		dcor_buf_adds(&req->host, s->host);
	else
		dcor_buf_addf(&req->host, "s3.%s.amazonaws.com%s", s->region,
		    strncmp(s->region, "cn-", 3) == 0 ? ".cn" : "");
	dcor_buf_addf(&req->path, "%s/", s->prefix);
	if (req->bucket != NULL && !in_host)
		dcor_buf_addf(&req->path, "%s%s", req->bucket,
		    req->key != NULL ? "/" : "");
	if (req->key != NULL)
		dcor_pct_encode(&req->path, req->key, strlen(req->key), "/");
	dcor_buf_addf(&req->url, "%s://%s%s", s->scheme,
	    dcor_buf_str(&req->host), dcor_buf_str(&req->path));
	for (i = 0; i < req->nquery; i++) {
		const struct dcor_pair *q = &req->query[i];

		dcor_buf_addc(&req->url, i == 0 ? '?' : '&');
		dcor_pct_encode(&req->url, q->name, strlen(q->name), "");
		if (*q->value == '\0')
			continue;
		dcor_buf_addc(&req->url, '=');
		dcor_pct_encode(&req->url, q->value, strlen(q->value), "");
	}
	req->aimed = s->moves;
	req->http.url = dcor_buf_str(&req->url);
	if (dcor_buf_check(&req->host, err) != 0 ||
	    dcor_buf_check(&req->path, err) != 0)
		return DCOR_ENOMEM;
	return dcor_buf_check(&req->url, err);
}

/* A signer for the keys and the region of now. */
static int
renew(struct dcor_s3 *s, struct dcor_err *err)
{
	struct dcor_keys keys;
	uint64_t serial = 0;
	int rc;

	if ((rc = dcor_cred_keys(s->site->cred, &keys, &serial, err)) != 0)
		return rc;
	if (s->signer != NULL && serial == s->serial &&
	    s->signer_moves == s->moves)
		return 0;
	dcor_signer_free(s->signer);
	s->signer = NULL;
	s->serial = serial;
	s->signer_moves = s->moves;
	return dcor_signer_new(&keys, s->region, "s3", &s->signer, err);
}

static int
prepare(void *arg, struct dcor_http_req *r, struct dcor_buf *lines,
    struct dcor_err *err)
{
	struct dcor_s3_req *req = arg;
	struct dcor_s3 *s = req->s3;
	struct dcor_sigreq sig = { 0 };
	size_t i;
	int rc;

	if (req->aimed != s->moves && (rc = aim(req, err)) != 0)
		return rc;
	for (i = 0; i < req->nheaders; i++) {
		dcor_buf_addf(lines, "%s: %s", req->headers[i].name,
		    req->headers[i].value);
		dcor_buf_addc(lines, '\0');
	}
	if (s->site->cred == NULL)
		return dcor_buf_check(lines, err);
	if ((rc = renew(s, err)) != 0)
		return rc;
	sig.method = r->method != NULL ? r->method : "GET";
	sig.host = dcor_buf_str(&req->host);
	sig.path = dcor_buf_str(&req->path);
	sig.query = req->query;
	sig.nquery = req->nquery;
	sig.headers = req->headers;
	sig.nheaders = req->nheaders;
	sig.payload = req->payload != NULL ? req->payload : req->sha256;
	sig.when = (int64_t)time(NULL);
	return dcor_sigv4_headers(s->signer, &sig, lines, err);
}

/* What a server's code means to a caller, beyond its status. */
static int
class_of(const char *code, const struct dcor_http_resp *resp)
{
	static const struct {
		const char	*code;
		int		 class;
	} known[] = {
		{ "RequestTimeout", DCOR_ETEMP },
		{ "SlowDown", DCOR_ETEMP },
		{ "InternalError", DCOR_ETEMP },
		{ "ServiceUnavailable", DCOR_ETEMP },
		{ "OperationAborted", DCOR_ETEMP },
		{ "ConditionalRequestConflict", DCOR_ETEMP },
		{ "BadDigest", DCOR_ETEMP },	/* damaged on the way */
		{ "XAmzContentSHA256Mismatch", DCOR_ETEMP },
		{ "IncompleteBody", DCOR_ETEMP },
		{ "NoSuchKey", DCOR_ENOENT },
		{ "NoSuchBucket", DCOR_ENOENT },
		{ "NoSuchUpload", DCOR_ENOENT },
		{ "PreconditionFailed", DCOR_EDATA },
		{ "ExpiredToken", DCOR_EPERM },
		{ "InvalidToken", DCOR_EPERM },
		{ "AccessDenied", DCOR_EPERM },
		{ "InvalidBucketName", DCOR_EARG },
		{ "KeyTooLongError", DCOR_EARG },
		{ "InvalidTag", DCOR_EARG },
		{ "EntityTooLarge", DCOR_EARG },
		{ "BucketAlreadyExists", DCOR_ECREATE },
		{ "BucketAlreadyOwnedByYou", DCOR_ECREATE },
	};
	size_t i;
	int class;

	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strcmp(code, known[i].code) == 0)
			return known[i].class;
	class = dcor_http_judge(NULL, resp, NULL);
	return class != 0 ? class : DCOR_EPROTO;
}

/* The bucket lies in another region than was thought: once, that is where
 * the request goes next. */
static int
moved(struct dcor_s3_req *req, const char *region, struct dcor_err *err)
{
	struct dcor_s3 *s = req->s3;

	if (region == NULL || *region == '\0' || req->moved ||
	    strlen(region) >= sizeof(s->region) ||
	    region[strspn(region, "abcdefghijklmnopqrstuvwxyz0123456789-")] !=
	    '\0')
		return 0;
	req->moved = 1;
	if (strcmp(region, s->region) != 0) {
		snprintf(s->region, sizeof(s->region), "%s", region);
		s->moves++;
	} else if (req->aimed == s->moves)
		return 0;
	(void)dcor_err_set(err, DCOR_ETEMP, 0, "the bucket is in region %s",
	    region);
	return 1;
}

static int
judge(void *arg, const struct dcor_http_resp *resp, struct dcor_err *err)
{
	struct dcor_s3_req *req = arg;
	int good = resp->status >= 200 && resp->status < 300, rc;
	const char *code, *text, *region;
	char here[32], there[32];
	struct dcor_xml *x = NULL;

	if (good && !req->late)
		return 0;
	if (resp->nbody > 0 && (rc = dcor_xml_parse(resp->body, resp->nbody,
	    &x, good ? err : NULL)) != 0 && good)
		return rc;
	if (good && !dcor_xml_is(x, "Error")) {
		dcor_xml_free(x);
		return 0;
	}
	code = dcor_xml_is(x, "Error") ? dcor_xml_text(x, "Code") : "";
	text = dcor_xml_text(x, "Message");
	region = dcor_http_header(resp, "x-amz-bucket-region");
	if (region == NULL)
		region = dcor_xml_text(x, "Region");
	rc = class_of(code, resp);
	if (!good && (resp->status < 400 || resp->status == 400) &&
	    moved(req, region, err))
		rc = DCOR_ETEMP;
	else if (strcmp(code, "RequestTimeTooSkewed") == 0) {
		dcor_fmt_time((int64_t)time(NULL), here);
		dcor_fmt_time(resp->date, there);
		(void)dcor_err_set(err, rc, resp->status, "the clocks differ "
		    "too much: it is %s here and %s at the server", here,
		    resp->date >= 0 ? there : "another time");
	} else if (strcmp(code, "QuotaExceeded") == 0)
		(void)dcor_err_set(err, rc, resp->status, "QuotaExceeded: no "
		    "more may be stored there");
	else if (*code != '\0')
		(void)dcor_err_set(err, rc, resp->status, "%s%s%s", code,
		    *text != '\0' ? ": " : "", text);
	else if (rc == DCOR_ENOENT || rc == DCOR_EPERM || rc == DCOR_EDATA)
		(void)dcor_err_set(err, rc, resp->status, "%s (HTTP %d)",
		    rc == DCOR_ENOENT ? "does not exist" : rc == DCOR_EPERM ?
		    "access denied" : "it has changed", resp->status);
	else
		(void)dcor_err_set(err, rc, resp->status, "HTTP %d",
		    resp->status);
	dcor_xml_free(x);
	return rc;
}

static int
pass_read(void *arg, uint64_t off, void *p, size_t n, struct dcor_err *err)
{
	struct dcor_s3_req *req = arg;

	return req->user.read(req->user.arg, off, p, n, err);
}

static int
pass_write(void *arg, const void *p, size_t n, struct dcor_err *err)
{
	struct dcor_s3_req *req = arg;

	return req->user.write(req->user.arg, p, n, err);
}

static void
dispose(struct dcor_s3_req *req)
{
	dcor_buf_fini(&req->url);
	dcor_buf_fini(&req->host);
	dcor_buf_fini(&req->path);
}

/* A failure with the object's name before it. */
static int
named(const struct dcor_s3_req *req, const struct dcor_err *why,
    struct dcor_err *err)
{
	char name[DCOR_S3_NAME];

	return dcor_err_set(err, why->code, why->sys, "%s: %s",
	    dcor_s3_name(req->bucket, req->key, name), why->msg);
}

static void
finish(void *arg, struct dcor_http_req *r, const struct dcor_http_resp *resp,
    const struct dcor_err *err)
{
	struct dcor_s3_req *req = arg;
	struct dcor_http_req user = req->user;
	struct dcor_err e = DCOR_ERR_INIT;

	if (err->code != DCOR_OK)
		(void)named(req, err, &e);
	else
		e = *err;
	dispose(req);
	*r = user;
	if (user.done != NULL)
		user.done(user.arg, r, resp, &e);
}

static int
set_up(struct dcor_s3 *s, struct dcor_s3_req *req, struct dcor_err *err)
{
	struct dcor_http_req *h = &req->http;
	int rc = 0;

	if (req->key != NULL && (*req->key == '\0' ||
	    strlen(req->key) > 1024))
		return dcor_err_set(err, DCOR_EARG, 0, "s3://%.63s/: a key "
		    "has 1 to 1024 bytes, not %zu", req->bucket,
		    strlen(req->key));
	req->s3 = s;
	req->user = *h;
	req->moved = 0;
	dcor_buf_init(&req->url, DCOR_URL_MAX);
	dcor_buf_init(&req->host, 1024);
	dcor_buf_init(&req->path, DCOR_URL_MAX);
	if (h->nbody == 0)
		memcpy(req->sha256, EMPTY_SHA256, sizeof(req->sha256));
	else if (h->body != NULL && h->nbody <= SHORT_BODY &&
	    strcmp(s->scheme, "http") == 0)
		rc = dcor_sha256_hex(h->body, (size_t)h->nbody, req->sha256,
		    err);
	else
		snprintf(req->sha256, sizeof(req->sha256), "%s",
		    DCOR_UNSIGNED);
	if (rc != 0 || (rc = aim(req, err)) != 0) {
		dispose(req);
		return rc;
	}
	h->prepare = prepare;
	h->judge = judge;
	h->read = h->read != NULL ? pass_read : NULL;
	h->write = h->write != NULL ? pass_write : NULL;
	h->done = finish;
	h->arg = req;
	return 0;
}

int
dcor_s3_start(struct dcor_s3 *s, struct dcor_s3_req *req,
    struct dcor_err *err)
{
	int rc;

	if ((rc = set_up(s, req, err)) != 0)
		return rc;
	if ((rc = dcor_http_start(s->http, &req->http, err)) != 0) {
		dispose(req);
		req->http = req->user;
	}
	return rc;
}

int
dcor_s3_call(struct dcor_s3 *s, struct dcor_s3_req *req,
    struct dcor_http_resp **resp, struct dcor_err *err)
{
	struct dcor_err e = DCOR_ERR_INIT;
	int rc;

	if (resp != NULL)
		*resp = NULL;
	if ((rc = set_up(s, req, err)) != 0)
		return rc;
	if ((rc = dcor_http_call(s->http, &req->http, resp, &e)) != 0)
		(void)named(req, &e, err);
	dispose(req);
	return rc;
}

int
dcor_s3_ask(struct dcor_s3 *s, struct dcor_s3_req *req, const char *root,
    struct dcor_xml **xml, struct dcor_err *err)
{
	struct dcor_http_resp *resp = NULL;
	struct dcor_err e = DCOR_ERR_INIT;
	int rc;

	if (xml != NULL)
		*xml = NULL;
	rc = dcor_s3_call(s, req, &resp, err);
	if (rc == 0 && xml != NULL) {
		if ((rc = dcor_xml_parse(resp->body, resp->nbody, xml,
		    &e)) != 0)
			(void)named(req, &e, err);
		else if (!dcor_xml_is(*xml, root)) {
			rc = dcor_err_set(&e, DCOR_EPROTO, 0,
			    "the answer is no %s", root);
			(void)named(req, &e, err);
			dcor_xml_free(*xml);
			*xml = NULL;
		}
	}
	dcor_http_resp_free(resp);
	return rc;
}

void
dcor_s3_etag(const char *text, char out[128])
{
	size_t n;

	if (strncmp(text, "W/", 2) == 0)
		text += 2;
	text += *text == '"';
	n = strcspn(text, "\"");
	snprintf(out, 128, "%.*s", (int)(n < 127 ? n : 127), text);
}

int64_t
dcor_s3_time(const char *text)
{
	int64_t t;

	return dcor_parse_time(text, &t) == 0 ||
	    dcor_parse_httpdate(text, &t) == 0 ? t : -1;
}

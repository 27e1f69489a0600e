/* SPDX-License-Identifier: GPL-3.0-or-later */
/* s3.c - who may do what, and what is done to buckets */
#include "httpd.h"

#include <stdlib.h>
#include <string.h>

#define PUT_MAX	((uint64_t)5 << 30)

/* Everybody may read an object with the tag public=true in a bucket whose
 * policy says so: the form that DCOR uses. */
static int
is_public(const struct req *r)
{
	struct bucket *b = r->bucket ? bucket_get(r->bucket) : NULL;
	struct object *o = b && r->key ? bucket_find(b, r->key) : NULL;
	const char *p, *end;

	if (o == NULL || b->policy == NULL ||
	    strstr(b->policy, "s3:ExistingObjectTag/public") == NULL ||
	    (strcmp(r->method, "GET") && strcmp(r->method, "HEAD")) ||
	    req_param(r, "tagging") || req_param(r, "uploadId"))
		return 0;
	p = dcor_buf_str(&o->tags);
	for (end = p + o->tags.len; p < end; ) {
		const char *v = p + strlen(p) + 1;

		if (strcmp(p, "public") == 0 && strcmp(v, "true") == 0)
			return 1;
		p = v + strlen(v) + 1;
	}
	return 0;
}

static int
is_hash(const char *s)
{
	return s && strlen(s) == 64 && strspn(s, "0123456789abcdef") == 64;
}

void
s3_begin(struct conn *c)
{
	struct req *r = &c->req;
	int user, put = strcmp(r->method, "PUT") == 0;
	int data = put && r->key && !req_param(r, "tagging");

	if (sig_check(c, &user) != 0)
		return;
	if (!user && !conf.anonymous && !is_public(r)) {
		answer_error(c, 403, "AccessDenied", "Access Denied");
		return;
	}
	if (!user && !conf.anonymous && r->query &&
	    strstr(r->query, "response-")) {
		answer_error(c, 400, "InvalidRequest", "Request specific "
		    "response headers cannot be used for anonymous GET "
		    "requests.");
		return;
	}
	if (data && !req_header(r, "content-length") &&
	    !req_header(r, "x-amz-copy-source")) {
		answer_error(c, 411, "MissingContentLength",
		    "Content-Length is missing");
		return;
	}
	if (r->key && bucket_get(r->bucket) == NULL) {
		answer_error(c, 404, "NoSuchBucket", "There is no such bucket");
		return;
	}
	if (r->key && strlen(r->key) > 1024) {
		answer_error(c, 400, "KeyTooLongError", "The key is too long");
		return;
	}
	if (c->want > (data ? PUT_MAX : TEXT_MAX)) {
		answer_error(c, 400, "EntityTooLarge", "The body is too large");
		return;
	}
	c->blob = blob_new(c->want, c->want <= MEM_MAX || !data);
	if (is_hash(req_header(r, "x-amz-content-sha256")))
		c->sha256[0] = '?';
}

int
s3_body_ok(struct conn *c)
{
	const char *md5 = req_header(&c->req, "content-md5");
	unsigned char text[32];

	if (c->sha256[0] && strcmp(c->sha256,
	    req_header(&c->req, "x-amz-content-sha256")) != 0) {
		answer_error(c, 400, "XAmzContentSHA256Mismatch", "The "
		    "provided 'x-amz-content-sha256' header does not match "
		    "what was computed.");
		return 0;
	}
	EVP_EncodeBlock(text, c->blob->md5, 16);
	if (md5 && (strlen(md5) != 24 || strspn(md5, "ABCDEFGHIJKLMNOPQRSTUV"
	    "WXYZabcdefghijklmnopqrstuvwxyz0123456789+/=") != 24)) {
		answer_error(c, 400, "InvalidDigest",
		    "The Content-MD5 is not valid");
		return 0;
	}
	if (md5 && strcmp(md5, (const char *)text) != 0) {
		answer_error(c, 400, "BadDigest",
		    "The Content-MD5 does not match");
		return 0;
	}
	return 1;
}

static void
list_buckets(struct conn *c)
{
	struct bucket *b;
	char date[40];
	size_t i;

	dcor_buf_adds(&c->body, "<ListAllMyBucketsResult" XML_NS "><Owner>"
	    "<ID>httpd</ID><DisplayName>httpd</DisplayName></Owner><Buckets>");
	for (i = 0; (b = bucket_at(i)) != NULL; i++) {
		dcor_buf_adds(&c->body, "<Bucket>");
		xml_text(&c->body, "Name", b->name);
		iso_date(date, b->since);
		xml_text(&c->body, "CreationDate", date);
		dcor_buf_adds(&c->body, "</Bucket>");
	}
	dcor_buf_adds(&c->body, "</Buckets></ListAllMyBucketsResult>");
	answer_xml(c, 200);
}

static int
name_ok(const char *s)
{
	size_t n = strlen(s);

	return n >= 3 && n <= 63 && strspn(s, "abcdefghijklmnopqrstuvwxyz"
	    "0123456789.-") == n && *s != '-' && *s != '.' && s[n - 1] != '-';
}

/* DeleteObjects */
static void
delete_many(struct conn *c, struct bucket *b)
{
	char *p = c->blob->mem, *name, *text;

	dcor_buf_adds(&c->body, "<DeleteResult" XML_NS ">");
	while (xml_next(&p, &name, &text)) {
		if (strcmp(name, "Key") != 0)
			continue;
		(void)bucket_unset(b, text);
		dcor_buf_adds(&c->body, "<Deleted>");
		xml_text(&c->body, "Key", text);
		dcor_buf_adds(&c->body, "</Deleted>");
	}
	dcor_buf_adds(&c->body, "</DeleteResult>");
	answer_xml(c, 200);
}

/* The policy is kept as it came. */
static void
policy(struct conn *c, struct bucket *b)
{
	const char *m = c->req.method;

	if (strcmp(m, "PUT") == 0) {
		if (c->blob->mem[strspn(c->blob->mem, " \t\r\n")] != '{') {
			answer_error(c, 400, "MalformedPolicy",
			    "The policy is not JSON");
			return;
		}
		free(b->policy);
		b->policy = xdup(c->blob->mem);
		answer(c, 204);
	} else if (strcmp(m, "DELETE") == 0) {
		free(b->policy);
		b->policy = NULL;
		answer(c, 204);
	} else if (b->policy == NULL) {
		answer_error(c, 404, "NoSuchBucketPolicy",
		    "The bucket policy does not exist");
	} else {
		dcor_buf_adds(&c->body, b->policy);
		answer(c, 200);
		answer_line(c, "Content-Type: application/json");
	}
}

/* Of a bucket that is there. */
static void
bucket_request(struct conn *c, struct bucket *b)
{
	const struct req *r = &c->req;
	const char *m = r->method;

	if (req_param(r, "policy")) {
		policy(c, b);
	} else if (strcmp(m, "HEAD") == 0) {
		answer(c, 200);
	} else if (strcmp(m, "PUT") == 0) {
		answer(c, 200);		/* it is the caller's own */
	} else if (strcmp(m, "DELETE") == 0) {
		if (b->nobjs > 0) {
			answer_error(c, 409, "BucketNotEmpty",
			    "The bucket is not empty");
		} else {
			bucket_del(b);
			answer(c, 204);
		}
	} else if (strcmp(m, "POST") == 0 && req_param(r, "delete")) {
		delete_many(c, b);
	} else if (strcmp(m, "GET") != 0) {
		answer_error(c, 405, "MethodNotAllowed", "");
	} else if (req_param(r, "uploads")) {
		list_uploads(c, b);
	} else if (req_param(r, "location")) {
		dcor_buf_adds(&c->body, "<LocationConstraint" XML_NS "/>");
		answer_xml(c, 200);
	} else if (req_param(r, "versioning")) {
		dcor_buf_adds(&c->body, "<VersioningConfiguration" XML_NS
		    "/>");
		answer_xml(c, 200);
	} else if (req_param(r, "acl") || req_param(r, "cors") ||
	    req_param(r, "lifecycle") || req_param(r, "tagging")) {
		answer_error(c, 501, "NotImplemented", "");
	} else {
		list_objects(c, b);
	}
}

void
s3_end(struct conn *c)
{
	const struct req *r = &c->req;
	struct bucket *b;

	if (!s3_body_ok(c))
		return;
	if (r->bucket == NULL) {
		if (strcmp(r->method, "GET") == 0)
			list_buckets(c);
		else
			answer_error(c, 405, "MethodNotAllowed", "");
		return;
	}
	b = bucket_get(r->bucket);
	if (b == NULL && r->key == NULL && strcmp(r->method, "PUT") == 0 &&
	    r->query == NULL) {
		if (!name_ok(r->bucket)) {
			answer_error(c, 400, "InvalidBucketName",
			    "The bucket's name is not valid");
			return;
		}
		bucket_add(r->bucket);
		answer(c, 200);
		answer_line(c, "Location: /%s", r->bucket);
	} else if (b == NULL) {
		answer_error(c, 404, "NoSuchBucket", "There is no such bucket");
	} else if (r->key == NULL) {
		bucket_request(c, b);
	} else if (req_param(r, "uploadId") || req_param(r, "uploads")) {
		mpu_request(c, b);
	} else {
		object_request(c, b);
	}
}

/* A fault that stands for an answer. */
static int
instead(struct conn *c)
{
	struct fault *f = &c->fault;
	static const struct {
		int		 status;
		const char	*code;
	} known[] = { { 503, "SlowDown" }, { 500, "InternalError" },
	    { 429, "TooManyRequests" }, { 403, "AccessDenied" },
	    { 404, "NoSuchKey" }, { 400, "RequestTimeout" },
	    { 0, "ServiceUnavailable" } };
	size_t i;

	if (f->nohead && strcmp(c->req.method, "HEAD") == 0)
		f->status = 403;
	if (f->status > 0) {
		for (i = 0; known[i].status &&
		    known[i].status != f->status; i++)
			continue;
		answer_error(c, f->status, known[i].code, "As you asked");
		if (f->retry_after >= 0)
			answer_line(c, "Retry-After: %lld",
			    (long long)f->retry_after);
	} else if (f->error200[0]) {
		answer_error(c, 200, f->error200, "As you asked");
	} else if (f->redirect[0]) {
		answer_error(c, f->redirect_code, "TemporaryRedirect",
		    "Elsewhere");
		/* a place without a path is another server's */
		i = strcspn(f->redirect, ":") + 3;
		answer_line(c, "Location: %s%s", f->redirect,
		    strlen(f->redirect) > i && strchr(f->redirect + i, '/') ?
		    "" : c->req.target);
	} else {
		return 0;
	}
	return 1;
}

static int
below(const char *path, const char *dir)
{
	return strncmp(path, dir, strlen(dir)) == 0;
}

void
route_begin(struct conn *c)
{
	struct bucket *b;
	struct object *o;

	c->fault.corrupt = c->fault.eat = c->fault.retry_after = -1;
	c->s3 = !below(c->req.path, "/_ctl/");
	if (!c->s3) {
		if (c->want > TEXT_MAX)
			answer_error(c, 400, "EntityTooLarge", "");
		else
			c->blob = blob_new(c->want, 1);
		return;
	}
	log_new(c);
	counts.requests++;
	if (++counts.inflight > counts.max_inflight)
		counts.max_inflight = counts.inflight;
	fault_match(c);
	if (c->fault.twist && c->req.key &&
	    (b = bucket_get(c->req.bucket)) != NULL &&
	    (o = bucket_find(b, c->req.key)) != NULL)
		bucket_set(b, object_twist(o));
	if (instead(c))
		return;
	if (strcmp(c->req.path, "/redirect") != 0 &&
	    !(conf.root && below(c->req.path, "/static/")))
		s3_begin(c);
}

void
route_end(struct conn *c)
{
	if (!c->s3)
		ctl_request(c);
	else if (c->blob)
		s3_end(c);
	else if (strcmp(c->req.path, "/redirect") == 0)
		redirect_request(c);
	else
		file_request(c);
}

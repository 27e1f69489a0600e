/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Listings: of objects, buckets, unfinished uploads, parts. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "net/s3priv.h"
#include "net/url.h"

#define PAGE_MAX	(DCOR_XML_MAX / 2)
#define LOST		"\xef\xbf\xbd"	/* what net/xml puts for bytes that
					 * XML has no room for */

/*
 * A name from a listing.  Encoded ones are decoded, where '+' is a blank
 * (AWS, MinIO) and a plus is always "%2B"; others are as they are, unless
 * they had bytes that got lost.
 */
static int
key_of(const struct dcor_xml *e, const char *name, int encoded,
    struct dcor_buf *out, struct dcor_err *err)
{
	const char *p = dcor_xml_text(e, name);
	size_t n;

	dcor_buf_clear(out);
	if (!encoded) {
		if (strstr(p, LOST) != NULL)
			return dcor_err_set(err, DCOR_EPROTO, 0, "the server "
			    "lists the key %.60s in a way that lost bytes of "
			    "it", p);
		dcor_buf_adds(out, p);
	}
	while (encoded && *p != '\0') {
		n = strcspn(p, "+");
		if (dcor_pct_decode(out, p, n) != 0 && out->bad == DCOR_OK)
			return dcor_err_set(err, DCOR_EPROTO, 0, "the key "
			    "%.60s is not encoded as it should be", p);
		p += n;
		if (*p == '+') {
			dcor_buf_addc(out, ' ');
			p++;
		}
	}
	if (out->len == 0 || out->len > 1024 ||
	    memchr(out->p, '\0', out->len) != NULL)
		return dcor_err_set(err, DCOR_EPROTO, 0, "the listing has a "
		    "key that cannot be");
	return dcor_buf_check(out, err);
}

static int
is_encoded(const struct dcor_xml *x)
{
	return strcmp(dcor_xml_text(x, "EncodingType"), "url") == 0;
}

static int
truncated(const struct dcor_xml *x)
{
	return strcmp(dcor_xml_text(x, "IsTruncated"), "true") == 0;
}

/* err with the bucket's name before it */
static int
of_bucket(const char *bucket, const struct dcor_err *why,
    struct dcor_err *err)
{
	return dcor_err_set(err, why->code, why->sys, "s3://%.63s: %s",
	    bucket, why->msg);
}

/* A page of objects: asked for, and arrived. */
struct page {
	struct dcor_s3_req	 req;
	struct dcor_pair	 query[4];
	char			*from;	/* token or key that it starts at */
	struct dcor_xml		*xml;
	int			 pending;
	struct dcor_err		 err;
};

static void
arrived(void *arg, struct dcor_http_req *r, const struct dcor_http_resp *resp,
    const struct dcor_err *err)
{
	struct page *p = arg;

	(void)r;
	p->pending = 0;
	if (err->code != DCOR_OK)
		p->err = *err;
	else if (dcor_xml_parse(resp->body, resp->nbody, &p->xml, &p->err) ==
	    0 && !dcor_xml_is(p->xml, "ListBucketResult"))
		(void)dcor_err_set(&p->err, DCOR_EPROTO, 0,
		    "the answer is no ListBucketResult");
}

/* Asks for the page that starts at from, which p owns then: a token, or the
 * key before it; NULL: the first one. */
static int
turn(struct dcor_s3 *s, struct page *p, const char *bucket,
    const char *prefix, char *from, int is_key, struct dcor_err *err)
{
	size_t n = 0;
	int rc;

	free(p->from);
	dcor_xml_free(p->xml);
	memset(p, 0, sizeof(*p));
	p->from = from;
	p->query[n++] = (struct dcor_pair){ "list-type", "2" };
	p->query[n++] = (struct dcor_pair){ "encoding-type", "url" };
	if (prefix != NULL && *prefix != '\0')
		p->query[n++] = (struct dcor_pair){ "prefix", prefix };
	if (from != NULL)
		p->query[n++] = (struct dcor_pair){ is_key ? "start-after" :
		    "continuation-token", from };
	p->req.bucket = bucket;
	p->req.query = p->query;
	p->req.nquery = n;
	p->req.http.max_body = PAGE_MAX;
	p->req.http.done = arrived;
	p->req.http.arg = p;
	rc = dcor_s3_start(s, &p->req, err);
	p->pending = rc == 0;
	return rc;
}

/* Where the page after x starts. */
static int
next_of(const struct dcor_xml *x, struct dcor_buf *key, char **from,
    int *is_key, struct dcor_err *err)
{
	const char *token = dcor_xml_text(x, "NextContinuationToken");
	const struct dcor_xml *c, *last = NULL;
	int rc;

	*is_key = *token == '\0' || strstr(token, LOST) != NULL;
	if (*is_key) {		/* RGW's token is a key as it stands */
		c = dcor_xml_child(x, "Contents");
		for (; c != NULL; c = dcor_xml_next(c, "Contents"))
			last = c;
		rc = key_of(last, "Key", is_encoded(x), key, err);
		if (rc != 0)
			return rc;
		token = dcor_buf_str(key);
	}
	*from = strdup(token);
	return *from != NULL ? 0 : dcor_err_nomem(err);
}

/* One page to fn; now and then the network may move on. */
static int
leaf(struct dcor_http *http, const char *bucket, const struct dcor_xml *x,
    struct dcor_buf *key, int (*fn)(void *arg,
    const struct dcor_s3_object *o, struct dcor_err *err), void *arg,
    struct dcor_err *err)
{
	const struct dcor_xml *c = dcor_xml_child(x, "Contents");
	struct dcor_err e = DCOR_ERR_INIT;
	struct dcor_s3_object o;
	unsigned n = 0;
	int rc;

	for (; c != NULL; c = dcor_xml_next(c, "Contents")) {
		if (key_of(c, "Key", is_encoded(x), key, &e) != 0)
			return of_bucket(bucket, &e, err);
		o.key = key->p;
		if (dcor_parse_u64(dcor_xml_text(c, "Size"), &o.size) != 0)
			return dcor_err_set(err, DCOR_EPROTO, 0, "s3://%.63s:"
			    " the listing has a size that is no number",
			    bucket);
		o.mtime = dcor_s3_time(dcor_xml_text(c, "LastModified"));
		dcor_s3_etag(dcor_xml_text(c, "ETag"), o.etag);
		if ((rc = fn(arg, &o, err)) != 0)
			return rc;
		if (++n % 64 == 0 && dcor_http_pending(http) > 0 &&
		    (rc = dcor_http_step(http, 0, err)) != 0)
			return rc;
	}
	return 0;
}

int
dcor_s3_list(struct dcor_s3 *s, const char *bucket, const char *prefix,
    int (*fn)(void *arg, const struct dcor_s3_object *o,
    struct dcor_err *err), void *arg, struct dcor_err *err)
{
	struct dcor_http *http = dcor_s3_http(s);
	struct dcor_err e = DCOR_ERR_INIT;
	struct page page[2] = { 0 };
	int at = 0, more = 1, rc, is_key;
	struct dcor_buf key;
	struct page *p;
	char *from;

	dcor_buf_init(&key, 4096);
	rc = turn(s, &page[0], bucket, prefix, NULL, 0, err);
	while (rc == 0 && more) {
		p = &page[at];
		at = !at;
		while (rc == 0 && p->pending)
			rc = dcor_http_step(http, 1000, err);
		if (rc == 0 && (rc = dcor_err_copy(err, &p->err)) != 0)
			break;
		if (rc == 0 && (more = truncated(p->xml))) {
			if (next_of(p->xml, &key, &from, &is_key, &e) != 0)
				rc = of_bucket(bucket, &e, err);
			else if (p->from != NULL &&
			    strcmp(p->from, from) == 0) {
				free(from);
				rc = dcor_err_set(err, DCOR_EPROTO, 0,
				    "s3://%.63s: the listing goes in circles",
				    bucket);
			} else
				rc = turn(s, &page[at], bucket, prefix, from,
				    is_key, err);
		}
		if (rc == 0)
			rc = leaf(http, bucket, p->xml, &key, fn, arg, err);
	}
	while (page[0].pending || page[1].pending)
		if (dcor_http_step(http, 1000, NULL) != 0)
			break;
	for (at = 0; at < 2; at++) {
		free(page[at].from);
		dcor_xml_free(page[at].xml);
	}
	dcor_buf_fini(&key);
	return rc;
}

int
dcor_s3_buckets(struct dcor_s3 *s, int (*fn)(void *arg, const char *bucket,
    struct dcor_err *err), void *arg, struct dcor_err *err)
{
	struct dcor_s3_req r = { .http = { .max_body = PAGE_MAX } };
	const struct dcor_xml *b;
	struct dcor_xml *x;
	int rc;

	rc = dcor_s3_ask(s, &r, "ListAllMyBucketsResult", &x, err);
	b = dcor_xml_child(dcor_xml_child(x, "Buckets"), "Bucket");
	for (; rc == 0 && b != NULL; b = dcor_xml_next(b, "Bucket"))
		rc = fn(arg, dcor_xml_text(b, "Name"), err);
	dcor_xml_free(x);
	return rc;
}

int
dcor_s3_pending(struct dcor_s3 *s, const char *bucket, const char *prefix,
    int (*fn)(void *arg, const struct dcor_s3_pending *p,
    struct dcor_err *err), void *arg, struct dcor_err *err)
{
	struct dcor_pair q[5] = { { "uploads", "" },
	    { "encoding-type", "url" } };
	struct dcor_s3_req r = { .http = { .max_body = PAGE_MAX },
	    .bucket = bucket, .query = q, .nquery = 2 };
	struct dcor_err e = DCOR_ERR_INIT;
	const struct dcor_xml *u;
	struct dcor_buf key, id, last;
	struct dcor_s3_pending p;
	struct dcor_xml *x = NULL;
	size_t fixed;
	int rc, more = 1;

	if (prefix != NULL && *prefix != '\0')
		q[r.nquery++] = (struct dcor_pair){ "prefix", prefix };
	fixed = r.nquery;
	dcor_buf_init(&key, 4096);
	dcor_buf_init(&last, 4096);
	dcor_buf_init(&id, 4096);
	while (more) {
		rc = dcor_s3_ask(s, &r, "ListMultipartUploadsResult", &x,
		    err);
		if (rc != 0)
			break;
		u = dcor_xml_child(x, "Upload");
		more = truncated(x) && u != NULL;
		for (; rc == 0 && u != NULL; u = dcor_xml_next(u, "Upload")) {
			if (key_of(u, "Key", is_encoded(x), &key, &e) != 0) {
				rc = of_bucket(bucket, &e, err);
				break;
			}
			p.key = key.p;
			p.upload_id = dcor_xml_text(u, "UploadId");
			p.since = dcor_s3_time(dcor_xml_text(u, "Initiated"));
			dcor_buf_clear(&id);
			dcor_buf_adds(&id, p.upload_id);
			dcor_buf_clear(&last);
			dcor_buf_adds(&last, p.key);
			rc = fn(arg, &p, err);
		}
		dcor_xml_free(x);
		if (rc != 0 || (rc = dcor_buf_check(&id, err)) != 0)
			break;
		q[fixed] = (struct dcor_pair){ "key-marker",
		    dcor_buf_str(&last) };
		q[fixed + 1] = (struct dcor_pair){ "upload-id-marker",
		    dcor_buf_str(&id) };
		r.nquery = fixed + 2;
	}
	dcor_buf_fini(&key);
	dcor_buf_fini(&last);
	dcor_buf_fini(&id);
	return rc;
}

int
dcor_s3_mpu_parts(struct dcor_s3 *s, const char *bucket, const char *key,
    const char *upload_id, int (*fn)(void *arg, unsigned number,
    uint64_t size, const char *etag, struct dcor_err *err), void *arg,
    struct dcor_err *err)
{
	char marker[24] = "0", name[DCOR_S3_NAME], etag[128];
	struct dcor_pair q[] = { { "part-number-marker", marker },
	    { "uploadId", upload_id } };
	struct dcor_s3_req r = { .http = { .max_body = PAGE_MAX },
	    .bucket = bucket, .key = key, .query = q, .nquery = 2 };
	uint64_t number, size, last = 0;
	const struct dcor_xml *p;
	struct dcor_xml *x;
	int rc, more = 1;

	while (more) {
		rc = dcor_s3_ask(s, &r, "ListPartsResult", &x, err);
		if (rc != 0)
			return rc;
		p = dcor_xml_child(x, "Part");
		more = truncated(x) && p != NULL;
		for (; rc == 0 && p != NULL; p = dcor_xml_next(p, "Part")) {
			if (dcor_parse_u64(dcor_xml_text(p, "PartNumber"),
			    &number) != 0 || dcor_parse_u64(dcor_xml_text(p,
			    "Size"), &size) != 0 || number <= last ||
			    number > 10000) {
				rc = dcor_err_set(err, DCOR_EPROTO, 0, "%s: "
				    "the list of parts is malformed",
				    dcor_s3_name(bucket, key, name));
				break;
			}
			last = number;
			dcor_s3_etag(dcor_xml_text(p, "ETag"), etag);
			rc = fn(arg, (unsigned)number, size, etag, err);
		}
		dcor_xml_free(x);
		if (rc != 0)
			return rc;
		snprintf(marker, sizeof(marker), "%" PRIu64, last);
	}
	return 0;
}

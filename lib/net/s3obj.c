/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Single objects and buckets, what is written about them. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "net/s3priv.h"
#include "net/url.h"

#define COPY_MAX	(5ull << 30)	/* bytes of one CopyObject */
#define COPY_PART	(1ull << 30)	/* bytes copied at a time beyond */

static struct dcor_s3_req
request(const char *method, const char *bucket, const char *key)
{
	struct dcor_s3_req r;

	memset(&r, 0, sizeof(r));
	r.http.method = method;
	r.bucket = bucket;
	r.key = key;
	return r;
}

int
dcor_s3_head(struct dcor_s3 *s, const char *bucket, const char *key,
    struct dcor_s3_object *out, struct dcor_err *err)
{
	struct dcor_s3_req r = request("HEAD", bucket, key);
	struct dcor_http_resp *resp = NULL;
	char name[DCOR_S3_NAME];
	const char *v;
	int rc;

	memset(out, 0, sizeof(*out));
	if ((rc = dcor_s3_call(s, &r, &resp, err)) == 0) {
		if (resp->total < 0)
			rc = dcor_err_set(err, DCOR_EPROTO, 0, "%s: the "
			    "server does not tell the size",
			    dcor_s3_name(bucket, key, name));
		out->size = (uint64_t)resp->total;
		v = dcor_http_header(resp, "last-modified");
		out->mtime = v != NULL ? dcor_s3_time(v) : -1;
		v = dcor_http_header(resp, "etag");
		dcor_s3_etag(v != NULL ? v : "", out->etag);
	}
	dcor_http_resp_free(resp);
	return rc;
}

/* PUT of something in memory, with its MD5. */
static int
put(struct dcor_s3 *s, struct dcor_s3_req *r, const void *p, size_t n,
    struct dcor_err *err)
{
	struct dcor_pair md5 = { "content-md5", NULL };
	unsigned char md[16];
	char hex[33], sum[25];
	int rc;

	if ((rc = dcor_md5_hex(p, n, hex, err)) != 0)
		return rc;
	(void)!dcor_unhex(hex, md, 16);
	dcor_base64(md, 16, sum);
	md5.value = sum;
	r->headers = &md5;
	r->nheaders = 1;
	r->http.body = p;
	r->http.nbody = n;
	return dcor_s3_ask(s, r, NULL, NULL, err);
}

int
dcor_s3_put(struct dcor_s3 *s, const char *bucket, const char *key,
    const void *p, size_t n, struct dcor_err *err)
{
	struct dcor_s3_req r = request("PUT", bucket, key);

	return put(s, &r, p, n, err);
}

int
dcor_s3_delete(struct dcor_s3 *s, const char *bucket, const char *key,
    struct dcor_err *err)
{
	struct dcor_s3_req r = request("DELETE", bucket, key);

	return dcor_s3_ask(s, &r, NULL, NULL, err);
}

int
dcor_s3_mkbucket(struct dcor_s3 *s, const char *bucket, struct dcor_err *err)
{
	const char *region = dcor_s3_location(s);
	struct dcor_s3_req r = request("PUT", bucket, NULL);
	struct dcor_buf b;
	int rc;

	dcor_buf_init(&b, 4096);
	if (region != NULL) {
		dcor_buf_adds(&b, "<CreateBucketConfiguration xmlns=\"http://"
		    "s3.amazonaws.com/doc/2006-03-01/\"><LocationConstraint>");
		dcor_xml_escape(&b, region);
		dcor_buf_adds(&b, "</LocationConstraint>"
		    "</CreateBucketConfiguration>");
	}
	rc = dcor_buf_check(&b, err);
	r.http.body = dcor_buf_str(&b);
	r.http.nbody = b.len;
	if (rc == 0)
		rc = dcor_s3_ask(s, &r, NULL, NULL, err);
	dcor_buf_fini(&b);
	return rc;
}

int
dcor_s3_rmbucket(struct dcor_s3 *s, const char *bucket, struct dcor_err *err)
{
	struct dcor_s3_req r = request("DELETE", bucket, NULL);

	return dcor_s3_ask(s, &r, NULL, NULL, err);
}

int
dcor_s3_tags_get(struct dcor_s3 *s, const char *bucket, const char *key,
    struct dcor_buf *out, struct dcor_err *err)
{
	static const struct dcor_pair tagging = { "tagging", "" };
	struct dcor_s3_req r = request("GET", bucket, key);
	const struct dcor_xml *t;
	struct dcor_xml *x;
	int rc;

	r.query = &tagging;
	r.nquery = 1;
	if ((rc = dcor_s3_ask(s, &r, "Tagging", &x, err)) != 0)
		return rc;
	t = dcor_xml_child(dcor_xml_child(x, "TagSet"), "Tag");
	for (; t != NULL; t = dcor_xml_next(t, "Tag")) {
		dcor_buf_addf(out, "%s=%s", dcor_xml_text(t, "Key"),
		    dcor_xml_text(t, "Value"));
		dcor_buf_addc(out, '\0');
	}
	dcor_xml_free(x);
	return dcor_buf_check(out, err);
}

int
dcor_s3_tags_set(struct dcor_s3 *s, const char *bucket, const char *key,
    const struct dcor_pair *tags, size_t n, struct dcor_err *err)
{
	static const struct dcor_pair tagging = { "tagging", "" };
	struct dcor_s3_req r = request("PUT", bucket, key);
	char name[DCOR_S3_NAME];
	struct dcor_buf b;
	size_t i;
	int rc;

	if (n > 10)
		return dcor_err_set(err, DCOR_EARG, 0, "%s: %zu tags, more "
		    "than the 10 that an object can have",
		    dcor_s3_name(bucket, key, name), n);
	dcor_buf_init(&b, 1 << 16);
	dcor_buf_adds(&b, "<Tagging><TagSet>");
	for (i = 0; i < n; i++) {
		dcor_buf_adds(&b, "<Tag><Key>");
		dcor_xml_escape(&b, tags[i].name);
		dcor_buf_adds(&b, "</Key><Value>");
		dcor_xml_escape(&b, tags[i].value);
		dcor_buf_adds(&b, "</Value></Tag>");
	}
	dcor_buf_adds(&b, "</TagSet></Tagging>");
	r.query = &tagging;
	r.nquery = 1;
	if ((rc = dcor_buf_check(&b, err)) == 0)
		rc = put(s, &r, b.p, b.len, err);
	dcor_buf_fini(&b);
	return rc;
}

static const struct dcor_pair policy[] = { { "policy", "" } };

int
dcor_s3_policy_get(struct dcor_s3 *s, const char *bucket,
    struct dcor_buf *out, struct dcor_err *err)
{
	struct dcor_s3_req r = request("GET", bucket, NULL);
	struct dcor_http_resp *resp = NULL;
	int rc;

	r.query = policy;
	r.nquery = 1;
	if ((rc = dcor_s3_call(s, &r, &resp, err)) == 0) {
		dcor_buf_add(out, resp->body, resp->nbody);
		rc = dcor_buf_check(out, err);
	}
	dcor_http_resp_free(resp);
	return rc;
}

int
dcor_s3_policy_set(struct dcor_s3 *s, const char *bucket, const char *json,
    struct dcor_err *err)
{
	struct dcor_s3_req r = request(json != NULL ? "PUT" : "DELETE",
	    bucket, NULL);

	r.query = policy;
	r.nquery = 1;
	if (json != NULL)
		return put(s, &r, json, strlen(json), err);
	return dcor_s3_ask(s, &r, NULL, NULL, err);
}

/* PUT whose content is another object, or a range of it. */
static int
copy(struct dcor_s3 *s, struct dcor_s3_req *r, const char *source,
    const char *etag, const char *range, char got[128], struct dcor_err *err)
{
	struct dcor_pair h[3];
	char match[132];
	struct dcor_xml *x;
	int rc;

	r->headers = h;
	h[r->nheaders++] = (struct dcor_pair){ "x-amz-copy-source", source };
	if (*etag != '\0') {
		snprintf(match, sizeof(match), "\"%s\"", etag);
		h[r->nheaders++] = (struct dcor_pair){
		    "x-amz-copy-source-if-match", match };
	}
	if (range != NULL)
		h[r->nheaders++] = (struct dcor_pair){
		    "x-amz-copy-source-range", range };
	r->late = 1;
	rc = dcor_s3_ask(s, r, range != NULL ? "CopyPartResult" :
	    "CopyObjectResult", &x, err);
	if (rc == 0 && got != NULL)
		dcor_s3_etag(dcor_xml_text(x, "ETag"), got);
	dcor_xml_free(x);
	return rc;
}

static int
copy_parts(struct dcor_s3 *s, const char *bucket, const char *key,
    const char *source, const struct dcor_s3_object *o, struct dcor_err *err)
{
	unsigned n = (unsigned)((o->size + COPY_PART - 1) / COPY_PART), i;
	char (*etags)[128] = calloc(n, sizeof(*etags));
	const char **list = calloc(n, sizeof(*list));
	char number[16], range[64];
	struct dcor_buf id;
	int rc;

	dcor_buf_init(&id, 4096);
	rc = etags != NULL && list != NULL ? dcor_s3_mpu_create(s, bucket,
	    key, &id, err) : dcor_err_nomem(err);
	for (i = 0; rc == 0 && i < n; i++) {
		struct dcor_s3_req r = request("PUT", bucket, key);
		struct dcor_pair q[] = { { "partNumber", number },
		    { "uploadId", dcor_buf_str(&id) } };
		uint64_t from = i * COPY_PART, to = from + COPY_PART;

		snprintf(number, sizeof(number), "%u", i + 1);
		snprintf(range, sizeof(range), "bytes=%" PRIu64 "-%" PRIu64,
		    from, (to < o->size ? to : o->size) - 1);
		r.query = q;
		r.nquery = 2;
		list[i] = etags[i];
		rc = copy(s, &r, source, o->etag, range, etags[i], err);
	}
	if (rc == 0)
		rc = dcor_s3_mpu_complete(s, bucket, key, dcor_buf_str(&id),
		    list, n, 1, err);
	if (rc != 0 && id.len > 0)
		(void)!dcor_s3_mpu_abort(s, bucket, key, dcor_buf_str(&id),
		    NULL);
	dcor_buf_fini(&id);
	free(etags);
	free(list);
	return rc;
}

int
dcor_s3_copy(struct dcor_s3 *s, const char *bucket, const char *key,
    const char *to_bucket, const char *to_key, const char *etag,
    struct dcor_err *err)
{
	struct dcor_s3_req r = request("PUT", to_bucket, to_key);
	char name[DCOR_S3_NAME];
	struct dcor_s3_object o;
	struct dcor_buf source;
	int rc;

	if ((rc = dcor_s3_head(s, bucket, key, &o, err)) != 0)
		return rc;
	if (etag != NULL && strcmp(etag, o.etag) != 0)
		return dcor_err_set(err, DCOR_EDATA, 0, "%s: it has changed",
		    dcor_s3_name(bucket, key, name));
	dcor_buf_init(&source, DCOR_URL_MAX);
	dcor_buf_addf(&source, "/%s/", bucket);
	dcor_pct_encode(&source, key, strlen(key), "/");
	if ((rc = dcor_buf_check(&source, err)) == 0)
		rc = o.size <= COPY_MAX ? copy(s, &r, dcor_buf_str(&source),
		    o.etag, NULL, NULL, err) : copy_parts(s, to_bucket,
		    to_key, dcor_buf_str(&source), &o, err);
	dcor_buf_fini(&source);
	return rc;
}

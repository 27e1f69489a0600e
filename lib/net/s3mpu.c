/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Multipart uploads: their begin and their end. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "net/s3priv.h"

int
dcor_s3_mpu_create(struct dcor_s3 *s, const char *bucket, const char *key,
    struct dcor_buf *upload_id, struct dcor_err *err)
{
	static const struct dcor_pair q = { "uploads", "" };
	struct dcor_s3_req r = { .http = { .method = "POST" },
	    .bucket = bucket, .key = key, .query = &q, .nquery = 1 };
	char name[DCOR_S3_NAME];
	struct dcor_xml *x;
	const char *id;
	int rc;

	rc = dcor_s3_ask(s, &r, "InitiateMultipartUploadResult", &x, err);
	if (rc != 0)
		return rc;
	id = dcor_xml_text(x, "UploadId");
	if (*id == '\0')
		rc = dcor_err_set(err, DCOR_EPROTO, 0, "%s: the server gives "
		    "no upload id", dcor_s3_name(bucket, key, name));
	else if (dcor_buf_adds(upload_id, id) != 0)
		rc = dcor_buf_check(upload_id, err);
	dcor_xml_free(x);
	return rc;
}

int
dcor_s3_mpu_abort(struct dcor_s3 *s, const char *bucket, const char *key,
    const char *upload_id, struct dcor_err *err)
{
	struct dcor_pair q = { "uploadId", upload_id };
	struct dcor_s3_req r = { .http = { .method = "DELETE" },
	    .bucket = bucket, .key = key, .query = &q, .nquery = 1 };

	return dcor_s3_ask(s, &r, NULL, NULL, err);
}

int
dcor_s3_mpu_etag(const char *const *etags, unsigned n, char out[128],
    struct dcor_err *err)
{
	unsigned char *md = malloc((size_t)n * 16 + 1);
	char hex[33];
	unsigned i;
	int rc = 0;

	*out = '\0';
	if (md == NULL)
		return dcor_err_nomem(err);
	for (i = 0; i < n; i++)
		if (dcor_unhex(etags[i], md + 16 * (size_t)i, 16) != 0)
			break;
	if (i == n && (rc = dcor_md5_hex(md, (size_t)n * 16, hex, err)) == 0)
		snprintf(out, 128, "%s-%u", hex, n);
	free(md);
	return rc;
}

/* An answer that came and has no ETag (Ceph 16), or none that came: the
 * object says what it is. */
static int
look(struct dcor_s3 *s, const char *bucket, const char *key, char etag[128])
{
	struct dcor_s3_object o;
	int rc = dcor_s3_head(s, bucket, key, &o, NULL);

	snprintf(etag, 128, "%s", o.etag);
	return rc;
}

int
dcor_s3_mpu_complete(struct dcor_s3 *s, const char *bucket, const char *key,
    const char *upload_id, const char *const *etags, unsigned n, int sums,
    struct dcor_err *err)
{
	struct dcor_pair q = { "uploadId", upload_id };
	struct dcor_s3_req r = { .http = { .method = "POST" },
	    .bucket = bucket, .key = key, .query = &q, .nquery = 1,
	    .late = 1 };
	char want[128] = "", got[128], name[DCOR_S3_NAME];
	struct dcor_err e = DCOR_ERR_INIT;
	struct dcor_buf b;
	struct dcor_xml *x = NULL;
	unsigned i;
	int rc;

	if (sums && (rc = dcor_s3_mpu_etag(etags, n, want, err)) != 0)
		return rc;
	dcor_buf_init(&b, 8 << 20);
	dcor_buf_adds(&b, "<CompleteMultipartUpload xmlns=\"http://"
	    "s3.amazonaws.com/doc/2006-03-01/\">");
	for (i = 0; i < n; i++) {
		dcor_buf_addf(&b, "<Part><PartNumber>%u</PartNumber><ETag>"
		    "&quot;", i + 1);
		dcor_xml_escape(&b, etags[i]);
		dcor_buf_adds(&b, "&quot;</ETag></Part>");
	}
	dcor_buf_adds(&b, "</CompleteMultipartUpload>");
	if ((rc = dcor_buf_check(&b, err)) != 0)
		goto out;
	r.http.body = b.p;
	r.http.nbody = b.len;
	rc = dcor_s3_ask(s, &r, "CompleteMultipartUploadResult", &x, &e);
	dcor_s3_etag(dcor_xml_text(x, "ETag"), got);
	if ((rc == 0 && *got == '\0') || rc == DCOR_ENOENT ||
	    rc == DCOR_ETEMP || rc == DCOR_EPROTO) {
		if (look(s, bucket, key, got) == 0 && (rc == 0 ||
		    (*want != '\0' && strcmp(got, want) == 0)))
			rc = 0;
	}
	if (rc != 0)
		(void)dcor_err_copy(err, &e);
	else if (*want != '\0' && strcmp(got, want) != 0)
		rc = dcor_err_set(err, DCOR_EDATA, 0, "%s: the parts make "
		    "%s, the server has %.70s",
		    dcor_s3_name(bucket, key, name), want,
		    *got != '\0' ? got : "no ETag for them");
out:
	dcor_xml_free(x);
	dcor_buf_fini(&b);
	return rc;
}

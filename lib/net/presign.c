/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "net/presign.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "net/url.h"

struct dcor_presign {
	int		 version;
	struct dcor_keys keys;		/* copies */
	struct dcor_signer *signer;	/* version 4 */
	struct dcor_url	 endpoint;
	int		 wants_virtual, numeric;

	/* for the bucket of the last request */
	char		 bucket[256];
	int		 is_virtual;
	struct dcor_buf	 origin, host;	/* "https://h:81", "h:81" */
	struct dcor_buf	 before;	/* what is before the key in the path */
	struct dcor_buf	 before2;	/* the same as version 2 signs it: the
					 * bucket is there, a prefix is not */

	struct dcor_buf	 path, path2;
};

/* A label of a host name (RFC 1123). */
static int
is_label(const char *p, size_t n)
{
	return n > 0 && n < 64 && p[0] != '-' && p[n - 1] != '-' &&
	    strspn(p, "abcdefghijklmnopqrstuvwxyz0123456789-") >= n;
}

/* Whether a bucket can be part of a host name; a certificate for *.HOST is
 * not for a.b.HOST. */
static int
fits_host(const struct dcor_presign *p, const char *bucket)
{
	size_t n;

	if (p->numeric || dcor_url_is_address(bucket) || strlen(bucket) > 63)
		return 0;
	if (strcmp(p->endpoint.scheme, "https") == 0)
		return is_label(bucket, strlen(bucket));
	for (;; bucket += n + 1) {
		n = strcspn(bucket, ".");
		if (!is_label(bucket, n))
			return 0;
		if (bucket[n] == '\0')
			return 1;
	}
}

/* Everything before the key. */
static int
set_bucket(struct dcor_presign *p, const char *bucket, struct dcor_err *err)
{
	const struct dcor_url *e = &p->endpoint;
	size_t n = strlen(bucket), nprefix = strlen(e->path);
	int rc;

	if (strcmp(p->bucket, bucket) == 0)
		return 0;
	if (n == 0 || n >= sizeof(p->bucket))
		return dcor_err_set(err, DCOR_EARG, 0, "no bucket");
	p->bucket[0] = '\0';
	p->is_virtual = p->wants_virtual && fits_host(p, bucket);
	dcor_buf_clear(&p->host);
	dcor_buf_clear(&p->origin);
	dcor_buf_clear(&p->before);
	dcor_buf_clear(&p->before2);
	if (p->is_virtual)
		dcor_buf_addf(&p->host, "%s.", bucket);
	dcor_url_host(e, &p->host);
	dcor_buf_addf(&p->origin, "%s://%s", e->scheme,
	    dcor_buf_str(&p->host));
	while (nprefix > 0 && e->path[nprefix - 1] == '/')
		nprefix--;
	dcor_buf_addc(&p->before2, '/');
	dcor_pct_encode(&p->before2, bucket, n, NULL);
	dcor_buf_addc(&p->before2, '/');
	dcor_buf_add(&p->before, e->path, nprefix);
	if (p->is_virtual)
		dcor_buf_addc(&p->before, '/');
	else
		dcor_buf_add(&p->before, p->before2.p, p->before2.len);
	if ((rc = dcor_buf_check(&p->origin, err)) != 0 ||
	    (rc = dcor_buf_check(&p->before, err)) != 0 ||
	    (rc = dcor_buf_check(&p->before2, err)) != 0)
		return rc;
	memcpy(p->bucket, bucket, n + 1);
	return 0;
}

static int
set_endpoint(struct dcor_presign *p, const char *endpoint,
    const char *region, struct dcor_err *err)
{
	struct dcor_err why = DCOR_ERR_INIT;
	struct dcor_buf aws;
	int rc;

	dcor_buf_init(&aws, 1024);
	if (endpoint == NULL) {		/* as boto3 has it */
		dcor_buf_adds(&aws, "https://s3.");
		if (strcmp(region, "us-east-1") != 0)
			dcor_buf_addf(&aws, "%s.", region);
		dcor_buf_adds(&aws, "amazonaws.com");
		endpoint = dcor_buf_str(&aws);
	}
	rc = dcor_url_parse(endpoint, &p->endpoint, &why);
	dcor_buf_fini(&aws);
	if (rc == DCOR_ENOMEM)
		return dcor_err_nomem(err);
	if (rc != 0)
		return dcor_err_set(err, DCOR_ECONF, 0, "endpoint: %s",
		    why.msg);
	if ((strcmp(p->endpoint.scheme, "https") != 0 &&
	    strcmp(p->endpoint.scheme, "http") != 0) ||
	    p->endpoint.query != NULL)
		return dcor_err_set(err, DCOR_ECONF, 0, "endpoint: not "
		    "http[s]://HOST[:PORT][/PREFIX]");
	p->numeric = dcor_url_is_address(p->endpoint.host);
	return 0;
}

int
dcor_presign_new(const struct dcor_keys *keys, const char *endpoint,
    const char *region, int virtual_host, int version,
    struct dcor_presign **out, struct dcor_err *err)
{
	struct dcor_presign *p;
	int rc = 0;

	*out = NULL;
	if ((p = calloc(1, sizeof(*p))) == NULL)
		return dcor_err_nomem(err);
	dcor_buf_init(&p->origin, 4096);
	dcor_buf_init(&p->host, 4096);
	dcor_buf_init(&p->before, 2 * DCOR_URL_MAX);
	dcor_buf_init(&p->before2, 2 * DCOR_URL_MAX);
	dcor_buf_init(&p->path, 1 << 20);
	dcor_buf_init(&p->path2, 1 << 20);
	p->version = version;
	p->wants_virtual = virtual_host;
	p->keys.id = strdup(keys->id);
	p->keys.secret = strdup(keys->secret);
	if (keys->token != NULL)
		p->keys.token = strdup(keys->token);
	if (p->keys.id == NULL || p->keys.secret == NULL ||
	    (keys->token != NULL && p->keys.token == NULL))
		rc = dcor_err_nomem(err);
	if (rc == 0)
		rc = set_endpoint(p, endpoint, region, err);
	if (rc == 0)
		rc = dcor_signer_new(&p->keys, region, "s3", &p->signer, err);
	if (rc != 0) {
		dcor_presign_free(p);
		return rc;
	}
	*out = p;
	return 0;
}

static void
wipe_text(const char *text)
{
	char *p = (char *)(uintptr_t)text;

	if (p != NULL)
		dcor_wipe(p, strlen(p));
	free(p);
}

void
dcor_presign_free(struct dcor_presign *p)
{
	if (p == NULL)
		return;
	wipe_text(p->keys.id);
	wipe_text(p->keys.secret);
	wipe_text(p->keys.token);
	dcor_signer_free(p->signer);
	dcor_url_fini(&p->endpoint);
	dcor_buf_fini(&p->origin);
	dcor_buf_fini(&p->host);
	dcor_buf_fini(&p->before);
	dcor_buf_fini(&p->before2);
	dcor_buf_fini(&p->path);
	dcor_buf_fini(&p->path2);
	free(p);
}

/* The request as signatures want it; its strings are in p. */
static int
prepare(struct dcor_presign *p, const struct dcor_presign_req *r,
    struct dcor_sigreq *q, struct dcor_err *err)
{
	size_t n = strlen(r->key);
	int rc;

	if (n == 0)
		return dcor_err_set(err, DCOR_EARG, 0, "no key");
	if ((rc = set_bucket(p, r->bucket, err)) != 0)
		return rc;
	dcor_buf_clear(&p->path);
	dcor_buf_add(&p->path, p->before.p, p->before.len);
	dcor_pct_encode(&p->path, r->key, n, "/");
	if ((rc = dcor_buf_check(&p->path, err)) != 0)
		return rc;
	*q = (struct dcor_sigreq){ .method = r->method, .path = p->path.p,
	    .host = p->host.p, .query = r->query, .nquery = r->nquery,
	    .payload = DCOR_UNSIGNED, .when = r->when };
	if (p->version == 4)
		return 0;
	dcor_buf_clear(&p->path2);
	dcor_buf_add(&p->path2, p->before2.p, p->before2.len);
	dcor_buf_add(&p->path2, p->path.p + p->before.len,
	    p->path.len - p->before.len);
	q->path = dcor_buf_str(&p->path2);
	return dcor_buf_check(&p->path2, err);
}

int
dcor_presign_url(struct dcor_presign *p, const struct dcor_presign_req *r,
    struct dcor_buf *out, struct dcor_err *err)
{
	struct dcor_sigreq q;
	size_t from = out->len;
	int rc;

	if ((rc = prepare(p, r, &q, err)) != 0)
		return rc;
	dcor_buf_add(out, p->origin.p, p->origin.len);
	dcor_buf_add(out, p->path.p, p->path.len);
	dcor_buf_addc(out, '?');
	rc = p->version == 4 ?
	    dcor_sigv4_query(p->signer, &q, r->expires, out, err) :
	    dcor_sigv2_query(&p->keys, &q, r->when + r->expires, out, err);
	if (rc == 0 && out->len - from > DCOR_URL_MAX)
		rc = dcor_err_set(err, DCOR_EARG, 0,
		    "its URL would be longer than %d bytes", DCOR_URL_MAX);
	return rc;
}

int
dcor_presign_explain(struct dcor_presign *p,
    const struct dcor_presign_req *r, struct dcor_buf *canonical,
    struct dcor_buf *tosign, struct dcor_err *err)
{
	struct dcor_sigreq q;
	int rc;

	if ((rc = prepare(p, r, &q, err)) != 0)
		return rc;
	return p->version == 4 ? dcor_sigv4_explain(p->signer, &q,
	    r->expires, canonical, tosign, err) :
	    dcor_sigv2_explain(&p->keys, &q, r->when + r->expires, tosign,
	    err);
}

int
dcor_presign_is_virtual(const struct dcor_presign *p)
{
	return p->is_virtual;
}

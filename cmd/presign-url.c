/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * presign-url.c - dcor-presign signs
 */
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>

#include "base/json.h"
#include "base/time.h"
#include "cli.h"
#include "net/presign.h"
#include "net/url.h"
#include "presign.h"

#define RENEW	60		/* look for other keys so often, seconds */

static struct {
	struct dcor_site	*site;
	struct dcor_presign	*p;
	uint64_t		 serial;
	int64_t			 looked;
	int			 warned;
	struct dcor_buf		 out, tosign;
} the;

void
presign_end(void)
{
	dcor_presign_free(the.p);
	dcor_site_free(the.site);
	the.p = NULL;
	the.site = NULL;
	dcor_buf_fini(&the.out);
	dcor_buf_fini(&the.tosign);
}

/* For old browsers what is not ASCII, and what they would not unquote, is
 * '_' (RFC 6266, appendix D). */
int
presign_disposition(const char *name, struct dcor_buf *out)
{
	const unsigned char *p = (const unsigned char *)name;
	unsigned c, more, low;
	int plain = 1;

	dcor_buf_adds(out, "attachment; filename=\"");
	if (*p == '\0' || strchr(name, '/') != NULL)
		return DCOR_EARG;
	while ((c = *p++) != 0) {
		if (c < 0x20 || c == 0x7f)
			return DCOR_EARG;
		if (c < 0x80) {
			if (strchr("\"\\%", (int)c) != NULL) {
				plain = 0;
				c = '_';
			}
			dcor_buf_addc(out, (char)c);
			continue;
		}
		if (c < 0xc2 || c > 0xf4)
			return DCOR_EARG;
		more = c < 0xe0 ? 1 : c < 0xf0 ? 2 : 3;
		low = c == 0xe0 ? 0xa0 : c == 0xf0 ? 0x90 : 0x80;
		if (*p < low || (c == 0xed && *p > 0x9f) ||
		    (c == 0xf4 && *p > 0x8f))
			return DCOR_EARG;
		for (; more > 0; more--, p++)
			if ((*p & 0xc0) != 0x80)
				return DCOR_EARG;
		plain = 0;
		dcor_buf_addc(out, '_');
	}
	dcor_buf_addc(out, '"');
	if (!plain) {
		dcor_buf_adds(out, "; filename*=UTF-8''");
		dcor_pct_encode(out, name, strlen(name), "!#$&+^`|");
	}
	return out->bad;
}

/* Keys when there are none, or when they may have changed. */
static int
get_keys(const struct presign *s, int64_t now, struct dcor_err *err)
{
	uint64_t serial = 0;
	struct dcor_keys k;
	int rc;

	if (the.p != NULL && now - the.looked < RENEW && now >= the.looked)
		return 0;
	if (the.site == NULL) {
		dcor_buf_init(&the.out, 1 << 20);
		dcor_buf_init(&the.tosign, 1 << 20);
		if ((rc = dcor_site_open(&s->site, 1, &the.site, err)) != 0)
			return rc;
	}
	if ((rc = dcor_cred_keys(the.site->cred, &k, &serial, err)) != 0)
		return rc;
	the.looked = now;
	if (the.p != NULL && serial == the.serial)
		return 0;
	the.serial = serial;
	dcor_presign_free(the.p);
	return dcor_presign_new(&k, the.site->endpoint, the.site->region,
	    the.site->virtual_host, s->version, &the.p, err);
}

static void
print_tsv(const struct dcor_presign_req *r, const char *part)
{
	char until[32];

	dcor_fmt_time(r->when + r->expires, until);
	fputs("s3://", stdout);
	fputs(r->bucket, stdout);
	putchar('/');
	cli_tsv(r->key);
	printf("\t%s\t%s\t%s\t", r->method, part, until);
	fwrite(the.out.p, 1, the.out.len, stdout);
	putchar('\n');
}

static int
print_json(const struct presign *s, const struct dcor_presign_req *r,
    const char *part, struct dcor_err *err)
{
	char when[32], until[32];
	struct dcor_buf b;
	struct dcor_jw w;
	int rc;

	dcor_fmt_time(r->when, when);
	dcor_fmt_time(r->when + r->expires, until);
	dcor_buf_init(&b, 1 << 22);
	dcor_jw_init(&w, &b, 0);
	dcor_jw_obj(&w);
	dcor_jw_kstr(&w, "type", "presigned");
	dcor_jw_kstr(&w, "bucket", r->bucket);
	dcor_jw_kstr(&w, "key", r->key);
	dcor_jw_kstr(&w, "method", r->method);
	if (s->parts > 0)
		dcor_jw_kstr(&w, "part", part);
	dcor_jw_kstr(&w, "since", when);
	dcor_jw_kstr(&w, "until", until);
	if (s->explain) {
		dcor_jw_kstr(&w, "canonical", dcor_buf_str(&the.out));
		dcor_jw_kstr(&w, "tosign", dcor_buf_str(&the.tosign));
	} else
		dcor_jw_kstr(&w, "url", dcor_buf_str(&the.out));
	dcor_jw_end(&w);
	if ((rc = dcor_jw_done(&w, err)) == 0) {
		fwrite(b.p, 1, b.len, stdout);
		putchar('\n');
	}
	dcor_buf_fini(&b);
	return rc;
}

/* A word for a POSIX shell. */
static void
print_quoted(const char *p)
{
	putchar('\'');
	for (; *p != '\0'; p++)
		if (*p == '\'')
			fputs("'\\''", stdout);
		else
			putchar(*p);
	putchar('\'');
}

/* -g: nothing in a URL is a pattern.  The empty Content-Type: curl must not
 * add one that nobody signed. */
static void
print_curl(const struct presign *s, const struct dcor_presign_req *r,
    const char *part)
{
	const char *name = s->name != NULL ? s->name : strrchr(r->key, '/');
	char file[1100];

	if (s->name == NULL)
		name = name != NULL ? name + 1 : r->key;
	snprintf(file, sizeof(file), "./%s%s%s", *name != '\0' ? name :
	    "object", s->parts > 0 ? "." : "", s->parts > 0 ? part : "");
	fputs("curl -fsSg ", stdout);
	if (strcmp(r->method, "GET") == 0) {
		fputs("-o ", stdout);
		print_quoted(file);
	} else if (strcmp(r->method, "PUT") == 0) {
		fputs("-T ", stdout);
		print_quoted(file);
	} else if (strcmp(r->method, "HEAD") == 0)
		fputs("-I", stdout);
	else
		printf("-X %s -H 'Content-Type:'", r->method);
	if (strcmp(part, "complete") == 0) {
		fputs(" --data-binary @", stdout);
		print_quoted(file);
	}
	fputs(" '", stdout);
	fwrite(the.out.p, 1, the.out.len, stdout);
	fputs("'\n", stdout);
}

static void
print_explained(void)
{
	if (the.out.len > 0)
		printf("# canonical request\n%s\n", dcor_buf_str(&the.out));
	printf("# string to sign\n%s\n", dcor_buf_str(&the.tosign));
}

/* One URL; part: which of a multipart upload, or "-". */
static int
one(const struct presign *s, struct dcor_presign_req *r, const char *part,
    struct dcor_err *err)
{
	int rc;

	dcor_buf_clear(&the.out);
	dcor_buf_clear(&the.tosign);
	if (s->explain)
		rc = dcor_presign_explain(the.p, r, &the.out, &the.tosign,
		    err);
	else
		rc = dcor_presign_url(the.p, r, &the.out, err);
	if (rc != 0)
		return rc;
	if (the.site->virtual_host && !the.warned &&
	    !dcor_presign_is_virtual(the.p)) {
		cli_warn("%s: cannot be in a host name; it is in the path",
		    r->bucket);
		the.warned = 1;
	}
	if (s->format == FORMAT_JSON)
		return print_json(s, r, part, err);
	if (s->explain)
		print_explained();
	else if (s->format == FORMAT_TSV)
		print_tsv(r, part);
	else if (s->format == FORMAT_CURL)
		print_curl(s, r, part);
	else {
		dcor_buf_addc(&the.out, '\n');
		fwrite(the.out.p, 1, the.out.len, stdout);
	}
	return 0;
}

/* Amazon's way: POST starts, PUT of each part, POST completes, DELETE gives
 * up.  Who starts it learns the upload's id from the answer. */
static int
multipart(const struct presign *s, struct dcor_presign_req *r,
    struct dcor_err *err)
{
	struct dcor_pair start = { "uploads", NULL };
	struct dcor_pair q[2];
	char number[24];
	uint64_t i;
	int rc;

	r->query = &start;
	r->nquery = 1;
	r->method = "POST";
	if (s->upload_id == NULL)
		return one(s, r, "create", err);
	q[0] = (struct dcor_pair){ "uploadId", s->upload_id };
	q[1] = (struct dcor_pair){ "partNumber", number };
	r->query = q;
	r->nquery = 2;
	r->method = "PUT";
	for (i = 1; i <= s->parts; i++) {
		snprintf(number, sizeof(number), "%llu",
		    (unsigned long long)i);
		if ((rc = one(s, r, number, err)) != 0)
			return rc;
	}
	r->nquery = 1;
	r->method = "POST";
	if ((rc = one(s, r, "complete", err)) != 0)
		return rc;
	r->method = "DELETE";
	return one(s, r, "abort", err);
}

static int
sign(const struct presign *s, const char *bucket, const char *key,
    struct dcor_err *err)
{
	struct dcor_pair q[3];
	struct dcor_presign_req r = { .method = s->method, .bucket = bucket,
	    .key = key, .query = q };
	int64_t now = (int64_t)time(NULL);
	int rc;

	if (strlen(key) > 1024)
		return dcor_err_set(err, DCOR_EARG, 0,
		    "a key has at most 1024 bytes");
	if ((rc = get_keys(s, now, err)) != 0)
		cli_die_err(err, NULL);
	r.when = s->date >= 0 ? s->date : now;
	r.expires = s->expires > 0 ? s->expires : s->until - r.when;
	if (r.expires < 1 || r.expires > DCOR_SIGV4_MAX_EXPIRES)
		cli_die(EX_USAGE, "-e: the date is not within 7 days after "
		    "that of signing");
	if (s->parts > 0)
		return multipart(s, &r, err);
	if (s->disposition.len > 0)
		q[r.nquery++] = (struct dcor_pair){
		    "response-content-disposition",
		    dcor_buf_str(&s->disposition) };
	if (s->type != NULL)
		q[r.nquery++] = (struct dcor_pair){ "response-content-type",
		    s->type };
	if (s->version_id != NULL)
		q[r.nquery++] = (struct dcor_pair){ "versionId",
		    s->version_id };
	return one(s, &r, "-", err);
}

int
presign_sign(struct presign *s, const char *operand)
{
	struct dcor_err err = DCOR_ERR_INIT;
	char bucket[256];
	const char *key;
	int rc;

	if (strncmp(operand, "dcor:", 5) == 0) {
		cli_error("%s: resources of a DCOR server are not supported "
		    "yet; give s3://BUCKET/KEY", operand);
		return EX_UNAVAILABLE;
	}
	if ((rc = dcor_s3url_parse(operand, bucket, &key, &err)) == 0)
		rc = *key == '\0' ? dcor_err_set(&err, DCOR_EARG, 0,
		    "no key after the bucket") : sign(s, bucket, key, &err);
	return rc == 0 ? 0 : cli_err(&err, operand);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sig.c - signatures, judged: version 4 in headers and in the query,
 * version 2 in the query
 *
 * Written from Amazon's description and from what Ceph does, not from
 * lib/net/sigv4.c, of which it is the check.  Regions are not compared, as
 * Ceph does not.
 */
#include "httpd.h"

#include <ctype.h>
#include <openssl/crypto.h>
#include <openssl/hmac.h>
#include <stdlib.h>
#include <string.h>

#define SKEW	900		/* seconds */
/* SHA-256 of nothing */
#define EMPTY	"e3b0c44298fc1c149afbf4c8996fb924" \
		"27ae41e4649b934ca495991b7852b855"

void
hex(char *out, const unsigned char *p, size_t n)
{
	static const char digits[] = "0123456789abcdef";
	size_t i;

	for (i = 0; i < n; i++) {
		out[2 * i] = digits[p[i] >> 4];
		out[2 * i + 1] = digits[p[i] & 15];
	}
	out[2 * n] = '\0';
}

static int
deny(struct conn *c, int status, const char *code, const char *message)
{
	counts.signed_bad++;
	answer_error(c, status, code, message);
	return -1;
}

static const struct key *
find_key(const char *id, size_t n)
{
	size_t i;

	for (i = 0; i < conf.nkeys; i++)
		if (strlen(conf.keys[i].id) == n &&
		    memcmp(conf.keys[i].id, id, n) == 0)
			return &conf.keys[i];
	return NULL;
}

/* YYYYMMDDTHHMMSSZ as seconds since 1970; -1. */
static int64_t
stamp(const char *s)
{
	static const int len[] = { 4, 2, 2, 2, 2, 2 };
	int64_t v[6], y, days;
	int i, k;

	if (s == NULL || strlen(s) != 16 || s[8] != 'T' || s[15] != 'Z')
		return -1;
	for (i = 0; i < 6; i++) {
		s += i == 3;
		for (v[i] = 0, k = 0; k < len[i]; k++, s++) {
			if (!isdigit((unsigned char)*s))
				return -1;
			v[i] = v[i] * 10 + (*s - '0');
		}
	}
	/* days from the 1st of March of year 0, as the calendar has it */
	y = v[0] - (v[1] <= 2);
	days = 365 * y + y / 4 - y / 100 + y / 400 +
	    (153 * (v[1] + (v[1] > 2 ? -3 : 9)) + 2) / 5 + v[2] - 1 - 719468;
	return ((days * 24 + v[3]) * 60 + v[4]) * 60 + v[5];
}

/* The date of a signature: x-amz-date, or a Date such as
 * "Fri, 24 May 2013 00:00:00 GMT". */
static int64_t
header_stamp(const struct req *r, char text[32])
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	const char *s = req_header(r, "x-amz-date"), *m;
	char mon[4] = "";

	text[0] = '\0';
	if (s == NULL && (s = req_header(r, "date")) != NULL &&
	    strlen(s) == 29) {
		memcpy(mon, s + 8, 3);
		if ((m = strstr(months, mon)) == NULL)
			return -1;
		snprintf(text, 32, "%.4s%02d%.2sT%.2s%.2s%.2sZ", s + 12,
		    (int)(m - months) / 3 + 1, s + 5, s + 17, s + 20, s + 23);
	} else if (s != NULL && strlen(s) == 16) {
		memcpy(text, s, 17);
	}
	return stamp(text);
}

static int
order(const void *a, const void *b)
{
	const char *const *x = a, *const *y = b;

	return strcmp(*x, *y);
}

/* "name=value" encoded, sorted; '&' sorts below every byte of a name, but
 * '=' does not, so a 1 stands for it until all are in order. */
static void
canonical_query(const struct req *r, struct dcor_buf *out)
{
	char **line = xalloc(NULL, (r->nparam + 1) * sizeof(*line)), *mark;
	struct dcor_buf b;
	size_t i, n = 0, len;

	for (i = 0; i < r->nparam; i++) {
		if (strcmp(r->param[i].name, "X-Amz-Signature") == 0)
			continue;
		dcor_buf_init(&b, HEAD_MAX * 4);
		pct_encode(&b, r->param[i].name, "");
		dcor_buf_addc(&b, 1);
		pct_encode(&b, r->param[i].value, "");
		(void)dcor_buf_take(&b, &line[n++], &len, NULL);
	}
	qsort(line, n, sizeof(*line), order);
	for (i = 0; i < n; i++) {
		if ((mark = strchr(line[i], 1)) != NULL)
			*mark = '=';
		dcor_buf_addf(out, "%s%s", i ? "&" : "", line[i]);
		free(line[i]);
	}
	free(line);
	dcor_buf_addc(out, '\n');
}

/* Values of one name, trimmed (they are), blanks folded, by commas. */
static int
header_values(const struct req *r, const char *name, struct dcor_buf *out)
{
	const char *s;
	size_t i;
	int n = 0;

	for (i = 0; i < r->nhead; i++) {
		if (strcmp(r->head[i].name, name) != 0)
			continue;
		if (n++)
			dcor_buf_addc(out, ',');
		for (s = r->head[i].value; *s; s++)
			if (*s != ' ' || s[1] != ' ')
				dcor_buf_addc(out, *s);
	}
	return n;
}

/* Whether name is one of "a;b;c". */
static int
listed(const char *list, const char *name)
{
	size_t n = strlen(name), k;

	for (; *list; list += k + (list[k] == ';')) {
		k = strcspn(list, ";");
		if (k == n && memcmp(list, name, n) == 0)
			return 1;
	}
	return 0;
}

/* The rule of the Ceph releases of 2026: what could change the meaning of
 * a request has to be signed. */
static int
all_signed(const struct req *r, const char *list)
{
	size_t i;

	if (!listed(list, "host"))
		return 0;
	for (i = 0; i < r->nhead && !conf.lenient; i++)
		if ((strncmp(r->head[i].name, "x-amz-", 6) == 0 ||
		    strcmp(r->head[i].name, "content-type") == 0) &&
		    !listed(list, r->head[i].name))
			return 0;
	return 1;
}

static void
canonical_headers(const struct req *r, const char *list,
    struct dcor_buf *out)
{
	char name[256];
	const char *p;
	size_t k;

	for (p = list; *p; p += k + (p[k] == ';')) {
		k = strcspn(p, ";");
		snprintf(name, sizeof(name), "%.*s", (int)k, p);
		dcor_buf_addf(out, "%s:", name);
		header_values(r, name, out);
		dcor_buf_addc(out, '\n');
	}
	dcor_buf_addf(out, "\n%s\n", list);
}

static void
mac(const void *key, size_t nkey, const char *text, unsigned char out[32])
{
	unsigned n = 32;

	HMAC(EVP_sha256(), key, (int)nkey, (const unsigned char *)text,
	    strlen(text), out, &n);
}

/* scope: "DATE/REGION/SERVICE/aws4_request" */
static void
signature4(const struct req *r, const struct key *k, const char *scope,
    const char *when, const char *list, const char *payload, char out[65])
{
	struct dcor_buf canon, text;
	unsigned char sum[32];
	unsigned n = 32;
	char digest[65], part[256], *path, *secret;
	size_t len;

	dcor_buf_init(&canon, 1 << 20);
	dcor_buf_init(&text, 1 << 20);
	path = xalloc(NULL, strlen(r->path) + 1);
	dcor_buf_addf(&canon, "%s\n", r->method);
	if (pct_decode(path, r->path, strlen(r->path), 0) != NULL)
		pct_encode(&canon, path, "/");
	free(path);
	dcor_buf_addc(&canon, '\n');
	canonical_query(r, &canon);
	canonical_headers(r, list, &canon);
	dcor_buf_adds(&canon, payload);
	EVP_Digest(dcor_buf_str(&canon), canon.len, sum, &n, EVP_sha256(),
	    NULL);
	hex(digest, sum, 32);
	dcor_buf_addf(&text, "AWS4-HMAC-SHA256\n%s\n%s\n%s", when, scope,
	    digest);
	len = strlen(k->secret) + 5;
	secret = xalloc(NULL, len);
	snprintf(secret, len, "AWS4%s", k->secret);
	for (n = 0; *scope; scope += len + (scope[len] == '/'), n++) {
		len = strcspn(scope, "/");
		snprintf(part, sizeof(part), "%.*s", (int)len, scope);
		mac(n ? (const void *)sum : secret, n ? 32 : strlen(secret),
		    part, sum);
	}
	free(secret);
	mac(sum, 32, dcor_buf_str(&text), sum);
	hex(out, sum, 32);
	dcor_buf_fini(&canon);
	dcor_buf_fini(&text);
}

static int
equal(const char *a, const char *b)
{
	size_t n = strlen(a);

	return n == strlen(b) && CRYPTO_memcmp(a, b, n) == 0;
}

static int
token_ok(const struct key *k, const char *token)
{
	return k->token == NULL ? token == NULL :
	    token != NULL && equal(k->token, token);
}

/* What both forms of version 4 share. */
static int
check4(struct conn *c, const char *cred, const char *when, const char *list,
    const char *sig, const char *token, const char *payload)
{
	const char *scope = strchr(cred, '/');
	const struct key *k;
	char want[65];
	size_t n = strlen(cred);

	if (scope == NULL || strncmp(scope + 1, when, 8) != 0 || n < 13 ||
	    strcmp(cred + n - 13, "/aws4_request") != 0)
		return deny(c, 400, "AuthorizationHeaderMalformed",
		    "The credential is malformed");
	if ((k = find_key(cred, (size_t)(scope - cred))) == NULL)
		return deny(c, 403, "InvalidAccessKeyId",
		    "There is no such access key");
	if (!token_ok(k, token))
		return deny(c, 400, "InvalidToken",
		    "The token is malformed or not valid");
	if (!all_signed(&c->req, list))
		return deny(c, 403, "AccessDenied", "");
	signature4(&c->req, k, scope + 1, when, list, payload, want);
	if (!equal(want, sig))
		return deny(c, 403, "SignatureDoesNotMatch",
		    "The signature does not match");
	return 0;
}

/* The value of name in "Credential=..., SignedHeaders=..., Signature=...". */
static char *
field(char *text, const char *name)
{
	char *p = strstr(text, name);

	if (p == NULL)
		return NULL;
	p += strlen(name);
	p[strcspn(p, ", ")] = '\0';
	return p;
}

static int
header4(struct conn *c, const char *auth)
{
	const char *payload = req_header(&c->req, "x-amz-content-sha256");
	char when[32], *a = xdup(auth), *b = xdup(auth), *d = xdup(auth);
	char *cred = field(a, "Credential="), *sig = field(b, " Signature=");
	char *list = field(d, "SignedHeaders=");
	int64_t t = header_stamp(&c->req, when), off;
	int rc;

	if (sig == NULL) {
		free(b);
		b = xdup(auth);
		sig = field(b, ",Signature=");
	}
	off = t - server_time();
	if (cred == NULL || sig == NULL || list == NULL)
		rc = deny(c, 400, "AuthorizationHeaderMalformed",
		    "The authorization header is malformed");
	else if (t < 0)
		rc = deny(c, 403, "AccessDenied", "There is no valid date");
	else if (off > SKEW || off < -SKEW)
		rc = deny(c, 403, "RequestTimeTooSkewed", "The difference "
		    "between the request time and the current time is too "
		    "large.");
	else if (payload == NULL && c->want > 0)
		rc = deny(c, 400, "InvalidRequest", "Missing required header "
		    "for this request: x-amz-content-sha256");
	else if (payload && strncmp(payload, "STREAMING-", 10) == 0)
		rc = deny(c, 501, "NotImplemented", "Streams are not");
	else
		rc = check4(c, cred, when, list, sig, req_header(&c->req,
		    "x-amz-security-token"), payload ? payload : EMPTY);
	free(a);
	free(b);
	free(d);
	return rc;
}

static int
query4(struct conn *c)
{
	const struct req *r = &c->req;
	const char *cred = req_param(r, "X-Amz-Credential");
	const char *when = req_param(r, "X-Amz-Date");
	const char *list = req_param(r, "X-Amz-SignedHeaders");
	const char *sig = req_param(r, "X-Amz-Signature");
	int64_t t = stamp(when), life = number(req_param(r, "X-Amz-Expires"));

	if (cred == NULL || list == NULL || sig == NULL || t < 0 ||
	    life < 1 || life > 604800)
		return deny(c, 400, "AuthorizationQueryParametersError",
		    "A parameter of the signature is missing or malformed");
	if (check4(c, cred, when, list, sig,
	    req_param(r, "X-Amz-Security-Token"), "UNSIGNED-PAYLOAD") != 0)
		return -1;
	if (server_time() >= t + life)
		return deny(c, 403, "AccessDenied", "Request has expired");
	if (t > server_time() + SKEW)
		return deny(c, 403, "AccessDenied",
		    "Request is not valid yet");
	return 0;
}

/* "name:value\n" of x-amz headers, wherever the client put them. */
static void
amz_headers(const struct req *r, struct dcor_buf *out)
{
	char **line = xalloc(NULL, (r->nhead + r->nparam + 1) *
	    sizeof(*line)), name[128];
	struct dcor_buf b;
	size_t i, n = 0, len;

	for (i = 0; i < r->nhead + r->nparam; i++) {
		const struct pair *p = i < r->nhead ? &r->head[i] :
		    &r->param[i - r->nhead];

		for (len = 0; p->name[len] && len < sizeof(name) - 1; len++)
			name[len] = (char)tolower((unsigned char)p->name[len]);
		name[len] = '\0';
		if (strncmp(name, "x-amz-", 6) != 0)
			continue;
		dcor_buf_init(&b, HEAD_MAX * 2);
		dcor_buf_addf(&b, "%s:%s\n", name, p->value);
		(void)dcor_buf_take(&b, &line[n++], &len, NULL);
	}
	qsort(line, n, sizeof(*line), order);
	for (i = 0; i < n; i++) {
		dcor_buf_adds(out, line[i]);
		free(line[i]);
	}
	free(line);
}

static const char *
either(const struct req *r, const char *header)
{
	const char *s = req_header(r, header);

	if (s == NULL)
		s = req_param(r, header);
	return s ? s : "";
}

static int
query2(struct conn *c, const char *id)
{
	static const char *const sub[] = { "acl", "cors", "delete",
	    "lifecycle", "location", "logging", "notification", "partNumber",
	    "policy", "response-cache-control", "response-content-disposition",
	    "response-content-encoding", "response-content-language",
	    "response-content-type", "response-expires", "tagging", "torrent",
	    "uploadId", "uploads", "versionId", "versioning", "versions",
	    "website", NULL };
	const struct req *r = &c->req;
	const char *expires = req_param(r, "Expires"), *v;
	const char *sig = req_param(r, "Signature");
	const struct key *k = find_key(id, strlen(id));
	struct dcor_buf b;
	unsigned char sum[20], text[64];
	unsigned n = sizeof(sum);
	char mark = '?';
	int i;

	if (k == NULL)
		return deny(c, 403, "InvalidAccessKeyId",
		    "There is no such access key");
	if (sig == NULL || number(expires) < 0)
		return deny(c, 403, "AccessDenied",
		    "Signature or Expires is missing or malformed");
	if (!token_ok(k, req_param(r, "x-amz-security-token")))
		return deny(c, 400, "InvalidToken",
		    "The token is malformed or not valid");
	dcor_buf_init(&b, 1 << 20);
	dcor_buf_addf(&b, "%s\n%s\n%s\n%s\n", r->method,
	    either(r, "content-md5"), either(r, "content-type"), expires);
	amz_headers(r, &b);
	/* the path as it was sent, the bucket before it in any case */
	if (r->vhost)
		dcor_buf_addf(&b, "/%s", r->bucket);
	dcor_buf_adds(&b, r->path);
	for (i = 0; sub[i]; i++) {
		if ((v = req_param(r, sub[i])) == NULL)
			continue;
		dcor_buf_addf(&b, "%c%s", mark, sub[i]);
		if (*v)
			dcor_buf_addf(&b, "=%s", v);
		mark = '&';
	}
	HMAC(EVP_sha1(), k->secret, (int)strlen(k->secret),
	    (const unsigned char *)dcor_buf_str(&b), b.len, sum, &n);
	dcor_buf_fini(&b);
	EVP_EncodeBlock(text, sum, 20);
	if (!equal((const char *)text, sig))
		return deny(c, 403, "SignatureDoesNotMatch",
		    "The signature does not match");
	if (server_time() >= number(expires))
		return deny(c, 403, "AccessDenied", "Request has expired");
	return 0;
}

int
sig_check(struct conn *c, int *user)
{
	const char *auth = req_header(&c->req, "authorization");
	const char *v2 = req_param(&c->req, "AWSAccessKeyId");
	int v4 = req_param(&c->req, "X-Amz-Signature") != NULL ||
	    req_param(&c->req, "X-Amz-Algorithm") != NULL, rc = 0;

	*user = 1;
	if (auth != NULL && (v4 || v2))
		return deny(c, 400, "InvalidArgument",
		    "Only one auth mechanism allowed");
	if (auth != NULL && strncmp(auth, "AWS4-HMAC-SHA256", 16) == 0)
		rc = header4(c, auth);
	else if (auth != NULL)
		return deny(c, 400, "InvalidArgument",
		    "Unsupported Authorization Type");
	else if (v4)
		rc = query4(c);
	else if (v2)
		rc = query2(c, v2);
	else
		*user = 0;
	counts.signed_ok += rc == 0 && *user;
	return rc;
}

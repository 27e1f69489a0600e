/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "net/sigv4.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "base/hash.h"
#include "base/time.h"
#include "net/url.h"

#define ALGORITHM	"AWS4-HMAC-SHA256"
#define MD		32
#define BLOCK		64
#define TEXT_MAX	(1 << 20)	/* of a canonical request */

struct dcor_signer {
	char		*id, *secret, *token;
	char		*region, *service;
	int		 is_s3;
	int		 failed;	/* OpenSSL refused something */
	EVP_MD		*sha256;
	EVP_MD_CTX	*empty, *work;

	/* HMAC under the key of `day': the state after the inner and the
	 * outer block; with `when' the string to sign up to its last line,
	 * and the inner state after that. */
	int64_t		 day, when;
	EVP_MD_CTX	*inner, *outer, *begun;
	char		 date[17];	/* YYYYMMDDTHHMMSSZ */
	struct dcor_buf	 scope;		/* "20130524/us-east-1/s3/..." */
	struct dcor_buf	 prefix;

	/* The parameters of a query signature that are the same for all
	 * requests of the second: as they are sorted and as they are sent. */
	int64_t		 expires;	/* 0: not made yet */
	struct dcor_buf	 names;		/* signed headers they were made for */
	struct dcor_buf	 sorted, sent;

	struct dcor_buf	 canon;		/* canonical request */
	struct dcor_buf	 lines, signs;	/* its headers, their names */
	int		 plain;		/* there is but the host in them */
	struct dcor_buf	 tail;		/* what then follows the path, or
					 * empty */
	struct dcor_buf	 params;	/* encoded, in the caller's order */
};

/*
 * Hashes.  The states are copied instead of computed again, which is what
 * makes a signature cheap.
 */

static void
sha_begin(struct dcor_signer *s, const EVP_MD_CTX *state)
{
	if (EVP_MD_CTX_copy_ex(s->work, state) != 1)
		s->failed = 1;
}

static void
sha_add(struct dcor_signer *s, EVP_MD_CTX *c, const void *p, size_t n)
{
	if (EVP_DigestUpdate(c, p, n) != 1)
		s->failed = 1;
}

static void
sha_end(struct dcor_signer *s, unsigned char md[MD])
{
	unsigned n = 0;

	if (EVP_DigestFinal_ex(s->work, md, &n) != 1 || n != MD)
		s->failed = 1;
}

static int
check(struct dcor_signer *s, struct dcor_err *err)
{
	if (s->failed)
		return dcor_err_set(err, DCOR_EBUG, 0, "SHA-256: not "
		    "available from OpenSSL");
	return 0;
}

static void
hmac(struct dcor_signer *s, const void *key, size_t nkey, const char *text,
    unsigned char out[MD])
{
	unsigned n = 0;

	if (HMAC(EVP_sha256(), key, (int)nkey, (const unsigned char *)text,
	    strlen(text), out, &n) == NULL || n != MD)
		s->failed = 1;
}

/* The key of the day, as the two states of HMAC (RFC 2104). */
static void
derive(struct dcor_signer *s)
{
	unsigned char key[MD], pad[BLOCK];
	char day[9];
	int i;

	memcpy(day, s->date, 8);
	day[8] = '\0';
	hmac(s, s->secret, strlen(s->secret), day, key);
	hmac(s, key, MD, s->region, key);
	hmac(s, key, MD, s->service, key);
	hmac(s, key, MD, "aws4_request", key);
	for (i = 0; i < BLOCK; i++)
		pad[i] = (unsigned char)((i < MD ? key[i] : 0) ^ 0x36);
	if (EVP_MD_CTX_copy_ex(s->inner, s->empty) != 1 ||
	    EVP_MD_CTX_copy_ex(s->outer, s->empty) != 1)
		s->failed = 1;
	sha_add(s, s->inner, pad, BLOCK);
	for (i = 0; i < BLOCK; i++)
		pad[i] ^= 0x36 ^ 0x5c;
	sha_add(s, s->outer, pad, BLOCK);
	dcor_wipe(key, sizeof(key));
	dcor_wipe(pad, sizeof(pad));
}

/* Everything that depends on the time only. */
static int
set_time(struct dcor_signer *s, int64_t when, struct dcor_err *err)
{
	struct dcor_civil c;

	if (s->when == when)
		return 0;
	if (when < 0 || when > INT64_C(253402300799))
		return dcor_err_set(err, DCOR_EARG, 0,
		    "the time of signing is not in the years 1970 to 9999");
	s->when = -1;
	s->expires = 0;
	dcor_civil(when, &c);
	snprintf(s->date, sizeof(s->date), "%04u%02u%02uT%02u%02u%02uZ",
	    (unsigned)c.year % 10000, (unsigned)c.month % 100,
	    (unsigned)c.day % 100, (unsigned)c.hour % 100,
	    (unsigned)c.minute % 100, (unsigned)c.second % 100);
	dcor_buf_clear(&s->scope);
	dcor_buf_addf(&s->scope, "%.8s/%s/%s/aws4_request", s->date,
	    s->region, s->service);
	dcor_buf_clear(&s->prefix);
	dcor_buf_addf(&s->prefix, ALGORITHM "\n%s\n%s\n", s->date,
	    dcor_buf_str(&s->scope));
	if (dcor_buf_check(&s->prefix, err) != 0)
		return s->prefix.bad;
	if (when / 86400 != s->day) {
		derive(s);
		s->day = when / 86400;
	}
	if (EVP_MD_CTX_copy_ex(s->begun, s->inner) != 1)
		s->failed = 1;
	sha_add(s, s->begun, s->prefix.p, s->prefix.len);
	s->when = when;
	return check(s, err);
}

/*
 * A signer
 */

int
dcor_signer_new(const struct dcor_keys *keys, const char *region,
    const char *service, struct dcor_signer **out, struct dcor_err *err)
{
	struct dcor_signer *s;
	size_t n = strlen(keys->secret);

	*out = NULL;
	if (keys->id[0] == '\0' || n == 0 || n > 4096 || region[0] == '\0')
		return dcor_err_set(err, DCOR_EARG, 0, "signing needs a key "
		    "id, a secret and a region");
	if ((s = calloc(1, sizeof(*s))) == NULL)
		return dcor_err_nomem(err);
	s->day = s->when = -1;
	s->is_s3 = strcmp(service, "s3") == 0;
	dcor_buf_init(&s->scope, TEXT_MAX);
	dcor_buf_init(&s->prefix, TEXT_MAX);
	dcor_buf_init(&s->names, TEXT_MAX);
	dcor_buf_init(&s->sorted, TEXT_MAX);
	dcor_buf_init(&s->sent, TEXT_MAX);
	dcor_buf_init(&s->canon, TEXT_MAX);
	dcor_buf_init(&s->lines, TEXT_MAX);
	dcor_buf_init(&s->signs, TEXT_MAX);
	dcor_buf_init(&s->tail, TEXT_MAX);
	dcor_buf_init(&s->params, TEXT_MAX);
	s->id = strdup(keys->id);
	s->region = strdup(region);
	s->service = strdup(service);
	s->token = keys->token != NULL ? strdup(keys->token) : NULL;
	if ((s->secret = malloc(n + 5)) != NULL)
		snprintf(s->secret, n + 5, "AWS4%s", keys->secret);
	s->empty = EVP_MD_CTX_new();
	s->work = EVP_MD_CTX_new();
	s->inner = EVP_MD_CTX_new();
	s->outer = EVP_MD_CTX_new();
	s->begun = EVP_MD_CTX_new();
	if (s->id == NULL || s->region == NULL || s->service == NULL ||
	    s->secret == NULL || (keys->token != NULL && s->token == NULL) ||
	    s->empty == NULL || s->work == NULL || s->inner == NULL ||
	    s->outer == NULL || s->begun == NULL) {
		dcor_signer_free(s);
		return dcor_err_nomem(err);
	}
	s->sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
	if (s->sha256 == NULL ||
	    EVP_DigestInit_ex(s->empty, s->sha256, NULL) != 1)
		s->failed = 1;
	if (check(s, err) != 0) {
		dcor_signer_free(s);
		return DCOR_EBUG;
	}
	*out = s;
	return 0;
}

static void
wipe_text(char *p)
{
	if (p != NULL)
		dcor_wipe(p, strlen(p));
	free(p);
}

void
dcor_signer_free(struct dcor_signer *s)
{
	if (s == NULL)
		return;
	free(s->id);
	free(s->region);
	free(s->service);
	wipe_text(s->secret);
	wipe_text(s->token);
	EVP_MD_CTX_free(s->empty);	/* these wipe what they hold */
	EVP_MD_CTX_free(s->work);
	EVP_MD_CTX_free(s->inner);
	EVP_MD_CTX_free(s->outer);
	EVP_MD_CTX_free(s->begun);
	EVP_MD_free(s->sha256);
	dcor_buf_wipe(&s->scope);
	dcor_buf_wipe(&s->prefix);
	dcor_buf_wipe(&s->names);
	dcor_buf_wipe(&s->sorted);
	dcor_buf_wipe(&s->sent);
	dcor_buf_wipe(&s->canon);
	dcor_buf_wipe(&s->lines);
	dcor_buf_wipe(&s->signs);
	dcor_buf_wipe(&s->tail);
	dcor_buf_wipe(&s->params);
	free(s);
}

/*
 * The canonical request
 */

/* A parameter in an encoded query. */
struct item {
	const char	*p;
	size_t		 nname, n;
};

static int
compare(const char *p, size_t n, const char *q, size_t m)
{
	int c = memcmp(p, q, n < m ? n : m);

	return c != 0 ? c : (n > m) - (n < m);
}

/* By name, then by value: "a-b=" is after "a=", although '-' < '='. */
static int
by_name(const void *a, const void *b)
{
	const struct item *x = a, *y = b;
	int c = compare(x->p, x->nname, y->p, y->nname);

	return c != 0 ? c : compare(x->p + x->nname, x->n - x->nname,
	    y->p + y->nname, y->n - y->nname);
}

/* The parameters, encoded, in the caller's order, to s->params. */
static int
encode_params(struct dcor_signer *s, const struct dcor_sigreq *r,
    int presign, struct dcor_err *err)
{
	const struct dcor_pair *q;
	size_t i;

	dcor_buf_clear(&s->params);
	if (r->nquery > DCOR_SIG_MAX)
		return dcor_err_set(err, DCOR_EARG, 0,
		    "more than %d parameters", DCOR_SIG_MAX);
	for (i = 0; i < r->nquery; i++) {
		q = &r->query[i];
		if (presign && strncmp(q->name, "X-Amz-", 6) == 0)
			return dcor_err_set(err, DCOR_EARG, 0, "%s: belongs "
			    "to the signature", q->name);
		if (i > 0)
			dcor_buf_addc(&s->params, '&');
		dcor_pct_encode(&s->params, q->name, strlen(q->name), NULL);
		dcor_buf_addc(&s->params, '=');
		if (q->value != NULL)
			dcor_pct_encode(&s->params, q->value,
			    strlen(q->value), NULL);
	}
	return dcor_buf_check(&s->params, err);
}

/* s->params sorted to s->canon; the signature's own, which are sorted
 * already, are one item among them. */
static void
add_sorted(struct dcor_signer *s, int presign)
{
	struct item item[DCOR_SIG_MAX + 1];
	struct dcor_param x;
	const char *next = dcor_buf_str(&s->params);
	size_t n = 0, i;

	while (dcor_url_param(&next, &x))
		item[n++] = (struct item){ x.name, x.nname,
		    x.nname + 1 + x.nvalue };
	if (presign)
		item[n++] = (struct item){ s->sorted.p,
		    strlen("X-Amz-Algorithm"), s->sorted.len };
	if (n > 1)
		qsort(item, n, sizeof(item[0]), by_name);
	for (i = 0; i < n; i++) {
		if (i > 0)
			dcor_buf_addc(&s->canon, '&');
		dcor_buf_add(&s->canon, item[i].p, item[i].n);
	}
}

static void
add_param(struct dcor_buf *b, const char *name, const char *value)
{
	dcor_buf_adds(b, name);
	dcor_pct_encode(b, value, strlen(value), NULL);
}

/* The parameters that make up a query signature but for the signature. */
static int
make_fixed(struct dcor_signer *s, int64_t expires, struct dcor_err *err)
{
	struct dcor_buf *b = &s->sorted;

	if (s->expires == expires && s->names.len == s->signs.len &&
	    memcmp(s->names.p, s->signs.p, s->names.len) == 0)
		return 0;
	if (expires < 1 || expires > DCOR_SIGV4_MAX_EXPIRES)
		return dcor_err_set(err, DCOR_EARG, 0, "a URL is valid for 1 "
		    "to %d seconds (7 days)", DCOR_SIGV4_MAX_EXPIRES);
	s->expires = 0;
	dcor_buf_clear(&s->tail);
	dcor_buf_clear(&s->names);
	dcor_buf_add(&s->names, s->signs.p, s->signs.len);
	dcor_buf_clear(b);
	dcor_buf_adds(b, "X-Amz-Algorithm=" ALGORITHM);
	add_param(b, "&X-Amz-Credential=", s->id);
	dcor_buf_adds(b, "%2F");
	dcor_pct_encode(b, s->scope.p, s->scope.len, NULL);
	dcor_buf_addf(b, "&X-Amz-Date=%s&X-Amz-Expires=%lld", s->date,
	    (long long)expires);
	dcor_buf_clear(&s->sent);
	dcor_buf_add(&s->sent, b->p, b->len);
	if (s->token != NULL)
		add_param(b, "&X-Amz-Security-Token=", s->token);
	add_param(b, "&X-Amz-SignedHeaders=", dcor_buf_str(&s->names));
	add_param(&s->sent, "&X-Amz-SignedHeaders=", dcor_buf_str(&s->names));
	if (s->token != NULL)
		add_param(&s->sent, "&X-Amz-Security-Token=", s->token);
	dcor_buf_adds(&s->sent, "&X-Amz-Signature=");
	if (s->names.bad != DCOR_OK || b->bad != DCOR_OK ||
	    s->sent.bad != DCOR_OK)
		return dcor_err_nomem(err);
	s->expires = expires;
	return 0;
}

/* The headers to s->lines and s->signs. */
static int
make_headers(struct dcor_signer *s, const struct dcor_sigreq *r,
    int presign, struct dcor_err *err)
{
	struct dcor_pair more[4];
	size_t n = strlen(r->host);
	int rc;

	if (s->plain && presign && r->nheaders == 0 &&
	    s->lines.len == n + 6 && memcmp(s->lines.p + 5, r->host, n) == 0)
		return 0;		/* "host:...\n" again */
	s->plain = 0;
	dcor_buf_clear(&s->tail);
	n = 0;
	more[n++] = (struct dcor_pair){ "host", r->host };
	if (!presign) {
		if (s->is_s3)
			more[n++] = (struct dcor_pair){
			    "x-amz-content-sha256", r->payload };
		more[n++] = (struct dcor_pair){ "x-amz-date", s->date };
		if (s->token != NULL)
			more[n++] = (struct dcor_pair){
			    "x-amz-security-token", s->token };
	}
	dcor_buf_clear(&s->lines);
	dcor_buf_clear(&s->signs);
	rc = dcor_sig_headers(r, more, n, "", &s->lines, &s->signs, err);
	s->plain = rc == 0 && presign && r->nheaders == 0;
	return rc;
}

/* The canonical request to s->canon. */
static int
make_canonical(struct dcor_signer *s, const struct dcor_sigreq *r,
    int64_t expires, struct dcor_err *err)
{
	const char *payload = r->payload;
	int presign = expires != 0, rc;
	size_t from;

	if (presign && s->is_s3)
		payload = DCOR_UNSIGNED;
	if (r->method == NULL || r->host == NULL || r->path == NULL ||
	    r->path[0] != '/' || payload == NULL)
		return dcor_err_set(err, DCOR_EBUG, 0,
		    "a request without method, host, path or payload");
	if ((rc = set_time(s, r->when, err)) != 0 ||
	    (rc = make_headers(s, r, presign, err)) != 0 ||
	    (presign && (rc = make_fixed(s, expires, err)) != 0) ||
	    (rc = encode_params(s, r, presign, err)) != 0)
		return rc;
	dcor_buf_clear(&s->canon);
	dcor_buf_adds(&s->canon, r->method);
	dcor_buf_addc(&s->canon, '\n');
	dcor_buf_adds(&s->canon, r->path);
	from = s->canon.len;
	if (s->plain && r->nquery == 0 && s->tail.len > 0) {
		dcor_buf_add(&s->canon, s->tail.p, s->tail.len);
		return dcor_buf_check(&s->canon, err);
	}
	dcor_buf_addc(&s->canon, '\n');
	add_sorted(s, presign);
	dcor_buf_addc(&s->canon, '\n');
	dcor_buf_add(&s->canon, s->lines.p, s->lines.len);
	dcor_buf_addc(&s->canon, '\n');
	dcor_buf_add(&s->canon, s->signs.p, s->signs.len);
	dcor_buf_addc(&s->canon, '\n');
	dcor_buf_adds(&s->canon, payload);
	if (s->plain && r->nquery == 0 && s->is_s3)
		dcor_buf_add(&s->tail, s->canon.p + from,
		    s->canon.len - from);
	return dcor_buf_check(&s->canon, err);
}

static void
hash_canonical(struct dcor_signer *s, char hex[2 * MD + 1])
{
	unsigned char md[MD];

	if (EVP_DigestInit_ex(s->work, s->sha256, NULL) != 1)
		s->failed = 1;
	sha_add(s, s->work, s->canon.p, s->canon.len);
	sha_end(s, md);
	dcor_hex(md, MD, hex);
}

static void
sign(struct dcor_signer *s, char hex[2 * MD + 1])
{
	unsigned char md[MD];

	hash_canonical(s, hex);
	sha_begin(s, s->begun);
	sha_add(s, s->work, hex, 2 * MD);
	sha_end(s, md);
	sha_begin(s, s->outer);
	sha_add(s, s->work, md, MD);
	sha_end(s, md);
	dcor_hex(md, MD, hex);
}

/*
 * What callers get
 */

int
dcor_sigv4_headers(struct dcor_signer *s, const struct dcor_sigreq *r,
    struct dcor_buf *out, struct dcor_err *err)
{
	char hex[2 * MD + 1];
	int rc;

	if ((rc = make_canonical(s, r, 0, err)) != 0)
		return rc;
	sign(s, hex);
	dcor_buf_addf(out, "Authorization: " ALGORITHM " Credential=%s/%s, "
	    "SignedHeaders=%s, Signature=%s%c", s->id,
	    dcor_buf_str(&s->scope), dcor_buf_str(&s->signs), hex, 0);
	dcor_buf_addf(out, "x-amz-date: %s%c", s->date, 0);
	if (s->is_s3)
		dcor_buf_addf(out, "x-amz-content-sha256: %s%c", r->payload,
		    0);
	if (s->token != NULL)
		dcor_buf_addf(out, "x-amz-security-token: %s%c", s->token, 0);
	rc = dcor_buf_check(out, err);
	return rc != 0 ? rc : check(s, err);
}

int
dcor_sigv4_query(struct dcor_signer *s, const struct dcor_sigreq *r,
    int64_t expires, struct dcor_buf *out, struct dcor_err *err)
{
	char hex[2 * MD + 1];
	int rc;

	if ((rc = make_canonical(s, r, expires != 0 ? expires : -1,
	    err)) != 0)
		return rc;
	sign(s, hex);
	if (s->params.len > 0) {
		dcor_buf_add(out, s->params.p, s->params.len);
		dcor_buf_addc(out, '&');
	}
	dcor_buf_add(out, s->sent.p, s->sent.len);
	dcor_buf_add(out, hex, 2 * MD);
	rc = dcor_buf_check(out, err);
	return rc != 0 ? rc : check(s, err);
}

int
dcor_sigv4_explain(struct dcor_signer *s, const struct dcor_sigreq *r,
    int64_t expires, struct dcor_buf *canonical, struct dcor_buf *tosign,
    struct dcor_err *err)
{
	char hex[2 * MD + 1];
	int rc;

	if ((rc = make_canonical(s, r, expires, err)) != 0)
		return rc;
	hash_canonical(s, hex);
	dcor_buf_add(canonical, s->canon.p, s->canon.len);
	dcor_buf_add(tosign, s->prefix.p, s->prefix.len);
	dcor_buf_add(tosign, hex, 2 * MD);
	if ((rc = dcor_buf_check(canonical, err)) != 0 ||
	    (rc = dcor_buf_check(tosign, err)) != 0)
		return rc;
	return check(s, err);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Resolution: the examples of RFC 3986 5.4, which are for http://a/b/c/d;p?q */
#include <stdlib.h>
#include <string.h>

#include "net/url.h"
#include "tap.h"

static struct dcor_buf b;

static const char *
parts(const char *text)
{
	static char out[512];
	struct dcor_url u;

	if (dcor_url_parse(text, &u, NULL) != 0)
		return "no";
	snprintf(out, sizeof(out), "%s|%s|%d%s|%s|%s", u.scheme, u.host,
	    u.port, u.port_given ? "!" : "", u.path,
	    u.query != NULL ? u.query : "(none)");
	dcor_url_fini(&u);
	return out;
}
#define PARTS(text, want)	OK(strcmp(parts(text), want) == 0)
#define NOT(text)		PARTS(text, "no")

static const char *
from(const char *base, const char *ref)
{
	dcor_buf_clear(&b);
	if (dcor_url_resolve(base, ref, &b, NULL) != 0)
		return "no";
	return dcor_buf_str(&b);
}
#define BASE			"http://a/b/c/d;p?q"
#define TO(ref, want)		OK(strcmp(from(BASE, ref), want) == 0)

static const char *
redacted(const char *text)
{
	dcor_buf_clear(&b);
	dcor_url_redact(text, &b);
	return dcor_buf_str(&b);
}

static const char *
encoded(const char *p, size_t n, const char *keep)
{
	dcor_buf_clear(&b);
	return dcor_pct_encode(&b, p, n, keep) == 0 ? dcor_buf_str(&b) : "no";
}

static const char *
decoded(const char *p)
{
	dcor_buf_clear(&b);
	return dcor_pct_decode(&b, p, strlen(p)) == 0 ? dcor_buf_str(&b) :
	    "no";
}

static int
got(const char *query, const char *name, int code, const char *want)
{
	dcor_buf_clear(&b);
	return dcor_url_get(query, name, &b) == code &&
	    (code != 0 || strcmp(dcor_buf_str(&b), want) == 0);
}

static int
origin(const char *x, const char *y)
{
	struct dcor_url u, v;
	int same;

	if (dcor_url_parse(x, &u, NULL) != 0)
		return -1;
	if (dcor_url_parse(y, &v, NULL) != 0) {
		dcor_url_fini(&u);
		return -1;
	}
	same = dcor_url_same_origin(&u, &v);
	dcor_url_fini(&u);
	dcor_url_fini(&v);
	return same;
}

static int
s3(const char *text, const char *bucket, const char *key)
{
	struct dcor_err err = DCOR_ERR_INIT;
	char got_bucket[256];
	const char *got_key;

	if (dcor_s3url_parse(text, got_bucket, &got_key, &err) != 0)
		return bucket == NULL && err.code == DCOR_EARG;
	return bucket != NULL && strcmp(bucket, got_bucket) == 0 &&
	    strcmp(key, got_key) == 0;
}

/* Every byte there and back; the unreserved ones as they are. */
static void
all_bytes(void)
{
	struct dcor_buf e;
	unsigned char p[256];
	int i;

	for (i = 0; i < 256; i++)
		p[i] = (unsigned char)i;
	dcor_buf_init(&e, 1 << 16);
	dcor_buf_clear(&b);
	OK(dcor_pct_encode(&e, p, 256, NULL) == 0);
	OK(e.len == 66 + 190 * 3);
	OK(dcor_pct_decode(&b, e.p, e.len) == 0);
	OK(b.len == 256 && memcmp(b.p, p, 256) == 0);
	dcor_buf_fini(&e);
	dcor_buf_init(&e, 4);		/* the cap holds, and fits exactly */
	OK(dcor_pct_encode(&e, "a b", 3, NULL) == DCOR_EDATA);
	dcor_buf_clear(&e);
	OK(dcor_pct_encode(&e, "abcd", 4, NULL) == 0 && e.len == 4);
	dcor_buf_fini(&e);
}

static void
parsing(void)
{
	char *big = malloc(DCOR_URL_MAX + 2);
	struct dcor_err err = DCOR_ERR_INIT;
	struct dcor_url u;

	PARTS("https://h", "https|h|443|/|(none)");
	PARTS("HTTPS://Host.Example:443/A%2f/../B?x=%2F&y",
	    "https|host.example|443|/A%2f/../B|x=%2F&y");
	PARTS("http://h:8080?q", "http|h|8080!|/|q");
	PARTS("http://h:/?", "http|h|80|/|");
	PARTS("https://h:80/#f?no", "https|h|80!|/|(none)");
	PARTS("http://[2001:DB8::1]:81/x?a#b", "http|[2001:db8::1]|81!|/x|a");
	PARTS("s3://bucket/key", "s3|bucket|0|/key|(none)");
	PARTS("http://h/\303\244", "http|h|80|/\303\244|(none)");
	NOT("");
	NOT("h/x");
	NOT("//h/x");
	NOT("http:/h");
	NOT("http://");
	NOT("http:///x");
	NOT("1http://h");
	NOT("http://u@h/");
	NOT("http://u:p@h/");
	NOT("http://h:0/");
	NOT("http://h:65536/");
	NOT("http://h:123456/");
	NOT("http://h:8a/");
	NOT("http://h x/");
	NOT("http://h/a b");
	NOT("http://h/\n");
	NOT("http://h/\177");
	NOT("http://h%20x/");
	NOT("http://h\\x/");
	NOT("http://\303\244/");
	NOT("http://[::1/");
	NOT("http://[]/");
	NOT("http://[::1]x/");
	if (big == NULL)
		return;
	memset(big, 'a', DCOR_URL_MAX + 1);
	memcpy(big, "http://h/", 9);
	big[DCOR_URL_MAX + 1] = '\0';
	OK(dcor_url_parse(big, &u, NULL) == DCOR_EARG);
	big[DCOR_URL_MAX] = '\0';
	OK(dcor_url_parse(big, &u, NULL) == 0);
	dcor_url_fini(&u);
	free(big);
	OK(dcor_url_parse("http://h:x/?secret", &u, &err) == DCOR_EARG &&
	    strstr(err.msg, "secret") == NULL);
	if (dcor_url_parse("http://h:81/", &u, NULL) == 0) {
		dcor_buf_clear(&b);
		OK(dcor_url_host(&u, &b) == 0 &&
		    strcmp(b.p, "h:81") == 0);
		dcor_url_fini(&u);
	}
	OK(origin("http://h/a", "HTTP://H:80/b?c") == 1);
	OK(origin("http://h/", "https://h/") == 0);
	OK(origin("http://h:81/", "http://h/") == 0);
	OK(origin("http://h.x/", "http://h/") == 0);
}

static void
resolving(void)
{
	TO("g:h", "no");		/* neither http nor https */
	TO("g", "http://a/b/c/g");
	TO("./g", "http://a/b/c/g");
	TO("g/", "http://a/b/c/g/");
	TO("/g", "http://a/g");
	TO("//g", "http://g");
	TO("?y", "http://a/b/c/d;p?y");
	TO("g?y", "http://a/b/c/g?y");
	TO("#s", "http://a/b/c/d;p?q");	/* fragments are dropped */
	TO("g#s", "http://a/b/c/g");
	TO("g?y#s", "http://a/b/c/g?y");
	TO(";x", "http://a/b/c/;x");
	TO("g;x", "http://a/b/c/g;x");
	TO("", "http://a/b/c/d;p?q");
	TO(".", "http://a/b/c/");
	TO("./", "http://a/b/c/");
	TO("..", "http://a/b/");
	TO("../", "http://a/b/");
	TO("../g", "http://a/b/g");
	TO("../..", "http://a/");
	TO("../../", "http://a/");
	TO("../../g", "http://a/g");
	TO("../../../g", "http://a/g");
	TO("../../../../g", "http://a/g");
	TO("/./g", "http://a/g");
	TO("/../g", "http://a/g");
	TO("g.", "http://a/b/c/g.");
	TO(".g", "http://a/b/c/.g");
	TO("g..", "http://a/b/c/g..");
	TO("..g", "http://a/b/c/..g");
	TO("./../g", "http://a/b/g");
	TO("./g/.", "http://a/b/c/g/");
	TO("g/./h", "http://a/b/c/g/h");
	TO("g/../h", "http://a/b/c/h");
	TO("g;x=1/./y", "http://a/b/c/g;x=1/y");
	TO("g;x=1/../y", "http://a/b/c/y");
	TO("g?y/./x", "http://a/b/c/g?y/./x");
	TO("g?y/../x", "http://a/b/c/g?y/../x");

	/* what somebody signed stays as it is */
	TO("https://s/b/../k%2f//x?X=%2f&y", "https://s/b/../k%2f//x?X=%2f&y");
	TO("HTTPS://S/", "HTTPS://S/");
	TO("http://u@h/", "no");
	TO("/a b", "no");
	TO("/a\r\nX: y", "no");
	TO("//", "no");
	OK(strcmp(from("https://a/", "http://a/"), "no") == 0);
	OK(strcmp(from("https://a/", "//b/c"), "https://b/c") == 0);
	OK(strcmp(from("http://a", "g"), "http://a/g") == 0);
	OK(strcmp(from("http://a?x", "?y"), "http://a/?y") == 0);
	OK(strcmp(from("nothing", "http://a"), "no") == 0);
}

static void
params(void)
{
	const char *q = "&a=1&b&c=&=d&&e=%20=x&", *p = q;
	struct dcor_param x;
	char seen[128] = "";
	size_t n;

	while (dcor_url_param(&p, &x)) {
		n = strlen(seen);
		snprintf(seen + n, sizeof(seen) - n, "[%.*s|%.*s]",
		    (int)x.nname, x.name, (int)x.nvalue, x.value);
	}
	OK(strcmp(seen, "[a|1][b|][c|][|d][e|%20=x]") == 0);
	p = NULL;
	OK(dcor_url_param(&p, &x) == 0);
	OK(got("a=1&B=%41+%2f", "b", 0, "A+/"));
	OK(got("a=1&%42=2", "b", 0, "2"));
	OK(got("ab=1&a", "a", 0, ""));
	OK(got("a=1", "b", DCOR_ENOENT, NULL));
	OK(got(NULL, "b", DCOR_ENOENT, NULL));
	OK(got("a=1&A=1", "a", DCOR_EDATA, NULL));
	OK(got("a=%4", "a", DCOR_EDATA, NULL));
}

int
main(void)
{
	dcor_buf_init(&b, 1 << 20);
	parsing();
	resolving();
	params();
	all_bytes();
	OK(strcmp(redacted("https://u:p@h/a@b?Signature=x"),
	    "https://h/a@b") == 0);
	OK(strcmp(redacted("https://h/\n?\033"), "https://h/?") == 0);
	OK(strcmp(redacted("http://a@b@c#x"), "http://c") == 0);
	OK(strcmp(redacted("\033://a"), "?://a") == 0);
	OK(strcmp(redacted("x?y://z@"), "x") == 0);
	OK(strcmp(encoded("a b/+~%\303\244", 9, "/"),
	    "a%20b/%2B~%25%C3%A4") == 0);
	OK(strcmp(encoded("/\0", 2, "/"), "/%00") == 0);
	OK(strcmp(encoded("", 0, NULL), "") == 0);
	OK(strcmp(decoded("a%2Fb%2fc+%C3%A4"), "a/b/c+\303\244") == 0);
	OK(strcmp(decoded("%"), "no") == 0);
	OK(strcmp(decoded("%4"), "no") == 0);
	OK(strcmp(decoded("%4g"), "no") == 0);
	OK(strcmp(decoded("%%41"), "no") == 0);

	OK(s3("s3://bucket/a/b", "bucket", "a/b"));
	OK(s3("s3://bucket//a?b#c%20", "bucket", "/a?b#c%20"));
	OK(s3("s3://bucket/", "bucket", ""));
	OK(s3("s3://bucket", "bucket", ""));
	OK(s3("s3://A_b.c-9/k", "A_b.c-9", "k"));
	OK(s3("s3://ab/k", NULL, NULL));
	OK(s3("s3:///k", NULL, NULL));
	OK(s3("s3://a b/k", NULL, NULL));
	OK(s3("s3://bucket?x/k", NULL, NULL));
	OK(s3("S3://bucket/k", NULL, NULL));
	OK(s3("bucket/k", NULL, NULL));
	dcor_buf_fini(&b);
	return DONE();
}

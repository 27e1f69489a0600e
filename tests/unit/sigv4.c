/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Signatures that others published: Amazon's S3 examples (API Reference,
 * "Authenticating Requests"), the AWS signing test suite as in
 * tests/data/aws-sigv4.tsv, the derived keys of the General Reference (with
 * an HMAC written here from RFC 2104), and RestAuthentication.html for
 * version 2.
 */
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "net/sigv4.h"
#include "net/url.h"
#include "tap.h"

#define ID	"AKIAIOSFODNN7EXAMPLE"
#define SECRET	"wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
#define EMPTY	"e3b0c44298fc1c149afbf4c8996fb924" \
		"27ae41e4649b934ca495991b7852b855"
#define MAY24	1369353600		/* 2013-05-24T00:00:00Z */
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static struct dcor_buf out, canon, tosign;
static struct dcor_signer *signer;

static void
clear(void)
{
	dcor_buf_clear(&out);
	dcor_buf_clear(&canon);
	dcor_buf_clear(&tosign);
}

static int
hashes_to(const struct dcor_buf *b, const char *want)
{
	char hex[65];

	if (dcor_sha256_hex(b->p, b->len, hex, NULL) == 0 &&
	    strcmp(hex, want) == 0)
		return 1;
	printf("# %s\n", hex);
	return 0;
}

/* Whether the header signature of r is sig, over a request of that hash. */
static int
in_headers(const struct dcor_sigreq *r, const char *hash, const char *sig)
{
	const char *p;

	clear();
	if (dcor_sigv4_headers(signer, r, &out, NULL) != 0 ||
	    dcor_sigv4_explain(signer, r, 0, &canon, &tosign, NULL) != 0 ||
	    !hashes_to(&canon, hash))
		return 0;
	p = strstr(out.p, "Signature=");
	return p != NULL && strcmp(p + 10, sig) == 0;
}

static int
in_query(const struct dcor_sigreq *r, int64_t expires, const char *hash,
    const char *sig)
{
	const char *p;

	clear();
	if (dcor_sigv4_query(signer, r, expires, &out, NULL) != 0 ||
	    dcor_sigv4_explain(signer, r, expires, &canon, &tosign,
	    NULL) != 0 || !hashes_to(&canon, hash))
		return 0;
	p = strstr(out.p, "&X-Amz-Signature=");
	return p != NULL && strcmp(p + 17, sig) == 0;
}

static int
signer_for(const char *id, const char *secret, const char *token,
    const char *service)
{
	struct dcor_keys k = { id, secret, token };

	dcor_signer_free(signer);
	return dcor_signer_new(&k, "us-east-1", service, &signer, NULL) == 0;
}

static void
s3_examples(void)
{
	static const struct dcor_pair range[] = { { "Range", "bytes=0-9" } };
	static const struct dcor_pair put[] = {
		{ "x-amz-storage-class", "REDUCED_REDUNDANCY" },
		{ "Date", "Fri, 24 May 2013 00:00:00 GMT" } };
	static const struct dcor_pair chunked[] = {
		{ "content-encoding", "aws-chunked" },
		{ "x-amz-decoded-content-length", "66560" },
		{ "content-length", "66824" },
		{ "x-amz-storage-class", "REDUCED_REDUNDANCY" } };
	static const struct dcor_pair cycle[] = { { "lifecycle", NULL } };
	static const struct dcor_pair list[] = { { "prefix", "J" },
		{ "max-keys", "2" } };
	struct dcor_sigreq r = { .method = "GET", .path = "/test.txt",
		.host = "examplebucket.s3.amazonaws.com", .payload = EMPTY,
		.when = MAY24 };

	OK(signer_for(ID, SECRET, NULL, "s3"));
	OK(in_query(&r, 86400, "3bfa292879f6447bbcda7001decf97f4"
	    "a54dc650c8942174ae0a9121cf58ad04",
	    "aeeed9bbccd4d02ee5c0109b86d86835"
	    "f995330da4c265957d157751f604d404"));
	OK(strcmp(out.p, "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential="
	    "AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request"
	    "&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400"
	    "&X-Amz-SignedHeaders=host&X-Amz-Signature=aeeed9bbccd4d02ee5c01"
	    "09b86d86835f995330da4c265957d157751f604d404") == 0);
	r.headers = range;
	r.nheaders = COUNT(range);
	OK(in_headers(&r, "7344ae5b7ee6c3e7e6b0fe0640412a37"
	    "625d1fbfff95c48bbb2dc43964946972",
	    "f0e8bdb87c964420e857bd35b5d6ed31"
	    "0bd44f0170aba48dd91039c6036bdb41"));
	r.headers = put;
	r.nheaders = COUNT(put);
	r.method = "PUT";
	r.path = "/test%24file.text";
	r.payload = "44ce7dd67c959e0d3524ffac1771dfbb"
	    "a87d2b6b4b4e99e42034a8b803f8b072";
	OK(in_headers(&r, "9e0e90d9c76de8fa5b200d8c849cd5b8"
	    "dc7a3be3951ddb7f6a76b4158342019d",
	    "98ad721746da40c64f1a55b78f14c238"
	    "d841ea1380cd77a1b5971af0ece108bd"));
	r.headers = chunked;
	r.nheaders = COUNT(chunked);
	r.host = "s3.amazonaws.com";
	r.path = "/examplebucket/chunkObject.txt";
	r.payload = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD";
	OK(in_headers(&r, "cee3fed04b70f867d036f722359b0b1f"
	    "2f0e5dc0efadbc082b76c4c60e316455",
	    "4f232c4386841ef735655705268965c4"
	    "4a0e4690baa4adea153f7db9fa80a0a9"));
	r = (struct dcor_sigreq){ .method = "GET", .path = "/",
		.host = "examplebucket.s3.amazonaws.com", .payload = EMPTY,
		.when = MAY24, .query = cycle, .nquery = 1 };
	OK(in_headers(&r, "9766c798316ff2757b517bc739a67f62"
	    "13b4ab36dd5da2f94eaebf79c77395ca",
	    "fea454ca298b7da1c68078a5d1bdbfbb"
	    "e0d65c699e0f91ac7a200a0136783543"));
	r.query = list;
	r.nquery = 2;
	OK(in_headers(&r, "df57d21db20da04d7fa30298dd4488ba"
	    "3a2b47ca3a489c74750e0f1e7df1b9b7",
	    "34b48302e7b5fa45bde8084f4b7868a8"
	    "6f0a534bc59db6670ed5711ef69dc6f7"));
}

/* HMAC-SHA256 (RFC 2104) of text, in hex. */
static void
hmac_hex(const unsigned char *key, size_t n, const char *text, char hex[65])
{
	unsigned char block[64 + 4096];
	char inner[65], two[3] = "";
	size_t i, len = strlen(text);

	for (i = 0; i < 64; i++)
		block[i] = (unsigned char)((i < n ? key[i] : 0) ^ 0x36);
	memcpy(block + 64, text, len);
	dcor_sha256_hex(block, 64 + len, inner, NULL);
	for (i = 0; i < 64; i++)
		block[i] ^= 0x36 ^ 0x5c;
	for (i = 0; i < 32; i++) {
		memcpy(two, inner + 2 * i, 2);
		block[64 + i] = (unsigned char)strtoul(two, NULL, 16);
	}
	dcor_sha256_hex(block, 96, hex, NULL);
}

/* Whether what is signed on that day was signed with the published key. */
static int
key_is(const char *id, const char *secret, const char *service,
    int64_t when, const char *key)
{
	struct dcor_sigreq r = { .method = "GET", .path = "/", .host = "h",
		.payload = EMPTY, .when = when };
	unsigned char k[32];
	char two[3] = "", hex[65];
	int i;

	for (i = 0; i < 32; i++) {
		memcpy(two, key + 2 * i, 2);
		k[i] = (unsigned char)strtoul(two, NULL, 16);
	}
	clear();
	if (!signer_for(id, secret, NULL, service) ||
	    dcor_sigv4_query(signer, &r, 60, &out, NULL) != 0 ||
	    dcor_sigv4_explain(signer, &r, 60, &canon, &tosign, NULL) != 0)
		return 0;
	hmac_hex(k, 32, tosign.p, hex);
	return strcmp(out.p + out.len - 64, hex) == 0;
}

static void
derived_keys(void)
{
	static const char plus[] = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
	char hex[65];

	hmac_hex((const unsigned char *)"Jefe", 4,	/* RFC 4231, case 2 */
	    "what do ya want for nothing?", hex);
	OK(strcmp(hex, "5bdcc146bf60754e6a042426089575c7"
	    "5a003f089d2739839dec58b964ec3843") == 0);
	OK(key_is(ID, SECRET, "s3", MAY24 + 86399,
	    "dbb893acc010964918f1fd433add87c7"
	    "0e8b0db6be30c1fbeafefa5ec6ba8378"));
	OK(key_is(ID, plus, "iam", 1329264000,		/* 2012-02-15 */
	    "f4780e2d9f65fa895f9c67b32ce1baf0"
	    "b0d8a43505a000a1a9e090d414db404d"));
	OK(key_is(ID, plus, "iam", 1440892800,		/* 2015-08-30 */
	    "c4afb1cc5771d871763a393e44b70357"
	    "1b55cc28424d1a5e86da6ed3c154a4b9"));
}

/* One line of the suite, cut at the tabs.  Both signatures must agree. */
static int
suite_case(char **f)
{
	struct dcor_pair headers[9], query[8];
	struct dcor_sigreq r = { .method = f[1], .path = f[2],
		.host = "example.amazonaws.com", .payload = EMPTY,
		.when = 1440938160, .query = query, .headers = headers };
	const char *next = strcmp(f[3], "-") != 0 ? f[3] : NULL;
	char *p = strcmp(f[4], "-") != 0 ? f[4] : NULL, *q, body[65];
	char text[8][2][128];
	struct dcor_param x;
	size_t n = 0;
	int ok;

	for (; n < 8 && dcor_url_param(&next, &x); n++) {
		clear();
		if (dcor_pct_decode(&out, x.name, x.nname) != 0 ||
		    dcor_pct_decode(&canon, x.value, x.nvalue) != 0)
			return 0;
		snprintf(text[n][0], 128, "%s", dcor_buf_str(&out));
		snprintf(text[n][1], 128, "%s", dcor_buf_str(&canon));
		query[n] = (struct dcor_pair){ text[n][0], text[n][1] };
	}
	r.nquery = n;
	for (n = 0; p != NULL && n < 8; n++, p = q) {
		if ((q = strchr(p, '|')) != NULL)
			*q++ = '\0';
		headers[n].name = p;
		if ((p = strchr(p, ':')) == NULL)
			return 0;
		*p = '\0';
		headers[n].value = p + 1;
	}
	r.nheaders = n;
	if (!signer_for("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCY"
	    "EXAMPLEKEY", strcmp(f[6], "-") != 0 ? f[6] : NULL, "service"))
		return 0;
	if (strcmp(f[5], "-") != 0) {
		dcor_sha256_hex(f[5], strlen(f[5]), body, NULL);
		r.payload = body;
	}
	ok = in_query(&r, 3600, f[9], f[10]);
	if (r.payload == body) {	/* sign_body, which is S3's way */
		headers[n] = (struct dcor_pair){ "x-amz-content-sha256",
		    body };
		r.nheaders++;
	}
	return in_headers(&r, f[7], f[8]) && ok;
}

static void
aws_suite(void)
{
	FILE *fp = fopen("tests/data/aws-sigv4.tsv", "r");
	char line[4096], *f[12], *p;
	int n, good, cases = 0;

	while (fp != NULL && fgets(line, sizeof(line), fp) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		if (line[0] == '#')
			continue;
		for (n = 0, p = line; p != NULL && n < 12; n++) {
			f[n] = p;
			if ((p = strchr(p, '\t')) != NULL)
				*p++ = '\0';
		}
		cases++;
		good = n == 11 && suite_case(f);
		OK(good);
		if (!good)
			printf("# %s\n", f[0]);
	}
	if (fp != NULL)
		fclose(fp);
	OK(cases == 31);
}

/* Virtual-hosted buckets are in the path that is signed. */
static void
version2(void)
{
	struct dcor_keys k = { ID, SECRET, NULL };
	struct dcor_sigreq r = { .method = "GET",
		.path = "/awsexamplebucket1/photos/puppy.jpg" };
	static const char want[] = "GET\n\n\n1175139620\n"
	    "/awsexamplebucket1/photos/puppy.jpg";

	clear();
	OK(dcor_sigv2_explain(&k, &r, 1175139620, &tosign, NULL) == 0 &&
	    strcmp(tosign.p, want) == 0);
	/* the same with johnsmith, the older edition's bucket */
	r.path = "/johnsmith/photos/puppy.jpg";
	OK(dcor_sigv2_query(&k, &r, 1175139620, &out, NULL) == 0 &&
	    strcmp(out.p, "AWSAccessKeyId=AKIAIOSFODNN7EXAMPLE&Signature="
	    "NpgCjnDzrM%2BWFzoENXmpNDUsSn8%3D&Expires=1175139620") == 0);
}

static int
refused(const struct dcor_sigreq *r, int64_t expires)
{
	clear();
	return dcor_sigv4_query(signer, r, expires, &out, NULL) ==
	    DCOR_EARG && out.len == 0;
}

static void
refusals(void)
{
	struct dcor_pair odd[] = { { "X-Amz-Date", "x" } };
	struct dcor_pair many[DCOR_SIG_MAX + 1];
	struct dcor_sigreq r = { .method = "GET", .path = "/", .host = "h" };
	struct dcor_keys k = { "", SECRET, NULL };
	struct dcor_signer *none;
	size_t i;

	OK(signer_for(ID, SECRET, "tok/en+", "s3"));
	OK(refused(&r, 0));
	OK(refused(&r, -1));
	OK(refused(&r, 604801));
	OK(!refused(&r, 604800) && out.len > 0);
	r.when = -1;
	OK(refused(&r, 60));
	r.when = INT64_C(253402300800);
	OK(refused(&r, 60));
	r.when = MAY24;
	r.query = odd;
	r.nquery = 1;
	OK(refused(&r, 60));
	r.nquery = 0;
	for (i = 0; i < COUNT(many); i++)
		many[i] = (struct dcor_pair){ "a", "b" };
	r.query = many;
	r.nquery = COUNT(many);
	OK(refused(&r, 60));
	r.nquery = 0;
	r.headers = odd;
	r.nheaders = 1;
	odd[0] = (struct dcor_pair){ "a b", "c" };
	OK(refused(&r, 60));
	odd[0] = (struct dcor_pair){ "a", "c\r\nd: e" };
	OK(refused(&r, 60));
	r.headers = many;
	r.nheaders = DCOR_SIG_MAX;	/* and host */
	OK(refused(&r, 60));
	r.nheaders = 0;
	OK(!refused(&r, 60) && strstr(out.p, "&X-Amz-SignedHeaders=host&"
	    "X-Amz-Security-Token=tok%2Fen%2B&X-Amz-Signature=") != NULL);
	OK(dcor_signer_new(&k, "us-east-1", "s3", &none, NULL) == DCOR_EARG &&
	    none == NULL);
	k = (struct dcor_keys){ ID, "", NULL };
	OK(dcor_signer_new(&k, "us-east-1", "s3", &none, NULL) == DCOR_EARG);
}

/* A signer gives the same after other days, seconds and durations. */
static void
caches(void)
{
	struct dcor_sigreq r = { .method = "GET", .path = "/", .host = "h",
		.when = MAY24 };
	static const int64_t step[] = { 0, 86400, 1, 86401, 0 };
	char first[512] = "";
	size_t i;
	int good = 1;

	OK(signer_for(ID, SECRET, NULL, "s3"));
	for (i = 0; i < COUNT(step); i++) {
		clear();
		r.when = MAY24 + step[i];
		good &= dcor_sigv4_query(signer, &r, 61, &out, NULL) == 0;
		clear();
		good &= dcor_sigv4_query(signer, &r, 60, &out, NULL) == 0;
		if (i == 0)
			snprintf(first, sizeof(first), "%s", out.p);
	}
	OK(good && strcmp(first, out.p) == 0);
}

#define V4	"X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AK%2FID" \
		"%2F20130524%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=" \
		"20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=" \
		"host&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f99533" \
		"0da4c265957d157751f604d404"

static int
says(const char *query, int version, const char *id, const char *region,
    int64_t since, int64_t until)
{
	struct dcor_signed s;

	return dcor_signed_parse(query, &s, NULL) == 0 &&
	    s.version == version && strcmp(s.id, id) == 0 &&
	    strcmp(s.region, region) == 0 && s.since == since &&
	    s.until == until;
}

/* V4 with one piece of it replaced. */
static int
bad(const char *was, const char *is)
{
	char text[1024];
	struct dcor_signed s;
	const char *p = strstr(V4, was);

	if (p == NULL)
		return 0;
	snprintf(text, sizeof(text), "%.*s%s%s", (int)(p - V4), V4, is,
	    p + strlen(was));
	return dcor_signed_parse(text, &s, NULL) == DCOR_EDATA;
}

static void
reading(void)
{
	struct dcor_signed s;

	OK(says(V4, 4, "AK/ID", "us-east-1", MAY24, MAY24 + 86400));
	OK(says("a=b&AWSAccessKeyId=AK&Signature=x%3D&Expires=5&c", 2, "AK",
	    "", 0, 5));
	OK(says("a=b&Expires=1", 0, "", "", 0, 0));
	OK(says(NULL, 0, "", "", 0, 0));
	OK(dcor_signed_parse(V4 "&x-amz-security-token=t", &s, NULL) == 0 &&
	    s.has_token && strcmp(s.headers, "host") == 0);
	OK(bad("HMAC-SHA256", "HMAC-SHA1"));
	OK(bad("aws4_request", "aws5_request"));
	OK(bad("%2F20130524", "%2F20130525"));
	OK(bad("AK%2FID", ""));
	OK(bad("us-east-1", ""));
	OK(bad("20130524T000000Z", "20130524"));
	OK(bad("20130524T000000Z", "1369353600000000"));
	OK(bad("=86400", "=604801"));
	OK(bad("=86400", "=-1"));
	OK(bad("=86400", "=1h"));
	OK(bad("=aeeed9bb", "=AEEED9BB"));
	OK(bad("=aeeed9bb", "=aeeed9b"));
	OK(bad("=host", "="));
	OK(bad("=host", "=ho%0ast"));
	OK(bad("=host", "=host&X-Amz-SignedHeaders=host"));
	OK(bad("&X-Amz-Date=", "&X-Amz-Dat="));
	OK(dcor_signed_parse("AWSAccessKeyId=A&Expires=1", &s, NULL) ==
	    DCOR_EDATA);
	OK(dcor_signed_parse("AWSAccessKeyId=A&Expires=x&Signature=y", &s,
	    NULL) == DCOR_EDATA);
}

int
main(void)
{
	dcor_buf_init(&out, 1 << 20);
	dcor_buf_init(&canon, 1 << 20);
	dcor_buf_init(&tosign, 1 << 20);
	s3_examples();
	derived_keys();
	aws_suite();
	version2();
	refusals();
	caches();
	reading();
	dcor_signer_free(signer);
	dcor_buf_fini(&out);
	dcor_buf_fini(&canon);
	dcor_buf_fini(&tosign);
	return DONE();
}

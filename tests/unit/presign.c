/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * 10 000 made-up requests give the URLs that boto3 makes of them: for each
 * block of 100 the SHA-256 of its URLs, a line each, is in
 * tests/data/presign.txt, which tests/peer/presign.py --record wrote.  Both
 * programs make the requests the same way.  With an operand: prints the URLs
 * of that block.
 */
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "net/presign.h"
#include "tap.h"

#define BLOCKS	100
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static uint64_t state = 20130524;

/* Knuth's MMIX generator. */
static unsigned
pick(unsigned n)
{
	state = state * UINT64_C(6364136223846793005) +
	    UINT64_C(1442695040888963407);
	return (unsigned)((state >> 33) % n);
}

static char *
utf8(char *p, unsigned c)
{
	if (c < 0x80)
		*p++ = (char)c;
	else if (c < 0x800) {
		*p++ = (char)(0xc0 | c >> 6);
		*p++ = (char)(0x80 | (c & 0x3f));
	} else {
		if (c < 0x10000)
			*p++ = (char)(0xe0 | c >> 12);
		else {
			*p++ = (char)(0xf0 | c >> 18);
			*p++ = (char)(0x80 | (c >> 12 & 0x3f));
		}
		*p++ = (char)(0x80 | (c >> 6 & 0x3f));
		*p++ = (char)(0x80 | (c & 0x3f));
	}
	return p;
}

/* Up to 40 characters. */
static char *
text(char *out, unsigned n)
{
	static const char odd[] = "/+% ?#&=.-_~:;,@!$'()*[]{}|\\\"<>^`";
	char *p = out;

	while (n-- > 0)
		switch (pick(6)) {
		case 0:
			p = utf8(p, 0x20 + pick(95));
			break;
		case 1:
			p = utf8(p, (unsigned char)odd[pick(sizeof(odd) -
			    1)]);
			break;
		case 2:
			p = utf8(p, 0xa0 + pick(0x700));
			break;
		case 3:
			p = utf8(p, 0x4e00 + pick(0x5000));
			break;
		case 4:
			p = utf8(p, 0x1f300 + pick(0x300));
			break;
		default:
			p = utf8(p, 'a' + pick(26));
			break;
		}
	*p = '\0';
	return out;
}

static int
one(struct dcor_buf *out)
{
	static const char *const endpoint[] = {
	    "https://objectstore.example.org", "http://s3.example.org:8080",
	    "https://s3.example.org:8443/pre/fix", "http://127.0.0.1:9000" };
	static const char *const region[] = { "us-east-1", "eu-central-1",
	    "default" };
	static const char *const bucket[] = { "bucket", "my.bucket",
	    "circle-8a94c10a-7f9b-4b5c", "My_Bucket" };
	static const char *const method[] = { "GET", "PUT", "HEAD", "DELETE",
	    "POST", "PUT", "POST", "DELETE" };
	enum { GET, PUT, HEAD, DELETE, CREATE, PART, COMPLETE, ABORT };
	struct dcor_keys keys = { "AKIAIOSFODNN7EXAMPLE",
	    "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", NULL };
	char key[256], name[256], disposition[300], id[32], part[8];
	struct dcor_presign_req r = { .key = key };
	struct dcor_presign *p;
	struct dcor_pair q[3];
	unsigned e, v, g, version, op, n;
	int rc;

	e = pick(COUNT(endpoint));
	v = pick(2) && e != 3;		/* no bucket before a number */
	g = pick(COUNT(region));
	version = pick(5) == 0 ? 2 : 4;
	keys.token = pick(3) == 0 ? "FwoGZXIvYXdzE/+=token" : NULL;
	r.bucket = bucket[pick(COUNT(bucket))];
	op = pick(8);
	r.method = method[op];
	n = 1 + pick(40);
	text(key, n);
	r.when = 1369353600 + (int64_t)pick(500000000);
	r.expires = 1 + (int64_t)pick(604800);
	n = 0;
	if (op == GET) {
		if (pick(3) == 0) {
			text(name, 1 + pick(12));
			snprintf(disposition, sizeof(disposition),
			    "attachment; filename=\"%s\"", name);
			q[n++] = (struct dcor_pair){
			    "response-content-disposition", disposition };
		}
		if (pick(3) == 0)
			q[n++] = (struct dcor_pair){ "response-content-type",
			    "text/plain; charset=utf-8" };
	}
	if ((op == GET || op == HEAD || op == DELETE) && pick(4) == 0)
		q[n++] = (struct dcor_pair){ "versionId", "3/L4kqtJl+x=" };
	if (op == CREATE)
		q[n++] = (struct dcor_pair){ "uploads", NULL };
	if (op >= PART) {
		snprintf(id, sizeof(id), "2~%u/+=", pick(1000000));
		q[n++] = (struct dcor_pair){ "uploadId", id };
	}
	if (op == PART) {
		snprintf(part, sizeof(part), "%u", 1 + pick(10000));
		q[n++] = (struct dcor_pair){ "partNumber", part };
	}
	r.query = q;
	r.nquery = n;
	if (dcor_presign_new(&keys, endpoint[e], region[g], (int)v,
	    (int)version, &p, NULL) != 0)
		return -1;
	rc = dcor_presign_url(p, &r, out, NULL);
	dcor_presign_free(p);
	return rc != 0 ? rc : dcor_buf_addc(out, '\n');
}

static int
block(struct dcor_buf *b)
{
	int i;

	dcor_buf_clear(b);
	for (i = 0; i < 100; i++)
		if (one(b) != 0)
			return 0;
	return 1;
}

static void
refusals(void)
{
	static const char *const bad[] = { "", "host", "ftp://host",
	    "http://user@host", "https://host/?query", "http://host:0" };
	struct dcor_keys keys = { "id", "secret", NULL };
	struct dcor_presign_req r = { .method = "GET", .bucket = "bucket",
	    .key = "", .expires = 60 };
	struct dcor_presign *p;
	struct dcor_buf b;
	size_t i;
	char *big;

	for (i = 0; i < COUNT(bad); i++)
		OK(dcor_presign_new(&keys, bad[i], "r", 0, 4, &p, NULL) ==
		    DCOR_ECONF && p == NULL);
	if (dcor_presign_new(&keys, NULL, "us-east-1", 1, 4, &p, NULL) != 0)
		return;
	dcor_buf_init(&b, 1 << 20);
	OK(dcor_presign_url(p, &r, &b, NULL) == DCOR_EARG);	/* no key */
	r.key = "k";
	OK(dcor_presign_url(p, &r, &b, NULL) == 0 && strncmp(b.p,
	    "https://bucket.s3.amazonaws.com/k?X-Amz-", 40) == 0);
	r.expires = 604801;
	OK(dcor_presign_url(p, &r, &b, NULL) == DCOR_EARG);
	r.expires = 60;
	if ((big = malloc(6001)) != NULL) {
		memset(big, '%', 6000);
		big[6000] = '\0';
		r.key = big;
		OK(dcor_presign_url(p, &r, &b, NULL) == DCOR_EARG);
		free(big);
	}
	dcor_presign_free(p);
	dcor_buf_fini(&b);
}

int
main(int argc, char **argv)
{
	FILE *fp = fopen("tests/data/presign.txt", "r");
	char line[128], hex[65];
	struct dcor_buf b;
	int i, want = argc > 1 ? (int)strtol(argv[1], NULL, 10) : -1;

	dcor_buf_init(&b, 1 << 22);
	for (i = 0; fp != NULL && i < BLOCKS; i++) {
		if (!block(&b) || fgets(line, sizeof(line), fp) == NULL)
			break;
		line[strcspn(line, "\n")] = '\0';
		if (i == want)
			fputs(b.p, stdout);
		OK(dcor_sha256_hex(b.p, b.len, hex, NULL) == 0 &&
		    strcmp(hex, line) == 0);
		if (strcmp(hex, line) != 0)
			printf("# block %d\n", i);
	}
	OK(i == BLOCKS);
	if (fp != NULL)
		fclose(fp);
	dcor_buf_fini(&b);
	refusals();
	return DONE();
}

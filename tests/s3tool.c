/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * s3tool - the S3 client and its transfers on a command line, for tests
 *
 * The store and the credentials come from the environment.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "net/xfer.h"

enum { OPT_ANON = CLI_OPT_USER, OPT_BACKOFF, OPT_INFLIGHT, OPT_JOURNAL,
    OPT_MEDDLE, OPT_MOVED, OPT_PART, OPT_SHA256, OPT_STALL, OPT_SUM,
    OPT_TRIES, OPT_VIRTUAL, OPT_WANT };

static const struct cli_opt opts[] = {
	{ 'f', "force", NULL, "replace a file" },
	{ 'j', "jobs", "N", "parts in flight" },
	{ OPT_ANON, "anonymous", NULL, "do not sign" },
	{ OPT_BACKOFF, "backoff", "SECONDS", "first longest wait" },
	{ OPT_INFLIGHT, "inflight", "N", "requests in flight" },
	{ OPT_JOURNAL, "journal", "FILE", "what is done so far" },
	{ OPT_MEDDLE, "meddle", "FILE", "append to FILE on the way" },
	{ OPT_MOVED, "moved", "FILE", "add the bytes moved to FILE, always" },
	{ OPT_PART, "part", "BYTES", "size of a part" },
	{ OPT_SHA256, "sha256", "HEX", "what the content must have" },
	{ OPT_STALL, "stall", "SECONDS", "without data is an error" },
	{ OPT_SUM, "sum", NULL, "compute the SHA-256" },
	{ OPT_TRIES, "tries", "N", "of one request" },
	{ OPT_VIRTUAL, "virtual", NULL, "bucket in the host name" },
	{ OPT_WANT, "want", "SIZE:ETAG", "what get must find" },
	CLI_QUIET,
	CLI_VERBOSE,
	{ 0, NULL, NULL, NULL }
};
static const struct cli cli = { "s3tool", "talk to an object store",
    "s3tool buckets\n"
    "s3tool mkbucket|rmbucket BUCKET\n"
    "s3tool list|pending BUCKET [PREFIX]\n"
    "s3tool head|cat|rm|tags BUCKET KEY [NAME=VALUE ...]\n"
    "s3tool get BUCKET KEY FILE\n"
    "s3tool put FILE BUCKET KEY\n"
    "s3tool cp BUCKET KEY BUCKET KEY\n"
    "s3tool policy BUCKET [JSON]\n"
    "s3tool parts|abort BUCKET KEY UPLOAD\n"
    "s3tool fill BUCKET PREFIX N\n"
    "s3tool raw METHOD URL [BODY]\n"
    "s3tool etag FILE", opts, NULL };

static struct dcor_http *http;
static struct dcor_s3 *s3;
static struct dcor_xfer xfer;
static struct dcor_s3_object want;
static const char *sha256;
static int wanted;

static void
say(void *arg, int level, const char *line)
{
	(void)arg;
	cli_say(level, "%s", line);
}

static int
print_object(void *arg, const struct dcor_s3_object *o, struct dcor_err *err)
{
	(void)arg;
	(void)err;
	cli_tsv(o->key);
	printf("\t%" PRIu64 "\t%" PRId64 "\t%s\n", o->size, o->mtime,
	    o->etag);
	return 0;
}

static int
print_bucket(void *arg, const char *bucket, struct dcor_err *err)
{
	(void)arg;
	(void)err;
	printf("%s\n", bucket);
	return 0;
}

static int
print_pending(void *arg, const struct dcor_s3_pending *p,
    struct dcor_err *err)
{
	(void)arg;
	(void)err;
	cli_tsv(p->key);
	printf("\t%s\t%" PRId64 "\n", p->upload_id, p->since);
	return 0;
}

static int
print_part(void *arg, unsigned number, uint64_t size, const char *etag,
    struct dcor_err *err)
{
	(void)arg;
	(void)err;
	printf("%u\t%" PRIu64 "\t%s\n", number, size, etag);
	return 0;
}

static int
print_body(void *arg, const void *p, size_t n, struct dcor_err *err)
{
	(void)arg;
	if (fwrite(p, 1, n, stdout) != n)
		return dcor_err_set(err, DCOR_EIO, 0, "standard output");
	return 0;
}

static int
print_tags(const char *bucket, const char *key, struct dcor_err *err)
{
	struct dcor_buf b;
	const char *p;
	int rc;

	dcor_buf_init(&b, 1 << 16);
	rc = dcor_s3_tags_get(s3, bucket, key, &b, err);
	for (p = dcor_buf_str(&b); p < dcor_buf_str(&b) + b.len;
	    p += strlen(p) + 1)
		printf("%s\n", p);
	dcor_buf_fini(&b);
	return rc;
}

static int
set_tags(const char *bucket, const char *key, char **tag, int n,
    struct dcor_err *err)
{
	struct dcor_pair t[16];
	char *eq;
	int i;

	for (i = 0; i < n && i < 16; i++) {
		if ((eq = strchr(tag[i], '=')) == NULL)
			cli_usage("%s: not NAME=VALUE", tag[i]);
		*eq = '\0';
		t[i].name = tag[i];
		t[i].value = eq + 1;
	}
	return dcor_s3_tags_set(s3, bucket, key, t, (size_t)i, err);
}

static int
policy(const char *bucket, const char *json, struct dcor_err *err)
{
	struct dcor_buf b;
	int rc;

	if (json != NULL)
		return dcor_s3_policy_set(s3, bucket, *json != '\0' ? json :
		    NULL, err);
	dcor_buf_init(&b, 1 << 16);
	rc = dcor_s3_policy_get(s3, bucket, &b, err);
	printf("%s", dcor_buf_str(&b));
	dcor_buf_fini(&b);
	return rc;
}

static int
result(int rc, const struct dcor_xfer_result *r)
{
	printf("%" PRIu64 "\t%" PRIu64 "\t%s\t%s\t%d\n", r->moved, r->size,
	    r->etag, r->sha256, r->proven);
	return rc;
}

static int
etag(const char *path, struct dcor_err *err)
{
	FILE *f = fopen(path, "rb");
	char out[128];
	int rc;

	if (f == NULL || fseeko(f, 0, SEEK_END) != 0)
		cli_die(66, "%s: cannot be read", path);
	rc = dcor_xfer_etag(fileno(f), (uint64_t)ftello(f), xfer.part, out,
	    err);
	fclose(f);
	printf("%s\n", out);
	return rc;
}

/* Once data flows, the file becomes another. */
static void
meddle(void *arg, uint64_t now, uint64_t total)
{
	FILE *f = fopen(arg, "ab");

	(void)now;
	(void)total;
	if (f == NULL || fputc('x', f) == EOF || fclose(f) != 0)
		cli_die(74, "%s: cannot be changed", (char *)arg);
	xfer.progress = NULL;
}

/* A line of FILE is kept up to date with the bytes moved by this run, also
 * by one that is killed. */
static void
count_moved(void *arg, uint64_t now, uint64_t total)
{
	static uint64_t before;
	static off_t line;
	static int fd = -1;
	char text[32];
	int n;

	(void)total;
	if (fd < 0) {
		if ((fd = open(arg, O_RDWR | O_CREAT, 0666)) < 0 ||
		    (line = lseek(fd, 0, SEEK_END)) < 0)
			cli_die(74, "%s: cannot be written", (char *)arg);
		before = now;
	}
	n = snprintf(text, sizeof(text), "%020" PRIu64 "\n", now - before);
	if (pwrite(fd, text, (size_t)n, line) != n)
		cli_die(74, "%s: cannot be written", (char *)arg);
}

/* n objects, PREFIX0000000 ..., the contents of which are their numbers. */
static int
fill(const char *bucket, const char *prefix, const char *n,
    struct dcor_err *err)
{
	unsigned i, end = (unsigned)cli_u64("N", n, 0, 10000000);
	char key[1024], body[16];
	int rc = 0;

	for (i = 0; rc == 0 && i < end; i++) {
		snprintf(key, sizeof(key), "%s%07u", prefix, i);
		snprintf(body, sizeof(body), "%u", i);
		rc = dcor_s3_put(s3, bucket, key, body, strlen(body), err);
	}
	return rc;
}

static int
raw(const char *method, const char *url, const char *body,
    struct dcor_err *err)
{
	struct dcor_http_req r = { .method = method, .url = url,
	    .body = body, .nbody = body != NULL ? strlen(body) : 0,
	    .write = print_body };

	return dcor_http_call(http, &r, NULL, err);
}

static int
command(int n, char **a, struct dcor_err *err)
{
	struct dcor_s3_req cat = { .http = { .write = print_body } };
	struct dcor_xfer_result r;
	struct dcor_s3_object o;
	int rc;

#define IS(name, least, most) \
	(strcmp(a[0], name) == 0 && n > (least) && n <= (most) + 1)
	if (IS("buckets", 0, 0))
		return dcor_s3_buckets(s3, print_bucket, NULL, err);
	if (IS("mkbucket", 1, 1))
		return dcor_s3_mkbucket(s3, a[1], err);
	if (IS("rmbucket", 1, 1))
		return dcor_s3_rmbucket(s3, a[1], err);
	if (IS("list", 1, 2))
		return dcor_s3_list(s3, a[1], a[2], print_object, NULL, err);
	if (IS("pending", 1, 2))
		return dcor_s3_pending(s3, a[1], a[2], print_pending, NULL,
		    err);
	if (IS("head", 2, 2)) {
		rc = dcor_s3_head(s3, a[1], a[2], &o, err);
		o.key = a[2];
		return rc != 0 ? rc : print_object(NULL, &o, err);
	}
	if (IS("cat", 2, 2)) {
		cat.bucket = a[1];
		cat.key = a[2];
		return dcor_s3_call(s3, &cat, NULL, err);
	}
	if (IS("rm", 2, 2))
		return dcor_s3_delete(s3, a[1], a[2], err);
	if (IS("tags", 2, 2))
		return print_tags(a[1], a[2], err);
	if (IS("tags", 3, 14))
		return set_tags(a[1], a[2], a + 3, n - 3, err);
	if (IS("policy", 1, 2))
		return policy(a[1], a[2], err);
	if (IS("cp", 4, 4))
		return dcor_s3_copy(s3, a[1], a[2], a[3], a[4],
		    wanted ? want.etag : NULL, err);
	if (IS("parts", 3, 3))
		return dcor_s3_mpu_parts(s3, a[1], a[2], a[3], print_part,
		    NULL, err);
	if (IS("abort", 3, 3))
		return dcor_s3_mpu_abort(s3, a[1], a[2], a[3], err);
	if (IS("get", 3, 3))
		return result(dcor_xfer_get(s3, a[1], a[2], wanted ? &want :
		    NULL, sha256, a[3], &xfer, &r, err), &r);
	if (IS("put", 3, 3))
		return result(dcor_xfer_put(s3, a[1], a[2], a[3], &xfer, &r,
		    err), &r);
	if (IS("fill", 3, 3))
		return fill(a[1], a[2], a[3], err);
	if (IS("raw", 2, 3))
		return raw(a[1], a[2], a[3], err);
	if (IS("etag", 1, 1))
		return etag(a[1], err);
	cli_usage("%s: no such command, or not with %d operands", a[0],
	    n - 1);
}

int
main(int argc, char **argv)
{
	struct dcor_http_conf conf = { .agent = "s3tool", .log = say,
	    .stop = cli_stopped };
	struct dcor_site_args args = { 0 };
	struct dcor_err err = DCOR_ERR_INIT;
	struct dcor_site *site = NULL;
	int ch, anonymous = 0, virtual_host = 0;
	char *colon;

	while ((ch = cli_next(&cli, argc, argv)) != -1)
		switch (ch) {
		case 'f':
			xfer.replace = 1;
			break;
		case 'j':
			xfer.parallel = (unsigned)cli_u64("-j", optarg, 1,
			    64);
			break;
		case OPT_ANON:
			anonymous = 1;
			break;
		case OPT_BACKOFF:
			conf.backoff = cli_double("--backoff", optarg, 0, 60);
			break;
		case OPT_INFLIGHT:
			conf.inflight = (unsigned)cli_u64("--inflight",
			    optarg, 1, 1000);
			break;
		case OPT_JOURNAL:
			xfer.journal = optarg;
			break;
		case OPT_MEDDLE:
			xfer.progress = meddle;
			xfer.arg = optarg;
			break;
		case OPT_MOVED:
			xfer.progress = count_moved;
			xfer.arg = optarg;
			break;
		case OPT_PART:
			xfer.part = cli_u64("--part", optarg, 1, UINT64_MAX);
			break;
		case OPT_SHA256:
			sha256 = optarg;
			break;
		case OPT_STALL:
			conf.stall = cli_double("--stall", optarg, 0, 600);
			break;
		case OPT_SUM:
			xfer.sha256 = 1;
			break;
		case OPT_TRIES:
			conf.tries = (unsigned)cli_u64("--tries", optarg, 1,
			    100);
			break;
		case OPT_VIRTUAL:
			virtual_host = 1;
			break;
		case OPT_WANT:
			if ((colon = strchr(optarg, ':')) == NULL)
				cli_usage("--want: not SIZE:ETAG");
			*colon = '\0';
			want.size = cli_u64("--want", optarg, 0, UINT64_MAX);
			snprintf(want.etag, sizeof(want.etag), "%s",
			    colon + 1);
			wanted = 1;
			break;
		}
	if (optind == argc)
		cli_usage("name a command");
	cli_signals(NULL);
	if (dcor_site_open(&args, 0, &site, &err) == 0) {
		if (anonymous) {
			dcor_cred_free(site->cred);
			site->cred = NULL;
		}
		site->virtual_host |= virtual_host;
		if (dcor_http_new(&conf, &http, &err) == 0 &&
		    dcor_s3_new(http, site, &s3, &err) == 0)
			(void)command(argc - optind, argv + optind, &err);
	}
	dcor_s3_free(s3);
	dcor_http_free(http);
	dcor_site_free(site);
	if (cli_stopped())
		cli_killed();
	return cli_finish(err.code != DCOR_OK ? cli_err(&err, NULL) : 0);
}

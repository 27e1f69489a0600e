/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * httpget - one request by net/http.h, or N of them at a time: the body of
 * the answer to stdout, what it took (requests, retries, redirects,
 * connections) to stderr
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "net/http.h"

enum { OPT_TRIES = CLI_OPT_USER, OPT_STALL, OPT_FOLLOW, OPT_ONCE, OPT_HDR,
    OPT_IF, OPT_KEEP, OPT_BUDGET, OPT_CA, OPT_COUNT, OPT_RATE };

static const struct cli_opt opts[] = {
	{ 'j', "jobs", "N", "requests at a time" },
	{ 'o', "output", "FIRST-LAST", "the bytes wanted" },
	{ 'X', "method", "METHOD", "GET" },
	{ 'd', "data", "TEXT", "the body" },
	{ 'T', "upload", "FILE", "the body, read piecewise" },
	{ OPT_TRIES, "tries", "N", "of one request" },
	{ OPT_STALL, "stall", "SECONDS", "of silence" },
	{ OPT_BUDGET, "budget", "SECONDS", "for waiting" },
	{ OPT_RATE, "rate", "BYTES", "a second" },
	{ OPT_FOLLOW, "follow", NULL, "redirects" },
	{ OPT_ONCE, "once", NULL, "never send it twice" },
	{ OPT_HDR, "header", "TEXT", "a line more" },
	{ OPT_IF, "if-match", "ETAG", "quoted" },
	{ OPT_KEEP, "keep", "BYTES", "keep the body, at most so much" },
	{ OPT_CA, "ca", "FILE", "certificates" },
	{ OPT_COUNT, "count", "N", "the same N times" },
	CLI_QUIET, CLI_VERBOSE,
	{ 0, NULL, NULL, NULL }
};
static const struct cli cli = { "httpget", "one request", "URL", opts, NULL };
static int worst, upload = -1;

static void
log_line(void *arg, int level, const char *line)
{
	(void)arg;
	cli_say(level, "%s", line);
}

static int
put(void *arg, const void *p, size_t n, struct dcor_err *err)
{
	(void)arg;
	return fwrite(p, 1, n, stdout) == n ? 0 :
	    dcor_err_set(err, DCOR_EIO, 0, "stdout");
}

static int
get(void *arg, uint64_t off, void *p, size_t n, struct dcor_err *err)
{
	(void)arg;
	return pread(upload, p, n, (off_t)off) == (ssize_t)n ? 0 :
	    dcor_err_set(err, DCOR_EIO, 0, "the file");
}

static void
done(void *arg, struct dcor_http_req *r, const struct dcor_http_resp *resp,
    const struct dcor_err *err)
{
	(void)arg;
	(void)r;
	if (err->code != 0)
		worst = cli_err(err, "request");
	else if (r->write == NULL)
		fwrite(resp->body, 1, resp->nbody, stdout);
	if (resp != NULL)
		cli_say(1, "status %d total %lld", resp->status,
		    (long long)resp->total);
}

int
main(int argc, char **argv)
{
	struct dcor_http_conf conf = { 0 };
	struct dcor_http_req r = { 0 }, *all;
	struct dcor_http_stats st;
	struct dcor_http *h;
	struct dcor_err err = DCOR_ERR_INIT;
	const char *headers[] = { NULL, NULL };
	char *end;
	uint64_t i, n = 1;
	int c;

	r.write = put;
	r.done = done;
	while ((c = cli_next(&cli, argc, argv)) != -1) {
		switch (c) {
		case 'j':
			conf.inflight = (unsigned)cli_u64("-j", optarg, 1, 99);
			break;
		case 'o':
			r.flags |= DCOR_HTTP_RANGE;
			r.from = strtoull(optarg, &end, 10);
			r.count = strtoull(end + 1, NULL, 10) - r.from + 1;
			break;
		case 'X': r.method = optarg; break;
		case 'd':
			r.body = optarg;
			r.nbody = strlen(optarg);
			break;
		case 'T':
			upload = open(optarg, O_RDONLY);
			r.read = get;
			r.nbody = (uint64_t)lseek(upload, 0, SEEK_END);
			break;
		case OPT_TRIES:
			conf.tries = (unsigned)cli_u64("", optarg, 1, 99);
			break;
		case OPT_STALL:
			conf.stall = cli_double("", optarg, 0, 99);
			break;
		case OPT_BUDGET:
			conf.budget = cli_double("", optarg, 0, 99);
			break;
		case OPT_RATE:
			conf.rate = cli_u64("", optarg, 1, UINT64_MAX);
			break;
		case OPT_FOLLOW: r.flags |= DCOR_HTTP_FOLLOW; break;
		case OPT_ONCE: r.flags |= DCOR_HTTP_ONCE; break;
		case OPT_HDR:
			headers[0] = optarg;
			r.headers = headers;
			break;
		case OPT_IF: r.if_match = optarg; break;
		case OPT_KEEP:
			r.max_body = (size_t)cli_u64("", optarg, 1, 1 << 30);
			r.write = NULL;
			break;
		case OPT_CA: conf.ca_file = optarg; break;
		case OPT_COUNT: n = cli_u64("", optarg, 1, 100000); break;
		default: break;
		}
	}
	conf.backoff = 0.01;
	conf.log = log_line;
	if (argv[optind] == NULL)
		cli_usage("no URL");
	r.url = argv[optind];
	if ((all = calloc(n, sizeof(*all))) == NULL ||
	    dcor_http_new(&conf, &h, &err) != 0)
		cli_die_err(&err, NULL);
	for (i = 0; i < n; i++) {
		all[i] = r;
		if (dcor_http_start(h, &all[i], &err) != 0)
			cli_die_err(&err, NULL);
	}
	if (dcor_http_drain(h, &err) != 0)
		cli_die_err(&err, NULL);
	dcor_http_stats(h, &st);
	fprintf(stderr, "%llu requests %llu retries %llu redirects %llu "
	    "connections\n", (unsigned long long)st.requests,
	    (unsigned long long)st.retries, (unsigned long long)st.redirects,
	    (unsigned long long)st.connections);
	dcor_http_free(h);
	free(all);
	return cli_finish(worst);
}

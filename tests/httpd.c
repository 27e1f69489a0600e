/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * httpd - an HTTP and S3 server on loopback for tests
 *
 * Prints its URL when it is ready.  tests/http/ctl.c says how to make it
 * fail.
 */
#include "http/httpd.h"

#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "cli.h"

enum { OPT_ANON = CLI_OPT_USER, OPT_CLOCK, OPT_DELAY, OPT_DOMAIN, OPT_KEY,
    OPT_LENIENT, OPT_MIN, OPT_ROOT, OPT_EOF };

static const struct cli_opt opts[] = {
	{ 'd', "dir", "DIR", "where large bodies are kept" },
	{ 'P', "port", "PORT", "port (any free one)" },
	{ OPT_ANON, "anonymous", NULL, "requests need no signature" },
	{ OPT_CLOCK, "clock-offset", "SECONDS", "the clock is off" },
	{ OPT_DELAY, "delay", "MS", "before each answer" },
	{ OPT_DOMAIN, "domain", "NAME", "virtual hosts are BUCKET.NAME" },
	{ OPT_KEY, "key", "ID:SECRET[:TOKEN]", "who may; repeatable" },
	{ OPT_LENIENT, "lenient", NULL, "headers need not be signed" },
	{ OPT_MIN, "min-part", "BYTES", "least size of a part (5 MiB)" },
	{ OPT_ROOT, "root", "DIR", "served below /static" },
	{ OPT_EOF, "until-eof", NULL, "end when standard input does" },
	{ 0, NULL, NULL, NULL }
};
static const struct cli cli = { "httpd", "serve tests",
    "httpd [-d dir] [-P port] [--key id:secret] [--anonymous] ...", opts,
    NULL };

struct conf conf = { .domain = "localhost", .min_part = 5 << 20 };

int64_t
server_time(void)
{
	return (int64_t)time(NULL) + conf.clock_offset;
}

static void
add_key(char *text)
{
	struct key *k;
	char *p = strchr(text, ':');

	if (p == NULL || p == text)
		cli_usage("--key: not ID:SECRET[:TOKEN]");
	conf.keys = xalloc(conf.keys, (conf.nkeys + 1) * sizeof(*k));
	k = &conf.keys[conf.nkeys++];
	k->id = text;
	*p++ = '\0';
	k->secret = p;
	k->token = NULL;
	if ((p = strchr(p, ':')) != NULL) {
		*p++ = '\0';
		k->token = p;
	}
}

int
main(int argc, char **argv)
{
	struct rlimit files;
	unsigned port = 0;
	int ch;

	while ((ch = cli_next(&cli, argc, argv)) != -1) {
		switch (ch) {
		case 'd':
			conf.dir = optarg;
			break;
		case 'P':
			port = (unsigned)cli_u64("-P", optarg, 0, 65535);
			break;
		case OPT_ANON:
			conf.anonymous = 1;
			break;
		case OPT_CLOCK:
			conf.clock_offset = (int64_t)cli_double(
			    "--clock-offset", optarg, -1e9, 1e9);
			break;
		case OPT_DELAY:
			conf.delay = cli_double("--delay", optarg, 0, 1e6) /
			    1000;
			break;
		case OPT_DOMAIN:
			conf.domain = optarg;
			break;
		case OPT_KEY:
			add_key(optarg);
			break;
		case OPT_LENIENT:
			conf.lenient = 1;
			break;
		case OPT_MIN:
			conf.min_part = cli_u64("--min-part", optarg, 0,
			    (uint64_t)5 << 30);
			break;
		case OPT_ROOT:
			conf.root = optarg;
			break;
		case OPT_EOF:
			conf.until_eof = 1;
			break;
		}
	}
	if (optind < argc)
		cli_usage("no operands");
	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &files);
	}
	store_open();
	printf("http://127.0.0.1:%d\n", loop_listen(port));
	fflush(stdout);
	loop_run();
	store_close();
	ctl_close();
	free(conf.keys);
	return cli_finish(0);
}

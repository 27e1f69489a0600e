/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * dcor-presign - URLs that let others at objects of an S3 store for a while
 */
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/time.h"
#include "cli.h"
#include "net/sigv4.h"
#include "presign.h"

enum {
	OPT_MULTIPART = CLI_OPT_USER, OPT_UPLOAD_ID, OPT_DATE,
	OPT_ADDRESSING, OPT_REGION, OPT_ENDPOINT, OPT_FILENAME, OPT_TYPE,
	OPT_VERSION_ID, OPT_SIGNATURE, OPT_FORMAT, OPT_JSON, OPT_EXPLAIN,
	OPT_INSPECT, OPT_CHECK, OPT_CA_CERT
};

static const struct cli_opt opts[] = {
	{ 'X', "method", "get|put|head|delete", "what the URL allows (get)" },
	{ 'e', "expires", "WHEN",
	    "seconds, 15m, 12h, 7d, or a date (1h)" },
	{ OPT_FILENAME, "filename", "NAME",
	    "browsers save the object under this name" },
	{ OPT_TYPE, "response-type", "TYPE",
	    "the Content-Type that the server answers" },
	{ OPT_VERSION_ID, "version-id", "ID", "of the object" },
	{ OPT_MULTIPART, "multipart", "N",
	    "URLs of an upload in N parts" },
	{ OPT_UPLOAD_ID, "upload-id", "ID",
	    "of that upload; without: the URL that starts one" },
	{ OPT_DATE, "date", "DATE", "of signing, instead of now" },
	{ OPT_SIGNATURE, "signature", "v4|v2", "version of signatures (v4)" },
	{ OPT_ENDPOINT, "endpoint", "URL", "the object store" },
	{ OPT_REGION, "region", "REGION", "of the object store" },
	{ OPT_ADDRESSING, "addressing", "path|virtual",
	    "where the bucket is: in the path or the host name" },
	{ 'p', "profile", "PROFILE", "of the configuration" },
	{ 'c', "config", "FILE", "configuration; see dcor-config(5)" },
	{ OPT_FORMAT, "format", "url|tsv|json|curl", "what is printed (url)" },
	{ OPT_JSON, "json", NULL, "print one JSON object a line" },
	{ OPT_EXPLAIN, "explain", NULL, "print what would be signed" },
	{ OPT_INSPECT, "inspect", NULL,
	    "say what URLs are good for, and how long" },
	{ OPT_CHECK, "check", NULL, "the same, and ask their servers" },
	{ OPT_CA_CERT, "ca-cert", "FILE", "certificates to trust" },
	{ '0', "null", NULL, "operands on stdin end with NUL" },
	CLI_QUIET,
	CLI_VERBOSE,
	{ 0, NULL, NULL, NULL }
};

static const struct cli cli = {
	"dcor-presign",
	"URLs that let others at objects of an S3 store for a while",
	"[-0qv] [-c FILE] [-e WHEN] [-p PROFILE] [-X METHOD]\n"
	"[--addressing STYLE] [--date DATE] [--endpoint URL] [--explain]\n"
	"[--filename NAME] [--format FORMAT | --json] [--multipart N]\n"
	"[--region REGION] [--response-type TYPE] [--signature VERSION]\n"
	"[--upload-id ID] [--version-id ID] [s3://BUCKET/KEY ...]\n"
	"--inspect | --check [-0qv] [--addressing STYLE] [--ca-cert FILE]\n"
	"[--date DATE] [--format FORMAT | --json] [URL ...]",
	opts, NULL
};

static void
set_expires(struct presign *s, const char *text)
{
	if (dcor_parse_duration(text, &s->expires) == DCOR_OK) {
		if (s->expires < 1 || s->expires > DCOR_SIGV4_MAX_EXPIRES)
			cli_usage("-e %s: not from 1 second to 7 days", text);
	} else if (dcor_parse_time(text, &s->until) == DCOR_OK)
		s->expires = 0;
	else
		cli_usage("-e %s: neither a duration nor a date", text);
}

/* Things that are answered, and so only to who gets or looks. */
static void
check_options(const struct presign *s, int method_given, int inspect)
{
	const char *answer = s->name != NULL ? "--filename" :
	    s->type != NULL ? "--response-type" : NULL;

	if (inspect && (method_given || answer != NULL || s->parts > 0 ||
	    s->version_id != NULL || s->upload_id != NULL || s->explain ||
	    s->format == FORMAT_CURL))
		cli_usage("--inspect and --check go with URLs; nothing is "
		    "signed then");
	if (s->upload_id != NULL && s->parts == 0)
		cli_usage("--upload-id: goes with --multipart");
	if (s->parts > 0 && (method_given || answer != NULL ||
	    s->version_id != NULL))
		cli_usage("--multipart: not together with a method, a version "
		    "or what is answered");
	if (answer != NULL && strcmp(s->method, "GET") != 0 &&
	    strcmp(s->method, "HEAD") != 0)
		cli_usage("%s: goes with -X get", answer);
	if (s->version_id != NULL && strcmp(s->method, "PUT") == 0)
		cli_usage("--version-id: not together with -X put");
}

enum { SIGN, INSPECT, CHECK };

static int
parse_options(struct presign *s, int argc, char **argv)
{
	static const char *const names[] = { "get", "put", "head", "delete",
	    NULL }, *const methods[] = { "GET", "PUT", "HEAD", "DELETE" };
	static const char *const versions[] = { "v4", "v2", NULL };
	static const char *const styles[] = { "path", "virtual", NULL };
	static const char *const formats[] = { "url", "tsv", "json", "curl",
	    NULL };
	int ch, method_given = 0, mode = SIGN, format = -1;

	while ((ch = cli_next(&cli, argc, argv)) != -1)
		switch (ch) {
		case 'X':
			s->method = methods[cli_choice("-X", optarg, names)];
			method_given = 1;
			break;
		case 'e':
			set_expires(s, optarg);
			break;
		case OPT_FILENAME:
			s->name = optarg;
			dcor_buf_clear(&s->disposition);
			if (presign_disposition(optarg, &s->disposition) != 0)
				cli_usage("--filename: %s: not a name in "
				    "UTF-8, without directory", optarg);
			break;
		case OPT_TYPE:
			s->type = optarg;
			break;
		case OPT_VERSION_ID:
			s->version_id = optarg;
			break;
		case OPT_MULTIPART:
			s->parts = cli_u64("--multipart", optarg, 1, 10000);
			break;
		case OPT_UPLOAD_ID:
			s->upload_id = optarg;
			break;
		case OPT_DATE:
			if (dcor_parse_time(optarg, &s->date) != DCOR_OK)
				cli_usage("--date: %s: not a date like "
				    "2026-11-25T11:00:00Z", optarg);
			break;
		case OPT_SIGNATURE:
			s->version = cli_choice("--signature", optarg,
			    versions) == 0 ? 4 : 2;
			break;
		case OPT_ENDPOINT:
			s->site.endpoint = optarg;
			break;
		case OPT_REGION:
			s->site.region = optarg;
			break;
		case OPT_ADDRESSING:
			s->site.addressing = styles[cli_choice(
			    "--addressing", optarg, styles)];
			break;
		case OPT_CA_CERT:
			s->site.ca_file = optarg;
			break;
		case OPT_FORMAT:
			format = cli_choice("--format", optarg, formats);
			break;
		case OPT_JSON:
			format = FORMAT_JSON;
			break;
		case OPT_EXPLAIN:
			s->explain = 1;
			break;
		case OPT_INSPECT:
			mode = mode == CHECK ? CHECK : INSPECT;
			break;
		case OPT_CHECK:
			mode = CHECK;
			break;
		case 'p':
			s->site.profile = optarg;
			break;
		case 'c':
			s->site.config = optarg;
			break;
		case '0':
			s->nul = 1;
			break;
		default:
			break;
		}
	if (format >= 0)
		s->format = (enum format)format;
	check_options(s, method_given, mode != SIGN);
	return mode;
}

int
main(int argc, char **argv)
{
	static char big[1 << 18];
	struct presign s = { .method = "GET", .expires = 3600, .date = -1,
	    .version = 4 };
	unsigned long long n = 0, failed = 0;
	struct cli_list list;
	const char *operand;
	int mode, rc, status = 0;

	dcor_buf_init(&s.disposition, 4096);
	mode = parse_options(&s, argc, argv);
	if (!isatty(STDOUT_FILENO))
		setvbuf(stdout, big, _IOFBF, sizeof(big));
	cli_list_init(&list, argv + optind, s.nul);
	while ((operand = cli_list_next(&list)) != NULL) {
		rc = mode == SIGN ? presign_sign(&s, operand) :
		    presign_inspect(&s, operand, mode == CHECK);
		n++;
		if (rc != 0) {
			failed++;
			status = rc;
		}
	}
	presign_end();
	presign_ask_end();
	dcor_buf_fini(&s.disposition);
	if (n > 1 && failed > 0) {
		cli_say(1, "failed %llu of %llu", failed, n);
		status = 1;
	}
	return cli_finish(status);
}

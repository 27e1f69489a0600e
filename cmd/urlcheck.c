/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * urlcheck.c - dcor-urlcheck, of which dcor-presign --check is made
 *
 * Reads URLs, a line each, and asks for the first byte of each; the answer
 * is a line "CODE\tSTATUS\tDATE\tSIZE\tMESSAGE", CODE being of enum
 * dcor_code.  The operand is a file of certificates.
 */
#include <stdio.h>
#include <unistd.h>

#include "cli.h"
#include "net/http.h"

static const struct cli_opt opts[] = { { 0, NULL, NULL, NULL } };
static const struct cli cli = { "dcor-urlcheck", "part of dcor-presign",
    "[CA-FILE] <URLS", opts, NULL };

static void
check(struct dcor_http *h, const char *url)
{
	struct dcor_http_req r = { .url = url, .flags = DCOR_HTTP_RANGE,
	    .count = 1 };
	struct dcor_err err = DCOR_ERR_INIT;
	struct dcor_http_resp *resp = NULL;
	int64_t size = -1;
	int code, status = 0;

	code = dcor_http_call(h, &r, &resp, &err);
	if (resp != NULL) {
		status = resp->status;
		if (code == DCOR_OK)
			size = resp->total;
		if (status == 416) {	/* an empty object has no first byte */
			code = DCOR_OK;
			size = 0;
		}
	}
	printf("%d\t%d\t%lld\t%lld\t%s\n", code, status,
	    resp != NULL ? (long long)resp->date : -1, (long long)size,
	    code != DCOR_OK ? err.msg : "");
	cli_flush();
	dcor_http_resp_free(resp);
}

int
main(int argc, char **argv)
{
	struct dcor_http_conf conf = { .agent = "dcor-presign/" DCOR_VERSION,
	    .tries = 3 };
	struct dcor_err err = DCOR_ERR_INIT;
	struct dcor_http *h;
	struct cli_list list;
	const char *url;

	while (cli_next(&cli, argc, argv) != -1)
		continue;
	conf.ca_file = argv[optind];
	if (dcor_http_new(&conf, &h, &err) != DCOR_OK)
		cli_die_err(&err, NULL);
	cli_list_init(&list, argv + argc, 0);
	while ((url = cli_list_next(&list)) != NULL)
		check(h, url);
	dcor_http_free(h);
	return cli_finish(0);
}

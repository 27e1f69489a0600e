/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cliprog - a program that does nothing but use cmd/cli.c, for its tests
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/json.h"
#include "cli.h"

enum { OPT_X = CLI_OPT_USER, OPT_LONG };

static const struct cli_opt opts[] = {
	{ 'd', "do", "what", "names, wait, steps, record, tsv or a code" },
	{ 'j', "jobs", "N", "a number from 1 to 64" },
	{ 'o', "output", "FILE", "a file" },
	{ OPT_X, "x", "X", "a number from -1 to 1" },
	{ OPT_LONG, "a-name-that-is-rather-long", "LONG", "help apart" },
	{ '0', "null", NULL, "names end with NUL" },
	CLI_QUIET, CLI_VERBOSE, CLI_PROGRESS,
	{ 0, NULL, NULL, NULL }
};

static void
libs(void)
{
	cli_lib("libnone", "1.2");
}

static const struct cli cli = { "cliprog", "test the command line",
    "[-0qv] [--do what] [name ...]\n-V", opts, libs };

static void
cleanup(void)
{
	if (write(STDERR_FILENO, "cleanup\n", 8) != 8)
		_exit(99);
}

static void
steps(uint64_t n)
{
	struct timespec ts = { 0, 10000000 };
	uint64_t i;

	cli_progress_start("f.rtdc", "frames", n);
	for (i = 0; (n == 0 || i < n) && !cli_stopped(); i++) {
		if (i == 3)
			printf("ready\n"), fflush(stdout);
		nanosleep(&ts, NULL);
		cli_progress(i + 1);
	}
}

int
main(int argc, char **argv)
{
	struct dcor_err err = { DCOR_ETEMP, 0, "the message" };
	const char *what = "names", *name;
	struct cli_list list;
	struct dcor_buf b;
	struct dcor_jw w;
	int ch, nul = 0;

	while ((ch = cli_next(&cli, argc, argv)) != -1)
		switch (ch) {
		case 'd':	what = optarg; break;
		case 'j':
			cli_u64("-j", optarg, 1, 64);
			break;
		case OPT_X:
			cli_double("--x", optarg, -1, 1);
			break;
		case '0':	nul = 1; break;
		case 'o':	cli_say(0, "output %s", optarg); break;
		}
	cli_say(0, "summary");
	cli_say(1, "detail");
	cli_warn("careful");
	if (strcmp(what, "names") == 0) {
		cli_list_init(&list, argv + optind, nul);
		while ((name = cli_list_next(&list)) != NULL)
			printf("<%s>\n", name);
	} else if (strcmp(what, "wait") == 0) {
		cli_signals(cleanup);
		steps(0);
		if (argv[optind] != NULL)	/* does not look */
			for (;;)
				pause();
	} else if (strcmp(what, "steps") == 0) {
		cli_signals(NULL);
		steps(40);
	} else if (strcmp(what, "record") == 0) {
		dcor_buf_init(&b, 100);
		dcor_jw_init(&w, &b, 0);
		dcor_jw_obj(&w);
		dcor_jw_kstr(&w, "type", "test");
		dcor_jw_end(&w);
		while (dcor_jw_done(&w, &err) == 0) {
			cli_record(&b);
			if (argv[optind] == NULL)
				break;		/* else for ever */
		}
		dcor_buf_fini(&b);
	} else if (strcmp(what, "tsv") == 0) {
		cli_tsv("a\tb\nc\\d\r");
		printf("\n");
	} else {
		err.code = (enum dcor_code)-(int)strtol(what, NULL, 10);
		cli_die_err(&err, argv[optind]);
	}
	if (cli_stopped())
		cli_killed();
	return cli_finish(0);
}

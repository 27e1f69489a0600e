/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * killat - run a command and send it a signal after so many microseconds
 *
 * Exits as a shell would: with its status, or 128 + signal.  Signal 0:
 * sends nothing and prints how many microseconds the command took.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cli.h"

static const struct cli_opt opts[] = { { 0, NULL, NULL, NULL } };
static const struct cli killat = { "killat", "interrupt a command",
    "killat SIGNAL MICROSECONDS COMMAND [ARGUMENT ...]", opts, NULL };

static long long
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000LL + t.tv_nsec / 1000;
}

int
main(int argc, char **argv)
{
	struct timespec wait = { 0, 0 };
	uint64_t us;
	long long from;
	int sig, status;
	pid_t pid;

	while (cli_next(&killat, argc, argv) != -1)
		continue;
	if (argc - optind < 3)
		cli_usage("name a signal, a time and a command");
	sig = (int)cli_u64("SIGNAL", argv[optind], 0, 64);
	us = cli_u64("MICROSECONDS", argv[optind + 1], 0, 1000000000);
	from = now();
	if ((pid = fork()) < 0)
		cli_die(71, "fork");
	if (pid == 0) {
		execvp(argv[optind + 2], argv + optind + 2);
		cli_die(127, "%s: cannot be run", argv[optind + 2]);
	}
	if (sig != 0) {
		wait.tv_sec = (time_t)(us / 1000000);
		wait.tv_nsec = (long)(us % 1000000) * 1000;
		while (nanosleep(&wait, &wait) < 0 && errno == EINTR)
			continue;
		kill(pid, sig);
	}
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			cli_die(71, "wait");
	if (sig == 0)
		printf("%lld\n", now() - from);
	return cli_finish(WIFSIGNALED(status) ? 128 + WTERMSIG(status) :
	    WEXITSTATUS(status));
}

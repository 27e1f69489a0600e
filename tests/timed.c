/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * timed - run a command; print seconds of wall and of processors, and the
 * largest resident size in MB, of it and all it waited for
 */
#include <errno.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cli.h"

static const struct cli_opt opts[] = {
	{ 'o', "output", "FILE", "append the numbers to FILE" },
	{ 0, NULL, NULL, NULL }
};
static const struct cli timed = { "timed", "time a command",
    "timed -o FILE COMMAND [ARGUMENT ...]", opts, NULL };

static double
seconds(struct timeval t)
{
	return (double)t.tv_sec + 1e-6 * (double)t.tv_usec;
}

int
main(int argc, char **argv)
{
	struct timespec a, b;
	struct rusage u;
	const char *out = NULL;
	FILE *fp;
	int c, status;
	pid_t pid;

	while ((c = cli_next(&timed, argc, argv)) != -1)
		if (c == 'o')
			out = optarg;
	if (out == NULL || argc - optind < 1)
		cli_usage("name a file and a command");
	clock_gettime(CLOCK_MONOTONIC, &a);
	if ((pid = fork()) < 0)
		cli_die(71, "fork");
	if (pid == 0) {
		execvp(argv[optind], argv + optind);
		cli_die(127, "%s: cannot be run", argv[optind]);
	}
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			cli_die(71, "wait");
	clock_gettime(CLOCK_MONOTONIC, &b);
	getrusage(RUSAGE_CHILDREN, &u);
	if ((fp = fopen(out, "a")) == NULL)
		cli_die(73, "%s: cannot be opened", out);
	fprintf(fp, "%.2f %.2f %.0f\n", (double)(b.tv_sec - a.tv_sec) +
	    1e-9 * (double)(b.tv_nsec - a.tv_nsec),
	    seconds(u.ru_utime) + seconds(u.ru_stime),
	    (double)u.ru_maxrss / 1024);
	fclose(fp);
	return cli_finish(WIFEXITED(status) ? WEXITSTATUS(status) :
	    128 + WTERMSIG(status));
}

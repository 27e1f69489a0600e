/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * presign-ask.c - dcor-presign has dcor-urlcheck ask servers about URLs
 *
 * That is a program of its own because libcurl takes longer to load than
 * this one to run.  URLs go to it through a pipe: its arguments are for
 * everybody to see.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "cli.h"
#include "presign.h"

extern char **environ;

static struct {
	FILE	*to, *from;
	pid_t	 pid;
	char	*line;
	size_t	 cap;
} child;

/* Where the program is: beside us, in the build tree and installed. */
static void
find_program(char *path, size_t size)
{
	const char *dir = getenv("DCOR_LIBEXEC");
	char self[4096], *slash;
	ssize_t n;

	if (dir == NULL || *dir == '\0') {
		n = readlink("/proc/self/exe", self, sizeof(self) - 1);
		self[n > 0 ? n : 0] = '\0';
		if ((slash = strrchr(self, '/')) != NULL)
			*slash = '\0';
		n = snprintf(path, size,
		    "%s/../libexec/dcor/dcor-urlcheck", self);
	} else
		n = snprintf(path, size, "%s/dcor-urlcheck", dir);
	if (n < 0 || (size_t)n >= size)
		path[0] = '\0';
}

static int
spawn(const char *path, const char *ca, int in, int out)
{
	char *argv[] = { (char *)(uintptr_t)"dcor-urlcheck",
	    (char *)(uintptr_t)ca, NULL };
	posix_spawn_file_actions_t fa;
	int rc;

	if ((rc = posix_spawn_file_actions_init(&fa)) != 0)
		return rc;
	if ((rc = posix_spawn_file_actions_adddup2(&fa, in, 0)) == 0 &&
	    (rc = posix_spawn_file_actions_adddup2(&fa, out, 1)) == 0)
		rc = posix_spawn(&child.pid, path, &fa, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&fa);
	return rc;
}

static void
start(const struct presign *s)
{
	struct dcor_err err = DCOR_ERR_INIT;
	struct sigaction ignore;
	struct dcor_site *site;
	int to[2], from[2], rc, i;
	char path[4200];

	if (dcor_site_open(&s->site, 0, &site, &err) != 0)
		cli_die_err(&err, NULL);
	find_program(path, sizeof(path));
	if (pipe(to) != 0 || pipe(from) != 0)
		cli_die(EX_OSERR, "pipe: %s", strerror(errno));
	for (i = 0; i < 2; i++) {
		fcntl(to[i], F_SETFD, FD_CLOEXEC);
		fcntl(from[i], F_SETFD, FD_CLOEXEC);
	}
	rc = spawn(path, site->ca_file, to[0], from[1]);
	dcor_site_free(site);
	if (rc != 0)
		cli_die(EX_UNAVAILABLE, "%s: %s", path, strerror(rc));
	close(to[0]);
	close(from[1]);
	/* when it dies we say so; cli.c sees that stdout is gone */
	memset(&ignore, 0, sizeof(ignore));
	ignore.sa_handler = SIG_IGN;
	sigaction(SIGPIPE, &ignore, NULL);
	child.to = fdopen(to[1], "w");
	child.from = fdopen(from[0], "r");
	if (child.to == NULL || child.from == NULL)
		cli_die(EX_OSERR, "out of memory");
}

/* "CODE\tSTATUS\tDATE\tSIZE\tMESSAGE\n" */
static int
parse(char *line, struct presign_answer *a, long long *code)
{
	char *p = line;
	long long v[4];
	int i;

	for (i = 0; i < 4; i++) {
		v[i] = strtoll(p, &p, 10);
		if (*p++ != '\t')
			return -1;
	}
	p[strcspn(p, "\n")] = '\0';
	snprintf(a->message, sizeof(a->message), "%s", p);
	*code = v[0];
	a->good = v[0] == 0;
	a->status = (int)v[1];
	a->date = v[2];
	a->size = v[3];
	return 0;
}

/* It has said why, unless it was killed. */
static _Noreturn void
lost(void)
{
	int st;

	if (waitpid(child.pid, &st, 0) == child.pid && WIFEXITED(st) &&
	    WEXITSTATUS(st) != 0)
		cli_die(WEXITSTATUS(st), "dcor-urlcheck failed");
	cli_die(EX_SOFTWARE, "dcor-urlcheck ended too early");
}

int
presign_ask(const struct presign *s, const char *url,
    struct presign_answer *a, struct dcor_err *err)
{
	long long code;

	if (child.to == NULL)
		start(s);
	if (fprintf(child.to, "%s\n", url) < 0 || fflush(child.to) != 0 ||
	    getline(&child.line, &child.cap, child.from) < 0 ||
	    parse(child.line, a, &code) != 0)
		lost();
	if (a->status == 0)
		return dcor_err_set(err, (enum dcor_code)code, 0, "%s",
		    a->message);
	return 0;
}

void
presign_ask_end(void)
{
	if (child.to == NULL)
		return;
	fclose(child.to);
	fclose(child.from);
	free(child.line);
	while (waitpid(child.pid, NULL, 0) < 0 && errno == EINTR)
		continue;
}

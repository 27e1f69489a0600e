/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/run.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/time.h"

extern char **environ;

/* Signals that a program ignores would be ignored by what it runs, too. */
static int
start(char *const argv[], int out, pid_t *pid)
{
	posix_spawn_file_actions_t fa;
	posix_spawnattr_t at;
	sigset_t set;
	int rc;

	if ((rc = posix_spawn_file_actions_init(&fa)) != 0)
		return rc;
	if ((rc = posix_spawnattr_init(&at)) != 0) {
		posix_spawn_file_actions_destroy(&fa);
		return rc;
	}
	sigemptyset(&set);
	posix_spawnattr_setsigmask(&at, &set);
	sigaddset(&set, SIGPIPE);
	posix_spawnattr_setsigdefault(&at, &set);
	posix_spawnattr_setflags(&at, POSIX_SPAWN_SETSIGDEF |
	    POSIX_SPAWN_SETSIGMASK);
	rc = posix_spawn_file_actions_adddup2(&fa, out, STDOUT_FILENO);
	if (rc == 0)
		rc = posix_spawn_file_actions_addopen(&fa, STDIN_FILENO,
		    "/dev/null", O_RDONLY, 0);
	if (rc == 0)
		rc = posix_spawnp(pid, argv[0], &fa, &at, argv, environ);
	posix_spawnattr_destroy(&at);
	posix_spawn_file_actions_destroy(&fa);
	return rc;
}

static int
late(const char *name, double seconds, struct dcor_err *err)
{
	return dcor_err_set(err, DCOR_ETEMP, 0,
	    "%s: no answer within %g s", name, seconds);
}

static int
collect(int fd, const char *name, double seconds, double end, size_t max,
    struct dcor_buf *out, struct dcor_err *err)
{
	struct pollfd p = { fd, POLLIN, 0 };
	size_t from = out->len;
	double left;
	ssize_t n;
	int r;

	/* room for all at once: growing would leave copies of a secret */
	if (dcor_buf_room(out, max + 1) != 0)
		return dcor_buf_check(out, err);
	for (;;) {
		if ((left = end - dcor_seconds()) <= 0)
			return late(name, seconds, err);
		r = poll(&p, 1, (int)(left * 1000) + 1);
		if (r == 0 || (r < 0 && errno == EINTR))
			continue;
		n = r < 0 ? -1 : read(fd, out->p + out->len,
		    max + 1 - (out->len - from));
		if (n < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (n < 0)
			return dcor_err_sys(err, errno, "%s", name);
		if (n == 0)
			break;
		out->len += (size_t)n;
		if (out->len - from > max)
			return dcor_err_set(err, DCOR_EDATA, 0,
			    "%s: answers more than %zu bytes", name, max);
	}
	out->p[out->len] = '\0';
	return 0;
}

/* Its end, by itself until then, or else by force. */
static int
finish(pid_t pid, double end, int *status)
{
	pid_t r;

	while ((r = waitpid(pid, status, WNOHANG)) == 0) {
		if (dcor_seconds() >= end) {
			kill(pid, SIGKILL);
			while (waitpid(pid, status, 0) < 0 && errno == EINTR)
				continue;
			return 0;
		}
		poll(NULL, 0, 5);
	}
	return 1;
}

int
dcor_run_read(char *const argv[], double seconds, size_t max,
    struct dcor_buf *out, struct dcor_err *err)
{
	struct dcor_err why = DCOR_ERR_INIT;
	double end = dcor_seconds() + seconds;
	int fd[2], rc, status = 0;
	pid_t pid;

	if (pipe(fd) != 0)
		return dcor_err_sys(err, errno, "%s", argv[0]);
	fcntl(fd[0], F_SETFD, FD_CLOEXEC);
	fcntl(fd[1], F_SETFD, FD_CLOEXEC);
	if ((rc = start(argv, fd[1], &pid)) != 0) {
		close(fd[0]);
		close(fd[1]);
		(void)dcor_err_sys(&why, rc, "%s", argv[0]);
		return dcor_err_set(err, DCOR_ECONF, rc, "%s", why.msg);
	}
	close(fd[1]);
	rc = collect(fd[0], argv[0], seconds, end, max, out, err);
	close(fd[0]);
	if (!finish(pid, rc == 0 ? end : 0, &status) && rc == 0)
		return late(argv[0], seconds, err);
	if (rc != 0)
		return rc;
	if (WIFSIGNALED(status))
		return dcor_err_set(err, DCOR_EPERM, 0,
		    "%s: killed by signal %d", argv[0], WTERMSIG(status));
	if (WEXITSTATUS(status) != 0)
		return dcor_err_set(err, DCOR_EPERM, 0,
		    "%s: exit status %d", argv[0], WEXITSTATUS(status));
	return 0;
}

/* One word from *text (what is left of it) to w; 0 when a quote is open. */
static int
word(const char **text, struct dcor_buf *w)
{
	const char *p = *text;
	char quote = '\0';

	for (; *p != '\0' && (quote || strchr(" \t\r\n", *p) == NULL); p++) {
		if (quote && *p == quote)
			quote = '\0';
		else if (!quote && (*p == '\'' || *p == '"'))
			quote = *p;
		else if (*p == '\\' && (!quote || (quote == '"' &&
		    (p[1] == '"' || p[1] == '\\')))) {
			if (*++p == '\0')
				return 0;
			dcor_buf_addc(w, *p);
		} else {
			dcor_buf_addc(w, *p);
		}
	}
	*text = p;
	return quote == '\0';
}

int
dcor_words_split(const char *text, char ***out, struct dcor_err *err)
{
	char **list = NULL, **p;
	struct dcor_buf w;
	size_t n = 0;
	int rc = 0;

	*out = NULL;
	dcor_buf_init(&w, 1 << 16);
	while (rc == 0) {
		p = realloc(list, (n + 2) * sizeof(*list));
		if (p == NULL) {
			rc = dcor_err_nomem(err);
			break;
		}
		list = p;
		list[n] = NULL;
		text += strspn(text, " \t\r\n");
		if (*text == '\0')
			break;
		if (!word(&text, &w))
			rc = dcor_err_set(err, DCOR_ECONF, 0,
			    "a quote that is not closed");
		else if ((rc = dcor_buf_take(&w, &list[n], NULL, err)) == 0)
			list[++n] = NULL;
	}
	dcor_buf_fini(&w);
	if (rc == 0 && n == 0)
		rc = dcor_err_set(err, DCOR_ECONF, 0, "no command");
	if (rc != 0)
		dcor_words_free(list);
	else
		*out = list;
	return rc;
}

void
dcor_words_free(char **words)
{
	char **p;

	for (p = words; p != NULL && *p != NULL; p++)
		free(*p);
	free(words);
}

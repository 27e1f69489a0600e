/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "cli.h"

static const char *prog = "dcor";

static void
usage(const struct cli *c, FILE *fp)
{
	const struct cli_opt *o;
	const char *p, *q;
	char left[64];

	for (p = c->synopsis; *p != '\0'; p = *q ? q + 1 : q) {
		q = p + strcspn(p, "\n");
		fprintf(fp, "%s %s %.*s\n",
		    p == c->synopsis ? "usage:" : "      ", c->name,
		    (int)(q - p), p);
	}
	if (fp == stderr)
		return;
	fprintf(fp, "\n%s\n\n", c->what);
	for (o = c->opts; o->lopt != NULL; o++) {
		if (o->sopt < 256)
			snprintf(left, sizeof(left), "-%c, --%s%s%s", o->sopt,
			    o->lopt, o->arg ? " " : "", o->arg ? o->arg : "");
		else
			snprintf(left, sizeof(left), "    --%s%s%s",
			    o->lopt, o->arg ? " " : "", o->arg ? o->arg : "");
		fprintf(fp, "  %-26s %s\n", left, o->help);
	}
	fprintf(fp, "\nSee %s(1).\n", c->name);
}

int
cli_next(const struct cli *c, int argc, char **argv)
{
	static struct option lo[64];
	static char so[160];	/* 2 + 2 * 64 + 3 fit */
	const struct cli_opt *o;
	size_t n = 0, k = 0;
	int ch;

	if (so[0] == '\0') {
		prog = c->name;
		opterr = 0;
		so[k++] = '+';	/* no permutation: POSIX order */
		so[k++] = ':';	/* tell a missing argument from a bad option */
		for (o = c->opts; o->lopt != NULL; o++, n++) {
			if (n + 4 >= sizeof(lo) / sizeof(lo[0]))
				abort();
			lo[n].name = o->lopt;
			lo[n].has_arg = o->arg ? required_argument
			    : no_argument;
			lo[n].val = o->sopt;
			if (o->sopt < 256) {
				so[k++] = (char)o->sopt;
				if (o->arg)
					so[k++] = ':';
			}
		}
		so[k++] = 'h';
		so[k++] = 'V';
		lo[n++] = (struct option){ "help", no_argument, NULL, 'h' };
		lo[n++] = (struct option){ "version", no_argument, NULL, 'V' };
		lo[n++] = (struct option){ "dump-options", no_argument, NULL,
		    1002 };
	}
	ch = getopt_long(argc, argv, so, lo, NULL);
	switch (ch) {
	case 'h':
		usage(c, stdout);
		exit(cli_finish(EX_OK));
	case 'V':
		printf("%s %s\n", c->name, DCOR_VERSION);
		exit(cli_finish(EX_OK));
	case 1002:
		for (o = c->opts; o->lopt != NULL; o++)
			printf("%c\t%s\t%s\t%s\n", o->sopt < 256 ? o->sopt
			    : '-', o->lopt, o->arg ? o->arg : "", o->help);
		exit(cli_finish(EX_OK));
	case ':':
	case '?':
		if (optopt > 0 && optopt < 256)
			cli_warn("-%c: %s", optopt, ch == ':' ?
			    "argument missing" : "no such option");
		else
			cli_warn("%s: %s", argv[optind - 1], ch == ':' ?
			    "argument missing" : "no such option");
		usage(c, stderr);
		exit(EX_USAGE);
	default:
		return ch;
	}
}

static void __attribute__((format(printf, 2, 0)))
vmsg(const char *tag, const char *fmt, va_list ap)
{
	char line[1024];
	int n;

	n = snprintf(line, sizeof(line), "%s: %s", prog, tag);
	if (n < 0 || (size_t)n >= sizeof(line))
		n = 0;
	vsnprintf(line + n, sizeof(line) - (size_t)n - 1, fmt, ap);
	n = (int)strlen(line);
	line[n++] = '\n';
	line[n] = '\0';
	fflush(stdout);
	fputs(line, stderr);	/* one write: lines of threads do not mix */
}

void
cli_warn(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vmsg("warning: ", fmt, ap);
	va_end(ap);
}

_Noreturn void
cli_die(int status, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vmsg("", fmt, ap);
	va_end(ap);
	exit(status);
}

int
cli_status(int code)
{
	switch (code) {
	case DCOR_OK:		return EX_OK;
	case DCOR_ENOMEM:	return EX_OSERR;
	case DCOR_EARG:		return EX_USAGE;
	case DCOR_ENOENT:	return EX_NOINPUT;
	case DCOR_EPERM:	return EX_NOPERM;
	case DCOR_EDATA:	return EX_DATAERR;
	case DCOR_EIO:		return EX_IOERR;
	case DCOR_ETEMP:	return EX_TEMPFAIL;
	case DCOR_EPROTO:	return EX_PROTOCOL;
	case DCOR_ECONF:	return EX_CONFIG;
	case DCOR_ECREATE:	return EX_CANTCREAT;
	default:		return EX_SOFTWARE;
	}
}

_Noreturn void
cli_die_err(const struct dcor_err *err, const char *what)
{
	cli_die(cli_status(err->code), "%s: %s", what, err->msg);
}

int
cli_finish(int status)
{
	if (fflush(stdout) != 0 || ferror(stdout)) {
		if (errno == EPIPE) {	/* reader left: die as cat would */
			signal(SIGPIPE, SIG_DFL);
			raise(SIGPIPE);
		}
		cli_warn("standard output: %s", strerror(errno));
		return EX_IOERR;
	}
	/* NFS and quotas may report only now; a closed stdout we never
	 * wrote to is no failure. */
	if (close(STDOUT_FILENO) != 0 && errno != EBADF) {
		cli_warn("standard output: %s", strerror(errno));
		return EX_IOERR;
	}
	return status;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cli.h - what every program shares: options, messages, exit status,
 * progress, signals, lists of operands
 *
 * The only code that prints or exits.  Letters mean the same everywhere:
 *	-0 --null  -c --config  -f --force  -F --feature  -h --help
 *	-H --header  -j --jobs  -n --dry-run  -o --output  -p --profile
 *	-q --quiet  -s --server  -T --tmpdir  -v --verbose  -V --version
 *	-y --yes; long only: --json --progress --log --timeout --retries
 */
#ifndef DCOR_CLI_H
#define DCOR_CLI_H

#include <stdint.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/err.h"

struct cli_opt {
	int		 sopt;	/* short letter, or a value > 255 */
	const char	*lopt;	/* long name */
	const char	*arg;	/* NULL: takes none; else what it takes, in
				 * capitals: FILE, DIR, N, or a|b|c */
	const char	*help;	/* one line */
};

/* Options that cli.c carries out itself; a program only lists them. */
enum { CLI_OPT_PROGRESS = 1001, CLI_OPT_DUMP = 1002, CLI_OPT_USER = 2000 };
#define CLI_QUIET	{ 'q', "quiet", NULL, "print errors only" }
#define CLI_VERBOSE	{ 'v', "verbose", NULL, "say more; repeatable" }
#define CLI_PROGRESS	{ CLI_OPT_PROGRESS, "progress", "auto|json|none", \
			  "how to report progress on standard error" }

struct cli {
	const char		*name;
	const char		*what;		/* one line, as in man .Nd */
	const char		*synopsis;	/* lines split by \n */
	const struct cli_opt	*opts;		/* ends with a zeroed entry */
	/* calls cli_lib for each library (--version -v); may be NULL */
	void			(*libs)(void);
};
void cli_lib(const char *name, const char *version);

/*
 * Next option letter, or -1 when options are over (optind is set).
 * --help, --version and --dump-options do not return, nor does a mistake,
 * which exits 64.  The first call sets up the program: call it first.
 */
int cli_next(const struct cli *c, int argc, char **argv);

/* Arguments of options; a bad one exits 64.  opt: "-j", "--limit". */
uint64_t cli_u64(const char *opt, const char *text, uint64_t min,
    uint64_t max);
double cli_double(const char *opt, const char *text, double min, double max);
/* The index of text in the list that ends with NULL. */
int cli_choice(const char *opt, const char *text, const char *const *list);

/*
 * Messages: "prog: text", one line and one write each, control bytes
 * become '?'.  Threads: any.
 */
int cli_level(void);		/* -1 after -q, else the number of -v */
void cli_say(int level, const char *fmt, ...)	/* if cli_level >= level */
    __attribute__((format(printf, 2, 3)));
void cli_warn(const char *fmt, ...)	/* "warning: ", not after -q */
    __attribute__((format(printf, 1, 2)));
void cli_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
_Noreturn void cli_die(int status, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* A mistake on the command line: the message, the synopsis, exit 64. */
_Noreturn void cli_usage(const char *fmt, ...)
    __attribute__((format(printf, 1, 2)));
/* "prog: what: msg" (what may be NULL), then exit with the status its
 * class maps to; cli_err returns that status instead. */
_Noreturn void cli_die_err(const struct dcor_err *err, const char *what);
int cli_err(const struct dcor_err *err, const char *what);
int cli_status(int code);	/* dcor_code -> sysexits */

/* Sends off what was written to stdout; exits 74 when stdout is lost. */
void cli_flush(void);
/* Writes a record, a newline after it, to stdout and flushes; exits 74
 * when stdout is lost. */
void cli_record(const struct dcor_buf *b);
/* Writes a TSV value: tab, newline, return, backslash as \t \n \r \\. */
void cli_tsv(const char *s);

/* Last call of main: flush, report, return the status. */
int cli_finish(int status);

/*
 * Progress of what has a known total (0: unknown), on standard error.  On
 * a terminal a line that is redrawn at most 5 times a second and cleared
 * before any message; in a log a line a minute with -v; with
 * --progress=json a record a second and one at the end.  SIGUSR1: a line
 * now.  Threads: one.
 */
void cli_progress_start(const char *what, const char *unit, uint64_t total);
void cli_progress(uint64_t done);	/* cheap: call it often */
void cli_progress_end(void);
void cli_on_progress(void *ctx, uint64_t done);	/* for libraries */

/*
 * The first SIGINT, SIGTERM, SIGHUP or SIGXCPU only makes cli_stopped
 * return its number: stop, clean up and call cli_killed, or finish when
 * all is done.  The second dies at once.  Dying calls cleanup, which must be
 * async-signal-safe and may be NULL, then the signal's default action.
 */
void cli_signals(void (*cleanup)(void));
int cli_stopped(void);
int cli_on_stopped(void *ctx);			/* for libraries */
_Noreturn void cli_killed(void);

/*
 * Names: the operands, or where there are none, or one is "-", the lines
 * of standard input (nul: separated by NUL bytes).  With no operand and a
 * terminal on stdin the program ends with the synopsis.  What was written
 * to stdout is sent off before more input is waited for.
 */
struct cli_list {
	char	**next;		/* private */
	char	*line;
	size_t	 cap, from, end;
	uint64_t lineno;
	int	 nul, reading, eof;
};
void cli_list_init(struct cli_list *l, char **operands, int nul);
/* The next name, valid until the next call; NULL after the last. */
const char *cli_list_next(struct cli_list *l);

#endif /* DCOR_CLI_H */

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cli.h - what every command shares: options, messages, exit status
 */
#ifndef DCOR_CLI_H
#define DCOR_CLI_H

#include <stdio.h>

#include "base/err.h"

struct cli_opt {
	int		 sopt;	/* short letter, or a value > 255 */
	const char	*lopt;	/* long name */
	const char	*arg;	/* NULL: takes none; else its name in usage */
	const char	*help;	/* one line */
};

struct cli {
	const char		*name;
	const char		*what;		/* one line, as in man .Nd */
	const char		*synopsis;	/* lines split by \n */
	const struct cli_opt	*opts;		/* ends with a zeroed entry */
};

/*
 * Next option letter, or -1 when options are over (optind is set).
 * --help, --version and --dump-options do not return; nor does a mistake,
 * which exits 64.
 */
int cli_next(const struct cli *c, int argc, char **argv);

void cli_warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
_Noreturn void cli_die(int status, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* "prog: what: msg", then exit with the status its class maps to. */
_Noreturn void cli_die_err(const struct dcor_err *err, const char *what);
int cli_status(int code);	/* dcor_code -> sysexits */
int cli_finish(int status);	/* last call of main: flush, report, return */

#endif /* DCOR_CLI_H */

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * clipriv.h - what cli.c and clirun.c have in common
 */
#ifndef DCOR_CLIPRIV_H
#define DCOR_CLIPRIV_H

#include <stddef.h>

#define CLI_CLEAR "\r\033[K"	/* to the first column, erase the line */

/* All of p to standard error, by one write if the system is willing. */
void cli_write_err(const char *p, size_t n);

/* The argument of --progress, as its index in auto, json, none. */
void cli_progress_mode(int mode);
/* Whether a progress line is on the terminal; from now on it is not, and
 * the caller has to erase it. */
int cli_progress_hide(void);

/* What cli_signals was given, if anything. */
void cli_cleanup(void);
/* Clean up and die by the signal.  May be called in a handler. */
_Noreturn void cli_die_by(int sig);

#endif /* DCOR_CLIPRIV_H */

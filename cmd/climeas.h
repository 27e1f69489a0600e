/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * climeas.h - what programs share that read measurements: one way to open
 * them by path or URL, and the options that belong to it
 */
#ifndef DCOR_CLIMEAS_H
#define DCOR_CLIMEAS_H

#include "cli.h"
#include "rtdc/file.h"

enum { CLIMEAS_ENDPOINT = 1900, CLIMEAS_REGION, CLIMEAS_CA, CLIMEAS_CACHE };
#define CLIMEAS_OPTS \
	{ 'c', "config", "FILE", "configuration; see dcor-config(5)" }, \
	{ 'p', "profile", "PROFILE", "of the configuration" }, \
	{ 's', "server", "URL", "the DCOR server of dcor: names" }, \
	{ CLIMEAS_ENDPOINT, "endpoint", "URL", "the object store" }, \
	{ CLIMEAS_REGION, "region", "REGION", "of the object store" }, \
	{ CLIMEAS_CA, "ca-cert", "FILE", "certificates to trust" }, \
	{ CLIMEAS_CACHE, "cache", "SIZE", \
	    "of what is kept of remote files on disk, 0: nothing (1GiB)" }

/* Whether ch is one of these options; optarg is used then. */
int climeas_option(int ch);

/* As dcor_rtdc_open_by, for paths and URLs.  The network is set up when a
 * URL comes, or a local file leads to one. */
int climeas_open(const char *name, struct dcor_rtdc **out,
    struct dcor_err *err);

/* name for messages and records: without the query of a URL, which may hold a
 * signature.  Ownership: free. */
char *climeas_shown(const char *name);

/* Closes m; DCOR_OK, or the failure of a read because of which something may
 * have looked absent. */
int climeas_close(struct dcor_rtdc *m, struct dcor_err *err);

/* After all measurements are closed; says with -v what it took. */
void climeas_end(void);

#endif /* DCOR_CLIMEAS_H */

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * slice.h - the parts of dcor-slice
 */
#ifndef DCOR_CMD_SLICE_H
#define DCOR_CMD_SLICE_H

#include <stdio.h>

#include "base/tmp.h"
#include "rtdc/filter.h"
#include "rtdc/pick.h"

struct slice_format;

/* What is wanted of a measurement. */
struct slice_job {
	struct dcor_pick	*pick;		/* NULL: all events */
	struct dcor_filter	 filter;
	int			 sampled;
	uint64_t		 sample, seed;
	uint64_t		 limit;
	struct dcor_names	 features;	/* patterns; none: default */
	const struct slice_format *format;
	int			 header;
};

struct slice {
	struct dcor_pool	*pool;
	int			 force, json;
	struct dcor_names	 meta, logs, tables;	/* patterns */
	int			 level;			/* of compression */
	int			 basin;			/* to the source */
	struct dcor_names	 strip;			/* of a measurement */
};

/* A part that is being written. */
struct slice_work {
	const struct slice	*s;
	const struct slice_job	*j;
	struct dcor_rtdc	*m;
	const char		*name;
	const struct dcor_sel	*sel;
	const struct dcor_names	*features;	/* NULL: all there is */
	FILE			*to;
	const char		*path;
};

enum {
	SLICE_STREAM = 1,	/* goes to w->to; else makes w->path, by
				 * itself and in one piece */
	SLICE_TEXT = 2,		/* parts of several may follow each other */
	SLICE_SCALARS = 4,	/* takes numbers only */
	SLICE_PATTERN = 8	/* w->path stands for many files */
};

/* A kind of output. */
struct slice_format {
	const char	*name;			/* of --format */
	const char	*suffixes;		/* ".tsv .txt", of -o */
	const char	*usual;			/* features; NULL: all */
	int		 flags;
	int		(*write)(const struct slice_work *w,
			    struct dcor_err *err);
};
/* By name or by the name of a file; NULL when there is none. */
const struct slice_format *slice_format_find(const char *name);
const struct slice_format *slice_format_of(const char *path);

void slice_job_fini(struct slice_job *j);
/* Options' arguments that requests have, too.  DCOR_EARG and others. */
int slice_job_events(struct slice_job *j, const char *list,
    struct dcor_err *err);
int slice_job_where(struct slice_job *j, const char *text,
    struct dcor_err *err);
int slice_job_features(struct slice_job *j, const char *list,
    struct dcor_err *err);
int slice_job_sample(struct slice_job *j, const char *text,
    struct dcor_err *err);
int slice_job_polys(struct slice_job *j, const char *path,
    struct dcor_err *err);
/* Adds the parts of a list, which commas separate. */
int slice_names_add(struct dcor_names *v, const char *list,
    struct dcor_err *err);
/* Whether one of the patterns matches. */
int slice_names_match(const struct dcor_names *v, const char *name);

/* Selects and writes; *events is how many there were. */
int slice_run(const struct slice *s, const struct slice_job *j,
    struct dcor_rtdc *m, const char *name, FILE *to, const char *path,
    uint64_t *events, struct dcor_err *err);

/* An output that appears when it is complete.  NULL, or an error. */
FILE *slice_out_open(const char *path, struct dcor_tmp **tmp,
    struct dcor_err *err);
int slice_out_close(FILE *fp, struct dcor_tmp *tmp, const char *path,
    int keep, int force, struct dcor_err *err);

/* Lists what is in a measurement, or prints some of it. */
int slice_list(const struct slice *s, struct dcor_rtdc *m, const char *name,
    struct dcor_err *err);
int slice_print(const struct slice *s, struct dcor_rtdc *m,
    const char *name, struct dcor_err *err);

/* Answers the requests on standard input.  An exit status. */
int slice_requests(const struct slice *s, const struct slice_job *base,
    int nul);

/* For long computations: shows progress, says whether to stop. */
int slice_tick(uint64_t done);

#endif /* DCOR_CMD_SLICE_H */

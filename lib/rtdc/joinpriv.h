/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * joinpriv.h - what the parts of joining share
 *
 * Private to rtdc/join*.c.
 */
#ifndef DCOR_RTDC_JOINPRIV_H
#define DCOR_RTDC_JOINPRIV_H

#include "rtdc/file.h"
#include "rtdc/h5out.h"
#include "rtdc/join.h"

/* What becomes of the values of a feature. */
enum join_kind {
	JOIN_COPY, JOIN_TIME, JOIN_FRAME, JOIN_ONLINE, JOIN_INDEX
};

/* Where one input has a feature. */
struct join_src {
	struct dcor_feature f;		/* set NULL: nothing to read */
	struct dcor_h5type type;	/* of its elements, native order */
	int		 from_frame;	/* JOIN_TIME: divide by the rate */
};

struct join_feat {
	char		*name;		/* "image", "trace/fl1_raw" */
	enum join_kind	 kind;
	int		 internal;	/* rows of /basin_events */
	struct join_src	*src;		/* one an input */
	struct dcor_h5type type;	/* in the result */
	unsigned	 rank;		/* of the dataset */
	uint64_t	 item[2];
	uint64_t	 per_row;	/* elements */
};

struct join_in {
	struct dcor_join_input pub;
	struct dcor_rtdc *m;
	size_t		 place;		/* among the names given */
	int64_t		 sec;		/* start: seconds, ... */
	double		 frac;		/* and a part of one */
	int64_t		 run;		/* run index */
	double		 rate;		/* frames a second; 0: unknown */
	uint64_t	 online;	/* added to index_online */
	struct dcor_names names;	/* of the features it stores */
	uint64_t	 longest;	/* rows of one of them */
};

struct dcor_join {
	const struct dcor_join_opts *o;
	struct join_in	*in;
	size_t		 n;
	uint64_t	 events;
	struct join_feat *feat;
	size_t		 nfeat;
	int		 contours;	/* each event has one */
	struct dcor_names note;
	uint64_t	 done;		/* bytes */
};

/* Adds a remark; quietly not when memory is out. */
void dcor_join_remark(struct dcor_join *j, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* The type of the elements of d in native byte order, booleans as bytes;
 * 0 when they are no numbers (joinnames.c). */
int dcor_join_type(const struct dcor_dset *d, struct dcor_h5type *t);

/* The names of the features that an input stores (joinnames.c). */
int dcor_join_names(struct dcor_join *j, struct join_in *in,
    struct dcor_err *err);

/* Decides about features and numbers of events (joinplan.c). */
int dcor_join_plan(struct dcor_join *j, struct dcor_err *err);

/* Whether an input has events that count (joinplan.c). */
int dcor_join_counts(const struct join_in *in);

/* Decides about contours, writes them (joincontour.c). */
int dcor_join_plan_contours(struct dcor_join *j, struct dcor_err *err);
int dcor_join_contours(struct dcor_join *j, struct dcor_h5out *out,
    struct dcor_err *err);

/* Writes the rows of a feature (joindata.c). */
int dcor_join_rows(struct dcor_join *j, const struct join_feat *f,
    struct dcor_h5out *out, struct dcor_err *err);

/* Writes mappings and definitions of the internal basins (joinbasin.c). */
int dcor_join_basins(struct dcor_join *j, struct dcor_h5out *out,
    struct dcor_err *err);

/* Says where metadata differ that should not (joinmeta.c). */
int dcor_join_compare(struct dcor_join *j, struct dcor_err *err);

/* Writes attributes, logs and tables (joinmeta.c). */
int dcor_join_meta(struct dcor_join *j, struct dcor_h5out *out,
    struct dcor_err *err);

/* The metadata of a measurement as lines of text (joincfg.c). */
int dcor_join_cfg(struct dcor_rtdc *m, struct dcor_names *lines,
    struct dcor_err *err);

/* DCOR_ETEMP once the user wants to stop. */
int dcor_join_stopped(const struct dcor_join *j, struct dcor_err *err);

#endif /* DCOR_RTDC_JOINPRIV_H */

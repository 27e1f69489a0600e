/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * join.h - several measurements, one after the other, as one
 *
 * The order is that of recording: date and time, then run index, then that
 * of the names given.  The result has
 *  - the features that all inputs store, in /events or as internal basins,
 *    which stay such; `time' and `frame' go on as the clock did between the
 *    starts, `index_online' behind the highest number before, `index' is 1,
 *    2, 3, ...; `time' is frame / frame rate where it is missing or wrong;
 *  - types that hold all values: nothing is rounded or cut;
 *  - logs and tables of input i as src-#i_NAME, its metadata as src-#i_cfg;
 *  - the metadata of the first input, run index 1 and an identifier of its
 *    own that begins with the first input's.
 * What is left out is said in notes and in the log dcor-join-warnings.
 * Inputs without events add logs and tables and ask for no features.
 *
 * Memory: two blocks of one chunk for each worker, 32 chunks that are being
 * compressed, 16 bytes an event for each feature of an internal basin, 1 MB
 * for each input: all are open at the same time.
 */
#ifndef DCOR_RTDC_JOIN_H
#define DCOR_RTDC_JOIN_H

#include "base/pool.h"
#include "rtdc/file.h"

struct dcor_join_opts {
	const char	*const *in;	/* names of measurements */
	size_t		 n;
	/* Opens one; NULL: dcor_rtdc_open. */
	int		(*open)(const char *name, struct dcor_rtdc **out,
			    struct dcor_err *err);
	int		 level;		/* Zstandard 1 ... 9; 0: none */
	int		 drain;		/* copy what the basins list that are
					 * other files */
	struct dcor_pool *pool;
	const char	*software;	/* "dcor-tools 0.1.0" */
	/* Called by the owner of the pool, now and then; may be NULL. */
	void		(*progress)(void *ctx, uint64_t done);
	/* Whether to give up (DCOR_ETEMP "interrupted"); may be NULL. */
	int		(*stopped)(void *ctx);
	void		*ctx;
};

/* An input, in the order of the result. */
struct dcor_join_input {
	const char	*name;
	uint64_t	 events;
	uint64_t	 first;		/* its first event in the result */
	double		 offset;	/* seconds after the first input */
	uint64_t	 frames;	/* added to `frame' */
};

/* Opened inputs and everything that is decided before the work. */
struct dcor_join;

/*
 * Opens the inputs, two or more, and makes the plan.  Images or traces of
 * different sizes, a date or time that is missing: DCOR_EDATA.  opts and
 * what it points to must live as long.  Ownership: dcor_join_close.
 */
int dcor_join_open(const struct dcor_join_opts *opts, struct dcor_join **out,
    struct dcor_err *err);
void dcor_join_close(struct dcor_join *j);

/* NULL after the last. */
const struct dcor_join_input *dcor_join_input(const struct dcor_join *j,
    size_t i);
const char *dcor_join_feature(const struct dcor_join *j, size_t i);
const char *dcor_join_note(const struct dcor_join *j, size_t i);
uint64_t dcor_join_events(const struct dcor_join *j);
/* Bytes of events, as they are counted by progress. */
uint64_t dcor_join_bytes(const struct dcor_join *j);

/*
 * Does the work and writes the result to path, which appears complete or
 * not at all.  An existing file is replaced if asked to and refused
 * (DCOR_ECREATE) otherwise.
 */
int dcor_join_run(struct dcor_join *j, const char *path, int replace,
    struct dcor_err *err);

#endif /* DCOR_RTDC_JOIN_H */

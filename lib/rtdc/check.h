/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * check.h - whether a measurement is complete and sound
 *
 * All rules of dclab's integrity check, with its verdicts and its words,
 * and rules of our own about what dclab does not look at.  The source of
 * the former is dclab 0.73 (rtdc_dataset/check.py and what it calls).
 */
#ifndef DCOR_RTDC_CHECK_H
#define DCOR_RTDC_CHECK_H

#include "base/pool.h"
#include "rtdc/h5.h"

enum dcor_cuelevel {
	DCOR_CUE_VIOLATION,	/* the measurement is not valid */
	DCOR_CUE_ALERT,		/* something that is to be looked at */
	DCOR_CUE_INFO,
	DCOR_CUE_STOP		/* text is the exception that ends dclab's
				 * check here; ours goes on */
};

/* Who has something to say. */
enum { DCOR_CUE_DCLAB = 1, DCOR_CUE_OURS = 2, DCOR_CUE_BOTH = 3 };

struct dcor_cue {
	enum dcor_cuelevel level;
	unsigned	 who;
	const char	*rule;		/* dclab's name less "check_", ours */
	char		*key;		/* "section:key", object, or NULL */
	char		*text;		/* one line of UTF-8 */
};

/* What was found, in the order of level, then text. */
struct dcor_cues {
	struct dcor_cue	*v;
	size_t		 n, room;
	uint64_t	 events;	/* how many the file says it has */
	uint64_t	 damaged;	/* things that cannot be read */
	/* of --deep: */
	uint64_t	 datasets, chunks, summed, bytes;
};

struct dcor_check_opts {
	int		 deep;		/* read all data */
	struct dcor_pool *pool;		/* needed if deep */
	/* May be NULL.  Bytes of the file that were read; whether to stop,
	 * which is DCOR_ETEMP then. */
	void		(*progress)(void *ctx, uint64_t bytes);
	int		(*stopped)(void *ctx);
	void		*ctx;
};

/*
 * Checks the file at path.  What is wrong with it is in *out and no error,
 * not even if it is no HDF5 file.  Memory: metadata, and if deep for each
 * worker twice the size of the largest chunk.
 * Ownership: dcor_cues_fini frees what *out holds, also after an error.
 */
int dcor_check(const char *path, const struct dcor_check_opts *opts,
    struct dcor_cues *out, struct dcor_err *err);
void dcor_cues_fini(struct dcor_cues *cues);

#endif /* DCOR_RTDC_CHECK_H */

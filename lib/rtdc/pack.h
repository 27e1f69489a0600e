/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * pack.h - a file written anew: other compression, less in it, the same
 * values
 *
 * Everything is kept that is not said to go: groups, datasets, attributes,
 * links and committed types that nobody here understands as well.  Only
 * references become null or, in attributes, go.  The
 * bytes of the result depend on the input and the options alone.
 */
#ifndef DCOR_RTDC_PACK_H
#define DCOR_RTDC_PACK_H

#include "rtdc/h5out.h"

enum dcor_pack_drop {		/* bits */
	DCOR_DROP_LOGS = 1, DCOR_DROP_TABLES = 2,
	DCOR_DROP_BASINS = 4,	/* all but internal basins, and their maps */
	DCOR_DROP_INTERNAL = 8,	/* internal basins, their data and maps */
	DCOR_DROP_UNKNOWN = 16,	/* what no measurement has */
	DCOR_DROP_IMAGES = 32	/* what is not one number an event; internal
				 * basins forget it */
};

struct dcor_pack {
	struct dcor_pool *pool;
	int		 level;		/* as in struct dcor_h5spec */
	uint64_t	 chunk_bytes;	/* of a chunk, decoded; 0: as it is */
	uint64_t	 page;		/* as in dcor_h5out_create_paged */
	unsigned	 drop;
	const char *const *strip;	/* shell patterns of paths; without a
					 * slash: of features */
	size_t		 nstrip;
	int		 (*stopped)(void *ctx);	/* may be NULL */
	void		 (*progress)(void *ctx, uint64_t bytes);
	void		*ctx;
	/* adds to the copy before it is closed; may be NULL */
	int		 (*add)(void *add_ctx, struct dcor_h5out *o,
			    struct dcor_err *err);
	void		*add_ctx;
};

struct dcor_pack_stats {
	uint64_t	 datasets;	/* in the result */
	uint64_t	 stored;	/* of them taken as stored, */
	uint64_t	 verbatim;	/* by libhdf5; the others anew */
	uint64_t	 dropped;	/* objects and links */
	uint64_t	 bytes;		/* decoded, of those with chunks */
};

/* What dcor_pack_copy would do. */
int dcor_pack_plan(struct dcor_h5 *in, const struct dcor_pack *p,
    struct dcor_pack_stats *st, struct dcor_err *err);

/*
 * Copies everything to a file that has nothing yet.  DCOR_ETEMP: stopped.
 * Memory: 64 MiB of chunks on their way, or two chunks, and what the
 * chunk indexes of 256 datasets take.
 */
int dcor_pack_copy(struct dcor_h5out *o, struct dcor_h5 *in,
    const struct dcor_pack *p, struct dcor_pack_stats *st,
    struct dcor_err *err);

/* The same to a path, which appears when it is complete and may be that of
 * in.  DCOR_ECREATE when it exists and may not be replaced. */
int dcor_pack_file(struct dcor_h5 *in, const char *out, int replace,
    const struct dcor_pack *p, struct dcor_pack_stats *st,
    struct dcor_err *err);

#endif /* DCOR_RTDC_PACK_H */

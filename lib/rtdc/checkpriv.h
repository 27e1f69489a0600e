/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * checkpriv.h - what the files of the check share
 *
 * Private to rtdc/check*.c.
 */
#ifndef DCOR_RTDC_CHECKPRIV_H
#define DCOR_RTDC_CHECKPRIV_H

#include "rtdc/basin.h"
#include "rtdc/check.h"
#include "rtdc/checkval.h"
#include "rtdc/file.h"
#include "rtdc/h5attr.h"

#define DCOR_CHECK_PATH	4096	/* bytes in a path in the file */
/* A root attribute as it is stored. */
struct dcor_checkattr {
	char		*name;
	struct dcor_val	 v;
};

/* One key of the configuration. */
struct dcor_conf {
	char		*section, *key;
	struct dcor_val	 v;
};

/* A feature that the file has: where, or why it cannot be reached. */
struct dcor_checkfeat {
	char		 path[DCOR_CHECK_PATH];	/* of the object */
	enum dcor_h5kind kind;
	struct dcor_h5dset info;	/* if a dataset */
	char		 map[DCOR_CHECK_PATH];	/* "": not mapped */
	uint64_t	 rows;		/* of the map, or the dataset */
};

struct dcor_checking {
	struct dcor_rtdc *m;
	struct dcor_h5	*h;		/* of m */
	const struct dcor_check_opts *opts;
	struct dcor_cues *out;
	struct dcor_checkattr *attr;	/* of the root, by name */
	size_t		 nattr;
	struct dcor_conf *conf;
	size_t		 nconf;
	struct dcor_names events;	/* all members */
	int		 no_events;	/* there is no such group */
	struct dcor_basin *basin;
	size_t		 nbasin;
	uint64_t	 n;		/* events */
	int		 stopped;	/* dclab's check has ended */
	int		 nomem;
};

/* Adds a cue; key may be NULL. */
void dcor_check_add(struct dcor_checking *c, unsigned who,
    enum dcor_cuelevel level, const char *rule, const char *key,
    const char *fmt, ...) __attribute__((format(printf, 6, 7)));
/* The exception that ends dclab's check: the first one counts. */
void dcor_check_stop(struct dcor_checking *c, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* Something that cannot be read; data of a dataset at path. */
void dcor_check_damage(struct dcor_checking *c, const char *key,
    const struct dcor_err *why);
void dcor_check_unread(struct dcor_checking *c, const char *path,
    const struct dcor_err *why);

/* The hard-linked path of the object that path leads to, soft links
 * followed inside the file, and its kind: DCOR_H5_OTHER for a named type;
 * DCOR_H5_ABSENT with another file's name in file, or "" if there is
 * nothing.  Both buffers have DCOR_CHECK_PATH bytes. */
enum dcor_h5kind dcor_check_resolve(struct dcor_checking *c,
    const char *path, char *out, char *file);

/* Shape, type and filters of the dataset at a hard-linked path. */
int dcor_check_info(struct dcor_checking *c, const char *path,
    struct dcor_h5dset *out, struct dcor_err *err);
/* Refuses filters with which libhdf5 crashes when their parameters are
 * damaged; to be asked before it reads anything. */
int dcor_check_filters(const struct dcor_h5dset *d, struct dcor_err *err);
int dcor_check_open(struct dcor_checking *c, const char *path,
    struct dcor_dset **out, struct dcor_err *err);

/* The root attributes, into c (checkattr.c). */
int dcor_check_attrs(struct dcor_checking *c, struct dcor_err *err);
void dcor_check_conf(struct dcor_checking *c);		/* checkconf.c */
void dcor_check_types(struct dcor_checking *c);
const struct dcor_val *dcor_check_get(const struct dcor_checking *c,
    const char *section, const char *key);
int dcor_check_has_section(const struct dcor_checking *c,
    const char *section);
const char *dcor_check_text(const struct dcor_checking *c,
    const char *section, const char *key);	/* "" if there is none */

/* Whether dclab finds it among the events (checkfind.c). */
int dcor_check_stored(struct dcor_checking *c, const char *name);
/* 1 if there is one by this name, in the events or in an internal basin.
 * Ownership: dcor_check_done. */
int dcor_check_find(struct dcor_checking *c, const char *name,
    struct dcor_checkfeat *out);
void dcor_check_done(struct dcor_checkfeat *f);
int dcor_check_has(struct dcor_checking *c, const char *name);
int dcor_check_fluorescent(struct dcor_checking *c);
/* Hands the first n values of a scalar feature to fn, block by block; -1
 * (and a cue) when they cannot be read. */
int dcor_check_each(struct dcor_checking *c, const struct dcor_checkfeat *f,
    uint64_t n, void (*fn)(void *arg, const double *v, size_t n), void *arg);

void dcor_check_tree(struct dcor_checking *c);		/* checktree.c */
void dcor_check_basins(struct dcor_checking *c);
void dcor_check_features(struct dcor_checking *c);	/* checkfeat.c */
void dcor_check_roi(struct dcor_checking *c);
void dcor_check_scores(struct dcor_checking *c);
void dcor_check_fluor(struct dcor_checking *c);		/* checkfluor.c */
void dcor_check_meta(struct dcor_checking *c);		/* checkmeta.c */
void dcor_check_format(struct dcor_checking *c);	/* checktree.c */
void dcor_check_more(struct dcor_checking *c);		/* checkmore.c */
void dcor_check_values(struct dcor_checking *c);
/* Reads all that is stored (checkdeep.c). */
int dcor_check_deep(struct dcor_checking *c, struct dcor_err *err);

#endif /* DCOR_RTDC_CHECKPRIV_H */

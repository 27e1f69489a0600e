/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * archive.h - what the files of dcor-archive have in common
 */
#ifndef DCOR_CMD_ARCHIVE_H
#define DCOR_CMD_ARCHIVE_H

#include "arch/archive.h"
#include "arch/conf.h"
#include "arch/select.h"
#include "base/json.h"
#include "net/s3.h"

enum archive_mode { MODE_RUN, MODE_LIST, MODE_VERIFY, MODE_RESTORE,
	MODE_REPORT, MODE_REBUILD };

struct archive_settings {
	enum archive_mode	 mode;
	const char		*profiles, *archive, *job, *out;
	struct dcor_arch_select	 sel;
	uint64_t		 budget_bytes;
	int64_t			 budget_seconds;
	unsigned		 inflight;
	int			 dry, force, json;
	int64_t			 now;
	struct dcor_arch_job	*jobs;
	uint64_t		 failed;	/* objects, so far */
};
extern struct archive_settings set;

/* The store of a job. */
struct archive_store {
	struct dcor_site	*site;
	struct dcor_http	*http;
	struct dcor_s3		*s3;
};
int archive_store_open(const struct dcor_arch_job *j,
    struct archive_store *s, struct dcor_err *err)
    __attribute__((warn_unused_result));
void archive_store_close(struct archive_store *s);

/* A record on standard output; what: its first field or type.  e and where:
 * for the whole of what is known, or NULL. */
void archive_print(const char *what, const struct dcor_arch_rec *r,
    const struct dcor_arch_ent *e, const char *where);
/* The line about an object that failed. */
void archive_complain(const struct dcor_arch_rec *r,
    const struct dcor_err *err);

/* --list, --verify, --restore; --report.  j may be NULL. */
int archive_use(struct dcor_arch *a, const struct dcor_arch_job *j,
    struct dcor_err *err) __attribute__((warn_unused_result));
int archive_report(struct dcor_arch *a, struct dcor_err *err)
    __attribute__((warn_unused_result));

#endif /* DCOR_CMD_ARCHIVE_H */

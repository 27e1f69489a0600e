/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * conf.h - what is to be archived where: dcor-archive(5)
 *
 * A file ".conf" is read as archive-s3 has it, a directory as the ".conf"
 * and ".yaml" files in it, everything else as YAML.
 */
#ifndef DCOR_ARCH_CONF_H
#define DCOR_ARCH_CONF_H

#include <stdint.h>

#include "arch/pattern.h"
#include "net/cred.h"

struct dcor_arch_job {
	char			*name, *archive;	/* archive: DIR */
	struct dcor_pattern	*buckets, *objects;	/* NULL: all */
	uint64_t		 small;		/* bytes from which an object
						 * is a file of its own */
	uint64_t		 bundle;	/* bytes of a bundle */
	uint64_t		 quota;		/* bytes in the store, or 0 */
	/* where the objects are */
	char			*profile, *endpoint, *region, *addressing;
	char			*ca_file;
	char			*id, *secret;	/* of archive-s3's file */
	struct dcor_arch_job	*next;
};

/*
 * Appends the jobs of path to *jobs.  DCOR_ENOENT; DCOR_ECONF with file and
 * line; DCOR_EPERM for a file with keys that others may read.
 * Ownership: dcor_arch_jobs_free, which wipes secrets; also after failure.
 */
int dcor_arch_jobs_load(const char *path, struct dcor_arch_job **jobs,
    struct dcor_err *err) __attribute__((warn_unused_result));
void dcor_arch_jobs_free(struct dcor_arch_job *jobs);

/* DCOR_ECONF when two jobs have one name, or one archive and different
 * stores: the same bucket could be two. */
int dcor_arch_jobs_check(const struct dcor_arch_job *jobs,
    struct dcor_err *err) __attribute__((warn_unused_result));

/* The store of a job; config: of profiles, or NULL.
 * Ownership: dcor_site_free. */
int dcor_arch_job_site(const struct dcor_arch_job *j, const char *config,
    struct dcor_site **out, struct dcor_err *err)
    __attribute__((warn_unused_result));

#endif /* DCOR_ARCH_CONF_H */

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * credsrc.h - the sources of credentials, for net/cred.c and net/site.c
 */
#ifndef DCOR_NET_CREDSRC_H
#define DCOR_NET_CREDSRC_H

#include "net/cred.h"

/* Keys as they were read.  Ownership: dcor_keyset_wipe. */
struct dcor_keyset {
	char	*id, *secret, *token;	/* token: NULL when there is none */
	char	*origin;		/* for a person */
	int64_t	 until;			/* seconds since 1970; 0: for ever */
};
void dcor_keyset_wipe(struct dcor_keyset *ks);

/* Copies; "" is NULL.  No key at all is DCOR_ENOENT without a message, one
 * of two is DCOR_EPERM: another source would be another person. */
int dcor_keyset_set(struct dcor_keyset *ks, const char *id,
    const char *secret, const char *token, const char *origin,
    struct dcor_err *err) __attribute__((warn_unused_result));

/* What a program answers: JSON as botocore's credential_process. */
int dcor_keyset_command(struct dcor_keyset *ks, char *const argv[],
    const char *origin, struct dcor_err *err)
    __attribute__((warn_unused_result));

/* Our own file: YAML, a mapping from profiles to keys.  DCOR_ENOENT, with
 * no message when only the entry is missing. */
int dcor_keyset_file(struct dcor_keyset *ks, const char *path,
    const char *profile, struct dcor_err *err)
    __attribute__((warn_unused_result));

/* A profile of ~/.aws/config and ~/.aws/credentials.  With keys the latter
 * must be a file that only its owner can read. */
struct dcor_aws;
int dcor_aws_open(const char *profile, int keys, struct dcor_aws **out,
    struct dcor_err *err) __attribute__((warn_unused_result));
void dcor_aws_close(struct dcor_aws *a);
int dcor_aws_found(const struct dcor_aws *a);
/* DCOR_ECONF "aws profile X: in neither A nor B". */
int dcor_aws_missing(const struct dcor_aws *a, struct dcor_err *err);
/* A setting, or one below it; NULL when it is not there. */
const char *dcor_aws_get(const struct dcor_aws *a, const char *key,
    const char *sub);
/* The endpoint for S3, from [services] or the profile; NULL: none. */
int dcor_aws_endpoint(const struct dcor_aws *a, const char **out,
    struct dcor_err *err) __attribute__((warn_unused_result));
/* DCOR_ENOENT without a message: no keys. */
int dcor_aws_keys(const struct dcor_aws *a, struct dcor_keyset *ks,
    struct dcor_err *err) __attribute__((warn_unused_result));

/* Where keys come from, so that they can be read again. */
struct dcor_credsrc {
	const char	*file;		/* our own file, */
	const char	*aws;		/* or a profile of AWS, */
	char		**argv;		/* or a command */
	const char	*profile;	/* in file */
	const char	*origin;	/* of a command */
};
/* DCOR_ENOENT as the sources have it. */
int dcor_cred_from(const struct dcor_credsrc *src, struct dcor_cred **out,
    struct dcor_err *err) __attribute__((warn_unused_result));

/* name as a path: "~/" is the home directory, a relative one is in dir
 * (NULL: here).  Ownership: free. */
int dcor_cred_path(const char *dir, const char *name, char **out,
    struct dcor_err *err) __attribute__((warn_unused_result));

#endif /* DCOR_NET_CREDSRC_H */

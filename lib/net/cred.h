/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cred.h - who we are to a server, and where the server is: the one place
 * that reads configuration, credentials and the environment for them
 *
 * For each value the first of these that has it wins, alone: the command
 * line, the environment, the profile in the user's file, the system's file,
 * the default.  dcor-config(5) is the user's view.
 */
#ifndef DCOR_NET_CRED_H
#define DCOR_NET_CRED_H

#include <stdint.h>

#include "base/file.h"		/* dcor_secret_read */
#include "net/sigv4.h"

/* What the command line said; NULL: nothing. */
struct dcor_site_args {
	const char	*config;	/* -c; "" or "/dev/null": no file */
	const char	*profile;	/* -p */
	const char	*endpoint, *region, *addressing;
	const char	*ca_file;
	const char	*server;	/* -s; of DCOR */
	const char	*system;	/* NULL: DCOR_SYSTEM_CONFIG */
};
#define DCOR_SYSTEM_CONFIG "/etc/dcor/config.yaml"

/*
 * A site: one object store (and, later, one DCOR server).  All strings are
 * owned by the site; NULL: not given.
 */
struct dcor_site {
	char		*profile;	/* name, or NULL */
	char		*server;	/* DCOR server, https://HOST */
	char		*endpoint;	/* https://HOST[:PORT][/PREFIX] */
	char		*region;	/* never NULL; "us-east-1" */
	int		 virtual_host;	/* bucket in the host name */
	char		*ca_file;	/* CA bundle; NULL: libcurl's own */
	struct dcor_cred *cred;		/* NULL: anonymous */
};

/*
 * Resolves a site.  With need_cred credentials must be there: DCOR_EPERM
 * that says where they were looked for.  A file with a secret that others
 * may read is DCOR_EPERM with the chmod line; a bad file is DCOR_ECONF with
 * its name and line.
 * Ownership: dcor_site_free, which wipes secrets.
 */
int dcor_site_open(const struct dcor_site_args *args, int need_cred,
    struct dcor_site **out, struct dcor_err *err)
    __attribute__((warn_unused_result));
void dcor_site_free(struct dcor_site *s);

/*
 * Credentials that may end: less than five minutes before, they are read
 * again (file, command); while that fails the old ones serve, and after
 * their end it is DCOR_EPERM.  *keys is borrowed until the next call.
 * *serial changes when the keys do.
 */
struct dcor_cred;
int dcor_cred_keys(struct dcor_cred *c, struct dcor_keys *keys,
    uint64_t *serial, struct dcor_err *err)
    __attribute__((warn_unused_result));
/* Where they come from, for a person: "AWS_ACCESS_KEY_ID",
 * "DIR/.aws/credentials [default]"; borrowed. */
const char *dcor_cred_origin(const struct dcor_cred *c);
/* Keys given by the caller (copied; an archive's own configuration). */
int dcor_cred_fixed(const struct dcor_keys *keys, const char *origin,
    struct dcor_cred **out, struct dcor_err *err)
    __attribute__((warn_unused_result));
void dcor_cred_free(struct dcor_cred *c);

#endif /* DCOR_NET_CRED_H */

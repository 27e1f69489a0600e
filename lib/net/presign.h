/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * presign.h - pre-signed URLs of objects: whoever has one may do with the
 * object what it says, until it ends
 *
 * The URLs are those of boto3, byte for byte: bucket in the path or in the
 * host name, the latter only where that can work (no capitals, no IP address
 * for a host, over TLS no dots).
 */
#ifndef DCOR_NET_PRESIGN_H
#define DCOR_NET_PRESIGN_H

#include "net/sigv4.h"

/*
 * A store and who signs for it.  endpoint: http[s]://HOST[:PORT][/PREFIX], or
 * NULL for AWS; version: 4 or 2.  DCOR_ECONF: a bad endpoint.
 * It keeps a copy of the keys.  Ownership: dcor_presign_free wipes and frees.
 */
struct dcor_presign;
int dcor_presign_new(const struct dcor_keys *keys, const char *endpoint,
    const char *region, int virtual_host, int version,
    struct dcor_presign **out, struct dcor_err *err)
    __attribute__((warn_unused_result));
void dcor_presign_free(struct dcor_presign *p);

struct dcor_presign_req {
	const char	*method;
	const char	*bucket, *key;
	const struct dcor_pair *query;	/* not encoded */
	size_t		 nquery;
	int64_t		 when;		/* of signing, seconds since 1970 */
	int64_t		 expires;	/* seconds after that */
};

/* Appends the URL. */
int dcor_presign_url(struct dcor_presign *p,
    const struct dcor_presign_req *r, struct dcor_buf *out,
    struct dcor_err *err) __attribute__((warn_unused_result));

/* What was signed; version 2 has no canonical request. */
int dcor_presign_explain(struct dcor_presign *p,
    const struct dcor_presign_req *r, struct dcor_buf *canonical,
    struct dcor_buf *tosign, struct dcor_err *err)
    __attribute__((warn_unused_result));

/* Whether the last request's bucket is in the host name. */
int dcor_presign_is_virtual(const struct dcor_presign *p);

#endif /* DCOR_NET_PRESIGN_H */

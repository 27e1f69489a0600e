/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * url.h - URLs as S3 and CKAN use them (RFC 3986, RFC 3987 not)
 *
 * A URL that was received is sent byte for byte: nothing here decodes and
 * encodes again what somebody else has signed.  Path and query stay as they
 * were written.
 */
#ifndef DCOR_NET_URL_H
#define DCOR_NET_URL_H

#include "base/buf.h"

#define DCOR_URL_MAX	16384	/* longest URL that is accepted, bytes */

struct dcor_url {
	char		*scheme;	/* lower case: "http", "https", "s3" */
	char		*host;		/* lower case; IPv6 with its brackets */
	int		 port;		/* as written, or the scheme's own; 0 */
	int		 port_given;	/* and it is not the scheme's own */
	char		*path;		/* as written; "/" when empty */
	char		*query;		/* as written, without '?'; or NULL */
};

/*
 * Takes text apart; a fragment is dropped.  DCOR_EARG for what is no
 * absolute URL with a host, for user information (it would be a secret in
 * the wrong place), control bytes, blanks, and more than DCOR_URL_MAX.
 * Messages never hold the query.
 * Ownership: dcor_url_fini frees the members; on failure there is nothing
 * to free.
 */
int dcor_url_parse(const char *text, struct dcor_url *out,
    struct dcor_err *err) __attribute__((warn_unused_result));
void dcor_url_fini(struct dcor_url *u);

/* "host" or "host:port" as the header Host and signatures have it. */
int dcor_url_host(const struct dcor_url *u, struct dcor_buf *out);

/* Whether a host is an address, which has no subdomains. */
int dcor_url_is_address(const char *host);

/* Whether scheme, host and port are equal: what may see the same secrets. */
int dcor_url_same_origin(const struct dcor_url *a, const struct dcor_url *b);

/*
 * The target of a redirect: reference (absolute or relative, RFC 3986 5.2)
 * seen from base.  Only http and https; from https never to http:
 * DCOR_EPROTO.
 */
int dcor_url_resolve(const char *base, const char *reference,
    struct dcor_buf *out, struct dcor_err *err)
    __attribute__((warn_unused_result));

/* text fit for a message: what follows '?' cut, as is user information and
 * a fragment; control bytes as '?'. */
void dcor_url_redact(const char *text, struct dcor_buf *out);

/* Percent-encodes n bytes: all but A-Z a-z 0-9 - . _ ~ and the bytes of
 * keep.  Upper-case digits, a blank is %20. */
int dcor_pct_encode(struct dcor_buf *out, const void *p, size_t n,
    const char *keep);
/* Decodes n bytes ('+' stays '+').  DCOR_EDATA: '%' without two digits. */
int dcor_pct_decode(struct dcor_buf *out, const char *p, size_t n);

/*
 * The parameters of a query, in its order: *next is the query at the start;
 * the name and value (encoded; a missing value has length 0) are borrowed.
 * Returns 0 after the last.
 */
struct dcor_param {
	const char	*name, *value;
	size_t		 nname, nvalue;
};
int dcor_url_param(const char **next, struct dcor_param *out);
/* The decoded value of the parameter with that name, compared without
 * regard to case; 0, DCOR_ENOENT, DCOR_EDATA (twice, or not encoded). */
int dcor_url_get(const char *query, const char *name, struct dcor_buf *out);

/*
 * s3://BUCKET/KEY: the bucket's name is checked (3 to 255 of A-Za-z0-9._-,
 * the looser rule that Ceph has), the key is every byte after the next '/',
 * taken as it stands: no '%', '?' or '#' has a meaning in it.
 * *key is borrowed from text and may be empty.
 */
int dcor_s3url_parse(const char *text, char bucket[256], const char **key,
    struct dcor_err *err) __attribute__((warn_unused_result));

#endif /* DCOR_NET_URL_H */

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sigv4.h - signatures of S3 requests
 *
 * AWS Signature Version 4 in headers and in the query, as S3 wants it: the
 * path is encoded once and never normalised (AWS, "Authenticating Requests
 * (AWS Signature Version 4)", Amazon S3 API Reference).  Version 2 query
 * signatures (RestAuthentication.html) for servers that still hand them out.
 */
#ifndef DCOR_NET_SIGV4_H
#define DCOR_NET_SIGV4_H

#include <stdint.h>

#include "base/buf.h"

#define DCOR_SIGV4_MAX_EXPIRES	604800	/* seconds; every server's limit */
#define DCOR_UNSIGNED		"UNSIGNED-PAYLOAD"

/* Who signs.  Borrowed strings; the secret is bytes as they stand. */
struct dcor_keys {
	const char	*id;
	const char	*secret;
	const char	*token;		/* session token, or NULL */
};

/*
 * A signer holds the keys derived for one day, region and service, so that
 * the next signature of that day costs a few hashes.  It keeps a copy of the
 * keys.  The service is "s3"; for another one x-amz-content-sha256 is not
 * sent, and a query signature covers r->payload, as AWS has it.
 * Ownership: dcor_signer_free wipes and frees it.
 * Threads: one at a time.
 */
struct dcor_signer;
int dcor_signer_new(const struct dcor_keys *keys, const char *region,
    const char *service, struct dcor_signer **out, struct dcor_err *err)
    __attribute__((warn_unused_result));
void dcor_signer_free(struct dcor_signer *s);

/* A name and a value, neither encoded. */
struct dcor_pair {
	const char	*name;
	const char	*value;
};

/* What is signed.  Zero means absent. */
struct dcor_sigreq {
	const char	*method;
	const char	*host;		/* as the header Host has it */
	const char	*path;		/* encoded, as it is sent */
	const struct dcor_pair *query;	/* not encoded; any order */
	size_t		 nquery;
	const struct dcor_pair *headers; /* to sign beside host; any case */
	size_t		 nheaders;
	const char	*payload;	/* SHA-256 in hex, or DCOR_UNSIGNED */
	int64_t		 when;		/* seconds since 1970 */
};

/*
 * Header signature: appends the lines "Authorization: ...",
 * "x-amz-date: ...", "x-amz-content-sha256: ..." and, with a token,
 * "x-amz-security-token: ..." to out, each ended by a NUL.  The three
 * x-amz headers are signed and must not be among r->headers.
 */
int dcor_sigv4_headers(struct dcor_signer *s, const struct dcor_sigreq *r,
    struct dcor_buf *out, struct dcor_err *err)
    __attribute__((warn_unused_result));

/*
 * Query signature: appends the whole query (without '?'): r->query in the
 * caller's order, then X-Amz-Algorithm, -Credential, -Date, -Expires,
 * -SignedHeaders, (-Security-Token), -Signature; the order of boto3.
 * expires: 1 ... DCOR_SIGV4_MAX_EXPIRES seconds, else DCOR_EARG.  The
 * payload is UNSIGNED-PAYLOAD whatever r says.
 */
int dcor_sigv4_query(struct dcor_signer *s, const struct dcor_sigreq *r,
    int64_t expires, struct dcor_buf *out, struct dcor_err *err)
    __attribute__((warn_unused_result));

/* The canonical request and the string to sign of a query signature, or with
 * expires 0 of a header signature, for people who look for the byte that
 * differs.  Appends; no secret is in them, but a session token may be. */
int dcor_sigv4_explain(struct dcor_signer *s, const struct dcor_sigreq *r,
    int64_t expires, struct dcor_buf *canonical, struct dcor_buf *tosign,
    struct dcor_err *err) __attribute__((warn_unused_result));

/*
 * Version 2 query signature: appends the whole query, r->query first and then
 * "AWSAccessKeyId=...&Signature=...&Expires=..."; the order of boto3.  path
 * is encoded and starts with the bucket whatever the style of addressing;
 * only r->method, path, query (the subresources and response-* among it are
 * signed), headers (content-md5, content-type and x-amz-*) count.  expires:
 * seconds since 1970.  A parameter whose value is NULL has no '='.
 */
int dcor_sigv2_query(const struct dcor_keys *keys,
    const struct dcor_sigreq *r, int64_t expires, struct dcor_buf *out,
    struct dcor_err *err) __attribute__((warn_unused_result));
/* Its string to sign; see dcor_sigv4_explain. */
int dcor_sigv2_explain(const struct dcor_keys *keys,
    const struct dcor_sigreq *r, int64_t expires, struct dcor_buf *tosign,
    struct dcor_err *err) __attribute__((warn_unused_result));

/*
 * The headers of r that are signed and those of more, as signatures have
 * them: "name:value\n" with the names in lower case and sorted, the values
 * trimmed, equal names joined by a comma; with prefix only those whose names
 * begin so.  To names (if not NULL) go the names, "a;b".  DCOR_EARG: a name
 * or a value that cannot be in a header, or more than DCOR_SIG_MAX headers.
 */
#define DCOR_SIG_MAX	64	/* headers, and parameters, of a request */
int dcor_sig_headers(const struct dcor_sigreq *r,
    const struct dcor_pair *more, size_t nmore, const char *prefix,
    struct dcor_buf *out, struct dcor_buf *names, struct dcor_err *err)
    __attribute__((warn_unused_result));

/* What a pre-signed URL says about itself; nothing in it is verified. */
struct dcor_signed {
	int		 version;	/* 4, 2, or 0: not signed */
	char		 id[129];	/* access key id */
	char		 region[65];	/* V4 only */
	int64_t		 since;		/* V4 only: when it was signed */
	int64_t		 until;		/* when it ends; seconds since 1970 */
	int		 has_token;
	char		 headers[256];	/* V4: the headers that are signed */
};
/* DCOR_EDATA when a signature is there and malformed. */
int dcor_signed_parse(const char *query, struct dcor_signed *out,
    struct dcor_err *err) __attribute__((warn_unused_result));

#endif /* DCOR_NET_SIGV4_H */

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * s3.h - requests to an S3 object store: AWS, Ceph RGW, MinIO, OpenStack
 *
 * Keys are bytes: any but NUL, 1 to 1024 of them.  Messages start with
 * "s3://BUCKET/KEY: " and hold the server's code and sentence, never a
 * secret.  ETags are without quotes.
 */
#ifndef DCOR_NET_S3_H
#define DCOR_NET_S3_H

#include "net/cred.h"
#include "net/http.h"

struct dcor_s3;

/*
 * A store: site->endpoint (NULL: AWS in site->region), signed with
 * site->cred (NULL: not signed).  http and site are borrowed.
 * Ownership: dcor_s3_free.
 */
int dcor_s3_new(struct dcor_http *http, const struct dcor_site *site,
    struct dcor_s3 **out, struct dcor_err *err)
    __attribute__((warn_unused_result));
void dcor_s3_free(struct dcor_s3 *s);

/*
 * Any request.  Fill in http's method, flags, range, if_match, body, write,
 * max_body, done and arg; the rest of http (url, headers, prepare, judge) is
 * set by dcor_s3_start.  done's request pointer is &req->http.
 */
struct dcor_s3_req {
	struct dcor_http_req	 http;
	const char		*bucket;	/* NULL: the service */
	const char		*key;		/* NULL: the bucket */
	const struct dcor_pair	*query;
	size_t			 nquery;
	const struct dcor_pair	*headers;	/* signed */
	size_t			 nheaders;
	const char		*payload;	/* SHA-256 of the body in hex;
						 * NULL: of http.body if the
						 * connection is plain and the
						 * body short, else unsigned */
	int			 late;		/* an answer 200 may hold
						 * an error: read it */
	/* private */
	struct dcor_s3		*s3;
	struct dcor_http_req	 user;		/* http as it was given */
	struct dcor_buf		 url, host, path;
	char			 sha256[65];
	unsigned		 aimed;		/* at the region of then */
	int			 moved;
};
/* What is private is freed before done is called. */
int dcor_s3_start(struct dcor_s3 *s, struct dcor_s3_req *req,
    struct dcor_err *err) __attribute__((warn_unused_result));
/* The same and its end; as dcor_http_call. */
int dcor_s3_call(struct dcor_s3 *s, struct dcor_s3_req *req,
    struct dcor_http_resp **resp, struct dcor_err *err)
    __attribute__((warn_unused_result));

struct dcor_s3_object {
	char		*key;		/* NULL from dcor_s3_head */
	uint64_t	 size;
	int64_t		 mtime;		/* Last-Modified, seconds since 1970 */
	char		 etag[128];
};
/* DCOR_ENOENT when there is none. */
int dcor_s3_head(struct dcor_s3 *s, const char *bucket, const char *key,
    struct dcor_s3_object *out, struct dcor_err *err)
    __attribute__((warn_unused_result));

/* Calls fn for every object whose key starts with prefix (NULL: all) in the
 * order of their bytes; fn's object is borrowed; fn ends the listing by
 * returning non-zero, which is then returned.  The next page is asked for
 * while fn works on this one. */
int dcor_s3_list(struct dcor_s3 *s, const char *bucket, const char *prefix,
    int (*fn)(void *arg, const struct dcor_s3_object *o,
    struct dcor_err *err), void *arg, struct dcor_err *err)
    __attribute__((warn_unused_result));

/* The same for buckets, and for unfinished multipart uploads. */
int dcor_s3_buckets(struct dcor_s3 *s, int (*fn)(void *arg,
    const char *bucket, struct dcor_err *err), void *arg,
    struct dcor_err *err) __attribute__((warn_unused_result));
struct dcor_s3_pending {
	const char	*key, *upload_id;
	int64_t		 since;
};
int dcor_s3_pending(struct dcor_s3 *s, const char *bucket,
    const char *prefix, int (*fn)(void *arg, const struct dcor_s3_pending *p,
    struct dcor_err *err), void *arg, struct dcor_err *err)
    __attribute__((warn_unused_result));

/* Small and whole: an object of n bytes.  Its MD5 goes along, so that the
 * server refuses what arrives damaged. */
int dcor_s3_put(struct dcor_s3 *s, const char *bucket, const char *key,
    const void *p, size_t n, struct dcor_err *err)
    __attribute__((warn_unused_result));
int dcor_s3_delete(struct dcor_s3 *s, const char *bucket, const char *key,
    struct dcor_err *err) __attribute__((warn_unused_result));
/* On the server; only if the source still has etag (NULL: whatever). */
int dcor_s3_copy(struct dcor_s3 *s, const char *bucket, const char *key,
    const char *to_bucket, const char *to_key, const char *etag,
    struct dcor_err *err) __attribute__((warn_unused_result));
int dcor_s3_mkbucket(struct dcor_s3 *s, const char *bucket,
    struct dcor_err *err) __attribute__((warn_unused_result));
int dcor_s3_rmbucket(struct dcor_s3 *s, const char *bucket,
    struct dcor_err *err) __attribute__((warn_unused_result));

/* Tags: all of them, at most 10.  get appends "NAME=VALUE" strings, each
 * ended by a NUL, in the server's order. */
int dcor_s3_tags_get(struct dcor_s3 *s, const char *bucket, const char *key,
    struct dcor_buf *out, struct dcor_err *err)
    __attribute__((warn_unused_result));
int dcor_s3_tags_set(struct dcor_s3 *s, const char *bucket, const char *key,
    const struct dcor_pair *tags, size_t n, struct dcor_err *err)
    __attribute__((warn_unused_result));

/* The bucket's policy, JSON as it stands; NULL removes it. */
int dcor_s3_policy_get(struct dcor_s3 *s, const char *bucket,
    struct dcor_buf *out, struct dcor_err *err)
    __attribute__((warn_unused_result));
int dcor_s3_policy_set(struct dcor_s3 *s, const char *bucket,
    const char *json, struct dcor_err *err)
    __attribute__((warn_unused_result));

/* Multipart uploads, step by step; net/xfer.h does whole ones. */
int dcor_s3_mpu_create(struct dcor_s3 *s, const char *bucket,
    const char *key, struct dcor_buf *upload_id, struct dcor_err *err)
    __attribute__((warn_unused_result));
int dcor_s3_mpu_abort(struct dcor_s3 *s, const char *bucket,
    const char *key, const char *upload_id, struct dcor_err *err)
    __attribute__((warn_unused_result));
/* The parts the server has: number (from 1), size, ETag. */
int dcor_s3_mpu_parts(struct dcor_s3 *s, const char *bucket,
    const char *key, const char *upload_id, int (*fn)(void *arg,
    unsigned number, uint64_t size, const char *etag, struct dcor_err *err),
    void *arg, struct dcor_err *err) __attribute__((warn_unused_result));
/* etags[i] belongs to part i + 1.  An answer 200 that holds an error is
 * one.  When the answer was lost: the object is looked at, and it counts if
 * it has the ETag that n such parts make; sums: that is how it is made. */
int dcor_s3_mpu_complete(struct dcor_s3 *s, const char *bucket,
    const char *key, const char *upload_id, const char *const *etags,
    unsigned n, int sums, struct dcor_err *err)
    __attribute__((warn_unused_result));

#endif /* DCOR_NET_S3_H */

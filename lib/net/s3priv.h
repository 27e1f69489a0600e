/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * s3priv.h - what the parts of the S3 client share
 */
#ifndef DCOR_NET_S3PRIV_H
#define DCOR_NET_S3PRIV_H

#include "net/s3.h"
#include "net/xml.h"

/* One request and its answer, read as XML whose root is called root; with
 * xml == NULL an answer is enough. */
int dcor_s3_ask(struct dcor_s3 *s, struct dcor_s3_req *req,
    const char *root, struct dcor_xml **xml, struct dcor_err *err)
    __attribute__((warn_unused_result));

/* "s3://BUCKET/KEY" fit for a message. */
#define DCOR_S3_NAME	200
const char *dcor_s3_name(const char *bucket, const char *key,
    char out[DCOR_S3_NAME]);

/* "W/\"x\"", "\"x\"" and "x" as "x". */
void dcor_s3_etag(const char *text, char out[128]);

/* What an object made of n parts with these ETags has for its own; "" when
 * they are no MD5 sums. */
int dcor_s3_mpu_etag(const char *const *etags, unsigned n, char out[128],
    struct dcor_err *err) __attribute__((warn_unused_result));

/* "2024-01-02T03:04:05.000Z" or "Tue, 02 Jan 2024 03:04:05 GMT" as seconds
 * since 1970; -1 for anything else. */
int64_t dcor_s3_time(const char *text);

struct dcor_http *dcor_s3_http(const struct dcor_s3 *s);	/* borrowed */

/* The region that a new bucket must be told; NULL: none. */
const char *dcor_s3_location(const struct dcor_s3 *s);

#endif /* DCOR_NET_S3PRIV_H */

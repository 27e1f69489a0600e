/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * h5url.h - remote objects as sources of bytes: http(s) URLs, plain or
 * pre-signed, s3://BUCKET/KEY, and what a DCOR server says of
 * dcor:RESOURCE-ID
 *
 * The first request is one large range: it tells the size and the ETag, and
 * most often has all metadata.  Small reads come from blocks of 1 MiB that
 * are kept.  What dcor_src_expect announces is merged where gaps are small,
 * fetched by several requests at a time and dropped once it was read.  An
 * object that changes meanwhile is DCOR_EDATA, never a mixture.
 * Threads: sources may be read by any number; whichever waits moves the
 * requests of all.
 */
#ifndef DCOR_NET_H5URL_H
#define DCOR_NET_H5URL_H

#include "base/src.h"
#include "net/cred.h"
#include "net/http.h"

struct dcor_h5url_conf {
	struct dcor_http *http;		/* borrowed, for nobody else */
	const struct dcor_site *site;	/* borrowed; may be NULL: no s3: */
	unsigned	 inflight;	/* requests at a time (8) */
	size_t		 memory;	/* bytes kept in all (96 MiB); what is
					 * waited for may exceed it by 8 MiB
					 * a request */
	const char	*cache;		/* directory; NULL: nothing on disk */
	uint64_t	 cache_size;	/* bytes of it (1 GiB) */
};

struct dcor_h5url;
/* Ownership: dcor_h5url_free, after all its sources are closed. */
int dcor_h5url_new(const struct dcor_h5url_conf *conf,
    struct dcor_h5url **out, struct dcor_err *err)
    __attribute__((warn_unused_result));
void dcor_h5url_free(struct dcor_h5url *u);

/* Ownership: dcor_src_close(out).  As struct dcor_opener wants it. */
int dcor_h5url_open(void *u, const char *name, struct dcor_src *out,
    struct dcor_err *err) __attribute__((warn_unused_result));

/* The condensed form of a DCOR server's resource.  As struct dcor_opener wants
 * it. */
int dcor_h5url_more(void *u, const char *name, char **more,
    struct dcor_err *err) __attribute__((warn_unused_result));

struct dcor_h5url_stats {
	uint64_t	 wanted;	/* bytes read from sources */
	uint64_t	 fetched;	/* bytes that came over the network */
	uint64_t	 requests;
	uint64_t	 cached;	/* bytes that came from the disk */
};
void dcor_h5url_stats(struct dcor_h5url *u, struct dcor_h5url_stats *out);

#endif /* DCOR_NET_H5URL_H */

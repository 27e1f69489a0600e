/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * http.h - many HTTP requests in flight, by one thread, over libcurl
 *
 * Connections are kept, bodies stream both ways, what can be sent again is
 * (backoff, full jitter, Retry-After, a budget), a body that broke off goes
 * on where it did and only if it is still the same; a short one is never a
 * success.  Redirects are followed here: no header of the caller goes to
 * another origin.
 */
#ifndef DCOR_NET_HTTP_H
#define DCOR_NET_HTTP_H

#include <stdint.h>

#include "base/buf.h"

struct dcor_http_conf {			/* zero: default */
	const char	*agent;		/* "dcor-presign/0.1.0" */
	const char	*ca_file;	/* NULL: libcurl's own */
	unsigned	 inflight;	/* requests at a time (8) */
	unsigned	 tries;		/* of one request (5) */
	double		 connect, stall; /* seconds to connect (20), seconds
					 * under 1 kB/s (30) */
	double		 backoff;	/* first longest wait, seconds (0.5);
					 * doubles up to 30 */
	double		 budget;	/* seconds that one request may spend
					 * waiting for its next try (300) */
	uint64_t	 rate;		/* bytes/s each way; 0: no limit */
	/* Lines without secrets: level 1 retries, 2 requests, 3 headers. */
	void		(*log)(void *arg, int level, const char *line);
	void		*log_arg;
	/* Asked often; non-zero ends every request with DCOR_ETEMP. */
	int		(*stop)(void);
};

struct dcor_http;
struct dcor_http_resp;

enum {
	DCOR_HTTP_ONCE	= 1,	/* never send it twice once a byte may have
				 * arrived: a second time would not be the
				 * same */
	DCOR_HTTP_FOLLOW = 2,	/* go where a redirect says, at most 5 times */
	DCOR_HTTP_RANGE	= 4	/* bytes from ... from+count-1 only; an answer
				 * with all is DCOR_EPROTO, err->sys 200 */
};

struct dcor_http_req {	/* zeroed first; stays until done was called */
	const char	*method;	/* NULL: GET */
	const char	*url;		/* sent byte for byte */
	const char	*const *headers; /* "Name: value", ends with NULL */
	unsigned	 flags;
	uint64_t	 from, count;	/* DCOR_HTTP_RANGE */
	const char	*if_match;	/* ETag, quoted; NULL: the first's */

	/* Body: nbody bytes, in memory or read piecewise (any offset, also
	 * again).  read fills p with exactly n bytes, or fails. */
	uint64_t	 nbody;
	const void	*body;
	int		(*read)(void *arg, uint64_t off, void *p, size_t n,
			    struct dcor_err *err);

	/* Before each try: appends header lines, each ended by a NUL, and
	 * may replace r->url (a fresh signature). */
	int		(*prepare)(void *arg, struct dcor_http_req *r,
			    struct dcor_buf *lines, struct dcor_err *err);

	/* The body of a 2xx answer, in order, each byte once however often
	 * the connection broke.  NULL: it is kept, at most max_body bytes
	 * (0: 1 MiB); bodies of other answers are kept up to 64 KiB. */
	int		(*write)(void *arg, const void *p, size_t n,
			    struct dcor_err *err);
	size_t		 max_body;

	/* What an answer means: 0, DCOR_ETEMP (try again if tries are left)
	 * or another class.  NULL: dcor_http_judge. */
	int		(*judge)(void *arg, const struct dcor_http_resp *resp,
			    struct dcor_err *err);

	/* The end, once: err->code is 0 or the failure's class, err->sys the
	 * status if any; resp is NULL when no answer came.  It may start
	 * other requests and free r. */
	void		(*done)(void *arg, struct dcor_http_req *r,
			    const struct dcor_http_resp *resp,
			    const struct dcor_err *err);
	void		*arg;
};

struct dcor_http_resp {
	int		 status;
	const char	*body;		/* nbody bytes and a NUL; borrowed */
	size_t		 nbody;
	int64_t		 total;		/* size of the whole object, or -1 */
	int64_t		 date;		/* Date, seconds since 1970, or -1 */
	unsigned	 tries;
	const char	*url;		/* where redirects led, or NULL */
	const void	*priv;
};

/* The last header of that name (any case), borrowed; or NULL. */
const char *dcor_http_header(const struct dcor_http_resp *resp,
    const char *name);

/* 2xx: 0; 401, 403: DCOR_EPERM; 404, 410: DCOR_ENOENT; 412 (it changed),
 * 416: DCOR_EDATA; 408, 425, 429, 500, 502, 503, 504: DCOR_ETEMP; others:
 * DCOR_EPROTO.  Message: "HTTP 503". */
int dcor_http_judge(void *arg, const struct dcor_http_resp *resp,
    struct dcor_err *err);

/* DCOR_ECONF: a CA file that cannot be read.  Ownership: dcor_http_free,
 * which drops what is in flight, silently. */
int dcor_http_new(const struct dcor_http_conf *conf, struct dcor_http **out,
    struct dcor_err *err) __attribute__((warn_unused_result));
void dcor_http_free(struct dcor_http *h);

/* Queues r.  Never blocks, never calls done itself. */
int dcor_http_start(struct dcor_http *h, struct dcor_http_req *r,
    struct dcor_err *err) __attribute__((warn_unused_result));

unsigned dcor_http_pending(const struct dcor_http *h);	/* and in flight */

/* Moves data until something ended, or wait milliseconds passed. */
int dcor_http_step(struct dcor_http *h, int wait, struct dcor_err *err)
    __attribute__((warn_unused_result));
int dcor_http_drain(struct dcor_http *h, struct dcor_err *err)
    __attribute__((warn_unused_result));	/* until nothing is pending */

/* A step that waits (or the next) returns at once.  Threads: any. */
void dcor_http_wake(struct dcor_http *h);
void dcor_http_cancel(struct dcor_http *h);	/* all, with DCOR_ETEMP */

/* One request and its end; others move on meanwhile.  r->done is called as
 * well if there is one.  *resp (if not NULL) is the caller's, also when the
 * answer was an error: dcor_http_resp_free; NULL when none came. */
int dcor_http_call(struct dcor_http *h, struct dcor_http_req *r,
    struct dcor_http_resp **resp, struct dcor_err *err)
    __attribute__((warn_unused_result));
void dcor_http_resp_free(struct dcor_http_resp *resp);

struct dcor_http_stats {
	uint64_t	 requests, retries, redirects;
	uint64_t	 in, out;	/* bytes of bodies */
	uint64_t	 connections;
};
void dcor_http_stats(const struct dcor_http *h, struct dcor_http_stats *out);

const char *dcor_http_version(void);	/* of libcurl, for --version -v */

#endif /* DCOR_NET_HTTP_H */

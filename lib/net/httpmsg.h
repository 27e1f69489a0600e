/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * httpmsg.h - the head of an answer: what net/http.c reads from it
 * (RFC 9110)
 */
#ifndef DCOR_NET_HTTPMSG_H
#define DCOR_NET_HTTPMSG_H

#include "net/http.h"

#define DCOR_HTTP_MAX_HEAD	(64 << 10)	/* bytes of headers */

/* An answer and what it owns.  head: the header lines, "Name: value", each
 * ended by a NUL. */
struct dcor_answer {
	struct dcor_http_resp	 pub;
	struct dcor_buf		 head, body;
	char			*url;	/* pub.url */
};

/* Content-Range "bytes FIRST-LAST/TOTAL" or "bytes (star)/TOTAL" (first = -1);
 * TOTAL "*" is -1.  1, or 0 when the header is absent or malformed. */
struct dcor_range {
	int64_t	 first, last, total;
};
int dcor_http_range(const struct dcor_http_resp *resp,
    struct dcor_range *out);

/* The number in Content-Length, or -1. */
int64_t dcor_http_length(const struct dcor_http_resp *resp);

/* Seconds that Retry-After asks for (a number, or a date seen from the
 * answer's own Date, else from now); -1: it does not ask. */
double dcor_http_retry_after(const struct dcor_http_resp *resp, int64_t now);

/* Fills in total and date. */
void dcor_http_digest(struct dcor_http_resp *resp);

#endif /* DCOR_NET_HTTPMSG_H */

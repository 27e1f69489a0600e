/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * httptry.h - one try of a request over libcurl; private to net/http*.c
 */
#ifndef DCOR_NET_HTTPTRY_H
#define DCOR_NET_HTTPTRY_H

#include <curl/curl.h>

#include "net/httpmsg.h"

/* A request on its way, from dcor_http_start to its end. */
struct dcor_flight {
	struct dcor_http	*h;
	struct dcor_http_req	*r;
	struct dcor_flight		*next;	/* in the list it is in */
	CURL			*easy;	/* while it is being tried */
	struct curl_slist	*lines;
	struct dcor_answer	*a;
	struct dcor_http_resp	**keep;	/* dcor_http_call's */
	struct dcor_err		*fate;	/* dcor_http_call's */
	int			*over;
	char			*url;	/* of a redirect; NULL: r->url */
	int			 foreign; /* another origin than r->url's */
	unsigned		 tries, hops;
	double			 due;	/* not before */
	double			 waited;
	double			 began;
	uint64_t		 got;	/* bytes of the body handed on */
	uint64_t		 skip;	/* bytes to drop first */
	uint64_t		 sent;	/* bytes of our body read */
	int64_t			 want;	/* bytes of the body in all, or -1 */
	int			 begun;	/* the head was looked at */
	int			 final;	/* bad: no other try would help */
	char			 etag[256]; /* of the first 2xx answer */
	struct dcor_err		 bad;	/* what went wrong in a callback */
	char			 text[CURL_ERROR_SIZE];
};


struct dcor_flights {
	struct dcor_flight	*head, **tail;
};

struct dcor_http {
	CURLM			*multi;
	struct dcor_http_conf	 conf;
	char			*agent, *ca;
	struct dcor_flights	 fresh;	/* never tried */
	struct dcor_flights	 later;	/* to be tried again when due */
	struct dcor_flights	 active;
	unsigned		 npending, nactive;
	uint64_t		 seed;
	_Atomic int		 woken;
	struct dcor_http_stats	 stats;
};

/* Sends f once more.  Errors: f->bad. */
int dcor_try_launch(struct dcor_flight *f);

/* Takes the transfer away from libcurl. */
void dcor_try_land(struct dcor_flight *f);

/* What libcurl says of a try that ended, and whether its body is whole.
 * DCOR_ETEMP: another may do better. */
int dcor_try_verdict(struct dcor_flight *f, CURLcode rc, struct dcor_err *err);

/* A line for the log, about f. */
void dcor_try_say(const struct dcor_flight *f, int level, const char *text);

#endif /* DCOR_NET_HTTPTRY_H */

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "net/httptry.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/time.h"
#include "net/url.h"

#define MAX_ERRBODY	(64 << 10)	/* what is kept of an error's body */
#define STALL_BYTES	1000L		/* a second */
#define BIG		(1 << 20)	/* from here on large buffers pay */

void
dcor_try_say(const struct dcor_flight *f, int level, const char *text)
{
	const struct dcor_http *h = f->h;
	struct dcor_buf line;

	if (h->conf.log == NULL)
		return;
	dcor_buf_init(&line, 2 * DCOR_URL_MAX);
	dcor_buf_adds(&line, f->r->method != NULL ? f->r->method : "GET");
	dcor_buf_addc(&line, ' ');
	dcor_url_redact(f->url != NULL ? f->url : f->r->url, &line);
	dcor_buf_addf(&line, ": %s", text);
	h->conf.log(h->conf.log_arg, level, dcor_buf_str(&line));
	dcor_buf_fini(&line);
}

/*
 * The head of a 2xx answer is complete: is it an answer to what was asked?
 * Sets want and skip.  An answer that goes on must be to the same object.
 */
static int
begin(struct dcor_flight *f)
{
	const struct dcor_http_req *r = f->r;
	struct dcor_http_resp *resp = &f->a->pub;
	int ranged = (r->flags & DCOR_HTTP_RANGE) != 0;
	int64_t len = dcor_http_length(resp), total;
	uint64_t from = ranged ? r->from : 0;
	const char *etag = dcor_http_header(resp, "ETag");
	struct dcor_range cr;

	f->begun = 1;
	f->skip = 0;
	f->want = -1;
	if (etag != NULL && strlen(etag) < sizeof(f->etag)) {
		if (f->got > 0 && strcmp(etag, f->etag) != 0)
			return dcor_err_set(&f->bad, DCOR_EDATA, 0,
			    "it changed while it was read");
		memcpy(f->etag, etag, strlen(etag) + 1);
	} else if (f->got > 0) {
		return dcor_err_set(&f->bad, DCOR_EPROTO, 0,
		    "no ETag in the answer that goes on");
	}
	if (!ranged && f->got == 0) {
		f->want = len;
		return 0;
	}
	if (resp->status == 206) {
		if (!dcor_http_range(resp, &cr) || cr.first < 0 ||
		    (uint64_t)cr.first != from + f->got ||
		    (len >= 0 && len != cr.last - cr.first + 1) ||
		    (ranged && (uint64_t)cr.last - r->from >= r->count))
			return dcor_err_set(&f->bad, DCOR_EPROTO, 0,
			    "the answer has another range than asked for");
		f->want = cr.last + 1 - (int64_t)from;
		/* shorter only where the object ends */
		if (cr.total >= 0 && cr.last + 1 < cr.total &&
		    (!ranged || (uint64_t)f->want < r->count))
			return dcor_err_set(&f->bad, DCOR_EPROTO, 0,
			    "the answer has less than the range asked for");
		return 0;
	}
	/* All of it.  Fine if that was asked for; to go on, drop what is
	 * there already; a part of it would cost the whole. */
	total = len;
	if (total < 0 || (ranged && (from > 0 || (uint64_t)total > r->count)))
		return dcor_err_set(&f->bad, DCOR_EPROTO, resp->status,
		    "the server ignores ranges");
	f->want = total;
	f->skip = f->got;
	return 0;
}

/* The first of several heads (100 Continue) does not count. */
static void
rewind_answer(struct dcor_flight *f)
{
	dcor_buf_clear(&f->a->head);
	dcor_buf_clear(&f->a->body);
	f->a->pub.status = 0;
	f->begun = 0;
}

/* libcurl's callbacks return something else than n to end the try; bad then
 * says why, and that another would not help. */
static size_t
on_header(char *p, size_t size, size_t n, void *arg)
{
	struct dcor_flight *f = arg;
	struct dcor_buf *head = &f->a->head;
	size_t len = n;
	long status = 0;

	(void)size;
	while (len > 0 && (p[len - 1] == '\r' || p[len - 1] == '\n'))
		len--;
	if (len >= 5 && memcmp(p, "HTTP/", 5) == 0)
		rewind_answer(f);
	if (len == 0) {
		curl_easy_getinfo(f->easy, CURLINFO_RESPONSE_CODE, &status);
		f->a->pub.status = (int)status;
		dcor_http_digest(&f->a->pub);
		return status / 100 == 2 && !f->begun && begin(f) != 0 ? 0 : n;
	}
	if (f->h->conf.log != NULL && strncasecmp(p, "location:", 9) != 0 &&
	    strncasecmp(p, "set-cookie:", 11) != 0) {
		char line[200];

		snprintf(line, sizeof(line), "< %.*s",
		    (int)(len < 180 ? len : 180), p);
		dcor_try_say(f, 3, line);
	}
	if (memchr(p, '\0', len) == NULL) {
		dcor_buf_add(head, p, len);
		dcor_buf_addc(head, '\0');
	}
	if (head->bad == DCOR_OK)
		return n;
	dcor_err_set(&f->bad, head->bad == DCOR_ENOMEM ? DCOR_ENOMEM :
	    DCOR_EPROTO, 0, "more than %d bytes of headers",
	    DCOR_HTTP_MAX_HEAD);
	return 0;
}

static size_t
on_body(char *p, size_t size, size_t n, void *arg)
{
	struct dcor_flight *f = arg;
	const struct dcor_http_req *r = f->r;
	struct dcor_buf *body = &f->a->body;
	size_t whole = n, drop;

	(void)size;
	f->h->stats.in += n;
	if (f->a->pub.status / 100 != 2) {
		if (body->len + n <= MAX_ERRBODY)
			dcor_buf_add(body, p, n);
		return whole;
	}
	drop = f->skip < n ? (size_t)f->skip : n;
	f->skip -= drop;
	p += drop;
	n -= drop;
	if (n == 0)
		return whole;
	if (f->want >= 0 && n > (uint64_t)f->want - f->got) {
		dcor_err_set(&f->bad, DCOR_EPROTO, 0,
		    "more bytes than were announced");
		return 0;
	}
	if (r->write == NULL) {
		if (dcor_buf_add(body, p, n) != 0) {
			dcor_err_set(&f->bad, body->bad == DCOR_ENOMEM ?
			    DCOR_ENOMEM : DCOR_EPROTO, 0,
			    "an answer of more than %zu bytes", body->max);
			return 0;
		}
		return whole;
	}
	if (r->write(r->arg, p, n, &f->bad) != 0) {
		dcor_err_set(&f->bad, DCOR_EBUG, 0, "the body is unwanted");
		return 0;
	}
	f->got += n;
	return whole;
}

static size_t
on_send(char *p, size_t size, size_t n, void *arg)
{
	struct dcor_flight *f = arg;
	const struct dcor_http_req *r = f->r;
	uint64_t left = r->nbody - f->sent;

	n *= size;
	if (n > left)
		n = (size_t)left;
	if (n == 0)
		return 0;
	if (r->body != NULL) {
		memcpy(p, (const char *)r->body + f->sent, n);
	} else if (r->read == NULL ||
	    r->read(r->arg, f->sent, p, n, &f->bad) != 0) {
		dcor_err_set(&f->bad, DCOR_EBUG, 0, "no body to send");
		return CURL_READFUNC_ABORT;
	}
	f->sent += n;
	f->h->stats.out += n;
	return n;
}

static int
on_seek(void *arg, curl_off_t off, int whence)
{
	struct dcor_flight *f = arg;

	if (whence != SEEK_SET || off < 0 || (uint64_t)off > f->r->nbody)
		return CURL_SEEKFUNC_FAIL;
	f->sent = (uint64_t)off;
	return CURL_SEEKFUNC_OK;
}

static int
line(struct dcor_flight *f, const char *text)
{
	struct curl_slist *l = curl_slist_append(f->lines, text);

	if (l == NULL)
		return dcor_err_nomem(&f->bad);
	f->lines = l;
	return 0;
}

/* The lines of the head, and what prepare adds.  Another origin gets none of
 * the caller's: they may hold secrets. */
static int
lines(struct dcor_flight *f)
{
	struct dcor_http_req *r = f->r;
	const char *const *p;
	const char *s, *end, *match = r->if_match;
	struct dcor_buf own;
	char text[320];
	uint64_t from = f->got, last;
	int rc = 0;

	dcor_buf_init(&own, DCOR_HTTP_MAX_HEAD);
	if (!f->foreign && r->prepare != NULL &&
	    r->prepare(r->arg, r, &own, &f->bad) != 0)
		rc = dcor_err_set(&f->bad, DCOR_EBUG, 0, "not prepared");
	if (rc == 0)
		rc = dcor_buf_check(&own, &f->bad);
	if (rc == 0)
		rc = line(f, "Content-Type:");	/* unless the caller has one */
	for (p = r->headers; rc == 0 && !f->foreign && p != NULL && *p; p++)
		rc = line(f, *p);
	s = dcor_buf_str(&own);
	for (end = s + own.len; rc == 0 && s < end; s += strlen(s) + 1)
		rc = line(f, s);
	if (rc == 0 && ((r->flags & DCOR_HTTP_RANGE) != 0 || f->got > 0)) {
		if ((r->flags & DCOR_HTTP_RANGE) != 0) {
			from += r->from;
			last = r->from + r->count - 1;
			snprintf(text, sizeof(text), "Range: bytes=%llu-%llu",
			    (unsigned long long)from,
			    (unsigned long long)last);
		} else {
			snprintf(text, sizeof(text), "Range: bytes=%llu-",
			    (unsigned long long)from);
		}
		rc = line(f, text);
	}
	if (match == NULL && f->got > 0)
		match = f->etag;
	if (rc == 0 && match != NULL) {
		snprintf(text, sizeof(text), "If-Match: %s", match);
		rc = line(f, text);
	}
	dcor_wipe(own.p, own.len);
	dcor_buf_fini(&own);
	return rc;
}

static void
method(struct dcor_flight *f)
{
	const struct dcor_http_req *r = f->r;
	const char *m = r->method != NULL ? r->method : "GET";
	CURL *c = f->easy;

	if (strcmp(m, "HEAD") == 0) {
		curl_easy_setopt(c, CURLOPT_NOBODY, 1L);
	} else if (r->nbody > 0 || strcmp(m, "PUT") == 0 ||
	    strcmp(m, "POST") == 0) {
		curl_easy_setopt(c, CURLOPT_UPLOAD, 1L);
		curl_easy_setopt(c, CURLOPT_INFILESIZE_LARGE,
		    (curl_off_t)r->nbody);
		curl_easy_setopt(c, CURLOPT_READFUNCTION, on_send);
		curl_easy_setopt(c, CURLOPT_READDATA, f);
		curl_easy_setopt(c, CURLOPT_SEEKFUNCTION, on_seek);
		curl_easy_setopt(c, CURLOPT_SEEKDATA, f);
		curl_easy_setopt(c, CURLOPT_CUSTOMREQUEST, m);
	} else {
		curl_easy_setopt(c, CURLOPT_CUSTOMREQUEST, m);
	}
}

int
dcor_try_launch(struct dcor_flight *f)
{
	struct dcor_http *h = f->h;
	const struct dcor_http_req *r = f->r;
	uint64_t size = r->nbody > r->count ? r->nbody : r->count;
	CURL *c = f->easy = curl_easy_init();
	const char *url;

	if (c == NULL)
		return dcor_err_nomem(&f->bad);
	f->tries++;
	f->sent = 0;
	f->final = 0;
	f->text[0] = '\0';
	f->began = dcor_seconds();
	rewind_answer(f);
	if (lines(f) != 0)
		return f->bad.code;
	url = f->url != NULL ? f->url : r->url;
	curl_easy_setopt(c, CURLOPT_PRIVATE, f);
	curl_easy_setopt(c, CURLOPT_ERRORBUFFER, f->text);
	curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(c, CURLOPT_PATH_AS_IS, 1L);
	curl_easy_setopt(c, CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
#if LIBCURL_VERSION_NUM >= 0x075500
	curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
#else
	curl_easy_setopt(c, CURLOPT_PROTOCOLS,
	    CURLPROTO_HTTP | CURLPROTO_HTTPS);
#endif
	curl_easy_setopt(c, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
	curl_easy_setopt(c, CURLOPT_TCP_KEEPALIVE, 1L);
	curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS,
	    (long)(h->conf.connect * 1000));
	curl_easy_setopt(c, CURLOPT_LOW_SPEED_LIMIT, STALL_BYTES);
	curl_easy_setopt(c, CURLOPT_LOW_SPEED_TIME, (long)h->conf.stall);
	curl_easy_setopt(c, CURLOPT_EXPECT_100_TIMEOUT_MS, 1000L);
	if (strncasecmp(url, "https:", 6) == 0)
		curl_easy_setopt(c, CURLOPT_PIPEWAIT, 1L);
	if (size >= BIG) {
		curl_easy_setopt(c, CURLOPT_BUFFERSIZE, BIG / 2);
		curl_easy_setopt(c, CURLOPT_UPLOAD_BUFFERSIZE, BIG / 2);
	}
	/* libcurl sends again by itself when a kept connection was dead */
	if ((r->flags & DCOR_HTTP_ONCE) != 0)
		curl_easy_setopt(c, CURLOPT_FRESH_CONNECT, 1L);
	if (h->ca != NULL)
		curl_easy_setopt(c, CURLOPT_CAINFO, h->ca);
	curl_easy_setopt(c, CURLOPT_USERAGENT, h->agent);
	curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(c, CURLOPT_HEADERDATA, f);
	curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(c, CURLOPT_WRITEDATA, f);
	curl_easy_setopt(c, CURLOPT_HTTPHEADER, f->lines);
	method(f);
	if (curl_easy_setopt(c, CURLOPT_URL, url) != CURLE_OK ||
	    curl_multi_add_handle(h->multi, c) != CURLM_OK)
		return dcor_err_nomem(&f->bad);
	h->stats.requests++;
	return 0;
}

void
dcor_try_land(struct dcor_flight *f)
{
	if (f->easy != NULL) {
		(void)curl_multi_remove_handle(f->h->multi, f->easy);
		curl_easy_cleanup(f->easy);
	}
	f->easy = NULL;
	curl_slist_free_all(f->lines);
	f->lines = NULL;
}

/* libcurl's verdict on a try that gave no whole answer. */
static int
broke(struct dcor_flight *f, CURLcode rc, struct dcor_err *e)
{
	enum dcor_code code = DCOR_EPROTO;
	const char *why = f->text[0] != '\0' ? f->text :
	    curl_easy_strerror(rc);

	switch (rc) {
	case CURLE_COULDNT_RESOLVE_PROXY:
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_CONNECT:
	case CURLE_OPERATION_TIMEDOUT:
	case CURLE_PARTIAL_FILE:
	case CURLE_SEND_ERROR:
	case CURLE_RECV_ERROR:
	case CURLE_GOT_NOTHING:
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_HTTP2:
	case CURLE_HTTP2_STREAM:
		code = DCOR_ETEMP;
		break;
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CACERT_BADFILE:
		return dcor_err_set(e, DCOR_ECONF, 0, "the server's "
		    "certificate is not trusted by %s (--ca-cert and "
		    "DCOR_CA_BUNDLE name another): %s",
		    f->h->ca != NULL ? f->h->ca : "the system", why);
	case CURLE_OUT_OF_MEMORY:
		return dcor_err_nomem(e);
	case CURLE_URL_MALFORMAT:
	case CURLE_UNSUPPORTED_PROTOCOL:
		return dcor_err_set(e, DCOR_EARG, 0, "not a URL to ask");
	default:
		break;
	}
	return dcor_err_set(e, code, 0, "%s", why);
}

/* Is the body of this 2xx answer all there? */
static int
whole(struct dcor_flight *f, struct dcor_err *e)
{
	const struct dcor_http_req *r = f->r;
	uint64_t have = r->write != NULL ? f->got : f->a->body.len;
	const char *coded;
	long version = 0;

	if (r->method != NULL && strcmp(r->method, "HEAD") == 0)
		return 0;
	if (f->want >= 0 && have != (uint64_t)f->want)
		return dcor_err_set(e, DCOR_ETEMP, 0,
		    "%llu of %lld bytes", (unsigned long long)have,
		    (long long)f->want);
	if (f->want >= 0 || have == 0)
		return 0;
	/* chunks and HTTP/2 have an end of their own */
	curl_easy_getinfo(f->easy, CURLINFO_HTTP_VERSION, &version);
	coded = dcor_http_header(&f->a->pub, "Transfer-Encoding");
	if (version >= CURL_HTTP_VERSION_2_0 || coded != NULL)
		return 0;
	return dcor_err_set(e, DCOR_EPROTO, 0,
	    "an answer that does not say how long it is");
}


int
dcor_try_verdict(struct dcor_flight *f, CURLcode rc, struct dcor_err *err)
{
	if (f->bad.code != 0) {
		f->final = 1;
		return dcor_err_copy(err, &f->bad);
	}
	if (rc != CURLE_OK)
		return broke(f, rc, err);
	return f->a->pub.status / 100 == 2 ? whole(f, err) : 0;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "net/httptry.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "base/time.h"
#include "net/url.h"

#define MAX_BODY	(1 << 20)
#define MAX_HOPS	5
#define MAX_WAIT	30.0		/* longest backoff, seconds */
#define NAP		200		/* ms between looks at conf.stop */

static void
append(struct dcor_flights *l, struct dcor_flight *f)
{
	f->next = NULL;
	*l->tail = f;
	l->tail = &f->next;
}

static void
unlist(struct dcor_flights *l, struct dcor_flight **at)
{
	struct dcor_flight *f = *at;

	*at = f->next;
	if (l->tail == &f->next)
		l->tail = at;
	f->next = NULL;
}

/* xorshift64*: the jitter only has to differ between processes. */
static double
dice(struct dcor_http *h)
{
	h->seed ^= h->seed >> 12;
	h->seed ^= h->seed << 25;
	h->seed ^= h->seed >> 27;
	return (double)((h->seed * 0x2545f4914f6cdd1dULL) >> 11) / 0x1p53;
}

static void
rate(struct dcor_http *h)
{
	curl_off_t each;
	struct dcor_flight *f;

	if (h->conf.rate == 0 || h->nactive == 0)
		return;
	each = (curl_off_t)(h->conf.rate / h->nactive);
	for (f = h->active.head; f != NULL; f = f->next) {
		curl_easy_setopt(f->easy, CURLOPT_MAX_RECV_SPEED_LARGE, each);
		curl_easy_setopt(f->easy, CURLOPT_MAX_SEND_SPEED_LARGE, each);
	}
}

static void
forget(struct dcor_flight *f)
{
	dcor_try_land(f);
	free(f->url);
	dcor_http_resp_free(f->a != NULL ? &f->a->pub : NULL);
	free(f);
}

/* The end of a request that is in no list any more. */
static void
finish(struct dcor_flight *f, const struct dcor_err *e)
{
	struct dcor_http_req *r = f->r;
	struct dcor_http_resp *resp = &f->a->pub;

	dcor_try_land(f);
	resp->body = dcor_buf_str(&f->a->body);
	resp->nbody = f->a->body.len;
	resp->tries = f->tries;
	resp->url = f->a->url = f->url;
	f->url = NULL;
	if (f->over != NULL) {
		*f->over = 1;
		dcor_err_copy(f->fate, e);
	}
	if (r->done != NULL)
		r->done(r->arg, r, resp->status != 0 ? resp : NULL, e);
	if (f->keep != NULL && resp->status != 0) {
		*f->keep = resp;
		f->a = NULL;
	}
	forget(f);
}

/* Follows a redirect: 1 when the request is to be sent again at once. */
static int
hop(struct dcor_flight *f, struct dcor_err *e)
{
	const struct dcor_http_req *r = f->r;
	const char *to = dcor_http_header(&f->a->pub, "Location");
	const char *from = f->url != NULL ? f->url : r->url;
	int status = f->a->pub.status;
	struct dcor_url was, is;
	struct dcor_buf url;

	if ((r->flags & DCOR_HTTP_FOLLOW) == 0 || to == NULL ||
	    (status != 301 && status != 302 && status != 303 &&
	    status != 307 && status != 308) || r->nbody > 0)
		return 0;
	if (++f->hops > MAX_HOPS) {
		dcor_err_set(e, DCOR_EPROTO, status,
		    "more than %d redirects", MAX_HOPS);
		return 0;
	}
	dcor_buf_init(&url, DCOR_URL_MAX);
	if (dcor_url_resolve(from, to, &url, e) != 0)
		goto out;
	if (dcor_url_parse(from, &was, e) != 0)
		goto out;
	if (dcor_url_parse(dcor_buf_str(&url), &is, e) == 0) {
		f->foreign |= !dcor_url_same_origin(&was, &is);
		dcor_url_fini(&is);
	}
	dcor_url_fini(&was);
	if (e->code != 0)
		goto out;
	free(f->url);
	f->url = NULL;
	(void)dcor_buf_take(&url, &f->url, NULL, e);
out:
	dcor_buf_fini(&url);
	return e->code == 0;
}

/* Again?  Sets when; otherwise e says why not, where there is more to say
 * than what went wrong. */
static int
again(struct dcor_flight *f, struct dcor_err *e, int sent)
{
	struct dcor_http *h = f->h;
	double now = dcor_seconds(), wait = h->conf.backoff, ask = -1;
	char text[400];
	unsigned i;

	if (e->code != DCOR_ETEMP || f->final ||
	    (sent && (f->r->flags & DCOR_HTTP_ONCE) != 0))
		return 0;
	if (f->got > 0 && (f->etag[0] == '\0' || f->etag[0] == 'W')) {
		snprintf(text, sizeof(text), "%s; no ETag to go on by",
		    e->msg);
		goto no;
	}
	if (f->tries >= h->conf.tries) {
		snprintf(text, sizeof(text), "%s (%u tries)", e->msg,
		    f->tries);
		goto no;
	}
	for (i = 1; i < f->tries && wait < MAX_WAIT; i++)
		wait *= 2;
	wait = (wait < MAX_WAIT ? wait : MAX_WAIT) * dice(h);
	if (f->a->pub.status != 0)
		ask = dcor_http_retry_after(&f->a->pub, (int64_t)time(NULL));
	if (ask >= 0)
		wait += ask;
	if (f->waited + wait > h->conf.budget) {
		snprintf(text, sizeof(text), "%s; it would take another %.0f "
		    "seconds", e->msg, wait);
		goto no;
	}
	snprintf(text, sizeof(text), "%s; again in %.1f s (try %u of %u)",
	    e->msg, wait, f->tries + 1, h->conf.tries);
	dcor_try_say(f, 1, text);
	f->waited += wait;
	f->due = now + wait;
	h->stats.retries++;
	/* a redirect may have been for the moment only */
	free(f->url);
	f->url = NULL;
	f->foreign = 0;
	f->hops = 0;
	return 1;
no:
	i = (unsigned)e->sys;
	*e = (struct dcor_err)DCOR_ERR_INIT;
	dcor_err_set(e, DCOR_ETEMP, (int)i, "%s", text);
	return 0;
}

/* A try ended with rc: the request is over, or gets another. */
static void
landed(struct dcor_flight *f, CURLcode rc)
{
	struct dcor_http *h = f->h;
	struct dcor_http_req *r = f->r;
	struct dcor_flight **at;
	struct dcor_err e = DCOR_ERR_INIT;
	char text[80];
	curl_off_t up = 0;
	long head = 0, fresh = 0;
	int sent;

	for (at = &h->active.head; *at != f; at = &(*at)->next)
		continue;
	unlist(&h->active, at);
	h->nactive--;
	curl_easy_getinfo(f->easy, CURLINFO_REQUEST_SIZE, &head);
	curl_easy_getinfo(f->easy, CURLINFO_SIZE_UPLOAD_T, &up);
	curl_easy_getinfo(f->easy, CURLINFO_NUM_CONNECTS, &fresh);
	h->stats.connections += (uint64_t)fresh;
	sent = head > 0 || up > 0;
	snprintf(text, sizeof(text), "%d, %.0f ms", f->a->pub.status,
	    (dcor_seconds() - f->began) * 1000);
	dcor_try_say(f, 2, text);
	if (dcor_try_verdict(f, rc, &e) == 0) {
		f->a->pub.body = dcor_buf_str(&f->a->body);
		f->a->pub.nbody = f->a->body.len;
		if (hop(f, &e)) {
			dcor_try_land(f);
			h->stats.redirects++;
			f->due = 0;
			append(&h->later, f);
			return;
		}
		if (e.code == 0)
			(void)(r->judge != NULL ? r->judge :
			    dcor_http_judge)(r->arg, &f->a->pub, &e);
	}
	dcor_try_land(f);
	rate(h);
	if (again(f, &e, sent)) {
		append(&h->later, f);
		return;
	}
	h->npending--;
	finish(f, &e);
}

/* Starts what may start; returns the seconds until the next may. */
static double
takeoff(struct dcor_http *h)
{
	double now = dcor_seconds(), next = 1e9;
	struct dcor_flight *f, **at;

	for (at = &h->later.head; (f = *at) != NULL; ) {
		if (f->due > now || h->nactive >= h->conf.inflight) {
			if (f->due - now < next)
				next = f->due - now;
			at = &f->next;
			continue;
		}
		unlist(&h->later, at);
		if (dcor_try_launch(f) != 0)
			goto failed;
		append(&h->active, f);
		h->nactive++;
		rate(h);
	}
	while ((f = h->fresh.head) != NULL && h->nactive < h->conf.inflight) {
		unlist(&h->fresh, &h->fresh.head);
		if (dcor_try_launch(f) != 0)
			goto failed;
		append(&h->active, f);
		h->nactive++;
		rate(h);
	}
	return next;
failed:
	h->npending--;
	finish(f, &f->bad);
	return 0;
}

/* What done starts comes later. */
void
dcor_http_cancel(struct dcor_http *h)
{
	struct dcor_flights *lists[3];
	struct dcor_err e = DCOR_ERR_INIT;
	struct dcor_flight *f;
	unsigned n = h->npending, i = 0;

	lists[0] = &h->active;
	lists[1] = &h->later;
	lists[2] = &h->fresh;
	dcor_err_set(&e, DCOR_ETEMP, 0, "stopped");
	while (n > 0 && i < 3) {
		if ((f = lists[i]->head) == NULL) {
			i++;
			continue;
		}
		unlist(lists[i], &lists[i]->head);
		if (i == 0)
			h->nactive--;
		h->npending--;
		n--;
		finish(f, &e);
	}
}

void
dcor_http_wake(struct dcor_http *h)
{
	h->woken = 1;
	(void)curl_multi_wakeup(h->multi);
}

int
dcor_http_step(struct dcor_http *h, int wait, struct dcor_err *err)
{
	double end = dcor_seconds() + wait / 1000.0, next, left;
	unsigned before = h->npending;
	struct dcor_flight *f;
	CURLMsg *m;
	char *who;
	int running, n, ended = 0;

	do {
		if (h->conf.stop != NULL && h->conf.stop()) {
			dcor_http_cancel(h);
			return 0;
		}
		next = takeoff(h);
		if (curl_multi_perform(h->multi, &running) != CURLM_OK)
			return dcor_err_set(err, DCOR_EBUG, 0,
			    "libcurl lost its way");
		while ((m = curl_multi_info_read(h->multi, &n)) != NULL) {
			if (m->msg != CURLMSG_DONE)
				continue;
			who = NULL;
			curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE,
			    &who);
			f = (struct dcor_flight *)(void *)who;
			landed(f, m->data.result);
			ended = 1;
		}
		left = end - dcor_seconds();
		if (atomic_exchange(&h->woken, 0) || ended ||
		    h->npending == 0 || h->npending < before || left <= 0)
			return 0;
		if (next < left)
			left = next > 0 ? next : 0;
		n = left * 1000 < NAP ? (int)(left * 1000) + 1 : NAP;
		if (curl_multi_poll(h->multi, NULL, 0, n, NULL) != CURLM_OK)
			return dcor_err_set(err, DCOR_EIO, 0,
			    "waiting for the network failed");
	} while (1);
}

int
dcor_http_drain(struct dcor_http *h, struct dcor_err *err)
{
	int rc = 0;

	while (rc == 0 && h->npending > 0)
		rc = dcor_http_step(h, 60000, err);
	return rc;
}

static struct dcor_flight *
enqueue(struct dcor_http *h, struct dcor_http_req *r, struct dcor_err *err)
{
	struct dcor_flight *f = calloc(1, sizeof(*f));

	if (f == NULL || (f->a = calloc(1, sizeof(*f->a))) == NULL) {
		free(f);
		dcor_err_nomem(err);
		return NULL;
	}
	dcor_buf_init(&f->a->head, DCOR_HTTP_MAX_HEAD);
	dcor_buf_init(&f->a->body, r->max_body > DCOR_HTTP_MAX_HEAD ?
	    r->max_body : r->max_body > 0 ? DCOR_HTTP_MAX_HEAD : MAX_BODY);
	f->a->pub.priv = f->a;
	f->h = h;
	f->r = r;
	append(&h->fresh, f);
	h->npending++;
	return f;
}

int
dcor_http_start(struct dcor_http *h, struct dcor_http_req *r,
    struct dcor_err *err)
{
	return enqueue(h, r, err) != NULL ? 0 : DCOR_ENOMEM;
}

int
dcor_http_call(struct dcor_http *h, struct dcor_http_req *r,
    struct dcor_http_resp **resp, struct dcor_err *err)
{
	struct dcor_err fate = DCOR_ERR_INIT;
	struct dcor_flight *f;
	int over = 0, rc;

	if (resp != NULL)
		*resp = NULL;
	if ((f = enqueue(h, r, err)) == NULL)
		return DCOR_ENOMEM;
	f->over = &over;
	f->fate = &fate;
	f->keep = resp;
	while (!over)
		if ((rc = dcor_http_step(h, 60000, err)) != 0)
			return rc;
	return fate.code == 0 ? 0 : dcor_err_copy(err, &fate);
}

unsigned
dcor_http_pending(const struct dcor_http *h)
{
	return h->npending;
}

void
dcor_http_stats(const struct dcor_http *h, struct dcor_http_stats *out)
{
	*out = h->stats;
}

const char *
dcor_http_version(void)
{
	return curl_version_info(CURLVERSION_NOW)->version;
}

static void
defaults(struct dcor_http_conf *c)
{
	if (c->inflight == 0)
		c->inflight = 8;
	if (c->tries == 0)
		c->tries = 5;
	if (c->connect <= 0)
		c->connect = 20;
	if (c->stall <= 0)
		c->stall = 30;
	if (c->backoff <= 0)
		c->backoff = 0.5;
	if (c->budget <= 0)
		c->budget = 300;
}

int
dcor_http_new(const struct dcor_http_conf *conf, struct dcor_http **out,
    struct dcor_err *err)
{
	static int up;
	struct dcor_http *h;

	if (!up && curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return dcor_err_nomem(err);
	up = 1;
	if (conf->ca_file != NULL && access(conf->ca_file, R_OK) != 0)
		return dcor_err_set(err, DCOR_ECONF, 0,
		    "%s: the CA file cannot be read", conf->ca_file);
	if ((h = calloc(1, sizeof(*h))) == NULL)
		return dcor_err_nomem(err);
	h->conf = *conf;
	defaults(&h->conf);
	h->fresh.tail = &h->fresh.head;
	h->later.tail = &h->later.head;
	h->active.tail = &h->active.head;
	if (getrandom(&h->seed, sizeof(h->seed), GRND_NONBLOCK) !=
	    (ssize_t)sizeof(h->seed))
		h->seed = (uint64_t)time(NULL) ^ (uint64_t)getpid() << 32;
	h->seed |= 1;
	h->agent = strdup(conf->agent != NULL ? conf->agent :
	    "dcor-tools/" DCOR_VERSION);
	h->ca = conf->ca_file != NULL ? strdup(conf->ca_file) : NULL;
	h->multi = curl_multi_init();
	if (h->agent == NULL || h->multi == NULL ||
	    (conf->ca_file != NULL && h->ca == NULL)) {
		dcor_http_free(h);
		return dcor_err_nomem(err);
	}
	curl_multi_setopt(h->multi, CURLMOPT_MAXCONNECTS,
	    (long)h->conf.inflight + 4);
	*out = h;
	return 0;
}

void
dcor_http_free(struct dcor_http *h)
{
	struct dcor_flights *lists[3];
	struct dcor_flight *f;
	int i;

	if (h == NULL)
		return;
	lists[0] = &h->active;
	lists[1] = &h->later;
	lists[2] = &h->fresh;
	for (i = 0; i < 3; i++)
		while ((f = lists[i]->head) != NULL) {
			unlist(lists[i], &lists[i]->head);
			forget(f);
		}
	if (h->multi != NULL)
		curl_multi_cleanup(h->multi);
	free(h->agent);
	free(h->ca);
	free(h);
}

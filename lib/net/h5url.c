/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From names to sources, and to other URLs of the same object. */
#include "net/h5url.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/time.h"
#include "net/h5urlpriv.h"
#include "net/sigv4.h"
#include "net/url.h"

#define MEMORY		((size_t)96 << 20)
#define DEAD		30	/* seconds before a server is tried again */
#define EARLY		60	/* a shorter life is not worth planning */

static int
starts_with(const char *s, const char *head)
{
	return strncmp(s, head, strlen(head)) == 0;
}

int
dcor_h5url_new(const struct dcor_h5url_conf *conf, struct dcor_h5url **out,
    struct dcor_err *err)
{
	struct dcor_h5url *u = calloc(1, sizeof(*u));
	int rc = DCOR_OK;

	*out = NULL;
	if (u == NULL)
		return dcor_err_nomem(err);
	u->conf = *conf;
	if (u->conf.inflight == 0)
		u->conf.inflight = 8;
	if (u->conf.memory == 0)
		u->conf.memory = MEMORY;
	if (conf->cache != NULL && (u->conf.cache = strdup(conf->cache)) ==
	    NULL)
		rc = dcor_err_nomem(err);
	u->urgent.tail = &u->urgent.head;
	u->queued.tail = &u->queued.head;
	u->flying.tail = &u->flying.head;
	u->ready.tail = &u->ready.head;
	if (rc == DCOR_OK && conf->site != NULL)
		rc = dcor_s3_new(conf->http, conf->site, &u->s3, err);
	if (rc != DCOR_OK) {
		free((char *)(uintptr_t)u->conf.cache);
		free(u);
		return rc;
	}
	pthread_mutex_init(&u->lock, NULL);
	pthread_cond_init(&u->news, NULL);
	*out = u;
	return DCOR_OK;
}

void
dcor_h5url_free(struct dcor_h5url *u)
{
	if (u == NULL)
		return;
	dcor_http_cancel(u->conf.http);
	dcor_s3_free(u->s3);
	free(u->dead);
	pthread_cond_destroy(&u->news);
	pthread_mutex_destroy(&u->lock);
	free((char *)(uintptr_t)u->conf.cache);
	free(u);
}

void
dcor_h5url_stats(struct dcor_h5url *u, struct dcor_h5url_stats *out)
{
	struct dcor_http_stats st;

	dcor_h5url_take(u);
	dcor_http_stats(u->conf.http, &st);
	*out = u->stats;
	out->requests = st.requests;
	dcor_h5url_give(u);
}

int
dcor_remote_judge(void *arg, const struct dcor_http_resp *resp,
    struct dcor_err *err)
{
	const struct dcor_remote *r = ((struct dcor_piece *)arg)->of;
	int rc = dcor_http_judge(NULL, resp, NULL);
	const char *why = rc == DCOR_ENOENT ? "does not exist" :
	    rc == DCOR_EPERM ? "access denied" : NULL;
	char when[32];

	if (rc == DCOR_OK)
		return rc;
	if (rc == DCOR_EDATA)
		return dcor_err_set(err, rc, resp->status, r == NULL ||
		    r->size > 0 ? "it has changed since it was opened" :
		    "it is empty");
	if (rc == DCOR_EPERM && r != NULL && r->until != 0 &&
	    (int64_t)time(NULL) >= r->until) {
		dcor_fmt_time(r->until, when);
		return dcor_err_set(err, rc, resp->status, "the signed URL "
		    "was good until %s (HTTP %d)", when, resp->status);
	}
	return dcor_err_set(err, rc, resp->status, "%s%sHTTP %d%s",
	    why != NULL ? why : "", why != NULL ? " (" : "", resp->status,
	    why != NULL ? ")" : "");
}

/* When a URL ends, or 0. */
static int64_t
end_of(const char *url)
{
	const char *query = strchr(url, '?');
	struct dcor_signed sig;

	return query != NULL && dcor_signed_parse(query + 1, &sig, NULL) ==
	    DCOR_OK && sig.version != 0 ? sig.until : 0;
}

/* The object is at url now. */
static int
move(struct dcor_remote *r, const char *url, struct dcor_err *err)
{
	char *copy = strdup(url);

	if (copy == NULL)
		return dcor_err_nomem(err);
	pthread_mutex_lock(&r->u->lock);
	free(r->url);
	r->url = copy;
	r->serial++;
	r->until = end_of(url);
	pthread_mutex_unlock(&r->u->lock);
	return DCOR_OK;
}

int
dcor_remote_renewable(const struct dcor_remote *r)
{
	return r->url != NULL && strcmp(r->url, r->name) != 0;
}

/* Asks url for its first count bytes.  The right to use conf.http is ours. */
static int
first(struct dcor_remote *r, const char *url, uint64_t count,
    struct dcor_http_resp **resp, struct dcor_err *err)
{
	struct dcor_piece whose = { .of = r };
	struct dcor_s3_req q;

	memset(&q, 0, sizeof(q));
	q.http.flags = DCOR_HTTP_RANGE | DCOR_HTTP_FOLLOW;
	q.http.count = count;
	q.http.max_body = (size_t)count;
	q.bucket = r->bucket;
	q.key = r->key;
	if (url == NULL)
		return dcor_s3_call(r->u->s3, &q, resp, err);
	q.http.url = url;
	q.http.judge = dcor_remote_judge;
	q.http.arg = &whose;
	return dcor_http_call(r->u->conf.http, &q.http, resp, err);
}

/* A measurement can name many places on one server: if that is out of
 * reach, it is not waited for each time. */
static int
is_dead(struct dcor_h5url *u, const char *url, struct dcor_err *err)
{
	size_t n = u->dead != NULL ? strlen(u->dead) : 0;

	return n > 0 && strncmp(u->dead, url, n) == 0 &&
	    dcor_seconds() - u->since < DEAD ? dcor_err_copy(err, &u->why) :
	    DCOR_OK;
}

static void
bury(struct dcor_h5url *u, const char *url, const struct dcor_err *why)
{
	const char *host = strstr(url, "://");

	/* an answer, whatever it is, is a sign of life */
	if (host == NULL || why->code != DCOR_ETEMP || why->sys != 0)
		return;
	free(u->dead);
	u->dead = strndup(url, (size_t)(host + 3 - url) +
	    strcspn(host + 3, "/?") + 1);
	u->since = dcor_seconds();
	u->why = *why;
}

/* Asks where the name leads now. */
static int
first_of_name(struct dcor_remote *r, uint64_t count,
    struct dcor_http_resp **resp, struct dcor_err *err)
{
	struct dcor_err why = DCOR_ERR_INIT;
	struct dcor_buf url;
	int rc;

	if (r->key != NULL)
		return first(r, NULL, count, resp, err);
	rc = is_dead(r->u, r->name, err);
	if (rc != DCOR_OK)
		return rc;
	dcor_buf_init(&url, DCOR_URL_MAX);
	if (dcor_h5url_is_dcor(r->name))
		rc = dcor_h5url_resolve(r->u, r->name, &url, &why);
	else
		dcor_buf_adds(&url, r->name);
	if (rc == DCOR_OK && (rc = is_dead(r->u, dcor_buf_str(&url), err)) ==
	    DCOR_OK)
		rc = first(r, dcor_buf_str(&url), count, resp, &why);
	if (why.code != DCOR_OK)
		bury(r->u, url.len > 0 ? dcor_buf_str(&url) : r->name, &why);
	dcor_err_copy(err, &why);
	if (rc == DCOR_OK)
		rc = move(r, (*resp)->url != NULL ? (*resp)->url :
		    dcor_buf_str(&url), err);
	dcor_buf_fini(&url);
	return rc;
}

int
dcor_remote_renew(struct dcor_remote *r, struct dcor_err *err)
{
	struct dcor_http_resp *resp = NULL;
	int rc;

	rc = first_of_name(r, 1, &resp, err);
	dcor_http_resp_free(resp);
	/* one that ends at once would be renewed at once */
	pthread_mutex_lock(&r->u->lock);
	if (rc != DCOR_OK || r->until < (int64_t)time(NULL) + EARLY)
		r->until = 0;
	pthread_mutex_unlock(&r->u->lock);
	return rc;
}

void
dcor_remote_free(struct dcor_remote *r)
{
	dcor_h5urldisk_close(r->disk);
	free(r->name);
	free(r->url);
	free(r->id);
	free(r->shown);
	free(r);
}

static void
remote_close(void *arg)
{
	struct dcor_remote *r = arg;
	struct dcor_h5url *u = r->u;

	/* a thread that drives may be at this object */
	dcor_h5url_take(u);
	dcor_remote_drop(r);
	dcor_h5url_give(u);
}

/* An ETag that is a hash says what it is wherever it is; otherwise it is
 * where it is. */
static int
identify(struct dcor_remote *r, struct dcor_err *err)
{
	const char *where = r->url != NULL ? r->url : r->name;
	const char *tag = r->etag + (r->etag[0] == '"');
	struct dcor_buf b;
	int rc;

	dcor_buf_init(&b, 2 * DCOR_URL_MAX);
	if (strspn(tag, "0123456789abcdef") == 32)
		dcor_buf_addf(&b, "%s %llu", r->etag,
		    (unsigned long long)r->size);
	else
		dcor_buf_add(&b, where, end_of(where) != 0 ?
		    strcspn(where, "?") : strlen(where));
	rc = dcor_buf_take(&b, &r->id, NULL, err);
	dcor_buf_fini(&b);
	return rc;
}

/* The URL that a basin can name: none with a query, which may be a secret. */
static int
show(struct dcor_remote *r, struct dcor_err *err)
{
	const struct dcor_site *s = r->u->conf.site;
	struct dcor_buf b;
	int rc = DCOR_OK;

	dcor_buf_init(&b, DCOR_URL_MAX);
	if (r->key != NULL) {
		if (s->endpoint != NULL)
			dcor_buf_adds(&b, s->endpoint);
		else
			dcor_buf_addf(&b, "https://s3.%s.amazonaws.com",
			    s->region);
		dcor_buf_addf(&b, "/%s/", r->bucket);
		dcor_pct_encode(&b, r->key, strlen(r->key), "/");
	} else if (dcor_h5url_is_dcor(r->name))
		rc = dcor_h5url_api(r->u, r->name, &b, err);
	else if (strchr(r->name, '?') == NULL)
		dcor_buf_adds(&b, r->name);
	if (rc == DCOR_OK && b.len > 0)
		rc = dcor_buf_take(&b, &r->shown, NULL, err);
	dcor_buf_fini(&b);
	return rc;
}

/* Size, ETag and first bytes. */
static int
look(struct dcor_remote *r, struct dcor_err *err)
{
	struct dcor_http_resp *resp = NULL;
	const char *etag;
	char *buf = NULL;
	int rc;

	dcor_h5url_take(r->u);
	rc = first_of_name(r, DCOR_PIECE_META, &resp, err);
	dcor_h5url_give(r->u);
	if (rc != DCOR_OK)
		goto out;
	if (resp->total < 0 || (uint64_t)resp->total < resp->nbody ||
	    (resp->nbody < DCOR_PIECE_META &&
	    (uint64_t)resp->total != resp->nbody)) {
		rc = dcor_err_set(err, DCOR_EPROTO, 0,
		    "the server does not say how large it is");
		goto out;
	}
	r->size = (uint64_t)resp->total;
	etag = dcor_http_header(resp, "ETag");
	if (etag != NULL)
		snprintf(r->etag, sizeof(r->etag), "%s", etag);
	rc = identify(r, err);
	if (rc == DCOR_OK)
		rc = show(r, err);
	if (rc == DCOR_OK && (buf = malloc(resp->nbody + 1)) == NULL)
		rc = dcor_err_nomem(err);
	if (rc == DCOR_OK) {
		memcpy(buf, resp->body, resp->nbody);
		r->disk = dcor_h5urldisk_open(&r->u->conf, r->name, r->etag,
		    r->size);
		if (r->disk != NULL)
			dcor_h5urldisk_put(r->disk, 0, buf, resp->nbody);
		rc = dcor_remote_begin(r, buf, resp->nbody, err);
	}
out:
	dcor_http_resp_free(resp);
	return rc;
}

/* Whether name is an object of our store, by its URL. */
static int
in_store(const struct dcor_h5url *u, const char *name, char **s3name)
{
	const char *e = u->conf.site != NULL ? u->conf.site->endpoint : NULL;
	size_t n = e != NULL ? strlen(e) : 0;
	struct dcor_buf b;
	int rc;

	while (n > 0 && e[n - 1] == '/')
		n--;
	if (n == 0 || u->conf.site->cred == NULL ||
	    strncmp(name, e, n) != 0 || name[n] != '/' ||
	    strchr(name, '?') != NULL)
		return 0;
	dcor_buf_init(&b, DCOR_URL_MAX);
	dcor_buf_adds(&b, "s3://");
	rc = dcor_pct_decode(&b, name + n + 1, strlen(name + n + 1));
	if (rc == DCOR_OK)
		rc = dcor_buf_take(&b, s3name, NULL, NULL);
	dcor_buf_fini(&b);
	return rc == DCOR_OK;
}

static int
open_one(struct dcor_h5url *u, const char *name, struct dcor_src *out,
    struct dcor_err *err)
{
	struct dcor_remote *r = calloc(1, sizeof(*r));
	int rc = DCOR_OK;

	if (r == NULL || (r->name = strdup(name)) == NULL) {
		free(r);
		return dcor_err_nomem(err);
	}
	r->u = u;
	r->until = end_of(name);
	if (starts_with(name, "s3://")) {
		rc = dcor_s3url_parse(r->name, r->bucket, &r->key, err);
		if (rc == DCOR_OK && u->s3 == NULL)
			rc = dcor_err_set(err, DCOR_ECONF, 0,
			    "no object store is configured");
	}
	if (rc == DCOR_OK)
		rc = look(r, err);
	if (rc != DCOR_OK) {
		remote_close(r);
		return rc;
	}
	memset(out, 0, sizeof(*out));
	out->read = dcor_remote_read;
	out->expect = dcor_remote_expect;
	out->close = remote_close;
	out->ctx = r;
	out->size = r->size;
	out->id = r->id;
	out->url = r->shown;
	out->protocol = r->key != NULL ? "s3" : dcor_h5url_is_dcor(name) ?
	    "dcor" : "http";
	return DCOR_OK;
}

int
dcor_h5url_open(void *arg, const char *name, struct dcor_src *out,
    struct dcor_err *err)
{
	struct dcor_err why = DCOR_ERR_INIT;
	struct dcor_h5url *u = arg;
	char *s3name = NULL;
	int rc;

	rc = open_one(u, name, out, &why);
	if (rc == DCOR_EPERM && in_store(u, name, &s3name)) {
		rc = open_one(u, s3name, out, err);
		free(s3name);
		return rc;
	}
	return rc == DCOR_OK ? rc : dcor_err_copy(err, &why);
}

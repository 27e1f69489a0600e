/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Pieces of remote objects: planned, fetched, kept, dropped. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "net/h5urlpriv.h"

#define META_READ	(64 << 10)	/* a larger read is bulk */
#define GAP		(64 << 10)	/* bytes that a request may waste */
#define ENOUGH		((uint64_t)7 << 20) /* a request is large enough */
#define MOST		((uint64_t)8 << 20)
#define EARLY		30		/* seconds before a URL ends */
#define RENEWALS	3		/* of a piece's URL */

static void
unqueue(struct dcor_piece *p)
{
	dcor_piece_unlist(p->urgent ? &p->u->urgent : &p->u->queued, p);
}

void
dcor_h5url_take(struct dcor_h5url *u)
{
	pthread_mutex_lock(&u->lock);
	u->wanting++;
	while (u->driving) {
		dcor_http_wake(u->conf.http);
		pthread_cond_wait(&u->news, &u->lock);
	}
	u->wanting--;
	u->driving = 1;
	pthread_mutex_unlock(&u->lock);
}

void
dcor_h5url_give(struct dcor_h5url *u)
{
	pthread_mutex_lock(&u->lock);
	u->driving = 0;
	pthread_cond_broadcast(&u->news);
	pthread_mutex_unlock(&u->lock);
}

/* A try ended well: is it the object that was opened? */
static int
unchanged(const struct dcor_piece *p, const struct dcor_http_resp *resp,
    struct dcor_err *err)
{
	const struct dcor_remote *r = p->of;
	const char *etag = dcor_http_header(resp, "ETag");

	if (strcmp(etag != NULL ? etag : "", r->etag) != 0 ||
	    (resp->total >= 0 && (uint64_t)resp->total != r->size))
		return dcor_err_set(err, DCOR_EDATA, 0,
		    "it has changed since it was opened");
	if (p->got != p->len)
		return dcor_err_set(err, DCOR_EPROTO, 0,
		    "%zu bytes instead of %zu", p->got, p->len);
	return DCOR_OK;
}

static int
on_bytes(void *arg, const void *p, size_t n, struct dcor_err *err)
{
	struct dcor_piece *piece = arg;

	if (piece->of->closed)
		return dcor_err_set(err, DCOR_ETEMP, 0, "no longer wanted");
	if (n > piece->len - piece->got)
		return dcor_err_set(err, DCOR_EPROTO, 0, "too many bytes");
	memcpy(piece->buf + piece->got, p, n);
	piece->got += n;
	return DCOR_OK;
}

static void
queue(struct dcor_piece *p, int urgent)
{
	p->state = DCOR_PIECE_QUEUED;
	p->urgent = urgent;
	dcor_piece_enlist(urgent ? &p->u->urgent : &p->u->queued, p);
}

/* The end of a piece's request, with the lock; err: how it went. */
static void
landed(struct dcor_piece *p, const struct dcor_err *err)
{
	struct dcor_h5url *u = p->u;
	struct dcor_remote *r = p->of;

	dcor_piece_unlist(&u->flying, p);
	u->nflying--;
	r->nflying--;
	free(p->url);
	p->url = NULL;
	if (err->code == DCOR_OK && !r->closed) {
		p->state = DCOR_PIECE_READY;
		dcor_piece_enlist(&u->ready, p);
		return;
	}
	dcor_piece_count(p, 0);
	if (r->closed) {
		dcor_piece_free(p);
		if (r->nflying == 0)
			dcor_remote_free(r);
		return;
	}
	free(p->buf);
	p->buf = NULL;
	if (err->code == DCOR_EPERM && dcor_remote_renewable(r) &&
	    p->renewals++ < RENEWALS) {
		r->stale |= p->serial == r->serial;
		queue(p, 1);
		return;
	}
	p->state = DCOR_PIECE_FAILED;
	p->err = *err;
	if (p->readers == 0)
		dcor_piece_delete(p);
}

static void
on_end(void *arg, struct dcor_http_req *req,
    const struct dcor_http_resp *resp, const struct dcor_err *err)
{
	struct dcor_piece *p = arg;
	struct dcor_h5url *u = p->u;
	struct dcor_err why = *err;

	(void)req;
	/* a source ends only when nobody is in conf.http */
	if (!p->of->closed && why.code == DCOR_OK)
		(void)unchanged(p, resp, &why);
	if (why.code == DCOR_OK && p->of->disk != NULL)
		dcor_h5urldisk_put(p->of->disk, p->off, p->buf, p->got);
	pthread_mutex_lock(&u->lock);
	u->stats.fetched += p->got;
	landed(p, &why);
	pthread_cond_broadcast(&u->news);
	pthread_mutex_unlock(&u->lock);
}

/* What the disk has of p.  The rest becomes a piece of its own. */
static void
from_disk(struct dcor_piece *p)
{
	struct dcor_remote *r = p->of;
	struct dcor_piece *rest;
	size_t n, old = p->len;

	n = dcor_h5urldisk_get(r->disk, p->off, p->buf, p->len);
	if (n == 0)
		return;
	dcor_piece_count(p, 0);
	p->len = p->got = n;
	dcor_piece_count(p, 1);
	r->u->stats.cached += n;
	if (n == old)
		return;
	rest = dcor_piece_insert(r, p->off + n, old - n);
	if (rest == NULL)
		return;		/* whoever reads there makes one */
	rest->bulk = p->bulk;
	rest->due = p->due > n ? p->due - n : 0;
	p->due -= rest->due;
	queue(rest, p->urgent);
}

static int
send(struct dcor_piece *p, struct dcor_err *err)
{
	struct dcor_remote *r = p->of;
	struct dcor_http_req *h = &p->s3.http;

	memset(&p->s3, 0, sizeof(p->s3));
	h->flags = DCOR_HTTP_RANGE | DCOR_HTTP_FOLLOW;
	h->from = p->off;
	h->count = p->len;
	/* a weak one never matches */
	h->if_match = r->etag[0] != '\0' && strncmp(r->etag, "W/", 2) != 0 ?
	    r->etag : NULL;
	h->write = on_bytes;
	h->done = on_end;
	h->arg = p;
	p->serial = r->serial;
	if (r->url == NULL) {
		p->s3.bucket = r->bucket;
		p->s3.key = r->key;
		return dcor_s3_start(r->u->s3, &p->s3, err);
	}
	if ((p->url = strdup(r->url)) == NULL)
		return dcor_err_nomem(err);
	h->url = p->url;
	h->judge = dcor_remote_judge;
	return dcor_http_start(r->u->conf.http, h, err);
}

static void
start(struct dcor_piece *p)
{
	struct dcor_h5url *u = p->u;
	struct dcor_err err = DCOR_ERR_INIT;

	unqueue(p);
	p->state = DCOR_PIECE_FLYING;
	dcor_piece_enlist(&u->flying, p);
	u->nflying++;
	p->of->nflying++;
	dcor_piece_count(p, 1);
	p->got = 0;
	if ((p->buf = malloc(p->len)) == NULL)
		dcor_err_nomem(&err);
	if (err.code == DCOR_OK && p->of->disk != NULL)
		from_disk(p);
	if (err.code == DCOR_OK && p->got < p->len &&
	    send(p, &err) == DCOR_OK)
		return;
	landed(p, &err);
	pthread_cond_broadcast(&u->news);
}

/* Another URL, without the lock meanwhile.  Where there is none the request
 * goes to the old one, and that says what is wrong. */
static void
renew(struct dcor_remote *r)
{
	struct dcor_h5url *u = r->u;

	pthread_mutex_unlock(&u->lock);
	(void)!dcor_remote_renew(r, NULL);
	pthread_mutex_lock(&u->lock);
	r->stale = 0;
}

/* Starts what may start.  The caller has the lock and is driving. */
static void
launch(struct dcor_h5url *u)
{
	struct dcor_piece *p;
	struct dcor_remote *r;
	int force;

	while (u->nflying < u->conf.inflight) {
		force = u->urgent.head != NULL;
		p = force ? u->urgent.head : u->queued.head;
		if (p == NULL || !dcor_piece_room(u, p->len, force))
			return;
		r = p->of;
		if (r->until != 0 && dcor_remote_renewable(r) &&
		    (int64_t)time(NULL) > r->until - EARLY)
			r->stale = 1;
		if (r->stale)
			renew(r);
		else
			start(p);
	}
}

/* Moves everything on until something happens, at most so long.  The lock
 * is not held meanwhile. */
static int
drive(struct dcor_h5url *u, int ms, struct dcor_err *err)
{
	int rc = DCOR_OK;

	u->driving = 1;
	launch(u);
	pthread_mutex_unlock(&u->lock);
	if (u->nflying > 0)
		rc = dcor_http_step(u->conf.http, ms, err);
	pthread_mutex_lock(&u->lock);
	u->driving = 0;
	pthread_cond_broadcast(&u->news);
	return rc;
}

/* Gets going, or on, what nobody waits for yet. */
static void
nudge(struct dcor_h5url *u)
{
	if (u->queued.head == NULL && u->nflying == 0)
		return;
	if (!u->driving)
		(void)drive(u, 0, NULL);
	else if (u->queued.head != NULL && u->nflying < u->conf.inflight)
		dcor_http_wake(u->conf.http);
}

static int
await(struct dcor_piece *p, struct dcor_err *err)
{
	struct dcor_h5url *u = p->u;
	int rc = DCOR_OK, fresh = 1;

	p->readers++;
	while (rc == DCOR_OK && (p->state == DCOR_PIECE_QUEUED ||
	    p->state == DCOR_PIECE_FLYING)) {
		if (p->state == DCOR_PIECE_QUEUED && !p->urgent) {
			unqueue(p);
			queue(p, 1);
		}
		if (!u->driving && u->wanting == 0) {
			rc = drive(u, 1000, err);
			continue;
		}
		if (fresh)
			dcor_http_wake(u->conf.http);
		fresh = 0;
		pthread_cond_wait(&u->news, &u->lock);
	}
	p->readers--;
	if (p->state != DCOR_PIECE_FAILED)
		return rc;
	rc = dcor_err_copy(err, &p->err);
	if (p->readers == 0)
		dcor_piece_delete(p);
	return rc;
}

/* Small pieces that would break a range in two are fetched once more. */
static void
absorb(struct dcor_remote *r, uint64_t off, uint64_t end)
{
	size_t at = dcor_piece_slot(r, off);
	struct dcor_piece *p;

	while (at < r->n && (p = r->piece[at])->off < end) {
		if (p->off > off && p->off + p->len < end && p->len <= GAP &&
		    p->state == DCOR_PIECE_READY && p->readers == 0) {
			dcor_piece_unlist(&r->u->ready, p);
			dcor_piece_count(p, 0);
			dcor_piece_delete(p);
		} else
			at++;
	}
}

/* Pieces for what is missing from off to end, blocks. */
static int
plan(struct dcor_remote *r, uint64_t off, uint64_t end, int bulk)
{
	struct dcor_piece *p;
	uint64_t stop;
	size_t at;

	while (off < end) {
		at = dcor_piece_slot(r, off);
		if (at < r->n && r->piece[at]->off <= off) {
			off = r->piece[at]->off + r->piece[at]->len;
			continue;
		}
		stop = at < r->n && r->piece[at]->off < end ?
		    r->piece[at]->off : end;
		if (stop - off > MOST)
			stop = off + MOST;
		p = dcor_piece_insert(r, off, (size_t)(stop - off));
		if (p == NULL)
			return DCOR_ENOMEM;
		p->bulk = bulk;
		p->run = r->run;
		queue(p, 0);
		off = stop;
	}
	return DCOR_OK;
}

/* The bytes of a span will be read: the pieces made for it are kept until
 * then.  Others were announced before, and once is enough. */
static void
owe(struct dcor_remote *r, const struct dcor_span *s)
{
	uint64_t off = s->off, end = s->off + s->len, stop;
	size_t at = dcor_piece_slot(r, off);

	for (; at < r->n && off < end; at++, off = stop) {
		stop = r->piece[at]->off + r->piece[at]->len;
		if (stop > end)
			stop = end;
		if (r->piece[at]->off > off)
			off = r->piece[at]->off;
		if (stop > off && r->piece[at]->run == r->run)
			r->piece[at]->due += stop - off;
	}
}

static uint64_t
up(const struct dcor_remote *r, uint64_t off)
{
	off = (off + DCOR_PIECE_BLOCK - 1) / DCOR_PIECE_BLOCK *
	    DCOR_PIECE_BLOCK;
	return off < r->size ? off : r->size;
}

static void
expect(struct dcor_remote *r, const struct dcor_span *v, size_t n)
{
	uint64_t off, end, to;
	size_t i, k;

	for (i = 0; i < n; i = k) {
		k = i + 1;
		if (v[i].off > r->size || v[i].len > r->size - v[i].off)
			continue;
		off = v[i].off / DCOR_PIECE_BLOCK * DCOR_PIECE_BLOCK;
		end = v[i].off + v[i].len;
		for (; k < n && end - off < ENOUGH; k++) {
			if (v[k].off < end || v[k].off - end > GAP ||
			    v[k].len > MOST || v[k].off + v[k].len > r->size)
				break;
			to = v[k].off + v[k].len;
			if (to - off > MOST)
				break;
			end = to;
		}
		r->run++;
		absorb(r, off, end);
		if (plan(r, off, up(r, end), 1) != DCOR_OK)
			return;
		for (; i < k; i++)
			owe(r, &v[i]);
	}
}

void
dcor_remote_expect(void *arg, const struct dcor_span *v, size_t n)
{
	struct dcor_remote *r = arg;

	pthread_mutex_lock(&r->u->lock);
	expect(r, v, n);
	nudge(r->u);
	pthread_mutex_unlock(&r->u->lock);
}

/* The piece that has off, made if there is none. */
static struct dcor_piece *
find(struct dcor_remote *r, uint64_t off, size_t n)
{
	struct dcor_span s = { off, n };
	size_t at = dcor_piece_slot(r, off);
	uint64_t from, end;

	if (at < r->n && r->piece[at]->off <= off)
		return r->piece[at];
	if (n > META_READ) {
		expect(r, &s, 1);
	} else {
		from = off / DCOR_PIECE_META * DCOR_PIECE_META;
		end = from + DCOR_PIECE_META;
		if (at < r->n && r->piece[at]->off < end)
			end = r->piece[at]->off;
		if (at > 0 && r->piece[at - 1]->off +
		    r->piece[at - 1]->len > from)
			from = r->piece[at - 1]->off + r->piece[at - 1]->len;
		(void)!plan(r, from, end < r->size ? end : r->size, 0);
	}
	at = dcor_piece_slot(r, off);
	return at < r->n && r->piece[at]->off <= off ? r->piece[at] : NULL;
}

int
dcor_remote_read(void *arg, uint64_t off, void *buf, size_t n,
    struct dcor_err *err)
{
	struct dcor_remote *r = arg;
	struct dcor_piece *p;
	char *to = buf;
	size_t part;
	int rc = DCOR_OK;

	pthread_mutex_lock(&r->u->lock);
	r->u->stats.wanted += n;
	while (rc == DCOR_OK && n > 0) {
		if ((p = find(r, off, n)) == NULL) {
			rc = dcor_err_nomem(err);
			break;
		}
		if (p->state != DCOR_PIECE_READY) {
			/* it may be gone when others were faster */
			rc = await(p, err);
			continue;
		}
		part = p->len - (size_t)(off - p->off);
		part = n < part ? n : part;
		memcpy(to, p->buf + (off - p->off), part);
		p->due -= part < p->due ? part : p->due;
		dcor_piece_unlist(&r->u->ready, p);
		dcor_piece_enlist(&r->u->ready, p);
		to += part;
		off += part;
		n -= part;
		if (p->bulk)
			nudge(r->u);
	}
	pthread_mutex_unlock(&r->u->lock);
	return rc;
}

int
dcor_remote_begin(struct dcor_remote *r, char *buf, size_t len,
    struct dcor_err *err)
{
	struct dcor_piece *p = NULL;

	pthread_mutex_lock(&r->u->lock);
	r->u->stats.fetched += len;
	(void)dcor_piece_room(r->u, len, 1);
	if (len > 0 && (p = dcor_piece_insert(r, 0, len)) != NULL) {
		p->state = DCOR_PIECE_READY;
		p->buf = buf;
		p->got = len;
		dcor_piece_count(p, 1);
		dcor_piece_enlist(&r->u->ready, p);
	}
	pthread_mutex_unlock(&r->u->lock);
	if (p != NULL)
		return DCOR_OK;
	free(buf);
	return dcor_err_nomem(err);
}

void
dcor_remote_drop(struct dcor_remote *r)
{
	struct dcor_h5url *u = r->u;
	struct dcor_piece *p;
	size_t i;

	pthread_mutex_lock(&u->lock);
	for (i = 0; i < r->n; i++) {
		p = r->piece[i];
		if (p->state == DCOR_PIECE_FLYING)
			continue;
		if (p->state == DCOR_PIECE_READY) {
			dcor_piece_unlist(&u->ready, p);
			dcor_piece_count(p, 0);
		} else if (p->state == DCOR_PIECE_QUEUED)
			unqueue(p);
		dcor_piece_free(p);
	}
	free(r->piece);
	r->piece = NULL;
	r->n = 0;
	r->closed = 1;
	if (r->nflying == 0)
		dcor_remote_free(r);
	pthread_mutex_unlock(&u->lock);
}

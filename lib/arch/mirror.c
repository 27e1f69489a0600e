/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "arch/mirror.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "arch/name.h"
#include "arch/proof.h"
#include "arch/store.h"
#include "base/hash.h"
#include "net/xfer.h"

#define STEP	1000	/* milliseconds to wait for data before looking up */

/* An object of the store that is to be archived. */
struct want {
	struct want		*next;
	char			*key;
	unsigned		 depth;
	int			 again;	/* it is archived already */
	struct dcor_arch_rec	 r;	/* r.key is key */
};

struct run {
	struct dcor_arch	*a;
	struct dcor_http	*http;
	struct dcor_s3		*s3;
	struct dcor_arch_mirror	*m;
	struct dcor_arch_store	*store;	/* of this bucket */
	const char		*bucket;
	unsigned		 small;	/* requests for small ones */
	struct want		*large, **tail;
	uint64_t		 large_failed;
	struct dcor_err		 fatal;	/* what ends the run */
	char			**buckets;	/* that match */
	size_t			 nbuckets, cap;
	char			*listed;	/* these to their end */
	uint64_t		 moved;
	/* the last key that was listed, and the lengths of those before it
	 * that it starts with, itself the last */
	char			 last[DCOR_ARCH_KEYMAX + 1];
	unsigned short		 len[DCOR_ARCH_KEYMAX + 1];
	size_t			 nlen;
};

/* A small object on its way. */
struct small {
	struct dcor_s3_req	 req;	/* first: done gets &req.http */
	struct run		*run;
	struct want		*w;
	char			*data;
	size_t			 n;
	char			 match[132];
};

static void
free_want(struct want *w)
{
	if (w != NULL)
		free(w->key);
	free(w);
}

static void
failed(struct run *u, const struct dcor_arch_rec *r,
    const struct dcor_err *err)
{
	u->m->failed++;
	u->m->event(u->m->arg, DCOR_ARCH_EV_FAILED, u->bucket, r, err);
}

/* Whether the failure of one object is that of all: no room in memory or on
 * the disk of the archive, or somebody wants it to end. */
static int
is_fatal(struct run *u, const struct dcor_err *err)
{
	return err->code == DCOR_ENOMEM || err->code == DCOR_EIO ||
	    u->m->stop();
}

static void
archived(struct run *u, const struct want *w)
{
	const struct dcor_arch_rec *r = &w->r;
	struct dcor_arch_mirror *m = u->m;
	enum dcor_arch_event ev = DCOR_ARCH_EV_NEW;
	struct dcor_arch_ent *e = m->dry ? NULL :
	    dcor_arch_index_find(u->a->index, u->bucket, r->key);

	if (e != NULL)
		e->seen = 1;
	if (r->flags & DCOR_ARCH_ADOPTED) {
		m->adopted++;
		ev = DCOR_ARCH_EV_ADOPTED;
	} else if (w->again) {
		m->changed++;
		ev = DCOR_ARCH_EV_CHANGED;
	} else {
		m->added++;
	}
	m->added_bytes += r->size;
	m->unproven += (r->flags & DCOR_ARCH_UNPROVEN) != 0;
	m->event(m->arg, ev, u->bucket, r, NULL);
}

static void
advance(struct run *u, uint64_t n)
{
	u->moved += n;
	if (u->m->progress != NULL)
		u->m->progress(u->m->arg, u->moved);
}

/*
 * Small objects: many at a time, each whole in memory before a byte of it
 * goes into the bundle.
 */

static int
on_data(void *arg, const void *p, size_t n, struct dcor_err *err)
{
	struct small *s = arg;

	if (n > s->w->r.size - s->n)
		return dcor_err_set(err, DCOR_EDATA, 0, "s3://%s/%s: longer "
		    "than it was in the list", s->run->bucket, s->w->key);
	memcpy(s->data + s->n, p, n);
	s->n += n;
	return DCOR_OK;
}

static int
put_small(struct small *s, struct dcor_err *err)
{
	struct dcor_arch_rec *r = &s->w->r;
	struct run *u = s->run;
	char hex[65];
	int rc;

	if (s->n != r->size)
		return dcor_err_set(err, DCOR_EDATA, 0, "s3://%s/%s: %zu "
		    "bytes, not %llu as in the list", u->bucket, r->key, s->n,
		    (unsigned long long)r->size);
	rc = dcor_arch_prove(s->data, s->n, r->etag, err);
	if (rc < 0)
		return rc;
	r->flags = rc == 1 ? 0 : DCOR_ARCH_UNPROVEN;
	rc = dcor_sha256_hex(s->data, s->n, hex, err);
	if (rc == DCOR_OK)
		rc = dcor_unhex(hex, r->sha256, sizeof(r->sha256));
	if (rc == DCOR_OK && u->fatal.code == DCOR_OK &&
	    dcor_arch_store_member(u->store, r, s->w->depth, s->data,
	    &u->fatal) == DCOR_OK) {
		archived(u, s->w);
		advance(u, r->size);
	}
	return rc;
}

static void
small_done(void *arg, struct dcor_http_req *req,
    const struct dcor_http_resp *resp, const struct dcor_err *err)
{
	struct dcor_err why = DCOR_ERR_INIT;
	struct small *s = arg;
	struct run *u = s->run;

	(void)req;
	(void)resp;
	(void)dcor_err_copy(&why, err);
	u->small--;
	if (why.code == DCOR_OK)
		(void)put_small(s, &why);
	if (why.code != DCOR_OK && is_fatal(u, &why))
		(void)dcor_err_copy(&u->fatal, &why);
	else if (why.code != DCOR_OK)
		failed(u, &s->w->r, &why);
	free_want(s->w);
	free(s->data);
	free(s);
}

/* Moves data until at most n small objects are on their way. */
static int
wait_small(struct run *u, unsigned n, struct dcor_err *err)
{
	int rc = DCOR_OK;

	while (rc == DCOR_OK && u->small > n)
		rc = dcor_http_step(u->http, STEP, err);
	return rc;
}

/* Takes w. */
static int
get_small(struct run *u, struct want *w, struct dcor_err *err)
{
	struct small *s;
	int rc;

	rc = wait_small(u, u->m->inflight - 1, err);
	if (rc == DCOR_OK && u->fatal.code != DCOR_OK)
		rc = dcor_err_copy(err, &u->fatal);
	if (rc != DCOR_OK) {
		free_want(w);
		return rc;
	}
	s = calloc(1, sizeof(*s));
	if (s == NULL || (s->data = malloc((size_t)w->r.size + 1)) == NULL) {
		free(s);
		free_want(w);
		return dcor_err_nomem(err);
	}
	s->run = u;
	s->w = w;
	s->req.bucket = u->bucket;
	s->req.key = w->key;
	(void)snprintf(s->match, sizeof(s->match), "\"%s\"", w->r.etag);
	s->req.http.if_match = s->match;
	s->req.http.write = on_data;
	s->req.http.done = small_done;
	s->req.http.arg = s;
	u->small++;
	rc = dcor_s3_start(u->s3, &s->req, err);
	if (rc != DCOR_OK) {
		u->small--;
		free(s->data);
		free(s);
		free_want(w);
	}
	return rc;
}

/*
 * Large objects: one at a time, in parallel parts.
 */

/* A file that has the name: the object, if that can be proven. */
static int
adopt(struct run *u, struct want *w, int *adopted, struct dcor_err *err)
{
	struct dcor_arch_rec *r = &w->r;
	struct dcor_err why = DCOR_ERR_INIT;
	struct dcor_buf path;
	uint64_t size;
	int fd = -1, rc;

	*adopted = 0;
	dcor_buf_init(&path, DCOR_ARCH_LINE);
	rc = dcor_arch_bucket(&path, u->bucket, err);
	dcor_buf_addc(&path, '/');
	if (rc == DCOR_OK)
		rc = dcor_arch_path(&path, r->key, r->gen, err);
	if (rc == DCOR_OK && dcor_arch_tree_read(u->a->tree.root,
	    dcor_buf_str(&path), &fd, &size, NULL) == DCOR_OK) {
		if (size != r->size || dcor_arch_prove_fd(fd, size, r->etag,
		    r->sha256, &why) != 1) {
			u->m->event(u->m->arg, DCOR_ARCH_EV_STRANGE,
			    u->bucket, r, NULL);
		} else {
			r->flags = DCOR_ARCH_ADOPTED;
			*adopted = 1;
			if (dcor_arch_store_adopt(u->store, r, &u->fatal) ==
			    DCOR_OK)
				archived(u, w);
		}
		close(fd);
	}
	dcor_buf_fini(&path);
	return rc;
}

static void
on_progress(void *arg, uint64_t done, uint64_t total)
{
	struct run *u = arg;

	(void)total;
	if (u->m->progress != NULL)
		u->m->progress(u->m->arg, u->moved + done);
}

static int
get_large(struct run *u, struct want *w, struct dcor_err *err)
{
	struct dcor_arch_rec *r = &w->r;
	struct dcor_xfer x = { .parallel = u->m->inflight < 8 ?
	    u->m->inflight : 8, .replace = 1, .sha256 = 1,
	    .progress = on_progress, .arg = u };
	struct dcor_s3_object want = { .size = r->size, .mtime = r->mtime };
	struct dcor_xfer_result res;
	const char *path;
	int rc, done = 0;

	rc = r->gen == 1 ? adopt(u, w, &done, err) : DCOR_OK;
	if (rc != DCOR_OK || done)
		return rc;
	if (dcor_arch_store_work(u->store, r->key, r->etag, &path,
	    &u->fatal) != DCOR_OK)
		return DCOR_OK;
	memcpy(want.etag, r->etag, sizeof(want.etag));
	rc = dcor_xfer_get(u->s3, u->bucket, r->key, &want, NULL, path, &x,
	    &res, err);
	if (rc == DCOR_OK)
		rc = dcor_unhex(res.sha256, r->sha256, sizeof(r->sha256));
	if (rc != DCOR_OK)
		return rc;
	r->flags = res.proven ? 0 : DCOR_ARCH_UNPROVEN;
	if (dcor_arch_store_file(u->store, r, &u->fatal) == DCOR_OK) {
		archived(u, w);
		advance(u, r->size);
	}
	return DCOR_OK;
}

static int
get_all_large(struct run *u, struct dcor_err *err)
{
	struct dcor_err why;
	struct want *w;

	while ((w = u->large) != NULL) {
		u->large = w->next;
		why = (struct dcor_err)DCOR_ERR_INIT;
		if (u->fatal.code == DCOR_OK &&
		    get_large(u, w, &why) != DCOR_OK) {
			if (is_fatal(u, &why)) {
				(void)dcor_err_copy(&u->fatal, &why);
			} else {
				failed(u, &w->r, &why);
				u->large_failed++;
			}
		}
		free_want(w);
	}
	u->tail = &u->large;
	return dcor_err_copy(err, &u->fatal);
}

/*
 * What is to be done
 */

static int
came_back(struct run *u, const struct dcor_arch_ent *e, struct dcor_err *err)
{
	struct dcor_arch_rec r;
	int rc;

	dcor_arch_index_rec(u->a->index, e, &r);
	u->m->back++;
	u->m->event(u->m->arg, DCOR_ARCH_EV_BACK, u->bucket, &r, NULL);
	if (u->m->dry)
		return DCOR_OK;
	r.kind = DCOR_ARCH_BACK;
	r.when = u->m->now;
	/* applying it changes e only: r's strings stay where they are */
	rc = dcor_arch_log_add(u->a->log, &r, err);
	return rc;
}

/*
 * How many objects the key is below of, were they directories: "a" for
 * "a/b".  Lists come in the order of bytes, where all keys between these two
 * start with "a" as well.
 */
static unsigned
depth_of(struct run *u, const char *key)
{
	size_t n = strlen(key), common = 0, i;
	unsigned depth = 0;

	while (common < n && u->last[common] == key[common])
		common++;
	while (u->nlen > 0 && u->len[u->nlen - 1] > common)
		u->nlen--;
	for (i = 0; i < u->nlen; i++)
		depth += key[u->len[i]] == '/';
	if (u->nlen == 0 || u->len[u->nlen - 1] < n)
		u->len[u->nlen++] = (unsigned short)n;
	memcpy(u->last, key, n + 1);
	return depth;
}

static int
on_object(void *arg, const struct dcor_s3_object *o, struct dcor_err *err)
{
	struct run *u = arg;
	const struct dcor_arch_job *j = u->m->job;
	struct dcor_err why = DCOR_ERR_INIT;
	struct dcor_arch_rec was;
	struct dcor_arch_ent *e;
	struct want *w;
	unsigned gen = 1, depth;

	if (u->m->stop())
		return dcor_err_set(err, DCOR_ETEMP, 0, "interrupted");
	if (u->fatal.code != DCOR_OK)
		return dcor_err_copy(err, &u->fatal);
	if (!dcor_pattern_match(j->objects, o->key)) {
		u->m->other_objects++;
		return DCOR_OK;
	}
	u->m->objects++;
	u->m->bytes += o->size;
	if (strlen(o->key) > DCOR_ARCH_KEYMAX || *o->key == '\0') {
		(void)dcor_err_set(&why, DCOR_EDATA, 0, "s3://%s: a key of "
		    "%zu bytes", u->bucket, strlen(o->key));
		failed(u, NULL, &why);
		return DCOR_OK;
	}
	depth = depth_of(u, o->key);
	e = dcor_arch_index_find(u->a->index, u->bucket, o->key);
	if (e != NULL) {
		e->seen = 1;
		dcor_arch_index_rec(u->a->index, e, &was);
		if (was.size == o->size && strcmp(was.etag, o->etag) == 0 &&
		    !e->bad)
			return e->gone != 0 ? came_back(u, e, err) : DCOR_OK;
		gen = was.gen + 1;
	}
	if ((w = calloc(1, sizeof(*w))) == NULL ||
	    (w->key = strdup(o->key)) == NULL) {
		free(w);
		return dcor_err_nomem(err);
	}
	w->depth = depth;
	w->again = e != NULL;
	w->r.kind = DCOR_ARCH_ADD;
	w->r.bucket = u->bucket;
	w->r.key = w->key;
	w->r.gen = gen;
	w->r.size = o->size;
	w->r.mtime = o->mtime < 0 ? 0 : o->mtime;
	w->r.when = u->m->now;
	w->r.place = "";
	memcpy(w->r.etag, o->etag, sizeof(w->r.etag));
	if (u->m->dry) {
		archived(u, w);
		free_want(w);
		return DCOR_OK;
	}
	if (o->size < j->small)
		return get_small(u, w, err);
	*u->tail = w;
	u->tail = &w->next;
	return DCOR_OK;
}

/* One bucket; *listed: its list was read to the end. */
static int
mirror_bucket(struct run *u, const char *bucket, char *listed,
    struct dcor_err *err)
{
	struct dcor_err why = DCOR_ERR_INIT, end = DCOR_ERR_INIT;
	uint64_t resumed;
	int rc;

	u->bucket = bucket;
	u->large_failed = 0;
	u->nlen = 0;
	u->last[0] = '\0';
	u->tail = &u->large;
	if (!u->m->dry) {
		rc = dcor_arch_store_open(u->a, bucket, u->m->job->bundle,
		    u->m->now, &u->store, &resumed, &why);
		if (rc == DCOR_EDATA) {		/* a name that is none */
			failed(u, NULL, &why);
			return DCOR_OK;
		}
		if (rc != DCOR_OK)
			return dcor_err_copy(err, &why);
		u->m->resumed += resumed;
	}
	rc = dcor_s3_list(u->s3, bucket, NULL, on_object, u, &why);
	*listed = rc == DCOR_OK;
	/* what was begun is brought to its end: requests point to u */
	if (wait_small(u, 0, &end) != DCOR_OK)
		(void)dcor_err_copy(&u->fatal, &end);
	if (rc != DCOR_OK && u->fatal.code == DCOR_OK) {
		if (is_fatal(u, &why))
			(void)dcor_err_copy(&u->fatal, &why);
		else
			failed(u, NULL, &why);
	}
	(void)get_all_large(u, NULL);
	if (u->fatal.code == DCOR_OK && u->store != NULL)
		rc = dcor_arch_store_finish(u->store, *listed &&
		    u->large_failed == 0, &u->fatal);
	dcor_arch_store_close(u->store);
	u->store = NULL;
	return dcor_err_copy(err, &u->fatal);
}

static int
on_bucket(void *arg, const char *bucket, struct dcor_err *err)
{
	struct run *u = arg;
	size_t want;
	char **p;

	if (!dcor_pattern_match(u->m->job->buckets, bucket)) {
		u->m->other_buckets++;
		return DCOR_OK;
	}
	u->m->buckets++;
	if (u->nbuckets == u->cap) {
		want = u->cap == 0 ? 64 : 2 * u->cap;
		p = realloc(u->buckets, want * sizeof(*p));
		if (p == NULL)
			return dcor_err_nomem(err);
		u->buckets = p;
		u->cap = want;
	}
	if ((u->buckets[u->nbuckets] = strdup(bucket)) == NULL)
		return dcor_err_nomem(err);
	u->nbuckets++;
	return DCOR_OK;
}

/* Whether the absence of its objects from the lists means anything. */
static int
was_listed(const struct run *u, const char *bucket)
{
	size_t i;

	for (i = 0; i < u->nbuckets; i++)
		if (strcmp(u->buckets[i], bucket) == 0)
			return u->listed[i];
	return dcor_pattern_match(u->m->job->buckets, bucket);
}

static int
note_gone(struct run *u, struct dcor_err *err)
{
	const struct dcor_arch_ent *e;
	struct dcor_arch_rec r;
	const char *last = NULL;
	int listed = 0, rc = DCOR_OK;
	size_t i;

	for (i = 0; rc == DCOR_OK && i < dcor_arch_index_count(u->a->index);
	    i++) {
		e = dcor_arch_index_at(u->a->index, i);
		if (e->seen || e->gone != 0 || !dcor_arch_is_newest(e))
			continue;
		dcor_arch_index_rec(u->a->index, e, &r);
		if (r.bucket != last)	/* names are kept once */
			listed = was_listed(u, r.bucket);
		last = r.bucket;
		if (!listed || !dcor_pattern_match(u->m->job->objects, r.key))
			continue;
		u->m->gone++;
		u->m->event(u->m->arg, DCOR_ARCH_EV_GONE, r.bucket, &r,
		    NULL);
		r.kind = DCOR_ARCH_GONE;
		r.when = u->m->now;
		if (!u->m->dry)
			rc = dcor_arch_log_add(u->a->log, &r, err);
	}
	return rc;
}

int
dcor_arch_mirror(struct dcor_arch *a, struct dcor_http *http,
    struct dcor_s3 *s3, struct dcor_arch_mirror *m, struct dcor_err *err)
{
	struct run u = { .a = a, .http = http, .s3 = s3, .m = m };
	size_t i;
	int rc;

	for (i = 0; i < dcor_arch_index_count(a->index); i++)
		dcor_arch_index_at(a->index, i)->seen = 0;
	rc = dcor_s3_buckets(s3, on_bucket, &u, err);
	if (rc == DCOR_OK && (u.listed = calloc(u.nbuckets + 1, 1)) == NULL)
		rc = dcor_err_nomem(err);
	for (i = 0; rc == DCOR_OK && i < u.nbuckets; i++)
		rc = mirror_bucket(&u, u.buckets[i], &u.listed[i], err);
	if (rc == DCOR_OK)
		rc = note_gone(&u, err);
	if (rc == DCOR_OK && (m->gone > 0 || m->back > 0) && !m->dry)
		rc = dcor_arch_log_flush(a->log, err);
	for (i = 0; i < u.nbuckets; i++)
		free(u.buckets[i]);
	free(u.buckets);
	free(u.listed);
	return rc;
}

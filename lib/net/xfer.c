/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Downloads. */
#include "net/xfer.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/str.h"
#include "base/tmp.h"
#include "net/s3priv.h"
#include "net/url.h"
#include "net/xferdone.h"
#include "net/xferpriv.h"

#define MIB	(1ull << 20)
#define REQUEST	(64 * MIB)	/* at most, of small chunks */

/* How an ETag was made, as far as one can know. */
struct layout {
	int		 md5;		/* of MD5 sums */
	int		 multi;		/* "...-N" */
	int		 sure;		/* part[0] comes from the server */
	unsigned	 n;		/* parts */
	unsigned	 nguess;
	uint64_t	 guess[24];	/* sizes of part that give n parts */
};

struct get;

/* Consecutive chunks on their way, by one request. */
struct lane {
	struct dcor_s3_req	 req;
	struct get		*g;
	unsigned		 i;		/* the chunk that comes now */
	uint64_t		 from, count, pos;
	int			 busy;
};

struct get {
	struct dcor_s3		*s3;
	const char		*bucket, *key, *path;
	const char		*sha256;	/* what it must be, or NULL */
	const struct dcor_xfer	*x;
	struct dcor_xfer_result	*out;
	struct dcor_s3_object	 o;
	struct layout		 layout;
	char			 name[DCOR_S3_NAME];
	char			 if_match[132];
	char			*part_path, *journal_path;
	int			 fd;
	struct dcor_done	*done;
	struct dcor_sums	*sums;
	struct dcor_work	*work;
	uint64_t		 chunk;
	unsigned		 n, next, first_open;
	struct lane		*lanes;
	unsigned		 nlanes, busy;
	uint64_t		 shown;		/* bytes that are there */
	int			 resumed;
	int			 norange;	/* the server has no ranges */
	int			 opaque;	/* ETags of encrypted objects
						 * are no sums */
	struct dcor_err		 err;		/* the first failure */
};

static void
guess(struct layout *l, uint64_t size, uint64_t part)
{
	unsigned i;

	if (part == 0 || (size + part - 1) / part != l->n)
		return;
	for (i = 0; i < l->nguess; i++)
		if (l->guess[i] == part)
			return;
	l->guess[l->nguess++] = part;
}

/* AWS and newer RGW say how large the first part is; where they do not,
 * what the usual programs use is tried. */
static void
ask_layout(struct get *g)
{
	static const unsigned usual[] = { 8, 5, 16, 15, 64, 10, 20, 25, 32,
	    50, 100, 128, 256, 512, 1024, 5120 };
	static const struct dcor_pair q = { "partNumber", "1" };
	struct dcor_s3_req r = { .http = { .method = "HEAD" },
	    .bucket = g->bucket, .key = g->key, .query = &q, .nquery = 1 };
	struct dcor_http_resp *resp = NULL;
	struct layout *l = &g->layout;
	const char *parts, *length;
	uint64_t n = 0, part = 0;
	unsigned i;

	if (l->n > 1 && dcor_s3_call(g->s3, &r, &resp, NULL) == 0) {
		parts = dcor_http_header(resp, "x-amz-mp-parts-count");
		length = dcor_http_header(resp, "content-length");
		if (parts != NULL && dcor_parse_u64(parts, &n) == 0 &&
		    n == l->n && length != NULL &&
		    dcor_parse_u64(length, &part) == 0) {
			guess(l, g->o.size, part);
			l->sure = l->nguess > 0;
		}
	}
	dcor_http_resp_free(resp);
	guess(l, g->o.size, dcor_xfer_part(g->x, g->o.size));
	for (i = 0; i < sizeof(usual) / sizeof(usual[0]); i++)
		guess(l, g->o.size, usual[i] * MIB);
	guess(l, g->o.size, (g->o.size + l->n - 1) / l->n);
}

static void
read_etag(struct get *g)
{
	struct layout *l = &g->layout;
	unsigned char md[16];
	uint64_t n = 0;
	char hex[33];

	memset(l, 0, sizeof(*l));
	snprintf(hex, sizeof(hex), "%.32s", g->o.etag);
	l->md5 = dcor_unhex(hex, md, 16) == 0;
	l->multi = l->md5 && g->o.etag[32] == '-' &&
	    dcor_parse_u64(g->o.etag + 33, &n) == 0 && n > 0 && n <= 10000;
	l->md5 = l->md5 && (l->multi || g->o.etag[32] == '\0');
	l->n = l->multi ? (unsigned)n : 1;
	if (l->multi)
		ask_layout(g);
	if (l->nguess == 0)
		l->guess[l->nguess++] = g->o.size > 0 ? g->o.size : 1;
}

/* Where chunk i ends. */
static uint64_t
end_of(const struct get *g, unsigned i)
{
	uint64_t end = (i + 1) * g->chunk;

	return end < g->o.size ? end : g->o.size;
}

static int
show(void *arg, const void *p, size_t n, struct dcor_err *err)
{
	struct lane *l = arg;
	struct get *g = l->g;
	const char *at = p;
	ssize_t put;

	if (g->err.code != DCOR_OK)
		return dcor_err_copy(err, &g->err);
	if (n > l->count - l->pos)
		return dcor_err_set(err, DCOR_EDATA, 0, "the server sends "
		    "more than the %" PRIu64 " bytes it announced",
		    g->o.size);
	while (n > 0) {
		put = pwrite(g->fd, at, n, (off_t)(l->from + l->pos));
		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return dcor_err_sys(err, errno, "%s", g->part_path);
		at += put;
		n -= (size_t)put;
		l->pos += (uint64_t)put;
		g->shown += (uint64_t)put;
		g->out->moved += (uint64_t)put;
	}
	for (; l->i < g->n && l->from + l->pos >= end_of(g, l->i); l->i++)
		if (dcor_done_add(g->done, l->i, err) != 0)
			return err->code;
	if (g->x->progress != NULL)
		g->x->progress(g->x->arg, g->shown, g->o.size);
	return 0;
}

static void
landed(void *arg, struct dcor_http_req *r, const struct dcor_http_resp *resp,
    const struct dcor_err *err)
{
	struct lane *l = arg;
	struct get *g = l->g;

	(void)r;
	l->busy = 0;
	g->busy--;
	if (err->code != DCOR_OK)
		(void)dcor_err_copy(&g->err, err);
	else if (l->pos != l->count)
		(void)dcor_err_set(&g->err, DCOR_EDATA, 0, "%s: the server "
		    "sends %" PRIu64 " bytes instead of %" PRIu64, g->name,
		    l->pos, l->count);
	g->opaque |= dcor_xfer_opaque(resp);
}

/* Asks for the chunks i ... i + m - 1. */
static void
launch(struct get *g, struct lane *l, unsigned i, unsigned m)
{
	memset(&l->req, 0, sizeof(l->req));
	l->g = g;
	l->i = i;
	l->pos = 0;
	l->from = i * g->chunk;
	l->count = end_of(g, i + m - 1) - l->from;
	l->req.bucket = g->bucket;
	l->req.key = g->key;
	l->req.http.write = show;
	l->req.http.done = landed;
	l->req.http.arg = l;
	if (g->o.etag[0] != '\0')
		l->req.http.if_match = g->if_match;
	if (g->n > 1) {
		l->req.http.flags = DCOR_HTTP_RANGE;
		l->req.http.from = l->from;
		l->req.http.count = l->count;
	}
	if (dcor_s3_start(g->s3, &l->req, &g->err) == 0) {
		l->busy = 1;
		g->busy++;
	}
}

/* Long requests cost a server less; towards the end they get shorter, so
 * that all end together. */
static void
launch_all(struct get *g)
{
	unsigned i, m, most;

	for (i = 0; i < g->nlanes && g->err.code == DCOR_OK; i++) {
		if (g->lanes[i].busy)
			continue;
		while (g->next < g->n && dcor_done_has(g->done, g->next))
			g->next++;
		if (g->next == g->n)
			return;
		most = (g->n - g->next) / (2 * g->nlanes);
		if (most > REQUEST / g->chunk)
			most = (unsigned)(REQUEST / g->chunk);
		for (m = 1; m < most && !dcor_done_has(g->done, g->next + m);
		    m++)
			continue;
		launch(g, &g->lanes[i], g->next, m);
		g->next += m;
	}
}

/* How far the file is complete from its beginning. */
static uint64_t
frontier(struct get *g)
{
	while (g->first_open < g->n && dcor_done_has(g->done, g->first_open))
		g->first_open++;
	return g->first_open == g->n ? g->o.size : g->first_open * g->chunk;
}

/* What goes on beside it; with wait, until it is done. */
static void
work(struct get *g, int wait)
{
	unsigned count = dcor_done_count(g->done);
	int rc;

	rc = wait ? dcor_work_finish(g->work, frontier(g), count, &g->err) :
	    dcor_work_kick(g->work, frontier(g), count, NULL, &g->err);
	if (rc == 0)
		(void)!dcor_done_synced(g->done,
		    (unsigned)dcor_work_synced(g->work), &g->err);
}

static int
move(struct get *g)
{
	struct dcor_http *http = dcor_s3_http(g->s3);

	if (g->x->progress != NULL)
		g->x->progress(g->x->arg, g->shown, g->o.size);
	while (g->busy > 0 || (g->err.code == DCOR_OK &&
	    dcor_done_count(g->done) < g->n)) {
		launch_all(g);
		work(g, 0);
		if (g->busy > 0 && dcor_http_step(http, 100, &g->err) != 0)
			break;
	}
	/* also after a failure: the next call takes up what has arrived */
	work(g, 1);
	return g->err.code;
}

/* The line that a journal starts with. */
static int
identity(const struct get *g, struct dcor_buf *b, struct dcor_err *err)
{
	dcor_buf_addf(b, "get %" PRIu64 " %" PRIu64 " ", g->o.size,
	    g->chunk);
	dcor_pct_encode(b, g->o.etag, strlen(g->o.etag), "");
	dcor_buf_addf(b, " %s ", g->bucket);
	dcor_pct_encode(b, g->key, strlen(g->key), "");
	dcor_buf_addc(b, '\0');
	return dcor_buf_check(b, err);
}

/* What an earlier call has done, if it was after the same. */
static int
take_up(struct get *g, struct dcor_err *err)
{
	struct dcor_buf b;
	struct stat st;
	unsigned i;
	int rc;

	if (fstat(g->fd, &st) != 0)
		return dcor_err_sys(err, errno, "%s", g->part_path);
	if (g->o.etag[0] == '\0')	/* nobody knows whether it is */
		st.st_size = 0;
	dcor_buf_init(&b, 8192);
	rc = identity(g, &b, err);
	if (rc == 0)
		rc = dcor_done_open(g->journal_path, b.p, g->o.size,
		    g->chunk, g->n, (uint64_t)st.st_size, &g->done, err);
	dcor_buf_fini(&b);
	if (rc != 0)
		return rc;
	g->resumed = dcor_done_count(g->done) > 0;
	for (i = 0; g->resumed && i < g->n; i++)
		if (dcor_done_has(g->done, i))
			g->shown += end_of(g, i) - i * g->chunk;
	if (!g->resumed && ftruncate(g->fd, 0) != 0)
		return dcor_err_sys(err, errno, "%s", g->part_path);
	return 0;
}

static int
set_up(struct get *g, struct dcor_err *err)
{
	unsigned want = 0;
	int rc;

	g->chunk = g->norange ? g->o.size : dcor_xfer_part(g->x, g->o.size);
	g->n = g->o.size == 0 ? 0 :
	    (unsigned)((g->o.size - 1) / g->chunk + 1);
	g->nlanes = g->x->parallel > 0 ? g->x->parallel : 4;
	if ((g->lanes = calloc(g->nlanes, sizeof(*g->lanes))) == NULL)
		return dcor_err_nomem(err);
	g->fd = open(g->part_path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC,
	    0666);
	if (g->fd < 0 && errno == ENOENT)
		return dcor_err_set(err, DCOR_ECREATE, errno, "%s: no such "
		    "directory", g->part_path);
	if (g->fd < 0)
		return dcor_err_sys(err, errno, "%s", g->part_path);
	if ((rc = take_up(g, err)) != 0)
		return rc;
	if (g->sha256 == NULL && g->layout.md5)
		want |= DCOR_SUMS_MD5;
	if (g->sha256 != NULL || g->x->sha256)
		want |= DCOR_SUMS_SHA256;
	if ((rc = dcor_sums_new(g->fd, g->part_path, g->o.size,
	    g->layout.guess[0], want, &g->sums, err)) != 0)
		return rc;
	return dcor_work_new(g->fd, g->part_path, g->sums, 1, &g->work, err);
}

/* Is the file what the ETag says? */
static int
prove_etag(struct get *g, struct dcor_err *err)
{
	struct dcor_xfer_result *out = g->out;
	struct layout *l = &g->layout;
	char got[128];
	unsigned i;
	int rc;

	rc = dcor_sums_etag(g->sums, l->multi, got, err);
	if (rc == 0)
		out->proven = strcmp(got, g->o.etag) == 0;
	for (i = 1; rc == 0 && !out->proven && l->multi && i < l->nguess;
	    i++) {
		rc = dcor_xfer_etag(g->fd, g->o.size, l->guess[i], got, err);
		out->proven = rc == 0 && strcmp(got, g->o.etag) == 0;
	}
	if (rc == 0 && !out->proven && !g->opaque && (!l->multi || l->sure))
		return dcor_err_set(err, DCOR_EDATA, 0, "%s: the content "
		    "has not the sum that its ETag %s says", g->name,
		    g->o.etag);
	return rc;
}

static int
prove(struct get *g, struct dcor_err *err)
{
	struct dcor_xfer_result *out = g->out;
	int rc;

	snprintf(out->etag, sizeof(out->etag), "%s", g->o.etag);
	if ((rc = dcor_sums_sha256(g->sums, out->sha256, err)) != 0)
		return rc;
	if (g->sha256 != NULL && strcmp(out->sha256, g->sha256) != 0)
		return dcor_err_set(err, DCOR_EDATA, 0, "%s: SHA-256 is %s, "
		    "not %.64s", g->name, out->sha256, g->sha256);
	out->proven = g->sha256 != NULL;
	if (!out->proven && g->layout.md5 && (rc = prove_etag(g, err)) != 0)
		return rc;
	if (!out->proven && g->resumed)
		return dcor_err_set(err, DCOR_EDATA, 0, "%s: what was there "
		    "of it cannot be proven", g->name);
	return 0;
}

static void
tear_down(struct get *g, int rc)
{
	int drop = rc == DCOR_EDATA || rc == DCOR_ENOENT;

	dcor_work_free(g->work);
	dcor_sums_free(g->sums);
	if (g->fd >= 0) {
		close(g->fd);
		if (drop)
			(void)unlink(g->part_path);
	}
	dcor_done_close(g->done, rc == 0 || drop);
	free(g->lanes);
}

/* One try. */
static int
attempt(struct get *g, struct dcor_err *err)
{
	int rc;

	g->fd = -1;
	g->done = NULL;
	g->sums = NULL;
	g->work = NULL;
	g->lanes = NULL;
	g->next = g->first_open = g->busy = 0;
	g->shown = 0;
	g->resumed = 0;
	g->err.code = DCOR_OK;
	if ((rc = set_up(g, err)) == 0 && (rc = move(g)) != 0)
		(void)dcor_err_copy(err, &g->err);
	if (rc == 0)
		rc = prove(g, err);
	if (rc == 0)
		rc = dcor_tmp_publish(g->part_path, g->path, g->x->replace,
		    err);
	tear_down(g, rc);
	return rc;
}

static int
paths(struct get *g, struct dcor_err *err)
{
	struct dcor_buf b;
	struct stat st;
	int rc;

	if (stat(g->path, &st) == 0 && (!g->x->replace ||
	    !S_ISREG(st.st_mode)))
		return dcor_err_set(err, DCOR_ECREATE, 0, "%s: exists%s",
		    g->path, S_ISREG(st.st_mode) ? "" :
		    " and is not a regular file");
	dcor_buf_init(&b, 1 << 16);
	dcor_buf_addf(&b, "%s.part", g->path);
	rc = dcor_buf_take(&b, &g->part_path, NULL, err);
	dcor_buf_adds(&b, g->x->journal != NULL ? g->x->journal : "");
	if (g->x->journal == NULL)
		dcor_buf_addf(&b, "%s.part.journal", g->path);
	if (rc == 0)
		rc = dcor_buf_take(&b, &g->journal_path, NULL, err);
	dcor_buf_fini(&b);
	return rc;
}

int
dcor_xfer_get(struct dcor_s3 *s, const char *bucket, const char *key,
    const struct dcor_s3_object *want, const char *sha256, const char *path,
    const struct dcor_xfer *x, struct dcor_xfer_result *out,
    struct dcor_err *err)
{
	static const struct dcor_xfer defaults;
	struct get g = { .s3 = s, .bucket = bucket, .key = key,
	    .path = path, .sha256 = sha256,
	    .x = x != NULL ? x : &defaults, .out = out };
	struct dcor_err e = DCOR_ERR_INIT;
	int rc, resumed;

	memset(out, 0, sizeof(*out));
	dcor_s3_name(bucket, key, g.name);
	if ((rc = paths(&g, err)) != 0)
		goto out;
	if (want != NULL && want->size > 0 && want->etag[0] != '\0')
		g.o = *want;
	else if ((rc = dcor_s3_head(s, bucket, key, &g.o, err)) != 0)
		goto out;
	else if (want != NULL && (want->size != g.o.size ||
	    (want->etag[0] != '\0' && strcmp(want->etag, g.o.etag) != 0))) {
		rc = dcor_err_set(err, DCOR_EDATA, 0, "%s: it has changed",
		    g.name);
		goto out;
	}
	out->size = g.o.size;
	snprintf(g.if_match, sizeof(g.if_match), "\"%s\"", g.o.etag);
	read_etag(&g);
	rc = attempt(&g, &e);
	resumed = g.resumed;
	if (rc == DCOR_EPROTO && e.sys == 200 && g.n > 1) {
		g.norange = 1;		/* in one go, then */
		resumed = 1;
	}
	/* what was there from before may have been damaged since, or it
	 * cannot be known */
	if ((rc == DCOR_EDATA || g.norange) && resumed && e.sys != 412) {
		memset(&e, 0, sizeof(e));
		rc = attempt(&g, &e);
	}
	if (rc != 0)
		(void)dcor_err_copy(err, &e);
out:
	free(g.part_path);
	free(g.journal_path);
	return rc;
}

int
dcor_xfer_etag(int fd, uint64_t size, uint64_t part, char etag[128],
    struct dcor_err *err)
{
	struct dcor_sums *s;
	int rc;

	*etag = '\0';
	rc = dcor_sums_new(fd, "file", size, part > 0 ? part : UINT64_MAX,
	    DCOR_SUMS_MD5, &s, err);
	if (rc == 0)
		rc = dcor_sums_add_md5(s, size, err);
	if (rc == 0)
		rc = dcor_sums_etag(s, dcor_sums_parts(s) > 1, etag, err);
	dcor_sums_free(s);
	return rc;
}

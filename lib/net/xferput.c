/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Uploads. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/str.h"
#include "net/s3priv.h"
#include "net/url.h"
#include "net/xferpriv.h"

#define PART_MAX	(5ull << 30)	/* every server's limit, bytes */
#define RESENDS		2		/* of a part that arrived damaged */
#define SKEW		900		/* seconds that a server allows */

enum state { WAITING, SENDING, SENT };

struct put;

struct part {
	unsigned char	 state;
	unsigned char	 resent;
	unsigned char	 proven;
	char		 etag[64];	/* of what the server has */
};

struct lane {
	struct dcor_s3_req	 req;
	struct dcor_pair	 query[2];
	char			 number[16];
	struct put		*u;
	unsigned		 i;
	uint64_t		 from, pos;
	int			 busy;
};

struct put {
	struct dcor_s3		*s3;
	const char		*path, *bucket, *key;
	const struct dcor_xfer	*x;
	struct dcor_xfer_result	*out;
	char			 name[DCOR_S3_NAME];
	int			 fd;
	struct stat		 st;
	uint64_t		 size, len;	/* of the file, of a part */
	unsigned		 n, nsent, nproven, first_open;
	struct part		*part;
	struct lane		*lanes;
	unsigned		 nlanes, busy;
	uint64_t		 shown;
	struct dcor_buf		 id;		/* upload id */
	struct dcor_journal	*journal;
	struct dcor_sums	*sums;
	struct dcor_work	*work;
	int			 resumed;	/* an earlier call's */
	int			 opaque;	/* ETags are no sums */
	struct dcor_err		 err;		/* the first failure */
};

static uint64_t
length_of(const struct put *u, unsigned i)
{
	uint64_t from = i * u->len;

	return u->size - from < u->len ? u->size - from : u->len;
}

static int
changed(const struct put *u, struct dcor_err *err)
{
	return dcor_err_set(err, DCOR_EDATA, 0, "%s: changed while it was "
	    "read", u->path);
}

/* http's read, of a lane */
static int
feed(void *arg, uint64_t off, void *p, size_t n, struct dcor_err *err)
{
	struct lane *l = arg;
	struct put *u = l->u;
	char *to = p;
	ssize_t got;

	if (u->err.code != DCOR_OK)
		return dcor_err_copy(err, &u->err);
	u->shown = u->shown - l->pos + off + n;
	l->pos = off + n;
	while (n > 0) {
		got = pread(u->fd, to, n, (off_t)(l->from + off));
		if (got == 0)
			return changed(u, err);
		if (got < 0 && errno != EINTR)
			return dcor_err_sys(err, errno, "%s", u->path);
		if (got < 0)
			continue;
		to += got;
		off += (uint64_t)got;
		n -= (size_t)got;
	}
	if (u->x->progress != NULL)
		u->x->progress(u->x->arg, u->shown, u->size);
	return 0;
}

/* Part i is at the server and its sum is known: are they the same? */
static void
compare(struct put *u, unsigned i)
{
	const char *md5 = dcor_sums_md5(u->sums, i);
	struct part *p = &u->part[i];

	if (p->state != SENT || p->proven || md5 == NULL)
		return;
	if (u->opaque || strcmp(md5, p->etag) == 0) {
		p->proven = 1;
		u->nproven++;
		return;
	}
	if (p->resent++ == RESENDS) {
		(void)dcor_err_set(&u->err, DCOR_EDATA, 0, "%s: part %u: the "
		    "server has %s, the file %s", u->name, i + 1,
		    p->etag[0] != '\0' ? p->etag : "no ETag", md5);
		return;
	}
	p->state = WAITING;
	u->nsent--;
	u->shown -= length_of(u, i);
}

static void
landed(void *arg, struct dcor_http_req *r, const struct dcor_http_resp *resp,
    const struct dcor_err *err)
{
	struct lane *l = arg;
	struct put *u = l->u;
	struct part *p = &u->part[l->i];
	char etag[128];
	const char *v;

	(void)r;
	l->busy = 0;
	u->busy--;
	if (err->code != DCOR_OK) {
		(void)dcor_err_copy(&u->err, err);
		return;
	}
	u->opaque |= dcor_xfer_opaque(resp);
	v = dcor_http_header(resp, "etag");
	dcor_s3_etag(v != NULL ? v : "", etag);
	snprintf(p->etag, sizeof(p->etag), "%.63s", etag);
	p->state = SENT;
	u->nsent++;
	u->out->moved += length_of(u, l->i);
}

static void
launch(struct put *u, struct lane *l, unsigned i)
{
	memset(&l->req, 0, sizeof(l->req));
	l->u = u;
	l->i = i;
	l->from = i * u->len;
	l->pos = 0;
	snprintf(l->number, sizeof(l->number), "%u", i + 1);
	l->query[0] = (struct dcor_pair){ "partNumber", l->number };
	l->query[1] = (struct dcor_pair){ "uploadId", dcor_buf_str(&u->id) };
	l->req.bucket = u->bucket;
	l->req.key = u->key;
	l->req.query = l->query;
	l->req.nquery = 2;
	l->req.http.method = "PUT";
	l->req.http.nbody = length_of(u, i);
	l->req.http.read = feed;
	l->req.http.done = landed;
	l->req.http.arg = l;
	if (dcor_s3_start(u->s3, &l->req, &u->err) == 0) {
		u->part[i].state = SENDING;
		l->busy = 1;
		u->busy++;
	}
}

static void
launch_all(struct put *u)
{
	unsigned i, k = u->first_open;

	for (i = 0; i < u->nlanes && u->err.code == DCOR_OK; i++) {
		if (u->lanes[i].busy)
			continue;
		while (k < u->n && u->part[k].state != WAITING)
			k++;
		if (k == u->n)
			return;
		launch(u, &u->lanes[i], k);
	}
}

/* What is proven stays so: the parts before first_open. */
static uint64_t
frontier(struct put *u)
{
	unsigned i;

	while (u->first_open < u->n && u->part[u->first_open].proven)
		u->first_open++;
	for (i = u->first_open; i < u->n && u->part[i].state == SENT; i++)
		continue;
	return i == u->n ? u->size : i * u->len;
}

static int
move(struct put *u)
{
	struct dcor_http *http = dcor_s3_http(u->s3);
	unsigned i;
	int idle;

	if (u->x->progress != NULL)
		u->x->progress(u->x->arg, u->shown, u->size);
	while (u->busy > 0 || (u->err.code == DCOR_OK &&
	    u->nproven < u->n)) {
		launch_all(u);
		if (dcor_work_kick(u->work, frontier(u), 0, &idle,
		    &u->err) != 0)
			idle = 0;
		if (u->busy == 0 && u->err.code == DCOR_OK && !idle) {
			(void)!dcor_work_finish(u->work, frontier(u), 0,
			    &u->err);
			idle = u->err.code == DCOR_OK;
		}
		for (i = u->first_open; idle && i < u->n; i++)
			compare(u, i);
		if (u->busy > 0 && dcor_http_step(http, 100, &u->err) != 0)
			break;
	}
	return u->err.code;
}

/* The line that a journal starts with. */
static int
identity(const struct put *u, struct dcor_buf *b, struct dcor_err *err)
{
	dcor_buf_addf(b, "put %" PRIu64 " %lld.%09ld %llu %" PRIu64 " %s ",
	    u->size, (long long)u->st.st_mtim.tv_sec,
	    u->st.st_mtim.tv_nsec, (unsigned long long)u->st.st_ino, u->len,
	    u->bucket);
	dcor_pct_encode(b, u->key, strlen(u->key), "");
	dcor_buf_addc(b, '\0');
	return dcor_buf_check(b, err);
}

static int
has_part(void *arg, unsigned number, uint64_t size, const char *etag,
    struct dcor_err *err)
{
	struct put *u = arg;
	struct part *p;

	(void)err;
	if (number == 0 || number > u->n || size != length_of(u, number - 1))
		return 0;
	p = &u->part[number - 1];
	snprintf(p->etag, sizeof(p->etag), "%.63s", etag);
	p->state = SENT;
	u->nsent++;
	u->shown += size;
	return 0;
}

static void
forget(struct put *u)
{
	dcor_buf_clear(&u->id);
	memset(u->part, 0, u->n * sizeof(*u->part));
	u->nsent = 0;
	u->shown = 0;
	u->resumed = 0;
}

/* Takes up the upload id, if the server still has it. */
static int
ask_parts(struct put *u, const char *id, struct dcor_err *err)
{
	int rc;

	rc = dcor_s3_mpu_parts(u->s3, u->bucket, u->key, id, has_part, u,
	    NULL);
	if (rc == DCOR_ETEMP)
		return dcor_err_set(err, rc, 0, "%s: the server does not "
		    "tell the parts it has", u->name);
	if (rc != 0) {
		forget(u);
		return 0;
	}
	u->resumed = 1;
	dcor_buf_adds(&u->id, id);
	return dcor_buf_check(&u->id, err);
}

/* An upload that was begun at a time, and whose id never arrived here. */
struct lost {
	const char	*key;
	int64_t		 since;
	struct dcor_buf	 id;
};

static int
may_be_lost(void *arg, const struct dcor_s3_pending *p, struct dcor_err *err)
{
	struct lost *l = arg;

	if (strcmp(p->key, l->key) != 0 || p->since < l->since - SKEW ||
	    p->since > l->since + SKEW)
		return 0;
	dcor_buf_clear(&l->id);
	dcor_buf_adds(&l->id, p->upload_id);
	return dcor_buf_check(&l->id, err);
}

/* Takes it up: one without parts is as good as a new one, whoever began it;
 * left alone it would stay for ever. */
static void
find_lost(struct put *u, uint64_t since)
{
	struct lost l = { .key = u->key, .since = (int64_t)since };

	dcor_buf_init(&l.id, 4096);
	if (dcor_s3_pending(u->s3, u->bucket, u->key, may_be_lost, &l,
	    NULL) == 0 && l.id.len > 0 &&
	    (ask_parts(u, dcor_buf_str(&l.id), NULL) != 0 || u->nsent > 0))
		forget(u);
	u->resumed = 0;		/* not by the journal */
	dcor_buf_fini(&l.id);
}

/*
 * The upload that an earlier call left, if it was of the same file as it is
 * now; else that one is given up.  u->id stays empty when there is none.
 * The journal: the identity, "since TIME" before the upload is begun, and
 * "id ID" after.
 */
static int
take_up(struct put *u, const struct dcor_buf *ident, struct dcor_err *err)
{
	const char *next = NULL, *line[3] = { NULL, NULL, NULL };
	uint64_t since;
	int i;

	for (i = 0; i < 3; i++)
		if ((line[i] = dcor_journal_line(u->journal, &next)) == NULL)
			break;
	if (line[1] == NULL || strncmp(line[1], "since ", 6) != 0 ||
	    dcor_parse_u64(line[1] + 6, &since) != 0)
		return 0;
	if (line[2] == NULL)
		find_lost(u, since);
	else if (strncmp(line[2], "id ", 3) != 0)
		return 0;
	else if (strcmp(line[0], ident->p) == 0)
		return ask_parts(u, line[2] + 3, err);
	else
		(void)!dcor_s3_mpu_abort(u->s3, u->bucket, u->key,
		    line[2] + 3, NULL);
	return 0;
}

static int
note(struct put *u, struct dcor_buf *line, int sync, struct dcor_err *err)
{
	int rc = 0;

	if (u->journal != NULL) {
		dcor_buf_addc(line, '\0');
		rc = dcor_journal_add(u->journal, line, sync, err);
	}
	dcor_buf_clear(line);
	return rc;
}

static int
begin(struct put *u, struct dcor_err *err)
{
	struct dcor_buf b;
	int rc;

	dcor_buf_init(&b, 8192);
	if ((rc = identity(u, &b, err)) == 0 && u->journal != NULL &&
	    (rc = take_up(u, &b, err)) == 0 && !u->resumed)
		rc = dcor_journal_restart(u->journal, err);
	if (rc != 0 || u->resumed)
		goto out;
	dcor_buf_addf(&b, "since %lld", (long long)time(NULL));
	rc = note(u, &b, 0, err);
	if (rc == 0 && u->id.len == 0)
		rc = dcor_s3_mpu_create(u->s3, u->bucket, u->key, &u->id,
		    err);
	dcor_buf_addf(&b, "id %s", dcor_buf_str(&u->id));
	if (rc == 0)
		rc = note(u, &b, 1, err);
out:
	dcor_buf_fini(&b);
	return rc;
}

static int
still_same(const struct put *u, struct dcor_err *err)
{
	struct stat st;

	if (fstat(u->fd, &st) != 0)
		return dcor_err_sys(err, errno, "%s", u->path);
	if (st.st_size != u->st.st_size ||
	    st.st_mtim.tv_sec != u->st.st_mtim.tv_sec ||
	    st.st_mtim.tv_nsec != u->st.st_mtim.tv_nsec)
		return changed(u, err);
	return 0;
}

static int
in_parts(struct put *u, struct dcor_err *err)
{
	const char **etags = calloc(u->n, sizeof(*etags));
	unsigned i;
	int rc;

	u->part = calloc(u->n, sizeof(*u->part));
	u->lanes = calloc(u->nlanes, sizeof(*u->lanes));
	rc = etags != NULL && u->part != NULL && u->lanes != NULL ?
	    dcor_work_new(u->fd, u->path, u->sums, 0, &u->work, err) :
	    dcor_err_nomem(err);
	if (rc == 0 && (rc = begin(u, err)) == 0 && (rc = move(u)) != 0)
		(void)dcor_err_copy(err, &u->err);
	if (rc == 0)
		rc = still_same(u, err);
	for (i = 0; rc == 0 && i < u->n; i++)
		etags[i] = u->part[i].etag;
	if (rc == 0)
		rc = dcor_s3_mpu_complete(u->s3, u->bucket, u->key,
		    dcor_buf_str(&u->id), etags, u->n, !u->opaque, err);
	if (rc != 0 && u->id.len > 0 && (u->journal == NULL ||
	    rc == DCOR_EDATA))
		(void)!dcor_s3_mpu_abort(u->s3, u->bucket, u->key,
		    dcor_buf_str(&u->id), NULL);
	dcor_work_free(u->work);
	u->work = NULL;
	free(etags);
	free(u->part);
	free(u->lanes);
	return rc;
}

/* Small: summed first, so that the server refuses what arrives damaged. */
static int
at_once(struct put *u, struct dcor_err *err)
{
	struct dcor_http_resp *resp = NULL;
	struct dcor_pair h = { "content-md5", NULL };
	struct lane l = { .u = u };
	unsigned char md[16];
	char sum[25], etag[128];
	const char *v;
	int rc;

	if ((u->x->sha256 && (rc = dcor_sums_add_sha256(u->sums, u->size,
	    err)) != 0) ||
	    (rc = dcor_sums_add_md5(u->sums, u->size, err)) != 0 ||
	    (rc = dcor_sums_etag(u->sums, 0, u->out->etag, err)) != 0)
		return rc;
	(void)!dcor_unhex(u->out->etag, md, 16);
	dcor_base64(md, 16, sum);
	h.value = sum;
	l.req.bucket = u->bucket;
	l.req.key = u->key;
	l.req.headers = &h;
	l.req.nheaders = 1;
	l.req.http.method = "PUT";
	l.req.http.nbody = u->size;
	l.req.http.read = u->size > 0 ? feed : NULL;
	l.req.http.arg = &l;
	if ((rc = dcor_s3_call(u->s3, &l.req, &resp, err)) == 0) {
		v = dcor_http_header(resp, "etag");
		dcor_s3_etag(v != NULL ? v : "", etag);
		u->opaque = dcor_xfer_opaque(resp);
		if (!u->opaque && strcmp(etag, u->out->etag) != 0)
			rc = dcor_err_set(err, DCOR_EDATA, 0, "%s: the "
			    "server has %.40s, the file %s", u->name,
			    *etag != '\0' ? etag : "no ETag", u->out->etag);
		u->out->moved = u->size;
	}
	dcor_http_resp_free(resp);
	return rc == 0 ? still_same(u, err) : rc;
}

static int
attempt(struct put *u, struct dcor_err *err)
{
	int rc;

	u->nsent = u->nproven = u->first_open = u->busy = 0;
	u->shown = 0;
	u->resumed = 0;
	u->err.code = DCOR_OK;
	u->part = NULL;
	u->lanes = NULL;
	dcor_buf_clear(&u->id);
	rc = dcor_sums_new(u->fd, u->path, u->size, u->len, DCOR_SUMS_MD5 |
	    (u->x->sha256 ? DCOR_SUMS_SHA256 : 0), &u->sums, err);
	if (rc == 0)
		rc = u->n > 1 ? in_parts(u, err) : at_once(u, err);
	if (rc == 0)
		rc = dcor_sums_sha256(u->sums, u->out->sha256, err);
	if (rc == 0)
		rc = dcor_sums_etag(u->sums, u->n > 1, u->out->etag, err);
	u->out->proven = rc == 0 && !u->opaque;
	dcor_sums_free(u->sums);
	u->sums = NULL;
	return rc;
}

static int
measure(struct put *u, struct dcor_err *err)
{
	uint64_t n;

	if (fstat(u->fd, &u->st) != 0)
		return dcor_err_sys(err, errno, "%s", u->path);
	if (!S_ISREG(u->st.st_mode))
		return dcor_err_set(err, DCOR_EARG, 0, "%s: not a regular "
		    "file", u->path);
	u->size = (uint64_t)u->st.st_size;
	u->len = dcor_xfer_part(u->x, u->size);
	n = u->size > u->len ? (u->size - 1) / u->len + 1 : 1;
	if (u->len > PART_MAX)
		return dcor_err_set(err, DCOR_EARG, 0, "%s: parts of %" PRIu64
		    " bytes: a part has at most 5 GiB", u->path, u->len);
	u->n = (unsigned)n;
	u->nlanes = u->x->parallel > 0 ? u->x->parallel : 4;
	u->out->size = u->size;
	return 0;
}

int
dcor_xfer_put(struct dcor_s3 *s, const char *path, const char *bucket,
    const char *key, const struct dcor_xfer *x,
    struct dcor_xfer_result *out, struct dcor_err *err)
{
	static const struct dcor_xfer defaults;
	struct put u = { .s3 = s, .path = path, .bucket = bucket,
	    .key = key, .x = x != NULL ? x : &defaults, .out = out };
	struct dcor_err e = DCOR_ERR_INIT;
	int rc;

	memset(out, 0, sizeof(*out));
	dcor_buf_init(&u.id, 4096);
	dcor_s3_name(bucket, key, u.name);
	u.fd = open(path, O_RDONLY | O_CLOEXEC);
	if (u.fd < 0)
		return dcor_err_sys(err, errno, "%s", path);
	if ((rc = measure(&u, err)) != 0)
		goto out;
	if (u.n > 1 && u.x->journal != NULL && (rc = dcor_journal_open(
	    u.x->journal, &u.journal, err)) != 0)
		goto out;
	rc = attempt(&u, &e);
	if (rc == DCOR_ENOENT && u.resumed) {	/* it ended meanwhile */
		memset(&e, 0, sizeof(e));
		rc = dcor_journal_restart(u.journal, &e);
		rc = rc != 0 ? rc : attempt(&u, &e);
	}
	if (rc != 0)
		(void)dcor_err_copy(err, &e);
out:
	close(u.fd);
	dcor_journal_close(u.journal, rc == 0 || rc == DCOR_EDATA);
	dcor_buf_fini(&u.id);
	return rc;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "arch/store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "arch/name.h"
#include "arch/tar.h"
#include "base/hash.h"
#include "base/time.h"

#define BLOCK	(1 << 20)	/* bytes written at a time */
#define NAME	80		/* of a bundle or a list, ".part" included */
#define TRIES	10000		/* marks for one name */

/* A file in the making. */
struct out {
	int		 fd;		/* -1: there is none */
	struct dcor_buf	 b;		/* not written yet */
	char		 name[NAME];	/* without .part */
};

struct dcor_arch_store {
	struct dcor_arch	*a;
	char			*bucket;
	char			*dirname;	/* of the bucket */
	uint64_t		 max;
	int64_t			 now;
	int			 state;		/* .dcor-archive/BUCKET */
	struct out		 tar, index, list;
	uint64_t		 len;		/* of the bundle */
	struct dcor_buf		 path, place;
};

static int
flush(struct out *o, struct dcor_err *err)
{
	int rc = DCOR_OK;

	if (o->b.len > 0)
		rc = dcor_arch_write(o->fd, o->b.p, o->b.len, err);
	dcor_buf_clear(&o->b);
	return rc;
}

static int
settle(struct out *o, struct dcor_err *err)
{
	int rc = dcor_buf_check(&o->b, err);

	return rc == DCOR_OK && o->b.len > BLOCK ? flush(o, err) : rc;
}

static void
drop(struct out *o)
{
	if (o->fd >= 0)
		close(o->fd);
	o->fd = -1;
	dcor_buf_clear(&o->b);
}

/* NAME.part in the bucket's own directory of what is not complete. */
static int
open_part(struct dcor_arch_store *s, struct out *o, int flags,
    struct dcor_err *err)
{
	char part[NAME + 8];

	(void)snprintf(part, sizeof(part), "%s.part", o->name);
	o->fd = openat(s->state, part, O_RDWR | O_CREAT | O_CLOEXEC |
	    O_APPEND | O_NOFOLLOW | flags, 0666);
	return o->fd >= 0 ? DCOR_OK : dcor_err_sys(err, errno, "%s/%s",
	    s->a->tree.path, part);
}

static int
need_state(struct dcor_arch_store *s, struct dcor_err *err)
{
	return s->state >= 0 ? DCOR_OK : dcor_arch_tree_dir(s->a->tree.state,
	    s->dirname, 1, &s->state, err);
}

static int
new_part(struct dcor_arch_store *s, struct out *o, const char *ext,
    struct dcor_err *err)
{
	struct dcor_civil c;
	unsigned char r[4];

	if (getrandom(r, sizeof(r), 0) != (ssize_t)sizeof(r))
		return dcor_err_sys(err, errno, "random numbers");
	dcor_civil(s->now, &c);
	(void)snprintf(o->name, sizeof(o->name), "%04d%02d%02dT%02d%02d%02dZ-"
	    "%02x%02x%02x%02x%s", (int)c.year, c.month, c.day, c.hour,
	    c.minute, c.second, r[0], r[1], r[2], r[3], ext);
	return need_state(s, err) != DCOR_OK ? DCOR_EIO :
	    open_part(s, o, O_EXCL, err);
}

/* Gives a part its name among the bundles. */
static int
publish(struct dcor_arch_store *s, struct out *o, struct dcor_err *err)
{
	char part[NAME + 8];
	int dir, small, rc;

	(void)snprintf(part, sizeof(part), "%s.part", o->name);
	rc = dcor_arch_tree_dir(s->a->tree.root, s->dirname, 1, &dir, err);
	if (rc != DCOR_OK)
		return rc;
	rc = dcor_arch_tree_dir(dir, DCOR_ARCH_SMALL, 1, &small, err);
	close(dir);
	if (rc != DCOR_OK)
		return rc;
	if (o == &s->index)	/* a crash may have come after this one */
		(void)unlinkat(small, o->name, 0);
	rc = dcor_arch_tree_publish(s->state, part, small, o->name, err);
	if (rc == DCOR_OK)
		rc = dcor_arch_sync(small, err);
	close(small);
	return rc;
}

static int
known(struct dcor_arch_store *s, const char *name, struct dcor_err *err)
{
	struct dcor_arch_rec r = { .kind = DCOR_ARCH_KNOWN,
		.bucket = s->bucket, .key = name };
	int rc;

	rc = dcor_arch_log_add(s->a->log, &r, err);
	return rc == DCOR_OK ? dcor_arch_log_flush(s->a->log, err) : rc;
}

/* The list comes first: who sees the bundle need not read it. */
static int
publish_bundle(struct dcor_arch_store *s, struct dcor_err *err)
{
	static const char end[DCOR_ARCH_TAR_END];
	int rc;

	dcor_buf_add(&s->tar.b, end, sizeof(end));
	rc = dcor_buf_check(&s->tar.b, err);
	if (rc == DCOR_OK)
		rc = flush(&s->tar, err);
	if (rc == DCOR_OK)
		rc = dcor_arch_sync(s->tar.fd, err);
	if (rc == DCOR_OK)
		rc = flush(&s->index, err);
	if (rc == DCOR_OK)
		rc = dcor_arch_sync(s->index.fd, err);
	if (rc == DCOR_OK)
		rc = publish(s, &s->index, err);
	if (rc == DCOR_OK)
		rc = publish(s, &s->tar, err);
	if (rc == DCOR_OK)
		rc = dcor_arch_log_copy(s->a->log, s->index.fd, err);
	if (rc == DCOR_OK)
		rc = known(s, s->tar.name, err);
	drop(&s->tar);
	drop(&s->index);
	s->len = 0;
	return rc;
}

static int
note_member(struct dcor_arch_store *s, const struct dcor_arch_rec *r,
    struct dcor_err *err)
{
	int rc = dcor_arch_index_apply(s->a->index, r, err);

	if (rc == DCOR_OK) {
		(void)dcor_arch_rec_add(&s->index.b, r);
		rc = settle(&s->index, err);
	}
	return rc;
}

struct resume {
	struct dcor_arch_store	*s;
	uint64_t		 n;
};

static int
on_left(void *arg, const struct dcor_arch_rec *r, struct dcor_err *err)
{
	struct resume *c = arg;

	c->n++;
	return note_member(c->s, r, err);
}

static void
place_of(struct dcor_arch_store *s)
{
	dcor_buf_clear(&s->place);
	dcor_buf_addf(&s->place, "%s/%s", DCOR_ARCH_SMALL, s->tar.name);
}

/* Goes on with the bundle NAME.part, cut after what is whole. */
static int
resume(struct dcor_arch_store *s, const char *part, uint64_t *resumed,
    struct dcor_err *err)
{
	struct resume c = { .s = s };
	struct stat st;
	int rc;

	(void)snprintf(s->tar.name, sizeof(s->tar.name), "%.*s",
	    (int)(strlen(part) - strlen(".part")), part);
	(void)snprintf(s->index.name, sizeof(s->index.name), "%.70s.index",
	    s->tar.name);
	rc = open_part(s, &s->tar, 0, err);
	if (rc == DCOR_OK)
		rc = open_part(s, &s->index, O_TRUNC, err);
	if (rc == DCOR_OK && fstat(s->tar.fd, &st) != 0)
		rc = dcor_err_sys(err, errno, "%s", part);
	if (rc != DCOR_OK)
		return rc;
	place_of(s);
	rc = dcor_arch_scan(s->tar.fd, (uint64_t)st.st_size, s->bucket,
	    dcor_buf_str(&s->place), 1, on_left, &c, &s->len, err);
	if (rc == DCOR_OK && ftruncate(s->tar.fd, (off_t)s->len) != 0)
		rc = dcor_err_sys(err, errno, "%s", part);
	*resumed += c.n;
	/* there is one bundle at a time */
	if (rc == DCOR_OK && s->len > s->max)
		rc = publish_bundle(s, err);
	return rc;
}

/* What an earlier run left: a name that ends with tail; 0, or 1. */
static int
find_left(struct dcor_arch_store *s, const char *tail, char out[NAME + 8])
{
	size_t n, k = strlen(tail);
	const struct dirent *d;
	int fd, found = 0;
	DIR *h;

	fd = openat(s->state, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || (h = fdopendir(fd)) == NULL) {
		if (fd >= 0)
			close(fd);
		return 0;
	}
	while (!found && (d = readdir(h)) != NULL) {
		n = strlen(d->d_name);
		if (n > k && n < NAME && strcmp(d->d_name + n - k, tail) ==
		    0) {
			memcpy(out, d->d_name, n + 1);
			found = 1;
		}
	}
	closedir(h);
	return found;
}

/* The lines of a list that was left: the log may have missed the last. */
static int
on_listed(void *arg, const struct dcor_arch_rec *r, struct dcor_err *err)
{
	struct dcor_arch_store *s = arg;
	struct dcor_arch_ent *e;

	if (r->kind != DCOR_ARCH_ADD || strcmp(r->bucket, s->bucket) != 0)
		return DCOR_OK;
	e = dcor_arch_index_find(s->a->index, r->bucket, r->key);
	while (e != NULL && memcmp(e->sha256, r->sha256, 32) != 0)
		e = dcor_arch_index_older(s->a->index, e);
	return e != NULL ? DCOR_OK : dcor_arch_log_add(s->a->log, r, err);
}

static int
resume_list(struct dcor_arch_store *s, const char *part,
    struct dcor_err *err)
{
	uint64_t good, bad;
	int rc;

	(void)snprintf(s->list.name, sizeof(s->list.name), "%.*s",
	    (int)(strlen(part) - strlen(".part")), part);
	rc = open_part(s, &s->list, 0, err);
	if (rc == DCOR_OK)
		rc = dcor_arch_lines(s->list.fd, on_listed, s, &good, &bad,
		    err);
	if (rc == DCOR_OK && bad > 0 && ftruncate(s->list.fd,
	    (off_t)good) != 0)
		rc = dcor_err_sys(err, errno, "%s", part);
	return rc;
}

int
dcor_arch_store_open(struct dcor_arch *a, const char *bucket,
    uint64_t bundle, int64_t now, struct dcor_arch_store **out,
    uint64_t *resumed, struct dcor_err *err)
{
	struct dcor_arch_store *s = calloc(1, sizeof(*s));
	char left[NAME + 8];
	int rc;

	*out = NULL;
	*resumed = 0;
	if (s == NULL)
		return dcor_err_nomem(err);
	s->a = a;
	s->max = bundle;
	s->now = now;
	s->state = s->tar.fd = s->index.fd = s->list.fd = -1;
	dcor_buf_init(&s->tar.b, 8ull << 30);
	dcor_buf_init(&s->index.b, 4 * BLOCK);
	dcor_buf_init(&s->list.b, 4 * BLOCK);
	dcor_buf_init(&s->path, 65536);
	dcor_buf_init(&s->place, DCOR_ARCH_LINE);
	rc = dcor_arch_bucket(&s->path, bucket, err);
	if (rc == DCOR_OK) {
		s->bucket = strdup(bucket);
		s->dirname = strdup(dcor_buf_str(&s->path));
		if (s->bucket == NULL || s->dirname == NULL)
			rc = dcor_err_nomem(err);
	}
	if (rc == DCOR_OK && dcor_arch_tree_dir(a->tree.state, s->dirname, 0,
	    &s->state, NULL) == DCOR_OK) {
		if (find_left(s, ".tar.part", left))
			rc = resume(s, left, resumed, err);
		if (rc == DCOR_OK && find_left(s, ".files.index.part", left))
			rc = resume_list(s, left, err);
	}
	if (rc == DCOR_OK)
		*out = s;
	else
		dcor_arch_store_close(s);
	return rc;
}

void
dcor_arch_store_close(struct dcor_arch_store *s)
{
	if (s == NULL)
		return;
	/* best effort: what is lost here is fetched again */
	if (s->tar.fd >= 0)
		(void)flush(&s->tar, NULL);
	drop(&s->tar);
	drop(&s->index);
	drop(&s->list);
	dcor_buf_fini(&s->tar.b);
	dcor_buf_fini(&s->index.b);
	dcor_buf_fini(&s->list.b);
	dcor_buf_fini(&s->path);
	dcor_buf_fini(&s->place);
	if (s->state >= 0)
		close(s->state);
	free(s->bucket);
	free(s->dirname);
	free(s);
}

int
dcor_arch_store_member(struct dcor_arch_store *s, struct dcor_arch_rec *r,
    unsigned depth, const void *data, struct dcor_err *err)
{
	static const char zero[DCOR_ARCH_TAR_BLOCK];
	struct dcor_buf line;
	size_t head, before;
	int rc = DCOR_OK;

	if (s->tar.fd >= 0 && s->len > 0 && s->len + r->size > s->max)
		rc = publish_bundle(s, err);
	if (rc == DCOR_OK && s->tar.fd < 0) {
		rc = new_part(s, &s->tar, ".tar", err);
		(void)snprintf(s->index.name, sizeof(s->index.name),
		    "%.70s.index", s->tar.name);
		if (rc == DCOR_OK)
			rc = open_part(s, &s->index, O_TRUNC, err);
	}
	dcor_buf_clear(&s->path);
	dcor_buf_adds(&s->path, s->dirname);
	if (depth > 0)
		dcor_buf_adds(&s->path, "%d");
	if (depth > 1)
		dcor_buf_addf(&s->path, "%u", depth);
	dcor_buf_addc(&s->path, '/');
	if (rc == DCOR_OK)
		rc = dcor_arch_path(&s->path, r->key, r->gen, err);
	if (rc != DCOR_OK)
		return rc;
	r->bucket = s->bucket;
	r->place = "";
	r->off = 0;
	dcor_buf_init(&line, DCOR_ARCH_LINE);
	(void)dcor_arch_rec_add(&line, r);
	before = s->tar.b.len;
	if (line.bad == DCOR_OK)	/* the comment ends with its own */
		dcor_arch_tar_head(&s->tar.b, dcor_buf_str(&s->path),
		    r->size, r->mtime, line.p, line.len - 1);
	rc = dcor_buf_check(&line, err);
	dcor_buf_fini(&line);
	head = s->tar.b.len - before;
	dcor_buf_add(&s->tar.b, data, (size_t)r->size);
	dcor_buf_add(&s->tar.b, zero, dcor_arch_tar_pad(r->size));
	if (rc == DCOR_OK)
		rc = dcor_buf_check(&s->tar.b, err);
	if (rc != DCOR_OK)
		return rc;
	place_of(s);
	r->place = dcor_buf_str(&s->place);
	r->off = s->len + head;
	s->len = r->off + r->size + dcor_arch_tar_pad(r->size);
	rc = settle(&s->tar, err);
	return rc == DCOR_OK ? note_member(s, r, err) : rc;
}

/* Sixteen bytes of a hash of both, as a name. */
static int
work_name(const char *key, const char *etag, char out[48],
    struct dcor_err *err)
{
	struct dcor_buf b;
	char hex[65];
	int rc;

	dcor_buf_init(&b, 4096);
	dcor_buf_addf(&b, "%s\n%s", etag, key);
	rc = dcor_buf_check(&b, err);
	if (rc == DCOR_OK)
		rc = dcor_sha256_hex(b.p, b.len, hex, err);
	dcor_buf_fini(&b);
	if (rc == DCOR_OK)
		(void)snprintf(out, 48, "%.32s.get", hex);
	return rc;
}

int
dcor_arch_store_work(struct dcor_arch_store *s, const char *key,
    const char *etag, const char **path, struct dcor_err *err)
{
	char name[48];
	int rc;

	rc = need_state(s, err);
	if (rc == DCOR_OK)
		rc = work_name(key, etag, name, err);
	if (rc != DCOR_OK)
		return rc;
	dcor_buf_clear(&s->path);
	dcor_buf_addf(&s->path, "%s/%s/%s/%s", s->a->tree.path,
	    DCOR_ARCH_STATE, s->dirname, name);
	*path = dcor_buf_str(&s->path);
	return dcor_buf_check(&s->path, err);
}

/* Writes down where a file of its own is: s->path, below the bucket. */
static int
note_file(struct dcor_arch_store *s, struct dcor_arch_rec *r,
    struct dcor_err *err)
{
	int rc = DCOR_OK;

	dcor_buf_clear(&s->place);
	rc = dcor_arch_path(&s->place, r->key, r->gen, err);
	if (rc != DCOR_OK)
		return rc;
	r->bucket = s->bucket;
	r->off = 0;
	r->place = strcmp(dcor_buf_str(&s->place), dcor_buf_str(&s->path)) ==
	    0 ? "" : dcor_buf_str(&s->path);
	if (s->list.fd < 0)
		rc = new_part(s, &s->list, ".files.index", err);
	if (rc == DCOR_OK) {
		(void)dcor_arch_rec_add(&s->list.b, r);
		rc = dcor_buf_check(&s->list.b, err);
	}
	if (rc == DCOR_OK)
		rc = flush(&s->list, err);
	if (rc == DCOR_OK)
		rc = dcor_arch_sync(s->list.fd, err);
	if (rc == DCOR_OK)
		rc = dcor_arch_log_add(s->a->log, r, err);
	return rc == DCOR_OK ? dcor_arch_log_flush(s->a->log, err) : rc;
}

int
dcor_arch_store_file(struct dcor_arch_store *s, struct dcor_arch_rec *r,
    struct dcor_err *err)
{
	struct dcor_err why = DCOR_ERR_INIT;
	int dir, fd = -1, rc, i, sys = EEXIST;
	struct stat st;
	char name[48];
	size_t leaf;

	rc = work_name(r->key, r->etag, name, err);
	if (rc == DCOR_OK)
		rc = dcor_arch_tree_dir(s->a->tree.root, s->dirname, 1, &dir,
		    err);
	if (rc != DCOR_OK)
		return rc;
	for (i = 0; sys == EEXIST && i < TRIES; i++) {
		if (fd >= 0)
			close(fd);
		memset(&why, 0, sizeof(why));
		dcor_buf_clear(&s->path);
		rc = dcor_arch_path(&s->path, r->key, r->gen, &why);
		if (rc == DCOR_OK)
			rc = dcor_arch_tree_parent(dir, &s->path, &fd, &leaf,
			    &why);
		sys = 0;
		if (rc != DCOR_OK)
			break;
		if (fstatat(fd, s->path.p + leaf, &st, AT_SYMLINK_NOFOLLOW)
		    == 0 && S_ISDIR(st.st_mode))
			dcor_buf_adds(&s->path, "%f");
		rc = dcor_buf_check(&s->path, &why);
		if (rc == DCOR_OK)
			rc = dcor_arch_tree_publish(s->state, name, fd,
			    s->path.p + leaf, &why);
		sys = why.sys;
		r->gen += sys == EEXIST;
	}
	if (rc == DCOR_OK)
		rc = dcor_arch_sync(fd, &why);
	if (fd >= 0)
		close(fd);
	close(dir);
	if (rc != DCOR_OK)
		return dcor_err_copy(err, &why);
	return note_file(s, r, err);
}

int
dcor_arch_store_adopt(struct dcor_arch_store *s, struct dcor_arch_rec *r,
    struct dcor_err *err)
{
	int rc;

	dcor_buf_clear(&s->path);
	rc = dcor_arch_path(&s->path, r->key, r->gen, err);
	return rc == DCOR_OK ? note_file(s, r, err) : rc;
}

int
dcor_arch_store_finish(struct dcor_arch_store *s, int clean,
    struct dcor_err *err)
{
	static const char *const tails[] = { ".get", ".get.part",
		".get.part.journal", ".tar.index.part", ".tar.part" };
	char left[NAME + 8];
	size_t i;
	int rc = DCOR_OK;

	if (s->tar.fd >= 0 && s->len > 0)
		rc = publish_bundle(s, err);
	if (rc == DCOR_OK && s->list.fd >= 0) {
		rc = publish(s, &s->list, err);
		if (rc == DCOR_OK)
			rc = known(s, s->list.name, err);
		drop(&s->list);
	}
	if (rc != DCOR_OK || !clean || s->state < 0)
		return rc;
	for (i = 0; i < sizeof(tails) / sizeof(tails[0]); i++)
		while (find_left(s, tails[i], left))
			if (unlinkat(s->state, left, 0) != 0)
				return dcor_err_sys(err, errno, "%s", left);
	return DCOR_OK;
}

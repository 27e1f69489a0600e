/* SPDX-License-Identifier: GPL-3.0-or-later */
/* store.c - bodies, objects, buckets */
#include "httpd.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli.h"

static struct bucket **buckets;
static size_t nbuckets;
static char made[64];		/* the directory, if it is ours */
static uint64_t nfiles;

void *
xalloc(void *old, size_t n)
{
	void *p = realloc(old, n ? n : 1);

	if (p == NULL)
		cli_die(71, "out of memory");
	return p;
}

char *
xdup(const char *s)
{
	size_t n = strlen(s) + 1;

	return memcpy(xalloc(NULL, n), s, n);
}

void
store_open(void)
{
	const char *tmp = getenv("TMPDIR");

	if (conf.dir != NULL)
		return;
	if (snprintf(made, sizeof(made), "%s/httpd.XXXXXX",
	    tmp ? tmp : "/tmp") >= (int)sizeof(made) || mkdtemp(made) == NULL)
		cli_die(73, "%s: %s", made, strerror(errno));
	conf.dir = made;
}

void
store_close(void)
{
	while (nbuckets > 0)
		bucket_del(buckets[nbuckets - 1]);
	free(buckets);
	if (*made)
		rmdir(made);
}

uint64_t
store_objects(void)
{
	uint64_t n = 0;
	size_t i;

	for (i = 0; i < nbuckets; i++)
		n += buckets[i]->nobjs;
	return n;
}

struct blob *
blob_new(uint64_t size, int in_memory)
{
	struct blob *b = xalloc(NULL, sizeof(*b));
	char path[4096];

	memset(b, 0, sizeof(*b));
	b->refs = 1;
	b->size = size;
	if (in_memory) {
		/* a NUL after it: text is read as a string */
		b->mem = xalloc(NULL, (size_t)size + 1);
		b->mem[size] = '\0';
	} else {
		snprintf(path, sizeof(path), "%s/%ld-%" PRIu64, conf.dir,
		    (long)getpid(), ++nfiles);
		b->path = xdup(path);
	}
	return b;
}

int
blob_open(const struct blob *b, int write)
{
	return open(b->path, (write ? O_RDWR | O_CREAT | O_EXCL : O_RDONLY) |
	    O_CLOEXEC, 0600);
}

int
blob_put(struct blob *b, int fd, uint64_t off, const void *p, size_t n)
{
	const char *s = p;
	ssize_t k;

	if (b->mem != NULL) {
		memcpy(b->mem + off, p, n);
		return 0;
	}
	while (n > 0) {
		if ((k = pwrite(fd, s, n, (off_t)off)) < 0)
			return -1;
		s += k;
		n -= (size_t)k;
		off += (uint64_t)k;
	}
	return 0;
}

void
blob_unref(struct blob *b)
{
	if (b == NULL || --b->refs > 0)
		return;
	if (b->path != NULL && !b->keep)
		unlink(b->path);
	free(b->mem);
	free(b->path);
	free(b);
}

/* Reads within one body. */
static int
blob_get(const struct blob *b, int fd, uint64_t off, char *p, size_t n)
{
	if (b->mem != NULL) {
		memcpy(p, b->mem + off, n);
		return 0;
	}
	return pread(fd, p, n, (off_t)off) == (ssize_t)n ? 0 : -1;
}

struct blob *
blob_copy(const struct object *o, uint64_t off, uint64_t n,
    unsigned char flip)
{
	static char piece[1 << 18];
	struct blob *to = blob_new(n, n <= MEM_MAX);
	int out = to->mem ? -1 : blob_open(to, 1), in, bad = 0;
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	uint64_t done = 0, at, k, i;
	size_t s;

	if (md == NULL || EVP_DigestInit_ex(md, EVP_md5(), NULL) != 1)
		cli_die(71, "out of memory");
	for (s = 0; s < o->nseg && done < n; off -= o->seg[s++]->size) {
		if (off >= o->seg[s]->size)
			continue;
		in = o->seg[s]->mem ? -1 : blob_open(o->seg[s], 0);
		for (at = off; at < o->seg[s]->size && done < n; at += k) {
			k = o->seg[s]->size - at;
			k = k < sizeof(piece) ? k : sizeof(piece);
			k = k < n - done ? k : n - done;
			bad |= blob_get(o->seg[s], in, at, piece, (size_t)k);
			for (i = 0; flip && i < k; i++)
				piece[i] = (char)(piece[i] ^ flip);
			EVP_DigestUpdate(md, piece, (size_t)k);
			bad |= blob_put(to, out, done, piece, (size_t)k);
			done += k;
		}
		if (in >= 0)
			close(in);
		/* the next body is taken from its start */
		off = o->seg[s]->size;
	}
	EVP_DigestFinal_ex(md, to->md5, NULL);
	EVP_MD_CTX_free(md);
	if (out >= 0)
		close(out);
	if (bad)
		cli_die(74, "copying an object: %s", strerror(errno));
	return to;
}

struct object *
object_new(const char *key, struct blob **seg, size_t nseg, int multipart)
{
	struct object *o = xalloc(NULL, sizeof(*o));
	unsigned char sum[16];
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	size_t i;

	memset(o, 0, sizeof(*o));
	o->refs = 1;
	o->key = xdup(key);
	o->seg = xalloc(NULL, nseg * sizeof(*seg));
	memcpy(o->seg, seg, nseg * sizeof(*seg));
	o->nseg = nseg;
	o->mtime = server_time();
	dcor_buf_init(&o->tags, TEXT_MAX);
	if (md == NULL || EVP_DigestInit_ex(md, EVP_md5(), NULL) != 1)
		cli_die(71, "out of memory");
	for (i = 0; i < nseg; i++) {
		o->size += seg[i]->size;
		EVP_DigestUpdate(md, seg[i]->md5, 16);
	}
	EVP_DigestFinal_ex(md, sum, NULL);
	EVP_MD_CTX_free(md);
	hex(o->etag, multipart ? sum : seg[0]->md5, 16);
	if (multipart)
		snprintf(o->etag + 32, sizeof(o->etag) - 32, "-%zu", nseg);
	return o;
}

void
object_unref(struct object *o)
{
	size_t i;

	if (o == NULL || --o->refs > 0)
		return;
	for (i = 0; i < o->nseg; i++)
		blob_unref(o->seg[i]);
	free(o->seg);
	free(o->key);
	free(o->meta);
	dcor_buf_fini(&o->tags);
	free(o);
}

struct object *
object_twist(const struct object *o)
{
	struct blob **seg = xalloc(NULL, o->nseg * sizeof(*seg));
	struct object *to;
	uint64_t off = 0;
	size_t i;

	for (i = 0; i < o->nseg; off += o->seg[i++]->size)
		seg[i] = blob_copy(o, off, o->seg[i]->size, 1);
	to = object_new(o->key, seg, o->nseg, strchr(o->etag, '-') != NULL);
	free(seg);
	to->meta = o->meta ? xdup(o->meta) : NULL;
	dcor_buf_add(&to->tags, o->tags.p, o->tags.len);
	return to;
}

struct bucket *
bucket_at(size_t i)
{
	return i < nbuckets ? buckets[i] : NULL;
}

struct bucket *
bucket_get(const char *name)
{
	size_t i;

	for (i = 0; i < nbuckets; i++)
		if (strcmp(buckets[i]->name, name) == 0)
			return buckets[i];
	return NULL;
}

/* In the order of their names. */
struct bucket *
bucket_add(const char *name)
{
	struct bucket *b = xalloc(NULL, sizeof(*b));
	size_t i;

	memset(b, 0, sizeof(*b));
	b->name = xdup(name);
	b->since = server_time();
	buckets = xalloc(buckets, (nbuckets + 1) * sizeof(*buckets));
	for (i = nbuckets++; i > 0 && strcmp(buckets[i - 1]->name, name) > 0;
	    i--)
		buckets[i] = buckets[i - 1];
	return buckets[i] = b;
}

void
bucket_del(struct bucket *b)
{
	size_t i;

	while (b->nups > 0)
		upload_del(b, b->ups[b->nups - 1]);
	for (i = 0; i < b->nobjs; i++)
		object_unref(b->objs[i]);
	for (i = 0; buckets[i] != b; i++)
		continue;
	memmove(buckets + i, buckets + i + 1,
	    (--nbuckets - i) * sizeof(*buckets));
	free(b->objs);
	free(b->ups);
	free(b->policy);
	free(b->name);
	free(b);
}

size_t
bucket_slot(const struct bucket *b, const char *key, int *found)
{
	size_t lo = 0, hi = b->nobjs, mid;

	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		if (strcmp(b->objs[mid]->key, key) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	*found = lo < b->nobjs && strcmp(b->objs[lo]->key, key) == 0;
	return lo;
}

struct object *
bucket_find(const struct bucket *b, const char *key)
{
	int found;
	size_t i = bucket_slot(b, key, &found);

	return found ? b->objs[i] : NULL;
}

void
bucket_set(struct bucket *b, struct object *o)
{
	int found;
	size_t i = bucket_slot(b, o->key, &found);

	if (found) {
		object_unref(b->objs[i]);
	} else {
		if (b->nobjs == b->cap) {
			b->cap = b->cap * 2 + 64;
			b->objs = xalloc(b->objs, b->cap * sizeof(*b->objs));
		}
		memmove(b->objs + i + 1, b->objs + i,
		    (b->nobjs++ - i) * sizeof(*b->objs));
	}
	b->objs[i] = o;
}

int
bucket_unset(struct bucket *b, const char *key)
{
	int found;
	size_t i = bucket_slot(b, key, &found);

	if (!found)
		return -1;
	object_unref(b->objs[i]);
	memmove(b->objs + i, b->objs + i + 1,
	    (--b->nobjs - i) * sizeof(*b->objs));
	return 0;
}

struct upload *
upload_get(const struct bucket *b, const char *id)
{
	size_t i;

	for (i = 0; i < b->nups; i++)
		if (strcmp(b->ups[i]->id, id) == 0)
			return b->ups[i];
	return NULL;
}

void
upload_del(struct bucket *b, struct upload *u)
{
	size_t i;

	for (i = 0; b->ups[i] != u; i++)
		continue;
	memmove(b->ups + i, b->ups + i + 1, (--b->nups - i) * sizeof(*b->ups));
	for (i = 0; i < u->nparts; i++)
		blob_unref(u->parts[i].blob);
	free(u->parts);
	free(u->key);
	free(u->meta);
	dcor_buf_fini(&u->tags);
	free(u);
}

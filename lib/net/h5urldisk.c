/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Blocks of remote objects that are kept in files: one file an object, named
 * by the hash of its URL without secrets, its ETag and its size.  It has a
 * head, a sum for each block (0: not there), and the blocks where they are
 * in the object, with holes.  A block is written before its sum, and what
 * does not have its sum is not there: a crash at any moment, or several
 * processes at once, cost a fetch and nothing else.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hash.h"
#include "net/h5urlpriv.h"
#include "net/sigv4.h"
#include "net/url.h"

#define BLOCK		DCOR_PIECE_BLOCK
#define HEAD		4096
#define LIMIT		((uint64_t)1 << 30)
#define MAX_SIZE	((uint64_t)1 << 50)

struct head {
	char		 magic[16];
	uint64_t	 one;		/* the order of bytes */
	uint64_t	 size;
};

struct dcor_h5urldisk {
	int		 fd, full;
	char		*dir;
	char		 name[65];
	uint64_t	 size, data;	/* of the object; where blocks start */
	uint64_t	 used, limit;	/* bytes of the whole cache */
};

static uint64_t
sum(const char *p, size_t n)
{
	uint64_t h = n, w;

	for (; n > 0; p += 8, n -= n < 8 ? n : 8) {
		w = 0;
		memcpy(&w, p, n < 8 ? n : 8);
		h = (h ^ w) * 0x9e3779b97f4a7c15ULL;
		h ^= h >> 29;
	}
	return h | 1;
}

static int
write_all(int fd, const void *p, size_t n, uint64_t off)
{
	const char *s = p;
	ssize_t k;

	for (; n > 0; s += k, off += (uint64_t)k, n -= (size_t)k)
		if ((k = pwrite(fd, s, n, (off_t)off)) <= 0)
			return -1;
	return 0;
}

/* Whether all n bytes are there. */
static int
read_all(int fd, void *p, size_t n, uint64_t off)
{
	char *s = p;
	ssize_t k;

	for (; n > 0; s += k, off += (uint64_t)k, n -= (size_t)k)
		if ((k = pread(fd, s, n, (off_t)off)) <= 0)
			return 0;
	return 1;
}

/* Bytes of all files; *oldest is the name of the one that was used least
 * recently and is not ours. */
static uint64_t
survey(const struct dcor_h5urldisk *d, char oldest[65])
{
	struct timespec t = { 0, 0 };
	struct dirent *e;
	uint64_t n = 0;
	struct stat st;
	DIR *dir = opendir(d->dir);

	*oldest = '\0';
	if (dir == NULL)
		return 0;
	while ((e = readdir(dir)) != NULL) {
		if (strlen(e->d_name) != 64 || fstatat(dirfd(dir), e->d_name,
		    &st, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(st.st_mode))
			continue;
		n += (uint64_t)st.st_blocks * 512;
		if (strcmp(e->d_name, d->name) == 0 || (*oldest != '\0' &&
		    (st.st_mtim.tv_sec > t.tv_sec ||
		    (st.st_mtim.tv_sec == t.tv_sec &&
		    st.st_mtim.tv_nsec >= t.tv_nsec))))
			continue;
		t = st.st_mtim;
		snprintf(oldest, 65, "%.64s", e->d_name);
	}
	closedir(dir);
	return n;
}

/* Removes old files until n bytes more are within the limit. */
static void
make_room(struct dcor_h5urldisk *d, uint64_t n)
{
	char oldest[65], path[4096];

	while ((d->used = survey(d, oldest)) + n > d->limit) {
		snprintf(path, sizeof(path), "%s/%s", d->dir, oldest);
		if (*oldest == '\0' || unlink(path) != 0) {
			d->full = 1;
			return;
		}
	}
}

static int
name_of(const struct dcor_h5url_conf *c, const char *url, const char *etag,
    uint64_t size, char out[65])
{
	const char *query = strchr(url, '?');
	struct dcor_signed sig;
	struct dcor_buf b;
	size_t n = strlen(url);
	int rc;

	/* a signature is a secret, and another every time */
	if (strncmp(url, "http", 4) == 0 && query != NULL &&
	    (dcor_signed_parse(query + 1, &sig, NULL) != DCOR_OK ||
	    sig.version != 0))
		n = (size_t)(query - url);
	dcor_buf_init(&b, 2 * DCOR_URL_MAX);
	if (strncmp(url, "s3:", 3) == 0 && c->site->endpoint != NULL)
		dcor_buf_addf(&b, "%s\n", c->site->endpoint);
	dcor_buf_add(&b, url, n);
	dcor_buf_addf(&b, "\n%s\n%llu", etag, (unsigned long long)size);
	rc = dcor_buf_check(&b, NULL);
	if (rc == DCOR_OK)
		rc = dcor_sha256_hex(b.p, b.len, out, NULL);
	dcor_buf_fini(&b);
	return rc;
}

/* The file, with its head; -1: no cache, then. */
static int
open_file(const struct dcor_h5urldisk *d)
{
	struct head want = { "dcor blocks 1\n", 1, d->size }, is;
	char path[4096];
	struct stat st;
	int fd, n, again;
	struct rlimit most;

	n = snprintf(path, sizeof(path), "%s/%s", d->dir, d->name);
	if (n < 0 || (size_t)n >= sizeof(path))
		return -1;
	/* a signal would end the program */
	if (getrlimit(RLIMIT_FSIZE, &most) != 0 || (most.rlim_cur !=
	    RLIM_INFINITY && d->data + d->size > most.rlim_cur))
		return -1;
	/* larger than may be: there was another limit */
	if (stat(path, &st) == 0 && (uint64_t)st.st_blocks * 512 > d->limit)
		(void)unlink(path);
	for (again = 0; again < 2; again++) {
		fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW,
		    0600);
		if (fd < 0 || fstat(fd, &st) != 0)
			break;
		if (st.st_size == 0 && ftruncate(fd, (off_t)(d->data +
		    d->size)) == 0 && write_all(fd, &want, sizeof(want), 0)
		    == 0)
			return fd;
		if (read_all(fd, &is, sizeof(is), 0) &&
		    memcmp(&is, &want, sizeof(is)) == 0) {
			(void)futimens(fd, NULL);
			return fd;
		}
		close(fd);
		fd = -1;
		(void)unlink(path);
	}
	if (fd >= 0)
		close(fd);
	return -1;
}

struct dcor_h5urldisk *
dcor_h5urldisk_open(const struct dcor_h5url_conf *c, const char *name,
    const char *etag, uint64_t size)
{
	uint64_t map = (size / BLOCK + 1) * 8;
	struct dcor_h5urldisk *d;
	char *slash;

	if (c->cache == NULL || *etag == '\0' || size == 0 ||
	    strncmp(etag, "W/", 2) == 0 || size > MAX_SIZE ||
	    (d = calloc(1, sizeof(*d))) == NULL)
		return NULL;
	d->fd = -1;
	d->size = size;
	d->data = (HEAD + map + HEAD - 1) / HEAD * HEAD;
	d->limit = c->cache_size > 0 ? c->cache_size : LIMIT;
	d->dir = strdup(c->cache);
	if (d->dir != NULL &&
	    name_of(c, name, etag, size, d->name) == DCOR_OK) {
		slash = strrchr(d->dir, '/');
		if (slash != NULL && slash != d->dir) {
			*slash = '\0';
			(void)mkdir(d->dir, 0700);
			*slash = '/';
		}
		(void)mkdir(d->dir, 0700);
		d->fd = open_file(d);
	}
	if (d->fd < 0) {
		dcor_h5urldisk_close(d);
		return NULL;
	}
	make_room(d, 0);
	return d;
}

void
dcor_h5urldisk_close(struct dcor_h5urldisk *d)
{
	if (d == NULL)
		return;
	if (d->fd >= 0)
		close(d->fd);
	free(d->dir);
	free(d);
}

/* Bytes of the block at off. */
static size_t
block(const struct dcor_h5urldisk *d, uint64_t off)
{
	return d->size - off < BLOCK ? (size_t)(d->size - off) : BLOCK;
}

/* The sums of the blocks that n bytes from off on touch; the caller frees
 * them.  NULL: there are none. */
static uint64_t *
sums(const struct dcor_h5urldisk *d, uint64_t off, size_t n)
{
	size_t nblock = (n + BLOCK - 1) / BLOCK;
	uint64_t *v = calloc(nblock + 1, sizeof(*v));

	if (v != NULL && !read_all(d->fd, v, nblock * sizeof(*v),
	    HEAD + off / BLOCK * 8)) {
		free(v);
		return NULL;
	}
	return v;
}

size_t
dcor_h5urldisk_get(struct dcor_h5urldisk *d, uint64_t off, char *buf,
    size_t n)
{
	uint64_t *v = sums(d, off, n);
	size_t have = 0, k, i;

	for (i = 0; v != NULL && have < n && v[i] != 0; i++)
		have += block(d, off + have);
	if (have > n || (have > 0 && !read_all(d->fd, buf, have,
	    d->data + off)))
		have = 0;
	for (i = 0, k = 0; k < have; i++) {
		if (sum(buf + k, block(d, off + k)) != v[i])
			have = k;
		else
			k += block(d, off + k);
	}
	free(v);
	return have;
}

void
dcor_h5urldisk_put(struct dcor_h5urldisk *d, uint64_t off, const char *buf,
    size_t n)
{
	uint64_t *v;
	size_t k, i;

	if (!d->full && d->used + n > d->limit)
		make_room(d, n);
	if (d->full || (v = sums(d, off, n)) == NULL)
		return;
	for (i = 0, k = 0; k < n; k += block(d, off + k))
		v[i++] = sum(buf + k, block(d, off + k));
	if (write_all(d->fd, buf, n, d->data + off) != 0 ||
	    write_all(d->fd, v, i * sizeof(*v), HEAD + off / BLOCK * 8) != 0)
		d->full = 1;
	d->used += n;
	free(v);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "net/xfersum.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/md5x.h"
#include "net/s3priv.h"

#define PIECE	(256 << 10)		/* read at a time in order */
#define LANE	(32 << 10)		/* read at a time side by side */

struct dcor_sums {
	int		 fd;
	const char	*path;
	uint64_t	 size, part;
	unsigned	 want;
	unsigned	 n;			/* parts */
	unsigned	 known;			/* of which the MD5 is there */
	struct {				/* what goes in order */
		struct dcor_hash *hash;
		uint64_t	 at;
		unsigned char	 buf[PIECE];
	} sha, md5;				/* md5: of a single part */
	unsigned char	*buf;			/* DCOR_MD5X * LANE */
	char		 (*hex)[33];
};

int
dcor_sums_new(int fd, const char *path, uint64_t size, uint64_t part,
    unsigned want, struct dcor_sums **out, struct dcor_err *err)
{
	struct dcor_sums *s = calloc(1, sizeof(*s));
	uint64_t n = size > part ? (size - 1) / part + 1 : 1;
	int rc = 0;

	*out = NULL;
	if (s == NULL)
		return dcor_err_nomem(err);
	s->fd = fd;
	s->path = path;
	s->size = size;
	s->part = part;
	s->want = want;
	if (n > 1000000)
		rc = dcor_err_set(err, DCOR_EARG, 0, "%s: more than a "
		    "million parts", path);
	s->n = (unsigned)n;
	if (rc == 0 && ((s->buf = calloc(DCOR_MD5X, LANE)) == NULL ||
	    (s->hex = calloc(s->n, sizeof(*s->hex))) == NULL))
		rc = dcor_err_nomem(err);
	if (rc == 0 && (want & DCOR_SUMS_MD5) != 0 && n == 1)
		rc = dcor_hash_new(DCOR_MD5, &s->md5.hash, err);
	if (rc == 0 && (want & DCOR_SUMS_SHA256) != 0)
		rc = dcor_hash_new(DCOR_SHA256, &s->sha.hash, err);
	if (rc != 0)
		dcor_sums_free(s);
	else
		*out = s;
	return rc;
}

void
dcor_sums_free(struct dcor_sums *s)
{
	if (s == NULL)
		return;
	dcor_hash_free(s->md5.hash);
	dcor_hash_free(s->sha.hash);
	free(s->buf);
	free(s->hex);
	free(s);
}

unsigned
dcor_sums_want(const struct dcor_sums *s)
{
	return s->want;
}

static int
fill(const struct dcor_sums *s, uint64_t off, unsigned char *p, size_t n,
    struct dcor_err *err)
{
	ssize_t got;

	while (n > 0) {
		got = pread(s->fd, p, n, (off_t)off);
		if (got == 0)
			return dcor_err_set(err, DCOR_EDATA, 0, "%s: shorter "
			    "than it was", s->path);
		if (got < 0 && errno != EINTR)
			return dcor_err_sys(err, errno, "%s", s->path);
		if (got < 0)
			continue;
		p += got;
		off += (uint64_t)got;
		n -= (size_t)got;
	}
	return 0;
}

static uint64_t
length_of(const struct dcor_sums *s, unsigned i)
{
	uint64_t from = (uint64_t)i * s->part;

	return s->size - from < s->part ? s->size - from : s->part;
}

/* The sums of parts known ... known + n - 1, side by side.  A lane that is
 * at its end goes on with anything: its sum is taken before. */
static int
side_by_side(struct dcor_sums *s, unsigned n, struct dcor_err *err)
{
	const unsigned char *p[DCOR_MD5X];
	unsigned char md[16], tail[64];
	uint64_t at = 0, len, full;
	struct dcor_md5x x;
	unsigned i, left = n;
	size_t step, rest;
	int rc = 0;

	for (i = 0; i < DCOR_MD5X; i++)
		p[i] = s->buf + (size_t)i * LANE;
	dcor_md5x_init(&x);
	while (left > 0) {
		step = LANE;
		for (i = 0; i < n; i++) {
			len = length_of(s, s->known + i);
			full = len / 64 * 64;
			if (at == full) {
				rest = (size_t)(len - full);
				if ((rc = fill(s, (s->known + i) * s->part +
				    full, tail, rest, err)) != 0)
					return rc;
				dcor_md5x_end(&x, i, tail, len, md);
				dcor_hex(md, 16, s->hex[s->known + i]);
				left--;
			} else if (at < full && full - at < step)
				step = (size_t)(full - at);
		}
		for (i = 0; i < n && left > 0; i++)
			if (at < length_of(s, s->known + i) / 64 * 64 &&
			    (rc = fill(s, (s->known + i) * s->part + at,
			    s->buf + (size_t)i * LANE, step, err)) != 0)
				return rc;
		if (left > 0)
			dcor_md5x_add(&x, p, step / 64);
		at += step;
	}
	s->known += n;
	return 0;
}

static int
in_order(struct dcor_sums *s, struct dcor_hash *hash, uint64_t *at,
    unsigned char *buf, uint64_t upto, struct dcor_err *err)
{
	size_t n;
	int rc;

	for (; *at < upto; *at += n) {
		n = upto - *at < PIECE ? (size_t)(upto - *at) : PIECE;
		if ((rc = fill(s, *at, buf, n, err)) != 0)
			return rc;
		dcor_hash_add(hash, buf, n);
	}
	return 0;
}

int
dcor_sums_add_sha256(struct dcor_sums *s, uint64_t upto,
    struct dcor_err *err)
{
	return in_order(s, s->sha.hash, &s->sha.at, s->sha.buf, upto, err);
}

int
dcor_sums_add_md5(struct dcor_sums *s, uint64_t upto, struct dcor_err *err)
{
	unsigned char md[16];
	unsigned n;
	int rc;

	if (s->n == 1) {
		rc = in_order(s, s->md5.hash, &s->md5.at, s->md5.buf, upto,
		    err);
		if (rc != 0 || s->known == 1 || upto < s->size)
			return rc;
		if ((rc = dcor_hash_end(s->md5.hash, md, err)) == 0)
			dcor_hex(md, 16, s->hex[s->known++]);
		return rc;
	}
	while (s->known < s->n) {
		n = s->n - s->known;
		n = n > DCOR_MD5X ? DCOR_MD5X : n;
		if (upto < (s->known + n - 1) * s->part +
		    length_of(s, s->known + n - 1))
			break;
		if ((rc = side_by_side(s, n, err)) != 0)
			return rc;
	}
	return 0;
}

const char *
dcor_sums_md5(const struct dcor_sums *s, unsigned i)
{
	return i < s->known ? s->hex[i] : NULL;
}

unsigned
dcor_sums_parts(const struct dcor_sums *s)
{
	return s->n;
}

int
dcor_sums_etag(const struct dcor_sums *s, int multi, char out[128],
    struct dcor_err *err)
{
	const char **list;
	unsigned i;
	int rc;

	*out = '\0';
	if (s->known < s->n)
		return dcor_err_set(err, DCOR_EBUG, 0, "sums are missing");
	if (!multi) {
		memcpy(out, s->hex[0], sizeof(s->hex[0]));
		return 0;
	}
	if ((list = calloc(s->n, sizeof(*list))) == NULL)
		return dcor_err_nomem(err);
	for (i = 0; i < s->n; i++)
		list[i] = s->hex[i];
	rc = dcor_s3_mpu_etag(list, s->n, out, err);
	free(list);
	return rc;
}

int
dcor_sums_sha256(struct dcor_sums *s, char out[65], struct dcor_err *err)
{
	unsigned char md[32];
	int rc;

	*out = '\0';
	if ((s->want & DCOR_SUMS_SHA256) == 0)
		return 0;
	if (s->sha.at < s->size)
		return dcor_err_set(err, DCOR_EBUG, 0, "sums are missing");
	if ((rc = dcor_hash_end(s->sha.hash, md, err)) == 0)
		dcor_hex(md, 32, out);
	return rc;
}

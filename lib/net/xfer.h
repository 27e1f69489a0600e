/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * xfer.h - whole objects to files and back: in parallel parts, verified,
 * resumable after a kill at any moment
 *
 * A journal (0600, every line with a checksum) says what is done: of a
 * download each part, of an upload its id, since the server itself knows the
 * parts.  The next call with the same arguments moves only the others.  After
 * the machine itself went down, a download trusts what had come to disk.
 */
#ifndef DCOR_NET_XFER_H
#define DCOR_NET_XFER_H

#include "net/s3.h"

struct dcor_xfer {			/* zero: default */
	uint64_t	 part;		/* bytes; 0: max(16 MiB, size/9500
					 * rounded up to MiB) */
	unsigned	 parallel;	/* parts in flight (4) */
	const char	*journal;	/* path; NULL: download: beside the
					 * part file; upload: cannot resume */
	int		 sha256;	/* compute it */
	int		 replace;	/* download: an existing file may go */
	/* First with what an earlier call has done. */
	void		(*progress)(void *arg, uint64_t done, uint64_t total);
	void		*arg;
};

struct dcor_xfer_result {
	uint64_t	 size;
	uint64_t	 moved;		/* bytes moved by this call */
	char		 etag[128];
	char		 sha256[65];	/* of the content, if x->sha256 or
					 * one was given; else empty */
	int		 proven;	/* the content has the SHA-256 that was
					 * given, or else the ETag recomputed
					 * from it is equal */
};

/*
 * Object -> file.  The content comes to PATH by rename when it is complete
 * and its sum is right; until then it is PATH.part (with PATH.part.journal).
 * Some ETags say nothing: the parts were of a size that nobody tells or
 * guesses, or it is encrypted.  Then, in one go, the content is accepted and
 * not proven; sha256 helps, and replaces the look at the ETag.
 * want, if not NULL, says what it must be (size and ETag, from a listing); an
 * object that changes on the way is DCOR_EDATA and the part file goes.
 * sha256: what the content must hash to, or NULL.
 */
int dcor_xfer_get(struct dcor_s3 *s, const char *bucket, const char *key,
    const struct dcor_s3_object *want, const char *sha256, const char *path,
    const struct dcor_xfer *x, struct dcor_xfer_result *out,
    struct dcor_err *err) __attribute__((warn_unused_result));

/*
 * File -> object: one PUT up to one part, else multipart.  The file is read
 * once; a file that changes meanwhile is DCOR_EDATA.  With a journal a call
 * that failed or was killed leaves the upload to be resumed; without, it is
 * aborted.
 */
int dcor_xfer_put(struct dcor_s3 *s, const char *path, const char *bucket,
    const char *key, const struct dcor_xfer *x,
    struct dcor_xfer_result *out, struct dcor_err *err)
    __attribute__((warn_unused_result));

/* What an object of this size, uploaded in parts of `part` bytes, has for an
 * ETag; fd is read from 0.  DCOR_EIO, DCOR_EDATA (file too short). */
int dcor_xfer_etag(int fd, uint64_t size, uint64_t part, char etag[128],
    struct dcor_err *err) __attribute__((warn_unused_result));

#endif /* DCOR_NET_XFER_H */

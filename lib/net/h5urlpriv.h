/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * h5urlpriv.h - pieces of remote objects; private to net/h5url*.c
 */
#ifndef DCOR_NET_H5URLPRIV_H
#define DCOR_NET_H5URLPRIV_H

#include <pthread.h>

#include "net/h5url.h"
#include "net/s3.h"

#define DCOR_PIECE_BLOCK 16384		/* pieces begin and end at multiples,
					 * or with the object */
#define DCOR_PIECE_META	(1 << 20)	/* fetched for a small read */

enum dcor_piece_state { DCOR_PIECE_QUEUED, DCOR_PIECE_FLYING,
    DCOR_PIECE_READY, DCOR_PIECE_FAILED };

/* A range of an object; those of one object do not overlap. */
struct dcor_piece {
	struct dcor_h5url	*u;
	struct dcor_remote	*of;
	uint64_t		 off;
	size_t			 len;
	enum dcor_piece_state	 state;
	int			 bulk;	/* was announced */
	int			 urgent; /* queued: somebody waits */
	uint64_t		 due;	/* announced bytes not read yet */
	uint64_t		 run;	/* of announcements, that made it */
	unsigned		 readers; /* that wait for it */
	unsigned		 serial; /* of the URL it is asked of */
	unsigned		 renewals;
	char			*buf, *url;
	size_t			 got;
	struct dcor_err		 err;
	struct dcor_piece	*next, **prev;	/* in the list of its state */
	struct dcor_s3_req	 s3;	/* or only its member http */
};

struct dcor_pieces {
	struct dcor_piece	*head, **tail;
};

/* An object.  It stays until its last request has ended. */
struct dcor_remote {
	struct dcor_h5url	*u;
	unsigned		 nflying;
	int			 closed;
	char			*name;	/* as it was asked for */
	char			*url;	/* where it is now; NULL: S3 */
	char			 bucket[256];
	const char		*key;	/* in name */
	unsigned		 serial; /* of url */
	int64_t			 until;	/* url's end, seconds since 1970; 0 */
	int			 stale;	/* url is to be renewed */
	uint64_t		 size;
	char			 etag[256]; /* as sent; "" */
	char			*id, *shown; /* of struct dcor_src: id, url */
	struct dcor_piece	**piece; /* by offset */
	size_t			 n, room;
	uint64_t		 run;
	struct dcor_h5urldisk	*disk;	/* or NULL */
};

struct dcor_h5url {
	struct dcor_h5url_conf	 conf;
	struct dcor_s3		*s3;	/* or NULL */
	pthread_mutex_t		 lock;	/* of all that follows */
	pthread_cond_t		 news;
	int			 driving; /* a thread is in conf.http */
	unsigned		 wanting; /* threads that want to be it */
	unsigned		 nflying;
	size_t			 held, meta;	/* bytes; of small reads */
	struct dcor_pieces	 urgent, queued, flying, ready;
	struct dcor_h5url_stats	 stats;
	/* the server that could not be reached last, who drives */
	char			*dead;	/* its origin, or NULL */
	double			 since;
	struct dcor_err		 why;
};

/* h5url.c */

/* Another URL for an object, with the right to use conf.http.  0, or why
 * there is none. */
int dcor_remote_renew(struct dcor_remote *r, struct dcor_err *err);
int dcor_remote_renewable(const struct dcor_remote *r);
void dcor_remote_free(struct dcor_remote *r);
/* What the end of a request means, in a sentence that has no secret. */
int dcor_remote_judge(void *arg, const struct dcor_http_resp *resp,
    struct dcor_err *err);

/* h5urldcor.c */
int dcor_h5url_is_dcor(const char *name);
/* The URL of a server's API for a name. */
int dcor_h5url_api(const struct dcor_h5url *u, const char *name,
    struct dcor_buf *out, struct dcor_err *err);
/* Where a server says it is, with the right to use conf.http. */
int dcor_h5url_resolve(struct dcor_h5url *u, const char *name,
    struct dcor_buf *url, struct dcor_err *err);

/* h5urlpiece.c, all with the lock */
void dcor_piece_enlist(struct dcor_pieces *l, struct dcor_piece *p);
void dcor_piece_unlist(struct dcor_pieces *l, struct dcor_piece *p);
/* Where the first piece is that ends after off. */
size_t dcor_piece_slot(const struct dcor_remote *r, uint64_t off);
/* A piece of len bytes at off, where there is none, in no list; or NULL. */
struct dcor_piece *dcor_piece_insert(struct dcor_remote *r, uint64_t off,
    size_t len);
/* Forgets one that is in no list; the second one of a source that ended. */
void dcor_piece_delete(struct dcor_piece *p);
void dcor_piece_free(struct dcor_piece *p);
/* Its buffer takes memory, or no more. */
void dcor_piece_count(const struct dcor_piece *p, int kept);
/* Drops pieces until len bytes fit: first what was read, then small reads
 * when they have too much; with force anything.  Whether they fit. */
int dcor_piece_room(struct dcor_h5url *u, size_t len, int force);

/* h5urlget.c */

/* The right to use conf.http, for a while.  Without the lock. */
void dcor_h5url_take(struct dcor_h5url *u);
void dcor_h5url_give(struct dcor_h5url *u);

/* The first len bytes, which are there already; takes buf. */
int dcor_remote_begin(struct dcor_remote *r, char *buf, size_t len,
    struct dcor_err *err);
int dcor_remote_read(void *r, uint64_t off, void *buf, size_t n,
    struct dcor_err *err);
void dcor_remote_expect(void *r, const struct dcor_span *v, size_t n);
/* Frees the pieces, and r, now or when they land. */
void dcor_remote_drop(struct dcor_remote *r);

/* h5urldisk.c: blocks of objects that are kept in files */
struct dcor_h5urldisk;
/* NULL when there is no cache, or it does not work: one is not needed. */
struct dcor_h5urldisk *dcor_h5urldisk_open(const struct dcor_h5url_conf *c,
    const char *name, const char *etag, uint64_t size);
void dcor_h5urldisk_close(struct dcor_h5urldisk *d);
/* Bytes from off on that are there, at most n; reads them to buf.  off is
 * at a block's start. */
size_t dcor_h5urldisk_get(struct dcor_h5urldisk *d, uint64_t off, char *buf,
    size_t n);
void dcor_h5urldisk_put(struct dcor_h5urldisk *d, uint64_t off,
    const char *buf, size_t n);

#endif /* DCOR_NET_H5URLPRIV_H */

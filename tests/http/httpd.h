/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * httpd.h - a server for tests: S3, static files, redirects, and faults on
 * request; loopback only, one thread
 *
 * It shares no code with lib/net: it has to judge what that sends.  Running
 * out of memory ends it.
 */
#ifndef HTTPD_H
#define HTTPD_H

#include <openssl/evp.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

#include "base/buf.h"

#define HEAD_MAX	65536	/* bytes of a request's head */
#define MEM_MAX		65536	/* longer bodies are files */
#define TEXT_MAX	(8 << 20) /* XML, rules, policies */
#define XML_HEAD	"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
#define XML_NS		" xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\""

/* What the command line says. */
struct key {
	const char	*id, *secret, *token;	/* token may be NULL */
};
struct conf {
	struct key	*keys;
	size_t		 nkeys;
	const char	*domain;	/* virtual hosts: BUCKET.domain */
	const char	*root;		/* of /static, or NULL */
	const char	*dir;		/* of large bodies */
	uint64_t	 min_part;
	int		 anonymous, lenient, until_eof;
	int64_t		 clock_offset;
	double		 delay;		/* seconds before each answer */
};
extern struct conf conf;

/* Seconds since 1970 on this server's clock. */
int64_t server_time(void);

/* store.c: bodies, objects, buckets.  Bodies and objects are counted: an
 * answer under way keeps what it sends. */
struct blob {
	unsigned	 refs;
	int		 keep;		/* the file is not ours */
	uint64_t	 size;
	char		*mem;		/* or */
	char		*path;
	unsigned char	 md5[16];
};
struct object {
	unsigned	 refs;
	char		*key;
	struct blob	**seg;
	size_t		 nseg;
	uint64_t	 size;
	char		 etag[64];	/* without quotes */
	int64_t		 mtime;
	char		*meta;		/* header lines "Name: value\r\n" */
	char		 upload[40];	/* that it came from, or "" */
	struct dcor_buf	 tags;		/* "name\0value\0" ... */
};
struct part {
	unsigned	 number;
	struct blob	*blob;
	int64_t		 mtime;
};
struct upload {
	char		*key, *meta;
	struct dcor_buf	 tags;
	char		 id[40];
	int64_t		 since;
	struct part	*parts;		/* by number */
	size_t		 nparts;
};
struct bucket {
	char		*name;
	int64_t		 since;
	struct object	**objs;		/* by the bytes of their keys */
	size_t		 nobjs, cap;
	struct upload	**ups;		/* in order of creation */
	size_t		 nups;
	char		*policy;	/* or NULL */
};
void *xalloc(void *old, size_t n);	/* realloc that succeeds */
char *xdup(const char *s);
void store_open(void);			/* makes conf.dir if there is none */
void store_close(void);			/* removes every file */
uint64_t store_objects(void);		/* how many */

struct blob *blob_new(uint64_t size, int in_memory);
int blob_put(struct blob *b, int fd, uint64_t off, const void *p, size_t n);
int blob_open(const struct blob *b, int write); /* descriptor or -1 */
void blob_unref(struct blob *b);
/* The n bytes at off, each combined with flip by exclusive or. */
struct blob *blob_copy(const struct object *o, uint64_t off, uint64_t n,
    unsigned char flip);

struct object *object_new(const char *key, struct blob **seg, size_t nseg,
    int multipart);			/* takes the references */
void object_unref(struct object *o);
/* The same length, another content, another ETag. */
struct object *object_twist(const struct object *o);

struct bucket *bucket_get(const char *name);
struct bucket *bucket_at(size_t i);
struct bucket *bucket_add(const char *name);
void bucket_del(struct bucket *b);
/* Where key is, or belongs. */
size_t bucket_slot(const struct bucket *b, const char *key, int *found);
struct object *bucket_find(const struct bucket *b, const char *key);
void bucket_set(struct bucket *b, struct object *o);	/* takes it */
int bucket_unset(struct bucket *b, const char *key);
struct upload *upload_get(const struct bucket *b, const char *id);
void upload_del(struct bucket *b, struct upload *u);

/* req.c: the head of a request. */
struct pair {
	char		*name, *value;	/* decoded */
};
struct req {
	char		*method, *target;
	char		*path, *query;	/* encoded; query may be NULL */
	struct pair	*head, *param;	/* names of headers in lower case */
	size_t		 nhead, nparam;
	char		*bucket, *key;	/* decoded; NULL: none */
	int		 vhost;		/* the bucket is in Host */
	char		*mem;		/* what the above point to */
};
int req_parse(struct req *r, const char *p, size_t n);
void req_free(struct req *r);
const char *req_header(const struct req *r, const char *name);
const char *req_param(const struct req *r, const char *name);
void pct_encode(struct dcor_buf *b, const char *s, const char *keep);
char *pct_decode(char *to, const char *s, size_t n, int plus);
/* "bytes=A-B" within size: 0 none or not understood, 1, -1 outside. */
int range_parse(const char *s, uint64_t size, uint64_t *from, uint64_t *n);
/* Numbers from text: digits only; -1 otherwise. */
int64_t number(const char *s);
void http_date(char out[40], int64_t t);
void iso_date(char out[40], int64_t t);

/* ctl.c: faults that a request meets. */
enum act { ACT_NONE, ACT_CUT, ACT_RESET, ACT_STALL };
struct fault {
	const char	*name;		/* of the last rule met; NULL: none */
	enum act	 act;
	uint64_t	 limit;		/* bytes of the body before act */
	int64_t		 lack;		/* bytes less than announced */
	int64_t		 corrupt;	/* offset; -1: none */
	int		 status;	/* 0: none */
	int64_t		 retry_after;	/* -1: none */
	char		 error200[64];
	char		 redirect[512];
	int		 redirect_code;
	int64_t		 eat;		/* bytes of the request; -1: all */
	uint64_t	 blanks;
	double		 delay;		/* seconds */
	unsigned	 twist:1, nohead:1, norange:1, badrange:1, noetag:1,
			 drop:1, parts:1, kms:1, unquoted:1, emptyetag:1,
			 hangup:1, nolength:1, chunked:1, again:1, weak:1,
			 garbage:1, spoil:1;
};

/* A connection and the request on it. */
enum state { ST_HEAD, ST_BODY, ST_WAIT, ST_SEND, ST_LINGER, ST_STALL,
    ST_FLUSH };
struct conn {
	int		 fd;
	unsigned	 number, events;
	enum state	 state;
	double		 wake;		/* when its time comes; 0: never */
	struct dcor_buf	 in;		/* received, not yet used */
	struct req	 req;
	struct fault	 fault;
	size_t		 log;		/* its line + 1; 0: none */
	int		 s3;		/* S3, not _ctl and the like */
	int		 answered;	/* before the body was read */
	int		 close;		/* after this answer */
	uint64_t	 want, got;	/* request body */
	struct blob	*blob;		/* where it goes; NULL: nowhere */
	int		 blobfd;
	EVP_MD_CTX	*md5, *sha;
	char		 sha256[65];	/* of the body, once it is there */
	/* the answer */
	int		 status;
	struct dcor_buf	 lines;		/* header lines */
	struct dcor_buf	 body;		/* or */
	struct object	*obj;		/* len bytes from from */
	uint64_t	 from, len;
	struct dcor_buf	 out;		/* head */
	size_t		 outsent;
	uint64_t	 sent;		/* of the body */
	struct blob	*open;		/* segment that is open as openfd */
	int		 openfd;
	struct conn	*next, **prev;
};

/* Answers.  A body is put in c->body before or after. */
void answer(struct conn *c, int status);
void answer_line(struct conn *c, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
void answer_xml(struct conn *c, int status);	/* with its type and head */
void answer_error(struct conn *c, int status, const char *code,
    const char *message);
void answer_etag(struct conn *c, const char *etag);
/* Sends the object as the request's conditions and ranges want it. */
void answer_object(struct conn *c, struct object *o);
void answer_head(struct conn *c);	/* makes c->out */
enum { SEND_MORE, SEND_DONE, SEND_GONE };
int answer_send(struct conn *c);	/* what the socket takes */
void answer_reset(struct conn *c);	/* forgets it */

/* loop.c */
struct stat_counts {
	uint64_t	 requests, connections, open, inflight, max_inflight,
			 in, out, signed_ok, signed_bad;
};
extern struct stat_counts counts;
int loop_listen(unsigned port);		/* the port it got */
void loop_run(void);

/* Who is asked.  begin: the head is there; it may answer at once.  end: the
 * body is there, too. */
void route_begin(struct conn *c);
void route_end(struct conn *c);

/* sig.c: 0: may go on (*user: it is signed); else the answer is made. */
int sig_check(struct conn *c, int *user);
void hex(char *out, const unsigned char *p, size_t n);

/* s3.c, object.c, list.c, mpu.c */
void s3_begin(struct conn *c);
void s3_end(struct conn *c);
int s3_body_ok(struct conn *c);	/* Content-MD5, x-amz-content-sha256 */
void object_request(struct conn *c, struct bucket *b);
char *object_meta(const struct req *r);
/* The source of a copy, or NULL and the answer is made. */
struct object *object_source(struct conn *c);
int tags_header(struct conn *c, struct dcor_buf *tags);
void list_objects(struct conn *c, struct bucket *b);
void list_uploads(struct conn *c, struct bucket *b);
void list_parts(struct conn *c, struct upload *u);
void mpu_request(struct conn *c, struct bucket *b);

/* xml.c: <name>text<...: 1, or 0 at the end; text is decoded in place. */
int xml_next(char **p, char **name, char **text);
void xml_text(struct dcor_buf *b, const char *tag, const char *text);
void xml_escape(struct dcor_buf *b, const char *s);

/* ctl.c */
void ctl_request(struct conn *c);
void ctl_close(void);
void fault_match(struct conn *c);
void log_new(struct conn *c);
void log_end(struct conn *c);

/* file.c: /static and /redirect */
void file_request(struct conn *c);
void redirect_request(struct conn *c);

#endif /* HTTPD_H */

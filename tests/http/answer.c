/* SPDX-License-Identifier: GPL-3.0-or-later */
/* answer.c - answers, made and sent, with their faults */
#include "httpd.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/str.h"
#include "cli.h"

#define BURST	(1 << 20)	/* bytes before others have their turn */

static const char *
reason(int status)
{
	static const struct {
		int		 status;
		const char	*text;
	} known[] = { { 200, "OK" }, { 204, "No Content" },
	    { 206, "Partial Content" }, { 302, "Found" },
	    { 304, "Not Modified" }, { 307, "Temporary Redirect" },
	    { 400, "Bad Request" }, { 403, "Forbidden" },
	    { 404, "Not Found" }, { 405, "Method Not Allowed" },
	    { 409, "Conflict" }, { 411, "Length Required" },
	    { 412, "Precondition Failed" },
	    { 416, "Requested Range Not Satisfiable" },
	    { 500, "Internal Server Error" }, { 501, "Not Implemented" },
	    { 503, "Service Unavailable" } };
	size_t i;

	for (i = 0; i < sizeof(known) / sizeof(*known); i++)
		if (known[i].status == status)
			return known[i].text;
	return "Status";
}

void
answer(struct conn *c, int status)
{
	c->status = status;
}

void
answer_line(struct conn *c, const char *fmt, ...)
{
	va_list ap;
	char line[4096];

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	dcor_buf_addf(&c->lines, "%s\r\n", line);
}

void
answer_xml(struct conn *c, int status)
{
	struct dcor_buf b;
	uint64_t i;

	dcor_buf_init(&b, c->body.max);
	dcor_buf_adds(&b, XML_HEAD);
	for (i = 0; i < c->fault.blanks; i++)
		dcor_buf_addc(&b, i % 2 ? '\n' : ' ');
	dcor_buf_add(&b, c->body.p, c->body.len);
	dcor_buf_fini(&c->body);
	c->body = b;
	answer(c, status);
	answer_line(c, "Content-Type: application/xml");
}

void
answer_error(struct conn *c, int status, const char *code,
    const char *message)
{
	dcor_buf_clear(&c->body);
	dcor_buf_clear(&c->lines);
	object_unref(c->obj);
	c->obj = NULL;
	dcor_buf_adds(&c->body, "<Error>");
	xml_text(&c->body, "Code", code);
	xml_text(&c->body, "Message", message);
	if (c->req.bucket)
		xml_text(&c->body, "BucketName", c->req.bucket);
	if (c->req.key)
		xml_text(&c->body, "Key", c->req.key);
	dcor_buf_addf(&c->body, "<RequestId>tx%08zx</RequestId></Error>",
	    c->log);
	answer_xml(c, status);
	c->answered = 1;
}

void
answer_etag(struct conn *c, const char *etag)
{
	const char *quote = c->fault.unquoted ? "" : "\"";

	/* no sum of the content, but always the same */
	if (c->fault.kms) {
		answer_line(c, "x-amz-server-side-encryption: aws:kms");
		answer_line(c, "ETag: \"%.28s0000%s\"", etag, etag + 32);
		return;
	}
	if (!c->fault.noetag)
		answer_line(c, "ETag: %s%s%s%s", c->fault.weak ? "W/" : "",
		    quote, etag, quote);
}

/* Whether the ETag is one of a header's list. */
static int
etag_in(const char *list, const char *etag)
{
	char name[80];

	if (strcmp(list, "*") == 0)
		return 1;
	if (strchr(list, '"') == NULL)
		return strcmp(list, etag) == 0;
	snprintf(name, sizeof(name), "\"%s\"", etag);
	return strstr(list, name) != NULL;
}

/* Headers that the query of a signed request replaces. */
static void
object_lines(struct conn *c, const struct object *o)
{
	static const char *const over[][2] = {
		{ "response-content-type", "Content-Type" },
		{ "response-content-language", "Content-Language" },
		{ "response-expires", "Expires" },
		{ "response-cache-control", "Cache-Control" },
		{ "response-content-disposition", "Content-Disposition" },
		{ "response-content-encoding", "Content-Encoding" } };
	const char *p, *eol, *v;
	char date[40];
	size_t i, n;

	for (p = o->meta ? o->meta : ""; *p; p = eol + 2) {
		eol = strstr(p, "\r\n");
		for (i = 0; i < 6; i++) {
			n = strlen(over[i][1]);
			if (strncmp(p, over[i][1], n) == 0 && p[n] == ':' &&
			    req_param(&c->req, over[i][0]))
				break;
		}
		if (i == 6)
			dcor_buf_add(&c->lines, p, (size_t)(eol + 2 - p));
	}
	for (i = 0; i < 6; i++)
		if ((v = req_param(&c->req, over[i][0])) != NULL)
			answer_line(c, "%s: %s", over[i][1], v);
	http_date(date, o->mtime);
	answer_line(c, "Last-Modified: %s", date);
	answer_line(c, "Accept-Ranges: bytes");
	answer_etag(c, o->etag);
	for (i = 0, n = 0; i < o->tags.len; i++)
		n += o->tags.p[i] == '\0';
	if (n > 0)
		answer_line(c, "x-amz-tagging-count: %zu", n / 2);
}

/* The range of the part that is asked for; 0: none, or no such one. */
static int
part_range(struct conn *c, const struct object *o, uint64_t *from,
    uint64_t *n)
{
	const char *v = req_param(&c->req, "partNumber");
	uint64_t k, i;

	if (v == NULL || dcor_parse_u64(v, &k) != 0 || k == 0 || k > o->nseg)
		return 0;
	for (i = 0; i < k - 1; i++)
		*from += o->seg[i]->size;
	*n = o->seg[i]->size;
	answer_line(c, "x-amz-mp-parts-count: %zu", o->nseg);
	return 1;
}

void
answer_object(struct conn *c, struct object *o)
{
	const char *v, *range = req_header(&c->req, "range");
	uint64_t from = 0, n = o->size;
	int part = 0;

	if ((v = req_header(&c->req, "if-match")) && !etag_in(v, o->etag)) {
		answer_error(c, 412, "PreconditionFailed", "If-Match");
		return;
	}
	if ((v = req_header(&c->req, "if-none-match")) &&
	    etag_in(v, o->etag)) {
		answer(c, 304);
		answer_etag(c, o->etag);
		return;
	}
	if (c->fault.parts)
		part = part_range(c, o, &from, &n);
	else if (!c->fault.norange)
		part = range_parse(range, o->size, &from, &n);
	if (part < 0) {
		answer_error(c, 416, "InvalidRange",
		    "The requested range is not satisfiable");
		answer_line(c, "Content-Range: bytes */%" PRIu64, o->size);
		return;
	}
	if (part && c->fault.badrange) {
		from = from > 0 ? from - 1 : from + (o->size > n);
		n = n < o->size - from ? n : o->size - from;
	}
	answer(c, part ? 206 : 200);
	object_lines(c, o);
	if (part)
		answer_line(c, "Content-Range: bytes %" PRIu64 "-%" PRIu64
		    "/%" PRIu64, from, from + n - 1, o->size);
	o->refs++;
	c->obj = o;
	c->from = from;
	c->len = n;
}

/* The length announced; what is sent is c->len. */
void
answer_head(struct conn *c)
{
	struct fault *f = &c->fault;
	char date[40];
	int none = c->status == 204 || c->status == 304;
	uint64_t len;

	if (c->obj == NULL) {
		c->from = 0;
		c->len = c->body.len;
	}
	if (f->lack != 0) {
		len = (uint64_t)((int64_t)c->len + f->lack > 0 ?
		    (int64_t)c->len + f->lack : 0);
		c->close = 1;
	} else {
		len = c->len;
	}
	http_date(date, server_time());
	dcor_buf_addf(&c->out, "%s %d %s\r\nDate: %s\r\nServer: httpd\r\n"
	    "x-amz-request-id: tx%08zx\r\n", f->garbage ? "\1\2garbage" :
	    "HTTP/1.1", c->status, reason(c->status), date, c->log);
	dcor_buf_add(&c->out, c->lines.p, c->lines.len);
	if (f->nolength)
		c->close = 1;
	else if (f->chunked && c->obj == NULL)
		dcor_buf_adds(&c->out, "Transfer-Encoding: chunked\r\n");
	else if (!none)
		dcor_buf_addf(&c->out, "Content-Length: %" PRIu64 "\r\n", len);
	if (c->close && f->lack == 0)
		dcor_buf_adds(&c->out, "Connection: close\r\n");
	dcor_buf_adds(&c->out, "\r\n");
	if (none || strcmp(c->req.method ? c->req.method : "", "HEAD") == 0)
		c->len = 0;
	if (f->chunked && !f->nolength && c->obj == NULL && c->len > 0) {
		/* the first chunk is the blanks, which come early */
		struct dcor_buf b;
		uint64_t n = strlen(XML_HEAD) + f->blanks;

		n = f->blanks && n < c->len ? n : c->len;
		dcor_buf_init(&b, c->body.max);
		dcor_buf_addf(&b, "%" PRIx64 "\r\n", n);
		dcor_buf_add(&b, c->body.p, (size_t)n);
		if (n < c->len) {
			dcor_buf_addf(&b, "\r\n%" PRIx64 "\r\n", c->len - n);
			dcor_buf_add(&b, c->body.p + n, (size_t)(c->len - n));
		}
		dcor_buf_adds(&b, "\r\n0\r\n\r\n");
		dcor_buf_fini(&c->body);
		c->body = b;
		c->len = b.len;
	}
	if (c->out.bad || c->body.bad || c->lines.bad)
		cli_die(71, "an answer is too long");
}

static void
shut(struct conn *c)
{
	if (c->openfd >= 0)
		close(c->openfd);
	c->openfd = -1;
	c->open = NULL;
}

/* Up to n bytes of the object at off. */
static ssize_t
send_object(struct conn *c, uint64_t off, uint64_t n, int flip)
{
	struct blob *b = NULL;
	size_t i;
	off_t at;
	char byte;

	for (i = 0; i < c->obj->nseg; off -= b->size, i++) {
		b = c->obj->seg[i];
		if (off < b->size)
			break;
	}
	if (b == NULL || i == c->obj->nseg)
		return -1;
	n = n < b->size - off ? n : b->size - off;
	if (b->mem == NULL && c->open != b) {
		shut(c);
		if ((c->openfd = blob_open(b, 0)) < 0)
			return -1;
		c->open = b;
	}
	at = (off_t)off;
	if (flip) {
		if (b->mem)
			byte = b->mem[off];
		else if (pread(c->openfd, &byte, 1, at) != 1)
			return -1;
		byte ^= 1;
		return send(c->fd, &byte, 1, MSG_NOSIGNAL);
	}
	if (b->mem)
		return send(c->fd, b->mem + off, (size_t)n, MSG_NOSIGNAL);
	return sendfile(c->fd, c->openfd, &at, (size_t)n);
}

static ssize_t
send_body(struct conn *c, uint64_t n)
{
	int64_t bad = c->fault.corrupt;
	uint64_t at = bad < 0 ? UINT64_MAX : (uint64_t)bad;
	int flip = at == c->sent;
	char byte;

	if (flip)
		n = 1;
	else if (at > c->sent && at - c->sent < n)
		n = at - c->sent;
	if (c->obj)
		return send_object(c, c->from + c->sent, n, flip);
	if (flip) {
		byte = (char)(c->body.p[c->sent] ^ 1);
		return send(c->fd, &byte, 1, MSG_NOSIGNAL);
	}
	return send(c->fd, c->body.p + c->sent, (size_t)n, MSG_NOSIGNAL);
}

int
answer_send(struct conn *c)
{
	uint64_t end = c->len, burst = 0;
	ssize_t k;

	if (c->fault.act != ACT_NONE && c->fault.limit < end)
		end = c->fault.limit;
	while (c->outsent < c->out.len) {
		k = send(c->fd, c->out.p + c->outsent,
		    c->out.len - c->outsent,
		    MSG_NOSIGNAL | (end > 0 ? MSG_MORE : 0));
		if (k < 0)
			return errno == EAGAIN ? SEND_MORE : SEND_GONE;
		c->outsent += (size_t)k;
	}
	while (c->sent < end) {
		if (burst > BURST)
			return SEND_MORE;
		k = send_body(c, end - c->sent);
		if (k < 0 && errno == EAGAIN)
			return SEND_MORE;
		if (k <= 0)
			return SEND_GONE;
		c->sent += (uint64_t)k;
		burst += (uint64_t)k;
		counts.out += (uint64_t)k;
	}
	return SEND_DONE;
}

void
answer_reset(struct conn *c)
{
	shut(c);
	object_unref(c->obj);
	c->obj = NULL;
	dcor_buf_fini(&c->lines);
	dcor_buf_fini(&c->body);
	dcor_buf_fini(&c->out);
	dcor_buf_init(&c->lines, HEAD_MAX * 4);
	dcor_buf_init(&c->body, 64 << 20);
	dcor_buf_init(&c->out, HEAD_MAX * 8);
	c->status = 0;
	c->answered = 0;
	c->from = c->len = c->sent = 0;
	c->outsent = 0;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* object.c - objects: put, get, copy, delete, tags */
#include "httpd.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* The headers that are kept with an object, as lines. */
char *
object_meta(const struct req *r)
{
	static const char *const kept[][2] = {
		{ "content-type", "Content-Type" },
		{ "content-language", "Content-Language" },
		{ "expires", "Expires" },
		{ "cache-control", "Cache-Control" },
		{ "content-disposition", "Content-Disposition" },
		{ "content-encoding", "Content-Encoding" } };
	struct dcor_buf b;
	char *out;
	size_t i, n;
	const char *v;

	dcor_buf_init(&b, HEAD_MAX);
	for (i = 0; i < 6; i++) {
		v = req_header(r, kept[i][0]);
		if (v == NULL && i == 0)
			v = "binary/octet-stream";
		if (v)
			dcor_buf_addf(&b, "%s: %s\r\n", kept[i][1], v);
	}
	for (i = 0; i < r->nhead; i++)
		if (strncmp(r->head[i].name, "x-amz-meta-", 11) == 0)
			dcor_buf_addf(&b, "%s: %s\r\n", r->head[i].name,
			    r->head[i].value);
	(void)dcor_buf_take(&b, &out, &n, NULL);
	return out;
}

/* x-amz-tagging: "name=value&..." */
int
tags_header(struct conn *c, struct dcor_buf *tags)
{
	const char *p = req_header(&c->req, "x-amz-tagging"), *eq;
	char text[1024];
	size_t n;
	int many = 0;

	for (; p && *p; p += n + (p[n] == '&')) {
		n = strcspn(p, "&");
		eq = memchr(p, '=', n);
		if (n >= sizeof(text) || eq == NULL || ++many > 10 ||
		    !pct_decode(text, p, (size_t)(eq - p), 1))
			goto bad;
		dcor_buf_add(tags, text, strlen(text) + 1);
		if (!pct_decode(text, eq + 1, n - (size_t)(eq + 1 - p), 1))
			goto bad;
		dcor_buf_add(tags, text, strlen(text) + 1);
	}
	return 0;
bad:
	answer_error(c, 400, "InvalidArgument", "x-amz-tagging");
	return -1;
}

static void
tags_get(struct conn *c, const struct object *o)
{
	const char *p = dcor_buf_str(&o->tags), *end = p + o->tags.len;

	dcor_buf_adds(&c->body, "<Tagging" XML_NS "><TagSet>");
	while (p < end) {
		dcor_buf_adds(&c->body, "<Tag>");
		xml_text(&c->body, "Key", p);
		p += strlen(p) + 1;
		xml_text(&c->body, "Value", p);
		p += strlen(p) + 1;
		dcor_buf_adds(&c->body, "</Tag>");
	}
	dcor_buf_adds(&c->body, "</TagSet></Tagging>");
	answer_xml(c, 200);
}

static void
tags_put(struct conn *c, struct object *o)
{
	char *p = c->blob->mem, *name, *text;
	struct dcor_buf b;
	int n = 0, root = 0, bad = 0;

	dcor_buf_init(&b, TEXT_MAX);
	while (xml_next(&p, &name, &text)) {
		root |= strcmp(name, "Tagging") == 0;
		if (strcmp(name, "Key") == 0) {
			bad |= n % 2 != 0 || *text == '\0' ||
			    strlen(text) > 128;
			n++;
			dcor_buf_add(&b, text, strlen(text) + 1);
		} else if (strcmp(name, "Value") == 0) {
			bad |= n % 2 != 1 || strlen(text) > 256;
			n++;
			dcor_buf_add(&b, text, strlen(text) + 1);
		}
	}
	if (!root || n % 2 != 0)
		answer_error(c, 400, "MalformedXML", "");
	else if (bad || n > 20)
		answer_error(c, 400, "InvalidTag", "");
	if (c->answered) {
		dcor_buf_fini(&b);
		return;
	}
	dcor_buf_fini(&o->tags);
	o->tags = b;
	answer(c, 200);
}

static void
tagging(struct conn *c, struct object *o)
{
	const char *m = c->req.method;

	if (strcmp(m, "GET") == 0) {
		tags_get(c, o);
	} else if (strcmp(m, "PUT") == 0) {
		tags_put(c, o);
	} else if (strcmp(m, "DELETE") == 0) {
		dcor_buf_clear(&o->tags);
		answer(c, 204);
	} else {
		answer_error(c, 405, "MethodNotAllowed", "");
	}
}

/* x-amz-copy-source, with its condition. */
struct object *
object_source(struct conn *c)
{
	const char *s = req_header(&c->req, "x-amz-copy-source"), *slash;
	const char *etag = req_header(&c->req, "x-amz-copy-source-if-match");
	char *name = xalloc(NULL, strlen(s) + 1), *key;
	struct bucket *b;
	struct object *o = NULL;
	size_t n;

	s += *s == '/';
	slash = pct_decode(name, s, strcspn(s, "?"), 0) ?
	    strchr(name, '/') : NULL;
	if (slash == NULL || slash[1] == '\0') {
		answer_error(c, 400, "InvalidArgument", "x-amz-copy-source");
		goto out;
	}
	key = name + (slash - name);
	*key++ = '\0';
	if ((b = bucket_get(name)) == NULL) {
		answer_error(c, 404, "NoSuchBucket", "Of the source");
		goto out;
	}
	if ((o = bucket_find(b, key)) == NULL) {
		answer_error(c, 404, "NoSuchKey", "Of the source");
		goto out;
	}
	n = etag ? strlen(etag) : 0;
	if (n > 2 && *etag == '"') {
		etag++;
		n -= 2;
	}
	if (etag && (n != strlen(o->etag) || memcmp(etag, o->etag, n))) {
		answer_error(c, 412, "PreconditionFailed",
		    "x-amz-copy-source-if-match");
		o = NULL;
	}
out:
	free(name);
	return o;
}

static void
copy(struct conn *c, struct bucket *b)
{
	const struct req *r = &c->req;
	struct object *from = object_source(c), *to;
	const char *v;
	char date[40];
	int replace, multipart;
	size_t i;

	if (from == NULL)
		return;
	v = req_header(r, "x-amz-metadata-directive");
	replace = v && strcasecmp(v, "REPLACE") == 0;
	if (from == bucket_find(b, r->key) && !replace) {
		answer_error(c, 400, "InvalidRequest", "This copy request is "
		    "illegal: it copies an object to itself");
		return;
	}
	/* a copy is one piece: its ETag is its MD5 */
	multipart = strchr(from->etag, '-') != NULL;
	if (multipart) {
		struct blob *whole = blob_copy(from, 0, from->size, 0);

		to = object_new(r->key, &whole, 1, 0);
	} else {
		for (i = 0; i < from->nseg; i++)
			from->seg[i]->refs++;
		to = object_new(r->key, from->seg, from->nseg, 0);
	}
	to->meta = replace ? object_meta(r) : xdup(from->meta);
	v = req_header(r, "x-amz-tagging-directive");
	if (v && strcasecmp(v, "REPLACE") == 0) {
		if (tags_header(c, &to->tags) != 0) {
			object_unref(to);
			return;
		}
	} else {
		dcor_buf_add(&to->tags, from->tags.p, from->tags.len);
	}
	iso_date(date, to->mtime);
	dcor_buf_adds(&c->body, "<CopyObjectResult" XML_NS ">");
	xml_text(&c->body, "LastModified", date);
	dcor_buf_addf(&c->body, "<ETag>&quot;%s&quot;</ETag>"
	    "</CopyObjectResult>", to->etag);
	bucket_set(b, to);
	answer_xml(c, 200);
}

static void
put(struct conn *c, struct bucket *b)
{
	const struct req *r = &c->req;
	struct object *old = bucket_find(b, r->key), *o;
	const char *v = req_header(r, "if-none-match");
	struct dcor_buf tags;

	if (v && old && strcmp(v, "*") == 0) {
		answer_error(c, 412, "PreconditionFailed", "If-None-Match");
		return;
	}
	v = req_header(r, "if-match");
	if (v && (old == NULL || strstr(v, old->etag) == NULL)) {
		answer_error(c, old ? 412 : 404,
		    old ? "PreconditionFailed" : "NoSuchKey", "If-Match");
		return;
	}
	dcor_buf_init(&tags, TEXT_MAX);
	if (tags_header(c, &tags) != 0) {
		dcor_buf_fini(&tags);
		return;
	}
	o = object_new(r->key, &c->blob, 1, 0);
	c->blob = NULL;
	o->meta = object_meta(r);
	o->tags = tags;
	bucket_set(b, o);
	answer(c, 200);
	answer_etag(c, o->etag);
}

void
object_request(struct conn *c, struct bucket *b)
{
	const char *m = c->req.method;
	struct object *o = bucket_find(b, c->req.key);

	if (strcmp(m, "DELETE") == 0 && !req_param(&c->req, "tagging")) {
		(void)bucket_unset(b, c->req.key);
		answer(c, 204);
	} else if (strcmp(m, "PUT") == 0 && !req_param(&c->req, "tagging")) {
		if (req_header(&c->req, "x-amz-copy-source"))
			copy(c, b);
		else
			put(c, b);
	} else if (o == NULL) {
		answer_error(c, 404, "NoSuchKey", "There is no such key");
	} else if (req_param(&c->req, "tagging")) {
		tagging(c, o);
	} else if (strcmp(m, "GET") == 0 || strcmp(m, "HEAD") == 0) {
		answer_object(c, o);
	} else {
		answer_error(c, 405, "MethodNotAllowed", "");
	}
}

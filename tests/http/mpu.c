/* SPDX-License-Identifier: GPL-3.0-or-later */
/* mpu.c - uploads in parts */
#include "httpd.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "cli.h"

#define PARTS	10000

static void
create(struct conn *c, struct bucket *b)
{
	struct upload *u = xalloc(NULL, sizeof(*u));
	unsigned char r[16] = { 0 };

	memset(u, 0, sizeof(*u));
	dcor_buf_init(&u->tags, TEXT_MAX);
	if (tags_header(c, &u->tags) != 0) {
		dcor_buf_fini(&u->tags);
		free(u);
		return;
	}
	if (getrandom(r, sizeof(r), 0) != (ssize_t)sizeof(r))
		cli_die(71, "no random numbers");
	memcpy(u->id, "2~", 2);
	hex(u->id + 2, r, sizeof(r));
	u->key = xdup(c->req.key);
	u->meta = object_meta(&c->req);
	u->since = server_time();
	b->ups = xalloc(b->ups, (b->nups + 1) * sizeof(*b->ups));
	b->ups[b->nups++] = u;
	dcor_buf_adds(&c->body, "<InitiateMultipartUploadResult" XML_NS ">");
	xml_text(&c->body, "Bucket", b->name);
	xml_text(&c->body, "Key", u->key);
	xml_text(&c->body, "UploadId", u->id);
	dcor_buf_adds(&c->body, "</InitiateMultipartUploadResult>");
	answer_xml(c, 200);
}

/* Where part n is, or belongs. */
static size_t
slot(const struct upload *u, unsigned n)
{
	size_t lo = 0, hi = u->nparts, mid;

	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		if (u->parts[mid].number < n)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/* The body of a part: what came, or what is copied.  NULL: answered. */
static struct blob *
part_body(struct conn *c)
{
	const char *range = req_header(&c->req, "x-amz-copy-source-range");
	struct object *from;
	struct blob *b;
	uint64_t off = 0, n;

	if (req_header(&c->req, "x-amz-copy-source") == NULL) {
		b = c->blob;
		c->blob = NULL;
		return b;
	}
	if ((from = object_source(c)) == NULL)
		return NULL;
	n = from->size;
	if (range && range_parse(range, from->size, &off, &n) <= 0) {
		answer_error(c, 400, "InvalidArgument", "The range");
		return NULL;
	}
	return blob_copy(from, off, n, 0);
}

static void
upload_part(struct conn *c, struct upload *u)
{
	int64_t n = number(req_param(&c->req, "partNumber"));
	struct part p;
	char etag[33];
	size_t i;

	if (n < 1 || n > PARTS) {
		answer_error(c, 400, "InvalidArgument", "Part number must be "
		    "an integer between 1 and 10000, inclusive");
		return;
	}
	if ((p.blob = part_body(c)) == NULL)
		return;
	p.number = (unsigned)n;
	p.mtime = server_time();
	i = slot(u, p.number);
	if (i < u->nparts && u->parts[i].number == p.number) {
		blob_unref(u->parts[i].blob);
	} else {
		u->parts = xalloc(u->parts, (u->nparts + 1) * sizeof(p));
		memmove(u->parts + i + 1, u->parts + i,
		    (u->nparts++ - i) * sizeof(p));
	}
	u->parts[i] = p;
	hex(etag, p.blob->md5, 16);
	if (req_header(&c->req, "x-amz-copy-source")) {
		dcor_buf_addf(&c->body, "<CopyPartResult" XML_NS ">"
		    "<ETag>&quot;%s&quot;</ETag></CopyPartResult>", etag);
		answer_xml(c, 200);
		return;
	}
	answer(c, 200);
	answer_etag(c, etag);
}

/* The parts that the request names, as bodies; NULL: answered. */
static struct blob **
chosen(struct conn *c, const struct upload *u, size_t *count)
{
	char *p = c->blob->mem, *name, *text, *given = NULL, etag[33];
	struct blob **seg = xalloc(NULL, (u->nparts + 1) * sizeof(*seg));
	const struct blob *last = NULL;
	int64_t n = 0, before = 0;
	size_t i;

	*count = 0;
	while (!c->answered && xml_next(&p, &name, &text)) {
		if (strcmp(name, "PartNumber") == 0)
			n = number(text);
		else if (strcmp(name, "ETag") == 0)
			given = text + strspn(text, " \"");
		if (strcmp(name, "/Part") != 0)
			continue;
		i = slot(u, (unsigned)(n > 0 && n <= PARTS ? n : 0));
		if (n <= before) {
			answer_error(c, 400, "InvalidPartOrder", "");
		} else if (i == u->nparts || u->parts[i].number != n ||
		    given == NULL) {
			answer_error(c, 400, "InvalidPart", "");
		} else if (last && last->size < conf.min_part) {
			answer_error(c, 400, "EntityTooSmall", "Your proposed "
			    "upload is smaller than the minimum allowed size");
		} else {
			last = seg[(*count)++] = u->parts[i].blob;
			hex(etag, last->md5, 16);
			if (strcspn(given, " \"") != 32 ||
			    memcmp(given, etag, c->fault.kms ? 28 : 32) != 0)
				answer_error(c, 400, "InvalidPart", "");
		}
		before = n;
		given = NULL;
	}
	if (!c->answered && *count == 0)
		answer_error(c, 400, "MalformedXML", "");
	if (!c->answered)
		return seg;
	free(seg);
	return NULL;
}

static void
completed(struct conn *c, const struct bucket *b, const struct object *o)
{
	int bare = c->fault.unquoted || c->fault.again;

	dcor_buf_adds(&c->body, "<CompleteMultipartUploadResult" XML_NS ">");
	xml_text(&c->body, "Location", c->req.path);
	xml_text(&c->body, "Bucket", b->name);
	xml_text(&c->body, "Key", o->key);
	/* Ceph 16 leaves it empty, and does without quotes when asked again */
	if (c->fault.emptyetag)
		dcor_buf_adds(&c->body, "<ETag></ETag>");
	else
		dcor_buf_addf(&c->body, bare ? "<ETag>%s</ETag>" :
		    "<ETag>&quot;%s&quot;</ETag>", o->etag);
	dcor_buf_adds(&c->body, "</CompleteMultipartUploadResult>");
	answer_xml(c, 200);
}

static void
complete(struct conn *c, struct bucket *b, struct upload *u)
{
	const char *v = req_header(&c->req, "if-none-match");
	struct object *o;
	struct blob **seg;
	size_t n, i;

	if (v && strcmp(v, "*") == 0 && bucket_find(b, u->key)) {
		answer_error(c, 412, "PreconditionFailed", "If-None-Match");
		return;
	}
	if ((seg = chosen(c, u, &n)) == NULL)
		return;
	for (i = 0; i < n; i++)
		seg[i]->refs++;
	o = object_new(u->key, seg, n, 1);
	free(seg);
	o->meta = xdup(u->meta);
	dcor_buf_add(&o->tags, u->tags.p, u->tags.len);
	snprintf(o->upload, sizeof(o->upload), "%s", u->id);
	upload_del(b, u);
	bucket_set(b, o);
	completed(c, b, o);
}

void
mpu_request(struct conn *c, struct bucket *b)
{
	const char *m = c->req.method, *id = req_param(&c->req, "uploadId");
	struct upload *u = id ? upload_get(b, id) : NULL;
	struct object *o = bucket_find(b, c->req.key);

	if (id == NULL && strcmp(m, "POST") == 0) {
		create(c, b);
	} else if (id == NULL) {
		answer_error(c, 405, "MethodNotAllowed", "");
	} else if (u == NULL && c->fault.again && o &&
	    strcmp(o->upload, id) == 0) {
		completed(c, b, o);
	} else if (u == NULL || strcmp(u->key, c->req.key) != 0) {
		answer_error(c, 404, "NoSuchUpload", "There is no such upload");
	} else if (strcmp(m, "PUT") == 0) {
		upload_part(c, u);
	} else if (strcmp(m, "GET") == 0) {
		list_parts(c, u);
	} else if (strcmp(m, "POST") == 0) {
		complete(c, b, u);
	} else if (strcmp(m, "DELETE") == 0) {
		upload_del(b, u);
		answer(c, 204);
	} else {
		answer_error(c, 405, "MethodNotAllowed", "");
	}
}

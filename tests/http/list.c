/* SPDX-License-Identifier: GPL-3.0-or-later */
/* list.c - objects, uploads and parts in pages */
#include "httpd.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define PAGE	1000

/* A page's size; -1 and the answer is made. */
static int64_t
limit(struct conn *c, const char *name)
{
	const char *s = req_param(&c->req, name);
	int64_t n = s ? number(s) : PAGE;

	if (n < 0)
		answer_error(c, 400, "InvalidArgument", name);
	return n > PAGE ? PAGE : n;
}

/* A key, percent-encoded if the request asks for that. */
static void
key_text(struct conn *c, const char *tag, const char *key)
{
	const char *enc = req_param(&c->req, "encoding-type");
	struct dcor_buf b;

	if (enc == NULL || strcmp(enc, "url") != 0) {
		xml_text(&c->body, tag, key);
		return;
	}
	dcor_buf_init(&b, HEAD_MAX);
	pct_encode(&b, key, "/");
	xml_text(&c->body, tag, dcor_buf_str(&b));
	dcor_buf_fini(&b);
}

/* Tokens are keys in hexadecimal: nothing a client should guess at. */
static char *
token_key(const char *token)
{
	char *key = xalloc(NULL, strlen(token) + 1), *to = key;
	char pair[4] = "%";

	for (; token[0] && token[1]; token += 2) {
		pair[1] = token[0];
		pair[2] = token[1];
		if (pct_decode(to, pair, 3, 0) == NULL)
			break;
		to++;
	}
	*to = '\0';
	if (*token == '\0')
		return key;
	free(key);
	return NULL;
}

static void
entry(struct conn *c, const struct object *o, int v2)
{
	char date[40];

	iso_date(date, o->mtime);
	dcor_buf_adds(&c->body, "<Contents>");
	key_text(c, "Key", o->key);
	dcor_buf_addf(&c->body, c->fault.unquoted ?
	    "<LastModified>%s</LastModified><ETag>%s</ETag>" :
	    "<LastModified>%s</LastModified><ETag>&quot;%s&quot;</ETag>",
	    date, o->etag);
	dcor_buf_addf(&c->body, "<Size>%" PRIu64 "</Size>"
	    "<StorageClass>STANDARD</StorageClass>", o->size);
	if (!v2)
		dcor_buf_adds(&c->body, "<Owner><ID>httpd</ID>"
		    "<DisplayName>httpd</DisplayName></Owner>");
	dcor_buf_adds(&c->body, "</Contents>");
}

/* One page of keys after `after`; what it ended with is *last. */
static void
page(struct conn *c, const struct bucket *b, const char *after, int v2,
    int64_t max, int64_t *count, char **last)
{
	const char *prefix = req_param(&c->req, "prefix");
	const char *delim = req_param(&c->req, "delimiter"), *d;
	size_t np, i, n;
	struct dcor_buf common;
	int found, more = 0;

	prefix = prefix ? prefix : "";
	np = strlen(prefix);
	dcor_buf_init(&common, 64 << 20);
	i = bucket_slot(b, strcmp(after, prefix) > 0 ? after : prefix,
	    &found);
	*last = xdup(after);
	for (*count = 0; i < b->nobjs; i++) {
		const char *key = b->objs[i]->key;

		if (strncmp(key, prefix, np) != 0)
			break;
		d = delim && *delim ? strstr(key + np, delim) : NULL;
		n = d ? (size_t)(d - key) + strlen(delim) : strlen(key);
		/* neither what was before nor what a group stands for */
		if (strcmp(key, after) <= 0 || (d && strlen(*last) == n &&
		    strncmp(*last, key, n) == 0))
			continue;
		if (*count == max) {
			more = 1;
			break;
		}
		++*count;
		free(*last);
		*last = xalloc(NULL, n + 1);
		memcpy(*last, key, n);
		(*last)[n] = '\0';
		if (d) {
			struct dcor_buf body = c->body;

			c->body = common;
			dcor_buf_adds(&c->body, "<CommonPrefixes>");
			key_text(c, "Prefix", *last);
			dcor_buf_adds(&c->body, "</CommonPrefixes>");
			common = c->body;
			c->body = body;
		} else {
			entry(c, b->objs[i], v2);
		}
	}
	dcor_buf_add(&c->body, common.p, common.len);
	dcor_buf_fini(&common);
	if (!more || max == 0) {
		free(*last);
		*last = NULL;
	}
}

void
list_objects(struct conn *c, struct bucket *b)
{
	const struct req *r = &c->req;
	const char *type = req_param(r, "list-type"), *v;
	int v2 = type && strcmp(type, "2") == 0;
	const char *token = v2 ? req_param(r, "continuation-token") : NULL;
	int64_t max = limit(c, "max-keys"), count;
	char *after, *last;

	if (max < 0)
		return;
	v = req_param(r, v2 ? "start-after" : "marker");
	after = token ? token_key(token) : xdup(v ? v : "");
	if (after == NULL) {
		answer_error(c, 400, "InvalidArgument",
		    "The continuation token is not valid");
		return;
	}
	dcor_buf_adds(&c->body, "<ListBucketResult" XML_NS ">");
	xml_text(&c->body, "Name", b->name);
	key_text(c, "Prefix", (v = req_param(r, "prefix")) ? v : "");
	dcor_buf_addf(&c->body, "<MaxKeys>%" PRId64 "</MaxKeys>", max);
	if ((v = req_param(r, "delimiter")) && *v)
		key_text(c, "Delimiter", v);
	if ((v = req_param(r, "encoding-type")) != NULL)
		xml_text(&c->body, "EncodingType", v);
	if (!v2)
		key_text(c, "Marker", (v = req_param(r, "marker")) ? v : "");
	else if ((v = req_param(r, "start-after")) != NULL)
		key_text(c, "StartAfter", v);
	if (token)
		xml_text(&c->body, "ContinuationToken", token);
	page(c, b, after, v2, max, &count, &last);
	if (v2)
		dcor_buf_addf(&c->body, "<KeyCount>%" PRId64 "</KeyCount>",
		    count);
	dcor_buf_addf(&c->body, "<IsTruncated>%s</IsTruncated>",
	    last ? "true" : "false");
	if (last && v2) {
		dcor_buf_adds(&c->body, "<NextContinuationToken>");
		for (v = last; *v; v++)
			dcor_buf_addf(&c->body, "%02x", (unsigned char)*v);
		dcor_buf_adds(&c->body, "</NextContinuationToken>");
	} else if (last) {
		key_text(c, "NextMarker", last);
	}
	dcor_buf_adds(&c->body, "</ListBucketResult>");
	free(after);
	free(last);
	answer_xml(c, 200);
}

static int
by_key(const void *a, const void *b)
{
	const struct upload *const *x = a, *const *y = b;
	int rc = strcmp((*x)->key, (*y)->key);

	return rc ? rc : strcmp((*x)->id, (*y)->id);
}

void
list_uploads(struct conn *c, struct bucket *b)
{
	const struct req *r = &c->req;
	const char *prefix = req_param(r, "prefix");
	const char *key = req_param(r, "key-marker");
	const char *id = req_param(r, "upload-id-marker");
	int64_t max = limit(c, "max-uploads"), n = 0;
	struct upload **u, *last = NULL;
	char date[40];
	size_t i;
	int rc, more = 0;

	if (max < 0)
		return;
	u = xalloc(NULL, b->nups * sizeof(*u));
	if (b->nups > 0) {
		memcpy(u, b->ups, b->nups * sizeof(*u));
		qsort(u, b->nups, sizeof(*u), by_key);
	}
	dcor_buf_adds(&c->body, "<ListMultipartUploadsResult" XML_NS ">");
	xml_text(&c->body, "Bucket", b->name);
	key_text(c, "Prefix", prefix ? prefix : "");
	key_text(c, "KeyMarker", key ? key : "");
	xml_text(&c->body, "UploadIdMarker", id ? id : "");
	dcor_buf_addf(&c->body, "<MaxUploads>%" PRId64 "</MaxUploads>", max);
	for (i = 0; i < b->nups; i++) {
		if (prefix && strncmp(u[i]->key, prefix, strlen(prefix)) != 0)
			continue;
		rc = key ? strcmp(u[i]->key, key) : 1;
		if (rc < 0 || (rc == 0 && (!id || strcmp(u[i]->id, id) <= 0)))
			continue;
		if (n++ == max) {
			more = 1;
			break;
		}
		last = u[i];
		dcor_buf_adds(&c->body, "<Upload>");
		key_text(c, "Key", last->key);
		xml_text(&c->body, "UploadId", last->id);
		iso_date(date, last->since);
		xml_text(&c->body, "Initiated", date);
		dcor_buf_adds(&c->body, "</Upload>");
	}
	if (more && last) {
		key_text(c, "NextKeyMarker", last->key);
		xml_text(&c->body, "NextUploadIdMarker", last->id);
	}
	xml_text(&c->body, "IsTruncated", more ? "true" : "false");
	dcor_buf_adds(&c->body, "</ListMultipartUploadsResult>");
	free(u);
	answer_xml(c, 200);
}

void
list_parts(struct conn *c, struct upload *u)
{
	const char *v = req_param(&c->req, "part-number-marker");
	int64_t max = limit(c, "max-parts"), from = v ? number(v) : 0, n = 0;
	char date[40], etag[33];
	unsigned last = 0;
	size_t i;

	if (max < 0)
		return;
	dcor_buf_adds(&c->body, "<ListPartsResult" XML_NS ">");
	xml_text(&c->body, "Bucket", c->req.bucket);
	xml_text(&c->body, "Key", u->key);
	xml_text(&c->body, "UploadId", u->id);
	dcor_buf_addf(&c->body, "<PartNumberMarker>%" PRId64
	    "</PartNumberMarker><MaxParts>%" PRId64 "</MaxParts>", from, max);
	for (i = 0; i < u->nparts; i++) {
		const struct part *p = &u->parts[i];

		if (p->number <= from)
			continue;
		if (n++ == max)
			break;
		last = p->number;
		hex(etag, p->blob->md5, 16);
		iso_date(date, p->mtime);
		dcor_buf_addf(&c->body, "<Part><PartNumber>%u</PartNumber>"
		    "<LastModified>%s</LastModified>", last, date);
		dcor_buf_addf(&c->body, c->fault.unquoted ?
		    "<ETag>%s</ETag><Size>%" PRIu64 "</Size></Part>" :
		    "<ETag>&quot;%s&quot;</ETag><Size>%" PRIu64
		    "</Size></Part>", etag, p->blob->size);
	}
	dcor_buf_addf(&c->body, "<NextPartNumberMarker>%u"
	    "</NextPartNumberMarker><IsTruncated>%s</IsTruncated>"
	    "</ListPartsResult>", last, i < u->nparts ? "true" : "false");
	answer_xml(c, 200);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* file.c - files below --root, and redirects */
#include "httpd.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

void
redirect_request(struct conn *c)
{
	const char *to = req_param(&c->req, "to");
	const char *code = req_param(&c->req, "code");

	if (to == NULL || strpbrk(to, "\r\n")) {
		answer_error(c, 400, "InvalidArgument", "to");
		return;
	}
	answer(c, code && number(code) > 0 ? (int)number(code) : 302);
	answer_line(c, "Location: %s", to);
}

void
file_request(struct conn *c)
{
	const char *name = c->req.key;
	char path[4096];
	struct stat st;
	struct object *o;
	struct blob *b;

	if (name == NULL || strncmp(name, "../", 3) == 0 ||
	    strstr(name, "/../") != NULL ||
	    snprintf(path, sizeof(path), "%s/%s", conf.root, name) >=
	    (int)sizeof(path) || stat(path, &st) != 0 ||
	    !S_ISREG(st.st_mode)) {
		answer_error(c, 404, "NotFound", "");
		return;
	}
	if (strcmp(c->req.method, "GET") && strcmp(c->req.method, "HEAD")) {
		answer_error(c, 405, "MethodNotAllowed", "");
		return;
	}
	b = xalloc(NULL, sizeof(*b));
	memset(b, 0, sizeof(*b));
	b->refs = 1;
	b->keep = 1;
	b->path = xdup(path);
	b->size = (uint64_t)st.st_size;
	o = object_new(name, &b, 1, 0);
	o->mtime = st.st_mtime + conf.clock_offset;
	snprintf(o->etag, sizeof(o->etag), "%" PRIx64 "-%" PRIx64,
	    (uint64_t)st.st_mtime, b->size);
	answer_object(c, o);
	object_unref(o);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/yaml.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "base/file.h"
#include "base/str.h"

struct dcor_yaml {
	enum dcor_yaml_type	  type;
	unsigned		  line;
	const char		 *file;	/* the root's key */
	char			 *text;	/* of a scalar */
	char			 *key;	/* that leads here; the file's name
					 * in the root; NULL */
	struct dcor_yaml	**item;
	size_t			  n, cap;
};

/* What the parser holds: libyaml's state and where we are. */
struct loader {
	yaml_parser_t	 p;
	yaml_event_t	 ev;
	int		 has_ev;
	const char	*file;
	struct dcor_err	*err;
};

static int
fail(struct loader *l, size_t line, const char *what)
{
	return dcor_err_set(l->err, DCOR_ECONF, 0, "%s:%zu: %s", l->file,
	    line, what);
}

static size_t
here(const struct loader *l)
{
	return l->ev.start_mark.line + 1;
}

static void
drop(struct loader *l)
{
	if (!l->has_ev)
		return;
	if (l->ev.type == YAML_SCALAR_EVENT)
		dcor_wipe(l->ev.data.scalar.value, l->ev.data.scalar.length);
	yaml_event_delete(&l->ev);
	l->has_ev = 0;
}

/* libyaml's words for what it does not like, without what it quotes. */
static int
broken(struct loader *l)
{
	size_t line = l->p.problem_mark.line + 1;

	if (l->p.error == YAML_MEMORY_ERROR)
		return dcor_err_nomem(l->err);
	if (l->p.error == YAML_READER_ERROR)	/* has no line */
		line = l->p.mark.line + 1;
	return fail(l, line, l->p.problem != NULL ? l->p.problem :
	    "not well-formed");
}

static int
next(struct loader *l)
{
	const yaml_char_t *anchor = NULL, *tag = NULL;

	drop(l);
	if (!yaml_parser_parse(&l->p, &l->ev))
		return broken(l);
	l->has_ev = 1;
	switch (l->ev.type) {
	case YAML_ALIAS_EVENT:
		return fail(l, here(l), "aliases (*) are not allowed");
	case YAML_SCALAR_EVENT:
		anchor = l->ev.data.scalar.anchor;
		tag = l->ev.data.scalar.tag;
		break;
	case YAML_SEQUENCE_START_EVENT:
		anchor = l->ev.data.sequence_start.anchor;
		tag = l->ev.data.sequence_start.tag;
		break;
	case YAML_MAPPING_START_EVENT:
		anchor = l->ev.data.mapping_start.anchor;
		tag = l->ev.data.mapping_start.tag;
		break;
	case YAML_DOCUMENT_START_EVENT:
		if (l->ev.data.document_start.version_directive != NULL ||
		    l->ev.data.document_start.tag_directives.start !=
		    l->ev.data.document_start.tag_directives.end)
			return fail(l, here(l),
			    "directives (%) are not allowed");
		break;
	default:
		break;
	}
	if (anchor != NULL)
		return fail(l, here(l), "anchors (&) are not allowed");
	if (tag != NULL)
		return fail(l, here(l), "tags (!) are not allowed");
	return 0;
}

static void
free_node(struct dcor_yaml *v)
{
	size_t i;

	if (v == NULL)
		return;
	for (i = 0; i < v->n; i++)
		free_node(v->item[i]);
	if (v->text != NULL)
		dcor_wipe(v->text, strlen(v->text));
	free(v->text);
	free(v->key);
	free(v->item);
	free(v);
}

static int
add(struct dcor_yaml *to, struct dcor_yaml *v, struct dcor_err *err)
{
	struct dcor_yaml **p;
	size_t cap;

	if (to->n == to->cap) {
		cap = to->cap ? 2 * to->cap : 4;
		if ((p = realloc(to->item, cap * sizeof(*p))) == NULL)
			return dcor_err_nomem(err);
		to->item = p;
		to->cap = cap;
	}
	to->item[to->n++] = v;
	return 0;
}

/* The text of the scalar at hand. */
static int
scalar(struct loader *l, char **out)
{
	const char *s = (const char *)l->ev.data.scalar.value;

	if (strlen(s) != l->ev.data.scalar.length)
		return fail(l, here(l), "a NUL byte in a text");
	*out = strdup(s);
	return *out != NULL ? 0 : dcor_err_nomem(l->err);
}

static int
is_nothing(const yaml_event_t *ev)
{
	const char *s = (const char *)ev->data.scalar.value;

	return ev->data.scalar.style == YAML_PLAIN_SCALAR_STYLE &&
	    (*s == '\0' || strcmp(s, "~") == 0 || strcmp(s, "null") == 0);
}

static int value(struct loader *l, unsigned depth, struct dcor_yaml **out);

/* The key at hand and, after it, its value. */
static int
member(struct loader *l, unsigned depth, const struct dcor_yaml *map,
    struct dcor_yaml **out)
{
	size_t i, line = here(l);
	char *key;
	int rc;

	if (l->ev.type != YAML_SCALAR_EVENT)
		return fail(l, line, "a key that is not text");
	if (map->n == DCOR_YAML_KEYS)
		return fail(l, line, "too many keys");
	if ((rc = scalar(l, &key)) != 0)
		return rc;
	for (i = 0; i < map->n; i++)
		if (strcmp(map->item[i]->key, key) == 0) {
			rc = dcor_err_set(l->err, DCOR_ECONF, 0,
			    "%s:%zu: %s: a second time, after line %u",
			    l->file, line, key, map->item[i]->line);
			break;
		}
	if (rc == 0)
		rc = next(l);
	if (rc == 0)
		rc = value(l, depth, out);
	if (rc != 0) {
		free(key);
		return rc;
	}
	(*out)->key = key;
	(*out)->line = (unsigned)line;
	return 0;
}

static int
children(struct loader *l, unsigned depth, struct dcor_yaml *v)
{
	struct dcor_yaml *child;
	int rc;

	if (depth == DCOR_YAML_DEPTH)
		return fail(l, here(l), "nested too deeply");
	for (;;) {
		if ((rc = next(l)) != 0 ||
		    l->ev.type == YAML_MAPPING_END_EVENT ||
		    l->ev.type == YAML_SEQUENCE_END_EVENT)
			return rc;
		child = NULL;
		rc = v->type == DCOR_YAML_MAP ? member(l, depth + 1, v,
		    &child) : value(l, depth + 1, &child);
		if (rc == 0)
			rc = add(v, child, l->err);
		if (rc != 0) {
			free_node(child);
			return rc;
		}
	}
}

/* The value that begins with the event at hand. */
static int
value(struct loader *l, unsigned depth, struct dcor_yaml **out)
{
	struct dcor_yaml *v;
	int rc = 0;

	if ((v = calloc(1, sizeof(*v))) == NULL)
		return dcor_err_nomem(l->err);
	v->line = (unsigned)here(l);
	v->file = l->file;
	if (l->ev.type == YAML_SCALAR_EVENT) {
		if (!is_nothing(&l->ev)) {
			v->type = DCOR_YAML_STR;
			rc = scalar(l, &v->text);
		}
	} else {
		v->type = l->ev.type == YAML_MAPPING_START_EVENT ?
		    DCOR_YAML_MAP : DCOR_YAML_SEQ;
		rc = children(l, depth, v);
	}
	if (rc != 0) {
		free_node(v);
		return rc;
	}
	*out = v;
	return 0;
}

static int
document(struct loader *l, struct dcor_yaml **out)
{
	int rc;

	if ((rc = next(l)) != 0 ||	/* the stream begins, the document */
	    (rc = next(l)) != 0)
		return rc;
	if (l->ev.type == YAML_STREAM_END_EVENT) {
		*out = calloc(1, sizeof(**out));
		return *out != NULL ? 0 : dcor_err_nomem(l->err);
	}
	if ((rc = next(l)) != 0 || (rc = value(l, 0, out)) != 0 ||
	    (rc = next(l)) != 0 || (rc = next(l)) != 0)
		return rc;
	if (l->ev.type != YAML_STREAM_END_EVENT)
		return fail(l, here(l), "a second document");
	return 0;
}

int
dcor_yaml_parse(const char *text, size_t n, const char *name,
    struct dcor_yaml **out, struct dcor_err *err)
{
	struct dcor_yaml *root = NULL;
	struct loader l;
	char *file;
	int rc;

	*out = NULL;
	if (n > DCOR_YAML_MAX)
		return dcor_err_set(err, DCOR_ECONF, 0,
		    "%s: more than %d bytes", name, DCOR_YAML_MAX);
	memset(&l, 0, sizeof(l));
	if ((file = strdup(name)) == NULL || !yaml_parser_initialize(&l.p)) {
		free(file);
		return dcor_err_nomem(err);
	}
	l.file = file;
	l.err = err;
	yaml_parser_set_encoding(&l.p, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&l.p, (const unsigned char *)text, n);
	rc = document(&l, &root);
	drop(&l);
	/* secrets have passed through here */
	dcor_wipe(l.p.raw_buffer.start,
	    (size_t)(l.p.raw_buffer.end - l.p.raw_buffer.start));
	dcor_wipe(l.p.buffer.start,
	    (size_t)(l.p.buffer.end - l.p.buffer.start));
	yaml_parser_delete(&l.p);
	if (rc != 0) {
		free_node(root);
		free(file);
		return rc;
	}
	if (root->line == 0)
		root->line = 1;
	root->key = file;
	root->file = file;
	*out = root;
	return 0;
}

int
dcor_yaml_load(const char *path, struct dcor_yaml **out,
    struct dcor_err *err)
{
	struct dcor_buf b;
	int rc;

	*out = NULL;
	dcor_buf_init(&b, DCOR_YAML_MAX + 4096);
	rc = dcor_file_read(path, DCOR_YAML_MAX, &b, err);
	if (rc == 0)
		rc = dcor_yaml_parse(dcor_buf_str(&b), b.len, path, out, err);
	dcor_buf_fini(&b);
	return rc;
}

void
dcor_yaml_free(struct dcor_yaml *root)
{
	free_node(root);
}

enum dcor_yaml_type
dcor_yaml_type(const struct dcor_yaml *v)
{
	return v != NULL ? v->type : DCOR_YAML_NONE;
}

unsigned
dcor_yaml_line(const struct dcor_yaml *v)
{
	return v != NULL ? v->line : 0;
}

const struct dcor_yaml *
dcor_yaml_get(const struct dcor_yaml *v, const char *key)
{
	size_t i;

	if (dcor_yaml_type(v) != DCOR_YAML_MAP)
		return NULL;
	for (i = 0; i < v->n; i++)
		if (strcmp(v->item[i]->key, key) == 0)
			return v->item[i]->type != DCOR_YAML_NONE ?
			    v->item[i] : NULL;
	return NULL;
}

const struct dcor_yaml *
dcor_yaml_at(const struct dcor_yaml *v, size_t i)
{
	return v != NULL && i < v->n ? v->item[i] : NULL;
}

const char *
dcor_yaml_key(const struct dcor_yaml *v, size_t i)
{
	return dcor_yaml_type(v) == DCOR_YAML_MAP && i < v->n ?
	    v->item[i]->key : NULL;
}

size_t
dcor_yaml_len(const struct dcor_yaml *v)
{
	return v != NULL ? v->n : 0;
}

const char *
dcor_yaml_str(const struct dcor_yaml *v)
{
	return v != NULL ? v->text : NULL;
}

int
dcor_yaml_get_node(const struct dcor_yaml *v, const char *key,
    enum dcor_yaml_type type, const struct dcor_yaml **out,
    struct dcor_err *err)
{
	static const char *const name[] = { "nothing", "a text",
		"a sequence", "a mapping" };
	const struct dcor_yaml *m = dcor_yaml_get(v, key);

	if (m == NULL)
		return 0;
	if (m->type != type)
		return dcor_yaml_bad(m, err, "%s: not %s", key, name[type]);
	*out = m;
	return 0;
}

int
dcor_yaml_get_str(const struct dcor_yaml *v, const char *key,
    const char **out, struct dcor_err *err)
{
	const struct dcor_yaml *m = NULL;
	int rc;

	rc = dcor_yaml_get_node(v, key, DCOR_YAML_STR, &m, err);
	if (m != NULL)
		*out = m->text;
	return rc;
}

int
dcor_yaml_get_bool(const struct dcor_yaml *v, const char *key, int *out,
    struct dcor_err *err)
{
	const char *s = NULL;
	int rc;

	if ((rc = dcor_yaml_get_str(v, key, &s, err)) != 0 || s == NULL)
		return rc;
	if (strcmp(s, "true") == 0 || strcmp(s, "yes") == 0)
		*out = 1;
	else if (strcmp(s, "false") == 0 || strcmp(s, "no") == 0)
		*out = 0;
	else
		return dcor_yaml_bad(dcor_yaml_get(v, key), err,
		    "%s: neither true nor false", key);
	return 0;
}

int
dcor_yaml_get_u64(const struct dcor_yaml *v, const char *key, uint64_t min,
    uint64_t max, uint64_t *out, struct dcor_err *err)
{
	const char *s = NULL;
	uint64_t n;
	int rc;

	if ((rc = dcor_yaml_get_str(v, key, &s, err)) != 0 || s == NULL)
		return rc;
	if (dcor_parse_size(s, &n) != 0 || n < min || n > max)
		return dcor_yaml_bad(dcor_yaml_get(v, key), err, "%s: not a "
		    "whole number from %" PRIu64 " to %" PRIu64, key, min,
		    max);
	*out = n;
	return 0;
}

int
dcor_yaml_known(const struct dcor_yaml *v, const char *const *keys,
    struct dcor_err *err)
{
	size_t i, k;

	if (dcor_yaml_type(v) == DCOR_YAML_NONE)
		return 0;
	if (v->type != DCOR_YAML_MAP)
		return dcor_yaml_bad(v, err, "not a mapping");
	for (i = 0; i < v->n; i++) {
		for (k = 0; keys[k] != NULL; k++)
			if (strcmp(keys[k], v->item[i]->key) == 0)
				break;
		if (keys[k] == NULL)
			return dcor_yaml_bad(v->item[i], err,
			    "%s: no such setting", v->item[i]->key);
	}
	return 0;
}

int
dcor_yaml_bad(const struct dcor_yaml *v, struct dcor_err *err,
    const char *fmt, ...)
{
	char text[sizeof(err->msg)];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (v == NULL)
		return dcor_err_set(err, DCOR_ECONF, 0, "%s", text);
	return dcor_err_set(err, DCOR_ECONF, 0, "%s:%u: %s", v->file,
	    v->line, text);
}

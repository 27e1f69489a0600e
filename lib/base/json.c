/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/json.h"

#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/num.h"

/*
 * Writer
 */

void
dcor_jw_init(struct dcor_jw *w, struct dcor_buf *b, unsigned flags)
{
	memset(w, 0, sizeof(*w));
	w->b = b;
	w->flags = flags;
}

static uint64_t
level(const struct dcor_jw *w)
{
	return UINT64_C(1) << (w->depth - 1);
}

static void
newline(struct dcor_jw *w)
{
	unsigned i;

	if (!(w->flags & DCOR_JW_INDENT))
		return;
	dcor_buf_addc(w->b, '\n');
	for (i = 0; i < w->depth; i++)
		dcor_buf_add(w->b, "  ", 2);
}

/* What stands between the previous item of a level and the next. */
static void
separate(struct dcor_jw *w)
{
	if (w->used & level(w)) {
		dcor_buf_addc(w->b, ',');
		if ((w->flags & (DCOR_JW_SPACE | DCOR_JW_INDENT)) ==
		    DCOR_JW_SPACE)
			dcor_buf_addc(w->b, ' ');
	}
	w->used |= level(w);
	newline(w);
}

/* Called before each value. */
static void
before(struct dcor_jw *w)
{
	if (w->depth == 0) {
		w->bad |= w->nroot++ != 0;
	} else if (w->is_obj & level(w)) {
		w->bad |= !w->keyed;
		w->keyed = 0;
	} else {
		separate(w);
	}
}

static void
begin(struct dcor_jw *w, int obj)
{
	if (w->depth == DCOR_JSON_DEPTH) {
		w->bad = 1;
		return;
	}
	before(w);
	dcor_buf_addc(w->b, obj ? '{' : '[');
	w->depth++;
	w->used &= ~level(w);
	w->is_obj = obj ? w->is_obj | level(w) : w->is_obj & ~level(w);
}

void
dcor_jw_obj(struct dcor_jw *w)
{
	begin(w, 1);
}

void
dcor_jw_arr(struct dcor_jw *w)
{
	begin(w, 0);
}

void
dcor_jw_end(struct dcor_jw *w)
{
	int obj, used;

	if (w->depth == 0 || w->keyed) {
		w->bad = 1;
		return;
	}
	obj = (w->is_obj & level(w)) != 0;
	used = (w->used & level(w)) != 0;
	w->depth--;
	if (used)
		newline(w);
	dcor_buf_addc(w->b, obj ? '}' : ']');
}

/*
 * Length of the UTF-8 sequence at p and its code point; 0 when there is
 * none, and then *skip bytes are replaced by one U+FFFD.
 */
static size_t
utf8(const unsigned char *p, size_t n, uint32_t *cp, size_t *skip)
{
	unsigned char lo = 0x80, hi = 0xbf;
	size_t i, len;

	*skip = 1;
	if (p[0] >= 0xc2 && p[0] <= 0xdf)
		len = 2;
	else if (p[0] >= 0xe0 && p[0] <= 0xef)
		len = 3;
	else if (p[0] >= 0xf0 && p[0] <= 0xf4)
		len = 4;
	else
		return 0;
	*cp = p[0] & (0xffu >> (len + 1));
	if (p[0] == 0xe0)
		lo = 0xa0;		/* overlong */
	else if (p[0] == 0xed)
		hi = 0x9f;		/* surrogates */
	else if (p[0] == 0xf0)
		lo = 0x90;		/* overlong */
	else if (p[0] == 0xf4)
		hi = 0x8f;		/* beyond U+10FFFF */
	for (i = 1; i < len; i++, lo = 0x80, hi = 0xbf) {
		if (i == n || p[i] < lo || p[i] > hi) {
			*skip = i;
			return 0;
		}
		*cp = *cp << 6 | (p[i] & 0x3f);
	}
	return len;
}

static void
put_escaped(struct dcor_jw *w, uint32_t cp)
{
	if (cp < 0x10000)
		dcor_buf_addf(w->b, "\\u%04x", (unsigned)cp);
	else
		dcor_buf_addf(w->b, "\\u%04x\\u%04x",
		    (unsigned)(0xd800 + ((cp - 0x10000) >> 10)),
		    (unsigned)(0xdc00 + ((cp - 0x10000) & 0x3ff)));
}

static void
put_string(struct dcor_jw *w, const char *s, size_t n)
{
	static const char plain[] = "\b\t\n\f\r\"\\", code[] = "btnfr\"\\";
	const unsigned char *p = (const unsigned char *)s;
	const unsigned char *end = p + n, *from;
	const char *q;
	uint32_t cp = 0;
	size_t len, skip;

	dcor_buf_addc(w->b, '"');
	while (p < end) {
		for (from = p; p < end && *p >= 0x20 && *p < 0x7f &&
		    *p != '"' && *p != '\\'; p++)
			continue;
		dcor_buf_add(w->b, from, (size_t)(p - from));
		if (p == end)
			break;
		if (*p >= 0x80) {
			len = utf8(p, (size_t)(end - p), &cp, &skip);
			if (len == 0)
				cp = 0xfffd;
			if (w->flags & DCOR_JW_ASCII)
				put_escaped(w, cp);
			else if (len == 0)
				dcor_buf_add(w->b, "\xef\xbf\xbd", 3);
			else
				dcor_buf_add(w->b, p, len);
			p += len ? len : skip;
			continue;
		}
		if (*p != '\0' && (q = strchr(plain, *p)) != NULL) {
			dcor_buf_addc(w->b, '\\');
			dcor_buf_addc(w->b, code[q - plain]);
		} else if (*p == 0x7f) {	/* needs no escape */
			dcor_buf_addc(w->b, (char)*p);
		} else {
			put_escaped(w, *p);
		}
		p++;
	}
	dcor_buf_addc(w->b, '"');
}

void
dcor_jw_key(struct dcor_jw *w, const char *key)
{
	if (w->depth == 0 || !(w->is_obj & level(w)) || w->keyed) {
		w->bad = 1;
		return;
	}
	separate(w);
	put_string(w, key, strlen(key));
	dcor_buf_adds(w->b, w->flags & DCOR_JW_SPACE ? ": " : ":");
	w->keyed = 1;
}

static void
put_word(struct dcor_jw *w, const char *text)
{
	before(w);
	dcor_buf_adds(w->b, text);
}

void
dcor_jw_strn(struct dcor_jw *w, const char *s, size_t n)
{
	before(w);
	put_string(w, s, n);
}

void
dcor_jw_str(struct dcor_jw *w, const char *s)
{
	if (s == NULL)
		put_word(w, "null");
	else
		dcor_jw_strn(w, s, strlen(s));
}

void
dcor_jw_i64(struct dcor_jw *w, int64_t v)
{
	before(w);
	dcor_buf_addf(w->b, "%" PRId64, v);
}

void
dcor_jw_u64(struct dcor_jw *w, uint64_t v)
{
	before(w);
	dcor_buf_addf(w->b, "%" PRIu64, v);
}

void
dcor_jw_dbl(struct dcor_jw *w, double v)
{
	char text[DCOR_REPR_SIZE];

	put_word(w, isfinite(v) ? dcor_repr(v, text) : "null");
}

void
dcor_jw_bool(struct dcor_jw *w, int v)
{
	put_word(w, v ? "true" : "false");
}

void
dcor_jw_null(struct dcor_jw *w)
{
	put_word(w, "null");
}

void
dcor_jw_kstr(struct dcor_jw *w, const char *key, const char *s)
{
	dcor_jw_key(w, key);
	dcor_jw_str(w, s);
}

void
dcor_jw_ki64(struct dcor_jw *w, const char *key, int64_t v)
{
	dcor_jw_key(w, key);
	dcor_jw_i64(w, v);
}

void
dcor_jw_ku64(struct dcor_jw *w, const char *key, uint64_t v)
{
	dcor_jw_key(w, key);
	dcor_jw_u64(w, v);
}

void
dcor_jw_kdbl(struct dcor_jw *w, const char *key, double v)
{
	dcor_jw_key(w, key);
	dcor_jw_dbl(w, v);
}

void
dcor_jw_kbool(struct dcor_jw *w, const char *key, int v)
{
	dcor_jw_key(w, key);
	dcor_jw_bool(w, v);
}

int
dcor_jw_done(struct dcor_jw *w, struct dcor_err *err)
{
	if (w->bad || w->depth != 0 || w->nroot != 1)
		return dcor_err_set(err, DCOR_EBUG, 0, "JSON text is "
		    "incomplete or not well-formed");
	return dcor_buf_check(w->b, err);
}

char *
dcor_repr(double v, char out[DCOR_REPR_SIZE])
{
	(void)dcor_num_f64(v, out);
	return out;
}

/*
 * Reader: struct dcor_json is jansson's json_t under another name.
 */

static const json_t *
node(const struct dcor_json *v)
{
	return (const json_t *)(const void *)v;
}

static const struct dcor_json *
value(const json_t *j)
{
	return (const struct dcor_json *)(const void *)j;
}

/* Whether the brackets of a text nest deeper than we allow. */
static int
too_deep(const char *p, size_t n)
{
	const char *end = p + n;
	unsigned depth = 0;
	int quoted = 0;

	for (; p < end; p++) {
		if (quoted) {
			if (*p == '\\')
				p++;
			else if (*p == '"')
				quoted = 0;
		} else if (*p == '"') {
			quoted = 1;
		} else if (*p == '[' || *p == '{') {
			if (++depth > DCOR_JSON_DEPTH)
				return 1;
		} else if ((*p == ']' || *p == '}') && depth > 0) {
			depth--;
		}
	}
	return 0;
}

int
dcor_json_parse(const char *text, size_t n, size_t max,
    struct dcor_json **out, struct dcor_err *err)
{
	json_error_t je;
	json_t *j;

	*out = NULL;
	if (n > max)
		return dcor_err_set(err, DCOR_EDATA, 0,
		    "JSON text of %zu bytes: more than %zu", n, max);
	if (too_deep(text, n))
		return dcor_err_set(err, DCOR_EDATA, 0,
		    "JSON text: more than %d levels", DCOR_JSON_DEPTH);
	j = json_loadb(text, n, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &je);
	if (j == NULL) {
		if (json_error_code(&je) == json_error_out_of_memory)
			return dcor_err_nomem(err);
		return dcor_err_set(err, DCOR_EDATA, 0, "JSON text: line %d: "
		    "%s", je.line, je.text);
	}
	*out = (struct dcor_json *)(void *)j;
	return 0;
}

void
dcor_json_free(struct dcor_json *root)
{
	json_decref((json_t *)(void *)root);
}

enum dcor_json_type
dcor_json_type(const struct dcor_json *v)
{
	if (v == NULL)
		return DCOR_JSON_NONE;
	switch (json_typeof(node(v))) {
	case JSON_OBJECT:	return DCOR_JSON_OBJ;
	case JSON_ARRAY:	return DCOR_JSON_ARR;
	case JSON_STRING:	return DCOR_JSON_STR;
	case JSON_INTEGER:	return DCOR_JSON_INT;
	case JSON_REAL:		return DCOR_JSON_REAL;
	case JSON_TRUE:
	case JSON_FALSE:	return DCOR_JSON_BOOL;
	case JSON_NULL:		return DCOR_JSON_NULL;
	}
	return DCOR_JSON_NONE;
}

int
dcor_json_is_null(const struct dcor_json *v)
{
	return dcor_json_type(v) == DCOR_JSON_NULL;
}

const struct dcor_json *
dcor_json_get(const struct dcor_json *v, const char *key)
{
	return value(json_object_get(node(v), key));
}

const struct dcor_json *
dcor_json_at(const struct dcor_json *v, size_t i)
{
	return value(json_array_get(node(v), i));
}

size_t
dcor_json_len(const struct dcor_json *v)
{
	if (dcor_json_type(v) == DCOR_JSON_OBJ)
		return json_object_size(node(v));
	return json_array_size(node(v));
}

const struct dcor_json *
dcor_json_each(const struct dcor_json *v, void **iter, const char **key)
{
	/* jansson iterates over json_t *, but changes nothing */
	union {
		const struct dcor_json	*in;
		json_t			*out;
	} u = { v };

	*iter = *iter == NULL ? json_object_iter(u.out) :
	    json_object_iter_next(u.out, *iter);
	if (*iter == NULL)
		return NULL;
	*key = json_object_iter_key(*iter);
	return value(json_object_iter_value(*iter));
}

const char *
dcor_json_str(const struct dcor_json *v)
{
	return json_string_value(node(v));
}

int
dcor_json_i64(const struct dcor_json *v, int64_t *out)
{
	if (dcor_json_type(v) != DCOR_JSON_INT)
		return 0;
	*out = json_integer_value(node(v));
	return 1;
}

int
dcor_json_dbl(const struct dcor_json *v, double *out)
{
	if (dcor_json_type(v) != DCOR_JSON_INT &&
	    dcor_json_type(v) != DCOR_JSON_REAL)
		return 0;
	*out = json_number_value(node(v));
	return 1;
}

int
dcor_json_bool(const struct dcor_json *v, int *out)
{
	if (dcor_json_type(v) != DCOR_JSON_BOOL)
		return 0;
	*out = json_is_true(node(v));
	return 1;
}

static int
not_a(const struct dcor_json *v, const char *key, const char *what,
    struct dcor_err *err)
{
	if (dcor_json_get(v, key) == NULL)
		return dcor_err_set(err, DCOR_EDATA, 0, "%s: missing", key);
	return dcor_err_set(err, DCOR_EDATA, 0, "%s: not %s", key, what);
}

int
dcor_json_need_str(const struct dcor_json *v, const char *key,
    const char **out, struct dcor_err *err)
{
	*out = dcor_json_str(dcor_json_get(v, key));
	return *out != NULL ? 0 : not_a(v, key, "a string", err);
}

int
dcor_json_need_i64(const struct dcor_json *v, const char *key, int64_t *out,
    struct dcor_err *err)
{
	if (dcor_json_i64(dcor_json_get(v, key), out))
		return 0;
	return not_a(v, key, "an integer", err);
}

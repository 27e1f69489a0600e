/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * json.h - JSON out (a streaming writer) and in (a tree with typed access)
 */
#ifndef DCOR_BASE_JSON_H
#define DCOR_BASE_JSON_H

#include <stdint.h>

#include "base/buf.h"

#define DCOR_JSON_DEPTH	64	/* deepest nesting, in and out */

/*
 * Writer.  Values go to a buffer that the caller owns.  Mistakes (a value
 * without a key, more nesting than DCOR_JSON_DEPTH, unbalanced ends) stick
 * and dcor_jw_done reports them, as it does what went wrong in the buffer.
 */
enum {
	DCOR_JW_SPACE	= 1,	/* ", " and ": " as Python's json.dumps */
	DCOR_JW_INDENT	= 2,	/* one item a line, two spaces a level */
	DCOR_JW_ASCII	= 4,	/* escape what is not ASCII */
	/* the text of json.dumps(x, indent=2) */
	DCOR_JW_PYTHON	= DCOR_JW_SPACE | DCOR_JW_INDENT | DCOR_JW_ASCII
};

struct dcor_jw {
	struct dcor_buf	*b;		/* all members are private */
	unsigned	 flags;
	unsigned	 depth;
	uint64_t	 is_obj;	/* bit d: level d is an object */
	uint64_t	 used;		/* bit d: level d has an item */
	int		 keyed;		/* a key waits for its value */
	int		 nroot;
	int		 bad;
};

void dcor_jw_init(struct dcor_jw *w, struct dcor_buf *b, unsigned flags);

void dcor_jw_obj(struct dcor_jw *w);
void dcor_jw_arr(struct dcor_jw *w);
void dcor_jw_end(struct dcor_jw *w);		/* of the innermost */
void dcor_jw_key(struct dcor_jw *w, const char *key);

/* Bytes that are not UTF-8 become U+FFFD, one for each maximal part of a
 * sequence; s == NULL is null. */
void dcor_jw_str(struct dcor_jw *w, const char *s);
void dcor_jw_strn(struct dcor_jw *w, const char *s, size_t n);
void dcor_jw_i64(struct dcor_jw *w, int64_t v);
void dcor_jw_u64(struct dcor_jw *w, uint64_t v);
/* The shortest text that reads back as v, with a point or an exponent, as
 * Python writes it; null when v is not finite. */
void dcor_jw_dbl(struct dcor_jw *w, double v);
void dcor_jw_bool(struct dcor_jw *w, int v);
void dcor_jw_null(struct dcor_jw *w);

/* key and value in one call */
void dcor_jw_kstr(struct dcor_jw *w, const char *key, const char *s);
void dcor_jw_ki64(struct dcor_jw *w, const char *key, int64_t v);
void dcor_jw_ku64(struct dcor_jw *w, const char *key, uint64_t v);
void dcor_jw_kdbl(struct dcor_jw *w, const char *key, double v);
void dcor_jw_kbool(struct dcor_jw *w, const char *key, int v);

/* 0 when exactly one value was written, complete and without a mistake. */
int dcor_jw_done(struct dcor_jw *w, struct dcor_err *err)
    __attribute__((warn_unused_result));

/* The text dcor_jw_dbl writes for a finite number, Python's repr(); "nan",
 * "inf", "-inf" for others.  Returns out. */
#define DCOR_REPR_SIZE	40
char *dcor_repr(double v, char out[DCOR_REPR_SIZE]);

/*
 * Reader.  A value is valid until the root it came from is freed.  The
 * getters accept NULL, so that they can be nested: a path that does not
 * exist is a value of no type.
 */
struct dcor_json;

enum dcor_json_type {
	DCOR_JSON_NONE, DCOR_JSON_NULL, DCOR_JSON_BOOL, DCOR_JSON_INT,
	DCOR_JSON_REAL, DCOR_JSON_STR, DCOR_JSON_ARR, DCOR_JSON_OBJ
};

/*
 * Parses n bytes of text that hold one value.  Longer than max, deeper
 * than DCOR_JSON_DEPTH, duplicate keys, integers beyond 64 bits and
 * anything else that is not JSON are DCOR_EDATA with the line.
 * Ownership: the caller frees *out with dcor_json_free.
 */
int dcor_json_parse(const char *text, size_t n, size_t max,
    struct dcor_json **out, struct dcor_err *err);
void dcor_json_free(struct dcor_json *root);

enum dcor_json_type dcor_json_type(const struct dcor_json *v);
int dcor_json_is_null(const struct dcor_json *v);

/* A member by name, an item by number; NULL when there is none. */
const struct dcor_json *dcor_json_get(const struct dcor_json *v,
    const char *key);
const struct dcor_json *dcor_json_at(const struct dcor_json *v, size_t i);
size_t dcor_json_len(const struct dcor_json *v);	/* items, members */

/* The members in the order of the text: *iter is NULL at the start; NULL
 * is returned after the last. */
const struct dcor_json *dcor_json_each(const struct dcor_json *v,
    void **iter, const char **key);

/* The string (it holds no NUL), or NULL when v is none. */
const char *dcor_json_str(const struct dcor_json *v);
/* 1 and *out, or 0 when v is of another type; a double may be an integer. */
int dcor_json_i64(const struct dcor_json *v, int64_t *out);
int dcor_json_dbl(const struct dcor_json *v, double *out);
int dcor_json_bool(const struct dcor_json *v, int *out);

/* A member that must be there; DCOR_EDATA "KEY: missing" or "KEY: not ...". */
int dcor_json_need_str(const struct dcor_json *v, const char *key,
    const char **out, struct dcor_err *err);
int dcor_json_need_i64(const struct dcor_json *v, const char *key,
    int64_t *out, struct dcor_err *err);

#endif /* DCOR_BASE_JSON_H */

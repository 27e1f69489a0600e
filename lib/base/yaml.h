/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * yaml.h - configuration: a strict subset of YAML as a tree
 *
 * One document in UTF-8 of mappings, sequences and text.  No anchors, tags,
 * directives or duplicate keys: they surprise more often than they help.
 * A plain scalar is text whatever it looks like ("no" is not false, 012 is
 * not 10) until somebody asks for a number; a plain scalar that is empty,
 * "~" or "null" is nothing, as if its key were not there.
 *
 * Every failure is DCOR_ECONF with a message "FILE:LINE: ...".
 */
#ifndef DCOR_BASE_YAML_H
#define DCOR_BASE_YAML_H

#include <stdint.h>

#include "base/buf.h"

#define DCOR_YAML_MAX	(1 << 20)	/* bytes of a document */
#define DCOR_YAML_DEPTH	32		/* nesting */
#define DCOR_YAML_KEYS	4096		/* of a mapping */

/* A value is valid until the root it came from is freed.  The getters
 * accept NULL, so that they can be nested. */
struct dcor_yaml;

enum dcor_yaml_type {
	DCOR_YAML_NONE,		/* NULL, or nothing was written */
	DCOR_YAML_STR, DCOR_YAML_SEQ, DCOR_YAML_MAP
};

/*
 * Parses n bytes; name is what messages call them.  *out is of type
 * DCOR_YAML_NONE when there is nothing but comments.
 * Ownership: dcor_yaml_free, which overwrites every text it held.
 */
int dcor_yaml_parse(const char *text, size_t n, const char *name,
    struct dcor_yaml **out, struct dcor_err *err)
    __attribute__((warn_unused_result));
/* The same for a file; DCOR_ENOENT when there is none. */
int dcor_yaml_load(const char *path, struct dcor_yaml **out,
    struct dcor_err *err) __attribute__((warn_unused_result));
void dcor_yaml_free(struct dcor_yaml *root);

enum dcor_yaml_type dcor_yaml_type(const struct dcor_yaml *v);
unsigned dcor_yaml_line(const struct dcor_yaml *v);	/* from 1 */

/* A member by name; NULL when it is not there or nothing. */
const struct dcor_yaml *dcor_yaml_get(const struct dcor_yaml *v,
    const char *key);
/* Item i of a sequence or the value of member i of a mapping, in the order
 * of the text; NULL beyond the last, which has number dcor_yaml_len - 1. */
const struct dcor_yaml *dcor_yaml_at(const struct dcor_yaml *v, size_t i);
const char *dcor_yaml_key(const struct dcor_yaml *v, size_t i);
size_t dcor_yaml_len(const struct dcor_yaml *v);
/* The text (it holds no NUL), or NULL when v is none. */
const char *dcor_yaml_str(const struct dcor_yaml *v);

/*
 * Members with a type.  When the member is not there or nothing they return
 * 0 and leave *out as it is; of another type is an error.
 */
int dcor_yaml_get_str(const struct dcor_yaml *v, const char *key,
    const char **out, struct dcor_err *err)
    __attribute__((warn_unused_result));
/* true, false, yes, no */
int dcor_yaml_get_bool(const struct dcor_yaml *v, const char *key, int *out,
    struct dcor_err *err) __attribute__((warn_unused_result));
/* min to max; a whole number, or bytes as dcor_parse_size reads them. */
int dcor_yaml_get_u64(const struct dcor_yaml *v, const char *key,
    uint64_t min, uint64_t max, uint64_t *out, struct dcor_err *err)
    __attribute__((warn_unused_result));
/* A mapping or a sequence. */
int dcor_yaml_get_node(const struct dcor_yaml *v, const char *key,
    enum dcor_yaml_type type, const struct dcor_yaml **out,
    struct dcor_err *err) __attribute__((warn_unused_result));

/* v must be a mapping (or nothing) with no keys but these; keys ends with
 * NULL.  A misspelt setting must not be one that is ignored. */
int dcor_yaml_known(const struct dcor_yaml *v, const char *const *keys,
    struct dcor_err *err) __attribute__((warn_unused_result));

/* Records "FILE:LINE: text" about v, which is not NULL: DCOR_ECONF. */
int dcor_yaml_bad(const struct dcor_yaml *v, struct dcor_err *err,
    const char *fmt, ...) __attribute__((format(printf, 3, 4), cold));

#endif /* DCOR_BASE_YAML_H */

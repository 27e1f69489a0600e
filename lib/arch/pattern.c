/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "arch/pattern.h"

#include <regex.h>
#include <stdlib.h>
#include <string.h>

#define MAX	4096	/* bytes of a pattern */

struct dcor_pattern {
	regex_t	re;
};

/* What \c means outside of brackets, or NULL. */
static const char *
class_of(char c)
{
	switch (c) {
	case 'd': return "[0-9]";
	case 'D': return "[^0-9]";
	case 'w': return "[A-Za-z0-9_]";
	case 'W': return "[^A-Za-z0-9_]";
	case 's': return "[ \t\n\r\f\v]";
	case 'S': return "[^ \t\n\r\f\v]";
	case 'A': return "^";
	case 'Z': return "$";
	case 't': return "\t";
	case 'n': return "\n";
	case 'r': return "\r";
	default: return NULL;
	}
}

static int
refuse(struct dcor_err *err, const char *p, size_t n)
{
	return dcor_err_set(err, DCOR_ECONF, 0, "pattern: %.*s is not "
	    "supported", (int)n, p);
}

static int
is_alnum(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    (c >= '0' && c <= '9');
}

/*
 * A set in brackets from p ("[...") to out.  POSIX has no escapes there, so
 * what needs one is moved: ']' to the front, '-' to the end.  Returns its
 * length, 0 for what is wrong.
 */
static size_t
brackets(struct dcor_buf *out, const char *p, struct dcor_err *err)
{
	int not = p[1] == '^', close = 0, dash = 0, hat = 0;
	size_t i = not ? 2 : 1, first = i;
	const char *set;
	struct dcor_buf in;

	dcor_buf_init(&in, MAX);
	for (; p[i] != '\0' && (p[i] != ']' || i == first); i++) {
		if (p[i] == ']') {
			close = 1;
		} else if (p[i] == '[') {
			/* "[:" would be a class, "[." a collation */
			if (strchr(":.=", p[i + 1]) != NULL)
				break;
			dcor_buf_addc(&in, '[');
		} else if (p[i] == '-' && (i == first || p[i + 1] == ']')) {
			dash = 1;
		} else if (p[i] == '^' && in.len == 0) {
			hat = 1;
		} else if (p[i] != '\\') {
			dcor_buf_addc(&in, p[i]);
		} else if (p[++i] == '-') {
			dash = 1;
		} else if (p[i] == ']') {
			close = 1;
		} else if (p[i] == '^') {
			hat = 1;
		} else if (p[i] != '\0' && strchr("dwstnr", p[i]) != NULL &&
		    (set = class_of(p[i])) != NULL) {
			dcor_buf_add(&in, set + (*set == '['),
			    strlen(set) - 2 * (*set == '['));
		} else if (p[i] == '\0' || is_alnum(p[i])) {
			break;
		} else {
			dcor_buf_addc(&in, p[i]);
		}
	}
	if (p[i] != ']') {
		(void)refuse(err, p, i < 20 ? i + 1 : 20);
		dcor_buf_fini(&in);
		return 0;
	}
	/* [^] alone is a caret, which needs no brackets */
	if (hat && !not && !close && !dash && in.len == 0) {
		dcor_buf_adds(out, "\\^");
	} else {
		dcor_buf_adds(out, not ? "[^" : "[");
		if (close)
			dcor_buf_addc(out, ']');
		dcor_buf_add(out, dcor_buf_str(&in), in.len);
		if (hat && !not && !close && in.len == 0) {
			dcor_buf_adds(out, "-^");	/* "[-^]" */
			dash = 0;
		} else if (hat) {
			dcor_buf_addc(out, '^');
		}
		if (dash)
			dcor_buf_addc(out, '-');
		dcor_buf_addc(out, ']');
	}
	dcor_buf_fini(&in);
	return i + 1;
}

/* Python's expression as POSIX says it. */
static int
translate(struct dcor_buf *out, const char *p, struct dcor_err *err)
{
	const char *set;
	size_t n;
	int quant = 0;		/* a quantifier came before */

	dcor_buf_adds(out, "^(");
	for (; *p != '\0'; p += n) {
		n = 1;
		if (*p == '[') {
			if ((n = brackets(out, p, err)) == 0)
				return DCOR_ECONF;
		} else if (*p == '(' && p[1] == '?') {
			if (p[2] != ':')
				return refuse(err, p, 3);
			dcor_buf_addc(out, '(');
			n = 3;
		} else if (*p == '?' && quant) {
			quant = 0;	/* lazy: the same strings match */
			continue;
		} else if (*p == '+' && quant) {
			return refuse(err, p - 1, 2);
		} else if (*p == '\\') {
			n = 2;
			if ((set = class_of(p[1])) != NULL)
				dcor_buf_adds(out, set);
			else if (p[1] == '\0' || is_alnum(p[1]))
				return refuse(err, p, 2);
			else if (strchr(".[]()|*+?{}^$\\", p[1]) != NULL)
				dcor_buf_add(out, p, 2);
			else
				dcor_buf_addc(out, p[1]);
		} else {
			dcor_buf_addc(out, *p);
		}
		quant = n == 1 && strchr("*+?}", *p) != NULL;
	}
	dcor_buf_adds(out, ")");
	return dcor_buf_check(out, err);
}

int
dcor_pattern_new(const char *text, struct dcor_pattern **out,
    struct dcor_err *err)
{
	struct dcor_pattern *p = NULL;
	struct dcor_buf b;
	char why[128];
	int rc, re;

	*out = NULL;
	dcor_buf_init(&b, MAX);
	rc = translate(&b, text, err);
	if (rc == DCOR_OK && (p = calloc(1, sizeof(*p))) == NULL)
		rc = dcor_err_nomem(err);
	if (rc == DCOR_OK && (re = regcomp(&p->re, dcor_buf_str(&b),
	    REG_EXTENDED | REG_NOSUB)) != 0) {
		(void)regerror(re, &p->re, why, sizeof(why));
		rc = dcor_err_set(err, DCOR_ECONF, 0, "pattern: %s: %s",
		    text, why);
		free(p);
	}
	dcor_buf_fini(&b);
	if (rc == DCOR_OK)
		*out = p;
	return rc;
}

void
dcor_pattern_free(struct dcor_pattern *p)
{
	if (p == NULL)
		return;
	regfree(&p->re);
	free(p);
}

int
dcor_pattern_match(const struct dcor_pattern *p, const char *name)
{
	return p == NULL || regexec(&p->re, name, 0, NULL, 0) == 0;
}

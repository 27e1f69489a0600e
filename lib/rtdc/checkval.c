/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Values of metadata, read, converted and printed as Python does it. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "rtdc/checkval.h"

static int
lower(int c)
{
	return c >= 'A' && c <= 'Z' ? c + 'a' - 'A' : c;
}

static int
same_nocase(const char *s, const char *small)
{
	while (*s != '\0' && lower(*s) == *small)
		s++, small++;
	return *s == '\0' && *small == '\0';
}

int
dcor_py_float(const char *s, double *out)
{
	char buf[512], *end;
	size_t n = strlen(s), i, k = 0;
	const char *word;

	while (n > 0 && strchr(" \t\n\r\f\v", s[n - 1]) != NULL)
		n--;
	while (n > 0 && strchr(" \t\n\r\f\v", *s) != NULL)
		s++, n--;
	if (n >= sizeof(buf))
		return -1;
	for (i = 0; i < n; i++) {
		if (s[i] != '_')
			buf[k++] = s[i];
		else if (i == 0 || i + 1 == n || s[i - 1] < '0' ||
		    s[i - 1] > '9' || s[i + 1] < '0' || s[i + 1] > '9')
			return -1;
	}
	buf[k] = '\0';
	word = buf + (*buf == '-' || *buf == '+');
	if (same_nocase(word, "nan"))
		*out = (double)NAN;
	else if (same_nocase(word, "inf") || same_nocase(word, "infinity"))
		*out = *buf == '-' ? -HUGE_VAL : HUGE_VAL;
	else if (dcor_parse_double(buf, out) != DCOR_OK) {
		/* For Python, what is too large is infinite. */
		*out = strtod(buf, &end);
		return *buf != '\0' && *end == '\0' && isinf(*out) &&
		    strspn(buf, "0123456789.eE+-") == k ? 0 : -1;
	}
	return 0;
}

void
dcor_py_repr(struct dcor_buf *b, const char *s)
{
	char quote = strchr(s, '\'') != NULL && strchr(s, '"') == NULL ?
	    '"' : '\'';

	dcor_buf_addc(b, quote);
	for (; *s != '\0'; s++) {
		unsigned char ch = (unsigned char)*s;

		if (*s == quote || *s == '\\')
			dcor_buf_addf(b, "\\%c", *s);
		else if (*s == '\n' || *s == '\r' || *s == '\t')
			dcor_buf_addf(b, "\\%c", *s == '\n' ? 'n' :
			    *s == '\r' ? 'r' : 't');
		else if (ch < ' ' || ch == 0x7f)
			dcor_buf_addf(b, "\\x%02x", ch);
		else
			dcor_buf_addc(b, *s);
	}
	dcor_buf_addc(b, quote);
}

void
dcor_val_fini(struct dcor_val *v)
{
	free(v->text);
	free(v->num);
	memset(v, 0, sizeof(*v));
}

void
dcor_val_format(const struct dcor_val *v, struct dcor_buf *b)
{
	char text[DCOR_REPR_SIZE];

	switch (v->kind) {
	case DCOR_VAL_TEXT:
		dcor_buf_adds(b, v->text);
		break;
	case DCOR_VAL_INT:
		dcor_buf_addf(b, "%lld", (long long)v->i);
		break;
	case DCOR_VAL_BOOL:
		dcor_buf_adds(b, v->i != 0 ? "True" : "False");
		break;
	case DCOR_VAL_FLOAT:
		if (v->bytes == 0) {
			dcor_buf_addf(b, "%.0f", v->f);
			break;
		}
		dcor_buf_adds(b, isnan(v->f) ? "nan" : dcor_repr(v->f, text));
		break;
	default:
		dcor_buf_adds(b, "[...]");
		break;
	}
}

/* The text of the shortest number that is the same in this many bytes. */
static void
str_of_float(const struct dcor_val *v, struct dcor_buf *b)
{
	char text[DCOR_REPR_SIZE];
	struct dcor_val s = *v;
	int digits, exp;

	frexp(v->f, &exp);
	for (digits = 1; digits < 10 && isfinite(v->f) && v->bytes < 8;
	    digits++) {
		snprintf(text, sizeof(text), "%.*e", digits - 1, v->f);
		if (dcor_parse_double(text, &s.f) != DCOR_OK)
			break;
		if (v->bytes == 4 ? (float)s.f == (float)v->f :
		    fabs(s.f - v->f) <= ldexp(1, exp - 12))
			break;
	}
	dcor_val_format(&s, b);
}

static int
raise(struct dcor_buf *why, const char *what)
{
	dcor_buf_adds(why, what);
	return -1;
}

static int
not_a_float(struct dcor_buf *why, const char *text, int small)
{
	char *s = strdup(text), *p;

	if (s == NULL)
		return raise(why, "MemoryError: ");
	for (p = s; small && *p != '\0'; p++)
		*p = (char)lower(*p);
	dcor_buf_adds(why, "ValueError: could not convert string to float: ");
	dcor_py_repr(why, s);
	free(s);
	return -1;
}

/* float(v), with words for truth if they are allowed. */
static int
to_float(const struct dcor_val *in, int words, const char *empty,
    double *out, struct dcor_buf *why)
{
	if (in->kind == DCOR_VAL_TEXT) {
		if (words && same_nocase(in->text, "false"))
			*out = 0;
		else if (words && same_nocase(in->text, "true"))
			*out = 1;
		else if (empty != NULL && in->text[0] == '\0')
			return raise(why, empty);
		else if (dcor_py_float(in->text, out) != 0)
			return not_a_float(why, in->text, words);
		return 0;
	}
	if (in->kind == DCOR_VAL_ARRAY)
		return raise(why, "TypeError: only 0-dimensional arrays can "
		    "be converted to Python scalars");
	if (in->kind == DCOR_VAL_OTHER)
		return raise(why, "TypeError: float() argument must be a "
		    "string or a real number, not 'Empty'");
	*out = in->f;
	return 0;
}

static int
to_int(const struct dcor_val *in, struct dcor_val *out, struct dcor_buf *why)
{
	double d;

	if (to_float(in, 1, "ValueError: Empty string provided for fint!",
	    &d, why) != 0)
		return -1;
	if (isnan(d))
		return raise(why, "ValueError: cannot convert float NaN to "
		    "integer");
	if (isinf(d))
		return raise(why, "OverflowError: cannot convert float "
		    "infinity to integer");
	/* Python's integers have no end; such numbers stay floats. */
	out->kind = fabs(d) < 9.2e18 ? DCOR_VAL_INT : DCOR_VAL_FLOAT;
	out->f = trunc(d);
	out->i = out->kind == DCOR_VAL_INT ? (int64_t)d : 0;
	return 0;
}

static int
to_bool(const struct dcor_val *in, struct dcor_val *out,
    struct dcor_buf *why)
{
	double d;

	if (to_float(in, 1, "ValueError: Empty string provided for fbool!",
	    &d, why) != 0)
		return -1;
	out->kind = DCOR_VAL_BOOL;
	out->i = d != 0;
	out->f = (double)out->i;
	return 0;
}

static int
to_text(const struct dcor_val *in, int small, struct dcor_val *out,
    struct dcor_buf *why)
{
	const char *dot = strrchr(in->cls, '.');
	struct dcor_buf b;
	char *p;

	if (small && in->kind != DCOR_VAL_TEXT) {
		dcor_buf_addf(why, "AttributeError: '%s' object has no "
		    "attribute 'lower'", in->kind == DCOR_VAL_ARRAY ?
		    in->cls : in->cls[0] == 'n' ? in->cls : dot + 1);
		return -1;
	}
	dcor_buf_init(&b, (size_t)1 << 26);
	if (in->kind == DCOR_VAL_FLOAT)
		str_of_float(in, &b);
	else
		dcor_val_format(in, &b);
	out->kind = DCOR_VAL_TEXT;
	if (dcor_buf_take(&b, &out->text, NULL, NULL) != DCOR_OK)
		return raise(why, "MemoryError: ");
	for (p = out->text; small && *p != '\0'; p++)
		*p = (char)lower(*p);
	return 0;
}

static int
to_boolfloat(const struct dcor_val *in, struct dcor_val *out,
    struct dcor_buf *why)
{
	if (in->kind == DCOR_VAL_TEXT || ((in->kind == DCOR_VAL_INT ||
	    in->kind == DCOR_VAL_BOOL || in->kind == DCOR_VAL_FLOAT) &&
	    in->f == 0))
		return to_bool(in, out, why);
	if (in->kind == DCOR_VAL_FLOAT && in->bytes == 8) {
		out->kind = DCOR_VAL_FLOAT;
		out->bytes = 8;
		out->f = in->f;
		return 0;
	}
	dcor_buf_adds(why, "ValueError: Value could not be converted to bool "
	    "or float, got ");
	dcor_val_format(in, why);
	return raise(why, "!");
}

static int
to_array(const struct dcor_val *in, struct dcor_val *out,
    struct dcor_buf *why)
{
	double d = 0;

	if (in->kind != DCOR_VAL_ARRAY && to_float(in, 0, NULL, &d, why) != 0)
		return -1;
	*out = *in;
	out->text = NULL;
	out->kind = DCOR_VAL_ARRAY;
	out->n = in->kind == DCOR_VAL_ARRAY ? in->n : 1;
	out->num = calloc(out->n + 1, sizeof(*out->num));
	if (out->num == NULL)
		return raise(why, "MemoryError: ");
	if (in->kind == DCOR_VAL_ARRAY)
		memcpy(out->num, in->num, in->n * sizeof(*in->num));
	else
		out->num[0] = d;
	return 0;
}

static int
to_pair(const struct dcor_val *in, struct dcor_val *out,
    struct dcor_buf *why)
{
	if (in->kind == DCOR_VAL_ARRAY && in->rank == 1 && in->n == 2)
		return to_array(in, out, why);
	if (in->kind == DCOR_VAL_ARRAY && in->rank == 1) {
		dcor_buf_addf(why, "ValueError: Value must be of length two, "
		    "got length %zu!", in->n);
		return -1;
	}
	dcor_buf_adds(why, "ValueError: Value is not 1 dimensional, got ");
	dcor_val_format(in, why);
	return raise(why, "!");
}

/* As it is. */
static int
to_same(const struct dcor_val *in, struct dcor_val *out,
    struct dcor_buf *why)
{
	*out = *in;
	out->text = NULL;
	out->num = NULL;
	if (in->kind == DCOR_VAL_ARRAY)
		return to_array(in, out, why);
	if (in->text != NULL && (out->text = strdup(in->text)) == NULL)
		return raise(why, "MemoryError: ");
	return 0;
}

int
dcor_val_convert(enum dcor_metatype type, const struct dcor_val *in,
    struct dcor_val *out, struct dcor_buf *why)
{
	memset(out, 0, sizeof(*out));
	out->cls = "";
	switch (type) {
	case DCOR_META_STR:
	case DCOR_META_LCSTR:
		return to_text(in, type == DCOR_META_LCSTR, out, why);
	case DCOR_META_FLOAT:
		out->kind = DCOR_VAL_FLOAT;
		out->bytes = 8;
		return to_float(in, 0, NULL, &out->f, why);
	case DCOR_META_INT:
		return to_int(in, out, why);
	case DCOR_META_BOOL:
		return to_bool(in, out, why);
	case DCOR_META_BOOLFLOAT:
		return to_boolfloat(in, out, why);
	case DCOR_META_PAIR:
		return to_pair(in, out, why);
	case DCOR_META_POINTS:
		return to_array(in, out, why);
	default:
		return to_same(in, out, why);
	}
}

const char *
dcor_val_wanted(enum dcor_metatype type, const struct dcor_val *v)
{
	int num = v->kind == DCOR_VAL_INT || v->kind == DCOR_VAL_FLOAT;

	switch (type) {
	case DCOR_META_STR:
	case DCOR_META_LCSTR:
		return v->kind == DCOR_VAL_TEXT ? NULL : "<class 'str'>";
	case DCOR_META_FLOAT:
		return num ? NULL : "<class 'numbers.Number'>";
	case DCOR_META_INT:
		return v->kind == DCOR_VAL_INT ? NULL :
		    "<class 'numbers.Integral'>";
	case DCOR_META_BOOL:
		return v->kind == DCOR_VAL_BOOL ? NULL :
		    "(<class 'bool'>, <class 'numpy.bool'>)";
	case DCOR_META_BOOLFLOAT:
		return v->kind == DCOR_VAL_BOOL || (v->kind ==
		    DCOR_VAL_FLOAT && v->bytes == 8) ? NULL :
		    "(<class 'bool'>, <class 'numpy.bool'>, <class 'float'>)";
	case DCOR_META_PAIR:
		return v->kind == DCOR_VAL_ARRAY ? NULL :
		    "(<class 'tuple'>, <class 'numpy.ndarray'>)";
	case DCOR_META_POINTS:
		return v->kind == DCOR_VAL_ARRAY ? NULL :
		    "<class 'numpy.ndarray'>";
	default:
		return NULL;
	}
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "rtdc/pick.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/file.h"
#include "rtdc/npyin.h"

#define FILE_MAX	((size_t)256 << 20)

struct list {
	struct dcor_buf	 text;		/* a list, or the bytes of a file */
	char		*file;		/* its name; NULL: no file */
	struct list	*next;
};

struct dcor_pick {
	struct list	*first, **end;
};

/* The events that were named so far, a bit each; bits is NULL while the
 * text is only looked at. */
struct set {
	uint64_t	*bits;
	uint64_t	 n;
};

static void
set_one(struct set *s, uint64_t i)
{
	s->bits[i / 64] |= (uint64_t)1 << (i % 64);
}

static void
set_range(struct set *s, uint64_t a, uint64_t b, uint64_t step)
{
	for (; step == 1 && a < b && (a % 64 != 0 || b - a < 64); a++)
		set_one(s, a);
	for (; step == 1 && a < b && b - a >= 64; a += 64)
		s->bits[a / 64] = UINT64_MAX;
	for (; a < b; a += step) {
		set_one(s, a);
		if (step > b - a)
			break;
	}
}

/* A signed number of at most 18 digits at *p; 0 when there is none. */
static int
number(const char **p, const char *end, int64_t *out)
{
	const char *s = *p;
	int neg = s < end && *s == '-';
	int64_t v = 0;
	size_t n;

	s += neg;
	for (n = 0; s < end && *s >= '0' && *s <= '9' && n < 19; s++, n++)
		v = n < 18 ? v * 10 + (*s - '0') : v;
	if (n == 0 || n > 18)
		return 0;
	*p = s;
	*out = neg ? -v : v;
	return 1;
}

/* Python's rule for the end of a slice. */
static uint64_t
clip(int64_t v, uint64_t n)
{
	if (v < 0)
		return (uint64_t)-v > n ? 0 : n - (uint64_t)-v;
	return (uint64_t)v > n ? n : (uint64_t)v;
}

/* One item from *p on.  NULL, or what is wrong at *p. */
static const char *
item(const char **p, const char *end, struct set *s)
{
	int64_t a = 0, b = INT64_MAX, step = 1;
	const char *at = *p;
	int have = number(p, end, &a);

	if (*p == end || **p != ':') {
		if (!have)
			return "not an event or a range of events";
		if (s->bits == NULL)
			return NULL;
		if (a < 0 ? (uint64_t)-a > s->n : (uint64_t)a >= s->n) {
			*p = at;
			return "there is no such event";
		}
		set_one(s, clip(a, s->n));
		return NULL;
	}
	++*p;
	(void)number(p, end, &b);
	if (*p < end && **p == ':') {
		++*p;
		at = *p;
		if (number(p, end, &step) && step < 1) {
			*p = at;
			return "the step is not 1 or more";
		}
	}
	if (s->bits != NULL)
		set_range(s, clip(a, s->n), clip(b, s->n), (uint64_t)step);
	return NULL;
}

/* Blanks around items are allowed. */
static void
skip(const char **p, const char *end)
{
	while (*p < end && (**p == ' ' || **p == '\t' || **p == '\r'))
		++*p;
}

/* Items between commas up to end.  NULL, or what is wrong at *p. */
static const char *
items(const char **p, const char *end, struct set *s)
{
	const char *what;

	for (;;) {
		skip(p, end);
		what = item(p, end, s);
		if (what != NULL)
			return what;
		skip(p, end);
		if (*p == end)
			return NULL;
		if (**p != ',')
			return "not an event or a range of events";
		++*p;
	}
}

static int
wrong(const struct set *s, enum dcor_code code, const char *what,
    struct dcor_err *err)
{
	if (s->bits != NULL)
		return dcor_err_set(err, DCOR_EARG, 0, "%s (there are %llu)",
		    what, (unsigned long long)s->n);
	return dcor_err_set(err, code, 0, "%s", what);
}

static int
text_lines(const struct list *l, struct set *s, struct dcor_err *err)
{
	const char *p = dcor_buf_str(&l->text), *all = p + l->text.len, *end,
	    *hash, *what;
	unsigned long long line;

	for (line = 1; p < all; p = end + 1, line++) {
		end = memchr(p, '\n', (size_t)(all - p));
		if (end == NULL)
			end = all;
		hash = memchr(p, '#', (size_t)(end - p));
		skip(&p, hash != NULL ? hash : end);
		if (p == (hash != NULL ? hash : end))
			continue;
		what = items(&p, hash != NULL ? hash : end, s);
		if (what != NULL) {
			struct dcor_err why = DCOR_ERR_INIT;
			int rc = wrong(s, DCOR_EDATA, what, &why);

			(void)dcor_err_set(err, why.code, 0,
			    "%s: line %llu: %s", l->file, line, why.msg);
			return rc;
		}
	}
	return DCOR_OK;
}

/* Element i of a NumPy array of integers. */
static int64_t
npy_int(const struct dcor_npyin *h, const unsigned char *p, uint64_t i)
{
	uint64_t v = 0;
	size_t k;

	p += i * h->size;
	for (k = 0; k < h->size; k++)
		v |= (uint64_t)p[h->big ? h->size - 1 - k : k] << 8 * k;
	if (h->kind == 'i' && h->size < 8 &&
	    (v >> (8 * h->size - 1) & 1) != 0)
		v |= UINT64_MAX << 8 * h->size;
	return v > INT64_MAX && h->kind == 'u' ? INT64_MAX : (int64_t)v;
}

static int
npy(const struct list *l, struct set *s, struct dcor_err *err)
{
	struct dcor_npyin h;
	const unsigned char *p;
	uint64_t i;
	int64_t v;

	if (!dcor_npyin(l->text.p, l->text.len, &h) ||
	    strchr("iub", h.kind) == NULL)
		return dcor_err_set(err, DCOR_EDATA, 0,
		    "%s: not a list of integers or booleans", l->file);
	if (s->bits == NULL)
		return DCOR_OK;
	p = (const unsigned char *)l->text.p + h.data;
	if (h.kind == 'b' && h.n != s->n)
		return dcor_err_set(err, DCOR_EARG, 0, "%s: has %llu "
		    "booleans, the measurement %llu events", l->file,
		    (unsigned long long)h.n, (unsigned long long)s->n);
	for (i = 0; i < h.n; i++) {
		if (h.kind == 'b') {
			if (p[i] != 0)
				set_one(s, i);
			continue;
		}
		v = npy_int(&h, p, i);
		if (v < 0 ? v < -(int64_t)s->n : (uint64_t)v >= s->n)
			return dcor_err_set(err, DCOR_EARG, 0, "%s: item "
			    "%llu: there is no event %lld (there are %llu)",
			    l->file, (unsigned long long)i, (long long)v,
			    (unsigned long long)s->n);
		set_one(s, clip(v, s->n));
	}
	return DCOR_OK;
}

static int
read_list(const struct list *l, struct set *s, struct dcor_err *err)
{
	const char *p = dcor_buf_str(&l->text), *start = p, *what;
	struct dcor_err why = DCOR_ERR_INIT;
	int rc;

	if (l->file != NULL && l->text.len >= 6 &&
	    memcmp(p, "\x93NUMPY", 6) == 0)
		return npy(l, s, err);
	if (l->file != NULL)
		return text_lines(l, s, err);
	what = items(&p, p + l->text.len, s);
	if (what == NULL)
		return DCOR_OK;
	rc = wrong(s, DCOR_EARG, what, &why);
	(void)dcor_err_set(err, why.code, 0, "%s: column %llu: %s", start,
	    (unsigned long long)(p - start) + 1, why.msg);
	return rc;
}

int
dcor_pick_new(struct dcor_pick **out, struct dcor_err *err)
{
	*out = calloc(1, sizeof(**out));
	if (*out == NULL)
		return dcor_err_nomem(err);
	(*out)->end = &(*out)->first;
	return DCOR_OK;
}

static void
free_list(struct list *l)
{
	dcor_buf_fini(&l->text);
	free(l->file);
	free(l);
}

void
dcor_pick_free(struct dcor_pick *p)
{
	struct list *l;

	if (p == NULL)
		return;
	while ((l = p->first) != NULL) {
		p->first = l->next;
		free_list(l);
	}
	free(p);
}

/* Adds the n bytes at text, or the file of that name. */
static int
add(struct dcor_pick *p, const char *text, size_t n, int is_file,
    struct dcor_err *err)
{
	struct set look = { 0 };
	struct list *l;
	int rc;

	l = calloc(1, sizeof(*l));
	if (l == NULL)
		return dcor_err_nomem(err);
	dcor_buf_init(&l->text, FILE_MAX);
	if (is_file) {
		l->file = strdup(text);
		rc = l->file != NULL ? dcor_file_read(text, FILE_MAX,
		    &l->text, err) : dcor_err_nomem(err);
	} else {
		(void)dcor_buf_add(&l->text, text, n);
		rc = dcor_buf_check(&l->text, err);
	}
	if (rc == DCOR_OK)
		rc = read_list(l, &look, err);
	if (rc != DCOR_OK) {
		free_list(l);
		return rc;
	}
	*p->end = l;
	p->end = &l->next;
	return DCOR_OK;
}

int
dcor_pick_add(struct dcor_pick *p, const char *list, struct dcor_err *err)
{
	const char *at = strchr(list, '@');
	int rc = DCOR_OK;

	if (at == NULL)
		return add(p, list, strlen(list), 0, err);
	if (at > list && at[-1] != ',')
		return dcor_err_set(err, DCOR_EARG, 0, "%s: column %llu: "
		    "a file without a comma before it", list,
		    (unsigned long long)(at - list) + 1);
	if (at > list)
		rc = add(p, list, (size_t)(at - list) - 1, 0, err);
	return rc == DCOR_OK ? add(p, at + 1, 0, 1, err) : rc;
}

static int
to_ranges(const struct set *s, struct dcor_sel *out, struct dcor_err *err)
{
	uint64_t i, w;
	int rc = DCOR_OK;

	for (i = 0; rc == DCOR_OK && i < s->n; i += 64) {
		w = s->bits[i / 64];
		if (w == UINT64_MAX)
			rc = dcor_sel_add(out, i, 64, err);
		for (; rc == DCOR_OK && w != 0 && w != UINT64_MAX;
		    w &= w - 1)
			rc = dcor_sel_add(out, i + (unsigned)
			    __builtin_ctzll(w), 1, err);
	}
	return rc;
}

int
dcor_pick_get(const struct dcor_pick *p, uint64_t events,
    struct dcor_sel *out, struct dcor_err *err)
{
	const struct list *l;
	struct set s;
	int rc = DCOR_OK;

	if (events > DCOR_PICK_MAX)
		return dcor_err_set(err, DCOR_EDATA, 0, "too many events");
	s.n = events;
	s.bits = calloc((size_t)(events / 64 + 1), sizeof(*s.bits));
	if (s.bits == NULL)
		return dcor_err_nomem(err);
	for (l = p->first; rc == DCOR_OK && l != NULL; l = l->next)
		rc = read_list(l, &s, err);
	if (rc == DCOR_OK)
		rc = to_ranges(&s, out, err);
	free(s.bits);
	if (rc != DCOR_OK)
		dcor_sel_fini(out);
	return rc;
}

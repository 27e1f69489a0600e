/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "rtdc/poly.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/str.h"

#define FILE_MAX	((size_t)64 << 20)
#define BLANKS		" \t\r"

/* A point, and the place it has in the polygon. */
struct point {
	uint64_t	 place;
	double		 x, y;
};

struct parse {
	struct dcor_polys *out;
	struct dcor_poly *poly;		/* the one that is read, or NULL */
	struct point	*point;
	size_t		 n, room;
};

static void
poly_fini(struct dcor_poly *p)
{
	free(p->axis[0]);
	free(p->axis[1]);
	free(p->name);
	free(p->x);
	free(p->y);
}

void
dcor_polys_fini(struct dcor_polys *p)
{
	size_t i;

	for (i = 0; i < p->n; i++)
		poly_fini(&p->v[i]);
	free(p->v);
	p->v = NULL;
	p->n = 0;
}

/* Cuts blanks at both ends of a line in place. */
static char *
trim(char *p)
{
	size_t n;

	p += strspn(p, BLANKS);
	for (n = strlen(p); n > 0 && strchr(BLANKS, p[n - 1]) != NULL; n--)
		;
	p[n] = '\0';
	return p;
}

static int
by_place(const void *a, const void *b)
{
	const struct point *x = a, *y = b;

	return x->place < y->place ? -1 : x->place > y->place;
}

/* The polygon is over.  NULL, or what is wrong. */
static const char *
finish(struct parse *s)
{
	struct dcor_poly *p = s->poly;
	size_t i;

	if (p == NULL)
		return NULL;
	if (p->axis[0] == NULL || p->axis[1] == NULL)
		return "the polygon before lacks an axis";
	if (s->n < 3)
		return "the polygon before has less than 3 points";
	qsort(s->point, s->n, sizeof(*s->point), by_place);
	p->x = calloc(s->n, sizeof(*p->x));
	p->y = calloc(s->n, sizeof(*p->y));
	if (p->x == NULL || p->y == NULL)
		return "out of memory";
	for (i = 0; i < s->n; i++) {
		if (i > 0 && s->point[i].place == s->point[i - 1].place)
			return "the polygon before has a point twice";
		p->x[i] = s->point[i].x;
		p->y[i] = s->point[i].y;
	}
	p->n = s->n;
	s->n = 0;
	s->poly = NULL;
	return NULL;
}

static const char *
begin(struct parse *s)
{
	const char *what = finish(s);
	struct dcor_poly *v;

	if (what != NULL)
		return what;
	if (s->out->n == DCOR_POLY_MAX)
		return "too many polygons";
	v = realloc(s->out->v, (s->out->n + 1) * sizeof(*v));
	if (v == NULL)
		return "out of memory";
	s->out->v = v;
	s->poly = &v[s->out->n++];
	memset(s->poly, 0, sizeof(*s->poly));
	return NULL;
}

static const char *
set_text(char **out, const char *v, int lower)
{
	char *p;

	free(*out);
	*out = strdup(v);
	if (*out == NULL)
		return "out of memory";
	for (p = *out; lower && *p != '\0'; p++)
		if (*p >= 'A' && *p <= 'Z')
			*p = (char)(*p - 'A' + 'a');
	return NULL;
}

/* "point00000012 = 1.5 [2]": brackets were written once */
static const char *
add_point(struct parse *s, const char *place, char *v)
{
	struct point pt, *p;
	size_t room = s->room > 0 ? 2 * s->room : 64, n;
	char *y;

	for (n = strlen(v); n > 0 && (v[n - 1] == ']' || v[n - 1] == ' ');)
		v[--n] = '\0';
	v += strspn(v, "[ ");
	y = v + strcspn(v, BLANKS);
	if (*y != '\0')
		*y++ = '\0';
	if (dcor_parse_u64(place, &pt.place) != DCOR_OK ||
	    dcor_parse_double(v, &pt.x) != DCOR_OK ||
	    dcor_parse_double(trim(y), &pt.y) != DCOR_OK)
		return "not a point like point00000000 = 1.5 2.5";
	if (s->n == DCOR_POLY_POINTS)
		return "too many points";
	if (s->n == s->room) {
		p = realloc(s->point, room * sizeof(*p));
		if (p == NULL)
			return "out of memory";
		s->point = p;
		s->room = room;
	}
	s->point[s->n++] = pt;
	return NULL;
}

/* NULL, or what is wrong with the line. */
static const char *
take_line(struct parse *s, char *line)
{
	char *key = trim(line), *v;

	if (*key == '\0')
		return NULL;
	if (*key == '[')
		return begin(s);
	v = strchr(key, '=');
	if (v == NULL || s->poly == NULL)
		return "neither [Polygon N] nor KEY = VALUE after it";
	*v++ = '\0';
	key = trim(key);
	v = trim(v);
	if (strcasecmp(key, "x axis") == 0)
		return set_text(&s->poly->axis[0], v, 1);
	if (strcasecmp(key, "y axis") == 0)
		return set_text(&s->poly->axis[1], v, 1);
	if (strcasecmp(key, "name") == 0)
		return set_text(&s->poly->name, v, 0);
	if (strcasecmp(key, "inverted") == 0) {
		s->poly->inverted = strcmp(v, "True") == 0;
		return s->poly->inverted || strcmp(v, "False") == 0 ? NULL :
		    "inverted is neither True nor False";
	}
	if (strncasecmp(key, "point", 5) == 0)
		return add_point(s, key + 5, v);
	return "unknown key";
}

int
dcor_polys_parse(const char *text, size_t n, struct dcor_polys *out,
    struct dcor_err *err)
{
	struct parse s = { .out = out };
	const char *what = NULL;
	size_t line, len, had = out->n;
	char *copy, *p, *end;

	copy = malloc(n + 1);
	if (copy == NULL)
		return dcor_err_nomem(err);
	memcpy(copy, text, n);
	copy[n] = '\0';
	for (p = copy, line = 1; what == NULL && p < copy + n;
	    p += len + 1, line++) {
		end = memchr(p, '\n', (size_t)(copy + n - p));
		len = end != NULL ? (size_t)(end - p) :
		    (size_t)(copy + n - p);
		p[len] = '\0';
		what = strlen(p) != len ? "has a NUL byte" :
		    take_line(&s, p);
	}
	if (what == NULL)
		what = out->n == had ? "no polygon" : finish(&s);
	free(s.point);
	free(copy);
	if (what == NULL)
		return DCOR_OK;
	return dcor_err_set(err, DCOR_EDATA, 0, "line %llu: %s",
	    (unsigned long long)(line > 1 ? line - 1 : 1), what);
}

int
dcor_polys_read(const char *path, struct dcor_polys *out,
    struct dcor_err *err)
{
	struct dcor_err why = DCOR_ERR_INIT;
	struct dcor_buf b;
	int rc;

	dcor_buf_init(&b, FILE_MAX);
	rc = dcor_file_read(path, FILE_MAX, &b, err);
	if (rc == DCOR_OK) {
		rc = dcor_polys_parse(dcor_buf_str(&b), b.len, out, &why);
		if (rc != DCOR_OK)
			(void)dcor_err_set(err, why.code, 0, "%s: %s", path,
			    why.msg);
	}
	dcor_buf_fini(&b);
	return rc;
}

/* Whether the side from a to b is crossed on the way from (x, y) to the
 * right. */
static int
crosses(double ax, double ay, double bx, double by, double x, double y)
{
	if (!((ay <= y && y < by) || (by <= y && y < ay)))
		return 0;
	return x < (bx - ax) * (y - ay) / (by - ay) + ax;
}

void
dcor_poly_filter(const struct dcor_poly *p, const double *x,
    const double *y, size_t n, unsigned char *keep)
{
	size_t i, k;
	int in;

	for (i = 0; i < n; i++) {
		in = p->inverted;
		if (keep[i] == 0)
			continue;
		for (k = 0; k < p->n; k++)
			in ^= crosses(p->x[k], p->y[k],
			    p->x[k > 0 ? k - 1 : p->n - 1],
			    p->y[k > 0 ? k - 1 : p->n - 1], x[i], y[i]);
		keep[i] = (unsigned char)in;
	}
}

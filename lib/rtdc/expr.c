/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "rtdc/expr.h"

#include <math.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"

#define OPS_MAX	16384
#define LETTERS	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_"
#define DIGITS	"0123456789"

enum op {
	OP_CONST, OP_VAR,
	/* of one operand */
	OP_NEG, OP_NOT, OP_ABS, OP_SQRT, OP_LOG, OP_LOG10, OP_EXP, OP_FLOOR,
	OP_CEIL, OP_ROUND, OP_ISNAN, OP_ISFINITE,
	/* of two */
	OP_OR, OP_AND, OP_LT, OP_LE, OP_GT, OP_GE, OP_EQ, OP_NE, OP_ADD,
	OP_SUB, OP_MUL, OP_DIV, OP_MOD, OP_POW, OP_MIN, OP_MAX
};

struct step {
	enum op		 op;
	unsigned	 arg;		/* which constant, which variable */
};

struct dcor_expr {
	struct step	*step;		/* for a machine with a stack */
	size_t		 nstep, room;
	double		*num;
	size_t		 nnum, numroom;
	char		*var[DCOR_EXPR_VARS];
	size_t		 nvar;
	unsigned	 height;	/* of the stack at most */
};

struct parse {
	const char	*text, *p;
	struct dcor_expr *e;
	unsigned	 depth, height;
	struct dcor_err	 err;		/* the first mistake ends it all */
};

static const struct {
	const char	*name;
	enum op		 op;
} functions[] = {
	{ "abs", OP_ABS }, { "sqrt", OP_SQRT }, { "log", OP_LOG },
	{ "log10", OP_LOG10 }, { "exp", OP_EXP }, { "floor", OP_FLOOR },
	{ "ceil", OP_CEIL }, { "round", OP_ROUND }, { "isnan", OP_ISNAN },
	{ "isfinite", OP_ISFINITE }, { "min", OP_MIN }, { "max", OP_MAX }
};

static void
fail(struct parse *s, const char *at, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

static void
fail(struct parse *s, const char *at, const char *fmt, ...)
{
	char what[128];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	(void)dcor_err_set(&s->err, DCOR_EARG, 0, "column %llu: %s",
	    (unsigned long long)(at - s->text) + 1, what);
}

/* Room for one more element; NULL after a failure. */
static void *
more(struct parse *s, void *v, size_t n, size_t *room, size_t size)
{
	size_t want = *room > 0 ? *room * 2 : 16;
	void *p;

	if (n < *room)
		return v;
	p = realloc(v, want * size);
	if (p == NULL)
		(void)dcor_err_nomem(&s->err);
	else
		*room = want;
	return p;
}

static void
emit(struct parse *s, enum op op, unsigned arg)
{
	struct dcor_expr *e = s->e;
	struct step *v;

	if (s->err.code != DCOR_OK)
		return;
	if (e->nstep == OPS_MAX) {
		fail(s, s->p, "too long");
		return;
	}
	v = more(s, e->step, e->nstep, &e->room, sizeof(*v));
	if (v == NULL)
		return;
	e->step = v;
	v[e->nstep++] = (struct step){ op, arg };
	if (op <= OP_VAR)
		s->height++;
	else if (op >= OP_OR)
		s->height--;
	if (s->height > DCOR_EXPR_DEPTH)
		fail(s, s->p, "too deep");
	if (s->height > e->height)
		e->height = s->height;
}

static void
blanks(struct parse *s)
{
	s->p += strspn(s->p, " \t\r\n");
}

/* Whether a word, a name or a keyword, stands here; its length. */
static size_t
word(const char *p)
{
	return strspn(p, LETTERS) > 0 ? strspn(p, LETTERS DIGITS) : 0;
}

static int
keyword(struct parse *s, const char *name)
{
	blanks(s);
	if (word(s->p) != strlen(name) ||
	    strncmp(s->p, name, strlen(name)) != 0)
		return 0;
	s->p += strlen(name);
	return 1;
}

static int
sign(struct parse *s, const char *text)
{
	blanks(s);
	if (strncmp(s->p, text, strlen(text)) != 0)
		return 0;
	s->p += strlen(text);
	return 1;
}

static void any(struct parse *s);
static void unary(struct parse *s);

static void
number(struct parse *s)
{
	size_t n = strspn(s->p, DIGITS), k;
	char text[64];
	double v, *num;

	n += s->p[n] == '.' ? 1 + strspn(s->p + n + 1, DIGITS) : 0;
	if (s->p[n] == 'e' || s->p[n] == 'E') {
		k = n + 1;
		k += s->p[k] == '-' || s->p[k] == '+';
		if (strspn(s->p + k, DIGITS) > 0)
			n = k + strspn(s->p + k, DIGITS);
	}
	snprintf(text, sizeof(text), "%.*s", n < sizeof(text) ? (int)n : 0,
	    s->p);
	if (dcor_parse_double(text, &v) != DCOR_OK) {
		fail(s, s->p, "not a number");
		return;
	}
	num = more(s, s->e->num, s->e->nnum, &s->e->numroom, sizeof(*num));
	if (num == NULL)
		return;
	s->e->num = num;
	num[s->e->nnum] = v;
	s->p += n;
	emit(s, OP_CONST, (unsigned)s->e->nnum++);
}

static void
call(struct parse *s, const char *name, size_t n)
{
	size_t i, nf = sizeof(functions) / sizeof(functions[0]);

	for (i = 0; i < nf; i++)
		if (strlen(functions[i].name) == n &&
		    strncmp(functions[i].name, name, n) == 0)
			break;
	if (i == nf) {
		fail(s, name, "there is no function %.*s",
		    (int)(n < 64 ? n : 64), name);
		return;
	}
	any(s);
	if (functions[i].op >= OP_OR && s->err.code == DCOR_OK) {
		if (!sign(s, ","))
			fail(s, s->p, "%s takes two arguments",
			    functions[i].name);
		else
			any(s);
	}
	if (s->err.code == DCOR_OK && !sign(s, ")"))
		fail(s, s->p, "no closing parenthesis");
	emit(s, functions[i].op, 0);
}

static void
variable(struct parse *s, const char *name, size_t n)
{
	struct dcor_expr *e = s->e;
	size_t i;

	for (i = 0; i < e->nvar; i++)
		if (strlen(e->var[i]) == n && strncmp(e->var[i], name, n) == 0)
			break;
	if (i == DCOR_EXPR_VARS) {
		fail(s, name, "more than %d features", DCOR_EXPR_VARS);
		return;
	}
	if (i == e->nvar) {
		e->var[i] = strndup(name, n);
		if (e->var[i] == NULL) {
			(void)dcor_err_nomem(&s->err);
			return;
		}
		e->nvar++;
	}
	emit(s, OP_VAR, (unsigned)i);
}

static void
primary(struct parse *s)
{
	const char *at;
	size_t n;

	blanks(s);
	at = s->p;
	n = word(at);
	if (sign(s, "(")) {
		any(s);
		if (s->err.code == DCOR_OK && !sign(s, ")"))
			fail(s, s->p, "no closing parenthesis");
	} else if (strchr(DIGITS ".", *at) != NULL && *at != '\0')
		number(s);
	else if (n == 0 || (n == 2 && strncmp(at, "or", 2) == 0) ||
	    (n == 3 && (strncmp(at, "and", 3) == 0 ||
	    strncmp(at, "not", 3) == 0)))
		fail(s, at, "a number, a feature or a parenthesis is "
		    "expected");
	else {
		s->p += n;
		if (sign(s, "("))
			call(s, at, n);
		else
			variable(s, at, n);
	}
	if (s->err.code == DCOR_OK && sign(s, "**")) {
		unary(s);
		emit(s, OP_POW, 0);
	}
}

/* One level down, unless that is too deep. */
static int
enter(struct parse *s)
{
	if (s->err.code == DCOR_OK && ++s->depth > 4 * DCOR_EXPR_DEPTH)
		fail(s, s->p, "too deep");
	return s->err.code == DCOR_OK;
}

static void
unary(struct parse *s)
{
	if (!enter(s))
		return;
	if (sign(s, "-")) {
		unary(s);
		emit(s, OP_NEG, 0);
	} else if (sign(s, "+"))
		unary(s);
	else if (strncmp(s->p, "!=", 2) != 0 && sign(s, "!")) {
		unary(s);
		emit(s, OP_NOT, 0);
	} else
		primary(s);
	s->depth--;
}

static void
product(struct parse *s)
{
	enum op op;

	for (unary(s); s->err.code == DCOR_OK; emit(s, op, 0)) {
		if (sign(s, "*"))
			op = OP_MUL;
		else if (sign(s, "/"))
			op = OP_DIV;
		else if (sign(s, "%"))
			op = OP_MOD;
		else
			return;
		unary(s);
	}
}

static void
sum(struct parse *s)
{
	enum op op;

	for (product(s); s->err.code == DCOR_OK; emit(s, op, 0)) {
		if (sign(s, "+"))
			op = OP_ADD;
		else if (sign(s, "-"))
			op = OP_SUB;
		else
			return;
		product(s);
	}
}

/* A comparison sign, or OP_CONST. */
static enum op
compare_sign(struct parse *s)
{
	if (sign(s, "<="))
		return OP_LE;
	if (sign(s, ">="))
		return OP_GE;
	if (sign(s, "=="))
		return OP_EQ;
	if (sign(s, "!="))
		return OP_NE;
	return sign(s, "<") ? OP_LT : sign(s, ">") ? OP_GT : OP_CONST;
}

static void
comparison(struct parse *s)
{
	const char *at;
	enum op op;

	sum(s);
	op = s->err.code == DCOR_OK ? compare_sign(s) : OP_CONST;
	if (op == OP_CONST)
		return;
	sum(s);
	emit(s, op, 0);
	blanks(s);
	at = s->p;
	if (s->err.code == DCOR_OK && compare_sign(s) != OP_CONST)
		fail(s, at, "comparisons do not chain: write a < b && b < c");
}

static void
negation(struct parse *s)
{
	if (!enter(s))
		return;
	if (keyword(s, "not")) {
		negation(s);
		emit(s, OP_NOT, 0);
	} else
		comparison(s);
	s->depth--;
}

static void
conjunction(struct parse *s)
{
	for (negation(s); s->err.code == DCOR_OK && (sign(s, "&&") ||
	    keyword(s, "and")); emit(s, OP_AND, 0))
		negation(s);
}

static void
any(struct parse *s)
{
	if (!enter(s))
		return;
	for (conjunction(s); s->err.code == DCOR_OK && (sign(s, "||") ||
	    keyword(s, "or")); emit(s, OP_OR, 0))
		conjunction(s);
	s->depth--;
}

int
dcor_expr_new(const char *text, struct dcor_expr **out,
    struct dcor_err *err)
{
	struct parse s = { .text = text, .p = text };

	*out = NULL;
	if (strlen(text) > DCOR_EXPR_TEXT)
		return dcor_err_set(err, DCOR_EARG, 0, "too long");
	s.e = calloc(1, sizeof(*s.e));
	if (s.e == NULL)
		return dcor_err_nomem(err);
	any(&s);
	blanks(&s);
	if (s.err.code == DCOR_OK && *s.p != '\0')
		fail(&s, s.p, *s.p == '=' ? "to compare is ==" :
		    *s.p == '&' ? "and is &&" : *s.p == '|' ? "or is ||" :
		    *s.p == ')' ? "no opening parenthesis" :
		    "an operator is expected");
	if (s.err.code != DCOR_OK) {
		dcor_expr_free(s.e);
		return dcor_err_copy(err, &s.err);
	}
	*out = s.e;
	return DCOR_OK;
}

void
dcor_expr_free(struct dcor_expr *e)
{
	size_t i;

	if (e == NULL)
		return;
	for (i = 0; i < e->nvar; i++)
		free(e->var[i]);
	free(e->num);
	free(e->step);
	free(e);
}

size_t
dcor_expr_nvars(const struct dcor_expr *e)
{
	return e->nvar;
}

const char *
dcor_expr_var(const struct dcor_expr *e, size_t i)
{
	return e->var[i];
}

double *
dcor_expr_scratch(const struct dcor_expr *e, struct dcor_err *err)
{
	double *p = calloc((size_t)e->height * 2 * DCOR_EXPR_BLOCK,
	    sizeof(*p));

	if (p == NULL)
		(void)dcor_err_nomem(err);
	return p;
}

/* Python's remainder: it has the sign of b. */
static double
modulo(double a, double b)
{
	double m = fmod(a, b);

	if (!(b < 0) && !(b > 0))
		return m;
	if (m < 0 || m > 0)
		return (b < 0) != (m < 0) ? m + b : m;
	return isnan(m) ? m : copysign(0, b);
}

static double
least(double a, double b)
{
	return isnan(a) || a < b ? a : b;
}

static double
greatest(double a, double b)
{
	return isnan(a) || a > b ? a : b;
}

/* Whole parts of constant length are what compilers vectorise. */
#define PART	64
#define EACH(expr) \
	for (i = 0; i < n; i += PART) \
		for (k = i; k < i + PART; k++) \
			out[k] = (expr)

static void
one(enum op op, const double *a, double *restrict out, size_t n)
{
	size_t i, k;

	switch (op) {
	case OP_NEG:	EACH(-a[k]); break;
	case OP_NOT:	EACH(a[k] == 0); break;
	case OP_ABS:	EACH(fabs(a[k])); break;
	case OP_SQRT:	EACH(sqrt(a[k])); break;
	case OP_LOG:	EACH(log(a[k])); break;
	case OP_LOG10:	EACH(log10(a[k])); break;
	case OP_EXP:	EACH(exp(a[k])); break;
	case OP_FLOOR:	EACH(floor(a[k])); break;
	case OP_CEIL:	EACH(ceil(a[k])); break;
	case OP_ROUND:	EACH(rint(a[k])); break;
	case OP_ISNAN:	EACH(a[k] != a[k]); break;
	default:	EACH(isfinite(a[k]) != 0); break;
	}
}

static void
two(enum op op, const double *a, const double *b, double *restrict out,
    size_t n)
{
	size_t i, k;

	switch (op) {
	case OP_OR:	EACH((a[k] != 0) | (b[k] != 0)); break;
	case OP_AND:	EACH((a[k] != 0) & (b[k] != 0)); break;
	case OP_LT:	EACH(a[k] < b[k]); break;
	case OP_LE:	EACH(a[k] <= b[k]); break;
	case OP_GT:	EACH(a[k] > b[k]); break;
	case OP_GE:	EACH(a[k] >= b[k]); break;
	case OP_EQ:	EACH(a[k] == b[k]); break;
	case OP_NE:	EACH(a[k] != b[k]); break;
	case OP_ADD:	EACH(a[k] + b[k]); break;
	case OP_SUB:	EACH(a[k] - b[k]); break;
	case OP_MUL:	EACH(a[k] * b[k]); break;
	case OP_DIV:	EACH(a[k] / b[k]); break;
	case OP_MOD:	EACH(modulo(a[k], b[k])); break;
	case OP_POW:	EACH(pow(a[k], b[k])); break;
	case OP_MIN:	EACH(least(a[k], b[k])); break;
	default:	EACH(greatest(a[k], b[k])); break;
	}
}

const double *
dcor_expr_eval(const struct dcor_expr *e, const double *const *var,
    size_t n, double *scratch)
{
	const double *v[DCOR_EXPR_DEPTH + 1];	/* the stack */
	unsigned side[DCOR_EXPR_DEPTH + 1] = { 0 };
	const struct step *st;
	size_t i, k, s;
	double *out, c;
	unsigned h;

	for (h = 0; h <= DCOR_EXPR_DEPTH; h++)
		v[h] = scratch;
	for (h = 0, s = 0; s < e->nstep; s++) {
		st = &e->step[s];
		if (st->op == OP_VAR) {
			v[h++] = var[st->arg];
			continue;
		}
		h -= st->op == OP_CONST ? 0 : st->op < OP_OR ? 1 : 2;
		/* each place has two blocks: what is computed never
		 * overwrites what it is computed from */
		side[h] ^= 1;
		out = scratch + (size_t)(2 * h + side[h]) * DCOR_EXPR_BLOCK;
		if (st->op == OP_CONST) {
			c = e->num[st->arg];
			EACH(c);
		} else if (st->op < OP_OR)
			one(st->op, v[h], out, n);
		else
			two(st->op, v[h], v[h + 1], out, n);
		v[h++] = out;
	}
	return v[0];
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Expressions.  Values are Python's (3.11) where it has the operator, C's
 * for && || !; what is wrong is named with its column.
 */
#include "rtdc/expr.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tap.h"

static double cols[3][DCOR_EXPR_BLOCK];

/* The value for x = 2, y = -3, z = nan. */
static double
value(const char *text)
{
	const double *var[DCOR_EXPR_VARS];
	double *scratch, v = -12345;
	struct dcor_expr *e;
	size_t i;

	if (dcor_expr_new(text, &e, NULL) != 0)
		return v;
	for (i = 0; i < dcor_expr_nvars(e); i++)
		var[i] = cols[(dcor_expr_var(e, i)[0] - 'a' + 1) % 3];
	scratch = dcor_expr_scratch(e, NULL);
	if (scratch != NULL)
		v = dcor_expr_eval(e, var, 1, scratch)[0];
	free(scratch);
	dcor_expr_free(e);
	return v;
}

static int
fails(const char *text, const char *want)
{
	struct dcor_err err = DCOR_ERR_INIT;
	struct dcor_expr *e;

	if (dcor_expr_new(text, &e, &err) == 0) {
		dcor_expr_free(e);
		return 0;
	}
	if (strncmp(err.msg, want, strlen(want)) == 0)
		return e == NULL && err.code == DCOR_EARG;
	printf("# %s\n", err.msg);
	return 0;
}

#define IS(text, want) OK(value(text) == (want))
#define NAN_(text) OK(isnan(value(text)))

static void
limits(void)
{
	static char text[DCOR_EXPR_TEXT + 2];
	size_t i;

	memset(text, '(', 60);
	text[60] = '7';
	memset(text + 61, ')', 60);
	text[121] = '\0';
	IS(text, 7);
	memset(text, '(', 5000);
	text[5000] = '\0';
	OK(fails(text, "column "));
	memset(text, '-', 5000);
	OK(fails(text, "column "));
	for (i = 0; i < 5000; i += 4)
		memcpy(text + i, "not ", 4);
	OK(fails(text, "column "));
	/* 1+(1+(1+... keeps an operand waiting at each level */
	for (i = 0; i < 600; i += 3)
		memcpy(text + i, "1+(", 4);
	OK(fails(text, "column "));
	for (i = 0; i < 600; i += 3)
		memcpy(text + i, "2**", 4);
	OK(fails(text, "column "));
	for (i = 0; i + 2 < DCOR_EXPR_TEXT; i += 2)
		memcpy(text + i, "1+", 3);
	OK(fails(text, "column "));
	memset(text, ' ', DCOR_EXPR_TEXT + 1);
	OK(fails(text, "too long"));
	for (i = 0, text[0] = '\0'; i <= DCOR_EXPR_VARS; i++)
		snprintf(text + strlen(text), 16, "%sv%zu", i > 0 ? "+" : "",
		    i);
	OK(fails(text, "column 247: more than 64 features"));
}

int
main(void)
{
	cols[0][0] = 2;
	cols[1][0] = -3;
	cols[2][0] = (double)NAN;
	IS("1 + 2 * 3", 7);
	IS("(1 + 2) * 3", 9);
	IS("10 - 4 - 3", 3);
	IS("2 ** 3 ** 2", 512);
	IS("-2 ** 2", -4);
	IS("(-2) ** 2", 4);
	IS("2 ** -1", 0.5);
	IS("x*-y", 6);
	IS("- -x", 2);
	IS("+x - +y", 5);
	IS("7 % 3", 1);
	IS("-7 % 3", 2);
	IS("7 % -3", -2);
	IS("x / 4", 0.5);
	IS("1e3+.5+2.", 1002.5);
	IS("1/0", (double)INFINITY);
	IS("-1/0", -(double)INFINITY);
	NAN_("0/0");
	NAN_("7 % 0");
	NAN_("z + 1");
	NAN_("sqrt(y)");
	NAN_("min(z, 1)");
	NAN_("max(1, z)");
	IS("x > 1 && y < 0", 1);
	IS("x > 1 and not y < 0", 0);
	IS("not x > 1 or y < 0", 1);
	IS("!x > 1", 0);			/* (!x) > 1 */
	IS("!(x > 1)", 0);
	IS("!0 + 1", 2);
	IS("x == 2", 1);
	IS("x != 2", 0);
	IS("x>=2&&x<=2", 1);
	IS("x>2||x<2", 0);
	IS("z == z", 0);
	IS("z != z", 1);
	IS("z < 1 || z >= 1", 0);
	IS("z && 1", 1);
	IS("1 || 0 && 0", 1);
	IS("abs(y) + sqrt(16)", 7);
	IS("min(x, y) * max(x, y)", -6);
	IS("floor(-1.5) + ceil(-1.5)", -3);
	IS("round(0.5) + round(1.5) + round(2.5)", 4);
	IS("isnan(z) + isnan(x) + isfinite(1/0) + isfinite(x)", 2);
	IS("log(exp(1)) + log10(1000)", 4);
	IS("order + andy", -1);
	NAN_("nothing");
	OK(fails("", "column 1: a number"));
	OK(fails("x >", "column 4: a number"));
	OK(fails("x > > 1", "column 5: a number"));
	OK(fails("0 < x < 3", "column 7: comparisons do not chain"));
	OK(fails("x = 2", "column 3: to compare is =="));
	OK(fails("x & y", "column 3: and is &&"));
	OK(fails("x | y", "column 3: or is ||"));
	OK(fails("x y", "column 3: an operator"));
	OK(fails("10um", "column 3: an operator"));
	OK(fails("(x", "column 3: no closing"));
	OK(fails("x)", "column 2: no opening"));
	OK(fails("sin(x)", "column 1: there is no function sin"));
	OK(fails("min(x)", "column 6: min takes two"));
	OK(fails("abs(x, y)", "column 6: no closing"));
	OK(fails("x + $", "column 5: a number"));
	OK(fails("x and or y", "column 7: a number"));
	OK(fails("1e999", "column 1: not a number"));
	OK(fails(".", "column 1: not a number"));
	OK(fails("x == not y", "column 6: a number"));
	limits();
	return DONE();
}

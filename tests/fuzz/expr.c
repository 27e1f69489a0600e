/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Expressions: what compiles runs within its memory, the same each time;
 * in parentheses it means the same. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rtdc/expr.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static double col[DCOR_EXPR_BLOCK];

static double
first(const struct dcor_expr *e)
{
	const double *var[DCOR_EXPR_VARS];
	double *scratch, v = 0;
	size_t i;

	for (i = 0; i < dcor_expr_nvars(e); i++)
		var[i] = col;
	if ((scratch = dcor_expr_scratch(e, NULL)) != NULL)
		v = dcor_expr_eval(e, var, 1, scratch)[0];
	free(scratch);
	return v;
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct dcor_err err = DCOR_ERR_INIT;
	struct dcor_expr *e, *f;
	char *text;
	double a, b;

	col[0] = 1.5;
	text = malloc(n + 3);
	if (text == NULL)
		return 0;
	text[0] = '(';
	memcpy(text + 1, p, n);
	text[n + 1] = '\0';
	if (dcor_expr_new(text + 1, &e, &err) == 0) {
		a = first(e);
		n = strlen(text + 1);
		memcpy(text + n + 1, ")", 2);
		if (dcor_expr_new(text, &f, NULL) == 0) {
			b = first(f);
			if (memcmp(&a, &b, sizeof(a)) != 0 &&
			    (a == a || b == b))
				abort();
			dcor_expr_free(f);
		}
		dcor_expr_free(e);
	} else if (err.code != DCOR_ENOMEM && strncmp(err.msg, "column ", 7)
	    != 0 && strcmp(err.msg, "too long") != 0)
		abort();
	free(text);
	return 0;
}

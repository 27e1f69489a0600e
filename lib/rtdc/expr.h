/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * expr.h - expressions over the features of an event
 *
 *	area_um > 20 && deform < 0.1 && nevents == 1
 *
 * In order of precedence, lowest first; operators of one line from left to
 * right:
 *	or  ||
 *	and  &&
 *	not X
 *	<  <=  >  >=  ==  !=	(these do not chain)
 *	+  -
 *	*  /  %
 *	-X  +X  !X
 *	**			(from right to left, before a sign to its left)
 *	numbers  features  ( ... )  functions: abs sqrt log log10 exp floor
 *	ceil round isnan isfinite of one argument, min max of two
 *
 * Everything is a double, as NumPy computes it: true is 1 and false 0,
 * anything but 0 is true (NaN, too), no comparison with NaN holds but !=,
 * division by zero gives infinities or NaN, X % Y has the sign of Y, round
 * goes to the even neighbour, min and max of NaN are NaN.
 */
#ifndef DCOR_RTDC_EXPR_H
#define DCOR_RTDC_EXPR_H

#include <stddef.h>

#include "base/err.h"

#define DCOR_EXPR_BLOCK	4096	/* events that are computed at once */
#define DCOR_EXPR_TEXT	65536	/* longest text */
#define DCOR_EXPR_DEPTH	64	/* deepest nesting, operands that wait */
#define DCOR_EXPR_VARS	64	/* different features */

struct dcor_expr;

/* Compiles.  DCOR_EARG: "column N: what is wrong".
 * Ownership: dcor_expr_free. */
int dcor_expr_new(const char *text, struct dcor_expr **out,
    struct dcor_err *err);
void dcor_expr_free(struct dcor_expr *e);

/* The features it is about, in the order of their appearance.  Borrowed. */
size_t dcor_expr_nvars(const struct dcor_expr *e);
const char *dcor_expr_var(const struct dcor_expr *e, size_t i);

/* Memory for the computation of one thread.  Ownership: free(). */
double *dcor_expr_scratch(const struct dcor_expr *e, struct dcor_err *err);

/*
 * Computes n events, at most DCOR_EXPR_BLOCK: var[i][0 ... n-1] are the
 * values of feature i; each column has room for DCOR_EXPR_BLOCK.  The
 * result is borrowed from scratch, var or the expression.
 * Threads: any, each with its scratch.
 */
const double *dcor_expr_eval(const struct dcor_expr *e,
    const double *const *var, size_t n, double *scratch);

#endif /* DCOR_RTDC_EXPR_H */

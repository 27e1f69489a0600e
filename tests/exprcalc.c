/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * exprcalc - compute expressions over columns of doubles
 *
 * FILE holds the columns a, b, c, d one after the other.  For each line of
 * standard input: the result as doubles on standard output, or one NaN and
 * the message on standard error.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "rtdc/expr.h"

static const struct cli_opt opts[] = {
	CLI_QUIET,
	{ 0, NULL, NULL, NULL }
};

static const struct cli cli = { "exprcalc", "compute expressions", "FILE",
    opts, NULL };

#define COLS	4
#define ROWS	(16 * DCOR_EXPR_BLOCK)

static double col[COLS][ROWS];
static size_t n;

static void
load(const char *path)
{
	FILE *f = fopen(path, "rb");
	long size;
	size_t i;

	if (f == NULL || fseek(f, 0, SEEK_END) != 0 || (size = ftell(f)) < 0)
		cli_die(66, "%s: cannot be read", path);
	rewind(f);
	n = (size_t)size / sizeof(double) / COLS;
	if (n > ROWS)
		cli_die(65, "%s: too large", path);
	for (i = 0; i < COLS; i++)
		if (fread(col[i], sizeof(double), n, f) != n)
			cli_die(65, "%s: cannot be read", path);
	fclose(f);
}

static void
calculate(const struct dcor_expr *e, double *scratch)
{
	const double *var[DCOR_EXPR_VARS], *v;
	size_t i, k, m;

	for (i = 0; i < n; i += m) {
		m = n - i < DCOR_EXPR_BLOCK ? n - i : DCOR_EXPR_BLOCK;
		for (k = 0; k < dcor_expr_nvars(e); k++)
			var[k] = &col[(dcor_expr_var(e, k)[0] - 'a') % COLS]
			    [i];
		v = dcor_expr_eval(e, var, m, scratch);
		fwrite(v, sizeof(*v), m, stdout);
	}
}

int
main(int argc, char **argv)
{
	struct dcor_expr *e;
	struct cli_list list;
	const char *line;
	char *none[] = { NULL };
	double *scratch, bad = strtod("nan", NULL);

	while (cli_next(&cli, argc, argv) != -1)
		;
	if (argc - optind != 1)
		cli_usage("one FILE");
	load(argv[optind]);
	cli_list_init(&list, none, 0);
	while ((line = cli_list_next(&list)) != NULL) {
		struct dcor_err err = DCOR_ERR_INIT;

		if (dcor_expr_new(line, &e, &err) != 0) {
			cli_error("%s", err.msg);
			fwrite(&bad, sizeof(bad), 1, stdout);
			continue;
		}
		scratch = dcor_expr_scratch(e, NULL);
		calculate(e, scratch);
		free(scratch);
		dcor_expr_free(e);
	}
	return cli_finish(0);
}

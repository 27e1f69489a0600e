/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sliceout - the binary outputs of a selection of events
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "cli.h"
#include "rtdc/export.h"

enum {
	O_AS = CLI_OPT_USER, O_LEVEL, O_SOURCE, O_NOBASINS, O_NOLOGS,
	O_NOTABLES, O_SAME
};

static const struct cli_opt opts[] = {
	{ 'e', "events", "A:B,...", "which events, in ascending order" },
	{ 'F', "feature", "NAME,...", "features, may be empty [all]" },
	{ 'o', "output", "FILE", "what to write" },
	{ 'j', "jobs", "N", "workers [2]" },
	{ 'f', "force", NULL, "replace FILE" },
	{ O_AS, "as", "rtdc|npy|npz|raw|png|tiff", "format [rtdc]" },
	{ O_LEVEL, "level", "N", "of compression" },
	{ O_SOURCE, "source", NULL, "add a basin that leads to the source" },
	{ O_NOBASINS, "no-basins", NULL, "leave basins out" },
	{ O_NOLOGS, "no-logs", NULL, "leave logs out" },
	{ O_NOTABLES, "no-tables", NULL, "leave tables out" },
	{ O_SAME, "same-names", NULL, "of logs and tables" },
	CLI_QUIET,
	{ 0, NULL, NULL, NULL }
};

static const struct cli sliceout = { "sliceout", "write a part",
    "sliceout [options] -e A:B,... -o FILE MEASUREMENT", opts, NULL };

static struct dcor_err err = DCOR_ERR_INIT;

static void
must(int rc, const char *what)
{
	if (rc != DCOR_OK)
		cli_die_err(&err, what);
}

/* "0:10,20:25" */
static void
events(char *text, struct dcor_sel *s)
{
	uint64_t a, b;
	char *part, *colon;

	for (part = text; part != NULL && *part != '\0'; part = text) {
		text = strchr(part, ',');
		if (text != NULL)
			*text++ = '\0';
		colon = strchr(part, ':');
		if (colon != NULL)
			*colon++ = '\0';
		if (colon == NULL || dcor_parse_u64(part, &a) != DCOR_OK ||
		    dcor_parse_u64(colon, &b) != DCOR_OK || b < a)
			cli_usage("-e: %s: not A:B", part);
		if (b > a)
			must(dcor_sel_add(s, a, b - a, &err), "-e");
	}
}

static void
features(char *text, struct dcor_names *v)
{
	char *part;

	v->name = calloc(strlen(text) + 1, sizeof(*v->name));
	for (part = text; part != NULL && *part != '\0'; part = text) {
		text = strchr(part, ',');
		if (text != NULL)
			*text++ = '\0';
		v->name[v->n++] = part;
	}
}

typedef int to_file(struct dcor_rtdc *, const struct dcor_sel *,
    const struct dcor_names *, const struct dcor_export *, FILE *,
    struct dcor_pool *, struct dcor_err *);

/* Writes to out, "-" is standard output. */
static int
stream(to_file *fn, struct dcor_rtdc *m, const struct dcor_sel *sel,
    const struct dcor_names *v, const struct dcor_export *x, const char *out,
    struct dcor_pool *pool)
{
	FILE *fp = strcmp(out, "-") == 0 ? stdout : fopen(out, "wb");
	int rc;

	if (fp == NULL)
		cli_die(73, "%s: cannot open", out);
	rc = fn(m, sel, v, x, fp, pool, &err);
	if (fp != stdout && fclose(fp) != 0)
		cli_die(74, "%s: cannot write", out);
	return rc;
}

int
main(int argc, char **argv)
{
	static const char *const format[] = { "rtdc", "npy", "npz", "raw",
	    "png", "tiff", NULL };
	static to_file *const fn[] = { NULL, dcor_export_npy,
	    dcor_export_npz, dcor_export_raw, NULL, dcor_export_tiff };
	struct dcor_names names = { NULL, 0 }, *v;
	struct dcor_sel sel = { NULL, 0, 0, 0 };
	struct dcor_export x = { .software = "sliceout 1" };
	struct dcor_pool *pool;
	struct dcor_rtdc *m;
	const char *out = NULL;
	unsigned jobs = 2;
	int c, as = 0;

	while ((c = cli_next(&sliceout, argc, argv)) != -1)
		switch (c) {
		case 'e':
			events(optarg, &sel);
			break;
		case 'F':
			features(optarg, &names);
			break;
		case 'o':
			out = optarg;
			break;
		case 'j':
			jobs = (unsigned)cli_u64("-j", optarg, 1, 64);
			break;
		case 'f':
			x.replace = 1;
			break;
		case O_AS:
			as = cli_choice("--as", optarg, format);
			break;
		case O_LEVEL:
			x.level = (int)cli_u64("--level", optarg, 1, 22);
			break;
		case O_SOURCE:
			x.source = 1;
			break;
		case O_NOBASINS:
			x.no_basins = 1;
			break;
		case O_NOLOGS:
			x.no_logs = 1;
			break;
		case O_NOTABLES:
			x.no_tables = 1;
			break;
		case O_SAME:
			x.same_names = 1;
			break;
		}
	if (optind + 1 != argc || out == NULL)
		cli_usage("one measurement and -o are needed");
	must(dcor_pool_new(jobs, &pool, &err), NULL);
	must(dcor_rtdc_open(argv[optind], &m, &err), argv[optind]);
	v = names.name != NULL ? &names : NULL;
	must(as == 0 ? dcor_export_rtdc(m, &sel, v, &x, out, pool, &err) :
	    as == 4 ? dcor_export_png(m, &sel, v, &x, out, pool, &err) :
	    stream(fn[as], m, &sel, v, &x, out, pool), argv[optind]);
	dcor_rtdc_close(m);
	dcor_pool_free(pool);
	dcor_sel_fini(&sel);
	free(names.name);
	return cli_finish(0);
}

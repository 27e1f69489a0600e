/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * dcor-slice - the part of a measurement that is needed
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "climeas.h"
#include "slice.h"

enum {
	OPT_POLY = CLI_OPT_USER, OPT_SAMPLE, OPT_LIMIT, OPT_FORMAT, OPT_JSON,
	OPT_LOG, OPT_TABLE, OPT_REQUESTS, OPT_LEVEL, OPT_BASIN, OPT_STRIP
};

static const struct cli_opt opts[] = {
	{ 'e', "events", "EVENTS",
	    "5, 0:1000, ::10, -100:, 1,5,7:20, @FILE; adds up" },
	{ 'w', "where", "EXPRESSION",
	    "events it is true of: \"area_um > 20 && deform < 0.1\"" },
	{ OPT_POLY, "poly", "FILE", "events in all polygons of a .poly file" },
	{ OPT_SAMPLE, "sample", "N[:SEED]", "N random events of these" },
	{ OPT_LIMIT, "limit", "N", "the first N events of these" },
	{ 'F', "feature", "FEATURE",
	    "what to write: names, patterns like \"fl?_max\"" },
	{ 'o', "output", "FILE", "where to (standard output)" },
	{ OPT_FORMAT, "format", "tsv|csv|json|rtdc|npy|npz|raw|tiff|png",
	    "what is written (by the suffix of FILE, else tsv)" },
	{ OPT_LEVEL, "level", "N", "of compression (rtdc 5, png 6)" },
	{ OPT_BASIN, "basin", NULL,
	    "rtdc: say where the rest of the features is" },
	{ OPT_STRIP, "strip", "basins|logs|tables", "rtdc: leave them out" },
	{ OPT_JSON, "json", NULL, "print one JSON object a line" },
	{ 'H', "header", NULL, "begin with a line of names" },
	{ 'l', "list", NULL, "list what is in there" },
	{ 'm', "metadata", "KEY", "print metadata; patterns like \"setup:*\"" },
	{ OPT_LOG, "log", "NAME", "print logs; a name or a pattern" },
	{ OPT_TABLE, "table", "NAME", "print tables; a name or a pattern" },
	{ OPT_REQUESTS, "requests", NULL,
	    "answer requests on standard input" },
	{ 'f', "force", NULL, "replace FILE if it exists" },
	{ 'j', "jobs", "N", "workers (as many as processors, at most 4)" },
	{ '0', "null", NULL, "operands on stdin end with NUL" },
	CLIMEAS_OPTS,
	CLI_PROGRESS,
	CLI_QUIET,
	CLI_VERBOSE,
	{ 0, NULL, NULL, NULL }
};

static const struct cli cli = {
	"dcor-slice",
	"the part of a measurement that is needed",
	"[-0fHqv] [-e EVENTS] [-F FEATURE] [-j N] [-o FILE] [-w EXPRESSION]\n"
	"[--basin] [--format FORMAT | --json] [--level N] [--limit N]\n"
	"[--poly FILE] [--progress MODE] [--sample N[:SEED]] [--strip PART]\n"
	"[ACCESS] [MEASUREMENT ...]\n"
	"-l [-0qv] [--json] [ACCESS] [MEASUREMENT ...]\n"
	"[-0qv] [-m KEY] [--json] [--log NAME] [--table NAME] [ACCESS]\n"
	"[MEASUREMENT ...]\n"
	"--requests [-0Hqv] [-F FEATURE] [-j N] [--format FORMAT | --json]\n"
	"[ACCESS]",
	opts, NULL
};

enum mode { SLICE, LIST, PRINT, REQUESTS };

struct settings {
	struct slice	 s;
	struct slice_job j;
	enum mode	 mode;
	const char	*out;
	int		 out_is_dir, nul;
	unsigned	 jobs;
};

/* What an option's argument came to: a mistake ends the program. */
static void
must(const char *opt, int rc, const struct dcor_err *err)
{
	if (rc == DCOR_EARG)
		cli_usage("%s: %s", opt, err->msg);
	if (rc != DCOR_OK)
		cli_die_err(err, opt);
}

static void
set_format(struct settings *t, const char *name)
{
	struct stat st;

	t->out_is_dir = t->out != NULL && stat(t->out, &st) == 0 &&
	    S_ISDIR(st.st_mode);
	if (name != NULL) {
		t->j.format = slice_format_find(name);
		if (t->j.format == NULL)
			cli_usage("--format: %s: unknown", name);
	} else if (t->s.json)
		t->j.format = slice_format_find("json");
	else if (t->out != NULL)
		t->j.format = slice_format_of(t->out);
	if (t->j.format == NULL)
		t->j.format = slice_format_find("tsv");
}

static void
check_options(const struct settings *t)
{
	const struct slice_job *j = &t->j;
	int selects = j->pick != NULL || j->filter.nexpr > 0 ||
	    j->filter.polys.n > 0 || j->sampled || j->limit != UINT64_MAX;

	if (t->mode == LIST && (t->s.meta.n > 0 || t->s.logs.n > 0 ||
	    t->s.tables.n > 0))
		cli_usage("-l: not together with -m, --log and --table");
	if (t->mode != SLICE && (selects || t->out != NULL))
		cli_usage("events and -o: not together with -l, -m, --log, "
		    "--table and --requests");
	if (t->mode == SLICE && t->out == NULL &&
	    (j->format->flags & SLICE_STREAM) == 0)
		cli_usage("--format %s: needs -o", j->format->name);
	if (t->mode == SLICE && t->out == NULL && isatty(STDOUT_FILENO) &&
	    (j->format->flags & SLICE_TEXT) == 0)
		cli_usage("--format %s: nothing for a terminal, see -o",
		    j->format->name);
	if ((t->mode == LIST || t->mode == PRINT) && j->features.n > 0)
		cli_usage("-F: not together with -l, -m, --log and --table");
}

static void
parse_options(struct settings *t, int argc, char **argv)
{
	struct dcor_err err = DCOR_ERR_INIT;
	static const char *const strip[] = { "basins", "logs", "tables",
	    NULL };
	const char *format = NULL;
	int ch;

	while ((ch = cli_next(&cli, argc, argv)) != -1)
		switch (ch) {
		case 'e':
			must("-e", slice_job_events(&t->j, optarg, &err),
			    &err);
			break;
		case 'w':
			must("-w", slice_job_where(&t->j, optarg, &err),
			    &err);
			break;
		case 'F':
			must("-F", slice_job_features(&t->j, optarg, &err),
			    &err);
			break;
		case OPT_POLY:
			must("--poly", slice_job_polys(&t->j, optarg, &err),
			    &err);
			break;
		case OPT_SAMPLE:
			must("--sample", slice_job_sample(&t->j, optarg,
			    &err), &err);
			break;
		case OPT_LIMIT:
			t->j.limit = cli_u64("--limit", optarg, 0,
			    UINT64_MAX - 1);
			break;
		case 'o':
			t->out = strcmp(optarg, "-") != 0 ? optarg : NULL;
			break;
		case OPT_FORMAT:
			format = optarg;
			break;
		case OPT_JSON:
			t->s.json = 1;
			break;
		case 'H':
			t->j.header = 1;
			break;
		case 'l':
			t->mode = LIST;
			break;
		case 'm':
			must("-m", slice_names_add(&t->s.meta, optarg, &err),
			    &err);
			t->mode = t->mode == SLICE ? PRINT : t->mode;
			break;
		case OPT_LOG:
			must("--log", slice_names_add(&t->s.logs, optarg,
			    &err), &err);
			t->mode = t->mode == SLICE ? PRINT : t->mode;
			break;
		case OPT_TABLE:
			must("--table", slice_names_add(&t->s.tables, optarg,
			    &err), &err);
			t->mode = t->mode == SLICE ? PRINT : t->mode;
			break;
		case OPT_LEVEL:
			t->s.level = (int)cli_u64("--level", optarg, 1, 22);
			break;
		case OPT_BASIN:
			t->s.basin = 1;
			break;
		case OPT_STRIP:
			(void)cli_choice("--strip", optarg, strip);
			must("--strip", slice_names_add(&t->s.strip, optarg,
			    &err), &err);
			break;
		case OPT_REQUESTS:
			t->mode = REQUESTS;
			break;
		case 'f':
			t->s.force = 1;
			break;
		case 'j':
			t->jobs = (unsigned)cli_u64("-j", optarg, 1, 1024);
			break;
		case '0':
			t->nul = 1;
			break;
		default:
			(void)climeas_option(ch);
			break;
		}
	set_format(t, format);
	check_options(t);
}

/* The file for a measurement in a directory: its name, our suffix.  Of a URL
 * the last part of the path counts. */
static char *
name_result(const struct settings *t, const char *in)
{
	int pattern = (t->j.format->flags & SLICE_PATTERN) != 0;
	size_t len = strstr(in, "://") != NULL ? strcspn(in, "?#") :
	    strlen(in), base = len, end, i;
	struct dcor_buf b;
	char *p;

	while (base > 0 && in[base - 1] != '/' && in[base - 1] != ':')
		base--;
	for (end = len; end > base && in[end] != '.'; end--)
		continue;
	end = end > base ? end : len;
	dcor_buf_init(&b, 1 << 16);
	dcor_buf_addf(&b, "%s/", t->out);
	for (i = base; i < end; i++) {
		dcor_buf_addc(&b, in[i]);
		if (pattern && in[i] == '%')
			dcor_buf_addc(&b, '%');
	}
	dcor_buf_adds(&b, pattern ? "_%f_%e" : "");
	dcor_buf_add(&b, t->j.format->suffixes,
	    strcspn(t->j.format->suffixes, " "));
	if (dcor_buf_take(&b, &p, NULL, NULL) != DCOR_OK)
		cli_die(EX_OSERR, "out of memory");
	return p;
}

/* One measurement to a stream, or to a file of its own. */
static int
slice(const struct settings *t, const char *name, FILE *to)
{
	struct dcor_err err = DCOR_ERR_INIT;
	struct dcor_rtdc *m;
	struct dcor_tmp *tmp = NULL;
	char *path = NULL, *shown = climeas_shown(name);
	uint64_t n = 0;
	int status = 0;

	if (climeas_open(name, &m, &err) != DCOR_OK) {
		status = cli_err(&err, shown);
		free(shown);
		return status;
	}
	if (t->mode == LIST)
		(void)slice_list(&t->s, m, shown, &err);
	else if (t->mode == PRINT)
		(void)slice_print(&t->s, m, shown, &err);
	else {
		if (t->out_is_dir)
			path = name_result(t, name);
		if (path != NULL && (t->j.format->flags & SLICE_STREAM) != 0)
			to = slice_out_open(path, &tmp, &err);
		if (to != NULL)
			(void)slice_run(&t->s, &t->j, m, shown, to,
			    path != NULL ? path : t->out, &n, &err);
	}
	(void)climeas_close(m, &err);
	if (tmp != NULL)
		(void)slice_out_close(to, tmp, path, err.code == DCOR_OK,
		    t->s.force, &err);
	if (err.code != DCOR_OK) {
		if (cli_stopped())
			cli_killed();
		status = cli_err(&err, shown);
	} else if (t->mode == SLICE)
		cli_say(1, "%s: %llu events", shown, (unsigned long long)n);
	free(path);
	free(shown);
	return status;
}

static int
all(const struct settings *t, char **operands)
{
	int flags = t->j.format->flags, status = 0, rc;
	int whole = t->out != NULL && !t->out_is_dir &&
	    (flags & SLICE_STREAM) != 0 && t->mode == SLICE;
	struct dcor_err err = DCOR_ERR_INIT;
	struct dcor_tmp *tmp = NULL;
	unsigned n = 0, failed = 0;
	struct cli_list list;
	const char *name;
	FILE *to = stdout;
	char *shown;

	cli_list_init(&list, operands, t->nul);
	while ((name = cli_list_next(&list)) != NULL) {
		if (cli_stopped())
			cli_killed();
		if (n > 0 && t->mode == SLICE && !t->out_is_dir &&
		    (flags & SLICE_TEXT) == 0) {
			shown = climeas_shown(name);
			cli_say(0, "%s: one measurement a file: -o must be "
			    "a directory", shown);
			free(shown);
			status = EX_USAGE;
			failed = 1;
			break;
		}
		if (whole && tmp == NULL && (to = slice_out_open(t->out, &tmp,
		    &err)) == NULL)
			cli_die_err(&err, NULL);
		rc = slice(t, name, to);
		n++;
		if (rc != 0) {
			failed++;
			status = rc;
		}
	}
	if (n > 1 && failed > 0) {
		cli_say(0, "failed %u of %u", failed, n);
		status = 1;
	}
	if (tmp != NULL && slice_out_close(to, tmp, t->out, failed == 0,
	    t->s.force, &err) != DCOR_OK)
		status = cli_err(&err, NULL);
	return status;
}

int
main(int argc, char **argv)
{
	static char big[1 << 18];
	struct settings t = { .j = { .limit = UINT64_MAX } };
	struct dcor_err err = DCOR_ERR_INIT;
	int status;

	parse_options(&t, argc, argv);
	if (t.jobs == 0)
		t.jobs = dcor_pool_cpus() < 4 ? dcor_pool_cpus() : 4;
	if (!isatty(STDOUT_FILENO))
		setvbuf(stdout, big, _IOFBF, sizeof(big));
	cli_signals(dcor_tmp_unlink_all);
	if (dcor_pool_new(t.jobs, &t.s.pool, &err) != DCOR_OK)
		cli_die_err(&err, NULL);
	status = t.mode == REQUESTS ? slice_requests(&t.s, &t.j, t.nul) :
	    all(&t, argv + optind);
	dcor_pool_free(t.s.pool);
	slice_job_fini(&t.j);
	dcor_names_fini(&t.s.meta);
	dcor_names_fini(&t.s.logs);
	dcor_names_fini(&t.s.tables);
	dcor_names_fini(&t.s.strip);
	climeas_end();
	return cli_finish(status);
}

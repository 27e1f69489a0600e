/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * dcor-join - several measurements, one after the other, as one
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/json.h"
#include "base/time.h"
#include "base/tmp.h"
#include "cli.h"
#include "rtdc/h5.h"
#include "rtdc/join.h"

enum { OPT_JSON = CLI_OPT_USER, OPT_DRAIN };

static const struct cli_opt opts[] = {
	{ 'o', "output", "FILE", "the measurement to write" },
	{ 'f', "force", NULL, "replace an existing result" },
	{ OPT_DRAIN, "drain", NULL,
	    "copy what the measurements have in other files" },
	{ 'z', "compression", "none|zstd-1...zstd-9",
	    "of the result (zstd-5)" },
	{ 'j', "jobs", "N", "workers (the processors, at most 4)" },
	{ 'n', "dry-run", NULL, "print what would be joined" },
	{ '0', "null", NULL, "names on stdin end with NUL" },
	{ OPT_JSON, "json", NULL, "print a JSON object" },
	CLI_PROGRESS,
	CLI_QUIET,
	CLI_VERBOSE,
	{ 0, NULL, NULL, NULL }
};

static void
libs(void)
{
	dcor_h5_versions(cli_lib);
}

static const struct cli cli = {
	"dcor-join",
	"join measurements of one sample into one",
	"[-0fnqv] [-j N] [-o FILE] [-z LEVEL] [--drain] [--json]\n"
	"[--progress MODE] [MEASUREMENT ...]",
	opts, libs
};

struct settings {
	struct dcor_join_opts	 o;
	char			**name;
	const char		*out;
	unsigned		 jobs;
	int			 force, dry, json, nul;
};

static int
level_of(const char *text)
{
	if (strcmp(text, "none") == 0)
		return 0;
	if (strncmp(text, "zstd-", 5) == 0 && text[5] >= '1' &&
	    text[5] <= '9' && text[6] == '\0')
		return text[5] - '0';
	cli_usage("-z %s: not none or zstd-1 ... zstd-9", text);
}

static void
parse_options(struct settings *s, int argc, char **argv)
{
	int ch;

	s->jobs = dcor_pool_cpus();
	s->jobs = s->jobs > 4 ? 4 : s->jobs;
	s->o.level = 5;
	while ((ch = cli_next(&cli, argc, argv)) != -1)
		switch (ch) {
		case 'o':
			s->out = optarg;
			break;
		case 'f':
			s->force = 1;
			break;
		case 'z':
			s->o.level = level_of(optarg);
			break;
		case 'j':
			s->jobs = (unsigned)cli_u64("-j", optarg, 1, 256);
			break;
		case 'n':
			s->dry = 1;
			break;
		case '0':
			s->nul = 1;
			break;
		case OPT_DRAIN:
			s->o.drain = 1;
			break;
		case OPT_JSON:
			s->json = 1;
			break;
		default:
			break;
		}
}

static void
read_names(struct settings *s, char **operands)
{
	struct cli_list list;
	const char *name;
	char **p;

	cli_list_init(&list, operands, s->nul);
	while ((name = cli_list_next(&list)) != NULL) {
		p = realloc(s->name, (s->o.n + 1) * sizeof(*p));
		if (p == NULL || (p[s->o.n] = strdup(name)) == NULL)
			cli_die(EX_OSERR, "out of memory");
		s->name = p;
		s->o.n++;
	}
	s->o.in = (const char *const *)s->name;
}

/* A name that is wrong is said before what is wrong with the rest. */
static void
check_usage(const struct settings *s)
{
	struct stat st;
	size_t i;

	if (s->o.n >= 2 && (s->out != NULL || s->dry))
		return;
	for (i = 0; i < s->o.n; i++)
		if (stat(s->name[i], &st) != 0 && errno == ENOENT)
			cli_die(EX_NOINPUT, "%s: no such file", s->name[i]);
	if (s->o.n < 2)
		cli_usage("name two measurements or more");
	cli_usage("-o is missing");
}

/* An output that is an input, a file given twice. */
static void
look_at_files(const struct settings *s)
{
	struct stat st, *in = calloc(s->o.n, sizeof(*in));
	int there = s->out != NULL && stat(s->out, &st) == 0;
	size_t i, k;

	if (in == NULL)
		cli_die(EX_OSERR, "out of memory");
	for (i = 0; i < s->o.n; i++) {
		if (stat(s->name[i], &in[i]) != 0)
			continue;	/* opening it will say why */
		if (there && in[i].st_ino == st.st_ino && in[i].st_dev ==
		    st.st_dev)
			cli_die(EX_USAGE, "%s: is input and result", s->out);
		for (k = 0; k < i; k++)
			if (in[k].st_ino == in[i].st_ino && in[k].st_dev ==
			    in[i].st_dev)
				break;
		if (k < i)
			cli_warn("%s: given twice, joined twice", s->name[i]);
	}
	free(in);
	if (there && !s->force && !s->dry)
		cli_die(EX_CANTCREAT, "%s: exists (-f replaces it)", s->out);
}

/* All inputs are open at the same time, two descriptors each. */
static void
want_descriptors(size_t inputs)
{
	struct rlimit r;

	if (getrlimit(RLIMIT_NOFILE, &r) != 0 || r.rlim_cur >= 2 * inputs +
	    32 || r.rlim_cur == r.rlim_max)
		return;
	r.rlim_cur = r.rlim_max > 2 * inputs + 32 ? 2 * inputs + 32 :
	    r.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &r);
}

static void
report_json(const struct settings *s, const struct dcor_join *j,
    double seconds)
{
	const struct dcor_join_input *in;
	const char *text;
	struct dcor_buf b;
	struct dcor_jw w;
	size_t i;

	dcor_buf_init(&b, (size_t)1 << 26);
	dcor_jw_init(&w, &b, 0);
	dcor_jw_obj(&w);
	dcor_jw_kstr(&w, "type", "join");
	dcor_jw_kstr(&w, "status", s->dry ? "planned" : "done");
	dcor_jw_kstr(&w, "output", s->out);
	dcor_jw_ku64(&w, "events", dcor_join_events(j));
	dcor_jw_ku64(&w, "bytes", dcor_join_bytes(j));
	dcor_jw_key(&w, "inputs");
	dcor_jw_arr(&w);
	for (i = 0; (in = dcor_join_input(j, i)) != NULL; i++) {
		dcor_jw_obj(&w);
		dcor_jw_kstr(&w, "input", in->name);
		dcor_jw_ku64(&w, "events", in->events);
		dcor_jw_ku64(&w, "first_event", in->first);
		dcor_jw_kdbl(&w, "time_offset", in->offset);
		dcor_jw_ku64(&w, "frame_offset", in->frames);
		dcor_jw_end(&w);
	}
	dcor_jw_end(&w);
	dcor_jw_key(&w, "features");
	dcor_jw_arr(&w);
	for (i = 0; (text = dcor_join_feature(j, i)) != NULL; i++)
		dcor_jw_str(&w, text);
	dcor_jw_end(&w);
	dcor_jw_key(&w, "notes");
	dcor_jw_arr(&w);
	for (i = 0; (text = dcor_join_note(j, i)) != NULL; i++)
		dcor_jw_str(&w, text);
	dcor_jw_end(&w);
	if (!s->dry)
		dcor_jw_kdbl(&w, "seconds", seconds);
	dcor_jw_end(&w);
	if (dcor_jw_done(&w, NULL) == DCOR_OK)
		cli_record(&b);
	dcor_buf_fini(&b);
}

static void
report(const struct settings *s, const struct dcor_join *j, double seconds)
{
	const struct dcor_join_input *in;
	char text[DCOR_REPR_SIZE];
	size_t i;

	if (s->json) {
		report_json(s, j, seconds);
		return;
	}
	if (cli_level() < 0 && !s->dry)
		return;
	for (i = 0; (in = dcor_join_input(j, i)) != NULL; i++) {
		cli_tsv(in->name);
		printf("\t%llu\t%llu\t%s\t%llu\n",
		    (unsigned long long)in->first,
		    (unsigned long long)in->events,
		    dcor_repr(in->offset, text),
		    (unsigned long long)in->frames);
	}
	cli_flush();
}

/* 0 or an exit status */
static int
run(const struct settings *s, struct dcor_join *j)
{
	struct dcor_err err = DCOR_ERR_INIT;
	double t = dcor_seconds(), seconds;
	const char *note;
	size_t i;

	for (i = 0; (note = dcor_join_note(j, i)) != NULL; i++)
		cli_warn("%s", note);
	if (s->dry) {
		report(s, j, 0);
		return 0;
	}
	cli_progress_start(s->out, "bytes", dcor_join_bytes(j));
	(void)dcor_join_run(j, s->out, s->force, &err);
	cli_progress_end();
	if (err.code != DCOR_OK)
		return cli_err(&err, NULL);
	seconds = dcor_lap(&t);
	cli_say(1, "%s: %llu events, %.1f MB in %.2f s", s->out,
	    (unsigned long long)dcor_join_events(j),
	    (double)dcor_join_bytes(j) / 1e6, seconds);
	report(s, j, seconds);
	return 0;
}

int
main(int argc, char **argv)
{
	struct settings s = { .o = { .software = "dcor-tools " DCOR_VERSION,
	    .progress = cli_on_progress, .stopped = cli_on_stopped } };
	struct dcor_err err = DCOR_ERR_INIT;
	struct dcor_join *j = NULL;
	int status;

	parse_options(&s, argc, argv);
	read_names(&s, argv + optind);
	if (s.o.n == 0)
		return cli_finish(0);
	check_usage(&s);
	look_at_files(&s);
	want_descriptors(s.o.n);
	cli_signals(dcor_tmp_unlink_all);
	if (dcor_pool_new(s.jobs, &s.o.pool, &err) != DCOR_OK)
		cli_die_err(&err, NULL);
	if (dcor_join_open(&s.o, &j, &err) == DCOR_OK)
		status = run(&s, j);
	else
		status = cli_err(&err, NULL);
	if (status != 0 && cli_stopped())
		cli_killed();
	dcor_join_close(j);
	dcor_pool_free(s.o.pool);
	while (s.o.n > 0)
		free(s.name[--s.o.n]);
	free(s.name);
	return cli_finish(status);
}

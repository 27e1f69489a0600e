/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * dcor-check - verify measurements
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/json.h"
#include "cli.h"
#include "rtdc/check.h"

enum { OPT_DEEP = CLI_OPT_USER, OPT_FORMAT, OPT_JSON };

static const struct cli_opt opts[] = {
	{ OPT_DEEP, "deep", NULL,
	    "read all data: checksums, decompression, values" },
	{ OPT_FORMAT, "format", "tsv|json|dclab",
	    "what to print; dclab: as dclab-verify-dataset" },
	{ OPT_JSON, "json", NULL, "print one JSON object a line" },
	{ 'j', "jobs", "N", "workers (the processors, at most 4)" },
	{ '0', "null", NULL, "names on stdin end with NUL" },
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
	"dcor-check", "verify measurements",
	"[-0qv] [-j N] [--deep] [--format FORMAT] [--json] "
	"[--progress MODE]\n[FILE ...]",
	opts, libs
};

enum format { TSV, JSON, DCLAB };
static const char *const formats[] = { "tsv", "json", "dclab", NULL };
static const char *const levels[] = { "violation", "alert", "info", "info" };

/* What a file deserves: statuses of dclab-verify-dataset. */
enum { D_GOOD, D_ALERTS, D_VIOLATIONS, D_BOTH, D_OTHER };

static size_t
number_of(const struct dcor_cues *q, enum dcor_cuelevel level, unsigned who)
{
	size_t i, n = 0;

	for (i = 0; i < q->n; i++)
		n += q->v[i].level == level && (q->v[i].who & who) != 0;
	return n;
}

/* One line in dclab's colours. */
static void
dclab_line(const char *colour, const char *text)
{
	printf("\033[1m%s%s\033[0m\n", colour, text);
}

static void
dclab_level(const struct dcor_cues *q, enum dcor_cuelevel level,
    const char *colour)
{
	size_t i;

	for (i = 0; i < q->n; i++)
		if (q->v[i].level == level && (q->v[i].who &
		    DCOR_CUE_DCLAB) != 0)
			dclab_line(colour, q->v[i].text);
}

static int
dclab_report(const struct dcor_cues *q)
{
	size_t v = number_of(q, DCOR_CUE_VIOLATION, DCOR_CUE_DCLAB);
	size_t a = number_of(q, DCOR_CUE_ALERT, DCOR_CUE_DCLAB);

	if (number_of(q, DCOR_CUE_STOP, DCOR_CUE_DCLAB) > 0) {
		dclab_level(q, DCOR_CUE_STOP, "\033[31m");
		return D_OTHER;
	}
	dclab_level(q, DCOR_CUE_INFO, "");
	dclab_level(q, DCOR_CUE_ALERT, "\033[33m");
	dclab_level(q, DCOR_CUE_VIOLATION, "\033[31m");
	printf("\033[1mCheck Complete: %zu violations and %zu alerts"
	    "\033[0m\n", v, a);
	return v > 0 ? (a > 0 ? D_BOTH : D_VIOLATIONS) :
	    a > 0 ? D_ALERTS : D_GOOD;
}

/* The file does not exist, but perhaps the directory. */
static void
not_found(const char *file)
{
	const char *slash = strrchr(file, '/');
	const char *base = slash != NULL ? slash + 1 : file;
	struct dcor_buf b;
	char *dir;

	dcor_buf_init(&b, (size_t)1 << 20);
	dcor_buf_add(&b, file, (size_t)(base - file));
	dcor_buf_addc(&b, '.');
	dir = realpath(dcor_buf_str(&b), NULL);
	dcor_buf_clear(&b);
	dcor_buf_addf(&b, "File not found: %s%s%s", dir != NULL ? dir : "",
	    dir != NULL && strcmp(dir, "/") != 0 ? "/" : "", dir != NULL ?
	    base : file);
	dclab_line("\033[31m", dcor_buf_str(&b));
	dcor_buf_fini(&b);
	free(dir);
}

/* The file as if by dclab-verify-dataset. */
static int
dclab(const char *file)
{
	static const struct dcor_check_opts o;
	struct dcor_err err = DCOR_ERR_INIT;
	char *real = realpath(file, NULL);
	struct dcor_cues q;
	int status = D_OTHER;

	if (real == NULL) {
		not_found(file);
		return D_OTHER;
	}
	printf("\033[1mChecking %s\033[0m\n", real);
	if (dcor_check(real, &o, &q, &err) == DCOR_OK)
		status = dclab_report(&q);
	else
		printf("\033[1m\033[31mOSError: %s\033[0m\n", err.msg);
	dcor_cues_fini(&q);
	free(real);
	return status;
}

static void
tsv_cue(const char *file, const struct dcor_cue *q)
{
	cli_tsv(file);
	printf("\t%s\t%s\t", levels[q->level], q->rule);
	cli_tsv(q->key != NULL ? q->key : "-");
	putchar('\t');
	cli_tsv(q->text);
	putchar('\n');
}

static void
json_cue(const char *file, const struct dcor_cue *q)
{
	struct dcor_buf b;
	struct dcor_jw w;

	dcor_buf_init(&b, (size_t)1 << 26);
	dcor_jw_init(&w, &b, 0);
	dcor_jw_obj(&w);
	dcor_jw_kstr(&w, "type", "cue");
	dcor_jw_kstr(&w, "file", file);
	dcor_jw_kstr(&w, "level", levels[q->level]);
	dcor_jw_kstr(&w, "rule", q->rule);
	dcor_jw_kstr(&w, "key", q->key);
	dcor_jw_kstr(&w, "text", q->text);
	dcor_jw_end(&w);
	if (dcor_jw_done(&w, NULL) == DCOR_OK)
		cli_record(&b);
	dcor_buf_fini(&b);
}

static void
json_result(const char *file, const struct dcor_cues *q,
    const char *verdict, int deep)
{
	struct dcor_buf b;
	struct dcor_jw w;

	dcor_buf_init(&b, (size_t)1 << 20);
	dcor_jw_init(&w, &b, 0);
	dcor_jw_obj(&w);
	dcor_jw_kstr(&w, "type", "result");
	dcor_jw_kstr(&w, "file", file);
	dcor_jw_kstr(&w, "verdict", verdict);
	dcor_jw_ku64(&w, "events", q->events);
	dcor_jw_ku64(&w, "violations", number_of(q, DCOR_CUE_VIOLATION,
	    DCOR_CUE_OURS));
	dcor_jw_ku64(&w, "alerts", number_of(q, DCOR_CUE_ALERT,
	    DCOR_CUE_OURS));
	dcor_jw_ku64(&w, "damaged", q->damaged);
	if (deep) {
		dcor_jw_ku64(&w, "datasets", q->datasets);
		dcor_jw_ku64(&w, "chunks", q->chunks);
		dcor_jw_ku64(&w, "checksums", q->summed);
		dcor_jw_ku64(&w, "bytes", q->bytes);
	}
	dcor_jw_end(&w);
	if (dcor_jw_done(&w, NULL) == DCOR_OK)
		cli_record(&b);
	dcor_buf_fini(&b);
}

static int
report(const char *file, const struct dcor_cues *q, enum format format,
    int deep)
{
	size_t v = number_of(q, DCOR_CUE_VIOLATION, DCOR_CUE_OURS);
	size_t a = number_of(q, DCOR_CUE_ALERT, DCOR_CUE_OURS), i;
	const char *verdict;

	verdict = q->damaged > 0 ? "damaged" : v > 0 ? "invalid" :
	    a > 0 ? "alerts" : "good";
	for (i = 0; i < q->n; i++) {
		if ((q->v[i].who & DCOR_CUE_OURS) == 0 ||
		    (q->v[i].level >= DCOR_CUE_INFO && format == TSV &&
		    cli_level() < 1) || (q->v[i].level == DCOR_CUE_ALERT &&
		    format == TSV && cli_level() < 0))
			continue;
		if (format == JSON)
			json_cue(file, &q->v[i]);
		else
			tsv_cue(file, &q->v[i]);
	}
	if (format == JSON)
		json_result(file, q, verdict, deep);
	else if (cli_level() >= 0) {
		cli_tsv(file);
		printf("\tresult\t%s\t-\t%zu violations, %zu alerts\n",
		    verdict, v, a);
	}
	fflush(stdout);
	return q->damaged > 0 ? EX_DATAERR : v > 0;
}

static int
check(const char *file, const struct dcor_check_opts *o, enum format format)
{
	struct dcor_err err = DCOR_ERR_INIT;
	struct dcor_cues q;
	struct stat st;
	int status;

	if (o->deep)
		cli_progress_start(file, "bytes", stat(file, &st) == 0 ?
		    (uint64_t)st.st_size : 0);
	(void)dcor_check(file, o, &q, &err);
	cli_progress_end();
	if (err.code == DCOR_OK)
		status = report(file, &q, format, o->deep);
	else if (cli_stopped())
		cli_killed();
	else
		status = cli_err(&err, file);
	dcor_cues_fini(&q);
	return status;
}

int
main(int argc, char **argv)
{
	struct dcor_check_opts o = { .progress = cli_on_progress,
	    .stopped = cli_on_stopped };
	struct dcor_err err = DCOR_ERR_INIT;
	unsigned jobs = dcor_pool_cpus(), n = 0, failed = 0;
	enum format format = TSV;
	struct cli_list list;
	int ch, nul = 0, rc, status = 0;
	const char *file;

	jobs = jobs > 4 ? 4 : jobs;
	while ((ch = cli_next(&cli, argc, argv)) != -1)
		switch (ch) {
		case OPT_DEEP:
			o.deep = 1;
			break;
		case OPT_FORMAT:
			format = (enum format)cli_choice("--format", optarg,
			    formats);
			break;
		case OPT_JSON:
			format = JSON;
			break;
		case 'j':
			jobs = (unsigned)cli_u64("-j", optarg, 1, 256);
			break;
		case '0':
			nul = 1;
			break;
		default:
			break;
		}
	if (o.deep && format == DCLAB)
		cli_usage("--deep: dclab has no words for that");
	cli_signals(NULL);
	if (dcor_pool_new(jobs, &o.pool, &err) != DCOR_OK)
		cli_die_err(&err, NULL);
	cli_list_init(&list, argv + optind, nul);
	while ((file = cli_list_next(&list)) != NULL) {
		if (cli_stopped())
			cli_killed();
		rc = format == DCLAB ? dclab(file) : check(file, &o, format);
		n++;
		failed += rc != 0;
		if (format == DCLAB)
			status = rc == D_OTHER || status == D_OTHER ?
			    D_OTHER : rc | status;
		else if (rc != 0)
			status = status == 0 || status == rc ? rc : 1;
	}
	dcor_pool_free(o.pool);
	if (n > 1 && failed > 0 && format != DCLAB)
		cli_say(0, "failed %u of %u", failed, n);
	return cli_finish(status);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * dcor-archive - copy the objects of buckets to an archive, verify, restore
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "archive.h"
#include "arch/mirror.h"
#include "base/str.h"
#include "base/time.h"
#include "base/yaml.h"
#include "cli.h"
#include "net/url.h"

enum {
	OPT_MODE = CLI_OPT_USER,	/* + an archive_mode */
	OPT_ARCHIVE = CLI_OPT_USER + 100, OPT_JOB, OPT_MAX_AGE, OPT_BUDGET,
	OPT_GENERATION, OPT_AT, OPT_JSON, OPT_PROFILES
};

static const struct cli_opt opts[] = {
	{ 'c', "config", "FILE", "the jobs: a file or a directory of them" },
	{ OPT_PROFILES, "profiles", "FILE",
	    "the configuration that profiles are looked up in" },
	{ OPT_JOB, "job", "NAME", "only the job of that name" },
	{ OPT_ARCHIVE, "archive", "DIR",
	    "the archive itself; needs no configuration" },
	{ OPT_MODE + MODE_LIST, "list", NULL,
	    "print what is in the archive" },
	{ OPT_MODE + MODE_VERIFY, "verify", NULL,
	    "read copies again and compare" },
	{ OPT_MODE + MODE_RESTORE, "restore", NULL,
	    "copy objects out of the archive" },
	{ OPT_MODE + MODE_REPORT, "report", NULL,
	    "print numbers: size, growth, space" },
	{ OPT_MODE + MODE_REBUILD, "rebuild", NULL,
	    "make the index anew from the tree" },
	{ 'o', "output", "DIR|s3://BUCKET[/PREFIX]",
	    "where to restore to" },
	{ OPT_GENERATION, "generation", "N", "that generation of objects" },
	{ OPT_AT, "at", "TIME", "what the archive had at that time" },
	{ OPT_MAX_AGE, "max-age", "DURATION",
	    "verify what was not looked at for so long" },
	{ OPT_BUDGET, "budget", "SIZE|DURATION",
	    "verify no more bytes, or no longer" },
	{ 'j', "jobs", "N", "requests at a time (16)" },
	{ 'n', "dry-run", NULL, "print what would be done" },
	{ 'f', "force", NULL, "replace what is there when restoring" },
	{ OPT_JSON, "json", NULL, "print one JSON object a line" },
	CLI_PROGRESS,
	CLI_QUIET,
	CLI_VERBOSE,
	{ 0, NULL, NULL, NULL }
};

static void
libs(void)
{
	cli_lib("libcurl", dcor_http_version());
}

static const struct cli cli = {
	"dcor-archive",
	"copy the objects of buckets to an archive, verify, restore",
	"[-fnqv] [-c FILE] [-j N] [-o OUTPUT] [--job NAME] [--json]\n"
	"[--archive DIR] [--list | --verify | --restore | --report | "
	"--rebuild]\n[--at TIME] [--budget AMOUNT] [--generation N]\n"
	"[--max-age DURATION] [--profiles FILE] [--progress MODE]\n"
	"[s3://BUCKET/KEY | s3://BUCKET/PREFIX* | FILE ...]",
	opts, libs
};

struct archive_settings set;

static void
set_mode(enum archive_mode mode)
{
	if (set.mode != MODE_RUN && set.mode != mode)
		cli_usage("one of --list, --verify, --restore, --report, "
		    "--rebuild");
	set.mode = mode;
}

static void
load(const char *path)
{
	struct dcor_err err = DCOR_ERR_INIT;

	if (dcor_arch_jobs_load(path, &set.jobs, &err) != DCOR_OK)
		cli_die_err(&err, NULL);
}

static void
set_budget(const char *text)
{
	if (dcor_parse_duration(text, &set.budget_seconds) == DCOR_OK &&
	    strpbrk(text, "smhdw") != NULL)
		return;
	set.budget_seconds = 0;
	if (dcor_parse_size(text, &set.budget_bytes) != DCOR_OK ||
	    set.budget_bytes == 0)
		cli_usage("--budget %s: neither bytes (100GiB) nor a time "
		    "(2h)", text);
}

static const char *
parse_options(int argc, char **argv)
{
	const char *config = NULL;
	int64_t age;
	int ch;

	set.inflight = 16;
	while ((ch = cli_next(&cli, argc, argv)) != -1)
		switch (ch) {
		case OPT_MODE + MODE_LIST:
		case OPT_MODE + MODE_VERIFY:
		case OPT_MODE + MODE_RESTORE:
		case OPT_MODE + MODE_REPORT:
		case OPT_MODE + MODE_REBUILD:
			set_mode((enum archive_mode)(ch - OPT_MODE));
			break;
		case 'c':
			config = optarg;
			break;
		case OPT_PROFILES:
			set.profiles = optarg;
			break;
		case OPT_JOB:
			set.job = optarg;
			break;
		case OPT_ARCHIVE:
			set.archive = optarg;
			break;
		case 'o':
			set.out = optarg;
			break;
		case OPT_GENERATION:
			set.sel.gen = (unsigned)cli_u64("--generation",
			    optarg, 1, 1000000);
			break;
		case OPT_AT:
			if (dcor_parse_time(optarg, &set.sel.at) != DCOR_OK ||
			    set.sel.at <= 0)
				cli_usage("--at %s: not a time", optarg);
			break;
		case OPT_MAX_AGE:
			if (dcor_parse_duration(optarg, &age) != DCOR_OK ||
			    age >= set.now)
				cli_usage("--max-age %s: not a duration",
				    optarg);
			set.sel.before = set.now - age + 1;
			break;
		case OPT_BUDGET:
			set_budget(optarg);
			break;
		case 'j':
			set.inflight = (unsigned)cli_u64("-j", optarg, 1,
			    256);
			break;
		case 'n':
			set.dry = 1;
			break;
		case 'f':
			set.force = 1;
			break;
		case OPT_JSON:
			set.json = 1;
			break;
		default:
			break;
		}
	return config;
}

/* The jobs, if -c does not say: the user's, else the system's. */
static void
load_default(void)
{
	const char *xdg = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
	struct dcor_buf b;

	dcor_buf_init(&b, 65536);
	if (xdg != NULL && *xdg == '/')
		dcor_buf_addf(&b, "%s/dcor/archive.yaml", xdg);
	else
		dcor_buf_addf(&b, "%s/.config/dcor/archive.yaml",
		    home != NULL ? home : "");
	if (access(dcor_buf_str(&b), F_OK) == 0)
		load(dcor_buf_str(&b));
	else if (access("/etc/dcor/archive.yaml", F_OK) == 0)
		load("/etc/dcor/archive.yaml");
	else
		cli_die(EX_CONFIG, "no configuration: neither -c, %s nor "
		    "/etc/dcor/archive.yaml", dcor_buf_str(&b));
	dcor_buf_fini(&b);
}

/* Operands: names of objects, or (a run) more files with jobs. */
static void
take_operands(char **argv)
{
	struct dcor_err err = DCOR_ERR_INIT;
	struct cli_list list;
	const char *name, *key;
	char bucket[256];
	size_t n = 0;

	if (*argv == NULL)
		return;
	cli_list_init(&list, argv, 0);
	while ((name = cli_list_next(&list)) != NULL) {
		if (set.mode == MODE_RUN || set.mode == MODE_REBUILD ||
		    set.mode == MODE_REPORT) {
			load(name);
			continue;
		}
		if (dcor_s3url_parse(name, bucket, &key, &err) != DCOR_OK)
			cli_die_err(&err, NULL);
		set.sel.names = realloc(set.sel.names, (n + 1) *
		    sizeof(*set.sel.names));
		if (set.sel.names == NULL || (set.sel.names[n++] =
		    strdup(name + strlen("s3://"))) == NULL)
			cli_die(EX_OSERR, "out of memory");
	}
	set.sel.nnames = n;
	if ((set.sel.used = calloc(n + 1, 1)) == NULL)
		cli_die(EX_OSERR, "out of memory");
}

/*
 * A run
 */

static void
on_event(void *arg, enum dcor_arch_event what, const char *bucket,
    const struct dcor_arch_rec *r, const struct dcor_err *err)
{
	static const char *const name[] = { "new", "changed", "adopted",
		"vanished", "returned" };

	(void)arg;
	if (what == DCOR_ARCH_EV_STRANGE) {
		cli_warn("s3://%s/%s: the archive has another file of that "
		    "name; it is kept", bucket, r->key);
	} else if (what == DCOR_ARCH_EV_FAILED && r != NULL) {
		archive_complain(r, err);
	} else if (what == DCOR_ARCH_EV_FAILED) {
		set.failed++;
		cli_error("%s", err->msg);
	} else if (set.dry || set.json) {
		archive_print(name[what], r, NULL, NULL);
	} else {
		cli_say(1, "%s: s3://%s/%s: %" PRIu64 " bytes", name[what],
		    bucket, r->key, r->size);
	}
}

static void
on_progress(void *arg, uint64_t bytes)
{
	(void)arg;
	cli_progress(bytes);
}

static void
summarise(const struct dcor_arch_job *j, const struct dcor_arch_mirror *m)
{
	double part;

	cli_say(1, "job %s: %" PRIu64 " objects in %" PRIu64 " buckets, %"
	    PRIu64 " bytes; new %" PRIu64 ", changed %" PRIu64 ", adopted %"
	    PRIu64 ", vanished %" PRIu64 ", returned %" PRIu64 ", failed %"
	    PRIu64 "; %" PRIu64 " bytes archived, %" PRIu64 " objects were "
	    "left by the run before", j->name, m->objects,
	    m->buckets, m->bytes, m->added, m->changed, m->adopted, m->gone,
	    m->back, m->failed, m->added_bytes, m->resumed);
	if (m->changed > 0 || m->gone > 0)
		cli_warn("job %s: %" PRIu64 " objects changed, %" PRIu64
		    " vanished; what was archived is kept", j->name,
		    m->changed, m->gone);
	if (m->unproven > 0)
		cli_warn("job %s: %" PRIu64 " objects have an ETag that "
		    "proves nothing", j->name, m->unproven);
	part = j->quota > 0 ? (double)m->bytes / (double)j->quota : 0;
	if (part > 0.95) {
		cli_error("job %s: %.1f %% of the quota are used", j->name,
		    100 * part);
		set.failed++;
	}
}

/* Space for less than another month like the last is worth a word. */
static void
warn_space(struct dcor_arch *a)
{
	struct dcor_arch_totals t;
	uint64_t avail;

	dcor_arch_totals(a->index, set.now, &t);
	if (dcor_arch_tree_free(&a->tree, &avail, NULL) == DCOR_OK &&
	    avail < t.month)
		cli_warn("%s: %" PRIu64 " bytes free, and the last 30 days "
		    "took %" PRIu64, a->tree.path, avail, t.month);
}

static int
run_job(struct dcor_arch *a, const struct dcor_arch_job *j,
    struct dcor_err *err)
{
	struct dcor_arch_mirror m = { .job = j, .inflight = set.inflight,
		.dry = set.dry, .now = set.now, .stop = cli_stopped,
		.event = on_event, .progress = on_progress };
	struct archive_store s;
	int rc;

	rc = archive_store_open(j, &s, err);
	if (rc == DCOR_OK) {
		cli_progress_start(j->name, "bytes", 0);
		rc = dcor_arch_mirror(a, s.http, s.s3, &m, err);
		cli_progress_end();
		if (rc == DCOR_OK) {
			summarise(j, &m);
			warn_space(a);
		}
	}
	archive_store_close(&s);
	return rc;
}

static int
use(struct dcor_arch *a, const struct dcor_arch_job *j,
    struct dcor_err *err)
{
	switch (set.mode) {
	case MODE_RUN:
		return run_job(a, j, err);
	case MODE_REPORT:
		return archive_report(a, err);
	case MODE_REBUILD:
		return DCOR_OK;
	default:
		return archive_use(a, j, err);
	}
}

/* One archive: opened once; for a run, of one job. */
static int
work(const char *path, const struct dcor_arch_job *j)
{
	struct dcor_err err = DCOR_ERR_INIT;
	struct dcor_arch *a;
	int how, rc;

	switch (set.mode) {
	case MODE_RUN:
		how = set.dry ? DCOR_ARCH_PLAN : DCOR_ARCH_WRITE;
		break;
	case MODE_VERIFY:
		how = set.dry ? DCOR_ARCH_READ : DCOR_ARCH_WRITE;
		break;
	case MODE_REBUILD:
		how = DCOR_ARCH_ANEW;
		break;
	default:
		how = DCOR_ARCH_READ;
		break;
	}
	rc = dcor_arch_open(path, how, &a, &err);
	if (rc == DCOR_OK && a->bad > 0)
		cli_warn("%s: %" PRIu64 " damaged lines in the index", path,
		    a->bad);
	if (rc == DCOR_OK && a->imported > 0)
		cli_say(1, "%s: %" PRIu64 " objects found in the tree", path,
		    a->imported);
	if (rc == DCOR_OK)
		rc = use(a, j, &err);
	dcor_arch_close(a);
	if (cli_stopped())
		cli_killed();
	return rc == DCOR_OK ? 0 : cli_err(&err, j != NULL &&
	    set.mode == MODE_RUN ? j->name : NULL);
}

/* Whether an earlier job has the archive of j. */
static int
was_before(const struct dcor_arch_job *j)
{
	const struct dcor_arch_job *p;

	for (p = set.jobs; p != j; p = p->next)
		if ((set.job == NULL || strcmp(set.job, p->name) == 0) &&
		    strcmp(p->archive, j->archive) == 0)
			return 1;
	return 0;
}

int
main(int argc, char **argv)
{
	struct dcor_err err = DCOR_ERR_INIT;
	const struct dcor_arch_job *j;
	unsigned n = 0, bad = 0;
	const char *config;
	int status = 0, rc;
	size_t i;

	set.now = (int64_t)time(NULL);
	config = parse_options(argc, argv);
	if (set.mode == MODE_RESTORE && set.out == NULL)
		cli_usage("--restore needs -o");
	if (set.archive != NULL && set.mode == MODE_RUN)
		cli_usage("--archive DIR: for --list, --verify, --restore, "
		    "--report, --rebuild");
	take_operands(argv + optind);
	if (config != NULL)
		load(config);
	else if (set.jobs == NULL && set.archive == NULL)
		load_default();
	if (dcor_arch_jobs_check(set.jobs, &err) != DCOR_OK)
		cli_die_err(&err, NULL);
	cli_signals(NULL);
	if (set.archive != NULL) {
		n++;
		status = work(set.archive, NULL);
		bad += status != 0;
	}
	for (j = set.archive == NULL ? set.jobs : NULL; j != NULL;
	    j = j->next) {
		if ((set.job != NULL && strcmp(set.job, j->name) != 0) ||
		    (set.mode != MODE_RUN && was_before(j)))
			continue;
		n++;
		rc = work(j->archive, j);
		bad += rc != 0;
		status = rc != 0 ? rc : status;
	}
	if (n == 0)
		cli_die(EX_CONFIG, "--job %s: no such job", set.job);
	for (i = 0; i < set.sel.nnames; i++)
		if (!set.sel.used[i] && bad == 0) {
			cli_error("s3://%s: not in the archive",
			    set.sel.names[i]);
			status = n == 1 && set.sel.nnames == 1 ? EX_NOINPUT :
			    1;
		}
	if (n > 1 && bad > 0)
		status = bad == n ? status : 1;
	if (set.failed > 0 && status == 0) {
		cli_say(0, "failed %" PRIu64, set.failed);
		status = 1;
	}
	dcor_arch_jobs_free(set.jobs);
	return cli_finish(status);
}

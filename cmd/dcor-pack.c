/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * dcor-pack - compress, strip, condense measurements
 */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/json.h"
#include "base/str.h"
#include "base/time.h"
#include "base/tmp.h"
#include "cli.h"
#include "segm/condense.h"

enum {
	OPT_PAGED = CLI_OPT_USER, OPT_CONDENSE, OPT_NO_BASINS,
	OPT_NO_COMPUTED, OPT_LUT, OPT_MEDIUM, OPT_TEMPERATURE, OPT_VISCOSITY,
	OPT_MODEL, OPT_JSON
};

static const struct cli_opt opts[] = {
	{ 'z', "compression", "none|keep|zstd-1...zstd-19",
	    "of the result (zstd-5)" },
	{ 'C', "chunk", "SIZE", "bytes of a chunk (as it is)" },
	{ 'x', "strip", "WHAT",
	    "leave out: logs, tables, basins, internal, unknown, a pattern" },
	{ OPT_CONDENSE, "condense", NULL,
	    "without images, with all scalar features" },
	{ OPT_NO_BASINS, "no-basin-features", NULL,
	    "condense: leave features of basins there" },
	{ OPT_NO_COMPUTED, "no-ancillary-features", NULL,
	    "condense: compute nothing from images" },
	{ OPT_LUT, "lut", "FILE",
	    "condense: compute emodulus by this table" },
	{ OPT_MEDIUM, "medium", "NAME", "of which the viscosity is known" },
	{ OPT_TEMPERATURE, "temperature", "C",
	    "of the medium (that of each event)" },
	{ OPT_MODEL, "viscosity-model", "buyukurganci-2022|herold-2017",
	    "how it follows from the temperature" },
	{ OPT_VISCOSITY, "viscosity", "MPAS", "of another medium" },
	{ OPT_PAGED, "paged", "SIZE",
	    "pages of that size, for reading from afar (4MiB)" },
	{ 'o', "output", "OUT", "result, or directory for results" },
	{ 'i', "in-place", NULL, "replace each file by its result" },
	{ 'f', "force", NULL, "replace an existing result" },
	{ 'j', "jobs", "N", "workers (the processors, at most 4)" },
	{ 'n', "dry-run", NULL, "print what would be done" },
	{ '0', "null", NULL, "names on stdin end with NUL" },
	{ OPT_JSON, "json", NULL, "print one JSON object a line" },
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
	"dcor-pack",
	"compress, strip, condense measurements",
	"[-0finqv] [-C SIZE] [-j N] [-o OUT] [-x WHAT] [-z LEVEL]\n"
	"[--condense] [--json] [--no-ancillary-features] "
	"[--no-basin-features]\n[--lut FILE] [--medium NAME] "
	"[--paged SIZE] [--progress MODE]\n[--temperature C] "
	"[--viscosity MPAS] [--viscosity-model MODEL] [FILE ...]",
	opts, libs
};

struct settings {
	struct dcor_pack	 p;
	struct dcor_condense	 c;
	int			 condense;
	const char		**strip;
	const char		*out;
	int			 out_is_dir;
	int			 in_place, force, dry, json, nul;
};

static int
level_of(const char *text)
{
	uint64_t n;

	if (strcmp(text, "none") == 0)
		return 0;
	if (strcmp(text, "keep") == 0)
		return DCOR_LEVEL_ASIS;
	if (strncmp(text, "zstd-", 5) == 0 && dcor_parse_u64(text + 5, &n) ==
	    DCOR_OK && n >= 1 && n <= 19)
		return (int)n;
	cli_usage("-z %s: not none, keep or zstd-1 ... zstd-19", text);
}

static void
add_strip(struct settings *s, const char *what)
{
	static const struct {
		const char	*name;
		unsigned	 drop;
	} word[] = {
		{ "logs", DCOR_DROP_LOGS }, { "tables", DCOR_DROP_TABLES },
		{ "basins", DCOR_DROP_BASINS },
		{ "internal", DCOR_DROP_INTERNAL },
		{ "unknown", DCOR_DROP_UNKNOWN }
	};
	size_t i;

	for (i = 0; i < sizeof(word) / sizeof(word[0]); i++)
		if (strcmp(what, word[i].name) == 0) {
			s->p.drop |= word[i].drop;
			return;
		}
	s->strip = realloc(s->strip, (s->p.nstrip + 1) * sizeof(*s->strip));
	if (s->strip == NULL)
		cli_die(EX_OSERR, "out of memory");
	s->strip[s->p.nstrip++] = what;
	s->p.strip = s->strip;
}

static uint64_t
size_of(const char *opt, const char *text, uint64_t min, uint64_t max)
{
	uint64_t n;

	if (dcor_parse_size(text, &n) != DCOR_OK || n < min || n > max)
		cli_usage("%s %s: not a size from %" PRIu64 " to %" PRIu64,
		    opt, text, min, max);
	return n;
}

static unsigned
parse_options(struct settings *s, int argc, char **argv)
{
	static const char *const models[] = { "herold-2017",
		"buyukurganci-2022", NULL };	/* as enum dcor_visc_model */
	unsigned jobs = dcor_pool_cpus();
	int ch;

	jobs = jobs > 4 ? 4 : jobs;
	s->c.model = DCOR_VISC_BUYUKURGANCI;
	s->c.temperature = (double)NAN;
	s->p.level = 5;
	while ((ch = cli_next(&cli, argc, argv)) != -1)
		switch (ch) {
		case 'z':
			s->p.level = level_of(optarg);
			break;
		case 'C':
			s->p.chunk_bytes = size_of("-C", optarg, 1,
			    (uint64_t)1 << 30);
			break;
		case 'x':
			add_strip(s, optarg);
			break;
		case OPT_CONDENSE:
			s->condense = 1;
			break;
		case OPT_NO_BASINS:
			s->c.no_basins = 1;
			break;
		case OPT_NO_COMPUTED:
			s->c.no_computed = 1;
			break;
		case OPT_LUT:
			s->c.lut = optarg;
			break;
		case OPT_MEDIUM:
			s->c.medium = optarg;
			break;
		case OPT_TEMPERATURE:
			s->c.temperature = cli_double("--temperature", optarg,
			    -20, 120);
			break;
		case OPT_MODEL:
			s->c.model = cli_choice("--viscosity-model", optarg,
			    models);
			break;
		case OPT_VISCOSITY:
			s->c.viscosity = cli_double("--viscosity", optarg,
			    1e-6, 1e6);
			break;
		case OPT_PAGED:
			s->p.page = size_of("--paged", optarg, 4096,
			    (uint64_t)1 << 30);
			break;
		case 'o':
			s->out = optarg;
			break;
		case 'i':
			s->in_place = 1;
			break;
		case 'f':
			s->force = 1;
			break;
		case 'j':
			jobs = (unsigned)cli_u64("-j", optarg, 1, 256);
			break;
		case 'n':
			s->dry = 1;
			break;
		case '0':
			s->nul = 1;
			break;
		case OPT_JSON:
			s->json = 1;
			break;
		default:
			break;
		}
	if (s->in_place && s->out != NULL)
		cli_usage("one of -o OUT and -i");
	if (s->c.lut != NULL && (s->c.medium != NULL) ==
	    (s->c.viscosity > 0))
		cli_usage("--lut: with one of --medium and --viscosity");
	if (s->p.level == DCOR_LEVEL_ASIS && s->p.chunk_bytes > 0)
		cli_usage("-C SIZE: not with -z keep");
	return jobs;
}

/* The name of the result; malloc'ed. */
static char *
name_result(const struct settings *s, const char *in)
{
	const char *base = strrchr(in, '/'), *dot;
	struct dcor_buf b;
	char *name = NULL;

	base = base != NULL ? base + 1 : in;
	dot = strrchr(base, '.');
	dcor_buf_init(&b, 65536);
	if (s->out_is_dir)
		dcor_buf_addf(&b, "%s/%s", s->out, base);
	else if (s->in_place || s->out != NULL)
		dcor_buf_adds(&b, s->in_place ? in : s->out);
	else {
		dcor_buf_add(&b, in, dot != NULL && dot != base ?
		    (size_t)(dot - in) : strlen(in));
		dcor_buf_adds(&b, s->condense ? "_condensed.rtdc" :
		    "_packed.rtdc");
	}
	if (dcor_buf_take(&b, &name, NULL, NULL) != DCOR_OK)
		cli_die(EX_OSERR, "out of memory");
	return name;
}

static uint64_t
bytes_of(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 ? (uint64_t)st.st_size : 0;
}

static void
report(const struct settings *s, const char *status, const char *in,
    const char *out, uint64_t was, uint64_t is,
    const struct dcor_pack_stats *st, double seconds)
{
	uint64_t anew = st->datasets - st->stored - st->verbatim;
	struct dcor_buf b;
	struct dcor_jw w;

	if (!s->json && !s->dry && cli_level() < 0)
		return;
	if (!s->json) {
		cli_tsv(status);
		putchar('\t');
		cli_tsv(in);
		putchar('\t');
		cli_tsv(out);
		printf("\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64
		    "\t%" PRIu64 "\n", was, is, st->datasets, anew,
		    st->dropped);
		fflush(stdout);
		return;
	}
	dcor_buf_init(&b, 1 << 20);
	dcor_jw_init(&w, &b, 0);
	dcor_jw_obj(&w);
	dcor_jw_kstr(&w, "type", "pack");
	dcor_jw_kstr(&w, "status", status);
	dcor_jw_kstr(&w, "input", in);
	dcor_jw_kstr(&w, "output", out);
	dcor_jw_ku64(&w, "size_before", was);
	dcor_jw_ku64(&w, "size", is);
	if (was > 0)
		dcor_jw_kdbl(&w, "ratio", (double)is / (double)was);
	dcor_jw_ku64(&w, "datasets", st->datasets);
	dcor_jw_ku64(&w, "as_stored", st->stored);
	dcor_jw_ku64(&w, "verbatim", st->verbatim);
	dcor_jw_ku64(&w, "anew", anew);
	dcor_jw_ku64(&w, "dropped", st->dropped);
	dcor_jw_kdbl(&w, "seconds", seconds);
	dcor_jw_end(&w);
	if (dcor_jw_done(&w, NULL) == DCOR_OK)
		cli_record(&b);
	dcor_buf_fini(&b);
}

static int
same_file(const char *a, const char *b)
{
	struct stat x, y;

	return stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev &&
	    x.st_ino == y.st_ino;
}

/* Whether a file would be replaced by one that is no better. */
static int
is_packed(const struct settings *s, const struct dcor_pack_stats *st)
{
	return s->in_place && !s->condense && s->p.page == 0 &&
	    st->dropped == 0 &&
	    st->stored + st->verbatim == st->datasets;
}

static int
pack(const struct settings *s, const char *in, const char *out)
{
	struct dcor_err err = DCOR_ERR_INIT;
	struct dcor_pack_stats st = { 0 };
	uint64_t was = bytes_of(in);
	int rc, replace = s->force || s->in_place;
	double t = dcor_seconds();
	const char *status = NULL;
	struct dcor_rtdc *m;

	if (!s->in_place && same_file(in, out)) {
		cli_error("%s: is input and result (-i does that)", in);
		return EX_USAGE;
	}
	rc = dcor_rtdc_open(in, &m, &err);
	if (rc == DCOR_OK)
		rc = dcor_pack_plan(dcor_rtdc_h5(m), &s->p, &st, &err);
	if (rc == DCOR_OK)
		status = is_packed(s, &st) ? "skipped" : s->dry ? "planned" :
		    NULL;
	if (rc == DCOR_OK && status == NULL) {
		cli_progress_start(in, "bytes", st.bytes);
		rc = s->condense ? dcor_condense_file(m, out, replace,
		    &s->c, &st, &err) : dcor_pack_file(dcor_rtdc_h5(m), out,
		    replace, &s->p, &st, &err);
		cli_progress_end();
	}
	dcor_rtdc_close(m);
	if (rc != DCOR_OK) {
		if (cli_stopped())
			cli_killed();
		return cli_err(&err, in);
	}
	if (status != NULL) {
		report(s, status, in, out, was, status[0] == 'p' ? 0 : was,
		    &st, dcor_lap(&t));
		return 0;
	}
	report(s, "done", in, out, was, bytes_of(out), &st, dcor_lap(&t));
	return 0;
}

int
main(int argc, char **argv)
{
	struct settings s = { .p = { .progress = cli_on_progress,
	    .stopped = cli_on_stopped } };
	struct dcor_err err = DCOR_ERR_INIT;
	unsigned jobs, n = 0, failed = 0;
	struct cli_list list;
	struct stat st;
	const char *in;
	int status = 0, rc;
	char *out;

	jobs = parse_options(&s, argc, argv);
	if (s.out != NULL)
		s.out_is_dir = stat(s.out, &st) == 0 && S_ISDIR(st.st_mode);
	if (s.out != NULL && !s.out_is_dir && (argc - optind != 1 ||
	    strcmp(argv[optind], "-") == 0))
		cli_die(EX_USAGE, "-o %s: not a directory", s.out);
	cli_signals(dcor_tmp_unlink_all);
	if (dcor_pool_new(jobs, &s.p.pool, &err) != DCOR_OK)
		cli_die_err(&err, NULL);
	if (s.condense)
		s.p.drop |= DCOR_DROP_IMAGES;
	s.c.pack = s.p;
	s.c.software = "dcor-tools " DCOR_VERSION;
	cli_list_init(&list, argv + optind, s.nul);
	while ((in = cli_list_next(&list)) != NULL) {
		if (cli_stopped())
			cli_killed();
		out = name_result(&s, in);
		rc = pack(&s, in, out);
		free(out);
		n++;
		if (rc != 0) {
			failed++;
			status = rc;
		}
	}
	dcor_pool_free(s.p.pool);
	free(s.strip);
	if (n > 1 && failed > 0) {
		cli_say(0, "failed %u of %u", failed, n);
		status = 1;
	}
	return cli_finish(status);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * dcor-segment - find the cells in a measurement and compute their features
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/json.h"
#include "base/tmp.h"
#include "cli.h"
#include "rtdc/file.h"
#include "segm/run.h"

enum {
	OPT_SEGMENTER = CLI_OPT_USER, OPT_FEATURES, OPT_GATE, OPT_PIPELINE,
	OPT_DRAIN, OPT_JSON
};

static const struct cli_opt opts[] = {
	{ 'b', "background", "BACKGROUND",
	    "sparsemed, rollmed or copy, with keywords: CODE:k=v^k=v" },
	{ OPT_SEGMENTER, "segmenter", "SEGMENTER",
	    "how objects are found (thresh:thresh=-6)" },
	{ OPT_FEATURES, "features", "FEATURES",
	    "which features are computed (legacy:haralick=1...)" },
	{ OPT_GATE, "gate", "GATE",
	    "which events are kept (norm:size_thresh_mask=10)" },
	{ OPT_PIPELINE, "pipeline", "ID",
	    "all of these at once: replay a pipeline identifier" },
	{ 'P', "pixel-size", "UM", "size of a pixel in micrometres" },
	{ 'l', "limit", "LIMIT", "frames to use: N, A-B or A-B-S" },
	{ OPT_DRAIN, "drain", NULL,
	    "copy the images instead of pointing to the input" },
	{ 'z', "compression", "none|zstd-1...zstd-9",
	    "of the result (zstd-5)" },
	{ 'o', "output", "OUT", "result, or directory for results" },
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
	"dcor-segment",
	"find the cells in a measurement and compute their features",
	"[-0fnqv] [-b BACKGROUND] [-j N] [-l LIMIT] [-o OUT] [-P UM]\n"
	"[-z LEVEL] [--drain] [--features FEATURES] [--gate GATE] [--json]\n"
	"[--pipeline ID] [--progress MODE] [--segmenter SEGMENTER] "
	"[FILE ...]",
	opts, libs
};

/* What the command line asks for. */
struct settings {
	struct dcor_segm_opts	 o;
	const char		*out;
	int			 out_is_dir;
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

/* Whether a background says itself what to do about flickering. */
static int
names_offset(const char *background)
{
	const char *p = strchr(background, ':');

	for (p = p != NULL ? p + 1 : background; *p != '\0';) {
		if (*p == 'o')
			return 1;
		p += strcspn(p, "^");
		p += *p == '^';
	}
	return 0;
}

static void
set_part(struct settings *s, enum dcor_part part, const char *opt,
    const char *text)
{
	struct dcor_err err = DCOR_ERR_INIT;

	if (dcor_pipeline_set(&s->o.pipeline, part, text, &err) != DCOR_OK)
		cli_usage("%s: %s", opt, err.msg);
}

static unsigned
parse_options(struct settings *s, int argc, char **argv)
{
	struct dcor_err err = DCOR_ERR_INIT;
	unsigned jobs = dcor_pool_cpus();
	int ch;

	jobs = jobs > 4 ? 4 : jobs;
	dcor_pipeline_default(&s->o.pipeline);
	s->o.offset_auto = 1;
	s->o.level = 5;
	while ((ch = cli_next(&cli, argc, argv)) != -1)
		switch (ch) {
		case 'b':
			set_part(s, DCOR_PART_BACKGROUND, "-b", optarg);
			s->o.offset_auto = !names_offset(optarg);
			break;
		case OPT_SEGMENTER:
			set_part(s, DCOR_PART_SEGMENTER, "--segmenter",
			    optarg);
			break;
		case OPT_FEATURES:
			set_part(s, DCOR_PART_FEATURES, "--features", optarg);
			break;
		case OPT_GATE:
			set_part(s, DCOR_PART_GATE, "--gate", optarg);
			break;
		case OPT_PIPELINE:
			if (dcor_pipeline_parse(&s->o.pipeline, optarg,
			    &err) != DCOR_OK)
				cli_usage("--pipeline: %s", err.msg);
			s->o.offset_auto = 0;
			break;
		case 'P':
			s->o.pipeline.pixel_size = cli_double("-P", optarg,
			    1e-8, 1e6);
			break;
		case 'l':
			if (dcor_map_parse(&s->o.pipeline.map, optarg,
			    &err) != DCOR_OK)
				cli_usage("-l %s: %s", optarg, err.msg);
			break;
		case OPT_DRAIN:
			s->o.images = DCOR_IMAGES_DRAIN;
			break;
		case 'z':
			s->o.level = level_of(optarg);
			break;
		case 'o':
			s->out = optarg;
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
	return jobs;
}

/* The name of the result; malloc'ed, or NULL. */
static char *
name_result(const struct settings *s, const char *in)
{
	const char *base = strrchr(in, '/'), *dot;
	struct dcor_buf b;
	size_t stem;
	char *name = NULL;

	if (s->out != NULL && !s->out_is_dir)
		return strdup(s->out);
	base = base != NULL ? base + 1 : in;
	dot = strrchr(base, '.');
	stem = dot != NULL && dot != base ? (size_t)(dot - base) :
	    strlen(base);
	dcor_buf_init(&b, 65536);
	if (s->out != NULL)
		dcor_buf_addf(&b, "%s/", s->out);
	else
		dcor_buf_add(&b, in, (size_t)(base - in));
	dcor_buf_add(&b, base, stem);
	dcor_buf_adds(&b, "_dcn.rtdc");
	if (dcor_buf_take(&b, &name, NULL, NULL) != DCOR_OK)
		return NULL;
	return name;
}

static void
report(const struct settings *s, const char *status, const char *in,
    const char *out, const struct dcor_segm *sg,
    const struct dcor_segm_stats *st)
{
	const struct dcor_ppid *id = dcor_segm_ppid(sg);
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
		printf("\t%llu\t", (unsigned long long)dcor_segm_frames(sg));
		if (st != NULL)
			printf("%llu", (unsigned long long)st->events);
		else
			putchar('-');
		printf("\t%s\t%s\n", id->hash, id->id);
		fflush(stdout);
		return;
	}
	dcor_buf_init(&b, 1 << 20);
	dcor_jw_init(&w, &b, 0);
	dcor_jw_obj(&w);
	dcor_jw_kstr(&w, "type", "segment");
	dcor_jw_kstr(&w, "status", status);
	dcor_jw_kstr(&w, "input", in);
	dcor_jw_kstr(&w, "output", out);
	dcor_jw_ku64(&w, "frames", dcor_segm_frames(sg));
	dcor_jw_key(&w, "events");
	if (st != NULL)
		dcor_jw_u64(&w, st->events);
	else
		dcor_jw_null(&w);
	dcor_jw_kstr(&w, "hash", id->hash);
	dcor_jw_kstr(&w, "pipeline", id->id);
	if (st != NULL)
		dcor_jw_kdbl(&w, "seconds", st->wall);
	dcor_jw_end(&w);
	if (dcor_jw_done(&w, NULL) == DCOR_OK)
		cli_record(&b);
	dcor_buf_fini(&b);
}

/*
 * Looks at what already has the name of the result: 1 when this pipeline
 * made it from this input, 0 when there is nothing, -1 for anything else.
 */
static int
look_at(const char *out, const char *hash, const char *mid)
{
	const char *was, *run;
	struct dcor_rtdc *m;
	struct stat st;
	char want[64];
	int same;

	if (stat(out, &st) != 0)
		return errno == ENOENT ? 0 : -1;
	if (dcor_rtdc_open(out, &m, NULL) != DCOR_OK)
		return -1;
	was = dcor_rtdc_text(m, "pipeline:dcnum hash");
	run = dcor_rtdc_text(m, "experiment:run identifier");
	same = was != NULL && strcmp(was, hash) == 0 && run != NULL;
	snprintf(want, sizeof(want), "%sdcn-%.7s", mid != NULL ? "_" : "",
	    hash);
	if (same && mid != NULL)
		same = strncmp(run, mid, strlen(mid)) == 0 &&
		    strcmp(run + strlen(mid), want) == 0;
	else if (same)
		same = strcmp(run, want) == 0;
	dcor_rtdc_close(m);
	return same ? 1 : -1;
}

static void
on_progress(void *ctx, const char *stage, uint64_t done, uint64_t total)
{
	(void)ctx;
	(void)total;
	if (strcmp(stage, "segmentation") == 0)
		cli_progress(done);
}

static void
tell_times(const char *in, const struct dcor_segm_stats *st)
{
	cli_say(1, "%s: %llu frames, %llu events in %.2f s: %.0f frames/s, "
	    "%.0f events/s", in, (unsigned long long)st->frames,
	    (unsigned long long)st->events, st->wall,
	    (double)st->frames / st->wall, (double)st->events / st->wall);
	cli_say(2, "%s: background %.3f s (%llu images); summed over the "
	    "workers: read %.3f, background %.3f, threshold %.3f, extract "
	    "%.3f, compress %.3f; write %.3f s", in, st->background,
	    (unsigned long long)st->bg_images, st->read, st->bg, st->thresh,
	    st->extract, st->encode, st->write);
}

static int
same_file(const char *a, const char *b)
{
	struct stat x, y;

	return stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev &&
	    x.st_ino == y.st_ino;
}

/* An opened plan -> result.  0 or an exit status. */
static int
work(const struct settings *s, const char *in, const char *out,
    struct dcor_segm *sg)
{
	struct dcor_err err = DCOR_ERR_INIT;
	const struct dcor_ppid *id = dcor_segm_ppid(sg);
	struct dcor_segm_stats st;
	const char *note;
	unsigned i, told;
	int was;

	if (same_file(in, out)) {
		cli_error("%s: is input and result", in);
		return EX_USAGE;
	}
	for (told = 0; (note = dcor_segm_note(sg, told)) != NULL; told++)
		cli_warn("%s: %s", in, note);
	if (dcor_segm_is_done(sg) && !s->force) {
		cli_say(0, "%s: already the result of this pipeline", in);
		report(s, "skipped", in, in, sg, NULL);
		return 0;
	}
	was = s->force ? 0 : look_at(out, id->hash, dcor_segm_input_id(sg));
	if (was == 1) {
		cli_say(0, "%s: already there, made by this pipeline", out);
		report(s, "skipped", in, out, sg, NULL);
		return 0;
	}
	if (was == -1) {
		cli_error("%s: exists (-f replaces it)", out);
		return EX_CANTCREAT;
	}
	if (s->dry) {
		report(s, "planned", in, out, sg, NULL);
		return 0;
	}
	cli_progress_start(in, "frames", dcor_segm_frames(sg));
	(void)dcor_segm_run(sg, out, s->force, &st, &err);
	cli_progress_end();
	if (err.code != DCOR_OK) {
		if (cli_stopped())
			cli_killed();
		return cli_err(&err, in);
	}
	for (i = told; (note = dcor_segm_note(sg, i)) != NULL; i++)
		cli_warn("%s: %s", in, note);
	if (st.events == 0)
		cli_warn("%s: no events found", in);
	tell_times(in, &st);
	report(s, "done", in, out, sg, &st);
	return 0;
}

static int
segment(const struct settings *s, const char *in)
{
	struct dcor_err err = DCOR_ERR_INIT;
	struct dcor_segm_opts o = s->o;
	struct dcor_segm *sg;
	char *out;
	int status;

	o.in = in;
	if (dcor_segm_open(&o, &sg, &err) != DCOR_OK) {
		if (cli_stopped())
			cli_killed();
		return cli_err(&err, in);
	}
	out = name_result(s, in);
	if (out == NULL)
		cli_die(EX_OSERR, "out of memory");
	status = work(s, in, out, sg);
	free(out);
	dcor_segm_close(sg);
	return status;
}

int
main(int argc, char **argv)
{
	struct settings s = { .o = { .software = "dcor-tools "
	    DCOR_VERSION, .progress = on_progress,
	    .stopped = cli_on_stopped } };
	struct dcor_err err = DCOR_ERR_INIT;
	unsigned jobs, n = 0, failed = 0;
	struct cli_list list;
	struct stat st;
	const char *in;
	int status = 0, rc;

	jobs = parse_options(&s, argc, argv);
	if (s.out != NULL)
		s.out_is_dir = stat(s.out, &st) == 0 && S_ISDIR(st.st_mode);
	if (s.out != NULL && !s.out_is_dir && (argc - optind != 1 ||
	    strcmp(argv[optind], "-") == 0))
		cli_die(EX_USAGE, "-o %s: not a directory", s.out);
	cli_signals(dcor_tmp_unlink_all);
	if (dcor_pool_new(jobs, &s.o.pool, &err) != DCOR_OK)
		cli_die_err(&err, NULL);
	cli_list_init(&list, argv + optind, s.nul);
	while ((in = cli_list_next(&list)) != NULL) {
		if (cli_stopped())
			cli_killed();
		rc = segment(&s, in);
		n++;
		if (rc != 0) {
			failed++;
			status = rc;
		}
	}
	dcor_pool_free(s.o.pool);
	if (n > 1 && failed > 0) {
		cli_say(0, "failed %u of %u", failed, n);
		status = 1;
	}
	return cli_finish(status);
}

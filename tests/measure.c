/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * measure - what is in measurements, by any name: a list of what there is,
 * or the bytes of features; what it took to stderr
 *
 *	measure NAME ...		features, shapes, attributes
 *	measure -F FEATURE,... [-o FIRST-LAST] NAME ...	bytes
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/pool.h"
#include "cli.h"
#include "net/h5url.h"
#include "rtdc/file.h"

enum { OPT_CACHE = CLI_OPT_USER, OPT_CACHE_SIZE, OPT_MEMORY, OPT_TRIES,
    OPT_PAUSE, OPT_STALL, OPT_LIST, OPT_AHEAD };

static const struct cli_opt opts[] = {
	{ 'F', "feature", "FEATURE,...", "read them" },
	{ 'j', "jobs", "N", "threads" },
	{ 'o', "output", "FIRST-LAST", "these events" },
	{ 'p', "profile", "NAME", "credentials" },
	{ OPT_CACHE, "cache", "DIR", "on disk" },
	{ OPT_CACHE_SIZE, "cache-size", "BYTES", "of it" },
	{ OPT_MEMORY, "memory", "BYTES", "kept" },
	{ OPT_TRIES, "tries", "N", "of one request" },
	{ OPT_STALL, "stall", "SECONDS", "of silence" },
	{ OPT_PAUSE, "pause", "MS", "before each block" },
	{ OPT_LIST, "events", "N,N,...", "these, one by one" },
	{ OPT_AHEAD, "no-ahead", NULL, "announce nothing" },
	CLI_QUIET, CLI_VERBOSE,
	{ 0, NULL, NULL, NULL }
};
static const struct cli cli = { "measure", "read measurements", "NAME ...",
    opts, NULL };

static struct {
	const char	*feature, *range, *list;
	struct dcor_opener opener;
	struct dcor_pool *pool;
	struct dcor_reader **reader;
	uint64_t	 pause;
	int		 no_ahead;
} set;

struct block {
	const struct dcor_feature *f;
	uint64_t	 first, n;
	unsigned char	*buf;
	struct dcor_err	 err;
	struct dcor_task task;
};

static void
read_block(void *arg, unsigned worker)
{
	struct block *b = arg;
	struct timespec t = { 0, (long)set.pause * 1000000 };

	if (set.pause > 0)
		nanosleep(&t, NULL);
	(void)dcor_feature_read(b->f, set.reader[worker], b->first, b->n,
	    b->buf, &b->err);
}

/* By blocks of about 1 MiB in parallel, in order to stdout. */
static int
dump(const struct dcor_feature *f, uint64_t first, uint64_t n,
    struct dcor_err *err)
{
	size_t row = dcor_dset_row_size(f->set), nblock, i, done = 0, ahead;
	size_t sent = 0;
	uint64_t per = dcor_dset_chunk_rows(f->set);
	struct block *b;

	while (per * row < 1 << 20 && per < n)
		per *= 2;
	per = per > 0 ? per : 1;
	nblock = (size_t)((n + per - 1) / per);
	ahead = 2 * dcor_pool_workers(set.pool);
	if ((b = calloc(nblock + 1, sizeof(*b))) == NULL)
		return dcor_err_nomem(err);
	if (!set.no_ahead)
		dcor_feature_expect(f, first, n);
	for (i = 0; i < nblock + ahead; i++) {
		if (i < nblock && err->code == DCOR_OK) {
			b[i].f = f;
			b[i].first = first + i * per;
			b[i].n = n - i * per < per ? n - i * per : per;
			b[i].buf = malloc((size_t)b[i].n * row + 1);
			b[i].task.fn = read_block;
			b[i].task.arg = &b[i];
			dcor_pool_submit(set.pool, &b[i].task);
			sent++;
		}
		if (i < ahead || done == sent)
			continue;
		dcor_pool_wait(set.pool, &b[done].task);
		if (err->code == DCOR_OK && b[done].err.code == DCOR_OK)
			fwrite(b[done].buf, row, (size_t)b[done].n, stdout);
		dcor_err_copy(err, &b[done].err);
		free(b[done++].buf);
	}
	free(b);
	return err->code;
}

static int
dump_list(const struct dcor_feature *f, const char *list,
    struct dcor_err *err)
{
	size_t row = dcor_dset_row_size(f->set), n = 0, i;
	unsigned char *buf = malloc(row + 1);
	uint64_t event[1000];
	char *end;

	for (; *list != '\0' && n < 1000; list = end + (*end == ','))
		event[n++] = strtoull(list, &end, 10);
	if (!set.no_ahead)
		dcor_feature_expect_list(f, event, n);
	for (i = 0; err->code == DCOR_OK && i < n; i++)
		if (dcor_feature_read(f, set.reader[0], event[i], 1, buf,
		    err) == DCOR_OK)
			fwrite(buf, row, 1, stdout);
	free(buf);
	return err->code;
}

static int
feature(struct dcor_rtdc *m, const char *name, struct dcor_err *err)
{
	struct dcor_feature f;
	uint64_t first = 0, n;
	char *end;

	if (dcor_rtdc_feature(m, name, &f, err) != DCOR_OK)
		return err->code;
	n = f.n;
	if (set.range != NULL) {
		first = strtoull(set.range, &end, 10);
		n = strtoull(end + 1, NULL, 10) - first + 1;
	}
	if (set.list != NULL)
		(void)dump_list(&f, set.list, err);
	else
		(void)dump(&f, first, n, err);
	dcor_feature_fini(&f);
	return err->code;
}

static int
features(struct dcor_rtdc *m, const char *list, struct dcor_err *err)
{
	char name[256];
	size_t n;

	for (; err->code == DCOR_OK && *list != '\0'; list += n +
	    (list[n] == ',')) {
		n = strcspn(list, ",");
		snprintf(name, sizeof(name), "%.*s", (int)n, list);
		(void)feature(m, name, err);
	}
	return err->code;
}

static int
attributes(struct dcor_h5 *h, const char *path, struct dcor_err *err)
{
	struct dcor_names at;
	struct dcor_attr a;
	size_t i;

	if (dcor_h5_attrs(h, path, &at, err) != DCOR_OK)
		return err->code;
	for (i = 0; i < at.n; i++) {
		if (dcor_h5_attr(h, path, at.name[i], &a, err) != DCOR_OK)
			break;
		printf("%s\t@%s\t%d\t%s\t%.17g\n", path, at.name[i],
		    (int)a.kind, a.text != NULL ? a.text : "", a.f);
		dcor_attr_fini(&a);
	}
	dcor_names_fini(&at);
	return err->code;
}

static int
group(struct dcor_h5 *h, const char *path, struct dcor_err *err)
{
	struct dcor_names in;
	struct dcor_dset *d;
	char name[1024];
	unsigned k;
	size_t i;

	if (dcor_h5_list(h, path, &in, err) != DCOR_OK)
		return err->code;
	for (i = 0; err->code == DCOR_OK && i < in.n; i++) {
		snprintf(name, sizeof(name), "%s/%s", path, in.name[i]);
		if (dcor_h5_kind(h, name) == DCOR_H5_GROUP)
			(void)group(h, name, err);
		if (dcor_h5_kind(h, name) != DCOR_H5_DATASET ||
		    dcor_dset_open(h, name, &d, err) != DCOR_OK)
			continue;
		printf("%s", name);
		for (k = 0; k < dcor_dset_info(d)->rank; k++)
			printf("\t%" PRIu64, dcor_dset_info(d)->dim[k]);
		putchar('\n');
		dcor_dset_close(d);
		(void)attributes(h, name, err);
	}
	dcor_names_fini(&in);
	return err->code;
}

static int
one(const char *name)
{
	struct dcor_err err = DCOR_ERR_INIT;
	struct dcor_rtdc *m;

	if (dcor_rtdc_open_by(name, &set.opener, &m, &err) != DCOR_OK)
		return cli_err(&err, NULL);
	if (set.feature != NULL)
		(void)features(m, set.feature, &err);
	else if (attributes(dcor_rtdc_h5(m), "/", &err) == DCOR_OK)
		(void)group(dcor_rtdc_h5(m), "events", &err);
	if (err.code == DCOR_OK)
		(void)dcor_h5_intact(dcor_rtdc_h5(m), &err);
	dcor_rtdc_close(m);
	return err.code == DCOR_OK ? 0 : cli_err(&err, NULL);
}

static void
on_log(void *arg, int level, const char *line)
{
	(void)arg;
	cli_say(level, "%s", line);
}

int
main(int argc, char **argv)
{
	struct dcor_http_conf hc = { .backoff = 0.01, .log = on_log };
	struct dcor_h5url_conf uc = { 0 };
	struct dcor_site_args args = { 0 };
	struct dcor_err err = DCOR_ERR_INIT;
	struct dcor_h5url_stats st;
	struct dcor_site *site;
	struct dcor_h5url *u;
	unsigned jobs = 2, i;
	int ch, worst = 0, rc;

	while ((ch = cli_next(&cli, argc, argv)) != -1)
		switch (ch) {
		case 'F': set.feature = optarg; break;
		case 'j':
			jobs = (unsigned)cli_u64("-j", optarg, 1, 64);
			break;
		case 'o': set.range = optarg; break;
		case 'p': args.profile = optarg; break;
		case OPT_CACHE: uc.cache = optarg; break;
		case OPT_CACHE_SIZE:
			uc.cache_size = cli_u64("", optarg, 0, UINT64_MAX);
			break;
		case OPT_MEMORY:
			uc.memory = (size_t)cli_u64("", optarg, 0, SIZE_MAX);
			break;
		case OPT_TRIES:
			hc.tries = (unsigned)cli_u64("", optarg, 1, 99);
			break;
		case OPT_STALL:
			hc.stall = cli_double("", optarg, 0, 99);
			break;
		case OPT_PAUSE:
			set.pause = cli_u64("", optarg, 0, 999);
			break;
		case OPT_LIST: set.list = optarg; break;
		case OPT_AHEAD: set.no_ahead = 1; break;
		default: break;
		}
	if (dcor_site_open(&args, 0, &site, &err) != DCOR_OK ||
	    dcor_http_new(&hc, &uc.http, &err) != DCOR_OK)
		cli_die_err(&err, NULL);
	uc.site = site;
	set.reader = calloc(jobs, sizeof(*set.reader));
	if (set.reader == NULL || dcor_h5url_new(&uc, &u, &err) != DCOR_OK ||
	    dcor_pool_new(jobs, &set.pool, &err) != DCOR_OK)
		cli_die_err(&err, NULL);
	for (i = 0; i < jobs; i++)
		if (dcor_reader_new(&set.reader[i], &err) != DCOR_OK)
			cli_die_err(&err, NULL);
	set.opener.open = dcor_h5url_open;
	set.opener.more = dcor_h5url_more;
	set.opener.ctx = u;
	for (; argv[optind] != NULL; optind++)
		if ((rc = one(argv[optind])) != 0)
			worst = rc;
	dcor_h5url_stats(u, &st);
	fprintf(stderr, "%" PRIu64 " requests %" PRIu64 " fetched %" PRIu64
	    " wanted %" PRIu64 " cached\n", st.requests, st.fetched,
	    st.wanted, st.cached);
	for (i = 0; i < jobs; i++)
		dcor_reader_free(set.reader[i]);
	free(set.reader);
	dcor_pool_free(set.pool);
	dcor_h5url_free(u);
	dcor_http_free(uc.http);
	dcor_site_free(site);
	return cli_finish(worst);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * refargs - print a recorded job of dcnum as options of dcor-segment, one
 * a line
 */
#include <unistd.h>

#include "base/json.h"
#include "npz.h"

enum { O_ID = CLI_OPT_USER };

static const struct cli_opt opts[] = {
	{ O_ID, "id", NULL, "print the pipeline identifier instead" },
	{ 0, NULL, NULL, NULL }
};
static const struct cli refargs = { "refargs", "options of a recorded job",
    "refargs [--id] JOB.json", opts, NULL };

/* Keyword arguments as CODE:k=v^k=v, with more as keywords of their own. */
static void
keywords(const char *opt, const char *code, const struct dcor_json *kw,
    const char *more)
{
	const struct dcor_json *v, *w;
	const char *k, *sep = ":";
	void *it = NULL, *jt = NULL;
	double d;
	int b;

	printf("%s\n%s", opt, code);
	while (kw != NULL && (v = dcor_json_each(kw, &it, &k)) != NULL) {
		w = v;
		if (dcor_json_type(v) == DCOR_JSON_OBJ)
			w = dcor_json_each(v, &jt, &k);
		while (w != NULL) {
			if (dcor_json_bool(w, &b))
				d = b;
			else if (!dcor_json_dbl(w, &d))
				cli_die(65, "%s: not a number", k);
			printf("%s%s=%.15g", sep, k, d);
			sep = "^";
			w = v == w ? NULL : dcor_json_each(v, &jt, &k);
		}
	}
	printf("%s%s\n", *more != '\0' ? sep : "", more);
}

static void
print_args(const struct dcor_json *job)
{
	const struct dcor_json *data = dcor_json_get(job, "data_kwargs");
	const struct dcor_json *map, *kw;
	const char *s = dcor_json_str(dcor_json_get(job, "background_code"));
	int64_t v[3];
	size_t i;
	double px;

	kw = dcor_json_get(job, "background_kwargs");
	if (s == NULL)
		s = "sparsemed";
	/* left open, it depends on whether the measurement flickers */
	keywords("-b", s, kw, strcmp(s, "sparsemed") != 0 ||
	    dcor_json_get(kw, "offset_correction") != NULL ? "" :
	    "offset_correction=1");
	if ((kw = dcor_json_get(job, "segmenter_kwargs")) != NULL)
		keywords("--segmenter", "thresh", kw, "");
	if ((kw = dcor_json_get(job, "feature_kwargs")) != NULL)
		keywords("--features", "legacy", kw, "");
	if ((kw = dcor_json_get(job, "gate_kwargs")) != NULL)
		keywords("--gate", "norm", kw, "");
	if (dcor_json_dbl(dcor_json_get(data, "pixel_size"), &px))
		printf("-P\n%.8g\n", px);
	map = dcor_json_get(dcor_json_get(data, "index_mapping"), "slice");
	for (i = 0; i < 3; i++)
		if (!dcor_json_i64(dcor_json_at(map, i), &v[i]))
			break;
	if (i == 3)
		printf("-l\n%lld-%lld-%lld\n", (long long)v[0],
		    (long long)v[1], (long long)v[2]);
	s = dcor_json_str(dcor_json_get(job, "basin_strategy"));
	if (s == NULL || strcmp(s, "tap") != 0)
		printf("--drain\n");
}

static void
print_id(const struct dcor_json *attrs)
{
	static const char *const part[] = { "generation", "data",
	    "background", "segmenter", "feature", "gate" };
	const char *s;
	char key[64];
	size_t i;

	for (i = 0; i < sizeof(part) / sizeof(*part); i++) {
		snprintf(key, sizeof(key), "pipeline:dcnum %s", part[i]);
		s = dcor_json_str(dcor_json_get(attrs, key));
		printf("%s%s", i > 0 ? "|" : "", s != NULL ? s : "?");
	}
	printf("\n");
}

int
main(int argc, char **argv)
{
	struct dcor_err err = DCOR_ERR_INIT;
	struct dcor_json *j;
	char *text;
	size_t n;
	int c, id = 0;

	while ((c = cli_next(&refargs, argc, argv)) != -1)
		id |= c == O_ID;
	if (argc - optind != 1)
		cli_usage("name a job");
	text = (char *)npz_slurp(argv[optind], &n);
	if (dcor_json_parse(text, n, n, &j, &err) != 0)
		cli_die_err(&err, argv[optind]);
	if (id)
		print_id(dcor_json_get(j, "attrs"));
	else
		print_args(dcor_json_get(j, "job"));
	dcor_json_free(j);
	free(text);
	return cli_finish(0);
}

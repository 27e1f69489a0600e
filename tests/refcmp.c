/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * refcmp - compare a result with a recorded job of dcnum
 *
 * JOB.json says how the job was called and what its file was made of,
 * JOB.npz holds the numbers.  The result is read by libhdf5 alone.  TAP.
 */
#include <math.h>
#include <stdarg.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/json.h"
#include "h5test.h"
#include "npz.h"

static const struct cli_opt opts[] = {
	CLI_QUIET,
	CLI_VERBOSE,
	{ 0, NULL, NULL, NULL }
};
static const struct cli refcmp = { "refcmp", "compare with a recorded job",
    "refcmp [-v] JOB.json RESULT", opts, NULL };

/* dcnum and an exact program agree in every bit of these. */
static const char *const exact[] = {
	"area_msd", "area_ratio", "area_um", "area_um_raw", "aspect",
	"deform", "deform_raw", "inert_ratio_cvx", "inert_ratio_raw",
	"per_ratio", "per_um_raw", "pos_x", "pos_y", "size_x", "size_y",
	"bg_off", "bg_med", "bright_avg", "bright_sd", "bright_bc_avg",
	"bright_bc_sd", "bright_perc_10", "bright_perc_90", "frame", "time",
	NULL
};

static int ntest, nbad;

static void say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

static void
say(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	printf("# ");
	vprintf(fmt, ap);
	printf("\n");
	va_end(ap);
}

static void
check(int good, const char *what, const char *which)
{
	nbad += !good;
	printf("%sok %d - %s%s%s\n", good ? "" : "not ", ++ntest, what,
	    *which != '\0' ? ": " : "", which);
}

/* The type as NumPy calls it. */
static void
type_name(hid_t t, char out[16])
{
	size_t n = H5Tget_size(t);

	snprintf(out, 16, "%s%zu", H5Tget_class(t) == H5T_FLOAT ? "float" :
	    H5Tget_class(t) != H5T_INTEGER ? "class" :
	    H5Tget_sign(t) == H5T_SGN_NONE ? "uint" : "int", 8 * n);
}

static int
same_dims(const struct dcor_json *want, const hsize_t *got, int rank)
{
	int64_t v;
	int i;

	if (dcor_json_len(want) != (size_t)rank)
		return 0;
	for (i = 0; i < rank; i++)
		if (!dcor_json_i64(dcor_json_at(want, (size_t)i), &v) ||
		    v != (int64_t)got[i])
			return 0;
	return 1;
}

static int
is_fixed(hid_t d, const char *name, const char *want)
{
	char got[64] = "";
	hid_t a, t;
	int good;

	if (H5Aexists(d, name) <= 0)
		return 0;
	a = H5Aopen(d, name, H5P_DEFAULT);
	t = H5Aget_type(a);
	good = H5Tget_class(t) == H5T_STRING && !H5Tis_variable_str(t) &&
	    H5Tget_size(t) == strlen(want) && H5Tget_size(t) < sizeof(got) &&
	    H5Aread(a, t, got) >= 0 && strcmp(got, want) == 0;
	H5Tclose(t);
	H5Aclose(a);
	return good;
}

static void
dataset(hid_t f, const char *path, const struct dcor_json *want)
{
	hid_t d = H5Dopen2(f, path, H5P_DEFAULT), t, p, sp;
	const char *type = dcor_json_str(dcor_json_at(want, 0));
	hsize_t shape[4] = { 0 }, ck[4] = { 0 }, max[4] = { 0 };
	unsigned flags, val[8];
	size_t nval = 8;
	int rank, good = 1, nf;
	char got[16];

	if (d < 0) {
		check(0, "dataset", path);
		say("is not there");
		return;
	}
	t = H5Dget_type(d);
	type_name(t, got);
	if (type == NULL || strcmp(type, got) != 0) {
		good = 0;
		say("type %s, should be %s", got, type ? type : "?");
	}
	rank = h5test_shape(d, shape);
	if (!same_dims(dcor_json_at(want, 1), shape, rank)) {
		good = 0;
		say("shape differs: %llu rows", (unsigned long long)shape[0]);
	}
	sp = H5Dget_space(d);
	H5Sget_simple_extent_dims(sp, NULL, max);
	H5Sclose(sp);
	p = H5Dget_create_plist(d);
	if (H5Pget_layout(p) != H5D_CHUNKED ||
	    H5Pget_chunk(p, 4, ck) != rank ||
	    !same_dims(dcor_json_at(want, 2), ck, rank) ||
	    max[0] != H5S_UNLIMITED) {
		good = 0;
		say("chunks differ: %llu rows", (unsigned long long)ck[0]);
	}
	nf = H5Pget_nfilters(p);
	if (nf != 2 || H5Pget_filter2(p, 0, &flags, &nval, val, 0, NULL, NULL)
	    != H5TEST_ZSTD || nval != 1 || val[0] != 5 || (nval = 0,
	    H5Pget_filter2(p, 1, &flags, &nval, NULL, 0, NULL, NULL)) !=
	    H5Z_FILTER_FLETCHER32) {
		good = 0;
		say("filters differ: not Zstandard 5, Fletcher32");
	}
	if (rank == 3 && (!is_fixed(d, "CLASS", "IMAGE") ||
	    !is_fixed(d, "IMAGE_VERSION", "1.2") ||
	    !is_fixed(d, "IMAGE_SUBCLASS", "IMAGE_GRAYSCALE"))) {
		good = 0;
		say("image attributes differ");
	}
	check(good, "dataset", path);
	H5Pclose(p);
	H5Tclose(t);
	H5Dclose(d);
}

struct walk {
	const struct dcor_json	*want;
	const char		*group;
	int			 extra;
};

static herr_t
walk_one(hid_t g, const char *name, const H5L_info_t *info, void *arg)
{
	struct walk *w = arg;
	char path[256];

	(void)g;
	(void)info;
	snprintf(path, sizeof(path), "%s/%s", w->group, name);
	if (dcor_json_get(w->want, path) == NULL) {
		say("%s: dcnum does not write it", path);
		w->extra++;
	}
	return 0;
}

static void
datasets(hid_t f, const struct dcor_json *want)
{
	static const char *const group[] = { "/events", "/basin_events" };
	struct walk w = { want, NULL, 0 };
	const struct dcor_json *d;
	const char *path;
	void *it = NULL;
	size_t i;

	while ((d = dcor_json_each(want, &it, &path)) != NULL)
		dataset(f, path, d);
	for (i = 0; i < 2; i++) {
		if (!h5test_has(f, group[i]))
			continue;
		w.group = group[i];
		H5Literate_by_name(f, group[i], H5_INDEX_NAME, H5_ITER_INC,
		    NULL, walk_one, &w, H5P_DEFAULT);
	}
	check(w.extra == 0, "no other datasets", "");
}

static int
attr_equals(hid_t f, const char *name, const struct dcor_json *want)
{
	hid_t a, t;
	int good = 0;
	int64_t i = 0, wi;
	double d = 0, wd;
	char *s = NULL;

	if (H5Aexists(f, name) <= 0) {
		say("%s: is not there", name);
		return 0;
	}
	a = H5Aopen(f, name, H5P_DEFAULT);
	t = H5Aget_type(a);
	switch (H5Tget_class(t)) {
	case H5T_STRING:
		if (H5Tis_variable_str(t) && H5Aread(a, t, &s) >= 0 &&
		    dcor_json_str(want) != NULL)
			good = strcmp(s, dcor_json_str(want)) == 0;
		if (!good)
			say("%s: %s", name, s ? s : "not of variable length");
		if (s != NULL)
			H5free_memory(s);
		break;
	case H5T_INTEGER:
		good = H5Aread(a, H5T_NATIVE_INT64, &i) >= 0 &&
		    H5Tget_size(t) == 8 && dcor_json_i64(want, &wi) &&
		    i == wi;
		if (!good)
			say("%s: %lld", name, (long long)i);
		break;
	case H5T_FLOAT:
		good = H5Aread(a, H5T_NATIVE_DOUBLE, &d) >= 0 &&
		    dcor_json_type(want) == DCOR_JSON_REAL &&
		    dcor_json_dbl(want, &wd) && d == wd;
		if (!good)
			say("%s: %.17g", name, d);
		break;
	default:
		say("%s: of another type", name);
	}
	H5Tclose(t);
	H5Aclose(a);
	return good;
}

static herr_t
attr_one(hid_t f, const char *name, const H5A_info_t *info, void *arg)
{
	struct walk *w = arg;

	(void)f;
	(void)info;
	if (dcor_json_get(w->want, name) == NULL) {
		say("%s: dcnum does not write it", name);
		w->extra++;
	}
	return 0;
}

static void
attributes(hid_t f, const struct dcor_json *want)
{
	struct walk w = { want, NULL, 0 };
	const struct dcor_json *v;
	const char *name;
	void *it = NULL;
	int good = 1, pipe = 1, same;

	while ((v = dcor_json_each(want, &it, &name)) != NULL) {
		same = attr_equals(f, name, v);
		if (strncmp(name, "pipeline:", 9) == 0)
			pipe &= same;
		else
			good &= same;
	}
	check(pipe, "pipeline identifier and hash", "");
	check(good, "other attributes", "");
	H5Aiterate2(f, H5_INDEX_NAME, H5_ITER_INC, NULL, attr_one, &w);
	check(w.extra == 0, "no other attributes", "");
}

/* What a feature may differ by in event i. */
static double
tolerance(const struct npz *z, const struct npy *a, size_t i, double scale)
{
	const char *s = a->name;
	const struct npy *f13;
	size_t n = strlen(s), k;
	double v = fabs(npz_number(a, i));

	for (k = 0; exact[k] != NULL; k++)
		if (strcmp(s, exact[k]) == 0)
			return 0;
	if (strncmp(s, "tex_f13_", 8) == 0) {
		f13 = npz_get(z, "tex_f13_avg");
		if (f13 != NULL && npz_number(f13, i) < 1e-3)
			return 1e-7;
	}
	if (strncmp(s, "tex_", 4) != 0)
		return 1e-9 * v + 1e-9 * scale;
	if (strcmp(s + n - 4, "_ptp") != 0)
		return 1e-9 * v + (strcmp(s, "tex_cor_avg") == 0 ? 1e-11 :
		    1e-11 * scale);
	if (strncmp(s, "tex_sva", 7) == 0 || strncmp(s, "tex_var", 7) == 0 ||
	    strncmp(s, "tex_con", 7) == 0)
		return 1e-9 * v + 1e-9;
	return 1e-9 * v + 1e-11;
}

static void
feature(hid_t f, const struct npz *z, const struct npy *a)
{
	size_t n, i, wrong = 0, off = 0, nnan = 0;
	double *v, want, worst = 0, scale = 0, d;
	char path[96];

	snprintf(path, sizeof(path), "events/%s", a->name);
	if (!h5test_has(f, path)) {
		check(0, "values", a->name);
		return;
	}
	v = h5test_read(f, path, H5T_NATIVE_DOUBLE, &n);
	for (i = 0; i < a->n; i++) {
		want = fabs(npz_number(a, i));
		if (isfinite(want))
			scale += want / (double)a->n;
	}
	for (i = 0; i < n && i < a->n; i++) {
		want = npz_number(a, i);
		if (isnan(want) != isnan(v[i])) {
			nnan++;
			continue;
		}
		if (isnan(want) || v[i] == want)
			continue;
		d = fabs(v[i] - want);
		worst = d > worst ? d : worst;
		off++;
		if ((a->kind == 'f' && d <= tolerance(z, a, i, scale)))
			continue;
		if (wrong++ < 3)
			say("%s[%zu]: %.17g, should be %.17g", a->name, i,
			    v[i], want);
	}
	check(n == a->n && wrong == 0 && nnan == 0, "values", a->name);
	if (n != a->n)
		say("%zu events, should be %zu", n, a->n);
	if (wrong + nnan > 0)
		say("%zu values and %zu NaN are wrong", wrong, nnan);
	else if (off > 0 && cli_level() > 0)
		say("%s: %zu of %zu differ in a bit, at most %.2g (mean %g)",
		    a->name, off, n, worst, scale);
	free(v);
}

static void
masks(hid_t f, const struct npz *z)
{
	const struct npy *p = npz_get(z, "mask_packed");
	const struct npy *s = npz_get(z, "mask_shape");
	size_t n, i, npix = 1, wrong = 0, total, grey = 0;
	unsigned char *m;
	int k;

	if (p == NULL || s == NULL)
		return;
	m = h5test_read(f, "events/mask", H5T_NATIVE_UCHAR, &n);
	for (k = 1; k < 3; k++)
		npix *= (size_t)npz_number(s, (size_t)k);
	total = n * npix;
	if (n != (size_t)npz_number(s, 0) || total > 8 * p->n)
		wrong = total = 1;
	else
		for (i = 0; i < total; i++) {
			unsigned want = p->data[i / 8] >> (7 - i % 8) & 1;

			grey += m[i] != 0 && m[i] != 255;
			if (want == (m[i] != 0))
				continue;
			if (wrong++ < 3)
				say("mask of event %zu, pixel %zu", i / npix,
				    i % npix);
		}
	check(wrong == 0, "masks bit for bit", "");
	check(grey == 0, "masks are 0 or 255", "");
	free(m);
}

static void
background(hid_t f, const struct npz *z)
{
	const struct npy *a = npz_get(z, "basin_image_bg");
	unsigned char *b;
	size_t n;

	if (a == NULL)
		return;
	if (!h5test_has(f, "basin_events") ||
	    !h5test_has(f, "basin_events/image_bg")) {
		check(0, "background images", "are there");
		return;
	}
	b = h5test_read(f, "basin_events/image_bg", H5T_NATIVE_UCHAR, &n);
	check(n == a->shape[0] && memcmp(b, a->data, a->n) == 0,
	    "background images", "");
	free(b);
}

/* Images of events are those of their frames in the input. */
static void
images(hid_t f, const char *input, const char *name)
{
	hid_t in = H5Fopen(input, H5F_ACC_RDONLY, H5P_DEFAULT), d, id;
	size_t n, i, wrong = 0, npix;
	hsize_t shape[4], ishape[4];
	unsigned char *a, *b;
	uint64_t *frame;
	char path[64];

	snprintf(path, sizeof(path), "events/%s", name);
	if (in < 0 || !h5test_has(f, path) || !h5test_has(in, path)) {
		H5Fclose(in);
		return;
	}
	frame = h5test_read(f, "events/basinmap0", H5T_NATIVE_UINT64, &n);
	d = H5Dopen2(f, path, H5P_DEFAULT);
	id = H5Dopen2(in, path, H5P_DEFAULT);
	h5test_shape(d, shape);
	h5test_shape(id, ishape);
	npix = (size_t)(shape[1] * shape[2]);
	a = h5test_alloc(npix);
	b = h5test_alloc(npix);
	for (i = 0; i < n; i++) {
		if (frame[i] >= ishape[0] || i >= shape[0]) {
			wrong++;
			continue;
		}
		h5test_rows(d, i, 1, a);
		h5test_rows(id, frame[i], 1, b);
		wrong += memcmp(a, b, npix) != 0;
	}
	check(wrong == 0 && shape[0] == n, "are those of the input", name);
	free(a);
	free(b);
	free(frame);
	H5Dclose(d);
	H5Dclose(id);
	H5Fclose(in);
}

/* All of a definition but where and by whom, as one line. */
static void
basin_key(const struct dcor_json *b, struct dcor_buf *out)
{
	static const char *const member[] = { "name", "format", "type",
	    "identifier", "mapping" };
	const struct dcor_json *v;
	const char *s;
	size_t i;

	dcor_buf_clear(out);
	for (i = 0; i < sizeof(member) / sizeof(*member); i++) {
		s = dcor_json_str(dcor_json_get(b, member[i]));
		dcor_buf_addf(out, "%s=%s ", member[i], s ? s : "-");
	}
	v = dcor_json_get(b, "features");
	for (i = 0; i < dcor_json_len(v); i++) {
		s = dcor_json_str(dcor_json_at(v, i));
		dcor_buf_addf(out, "%s,", s ? s : "?");
	}
}

struct basins {
	const struct dcor_json	*want;
	int			 n, wrong;
};

static herr_t
basin_one(hid_t g, const char *name, const H5L_info_t *info, void *arg)
{
	struct dcor_buf text, a, b;
	struct dcor_err err = DCOR_ERR_INIT;
	struct dcor_json *j = NULL;
	struct basins *w = arg;
	size_t n, i, len, hits = 0;
	hid_t d, t;
	char *s;

	(void)info;
	dcor_buf_init(&text, 1 << 20);
	dcor_buf_init(&a, 1 << 16);
	dcor_buf_init(&b, 1 << 16);
	d = H5Dopen2(g, name, H5P_DEFAULT);
	t = H5Dget_type(d);
	H5Dclose(d);
	len = H5Tget_size(t);
	s = h5test_read(g, name, t, &n);
	H5Tclose(t);
	for (i = 0; i < n; i++)
		dcor_buf_addf(&text, "%.*s\n", (int)len, s + i * len);
	free(s);
	if (dcor_json_parse(dcor_buf_str(&text), text.len, text.len, &j,
	    &err) != 0) {
		say("basin %s: %s", name, err.msg);
		w->wrong++;
	}
	basin_key(j, &a);
	for (i = 0; i < dcor_json_len(w->want); i++) {
		basin_key(dcor_json_at(w->want, i), &b);
		hits += strcmp(dcor_buf_str(&a), dcor_buf_str(&b)) == 0;
	}
	if (hits != 1) {
		say("basin %s: dcnum writes none like it: %s", name,
		    dcor_buf_str(&a));
		w->wrong++;
	}
	w->n++;
	dcor_json_free(j);
	dcor_buf_fini(&text);
	dcor_buf_fini(&a);
	dcor_buf_fini(&b);
	return 0;
}

static void
basins(hid_t f, const struct dcor_json *want)
{
	struct basins w = { want, 0, 0 };

	if (h5test_has(f, "basins"))
		H5Literate_by_name(f, "basins", H5_INDEX_NAME, H5_ITER_INC,
		    NULL, basin_one, &w, H5P_DEFAULT);
	if (w.n != (int)dcor_json_len(want))
		say("%d basins, should be %zu", w.n, dcor_json_len(want));
	check(w.wrong == 0 && w.n == (int)dcor_json_len(want),
	    "basin definitions", "");
}

int
main(int argc, char **argv)
{
	struct dcor_err err = DCOR_ERR_INIT;
	struct dcor_json *j;
	struct npz z;
	const char *input;
	char path[4096], *text;
	size_t n;
	int i;
	hid_t f;

	while (cli_next(&refcmp, argc, argv) != -1)
		continue;
	if (argc - optind != 2)
		cli_usage("name a job and a result");
	text = (char *)npz_slurp(argv[optind], &n);
	if (dcor_json_parse(text, n, n, &j, &err) != 0)
		cli_die_err(&err, argv[optind]);
	n = strlen(argv[optind]) - 5;
	snprintf(path, sizeof(path), "%.*s.npz", (int)n, argv[optind]);
	npz_read(path, &z);
	h5test_init();
	f = H5Fopen(argv[optind + 1], H5F_ACC_RDONLY, H5P_DEFAULT);
	if (f < 0)
		cli_die(66, "%s: cannot be opened", argv[optind + 1]);
	attributes(f, dcor_json_get(j, "attrs"));
	datasets(f, dcor_json_get(j, "datasets"));
	for (i = 0; i < z.n; i++)
		if (strncmp(z.a[i].name, "mask_", 5) != 0 &&
		    strncmp(z.a[i].name, "basin_", 6) != 0)
			feature(f, &z, &z.a[i]);
	masks(f, &z);
	background(f, &z);
	input = dcor_json_str(dcor_json_get(j, "input"));
	while (n > 0 && argv[optind][n - 1] != '/')
		n--;
	snprintf(path, sizeof(path), "%.*s%s", (int)n, argv[optind],
	    input != NULL ? input : "");
	images(f, path, "image");
	images(f, path, "image_bg");
	basins(f, dcor_json_get(j, "basins"));
	printf("1..%d\n", ntest);
	H5Fclose(f);
	npz_free(&z);
	dcor_json_free(j);
	free(text);
	return cli_finish(nbad > 0);
}

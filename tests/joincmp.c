/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * joincmp - whether a measurement is others, one after the other
 *
 * By libhdf5 alone.  Each OFFSET is the start of a measurement in seconds.
 * Prints the features of the joined one; what differs goes to standard
 * error, status 1.
 */
#include <math.h>
#include <unistd.h>

#include "h5test.h"

static const struct cli_opt opts[] = { { 0, NULL, NULL, NULL } };
static const struct cli joincmp = { "joincmp", "compare a joined file",
    "joincmp JOINED MEASUREMENT OFFSET [MEASUREMENT OFFSET ...]", opts,
    NULL };

#define MOST	16

struct input {
	hid_t		 f;
	double		 offset;
	size_t		 n;
};

static struct input in[MOST];
static size_t nin;
static hid_t out;
static int bad;

static void
differs(const char *path, const char *what, size_t i)
{
	cli_error("%s: %s (input %zu)", path, what, i + 1);
	bad = 1;
}

/* The dataset as elements of type t; NULL when it is not there. */
static unsigned char *
whole(hid_t f, const char *path, hid_t t, size_t *rows, size_t *row)
{
	hid_t d, s;
	hsize_t dim[4];
	unsigned char *p;
	int k, rank;

	if (H5Lexists(f, path, H5P_DEFAULT) <= 0)
		return NULL;
	d = h5test_must(H5Dopen2(f, path, H5P_DEFAULT), path);
	s = H5Dget_space(d);
	rank = H5Sget_simple_extent_dims(s, dim, NULL);
	*rows = (size_t)dim[0];
	*row = H5Tget_size(t);
	for (k = 1; k < rank; k++)
		*row *= (size_t)dim[k];
	p = h5test_alloc(*rows * *row + 1);
	if (*rows > 0)
		h5test_must(H5Dread(d, t, H5S_ALL, H5S_ALL, H5P_DEFAULT, p),
		    path);
	H5Sclose(s);
	H5Dclose(d);
	return p;
}

/* What is added to the numbers of input i. */
static double
added(const char *name, size_t i)
{
	if (strcmp(name, "events/time") == 0)
		return in[i].offset;
	if (strcmp(name, "events/frame") == 0)
		return rint(in[i].offset * h5test_number(in[i].f,
		    "imaging:frame rate", 0));
	return 0;
}

static void
numbers(const char *path, size_t i, const double *v, double *w)
{
	double add = added(path, i);
	size_t k;

	for (k = 0; k < in[i].n; k++) {
		w[k] += add;
		if (!(fabs(v[k] - w[k]) <= 1e-9 * fabs(w[k])) &&
		    !(isnan(v[k]) && isnan(w[k]))) {
			differs(path, "a value", i);
			return;
		}
	}
}

static void
extent(const char *path, hid_t d, const double *v, size_t n)
{
	static const char *const name[] = { "min", "max", "mean" };
	double want[3] = { HUGE_VAL, -HUGE_VAL, 0 }, got;
	size_t k, m = 0;
	hid_t a;

	for (k = 0; k < n; k++)
		if (!isnan(v[k])) {
			want[0] = fmin(want[0], v[k]);
			want[1] = fmax(want[1], v[k]);
			want[2] += v[k];
			m++;
		}
	want[2] /= (double)m;
	for (k = 0; m > 0 && k < 3; k++) {
		a = h5test_must(H5Aopen(d, name[k], H5P_DEFAULT), name[k]);
		H5Aread(a, H5T_NATIVE_DOUBLE, &got);
		H5Aclose(a);
		if (!(fabs(got - want[k]) <= 1e-12 * fabs(want[k])))
			differs(path, name[k], 0);
	}
}

static void
dataset(const char *path)
{
	hid_t d = h5test_must(H5Dopen2(out, path, H5P_DEFAULT), path);
	hid_t s = H5Dget_space(d), t = H5Dget_type(d);
	int flat = H5Sget_simple_extent_ndims(s) == 1;
	size_t rows, row, r, w, i, at = 0;
	unsigned char *v, *part;

	if (flat) {
		H5Tclose(t);
		t = H5Tcopy(H5T_NATIVE_DOUBLE);
	}
	v = whole(out, path, t, &rows, &row);
	for (i = 0; i < nin; at += in[i++].n) {
		if (in[i].n == 0)
			continue;
		if (at + in[i].n > rows) {
			differs(path, "is too short", i);
			break;
		}
		part = whole(in[i].f, path, t, &r, &w);
		if (strcmp(path, "events/index") == 0) {
			for (r = 0; r < in[i].n; r++)
				if ((size_t)((double *)(void *)v)[at + r] !=
				    at + r + 1)
					differs(path, "does not count", i);
		} else if (part == NULL || w != row || r < in[i].n)
			differs(path, "is another thing", i);
		else if (flat)
			numbers(path, i, (double *)(void *)v + at,
			    (double *)(void *)part);
		else if (memcmp(v + at * row, part, in[i].n * row) != 0)
			differs(path, "a row", i);
		free(part);
	}
	if (at != rows)
		differs(path, "has another length", 0);
	if (flat)
		extent(path, d, (double *)(void *)v, rows);
	free(v);
	H5Tclose(t);
	H5Sclose(s);
	H5Dclose(d);
}

/* Contour number k of the joined file is one of an input. */
static void
contour(const char *path, size_t k)
{
	size_t i = 0, r, w, r2, w2;
	unsigned char *p, *q;
	char from[64];

	for (; i < nin && k >= in[i].n; k -= in[i++].n)
		;
	if (i == nin) {
		differs(path, "is of no event", 0);
		return;
	}
	snprintf(from, sizeof(from), "events/contour/%zu", k);
	p = whole(out, path, H5T_NATIVE_INT, &r, &w);
	q = whole(in[i].f, from, H5T_NATIVE_INT, &r2, &w2);
	if (q == NULL || r != r2 || w != w2 || memcmp(p, q, r * w) != 0)
		differs(path, "is another", i);
	free(p);
	free(q);
}

static herr_t
member(hid_t g, const char *name, const H5L_info_t *li, void *arg)
{
	const char *group = arg;
	char path[256];
	H5O_info_t oi;

	(void)li;
	if (strncmp(name, "basinmap", 8) == 0)
		return 0;	/* belongs to the basins of the file */
	snprintf(path, sizeof(path), "%s/%s", group, name);
	H5Oget_info_by_name2(g, name, &oi, H5O_INFO_BASIC, H5P_DEFAULT);
	if (oi.type == H5O_TYPE_GROUP)
		return H5Literate_by_name(out, path, H5_INDEX_NAME,
		    H5_ITER_INC, NULL, member, path, H5P_DEFAULT);
	printf("%s\n", path + strlen("events/"));
	if (strncmp(path, "events/contour/", 15) == 0)
		contour(path, (size_t)strtoull(path + 15, NULL, 10));
	else
		dataset(path);
	return 0;
}

int
main(int argc, char **argv)
{
	char group[] = "events";
	size_t total = 0;
	int k;

	while (cli_next(&joincmp, argc, argv) != -1)
		continue;
	if (argc - optind < 3 || (argc - optind) % 2 == 0 ||
	    argc - optind > 2 * MOST)
		cli_usage("name files");
	h5test_init();
	out = h5test_must(H5Fopen(argv[optind], H5F_ACC_RDONLY, H5P_DEFAULT),
	    argv[optind]);
	for (k = optind + 1; k < argc; k += 2, nin++) {
		in[nin].f = h5test_must(H5Fopen(argv[k], H5F_ACC_RDONLY,
		    H5P_DEFAULT), argv[k]);
		in[nin].offset = strtod(argv[k + 1], NULL);
		in[nin].n = (size_t)h5test_number(in[nin].f,
		    "experiment:event count", 0);
		total += in[nin].n;
	}
	if ((size_t)h5test_number(out, "experiment:event count", 0) != total)
		differs("experiment:event count", "is wrong", 0);
	H5Literate_by_name(out, group, H5_INDEX_NAME, H5_ITER_INC, NULL,
	    member, group, H5P_DEFAULT);
	for (; nin > 0; nin--)
		H5Fclose(in[nin - 1].f);
	H5Fclose(out);
	return cli_finish(bad);
}

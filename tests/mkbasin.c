/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mkbasin - make a small measurement by libhdf5 alone: columns of int64,
 * definitions of basins, and data that are elsewhere
 */
#include <hdf5.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"

enum { O_ID = CLI_OPT_USER, O_BASIN, O_LINK, O_RAW, O_VIRTUAL };

static const struct cli_opt opts[] = {
	{ 'o', "output", "FILE", "to write; first" },
	{ 'F', "feature", "NAME=FIRST:N", "FIRST, FIRST+1, ..." },
	{ O_ID, "id", "TEXT", "run identifier" },
	{ O_BASIN, "basin", "JSON", "a definition" },
	{ O_LINK, "link", "NAME=FILE", "to the dataset NAME of FILE" },
	{ O_RAW, "raw", "NAME=FILE", "two rows, kept in FILE" },
	{ O_VIRTUAL, "virtual", "NAME=FILE", "two rows of NAME of FILE" },
	{ 0, NULL, NULL, NULL }
};
static const struct cli cli = { "mkbasin", "make a measurement",
    "-o FILE ...", opts, NULL };

/* "events/NAME"; *value is what follows '='. */
static const char *
path(char *text, char **value)
{
	static char p[256];

	*value = strchr(text, '=');
	if (*value == NULL)
		cli_usage("%s: no =", text);
	*(*value)++ = '\0';
	snprintf(p, sizeof(p), "events/%s", text);
	return p;
}

static void
text(hid_t at, const char *name, const char *s, int dataset)
{
	hid_t type = H5Tcopy(H5T_C_S1), space, x;
	hsize_t one = 1;

	H5Tset_size(type, strlen(s) + 1);
	if (dataset) {
		space = H5Screate_simple(1, &one, NULL);
		x = H5Dcreate2(at, name, type, space, H5P_DEFAULT,
		    H5P_DEFAULT, H5P_DEFAULT);
		H5Dwrite(x, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, s);
		H5Dclose(x);
	} else {
		space = H5Screate(H5S_SCALAR);
		x = H5Acreate2(at, name, type, space, H5P_DEFAULT,
		    H5P_DEFAULT);
		H5Awrite(x, type, s);
		H5Aclose(x);
	}
	H5Sclose(space);
	H5Tclose(type);
}

static void
column(hid_t f, char *arg)
{
	char *value;
	const char *name = path(arg, &value);
	hsize_t n;
	int64_t *v;
	hid_t space, set;
	int64_t i, first = strtoll(value, &value, 10);

	n = strtoull(value + 1, NULL, 10);
	if ((v = calloc(n + 1, sizeof(*v))) == NULL)
		cli_die(71, "out of memory");
	for (i = 0; i < (int64_t)n; i++)
		v[i] = first + i;
	space = H5Screate_simple(1, &n, NULL);
	set = H5Dcreate2(f, name, H5T_NATIVE_INT64, space, H5P_DEFAULT,
	    H5P_DEFAULT, H5P_DEFAULT);
	H5Dwrite(set, H5T_NATIVE_INT64, H5S_ALL, H5S_ALL, H5P_DEFAULT, v);
	H5Dclose(set);
	H5Sclose(space);
	free(v);
}

static void
elsewhere(hid_t f, char *arg, int virtual)
{
	char *value;
	const char *name = path(arg, &value);
	hid_t plist = H5Pcreate(H5P_DATASET_CREATE);
	hsize_t two = 2;
	hid_t space = H5Screate_simple(1, &two, NULL), set;

	if (virtual)
		H5Pset_virtual(plist, space, value, name, space);
	else
		H5Pset_external(plist, value, 0, 16);
	set = H5Dcreate2(f, name, H5T_NATIVE_INT64, space, H5P_DEFAULT,
	    plist, H5P_DEFAULT);
	if (set < 0)
		cli_die(70, "%s: not made", name);
	H5Dclose(set);
	H5Sclose(space);
	H5Pclose(plist);
}

int
main(int argc, char **argv)
{
	hid_t f = -1;
	char name[32], *value;
	const char *p;
	int ch, n = 0;

	while ((ch = cli_next(&cli, argc, argv)) != -1) {
		if (ch != 'o' && f < 0)
			cli_usage("-o first");
		switch (ch) {
		case 'o':
			f = H5Fcreate(optarg, H5F_ACC_TRUNC, H5P_DEFAULT,
			    H5P_DEFAULT);
			if (f < 0)
				cli_die(73, "%s: not made", optarg);
			H5Gclose(H5Gcreate2(f, "events", H5P_DEFAULT,
			    H5P_DEFAULT, H5P_DEFAULT));
			H5Gclose(H5Gcreate2(f, "basins", H5P_DEFAULT,
			    H5P_DEFAULT, H5P_DEFAULT));
			break;
		case 'F':
			column(f, optarg);
			break;
		case O_ID:
			text(f, "experiment:run identifier", optarg, 0);
			break;
		case O_BASIN:
			snprintf(name, sizeof(name), "basins/%d", n++);
			text(f, name, optarg, 1);
			break;
		case O_LINK:
			p = path(optarg, &value);
			H5Lcreate_external(value, p, f, p, H5P_DEFAULT,
			    H5P_DEFAULT);
			break;
		case O_RAW:
		case O_VIRTUAL:
			elsewhere(f, optarg, ch == O_VIRTUAL);
			break;
		default:
			break;
		}
	}
	if (f >= 0 && H5Fclose(f) < 0)
		cli_die(74, "not written");
	return cli_finish(0);
}

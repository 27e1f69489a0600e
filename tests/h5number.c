/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * h5number - print a root attribute (NAME has a colon) or the values of a
 * dataset, one a line
 */
#include <unistd.h>

#include "h5test.h"

static const struct cli_opt opts[] = { { 0, NULL, NULL, NULL } };
static const struct cli h5number = { "h5number", "print numbers of a file",
    "h5number FILE NAME", opts, NULL };

static void
print_text(hid_t a, hid_t type)
{
	char *s = NULL;

	if (!H5Tis_variable_str(type) || H5Aread(a, type, &s) < 0)
		cli_die(65, "not a text of variable length");
	printf("%s\n", s);
	H5free_memory(s);
}

int
main(int argc, char **argv)
{
	const char *name;
	hid_t f, a, t;
	double *v;
	size_t n, i;

	while (cli_next(&h5number, argc, argv) != -1)
		continue;
	if (argc - optind != 2)
		cli_usage("name a file and what to print");
	h5test_init();
	name = argv[optind + 1];
	if ((f = H5Fopen(argv[optind], H5F_ACC_RDONLY, H5P_DEFAULT)) < 0)
		cli_die(66, "%s: cannot be opened", argv[optind]);
	if (strchr(name, ':') == NULL) {
		v = h5test_read(f, name, H5T_NATIVE_DOUBLE, &n);
		for (i = 0; i < n; i++)
			printf("%.17g\n", v[i]);
		free(v);
	} else if ((a = H5Aopen(f, name, H5P_DEFAULT)) < 0) {
		cli_die(66, "%s: is not there", name);
	} else {
		t = H5Aget_type(a);
		if (H5Tget_class(t) == H5T_STRING)
			print_text(a, t);
		else
			printf("%.17g\n", h5test_number(f, name, 0));
		H5Tclose(t);
		H5Aclose(a);
	}
	H5Fclose(f);
	return cli_finish(0);
}

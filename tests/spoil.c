/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * spoil - change an HDF5 file on purpose, by libhdf5 alone
 *
 *	spoil FILE [OPERATION ARGUMENT...]...
 *	text|fixed|int|float|bool PATH NAME VALUE	an attribute
 *	drop PATH NAME		no such attribute any more
 *	rm PATH			no such object
 *	group PATH
 *	soft PATH TARGET	links
 *	ext PATH FILE TARGET
 *	num PATH f4|f8|i2|i4|u8 N,N,...	a column of numbers
 *	rows PATH N		as many rows, of zeros
 *	lines PATH WIDTH LINE|LINE...	text; width 0: of variable length
 *	flip PATH N		a bit in the middle of a chunk as stored
 */
#include <getopt.h>
#include <stdint.h>
#include <unistd.h>

#include "h5test.h"

static const struct cli_opt opts[] = {
	CLI_QUIET,
	{ 0, NULL, NULL, NULL }
};
static const struct cli spoil = { "spoil", "change an HDF5 file",
    "spoil FILE OPERATION ARGUMENT ...", opts, NULL };

static hid_t file;
static const char *path;

static hid_t
deep(void)
{
	hid_t p = H5Pcreate(H5P_LINK_CREATE);

	H5Pset_create_intermediate_group(p, 1);
	return p;
}

static void
attribute(const char *kind, char **a)
{
	hid_t o = h5test_must(H5Oopen(file, a[0], H5P_DEFAULT), a[0]), t;
	signed char b = 0;

	if (H5Aexists(o, a[1]) > 0)
		H5Adelete(o, a[1]);
	if (strcmp(kind, "text") == 0)
		h5test_put_text(o, a[1], a[2]);
	else if (strcmp(kind, "fixed") == 0)
		h5test_put_fixed(o, a[1], a[2]);
	else if (strcmp(kind, "int") == 0)
		h5test_put_i64(o, a[1], strtoll(a[2], NULL, 10));
	else if (strcmp(kind, "float") == 0)
		h5test_put_f64(o, a[1], strtod(a[2], NULL));
	else if (strcmp(kind, "bool") == 0) {
		t = H5Tenum_create(H5T_NATIVE_SCHAR);
		H5Tenum_insert(t, "FALSE", &b);
		b = 1;
		H5Tenum_insert(t, "TRUE", &b);
		b = a[2][0] == 't';
		h5test_put_number(o, a[1], t, &b);
		H5Tclose(t);
	}
	H5Oclose(o);
}

/* A dataset of n numbers, chunks of four, Zstandard and a checksum. */
static void
numbers(char **a)
{
	hid_t t = strcmp(a[1], "f4") == 0 ? H5T_IEEE_F32LE :
	    strcmp(a[1], "i2") == 0 ? H5T_STD_I16LE :
	    strcmp(a[1], "i4") == 0 ? H5T_STD_I32LE :
	    strcmp(a[1], "u8") == 0 ? H5T_STD_U64LE : H5T_IEEE_F64LE;
	hid_t l = deep(), p = H5Pcreate(H5P_DATASET_CREATE), s, d;
	unsigned level = 5;
	hsize_t n = 0, ck = 4;
	double v[1000];
	char *q;

	for (q = a[2]; *q != '\0' && n < 1000; q += *q == ',')
		v[n++] = strtod(q, &q);
	ck = n < ck ? n : ck;
	H5Pset_chunk(p, 1, &ck);
	H5Pset_filter(p, H5TEST_ZSTD, H5Z_FLAG_OPTIONAL, 1, &level);
	H5Pset_fletcher32(p);
	s = H5Screate_simple(1, &n, NULL);
	if (H5Lexists(file, "events", H5P_DEFAULT) > 0 &&
	    H5Oexists_by_name(file, a[0], H5P_DEFAULT) > 0)
		H5Ldelete(file, a[0], H5P_DEFAULT);
	d = h5test_must(H5Dcreate2(file, a[0], t, s, l, p, H5P_DEFAULT),
	    a[0]);
	if (n > 0)
		H5Dwrite(d, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT,
		    v);
	H5Dclose(d);
	H5Sclose(s);
	H5Pclose(p);
	H5Pclose(l);
}

static void
rows(char **a)
{
	hid_t d = h5test_must(H5Dopen2(file, a[0], H5P_DEFAULT), a[0]);
	hid_t t = H5Dget_type(d), p = H5Dget_create_plist(d), s;
	hsize_t shape[4], max[4];
	int rank = h5test_shape(d, shape);

	memcpy(max, shape, sizeof(max));
	max[0] = H5S_UNLIMITED;
	shape[0] = cli_u64("rows", a[1], 0, 1000);
	H5Dclose(d);
	H5Ldelete(file, a[0], H5P_DEFAULT);
	s = H5Screate_simple(rank, shape, max);
	H5Dclose(h5test_must(H5Dcreate2(file, a[0], t, s, H5P_DEFAULT, p,
	    H5P_DEFAULT), a[0]));
	H5Sclose(s);
	H5Pclose(p);
	H5Tclose(t);
}

static void
lines(char **a)
{
	size_t w = (size_t)cli_u64("lines", a[1], 0, 1000), k;
	hid_t t = H5Tcopy(H5T_C_S1), l = deep(), s, d;
	char *v[64], *fix, *q = a[2];
	hsize_t n = 0, i;

	for (; n < 64 && *q != '\0'; q += k + (q[k] != '\0')) {
		k = strcspn(q, "|");
		v[n] = h5test_alloc(k + w + 1);
		memcpy(v[n++], q, k);
	}
	H5Tset_size(t, w == 0 ? H5T_VARIABLE : w);
	H5Tset_strpad(t, w == 0 ? H5T_STR_NULLTERM : H5T_STR_NULLPAD);
	s = H5Screate_simple(1, &n, NULL);
	d = h5test_must(H5Dcreate2(file, a[0], t, s, l, H5P_DEFAULT,
	    H5P_DEFAULT), a[0]);
	fix = h5test_alloc((size_t)n * w);
	for (i = 0; i < n; i++)
		memcpy(fix + i * w, v[i], w);
	H5Dwrite(d, t, H5S_ALL, H5S_ALL, H5P_DEFAULT, w == 0 ?
	    (const void *)v : fix);
	for (i = 0; i < n; i++)
		free(v[i]);
	free(fix);
	H5Dclose(d);
	H5Sclose(s);
	H5Tclose(t);
	H5Pclose(l);
}

static void
flip(char **a)
{
	hid_t d = h5test_must(H5Dopen2(file, a[0], H5P_DEFAULT), a[0]);
	hid_t s = H5Dget_space(d);
	hsize_t at[4], size;
	haddr_t addr;
	unsigned mask;
	FILE *fp;
	int c;

	if (H5Dget_chunk_info(d, s, cli_u64("flip", a[1], 0, 1 << 20), at,
	    &mask, &addr, &size) < 0)
		cli_die(65, "%s: no such chunk", a[0]);
	H5Sclose(s);
	H5Dclose(d);
	H5Fclose(file);
	fp = fopen(path, "r+b");
	if (fp == NULL)
		cli_die(74, "%s: cannot be opened", path);
	fseek(fp, (long)(addr + size / 2), SEEK_SET);
	c = fgetc(fp);
	fseek(fp, (long)(addr + size / 2), SEEK_SET);
	fputc(c ^ 0x10, fp);
	if (fclose(fp) != 0)
		cli_die(74, "%s: cannot be written", path);
	file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT);
}

/* Carries out what stands at a; returns how many words that were. */
static int
carry_out(char **a, int n)
{
	static const struct {
		const char	*name;
		int		 n;
	} op[] = { { "text", 3 }, { "fixed", 3 }, { "int", 3 },
	    { "float", 3 }, { "bool", 3 }, { "drop", 2 }, { "rm", 1 },
	    { "group", 1 }, { "soft", 2 }, { "ext", 3 }, { "num", 3 },
	    { "rows", 2 }, { "lines", 3 }, { "flip", 2 } };
	size_t i, k = sizeof(op) / sizeof(op[0]);
	hid_t l = deep();

	for (i = 0; i < k && strcmp(op[i].name, a[0]) != 0; i++)
		;
	if (i == k || n <= op[i].n)
		cli_usage("%s: no such operation, or too few words", a[0]);
	if (i < 5)
		attribute(a[0], a + 1);
	else if (i == 5)
		H5Adelete_by_name(file, a[1], a[2], H5P_DEFAULT);
	else if (i == 6)
		H5Ldelete(file, a[1], H5P_DEFAULT);
	else if (i == 7)
		H5Gclose(H5Gcreate2(file, a[1], l, H5P_DEFAULT,
		    H5P_DEFAULT));
	else if (i == 8)
		H5Lcreate_soft(a[2], file, a[1], l, H5P_DEFAULT);
	else if (i == 9)
		H5Lcreate_external(a[2], a[3], file, a[1], l, H5P_DEFAULT);
	else if (i == 10)
		numbers(a + 1);
	else if (i == 11)
		rows(a + 1);
	else if (i == 12)
		lines(a + 1);
	else
		flip(a + 1);
	H5Pclose(l);
	return op[i].n + 1;
}

int
main(int argc, char **argv)
{
	int i;

	while (cli_next(&spoil, argc, argv) != -1)
		;
	if (argc - optind < 1)
		cli_usage("name a file");
	h5test_init();
	path = argv[optind];
	file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT);
	if (file < 0)
		cli_die(66, "%s: cannot be opened", path);
	for (i = optind + 1; i < argc;)
		i += carry_out(argv + i, argc - i);
	if (H5Fclose(file) < 0)
		cli_die(74, "%s: cannot be written", path);
	return cli_finish(0);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * h5cmp.c - h5cmp A B [LEFT-OUT ...]: whether B has all that A has, with
 * the same values, and nothing else, by libhdf5 alone
 *
 * LEFT-OUT: paths that B must not have.  Text of fixed and of variable
 * length is the same.  Prints what differs; 1 if anything does.
 */
#include <stdio.h>

#include "h5test.h"

static hid_t file[2];
static char **left_out;
static int differences;

static void
differ(const char *path, const char *what)
{
	printf("%s: %s\n", path, what);
	differences++;
}

static int
is_left_out(const char *path)
{
	char **p;

	for (p = left_out; *p != NULL; p++)
		if (strcmp(*p, path) == 0)
			return 1;
	return 0;
}

/* Element k of what was read in type t. */
static const char *
text(hid_t t, const void *all, size_t k, size_t *n)
{
	const char *s;

	if (H5Tis_variable_str(t) > 0) {
		s = ((char *const *)all)[k];
		*n = s != NULL ? strlen(s) : 0;
	} else {
		s = (const char *)all + k * H5Tget_size(t);
		for (*n = H5Tget_size(t); *n > 0 && s[*n - 1] == '\0'; --*n)
			;
	}
	return s;
}

/* n values of two types that were read. */
static int
same_values(const hid_t t[2], void *const v[2], size_t n)
{
	const char *a, *b;
	size_t k, na, nb;

	if (H5Tget_class(t[0]) != H5Tget_class(t[1]))
		return 0;
	if (H5Tget_class(t[0]) != H5T_STRING)
		return H5Tequal(t[0], t[1]) > 0 &&
		    memcmp(v[0], v[1], n * H5Tget_size(t[0])) == 0;
	for (k = 0; k < n; k++) {
		a = text(t[0], v[0], k, &na);
		b = text(t[1], v[1], k, &nb);
		if (na != nb || (na > 0 && memcmp(a, b, na) != 0))
			return 0;
	}
	return 1;
}

/* The type in which values are compared. */
static hid_t
in_memory(hid_t stored)
{
	return H5Tget_class(stored) == H5T_STRING ? H5Tcopy(stored) :
	    H5Tget_native_type(stored, H5T_DIR_ASCEND);
}

static void
compare_data(const char *path, const hid_t d[2], int attr)
{
	hid_t s[2], t[2], stored;
	hsize_t shape[2][32];
	int i, rank[2], ok = 1;
	void *v[2];
	size_t n = 0;

	for (i = 0; i < 2; i++) {
		s[i] = attr ? H5Aget_space(d[i]) : H5Dget_space(d[i]);
		stored = attr ? H5Aget_type(d[i]) : H5Dget_type(d[i]);
		t[i] = in_memory(stored);
		H5Tclose(stored);
		memset(shape[i], 0, sizeof(shape[i]));
		rank[i] = H5Sget_simple_extent_dims(s[i], shape[i], NULL);
		n = (size_t)H5Sget_simple_extent_npoints(s[i]);
		v[i] = h5test_alloc(n * H5Tget_size(t[i]));
		if (n > 0 && (attr ? H5Aread(d[i], t[i], v[i]) : H5Dread(d[i],
		    t[i], H5S_ALL, H5S_ALL, H5P_DEFAULT, v[i])) < 0)
			ok = 0;
	}
	if (!ok)
		differ(path, "cannot be read");
	else if (rank[0] != rank[1] || memcmp(shape[0], shape[1],
	    sizeof(shape[0])) != 0)
		differ(path, "shape");
	else if (!same_values(t, v, n))
		differ(path, "values");
	for (i = 0; i < 2; i++) {
		H5Dvlen_reclaim(t[i], s[i], H5P_DEFAULT, v[i]);
		free(v[i]);
		H5Tclose(t[i]);
		H5Sclose(s[i]);
	}
}

static herr_t
one_attr(hid_t at, const char *name, const H5A_info_t *info, void *arg)
{
	const hid_t *o = arg;
	char what[600];
	hid_t a[2];

	(void)info;
	snprintf(what, sizeof(what), "@%s", name);
	if (H5Aexists(o[1], name) <= 0) {
		differ(what, "missing");
		return 0;
	}
	a[0] = H5Aopen(at, name, H5P_DEFAULT);
	a[1] = H5Aopen(o[1], name, H5P_DEFAULT);
	compare_data(what, a, 1);
	H5Aclose(a[0]);
	H5Aclose(a[1]);
	return 0;
}

static void
compare_object(const char *path)
{
	H5O_info_t oi[2];
	hid_t o[2];
	int i;

	for (i = 0; i < 2; i++) {
		o[i] = H5Oopen(file[i], path, H5P_DEFAULT);
		if (o[i] < 0) {
			differ(path, "cannot be opened");
			return;
		}
		H5Oget_info2(o[i], &oi[i], H5O_INFO_ALL);
	}
	if (oi[0].type != oi[1].type)
		differ(path, "another kind");
	else if (oi[0].type == H5O_TYPE_DATASET)
		compare_data(path, o, 0);
	if (oi[0].num_attrs != oi[1].num_attrs)
		differ(path, "number of attributes");
	H5Aiterate2(o[0], H5_INDEX_NAME, H5_ITER_INC, NULL, one_attr, o);
	H5Oclose(o[0]);
	H5Oclose(o[1]);
}

static herr_t
one_link(hid_t at, const char *path, const H5L_info_t *li, void *arg)
{
	(void)at;
	(void)arg;
	if (is_left_out(path)) {
		if (h5test_has(file[1], path))
			differ(path, "is there");
	} else if (!h5test_has(file[1], path))
		differ(path, "missing");
	else if (li->type == H5L_TYPE_HARD)
		compare_object(path);
	return 0;
}

static herr_t
known(hid_t at, const char *path, const H5L_info_t *li, void *arg)
{
	(void)at;
	(void)li;
	(void)arg;
	if (!h5test_has(file[0], path))
		differ(path, "new");
	return 0;
}

int
main(int argc, char **argv)
{
	int i;

	if (argc < 3)
		cli_die(64, "h5cmp A B [LEFT-OUT ...]");
	h5test_init();
	left_out = argv + 3;
	for (i = 0; i < 2; i++)
		if ((file[i] = H5Fopen(argv[i + 1], H5F_ACC_RDONLY,
		    H5P_DEFAULT)) < 0)
			cli_die(66, "%s: cannot be opened", argv[i + 1]);
	compare_object("/");
	H5Lvisit(file[0], H5_INDEX_NAME, H5_ITER_INC, one_link, NULL);
	H5Lvisit(file[1], H5_INDEX_NAME, H5_ITER_INC, known, NULL);
	H5Fclose(file[0]);
	H5Fclose(file[1]);
	return differences > 0;
}

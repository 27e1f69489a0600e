/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Everything h5index.h says of a file must be what libhdf5 says. */
#include <dirent.h>

#include "h5make.h"
#include "h5same.h"
#include "tap.h"

static void __attribute__((format(printf, 2, 3)))
ok(int r, const char *fmt, ...)
{
	va_list ap;

	tap_bad += !r;
	printf("%sok %d - ", r ? "" : "not ", ++tap_n);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
}

/* The files of a directory and below, if it is there. */
static void
samples(const char *dir, int depth)
{
	struct dirent *e;
	char name[4096];
	const char *dot;
	DIR *d = opendir(dir);
	int n;

	while (d != NULL && (e = readdir(d)) != NULL) {
		if (e->d_name[0] == '.' || depth > 2)
			continue;
		snprintf(name, sizeof(name), "%s/%s", dir, e->d_name);
		dot = strrchr(e->d_name, '.');
		if (dot == NULL)
			samples(name, depth + 1);
		else if ((strcmp(dot, ".rtdc") == 0 ||
		    strcmp(dot, ".h5") == 0) &&
		    strstr(e->d_name, "layout5") == NULL) {
			n = same_file(name);
			ok(n > 0, "%s: %d datasets", e->d_name, n);
		}
	}
	if (d != NULL)
		closedir(d);
}

/* One of the same datasets written three times. */
struct side {
	struct dcor_src	 src;
	struct dcor_h5super sb;
	struct dcor_h5dset d;
	struct dcor_h5chunk *c;
	uint64_t	 n;
	hid_t		 f;
	int		 fd;
};

static int
side_open(struct side *s, const char *name)
{
	struct dcor_err e = DCOR_ERR_INIT;

	memset(s, 0, sizeof(*s));
	s->fd = open(name, O_RDONLY);
	s->f = H5Fopen(name, H5F_ACC_RDONLY, H5P_DEFAULT);
	return s->fd < 0 || s->f < 0 || dcor_src_fd(&s->src, s->fd, &e) != 0 ||
	    dcor_h5_super(&s->src, &s->sb, &e) != 0 ? diff("%s: %s", name,
	    e.msg) : 0;
}

/* The index read from the middle on, in three pieces, is that of libhdf5 if
 * the whole one is. */
static int
in_pieces(const struct side *s, const char *dset)
{
	uint64_t grid[DCOR_H5_MAXRANK], n, lo, hi, cut[4];
	static const int from[3] = { 1, 0, 2 };
	struct dcor_err e = DCOR_ERR_INIT;
	struct dcor_h5chunk *c = NULL;
	int rc, i;

	rc = dcor_h5dset_grid(&s->d, grid, NULL, &e);
	if (rc == 0)
		rc = dcor_h5dset_chunks_new(&s->src, &s->sb, &s->d, &c, &n,
		    &e);
	cut[0] = 0;
	cut[1] = grid[0] / 3;
	cut[2] = grid[0] - grid[0] / 3;
	cut[3] = grid[0];
	for (i = 0; rc == 0 && i < 3 && n > 0; i++) {
		lo = cut[from[i]];
		hi = cut[from[i] + 1];
		rc = dcor_h5dset_chunks_fill(&s->src, &s->sb, &s->d, c, &lo,
		    &hi, &e);
		if (lo == 0 && hi == grid[0])
			break;
	}
	if (rc == 0 && (n != s->n || (n > 0 && memcmp(c, s->c,
	    n * sizeof(*c)) != 0)))
		rc = diff("%s: the pieces differ from the whole", dset);
	free(c);
	return rc != 0 ? diff("%s: in pieces: %s", dset, e.msg) : 0;
}

static int
side_read(struct side *s, const char *dset)
{
	struct dcor_err e = DCOR_ERR_INIT;
	H5O_info_t info;

	s->c = NULL;
	s->n = 0;
	if (H5Oget_info_by_name2(s->f, dset, &info, H5O_INFO_BASIC,
	    H5P_DEFAULT) < 0)
		return diff("%s is not there", dset);
	if (dcor_h5dset_read(&s->src, &s->sb, info.addr, &s->d, &e) != 0 ||
	    (s->d.layout == DCOR_H5_CHUNKED && dcor_h5dset_chunks(&s->src,
	    &s->sb, &s->d, &s->c, &s->n, &e) != 0))
		return diff("%s: %s", dset, e.msg);
	return s->d.layout == DCOR_H5_CHUNKED ? in_pieces(s, dset) : 0;
}

static int
side_bytes(struct side *s, uint64_t addr, uint64_t n, unsigned char **p)
{
	*p = malloc(n + 1);
	return *p == NULL || dcor_src_read(&s->src, s->sb.base + addr, *p, n,
	    NULL) != 0;
}

static int
same_bytes(struct side *a, uint64_t aa, struct side *b, uint64_t ba,
    uint64_t n)
{
	unsigned char *p = NULL, *q = NULL;
	int same;

	same = side_bytes(a, aa, n, &p) == 0 && side_bytes(b, ba, n, &q) == 0
	    && memcmp(p, q, n) == 0;
	free(p);
	free(q);
	return same;
}

static int
same_sides(struct side *a, struct side *b)
{
	const struct dcor_h5dset *x = &a->d, *y = &b->d;
	uint64_t i;

	if (x->rank != y->rank || x->layout != y->layout || a->n != b->n ||
	    memcmp(x->dim, y->dim, sizeof(x->dim)) != 0 ||
	    memcmp(x->maxdim, y->maxdim, sizeof(x->maxdim)) != 0 ||
	    memcmp(x->chunk, y->chunk, sizeof(x->chunk)) != 0 ||
	    memcmp(x->filt, y->filt, sizeof(x->filt)) != 0 ||
	    memcmp(&x->type, &y->type, sizeof(x->type)) != 0 ||
	    x->fill_set != y->fill_set || (x->fill_set &&
	    memcmp(x->fill, y->fill, x->type.size) != 0))
		return 0;
	if (x->layout == DCOR_H5_CONTIGUOUS)
		return x->size == y->size &&
		    same_bytes(a, x->addr, b, y->addr, x->size);
	for (i = 0; i < a->n; i++) {
		if (a->c[i].size != b->c[i].size ||
		    a->c[i].mask != b->c[i].mask ||
		    (a->c[i].addr == DCOR_H5_NOADDR) !=
		    (b->c[i].addr == DCOR_H5_NOADDR))
			return 0;
		if (a->c[i].addr != DCOR_H5_NOADDR && !same_bytes(a,
		    a->c[i].addr, b, b->c[i].addr, a->c[i].size))
			return 0;
	}
	return 1;
}

static herr_t
each_side(hid_t f, const char *name, const H5O_info_t *info, void *arg)
{
	struct side *s = arg;
	int i, bad = 0;

	(void)f;
	if (info->type != H5O_TYPE_DATASET)
		return 0;
	for (i = 0; i < 2; i++)
		bad |= side_read(&s[i], name);
	ok(!bad && same_sides(&s[0], &s[1]), "layout 5: %s", name);
	for (i = 0; i < 2; i++) {
		free(s[i].c);
		dcor_h5dset_fini(&s[i].d);
	}
	return 0;
}

/* libhdf5 1.10 cannot read the first file's datasets, only the other's. */
static void
layout5(const char *dir, const char *five, const char *other)
{
	char name[2][4096];
	struct side s[2];
	int i, bad = 0;

	snprintf(name[0], sizeof(name[0]), "%s/%s", dir, five);
	snprintf(name[1], sizeof(name[1]), "%s/%s", dir, other);
	if (access(name[0], R_OK) != 0)
		return;
	for (i = 0; i < 2; i++)
		bad |= side_open(&s[i], name[i]);
	ok(!bad, "%s and %s", five, other);
	if (!bad)
		H5Ovisit2(s[1].f, H5_INDEX_NAME, H5_ITER_NATIVE, each_side,
		    s, H5O_INFO_BASIC);
	for (i = 0; i < 2; i++) {
		H5Fclose(s[i].f);
		close(s[i].fd);
	}
}

int
main(void)
{
	static const struct {
		const char *what;
		unsigned userblock;
		size_t width;
		int latest;
	} f[] = {
		{ "earliest", 0, 8, 0 }, { "1.10", 0, 8, 1 },
		{ "earliest, user block, short addresses", 1024, 4, 0 },
		{ "1.10, user block, short addresses", 2048, 4, 1 },
	};
	const char *data = getenv("DCOR_TEST_DATA");
	char path[] = "/tmp/h5indexXXXXXX";
	int fd = mkstemp(path), n;
	size_t i;

	if (fd < 0)
		return 1;
	close(fd);
	H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
	for (i = 0; i < 4; i++) {
		make_file(path, f[i].latest, f[i].userblock, f[i].width, 1);
		n = same_file(path);
		ok(n > 40, "%s: %d datasets", f[i].what, n);
	}
	unlink(path);
	for (i = 0; i < 6; i++)
		ok(seen_kind[i] > 0, "chunk index %zu", i);
	printf("# %" PRIu64 " chunks, %" PRIu64 " missing\n", seen_chunks,
	    seen_missing);
	OK(seen_mask > 0 && seen_missing > 0);
	if (data == NULL)
		data = "../shared/data";
	samples(data, 0);
	layout5(data, "hdf5-2.0/index_kinds_layout5.h5",
	    "hdf5-2.0/index_kinds_v110.h5");
	layout5(data, "hdf5-2.0/index_kinds_layout5.h5",
	    "hdf5-2.0/index_kinds_earliest.h5");
	layout5(data, "hdf5-2.0/a_80x400_layout5.rtdc",
	    "segm/a_80x400.rtdc");
	return DONE();
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mkrtdc - make a measurement whose cells are known (see score.c)
 *
 * The file is written by libhdf5 alone.  The same options make the same
 * bytes.  What was drawn is in /tables/mkrtdc-truth.
 */
#include <unistd.h>

#include "mkimage.h"

enum {
	O_CELLS = CLI_OPT_USER, O_RADIUS, O_TOUCH, O_BORDER, O_CONTRAST,
	O_NOISE, O_DRIFT, O_JUMPS, O_DUP, O_DOTS, O_GRID, O_LEVEL, O_PLAIN,
	O_FLAT, O_RATE, O_SEED, O_SIZE, O_FRAMES, O_FROM, O_LATEST, O_CHUNK,
	O_FILTER, O_LOGS, O_TIME, O_FRAME, O_FEATURES, O_PIXEL, O_BG, O_ATTR,
	O_WRONG, O_COUNT, O_NOTRUTH, O_DAMAGE
};

static const struct cli_opt opts[] = {
	{ 'o', "output", "FILE", "the measurement to write" },
	{ O_SIZE, "size", "HxW", "size of a frame [80x320]" },
	{ O_FRAMES, "frames", "N", "number of frames [200]" },
	{ O_RATE, "rate", "HZ", "frame rate, 0 for none [500]" },
	{ O_SEED, "seed", "N", "other numbers, other cells [1]" },
	{ O_CELLS, "cells", "A-B", "cells of a frame [0-3]" },
	{ O_RADIUS, "radius", "A-B", "radius of a cell in pixels [9-16]" },
	{ O_TOUCH, "touch", "PERCENT", "cells that touch another [0]" },
	{ O_BORDER, "border", "PERCENT", "cells that cross a border [0]" },
	{ O_CONTRAST, "contrast", "X", "how much darker cells are [45]" },
	{ O_NOISE, "noise", "X", "standard deviation [2]" },
	{ O_DRIFT, "drift", "X", "of the background, first to last [3]" },
	{ O_JUMPS, "jumps", "PERCENT", "frames that flicker [0]" },
	{ O_DUP, "dup", "PERCENT", "frames equal to the one before [0]" },
	{ O_DOTS, "dots", "PERCENT", "frames full of single pixels [0]" },
	{ O_GRID, "grid", "PERCENT", "frames full of 2 by 2 squares [0]" },
	{ O_LEVEL, "level", "X", "grey level of the background [182]" },
	{ O_PLAIN, "plain", NULL, "cells of one grey level" },
	{ O_FLAT, "flat", NULL, "background of one grey level" },
	{ O_FROM, "from", "FILE", "take the images of FILE in any order" },
	{ O_LATEST, "latest", NULL, "use the newest HDF5 structures" },
	{ O_CHUNK, "chunk", "N[xHxW]", "chunks of images, 0 for none [40]" },
	{ O_FILTER, "filter", "LIST", "none, or in order: gzip zstd fletcher "
	    "shuffle [zstd,fletcher]" },
	{ O_LOGS, "logs", "none|fixed|vlen", "text of the logs [fixed]" },
	{ O_TIME, "time", "none|f32|f64", "feature time [f64]" },
	{ O_FRAME, "frame", "none|f32|f64|i32|u64", "feature frame [u64]" },
	{ O_FEATURES, "features", "LIST", "more features, f64 [none]" },
	{ O_PIXEL, "pixel", "UM", "pixel size, 0 for none [0.2645]" },
	{ O_BG, "bg", NULL, "add the background as feature image_bg" },
	{ O_ATTR, "attr", "KEY=VALUE", "one more root attribute" },
	{ O_COUNT, "count", "N", "write another event count" },
	{ O_WRONG, "wrong", "noimage|rank2|u16|rgb", "spoil the images" },
	{ O_NOTRUTH, "no-truth", NULL, "no table of the cells" },
	{ O_DAMAGE, "damage", "N", "flip a bit in chunk N of FILE's images" },
	CLI_QUIET,
	{ 0, NULL, NULL, NULL }
};

static const struct cli mkrtdc = { "mkrtdc", "make a measurement",
    "mkrtdc [options] -o FILE\n"
    "mkrtdc --damage N FILE", opts, NULL };

static struct mk_opts img = { .seed = 1, .n = 200, .h = 80, .w = 320,
    .cmax = 3, .rmin = 9, .rmax = 16, .contrast = 45, .noise = 2,
    .drift = 3, .level = 182 };
static double rate = 500, pixel = 0.2645;
static uint64_t count = UINT64_MAX;
static hsize_t chunk[3] = { 40, 0, 0 };
static const char *filter = "zstd,fletcher", *logs = "fixed", *from;
static const char *ftime = "f64", *fframe = "u64", *features = "";
static const char *wrong = "";
static const char *attr[64];
static size_t nattr;
static int latest, with_bg, no_truth;

/* "A-B" or "A" */
static void
range(const char *opt, const char *text, double *a, double *b)
{
	const char *dash = strchr(text, '-');
	char one[32];

	snprintf(one, sizeof(one), "%.*s", dash == NULL ? 31 :
	    (int)(dash - text), text);
	*a = cli_double(opt, one, 0, 1e6);
	*b = dash == NULL ? *a : cli_double(opt, dash + 1, *a, 1e6);
}

/* "AxBxC": returns how many */
static int
dims(const char *opt, const char *text, hsize_t *out, int max)
{
	const char *p = text, *x;
	char one[32];
	int n = 0;

	for (; n < max; p = x + 1) {
		x = strchr(p, 'x');
		snprintf(one, sizeof(one), "%.*s", x == NULL ? 31 :
		    (int)(x - p), p);
		out[n++] = cli_u64(opt, one, 0, 1 << 30);
		if (x == NULL)
			break;
	}
	return n;
}

/* KEY=VALUE, as what VALUE looks like */
static void
put_any(hid_t at, const char *pair)
{
	const char *eq = strchr(pair, '='), *v;
	char key[128], *end;
	signed char b;
	double d;
	hid_t t;

	if (eq == NULL)
		cli_usage("--attr: %s: no =", pair);
	snprintf(key, sizeof(key), "%.*s", (int)(eq - pair), pair);
	v = eq + 1;
	if (H5Aexists(at, key) > 0)
		H5Adelete(at, key);
	d = strtod(v, &end);
	if (strcmp(v, "true") == 0 || strcmp(v, "false") == 0) {
		t = H5Tenum_create(H5T_NATIVE_SCHAR);
		b = 0;
		H5Tenum_insert(t, "FALSE", &b);
		b = 1;
		H5Tenum_insert(t, "TRUE", &b);
		b = *v == 't';
		h5test_put_number(at, key, t, &b);
		H5Tclose(t);
	} else if (*v == '\0' || *end != '\0')
		h5test_put_text(at, key, v);
	else if (strpbrk(v, ".eEn") == NULL)
		h5test_put_i64(at, key, (int64_t)d);
	else
		h5test_put_f64(at, key, d);
}

static int
listed(const char *list, const char *name)
{
	size_t n = strlen(name);
	const char *p;

	for (p = list; (p = strstr(p, name)) != NULL; p += n)
		if ((p == list || p[-1] == ',') &&
		    (p[n] == '\0' || p[n] == ','))
			return 1;
	return 0;
}

/* Creation properties: chunks of rank lengths (NULL: contiguous), filters
 * in the order of the list. */
static hid_t
layout(int rank, const hsize_t *ck)
{
	static const unsigned level[] = { 5 };
	hid_t p = H5Pcreate(H5P_DATASET_CREATE);
	const char *s;

	if (ck == NULL)
		return p;
	H5Pset_chunk(p, rank, ck);
	for (s = filter; *s != '\0'; s += strcspn(s, ","), s += *s == ',') {
		if (strncmp(s, "zstd", 4) == 0)
			H5Pset_filter(p, H5TEST_ZSTD, H5Z_FLAG_OPTIONAL, 1,
			    level);
		else if (strncmp(s, "gzip", 4) == 0)
			H5Pset_deflate(p, 4);
		else if (strncmp(s, "fletcher", 8) == 0)
			H5Pset_fletcher32(p);
		else if (strncmp(s, "shuffle", 7) == 0)
			H5Pset_shuffle(p);
		else if (strncmp(s, "none", 4) != 0)
			cli_usage("--filter: %s: no such filter", s);
	}
	return p;
}

static void
put_scalar(hid_t events, const char *name, const char *type)
{
	hid_t t = strcmp(type, "f32") == 0 ? H5T_IEEE_F32LE :
	    strcmp(type, "f64") == 0 ? H5T_IEEE_F64LE :
	    strcmp(type, "i32") == 0 ? H5T_STD_I32LE : H5T_STD_U64LE;
	hsize_t n = img.n, max = H5S_UNLIMITED, ck = 1000;
	double *v = h5test_alloc((size_t)n * sizeof(*v));
	uint64_t i, s = img.seed + (unsigned char)name[0];
	hid_t sp, p, d;

	if (strcmp(type, "none") == 0) {
		free(v);
		return;
	}
	for (i = 0; i < n; i++)
		v[i] = strcmp(name, "time") == 0 ?
		    (double)i / (rate > 0 ? rate : 500) :
		    strcmp(name, "frame") == 0 ? (double)(1000 + i) :
		    strcmp(name, "bg_off") == 0 ? sin((double)i / 10) :
		    20 + sin((double)i / 100) + 0.01 * mk_unit(&s);
	sp = H5Screate_simple(1, &n, &max);
	p = layout(1, &ck);
	d = h5test_must(H5Dcreate2(events, name, t, sp, H5P_DEFAULT, p,
	    H5P_DEFAULT), name);
	if (n > 0 &&
	    H5Dwrite(d, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, v)
	    < 0)
		cli_die(74, "%s: cannot be written", name);
	H5Dclose(d);
	H5Pclose(p);
	H5Sclose(sp);
	free(v);
}

/* The dataset of images, spoilt if asked to. */
static hid_t
image_dset(hid_t events, const char *name, int *rank)
{
	hsize_t shape[4] = { img.n, img.h, img.w, 3 };
	hsize_t max[4] = { H5S_UNLIMITED, img.h, img.w, 3 };
	hsize_t ck[4] = { chunk[0], chunk[1], chunk[2], 3 };
	hid_t sp, p, d;

	*rank = strcmp(wrong, "rgb") == 0 ? 4 :
	    strcmp(wrong, "rank2") == 0 ? 2 : 3;
	if (*rank == 2)
		shape[1] = max[1] = ck[1] = (hsize_t)img.h * img.w;
	if (ck[1] == 0)
		ck[1] = img.h;
	if (ck[2] == 0)
		ck[2] = img.w;
	sp = H5Screate_simple(*rank, shape, chunk[0] > 0 ? max : NULL);
	p = layout(*rank, chunk[0] > 0 ? ck : NULL);
	d = h5test_must(H5Dcreate2(events, name, strcmp(wrong, "u16") == 0 ?
	    H5T_STD_U16LE : H5T_STD_U8LE, sp, H5P_DEFAULT, p, H5P_DEFAULT),
	    name);
	h5test_put_fixed(d, "CLASS", "IMAGE");
	h5test_put_fixed(d, "IMAGE_VERSION", "1.2");
	h5test_put_fixed(d, "IMAGE_SUBCLASS", "IMAGE_GRAYSCALE");
	H5Pclose(p);
	H5Sclose(sp);
	return d;
}

static void
put_rows(hid_t d, int rank, hsize_t at0, hsize_t n, const unsigned char *b)
{
	hsize_t at[4] = { at0, 0, 0, 0 }, shape[4];
	hid_t fs, ms;

	h5test_shape(d, shape);
	shape[0] = n;
	if (rank == 4)
		shape[3] = 1;	/* red will do */
	ms = H5Screate_simple(rank, shape, NULL);
	fs = H5Dget_space(d);
	H5Sselect_hyperslab(fs, H5S_SELECT_SET, at, NULL, shape, NULL);
	if (H5Dwrite(d, H5T_NATIVE_UCHAR, ms, fs, H5P_DEFAULT, b) < 0)
		cli_die(74, "images: cannot be written");
	H5Sclose(fs);
	H5Sclose(ms);
}

/* Images of another file in any order, with noise and flicker of ours. */
static unsigned char *
borrow(hsize_t *n)
{
	hid_t f, d;
	hsize_t shape[4];
	unsigned char *b;

	f = H5Fopen(from, H5F_ACC_RDONLY, H5P_DEFAULT);
	if (f < 0 || (d = H5Dopen2(f, "events/image", H5P_DEFAULT)) < 0)
		cli_die(66, "%s: no images", from);
	if (h5test_shape(d, shape) != 3 || shape[0] == 0)
		cli_die(65, "%s: no images", from);
	*n = shape[0];
	img.h = (unsigned)shape[1];
	img.w = (unsigned)shape[2];
	b = h5test_alloc((size_t)(shape[0] * shape[1] * shape[2]));
	h5test_rows(d, 0, shape[0], b);
	H5Dclose(d);
	H5Fclose(f);
	return b;
}

static void
put_images(hid_t events, struct mk_scene *m)
{
	hsize_t nstock = 0, i, k, n, block = chunk[0] > 0 ? chunk[0] : 64;
	unsigned char *stock = from != NULL ? borrow(&nstock) : NULL;
	size_t npix = (size_t)img.h * img.w, j;
	unsigned char *b = h5test_alloc((size_t)(block + 1) * npix);
	uint64_t s = img.seed;
	int rank;
	hid_t d;

	mk_scene_init(m, &img);
	if (strcmp(wrong, "noimage") == 0) {
		free(b);
		return;
	}
	d = image_dset(events, "image", &rank);
	for (i = 0; i < img.n; i += n) {
		n = img.n - i < block ? img.n - i : block;
		for (k = 0; k < n; k++) {
			unsigned char *o = b + (k + 1) * npix;

			if (stock == NULL) {
				mk_frame(m, i + k, o);
				continue;
			}
			j = mk_rand(&s) % nstock;
			for (size_t q = 0; q < npix; q++)
				m->bg[q] = stock[j * npix + q];
			memset(m->tilt, 0, npix * sizeof(*m->tilt));
			mk_frame(m, i + k, o);
		}
		put_rows(d, rank, i, n, b + npix);
		memcpy(b, b + n * npix, npix);
	}
	H5Dclose(d);
	if (with_bg) {
		d = image_dset(events, "image_bg", &rank);
		for (i = 0; i < img.n; i++) {
			float t = img.n > 1 ?
			    (float)i / (float)(img.n - 1) : 0;

			for (j = 0; j < npix; j++)
				b[j] = (unsigned char)(m->bg[j] +
				    t * m->tilt[j] + 0.5F);
			put_rows(d, rank, i, 1, b);
		}
		H5Dclose(d);
	}
	free(stock);
	free(b);
}

static void
put_truth(hid_t file, const struct mk_scene *m)
{
	hid_t g = h5test_must(H5Gcreate2(file, "tables", H5P_DEFAULT,
	    H5P_DEFAULT, H5P_DEFAULT), "tables");
	hid_t t = mk_cell_type(), packed = H5Tcopy(t), sp, d;
	hsize_t n = m->ncell;

	H5Tpack(packed);
	sp = H5Screate_simple(1, &n, NULL);
	d = h5test_must(H5Dcreate2(g, "mkrtdc-truth", packed, sp, H5P_DEFAULT,
	    H5P_DEFAULT, H5P_DEFAULT), "truth");
	if (n > 0)
		H5Dwrite(d, t, H5S_ALL, H5S_ALL, H5P_DEFAULT, m->cell);
	h5test_put_text(d, "software", "mkrtdc 1");
	H5Dclose(d);
	H5Sclose(sp);
	H5Tclose(packed);
	H5Tclose(t);
	H5Gclose(g);
}

static void
put_logs(hid_t file)
{
	static const char *const line[] = { "mkrtdc 1",
	    "device name: naiad 1.0", "", "  indented" };
	char fix[4][100];
	hid_t g = h5test_must(H5Gcreate2(file, "logs", H5P_DEFAULT, H5P_DEFAULT,
	    H5P_DEFAULT), "logs"), t, sp, d, p;
	hsize_t n = 4, max = H5S_UNLIMITED, ck = 10;
	int i, vlen = strcmp(logs, "vlen") == 0;

	memset(fix, 0, sizeof(fix));
	for (i = 0; i < 4; i++)
		snprintf(fix[i], sizeof(fix[i]), "%s", line[i]);
	t = H5Tcopy(H5T_C_S1);
	H5Tset_size(t, vlen ? H5T_VARIABLE : 100);
	H5Tset_strpad(t, vlen ? H5T_STR_NULLTERM : H5T_STR_NULLPAD);
	sp = H5Screate_simple(1, &n, &max);
	p = H5Pcreate(H5P_DATASET_CREATE);
	H5Pset_chunk(p, 1, &ck);
	d = h5test_must(H5Dcreate2(g, "mkrtdc-log", t, sp, H5P_DEFAULT, p,
	    H5P_DEFAULT), "log");
	H5Dwrite(d, t, H5S_ALL, H5S_ALL, H5P_DEFAULT,
	    vlen ? (const void *)line : fix);
	H5Dclose(d);
	H5Pclose(p);
	H5Sclose(sp);
	H5Tclose(t);
	H5Gclose(g);
}

static void
put_meta(hid_t f)
{
	size_t i;

	h5test_put_text(f, "experiment:date", "2024-05-17");
	h5test_put_i64(f, "experiment:event count",
	    (int64_t)(count == UINT64_MAX ? img.n : count));
	h5test_put_i64(f, "experiment:run index", 1);
	h5test_put_text(f, "experiment:sample", "synthetic cells");
	h5test_put_text(f, "experiment:time", "12:34:56");
	h5test_put_text(f, "imaging:flash device", "LED");
	h5test_put_f64(f, "imaging:flash duration", 2);
	if (rate > 0)
		h5test_put_f64(f, "imaging:frame rate", rate);
	if (pixel > 0)
		h5test_put_f64(f, "imaging:pixel size", pixel);
	h5test_put_i64(f, "imaging:roi position x", 629);
	h5test_put_i64(f, "imaging:roi position y", 512);
	h5test_put_i64(f, "imaging:roi size x", img.w);
	h5test_put_i64(f, "imaging:roi size y", img.h);
	h5test_put_f64(f, "setup:channel width", 20);
	h5test_put_text(f, "setup:chip region", "channel");
	h5test_put_f64(f, "setup:flow rate", 0.06);
	h5test_put_f64(f, "setup:flow rate sample", 0.015);
	h5test_put_f64(f, "setup:flow rate sheath", 0.045);
	h5test_put_text(f, "setup:identifier", "MK-0000-seed");
	h5test_put_text(f, "setup:medium", "CellCarrierB");
	h5test_put_text(f, "setup:module composition", "none");
	h5test_put_text(f, "setup:software version", "mkrtdc 1");
	if (listed(features, "temp"))
		h5test_put_f64(f, "setup:temperature", 23);
	for (i = 0; i < nattr; i++)
		put_any(f, attr[i]);
}

static void
make(const char *path)
{
	hid_t fapl = H5Pcreate(H5P_FILE_ACCESS), f, g;
	struct mk_scene m;
	char one[64];
	const char *s;

	H5Pset_libver_bounds(fapl, latest ? H5F_LIBVER_V110 :
	    H5F_LIBVER_EARLIEST, H5F_LIBVER_V110);
	f = h5test_must(H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, fapl),
	    path);
	g = h5test_must(H5Gcreate2(f, "events", H5P_DEFAULT, H5P_DEFAULT,
	    H5P_DEFAULT), "events");
	put_images(g, &m);
	put_scalar(g, "time", ftime);
	put_scalar(g, "frame", fframe);
	for (s = features; *s != '\0'; s += strcspn(s, ","), s += *s == ',') {
		snprintf(one, sizeof(one), "%.*s", (int)strcspn(s, ","), s);
		put_scalar(g, one, "f64");
	}
	put_meta(f);
	if (strcmp(logs, "none") != 0)
		put_logs(f);
	if (!no_truth && from == NULL)
		put_truth(f, &m);
	mk_scene_fini(&m);
	H5Gclose(g);
	H5Pclose(fapl);
	if (H5Fclose(f) < 0)
		cli_die(74, "%s: cannot be written", path);
}

static void
flip(FILE *fp, haddr_t at)
{
	int c;

	fseek(fp, (long)at, SEEK_SET);
	c = fgetc(fp);
	fseek(fp, (long)at, SEEK_SET);
	fputc(c ^ 0x10, fp);
}

/* Flips a bit at the start, where a decoder without checksum can see it,
 * and one in the middle of what is stored of a chunk. */
static void
damage(const char *path, uint64_t nth)
{
	hid_t f = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT), d, sp;
	hsize_t at[4], size;
	haddr_t addr;
	unsigned mask;
	FILE *fp;

	if (f < 0 || (d = H5Dopen2(f, "events/image", H5P_DEFAULT)) < 0)
		cli_die(66, "%s: no images", path);
	sp = H5Dget_space(d);
	if (H5Dget_chunk_info(d, sp, nth, at, &mask, &addr, &size) < 0)
		cli_die(65, "%s: no such chunk", path);
	H5Sclose(sp);
	H5Dclose(d);
	H5Fclose(f);
	if ((fp = fopen(path, "r+b")) == NULL)
		cli_die(74, "%s: cannot be opened", path);
	flip(fp, addr);
	flip(fp, addr + size / 2);
	if (fclose(fp) != 0)
		cli_die(74, "%s: cannot be written", path);
}

static void
option(int c, const char *v, const char **out)
{
	double a, b;

	switch (c) {
	case 'o': *out = v; break;
	case O_SIZE: {
		hsize_t d[2];

		if (dims("--size", v, d, 2) != 2 || d[0] * d[1] == 0)
			cli_usage("--size: %s: not a size", v);
		img.h = (unsigned)d[0];
		img.w = (unsigned)d[1];
		break;
	}
	case O_FRAMES: img.n = cli_u64("--frames", v, 0, 1 << 30); break;
	case O_RATE: rate = cli_double("--rate", v, 0, 1e6); break;
	case O_SEED: img.seed = cli_u64("--seed", v, 0, UINT64_MAX); break;
	case O_CELLS:
		range("--cells", v, &a, &b);
		img.cmin = (unsigned)a;
		img.cmax = (unsigned)b;
		break;
	case O_RADIUS: range("--radius", v, &img.rmin, &img.rmax); break;
	case O_TOUCH: img.touch = cli_double("--touch", v, 0, 100); break;
	case O_BORDER: img.border = cli_double("--border", v, 0, 100); break;
	case O_CONTRAST:
		img.contrast = cli_double("--contrast", v, -255, 255);
		break;
	case O_NOISE: img.noise = cli_double("--noise", v, 0, 255); break;
	case O_DRIFT: img.drift = cli_double("--drift", v, -255, 255); break;
	case O_JUMPS: img.jumps = cli_double("--jumps", v, 0, 100); break;
	case O_DUP: img.dup = cli_double("--dup", v, 0, 100); break;
	case O_DOTS: img.dots = cli_double("--dots", v, 0, 100); break;
	case O_GRID: img.grid = cli_double("--grid", v, 0, 100); break;
	case O_LEVEL: img.level = cli_double("--level", v, 0, 255); break;
	case O_PLAIN: img.plain = 1; break;
	case O_FLAT: img.flat = 1; break;
	case O_FROM: from = v; break;
	case O_LATEST: latest = 1; break;
	case O_CHUNK: dims("--chunk", v, chunk, 3); break;
	case O_FILTER: filter = v; break;
	case O_LOGS: logs = v; break;
	case O_TIME: ftime = v; break;
	case O_FRAME: fframe = v; break;
	case O_FEATURES: features = v; break;
	case O_PIXEL: pixel = cli_double("--pixel", v, 0, 1e6); break;
	case O_BG: with_bg = 1; break;
	case O_ATTR:
		if (nattr == sizeof(attr) / sizeof(*attr))
			cli_usage("--attr: too many");
		attr[nattr++] = v;
		break;
	case O_COUNT: count = cli_u64("--count", v, 0, 1 << 30); break;
	case O_WRONG: wrong = v; break;
	case O_NOTRUTH: no_truth = 1; break;
	}
}

int
main(int argc, char **argv)
{
	const char *out = NULL;
	uint64_t nth = UINT64_MAX;
	int c;

	while ((c = cli_next(&mkrtdc, argc, argv)) != -1) {
		if (c == O_DAMAGE)
			nth = cli_u64("--damage", optarg, 0, 1 << 30);
		else
			option(c, optarg, &out);
	}
	h5test_init();
	if (nth != UINT64_MAX && argc - optind == 1)
		damage(argv[optind], nth);
	else if (out != NULL && argc == optind)
		make(out);
	else
		cli_usage("name one file");
	return cli_finish(0);
}

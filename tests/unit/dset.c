/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Bulk reading and writing against libhdf5: files of many layouts are read
 * by rows and compared with H5Dread; what we write is read by libhdf5.
 */
#include <hdf5.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rtdc/h5out.h"
#include "tap.h"

static uint32_t seed = 12345;

static unsigned
rnd(unsigned n)
{
	seed = seed * 1664525u + 1013904223u;
	return (seed >> 8) % n;
}

/* A dataset of 3 axes with the given type, chunks and filters. */
static void
make(hid_t file, const char *name, hid_t type, const hsize_t *dim,
    const hsize_t *chunk, const char *filters)
{
	static int64_t data[40 * 30 * 30];
	hsize_t max[3] = { H5S_UNLIMITED, dim[1], dim[2] };
	hid_t space = H5Screate_simple(3, dim, chunk != NULL ? max : NULL);
	hid_t dcpl = H5Pcreate(H5P_DATASET_CREATE), set;
	unsigned level = 3;
	size_t i, n = dim[0] * dim[1] * dim[2];

	if (chunk != NULL)
		H5Pset_chunk(dcpl, 3, chunk);
	for (; *filters != '\0'; filters++)
		switch (*filters) {
		case 'g':
			H5Pset_deflate(dcpl, 4);
			break;
		case 's':
			H5Pset_shuffle(dcpl);
			break;
		case 'f':
			H5Pset_fletcher32(dcpl);
			break;
		case 'z':
			H5Pset_filter(dcpl, 32015, H5Z_FLAG_OPTIONAL, 1,
			    &level);
			break;
		case 'n':
			H5Pset_nbit(dcpl);
			break;
		default:
			break;
		}
	for (i = 0; i < n; i++)
		data[i] = (int64_t)(i * i % 251) - (i % 7 == 0 ? 100 : 0);
	set = H5Dcreate2(file, name, type, space, H5P_DEFAULT, dcpl,
	    H5P_DEFAULT);
	H5Dwrite(set, H5T_NATIVE_INT64, H5S_ALL, H5S_ALL, H5P_DEFAULT, data);
	H5Dclose(set);
	H5Pclose(dcpl);
	H5Sclose(space);
}

/* Random ranges of rows, by us and by libhdf5. */
static int
agrees(struct dcor_h5 *h, hid_t file, const char *name, int want_fast)
{
	struct dcor_err err = DCOR_ERR_INIT;
	static struct dcor_reader *r;	/* one for all, as programs do it */
	struct dcor_dset *d = NULL;
	hid_t set, space, mem, type, native;
	hsize_t dim[3], start[3] = { 0 }, count[3];
	unsigned char *a = NULL, *b = NULL;
	size_t size = 0;
	int i, same = 1;

	if (dcor_dset_open(h, name, &d, &err) != DCOR_OK ||
	    (r == NULL && dcor_reader_new(&r, &err) != DCOR_OK)) {
		printf("# %s\n", err.msg);
		return 0;
	}
	same = dcor_dset_is_fast(d) == want_fast;
	if (!same)
		printf("# %s: fast is %d\n", name, dcor_dset_is_fast(d));
	set = H5Dopen2(file, name, H5P_DEFAULT);
	space = H5Dget_space(set);
	type = H5Dget_type(set);
	native = H5Tget_native_type(type, H5T_DIR_ASCEND);
	H5Sget_simple_extent_dims(space, dim, NULL);
	size = dim[0] * dim[1] * dim[2] * H5Tget_size(native);
	a = malloc(size);
	b = malloc(size);
	for (i = 0; same && i < 60; i++) {
		start[0] = rnd((unsigned)dim[0]);
		count[0] = i == 0 ? dim[0] : 1 + rnd((unsigned)(dim[0] -
		    start[0]));
		if (i == 0)
			start[0] = 0;
		count[1] = dim[1];
		count[2] = dim[2];
		memset(a, 0x55, size);
		memset(b, 0x55, size);
		mem = H5Screate_simple(3, count, NULL);
		H5Sselect_hyperslab(space, H5S_SELECT_SET, start, NULL, count,
		    NULL);
		H5Dread(set, native, mem, space, H5P_DEFAULT, a);
		if (dcor_dset_read(d, r, start[0], count[0], b, &err) !=
		    DCOR_OK || memcmp(a, b, size) != 0) {
			printf("# %s: rows %d+%d: %s\n", name, (int)start[0],
			    (int)count[0], err.msg);
			same = 0;
		}
		H5Sclose(mem);
	}
	H5Tclose(native);
	H5Tclose(type);
	H5Sclose(space);
	H5Dclose(set);
	dcor_dset_close(d);
	free(a);
	free(b);
	return same;
}

static void
reading(void)
{
	static const hsize_t dim[3] = { 37, 11, 13 }, whole[3] = { 5, 11, 13 },
	    cut[3] = { 4, 5, 6 }, big[3] = { 64, 11, 13 };
	static const char *const pipe[] = { "", "f", "g", "z", "gf", "fg",
	    "zf", "fz", "sg", "sgf", "szf", "fsg", "s", "sf", "gs" };
	const hsize_t *const shape[] = { whole, cut, big };
	struct {
		const char	*name;
		hid_t		 type;
	} type[] = {
		{ "u8", H5T_STD_U8LE }, { "i16", H5T_STD_I16LE },
		{ "i32b", H5T_STD_I32BE }, { "u64b", H5T_STD_U64BE },
		{ "f32", H5T_IEEE_F32LE }, { "f64b", H5T_IEEE_F64BE }
	};
	struct dcor_err err = DCOR_ERR_INIT;
	struct dcor_h5 *h = NULL;
	char name[64];
	hid_t file, fapl;
	size_t t, p, s;

	OK(dcor_chunk_register(&err) == DCOR_OK);
	file = H5Fcreate("dset.h5", H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
	for (t = 0; t < 6; t++) {
		snprintf(name, sizeof(name), "%s-flat", type[t].name);
		make(file, name, type[t].type, dim, NULL, "");
		for (s = 0; s < 3; s++)
			for (p = 0; p < 15; p++) {
				snprintf(name, sizeof(name), "%s-%zu-%s",
				    type[t].name, s, pipe[p]);
				make(file, name, type[t].type, dim, shape[s],
				    pipe[p]);
			}
	}
	make(file, "nbit", H5T_STD_I16LE, dim, whole, "n");
	H5Fclose(file);
	/* libhdf5 opens a file twice only if both times lock it alike */
	fapl = H5Pcreate(H5P_FILE_ACCESS);
#if H5_VERSION_GE(1, 10, 7)
	H5Pset_file_locking(fapl, 0, 1);
#endif
	file = H5Fopen("dset.h5", H5F_ACC_RDONLY, fapl);
	H5Pclose(fapl);
	OK(dcor_h5_open("dset.h5", &h, &err) == DCOR_OK);
	for (t = 0; t < 6; t++) {
		int good = 1;

		snprintf(name, sizeof(name), "%s-flat", type[t].name);
		good = agrees(h, file, name, 1);
		for (s = 0; s < 3; s++)
			for (p = 0; p < 15; p++) {
				snprintf(name, sizeof(name), "%s-%zu-%s",
				    type[t].name, s, pipe[p]);
				good &= agrees(h, file, name, 1);
			}
		OK(good);
	}
	OK(agrees(h, file, "nbit", 0));
	dcor_h5_close(h);
	H5Fclose(file);
}

/* What h5py wrote with its LZF filter, and what it holds. */
static void
lzf(void)
{
	static const unsigned char in[] = {
		0x01, 0x00, 0x00, 0x20, 0x00, 0x00, 0x01, 0x40, 0x00, 0x00,
		0x02, 0x40, 0x00, 0x00, 0x03, 0x40, 0x00, 0x00, 0x04, 0x40,
		0x00, 0x00, 0x05, 0x40, 0x00, 0x00, 0x06, 0x40, 0x00, 0x00,
		0x07, 0xe0, 0x11, 0x00, 0x01, 0x07, 0x07
	};
	struct dcor_h5filter f = { .id = DCOR_FILTER_LZF };
	struct dcor_err err = DCOR_ERR_INIT;
	struct dcor_codec *c = NULL;
	unsigned char out[64];
	size_t i;
	int good = 1;

	OK(dcor_codec_new(&c, &err) == DCOR_OK);
	OK(dcor_chunk_decode(c, &f, 1, 0, 1, in, sizeof(in), out, 64, &err)
	    == DCOR_OK);
	for (i = 0; i < 64; i++)
		good &= out[i] == (i < 40 ? i / 5 : 7);
	OK(good);
	OK(dcor_chunk_decode(c, &f, 1, 0, 1, in, sizeof(in) - 2, out, 64,
	    NULL) == DCOR_EDATA);
	OK(dcor_chunk_decode(c, &f, 1, 0, 1, in, sizeof(in), out, 63, NULL)
	    == DCOR_EDATA);
	dcor_codec_free(c);
}

static void
fill_row(void *arg, void *buf)
{
	memset(buf, *(unsigned char *)arg, 6 * 7);
}

static void
done(void *arg)
{
	*(unsigned char *)arg += 100;
}

/* Written by us, read by libhdf5. */
static void
writing(unsigned workers)
{
	struct dcor_h5spec spec = {
		.type = { .cls = DCOR_H5_INT, .size = 1 }, .rank = 3,
		.item = { 6, 7 }, .chunk_rows = 4, .level = 5, .image = 1
	};
	struct dcor_h5spec col = {
		.type = { .cls = DCOR_H5_FLOAT, .size = 8 }, .rank = 1
	};
	static const char *const line[] = { "one", "", "three \xc3\xbc" };
	struct dcor_err err = DCOR_ERR_INIT;
	struct dcor_h5out *o = NULL;
	struct dcor_h5col *c = NULL, *d = NULL;
	struct dcor_pool *pool = NULL;
	struct dcor_h5 *h = NULL;
	struct dcor_attr at;
	struct dcor_names text;
	unsigned char img[10][42], got[10][42], arg = 9;
	double v[2500], w[2500];
	hid_t f, s;
	int i, k;

	OK(dcor_pool_new(workers, &pool, &err) == DCOR_OK);
	OK(dcor_h5out_create("out.h5", pool, &o, &err) == DCOR_OK);
	OK(dcor_h5out_group(o, "events", &err) == DCOR_OK);
	OK(dcor_h5out_dset(o, "events/image", &spec, &c, &err) == DCOR_OK);
	OK(dcor_h5out_dset(o, "events/time", &col, &d, &err) == DCOR_OK);
	for (i = 0; i < 10; i++)
		for (k = 0; k < 42; k++)
			img[i][k] = (unsigned char)(i * k);
	for (i = 0; i < 2500; i++)
		v[i] = i / 7.0;
	OK(dcor_h5col_append(c, img, 3, &err) == DCOR_OK);
	OK(dcor_h5col_append(d, v, 2000, &err) == DCOR_OK);
	OK(dcor_h5col_append(c, img + 3, 7, &err) == DCOR_OK);
	OK(dcor_h5col_append(d, v + 2000, 500, &err) == DCOR_OK);
	OK(dcor_h5out_dset(o, "events/mask", &spec, &c, &err) == DCOR_OK);
	OK(dcor_h5col_chunk(c, 1, fill_row, done, &arg, &err) == DCOR_OK);
	OK(dcor_h5out_lines(o, "log", line, 3, &err) == DCOR_OK);
	OK(dcor_h5out_text(o, "/", "a:text", "\xc3\xa4", &err) == DCOR_OK);
	OK(dcor_h5out_i64(o, "/", "a:int", -5, &err) == DCOR_OK);
	OK(dcor_h5out_f64(o, "/", "a:float", 0.25, &err) == DCOR_OK);
	OK(dcor_h5out_close(o, NULL, &err) == DCOR_OK);
	OK(arg == 109);
	dcor_pool_free(pool);

	f = H5Fopen("out.h5", H5F_ACC_RDONLY, H5P_DEFAULT);
	s = H5Dopen2(f, "events/image", H5P_DEFAULT);
	OK(H5Dread(s, H5T_NATIVE_UCHAR, H5S_ALL, H5S_ALL, H5P_DEFAULT, got)
	    >= 0 && memcmp(img, got, sizeof(img)) == 0);
	OK(H5Aexists(s, "IMAGE_SUBCLASS") > 0);
	H5Dclose(s);
	s = H5Dopen2(f, "events/time", H5P_DEFAULT);
	OK(H5Dread(s, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, w)
	    >= 0 && memcmp(v, w, sizeof(v)) == 0);
	H5Dclose(s);
	s = H5Dopen2(f, "events/mask", H5P_DEFAULT);
	memset(got, 0, sizeof(got));
	OK(H5Dread(s, H5T_NATIVE_UCHAR, H5S_ALL, H5S_ALL, H5P_DEFAULT, got)
	    >= 0 && got[0][0] == 9 && got[0][41] == 9 && got[1][0] == 0);
	H5Dclose(s);
	H5Fclose(f);
	OK(dcor_h5_open("out.h5", &h, &err) == DCOR_OK);
	OK(dcor_h5_attr(h, "/", "a:text", &at, &err) == DCOR_OK &&
	    at.kind == DCOR_ATTR_TEXT && strcmp(at.text, "\xc3\xa4") == 0);
	dcor_attr_fini(&at);
	OK(dcor_h5_attr(h, "/", "a:int", &at, &err) == DCOR_OK &&
	    at.kind == DCOR_ATTR_INT && at.i == -5);
	OK(dcor_h5_attr(h, "/", "a:float", &at, &err) == DCOR_OK &&
	    at.kind == DCOR_ATTR_FLOAT && at.f == 0.25);
	OK(dcor_dset_read_lines(h, "log", &text, &err) == DCOR_OK &&
	    text.n == 3 && strcmp(text.name[1], "") == 0 &&
	    strcmp(text.name[2], line[2]) == 0);
	dcor_names_fini(&text);
	dcor_h5_close(h);
}

/* Fletcher32 of any length and alignment, against libhdf5's filter. */
static void
fletcher(void)
{
	static unsigned char data[70000], raw[70008];
	hid_t file, space, dcpl, set;
	hsize_t n, zero = 0;
	uint32_t mask = 0, sum;
	int good = 1, i;

	file = H5Fcreate("sum.h5", H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
	for (i = 0; good && i < 200; i++) {
		char name[16];
		size_t k;

		n = i < 80 ? (hsize_t)i + 1 : 1 + rnd(69999);
		for (k = 0; k < n; k++)
			data[k] = i % 5 == 0 ? 255 : i % 5 == 1 ? 0 :
			    (unsigned char)rnd(256);
		snprintf(name, sizeof(name), "d%d", i);
		space = H5Screate_simple(1, &n, NULL);
		dcpl = H5Pcreate(H5P_DATASET_CREATE);
		H5Pset_chunk(dcpl, 1, &n);
		H5Pset_fletcher32(dcpl);
		set = H5Dcreate2(file, name, H5T_STD_U8LE, space,
		    H5P_DEFAULT, dcpl, H5P_DEFAULT);
		H5Dwrite(set, H5T_STD_U8LE, H5S_ALL, H5S_ALL, H5P_DEFAULT,
		    data);
		H5Dflush(set);
		H5Dread_chunk(set, H5P_DEFAULT, &zero, &mask, raw);
		sum = raw[n] | (uint32_t)raw[n + 1] << 8 |
		    (uint32_t)raw[n + 2] << 16 | (uint32_t)raw[n + 3] << 24;
		good = sum == dcor_fletcher32(data, n);
		if (!good)
			printf("# %d bytes: %08x, not %08x\n", (int)n,
			    (unsigned)dcor_fletcher32(data, n),
			    (unsigned)sum);
		H5Dclose(set);
		H5Pclose(dcpl);
		H5Sclose(space);
	}
	H5Fclose(file);
	OK(good);
}

int
main(void)
{
	char dir[] = "/tmp/dcor-unit.XXXXXX";

	if (mkdtemp(dir) == NULL || chdir(dir) != 0)
		return 1;
	reading();
	lzf();
	fletcher();
	writing(1);
	writing(3);
	unlink("dset.h5");
	unlink("out.h5");
	unlink("sum.h5");
	rmdir(dir);
	return DONE();
}

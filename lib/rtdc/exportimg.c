/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Frames: as they are, as PNG, as TIFF
 *
 * Sources: the PNG specification (ISO/IEC 15948), TIFF 6.0 with Adobe's
 * technical notes (Deflate, BigTIFF).
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/tmp.h"
#include "rtdc/exportpriv.h"

#define PATH_LEN	4096
#define PNG_LEVEL	6
#define TAGS		13	/* of a TIFF page */

struct frames {
	const struct dcor_export *opt;
	struct dcor_feature	 f;
	size_t			 row;		/* bytes of an event */
	int			 mask;		/* 0 or not: 0, 255 */
	uint32_t		 w, h;
	unsigned		 bytes;		/* a pixel */
	int			 level;
	/* PNG: */
	const struct dcor_sel	*sel;
	const char		*pattern, *feature;
	size_t			 range;		/* of the next event */
	uint64_t		 skip;
	int			 digits;
	/* what is written one after the other: */
	FILE			*out;
	uint64_t		 at, left;	/* bytes; pages */
	int			 big;
	uint32_t		 dpcm;		/* thousandth pixels a cm, 0:
						 * unknown */
	uint16_t		 sample;	/* TIFF's kind of number */
};

/* A row as it is shown. */
static int
make_plain(void *arg, const void *row, struct dcor_buf *out,
    struct dcor_err *err)
{
	const struct frames *x = arg;
	size_t i, at = out->len;

	dcor_buf_add(out, row, x->row);
	for (i = 0; x->mask && out->bad == DCOR_OK && i < x->row; i++)
		if (out->p[at + i] != 0)
			out->p[at + i] = (char)255;
	return dcor_buf_check(out, err);
}

/* The feature that is named; frames: it has to be one of frames. */
static int
start(struct frames *x, struct dcor_rtdc *m, const struct dcor_names *v,
    int frames, struct dcor_err *err)
{
	const struct dcor_h5dset *i;
	int rc = dcor_export_one(m, v, &x->f, err);

	if (rc != DCOR_OK)
		return rc;
	i = dcor_dset_info(x->f.set);
	x->feature = v->name[0];
	x->row = dcor_dset_row_size(x->f.set);
	x->bytes = i->type.size;
	x->mask = i->type.size == 1 && strcmp(x->feature, "mask") == 0;
	if (!frames)
		return DCOR_OK;
	if (i->rank != 3 || i->dim[1] == 0 || i->dim[2] == 0 || i->dim[1] >
	    INT32_MAX || i->dim[2] > INT32_MAX || x->row > INT32_MAX ||
	    !(dcor_h5_is_number(&i->type) || x->mask)) {
		dcor_feature_fini(&x->f);
		return dcor_err_set(err, DCOR_EDATA, 0, "%s: no images",
		    x->feature);
	}
	x->h = (uint32_t)i->dim[1];
	x->w = (uint32_t)i->dim[2];
	x->sample = i->type.cls == DCOR_H5_FLOAT ? 3 : i->type.is_signed ? 2 :
	    1;
	return DCOR_OK;
}

static int
take_plain(void *arg, const void *p, size_t nbytes, uint64_t n,
    struct dcor_err *err)
{
	struct frames *x = arg;
	int rc = dcor_export_write(x->out, p, nbytes, err);

	return rc == DCOR_OK ? dcor_export_tick(x->opt, n, err) : rc;
}

int
dcor_export_raw(struct dcor_rtdc *m, const struct dcor_sel *sel,
    const struct dcor_names *features, const struct dcor_export *opt,
    FILE *out, struct dcor_pool *pool, struct dcor_err *err)
{
	struct frames x = { .opt = opt, .out = out };
	struct dcor_rows_use use = { .take = take_plain, .arg = &x };
	int rc;

	rc = start(&x, m, features, 0, err);
	if (rc != DCOR_OK)
		return rc;
	if (x.mask)
		use.make = make_plain;
	rc = dcor_rows_each(&x.f, sel, pool, &use, err);
	dcor_feature_fini(&x.f);
	return rc;
}

/* What a byte is expected to be from those to the left, above, and above
 * that to the left. */
static int
predict(int filter, int a, int b, int c)
{
	int p = a + b - c, pa = abs(p - a), pb = abs(p - b), pc = abs(p - c);

	switch (filter) {
	case 1:
		return a;
	case 2:
		return b;
	case 3:
		return (a + b) / 2;
	case 4:
		return pa <= pb && pa <= pc ? a : pb <= pc ? b : c;
	default:
		return 0;
	}
}

/* Filters n bytes, above them up (NULL: the first row), bpp a pixel.
 * Returns the sum of what is left, as signed bytes. */
static uint64_t
filter_row(int filter, const unsigned char *p, const unsigned char *up,
    size_t n, unsigned bpp, unsigned char *out)
{
	uint64_t sum = 0;
	size_t i;

	*out++ = (unsigned char)filter;
	for (i = 0; i < n; i++) {
		out[i] = (unsigned char)(p[i] - predict(filter,
		    i >= bpp ? p[i - bpp] : 0, up != NULL ? up[i] : 0,
		    i >= bpp && up != NULL ? up[i - bpp] : 0));
		sum += out[i] < 128 ? out[i] : 256u - out[i];
	}
	return sum;
}

static void
be32(unsigned char *p, uint32_t v)
{
	p[0] = (unsigned char)(v >> 24);
	p[1] = (unsigned char)(v >> 16);
	p[2] = (unsigned char)(v >> 8);
	p[3] = (unsigned char)v;
}

/* Ends the chunk whose length stands at from: sets it, adds the CRC. */
static void
end_chunk(struct dcor_buf *b, size_t from)
{
	unsigned char crc[4];

	if (b->bad != DCOR_OK)
		return;
	be32((unsigned char *)b->p + from, (uint32_t)(b->len - from - 8));
	be32(crc, dcor_crc32(0, b->p + from + 4, b->len - from - 4));
	dcor_buf_add(b, crc, 4);
}

/* A PNG file of a frame; each row with the filter that leaves least. */
static int
make_png(void *arg, const void *row, struct dcor_buf *out,
    struct dcor_err *err)
{
	const struct frames *x = arg;
	unsigned char head[13] = { 0 }, *px, *all, *best, *try, *t;
	size_t n = (size_t)x->w * x->bytes, i, at;
	uint64_t least, sum;
	int k, rc;

	px = malloc(x->row);
	all = malloc((n + 1) * (x->h + 1));
	if (px == NULL || all == NULL) {
		rc = dcor_err_nomem(err);
		goto out;
	}
	memcpy(px, row, x->row);
	for (i = 0; x->mask && i < x->row; i++)
		px[i] = px[i] != 0 ? 255 : 0;
	for (i = 0; x->bytes == 2 && i < x->row; i += 2) {
		px[i] = ((const unsigned char *)row)[i + 1];
		px[i + 1] = ((const unsigned char *)row)[i];
	}
	for (i = 0; i < x->h; i++) {
		best = all + i * (n + 1);
		try = all + x->h * (n + 1);
		for (k = 0, least = UINT64_MAX; k < 5; k++) {
			t = k == 0 ? best : try;
			sum = filter_row(k, px + i * n, i > 0 ? px +
			    (i - 1) * n : NULL, n, x->bytes, t);
			if (sum < least && t != best)
				memcpy(best, t, n + 1);
			if (sum < least)
				least = sum;
		}
	}
	dcor_buf_add(out, "\211PNG\r\n\032\n", 8);
	at = out->len;
	dcor_buf_add(out, "....IHDR", 8);
	be32(head, x->w);
	be32(head + 4, x->h);
	head[8] = (unsigned char)(8 * x->bytes);
	dcor_buf_add(out, head, sizeof(head));
	end_chunk(out, at);
	at = out->len;
	dcor_buf_add(out, "....IDAT", 8);
	rc = dcor_zlib(x->level, all, (n + 1) * x->h, out, err);
	if (rc == DCOR_OK) {
		end_chunk(out, at);
		at = out->len;
		dcor_buf_add(out, "....IEND", 8);
		end_chunk(out, at);
		rc = dcor_buf_check(out, err);
	}
out:
	free(px);
	free(all);
	return rc;
}

/* The name of the file of an event: %e its number, %f the feature. */
static int
name_file(const struct frames *x, uint64_t event, char out[PATH_LEN],
    struct dcor_err *err)
{
	struct dcor_buf b;
	const char *p;
	int rc;

	dcor_buf_init(&b, PATH_LEN - 1);
	for (p = x->pattern; *p != '\0'; p++)
		if (p[0] == '%' && p[1] == 'e')
			dcor_buf_addf(&b, "%0*llu", x->digits,
			    (unsigned long long)event), p++;
		else if (p[0] == '%' && p[1] == 'f')
			dcor_buf_adds(&b, x->feature), p++;
		else {
			p += p[0] == '%' && p[1] == '%';
			dcor_buf_addc(&b, *p);
		}
	rc = dcor_buf_check(&b, err);
	if (rc == DCOR_OK)
		snprintf(out, PATH_LEN, "%s", dcor_buf_str(&b));
	dcor_buf_fini(&b);
	return rc;
}

static int
take_png(void *arg, const void *p, size_t nbytes, uint64_t n,
    struct dcor_err *err)
{
	struct frames *x = arg;
	const struct dcor_range *v = &x->sel->v[x->range];
	uint64_t event = v->first + x->skip;
	char path[PATH_LEN];
	struct dcor_tmp *t;
	FILE *fp;
	int rc;

	if (++x->skip == v->n) {
		x->range++;
		x->skip = 0;
	}
	rc = name_file(x, event, path, err);
	if (rc == DCOR_OK)
		rc = dcor_tmp_new(path, &t, err);
	if (rc != DCOR_OK)
		return rc;
	fp = fopen(dcor_tmp_path(t), "we");
	if (fp == NULL) {
		rc = dcor_err_set(err, DCOR_ECREATE, 0, "%s: cannot open",
		    path);
	} else {
		rc = dcor_export_write(fp, p, nbytes, err);
		if (fclose(fp) != 0 && rc == DCOR_OK)
			rc = dcor_err_set(err, DCOR_EIO, 0,
			    "%s: cannot write", path);
	}
	if (rc != DCOR_OK) {
		dcor_tmp_abandon(t);
		return rc;
	}
	rc = dcor_tmp_commit(t, x->opt->replace, err);
	return rc == DCOR_OK ? dcor_export_tick(x->opt, n, err) : rc;
}

/* Whether the letter stands in the pattern as a conversion. */
static int
has(const char *pattern, char letter)
{
	const char *p = pattern;

	while ((p = strchr(p, '%')) != NULL && p[1] != '\0') {
		if (p[1] == letter)
			return 1;
		p += 2;
	}
	return 0;
}

int
dcor_export_png(struct dcor_rtdc *m, const struct dcor_sel *sel,
    const struct dcor_names *features, const struct dcor_export *opt,
    const char *pattern, struct dcor_pool *pool, struct dcor_err *err)
{
	struct dcor_names one = { NULL, 1 };
	struct dcor_rows_use use = { .make = make_png, .take = take_png };
	struct frames x;
	uint64_t most;
	size_t i;
	int rc = DCOR_OK;

	if (features == NULL || (features->n > 1 && !has(pattern, 'f')) ||
	    (sel->n > 1 && !has(pattern, 'e')))
		return dcor_err_set(err, DCOR_EARG, 0, "%s: all images would "
		    "have one name: %%e is the event, %%f the feature",
		    pattern);
	for (i = 0; rc == DCOR_OK && i < features->n; i++) {
		memset(&x, 0, sizeof(x));
		x.opt = opt;
		one.name = &features->name[i];
		rc = start(&x, m, &one, 1, err);
		if (rc != DCOR_OK)
			return rc;
		if (x.sample != 1 || x.bytes > 2)
			rc = dcor_err_set(err, DCOR_EDATA, 0,
			    "%s: PNG has 8 or 16 bits without a sign",
			    x.feature);
		x.level = opt->level > 0 ? opt->level : PNG_LEVEL;
		x.sel = sel;
		x.pattern = pattern;
		for (most = x.f.n; most > 9; most /= 10)
			x.digits++;
		x.digits++;
		use.arg = &x;
		if (rc == DCOR_OK)
			rc = dcor_rows_each(&x.f, sel, pool, &use, err);
		dcor_feature_fini(&x.f);
	}
	return rc;
}

static void
le(struct dcor_buf *b, uint64_t v, unsigned n)
{
	for (; n > 0; n--, v >>= 8)
		dcor_buf_addc(b, (char)(v & 255));
}

/* Bytes of a page before its pixels. */
static uint64_t
ifd_size(int big)
{
	return big ? 8 + 20 * TAGS + 8 : 2 + 12 * TAGS + 4 + 8;
}

/* The directory of a page of n bytes of pixels. */
static void
put_ifd(const struct frames *x, uint64_t n, struct dcor_buf *b)
{
	enum { SHORT = 3, LONG = 4, RATIONAL = 5, LONG8 = 16 };
	unsigned wide = x->big ? 8 : 4, where = x->big ? LONG8 : LONG, k;
	uint64_t data = x->at + ifd_size(x->big), end = data + n + n % 2;
	uint64_t res = x->dpcm > 0 ? (uint64_t)1000 << 32 | x->dpcm :
	    (uint64_t)1 << 32 | 1;
	const struct {
		unsigned tag, type;
		uint64_t value;
	} tag[TAGS] = {
		{ 256, LONG, x->w }, { 257, LONG, x->h },
		{ 258, SHORT, 8 * x->bytes },
		{ 259, SHORT, x->level > 0 ? 8 : 1 },	/* compression */
		{ 262, SHORT, 1 },			/* 0 is black */
		{ 273, where, data }, { 277, SHORT, 1 },
		{ 278, LONG, x->h }, { 279, where, n },
		{ 282, RATIONAL, x->big ? res : data - 8 },
		{ 283, RATIONAL, x->big ? res : data - 8 },
		{ 296, SHORT, x->dpcm > 0 ? 3 : 1 },	/* cm, or none */
		{ 339, SHORT, x->sample }
	};

	le(b, TAGS, x->big ? 8 : 2);
	for (k = 0; k < TAGS; k++) {
		le(b, tag[k].tag, 2);
		le(b, tag[k].type, 2);
		le(b, 1, wide);
		le(b, tag[k].value, wide);
	}
	le(b, x->left > 1 ? end : 0, wide);
	if (!x->big)
		le(b, res, 8);
}

static int
take_tiff(void *arg, const void *p, size_t nbytes, uint64_t n,
    struct dcor_err *err)
{
	struct frames *x = arg;
	struct dcor_buf b;
	int rc;

	dcor_buf_init(&b, 1024);
	put_ifd(x, nbytes, &b);
	rc = dcor_buf_check(&b, err);
	if (rc == DCOR_OK)
		rc = dcor_export_write(x->out, b.p, b.len, err);
	if (rc == DCOR_OK)
		rc = dcor_export_write(x->out, p, nbytes, err);
	if (rc == DCOR_OK && nbytes % 2 != 0)
		rc = dcor_export_write(x->out, "", 1, err);
	x->at += b.len + nbytes + nbytes % 2;
	x->left--;
	dcor_buf_fini(&b);
	return rc == DCOR_OK ? dcor_export_tick(x->opt, n, err) : rc;
}

static int
make_tiff(void *arg, const void *row, struct dcor_buf *out,
    struct dcor_err *err)
{
	const struct frames *x = arg;
	struct dcor_buf px;
	int rc;

	if (x->level == 0)
		return make_plain(arg, row, out, err);
	dcor_buf_init(&px, x->row);
	rc = make_plain(arg, row, &px, err);
	if (rc == DCOR_OK)
		rc = dcor_zlib(x->level, px.p, px.len, out, err);
	dcor_buf_fini(&px);
	return rc;
}

int
dcor_export_tiff(struct dcor_rtdc *m, const struct dcor_sel *sel,
    const struct dcor_names *features, const struct dcor_export *opt,
    FILE *out, struct dcor_pool *pool, struct dcor_err *err)
{
	struct frames x = { .opt = opt, .out = out, .level = opt->level };
	struct dcor_rows_use use = { .make = make_tiff, .take = take_tiff,
	    .arg = &x };
	double um = 0, res;
	uint64_t most;
	int rc;

	if (sel->n == 0)
		return dcor_err_set(err, DCOR_EARG, 0,
		    "a TIFF file has one image at least");
	rc = start(&x, m, features, 1, err);
	if (rc != DCOR_OK)
		return rc;
	/* Pixels that cannot be compressed need no 1 % more. */
	most = ifd_size(0) + x.row + x.row / 100 + 64;
	x.big = sel->n > (UINT32_MAX - 8) / most;
	x.left = sel->n;
	if (dcor_rtdc_f64(m, "imaging:pixel size", &um) && um > 0) {
		res = floor(1e7 / um + .5);
		x.dpcm = res < UINT32_MAX ? (uint32_t)res : 0;
	}
	x.at = x.big ? 16 : 8;
	rc = dcor_export_write(out, x.big ? "II\53\0\10\0\0\0\20\0\0\0\0\0\0" :
	    "II\52\0\10\0\0", (size_t)x.at, err);
	if (rc == DCOR_OK)
		rc = dcor_rows_each(&x.f, sel, pool, &use, err);
	dcor_feature_fini(&x.f);
	return rc;
}

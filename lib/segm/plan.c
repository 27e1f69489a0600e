/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "segm/plan.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

void
dcor_segm_remark(struct dcor_segm *s, const char *fmt, ...)
{
	char line[256];
	va_list ap;

	if (s->nnote == DCOR_SEGM_NOTES)
		return;
	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	s->note[s->nnote] = strdup(line);
	if (s->note[s->nnote] != NULL)
		s->nnote++;
}

static int
find_images(struct dcor_segm *s, struct dcor_err *err)
{
	struct dcor_err why = DCOR_ERR_INIT;
	const struct dcor_h5dset *i;
	int64_t count;
	int rc;

	rc = dcor_rtdc_feature(s->m, "image", &s->image, &why);
	if (rc == DCOR_ENOENT)
		return dcor_err_set(err, DCOR_EDATA, 0, "no images");
	if (rc != DCOR_OK)
		return dcor_err_copy(err, &why);
	i = dcor_dset_info(s->image.set);
	if (i->rank != 3)
		return dcor_err_set(err, DCOR_EDATA, 0,
		    "events/image: %u dimensions instead of 3", i->rank);
	if (i->type.cls != DCOR_H5_INT || i->type.size != 1 ||
	    i->type.is_signed)
		return dcor_err_set(err, DCOR_EDATA, 0,
		    "events/image: not 8-bit grey levels");
	if (i->dim[1] < 1 || i->dim[1] > DCOR_FRAME_MAX || i->dim[2] < 1 ||
	    i->dim[2] > DCOR_FRAME_MAX)
		return dcor_err_set(err, DCOR_EDATA, 0,
		    "events/image: frames of %" PRIu64 "x%" PRIu64 " pixels",
		    i->dim[1], i->dim[2]);
	s->h = (uint32_t)i->dim[1];
	s->w = (uint32_t)i->dim[2];
	s->npix = (size_t)s->w * s->h;
	s->nfile = s->image.n;
	if (dcor_rtdc_i64(s->m, "experiment:event count", &count) &&
	    count >= 0) {
		if ((uint64_t)count > s->nfile)
			return dcor_err_set(err, DCOR_EDATA, 0, "%" PRId64
			    " events announced, %" PRIu64 " images found",
			    count, s->nfile);
		s->nfile = (uint64_t)count;
	}
	if (s->nfile == 0)
		return dcor_err_set(err, DCOR_EDATA, 0, "no frames");
	if (s->nfile > UINT32_MAX)
		return dcor_err_set(err, DCOR_EDATA, 0, "%" PRIu64 " frames",
		    s->nfile);
	return DCOR_OK;
}

static int
select_frames(struct dcor_segm *s, struct dcor_err *err)
{
	const struct dcor_map *map = &s->pl.map;
	uint64_t last, step = map->step > 0 ? map->step : 1;

	switch (map->kind) {
	case DCOR_MAP_ALL:
		s->n = s->nfile;
		return DCOR_OK;
	case DCOR_MAP_FIRST:
		s->n = map->n;
		last = map->n;
		break;
	default:
		if (map->stop <= map->start)
			return dcor_err_set(err, DCOR_EARG, 0,
			    "the range of frames is empty");
		s->n = (map->stop - map->start - 1) / step + 1;
		last = map->start + (s->n - 1) * step + 1;
	}
	if (last > s->nfile)
		return dcor_err_set(err, DCOR_EARG, 0, "frame %" PRIu64
		    " asked for, there are %" PRIu64, last - 1, s->nfile);
	return DCOR_OK;
}

/*
 * The pixel size of Rivercyte's devices was wrong in some files; as
 * chipstream-cli does, take it from the name of the device.
 */
static void
repair_pixel_size(struct dcor_segm *s)
{
	const char *id = dcor_rtdc_text(s->m, "setup:identifier"), *p;
	double wrong = s->pl.pixel_size, right = 0.2645;
	struct dcor_names line = { 0 };
	char name[64];
	size_t i, k;

	if (id == NULL || strncmp(id, "RC-", 3) != 0 ||
	    (wrong >= 0.255 && wrong <= 0.275))
		return;
	if (dcor_h5_kind(dcor_rtdc_h5(s->m), "logs/cytoshot-acquisition") ==
	    DCOR_H5_DATASET)
		(void)dcor_dset_read_lines(dcor_rtdc_h5(s->m),
		    "logs/cytoshot-acquisition", &line, NULL);
	for (i = 0; i < line.n; i++) {
		p = line.name[i] + strspn(line.name[i], " \t\r\n");
		if (strncasecmp(p, "device name:", 12) != 0)
			continue;
		p += 12;
		p += strspn(p, " \t");
		for (k = 0; k + 1 < sizeof(name) && p[k] != '\0'; k++)
			name[k] = p[k];
		while (k > 0 && strchr(" \t\r\n", name[k - 1]) != NULL)
			k--;
		name[k] = '\0';
		right = strcasecmp(name, "naiad 1.0") == 0 ? 0.2645 :
		    strcasecmp(name, "naiad 1.1") == 0 ? 0.2675 : wrong;
		break;
	}
	dcor_names_fini(&line);
	if (right != wrong) {
		dcor_segm_remark(s, "pixel size %g of the file replaced by "
		    "%g, that of the device", wrong, right);
		s->pl.pixel_size = right;
	}
}

static int
choose_pixel_size(struct dcor_segm *s, struct dcor_err *err)
{
	if (s->pl.pixel_size == 0) {
		(void)dcor_rtdc_f64(s->m, "imaging:pixel size",
		    &s->pl.pixel_size);
		repair_pixel_size(s);
	}
	if (!(s->pl.pixel_size > 0 && s->pl.pixel_size < 1e6))
		return dcor_err_set(err, DCOR_EDATA, 0, "no pixel size in "
		    "the file (imaging:pixel size)");
	s->pl.pixel_size = nearbyint(s->pl.pixel_size * 1e8) / 1e8;
	return DCOR_OK;
}

int
dcor_segm_stopped(const struct dcor_segm *s, struct dcor_err *err)
{
	if (s->o.stopped != NULL && s->o.stopped(s->o.ctx))
		return dcor_err_set(err, DCOR_ETEMP, 0, "interrupted");
	return DCOR_OK;
}

/* Frames of the file for the background, which knows no mapping. */
static int
read_frames(void *ctx, uint64_t first, size_t n, uint8_t *dst,
    struct dcor_err *err)
{
	const struct dcor_segm *s = ctx;
	struct dcor_reader *r = NULL;
	int rc;

	rc = dcor_segm_stopped(s, err);
	if (rc == DCOR_OK)
		rc = dcor_reader_new(&r, err);
	if (rc == DCOR_OK)
		rc = dcor_feature_read(&s->image, r, first, n, dst, err);
	dcor_reader_free(r);
	return rc;
}

void
dcor_segm_frames_of(struct dcor_segm *s, struct dcor_frames *f)
{
	f->w = s->w;
	f->h = s->h;
	f->n = s->nfile;
	f->read = read_frames;
	f->ctx = s;
}

static int
same_id(struct dcor_segm *s, const char *key, const char *id)
{
	const char *stored = dcor_rtdc_text(s->m, key);

	return stored != NULL && strcmp(stored, id) == 0;
}

/* The hash that the identifiers in the input should have. */
static int
input_is_sane(struct dcor_segm *s)
{
	int64_t yield = -1, count = -2;

	return s->pl.map.kind == DCOR_MAP_ALL &&
	    dcor_rtdc_i64(s->m, "pipeline:dcnum yield", &yield) &&
	    dcor_rtdc_i64(s->m, "experiment:event count", &count) &&
	    yield == count;
}

static int
choose_background(struct dcor_segm *s, struct dcor_err *err)
{
	struct dcor_err why = DCOR_ERR_INIT;
	const struct dcor_h5dset *i;
	int rc;

	rc = dcor_rtdc_feature(s->m, "image_bg", &s->image_bg, &why);
	if (rc != DCOR_OK && rc != DCOR_ENOENT)
		return dcor_err_copy(err, &why);
	s->reuse_bg = rc == DCOR_OK && s->pl.bg != DCOR_BG_COPY &&
	    same_id(s, "pipeline:dcnum generation", s->id.gen) &&
	    same_id(s, "pipeline:dcnum data", s->id.dat) &&
	    same_id(s, "pipeline:dcnum background", s->id.bg);
	if (s->pl.bg == DCOR_BG_COPY || s->reuse_bg)
		s->source = DCOR_BG_FROM_INPUT;
	else
		s->source = s->pl.bg == DCOR_BG_ROLLMED ?
		    DCOR_BG_FROM_ROLLMED : DCOR_BG_FROM_SPARSEMED;
	if (s->source == DCOR_BG_FROM_ROLLMED &&
	    s->pl.kernel_size >= s->nfile)
		return dcor_err_set(err, DCOR_EDATA, 0, "rollmed: a kernel "
		    "of %" PRIu64 " frames needs more than the %" PRIu64
		    " there are", s->pl.kernel_size, s->nfile);
	if (s->source != DCOR_BG_FROM_INPUT)
		return DCOR_OK;
	if (rc == DCOR_ENOENT)
		return dcor_err_set(err, DCOR_EDATA, 0,
		    "no background images to copy");
	i = dcor_dset_info(s->image_bg.set);
	if (i->rank != 3 || i->type.cls != DCOR_H5_INT || i->type.size != 1 ||
	    i->type.is_signed || i->dim[1] != s->h || i->dim[2] != s->w)
		return dcor_err_set(err, DCOR_EDATA, 0,
		    "image_bg: not of the shape of image");
	if (s->image_bg.n < s->nfile)
		return dcor_err_set(err, DCOR_EDATA, 0, "%" PRIu64
		    " background images for %" PRIu64 " frames",
		    s->image_bg.n, s->nfile);
	return DCOR_OK;
}

int
dcor_segm_column(const struct dcor_segm *s, const struct dcor_feature *f,
    double *out, struct dcor_err *err)
{
	uint64_t rows = dcor_dset_rows(f->set), i;
	struct dcor_reader *r = NULL;
	double *col = NULL;
	int rc;

	if (f->n < s->nfile)
		return dcor_err_set(err, DCOR_EDATA, 0, "%s: %" PRIu64
		    " values for %" PRIu64 " frames", dcor_dset_path(f->set),
		    f->n, s->nfile);
	rc = dcor_reader_new(&r, err);
	if (rc == DCOR_OK && f->map == NULL)
		rc = dcor_dset_read_f64(f->set, r, 0, s->nfile, out, err);
	else if (rc == DCOR_OK) {
		col = calloc((size_t)rows, sizeof(*col));
		rc = col == NULL ? dcor_err_nomem(err) :
		    dcor_dset_read_f64(f->set, r, 0, rows, col, err);
		for (i = 0; rc == DCOR_OK && i < s->nfile; i++)
			out[i] = col[f->map[i]];
	}
	free(col);
	dcor_reader_free(r);
	return rc;
}

/*
 * An offset that the input brings is used, as dcnum does, unless a new one
 * is computed - even beside a new background.
 */
static int
load_offset(struct dcor_segm *s, struct dcor_err *err)
{
	struct dcor_err why = DCOR_ERR_INIT;
	struct dcor_feature f;
	int rc;

	if (s->source == DCOR_BG_FROM_SPARSEMED && s->pl.offset_correction) {
		s->off_own = 1;
		return DCOR_OK;
	}
	rc = dcor_rtdc_feature(s->m, "bg_off", &f, &why);
	if (rc == DCOR_ENOENT)
		return DCOR_OK;
	if (rc != DCOR_OK)
		return dcor_err_copy(err, &why);
	s->off = malloc((size_t)s->nfile * sizeof(*s->off));
	rc = s->off == NULL ? dcor_err_nomem(err) :
	    dcor_segm_column(s, &f, s->off, err);
	s->off_own = s->source == DCOR_BG_FROM_INPUT &&
	    dcor_rtdc_has_own(s->m, "bg_off");
	if (rc == DCOR_OK && s->source != DCOR_BG_FROM_INPUT)
		dcor_segm_remark(s, "bg_off of the input is applied to the "
		    "new background, as dcnum does");
	dcor_feature_fini(&f);
	return rc;
}

static int
feat_by_name(const char *name, size_t len)
{
	int k;

	for (k = 0; k < DCOR_NFEATS; k++)
		if (strlen(dcor_feat_name[k]) == len &&
		    memcmp(dcor_feat_name[k], name, len) == 0)
			return k;
	return -1;
}

static int
ends_with(const char *s, size_t n, const char *tail)
{
	size_t k = strlen(tail);

	return n >= k && memcmp(s + n - k, tail, k) == 0;
}

/* One attribute "online_filter:FEATURE min|max" that is a hard limit. */
static int
add_gate(struct dcor_segm *s, const char *key, size_t *n,
    struct dcor_err *err)
{
	const char *name = key + strlen("online_filter:");
	size_t len = strlen(name), flen;
	char soft[300];
	double v, is_soft = 1;
	int feat, is_min;

	if (ends_with(name, len, "soft limit") ||
	    strncmp(name, "target", 6) == 0)
		return DCOR_OK;
	if (ends_with(name, len, "polygon points"))
		return dcor_err_set(err, DCOR_EDATA, 0,
		    "%s: polygon gates are not supported", key);
	is_min = ends_with(name, len, " min");
	if (!is_min && !ends_with(name, len, " max"))
		return DCOR_OK;
	flen = len - 4;
	snprintf(soft, sizeof(soft), "online_filter:%.*s soft limit",
	    (int)flen, name);
	(void)dcor_rtdc_f64(s->m, soft, &is_soft);
	if (is_soft != 0 || !dcor_rtdc_f64(s->m, key, &v))
		return DCOR_OK;
	feat = feat_by_name(name, flen);
	if (feat < 0)
		return dcor_err_set(err, DCOR_EDATA, 0,
		    "%s: a gate on a feature that is not computed", key);
	if (feat == DCOR_FEAT_SIZE_X || feat == DCOR_FEAT_SIZE_Y)
		return DCOR_OK;		/* replaced below */
	s->box[*n].feat = (enum dcor_feat)feat;
	s->box[*n].min = is_min ? v : -HUGE_VAL;
	s->box[*n].max = is_min ? HUGE_VAL : v;
	++*n;
	return DCOR_OK;
}

static int
choose_gates(struct dcor_segm *s, struct dcor_err *err)
{
	struct dcor_names names;
	size_t i, n = 0;
	int64_t area;
	int rc;

	s->xo.size_thresh_mask = s->pl.size_thresh_mask > 0 ?
	    s->pl.size_thresh_mask : 10;
	if (!s->pl.online_gates)
		return DCOR_OK;
	if (s->pl.size_thresh_mask == 0 && dcor_rtdc_i64(s->m,
	    "online_contour:bin area min", &area) && area > 0 &&
	    area < UINT32_MAX)
		s->xo.size_thresh_mask = (uint32_t)area;
	rc = dcor_h5_attrs(dcor_rtdc_h5(s->m), "/", &names, err);
	if (rc != DCOR_OK)
		return rc;
	s->box = calloc(names.n + 2, sizeof(*s->box));
	if (s->box == NULL)
		rc = dcor_err_nomem(err);
	for (i = 0; rc == DCOR_OK && i < names.n; i++)
		if (strncmp(names.name[i], "online_filter:", 14) == 0)
			rc = add_gate(s, names.name[i], &n, err);
	dcor_names_fini(&names);
	if (rc != DCOR_OK)
		return rc;
	s->box[n].feat = DCOR_FEAT_SIZE_X;
	s->box[n].min = 3 * s->pl.pixel_size;
	s->box[n++].max = HUGE_VAL;
	s->box[n].feat = DCOR_FEAT_SIZE_Y;
	s->box[n].min = 3 * s->pl.pixel_size;
	s->box[n++].max = HUGE_VAL;
	s->xo.box = s->box;
	s->xo.nbox = n;
	return DCOR_OK;
}

/* Gates on features that the pipeline leaves out would drop everything. */
static int
check_gates(const struct dcor_segm *s, struct dcor_err *err)
{
	const char *name;
	size_t i;

	for (i = 0; i < s->xo.nbox; i++) {
		name = dcor_feat_name[s->box[i].feat];
		if ((!s->pl.brightness && strncmp(name, "b", 1) == 0) ||
		    (!s->pl.haralick && strncmp(name, "tex_", 4) == 0) ||
		    (!s->pl.volume && strcmp(name, "volume") == 0))
			return dcor_err_set(err, DCOR_EDATA, 0,
			    "%s: a gate on a feature that is not computed",
			    name);
	}
	return DCOR_OK;
}

int
dcor_segm_open(const struct dcor_segm_opts *opts, struct dcor_segm **out,
    struct dcor_err *err)
{
	struct dcor_frames frames;
	struct dcor_segm *s;
	int rc;

	*out = NULL;
	s = calloc(1, sizeof(*s));
	if (s == NULL)
		return dcor_err_nomem(err);
	s->o = *opts;
	s->pl = opts->pipeline;
	s->sparse.fd = -1;
	rc = dcor_rtdc_open(opts->in, &s->m, err);
	if (rc == DCOR_OK)
		rc = find_images(s, err);
	if (rc == DCOR_OK)
		rc = select_frames(s, err);
	if (rc == DCOR_OK)
		rc = choose_pixel_size(s, err);
	if (rc == DCOR_OK && opts->offset_auto &&
	    s->pl.bg == DCOR_BG_SPARSEMED) {
		dcor_segm_frames_of(s, &frames);
		rc = dcor_flicker(&frames, &s->pl.offset_correction, err);
	}
	if (rc == DCOR_OK)
		rc = dcor_pipeline_id(&s->pl, &s->id, err);
	if (rc == DCOR_OK) {
		s->done = input_is_sane(s) &&
		    same_id(s, "pipeline:dcnum hash", s->id.hash);
		rc = choose_background(s, err);
	}
	if (rc == DCOR_OK)
		rc = load_offset(s, err);
	if (rc == DCOR_OK)
		rc = choose_gates(s, err);
	if (rc == DCOR_OK)
		rc = check_gates(s, err);
	if (rc != DCOR_OK) {
		dcor_segm_close(s);
		return rc;
	}
	s->xo.pixel_size = s->pl.pixel_size;
	s->xo.clear_border = s->pl.clear_border;
	s->xo.fill_holes = s->pl.fill_holes;
	s->xo.closing_disk = s->pl.closing_disk;
	s->xo.brightness = s->pl.brightness;
	s->xo.haralick = s->pl.haralick;
	s->xo.volume = s->pl.volume;
	*out = s;
	return DCOR_OK;
}

void
dcor_segm_close(struct dcor_segm *s)
{
	if (s == NULL)
		return;
	dcor_sparsemed_fini(&s->sparse);
	dcor_feature_fini(&s->image);
	dcor_feature_fini(&s->image_bg);
	dcor_rtdc_close(s->m);
	while (s->nnote > 0)
		free(s->note[--s->nnote]);
	free(s->off);
	free(s->box);
	free(s);
}

const struct dcor_ppid *
dcor_segm_ppid(const struct dcor_segm *s)
{
	return &s->id;
}

const char *
dcor_segm_input_id(const struct dcor_segm *s)
{
	return dcor_rtdc_id(s->m);
}

uint64_t
dcor_segm_frames(const struct dcor_segm *s)
{
	return s->n;
}

int
dcor_segm_is_done(const struct dcor_segm *s)
{
	return s->done;
}

const char *
dcor_segm_note(const struct dcor_segm *s, unsigned i)
{
	return i < s->nnote ? s->note[i] : NULL;
}

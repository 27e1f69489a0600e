/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a result holds besides its events: where they came from. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "rtdc/basin.h"
#include "segm/plan.h"

#define MAPS	10		/* basinmap0 ... basinmap9 */
#define BLOCK	((size_t)4 << 20)

/* Features that belong to the frame, not to the event: they may come from
 * the input. */
static const char *const frame_feature[] = {
	"bg_off", "flow_rate", "frame", "g_force", "pressure", "temp",
	"temp_amb", "time", "userdef0", "userdef1", "userdef2", "userdef3",
	"userdef4", "userdef5", "userdef6", "userdef7", "userdef8",
	"userdef9"
};

struct pub {
	struct dcor_segm	*s;
	struct dcor_h5out	*o;
	const char		*out;		/* path of the result */
	uint64_t		*frame;		/* of each event */
	size_t			 n;		/* events */
	uint64_t		*map[MAPS];	/* stored mappings */
	int			 nmap;
};

static int
put_column(struct pub *p, const char *name, enum dcor_h5class cls,
    uint32_t size, int is_signed, struct dcor_h5col **col,
    struct dcor_err *err)
{
	struct dcor_h5spec spec = {
		.type = { .cls = cls, .size = size, .is_signed = is_signed },
		.rank = 1, .level = p->s->o.level
	};
	char path[64];

	snprintf(path, sizeof(path), "events/%s", name);
	return dcor_h5out_dset(p->o, path, &spec, col, err);
}

/*
 * Stores rows as a mapping, or finds the one that is equal; name is its
 * name.  The first is that of the input: 32 bits as dcnum writes it, when
 * frames were not selected.
 */
static int
store_map(struct pub *p, const uint64_t *rows, char name[16],
    struct dcor_err *err)
{
	int narrow = p->nmap == 0 && p->s->pl.map.kind == DCOR_MAP_ALL, k, rc;
	struct dcor_h5col *col;
	uint32_t u;
	size_t i;

	for (k = 0; k < p->nmap; k++)
		if (memcmp(p->map[k], rows, p->n * sizeof(*rows)) == 0)
			break;
	if (k == MAPS)
		return dcor_err_set(err, DCOR_EDATA, 0,
		    "more than %d mappings", MAPS);
	snprintf(name, 16, "basinmap%u", (unsigned)k % 100);
	if (k < p->nmap)
		return DCOR_OK;
	p->map[k] = malloc((p->n > 0 ? p->n : 1) * sizeof(*rows));
	if (p->map[k] == NULL)
		return dcor_err_nomem(err);
	memcpy(p->map[k], rows, p->n * sizeof(*rows));
	p->nmap++;
	rc = put_column(p, name, DCOR_H5_INT, narrow ? 4 : 8, !narrow, &col,
	    err);
	for (i = 0; rc == DCOR_OK && i < p->n; i++) {
		u = (uint32_t)rows[i];
		rc = dcor_h5col_append(col, narrow ? (const void *)&u :
		    (const void *)&rows[i], 1, err);
	}
	return rc;
}

/* The rows of f that belong to the events. */
static uint64_t *
rows_of(const struct pub *p, const uint64_t *map, struct dcor_err *err)
{
	uint64_t *rows = malloc((p->n > 0 ? p->n : 1) * sizeof(*rows));
	size_t i;

	if (rows == NULL) {
		dcor_err_nomem(err);
		return NULL;
	}
	for (i = 0; i < p->n; i++)
		rows[i] = map != NULL ? map[p->frame[i]] : p->frame[i];
	return rows;
}

/* Copies a column of the input, one value an event. */
static int
copy_column(struct pub *p, const char *name, const struct dcor_feature *f,
    struct dcor_err *err)
{
	const struct dcor_h5type *t = &dcor_dset_info(f->set)->type;
	size_t el = dcor_dset_row_size(f->set), i;
	uint64_t rows = dcor_dset_rows(f->set), row;
	struct dcor_reader *r = NULL;
	struct dcor_h5col *col;
	unsigned char *all;
	int rc;

	all = malloc(rows > 0 ? (size_t)rows * el : 1);
	if (all == NULL)
		return dcor_err_nomem(err);
	rc = put_column(p, name, t->cls, t->size, t->is_signed, &col, err);
	if (rc == DCOR_OK)
		rc = dcor_reader_new(&r, err);
	if (rc == DCOR_OK)
		rc = dcor_dset_read(f->set, r, 0, rows, all, err);
	for (i = 0; rc == DCOR_OK && i < p->n; i++) {
		row = f->map != NULL ? f->map[p->frame[i]] : p->frame[i];
		rc = dcor_h5col_append(col, all + (size_t)row * el, 1, err);
	}
	dcor_reader_free(r);
	free(all);
	return rc;
}

/* Absolute path of dir relative to which path (absolute, too) is meant. */
static void
relative_path(const char *path, const char *dir, struct dcor_buf *b)
{
	size_t i, same = 0;

	for (i = 0; path[i] != '\0' && path[i] == dir[i]; i++)
		if (path[i] == '/')
			same = i + 1;
	if (dir[i] == '\0' && path[i] == '/')
		same = i + 1;
	else
		for (i = same; dir[i] != '\0'; i++)
			if (i == same || dir[i - 1] == '/')
				dcor_buf_adds(b, "../");
	dcor_buf_adds(b, path + same);
}

static int
dir_of(const char *path, char **out, struct dcor_err *err)
{
	const char *slash = strrchr(path, '/');
	char *dir = slash == NULL ? strdup(".") :
	    strndup(path, slash == path ? 1 : (size_t)(slash - path));

	if (dir == NULL)
		return dcor_err_nomem(err);
	*out = realpath(dir, NULL);
	free(dir);
	return *out != NULL ? DCOR_OK : dcor_err_set(err, DCOR_ECREATE, 0,
	    "%s: no such directory", path);
}

/* A file basin that leads to the features of a file. */
static int
put_file_basin(struct pub *p, struct dcor_rtdc *to, const uint64_t *map,
    char **name, size_t n, struct dcor_err *err)
{
	struct dcor_basin b = { .type = DCOR_BASIN_FILE };
	char *path[2] = { NULL, NULL }, *dir = NULL;
	char slot[16], text[128];
	char title[] = "dcnum basin", format[] = "hdf5";
	uint64_t *rows = NULL;
	struct dcor_buf rel;
	int rc;

	dcor_buf_init(&rel, 65536);
	path[0] = realpath(dcor_h5_path(dcor_rtdc_h5(to)), NULL);
	if (path[0] == NULL) {
		rc = dcor_err_set(err, DCOR_ENOENT, 0, "%s: is gone",
		    dcor_h5_path(dcor_rtdc_h5(to)));
		goto out;
	}
	rc = dir_of(p->out, &dir, err);
	if (rc != DCOR_OK)
		goto out;
	relative_path(path[0], dir, &rel);
	rc = dcor_buf_take(&rel, &path[1], NULL, err);
	if (rc != DCOR_OK)
		goto out;
	/* Even if event i is frame i for all: dclab takes a basin without a
	 * mapping only if both files have one identifier. */
	rows = rows_of(p, map, err);
	rc = rows == NULL ? DCOR_ENOMEM : store_map(p, rows, slot, err);
	if (rc == DCOR_OK) {
		snprintf(text, sizeof(text), "Created with %s",
		    p->s->o.software);
		b.name = title;
		b.format = format;
		b.description = text;
		b.mapping = slot;
		b.identifier = dcor_rtdc_id_is_common(to) ?
		    (char *)(uintptr_t)dcor_rtdc_id(to) : NULL;
		b.paths.name = path;
		b.paths.n = 2;
		b.features.name = name;
		b.features.n = n;
		rc = dcor_basin_write(p->o, &b, err);
	}
out:
	free(rows);
	free(dir);
	free(path[0]);
	free(path[1]);
	dcor_buf_fini(&rel);
	return rc;
}

/* Whether one basin can lead to both. */
static int
same_place(const struct dcor_segm *s, const struct dcor_feature *a,
    const struct dcor_feature *b)
{
	return a->origin == b->origin && !a->internal && !b->internal &&
	    (a->map == NULL) == (b->map == NULL) && (a->map == NULL ||
	    memcmp(a->map, b->map, (size_t)s->nfile * sizeof(*a->map)) == 0);
}

/* The basin with the images; dcnum lists an offset of the input there,
 * too. */
static int
image_basin(struct pub *p, struct dcor_err *err)
{
	struct dcor_segm *s = p->s;
	char image[] = "image", off[] = "bg_off", *name[] = { image, off };
	struct dcor_feature f;
	size_t n = 1;

	if (s->image.internal)
		return put_file_basin(p, s->m, NULL, name, n, err);
	if (!s->off_own && dcor_rtdc_feature(s->m, off, &f, NULL) ==
	    DCOR_OK) {
		n += f.n >= s->nfile && same_place(s, &f, &s->image);
		dcor_feature_fini(&f);
	}
	return put_file_basin(p, s->image.origin, s->image.map, name, n,
	    err);
}

/*
 * The frame features of the input: copied, or the ones that share a file
 * and a mapping behind one basin.
 */
static int
frame_features(struct pub *p, struct dcor_err *err)
{
	enum { MOST = sizeof(frame_feature) / sizeof(frame_feature[0]) };
	struct dcor_feature f[MOST];
	char *name[MOST];
	int drain = p->s->o.images == DCOR_IMAGES_DRAIN, taken[MOST] = { 0 };
	struct dcor_err why = DCOR_ERR_INIT;
	size_t i, k, n, found = 0, at[MOST];
	int rc = DCOR_OK;

	for (i = 0; rc == DCOR_OK && i < MOST; i++) {
		if (i == 0 && p->s->off_own)
			continue;	/* there is a better bg_off */
		rc = dcor_rtdc_feature(p->s->m, frame_feature[i], &f[found],
		    &why);
		if (rc == DCOR_ENOENT) {
			memset(&why, 0, sizeof(why));
			rc = DCOR_OK;
			continue;
		}
		if (rc == DCOR_OK && f[found].n < p->s->nfile) {
			dcor_segm_remark(p->s, "%s: shorter than image, left "
			    "out", frame_feature[i]);
			dcor_feature_fini(&f[found]);
			continue;
		}
		if (rc == DCOR_OK)
			at[found++] = i;
	}
	if (rc != DCOR_OK)
		dcor_err_copy(err, &why);
	for (i = 0; rc == DCOR_OK && i < found; i++) {
		if (drain || f[i].internal) {
			rc = copy_column(p, frame_feature[at[i]], &f[i], err);
			continue;
		}
		if (taken[i])
			continue;
		for (k = i, n = 0; k < found; k++)
			if (same_place(p->s, &f[k], &f[i])) {
				name[n++] = (char *)(uintptr_t)
				    frame_feature[at[k]];
				taken[k] = 1;
			}
		rc = put_file_basin(p, f[i].origin, f[i].map, name, n, err);
	}
	for (i = 0; i < found; i++)
		dcor_feature_fini(&f[i]);
	return rc;
}

/* The definition of the internal background basin of the input. */
static void
describe_input_bg(struct pub *p, char *name, char *text, size_t size)
{
	struct dcor_basin *b;
	size_t n, i;

	if (dcor_basins_read(dcor_rtdc_h5(p->s->image_bg.origin), &b, &n,
	    NULL) != DCOR_OK)
		return;
	for (i = 0; i < n; i++)
		if (b[i].type == DCOR_BASIN_INTERNAL &&
		    dcor_basin_lists(&b[i], "image_bg")) {
			if (b[i].name != NULL)
				snprintf(name, size, "%s", b[i].name);
			if (b[i].description != NULL)
				snprintf(text, size, "%s", b[i].description);
			break;
		}
	dcor_basins_free(b, n);
}

/* All background images, when several frames share one, and the image of
 * each event. */
static int
background_basin(struct pub *p, struct dcor_err *err)
{
	struct dcor_segm *s = p->s;
	struct dcor_h5spec spec = {
		.type = { .cls = DCOR_H5_INT, .size = 1 }, .rank = 3,
		.item = { s->h, s->w }, .level = s->o.level, .image = 1
	};
	char path[] = "basin_events", feature[] = "image_bg";
	char *paths[] = { path }, *features[] = { feature };
	char slot[16], text[256], name[256] = "background images";
	char format[] = "h5dataset";
	struct dcor_basin b = {
		.type = DCOR_BASIN_INTERNAL, .name = name,
		.description = text, .format = format, .mapping = slot,
		.paths = { paths, 1 }, .features = { features, 1 }
	};
	int sparse = s->source == DCOR_BG_FROM_SPARSEMED, rc;
	uint64_t *rows = NULL, j, m;
	struct dcor_reader *r = NULL;
	struct dcor_h5col *col;
	uint8_t *img;
	size_t i;

	snprintf(text, sizeof(text), "Pipeline identifier: %s", s->id.bg);
	if (!sparse)
		describe_input_bg(p, name, text, sizeof(text));
	m = sparse ? s->sparse.m : dcor_dset_rows(s->image_bg.set);
	img = malloc(s->npix);
	if (img == NULL)
		return dcor_err_nomem(err);
	rc = dcor_reader_new(&r, err);
	if (rc == DCOR_OK)
		rc = dcor_h5out_group(p->o, "basin_events", err);
	if (rc == DCOR_OK)
		rc = dcor_h5out_dset(p->o, "basin_events/image_bg", &spec,
		    &col, err);
	for (j = 0; rc == DCOR_OK && j < m; j++) {
		rc = sparse ? dcor_sparsemed_image(&s->sparse, j, img,
		    s->npix, err) :
		    dcor_dset_read(s->image_bg.set, r, j, 1, img, err);
		if (rc == DCOR_OK)
			rc = dcor_h5col_append(col, img, 1, err);
	}
	if (rc != DCOR_OK)
		goto out;
	if (sparse) {
		rows = rows_of(p, NULL, err);
		for (i = 0; rows != NULL && i < p->n; i++)
			rows[i] = s->sparse.index[p->frame[i]];
	} else
		rows = rows_of(p, s->image_bg.map, err);
	rc = rows == NULL ? DCOR_ENOMEM : store_map(p, rows, slot, err);
	if (rc == DCOR_OK)
		rc = dcor_basin_write(p->o, &b, err);
out:
	free(rows);
	free(img);
	dcor_reader_free(r);
	return rc;
}

static int
attributes(struct pub *p, struct dcor_err *err)
{
	const struct dcor_ppid *id = &p->s->id;
	const struct {
		const char	*name, *text;
	} attr[] = {
		{ "pipeline:dcnum generation", id->gen },
		{ "pipeline:dcnum data", id->dat },
		{ "pipeline:dcnum background", id->bg },
		{ "pipeline:dcnum segmenter", id->seg },
		{ "pipeline:dcnum feature", id->feat },
		{ "pipeline:dcnum gate", id->gate },
		{ "pipeline:dcnum hash", id->hash },
		{ "pipeline:dcnum mapping", id->map }
	};
	const char *mid = dcor_rtdc_id(p->s->m);
	struct dcor_buf run;
	size_t i;
	int rc = DCOR_OK;

	dcor_buf_init(&run, 65536);
	for (i = 0; rc == DCOR_OK && i < sizeof(attr) / sizeof(attr[0]); i++)
		rc = dcor_h5out_text(p->o, "/", attr[i].name, attr[i].text,
		    err);
	if (rc == DCOR_OK)
		rc = dcor_h5out_i64(p->o, "/", "pipeline:dcnum yield",
		    (int64_t)p->n, err);
	if (rc == DCOR_OK)
		rc = dcor_h5out_i64(p->o, "/", "experiment:event count",
		    (int64_t)p->n, err);
	if (rc == DCOR_OK)
		rc = dcor_h5out_f64(p->o, "/", "imaging:pixel size",
		    p->s->pl.pixel_size, err);
	if (mid != NULL)
		dcor_buf_addf(&run, "%s_", mid);
	dcor_buf_addf(&run, "dcn-%.7s", id->hash);
	if (rc == DCOR_OK)
		rc = dcor_buf_check(&run, err);
	if (rc == DCOR_OK)
		rc = dcor_h5out_text(p->o, "/", "experiment:run identifier",
		    dcor_buf_str(&run), err);
	if (rc == DCOR_OK)
		rc = dcor_h5out_copy_attrs(p->o, "/", dcor_rtdc_h5(p->s->m),
		    "/", err);
	dcor_buf_fini(&run);
	return rc;
}

/* The members of a group of the input that are datasets with rows. */
static int
copy_group(struct pub *p, const char *group, struct dcor_err *err)
{
	struct dcor_h5 *h = dcor_rtdc_h5(p->s->m);
	struct dcor_names name;
	struct dcor_attr attr;
	struct dcor_dset *d;
	struct dcor_buf b;
	char path[512];
	size_t i;
	int rc, n, empty;

	rc = dcor_h5_list(h, group, &name, err);
	if (rc == DCOR_OK && name.n > 0)
		rc = dcor_h5out_group(p->o, group, err);
	for (i = 0; rc == DCOR_OK && i < name.n; i++) {
		n = snprintf(path, sizeof(path), "%s/%s", group,
		    name.name[i]);
		if (n < 0 || (size_t)n >= sizeof(path) ||
		    dcor_h5_kind(h, path) != DCOR_H5_DATASET)
			continue;
		rc = dcor_dset_open(h, path, &d, err);
		if (rc != DCOR_OK)
			break;
		empty = dcor_dset_rows(d) == 0 || dcor_dset_row_size(d) == 0;
		dcor_dset_close(d);
		if (empty)
			continue;
		rc = dcor_h5out_copy_dset(p->o, path, h, path, err);
		if (rc == DCOR_OK)
			rc = dcor_h5_attr(h, path, "software", &attr, err);
		if (rc != DCOR_OK)
			break;
		dcor_buf_init(&b, 65536);
		if (attr.kind == DCOR_ATTR_TEXT)
			dcor_buf_addf(&b, "%s | ", attr.text);
		dcor_buf_adds(&b, p->s->o.software);
		rc = dcor_buf_check(&b, err);
		if (rc == DCOR_OK)
			rc = dcor_h5out_text(p->o, path, "software",
			    dcor_buf_str(&b), err);
		dcor_buf_fini(&b);
		dcor_attr_fini(&attr);
	}
	dcor_names_fini(&name);
	return rc;
}

int
dcor_segm_publish(struct dcor_segm *s, struct dcor_h5out *o,
    const struct dcor_segm_index *ix, const char *out, struct dcor_err *err)
{
	struct pub p = { .s = s, .o = o, .out = out, .n = ix->n };
	char slot[16];
	size_t i;
	int rc;

	p.frame = malloc((p.n > 0 ? p.n : 1) * sizeof(*p.frame));
	if (p.frame == NULL)
		return dcor_err_nomem(err);
	for (i = 0; i < p.n; i++)
		p.frame[i] = dcor_segm_frame(s, ix->frame[i]);
	rc = store_map(&p, p.frame, slot, err);
	if (rc == DCOR_OK && (s->source == DCOR_BG_FROM_SPARSEMED ||
	    (s->source == DCOR_BG_FROM_INPUT && s->image_bg.internal)))
		rc = background_basin(&p, err);
	if (rc == DCOR_OK)
		rc = frame_features(&p, err);
	if (rc == DCOR_OK && s->o.images == DCOR_IMAGES_TAP)
		rc = image_basin(&p, err);
	if (rc == DCOR_OK)
		rc = attributes(&p, err);
	if (rc == DCOR_OK)
		rc = copy_group(&p, "logs", err);
	if (rc == DCOR_OK)
		rc = copy_group(&p, "tables", err);
	if (rc == DCOR_OK)
		rc = dcor_segm_logs(s, o, p.n, err);
	free(p.frame);
	for (i = 0; i < MAPS; i++)
		free(p.map[i]);
	return rc;
}

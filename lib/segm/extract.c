/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "segm/extract.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "segm/bright.h"
#include "segm/contour.h"
#include "segm/label.h"
#include "segm/moments.h"
#include "segm/morph.h"
#include "segm/pixels.h"
#include "segm/texture.h"
#include "segm/volume.h"

const char *const dcor_feat_name[DCOR_NFEATS] = {
	"area_msd", "area_ratio", "area_um", "area_um_raw", "aspect",
	"bg_med",
	"bright_avg", "bright_bc_avg", "bright_bc_sd", "bright_perc_10",
	"bright_perc_90", "bright_sd",
	"deform", "deform_raw", "eccentr_prnc", "inert_ratio_cvx",
	"inert_ratio_prnc", "inert_ratio_raw",
	"per_ratio", "per_um_raw",
	"pos_x", "pos_y", "size_x", "size_y",
	"tex_asm_avg", "tex_asm_ptp", "tex_con_avg", "tex_con_ptp",
	"tex_cor_avg", "tex_cor_ptp", "tex_den_avg", "tex_den_ptp",
	"tex_ent_avg", "tex_ent_ptp", "tex_f12_avg", "tex_f12_ptp",
	"tex_f13_avg", "tex_f13_ptp", "tex_idm_avg", "tex_idm_ptp",
	"tex_sen_avg", "tex_sen_ptp", "tex_sva_avg", "tex_sva_ptp",
	"tex_var_avg", "tex_var_ptp",
	"tilt", "volume"
};

/* A blob of the frame in the making; its runs start at run. */
struct found {
	size_t			 run;
	struct dcor_blob	 blob;
};

struct dcor_extract {
	uint32_t		 w, h;
	struct dcor_extract_opts o;
	struct dcor_box		*box;

	struct dcor_labels	 labels, local;
	struct dcor_plane	 plane;
	struct dcor_morph	 morph;
	struct dcor_run		*tmp;		/* of one component */
	size_t			 tmpcap;

	struct dcor_run		*run;		/* of the blobs */
	size_t			 nrun, runcap;
	struct found		*found;
	size_t			 nfound, foundcap;

	struct dcor_contour	 contour;
	struct dcor_hull	 hull;
	struct dcor_pixels	 pixels;
	struct dcor_texture	*texture;
};

/* ---- events ---- */

void
dcor_events_clear(struct dcor_events *e)
{
	e->n = 0;
	e->nrun = 0;
}

void
dcor_events_fini(struct dcor_events *e)
{
	free(e->event);
	free(e->run);
	memset(e, 0, sizeof(*e));
}

/* ---- blobs ---- */

/* Appends component c of l, moved by (ox, oy), to the blobs if it is large
 * enough. */
static int
add_blob(struct dcor_extract *x, const struct dcor_labels *l,
    const struct dcor_comp *c, unsigned ox, unsigned oy,
    struct dcor_err *err)
{
	struct dcor_run *r;
	struct found *f;
	uint32_t i;
	int rc;

	if (c->npix <= x->o.size_thresh_mask)
		return DCOR_OK;
	rc = dcor_room(&x->run, &x->runcap, x->nrun + c->nruns,
	    sizeof(*x->run), err);
	if (rc == DCOR_OK)
		rc = dcor_room(&x->found, &x->foundcap, x->nfound + 1,
		    sizeof(*x->found), err);
	if (rc != DCOR_OK)
		return rc;
	f = &x->found[x->nfound++];
	f->run = x->nrun;
	f->blob.run = NULL;
	f->blob.nruns = c->nruns;
	f->blob.npix = c->npix;
	f->blob.x0 = (uint16_t)(c->x0 + ox);
	f->blob.x1 = (uint16_t)(c->x1 + ox);
	f->blob.y0 = (uint16_t)(c->y0 + oy);
	f->blob.y1 = (uint16_t)(c->y1 + oy);
	for (i = c->first; i != DCOR_LABEL_END; i = l->next[i]) {
		r = &x->run[x->nrun++];
		r->y = (uint16_t)(l->run[i].y + oy);
		r->x0 = (uint16_t)(l->run[i].x0 + ox);
		r->x1 = (uint16_t)(l->run[i].x1 + ox);
	}
	return DCOR_OK;
}

static unsigned
edges(const struct dcor_extract *x, const struct dcor_comp *c)
{
	return (c->x0 == 0 ? DCOR_EDGE_LEFT : 0) |
	    (c->x1 == x->w ? DCOR_EDGE_RIGHT : 0) |
	    (c->y0 == 0 ? DCOR_EDGE_TOP : 0) |
	    (c->y1 == x->h ? DCOR_EDGE_BOTTOM : 0);
}

/* Whether nothing of component c can become an event. */
static int
hopeless(const struct dcor_extract *x, const struct dcor_comp *c,
    unsigned edge)
{
	uint32_t w = (uint32_t)(c->x1 - c->x0), h = (uint32_t)(c->y1 - c->y0);
	uint32_t least = x->o.closing_disk;

	if (x->o.clear_border && edge != 0)
		return 1;
	if ((x->o.fill_holes ? w * h : c->npix) <= x->o.size_thresh_mask)
		return 1;
	/* The disk must fit, of which half may lie beyond the border. */
	if (least > 0 && edge == 0 && (w / 2 < least || h / 2 < least ||
	    w < 2 * least + 1 || h < 2 * least + 1))
		return 1;
	return 0;
}

/* The runs of component c, in coordinates of its box, to x->tmp. */
static int
localize(struct dcor_extract *x, const struct dcor_comp *c, size_t *n,
    struct dcor_err *err)
{
	const struct dcor_labels *l = &x->labels;
	struct dcor_run *r;
	uint32_t i;
	size_t k = 0;
	int rc;

	rc = dcor_room(&x->tmp, &x->tmpcap, c->nruns, sizeof(*x->tmp), err);
	for (i = c->first; rc == DCOR_OK && i != DCOR_LABEL_END;
	    i = l->next[i]) {
		r = &x->tmp[k++];
		r->y = (uint16_t)(l->run[i].y - c->y0);
		r->x0 = (uint16_t)(l->run[i].x0 - c->x0);
		r->x1 = (uint16_t)(l->run[i].x1 - c->x0);
	}
	/* Filling begins with the removal of pixel (1, 1). */
	if (rc == DCOR_OK && x->o.fill_holes && x->tmp[0].x0 + c->x0 == 1 &&
	    c->y0 == 1 && ++x->tmp[0].x0 == x->tmp[0].x1)
		memmove(x->tmp, x->tmp + 1, --k * sizeof(*x->tmp));
	*n = k;
	return rc;
}

/* Notes in seen the pixels of the plane, which begins at (ox, oy), so that
 * blobs within its holes are not taken for others. */
static void
mark(struct dcor_extract *x, struct dcor_bits *seen, unsigned ox, unsigned oy)
{
	const struct dcor_labels *l = &x->local;
	uint32_t i;

	for (i = 0; i < l->n; i++)
		dcor_bits_run(seen, l->run[i].y + oy, l->run[i].x0 + ox,
		    l->run[i].x1 + ox);
}

/*
 * Fills (if fill) and opens one component by itself.  That it can be done
 * one by one: a disk fits into one component only, and a hole is enclosed
 * by one component only, if none touches the border.
 */
static int
process(struct dcor_extract *x, const struct dcor_comp *c, unsigned edge,
    int fill, struct dcor_bits *seen, struct dcor_err *err)
{
	const struct dcor_run *first = &x->labels.run[c->first];
	struct dcor_plane *p = &x->plane;
	int filled = 0, rc;
	size_t n, i;

	if (fill && dcor_bits_get(seen, first->x0, first->y))
		return DCOR_OK;
	rc = localize(x, c, &n, err);
	if (rc == DCOR_OK)
		rc = dcor_plane_set(p, (uint32_t)(c->x1 - c->x0),
		    (uint32_t)(c->y1 - c->y0), err);
	if (rc != DCOR_OK)
		return rc;
	for (i = 0; i < n; i++)
		dcor_bits_run(&p->bits, x->tmp[i].y, x->tmp[i].x0,
		    x->tmp[i].x1);
	if (fill)
		rc = dcor_fill_blob(&x->morph, x->tmp, n, &p->bits, &filled,
		    err);
	if (rc == DCOR_OK && filled) {
		rc = dcor_label(&x->local, &p->bits, 0, err);
		if (rc == DCOR_OK)
			mark(x, seen, c->x0, c->y0);
	}
	if (rc == DCOR_OK)
		rc = dcor_open_disk(&x->morph, &p->bits, x->o.closing_disk,
		    edge, err);
	if (rc == DCOR_OK)
		rc = dcor_label(&x->local, &p->bits, 0, err);
	for (i = 0; rc == DCOR_OK && i < x->local.ncomp; i++)
		rc = add_blob(x, &x->local, &x->local.c[i], c->x0, c->y0,
		    err);
	return rc;
}

static int
by_position(const void *va, const void *vb)
{
	const struct dcor_blob *a = &((const struct found *)va)->blob;
	const struct dcor_blob *b = &((const struct found *)vb)->blob;

	if (a->y0 != b->y0)
		return a->y0 < b->y0 ? -1 : 1;
	/* Different blobs begin at different pixels. */
	return a->run->x0 < b->run->x0 ? -1 : 1;
}

/* The blobs of a mask, processed, in the order of their labels. */
static int
find_blobs(struct dcor_extract *x, struct dcor_bits *mask,
    struct dcor_err *err)
{
	int fill = x->o.fill_holes, sorted = 1, rc = DCOR_OK;
	const struct dcor_comp *c;
	unsigned edge;
	size_t i;

	x->nrun = x->nfound = 0;
	if (fill && !x->o.clear_border) {
		rc = dcor_fill_frame(&x->morph, mask, err);
		fill = 0;
	}
	if (rc == DCOR_OK)
		rc = dcor_label(&x->labels, mask, 0, err);
	if (rc != DCOR_OK)
		return rc;
	if (fill)
		memset(mask->word, 0, (size_t)mask->stride * mask->h *
		    sizeof(*mask->word));
	for (i = 0; rc == DCOR_OK && i < x->labels.ncomp; i++) {
		c = &x->labels.c[i];
		edge = edges(x, c);
		if (hopeless(x, c, edge))
			continue;
		if (fill || x->o.closing_disk > 0)
			rc = process(x, c, edge, fill, mask, err);
		else
			rc = add_blob(x, &x->labels, c, 0, 0, err);
	}
	for (i = 0; i < x->nfound; i++) {
		x->found[i].blob.run = x->run + x->found[i].run;
		if (i > 0 && by_position(&x->found[i - 1], &x->found[i]) > 0)
			sorted = 0;
	}
	if (!sorted)
		qsort(x->found, x->nfound, sizeof(*x->found), by_position);
	return rc;
}

/* ---- features ---- */

/* Whether feat passes the gates on the features set so far. */
static int
passes(const struct dcor_extract *x, const double *feat, int shape_only)
{
	const struct dcor_box *b;
	size_t i;

	for (i = 0; i < x->o.nbox; i++) {
		b = &x->box[i];
		if (shape_only && b->feat != DCOR_FEAT_SIZE_X &&
		    b->feat != DCOR_FEAT_SIZE_Y &&
		    b->feat != DCOR_FEAT_AREA_UM &&
		    b->feat != DCOR_FEAT_DEFORM)
			continue;
		if (!(feat[b->feat] >= b->min && feat[b->feat] <= b->max))
			return 0;
	}
	return 1;
}

/* The features of one blob; *keep says whether it is an event. */
static int
describe(struct dcor_extract *x, const struct dcor_frame *f,
    const struct dcor_blob *b, double *feat, uint64_t *ninvalid, int *keep,
    struct dcor_err *err)
{
	double ps = x->o.pixel_size;
	int i, valid, rc;

	*keep = 0;
	for (i = 0; i < DCOR_NFEATS; i++)
		feat[i] = (double)NAN;
	rc = dcor_contour(&x->contour, b, err);
	if (rc == DCOR_OK)
		rc = dcor_hull(&x->hull, b, err);
	if (rc != DCOR_OK)
		return rc;
	valid = dcor_moments(&x->contour, &x->hull, b, ps, feat);
	if (!passes(x, feat, 1))
		return DCOR_OK;
	if (!valid && x->o.nbox == 0) {
		++*ninvalid;
		return DCOR_OK;
	}
	if (x->o.brightness || x->o.haralick)
		rc = dcor_pixels(&x->pixels, f, b, err);
	if (rc == DCOR_OK && x->o.brightness)
		dcor_bright(f, &x->pixels, feat);
	if (rc == DCOR_OK && x->o.haralick)
		rc = dcor_texture(x->texture, b, &x->pixels, feat, err);
	if (rc != DCOR_OK)
		return rc;
	if (x->o.volume && valid)
		feat[DCOR_FEAT_VOLUME] = dcor_volume(&x->contour,
		    feat[DCOR_FEAT_POS_X] / ps, feat[DCOR_FEAT_POS_Y] / ps,
		    ps);
	/* Gates come before the check for validity. */
	if (!passes(x, feat, 0))
		return DCOR_OK;
	if (!valid)
		++*ninvalid;
	*keep = valid;
	return DCOR_OK;
}

static int
add_event(struct dcor_events *out, const struct dcor_blob *b,
    const double *feat, uint32_t frame, struct dcor_err *err)
{
	struct dcor_event *e;
	int rc;

	rc = dcor_room(&out->event, &out->cap, out->n + 1,
	    sizeof(*out->event), err);
	if (rc == DCOR_OK)
		rc = dcor_room(&out->run, &out->runcap, out->nrun + b->nruns,
		    sizeof(*out->run), err);
	if (rc != DCOR_OK)
		return rc;
	e = &out->event[out->n++];
	memcpy(e->feat, feat, sizeof(e->feat));
	e->run = out->nrun;
	e->nruns = b->nruns;
	e->frame = frame;
	e->nevents = 0;
	memcpy(out->run + out->nrun, b->run, b->nruns * sizeof(*b->run));
	out->nrun += b->nruns;
	return DCOR_OK;
}

int
dcor_extract_frame(struct dcor_extract *x, const struct dcor_frame *f,
    struct dcor_bits *mask, uint32_t frame, struct dcor_events *out,
    struct dcor_err *err)
{
	size_t had = out->n, hadrun = out->nrun, i;
	uint64_t ninvalid = 0;
	double feat[DCOR_NFEATS];
	int keep, rc;

	if (f->w != x->w || f->h != x->h || mask->w != x->w ||
	    mask->h != x->h)
		return dcor_err_set(err, DCOR_EARG, 0,
		    "frame is not %u x %u pixels", x->w, x->h);
	rc = find_blobs(x, mask, err);
	for (i = 0; rc == DCOR_OK && i < x->nfound; i++) {
		rc = describe(x, f, &x->found[i].blob, feat, &ninvalid,
		    &keep, err);
		if (rc == DCOR_OK && keep)
			rc = add_event(out, &x->found[i].blob, feat, frame,
			    err);
	}
	if (rc != DCOR_OK) {
		out->n = had;
		out->nrun = hadrun;
		return rc;
	}
	out->ninvalid += ninvalid;
	for (i = had; i < out->n; i++)
		out->event[i].nevents = (uint32_t)(out->n - had);
	return DCOR_OK;
}

/* ---- life ---- */

int
dcor_extract_new(uint32_t w, uint32_t h,
    const struct dcor_extract_opts *opts, struct dcor_extract **out,
    struct dcor_err *err)
{
	struct dcor_extract *x;
	size_t i;
	int rc;

	*out = NULL;
	if (w == 0 || h == 0 || w > DCOR_FRAME_MAX || h > DCOR_FRAME_MAX)
		return dcor_err_set(err, DCOR_EARG, 0,
		    "frames of %u x %u pixels cannot be worked on", w, h);
	if (!(opts->pixel_size > 0))
		return dcor_err_set(err, DCOR_EARG, 0,
		    "pixel size is not positive");
	x = calloc(1, sizeof(*x));
	if (x == NULL)
		return dcor_err_nomem(err);
	x->w = w;
	x->h = h;
	x->o = *opts;
	x->o.box = NULL;
	rc = dcor_texture_new(&x->texture, err);
	if (rc == DCOR_OK && opts->nbox > 0) {
		x->box = calloc(opts->nbox, sizeof(*x->box));
		if (x->box == NULL)
			rc = dcor_err_nomem(err);
	}
	if (rc != DCOR_OK) {
		dcor_extract_free(x);
		return rc;
	}
	for (i = 0; i < opts->nbox; i++)
		x->box[i] = opts->box[i];
	*out = x;
	return DCOR_OK;
}

void
dcor_extract_free(struct dcor_extract *x)
{
	if (x == NULL)
		return;
	dcor_labels_fini(&x->labels);
	dcor_labels_fini(&x->local);
	dcor_plane_fini(&x->plane);
	dcor_morph_fini(&x->morph);
	dcor_contour_fini(&x->contour);
	dcor_hull_fini(&x->hull);
	dcor_pixels_fini(&x->pixels);
	dcor_texture_free(x->texture);
	free(x->box);
	free(x->tmp);
	free(x->run);
	free(x->found);
	free(x);
}

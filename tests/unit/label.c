/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Masks, their processing and the shapes of events against a naive
 * version of the same rules.
 */
#include "segm/extract.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "segm/bits.h"
#include "segm/label.h"
#include "tap.h"

#define MAXPIX (160 * 64)

static uint64_t seed = 1181783497276652981U;

static unsigned
rnd(unsigned n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (unsigned)(seed >> 33) % n;
}

struct naive {
	int		 w, h;
	uint8_t		 m[MAXPIX];
	int		 lab[MAXPIX], n;
};

static int stack[MAXPIX * 9];

/* Pixels of value v that are connected to pixel at get label l. */
static void
flood(const struct naive *a, int *lab, int at, uint8_t v, int l, int four)
{
	int top = 0, x, y, dx, dy, to;

	stack[top++] = at;
	lab[at] = l;
	while (top > 0) {
		at = stack[--top];
		x = at % a->w;
		y = at / a->w;
		for (dy = -1; dy <= 1; dy++)
			for (dx = -1; dx <= 1; dx++) {
				to = at + dy * a->w + dx;
				if ((four && dx != 0 && dy != 0) ||
				    x + dx < 0 || x + dx >= a->w ||
				    y + dy < 0 || y + dy >= a->h ||
				    a->m[to] != v || lab[to] != 0)
					continue;
				lab[to] = l;
				stack[top++] = to;
			}
	}
}

static void
label(struct naive *a)
{
	int i;

	a->n = 0;
	memset(a->lab, 0, sizeof(a->lab));
	for (i = 0; i < a->w * a->h; i++)
		if (a->m[i] && a->lab[i] == 0)
			flood(a, a->lab, i, 1, ++a->n, 0);
}

static void
clear_border(struct naive *a)
{
	static uint8_t gone[MAXPIX + 1];
	int i, x, y;

	memset(gone, 0, sizeof(gone));
	for (i = 0; i < a->w * a->h; i++) {
		x = i % a->w;
		y = i / a->w;
		if (x == 0 || y == 0 || x == a->w - 1 || y == a->h - 1)
			gone[a->lab[i]] = 1;
	}
	for (i = 0; i < a->w * a->h; i++)
		if (gone[a->lab[i]])
			a->m[i] = 0;
	label(a);
}

static void
fill_holes(struct naive *a)
{
	static int out[MAXPIX];
	int i;

	memset(a->m, 0, (size_t)a->w);
	for (i = 0; i < 2 && i < a->w && a->h > 1; i++)
		a->m[a->w + i] = 0;
	memset(out, 0, sizeof(out));
	flood(a, out, 0, 0, 1, 1);
	for (i = 0; i < a->w * a->h; i++)
		a->m[i] = out[i] == 0;
}

static void
disk(struct naive *a, int r, int erode)
{
	static uint8_t to[MAXPIX];
	int i, x, y, dx, dy, v;

	for (i = 0; i < a->w * a->h; i++) {
		v = erode;
		for (dy = -r; dy <= r; dy++)
			for (dx = -r; dx <= r; dx++) {
				x = i % a->w + dx;
				y = i / a->w + dy;
				if (dx * dx + dy * dy > r * r || x < 0 ||
				    y < 0 || x >= a->w || y >= a->h)
					continue;
				if (a->m[y * a->w + x] != erode)
					v = !erode;
			}
		to[i] = (uint8_t)v;
	}
	memcpy(a->m, to, sizeof(a->m));
}

static void
process(struct naive *a, const struct dcor_extract_opts *o)
{
	label(a);
	if (o->clear_border)
		clear_border(a);
	if (o->fill_holes)
		fill_holes(a);
	if (o->closing_disk > 0) {
		disk(a, (int)o->closing_disk, 1);
		disk(a, (int)o->closing_disk, 0);
	}
	label(a);
}

/* Area of the polygon through the centres of the outer pixels of blob l;
 * the blob's pixels and box on the side. */
static double
polygon_area(const struct naive *a, int l, int *npix, int box[4])
{
	static struct naive b;
	static int out[MAXPIX];
	double area = 0;
	int i, x, y, n;

	/* A margin, so that the outside is one piece. */
	b.w = a->w + 2;
	b.h = a->h + 2;
	memset(b.m, 0, sizeof(b.m));
	*npix = 0;
	box[0] = box[1] = 1 << 20;
	box[2] = box[3] = 0;
	for (i = 0; i < a->w * a->h; i++) {
		if (a->lab[i] != l)
			continue;
		x = i % a->w;
		y = i / a->w;
		b.m[(y + 1) * b.w + x + 1] = 1;
		++*npix;
		box[0] = x < box[0] ? x : box[0];
		box[1] = y < box[1] ? y : box[1];
		box[2] = x + 1 > box[2] ? x + 1 : box[2];
		box[3] = y + 1 > box[3] ? y + 1 : box[3];
	}
	memset(out, 0, sizeof(out));
	flood(&b, out, 0, 0, 1, 1);
	for (i = 0; i < b.w * (b.h - 1) - 1; i++) {
		n = (out[i] == 0) + (out[i + 1] == 0) +
		    (out[i + b.w] == 0) + (out[i + b.w + 1] == 0);
		area += n == 4 ? 1 : n == 3 ? 0.5 : 0;
	}
	return area;
}

static int
same_mask(const struct naive *a, int l, int npix, const struct dcor_run *r,
    uint32_t n)
{
	int last = -2, x;
	uint32_t i;

	for (i = 0; i < n; i++) {
		if (r[i].y * a->w + r[i].x0 <= last || r[i].x0 >= r[i].x1 ||
		    r[i].x1 > a->w || r[i].y >= a->h)
			return 0;
		last = r[i].y * a->w + r[i].x1 - 1;
		for (x = r[i].x0; x < r[i].x1; x++, npix--)
			if (a->lab[r[i].y * a->w + x] != l)
				return 0;
	}
	return npix == 0;
}

static void
random_mask(struct naive *a)
{
	int kind = (int)rnd(6), k, x, y, d, x0, y0, r, in;
	unsigned p = rnd(100);

	memset(a->m, 0, sizeof(a->m));
	for (k = 0; k < a->w * a->h && kind < 2; k++)
		a->m[k] = rnd(100) < (kind == 0 ? p : 96);
	for (k = 0; k < 6 && kind >= 2; k++) {
		x0 = (int)rnd((unsigned)a->w + 8) - 4;
		y0 = (int)rnd((unsigned)a->h + 8) - 4;
		r = (int)rnd(14) + 1;
		in = (int)rnd(3) * r / 3;
		for (y = 0; y < a->h; y++)
			for (x = 0; x < a->w; x++) {
				d = (x - x0) * (x - x0) + (y - y0) * (y - y0);
				if (kind == 2)
					d = abs(x - x0) > abs(y - y0) ?
					    (x - x0) * (x - x0) :
					    (y - y0) * (y - y0);
				if (d <= r * r && d >= in * in)
					a->m[y * a->w + x] ^= kind == 3 ||
					    !a->m[y * a->w + x];
			}
	}
	for (k = 0; k < a->w * a->h && kind > 3; k++)
		a->m[k] ^= rnd(100) < 2;
}

static void
to_bits(const struct naive *a, struct dcor_plane *p)
{
	int i;

	if (dcor_plane_set(p, (uint32_t)a->w, (uint32_t)a->h, NULL) !=
	    DCOR_OK)
		exit(1);
	for (i = 0; i < a->w * a->h; i++)
		if (a->m[i])
			dcor_bits_run(&p->bits, (uint32_t)(i / a->w),
			    (uint32_t)(i % a->w), (uint32_t)(i % a->w) + 1);
}

/* One random mask with random options; what differs. */
static int
try(struct naive *a)
{
	static const int width[] = { 3, 1, 5, 2, 20, 63, 64, 65, 129, 100 };
	static const uint8_t zero[MAXPIX];
	struct dcor_extract_opts o = { .pixel_size = 1 };
	struct dcor_frame f = { .image = zero, .bg = zero };
	struct dcor_events ev = { 0 };
	struct dcor_extract *x = NULL;
	struct dcor_plane p = { 0 };
	int bad = 0, l, npix, box[4];
	uint64_t invalid = 0;
	const double *feat;
	double area;
	size_t k = 0;

	a->w = width[rnd(10)];
	a->h = (int)rnd(50) + 1;
	random_mask(a);
	o.clear_border = (int)rnd(2);
	o.fill_holes = (int)rnd(2);
	o.closing_disk = rnd(3) * rnd(4);
	o.size_thresh_mask = rnd(2) * rnd(60);
	to_bits(a, &p);
	process(a, &o);
	f.w = (uint32_t)a->w;
	f.h = (uint32_t)a->h;
	if (dcor_extract_new(f.w, f.h, &o, &x, NULL) != DCOR_OK ||
	    dcor_extract_frame(x, &f, &p.bits, 7, &ev, NULL) != DCOR_OK)
		bad++;
	for (l = 1; l <= a->n; l++) {
		area = polygon_area(a, l, &npix, box);
		if (npix <= (int)o.size_thresh_mask)
			continue;
		if (area == 0) {
			invalid++;
			continue;
		}
		if (k == ev.n) {
			k++;
			break;
		}
		feat = ev.event[k].feat;
		bad += !same_mask(a, l, npix, ev.run + ev.event[k].run,
		    ev.event[k].nruns) || ev.event[k].frame != 7 ||
		    ev.event[k].nevents != ev.n ||
		    feat[DCOR_FEAT_AREA_MSD] != area ||
		    feat[DCOR_FEAT_SIZE_X] != box[2] - box[0] ||
		    feat[DCOR_FEAT_SIZE_Y] != box[3] - box[1] ||
		    feat[DCOR_FEAT_AREA_RATIO] < 1 ||
		    feat[DCOR_FEAT_PER_RATIO] < 1 - 1e-7 ||
		    !isnan(feat[DCOR_FEAT_VOLUME]) ||
		    !isnan(feat[DCOR_FEAT_BRIGHT_AVG]);
		k++;
	}
	bad += k != ev.n || invalid != ev.ninvalid;
	if (bad)
		printf("# %d x %d: border %d fill %d disk %u size %u: "
		    "%zu events, not %zu\n", a->w, a->h, o.clear_border,
		    o.fill_holes, o.closing_disk, o.size_thresh_mask, ev.n,
		    k);
	dcor_extract_free(x);
	dcor_events_fini(&ev);
	dcor_plane_fini(&p);
	return bad;
}

/* Labels and their boxes, both connectivities. */
static int
try_label(struct naive *a)
{
	struct dcor_labels l = { 0 };
	struct dcor_plane p = { 0 };
	int bad = 0, i, n = 0, four;
	uint32_t c, k, npix;
	struct dcor_run *r;

	a->w = (int)rnd(140) + 1;
	a->h = (int)rnd(40) + 1;
	random_mask(a);
	to_bits(a, &p);
	four = (int)rnd(2);
	bad += dcor_label(&l, &p.bits, four, NULL) != DCOR_OK;
	memset(a->lab, 0, sizeof(a->lab));
	for (i = 0; i < a->w * a->h; i++)
		if (a->m[i] && a->lab[i] == 0)
			flood(a, a->lab, i, 1, ++n, four);
	bad += l.ncomp != (uint32_t)n;
	for (c = 0; !bad && c < l.ncomp; c++) {
		npix = 0;
		for (k = l.c[c].first; k != DCOR_LABEL_END; k = l.next[k]) {
			r = &l.run[k];
			bad += l.comp[k] != c || r->y < l.c[c].y0 ||
			    r->y >= l.c[c].y1 || r->x0 < l.c[c].x0 ||
			    r->x1 > l.c[c].x1;
			for (i = r->x0; i < r->x1; i++, npix++)
				bad += a->lab[r->y * a->w + i] != (int)c + 1;
		}
		bad += npix != l.c[c].npix;
	}
	dcor_labels_fini(&l);
	dcor_plane_fini(&p);
	return bad;
}

/* More labels than 16 bits can number: only the last has an area. */
static void
many_labels(void)
{
	struct dcor_extract_opts o = { .pixel_size = 1 };
	uint32_t n = 2 * 258, x, y;
	struct dcor_events ev = { 0 };
	struct dcor_extract *xt = NULL;
	struct dcor_plane p = { 0 };
	struct dcor_frame f = { .w = n, .h = n };
	uint8_t *zero = calloc(n, n);

	f.image = f.bg = zero;
	OK(zero != NULL && dcor_plane_set(&p, n, n, NULL) == DCOR_OK);
	for (y = 0; y < n; y += 2)
		for (x = 0; x < n; x += 2)
			dcor_bits_run(&p.bits, y, x, x + 1);
	dcor_bits_run(&p.bits, n - 2, n - 2, n);
	dcor_bits_run(&p.bits, n - 1, n - 2, n);
	OK(dcor_extract_new(n, n, &o, &xt, NULL) == DCOR_OK);
	OK(dcor_extract_frame(xt, &f, &p.bits, 0, &ev, NULL) == DCOR_OK);
	OK(ev.n == 1 && ev.ninvalid == 258 * 258 - 1);
	OK(ev.n == 1 && ev.run[0].x0 == n - 2 && ev.run[0].y == n - 2);
	dcor_events_fini(&ev);
	dcor_extract_free(xt);
	dcor_plane_fini(&p);
	free(zero);
}

int
main(void)
{
	static struct naive a;
	int bad, i;

	for (bad = 0, i = 0; i < 1000; i++)
		bad += try_label(&a);
	OK(bad == 0);
	for (bad = 0, i = 0; i < 1500; i++)
		bad += try(&a);
	OK(bad == 0);
	many_labels();
	return DONE();
}

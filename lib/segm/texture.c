/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * With p = m / T for counts m every feature follows from few sums:
 *
 *   asm  from the sum of m^2, ent from the sum of m log m, over the cells;
 *   con, var, cor, sva  from sums of integers over the pairs, taken about
 *        a value near the mean so that nothing cancels;
 *   sen, den, idm, HX  from one-dimensional histograms;
 *   f12, f13  from ent and HX, because HXY1 = HXY2 = 2 HX.
 *
 * Grey values are counted from 0 here (g = c - min), which changes none of
 * the features that are wanted.  Value 255 is the one to be ignored.  The
 * table of counts is triangular: pair (a, b), a <= b, is cell
 * b (b + 1) / 2 + a.
 */
#include "segm/texture.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define NGREY	256
#define NCELL	(NGREY * (NGREY + 1) / 2)
#define NLOG	32768		/* table of logarithms, elements */
#define NSMALL	(NLOG / 2)	/* pixels for which that is enough */
#define NPAIR	4096		/* pairs that are worked on at a time */
#define CHUNK	32

enum {
	T_ASM, T_CON, T_COR, T_VAR, T_IDM, T_SVA, T_SEN, T_ENT, T_DEN, T_F12,
	T_F13, T_N
};

/* The pairs of one direction. */
struct pairs {
	size_t		 n;		/* in the arrays */
	size_t		 total;
	size_t		 enda, endb;	/* pixels up to which seen */
	uint16_t	 cell[NPAIR + CHUNK];
	uint16_t	 sum[NPAIR + CHUNK];
	uint8_t		 dif[NPAIR + CHUNK];
};

struct dcor_texture {
	struct pairs	 p;
	uint32_t	 hsum[2 * NGREY];
	uint32_t	 hdif[NGREY];
	uint32_t	 hone[NGREY];	/* both members of the pairs */
	int64_t		 s1, s2;	/* over both members: g, g^2 */
	double		 slog;		/* sum of m log m over the cells */
	uint64_t	 smm;		/* sum of m^2 */
	unsigned	 levels;	/* grey values 0 ... levels-1 */
	int		 wraps;		/* value 255 is to be ignored */
	double		 idm[NGREY];	/* 1 / (1 + k^2) */
	double		 clog[NLOG];	/* c log2 c */
	double		 dlog[NSMALL];	/* clog[c + 1] - clog[c] */
	union {
		uint16_t	 u16[NCELL];
		uint32_t	 u32[NCELL];
	} m;
};

int
dcor_texture_new(struct dcor_texture **out, struct dcor_err *err)
{
	struct dcor_texture *t = calloc(1, sizeof(*t));
	size_t i;

	*out = t;
	if (t == NULL)
		return dcor_err_nomem(err);
	for (i = 0; i < NGREY; i++)
		t->idm[i] = 1.0 / (double)(1 + i * i);
	for (i = 2; i < NLOG; i++)
		t->clog[i] = (double)i * log2((double)i);
	for (i = 0; i < NSMALL; i++)
		t->dlog[i] = t->clog[i + 1] - t->clog[i];
	return DCOR_OK;
}

void
dcor_texture_free(struct dcor_texture *t)
{
	free(t);
}

static double
xlog(const struct dcor_texture *t, uint64_t c)
{
	return c < NLOG ? t->clog[c] : (double)c * log2((double)c);
}

/* ---- counting ---- */

/* Cells are counted to 16 bits, and the logarithms come from the table. */
static void
count_small(struct dcor_texture *t)
{
	const struct pairs *p = &t->p;
	uint64_t smm = 0;
	double slog = 0;
	uint16_t *m, old;
	size_t i;

	for (i = 0; i < p->n; i++) {
		m = &t->m.u16[p->cell[i]];
		old = *m;
		*m = (uint16_t)(old + 1);
		smm += old;
		slog += t->dlog[old];
		t->hsum[p->sum[i]]++;
		t->hdif[p->dif[i]]++;
	}
	t->smm += 2 * smm + p->n;
	t->slog += slog;
}

static void
count_large(struct dcor_texture *t)
{
	const struct pairs *p = &t->p;
	size_t i;

	for (i = 0; i < p->n; i++) {
		t->m.u32[p->cell[i]]++;
		t->hsum[p->sum[i]]++;
		t->hdif[p->dif[i]]++;
	}
}

static void
count(struct dcor_texture *t, int small)
{
	if (small)
		count_small(t);
	else
		count_large(t);
	t->p.total += t->p.n;
	t->p.n = 0;
}

/* Sums over the cells, which are cleared. */
static void
finish_cells(struct dcor_texture *t, int small)
{
	size_t n = (size_t)t->levels * (t->levels + 1) / 2, a, i;
	uint64_t c;

	if (small) {
		/* Cells (a, a) count twice. */
		for (a = 0, i = 0; a < t->levels; a++, i += a + 1)
			t->smm += (uint64_t)t->m.u16[i] * t->m.u16[i];
		memset(t->m.u16, 0, n * sizeof(*t->m.u16));
		return;
	}
	for (i = 0; i < n; i++) {
		c = t->m.u32[i];
		t->smm += c * c;
		t->slog += xlog(t, c);
	}
	for (a = 0, i = 0; a < t->levels; a++, i += a + 1)
		t->smm += (uint64_t)t->m.u32[i] * t->m.u32[i];
	memset(t->m.u32, 0, n * sizeof(*t->m.u32));
}

/* ---- pairs ---- */

/* Pixel i is not the first (or not the second) of a pair. */
static void
unpaired(struct dcor_texture *t, const uint8_t *g, size_t from, size_t to)
{
	for (; from < to; from++) {
		t->hone[g[from]]--;
		t->s1 -= g[from];
		t->s2 -= g[from] * g[from];
	}
}

/* CHUNK grey values at once. */
static inline void
make_grey(uint8_t *restrict g, const int16_t *restrict c, int lo)
{
	uint16_t low = (uint16_t)lo;
	unsigned i;

	for (i = 0; i < CHUNK; i++)
		g[i] = (uint8_t)((uint16_t)c[i] - low);
}

/* CHUNK pairs at once, in a form that compilers make vectors of. */
static inline void
make_chunk(uint16_t *restrict cell, uint16_t *restrict sum,
    uint8_t *restrict dif, const uint8_t *restrict a,
    const uint8_t *restrict b)
{
	uint8_t lo[CHUNK], hi[CHUNK];
	unsigned i;

	for (i = 0; i < CHUNK; i++) {
		lo[i] = a[i] < b[i] ? a[i] : b[i];
		hi[i] = a[i] < b[i] ? b[i] : a[i];
	}
	for (i = 0; i < CHUNK; i++)
		dif[i] = (uint8_t)(hi[i] - lo[i]);
	for (i = 0; i < CHUNK; i++) {
		cell[i] = (uint16_t)((uint16_t)(hi[i] * (hi[i] + 1)) / 2 +
		    lo[i]);
		sum[i] = (uint16_t)(hi[i] + lo[i]);
	}
}

/* At most NPAIR - p->n pairs of a[i], b[i]; whole chunks are made. */
static inline void
make_pairs(struct pairs *p, const uint8_t *a, const uint8_t *b, size_t n)
{
	size_t i;

	for (i = 0; i < n; i += CHUNK)
		make_chunk(p->cell + p->n + i, p->sum + p->n + i,
		    p->dif + p->n + i, a + i, b + i);
	p->n += n;
}

static void
make_wrapped(struct dcor_texture *t, const uint8_t *a, const uint8_t *b,
    size_t n)
{
	struct pairs *p = &t->p;
	unsigned lo, hi;
	size_t i;

	for (i = 0; i < n; i++) {
		if (a[i] == 255 || b[i] == 255)
			continue;
		lo = a[i] < b[i] ? a[i] : b[i];
		hi = a[i] < b[i] ? b[i] : a[i];
		p->cell[p->n] = (uint16_t)(hi * (hi + 1) / 2 + lo);
		p->sum[p->n] = (uint16_t)(lo + hi);
		p->dif[p->n] = (uint8_t)(hi - lo);
		p->n++;
		t->hone[lo]++;
		t->hone[hi]++;
		t->s1 += lo + hi;
		t->s2 += lo * lo + hi * hi;
	}
}

/* Pixels a ... a+n-1 are neighbours of b ... b+n-1. */
static void
neighbours(struct dcor_texture *t, const uint8_t *g, size_t a, size_t b,
    size_t n, int small)
{
	size_t some;

	if (!t->wraps) {
		unpaired(t, g, t->p.enda, a);
		unpaired(t, g, t->p.endb, b);
		t->p.enda = a + n;
		t->p.endb = b + n;
	}
	while (n > 0) {
		if (t->p.n == NPAIR)
			count(t, small);
		some = NPAIR - t->p.n;
		if (some > n)
			some = n;
		if (t->wraps)
			make_wrapped(t, g + a, g + b, some);
		else
			make_pairs(&t->p, g + a, g + b, some);
		a += some;
		b += some;
		n -= some;
	}
}

static void
pairs_beside(struct dcor_texture *t, const struct dcor_blob *b,
    const uint8_t *g, int small)
{
	size_t at = 0, n;
	uint32_t i;

	for (i = 0; i < b->nruns; i++) {
		n = (size_t)(b->run[i].x1 - b->run[i].x0);
		if (n > 1)
			neighbours(t, g, at, at + 1, n - 1, small);
		at += n;
	}
}

/* Neighbours (x, y) and (x + dx, y + 1). */
static void
pairs_below(struct dcor_texture *t, const struct dcor_blob *b,
    const uint8_t *g, int dx, int small)
{
	const struct dcor_run *r, *s, *end = b->run + b->nruns, *k;
	size_t ra = 0, sa = 0, ka;
	int from, to;

	s = b->run;
	for (r = b->run; r < end; ra += (size_t)(r->x1 - r->x0), r++) {
		while (s < end && (s->y <= r->y || (s->y == r->y + 1 &&
		    s->x1 - dx <= r->x0))) {
			sa += (size_t)(s->x1 - s->x0);
			s++;
		}
		ka = sa;
		for (k = s; k < end && k->y == r->y + 1 &&
		    k->x0 - dx < r->x1; k++) {
			from = k->x0 - dx > r->x0 ? k->x0 - dx : r->x0;
			to = k->x1 - dx < r->x1 ? k->x1 - dx : r->x1;
			neighbours(t, g, ra + (size_t)(from - r->x0),
			    ka + (size_t)(from + dx - k->x0),
			    (size_t)(to - from), small);
			ka += (size_t)(k->x1 - k->x0);
		}
	}
}

/* ---- features ---- */

struct entropies {
	double	one, sum, dif, idm;	/* sums of c log c; of c / (1+k^2) */
};

/* The logarithm of every count of a small blob is in the table; without a
 * call the sums stay in registers. */
static inline __attribute__((always_inline)) double
log_of(const struct dcor_texture *t, uint32_t c, int small)
{
	return small ? t->clog[c] : xlog(t, c);
}

static inline __attribute__((always_inline)) void
add_entropies(const struct dcor_texture *t, struct entropies *e, int small)
{
	double one = 0, even = 0, odd = 0, dif = 0, idm = 0;
	unsigned i;

	for (i = 0; i < t->levels; i++) {
		one += log_of(t, t->hone[i], small);
		even += log_of(t, t->hsum[2 * i], small);
		odd += log_of(t, t->hsum[2 * i + 1], small);
		dif += log_of(t, t->hdif[i], small);
		idm += t->hdif[i] * t->idm[i];
	}
	e->one = one;
	e->sum = even + odd;
	e->dif = dif;
	e->idm = idm;
}

/* -sum p log2 p for p = c / n with s the sum of c log2 c; 0 if the only
 * count is n, whatever rounding says. */
static double
entropy(double n, double s, double nlogn)
{
	return s >= nlogn ? 0 : log2(n) - s / n;
}

static void
describe(struct dcor_texture *t, int small, double *out)
{
	double n = (double)t->p.total, all = 2 * n, mean, vx, cov, ent, hx, x;
	double nlog = xlog(t, t->p.total), alllog = xlog(t, 2 * t->p.total);
	int64_t total = (int64_t)(2 * t->p.total), mid, p, q, r, kk = 0;
	struct entropies e;
	unsigned k;

	for (k = 1; k < t->levels; k++)
		kk += (int64_t)k * k * t->hdif[k];
	if (small)
		add_entropies(t, &e, 1);
	else
		add_entropies(t, &e, 0);
	mid = t->s1 / total;
	p = t->s1 - mid * total;
	q = t->s2 - 2 * mid * t->s1 + mid * mid * total;
	/* Twice the sum of (a - mid)(b - mid). */
	r = t->s2 - kk - 2 * mid * t->s1 + mid * mid * total;
	mean = (double)p / all;
	vx = (double)q / all - mean * mean;
	cov = (double)r / all - mean * mean;
	x = 2 * mean;
	hx = entropy(all, e.one, alllog);
	ent = hx > 0 ? log2(all) - (t->slog + t->hdif[0]) / n : 0;
	out[T_ASM] = (double)t->smm / (2 * n) / n;
	out[T_CON] = (double)kk / n;
	out[T_COR] = vx > 0 ? cov / vx : 1;
	out[T_VAR] = vx;
	out[T_IDM] = e.idm / n;
	out[T_SVA] = (double)(q + r) / n - x * x;
	out[T_SEN] = entropy(n, e.sum, nlog);
	out[T_ENT] = ent;
	out[T_DEN] = entropy(n, e.dif, nlog);
	out[T_F12] = hx > 0 ? (ent - 2 * hx) / hx : ent - 2 * hx;
	out[T_F13] = sqrt(fmax(0, 1 - exp(-2 * (2 * hx - ent))));
}

/* Counts the pairs of one direction; returns 0 if there are none. */
static int
direction(struct dcor_texture *t, const struct dcor_blob *b,
    const struct dcor_pixels *px, unsigned dir, const uint32_t *hist,
    int64_t s1, int64_t s2, int small, double *out)
{
	static const int dx[4] = { 1, 1, 0, -1 };
	unsigned i;

	t->p.n = t->p.total = t->p.enda = t->p.endb = 0;
	t->slog = 0;
	t->smm = 0;
	t->s1 = t->s2 = 0;
	memset(t->hsum, 0, 2 * t->levels * sizeof(*t->hsum));
	memset(t->hdif, 0, t->levels * sizeof(*t->hdif));
	if (t->wraps)
		memset(t->hone, 0, sizeof(t->hone));
	else {
		/* Every pixel twice, less those found unpaired. */
		for (i = 0; i < t->levels; i++)
			t->hone[i] = 2 * hist[i];
		t->s1 = 2 * s1;
		t->s2 = 2 * s2;
	}
	if (dir == 0)
		pairs_beside(t, b, px->g, small);
	else
		pairs_below(t, b, px->g, dx[dir], small);
	if (!t->wraps) {
		unpaired(t, px->g, t->p.enda, px->n);
		unpaired(t, px->g, t->p.endb, px->n);
	}
	count(t, small);
	finish_cells(t, small);
	if (t->p.total == 0)
		return 0;
	describe(t, small, out);
	return 1;
}

static const enum dcor_feat avg_feat[T_N] = {
	DCOR_FEAT_TEX_ASM_AVG, DCOR_FEAT_TEX_CON_AVG, DCOR_FEAT_TEX_COR_AVG,
	DCOR_FEAT_TEX_VAR_AVG, DCOR_FEAT_TEX_IDM_AVG, DCOR_FEAT_TEX_SVA_AVG,
	DCOR_FEAT_TEX_SEN_AVG, DCOR_FEAT_TEX_ENT_AVG, DCOR_FEAT_TEX_DEN_AVG,
	DCOR_FEAT_TEX_F12_AVG, DCOR_FEAT_TEX_F13_AVG
};

/* ..._AVG is followed by ..._PTP. */
static void
combine(double d[4][T_N], double *feat)
{
	double lo, hi;
	int i, k;

	for (i = 0; i < T_N; i++) {
		lo = hi = d[0][i];
		for (k = 1; k < 4; k++) {
			lo = fmin(lo, d[k][i]);
			hi = fmax(hi, d[k][i]);
		}
		feat[avg_feat[i]] = (d[0][i] + d[1][i] + d[2][i] + d[3][i]) /
		    4;
		feat[avg_feat[i] + 1] = hi - lo;
	}
}

int
dcor_texture(struct dcor_texture *t, const struct dcor_blob *b,
    struct dcor_pixels *p, double *feat, struct dcor_err *err)
{
	const uint32_t *hist = p->hist + p->lo + 255;
	int small = p->n < NSMALL;
	int64_t s1 = 0, s2 = 0;
	double d[4][T_N];
	unsigned i, k;
	size_t j;

	(void)err;
	for (i = 0; i < T_N; i++)
		feat[avg_feat[i]] = feat[avg_feat[i] + 1] = (double)NAN;
	t->wraps = p->hi - p->lo >= 255;
	t->levels = t->wraps ? 255 : (unsigned)(p->hi - p->lo) + 1;
	for (j = 0; j < p->n; j += CHUNK)
		make_grey(p->g + j, p->c + j, p->lo);
	for (i = 0; !t->wraps && i < t->levels; i++) {
		s1 += (int64_t)i * hist[i];
		s2 += (int64_t)i * i * hist[i];
	}
	for (k = 0; k < 4; k++)
		if (!direction(t, b, p, k, hist, s1, s2, small, d[k]))
			return DCOR_OK;
	combine(d, feat);
	return DCOR_OK;
}

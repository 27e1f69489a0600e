/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The textures against the plain formulas with whole matrices. */
#include "segm/texture.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tap.h"

#define W 150
#define H 140
#define V 256

static uint64_t seed = 2685821657736338717U;

static int
rnd(int n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (int)(seed >> 33) % n;
}

static uint8_t	image[H * W], bg[H * W], grey[(H + 2) * (W + 2)];
static double	p[V][V];

enum { ASM, CON, COR, VAR, IDM, SVA, SEN, ENT, DEN, F12, F13, N };
static const char *const name[N] = { "tex_asm_avg", "tex_con_avg",
    "tex_cor_avg", "tex_var_avg", "tex_idm_avg", "tex_sva_avg",
    "tex_sen_avg", "tex_ent_avg", "tex_den_avg", "tex_f12_avg",
    "tex_f13_avg" };

static double
plog(double x)
{
	return x > 0 ? x * log2(x) : 0;
}

static int
naive(int dx, int dy, double *o)
{
	static double px[V], ps[2 * V], pd[V];
	double u = 0, q = 0, ij = 0, sav = 0, s2 = 0, hx = 0, h1 = 0, h2 = 0;
	int x, y, i, j, a, b, total = 0;

	memset(p, 0, sizeof(p));
	memset(px, 0, sizeof(px));
	memset(ps, 0, sizeof(ps));
	memset(pd, 0, sizeof(pd));
	memset(o, 0, N * sizeof(*o));
	for (y = 1; y <= H; y++)
		for (x = 1; x <= W; x++) {
			a = grey[y * (W + 2) + x];
			b = grey[(y + dy) * (W + 2) + x + dx];
			if (a == 0 || b == 0)
				continue;
			p[a][b]++;
			p[b][a]++;
			total += 2;
		}
	if (total == 0)
		return 0;
	for (i = 0; i < V; i++)
		for (j = 0; j < V; j++) {
			p[i][j] /= total;
			px[i] += p[i][j];
			ps[i + j] += p[i][j];
			pd[abs(i - j)] += p[i][j];
			o[ASM] += p[i][j] * p[i][j];
			o[IDM] += p[i][j] / (1 + (i - j) * (i - j));
			o[CON] += p[i][j] * (i - j) * (i - j);
			o[ENT] -= plog(p[i][j]);
			ij += p[i][j] * i * j;
		}
	for (i = 0; i < V; i++) {
		u += i * px[i];
		q += (double)i * i * px[i];
		hx -= plog(px[i]);
		o[DEN] -= plog(pd[i]);
	}
	for (i = 0; i < 2 * V; i++) {
		sav += i * ps[i];
		s2 += (double)i * i * ps[i];
		o[SEN] -= plog(ps[i]);
	}
	for (i = 0; i < V; i++)
		for (j = 0; j < V; j++) {
			if (px[i] == 0 || px[j] == 0)
				continue;
			h1 -= p[i][j] * log2(px[i] * px[j]);
			h2 -= plog(px[i] * px[j]);
		}
	o[VAR] = q - u * u;
	o[SVA] = s2 - sav * sav;
	o[COR] = o[VAR] > 1e-12 ? (ij - u * u) / o[VAR] : 1;
	o[F12] = hx > 0 ? (o[ENT] - h1) / hx : o[ENT] - h1;
	o[F13] = sqrt(fmax(0, 1 - exp(-2 * (h2 - o[ENT]))));
	return 1;
}

static int
feat_index(const char *s)
{
	int i;

	for (i = 0; i < DCOR_NFEATS; i++)
		if (strcmp(dcor_feat_name[i], s) == 0)
			return i;
	return 0;
}

/* Runs of a random shape to r; the box is rough. */
static void
shape(struct dcor_blob *b, struct dcor_run *r, int kind)
{
	int x0 = rnd(W), y0 = rnd(H), y, x, in, was;
	int a = rnd(kind == 1 ? 100 : 14) + 1;

	memset(b, 0, sizeof(*b));
	b->run = r;
	for (y = 0; y < H; y++)
		for (x = 0, was = 0; x <= W; x++, was = in) {
			in = x < W && (x - x0) * (x - x0) + (y - y0) *
			    (y - y0) < a * a && (kind != 2 || rnd(9) > 0);
			if (in && !was) {
				r[b->nruns].y = (uint16_t)y;
				r[b->nruns++].x0 = (uint16_t)x;
			}
			if (was && !in)
				r[b->nruns - 1].x1 = (uint16_t)x;
			b->npix += (uint32_t)in;
		}
	b->x1 = W;
	b->y1 = H;
}

static void
make_grey(const struct dcor_blob *b)
{
	int lo = 255, pass, x, y, c;
	uint32_t i;

	memset(grey, 0, sizeof(grey));
	for (pass = 0; pass < 2; pass++)
		for (i = 0; i < b->nruns; i++)
			for (x = b->run[i].x0; x < b->run[i].x1; x++) {
				y = b->run[i].y;
				c = image[y * W + x] - bg[y * W + x];
				if (pass == 0 && c < lo)
					lo = c;
				if (pass == 1)
					grey[(y + 1) * (W + 2) + x + 1] =
					    (uint8_t)(c - lo + 1);
			}
}

static double
try(struct dcor_texture *t, struct dcor_pixels *px, int kind, int texture)
{
	static const int dx[4] = { 1, 1, 0, -1 }, dy[4] = { 0, 1, 1, 1 };
	static struct dcor_run run[W * H];
	struct dcor_frame f = { .w = W, .h = H, .image = image, .bg = bg };
	double d[4][N], feat[DCOR_NFEATS], avg, lo, hi, e, worst = 0;
	struct dcor_blob b;
	int i, k, at, some = 1;

	for (i = 0; i < W * H; i++) {
		bg[i] = (uint8_t)(texture == 0 ? rnd(256) : 100 + rnd(5));
		image[i] = (uint8_t)(texture == 0 ? rnd(256) : texture == 1 ?
		    bg[i] + i / W / 4 - rnd(20) : texture == 2 ? bg[i] + 3 :
		    texture == 3 ? bg[i] + (rnd(50) == 0) : bg[i] + rnd(3));
	}
	shape(&b, run, kind);
	if (b.npix == 0)
		return 0;
	if (dcor_pixels(px, &f, &b, NULL) != DCOR_OK ||
	    dcor_texture(t, &b, px, feat, NULL) != DCOR_OK)
		return 1;
	make_grey(&b);
	for (k = 0; k < 4; k++)
		some &= naive(dx[k], dy[k], d[k]);
	for (i = 0; i < N; i++) {
		at = feat_index(name[i]);
		if (!some) {
			worst += !isnan(feat[at]) + !isnan(feat[at + 1]);
			continue;
		}
		lo = hi = d[0][i];
		for (avg = 0, k = 0; k < 4; k++) {
			avg += d[k][i] / 4;
			lo = fmin(lo, d[k][i]);
			hi = fmax(hi, d[k][i]);
		}
		e = fabs(feat[at] - avg) / fmax(1, fabs(avg));
		e = fmax(e, fabs(feat[at + 1] - (hi - lo)) /
		    fmax(1, fabs(avg)));
		if (i == F13)	/* the root of a difference */
			e /= 1e3;
		if (!(e <= 1e-11))
			printf("# %s %g, not %g; kind %d %d, %u pixels\n",
			    name[i], feat[at], avg, kind, texture, b.npix);
		if (!(e <= worst))
			worst = e;
	}
	return worst;
}

int
main(void)
{
	struct dcor_pixels px = { 0 };
	struct dcor_texture *t = NULL;
	double worst;
	int i;

	OK(dcor_texture_new(&t, NULL) == DCOR_OK);
	for (worst = 0, i = 0; i < 150; i++)
		worst = fmax(worst, try(t, &px, 0, i % 5));
	OK(worst <= 1e-11);
	/* Blobs for which 16-bit counts and the table do not do. */
	for (worst = 0, i = 0; i < 25; i++)
		worst = fmax(worst, try(t, &px, 1, i % 5));
	OK(worst <= 1e-11);
	/* Many runs a row. */
	for (worst = 0, i = 0; i < 50; i++)
		worst = fmax(worst, try(t, &px, 2, i % 5));
	OK(worst <= 1e-11);
	dcor_texture_free(t);
	dcor_pixels_fini(&px);
	return DONE();
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "segm/bright.h"

#include <math.h>

/* The values of rank k and k + 1 (from 0) of the corrected pixels. */
static void
ranked(const struct dcor_pixels *p, size_t k, int *a, int *b)
{
	size_t below = 0;
	int v;

	for (v = p->lo; below + p->hist[v + 255] <= k; v++)
		below += p->hist[v + 255];
	*a = v;
	if (below + p->hist[v + 255] <= k + 1)
		for (v++; v < p->hi && p->hist[v + 255] == 0; v++)
			;
	*b = v;
}

static double
percentile(const struct dcor_pixels *p, double q)
{
	double rank, below, m;
	int a, b;

	if (p->n == 1)
		return p->lo;
	rank = 1 + (double)(p->n - 1) * (q / 100);
	below = floor(rank);
	m = rank - below;
	ranked(p, (size_t)below - 1, &a, &b);
	return a * (1 - m) + b * m;
}

void
dcor_bright(const struct dcor_frame *f, const struct dcor_pixels *p,
    double *feat)
{
	double off = f->has_off ? f->off : 0, n = (double)p->n;
	double vm, cm, dv, dc, vs = 0, cs = 0;
	size_t i;

	vm = (double)p->vsum / n;
	cm = (double)p->csum / n;
	for (i = 0; i < p->n; i++) {
		dv = p->v[i] - vm;
		dc = p->c[i] - cm;
		vs += dv * dv;
		cs += dc * dc;
	}
	feat[DCOR_FEAT_BRIGHT_AVG] = vm;
	feat[DCOR_FEAT_BRIGHT_SD] = sqrt(vs / n);
	feat[DCOR_FEAT_BRIGHT_BC_AVG] = cm - off;
	feat[DCOR_FEAT_BRIGHT_BC_SD] = sqrt(cs / n);
	feat[DCOR_FEAT_BRIGHT_PERC_10] = percentile(p, 10) - off;
	feat[DCOR_FEAT_BRIGHT_PERC_90] = percentile(p, 90) - off;
	feat[DCOR_FEAT_BG_MED] = f->bg_med + off;
}

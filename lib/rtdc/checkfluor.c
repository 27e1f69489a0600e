/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rules about fluorescence. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rtdc/checkpriv.h"

/* min() of Python: what is no number stays if it comes first. */
struct least {
	double		 v;
	int		 any;
};

static void
on_least(void *arg, const double *v, size_t n)
{
	struct least *l = arg;
	size_t i;

	for (i = 0; i < n; i++)
		if (!l->any || v[i] < l->v) {
			l->v = v[i];
			l->any = 1;
		}
}

/* Whether the least value of a feature is not above 0.1; -1: dclab ends. */
static int
is_negative(struct dcor_checking *c, const char *name)
{
	struct least l = { 0, 0 };
	struct dcor_checkfeat f;
	int neg = 0;

	if (!dcor_check_find(c, name, &f))
		return 0;
	if (dcor_check_each(c, &f, f.rows, on_least, &l) != 0)
		neg = -1;
	else if (!l.any) {
		dcor_check_stop(c, "ValueError: min() arg is an empty "
		    "sequence");
		neg = -1;
	} else if (f.info.type.cls == DCOR_H5_FLOAT && f.info.type.size == 4)
		neg = (float)l.v <= 0.1F;
	else
		neg = l.v <= 0.1;
	dcor_check_done(&f);
	return neg;
}

static void
tell_negative(struct dcor_checking *c, const char *rule, const int neg[3],
    const char *tail)
{
	char list[64] = "";
	size_t n = 0;
	int i;

	for (i = 0; i < 3; i++)
		if (neg[i] > 0)
			n += (size_t)snprintf(list + n, sizeof(list) - n,
			    "%sfl%d_max%s", n > 0 ? ", " : "", i + 1, tail);
	if (n > 0)
		dcor_check_add(c, DCOR_CUE_BOTH, DCOR_CUE_ALERT, rule, NULL,
		    "Negative value for feature(s): %s", list);
}

/* The inverse of the matrix of spill; else dclab ends. */
static int
invert(struct dcor_checking *c, double m[3][3], double inv[3][3])
{
	double det = 0;
	int i, j;

	for (j = 0; j < 3; j++)
		for (i = 0; i < 3; i++)
			if (m[i][j] < 0) {
				dcor_check_stop(c, "ValueError: ct%d%d "
				    "matrix element must not be negative!",
				    i + 1, j + 1);
				return -1;
			}
	for (i = 0; i < 3; i++)
		for (j = 0; j < 3; j++) {
			int a = (i + 1) % 3, b = (i + 2) % 3;
			int p = (j + 1) % 3, q = (j + 2) % 3;

			inv[j][i] = m[a][p] * m[b][q] - m[a][q] * m[b][p];
		}
	for (j = 0; j < 3; j++)
		det += m[0][j] * inv[j][0];
	for (i = 0; i < 3; i++)
		for (j = 0; j < 3; j++)
			inv[i][j] /= det;
	if (det != 0)
		return 0;
	dcor_check_stop(c, "LinAlgError: Singular matrix");
	return -1;
}

/* Spill between channels, and which coefficients are there. */
static void
spill(struct dcor_checking *c, double m[3][3], int have[3][3])
{
	const struct dcor_val *v;
	char key[32];
	int i, j;

	for (i = 0; i < 3; i++)
		for (j = 0; j < 3; j++) {
			m[i][j] = i == j;
			have[i][j] = i == j;
			snprintf(key, sizeof(key), "crosstalk fl%d%d", i + 1,
			    j + 1);
			v = dcor_check_get(c, "calculation", key);
			if (i == j || v == NULL)
				continue;
			m[i][j] = v->f;
			have[i][j] = 1;
		}
}

/* Sums the channels up; what is read of them comes block by block. */
struct summing {
	struct dcor_checking *c;
	struct dcor_checkfeat f[3];
	int		 have[3];
	double		 col[3];
};

struct filling {
	double		*v;
	double		 factor;
	size_t		 at;
};

static void
on_add(void *arg, const double *v, size_t n)
{
	struct filling *f = arg;
	size_t i;

	for (i = 0; i < n; i++)
		f->v[f->at++] += f->factor * v[i];
}

/* The least corrected value of a channel. */
static int
corrected(struct summing *s, struct least *l)
{
	uint64_t rows = UINT64_MAX;
	struct filling f = { NULL, 0, 0 };
	int k;

	for (k = 0; k < 3; k++) {
		if (!s->have[k])
			continue;
		if (rows != UINT64_MAX && s->f[k].rows != rows) {
			dcor_check_stop(s->c, "ValueError: operands could "
			    "not be broadcast together with shapes (%llu,) "
			    "(%llu,) ", (unsigned long long)rows,
			    (unsigned long long)s->f[k].rows);
			return -1;
		}
		rows = s->f[k].rows;
	}
	rows = rows < s->c->n ? rows : s->c->n;
	f.v = calloc((size_t)rows + 1, sizeof(*f.v));
	if (f.v == NULL) {
		s->c->nomem = 1;
		return -1;
	}
	for (k = 0; k < 3; k++) {
		f.factor = s->col[k];
		f.at = 0;
		if (s->have[k] && dcor_check_each(s->c, &s->f[k], rows,
		    on_add, &f) != 0) {
			free(f.v);
			return -1;
		}
	}
	on_least(l, f.v, (size_t)rows);
	free(f.v);
	return 0;
}

static int
computed_negative(struct dcor_checking *c, int ch, double m[3][3],
    int have[3][3])
{
	struct summing s = { .c = c };
	struct least l = { 0, 0 };
	double inv[3][3];
	int k, pair = 0, neg = 0;

	for (k = 0; k < 3; k++)
		s.have[k] = dcor_check_find(c, k == 0 ? "fl1_max" : k == 1 ?
		    "fl2_max" : "fl3_max", &s.f[k]);
	for (k = 0; k < 3; k++)
		pair |= k != ch && s.have[ch] && s.have[k] && have[ch][k] &&
		    have[k][ch];
	if (!pair)
		goto out;
	if (s.have[0] && s.have[1] && s.have[2] && !(have[0][1] &&
	    have[0][2] && have[1][0] && have[1][2] && have[2][0] &&
	    have[2][1])) {
		dcor_check_stop(c, "MissingCrosstalkMatrixElementsError: %s, "
		    "has fl1_max, fl2_max, and fl3_max, but not all "
		    "crosstalk matrix elements are defined in the "
		    "'calculation' configuration section.",
		    dcor_h5_path(c->h));
		goto out;
	}
	if (invert(c, m, inv) != 0)
		goto out;
	for (k = 0; k < 3; k++)
		s.col[k] = inv[k][ch];
	if (corrected(&s, &l) != 0)
		neg = -1;
	else if (!l.any)
		dcor_check_stop(c, "ValueError: min() arg is an empty "
		    "sequence");
	else
		neg = l.v <= 0.1;
out:
	for (k = 0; k < 3; k++)
		if (s.have[k])
			dcor_check_done(&s.f[k]);
	return neg;
}

static void
max_positive(struct dcor_checking *c)
{
	int neg[3], ctc[3], have[3][3], i;
	char name[16];
	double m[3][3];

	spill(c, m, have);
	for (i = 0; i < 3; i++) {
		snprintf(name, sizeof(name), "fl%d_max_ctc", i + 1);
		ctc[i] = dcor_check_has(c, name) ? is_negative(c, name) :
		    computed_negative(c, i, m, have);
	}
	tell_negative(c, "fl_max_ctc_positive", ctc, "_ctc");
	for (i = 0; i < 3; i++) {
		snprintf(name, sizeof(name), "fl%d_max", i + 1);
		neg[i] = is_negative(c, name);
	}
	tell_negative(c, "fl_max_positive", neg, "");
}

static void
channels(struct dcor_checking *c)
{
	const struct dcor_val *v = dcor_check_get(c, "fluorescence",
	    "channel count");
	char feat[16], key[64];
	int64_t n = 0;
	int i, named;

	for (i = 1; i <= 3; i++) {
		snprintf(feat, sizeof(feat), "fl%d_max", i);
		snprintf(key, sizeof(key), "fluorescence:channel %d name", i);
		named = dcor_check_get(c, "fluorescence", key + 13) != NULL;
		n += named && dcor_check_stored(c, feat);
		if (named == dcor_check_has(c, feat))
			continue;
		dcor_check_add(c, DCOR_CUE_BOTH, DCOR_CUE_ALERT,
		    "fl_metadata_channel_names", key, named ? "Metadata: "
		    "Unused key defined [fluorescence] '%s'" : "Metadata: "
		    "Missing key [fluorescence] '%s'", key + 13);
	}
	if (v != NULL && v->f != (double)n)
		dcor_check_add(c, DCOR_CUE_BOTH, DCOR_CUE_VIOLATION,
		    "fl_num_channels", "fluorescence:channel count",
		    "Metadata: fluorescence channel count inconsistent");
}

static void
lasers(struct dcor_checking *c)
{
	const struct dcor_val *v = dcor_check_get(c, "fluorescence",
	    "laser count"), *power;
	char key[32];
	int i, n = 0;

	for (i = 1; i <= 3; i++) {
		snprintf(key, sizeof(key), "laser %d lambda", i);
		if (dcor_check_get(c, "fluorescence", key) == NULL)
			continue;
		snprintf(key, sizeof(key), "laser %d power", i);
		power = dcor_check_get(c, "fluorescence", key);
		n += power != NULL && power->f != 0;
	}
	if (v != NULL && v->f != (double)n)
		dcor_check_add(c, DCOR_CUE_BOTH, DCOR_CUE_VIOLATION,
		    "fl_num_lasers", "fluorescence:laser count",
		    "Metadata: fluorescence laser count inconsistent");
}

static void
samples(struct dcor_checking *c)
{
	const struct dcor_val *v = dcor_check_get(c, "fluorescence",
	    "samples per event");
	struct dcor_h5dset d;
	struct dcor_names in;
	char path[1100];
	uint64_t n;
	unsigned k;
	size_t i;

	if (v == NULL || !dcor_check_stored(c, "trace") ||
	    dcor_h5_list(c->h, "events/trace", &in, NULL) != DCOR_OK)
		return;
	for (i = 0; i < in.n; i++) {
		snprintf(path, sizeof(path), "events/trace/%s", in.name[i]);
		if (dcor_check_info(c, path, &d, NULL) != DCOR_OK)
			continue;
		for (k = 1, n = 1; k < d.rank; k++)
			n *= d.dim[k];
		if (d.rank > 0 && d.dim[0] == 0)
			dcor_check_stop(c, "IndexError: Index (0) out of "
			    "range for empty dimension");
		else if (v->f != (double)n)
			dcor_check_add(c, DCOR_CUE_BOTH, DCOR_CUE_VIOLATION,
			    "fl_samples_per_event",
			    "fluorescence:samples per event", "Metadata: "
			    "wrong number of samples per event: %s (expected "
			    "%lld, got %llu)", in.name[i], (long long)v->i,
			    (unsigned long long)n);
		dcor_h5dset_fini(&d);
	}
	dcor_names_fini(&in);
}

void
dcor_check_fluor(struct dcor_checking *c)
{
	max_positive(c);
	channels(c);
	lasers(c);
	samples(c);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "segm/emodulus.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/json.h"
#include "base/str.h"
#include "segm/bits.h"
#include "segm/delaunay.h"

#define TEXT_MAX	((size_t)64 << 20)
#define KELVIN		273.15

/* MC-PBS, per cent of methyl cellulose. */
enum medium { MC49, MC59, MC83, WATER, UNKNOWN };

static enum medium
find_medium(const char *name)
{
	static const struct {
		const char	*name;
		enum medium	 medium;
	} known[] = {
		{ "0.49% MC-PBS", MC49 }, { "0.5% MC-PBS", MC49 },
		{ "0.50% MC-PBS", MC49 }, { "CellCarrier", MC49 },
		{ "0.59% MC-PBS", MC59 }, { "0.6% MC-PBS", MC59 },
		{ "0.60% MC-PBS", MC59 }, { "CellCarrier B", MC59 },
		{ "CellCarrierB", MC59 }, { "0.83% MC-PBS", MC83 },
		{ "0.8% MC-PBS", MC83 }, { "0.80% MC-PBS", MC83 },
		{ "water", WATER }
	};
	size_t i;

	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strcasecmp(name, known[i].name) == 0)
			return known[i].medium;
	return UNKNOWN;
}

static double
kestin(double t)
{
	return 1.002 * pow(10, (20 - t) / (t + 96) * (1.2364 -
	    1.37e-3 * (20 - t) + 5.7e-6 * (20 - t) * (20 - t)));
}

static double
herold(enum medium m, double width, double flow, double t)
{
	double rate = 1.1856 * 6 * flow * 1e-9 / pow(width * 1e-6, 3) * 2 / 3;
	double n = m == MC49 ? 0.677 : 0.634;
	double shape = 0.6771 / 0.5928 + 0.2121 / (0.5928 * n);

	return (m == MC49 ? 0.179 : 0.360) * pow(rate * shape, n - 1) *
	    pow(t / (m == MC49 ? 23.2 : 23.6), -0.866) * 1e3;
}

static double
buyukurganci(enum medium m, double width, double flow, double t)
{
	static const double a[] = { 2.30e-6, 5.70e-6, 16.52e-6 };
	static const double beta[] = { -0.0056, -0.0744, -0.1455 };
	double n = 0.00223 * (t + KELVIN) + beta[m];
	double rate = 8 * flow / pow(width * 1e-3, 3) *
	    (0.6671 + 0.2121 / n);

	return a[m] * exp(3379.7 / (t + KELVIN)) * pow(rate, n - 1) * 1e3;
}

int
dcor_viscosity(const char *medium, enum dcor_visc_model model, double width,
    double flow, double temperature, double *out, struct dcor_err *err)
{
	enum medium m = find_medium(medium);

	if (m == UNKNOWN)
		return dcor_err_set(err, DCOR_EARG, 0,
		    "medium %s: not known", medium);
	if (m == MC83 && model == DCOR_VISC_HEROLD)
		return dcor_err_set(err, DCOR_EARG, 0,
		    "medium %s: not in that model", medium);
	if (m == WATER)
		*out = kestin(temperature);
	else if (flow == 0)
		*out = (double)NAN;
	else
		*out = model == DCOR_VISC_HEROLD ? herold(m, width, flow,
		    temperature) : buyukurganci(m, width, flow, temperature);
	return DCOR_OK;
}

struct dcor_lut {
	double		*col[3];	/* size, deform: to 1; modulus */
	size_t		 n, cap[3];
	double		 max[2];	/* of size and deform */
	double		 width, flow, viscosity;
	int		 volume;
	struct dcor_delaunay *tri;
};

/* Metadata in the comments, and which columns there are. */
static int
read_header(struct dcor_lut *l, const struct dcor_buf *json,
    const char *columns, struct dcor_err *err)
{
	struct dcor_json *root = NULL;
	int rc;

	l->volume = strncmp(columns, "volume [um^3]\tdeform\temodulus [kPa]",
	    35) == 0;
	if (!l->volume && strncmp(columns,
	    "area_um [um^2]\tdeform\temodulus [kPa]", 36) != 0)
		return dcor_err_set(err, DCOR_EDATA, 0, "columns are not "
		    "area_um or volume, deform, emodulus");
	rc = dcor_json_parse(dcor_buf_str(json), json->len, TEXT_MAX, &root,
	    err);
	if (rc == DCOR_OK && (!dcor_json_dbl(dcor_json_get(root,
	    "channel_width"), &l->width) ||
	    !dcor_json_dbl(dcor_json_get(root, "flow_rate"), &l->flow) ||
	    !dcor_json_dbl(dcor_json_get(root, "fluid_viscosity"),
	    &l->viscosity) || !(l->width > 0) || !(l->flow > 0) ||
	    !(l->viscosity > 0)))
		rc = dcor_err_set(err, DCOR_EDATA, 0, "metadata lack "
		    "channel_width, flow_rate or fluid_viscosity");
	dcor_json_free(root);
	return rc;
}

/* Three numbers of a line. */
static int
read_row(struct dcor_lut *l, char *line, struct dcor_err *err)
{
	char *word, *next = line;
	int i, rc;

	for (i = 0; i < 3; i++) {
		word = next + strspn(next, " \t");
		next = word + strcspn(word, " \t");
		if (*next != '\0')
			*next++ = '\0';
		rc = dcor_room(&l->col[i], &l->cap[i], l->n + 1,
		    sizeof(double), err);
		if (rc != DCOR_OK)
			return rc;
		if (dcor_parse_double(word, &l->col[i][l->n]) != DCOR_OK)
			return dcor_err_set(err, DCOR_EDATA, 0,
			    "row %zu: not three numbers", l->n + 1);
	}
	l->n++;
	return DCOR_OK;
}

static int
read_lines(struct dcor_lut *l, char *text, struct dcor_err *err)
{
	const char *columns = "";
	char *line, *end;
	struct dcor_buf json;
	int in_json = 0, rc = DCOR_OK;

	dcor_buf_init(&json, TEXT_MAX);
	for (line = text; rc == DCOR_OK && *line != '\0'; line = end) {
		end = line + strcspn(line, "\r\n");
		if (*end != '\0')
			*end++ = '\0';
		if (*line != '#') {
			if (line[strspn(line, " \t")] != '\0')
				rc = read_row(l, line, err);
			continue;
		}
		line += strspn(line, "# ");
		if (strncmp(line, "BEGIN METADATA", 14) == 0)
			in_json = 1;
		else if (strncmp(line, "END METADATA", 12) == 0)
			in_json = 0;
		else if (in_json)
			rc = dcor_buf_adds(&json, line);
		else if (l->n == 0 && *line != '\0')
			columns = line;
	}
	if (rc == DCOR_OK && (*columns == '\0' || json.len == 0))
		rc = dcor_err_set(err, DCOR_EDATA, 0,
		    "no metadata or no names of columns");
	if (rc == DCOR_OK)
		rc = read_header(l, &json, columns, err);
	dcor_buf_fini(&json);
	return rc;
}

int
dcor_lut_parse(const char *text, size_t n, struct dcor_lut **out,
    struct dcor_err *err)
{
	struct dcor_lut *l = calloc(1, sizeof(*l));
	char *copy = strndup(text, n);
	size_t i;
	int k, rc;

	*out = NULL;
	if (l == NULL || copy == NULL) {
		free(l);
		free(copy);
		return dcor_err_nomem(err);
	}
	rc = read_lines(l, copy, err);
	free(copy);
	for (k = 0; rc == DCOR_OK && k < 2; k++) {
		for (i = 0; i < l->n; i++)
			l->max[k] = l->col[k][i] > l->max[k] ? l->col[k][i] :
			    l->max[k];
		for (i = 0; i < l->n; i++)
			l->col[k][i] /= l->max[k];
	}
	if (rc == DCOR_OK)
		rc = dcor_delaunay_new(l->col[0], l->col[1], l->n, &l->tri,
		    err);
	if (rc != DCOR_OK) {
		dcor_lut_free(l);
		return rc;
	}
	*out = l;
	return DCOR_OK;
}

int
dcor_lut_load(const char *path, struct dcor_lut **out, struct dcor_err *err)
{
	struct dcor_err why = DCOR_ERR_INIT;
	struct dcor_buf text;
	int rc;

	*out = NULL;
	dcor_buf_init(&text, TEXT_MAX);
	rc = dcor_file_read(path, TEXT_MAX, &text, &why);
	if (rc == DCOR_OK)
		rc = dcor_lut_parse(dcor_buf_str(&text), text.len, out, &why);
	dcor_buf_fini(&text);
	return rc == DCOR_OK ? rc : dcor_err_set(err, rc, why.sys, "%s: %s",
	    path, why.msg);
}

void
dcor_lut_free(struct dcor_lut *l)
{
	int i;

	if (l == NULL)
		return;
	dcor_delaunay_free(l->tri);
	for (i = 0; i < 3; i++)
		free(l->col[i]);
	free(l);
}

int
dcor_lut_is_volume(const struct dcor_lut *l)
{
	return l->volume;
}

/* By how much pixels make a cell look more deformed. */
static double
pixel_delta(int volume, double size, double pixel)
{
	double s = 0.34 / pixel;

	if (volume) {
		s *= s * s * size;
		return 0.0013 + 0.0172 * exp(-s / 40) + 0.0070 *
		    exp(-s / 450) + 0.0032 * exp(-s / 6040);
	}
	s *= s * size;
	return 0.0012 + 0.020 * exp(-s / 7.1) + 0.010 * exp(-s / 38.6) +
	    0.005 * exp(-s / 296);
}

double
dcor_emodulus(struct dcor_lut *l, double size, double deform, double pixel,
    double width, double flow, double viscosity)
{
	double w = width / l->width, e;

	deform -= pixel_delta(l->volume, size, pixel);
	e = dcor_delaunay_at(l->tri, l->col[2], size / (l->max[0] *
	    (l->volume ? w * w * w : w * w)), deform / l->max[1]);
	return e * (flow / l->flow) * (viscosity / l->viscosity) /
	    (w * w * w);
}

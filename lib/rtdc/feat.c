/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "rtdc/feat.h"

#include <stdlib.h>
#include <string.h>

#define S	DCOR_FEATKIND_SCALAR
#define I	DCOR_FEATKIND_IMAGE

/* Sorted by name; '#' stands for a digit, '?' for a digit or a letter. */
static const struct dcor_featinfo table[] = {
	{ "area_cvx", S, "px^2" },
	{ "area_msd", S, "px^2" },
	{ "area_ratio", S, "" },
	{ "area_um", S, "um^2" },
	{ "area_um_raw", S, "um^2" },
	{ "aspect", S, "" },
	{ "basinmap#", S, "" },
	{ "bg_med", S, "a.u." },
	{ "bg_off", S, "a.u." },
	{ "bright_avg", S, "a.u." },
	{ "bright_bc_avg", S, "a.u." },
	{ "bright_bc_sd", S, "a.u." },
	{ "bright_perc_10", S, "a.u." },
	{ "bright_perc_90", S, "a.u." },
	{ "bright_sd", S, "a.u." },
	{ "circ", S, "" },
	{ "contour", DCOR_FEATKIND_CONTOUR, "px" },
	{ "deform", S, "" },
	{ "deform_raw", S, "" },
	{ "eccentr_prnc", S, "" },
	{ "emodulus", S, "kPa" },
	{ "fl#_area", S, "a.u." },
	{ "fl#_dist", S, "us" },
	{ "fl#_max", S, "a.u." },
	{ "fl#_max_ctc", S, "a.u." },
	{ "fl#_npeaks", S, "" },
	{ "fl#_pos", S, "us" },
	{ "fl#_width", S, "us" },
	{ "flow_rate", S, "uL/s" },
	{ "frame", S, "" },
	{ "g_force", S, "g" },
	{ "image", I, "a.u." },
	{ "image_bg", I, "a.u." },
	{ "index", S, "" },
	{ "index_online", S, "" },
	{ "inert_ratio_cvx", S, "" },
	{ "inert_ratio_prnc", S, "" },
	{ "inert_ratio_raw", S, "" },
	{ "mask", I, "" },
	{ "ml_class", S, "" },
	{ "ml_score_???", S, "" },
	{ "nevents", S, "" },
	{ "pc1", S, "" },
	{ "pc2", S, "" },
	{ "per_ratio", S, "" },
	{ "per_um_raw", S, "um" },
	{ "pos_x", S, "um" },
	{ "pos_y", S, "um" },
	{ "pressure", S, "mPa" },
	{ "qpi_amp", I, "" },
	{ "qpi_dm", S, "pg" },
	{ "qpi_dm_avg", S, "pg" },
	{ "qpi_dm_dns", S, "mg/ml" },
	{ "qpi_dm_sd", S, "pg" },
	{ "qpi_focus", S, "um" },
	{ "qpi_oah", I, "" },
	{ "qpi_oah_bg", I, "" },
	{ "qpi_pha", I, "rad" },
	{ "qpi_pha_int", S, "rad" },
	{ "qpi_ri_avg", S, "" },
	{ "qpi_ri_sd", S, "" },
	{ "size_x", S, "um" },
	{ "size_y", S, "um" },
	{ "sym_x", S, "" },
	{ "sym_y", S, "" },
	{ "temp", S, "degC" },
	{ "temp_amb", S, "degC" },
	{ "tex_asm_avg", S, "" },
	{ "tex_asm_ptp", S, "" },
	{ "tex_con_avg", S, "" },
	{ "tex_con_ptp", S, "" },
	{ "tex_cor_avg", S, "" },
	{ "tex_cor_ptp", S, "" },
	{ "tex_den_avg", S, "" },
	{ "tex_den_ptp", S, "" },
	{ "tex_ent_avg", S, "" },
	{ "tex_ent_ptp", S, "" },
	{ "tex_f12_avg", S, "" },
	{ "tex_f12_ptp", S, "" },
	{ "tex_f13_avg", S, "" },
	{ "tex_f13_ptp", S, "" },
	{ "tex_idm_avg", S, "" },
	{ "tex_idm_ptp", S, "" },
	{ "tex_sen_avg", S, "" },
	{ "tex_sen_ptp", S, "" },
	{ "tex_sva_avg", S, "" },
	{ "tex_sva_ptp", S, "" },
	{ "tex_var_avg", S, "" },
	{ "tex_var_ptp", S, "" },
	{ "tilt", S, "rad" },
	{ "time", S, "s" },
	{ "trace", DCOR_FEATKIND_TRACE, "a.u." },
	{ "userdef#", S, "" },
	{ "volume", S, "um^3" }
};

static int
is_digit(int c)
{
	return c >= '0' && c <= '9';
}

/* As strcmp, but '#' and '?' of the pattern match what they stand for. */
static int
compare(const char *name, const char *pattern)
{
	for (; *pattern != '\0' && *name != '\0'; name++, pattern++) {
		if (*pattern == '#' && is_digit(*name))
			continue;
		if (*pattern == '?' && (is_digit(*name) ||
		    (*name >= 'a' && *name <= 'z')))
			continue;
		if (*name != *pattern)
			break;
	}
	return (unsigned char)*name - (unsigned char)*pattern;
}

const struct dcor_featinfo *
dcor_feat_find(const char *name)
{
	size_t i, n = sizeof(table) / sizeof(table[0]);

	/* Fluorescence has three channels only. */
	if (strncmp(name, "fl", 2) == 0 && is_digit(name[2]) &&
	    (name[2] < '1' || name[2] > '3'))
		return NULL;
	for (i = 0; i < n; i++)
		if (compare(name, table[i].name) == 0)
			return &table[i];
	return NULL;
}

const struct dcor_featinfo *
dcor_feat_at(size_t i)
{
	return i < sizeof(table) / sizeof(table[0]) ? &table[i] : NULL;
}

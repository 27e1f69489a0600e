/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "rtdc/meta.h"

#include <stdio.h>
#include <string.h>

#include "rtdc/feat.h"

#define STR	DCOR_META_STR
#define LCSTR	DCOR_META_LCSTR
#define FLOAT	DCOR_META_FLOAT
#define INT	DCOR_META_INT
#define BOOL	DCOR_META_BOOL
#define PAIR	DCOR_META_PAIR
#define OPT	DCOR_META_OPTIONAL
#define WANT	DCOR_META_WANTED
#define NEED	DCOR_META_NEEDED

static const struct dcor_metainfo table[] = {
	{ "experiment:date", STR, NEED, "" },
	{ "experiment:event count", INT, NEED, "" },
	{ "experiment:run identifier", STR, OPT, "" },
	{ "experiment:run index", INT, NEED, "" },
	{ "experiment:sample", STR, NEED, "" },
	{ "experiment:time", STR, NEED, "" },
	{ "experiment:timestamp", FLOAT, OPT, "s" },

	{ "fluorescence:baseline 1 offset", INT, OPT, "a.u." },
	{ "fluorescence:baseline 2 offset", INT, OPT, "a.u." },
	{ "fluorescence:baseline 3 offset", INT, OPT, "a.u." },
	{ "fluorescence:bit depth", INT, NEED, "" },
	{ "fluorescence:channel 1 name", STR, OPT, "" },
	{ "fluorescence:channel 2 name", STR, OPT, "" },
	{ "fluorescence:channel 3 name", STR, OPT, "" },
	{ "fluorescence:channel count", INT, NEED, "" },
	{ "fluorescence:channels installed", INT, NEED, "" },
	{ "fluorescence:laser 1 lambda", FLOAT, OPT, "nm" },
	{ "fluorescence:laser 1 power", FLOAT, OPT, "%" },
	{ "fluorescence:laser 2 lambda", FLOAT, OPT, "nm" },
	{ "fluorescence:laser 2 power", FLOAT, OPT, "%" },
	{ "fluorescence:laser 3 lambda", FLOAT, OPT, "nm" },
	{ "fluorescence:laser 3 power", FLOAT, OPT, "%" },
	{ "fluorescence:laser count", INT, NEED, "" },
	{ "fluorescence:lasers installed", INT, NEED, "" },
	{ "fluorescence:sample rate", INT, NEED, "Hz" },
	{ "fluorescence:samples per event", INT, NEED, "" },
	{ "fluorescence:signal max", FLOAT, NEED, "V" },
	{ "fluorescence:signal min", FLOAT, NEED, "V" },
	{ "fluorescence:trace median", INT, NEED, "" },

	{ "fmt_tdms:video frame offset", INT, OPT, "" },

	{ "imaging:flash device", STR, NEED, "" },
	{ "imaging:flash duration", FLOAT, NEED, "us" },
	{ "imaging:frame rate", FLOAT, NEED, "Hz" },
	{ "imaging:pixel size", FLOAT, NEED, "um" },
	{ "imaging:roi position x", INT, NEED, "px" },
	{ "imaging:roi position y", INT, NEED, "px" },
	{ "imaging:roi size x", INT, NEED, "px" },
	{ "imaging:roi size y", INT, NEED, "px" },

	{ "online_contour:bg empty", BOOL, OPT, "" },
	{ "online_contour:bin area min", INT, OPT, "px^2" },
	{ "online_contour:bin kernel", INT, OPT, "px" },
	{ "online_contour:bin threshold", INT, OPT, "" },
	{ "online_contour:image blur", INT, OPT, "px" },
	{ "online_contour:no absdiff", BOOL, OPT, "" },

	{ "online_filter:target duration", FLOAT, OPT, "min" },
	{ "online_filter:target event count", INT, OPT, "" },

	{ "pipeline:dcnum background", STR, OPT, "" },
	{ "pipeline:dcnum data", STR, OPT, "" },
	{ "pipeline:dcnum feature", STR, OPT, "" },
	{ "pipeline:dcnum gate", STR, OPT, "" },
	{ "pipeline:dcnum generation", STR, OPT, "" },
	{ "pipeline:dcnum hash", STR, OPT, "" },
	{ "pipeline:dcnum mapping", STR, OPT, "" },
	{ "pipeline:dcnum segmenter", STR, OPT, "" },
	{ "pipeline:dcnum yield", INT, OPT, "" },

	{ "qpi:amp border loc", STR, OPT, "" },
	{ "qpi:amp border px", INT, OPT, "px" },
	{ "qpi:amp fit offset", STR, OPT, "" },
	{ "qpi:amp fit profile", STR, OPT, "" },
	{ "qpi:bg method", STR, OPT, "" },
	{ "qpi:filter name", STR, OPT, "" },
	{ "qpi:filter size", FLOAT, OPT, "1/px" },
	{ "qpi:focus interval", PAIR, OPT, "um" },
	{ "qpi:focus kernel", STR, OPT, "" },
	{ "qpi:focus metric", STR, OPT, "" },
	{ "qpi:focus minimizer", STR, OPT, "" },
	{ "qpi:focus padding", INT, OPT, "" },
	{ "qpi:invert phase", BOOL, OPT, "" },
	{ "qpi:medium index", FLOAT, OPT, "" },
	{ "qpi:padding", INT, OPT, "" },
	{ "qpi:pha border loc", STR, OPT, "" },
	{ "qpi:pha border px", INT, OPT, "px" },
	{ "qpi:pha fit offset", STR, OPT, "" },
	{ "qpi:pha fit profile", STR, OPT, "" },
	{ "qpi:pixel size proc", FLOAT, OPT, "um" },
	{ "qpi:pixel size raw", FLOAT, OPT, "um" },
	{ "qpi:scale to filter", DCOR_META_BOOLFLOAT, OPT, "" },
	{ "qpi:sideband freq", PAIR, OPT, "1/px" },
	{ "qpi:software version", STR, OPT, "" },
	{ "qpi:subtract mean", BOOL, OPT, "" },
	{ "qpi:wavelength", FLOAT, OPT, "nm" },

	{ "setup:channel width", FLOAT, NEED, "um" },
	{ "setup:chip identifier", LCSTR, OPT, "" },
	{ "setup:chip region", LCSTR, NEED, "" },
	{ "setup:flow rate", FLOAT, NEED, "uL/s" },
	{ "setup:flow rate sample", FLOAT, WANT, "uL/s" },
	{ "setup:flow rate sheath", FLOAT, WANT, "uL/s" },
	{ "setup:identifier", STR, WANT, "" },
	{ "setup:medium", STR, NEED, "" },
	{ "setup:module composition", STR, WANT, "" },
	{ "setup:software version", STR, WANT, "" },
	{ "setup:temperature", FLOAT, OPT, "degC" }
};

static const struct dcor_metainfo
	limit = { "online_filter:* min", FLOAT, OPT, "" },
	soft = { "online_filter:* soft limit", BOOL, OPT, "" },
	points = { "online_filter:* polygon points", DCOR_META_POINTS, OPT,
	    "" },
	user = { "user:*", DCOR_META_ANY, OPT, "" };

/* "FEATURE min", "FEATURE,FEATURE polygon points" ... */
static const struct dcor_metainfo *
find_filter(const char *key)
{
	char name[64], *comma;
	const char *blank = strchr(key, ' ');
	const struct dcor_featinfo *f;

	if (blank == NULL || (size_t)(blank - key) >= sizeof(name))
		return NULL;
	snprintf(name, sizeof(name), "%.*s", (int)(blank - key), key);
	comma = strchr(name, ',');
	if (comma != NULL) {
		*comma = '\0';
		f = dcor_feat_find(comma + 1);
		if (f == NULL || f->kind != DCOR_FEATKIND_SCALAR)
			return NULL;
	}
	f = dcor_feat_find(name);
	if (f == NULL || f->kind != DCOR_FEATKIND_SCALAR)
		return NULL;
	if (strcmp(blank, " soft limit") == 0)
		return &soft;
	if (comma == NULL && (strcmp(blank, " min") == 0 ||
	    strcmp(blank, " max") == 0))
		return &limit;
	return comma != NULL && strcmp(blank, " polygon points") == 0 ?
	    &points : NULL;
}

const struct dcor_metainfo *
dcor_meta_find(const char *key)
{
	size_t i;

	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (strcmp(table[i].key, key) == 0)
			return &table[i];
	if (strncmp(key, "online_filter:", 14) == 0)
		return find_filter(key + 14);
	if (strncmp(key, "user:", 5) == 0 && strspn(key + 5, " ") !=
	    strlen(key + 5))
		return &user;
	return NULL;
}

const struct dcor_metainfo *
dcor_meta_at(unsigned i)
{
	return i < sizeof(table) / sizeof(table[0]) ? &table[i] : NULL;
}

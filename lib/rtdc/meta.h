/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * meta.h - the metadata that a measurement can have: root attributes
 * "section:key" and their types
 */
#ifndef DCOR_RTDC_META_H
#define DCOR_RTDC_META_H

enum dcor_metatype {
	DCOR_META_STR,		/* text */
	DCOR_META_LCSTR,	/* lower-case text */
	DCOR_META_FLOAT,
	DCOR_META_INT,
	DCOR_META_BOOL,
	DCOR_META_BOOLFLOAT,	/* a boolean or a number */
	DCOR_META_PAIR,		/* two floats */
	DCOR_META_POINTS,	/* K x 2 floats */
	DCOR_META_ANY		/* section user: whatever it is */
};

/* What its absence means for a complete measurement. */
enum dcor_metaneed { DCOR_META_OPTIONAL, DCOR_META_WANTED, DCOR_META_NEEDED };

struct dcor_metainfo {
	const char	*key;		/* "imaging:pixel size" */
	enum dcor_metatype type;
	enum dcor_metaneed need;
	const char	*unit;		/* "" when there is none */
};

/*
 * What is known of a key, NULL when it is unknown.  Keys of online_filter
 * that name a feature ("area_um min") are found by their form.
 * Source: the key tables of dclab 0.71.
 */
const struct dcor_metainfo *dcor_meta_find(const char *key);

/* All entries of the table, one by one; NULL after the last. */
const struct dcor_metainfo *dcor_meta_at(unsigned i);

#endif /* DCOR_RTDC_META_H */

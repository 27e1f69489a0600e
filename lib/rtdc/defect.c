/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "rtdc/defect.h"

#include <string.h>

/* A number at the start of *p, which is moved behind it. */
static long
number(const char **p)
{
	long v = 0;

	for (; **p >= '0' && **p <= '9' && v < 100000000; ++*p)
		v = 10 * v + (**p - '0');
	return v;
}

/*
 * Whether version v is before a.b.c, a release: for Python, 0.47.6.dev1 and
 * 0.47.6rc1 are, 0.47.6.post1 and 0.47.6+local are not.
 */
static int
before(const char *v, long a, long b, long c)
{
	const long want[3] = { a, b, c };
	long got;
	int i;

	for (i = 0; i < 3; i++) {
		got = number(&v);
		if (got != want[i])
			return got < want[i];
		if (v[0] == '.' && v[1] >= '0' && v[1] <= '9')
			v++;
	}
	v += *v == '.';
	return *v == 'a' || *v == 'b' || *v == 'r' || *v == 'd';
}

/* Whether the software that touched it last is dclab before a.b.c. */
static int
last_is_dclab(const char *software, long a, long b, long c)
{
	const char *bar = strrchr(software, '|');
	const char *p = bar != NULL ? bar + 1 : software;

	p += strspn(p, " ");
	if (strncmp(p, "dclab ", 6) != 0)
		return 0;
	return before(p + 6, a, b, c);
}

static int
is_float32(struct dcor_rtdc *m, const char *name)
{
	struct dcor_feature f;
	int yes;

	if (dcor_rtdc_feature(m, name, &f, NULL) != DCOR_OK)
		return 0;
	yes = dcor_dset_info(f.set)->type.cls == DCOR_H5_FLOAT &&
	    dcor_dset_info(f.set)->type.size == 4;
	dcor_feature_fini(&f);
	return yes;
}

/* Four digits after the point are not enough for a long measurement. */
static int
time_is_bad(struct dcor_rtdc *m, const char *software)
{
	double rate;

	if (!dcor_rtdc_has_own(m, "frame") ||
	    !dcor_rtdc_f64(m, "imaging:frame rate", &rate) || rate == 0)
		return 0;
	return is_float32(m, "time") || (strstr(software, "ShapeIn") != NULL &&
	    last_is_dclab(software, 0, 47, 6));
}

/* Sums of the coordinates of long contours did not fit an integer. */
static int
inertia_is_bad(struct dcor_rtdc *m, const char *software)
{
	double width;

	return dcor_rtdc_f64(m, "imaging:roi size x", &width) &&
	    width > 500 && last_is_dclab(software, 0, 48, 3);
}

/* What Shape-In computed itself was right from 2.0.5 on. */
static int
is_from_good_shapein(struct dcor_rtdc *m, const char *software)
{
	if (strncmp(software, "ShapeIn ", 8) == 0)
		software += 8;
	else if (dcor_h5_kind(dcor_rtdc_h5(m), "logs/shapein-acquisition") ==
	    DCOR_H5_ABSENT)
		return 0;
	return !before(software, 2, 0, 5);
}

int
dcor_feat_defective(struct dcor_rtdc *m, const char *name)
{
	const char *s = dcor_rtdc_text(m, "setup:software version");

	s = s != NULL ? s : "";
	if (!dcor_rtdc_has_own(m, name))
		return 0;
	if (strcmp(name, "aspect") == 0)	/* a wrong cast */
		return strcmp(s, "ShapeIn 2.0.6") == 0 ||
		    strcmp(s, "ShapeIn 2.0.7") == 0;
	if (strcmp(name, "time") == 0)
		return time_is_bad(m, s);
	if (strcmp(name, "volume") == 0)
		return last_is_dclab(s, 0, 37, 0) &&
		    dcor_h5_kind(dcor_rtdc_h5(m), "logs/dclab_issue_141") ==
		    DCOR_H5_ABSENT;
	if (strcmp(name, "inert_ratio_prnc") == 0 || strcmp(name, "tilt") ==
	    0)
		return inertia_is_bad(m, s);
	if (strcmp(name, "inert_ratio_cvx") == 0 ||
	    strcmp(name, "inert_ratio_raw") == 0)
		return inertia_is_bad(m, s) && !is_from_good_shapein(m, s);
	return 0;
}

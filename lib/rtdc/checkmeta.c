/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rules about metadata alone. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "rtdc/checkpriv.h"

static void
flow_rate(struct dcor_checking *c)
{
	static const char *const key[] = { "setup:flow rate",
	    "setup:flow rate sheath", "setup:flow rate sample" };
	const struct dcor_val *all, *sample, *sheath;
	double sum;
	int i;

	all = dcor_check_get(c, "setup", "flow rate");
	sample = dcor_check_get(c, "setup", "flow rate sample");
	sheath = dcor_check_get(c, "setup", "flow rate sheath");
	if (all == NULL || sample == NULL || sheath == NULL)
		return;
	/* numpy.allclose() */
	sum = sample->f + sheath->f;
	if (all->f == sum || (isfinite(sum) &&
	    fabs(all->f - sum) <= 1e-8 + 1e-5 * fabs(sum)))
		return;
	for (i = 0; i < 3; i++)
		dcor_check_add(c, DCOR_CUE_BOTH, DCOR_CUE_ALERT, "flow_rate",
		    key[i], "Metadata: Flow rates don't add up (sheath %g + "
		    "sample %g != channel %g)", sheath->f + 0, sample->f + 0,
		    isnan(all->f) ? (double)NAN : all->f);
}

static void
greater_zero(struct dcor_checking *c)
{
	static const char *const key[][2] = { { "imaging", "frame rate" },
	    { "imaging", "pixel size" }, { "setup", "channel width" },
	    { "setup", "flow rate" } };
	const struct dcor_val *v;
	struct dcor_buf b;
	char full[64];
	size_t i;

	for (i = 0; i < sizeof(key) / sizeof(key[0]); i++) {
		v = dcor_check_get(c, key[i][0], key[i][1]);
		if (v == NULL || !(v->f <= 0))
			continue;
		dcor_buf_init(&b, 256);
		dcor_val_format(v, &b);
		snprintf(full, sizeof(full), "%s:%s", key[i][0], key[i][1]);
		dcor_check_add(c, DCOR_CUE_BOTH, DCOR_CUE_VIOLATION,
		    "metadata_bad_greater_zero", full, "Metadata: Invalid "
		    "value for [%s] '%s': '%s'!", key[i][0], key[i][1],
		    dcor_buf_str(&b));
		dcor_buf_fini(&b);
	}
}

static void
polygon_shape(struct dcor_checking *c)
{
	const struct dcor_conf *k;
	struct dcor_buf b;
	char full[256];
	unsigned d;
	size_t i, n;

	for (i = 0; i < c->nconf; i++) {
		k = &c->conf[i];
		n = k->key != NULL ? strlen(k->key) : 0;
		if (strcmp(k->section, "online_filter") != 0 || n < 14 ||
		    strcmp(k->key + n - 14, "polygon points") != 0)
			continue;
		snprintf(full, sizeof(full), "online_filter:%s", k->key);
		if (k->v.rank < 2) {
			dcor_check_stop(c, "IndexError: tuple index out of "
			    "range");
			dcor_check_add(c, DCOR_CUE_OURS, DCOR_CUE_VIOLATION,
			    "metadata_online_filter_polygon_points_shape",
			    full, "Metadata: a polygon that is no table");
			continue;
		}
		if (k->v.dim[1] == 2 && k->v.dim[0] >= 3)
			continue;
		dcor_buf_init(&b, 1024);
		for (d = 0; d < k->v.rank; d++)
			dcor_buf_addf(&b, "%s%llu", d > 0 ? ", " : "",
			    (unsigned long long)k->v.dim[d]);
		dcor_check_add(c, DCOR_CUE_BOTH, DCOR_CUE_VIOLATION,
		    "metadata_online_filter_polygon_points_shape", full,
		    "Metadata: Wrong shape [online_filter] %s: '(%s)'",
		    k->key, dcor_buf_str(&b));
		dcor_buf_fini(&b);
	}
}

static void
missing(struct dcor_checking *c)
{
	int fluor = dcor_check_fluorescent(c), imaging;
	const struct dcor_metainfo *m;
	const char *colon;
	char section[32];
	unsigned k;

	imaging = dcor_check_has_section(c, "imaging");
	if (!imaging)
		dcor_check_add(c, DCOR_CUE_BOTH, DCOR_CUE_VIOLATION,
		    "metadata_missing", "imaging", "Metadata: Missing section "
		    "'imaging'");
	for (k = 0; (m = dcor_meta_at(k)) != NULL; k++) {
		if (m->need == DCOR_META_OPTIONAL)
			continue;
		colon = strchr(m->key, ':');
		snprintf(section, sizeof(section), "%.*s",
		    (int)(colon - m->key), m->key);
		if ((!imaging && strcmp(section, "imaging") == 0) ||
		    (!fluor && strcmp(section, "fluorescence") == 0) ||
		    dcor_check_get(c, section, colon + 1) != NULL)
			continue;
		dcor_check_add(c, DCOR_CUE_BOTH, m->need == DCOR_META_NEEDED ?
		    DCOR_CUE_VIOLATION : DCOR_CUE_ALERT, "metadata_missing",
		    m->key, "Metadata: Missing key [%s] '%s'", section,
		    colon + 1);
	}
	if (dcor_check_has(c, "temp") &&
	    dcor_check_get(c, "setup", "temperature") == NULL)
		dcor_check_add(c, DCOR_CUE_BOTH, DCOR_CUE_ALERT,
		    "metadata_missing", "setup:temperature", "Metadata: "
		    "Missing key [setup] 'temperature', because the 'temp' "
		    "feature is given");
}

/* Shape-In of these versions may have stored the wrong medium. */
static void
bad_medium(struct dcor_checking *c)
{
	static const char *const bad[] = { "2.2.1.0", "2.2.2.0", "2.2.2.1",
	    "2.2.2.2", "2.2.2.3", "2.2.2.4", "2.3.0.0" };
	const char *v = dcor_check_text(c, "setup", "software version");
	size_t n, i;

	v += strspn(v, "dev");
	for (n = strlen(v); n > 0 && strchr("dev", v[n - 1]) != NULL; n--)
		;
	if (strcmp(dcor_check_text(c, "setup", "medium"), "CellCarrierB") !=
	    0)
		return;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (strlen(bad[i]) == n && strncmp(v, bad[i], n) == 0)
			dcor_check_add(c, DCOR_CUE_BOTH, DCOR_CUE_ALERT,
			    "shapein_issue3_bad_medium", "setup:medium",
			    "Metadata: Please verify that 'medium' is really "
			    "'CellCarrierB' (Shape-In issue #3)");
}

void
dcor_check_meta(struct dcor_checking *c)
{
	flow_rate(c);
	greater_zero(c);
	dcor_check_types(c);
	missing(c);
	polygon_shape(c);
	bad_medium(c);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What an input has that can be joined, and remarks about the rest. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rtdc/basin.h"
#include "rtdc/defect.h"
#include "rtdc/elem.h"
#include "rtdc/joinpriv.h"

int
dcor_join_type(const struct dcor_dset *d, struct dcor_h5type *t)
{
	*t = dcor_dset_info(d)->type;
	t->is_big = 0;
	if (t->cls == DCOR_H5_ENUM && t->size == 1) {
		t->cls = DCOR_H5_INT;
		t->is_signed = 0;
		t->standard = 1;
	}
	return dcor_elem_known(t);
}

/* Adds a feature to the names of an input if it can be joined. */
static int
take_name(struct dcor_join *j, struct join_in *in, const char *name,
    struct dcor_err *err)
{
	struct dcor_err why = DCOR_ERR_INIT;
	struct dcor_feature f;
	struct dcor_h5type t;
	uint64_t n;
	int rc, ok;

	if (dcor_names_has(&in->names, name) || strncmp(name, "basinmap", 8) ==
	    0)
		return DCOR_OK;
	if (dcor_feat_defective(in->m, name)) {
		dcor_join_remark(j, "%s: %s cannot be trusted in files of "
		    "its software: %s", in->pub.name, name,
		    strcmp(name, "time") == 0 ? "computed from frame" :
		    "left out");
		return DCOR_OK;
	}
	rc = dcor_rtdc_feature(in->m, name, &f, &why);
	if (rc != DCOR_OK)
		return dcor_err_set(err, why.code, why.sys, "%s: %s",
		    in->pub.name, why.msg);
	ok = dcor_join_type(f.set, &t) && dcor_dset_info(f.set)->rank <= 3 &&
	    dcor_dset_row_size(f.set) > 0;
	n = f.n;
	dcor_feature_fini(&f);
	if (!ok) {
		dcor_join_remark(j, "%s: %s has no numbers that can be "
		    "joined: left out", in->pub.name, name);
		return DCOR_OK;
	}
	in->longest = n > in->longest ? n : in->longest;
	return dcor_names_add(&in->names, name, strlen(name), err);
}

static int
take_traces(struct dcor_join *j, struct join_in *in, struct dcor_err *err)
{
	struct dcor_names list;
	char name[256];
	size_t i;
	int rc, n;

	rc = dcor_h5_list(dcor_rtdc_h5(in->m), "events/trace", &list, err);
	for (i = 0; rc == DCOR_OK && i < list.n; i++) {
		n = snprintf(name, sizeof(name), "trace/%s", list.name[i]);
		if (n > 0 && (size_t)n < sizeof(name))
			rc = take_name(j, in, name, err);
	}
	dcor_names_fini(&list);
	return rc;
}

/* Whether the values that a basin adds can be had and are wanted. */
static int
is_there(const struct dcor_join *j, struct join_in *in,
    const struct dcor_basin *b, const char *name)
{
	struct dcor_feature f;
	char path[512];
	int n;

	if (b->type != DCOR_BASIN_INTERNAL) {
		if (!j->o->drain || dcor_rtdc_feature(in->m, name, &f,
		    NULL) != DCOR_OK)
			return 0;
		dcor_feature_fini(&f);
		return 1;
	}
	n = snprintf(path, sizeof(path), "basin_events/%s", name);
	return n > 0 && (size_t)n < sizeof(path) &&
	    dcor_h5_kind(dcor_rtdc_h5(in->m), path) == DCOR_H5_DATASET;
}

/* The features of basins; *outside: some are in other files. */
static int
take_basins(struct dcor_join *j, struct join_in *in, int *outside,
    struct dcor_err *err)
{
	struct dcor_err why = DCOR_ERR_INIT;
	struct dcor_basin *b;
	size_t n, i, k, lost;
	int rc;

	rc = dcor_basins_read(dcor_rtdc_h5(in->m), &b, &n, &why);
	if (rc != DCOR_OK)
		return dcor_err_set(err, why.code, why.sys, "%s: %s",
		    in->pub.name, why.msg);
	for (i = 0; rc == DCOR_OK && i < n; i++) {
		lost = b[i].any;
		for (k = 0; rc == DCOR_OK && k < b[i].features.n; k++)
			if (is_there(j, in, &b[i], b[i].features.name[k]))
				rc = take_name(j, in, b[i].features.name[k],
				    err);
			else
				lost++;
		if (lost > 0)
			dcor_join_remark(j, "%s: what its basin %s adds is "
			    "left out", in->pub.name, b[i].name != NULL ?
			    b[i].name : "without a name");
		*outside |= lost > 0;
	}
	dcor_basins_free(b, n);
	return rc;
}

/* What has no rows where there are events is not there. */
static int
drop_empty(struct dcor_join *j, struct join_in *in, struct dcor_err *err)
{
	struct dcor_feature f;
	size_t k;
	int rc = DCOR_OK, empty;

	for (k = 0; rc == DCOR_OK && in->longest > 0 && k < in->names.n;) {
		rc = dcor_rtdc_feature(in->m, in->names.name[k], &f, err);
		empty = rc == DCOR_OK && f.n == 0;
		if (rc == DCOR_OK)
			dcor_feature_fini(&f);
		if (!empty) {
			k++;
			continue;
		}
		dcor_join_remark(j, "%s: %s is empty: left out",
		    in->pub.name, in->names.name[k]);
		free(in->names.name[k]);
		in->names.n--;
		memmove(&in->names.name[k], &in->names.name[k + 1],
		    (in->names.n - k) * sizeof(*in->names.name));
	}
	return rc;
}

/* Says which members of a group are no datasets. */
static int
look_into(struct dcor_join *j, struct join_in *in, const char *group,
    struct dcor_err *err)
{
	struct dcor_names list;
	char path[512];
	size_t i;
	int rc;

	rc = dcor_h5_list(dcor_rtdc_h5(in->m), group, &list, err);
	for (i = 0; rc == DCOR_OK && i < list.n; i++) {
		snprintf(path, sizeof(path), "%s/%s", group, list.name[i]);
		if (dcor_h5_kind(dcor_rtdc_h5(in->m), path) !=
		    DCOR_H5_DATASET)
			dcor_join_remark(j, "%s: /%s is left out",
			    in->pub.name, path);
	}
	dcor_names_fini(&list);
	return rc;
}

/* Says what else is in a file. */
static int
look_around(struct dcor_join *j, struct join_in *in, struct dcor_err *err)
{
	static const char *const known[] = { "basin_events", "basins",
	    "events", "logs", "tables" };
	size_t nknown = sizeof(known) / sizeof(known[0]), i, k;
	struct dcor_names list;
	int rc;

	rc = dcor_h5_list(dcor_rtdc_h5(in->m), "/", &list, err);
	for (i = 0; rc == DCOR_OK && i < list.n; i++) {
		for (k = 0; k < nknown; k++)
			if (strcmp(list.name[i], known[k]) == 0)
				break;
		if (k == nknown)
			dcor_join_remark(j, "%s: /%s is left out",
			    in->pub.name, list.name[i]);
	}
	dcor_names_fini(&list);
	if (rc == DCOR_OK)
		rc = look_into(j, in, "logs", err);
	return rc == DCOR_OK ? look_into(j, in, "tables", err) : rc;
}

/* Whether an input has no events, so that basins add none. */
static int
is_empty(const struct join_in *in)
{
	int64_t said;

	return in->longest == 0 && dcor_rtdc_i64(in->m,
	    "experiment:event count", &said) && said == 0;
}

int
dcor_join_names(struct dcor_join *j, struct join_in *in,
    struct dcor_err *err)
{
	struct dcor_h5 *h = dcor_rtdc_h5(in->m);
	struct dcor_names list;
	enum dcor_h5kind kind;
	char path[512];
	int rc, n, outside = 0;
	size_t i;

	rc = dcor_h5_list(h, "events", &list, err);
	for (i = 0; rc == DCOR_OK && i < list.n; i++) {
		n = snprintf(path, sizeof(path), "events/%s", list.name[i]);
		kind = n > 0 && (size_t)n < sizeof(path) ?
		    dcor_h5_kind(h, path) : DCOR_H5_OTHER;
		if (kind == DCOR_H5_DATASET)
			rc = take_name(j, in, list.name[i], err);
		else if (strcmp(list.name[i], "trace") == 0)
			rc = take_traces(j, in, err);
		else if (strcmp(list.name[i], "contour") != 0)
			dcor_join_remark(j, "%s: %s is left out",
			    in->pub.name, list.name[i]);
	}
	dcor_names_fini(&list);
	if (rc == DCOR_OK)
		rc = look_around(j, in, err);
	if (rc == DCOR_OK && !is_empty(in))
		rc = take_basins(j, in, &outside, err);
	if (rc == DCOR_OK && outside && in->longest == 0)
		return dcor_err_set(err, DCOR_EDATA, 0, "%s: all of its "
		    "features are in other files", in->pub.name);
	return rc == DCOR_OK ? drop_empty(j, in, err) : rc;
}

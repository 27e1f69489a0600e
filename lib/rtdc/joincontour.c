/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Contours: a group with one dataset an event, named by its number. */
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "rtdc/joinpriv.h"

#define GROUP	"events/contour"

/* The number of an event if name is how it is written, else UINT64_MAX. */
static uint64_t
number_of(const char *name)
{
	uint64_t n;

	if ((name[0] == '0' && name[1] != '\0') ||
	    dcor_parse_u64(name, &n) != DCOR_OK)
		return UINT64_MAX;
	return n;
}

/* Whether each event of an input has one. */
static int
is_complete(const struct join_in *in, int *yes, struct dcor_err *err)
{
	struct dcor_names list;
	uint64_t found = 0;
	size_t k;
	int rc;

	*yes = 0;
	if (dcor_h5_kind(dcor_rtdc_h5(in->m), GROUP) != DCOR_H5_GROUP)
		return DCOR_OK;
	rc = dcor_h5_list(dcor_rtdc_h5(in->m), GROUP, &list, err);
	for (k = 0; rc == DCOR_OK && k < list.n; k++)
		found += number_of(list.name[k]) < in->pub.events;
	if (rc == DCOR_OK)
		*yes = found == in->pub.events;
	dcor_names_fini(&list);
	return rc;
}

int
dcor_join_plan_contours(struct dcor_join *j, struct dcor_err *err)
{
	size_t i, have = 0, asked = 0;
	const char *lacks = NULL;
	int rc = DCOR_OK, yes;

	for (i = 0; rc == DCOR_OK && i < j->n; i++) {
		if (j->in[i].pub.events == 0)
			continue;
		rc = is_complete(&j->in[i], &yes, err);
		asked++;
		if (yes)
			have++;
		else if (lacks == NULL)
			lacks = j->in[i].pub.name;
		if (!yes && dcor_h5_kind(dcor_rtdc_h5(j->in[i].m), GROUP) !=
		    DCOR_H5_ABSENT)
			dcor_join_remark(j, "%s: there is not a contour for "
			    "each event", j->in[i].pub.name);
	}
	if (have > 0 && have < asked)
		dcor_join_remark(j, "contour: missing in %s: left out",
		    lacks);
	j->contours = have > 0 && have == asked;
	return rc;
}

int
dcor_join_contours(struct dcor_join *j, struct dcor_h5out *out,
    struct dcor_err *err)
{
	struct dcor_err why = DCOR_ERR_INIT;
	const struct join_in *in;
	char from[64], to[64];
	uint64_t k;
	size_t i;
	int rc = DCOR_OK;

	if (!j->contours)
		return DCOR_OK;
	rc = dcor_h5out_group(out, GROUP, err);
	for (i = 0; rc == DCOR_OK && i < j->n; i++) {
		in = &j->in[i];
		for (k = 0; rc == DCOR_OK && k < in->pub.events; k++) {
			snprintf(from, sizeof(from), GROUP "/%llu",
			    (unsigned long long)k);
			snprintf(to, sizeof(to), GROUP "/%llu",
			    (unsigned long long)(in->pub.first + k));
			rc = dcor_join_stopped(j, err);
			if (rc != DCOR_OK)
				break;
			rc = dcor_h5out_copy_dset(out, to,
			    dcor_rtdc_h5(in->m), from, &why);
			if (rc != DCOR_OK)
				dcor_err_set(err, why.code, why.sys, "%s: %s",
				    in->pub.name, why.msg);
		}
	}
	return rc;
}

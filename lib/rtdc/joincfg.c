/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The metadata of a measurement as text. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "rtdc/h5attr.h"
#include "rtdc/joinpriv.h"
#include "rtdc/meta.h"
#include "rtdc/elem.h"

#define VALUE_MAX	((size_t)1 << 20)

/* An array of numbers in brackets, row by row. */
static void
put_array(struct dcor_rtdc *m, const char *key, struct dcor_buf *b)
{
	struct dcor_h5 *h = dcor_rtdc_h5(m);
	uint64_t addr = 0, k, n = 1, per;
	struct dcor_h5attr *v;
	char text[DCOR_REPR_SIZE];
	size_t nv, i;

	if (dcor_h5_addr(h, "/", &addr, NULL) != DCOR_OK ||
	    dcor_h5attrs_read(dcor_h5_src(h), dcor_h5_superblock(h), addr,
	    &v, &nv, NULL) != DCOR_OK)
		return;
	for (i = 0; i < nv && strcmp(v[i].name, key) != 0; i++)
		;
	if (i < nv && dcor_elem_known(&v[i].type) && !v[i].type.is_big &&
	    v[i].rank > 0 && v[i].rank <= 2) {
		n = v[i].ndata / v[i].type.size;
		per = v[i].rank == 2 ? v[i].dim[1] : n;
		dcor_buf_addc(b, '[');
		for (k = 0; k < n; k++) {
			if (k > 0)
				dcor_buf_adds(b, ", ");
			if (v[i].rank == 2 && k % per == 0)
				dcor_buf_addc(b, '[');
			dcor_buf_adds(b, dcor_repr(dcor_elem_f64(&v[i].type,
			    v[i].data, k), text));
			if (v[i].rank == 2 && k % per == per - 1)
				dcor_buf_addc(b, ']');
		}
		dcor_buf_addc(b, ']');
	}
	dcor_h5attrs_free(v, nv);
}

/* A value as dclab writes its type. */
static void
put_value(struct dcor_rtdc *m, const char *key, const struct dcor_attr *a,
    struct dcor_buf *b)
{
	const struct dcor_metainfo *info = dcor_meta_find(key);
	enum dcor_attr_kind kind = a->kind;
	size_t at = b->len;

	/* bounds of gates are what they are */
	if (info != NULL && kind != DCOR_ATTR_TEXT && kind !=
	    DCOR_ATTR_OTHER && (info->type != DCOR_META_FLOAT ||
	    strncmp(key, "online_filter:", 14) != 0 ||
	    strcmp(key, "online_filter:target duration") == 0)) {
		if (info->type == DCOR_META_FLOAT)
			kind = DCOR_ATTR_FLOAT;
		else if (info->type == DCOR_META_INT)
			kind = DCOR_ATTR_INT;
		else if (info->type == DCOR_META_BOOL)
			kind = DCOR_ATTR_BOOL;
	}
	switch (kind) {
	case DCOR_ATTR_TEXT:
		dcor_buf_adds(b, a->text);
		for (; info != NULL && info->type == DCOR_META_LCSTR &&
		    at < b->len; at++)
			b->p[at] = (char)tolower((unsigned char)b->p[at]);
		break;
	case DCOR_ATTR_FLOAT:
		dcor_buf_addf(b, "%.12f", a->f);
		break;
	case DCOR_ATTR_INT:
		if (a->kind == DCOR_ATTR_FLOAT)
			dcor_buf_addf(b, "%.0f", a->f < 0 ? -(double)
			    (int64_t)-a->f : (double)(int64_t)a->f);
		else
			dcor_buf_addf(b, "%lld", (long long)a->i);
		break;
	case DCOR_ATTR_BOOL:
		dcor_buf_adds(b, a->f < 0 || a->f > 0 ? "True" : "False");
		break;
	default:
		put_array(m, key, b);
		break;
	}
}

int
dcor_join_cfg(struct dcor_rtdc *m, struct dcor_names *lines,
    struct dcor_err *err)
{
	struct dcor_attr a;
	struct dcor_names key;
	struct dcor_buf b;
	const char *colon;
	char section[256] = "";
	size_t i, len;
	int rc;

	lines->name = NULL;
	lines->n = 0;
	dcor_buf_init(&b, VALUE_MAX);
	rc = dcor_h5_attrs(dcor_rtdc_h5(m), "/", &key, err);
	for (i = 0; rc == DCOR_OK && i < key.n; i++) {
		colon = strchr(key.name[i], ':');
		len = colon != NULL ? (size_t)(colon - key.name[i]) : 0;
		if (len == 0 || len >= sizeof(section) - 2)
			continue;
		if (strncmp(section, key.name[i], len) != 0 ||
		    section[len] != '\0') {
			dcor_buf_clear(&b);
			dcor_buf_addf(&b, "[%.*s]", (int)len, key.name[i]);
			if (section[0] != '\0')
				rc = dcor_names_add(lines, "", 0, err);
			if (rc == DCOR_OK)
				rc = dcor_names_add(lines, dcor_buf_str(&b),
				    b.len, err);
			snprintf(section, sizeof(section), "%.*s", (int)len,
			    key.name[i]);
		}
		if (rc == DCOR_OK)
			rc = dcor_h5_attr(dcor_rtdc_h5(m), "/", key.name[i],
			    &a, err);
		if (rc != DCOR_OK)
			break;
		dcor_buf_clear(&b);
		dcor_buf_addf(&b, "%s = ", colon + 1);
		put_value(m, key.name[i], &a, &b);
		dcor_attr_fini(&a);
		rc = dcor_buf_check(&b, err);
		if (rc == DCOR_OK)
			rc = dcor_names_add(lines, dcor_buf_str(&b),
				    b.len, err);
	}
	dcor_buf_fini(&b);
	dcor_names_fini(&key);
	if (rc != DCOR_OK)
		dcor_names_fini(lines);
	return rc;
}

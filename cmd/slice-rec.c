/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * slice-rec.c - records of dcor-slice
 */
#include <string.h>

#include "base/num.h"
#include "base/str.h"
#include "cli.h"
#include "slicerec.h"

#define RECORD_MAX	((size_t)1 << 30)

void
rec_init(struct rec *r, int json, const char *name)
{
	memset(r, 0, sizeof(*r));
	r->json = json;
	r->name = name;
	dcor_buf_init(&r->b, RECORD_MAX);
}

void
rec_fini(struct rec *r)
{
	dcor_buf_fini(&r->b);
}

void
rec_begin(struct rec *r, const char *type)
{
	dcor_buf_clear(&r->b);
	r->fields = 0;
	if (r->json) {
		dcor_jw_init(&r->w, &r->b, 0);
		dcor_jw_obj(&r->w);
		dcor_jw_kstr(&r->w, "type", type);
		dcor_jw_kstr(&r->w, "measurement", r->name);
	} else if (!r->bare)
		rec_str(r, NULL, type);
}

/* Text as it may stand in TSV. */
static void
add_tsv(struct rec *r, const char *s)
{
	for (; *s != '\0'; s++)
		switch (*s) {
		case '\t':	dcor_buf_adds(&r->b, "\\t"); break;
		case '\n':	dcor_buf_adds(&r->b, "\\n"); break;
		case '\r':	dcor_buf_adds(&r->b, "\\r"); break;
		case '\\':	dcor_buf_adds(&r->b, "\\\\"); break;
		default:	dcor_buf_addc(&r->b, *s); break;
		}
}

static void
next(struct rec *r, const char *key)
{
	if (r->json)
		dcor_jw_key(&r->w, key);
	else if (r->fields++ > 0)
		dcor_buf_addc(&r->b, '\t');
}

void
rec_str(struct rec *r, const char *key, const char *v)
{
	next(r, key);
	if (r->json)
		dcor_jw_str(&r->w, v);
	else
		add_tsv(r, v != NULL ? v : "-");
}

void
rec_u64(struct rec *r, const char *key, uint64_t v)
{
	next(r, key);
	if (r->json)
		dcor_jw_u64(&r->w, v);
	else
		dcor_buf_addf(&r->b, "%llu", (unsigned long long)v);
}

static void
list(struct rec *r, const char *key, char *const *v, size_t n, char sep,
    int number)
{
	uint64_t u;
	size_t i;

	next(r, key);
	if (v == NULL) {
		if (r->json)
			dcor_jw_null(&r->w);
		else
			dcor_buf_addc(&r->b, '-');
		return;
	}
	if (r->json)
		dcor_jw_arr(&r->w);
	else if (n == 0)
		dcor_buf_addc(&r->b, '-');
	for (i = 0; i < n; i++)
		if (!r->json) {
			if (i > 0)
				dcor_buf_addc(&r->b, sep);
			add_tsv(r, v[i]);
		} else if (number && dcor_parse_u64(v[i], &u) == DCOR_OK)
			dcor_jw_u64(&r->w, u);
		else
			dcor_jw_str(&r->w, v[i]);
	if (r->json)
		dcor_jw_end(&r->w);
}

void
rec_list(struct rec *r, const char *key, char *const *v, size_t n, char sep)
{
	list(r, key, v, n, sep, 0);
}

void
rec_numbers(struct rec *r, const char *key, char *const *v, size_t n,
    char sep)
{
	list(r, key, v, n, sep, 1);
}

static void
add_f64(struct rec *r, double v)
{
	char text[DCOR_NUM_SIZE];

	if (r->json)
		dcor_jw_dbl(&r->w, v);
	else
		dcor_buf_add(&r->b, text, dcor_num_f64(v, text));
}

static void
add_i64(struct rec *r, int64_t v)
{
	if (r->json)
		dcor_jw_i64(&r->w, v);
	else
		dcor_buf_addf(&r->b, "%lld", (long long)v);
}

void
rec_value(struct rec *r, const char *key, const struct dcor_attr *a)
{
	if (a->kind == DCOR_ATTR_TEXT || a->kind == DCOR_ATTR_NONE ||
	    a->kind == DCOR_ATTR_OTHER) {
		rec_str(r, key, a->kind == DCOR_ATTR_TEXT ? a->text : NULL);
		return;
	}
	next(r, key);
	if (a->kind == DCOR_ATTR_FLOAT)
		add_f64(r, a->f);
	else if (a->kind == DCOR_ATTR_INT)
		add_i64(r, a->i);
	else if (r->json)
		dcor_jw_bool(&r->w, a->i != 0);
	else
		dcor_buf_adds(&r->b, a->i != 0 ? "true" : "false");
}

/* Element i of an attribute of integers or floats in any byte order. */
static void
add_element(struct rec *r, const struct dcor_h5attr *a, size_t i)
{
	size_t el = a->type.size, k;
	uint64_t v = 0;
	uint32_t half;
	double d;
	float f;

	for (k = 0; k < el; k++)
		v |= (uint64_t)a->data[i * el + (a->type.is_big ? el - 1 - k :
		    k)] << 8 * k;
	if (a->type.cls == DCOR_H5_FLOAT) {
		half = (uint32_t)v;
		memcpy(&f, &half, sizeof(f));
		memcpy(&d, &v, sizeof(d));
		add_f64(r, el == 4 ? (double)f : d);
		return;
	}
	if (a->type.is_signed && el < 8 && v >> (8 * el - 1) != 0)
		v |= UINT64_MAX << 8 * el;
	add_i64(r, (int64_t)v);
}

void
rec_array(struct rec *r, const char *key, const struct dcor_h5attr *a)
{
	size_t el = a != NULL ? a->type.size : 0, i;

	if (a == NULL || (a->type.cls != DCOR_H5_INT &&
	    a->type.cls != DCOR_H5_FLOAT) || (el != 4 && el != 8)) {
		rec_str(r, key, NULL);
		return;
	}
	next(r, key);
	if (r->json)
		dcor_jw_arr(&r->w);
	for (i = 0; i < a->ndata / el; i++) {
		if (!r->json && i > 0)
			dcor_buf_addc(&r->b, ',');
		add_element(r, a, i);
	}
	if (r->json)
		dcor_jw_end(&r->w);
}

int
rec_end(struct rec *r, struct dcor_err *err)
{
	int rc;

	if (r->json)
		dcor_jw_end(&r->w);
	rc = r->json ? dcor_jw_done(&r->w, err) : dcor_buf_check(&r->b, err);
	if (rc == DCOR_OK)
		cli_record(&r->b);
	return rc;
}

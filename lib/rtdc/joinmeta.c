/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the result holds besides its events. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/hash.h"
#include "base/json.h"
#include "rtdc/joinpriv.h"
#include "rtdc/meta.h"

static const char *
base_name(const char *name)
{
	const char *slash = strrchr(name, '/');

	return slash != NULL ? slash + 1 : name;
}

/* Whether a key says how was measured, which is one for all events. */
static int
is_setting(const char *key)
{
	static const char *const section[] = { "fluorescence:", "imaging:",
	    "setup:" };
	size_t i;

	if (strcmp(key, "setup:software version") == 0 ||
	    strcmp(key, "setup:temperature") == 0)
		return 0;
	for (i = 0; i < sizeof(section) / sizeof(section[0]); i++)
		if (strncmp(key, section[i], strlen(section[i])) == 0)
			return 1;
	return 0;
}

static int
is_equal(const struct dcor_attr *a, const struct dcor_attr *b)
{
	if (a->kind == DCOR_ATTR_TEXT || b->kind == DCOR_ATTR_TEXT)
		return a->kind == b->kind && strcmp(a->text, b->text) == 0;
	if (a->kind == DCOR_ATTR_OTHER || b->kind == DCOR_ATTR_OTHER)
		return a->kind == b->kind;
	return !(a->f < b->f || a->f > b->f);
}

/* One setting in all inputs that have it. */
static int
compare_one(struct dcor_join *j, const char *key, struct dcor_err *err)
{
	struct dcor_attr a, b;
	size_t i;
	int rc, differs = 0;

	rc = dcor_h5_attr(dcor_rtdc_h5(j->in[0].m), "/", key, &a, err);
	for (i = 1; rc == DCOR_OK && !differs && i < j->n; i++) {
		rc = dcor_h5_attr(dcor_rtdc_h5(j->in[i].m), "/", key, &b,
		    err);
		if (rc != DCOR_OK)
			break;
		differs = b.kind != DCOR_ATTR_NONE && !is_equal(&a, &b);
		if (differs)
			dcor_join_remark(j, "%s: %s is not what it is in %s",
			    j->in[i].pub.name, key, j->in[0].pub.name);
		dcor_attr_fini(&b);
	}
	dcor_attr_fini(&a);
	return rc;
}

int
dcor_join_compare(struct dcor_join *j, struct dcor_err *err)
{
	const struct dcor_metainfo *known;
	unsigned i;
	int rc = DCOR_OK;

	for (i = 0; rc == DCOR_OK && (known = dcor_meta_at(i)) != NULL; i++)
		if (is_setting(known->key))
			rc = compare_one(j, known->key, err);
	return rc;
}

/*
 * The identifier of the first input and seven digits that follow from what
 * was joined.  The old one stays in front: that is how basins of the first
 * input are found to be meant, too.
 */
static int
put_identifier(struct dcor_join *j, struct dcor_h5out *out,
    struct dcor_err *err)
{
	const char *id;
	struct dcor_buf b;
	char md5[33];
	size_t i;
	int rc;

	dcor_buf_init(&b, (size_t)1 << 24);
	for (i = 0; i < j->n; i++) {
		id = dcor_rtdc_id(j->in[i].m);
		dcor_buf_addf(&b, "%s %llu\n", id != NULL ? id : "",
		    (unsigned long long)j->in[i].pub.events);
	}
	rc = dcor_buf_check(&b, err);
	if (rc == DCOR_OK)
		rc = dcor_md5_hex(b.p, b.len, md5, err);
	id = dcor_rtdc_id(j->in[0].m);
	dcor_buf_clear(&b);
	if (id != NULL)
		dcor_buf_addf(&b, "%s_", id);
	if (rc == DCOR_OK) {
		dcor_buf_addf(&b, "join-%.7s", md5);
		rc = dcor_buf_check(&b, err);
	}
	if (rc == DCOR_OK)
		rc = dcor_h5out_text(out, "/", "experiment:run identifier",
		    dcor_buf_str(&b), err);
	dcor_buf_fini(&b);
	return rc;
}

static int
put_software(struct dcor_join *j, struct dcor_h5out *out,
    struct dcor_err *err)
{
	const char *was = dcor_rtdc_text(j->in[0].m,
	    "setup:software version");
	const char *bar = was != NULL ? strrchr(was, '|') : NULL;
	struct dcor_buf b;
	int rc;

	bar = bar != NULL ? bar + 1 + strspn(bar + 1, " ") : was;
	dcor_buf_init(&b, (size_t)1 << 20);
	if (was != NULL)
		dcor_buf_adds(&b, was);
	if (bar == NULL || strcmp(bar, j->o->software) != 0)
		dcor_buf_addf(&b, "%s%s", was != NULL ? " | " : "",
		    j->o->software);
	rc = dcor_buf_check(&b, err);
	if (rc == DCOR_OK)
		rc = dcor_h5out_text(out, "/", "setup:software version",
		    dcor_buf_str(&b), err);
	dcor_buf_fini(&b);
	return rc;
}

static int
has_attr(struct dcor_join *j, const char *key)
{
	int64_t v;

	return dcor_rtdc_i64(j->in[0].m, key, &v);
}

/* Numbers that follow from the events. */
static int
put_numbers(struct dcor_join *j, struct dcor_h5out *out,
    struct dcor_err *err)
{
	static const char *const channel[] = { "fl1_max", "fl2_max",
	    "fl3_max" };
	const struct join_feat *f;
	int64_t nfl = 0;
	size_t k, c;
	int rc;

	rc = dcor_h5out_i64(out, "/", "experiment:event count",
	    (int64_t)j->events, err);
	if (rc == DCOR_OK)
		rc = dcor_h5out_i64(out, "/", "experiment:run index", 1, err);
	if (rc == DCOR_OK && has_attr(j, "pipeline:dcnum yield"))
		rc = dcor_h5out_i64(out, "/", "pipeline:dcnum yield",
		    (int64_t)j->events, err);
	for (k = 0; rc == DCOR_OK && k < j->nfeat; k++) {
		f = &j->feat[k];
		if (strcmp(f->name, "image") == 0 && f->rank == 3) {
			rc = dcor_h5out_i64(out, "/", "imaging:roi size x",
			    (int64_t)f->item[1], err);
			if (rc == DCOR_OK)
				rc = dcor_h5out_i64(out, "/",
				    "imaging:roi size y",
				    (int64_t)f->item[0], err);
		} else if (strncmp(f->name, "trace/", 6) == 0)
			rc = dcor_h5out_i64(out, "/",
			    "fluorescence:samples per event",
			    (int64_t)f->item[0], err);
		for (c = 0; c < sizeof(channel) / sizeof(channel[0]); c++)
			nfl += strcmp(f->name, channel[c]) == 0;
	}
	if (rc == DCOR_OK && nfl > 0 && !has_attr(j,
	    "fluorescence:channel count"))
		rc = dcor_h5out_i64(out, "/", "fluorescence:channel count",
		    nfl, err);
	return rc;
}

static int
put_log(struct dcor_h5out *out, const char *name,
    const struct dcor_names *lines, struct dcor_err *err)
{
	char path[300];

	snprintf(path, sizeof(path), "logs/%s", name);
	return dcor_h5out_lines(out, path, (const char *const *)lines->name,
	    lines->n, err);
}

/* What was joined.  No times and no host: the same inputs give the same
 * bytes, wherever it is done. */
static int
put_join_log(struct dcor_join *j, struct dcor_h5out *out,
    struct dcor_err *err)
{
	struct dcor_names lines = { NULL, 0 };
	const struct join_in *in;
	struct dcor_buf b;
	struct dcor_jw w;
	char *p, *q;
	size_t i;
	int rc;

	dcor_buf_init(&b, (size_t)1 << 24);
	dcor_jw_init(&w, &b, DCOR_JW_PYTHON);
	dcor_jw_obj(&w);
	dcor_jw_key(&w, "files");
	dcor_jw_arr(&w);
	for (i = 0; i < j->n; i++) {
		in = &j->in[i];
		dcor_jw_obj(&w);
		dcor_jw_ku64(&w, "events", in->pub.events);
		dcor_jw_ku64(&w, "first event", in->pub.first);
		dcor_jw_ku64(&w, "frame offset", in->pub.frames);
		dcor_jw_kstr(&w, "identifier", dcor_rtdc_id(in->m));
		dcor_jw_ku64(&w, "index", i + 1);
		dcor_jw_kstr(&w, "name", base_name(in->pub.name));
		dcor_jw_kdbl(&w, "time offset", in->pub.offset);
		dcor_jw_end(&w);
	}
	dcor_jw_end(&w);
	dcor_jw_kstr(&w, "software", j->o->software);
	dcor_jw_end(&w);
	rc = dcor_jw_done(&w, err);
	for (p = rc == DCOR_OK ? b.p : NULL; rc == DCOR_OK && p != NULL;
	    p = q) {
		q = strchr(p, '\n');
		if (q != NULL)
			*q++ = '\0';
		rc = dcor_names_add(&lines, p, strlen(p), err);
	}
	if (rc == DCOR_OK)
		rc = put_log(out, "dcor-join", &lines, err);
	dcor_names_fini(&lines);
	dcor_buf_fini(&b);
	return rc;
}

/* Copies the datasets of a group with the number of the input in front. */
static int
copy_group(struct dcor_join *j, size_t i, struct dcor_h5out *out,
    const char *group, struct dcor_err *err)
{
	struct dcor_h5 *h = dcor_rtdc_h5(j->in[i].m);
	struct dcor_err why = DCOR_ERR_INIT;
	char from[512], to[512];
	struct dcor_names list;
	size_t k;
	int rc, n;

	rc = dcor_h5_list(h, group, &list, &why);
	for (k = 0; rc == DCOR_OK && k < list.n; k++) {
		snprintf(from, sizeof(from), "%s/%s", group, list.name[k]);
		n = snprintf(to, sizeof(to), "%s/src-#%zu_%s", group, i + 1,
		    list.name[k]);
		if (n < 0 || (size_t)n >= sizeof(to)) {
			rc = dcor_err_set(&why, DCOR_EDATA, 0, "%s/%.64s...: "
			    "long name", group, list.name[k]);
			break;
		}
		if (dcor_h5_kind(h, from) != DCOR_H5_DATASET)
			continue;	/* there is a remark about it */
		rc = dcor_h5out_group(out, group, &why);
		if (rc == DCOR_OK)
			rc = dcor_h5out_copy_dset(out, to, h, from, &why);
	}
	dcor_names_fini(&list);
	return rc == DCOR_OK ? rc : dcor_err_set(err, why.code, why.sys,
	    "%s: %s", j->in[i].pub.name, why.msg);
}

static int
put_source(struct dcor_join *j, size_t i, struct dcor_h5out *out,
    struct dcor_err *err)
{
	struct dcor_names cfg;
	char name[64];
	int rc;

	rc = dcor_join_stopped(j, err);
	if (rc == DCOR_OK)
		rc = copy_group(j, i, out, "logs", err);
	if (rc == DCOR_OK)
		rc = copy_group(j, i, out, "tables", err);
	if (rc == DCOR_OK)
		rc = dcor_join_cfg(j->in[i].m, &cfg, err);
	if (rc != DCOR_OK)
		return rc;
	snprintf(name, sizeof(name), "src-#%zu_cfg", i + 1);
	rc = put_log(out, name, &cfg, err);
	dcor_names_fini(&cfg);
	return rc;
}

int
dcor_join_meta(struct dcor_join *j, struct dcor_h5out *out,
    struct dcor_err *err)
{
	size_t i;
	int rc;

	rc = put_identifier(j, out, err);
	if (rc == DCOR_OK)
		rc = put_software(j, out, err);
	if (rc == DCOR_OK)
		rc = put_numbers(j, out, err);
	if (rc == DCOR_OK)
		rc = dcor_h5out_copy_attrs(out, "/", dcor_rtdc_h5(j->in[0].m),
		    "/", err);
	if (rc == DCOR_OK)
		rc = dcor_h5out_group(out, "logs", err);
	for (i = 0; rc == DCOR_OK && i < j->n; i++)
		rc = put_source(j, i, out, err);
	if (rc == DCOR_OK)
		rc = put_join_log(j, out, err);
	if (rc == DCOR_OK && j->note.n > 0)
		rc = put_log(out, "dcor-join-warnings", &j->note, err);
	return rc;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "rtdc/export.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/hash.h"
#include "base/json.h"
#include "base/tmp.h"
#include "rtdc/exportpriv.h"
#include "rtdc/feat.h"

#define PATH_LEN	1024
#define SMALL		65536	/* bytes */
#define DEPTH_MAX	16	/* groups in groups */
#define RANGES_MAX	100	/* that a log lists */

/* dclab asks for these logs by name: with them it trusts feature volume, or
 * takes the measurement for one of Shape-In. */
static const char *const known_log[] = {
	"dclab_issue_141", "shapein-acquisition"
};

static int
join(char path[PATH_LEN], const char *group, const char *prefix,
    const char *name, struct dcor_err *err)
{
	int n = snprintf(path, PATH_LEN, "%s/%s%s", group, prefix, name);

	return n > 0 && n < PATH_LEN ? DCOR_OK : dcor_err_set(err, DCOR_EDATA,
	    0, "%s: a name that is too long", group);
}

int
dcor_export_tick(const struct dcor_export *opt, uint64_t rows,
    struct dcor_err *err)
{
	if (opt->progress != NULL)
		opt->progress(opt->ctx, rows);
	if (opt->stopped != NULL && opt->stopped(opt->ctx))
		return dcor_err_set(err, DCOR_ETEMP, 0, "interrupted");
	return DCOR_OK;
}

/* Compressed where that can be, and is worth the index of its chunks. */
static int
copy_dataset(struct dcor_exporter *x, const char *path, const char *from,
    struct dcor_err *err)
{
	struct dcor_dset *d;
	uint64_t bytes;
	int plain = 0;

	if (dcor_dset_open(x->in, from, &d, NULL) == DCOR_OK) {
		bytes = dcor_dset_rows(d) * dcor_dset_row_size(d);
		plain = bytes > 0 && dcor_h5out_can_like(d) && (bytes >=
		    SMALL || dcor_dset_info(d)->layout == DCOR_H5_CHUNKED);
		dcor_dset_close(d);
	}	/* else a scalar */
	return plain ? dcor_h5out_copy_dset(x->o, path, x->in, from, err) :
	    dcor_h5out_copy_verbatim(x->o, path, x->in, from, err);
}

static int
copy_tree(struct dcor_exporter *x, const char *path, const char *from,
    unsigned depth, struct dcor_err *err)
{
	enum dcor_h5kind kind = dcor_h5_kind(x->in, from);
	char to[PATH_LEN], part[PATH_LEN];
	struct dcor_names name;
	size_t i;
	int rc;

	if (kind == DCOR_H5_DATASET)
		return copy_dataset(x, path, from, err);
	if (kind != DCOR_H5_GROUP)
		return dcor_h5out_copy_verbatim(x->o, path, x->in, from, err);
	if (depth == DEPTH_MAX)
		return dcor_err_set(err, DCOR_EDATA, 0,
		    "%s: too many groups in groups", from);
	rc = dcor_h5out_group(x->o, path, err);
	if (rc == DCOR_OK)
		rc = dcor_h5out_copy_attrs(x->o, path, x->in, from, err);
	if (rc == DCOR_OK)
		rc = dcor_h5_list(x->in, from, &name, err);
	if (rc != DCOR_OK)
		return rc;
	for (i = 0; rc == DCOR_OK && i < name.n; i++) {
		rc = join(to, path, "", name.name[i], err);
		if (rc == DCOR_OK)
			rc = join(part, from, "", name.name[i], err);
		if (rc == DCOR_OK)
			rc = copy_tree(x, to, part, depth + 1, err);
	}
	dcor_names_fini(&name);
	return rc;
}

int
dcor_export_copy(struct dcor_exporter *x, const char *path, const char *from,
    struct dcor_err *err)
{
	return copy_tree(x, path, from, 0, err);
}

int
dcor_export_wants(const struct dcor_exporter *x, const char *name)
{
	return x->features == NULL || dcor_names_has(x->features, name);
}

int
dcor_export_put(struct dcor_exporter *x, const char *name,
    struct dcor_err *err)
{
	struct dcor_feature f;
	char path[PATH_LEN];
	int rc;

	rc = join(path, "events", "", name, err);
	if (rc != DCOR_OK)
		return rc;
	if (strcmp(name, "index") == 0 && !x->whole)
		return dcor_export_numbers(x, path, 1, err);
	rc = dcor_rtdc_feature(x->m, name, &f, err);
	if (rc != DCOR_OK)
		return rc;
	/* A feature of an internal basin stays there. */
	if (!f.internal || f.origin != x->m)
		rc = dcor_export_feature(x, path, &f, err);
	dcor_feature_fini(&f);
	if (rc == DCOR_OK && strlen(name) == 9 && strncmp(name, "basinmap",
	    8) == 0)
		x->map[name[8] - '0'] = 1;
	return rc;
}

/* The traces, or the one that is wanted. */
static int
put_traces(struct dcor_exporter *x, struct dcor_err *err)
{
	struct dcor_names name;
	char path[PATH_LEN];
	size_t i;
	int rc;

	rc = dcor_h5out_group(x->o, "events/trace", err);
	if (rc == DCOR_OK)
		rc = dcor_h5out_copy_attrs(x->o, "events/trace", x->in,
		    "events/trace", err);
	if (rc == DCOR_OK)
		rc = dcor_h5_list(x->in, "events/trace", &name, err);
	if (rc != DCOR_OK)
		return rc;
	for (i = 0; rc == DCOR_OK && i < name.n; i++) {
		rc = join(path, "trace", "", name.name[i], err);
		if (rc == DCOR_OK && (dcor_export_wants(x, "trace") ||
		    dcor_export_wants(x, path)))
			rc = dcor_export_put(x, path, err);
	}
	dcor_names_fini(&name);
	return rc;
}

/* Contours are datasets with the number of the event for a name. */
static int
put_contours(struct dcor_exporter *x, struct dcor_err *err)
{
	const struct dcor_range *v = x->sel->v;
	char from[64], to[64];
	uint64_t k, count = 0;
	size_t i;
	int rc;

	rc = dcor_h5out_group(x->o, "events/contour", err);
	if (rc == DCOR_OK)
		rc = dcor_h5out_copy_attrs(x->o, "events/contour", x->in,
		    "events/contour", err);
	for (i = 0; rc == DCOR_OK && i < x->sel->nv; i++)
		for (k = 0; rc == DCOR_OK && k < v[i].n; k++) {
			snprintf(from, sizeof(from), "events/contour/%llu",
			    (unsigned long long)(v[i].first + k));
			snprintf(to, sizeof(to), "events/contour/%llu",
			    (unsigned long long)count++);
			rc = dcor_h5_kind(x->in, from) == DCOR_H5_DATASET ?
			    copy_dataset(x, to, from, err) : dcor_err_set(err,
			    DCOR_EDATA, 0, "%s: is missing", from);
			if (rc == DCOR_OK)
				rc = dcor_export_tick(x->opt, 1, err);
		}
	return rc;
}

/* Whether events/NAME has a row an event: if it is a feature it has to,
 * else its length tells. */
static int
is_per_event(struct dcor_exporter *x, const char *name)
{
	struct dcor_feature f;
	int is;

	if (dcor_feat_find(name) != NULL)
		return 1;
	if (dcor_rtdc_feature(x->m, name, &f, NULL) != DCOR_OK)
		return 0;
	is = f.n == x->events;
	dcor_feature_fini(&f);
	return is;
}

/* A member of the source's group events. */
static int
put_member(struct dcor_exporter *x, const char *name, struct dcor_err *err)
{
	char path[PATH_LEN];
	int rc;

	rc = join(path, "events", "", name, err);
	if (rc != DCOR_OK)
		return rc;
	switch (dcor_h5_kind(x->in, path)) {
	case DCOR_H5_DATASET:
		if (is_per_event(x, name))
			return dcor_export_put(x, name, err);
		return dcor_export_copy(x, path, path, err);
	case DCOR_H5_GROUP:
		if (strcmp(name, "trace") == 0)
			return put_traces(x, err);
		if (strcmp(name, "contour") == 0)
			return put_contours(x, err);
		return dcor_export_copy(x, path, path, err);
	default:
		return dcor_export_copy(x, path, path, err);
	}
}

static int
put_events(struct dcor_exporter *x, struct dcor_err *err)
{
	struct dcor_names all = { NULL, 0 };
	const struct dcor_names *v = x->features;
	int rc, traces = 0;
	const char *name;
	size_t i;

	rc = dcor_h5out_group(x->o, "events", err);
	if (rc == DCOR_OK)
		rc = dcor_h5out_copy_attrs(x->o, "events", x->in, "events",
		    err);
	if (rc == DCOR_OK && v == NULL) {
		rc = dcor_h5_list(x->in, "events", &all, err);
		v = &all;
	}
	for (i = 0; rc == DCOR_OK && i < v->n; i++) {
		name = v->name[i];
		if (v == &all || strcmp(name, "contour") == 0)
			rc = put_member(x, name, err);
		else if (strncmp(name, "trace", 5) != 0 || (name[5] != '\0' &&
		    name[5] != '/'))
			rc = dcor_export_put(x, name, err);
		else if (!traces++)
			rc = put_traces(x, err);
	}
	dcor_names_fini(&all);
	return rc;
}

/* The members of a group of logs or tables, renamed. */
static int
put_texts(struct dcor_exporter *x, const char *group, struct dcor_err *err)
{
	char to[PATH_LEN], from[PATH_LEN];
	struct dcor_names name;
	const char *prefix;
	size_t i, k;
	int rc;

	if (dcor_h5_kind(x->in, group) != DCOR_H5_GROUP)
		return DCOR_OK;
	rc = dcor_h5out_group(x->o, group, err);
	if (rc == DCOR_OK)
		rc = dcor_h5out_copy_attrs(x->o, group, x->in, group, err);
	if (rc == DCOR_OK)
		rc = dcor_h5_list(x->in, group, &name, err);
	if (rc != DCOR_OK)
		return rc;
	for (i = 0; rc == DCOR_OK && i < name.n; i++) {
		prefix = x->opt->same_names ? "" : "src_";
		for (k = 0; k < sizeof(known_log) / sizeof(*known_log); k++)
			if (strcmp(name.name[i], known_log[k]) == 0)
				prefix = "";
		rc = join(to, group, prefix, name.name[i], err);
		if (rc == DCOR_OK)
			rc = join(from, group, "", name.name[i], err);
		if (rc == DCOR_OK)
			rc = dcor_export_copy(x, to, from, err);
	}
	dcor_names_fini(&name);
	return rc;
}

/* What the file holds beside what is known of measurements. */
static int
put_unknown(struct dcor_exporter *x, struct dcor_err *err)
{
	static const char *const known[] = {
		"events", "logs", "tables", "basins", "basin_events"
	};
	struct dcor_names name;
	size_t i, k;
	int rc;

	rc = dcor_h5_list(x->in, "/", &name, err);
	for (i = 0; rc == DCOR_OK && i < name.n; i++) {
		for (k = 0; k < sizeof(known) / sizeof(*known); k++)
			if (strcmp(name.name[i], known[k]) == 0)
				break;
		if (k == sizeof(known) / sizeof(*known))
			rc = dcor_export_copy(x, name.name[i],
			    name.name[i], err);
	}
	dcor_names_fini(&name);
	return rc;
}

static void
put_range(struct dcor_jw *w, const struct dcor_range *v)
{
	char text[64];

	snprintf(text, sizeof(text), "%llu:%llu",
	    (unsigned long long)v->first,
	    (unsigned long long)(v->first + v->n));
	dcor_jw_str(w, text);
}

/* What was selected, as JSON text. */
static int
describe(struct dcor_exporter *x, struct dcor_buf *b, struct dcor_err *err)
{
	const struct dcor_sel *s = x->sel;
	struct dcor_jw w;
	size_t i;

	dcor_jw_init(&w, b, DCOR_JW_PYTHON);
	dcor_jw_obj(&w);
	dcor_jw_kstr(&w, "software", x->opt->software);
	dcor_jw_ku64(&w, "events", s->n);
	dcor_jw_ku64(&w, "events in source", x->events);
	if (s->nv <= RANGES_MAX) {
		dcor_jw_key(&w, "ranges");
		dcor_jw_arr(&w);
		for (i = 0; i < s->nv; i++)
			put_range(&w, &s->v[i]);
		dcor_jw_end(&w);
	}
	if (x->features != NULL) {
		dcor_jw_key(&w, "features");
		dcor_jw_arr(&w);
		for (i = 0; i < x->features->n; i++)
			dcor_jw_str(&w, x->features->name[i]);
		dcor_jw_end(&w);
	}
	dcor_jw_end(&w);
	return dcor_jw_done(&w, err);
}

static int
put_log(struct dcor_exporter *x, struct dcor_err *err)
{
	const char *soft = x->opt->software;
	char path[PATH_LEN], name[PATH_LEN];
	struct dcor_buf b;
	unsigned k = 0;
	int rc;

	if (soft == NULL)
		return DCOR_OK;
	dcor_buf_init(&b, (size_t)1 << 20);
	rc = dcor_h5out_group(x->o, "logs", err);
	if (rc == DCOR_OK)
		rc = describe(x, &b, err);
	snprintf(path, sizeof(path), "logs/%.*s", (int)strcspn(soft, " "),
	    soft);
	/* one of the source may have kept that name */
	snprintf(name, sizeof(name), "%s", path);
	while (x->opt->same_names && !x->opt->no_logs &&
	    dcor_h5_kind(x->in, path) != DCOR_H5_ABSENT)
		snprintf(path, sizeof(path), "%.1000s-%u", name, ++k);
	if (rc == DCOR_OK)
		rc = dcor_h5out_text_lines(x->o, path, dcor_buf_str(&b), err);
	dcor_buf_fini(&b);
	return rc;
}

/* Identifier of the part: the same part of the same measurement has the
 * same one. */
static int
put_identifier(struct dcor_exporter *x, struct dcor_err *err)
{
	const char *id = dcor_rtdc_id(x->m);
	struct dcor_hash *h = NULL;
	unsigned char md[16];
	struct dcor_buf b;
	char hex[33];
	uint64_t v[2];
	unsigned char le[16];
	size_t i, k;
	int rc;

	rc = dcor_hash_new(DCOR_MD5, &h, err);
	if (rc != DCOR_OK)
		return rc;
	if (id != NULL)
		dcor_hash_add(h, id, strlen(id));
	for (i = 0; i < x->sel->nv; i++) {
		v[0] = x->sel->v[i].first;
		v[1] = x->sel->v[i].n;
		for (k = 0; k < 16; k++)
			le[k] = (unsigned char)(v[k / 8] >> k % 8 * 8);
		dcor_hash_add(h, le, sizeof(le));
	}
	rc = dcor_hash_end(h, md, err);
	dcor_hash_free(h);
	if (rc != DCOR_OK)
		return rc;
	dcor_hex(md, sizeof(md), hex);
	dcor_buf_init(&b, 65536);
	dcor_buf_addf(&b, "%s%sdcor-%.7s", id != NULL ? id : "",
	    id != NULL ? "_" : "", hex);
	rc = dcor_buf_check(&b, err);
	if (rc == DCOR_OK)
		rc = dcor_h5out_text(x->o, "/", "experiment:run identifier",
		    dcor_buf_str(&b), err);
	dcor_buf_fini(&b);
	return rc;
}

static int
put_everything(struct dcor_exporter *x, struct dcor_err *err)
{
	int rc;

	rc = dcor_h5out_i64(x->o, "/", "experiment:event count",
	    (int64_t)x->sel->n, err);
	if (rc == DCOR_OK && !x->whole)
		rc = put_identifier(x, err);
	if (rc == DCOR_OK)
		rc = dcor_h5out_copy_attrs(x->o, "/", x->in, "/", err);
	if (rc == DCOR_OK)
		rc = put_events(x, err);
	if (rc == DCOR_OK && !x->opt->no_basins)
		rc = dcor_export_basins(x, err);
	if (rc == DCOR_OK && !x->opt->no_logs)
		rc = put_texts(x, "logs", err);
	if (rc == DCOR_OK && !x->opt->no_tables)
		rc = put_texts(x, "tables", err);
	if (rc == DCOR_OK)
		rc = put_log(x, err);
	if (rc == DCOR_OK)
		rc = put_unknown(x, err);
	return rc;
}

/* How many events there are: as the file says or, when it does not, as many
 * as its first feature has. */
static uint64_t
count_events(struct dcor_exporter *x)
{
	struct dcor_names name;
	struct dcor_feature f;
	uint64_t count = 0;
	int64_t n;
	size_t i;

	if (dcor_rtdc_i64(x->m, "experiment:event count", &n) && n >= 0)
		return (uint64_t)n;
	if (dcor_h5_list(x->in, "events", &name, NULL) != DCOR_OK)
		return 0;
	for (i = 0; i < name.n; i++)
		if (dcor_feat_find(name.name[i]) != NULL &&
		    dcor_rtdc_feature(x->m, name.name[i], &f, NULL) ==
		    DCOR_OK) {
			count = f.n;
			dcor_feature_fini(&f);
			break;
		}
	dcor_names_fini(&name);
	return count;
}

static int
is_source(const struct dcor_exporter *x)
{
	struct stat a, b;

	return stat(dcor_h5_path(x->in), &a) == 0 && stat(x->target, &b) ==
	    0 && a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

int
dcor_export_rtdc(struct dcor_rtdc *m, const struct dcor_sel *sel,
    const struct dcor_names *features, const struct dcor_export *opt,
    const char *path, struct dcor_pool *pool, struct dcor_err *err)
{
	struct dcor_exporter x = { .m = m, .in = dcor_rtdc_h5(m), .sel = sel,
	    .features = features, .opt = opt, .target = path, .pool = pool };
	struct dcor_tmp *t;
	int rc;

	if (is_source(&x))
		return dcor_err_set(err, DCOR_EARG, 0,
		    "%s: is the measurement itself", path);
	x.events = count_events(&x);
	x.whole = sel->n == x.events && (sel->n == 0 ||
	    (sel->nv == 1 && sel->v[0].first == 0));
	rc = dcor_tmp_new(path, &t, err);
	if (rc != DCOR_OK)
		return rc;
	rc = dcor_h5out_create(dcor_tmp_path(t), pool, &x.o, err);
	if (rc == DCOR_OK) {
		rc = put_everything(&x, err);
		if (rc == DCOR_OK)
			rc = dcor_h5out_close(x.o, NULL, err);
		else
			dcor_h5out_discard(x.o);
	}
	if (rc != DCOR_OK) {
		dcor_tmp_abandon(t);
		return rc;
	}
	return dcor_tmp_commit(t, opt->replace, err);
}

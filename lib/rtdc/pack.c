/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "rtdc/pack.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/tmp.h"
#include "rtdc/basin.h"
#include "rtdc/feat.h"

#define DEPTH		64		/* groups within groups */
#define OPEN_MAX	256		/* datasets that are copied from */
#define STEP		16		/* chunks between two looks around */
#define TEXT_MAX	((uint64_t)64 << 20)
#define PATH_LEN	65536

/* An object with more than one name, and the first of them. */
struct shared {
	uint64_t		 addr;
	char			*path;
};

struct walk {
	const struct dcor_pack	*p;
	struct dcor_h5		*in;
	struct dcor_h5out	*o;		/* NULL: only a plan */
	struct dcor_pack_stats	*st;
	struct dcor_basin	*basin;
	size_t			 nbasin;
	struct shared		*shared;
	size_t			 nshared;
	struct dcor_dset	*open[OPEN_MAX];
	size_t			 nopen;
	uint64_t		 done;		/* bytes, for progress */
	struct dcor_err		*err;
};

static int look_around(struct walk *w);
static int visit_group(struct walk *w, const char *path, unsigned depth);

static int
is_in(const char *path, const char *group)
{
	size_t n = strlen(group);

	return strncmp(path, group, n) == 0 && path[n] == '/';
}

/* Whether a basin that goes, and none that stays, needs that map. */
static int
map_goes(const struct walk *w, const char *name)
{
	unsigned goes, stays = 0, gone = 0;
	size_t i;

	for (i = 0; i < w->nbasin; i++) {
		if (w->basin[i].mapping == NULL ||
		    strcmp(w->basin[i].mapping, name) != 0)
			continue;
		goes = w->basin[i].type == DCOR_BASIN_INTERNAL ?
		    DCOR_DROP_INTERNAL : DCOR_DROP_BASINS;
		if (w->p->drop & goes)
			gone++;
		else
			stays++;
	}
	return gone > 0 && stays == 0;
}

static int
basin_goes(const struct walk *w, const char *key)
{
	size_t i;

	for (i = 0; i < w->nbasin; i++)
		if (strcmp(w->basin[i].key, key) == 0)
			return w->p->drop & (w->basin[i].type ==
			    DCOR_BASIN_INTERNAL ? DCOR_DROP_INTERNAL :
			    DCOR_DROP_BASINS);
	return 0;
}

/* Whether no program knows what that is. */
static int
is_unknown(const char *path)
{
	static const char *const root[] = { "events", "logs", "tables",
		"basins", "basin_events" };
	const char *name = strchr(path, '/');
	size_t i, n = name != NULL ? (size_t)(name - path) : strlen(path);

	for (i = 0; i < sizeof(root) / sizeof(root[0]); i++)
		if (strlen(root[i]) == n && strncmp(path, root[i], n) == 0)
			break;
	if (i == sizeof(root) / sizeof(root[0]))
		return 1;
	return name != NULL && strchr(name + 1, '/') == NULL &&
	    (i == 0 || i == 4) && dcor_feat_find(name + 1) == NULL;
}

static int
is_stripped(const struct walk *w, const char *path)
{
	const char *name;
	size_t i;

	for (i = 0; i < w->p->nstrip; i++) {
		name = path;
		if (strchr(w->p->strip[i], '/') == NULL) {
			if (!is_in(path, "events") &&
			    !is_in(path, "basin_events"))
				continue;
			name = strchr(path, '/') + 1;
		}
		if (fnmatch(w->p->strip[i], name, FNM_PATHNAME) == 0)
			return 1;
	}
	return 0;
}

/* Whether what is at path, of that kind, is not to be copied. */
static int
goes(const struct walk *w, const char *path, enum dcor_h5kind kind)
{
	const struct dcor_featinfo *f;
	unsigned drop = w->p->drop;
	const char *name = strchr(path, '/');
	int feature = (is_in(path, "events") || is_in(path, "basin_events"))
	    && strchr(name + 1, '/') == NULL;

	if (is_stripped(w, path) ||
	    (drop & DCOR_DROP_LOGS && strcmp(path, "logs") == 0) ||
	    (drop & DCOR_DROP_TABLES && strcmp(path, "tables") == 0) ||
	    (drop & DCOR_DROP_INTERNAL && strcmp(path, "basin_events") == 0)
	    || (drop & DCOR_DROP_UNKNOWN && is_unknown(path)))
		return 1;
	if (is_in(path, "basins"))
		return basin_goes(w, name + 1);
	if (feature && is_in(path, "events") && strncmp(name + 1, "basinmap",
	    8) == 0)
		return map_goes(w, name + 1);
	if (!feature || !(drop & DCOR_DROP_IMAGES))
		return 0;
	f = dcor_feat_find(name + 1);
	return kind == DCOR_H5_GROUP ||
	    (f != NULL && f->kind != DCOR_FEATKIND_SCALAR);
}

/* Closes what was copied from. */
static int
flush(struct walk *w)
{
	int rc = DCOR_OK;
	size_t i;

	if (w->o != NULL && w->nopen > 0)
		rc = dcor_h5out_flush(w->o, w->err);
	for (i = 0; i < w->nopen; i++)
		dcor_dset_close(w->open[i]);
	w->nopen = 0;
	return rc;
}

static int
look_around(struct walk *w)
{
	if (w->p->progress != NULL)
		w->p->progress(w->p->ctx, w->done);
	if (w->p->stopped != NULL && w->p->stopped(w->p->ctx))
		return dcor_err_set(w->err, DCOR_ETEMP, 0, "interrupted");
	return DCOR_OK;
}

/* Rows of a chunk of the result; 0: as they are. */
static uint64_t
chunk_rows(const struct walk *w, const struct dcor_dset *d)
{
	const struct dcor_h5dset *i = dcor_dset_info(d);
	uint64_t rows = dcor_dset_rows(d), size, n;
	unsigned k;
	int whole = i->layout == DCOR_H5_CHUNKED;

	size = dcor_dset_row_size(d) > 0 ? dcor_dset_row_size(d) : 1;
	for (k = 1; k < i->rank; k++)
		whole = whole && i->chunk[k] == i->dim[k];
	if (w->p->chunk_bytes > 0)
		n = w->p->chunk_bytes / size;
	else if (whole)
		return 0;
	else
		n = ((uint64_t)1 << 20) / size < 10 ? 10 :
		    ((uint64_t)1 << 20) / size;
	n = n > rows ? rows : n;
	return n < 1 ? 1 : n;
}

static int
copy_rows(struct walk *w, struct dcor_h5col *c, const struct dcor_dset *d)
{
	uint64_t at, n, rows = dcor_dset_rows(d);
	uint64_t step = STEP * dcor_h5col_chunk_rows(c);
	int rc = DCOR_OK;

	for (at = 0; rc == DCOR_OK && at < rows; at += n) {
		n = rows - at < step ? rows - at : step;
		rc = dcor_h5col_copy(c, d, at, n, w->err);
		w->done += n * dcor_dset_row_size(d);
		if (rc == DCOR_OK)
			rc = look_around(w);
	}
	return rc == DCOR_OK ? dcor_h5col_finish(c, w->err) : rc;
}

/* Text of variable length is not compressed: lines of one length are, and
 * every reader knows them.  1 when that was done. */
static int
copy_text(struct walk *w, const char *path, const struct dcor_dset *d,
    int *done)
{
	const struct dcor_h5dset *i = dcor_dset_info(d);
	struct dcor_names line;
	uint64_t longest = 0;
	size_t k, len;
	int rc;

	*done = 0;
	if (w->p->level < 0 || i->rank != 1 || i->type.cls != DCOR_H5_VLEN ||
	    dcor_dset_read_lines(w->in, path, &line, NULL) != DCOR_OK)
		return DCOR_OK;
	for (k = 0; k < line.n; k++) {
		len = strlen(line.name[k]);
		longest = len > longest ? len : longest;
	}
	rc = DCOR_OK;
	if (longest == 0 || line.n <= TEXT_MAX / longest) {
		*done = 1;
		if (w->o != NULL)
			rc = dcor_h5out_lines(w->o, path,
			    (const char *const *)line.name, line.n, w->err);
		if (rc == DCOR_OK && w->o != NULL)
			rc = dcor_h5out_copy_attrs(w->o, path, w->in, path,
			    w->err);
	}
	dcor_names_fini(&line);
	return rc;
}

static int
verbatim(struct walk *w, const char *path)
{
	w->st->verbatim++;
	return w->o == NULL ? DCOR_OK : dcor_h5out_copy_verbatim(w->o, path,
	    w->in, path, w->err);
}

/* Whether the chunks of d are what is wanted. */
static int
fits(const struct walk *w, const struct dcor_dset *d, uint64_t rows)
{
	const struct dcor_h5dset *i = dcor_dset_info(d);

	if (w->p->level == DCOR_LEVEL_ASIS)
		return i->layout == DCOR_H5_CHUNKED;
	return dcor_dset_has_filters(d, w->p->level) &&
	    (rows == 0 || rows == i->chunk[0]);
}

static int
visit_dataset(struct walk *w, const char *path)
{
	const struct dcor_h5dset *i;
	struct dcor_h5spec spec = { .level = w->p->level };
	struct dcor_h5col *c;
	struct dcor_dset *d;
	int rc, done;

	w->st->datasets++;
	if (dcor_dset_open(w->in, path, &d, NULL) != DCOR_OK)
		return verbatim(w, path);	/* scalars; what is damaged */
	i = dcor_dset_info(d);
	rc = copy_text(w, path, d, &done);
	if (rc != DCOR_OK || done || !dcor_h5out_can_like(d) ||
	    !dcor_dset_is_fast(d) || dcor_dset_row_size(d) == 0 ||
	    (spec.level == DCOR_LEVEL_ASIS && i->layout != DCOR_H5_CHUNKED)) {
		dcor_dset_close(d);
		return rc != DCOR_OK || done ? rc : verbatim(w, path);
	}
	spec.chunk_rows = spec.level == DCOR_LEVEL_ASIS ? 0 :
	    chunk_rows(w, d);
	w->st->stored += fits(w, d, spec.chunk_rows);
	w->st->bytes += i->dim[0] * dcor_dset_row_size(d);
	if (w->o == NULL) {
		dcor_dset_close(d);
		return DCOR_OK;
	}
	rc = dcor_h5out_like(w->o, path, d, &spec, &c, w->err);
	if (rc == DCOR_OK)
		rc = dcor_h5out_copy_attrs(w->o, path, w->in, path, w->err);
	w->open[w->nopen++] = d;
	if (rc == DCOR_OK)
		rc = copy_rows(w, c, d);
	return rc == DCOR_OK && w->nopen == OPEN_MAX ? flush(w) : rc;
}

/* Objects with two names keep both.  1: it was that. */
static int
visit_shared(struct walk *w, const char *path, int *done)
{
	struct shared *v;
	uint64_t addr;
	size_t i;
	int rc;

	*done = 0;
	if (!dcor_h5_is_shared(w->in, path))
		return DCOR_OK;
	rc = dcor_h5_addr(w->in, path, &addr, w->err);
	if (rc != DCOR_OK)
		return rc;
	for (i = 0; i < w->nshared && w->shared[i].addr != addr; i++)
		;
	if (i < w->nshared) {
		*done = 1;
		return w->o == NULL ? DCOR_OK : dcor_h5out_link(w->o, path,
		    w->shared[i].path, w->err);
	}
	v = realloc(w->shared, (i + 1) * sizeof(*v));
	if (v == NULL)
		return dcor_err_nomem(w->err);
	w->shared = v;
	v[i].addr = addr;
	v[i].path = strdup(path);
	if (v[i].path == NULL)
		return dcor_err_nomem(w->err);
	w->nshared++;
	return DCOR_OK;
}

/* A basin that has features which go, without them.  1: it was that. */
static int
visit_basin(struct walk *w, const char *key, int *done)
{
	struct dcor_basin *b = NULL, less;
	struct dcor_names keep = { NULL, 0 };
	const struct dcor_featinfo *f;
	size_t i;
	int rc = DCOR_OK;

	*done = 0;
	for (i = 0; i < w->nbasin; i++)
		if (strcmp(w->basin[i].key, key) == 0)
			b = &w->basin[i];
	if (b == NULL || b->type != DCOR_BASIN_INTERNAL || b->any ||
	    !(w->p->drop & DCOR_DROP_IMAGES))
		return DCOR_OK;
	keep.name = calloc(b->features.n + 1, sizeof(*keep.name));
	if (keep.name == NULL)
		return dcor_err_nomem(w->err);
	for (i = 0; i < b->features.n; i++) {
		f = dcor_feat_find(b->features.name[i]);
		if (f == NULL || f->kind == DCOR_FEATKIND_SCALAR)
			keep.name[keep.n++] = b->features.name[i];
	}
	*done = keep.n < b->features.n;
	less = *b;
	less.features = keep;
	if (*done && keep.n == 0)
		w->st->dropped++;
	else if (*done && w->o != NULL)
		rc = dcor_basin_write(w->o, &less, w->err);
	free(keep.name);
	return rc;
}

static int
visit(struct walk *w, const char *path, unsigned depth)
{
	enum dcor_h5kind kind = dcor_h5_kind(w->in, path);
	int rc, done;

	if (goes(w, path, kind)) {
		w->st->dropped++;
		return DCOR_OK;
	}
	if (kind == DCOR_H5_OTHER)
		return w->o == NULL ? DCOR_OK : dcor_h5out_copy_verbatim(w->o,
		    path, w->in, path, w->err);
	rc = visit_shared(w, path, &done);
	if (rc == DCOR_OK && !done && is_in(path, "basins"))
		rc = visit_basin(w, path + strlen("basins/"), &done);
	if (rc != DCOR_OK || done)
		return rc;
	return kind == DCOR_H5_GROUP ? visit_group(w, path, depth) :
	    visit_dataset(w, path);
}

static int
visit_group(struct walk *w, const char *path, unsigned depth)
{
	struct dcor_names name;
	struct dcor_buf child;
	int rc = DCOR_OK, top = strcmp(path, "/") == 0;
	size_t i;

	if (depth == DEPTH)
		return dcor_err_set(w->err, DCOR_EDATA, 0,
		    "%s: groups are nested too deep", path);
	if (w->o != NULL && !top)
		rc = dcor_h5out_group(w->o, path, w->err);
	if (rc == DCOR_OK && w->o != NULL)
		rc = dcor_h5out_copy_attrs(w->o, path, w->in, path, w->err);
	if (rc == DCOR_OK)
		rc = dcor_h5_list(w->in, path, &name, w->err);
	if (rc != DCOR_OK)
		return rc;
	dcor_buf_init(&child, PATH_LEN);
	for (i = 0; rc == DCOR_OK && i < name.n; i++) {
		dcor_buf_clear(&child);
		if (!top)
			dcor_buf_addf(&child, "%s/", path);
		dcor_buf_adds(&child, name.name[i]);
		rc = dcor_buf_check(&child, w->err);
		if (rc == DCOR_OK)
			rc = visit(w, dcor_buf_str(&child), depth + 1);
		if (rc == DCOR_OK)
			rc = look_around(w);
	}
	dcor_buf_fini(&child);
	dcor_names_fini(&name);
	return rc;
}

static int
walk(struct dcor_h5out *o, struct dcor_h5 *in, const struct dcor_pack *p,
    struct dcor_pack_stats *st, struct dcor_err *err)
{
	struct walk w = { .p = p, .in = in, .o = o, .st = st, .err = err };
	int rc = DCOR_OK, closed;
	size_t i;

	memset(st, 0, sizeof(*st));
	if (p->drop & (DCOR_DROP_BASINS | DCOR_DROP_INTERNAL |
	    DCOR_DROP_IMAGES))
		rc = dcor_basins_read(in, &w.basin, &w.nbasin, err);
	if (rc == DCOR_OK)
		rc = visit_group(&w, "/", 0);
	closed = flush(&w);
	for (i = 0; i < w.nshared; i++)
		free(w.shared[i].path);
	free(w.shared);
	dcor_basins_free(w.basin, w.nbasin);
	return rc == DCOR_OK ? closed : rc;
}

int
dcor_pack_plan(struct dcor_h5 *in, const struct dcor_pack *p,
    struct dcor_pack_stats *st, struct dcor_err *err)
{
	struct dcor_pack quiet = *p;

	quiet.progress = NULL;
	return walk(NULL, in, &quiet, st, err);
}

int
dcor_pack_copy(struct dcor_h5out *o, struct dcor_h5 *in,
    const struct dcor_pack *p, struct dcor_pack_stats *st,
    struct dcor_err *err)
{
	return walk(o, in, p, st, err);
}

int
dcor_pack_file(struct dcor_h5 *in, const char *out, int replace,
    const struct dcor_pack *p, struct dcor_pack_stats *st,
    struct dcor_err *err)
{
	struct dcor_h5out *o = NULL;
	struct dcor_tmp *t = NULL;
	struct stat sb;
	int rc;

	if (!replace && lstat(out, &sb) == 0)
		return dcor_err_set(err, DCOR_ECREATE, EEXIST,
		    "%s: file exists", out);
	rc = dcor_tmp_new(out, &t, err);
	if (rc == DCOR_OK)
		rc = dcor_h5out_create_paged(dcor_tmp_path(t), p->pool,
		    p->page, &o, err);
	if (rc == DCOR_OK)
		rc = dcor_pack_copy(o, in, p, st, err);
	if (rc == DCOR_OK && p->add != NULL)
		rc = p->add(p->add_ctx, o, err);
	if (rc == DCOR_OK)
		rc = dcor_h5out_close(o, NULL, err);
	else
		dcor_h5out_discard(o);
	if (rc == DCOR_OK)
		rc = dcor_tmp_commit(t, replace, err);
	else
		dcor_tmp_abandon(t);
	return rc;
}

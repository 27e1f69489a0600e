/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Internal basins of the result: which of their rows an event has. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rtdc/basin.h"
#include "rtdc/joinpriv.h"

#define MAPS	10		/* basinmap0 ... basinmap9 */

/* A mapping and the features that go through it. */
struct group {
	uint64_t	*map;
	struct dcor_names names;
	const struct join_feat *feat;	/* the first of them */
};

/* The rows of all events; the caller frees it. */
static uint64_t *
map_of(const struct dcor_join *j, const struct join_feat *f)
{
	uint64_t *map = malloc((size_t)(j->events > 0 ? j->events : 1) *
	    sizeof(*map)), before = 0, k;
	const struct dcor_feature *src;
	size_t i;

	for (i = 0; map != NULL && i < j->n; i++) {
		src = &f->src[i].f;
		for (k = 0; k < j->in[i].pub.events; k++)
			map[j->in[i].pub.first + k] = before + src->map[k];
		if (src->set != NULL)
			before += dcor_dset_rows(src->set);
	}
	return map;
}

/* Puts a feature into the group that has its mapping, or a new one. */
static int
add(const struct dcor_join *j, struct group *g, int *n,
    const struct join_feat *f, struct dcor_err *err)
{
	uint64_t *map = map_of(j, f);
	int k;

	if (map == NULL)
		return dcor_err_nomem(err);
	for (k = 0; k < *n; k++)
		if (memcmp(g[k].map, map, (size_t)j->events * sizeof(*map)) ==
		    0)
			break;
	if (k < *n)
		free(map);
	else if (*n < MAPS) {
		g[k].map = map;
		g[k].feat = f;
		++*n;
	} else {
		free(map);
		return dcor_err_set(err, DCOR_EDATA, 0, "more than %d "
		    "mappings of internal basins", MAPS);
	}
	return dcor_names_add(&g[k].names, f->name, strlen(f->name), err);
}

/* Name and description that the first input gives the feature's basin. */
static int
describe(const struct dcor_join *j, const struct join_feat *f,
    struct dcor_basin **list, size_t *n, struct dcor_basin *b,
    struct dcor_err *err)
{
	size_t i, k;
	int rc;

	for (i = 0; i < j->n && f->src[i].f.set == NULL; i++)
		;
	*list = NULL;
	*n = 0;
	if (i == j->n)
		return DCOR_OK;
	rc = dcor_basins_read(dcor_rtdc_h5(j->in[i].m), list, n, err);
	for (k = 0; rc == DCOR_OK && k < *n; k++)
		if ((*list)[k].type == DCOR_BASIN_INTERNAL &&
		    dcor_basin_lists(&(*list)[k], f->name)) {
			b->name = (*list)[k].name;
			b->description = (*list)[k].description;
			break;
		}
	return rc;
}

static int
put_group(const struct dcor_join *j, struct dcor_h5out *out,
    const struct group *g, int k, struct dcor_err *err)
{
	char slot[16], path[32], where[] = "basin_events", fmt[] = "h5dataset";
	char *paths[] = { where };
	struct dcor_h5spec spec = {
		.type = { .cls = DCOR_H5_INT, .size = 8 }, .rank = 1,
		.level = j->o->level
	};
	struct dcor_basin b = {
		.type = DCOR_BASIN_INTERNAL, .format = fmt, .mapping = slot,
		.paths = { paths, 1 }, .features = g->names
	}, *list;
	struct dcor_h5col *col;
	size_t n;
	int rc;

	snprintf(slot, sizeof(slot), "basinmap%u", (unsigned)k % 100);
	snprintf(path, sizeof(path), "events/%s", slot);
	rc = dcor_h5out_dset(out, path, &spec, &col, err);
	if (rc == DCOR_OK)
		rc = dcor_h5col_append(col, g->map, j->events, err);
	if (rc == DCOR_OK)
		rc = dcor_h5col_finish(col, err);
	if (rc != DCOR_OK)
		return rc;
	rc = describe(j, g->feat, &list, &n, &b, err);
	if (rc == DCOR_OK)
		rc = dcor_basin_write(out, &b, err);
	dcor_basins_free(list, n);
	return rc;
}

int
dcor_join_basins(struct dcor_join *j, struct dcor_h5out *out,
    struct dcor_err *err)
{
	struct group g[MAPS];
	int n = 0, k, rc = DCOR_OK;
	size_t i;

	memset(g, 0, sizeof(g));
	for (i = 0; rc == DCOR_OK && i < j->nfeat; i++)
		if (j->feat[i].internal)
			rc = add(j, g, &n, &j->feat[i], err);
	for (k = 0; rc == DCOR_OK && k < n; k++)
		rc = put_group(j, out, &g[k], k, err);
	for (k = 0; k < n; k++) {
		free(g[k].map);
		dcor_names_fini(&g[k].names);
	}
	return rc;
}

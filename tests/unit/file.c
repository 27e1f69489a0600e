/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Measurements and their basins: internal, file, mapped, chained, cyclic,
 * mistaken, missing; metadata and feature tables.
 */
#include <ftw.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rtdc/basin.h"
#include "rtdc/feat.h"
#include "rtdc/file.h"
#include "rtdc/meta.h"
#include "tap.h"

static struct dcor_pool *pool;

/* A file with an id, perhaps a feature, a mapping, a basin. */
static void
make(const char *path, const char *id, const char *feature, int base,
    uint64_t n, const uint64_t *map, const struct dcor_basin *b)
{
	struct dcor_h5spec spec = {
		.type = { .cls = DCOR_H5_INT, .size = 8 }, .rank = 1
	};
	struct dcor_h5out *o;
	struct dcor_h5col *c;
	char name[64];
	uint64_t i, v;

	if (dcor_h5out_create(path, pool, &o, NULL) != 0)
		exit(1);
	dcor_h5out_group(o, "events", NULL);
	if (id != NULL)
		dcor_h5out_text(o, "/", "experiment:run identifier", id,
		    NULL);
	if (feature != NULL) {
		snprintf(name, sizeof(name), "events/%s", feature);
		dcor_h5out_dset(o, name, &spec, &c, NULL);
		for (i = 0; i < n; i++) {
			v = (uint64_t)base + i;
			dcor_h5col_append(c, &v, 1, NULL);
		}
	}
	if (map != NULL) {
		dcor_h5out_dset(o, "events/basinmap0", &spec, &c, NULL);
		dcor_h5col_append(c, map, n, NULL);
	}
	if (b != NULL && dcor_basin_write(o, b, NULL) != 0)
		exit(1);
	if (dcor_h5out_close(o, NULL, NULL) != 0)
		exit(1);
}

/* The values of a feature as text, or why there are none. */
static const char *
values(const char *path, const char *feature)
{
	static char text[512];
	struct dcor_err err = DCOR_ERR_INIT;
	struct dcor_reader *r = NULL;
	struct dcor_feature f;
	struct dcor_rtdc *m;
	uint64_t v, i;
	size_t at = 0;

	if (dcor_rtdc_open(path, &m, &err) != DCOR_OK)
		return dcor_code_name(err.code);
	if (dcor_rtdc_feature(m, feature, &f, &err) != DCOR_OK ||
	    dcor_reader_new(&r, &err) != DCOR_OK) {
		dcor_rtdc_close(m);
		return dcor_code_name(err.code);
	}
	text[0] = '\0';
	for (i = 0; i < f.n; i++) {
		if (dcor_feature_read(&f, r, i, 1, &v, &err) != DCOR_OK)
			break;
		at += (size_t)snprintf(text + at, sizeof(text) - at, "%s%d",
		    i > 0 ? " " : "", (int)v);
	}
	dcor_reader_free(r);
	dcor_feature_fini(&f);
	dcor_rtdc_close(m);
	return err.code == DCOR_OK ? text : dcor_code_name(err.code);
}

static int
is(const char *got, const char *want)
{
	if (strcmp(got, want) == 0)
		return 1;
	printf("# got %s, want %s\n", got, want);
	return 0;
}

static struct dcor_basin
basin(const char *mapping, const char *identifier, char **path, size_t n)
{
	static char name[] = "b", format[] = "hdf5", temp[] = "temp";
	static char *features[] = { temp };
	struct dcor_basin b = { .type = DCOR_BASIN_FILE, .name = name,
		.format = format, .paths = { path, n },
		.features = { features, 1 } };

	b.mapping = (char *)(uintptr_t)mapping;
	b.identifier = (char *)(uintptr_t)identifier;
	return b;
}

static void
basins(void)
{
	static const uint64_t map1[] = { 4, 0, 4, 2 }, map2[] = { 3, 1 },
	    wild[] = { 0, 5 };
	char a[] = "a.rtdc", b[] = "b.rtdc", self[] = "loop.rtdc",
	    gone[] = "/nowhere/gone.rtdc", moved[] = "/nowhere/a.rtdc",
	    sub[] = "sub/s.rtdc";
	char *pa[] = { gone, a }, *pb[] = { b }, *pself[] = { self },
	    *pgone[] = { gone }, *pmoved[] = { moved }, *psub[] = { sub };
	struct dcor_basin d;

	make("a.rtdc", "run", "temp", 10, 5, NULL, NULL);
	OK(is(values("a.rtdc", "temp"), "10 11 12 13 14"));
	OK(is(values("a.rtdc", "time"), "noent"));

	d = basin("basinmap0", "run", pa, 2);
	make("b.rtdc", "run_dcn-1", NULL, 0, 4, map1, &d);
	OK(is(values("b.rtdc", "temp"), "14 10 14 12"));

	d = basin("basinmap0", "run_dcn-1", pb, 1);
	make("c.rtdc", "run_dcn-1_x", NULL, 0, 2, map2, &d);
	OK(is(values("c.rtdc", "temp"), "12 10"));

	d = basin(NULL, NULL, pa, 2);
	make("same.rtdc", NULL, NULL, 0, 0, NULL, &d);
	OK(is(values("same.rtdc", "temp"), "10 11 12 13 14"));

	d = basin("basinmap0", "another", pa, 2);
	make("wrong.rtdc", "run", NULL, 0, 4, map1, &d);
	OK(is(values("wrong.rtdc", "temp"), "noent"));
	d = basin("basinmap0", NULL, pa, 2);
	make("wrong.rtdc", "other", NULL, 0, 4, map1, &d);
	OK(is(values("wrong.rtdc", "temp"), "noent"));

	d = basin("basinmap0", "run", pa, 2);
	make("wild.rtdc", "run", NULL, 0, 2, wild, &d);
	OK(is(values("wild.rtdc", "temp"), "data"));
	make("nomap.rtdc", "run", NULL, 0, 0, NULL, &d);
	OK(is(values("nomap.rtdc", "temp"), "data"));

	d = basin(NULL, NULL, pself, 1);
	make("loop.rtdc", "run", NULL, 0, 0, NULL, &d);
	OK(is(values("loop.rtdc", "temp"), "noent"));
	d = basin(NULL, NULL, pgone, 1);
	make("gone.rtdc", "run", NULL, 0, 0, NULL, &d);
	OK(is(values("gone.rtdc", "temp"), "noent"));
	/* moved together: a file of that name beside the referring one */
	d = basin(NULL, NULL, pmoved, 1);
	make("moved.rtdc", "run", NULL, 0, 0, NULL, &d);
	OK(is(values("moved.rtdc", "temp"), "10 11 12 13 14"));

	mkdir("sub", 0777);
	make("sub/s.rtdc", "run", "temp", 70, 2, NULL, NULL);
	d = basin(NULL, NULL, psub, 1);
	make("t.rtdc", "run", NULL, 0, 0, NULL, &d);
	OK(is(values("t.rtdc", "temp"), "70 71"));
	make("s.rtdc", "run", "temp", 90, 2, NULL, NULL);
	OK(is(values("t.rtdc", "temp"), "70 71"));
	OK(is(values("none.rtdc", "temp"), "noent"));
}

/* A sample with basins of every kind; values as h5py shows them. */
static void
sample(const char *data)
{
	struct dcor_err err = DCOR_ERR_INIT;
	struct dcor_reader *r = NULL;
	struct dcor_basin *b = NULL;
	struct dcor_feature f;
	struct dcor_rtdc *m;
	unsigned char img[600];
	char path[4096];
	size_t n = 0;

	snprintf(path, sizeof(path),
	    "%s/rtdc/basins_internal_file_remote.rtdc", data);
	if (access(path, R_OK) != 0)
		return;
	OK(dcor_rtdc_open(path, &m, &err) == DCOR_OK);
	OK(dcor_basins_read(dcor_rtdc_h5(m), &b, &n, &err) == DCOR_OK);
	OK(n == 3 && b[0].type == DCOR_BASIN_INTERNAL &&
	    strcmp(b[0].mapping, "basinmap0") == 0 &&
	    b[1].type == DCOR_BASIN_FILE && b[1].mapping == NULL &&
	    strcmp(b[1].identifier, "abc") == 0 && b[1].paths.n == 2 &&
	    strcmp(b[1].paths.name[1], "x\xc3\xbc.rtdc") == 0 &&
	    b[2].type == DCOR_BASIN_REMOTE && b[2].any);
	dcor_basins_free(b, n);
	OK(dcor_rtdc_feature(m, "image_bg", &f, &err) == DCOR_OK);
	OK(f.internal && f.n == 12 && f.map[3] == 0 && f.map[4] == 1 &&
	    f.map[9] == 2);
	OK(dcor_reader_new(&r, &err) == DCOR_OK);
	OK(dcor_feature_read(&f, r, 0, 1, img, &err) == DCOR_OK &&
	    img[0] == 7 && img[599] == 7);
	OK(dcor_rtdc_id(m) != NULL && strlen(dcor_rtdc_id(m)) == 36);
	dcor_reader_free(r);
	dcor_feature_fini(&f);
	dcor_rtdc_close(m);
}

static void
tables(void)
{
	struct dcor_rtdc *m;
	struct dcor_h5out *o;

	OK(dcor_feat_find("area_um")->kind == DCOR_FEATKIND_SCALAR);
	OK(dcor_feat_find("image")->kind == DCOR_FEATKIND_IMAGE);
	OK(dcor_feat_find("fl3_max_ctc") != NULL);
	OK(dcor_feat_find("fl4_max") == NULL);
	OK(dcor_feat_find("userdef9") != NULL);
	OK(dcor_feat_find("userdef10") == NULL);
	OK(dcor_feat_find("ml_score_a1z") != NULL);
	OK(dcor_feat_find("ml_score_a1") == NULL);
	OK(dcor_feat_find("def") == NULL && dcor_feat_find("") == NULL);
	OK(dcor_meta_find("imaging:pixel size")->type == DCOR_META_FLOAT);
	OK(dcor_meta_find("setup:chip region")->type == DCOR_META_LCSTR);
	OK(dcor_meta_find("setup:Chip region") == NULL);
	OK(dcor_meta_find("online_filter:area_um min")->type ==
	    DCOR_META_FLOAT);
	OK(dcor_meta_find("online_filter:area_um soft limit")->type ==
	    DCOR_META_BOOL);
	OK(dcor_meta_find("online_filter:area_um,deform polygon points")
	    ->type == DCOR_META_POINTS);
	OK(dcor_meta_find("online_filter:peter min") == NULL);
	OK(dcor_meta_find("user:x")->type == DCOR_META_ANY);
	OK(dcor_meta_find("user: ") == NULL && dcor_meta_find("x") == NULL);

	/* a measurement identifier that dclab computes */
	if (dcor_h5out_create("id.rtdc", pool, &o, NULL) != DCOR_OK)
		exit(1);
	dcor_h5out_text(o, "/", "experiment:time", "10:04:03", NULL);
	dcor_h5out_text(o, "/", "experiment:date", "2018-12-11", NULL);
	dcor_h5out_text(o, "/", "setup:identifier",
	    "ZMDD-AcC-fe3cdd-2a2250", NULL);
	OK(dcor_h5out_close(o, NULL, NULL) == DCOR_OK);
	OK(dcor_rtdc_open("id.rtdc", &m, NULL) == DCOR_OK);
	OK(is(dcor_rtdc_id(m), "354dc6ed-c745-5020-9295-b7285b12671c"));
	dcor_rtdc_close(m);
}

static int
drop(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

int
main(void)
{
	char dir[] = "/tmp/dcor-unit.XXXXXX", *data;
	const char *env = getenv("DCOR_TEST_DATA");

	data = realpath(env != NULL ? env : "../shared/data", NULL);
	if (mkdtemp(dir) == NULL || chdir(dir) != 0 ||
	    dcor_pool_new(1, &pool, NULL) != DCOR_OK)
		return 1;
	basins();
	tables();
	if (data != NULL)
		sample(data);
	free(data);
	dcor_pool_free(pool);
	if (chdir("/") != 0 || nftw(dir, drop, 8, FTW_DEPTH | FTW_PHYS) != 0)
		return 1;
	return DONE();
}

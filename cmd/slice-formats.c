/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * slice-formats.c - the kinds of output
 */
#include <string.h>

#include "cli.h"
#include "rtdc/export.h"
#include "rtdc/text.h"
#include "slice.h"

static int
write_text(const struct slice_work *w, enum dcor_textform form,
    struct dcor_err *err)
{
	struct dcor_textopts o = { .form = form, .header = w->j->header,
	    .name = w->name, .tick = slice_tick };

	return dcor_text_write(w->m, w->sel, w->features, &o, w->to,
	    w->s->pool, err);
}

static int
write_tsv(const struct slice_work *w, struct dcor_err *err)
{
	return write_text(w, DCOR_TEXT_TSV, err);
}

static int
write_csv(const struct slice_work *w, struct dcor_err *err)
{
	return write_text(w, DCOR_TEXT_CSV, err);
}

static int
write_json(const struct slice_work *w, struct dcor_err *err)
{
	return write_text(w, DCOR_TEXT_JSON, err);
}

static struct dcor_export
how(const struct slice_work *w)
{
	struct dcor_export x = { .level = w->s->level,
	    .replace = w->s->force, .stopped = cli_on_stopped,
	    .source = w->s->basin, .software = "dcor-slice " DCOR_VERSION };

	x.no_basins = slice_names_match(&w->s->strip, "basins");
	x.no_logs = slice_names_match(&w->s->strip, "logs");
	x.no_tables = slice_names_match(&w->s->strip, "tables");
	return x;
}

static int
write_rtdc(const struct slice_work *w, struct dcor_err *err)
{
	struct dcor_export x = how(w);

	return dcor_export_rtdc(w->m, w->sel, w->features, &x, w->path,
	    w->s->pool, err);
}

static int
write_png(const struct slice_work *w, struct dcor_err *err)
{
	struct dcor_export x = how(w);

	return dcor_export_png(w->m, w->sel, w->features, &x, w->path,
	    w->s->pool, err);
}

#define STREAM(name) \
static int \
write_##name(const struct slice_work *w, struct dcor_err *err) \
{ \
	struct dcor_export x = how(w); \
\
	return dcor_export_##name(w->m, w->sel, w->features, &x, w->to, \
	    w->s->pool, err); \
}
STREAM(npy)
STREAM(npz)
STREAM(raw)
STREAM(tiff)

static const struct slice_format formats[] = {
	{ "tsv", ".tsv .txt", "*", SLICE_TEXT | SLICE_STREAM | SLICE_SCALARS,
	    write_tsv },
	{ "csv", ".csv", "*", SLICE_TEXT | SLICE_STREAM | SLICE_SCALARS,
	    write_csv },
	{ "json", ".json .jsonl .ndjson", "*",
	    SLICE_TEXT | SLICE_STREAM | SLICE_SCALARS, write_json },
	{ "rtdc", ".rtdc", NULL, 0, write_rtdc },
	{ "npy", ".npy", "image", SLICE_STREAM, write_npy },
	{ "npz", ".npz", NULL, SLICE_STREAM, write_npz },
	{ "raw", ".raw .bin", "image", SLICE_STREAM, write_raw },
	{ "tiff", ".tiff .tif", "image", SLICE_STREAM, write_tiff },
	{ "png", ".png", "image", SLICE_PATTERN, write_png },
	{ NULL, NULL, NULL, 0, NULL }
};

const struct slice_format *
slice_format_find(const char *name)
{
	const struct slice_format *f;

	for (f = formats; f->name != NULL; f++)
		if (strcmp(f->name, name) == 0)
			return f;
	return NULL;
}

const struct slice_format *
slice_format_of(const char *path)
{
	const char *dot = strrchr(path, '.'), *p;
	const struct slice_format *f;
	size_t n;

	for (f = formats; dot != NULL && f->name != NULL; f++)
		for (p = f->suffixes; *p != '\0'; p += n + (p[n] == ' ')) {
			n = strcspn(p, " ");
			if (strlen(dot) == n && strncmp(dot, p, n) == 0)
				return f;
		}
	return NULL;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "rtdc/text.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/num.h"

#define BLOCK_BYTES	((size_t)1 << 20)	/* of text, at most */
#define BLOCK_ROWS	((size_t)4096)

struct work {
	const struct dcor_textopts *o;
	struct dcor_cols *cols;
	size_t		 ncol;
	struct dcor_buf	*lead;		/* what stands before each number */
	struct dcor_buf	 open;		/* JSON: the beginning of a line */
	size_t		 row_max;	/* bytes of a line */
	size_t		 rows;		/* of a block */
	struct dcor_buf	*block;
	size_t		 nblock, first;	/* first: row of block 0 */
	size_t		 n;		/* rows in the window */
	uint64_t	*event;		/* their numbers, for JSON */
};

/* The name as a key: ,"name": */
static int
lead_json(struct dcor_buf *b, const char *name, struct dcor_err *err)
{
	struct dcor_jw w;
	int rc;

	dcor_buf_addc(b, ',');
	dcor_jw_init(&w, b, 0);
	dcor_jw_str(&w, name);
	rc = dcor_jw_done(&w, err);
	dcor_buf_addc(b, ':');
	return rc == DCOR_OK ? dcor_buf_check(b, err) : rc;
}

static int
open_json(struct work *w, struct dcor_err *err)
{
	struct dcor_buf *b = &w->open;
	struct dcor_jw j;
	int rc;

	dcor_buf_adds(b, "{\"type\":\"event\",\"measurement\":");
	dcor_jw_init(&j, b, 0);
	dcor_jw_str(&j, w->o->name);
	rc = dcor_jw_done(&j, err);
	dcor_buf_adds(b, ",\"event\":");
	return rc == DCOR_OK ? dcor_buf_check(b, err) : rc;
}

static int
start(struct work *w, unsigned workers, struct dcor_err *err)
{
	int json = w->o->form == DCOR_TEXT_JSON, rc = DCOR_OK;
	size_t i;

	w->nblock = 2 * (size_t)workers;
	w->lead = calloc(w->ncol + 1, sizeof(*w->lead));
	w->block = calloc(w->nblock, sizeof(*w->block));
	if (json)
		w->event = malloc(dcor_cols_window(w->cols) *
		    sizeof(*w->event));
	if (w->lead == NULL || w->block == NULL ||
	    (json && w->event == NULL))
		return dcor_err_nomem(err);
	if (json)
		rc = open_json(w, err);
	w->row_max = w->open.len + DCOR_NUM_SIZE + 2;
	for (i = 0; rc == DCOR_OK && i < w->ncol; i++) {
		dcor_buf_init(&w->lead[i], 4096);
		if (json)
			rc = lead_json(&w->lead[i],
			    dcor_cols_at(w->cols, i)->name, err);
		else if (i > 0)
			rc = dcor_buf_addc(&w->lead[i],
			    w->o->form == DCOR_TEXT_TSV ? '\t' : ',');
		w->row_max += w->lead[i].len + DCOR_NUM_SIZE;
	}
	w->rows = BLOCK_BYTES / w->row_max;
	if (w->rows > BLOCK_ROWS)
		w->rows = BLOCK_ROWS;
	if (w->rows == 0)
		w->rows = 1;
	for (i = 0; i < w->nblock; i++)
		dcor_buf_init(&w->block[i], w->rows * w->row_max);
	return rc;
}

static void
finish(struct work *w)
{
	size_t i;

	for (i = 0; w->lead != NULL && i < w->ncol; i++)
		dcor_buf_fini(&w->lead[i]);
	for (i = 0; w->block != NULL && i < w->nblock; i++)
		dcor_buf_fini(&w->block[i]);
	free(w->lead);
	free(w->block);
	free(w->event);
	dcor_buf_fini(&w->open);
	dcor_cols_close(w->cols);
}

#define AT(type)	(((const type *)c->data)[k])

static size_t
number(const struct dcor_col *c, size_t k, int json, char *out)
{
	switch (c->type) {
	case DCOR_COL_I8:	return dcor_num_i64(AT(int8_t), out);
	case DCOR_COL_I16:	return dcor_num_i64(AT(int16_t), out);
	case DCOR_COL_I32:	return dcor_num_i64(AT(int32_t), out);
	case DCOR_COL_I64:	return dcor_num_i64(AT(int64_t), out);
	case DCOR_COL_U8:	return dcor_num_u64(AT(uint8_t), out);
	case DCOR_COL_U16:	return dcor_num_u64(AT(uint16_t), out);
	case DCOR_COL_U32:	return dcor_num_u64(AT(uint32_t), out);
	case DCOR_COL_U64:	return dcor_num_u64(AT(uint64_t), out);
	default:
		break;
	}
	if (json && (c->type == DCOR_COL_F32 ? !isfinite(AT(float)) :
	    !isfinite(AT(double)))) {
		memcpy(out, "null", 4);
		return 4;
	}
	return c->type == DCOR_COL_F32 ? dcor_num_f32(AT(float), out) :
	    dcor_num_f64(AT(double), out);
}

/* Block b of those that are made at once. */
static void
format(void *arg, size_t b, unsigned worker)
{
	struct work *w = arg;
	struct dcor_buf *out = &w->block[b];
	int json = w->o->form == DCOR_TEXT_JSON;
	size_t k = w->first + b * w->rows, end = k + w->rows, i;
	char *p;

	(void)worker;
	dcor_buf_clear(out);
	if (k >= w->n || dcor_buf_room(out, w->rows * w->row_max) != DCOR_OK)
		return;
	if (end > w->n)
		end = w->n;
	p = out->p;
	for (; k < end; k++) {
		if (json) {
			memcpy(p, w->open.p, w->open.len);
			p += w->open.len;
			p += dcor_num_u64(w->event[k], p);
		}
		for (i = 0; i < w->ncol; i++) {
			if (w->lead[i].len > 0)
				memcpy(p, w->lead[i].p, w->lead[i].len);
			p += w->lead[i].len;
			p += number(dcor_cols_at(w->cols, i), k, json, p);
		}
		if (json)
			*p++ = '}';
		*p++ = '\n';
	}
	out->len = (size_t)(p - out->p);
}

static int
put(const struct dcor_buf *b, FILE *to, struct dcor_err *err)
{
	if (b->bad != 0)
		return dcor_buf_check(b, err);
	if (b->len > 0 && fwrite(b->p, 1, b->len, to) != b->len)
		return dcor_err_sys(err, errno, "output");
	return DCOR_OK;
}

static int
put_header(struct work *w, FILE *to, struct dcor_err *err)
{
	int tsv = w->o->form == DCOR_TEXT_TSV, rc;
	struct dcor_buf b;
	size_t i;

	dcor_buf_init(&b, (size_t)1 << 20);
	if (tsv)
		dcor_buf_addc(&b, '#');
	for (i = 0; i < w->ncol; i++) {
		if (i > 0)
			dcor_buf_addc(&b, tsv ? '\t' : ',');
		dcor_buf_adds(&b, dcor_cols_at(w->cols, i)->name);
	}
	dcor_buf_addc(&b, '\n');
	rc = put(&b, to, err);
	dcor_buf_fini(&b);
	return rc;
}

static int
put_window(struct work *w, const struct dcor_sel *part, FILE *to,
    struct dcor_pool *pool, struct dcor_err *err)
{
	size_t i, k = 0;
	uint64_t j;
	int rc = DCOR_OK;

	w->n = (size_t)part->n;
	for (i = 0; w->event != NULL && i < part->nv; i++)
		for (j = 0; j < part->v[i].n; j++)
			w->event[k++] = part->v[i].first + j;
	for (w->first = 0; rc == DCOR_OK && w->first < w->n;
	    w->first += w->nblock * w->rows) {
		dcor_pool_each(pool, w->nblock, format, w);
		for (i = 0; rc == DCOR_OK && i < w->nblock; i++)
			rc = put(&w->block[i], to, err);
	}
	return rc;
}

int
dcor_text_write(struct dcor_rtdc *m, const struct dcor_sel *sel,
    const struct dcor_names *features, const struct dcor_textopts *o,
    FILE *to, struct dcor_pool *pool, struct dcor_err *err)
{
	struct work w = { .o = o, .ncol = features->n };
	struct dcor_sel part = { 0 };
	struct dcor_selpos pos = { 0 };
	uint64_t done = 0;
	int rc;

	dcor_buf_init(&w.open, (size_t)1 << 16);
	rc = dcor_cols_open(m, (const char *const *)features->name,
	    features->n, 0, pool, &w.cols, err);
	if (rc == DCOR_OK)
		rc = start(&w, dcor_pool_workers(pool), err);
	if (rc == DCOR_OK && o->header && o->form != DCOR_TEXT_JSON)
		rc = put_header(&w, to, err);
	while (rc == DCOR_OK) {
		rc = dcor_sel_next(sel, &pos, dcor_cols_window(w.cols), &part,
		    err);
		if (rc != DCOR_OK || part.n == 0)
			break;
		rc = dcor_cols_load(w.cols, &part, err);
		if (rc == DCOR_OK)
			rc = put_window(&w, &part, to, pool, err);
		done += part.n;
		if (rc == DCOR_OK && o->tick != NULL && o->tick(done) != 0)
			rc = dcor_err_set(err, DCOR_ETEMP, 0, "stopped");
	}
	dcor_sel_fini(&part);
	finish(&w);
	return rc;
}

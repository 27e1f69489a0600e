/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "segm/ppid.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/hash.h"
#include "base/str.h"
#include "segm/ppidkw.h"

#define MAXLIST	512	/* bytes of one part */

static void
default_bg(struct dcor_pipeline *p, enum dcor_bg_code bg)
{
	p->bg = bg;
	p->kernel_size = bg == DCOR_BG_ROLLMED ? 100 : 200;
	p->split_time = 1;
	p->thresh_cleansing = 0;
	p->frac_cleansing = 0.8;
	p->offset_correction = 1;
	p->batch_size = 10000;
}

static void
default_part(struct dcor_pipeline *p, enum dcor_part part)
{
	switch (part) {
	case DCOR_PART_DATA:
		p->pixel_size = 0;
		memset(&p->map, 0, sizeof(p->map));
		break;
	case DCOR_PART_BACKGROUND:
		default_bg(p, p->bg);
		break;
	case DCOR_PART_SEGMENTER:
		p->thresh = -6;
		p->clear_border = p->fill_holes = 1;
		p->closing_disk = 2;
		break;
	case DCOR_PART_FEATURES:
		p->brightness = p->haralick = p->volume = 1;
		break;
	case DCOR_PART_GATE:
		p->online_gates = p->size_zero = 0;
		p->size_thresh_mask = 0;
		break;
	}
}

void
dcor_pipeline_default(struct dcor_pipeline *p)
{
	memset(p, 0, sizeof(*p));
	p->bg = DCOR_BG_SPARSEMED;
	default_part(p, DCOR_PART_DATA);
	default_part(p, DCOR_PART_BACKGROUND);
	default_part(p, DCOR_PART_SEGMENTER);
	default_part(p, DCOR_PART_FEATURES);
	default_part(p, DCOR_PART_GATE);
}

/* Cuts "CODE:" off text and makes *rest what follows, NULL for nothing.
 * A text that begins with a keyword has no code: NULL. */
static char *
cut_code(char *text, char **rest)
{
	char *colon = strchr(text, ':'), *equal = strchr(text, '=');

	*rest = text;
	if (equal != NULL && (colon == NULL || equal < colon))
		return NULL;
	*rest = colon;
	if (colon != NULL) {
		*colon++ = '\0';
		*rest = *colon != '\0' ? colon : NULL;
	}
	return text;
}

static int
check_rollmed(const struct dcor_pipeline *p, struct dcor_err *err)
{
	if (p->bg == DCOR_BG_ROLLMED && p->batch_size <= p->kernel_size)
		return dcor_err_set(err, DCOR_EARG, 0, "batch_size: %" PRIu64
		    " is not greater than the kernel size %" PRIu64,
		    p->batch_size, p->kernel_size);
	return DCOR_OK;
}

static int
set_background(struct dcor_pipeline *p, const char *code, char *list,
    struct dcor_err *err)
{
	enum dcor_bg_code bg = p->bg;
	int rc = DCOR_OK;

	if (code != NULL) {
		for (bg = DCOR_BG_SPARSEMED; bg <= DCOR_BG_COPY; bg++)
			if (strcmp(code, dcor_ppid_bg_name[bg]) == 0)
				break;
		if (bg > DCOR_BG_COPY)
			return dcor_err_set(err, DCOR_EARG, 0, "'%s': not "
			    "sparsemed, rollmed or copy", code);
	}
	default_bg(p, bg);
	if (list != NULL)
		rc = dcor_ppid_set(p, dcor_ppid_bg[bg], list, err);
	return rc == DCOR_OK ? check_rollmed(p, err) : rc;
}

static int
set_part(struct dcor_pipeline *p, const char *want, const struct dcor_kw *kw,
    const char *code, char *list, struct dcor_err *err)
{
	if (code != NULL && strcmp(code, want) != 0)
		return dcor_err_set(err, DCOR_EARG, 0, "'%s': not %s", code,
		    want);
	return list == NULL ? DCOR_OK : dcor_ppid_set(p, kw, list, err);
}

static int
set_segmenter(struct dcor_pipeline *p, const char *code, char *list,
    struct dcor_err *err)
{
	char *mask = list != NULL ? strchr(list, ':') : NULL;
	int rc;

	if (mask == NULL)
		return set_part(p, "thresh", dcor_ppid_thresh_mask, code,
		    list, err);
	*mask++ = '\0';
	rc = set_part(p, "thresh", dcor_ppid_thresh, code,
	    *list != '\0' ? list : NULL, err);
	if (rc == DCOR_OK && *mask != '\0')
		rc = dcor_ppid_set(p, dcor_ppid_mask, mask, err);
	return rc;
}

int
dcor_pipeline_set(struct dcor_pipeline *p, enum dcor_part part,
    const char *text, struct dcor_err *err)
{
	struct dcor_pipeline new = *p;
	char buf[MAXLIST], *code, *list;
	int n, rc = DCOR_EBUG;

	n = snprintf(buf, sizeof(buf), "%s", text);
	if (n < 0 || (size_t)n >= sizeof(buf))
		return dcor_err_set(err, DCOR_EARG, 0, "longer than %d bytes",
		    MAXLIST - 1);
	code = cut_code(buf, &list);
	default_part(&new, part);
	switch (part) {
	case DCOR_PART_DATA:
		rc = set_part(&new, "hdf", dcor_ppid_data, code, list, err);
		break;
	case DCOR_PART_BACKGROUND:
		rc = set_background(&new, code, list, err);
		break;
	case DCOR_PART_SEGMENTER:
		rc = set_segmenter(&new, code, list, err);
		break;
	case DCOR_PART_FEATURES:
		rc = set_part(&new, "legacy", dcor_ppid_legacy, code, list,
		    err);
		break;
	case DCOR_PART_GATE:
		rc = set_part(&new, "norm", dcor_ppid_norm, code, list, err);
		break;
	}
	if (rc == DCOR_OK)
		*p = new;
	return rc;
}

int
dcor_pipeline_parse(struct dcor_pipeline *p, const char *id,
    struct dcor_err *err)
{
	static const enum dcor_part order[] = {
		DCOR_PART_DATA, DCOR_PART_BACKGROUND, DCOR_PART_SEGMENTER,
		DCOR_PART_FEATURES, DCOR_PART_GATE
	};
	struct dcor_pipeline new;
	char buf[sizeof(((struct dcor_ppid *)0)->id)], *part[6], *s;
	size_t i, n = 0;
	int len, rc = DCOR_OK;

	len = snprintf(buf, sizeof(buf), "%s", id);
	for (s = buf; s != NULL && n < 6; n++) {
		part[n] = s;
		s = strchr(s, '|');
		if (s != NULL)
			*s++ = '\0';
	}
	if (len < 0 || (size_t)len >= sizeof(buf) || n != 6 || s != NULL)
		return dcor_err_set(err, DCOR_EARG, 0, "not an identifier of "
		    "six parts separated by '|'");
	if (strcmp(part[0], DCOR_PPID_GENERATION) != 0)
		return dcor_err_set(err, DCOR_EARG, 0, "pipeline generation "
		    "'%s': only " DCOR_PPID_GENERATION " can be replayed",
		    part[0]);
	dcor_pipeline_default(&new);
	for (i = 0; rc == DCOR_OK && i < 5; i++)
		rc = dcor_pipeline_set(&new, order[i], part[i + 1], err);
	if (rc == DCOR_OK)
		*p = new;
	return rc;
}

int
dcor_pipeline_id(const struct dcor_pipeline *p, struct dcor_ppid *out,
    struct dcor_err *err)
{
	const struct {
		const char		*code;
		const struct dcor_kw	*kw;
		char			*out;
		size_t			 size;
	} part[] = {
		{ "hdf", dcor_ppid_data, out->dat, sizeof(out->dat) },
		{ dcor_ppid_bg_name[p->bg], dcor_ppid_bg[p->bg], out->bg,
		    sizeof(out->bg) },
		{ "thresh", dcor_ppid_thresh, out->seg, sizeof(out->seg) },
		/* the list of the mask follows without a code */
		{ "", dcor_ppid_mask, out->seg, sizeof(out->seg) },
		{ "legacy", dcor_ppid_legacy, out->feat, sizeof(out->feat) },
		{ "norm", dcor_ppid_norm, out->gate, sizeof(out->gate) }
	};
	size_t i;
	int rc, n;

	memset(out, 0, sizeof(*out));
	snprintf(out->gen, sizeof(out->gen), "%s", DCOR_PPID_GENERATION);
	(void)dcor_ppid_map(&p->map, out->map, sizeof(out->map));
	rc = check_rollmed(p, err);
	for (i = 0; rc == DCOR_OK && i < sizeof(part) / sizeof(part[0]); i++)
		rc = dcor_ppid_add(p, part[i].code, part[i].kw, part[i].out,
		    part[i].size, err);
	if (rc != DCOR_OK)
		return rc;
	n = snprintf(out->id, sizeof(out->id), "%s|%s|%s|%s|%s|%s", out->gen,
	    out->dat, out->bg, out->seg, out->feat, out->gate);
	if (n < 0 || (size_t)n >= sizeof(out->id))
		return dcor_err_set(err, DCOR_EARG, 0,
		    "settings too long for an identifier");
	return dcor_md5_hex(out->id, (size_t)n, out->hash, err);
}

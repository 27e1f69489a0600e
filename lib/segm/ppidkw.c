/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "segm/ppidkw.h"

#include <inttypes.h>
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/json.h"
#include "base/str.h"

#define AT(member) offsetof(struct dcor_pipeline, member)

const struct dcor_kw dcor_ppid_data[] = {
	{ "pixel_size", "p", DCOR_KW_PIXEL, AT(pixel_size) },
	{ "index_mapping", "i", DCOR_KW_MAP, AT(map) },
	{ NULL, NULL, DCOR_KW_END, 0 }
};
static const struct dcor_kw kw_sparsemed[] = {
	{ "kernel_size", "k", DCOR_KW_U64, AT(kernel_size) },
	{ "split_time", "s", DCOR_KW_POSITIVE, AT(split_time) },
	{ "thresh_cleansing", "t", DCOR_KW_NOTNEG, AT(thresh_cleansing) },
	{ "frac_cleansing", "f", DCOR_KW_FRACTION, AT(frac_cleansing) },
	{ "offset_correction", "o", DCOR_KW_BOOL, AT(offset_correction) },
	{ NULL, NULL, DCOR_KW_END, 0 }
};
static const struct dcor_kw kw_rollmed[] = {
	{ "kernel_size", "k", DCOR_KW_EVEN, AT(kernel_size) },
	{ "batch_size", "b", DCOR_KW_U64, AT(batch_size) },
	{ NULL, NULL, DCOR_KW_END, 0 }
};
static const struct dcor_kw kw_none[] = {
	{ NULL, NULL, DCOR_KW_END, 0 }
};
const struct dcor_kw dcor_ppid_thresh[] = {
	{ "thresh", "t", DCOR_KW_NEGATIVE, AT(thresh) },
	{ NULL, NULL, DCOR_KW_END, 0 }
};
const struct dcor_kw dcor_ppid_mask[] = {
	{ "clear_border", "cle", DCOR_KW_BOOL, AT(clear_border) },
	{ "fill_holes", "f", DCOR_KW_BOOL, AT(fill_holes) },
	{ "closing_disk", "clo", DCOR_KW_DISK, AT(closing_disk) },
	{ NULL, NULL, DCOR_KW_END, 0 }
};
const struct dcor_kw dcor_ppid_thresh_mask[] = {
	{ "thresh", "t", DCOR_KW_NEGATIVE, AT(thresh) },
	{ "clear_border", "cle", DCOR_KW_BOOL, AT(clear_border) },
	{ "fill_holes", "f", DCOR_KW_BOOL, AT(fill_holes) },
	{ "closing_disk", "clo", DCOR_KW_DISK, AT(closing_disk) },
	{ NULL, NULL, DCOR_KW_END, 0 }
};
const struct dcor_kw dcor_ppid_legacy[] = {
	{ "brightness", "b", DCOR_KW_BOOL, AT(brightness) },
	{ "haralick", "h", DCOR_KW_BOOL, AT(haralick) },
	{ "volume", "v", DCOR_KW_BOOL, AT(volume) },
	{ NULL, NULL, DCOR_KW_END, 0 }
};
const struct dcor_kw dcor_ppid_norm[] = {
	{ "online_gates", "o", DCOR_KW_BOOL, AT(online_gates) },
	{ "size_thresh_mask", "s", DCOR_KW_SIZE, AT(size_thresh_mask) },
	{ NULL, NULL, DCOR_KW_END, 0 }
};

const struct dcor_kw *const dcor_ppid_bg[] = {
	[DCOR_BG_SPARSEMED] = kw_sparsemed,
	[DCOR_BG_ROLLMED] = kw_rollmed,
	[DCOR_BG_COPY] = kw_none
};
const char *const dcor_ppid_bg_name[] = {
	[DCOR_BG_SPARSEMED] = "sparsemed",
	[DCOR_BG_ROLLMED] = "rollmed",
	[DCOR_BG_COPY] = "copy"
};

#define MAXKW	8	/* more than the keywords of any part */

/* What a value of the type may be, for messages. */
static const char *
allowed(enum dcor_kw_type t)
{
	switch (t) {
	case DCOR_KW_BOOL:
		return "0, 1, true, false, yes or no";
	case DCOR_KW_DISK:
		return "an integer from 0 to 1000";
	case DCOR_KW_U64:
		return "an integer, at least 1";
	case DCOR_KW_EVEN:
		return "an even integer, at least 2";
	case DCOR_KW_SIZE:
		return "an integer from 0 to 4294967295";
	case DCOR_KW_POSITIVE:
		return "a number greater than 0";
	case DCOR_KW_NOTNEG:
		return "a number, at least 0";
	case DCOR_KW_FRACTION:
		return "a number greater than 0, at most 1";
	case DCOR_KW_NEGATIVE:
		return "a number less than 0";
	case DCOR_KW_PIXEL:
		return "a number from 0.00000001 to 1000000";
	default:
		return "a number";
	}
}

static int
real_ok(enum dcor_kw_type t, double v)
{
	switch (t) {
	case DCOR_KW_POSITIVE:
		return v > 0;
	case DCOR_KW_NOTNEG:
		return v >= 0;
	case DCOR_KW_FRACTION:
		return v > 0 && v <= 1;
	case DCOR_KW_NEGATIVE:
		return v < 0;
	default:
		return isfinite(v);
	}
}

static int
integer_ok(enum dcor_kw_type t, uint64_t v)
{
	switch (t) {
	case DCOR_KW_DISK:
		return v <= DCOR_CLOSING_DISK_MAX;
	case DCOR_KW_EVEN:
		return v >= 2 && v % 2 == 0;
	case DCOR_KW_SIZE:
		return v <= UINT32_MAX;
	default:
		return v >= 1;
	}
}

static int
parse_bool(const char *text, int *out)
{
	double v;

	if (strcasecmp(text, "true") == 0 || strcasecmp(text, "yes") == 0)
		v = 1;
	else if (strcasecmp(text, "false") == 0 ||
	    strcasecmp(text, "no") == 0)
		v = 0;
	else if (dcor_parse_double(text, &v) != DCOR_OK)
		return DCOR_EARG;
	*out = v < 0 || v > 0;
	return DCOR_OK;
}

/* Rounds to the eight decimals that the identifier shows. */
static int
parse_pixel(const char *text, double *out)
{
	char round[DCOR_PIXEL_SIZE];
	double v;

	if (dcor_parse_double(text, &v) != DCOR_OK || v < 0 || v > 1e6 ||
	    dcor_fmt_pixel(v, round) != DCOR_OK ||
	    dcor_parse_double(round, &v) != DCOR_OK || !(v > 0))
		return DCOR_EARG;
	*out = v;
	return DCOR_OK;
}

static int
set_value(struct dcor_pipeline *p, const struct dcor_kw *kw,
    const char *text, struct dcor_err *err)
{
	void *at = (char *)p + kw->at;
	uint64_t u;
	double d;
	int ok;

	switch (kw->type) {
	case DCOR_KW_MAP:
		return dcor_map_parse(at, text, err);
	case DCOR_KW_BOOL:
		ok = parse_bool(text, at) == DCOR_OK;
		break;
	case DCOR_KW_PIXEL:
		ok = parse_pixel(text, at) == DCOR_OK;
		break;
	case DCOR_KW_DISK:
	case DCOR_KW_U64:
	case DCOR_KW_EVEN:
	case DCOR_KW_SIZE:
		ok = dcor_parse_u64(text, &u) == DCOR_OK &&
		    integer_ok(kw->type, u);
		if (!ok)
			break;
		if (kw->type == DCOR_KW_DISK) {
			*(unsigned *)at = (unsigned)u;
		} else if (kw->type == DCOR_KW_SIZE) {
			*(uint32_t *)at = (uint32_t)u;
			p->size_zero = u == 0;
		} else {
			*(uint64_t *)at = u;
		}
		break;
	default:
		ok = dcor_parse_double(text, &d) == DCOR_OK &&
		    real_ok(kw->type, d);
		if (ok)
			*(double *)at = d;
		break;
	}
	if (!ok)
		return dcor_err_set(err, DCOR_EARG, 0, "%s: '%s' is not %s",
		    kw->name, text, allowed(kw->type));
	return DCOR_OK;
}

/* dcnum's rule: the first unused keyword that begins with the key. */
static int
set_entry(struct dcor_pipeline *p, const struct dcor_kw *kw,
    unsigned *used, const char *key, const char *value,
    struct dcor_err *err)
{
	size_t i, n = strlen(key);
	unsigned hit = 0;

	for (i = 0; n > 0 && kw[i].name != NULL; i++) {
		if (strncmp(kw[i].name, key, n) != 0)
			continue;
		if ((*used & 1u << i) == 0) {
			*used |= 1u << i;
			return set_value(p, &kw[i], value, err);
		}
		hit = 1;
	}
	return dcor_err_set(err, DCOR_EARG, 0, hit ? "%s: given twice" :
	    "'%s': unknown keyword", key);
}

/* KEY=VALUE^KEY=VALUE...  Modifies list. */
int
dcor_ppid_set(struct dcor_pipeline *p, const struct dcor_kw *kw,
    char *list, struct dcor_err *err)
{
	char *key[MAXKW], *value[MAXKW], *next;
	size_t len, longest = 0, n = 0, i;
	unsigned used = 0;
	int rc = DCOR_OK;

	for (; list != NULL; list = next) {
		next = strchr(list, '^');
		if (next != NULL)
			*next++ = '\0';
		value[n] = strchr(list, '=');
		if (value[n] == NULL)
			return dcor_err_set(err, DCOR_EARG, 0,
			    "'%s': not KEYWORD=VALUE", list);
		key[n] = list;
		*value[n]++ = '\0';
		len = strlen(list);
		if (len > longest)
			longest = len;
		if (++n == MAXKW)
			return dcor_err_set(err, DCOR_EARG, 0,
			    "too many keywords");
	}
	for (len = longest + 1; len-- > 0;)
		for (i = 0; rc == DCOR_OK && i < n; i++)
			if (strlen(key[i]) == len)
				rc = set_entry(p, kw, &used, key[i],
				    value[i], err);
	return rc;
}

int
dcor_map_parse(struct dcor_map *m, const char *text, struct dcor_err *err)
{
	struct dcor_map new = { .kind = DCOR_MAP_SLICE };
	char buf[72], *part[3] = { NULL, NULL, NULL }, *s;
	size_t n = 0;
	int ok;

	if (strncmp(text, "h-", 2) == 0)
		return dcor_err_set(err, DCOR_EARG, 0, "'%s': a list of "
		    "frames cannot be replayed from its hash", text);
	ok = snprintf(buf, sizeof(buf), "%s", text) < (int)sizeof(buf);
	for (s = buf; s != NULL && n < 3; n++) {
		part[n] = s;
		s = strchr(s, '-');
		if (s != NULL)
			*s++ = '\0';
	}
	ok = ok && s == NULL;
	if (ok && n == 1) {
		new.kind = DCOR_MAP_FIRST;
		ok = dcor_parse_u64(part[0], &new.n) == DCOR_OK;
		if (ok && new.n == 0)
			new.kind = DCOR_MAP_ALL;
	} else if (ok) {
		if (strcmp(part[0], "n") == 0 || strcmp(part[1], "n") == 0)
			return dcor_err_set(err, DCOR_EARG, 0, "'%s': start "
			    "and stop must be given", text);
		ok = dcor_parse_u64(part[0], &new.start) == DCOR_OK &&
		    dcor_parse_u64(part[1], &new.stop) == DCOR_OK &&
		    (n == 2 || strcmp(part[2], "n") == 0 ||
		    (dcor_parse_u64(part[2], &new.step) == DCOR_OK &&
		    new.step > 0));
		if (ok && new.start >= new.stop)
			return dcor_err_set(err, DCOR_EARG, 0, "'%s': start "
			    "is not less than stop", text);
	}
	if (!ok)
		return dcor_err_set(err, DCOR_EARG, 0, "'%s': not 0, N, "
		    "START-STOP or START-STOP-STEP", text);
	*m = new;
	return DCOR_OK;
}

int
dcor_ppid_map(const struct dcor_map *m, char *out, size_t size)
{
	switch (m->kind) {
	case DCOR_MAP_FIRST:
		return snprintf(out, size, "%" PRIu64, m->n);
	case DCOR_MAP_SLICE:
		if (m->step == 0)
			return snprintf(out, size, "%" PRIu64 "-%" PRIu64
			    "-n", m->start, m->stop);
		return snprintf(out, size, "%" PRIu64 "-%" PRIu64 "-%" PRIu64,
		    m->start, m->stop, m->step);
	default:
		return snprintf(out, size, "0");
	}
}

/* A float as dcnum writes it: without ".0" where it is an integer, else
 * as Python does. */
static int
fmt_real(double v, char *out, size_t size)
{
	char text[DCOR_REPR_SIZE];

	if (v >= v && v - trunc(v) >= 0 && v - trunc(v) <= 0)
		return snprintf(out, size, "%.0f", fabs(v) > 0 ? v : 0.0);
	return snprintf(out, size, "%s", dcor_repr(v, text));
}

static int
fmt_value(const struct dcor_pipeline *p, const struct dcor_kw *kw,
    char *out, size_t size)
{
	const void *at = (const char *)p + kw->at;
	uint32_t s;

	switch (kw->type) {
	case DCOR_KW_BOOL:
		return snprintf(out, size, "%d", *(const int *)at != 0);
	case DCOR_KW_DISK:
		return snprintf(out, size, "%u", *(const unsigned *)at);
	case DCOR_KW_U64:
	case DCOR_KW_EVEN:
		return snprintf(out, size, "%" PRIu64, *(const uint64_t *)at);
	case DCOR_KW_SIZE:
		s = *(const uint32_t *)at;
		return snprintf(out, size, "%" PRIu32, s > 0 ? s :
		    p->size_zero ? 0 : 10);
	case DCOR_KW_MAP:
		return dcor_ppid_map(at, out, size);
	case DCOR_KW_PIXEL:
		if (size < DCOR_PIXEL_SIZE ||
		    dcor_fmt_pixel(*(const double *)at, out) != DCOR_OK)
			return -1;
		return (int)strlen(out);
	default:
		return fmt_real(*(const double *)at, out, size);
	}
}

/* Whether the settings are what dcor_pipeline_set would accept. */
static int
check_value(const struct dcor_pipeline *p, const struct dcor_kw *kw)
{
	const void *at = (const char *)p + kw->at;

	switch (kw->type) {
	case DCOR_KW_DISK:
		return integer_ok(DCOR_KW_DISK, *(const unsigned *)at);
	case DCOR_KW_U64:
	case DCOR_KW_EVEN:
		return integer_ok(kw->type, *(const uint64_t *)at);
	case DCOR_KW_BOOL:
	case DCOR_KW_SIZE:
	case DCOR_KW_MAP:
		return 1;
	case DCOR_KW_PIXEL:
		return *(const double *)at >= 0 && *(const double *)at <= 1e6;
	default:
		return isfinite(*(const double *)at) &&
		    real_ok(kw->type, *(const double *)at);
	}
}

/* Appends "CODE:" and the list of the keywords to out. */
int
dcor_ppid_add(const struct dcor_pipeline *p, const char *code,
    const struct dcor_kw *kw, char *out, size_t size, struct dcor_err *err)
{
	char value[512];
	size_t n = strlen(out);
	int len;

	len = snprintf(out + n, size - n, "%s:", code);
	for (; len >= 0 && (size_t)len < size - n && kw->name != NULL; kw++) {
		n += (size_t)len;
		if (!check_value(p, kw))
			return dcor_err_set(err, DCOR_EARG, 0,
			    "%s: must be %s", kw->name, allowed(kw->type));
		len = fmt_value(p, kw, value, sizeof(value));
		if (len < 0 || (size_t)len >= sizeof(value))
			break;
		len = snprintf(out + n, size - n, "%s=%s%s", kw->abbr, value,
		    kw[1].name != NULL ? "^" : "");
	}
	if (len < 0 || (size_t)len >= size - n)
		return dcor_err_set(err, DCOR_EARG, 0,
		    "%s: settings too long for an identifier", code);
	return DCOR_OK;
}


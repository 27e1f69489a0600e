/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The configuration: what dclab makes of the root attributes, and what it
 * has to say about them while it opens a file. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "rtdc/checkpriv.h"
#include "rtdc/feat.h"

/* Sections that are no metadata of a measurement but are read from it. */
static const struct dcor_metainfo more[] = {
	{ "calculation:crosstalk fl12", DCOR_META_FLOAT, 0, "" },
	{ "calculation:crosstalk fl13", DCOR_META_FLOAT, 0, "" },
	{ "calculation:crosstalk fl21", DCOR_META_FLOAT, 0, "" },
	{ "calculation:crosstalk fl23", DCOR_META_FLOAT, 0, "" },
	{ "calculation:crosstalk fl31", DCOR_META_FLOAT, 0, "" },
	{ "calculation:crosstalk fl32", DCOR_META_FLOAT, 0, "" },
	{ "calculation:emodulus lut", DCOR_META_STR, 0, "" },
	{ "calculation:emodulus medium", DCOR_META_STR, 0, "" },
	{ "calculation:emodulus temperature", DCOR_META_FLOAT, 0, "" },
	{ "calculation:emodulus viscosity", DCOR_META_FLOAT, 0, "" },
	{ "calculation:emodulus viscosity model", DCOR_META_STR, 0, "" },
	{ "filtering:enable filters", DCOR_META_BOOL, 0, "" },
	{ "filtering:hierarchy parent", DCOR_META_STR, 0, "" },
	{ "filtering:limit events", DCOR_META_INT, 0, "" },
	{ "filtering:polygon filters", DCOR_META_ANY, 0, "" },
	{ "filtering:remove invalid events", DCOR_META_BOOL, 0, "" }
};

static int
ends(const char *s, const char *tail)
{
	size_t n = strlen(s), m = strlen(tail);

	return n >= m && strcmp(s + n - m, tail) == 0;
}

static int
is_scalar(const char *name, size_t n)
{
	const struct dcor_featinfo *f;
	char one[64];

	if (n >= sizeof(one))
		return 0;
	memcpy(one, name, n);
	one[n] = '\0';
	f = dcor_feat_find(one);
	return f != NULL && f->kind == DCOR_FEATKIND_SCALAR;
}

/* "area_um min": any word may follow the name of a feature. */
static int
is_filter(const char *key)
{
	size_t n = strcspn(key, " "), a;

	if (strchr(key, ',') == NULL || (!ends(key, "soft limit") &&
	    !ends(key, "polygon points")))
		return is_scalar(key, n);
	a = strcspn(key, ",");
	return a < n && is_scalar(key, a) &&
	    is_scalar(key + a + 1, n - a - 1);
}

/* What a known key of any section is to be; 0 if it is none. */
static int
known(const char *section, const char *key, enum dcor_metatype *type)
{
	size_t ns = strlen(section), i;
	const struct dcor_metainfo *m;
	unsigned k;

	*type = DCOR_META_ANY;
	if (strcmp(section, "user") == 0)
		return key[strspn(key, " \t\n\r\f\v")] != '\0';
	for (k = 0; (m = dcor_meta_at(k)) != NULL; k++)
		if (strncmp(m->key, section, ns) == 0 &&
		    m->key[ns] == ':' && strcmp(m->key + ns + 1, key) == 0) {
			*type = m->type;
			return 1;
		}
	for (i = 0; i < sizeof(more) / sizeof(more[0]); i++)
		if (strncmp(more[i].key, section, ns) == 0 &&
		    more[i].key[ns] == ':' &&
		    strcmp(more[i].key + ns + 1, key) == 0) {
			*type = more[i].type;
			return 1;
		}
	if (strcmp(section, "online_filter") != 0 || !is_filter(key))
		return 0;
	if (ends(key, "soft limit"))
		*type = DCOR_META_BOOL;
	else if (ends(key, "polygon points"))
		*type = DCOR_META_POINTS;
	return 1;
}

static int
is_section(const char *section)
{
	size_t n = strlen(section), i;
	const struct dcor_metainfo *m;
	unsigned k;

	if (strcmp(section, "user") == 0)
		return 1;
	for (k = 0; (m = dcor_meta_at(k)) != NULL; k++)
		if (strncmp(m->key, section, n) == 0 && m->key[n] == ':')
			return 1;
	for (i = 0; i < sizeof(more) / sizeof(more[0]); i++)
		if (strncmp(more[i].key, section, n) == 0 &&
		    more[i].key[n] == ':')
			return 1;
	return 0;
}

static void
lower(char *s)
{
	for (; *s != '\0'; s++)
		if (*s >= 'A' && *s <= 'Z')
			*s = (char)(*s + 'a' - 'A');
}

const struct dcor_val *
dcor_check_get(const struct dcor_checking *c, const char *section,
    const char *key)
{
	size_t i;

	for (i = 0; i < c->nconf; i++)
		if (c->conf[i].key != NULL &&
		    strcmp(c->conf[i].section, section) == 0 &&
		    strcmp(c->conf[i].key, key) == 0)
			return &c->conf[i].v;
	return NULL;
}

int
dcor_check_has_section(const struct dcor_checking *c, const char *section)
{
	size_t i;

	for (i = 0; i < c->nconf; i++)
		if (strcmp(c->conf[i].section, section) == 0)
			return 1;
	return 0;
}

const char *
dcor_check_text(const struct dcor_checking *c, const char *section,
    const char *key)
{
	const struct dcor_val *v = dcor_check_get(c, section, key);

	return v != NULL && v->kind == DCOR_VAL_TEXT ? v->text : "";
}

/* Puts *v, which it takes over, under section and key (NULL: only the
 * section comes to be). */
static void
set(struct dcor_checking *c, const char *section, const char *key,
    struct dcor_val *v)
{
	struct dcor_conf *n;
	size_t i;

	for (i = 0; key != NULL && i < c->nconf; i++)
		if (c->conf[i].key != NULL &&
		    strcmp(c->conf[i].section, section) == 0 &&
		    strcmp(c->conf[i].key, key) == 0) {
			dcor_val_fini(&c->conf[i].v);
			c->conf[i].v = *v;
			return;
		}
	n = realloc(c->conf, (c->nconf + 1) * sizeof(*n));
	if (n == NULL) {
		c->nomem = 1;
		return;
	}
	c->conf = n;
	memset(&n[c->nconf], 0, sizeof(*n));
	n[c->nconf].section = strdup(section);
	if (key != NULL) {
		n[c->nconf].key = strdup(key);
		n[c->nconf].v = *v;
	}
	if (n[c->nconf].section == NULL ||
	    (key != NULL && n[c->nconf].key == NULL)) {
		free(n[c->nconf].section);
		free(n[c->nconf].key);
		c->nomem = 1;
		return;
	}
	c->nconf++;
}

#define WARN(c, full, ...) \
	dcor_check_add(c, DCOR_CUE_BOTH, DCOR_CUE_ALERT, "opening", full, \
	    __VA_ARGS__)

/* Says why a key is not one; 0. */
static void
unknown(struct dcor_checking *c, const char *full, const char *section,
    const char *key)
{
	if (strcmp(section, "user") == 0)
		WARN(c, full, "BadUserConfigurationKeyWarning: The 'user' "
		    "section keys must not be empty strings or consist of "
		    "whitespace characters only!");
	else if (strcmp(section, "filtering") == 0 &&
	    (ends(key, " min") || ends(key, " max")))
		WARN(c, full, "UnknownConfigurationKeyWarning: A range has "
		    "been specified for an unknown feature '%.*s' in the "
		    "'filtering' section!", (int)strlen(key) - 4, key);
	else
		WARN(c, full, "UnknownConfigurationKeyWarning: Unknown key "
		    "'%s' in the '%s' section!", key, section);
}

/* One attribute whose name was taken apart. */
static void
take(struct dcor_checking *c, const char *full, const char *section,
    const char *key, const struct dcor_val *in)
{
	const char *wanted;
	enum dcor_metatype type;
	struct dcor_buf why;
	struct dcor_val v;

	if (!dcor_check_has_section(c, section))
		set(c, section, NULL, NULL);
	if (!known(section, key, &type) && !(strcmp(section, "filtering") ==
	    0 && (ends(key, " min") || ends(key, " max")) &&
	    is_scalar(key, strlen(key) - 4))) {
		unknown(c, full, section, key);
		return;
	}
	if (in->kind == DCOR_VAL_TEXT && in->text[0] == '\0') {
		WARN(c, full, "EmptyConfigurationKeyWarning: Empty value for "
		    "[%s]: '%s'!", section, key);
		return;
	}
	wanted = dcor_val_wanted(type, in);
	/* These are kept as they are, but should be numbers. */
	if (strcmp(section, "online_filter") == 0 && type == DCOR_META_ANY &&
	    (ends(key, "min") || ends(key, "max")))
		wanted = dcor_val_wanted(DCOR_META_FLOAT, in);
	if (wanted != NULL)
		WARN(c, full, "WrongConfigurationTypeWarning: Type of "
		    "configuration key [%s]: %s should be %s, got "
		    "<class '%s'>!", section, key, wanted, in->cls);
	dcor_buf_init(&why, (size_t)1 << 26);
	if (dcor_val_convert(type, in, &v, &why) == 0)
		set(c, section, key, &v);
	else {
		dcor_val_fini(&v);
		dcor_check_stop(c, "%s", dcor_buf_str(&why));
		dcor_check_add(c, DCOR_CUE_OURS, DCOR_CUE_VIOLATION,
		    "opening", full, "Metadata: value of [%s] '%s' cannot be "
		    "understood", section, key);
	}
	dcor_buf_fini(&why);
}

static void
attribute(struct dcor_checking *c, const struct dcor_checkattr *a)
{
	char *section = strdup(a->name), *key;

	if (section == NULL) {
		c->nomem = 1;
		return;
	}
	key = strchr(section, ':');
	if (key == NULL || strchr(key + 1, ':') != NULL) {
		dcor_check_stop(c, key == NULL ? "ValueError: not enough "
		    "values to unpack (expected 2, got 1)" : "ValueError: "
		    "too many values to unpack (expected 2)");
		dcor_check_add(c, DCOR_CUE_OURS, DCOR_CUE_VIOLATION,
		    "opening", a->name, "Metadata: the name of a key is not "
		    "SECTION:KEY");
		goto out;
	}
	*key++ = '\0';
	if (!is_section(section)) {
		lower(section);
		if (!dcor_check_has_section(c, section)) {
			dcor_check_stop(c, "KeyError: %s", section);
			dcor_check_add(c, DCOR_CUE_OURS, DCOR_CUE_VIOLATION,
			    "opening", a->name, "Metadata: unknown section");
			goto out;
		}
	}
	lower(key);
	take(c, a->name, section, key, &a->v);
out:
	free(section);
}

/* Before 0.3.3.dev2 or no version at all. */
static int
is_too_old(const char *v)
{
	static const int want[] = { 0, 3, 3, 2 };
	uint64_t n;
	int i;

	if (*v < '0' || *v > '9')
		return 1;
	for (i = 0; i < 4; i++) {
		for (n = 0; *v >= '0' && *v <= '9' && n < 1000000; v++)
			n = 10 * n + (uint64_t)(*v - '0');
		if (n != (uint64_t)want[i])
			return n < (uint64_t)want[i];
		v += *v == '.';
		if (i == 2 && strncmp(v, "dev", 3) != 0)
			return 0;	/* what follows is newer */
		v += i == 2 ? 3 : 0;
	}
	return 0;
}

void
dcor_check_conf(struct dcor_checking *c)
{
	const char *soft;
	size_t i;

	set(c, "filtering", NULL, NULL);
	for (i = 0; i < c->nattr; i++)
		attribute(c, &c->attr[i]);
	/* dclab asks these sections for something, and there they are. */
	if (!dcor_check_has_section(c, "setup"))
		set(c, "setup", NULL, NULL);
	if (!dcor_check_has_section(c, "experiment"))
		set(c, "experiment", NULL, NULL);
	soft = dcor_check_text(c, "setup", "software version");
	if (strncmp(soft, "dclab ", 6) != 0 || !is_too_old(soft + 6))
		return;
	dcor_check_stop(c, "OldFormatNotSupportedError: The file %s was "
	    "created with dclab %.*s which is not supported anymore! Please "
	    "rerun dclab-tdms2rtdc / export the data again.",
	    dcor_h5_path(c->h), (int)strcspn(soft + 6, " "), soft + 6);
	dcor_check_add(c, DCOR_CUE_OURS, DCOR_CUE_VIOLATION, "opening",
	    "setup:software version", "written by a version of dclab whose "
	    "files are not read any more");
}

static int
has_nan(const struct dcor_val *v)
{
	size_t i;

	for (i = 0; i < v->n; i++)
		if (isnan(v->num[i]))
			return 1;
	return 0;
}

/* Whether Python finds the converted value equal to the stored one. */
static int
equal(const struct dcor_val *want, const struct dcor_val *is)
{
	if (want->kind == DCOR_VAL_OTHER || is->kind == DCOR_VAL_OTHER)
		return 1;
	if (want->kind == DCOR_VAL_TEXT || is->kind == DCOR_VAL_TEXT)
		return want->kind == is->kind &&
		    strcmp(want->text, is->text) == 0;
	if (want->kind == DCOR_VAL_ARRAY)
		return !has_nan(want);
	if (want->kind == DCOR_VAL_INT && is->kind == DCOR_VAL_INT)
		return want->i == is->i;
	if (is->kind == DCOR_VAL_FLOAT && is->bytes == 4)
		return (float)want->f == (float)is->f;
	return want->f == is->f;
}

static void
check_type(struct dcor_checking *c, const struct dcor_checkattr *a)
{
	char *section = strdup(a->name), *key;
	enum dcor_metatype type;
	struct dcor_val want;
	struct dcor_buf b;

	if (section == NULL || (key = strchr(section, ':')) == NULL) {
		free(section);
		return;
	}
	*key++ = '\0';
	dcor_buf_init(&b, (size_t)1 << 26);
	memset(&want, 0, sizeof(want));
	if (!known(section, key, &type))
		goto out;
	if (dcor_val_convert(type, &a->v, &want, &b) != 0)
		dcor_check_stop(c, "%s", dcor_buf_str(&b));
	else if (!equal(&want, &a->v)) {
		if (want.kind == DCOR_VAL_ARRAY && want.n > 1)
			dcor_check_stop(c, "ValueError: The truth value of "
			    "an array with more than one element is "
			    "ambiguous. Use a.any() or a.all()");
		dcor_buf_addf(&b, "Metadata: [%s]: '%s' should be '",
		    section, key);
		dcor_val_format(&want, &b);
		dcor_buf_adds(&b, "', but is '");
		dcor_val_format(&a->v, &b);
		dcor_check_add(c, DCOR_CUE_BOTH, DCOR_CUE_ALERT,
		    "metadata_hdf5_type", a->name, "%s'!", dcor_buf_str(&b));
	}
out:
	dcor_val_fini(&want);
	dcor_buf_fini(&b);
	free(section);
}

void
dcor_check_types(struct dcor_checking *c)
{
	size_t i;

	for (i = 0; i < c->nattr; i++)
		check_type(c, &c->attr[i]);
}

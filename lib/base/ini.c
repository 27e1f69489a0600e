/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/ini.h"

#include <stdlib.h>
#include <string.h>

#define BLANKS " \t\r\f\v"

struct setting {
	char	*key, *sub;	/* sub: below key, or NULL */
	char	*value;
	size_t	 section;
};

struct dcor_ini {
	char		**section;
	struct setting	 *set;
	size_t		  nsection, nset;
};

/* Where the parser is. */
struct loader {
	struct dcor_ini	*ini;
	const char	*file;
	size_t		 line;
	size_t		 top;		/* columns before the last key */
	long		 last;		/* the last key's setting, or -1 */
	struct dcor_err	*err;
};

static int
fail(const struct loader *l, const char *what)
{
	return dcor_err_set(l->err, DCOR_ECONF, 0, "%s:%zu: %s", l->file,
	    l->line, what);
}

/* p[0..n) without the blanks around it. */
static const char *
trim(const char *p, size_t *n)
{
	while (*n > 0 && strchr(BLANKS, *p) != NULL)
		p++, --*n;
	while (*n > 0 && strchr(BLANKS, p[*n - 1]) != NULL)
		--*n;
	return p;
}

static int
section(struct loader *l, const char *p, size_t n)
{
	struct dcor_ini *ini = l->ini;
	char **s, *name;
	size_t i;

	l->last = -1;
	for (; n > 0 && p[n - 1] != ']'; n--)	/* what follows is ignored */
		continue;
	if (n < 3)
		return fail(l, "a section without a name");
	if ((name = strndup(p + 1, n - 2)) == NULL)
		return dcor_err_nomem(l->err);
	for (i = 0; i < ini->nsection; i++)
		if (strcmp(ini->section[i], name) == 0)
			break;
	if (i < ini->nsection || i == DCOR_INI_LINES ||
	    strcmp(name, "DEFAULT") == 0) {
		free(name);
		return fail(l, i == DCOR_INI_LINES ? "too many sections" :
		    i < ini->nsection ? "a section for the second time" :
		    "[DEFAULT] is not supported");
	}
	if ((s = realloc(ini->section, (i + 1) * sizeof(*s))) == NULL) {
		free(name);
		return dcor_err_nomem(l->err);
	}
	ini->section = s;
	s[ini->nsection++] = name;
	return 0;
}

/* p: the text up to a delimiter in delim, and the text after it. */
static int
setting(struct loader *l, const char *p, size_t n, const char *delim,
    const char *under)
{
	struct dcor_ini *ini = l->ini;
	struct setting *s;
	const char *key, *val;
	size_t nkey = 0, nval, i;

	while (nkey < n && strchr(delim, p[nkey]) == NULL)
		nkey++;
	if (nkey == n)
		return fail(l, "neither a section nor KEY = VALUE");
	nval = n - nkey - 1;
	val = trim(p + nkey + 1, &nval);
	key = trim(p, &nkey);
	if (nkey == 0)
		return fail(l, "a value without a key");
	if (ini->nsection == 0)
		return fail(l, "a key before the first section");
	if (ini->nset == DCOR_INI_LINES)
		return fail(l, "too many settings");
	s = realloc(ini->set, (ini->nset + 1) * sizeof(*s));
	if (s == NULL)
		return dcor_err_nomem(l->err);
	ini->set = s;
	s += ini->nset;
	memset(s, 0, sizeof(*s));
	s->section = ini->nsection - 1;
	s->key = under != NULL ? strdup(under) : strndup(key, nkey);
	s->sub = under != NULL ? strndup(key, nkey) : NULL;
	s->value = strndup(val, nval);
	ini->nset++;
	if (s->key == NULL || s->value == NULL || (under && s->sub == NULL))
		return dcor_err_nomem(l->err);
	for (i = 0; under == NULL && s->key[i] != '\0'; i++)
		if (s->key[i] >= 'A' && s->key[i] <= 'Z')
			s->key[i] = (char)(s->key[i] - 'A' + 'a');
	for (i = ini->nset - 1; under == NULL && i-- > 0 &&
	    ini->set[i].section == s->section;)
		if (ini->set[i].sub == NULL &&
		    strcmp(ini->set[i].key, s->key) == 0)
			return fail(l, "a key for the second time");
	if (under == NULL)
		l->last = (long)ini->nset - 1;
	return 0;
}

/* A line that goes on with the last key. */
static int
more(struct loader *l, const char *p, size_t n)
{
	struct setting *s = &l->ini->set[l->last];
	size_t have = strlen(s->value);
	char *v;

	if (have == 0)
		return setting(l, p, n, "=", s->key);
	if ((v = malloc(have + n + 2)) == NULL)
		return dcor_err_nomem(l->err);
	memcpy(v, s->value, have);
	v[have] = '\n';
	memcpy(v + have + 1, p, n);
	v[have + 1 + n] = '\0';
	dcor_wipe(s->value, have);
	free(s->value);
	s->value = v;
	return 0;
}

static int
line(struct loader *l, const char *p, size_t n)
{
	const char *start = p;
	size_t indent;

	p = trim(p, &n);
	if (n == 0 || *p == '#' || *p == ';')
		return 0;
	indent = (size_t)(p - start);
	if (l->last >= 0 && indent > l->top)
		return more(l, p, n);
	l->top = indent;
	if (*p == '[' && memchr(p, ']', n) != NULL)
		return section(l, p, n);
	return setting(l, p, n, "=:", NULL);
}

int
dcor_ini_parse(const char *text, size_t n, const char *name,
    struct dcor_ini **out, struct dcor_err *err)
{
	struct loader l = { NULL, name, 0, 0, -1, err };
	const char *end = text + n, *p, *nl;
	int rc = 0;

	*out = NULL;
	if (n > DCOR_INI_MAX)
		return dcor_err_set(err, DCOR_ECONF, 0,
		    "%s: more than %d bytes", name, DCOR_INI_MAX);
	if ((l.ini = calloc(1, sizeof(*l.ini))) == NULL)
		return dcor_err_nomem(err);
	if (n >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
		text += 3;
	for (p = text; rc == 0 && p < end; p = nl + 1) {
		if ((nl = memchr(p, '\n', (size_t)(end - p))) == NULL)
			nl = end;
		l.line++;
		rc = memchr(p, '\0', (size_t)(nl - p)) != NULL ?
		    fail(&l, "a NUL byte") : line(&l, p, (size_t)(nl - p));
	}
	if (rc != 0) {
		dcor_ini_free(l.ini);
		return rc;
	}
	*out = l.ini;
	return 0;
}

void
dcor_ini_free(struct dcor_ini *ini)
{
	size_t i;

	if (ini == NULL)
		return;
	for (i = 0; i < ini->nset; i++) {
		if (ini->set[i].value != NULL)
			dcor_wipe(ini->set[i].value,
			    strlen(ini->set[i].value));
		free(ini->set[i].value);
		free(ini->set[i].key);
		free(ini->set[i].sub);
	}
	for (i = 0; i < ini->nsection; i++)
		free(ini->section[i]);
	free(ini->set);
	free(ini->section);
	free(ini);
}

const char *
dcor_ini_section(const struct dcor_ini *ini, size_t i)
{
	return i < ini->nsection ? ini->section[i] : NULL;
}

const char *
dcor_ini_get(const struct dcor_ini *ini, size_t i, const char *key,
    const char *sub)
{
	const struct setting *s;
	size_t k;

	for (k = 0; k < ini->nset; k++) {
		s = &ini->set[k];
		if (s->section == i && strcmp(s->key, key) == 0 &&
		    (sub == NULL ? s->sub == NULL :
		    s->sub != NULL && strcmp(s->sub, sub) == 0))
			return s->value;
	}
	return NULL;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "net/xml.h"

#include <expat.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define LOST	"\xef\xbf\xbd"		/* U+FFFD */

struct dcor_xml {
	struct dcor_xml	*parent, *child, *last, *next;
	char		*text;		/* malloc'ed, or NULL */
	char		 name[];
};

struct reader {
	XML_Parser	 expat;
	struct dcor_xml	*root, *at;
	struct dcor_buf	 text;		/* of the innermost element */
	unsigned	 depth;
	const char	*why;
	int		 nomem;
};

static int
allowed(uint32_t c)
{
	return c == '\t' || c == '\n' || c == '\r' ||
	    (c >= 0x20 && c < 0xd800) || (c >= 0xe000 && c < 0xfffe) ||
	    (c >= 0x10000 && c < 0x110000);
}

/* The length of the character at p in UTF-8, 0 if XML has none such. */
static size_t
character(const unsigned char *p, size_t n)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	uint32_t c = p[0];
	size_t len, i;

	if (c < 0x80)
		return allowed(c);
	len = c >= 0xc0 && c < 0xe0 ? 2 : c >= 0xe0 && c < 0xf0 ? 3 :
	    c >= 0xf0 && c < 0xf8 ? 4 : 0;
	if (len == 0 || len > n)
		return 0;
	c &= 0x7fu >> len;
	for (i = 1; i < len; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (p[i] & 0x3f);
	}
	return c >= least[len] && allowed(c) ? len : 0;
}

/* The length of a numeric reference at p ("&#1;", "&#x1f;") to what XML
 * does not allow, else 0. */
static size_t
bad_reference(const unsigned char *p, size_t n)
{
	uint32_t c = 0, base = 10, digit;
	size_t i = 2, from;

	if (n < 4 || p[0] != '&' || p[1] != '#')
		return 0;
	if (p[2] == 'x') {
		base = 16;
		i = 3;
	}
	for (from = i; i < n && i < 12 && p[i] != ';'; i++) {
		if (p[i] >= '0' && p[i] <= '9')
			digit = p[i] - '0';
		else if (base == 16 && (p[i] | 32) >= 'a' &&
		    (p[i] | 32) <= 'f')
			digit = (p[i] | 32u) - 'a' + 10;
		else
			return 0;
		c = c > 0x110000 ? c : c * base + digit;
	}
	return i > from && i < n && p[i] == ';' && !allowed(c) ? i + 1 : 0;
}

static void
repair(const char *text, size_t n, struct dcor_buf *out)
{
	const unsigned char *p = (const unsigned char *)text;
	size_t i = 0, from = 0, len;

	while (i < n) {
		len = bad_reference(p + i, n - i);
		if (len == 0) {
			if ((len = character(p + i, n - i)) > 0) {
				i += len;
				continue;
			}
			len = 1;
		}
		dcor_buf_add(out, p + from, i - from);
		dcor_buf_adds(out, LOST);
		from = i += len;
	}
	dcor_buf_add(out, p + from, n - from);
}

static void
give_up(struct reader *r, const char *why)
{
	r->why = r->why != NULL ? r->why : why;
	XML_StopParser(r->expat, XML_FALSE);
}

static void
no_memory(struct reader *r)
{
	r->nomem = 1;
	give_up(r, "out of memory");
}

static void
start(void *arg, const XML_Char *name, const XML_Char **attributes)
{
	struct reader *r = arg;
	const char *colon = strrchr(name, ':');
	struct dcor_xml *e;
	size_t n;

	(void)attributes;
	if (++r->depth > DCOR_XML_DEPTH) {
		give_up(r, "too many elements in one another");
		return;
	}
	name = colon != NULL ? colon + 1 : name;
	n = strlen(name) + 1;
	if ((e = calloc(1, sizeof(*e) + n)) == NULL) {
		no_memory(r);
		return;
	}
	memcpy(e->name, name, n);
	e->parent = r->at;
	if (r->at == NULL)
		r->root = e;
	else if (r->at->last == NULL)
		r->at->child = r->at->last = e;
	else
		r->at->last = r->at->last->next = e;
	r->at = e;
	dcor_buf_clear(&r->text);
}

static void
end(void *arg, const XML_Char *name)
{
	struct reader *r = arg;

	(void)name;
	if (r->at->child == NULL && r->text.len > 0 &&
	    dcor_buf_take(&r->text, &r->at->text, NULL, NULL) != 0)
		no_memory(r);
	dcor_buf_clear(&r->text);
	r->at = r->at->parent;
	r->depth--;
}

static void
characters(void *arg, const XML_Char *p, int n)
{
	struct reader *r = arg;

	if (dcor_buf_add(&r->text, p, (size_t)n) != 0)
		no_memory(r);
}

static void
doctype(void *arg, const XML_Char *name, const XML_Char *sysid,
    const XML_Char *pubid, int internal)
{
	(void)name;
	(void)sysid;
	(void)pubid;
	(void)internal;
	give_up(arg, "it has a document type");
}

int
dcor_xml_parse(const char *text, size_t n, struct dcor_xml **root,
    struct dcor_err *err)
{
	struct reader r = { 0 };
	struct dcor_buf clean;
	int rc = 0;

	*root = NULL;
	if (n > DCOR_XML_MAX)
		return dcor_err_set(err, DCOR_EPROTO, 0, "XML: longer than "
		    "%d bytes", DCOR_XML_MAX);
	dcor_buf_init(&clean, (size_t)DCOR_XML_MAX * 3);
	dcor_buf_init(&r.text, DCOR_XML_MAX);
	repair(text, n, &clean);
	r.expat = XML_ParserCreate("UTF-8");
	if (r.expat == NULL || clean.bad != DCOR_OK) {
		rc = dcor_err_nomem(err);
		goto out;
	}
	XML_SetUserData(r.expat, &r);
	XML_SetElementHandler(r.expat, start, end);
	XML_SetCharacterDataHandler(r.expat, characters);
	XML_SetStartDoctypeDeclHandler(r.expat, doctype);
	if (XML_Parse(r.expat, dcor_buf_str(&clean), (int)clean.len, 1) !=
	    XML_STATUS_OK) {
		if (r.why == NULL)
			r.why = XML_ErrorString(XML_GetErrorCode(r.expat));
		rc = r.nomem ? dcor_err_nomem(err) : dcor_err_set(err,
		    DCOR_EPROTO, 0, "XML, line %lu: %s",
		    (unsigned long)XML_GetCurrentLineNumber(r.expat), r.why);
		dcor_xml_free(r.root);
		goto out;
	}
	*root = r.root;
out:
	if (r.expat != NULL)
		XML_ParserFree(r.expat);
	dcor_buf_fini(&r.text);
	dcor_buf_fini(&clean);
	return rc;
}

void
dcor_xml_free(struct dcor_xml *root)
{
	struct dcor_xml *next;

	for (; root != NULL; root = next) {
		next = root->next;
		dcor_xml_free(root->child);	/* at most DCOR_XML_DEPTH */
		free(root->text);
		free(root);
	}
}

int
dcor_xml_is(const struct dcor_xml *e, const char *name)
{
	return e != NULL && strcmp(e->name, name) == 0;
}

const struct dcor_xml *
dcor_xml_child(const struct dcor_xml *e, const char *name)
{
	if (e == NULL || e->child == NULL)
		return NULL;
	e = e->child;
	return dcor_xml_is(e, name) ? e : dcor_xml_next(e, name);
}

const struct dcor_xml *
dcor_xml_next(const struct dcor_xml *e, const char *name)
{
	while (e != NULL)
		if (dcor_xml_is(e = e->next, name))
			return e;
	return NULL;
}

const char *
dcor_xml_text(const struct dcor_xml *e, const char *name)
{
	if (name != NULL)
		e = dcor_xml_child(e, name);
	return e != NULL && e->text != NULL ? e->text : "";
}

void
dcor_xml_escape(struct dcor_buf *out, const char *s)
{
	for (; *s != '\0'; s++)
		switch (*s) {
		case '&':
			dcor_buf_adds(out, "&amp;");
			break;
		case '<':
			dcor_buf_adds(out, "&lt;");
			break;
		case '>':
			dcor_buf_adds(out, "&gt;");
			break;
		case '"':
			dcor_buf_adds(out, "&quot;");
			break;
		case '\r':	/* as itself it would be read as \n */
			dcor_buf_adds(out, "&#13;");
			break;
		default:
			dcor_buf_addc(out, *s);
		}
}

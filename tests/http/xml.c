/* SPDX-License-Identifier: GPL-3.0-or-later */
/* xml.c - the little XML that S3 requests and answers are made of */
#include "httpd.h"

#include <stdlib.h>
#include <string.h>

/* Decodes the entities of s in place. */
static void
decode(char *s)
{
	static const struct {
		const char	*name;
		char		 is;
	} known[] = { { "&lt;", '<' }, { "&gt;", '>' }, { "&amp;", '&' },
	    { "&quot;", '"' }, { "&apos;", '\'' } };
	char *to = s, *end;
	size_t i, n;
	unsigned long u;

	while (*s) {
		for (i = 0; i < 5; i++) {
			n = strlen(known[i].name);
			if (strncmp(s, known[i].name, n) == 0)
				break;
		}
		if (i < 5) {
			*to++ = known[i].is;
			s += n;
		} else if (s[0] == '&' && s[1] == '#') {
			u = s[2] == 'x' ? strtoul(s + 3, &end, 16) :
			    strtoul(s + 2, &end, 10);
			if (u < 0x80) {
				*to++ = (char)u;
			} else if (u < 0x800) {
				*to++ = (char)(0xc0 | u >> 6);
				*to++ = (char)(0x80 | (u & 63));
			} else {
				*to++ = (char)(0xe0 | (u >> 12 & 15));
				*to++ = (char)(0x80 | (u >> 6 & 63));
				*to++ = (char)(0x80 | (u & 63));
			}
			s = *end == ';' ? end + 1 : end;
		} else {
			*to++ = *s++;
		}
	}
	*to = '\0';
}

/* Elements as they open; *name is "/Tag" where one ends. */
int
xml_next(char **p, char **name, char **text)
{
	static char empty[1];
	char *lt, *gt;

	do {
		if ((lt = strchr(*p, '<')) == NULL ||
		    (gt = strchr(lt, '>')) == NULL)
			return 0;
		*p = gt + 1;
	} while (lt[1] == '?' || lt[1] == '!');
	*gt = '\0';
	*name = lt + 1;
	(*name)[strcspn(*name, " \t\r\n")] = '\0';
	*text = empty;
	/* the text runs to a '<', which the next call still needs */
	if ((lt = strchr(*p, '<')) != NULL && lt > *p && lt[1] == '/') {
		*text = *p;
		*p = lt + 1;
		(*p) += strcspn(*p, ">");
		if (**p)
			(*p)++;
		*lt = '\0';
		decode(*text);
	}
	return 1;
}

void
xml_escape(struct dcor_buf *b, const char *s)
{
	for (; *s; s++) {
		switch (*s) {
		case '&':
			dcor_buf_adds(b, "&amp;");
			break;
		case '<':
			dcor_buf_adds(b, "&lt;");
			break;
		case '>':
			dcor_buf_adds(b, "&gt;");
			break;
		case '"':
			dcor_buf_adds(b, "&quot;");
			break;
		default:
			if ((unsigned char)*s < 32)
				dcor_buf_addf(b, "&#x%X;", (unsigned)*s);
			else
				dcor_buf_addc(b, *s);
		}
	}
}

void
xml_text(struct dcor_buf *b, const char *tag, const char *text)
{
	dcor_buf_addf(b, "<%s>", tag);
	xml_escape(b, text);
	dcor_buf_addf(b, "</%s>", tag);
}

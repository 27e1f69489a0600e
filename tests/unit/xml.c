/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "net/xml.h"
#include "tap.h"

static struct dcor_xml *
parse(const char *text)
{
	struct dcor_xml *x;

	return dcor_xml_parse(text, strlen(text), &x, NULL) == 0 ? x : NULL;
}

/* Whether the text of <a> is want; NULL: the document is refused. */
static int
reads(const char *text, const char *want)
{
	struct dcor_xml *x = parse(text);
	int r = want == NULL ? x == NULL :
	    x != NULL && strcmp(dcor_xml_text(x, NULL), want) == 0;

	if (!r)
		printf("# got %s\n", dcor_xml_text(x, NULL));
	dcor_xml_free(x);
	return r;
}

static void
tree(void)
{
	struct dcor_xml *x = parse("<?xml version=\"1.0\"?>\n"
	    "<ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/"
	    "2006-03-01/\">\n <Name>b</Name><Contents><Key>k1</Key>"
	    "<ETag>&quot;e1&quot;</ETag></Contents><Contents><Key>k2</Key>"
	    "</Contents><s3:Key xmlns:s3=\"u\">k3</s3:Key><Empty/>"
	    "</ListBucketResult>");
	const struct dcor_xml *c;

	OK(dcor_xml_is(x, "ListBucketResult") && !dcor_xml_is(x, "List"));
	OK(strcmp(dcor_xml_text(x, "Name"), "b") == 0);
	c = dcor_xml_child(x, "Contents");
	OK(strcmp(dcor_xml_text(c, "Key"), "k1") == 0);
	OK(strcmp(dcor_xml_text(c, "ETag"), "\"e1\"") == 0);
	c = dcor_xml_next(c, "Contents");
	OK(strcmp(dcor_xml_text(c, "Key"), "k2") == 0);
	OK(dcor_xml_next(c, "Contents") == NULL);
	OK(strcmp(dcor_xml_text(x, "Key"), "k3") == 0);
	OK(strcmp(dcor_xml_text(x, "Empty"), "") == 0);
	OK(strcmp(dcor_xml_text(x, NULL), "") == 0);
	OK(dcor_xml_child(dcor_xml_child(x, "No"), "x") == NULL);
	OK(strcmp(dcor_xml_text(NULL, "x"), "") == 0);
	dcor_xml_free(x);
	dcor_xml_free(NULL);
}

static void
text(void)
{
	OK(reads("<a>&lt;&amp;&gt;&#65;&#x42;&apos;</a>", "<&>AB'"));
	OK(reads("<a><![CDATA[<&>]]></a>", "<&>"));
	OK(reads("\n \n<a>blanks first</a>", "blanks first"));
	OK(reads("<a>\xc3\xbc\xf0\x9f\x98\x80</a>",
	    "\xc3\xbc\xf0\x9f\x98\x80"));
	/* what XML has no room for */
	OK(reads("<a>x\x01y</a>", "x\xef\xbf\xbdy"));
	OK(reads("<a>x&#1;y&#x1F;&#xffff;z</a>",
	    "x\xef\xbf\xbdy\xef\xbf\xbd\xef\xbf\xbdz"));
	OK(reads("<a>&#xD800;&#99999999;</a>", "\xef\xbf\xbd\xef\xbf\xbd"));
	OK(reads("<a>\xff\xc3</a>", "\xef\xbf\xbd\xef\xbf\xbd"));
	OK(reads("<a>\xc0\x80</a>", "\xef\xbf\xbd\xef\xbf\xbd"));
	OK(reads("<a>\xed\xa0\x80.</a>",
	    "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd."));
	OK(reads("<a>\xef\xbf\xbe.</a>",
	    "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd."));
}

static void
refused(void)
{
	char deep[2 * 3 * 17 + 20] = "";
	struct dcor_err e = DCOR_ERR_INIT;
	struct dcor_xml *x;
	int i;

	OK(reads("", NULL));
	OK(reads("<a>", NULL));
	OK(reads("<a></b>", NULL));
	OK(reads("<a/><a/>", NULL));
	OK(reads("<a>&none;</a>", NULL));
	OK(reads("<a>&#;</a>", NULL));
	OK(reads("<html><p>an error<br></html>", NULL));
	OK(reads("<!DOCTYPE a [<!ENTITY x \"xx\">]><a>&x;</a>", NULL));
	OK(reads("<!DOCTYPE a SYSTEM \"file:///etc/passwd\"><a/>", NULL));
	for (i = 0; i < 16; i++)
		memcpy(deep + 3 * i, "<a>", 4);
	for (i = 0; i < 16; i++)
		memcpy(deep + 48 + 4 * i, "</a>", 5);
	OK((x = parse(deep)) != NULL);
	dcor_xml_free(x);
	for (i = 0; i < 17; i++)
		memcpy(deep + 3 * i, "<a>", 4);
	OK(parse(deep) == NULL);
	OK(dcor_xml_parse("<a>\n<b>\n</a>", 12, &x, &e) == DCOR_EPROTO &&
	    strstr(e.msg, "line 3") != NULL);
}

static void
escape(void)
{
	static const char s[] = "a<b>&\"c'\r\n\t\xc3\xbc]]>";
	struct dcor_xml *x;
	struct dcor_buf b;

	dcor_buf_init(&b, 1000);
	dcor_buf_adds(&b, "<a>");
	dcor_xml_escape(&b, s);
	dcor_buf_adds(&b, "</a>");
	OK((x = parse(dcor_buf_str(&b))) != NULL);
	OK(strcmp(dcor_xml_text(x, NULL), s) == 0);
	dcor_xml_free(x);
	dcor_buf_fini(&b);
}

int
main(void)
{
	tree();
	text();
	refused();
	escape();
	return DONE();
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* XML: what is read can be walked, and what is escaped reads back. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "net/xml.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct dcor_xml *x, *y;
	const char *text;
	struct dcor_buf b;

	if (dcor_xml_parse((const char *)p, n, &x, NULL) != 0)
		return 0;
	text = dcor_xml_text(dcor_xml_child(x, "Contents"), "Key");
	if (*text == '\0')
		text = dcor_xml_text(x, NULL);
	dcor_buf_init(&b, 1 << 26);
	dcor_buf_adds(&b, "<a>");
	dcor_xml_escape(&b, text);
	dcor_buf_adds(&b, "</a>");
	if (dcor_xml_parse(b.p, b.len, &y, NULL) != 0 ||
	    strcmp(dcor_xml_text(y, NULL), text) != 0)
		abort();
	dcor_xml_free(y);
	dcor_buf_fini(&b);
	dcor_xml_free(x);
	return 0;
}

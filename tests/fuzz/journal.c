/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Journals: what is read is a prefix of lines, and reads the same again; a
 * line with a right checksum in front changes nothing. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "net/journal.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static const char line[] = "fb8e20fc ab\n"; /* printf ab | sha256sum */
	struct dcor_buf a, b, text;
	size_t good;

	dcor_buf_init(&a, 1 << 24);
	dcor_buf_init(&b, 1 << 24);
	dcor_buf_init(&text, 1 << 24);
	good = dcor_journal_parse((const char *)p, n, &a);
	if (good > n || (good > 0 && p[good - 1] != '\n'))
		abort();
	if (dcor_journal_parse((const char *)p, good, &b) != good ||
	    a.len != b.len || (a.len > 0 && memcmp(a.p, b.p, a.len) != 0))
		abort();
	dcor_buf_adds(&text, line);
	dcor_buf_add(&text, p, n);
	dcor_buf_clear(&b);
	if (dcor_journal_parse(text.p, text.len, &b) != good + strlen(line) ||
	    b.len != a.len + 3)
		abort();
	dcor_buf_fini(&a);
	dcor_buf_fini(&b);
	dcor_buf_fini(&text);
	return 0;
}

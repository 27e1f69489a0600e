/* SPDX-License-Identifier: GPL-3.0-or-later */
/* JSON: what is read can be walked; any bytes can be written and read. */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static void
walk(const struct dcor_json *v)
{
	const struct dcor_json *m;
	const char *key;
	void *iter = NULL;
	size_t i;

	while ((m = dcor_json_each(v, &iter, &key)) != NULL)
		if (dcor_json_get(v, key) != m)
			abort();
		else
			walk(m);
	for (i = 0; (m = dcor_json_at(v, i)) != NULL; i++)
		walk(m);
}

static void
write_and_read(const char *p, size_t n, unsigned flags)
{
	struct dcor_json *j;
	struct dcor_buf b;
	struct dcor_jw w;

	dcor_buf_init(&b, 1 << 24);
	dcor_jw_init(&w, &b, flags);
	dcor_jw_arr(&w);
	dcor_jw_strn(&w, p, n);
	dcor_jw_end(&w);
	if (dcor_jw_done(&w, NULL) != 0)
		abort();
	if (memchr(p, '\0', n) == NULL) {	/* jansson refuses \u0000 */
		if (dcor_json_parse(b.p, b.len, b.len, &j, NULL) != 0 ||
		    dcor_json_str(dcor_json_at(j, 0)) == NULL)
			abort();
		dcor_json_free(j);
	}
	dcor_buf_fini(&b);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	const char *text = (const char *)p;
	struct dcor_json *j;

	if (n == 0)
		return 0;
	if (dcor_json_parse(text, n, 1 << 20, &j, NULL) == 0) {
		walk(j);
		dcor_json_free(j);
	}
	write_and_read(text, n, 0);
	write_and_read(text, n, DCOR_JW_PYTHON);
	return 0;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* URLs: what was accepted has its parts, a redirect never leads from https
 * to http, what was encoded is decoded, nothing secret is shown. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "net/url.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static void
whole(const char *text)
{
	struct dcor_url u;

	if (dcor_url_parse(text, &u, NULL) != 0)
		return;
	if (u.host[0] == '\0' || u.path[0] != '/' || u.port > 65535 ||
	    strpbrk(u.host, "@/?#\\ \r\n") != NULL)
		abort();
	dcor_url_fini(&u);
}

static void
redirected(const char *text, struct dcor_buf *b)
{
	dcor_buf_clear(b);
	if (dcor_url_resolve("https://h:8443/a/b?c", text, b, NULL) == 0 &&
	    (strncasecmp(dcor_buf_str(b), "https://", 8) != 0 ||
	    strpbrk(dcor_buf_str(b), " \r\n#") != NULL))
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct dcor_buf a, b;
	struct dcor_param x;
	const char *next, *key;
	char *text, bucket[256];

	dcor_buf_init(&a, 1 << 20);
	dcor_buf_init(&b, 1 << 20);
	if ((text = strndup((const char *)p, n)) == NULL)
		return 0;
	whole(text);
	redirected(text, &b);
	for (next = text; dcor_url_param(&next, &x);)
		if (x.name < text || x.value + x.nvalue > text + strlen(text))
			abort();
	dcor_buf_clear(&b);
	(void)dcor_url_get(text, "a", &b);
	dcor_buf_clear(&b);
	dcor_url_redact(text, &b);
	if (strpbrk(dcor_buf_str(&b), "#\n\r\033") != NULL)
		abort();
	dcor_buf_clear(&b);
	(void)dcor_pct_decode(&b, text, strlen(text));
	dcor_buf_clear(&b);
	if (dcor_pct_encode(&a, p, n, "/") == 0 &&
	    (dcor_pct_decode(&b, dcor_buf_str(&a), a.len) != 0 ||
	    b.len != n || (n > 0 && memcmp(b.p, p, n) != 0)))
		abort();
	if (dcor_s3url_parse(text, bucket, &key, NULL) == 0 &&
	    (key < text || key > text + strlen(text)))
		abort();
	free(text);
	dcor_buf_fini(&a);
	dcor_buf_fini(&b);
	return 0;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Signatures: what a URL says about itself is sane; what is signed says so
 * about itself, whatever the parameters; the canonical query is sorted. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "net/sigv4.h"
#include "net/url.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

/* From the last parameter of that name on, a query says what was signed. */
static void
read_back(const char *query, const char *name, int version)
{
	struct dcor_param x;
	struct dcor_signed s;
	const char *next = query;

	while (dcor_url_param(&next, &x))
		if (x.nname == strlen(name) &&
		    memcmp(x.name, name, x.nname) == 0)
			query = x.name;
	if (dcor_signed_parse(query, &s, NULL) != 0 ||
	    s.version != version || strcmp(s.id, "ID") != 0 ||
	    s.until != 1369353660)
		abort();
}

/* The third line of a canonical request. */
static void
sorted(const char *canonical)
{
	const char *p = strchr(canonical, '\n'), *q;
	struct dcor_param a, b;
	size_t n;
	int c;

	p = strchr(p + 1, '\n') + 1;
	q = strndup(p, strcspn(p, "\n"));
	p = q;
	if (q == NULL || !dcor_url_param(&p, &a))
		abort();
	for (; dcor_url_param(&p, &b); a = b) {
		n = a.nname < b.nname ? a.nname : b.nname;
		c = memcmp(a.name, b.name, n);
		if (c > 0 || (c == 0 && a.nname > b.nname))
			abort();
	}
	free((char *)(uintptr_t)q);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct dcor_keys keys = { "ID", "secret", NULL };
	struct dcor_pair q[4], h[2];
	struct dcor_sigreq r = { .method = "GET", .host = "h", .path = "/k",
		.query = q, .headers = h, .payload = DCOR_UNSIGNED,
		.when = 1369353600 };
	static struct dcor_signer *s;
	struct dcor_buf out, canon, tosign;
	struct dcor_signed said;
	char *text, *v;

	if (s == NULL && dcor_signer_new(&keys, "r", "s3", &s, NULL) != 0)
		abort();
	if ((text = strndup((const char *)p, n)) == NULL)
		return 0;
	if (dcor_signed_parse(text, &said, NULL) == 0 && said.version != 0 &&
	    (said.id[0] == '\0' || said.until < said.since))
		abort();
	for (v = text; v != NULL && r.nquery < 4; r.nquery++) {
		q[r.nquery].name = v;
		if ((v = strchr(v, '\n')) != NULL)
			*v++ = '\0';
		q[r.nquery].value = v;
	}
	for (; v != NULL && r.nheaders < 2; r.nheaders++) {
		h[r.nheaders] = (struct dcor_pair){ "name", v };
		if ((v = strchr(v, '\r')) != NULL)
			*v++ = '\0';
	}
	dcor_buf_init(&out, 1 << 20);
	dcor_buf_init(&canon, 1 << 20);
	dcor_buf_init(&tosign, 1 << 20);
	if (dcor_sigv4_query(s, &r, 60, &out, NULL) == 0) {
		read_back(out.p, "X-Amz-Algorithm", 4);
		if (dcor_sigv4_explain(s, &r, 60, &canon, &tosign, NULL) != 0)
			abort();
		sorted(canon.p);
	}
	dcor_buf_clear(&out);
	if (dcor_sigv2_query(&keys, &r, 1369353660, &out, NULL) == 0)
		read_back(out.p, "AWSAccessKeyId", 2);
	free(text);
	dcor_buf_fini(&out);
	dcor_buf_fini(&canon);
	dcor_buf_fini(&tosign);
	return 0;
}

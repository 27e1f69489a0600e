/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "arch/name.h"
#include "arch/pattern.h"
#include "base/hash.h"
#include "tap.h"

static struct dcor_buf buf;

static const char *
path(const char *key, unsigned gen)
{
	dcor_buf_clear(&buf);
	return dcor_arch_path(&buf, key, gen, NULL) == DCOR_OK ?
	    dcor_buf_str(&buf) : NULL;
}

static int
is(const char *key, unsigned gen, const char *want)
{
	const char *got = path(key, gen);

	if (got == NULL ? want == NULL : want != NULL && strcmp(got, want) ==
	    0)
		return 1;
	printf("# got %s want %s\n", got, want);
	return 0;
}

static int
bucket(const char *name, const char *want)
{
	int rc;

	dcor_buf_clear(&buf);
	rc = dcor_arch_bucket(&buf, name, NULL);
	return want == NULL ? rc == DCOR_EDATA : rc == DCOR_OK &&
	    strcmp(dcor_buf_str(&buf), want) == 0;
}

/* No component leads elsewhere, is too long, or is one of the archive's. */
static int
is_safe(const char *p)
{
	size_t n;
	int first = 1;

	for (;; p += n + 1, first = 0) {
		n = strcspn(p, "/");
		if (n == 0 || n > 230 || (n <= 2 && memcmp(p, "..", n) ==
		    0) || (first && strncmp(p, "small_objects", n) == 0 &&
		    n == 13))
			return 0;
		if (p[n] == '\0')
			return 1;
	}
}

static int
by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* All keys of up to six odd bytes: the paths are safe and all different. */
static void
many(void)
{
	static const char part[] = "a./%\n\x80";
	enum { BASE = sizeof(part) - 1, N = 46656 };
	static char *all[N];
	size_t i, n, x, bad = 0, twice = 0;
	char key[8], far[300];
	const char *p;

	for (i = 0; i < N; i++) {
		/* digits from 1 to BASE, so that no two keys are equal */
		for (n = 0, x = i + 1; x > 0; x = (x - 1) / BASE)
			key[n++] = part[(x - 1) % BASE];
		key[n] = '\0';
		p = path(key, 1);
		bad += p == NULL || !is_safe(p);
		all[i] = strdup(p != NULL ? p : "");
	}
	qsort(all, N, sizeof(*all), by_text);
	for (i = 1; i < N; i++)
		twice += strcmp(all[i - 1], all[i]) == 0;
	for (i = 0; i < N; i++)
		free(all[i]);
	OK(bad == 0);
	OK(twice == 0);
	for (n = 1; n < sizeof(far); n++) {
		memset(far, '%', n);
		far[n] = '\0';
		p = path(far, 1);
		bad += p == NULL || !is_safe(p);
	}
	OK(bad == 0);
}

/* Every byte, and that no two of them share a name. */
static void
bytes(void)
{
	static char all[256][32];
	char key[2] = "";
	int i, k, twice = 0, bad = 0;

	for (i = 1; i < 256; i++) {
		key[0] = (char)i;
		(void)snprintf(all[i], sizeof(all[i]), "%s", path(key, 1));
		bad += !is_safe(all[i]);
		for (k = 1; k < i; k++)
			twice += strcmp(all[k], all[i]) == 0;
	}
	OK(bad == 0);
	OK(twice == 0);
}

static void
patterns(void)
{
	static const struct {
		const char	*re, *yes, *no;
	} t[] = {	/* as Python's re.match decides */
		{ "^circle-.*$", "circle-1", "xcircle-1" },
		{ "^resource/.*$", "resource/a", "preview/a" },
		{ "resource", "resource/x", "a/resource" },
		{ "a|b", "bcd", "cab" },
		{ "\\d+-\\w*x", "12-ab_x", "a-x" },
		{ "(?:ab)+?c", "ababc", "abab" },
		{ "[\\w.-]+@", "a.b-c@", "a b@" },
		{ "[^\\]/]+/$", "a/", "]/" },
		{ "[]a]b", "]b", "bb" },
		{ "[a\\-z]x", "-x", "bx" },
		{ "[\\^a]x", "^x", "bx" },
		{ "[\\^]x", "^x", "ax" },
		{ "[\\^-]x", "^x", "ax" },
		{ "\\.rtdc\\Z", ".rtdc", ".rtdc2" },
		{ "a{2,3}$", "aaa", "a" },
		{ "a\\/b", "a/b", "a\\/b" },
		{ "\\S\\s\\D", "a b", "ab1" },
	};
	static const char *const refused[] = { "(?=a)", "(?i)a", "(a)\\1",
		"a\\b", "[a", "(a", "[[:alpha:]]", "a++", "\\" };
	struct dcor_pattern *p;
	size_t i;
	int r;

	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		r = dcor_pattern_new(t[i].re, &p, NULL) == DCOR_OK &&
		    dcor_pattern_match(p, t[i].yes) &&
		    !dcor_pattern_match(p, t[i].no);
		OK(r);
		if (!r)
			printf("# %s\n", t[i].re);
		dcor_pattern_free(p);
	}
	for (i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		r = dcor_pattern_new(refused[i], &p, NULL);
		OK(r == DCOR_ECONF);
		if (r != DCOR_ECONF)
			printf("# %s\n", refused[i]);
		dcor_pattern_free(p);
	}
	OK(dcor_pattern_match(NULL, "x"));
}

int
main(void)
{
	char longest[1026], want[400], hex[65];

	dcor_buf_init(&buf, 1 << 16);
	OK(is("resource/0a1/b2c/3d4e-5f", 1, "resource/0a1/b2c/3d4e-5f"));
	OK(is("a", 2, "a%g2"));
	OK(is("a", 12, "a%g12"));
	OK(is("a//b", 1, "a/%n/b"));
	OK(is("/a/", 1, "%n/a/%n"));
	OK(is("../../etc", 1, "%2E%2E/%2E%2E/etc"));
	OK(is("./a/.", 1, "%2E/a/%2E"));
	OK(is("...", 1, "..."));
	OK(is("%n", 1, "%25n"));
	OK(is("a%g2", 1, "a%25g2"));
	OK(is("a b\n\xff\\", 1, "a%20b%0A%FF%5C"));
	OK(is("small_objects/x", 1, "%73mall_objects/x"));
	OK(is("a/small_objects", 1, "a/small_objects"));
	OK(is("Aa", 1, "Aa"));
	OK(is("", 1, NULL));
	memset(longest, 'x', 1025);
	longest[1025] = '\0';
	OK(is(longest, 1, NULL));
	longest[1024] = '\0';
	OK(dcor_sha256_hex(longest, 1024, hex, NULL) == DCOR_OK);
	memset(want, 'x', 120);
	(void)snprintf(want + 120, sizeof(want) - 120, "%%h%s", hex);
	OK(is(longest, 1, want));
	longest[200] = '\0';
	OK(is(longest, 1, longest));
	OK(bucket("circle-a.b_C", "circle-a.b_C"));
	OK(bucket(".dcor-archive", "%2Edcor-archive"));
	OK(bucket("..", NULL));
	OK(bucket("a/b", NULL));
	OK(bucket("", NULL));
	OK(bucket("abc\n", NULL));
	bytes();
	many();
	patterns();
	dcor_buf_fini(&buf);
	return DONE();
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Events by number.  What is right is Python's slice, which the table
 * follows by definition, and counting one by one.
 */
#include "rtdc/pick.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tap.h"

static char got[4096];

/* The ranges that the lists name of n events: "3+2 7+1", or the error. */
static const char *
ask(uint64_t n, const char *a, const char *b)
{
	struct dcor_err err = DCOR_ERR_INIT;
	struct dcor_sel s = { 0 };
	struct dcor_pick *p;
	uint64_t all = 0;
	size_t i, at = 0;

	got[0] = '\0';
	if (dcor_pick_new(&p, &err) != 0)
		return "no memory";
	if (dcor_pick_add(p, a, &err) == 0 && (b == NULL ||
	    dcor_pick_add(p, b, &err) == 0))
		(void)dcor_pick_get(p, n, &s, &err);
	for (i = 0; i < s.nv && at < sizeof(got) - 64; i++) {
		at += (size_t)snprintf(got + at, sizeof(got) - at,
		    "%s%llu+%llu", i > 0 ? " " : "",
		    (unsigned long long)s.v[i].first,
		    (unsigned long long)s.v[i].n);
		all += s.v[i].n;
	}
	if (err.code != DCOR_OK)
		snprintf(got, sizeof(got), "%d %s", err.code, err.msg);
	else if (all != s.n)
		return "wrong sum";
	dcor_sel_fini(&s);
	dcor_pick_free(p);
	return got;
}

#define IS(n, a, b, want) OK(strcmp(ask(n, a, b), want) == 0)
#define ERR(n, a, code, text) OK(strtol(ask(n, a, NULL), NULL, 10) == \
	(code) && strstr(got, text) != NULL)

static void
put(const char *name, const void *p, size_t n)
{
	FILE *f = fopen(name, "wb");

	if (f == NULL || fwrite(p, 1, n, f) != n || fclose(f) != 0)
		exit(1);
}

/* A file as NumPy's save makes it. */
static void
put_npy(const char *name, const char *descr, int n, const void *p,
    size_t bytes)
{
	unsigned char b[512];
	int len;

	memcpy(b, "\x93NUMPY\1\0v\0", 10);
	len = snprintf((char *)b + 10, 119, "{'descr': '%s', "
	    "'fortran_order': False, 'shape': (%d,), }", descr, n);
	memset(b + 10 + len, ' ', (size_t)(118 - len));
	b[127] = '\n';
	memcpy(b + 128, p, bytes);
	put(name, b, 128 + bytes);
}

static void
files(void)
{
	static const int64_t l[] = { 7, 2, -1, 2 };
	static const unsigned char big[] = { 0, 3, 0, 9 };
	static const unsigned char flags[] = { 1, 0, 0, 1, 1, 0, 0, 0, 0, 0 };
	static const int8_t neg[] = { -10 };

	put("a", "# events\n1, 5\n\n  7:9 # two\r\n-1", 30);
	IS(10, "@a", NULL, "1+1 5+1 7+3");
	IS(10, "0,@a", "2", "0+3 5+1 7+3");
	put("a", "1\nx\n", 4);
	ERR(10, "@a", DCOR_EDATA, "a: line 2: not an event");
	put("a", "1\n10\n", 5);
	ERR(10, "@a", DCOR_EARG, "a: line 2: there is no such event (there "
	    "are 10)");
	put("a", "", 0);
	IS(10, "@a", NULL, "");
	ERR(10, "@none", DCOR_ENOENT, "none");
	put_npy("i.npy", "<i8", 4, l, sizeof(l));
	IS(10, "@i.npy", NULL, "2+1 7+1 9+1");
	put_npy("i.npy", ">u2", 2, big, sizeof(big));
	IS(10, "@i.npy", NULL, "3+1 9+1");
	put_npy("i.npy", "|i1", 1, neg, sizeof(neg));
	IS(10, "@i.npy", NULL, "0+1");
	ERR(9, "@i.npy", DCOR_EARG, "no event -10");
	put_npy("i.npy", "|b1", 10, flags, sizeof(flags));
	IS(10, "@i.npy", NULL, "0+1 3+2");
	ERR(11, "@i.npy", DCOR_EARG, "10 booleans");
	put_npy("i.npy", "<i8", 5, l, sizeof(l));
	ERR(10, "@i.npy", DCOR_EDATA, "i.npy: not a list");
	put_npy("i.npy", "<f8", 1, l, sizeof(l));
	ERR(10, "@i.npy", DCOR_EDATA, "i.npy: not a list");
	unlink("a");
	unlink("i.npy");
}

/* Slices of every kind against counting. */
static void
slices(void)
{
	int a, b, step, n, i, bad = 0, lo, hi;
	char text[64], want[1024];
	size_t at;

	for (n = 0; n < 140; n += 1 + n / 3)
		for (a = -n - 2; a <= n + 2; a += 1 + n / 5)
			for (b = -n - 2; b <= n + 2; b += 1 + n / 5)
				for (step = 1; step < 72; step += 35) {
			snprintf(text, sizeof(text), "%d:%d:%d", a, b, step);
			lo = a < 0 ? a + n : a;
			hi = b < 0 ? b + n : b;
			lo = lo < 0 ? 0 : lo;
			hi = hi > n ? n : hi;
			want[0] = '\0';
			for (at = 0, i = lo; i < hi; i += step)
				at += (size_t)snprintf(want + at,
				    sizeof(want) - at, "%s%d+%d",
				    at > 0 ? " " : "", i,
				    step > 1 ? 1 : hi - lo),
				i += step > 1 ? 0 : hi;
			bad += strcmp(ask((uint64_t)n, text, NULL), want) != 0;
		}
	OK(bad == 0);
}

static void
walking(void)
{
	struct dcor_sel s = { 0 }, part = { 0 };
	struct dcor_selpos pos = { 0 };
	uint64_t sum = 0;

	OK(dcor_sel_add(&s, 5, 3, NULL) == 0 && dcor_sel_add(&s, 8, 2, NULL)
	    == 0 && s.nv == 1 && s.n == 5);
	OK(dcor_sel_add(&s, 9, 1, NULL) == DCOR_EBUG);
	OK(dcor_sel_add(&s, 20, 0, NULL) == 0 && s.nv == 1);
	OK(dcor_sel_add(&s, 20, 100, NULL) == 0 && s.nv == 2 && s.n == 105);
	OK(dcor_sel_next(&s, &pos, 7, &part, NULL) == 0 && part.n == 7 &&
	    part.nv == 2 && part.v[1].first == 20 && part.v[1].n == 2);
	OK(dcor_sel_next(&s, &pos, 7, &part, NULL) == 0 && part.n == 7 &&
	    part.nv == 1 && part.v[0].first == 22);
	while (dcor_sel_next(&s, &pos, 10, &part, NULL) == 0 && part.n > 0)
		sum += part.n;
	OK(sum == 91);
	dcor_sel_limit(&s, 200);
	OK(s.n == 105);
	dcor_sel_limit(&s, 6);
	OK(s.n == 6 && s.nv == 2 && s.v[1].n == 1);
	dcor_sel_limit(&s, 5);
	OK(s.n == 5 && s.nv == 1);
	dcor_sel_limit(&s, 0);
	OK(s.n == 0 && s.nv == 0);
	dcor_sel_fini(&s);
	dcor_sel_fini(&part);
}

/*
 * The first three numbers of SplitMix64 from 1234567 on (Rosetta Code) are
 * 6457827717110365317, 3203168211198807973, 9817491932198370423: as parts
 * of 2^64 .350, .174, .532.  1 of 3: .350*3 is not below 1, .174*2 is.
 */
static void
sampling(void)
{
	struct dcor_sel s = { 0 };
	uint64_t seed, hit[10] = { 0 };
	size_t i, k;
	int even = 1;

	OK(dcor_sel_add(&s, 10, 3, NULL) == 0 &&
	    dcor_sel_sample(&s, 1, 1234567, NULL) == 0 && s.n == 1 &&
	    s.v[0].first == 11);
	dcor_sel_fini(&s);
	for (seed = 0; seed < 10000; seed++) {
		if (dcor_sel_add(&s, 0, 10, NULL) != 0 ||
		    dcor_sel_sample(&s, 3, seed, NULL) != 0 || s.n != 3)
			break;
		for (i = 0; i < s.nv; i++)
			for (k = 0; k < s.v[i].n; k++)
				hit[s.v[i].first + k]++;
		dcor_sel_fini(&s);
	}
	OK(seed == 10000);
	/* each 3000 times; six standard deviations are 275 */
	for (i = 0; i < 10; i++)
		even &= hit[i] > 2725 && hit[i] < 3275;
	OK(even);
	OK(dcor_sel_add(&s, 0, 10, NULL) == 0 && dcor_sel_sample(&s, 10, 1,
	    NULL) == 0 && s.n == 10 && dcor_sel_sample(&s, 0, 1, NULL) == 0 &&
	    s.n == 0 && s.nv == 0);
	dcor_sel_fini(&s);
}

int
main(void)
{
	char dir[] = "/tmp/dcor-unit.XXXXXX";

	if (mkdtemp(dir) == NULL || chdir(dir) != 0)
		return 1;
	IS(100, "5", NULL, "5+1");
	IS(100, "-1", NULL, "99+1");
	IS(100, "0:1000", NULL, "0+100");
	IS(100, "-10:", NULL, "90+10");
	IS(25, "::10", NULL, "0+1 10+1 20+1");
	IS(100, "1,5,7:20", NULL, "1+1 5+1 7+13");
	IS(100, "7:20,5 , 1,5", "19:22", "1+1 5+1 7+15");
	IS(1000, "3:997", "998:1000", "3+994 998+2");
	IS(100, ":", NULL, "0+100");
	IS(0, ":", NULL, "");
	IS(100, "20:10", NULL, "");
	IS(100, "0:100:999999999999999999", NULL, "0+1");
	ERR(100, "100", DCOR_EARG, "100: column 1: there is no such event");
	ERR(100, "1,-101", DCOR_EARG, "column 3: there is no such event");
	ERR(0, "0", DCOR_EARG, "(there are 0)");
	ERR(100, "", DCOR_EARG, "column 1: not an event");
	ERR(100, "1,,2", DCOR_EARG, "column 3: not an event");
	ERR(100, "1,", DCOR_EARG, "column 3: not an event");
	ERR(100, "1 2", DCOR_EARG, "column 3: not an event");
	ERR(100, "::0", DCOR_EARG, "column 3: the step");
	ERR(100, "1:2:-1", DCOR_EARG, "column 5: the step");
	ERR(100, "1:2:3:4", DCOR_EARG, "column 6: not an event");
	ERR(100, "0x10", DCOR_EARG, "column 2: not an event");
	ERR(100, "99999999999999999999", DCOR_EARG, "column 1: not an");
	ERR(100, "1@a", DCOR_EARG, "column 2: a file");
	slices();
	files();
	walking();
	sampling();
	rmdir(dir);
	return DONE();
}

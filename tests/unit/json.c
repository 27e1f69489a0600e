/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "tap.h"

static struct dcor_buf buf;
static struct dcor_jw w;

static void
start(unsigned flags)
{
	dcor_buf_clear(&buf);
	dcor_jw_init(&w, &buf, flags);
}

static int
same(const char *want)
{
	int r;

	r = dcor_jw_done(&w, NULL) == 0 &&
	    strcmp(dcor_buf_str(&buf), want) == 0;
	if (!r)
		printf("# got  %s\n# want %s\n", dcor_buf_str(&buf), want);
	return r;
}

static int
str(const char *s, unsigned flags, const char *want)
{
	start(flags);
	dcor_jw_str(&w, s);
	return same(want);
}

static int
repr(double v, const char *want)
{
	char out[DCOR_REPR_SIZE];

	if (strcmp(dcor_repr(v, out), want) == 0)
		return 1;
	printf("# got %s want %s\n", out, want);
	return 0;
}

static void
sample(void)
{
	dcor_jw_obj(&w);
	dcor_jw_kstr(&w, "a", "b\"\n");
	dcor_jw_key(&w, "list");
	dcor_jw_arr(&w);
	dcor_jw_i64(&w, INT64_MIN);
	dcor_jw_u64(&w, UINT64_MAX);
	dcor_jw_arr(&w);
	dcor_jw_end(&w);
	dcor_jw_obj(&w);
	dcor_jw_end(&w);
	dcor_jw_end(&w);
	dcor_jw_kdbl(&w, "x", 1);
	dcor_jw_kdbl(&w, "nan", (double)NAN);
	dcor_jw_kbool(&w, "t", 1);
	dcor_jw_kstr(&w, "none", NULL);
	dcor_jw_end(&w);
}

static void
writer(void)
{
	int i;

	start(0);
	sample();
	OK(same("{\"a\":\"b\\\"\\n\",\"list\":[-9223372036854775808,"
	    "18446744073709551615,[],{}],\"x\":1.0,\"nan\":null,"
	    "\"t\":true,\"none\":null}"));
	start(DCOR_JW_SPACE);
	sample();
	OK(same("{\"a\": \"b\\\"\\n\", \"list\": [-9223372036854775808, "
	    "18446744073709551615, [], {}], \"x\": 1.0, \"nan\": null, "
	    "\"t\": true, \"none\": null}"));
	start(DCOR_JW_PYTHON);
	sample();
	OK(same("{\n  \"a\": \"b\\\"\\n\",\n  \"list\": [\n"
	    "    -9223372036854775808,\n    18446744073709551615,\n    [],\n"
	    "    {}\n  ],\n  \"x\": 1.0,\n  \"nan\": null,\n  \"t\": true,\n"
	    "  \"none\": null\n}"));

	OK(str("\x01\x1f\x7f\b\f\r\t\\/", 0,
	    "\"\\u0001\\u001f\x7f\\b\\f\\r\\t\\\\/\""));
	OK(str("\xc3\xbc \xf0\x9f\x98\x80", 0,
	    "\"\xc3\xbc \xf0\x9f\x98\x80\""));
	OK(str("\xc3\xbc \xf0\x9f\x98\x80", DCOR_JW_ASCII,
	    "\"\\u00fc \\ud83d\\ude00\""));
	OK(str("\xff", DCOR_JW_ASCII, "\"\\ufffd\""));
	OK(str("a\xffz", 0, "\"a\xef\xbf\xbdz\""));
	OK(str("\xe2\x82", 0, "\"\xef\xbf\xbd\""));
	OK(str("\xe2\x82z", 0, "\"\xef\xbf\xbdz\""));
	OK(str("\xed\xa0\x80", DCOR_JW_ASCII, "\"\\ufffd\\ufffd\\ufffd\""));
	OK(str("\xc0\xaf", DCOR_JW_ASCII, "\"\\ufffd\\ufffd\""));
	OK(str("\xf4\x8f\xbf\xbf", DCOR_JW_ASCII, "\"\\udbff\\udfff\""));
	OK(str("\xf4\x90\x80\x80", DCOR_JW_ASCII,
	    "\"\\ufffd\\ufffd\\ufffd\\ufffd\""));
	start(0);
	dcor_jw_strn(&w, "a\0b", 3);
	OK(same("\"a\\u0000b\""));

	/* mistakes */
	start(0);
	OK(dcor_jw_done(&w, NULL) == DCOR_EBUG);
	dcor_jw_null(&w);
	dcor_jw_null(&w);
	OK(dcor_jw_done(&w, NULL) == DCOR_EBUG);
	start(0);
	dcor_jw_obj(&w);
	dcor_jw_null(&w);
	dcor_jw_end(&w);
	OK(dcor_jw_done(&w, NULL) == DCOR_EBUG);
	start(0);
	dcor_jw_obj(&w);
	OK(dcor_jw_done(&w, NULL) == DCOR_EBUG);
	start(0);
	for (i = 0; i < DCOR_JSON_DEPTH; i++)
		dcor_jw_arr(&w);
	for (i = 0; i < DCOR_JSON_DEPTH; i++)
		dcor_jw_end(&w);
	OK(dcor_jw_done(&w, NULL) == 0);
	start(0);
	for (i = 0; i <= DCOR_JSON_DEPTH; i++)
		dcor_jw_arr(&w);
	OK(dcor_jw_done(&w, NULL) == DCOR_EBUG);
}

static void
doubles(void)
{
	char out[DCOR_REPR_SIZE];
	uint64_t s = 88172645463325252u;
	double v;
	int i, good = 1;

	OK(repr(0.0, "0.0"));
	OK(repr(-0.0, "-0.0"));
	OK(repr(1.0, "1.0"));
	OK(repr(-6, "-6.0"));
	OK(repr(0.8, "0.8"));
	OK(repr(0.1 + 0.2, "0.30000000000000004"));
	OK(repr(1e-5, "1e-05"));
	OK(repr(0.0001, "0.0001"));
	OK(repr(0.00012345, "0.00012345"));
	OK(repr(1e15, "1000000000000000.0"));
	OK(repr(123456789012345680.0, "1.2345678901234568e+17"));
	OK(repr(1e16, "1e+16"));
	OK(repr(1e22, "1e+22"));
	OK(repr(1e100, "1e+100"));
	OK(repr(1234.5, "1234.5"));
	OK(repr(5e-324, "5e-324"));
	OK(repr(ldexp(1, -44), "5.684341886080802e-14"));
	OK(repr(9007199254740993.0, "9007199254740992.0"));
	OK(repr(DBL_MAX, "1.7976931348623157e+308"));
	OK(repr((double)NAN, "nan"));
	OK(repr(-(double)INFINITY, "-inf"));
	for (i = 0; i < 100000; i++) {		/* xorshift */
		s ^= s << 13;
		s ^= s >> 7;
		s ^= s << 17;
		memcpy(&v, &s, sizeof(v));
		if (!isfinite(v))
			continue;
		dcor_repr(v, out);
		if (strtod(out, NULL) < v || strtod(out, NULL) > v) {
			printf("# %a -> %s\n", v, out);
			good = 0;
		}
	}
	OK(good);
}

static struct dcor_json *
parse(const char *text)
{
	struct dcor_json *j;

	return dcor_json_parse(text, strlen(text), 1000, &j, NULL) == 0 ? j :
	    NULL;
}

static void
reader(void)
{
	static const char *const wrong[] = {
		"", "{", "[1,]", "{\"a\":1,\"a\":2}", "1 2", "NaN", "'a'",
		"\"\xff\"", "99999999999999999999", "\"\\u0000\"", "nul",
	};
	struct dcor_err e = DCOR_ERR_INIT, f = DCOR_ERR_INIT;
	const struct dcor_json *v;
	struct dcor_json *j;
	const char *s = NULL, *key;
	char deep[300];
	void *iter = NULL;
	int64_t i64 = 0;
	double d = 0;
	int b = 0;
	size_t i;

	j = parse("{\"s\":\"\\u00fc\",\"i\":-9223372036854775808,\"d\":0.5,"
	    "\"b\":true,\"n\":null,\"a\":[1,[2]],\"o\":{\"k\":\"v\"}}");
	OK(j != NULL);
	OK(dcor_json_type(j) == DCOR_JSON_OBJ && dcor_json_len(j) == 7);
	OK(strcmp(dcor_json_str(dcor_json_get(j, "s")), "\xc3\xbc") == 0);
	OK(dcor_json_i64(dcor_json_get(j, "i"), &i64) && i64 == INT64_MIN);
	OK(dcor_json_dbl(dcor_json_get(j, "d"), &d) && d > 0.4 && d < 0.6);
	OK(!dcor_json_i64(dcor_json_get(j, "d"), &i64));
	OK(dcor_json_bool(dcor_json_get(j, "b"), &b) && b == 1);
	OK(dcor_json_is_null(dcor_json_get(j, "n")));
	OK(!dcor_json_is_null(dcor_json_get(j, "none")));
	v = dcor_json_get(j, "a");
	OK(dcor_json_len(v) == 2 && dcor_json_at(v, 2) == NULL);
	OK(dcor_json_dbl(dcor_json_at(dcor_json_at(v, 1), 0), &d) && d > 1);
	OK(dcor_json_get(dcor_json_get(v, "x"), "y") == NULL);
	OK(strcmp(dcor_json_str(dcor_json_get(dcor_json_get(j, "o"), "k")),
	    "v") == 0);
	v = dcor_json_each(j, &iter, &key);
	OK(v != NULL && strcmp(key, "s") == 0);
	for (i = 1; dcor_json_each(j, &iter, &key) != NULL; i++)
		continue;
	OK(i == 7 && strcmp(key, "o") == 0);
	OK(dcor_json_need_str(j, "s", &s, NULL) == 0 && s != NULL);
	OK(dcor_json_need_i64(j, "s", &i64, &e) == DCOR_EDATA);
	OK(strcmp(e.msg, "s: not an integer") == 0);
	OK(dcor_json_need_str(j, "zz", &s, &f) == DCOR_EDATA);
	OK(strcmp(f.msg, "zz: missing") == 0);
	dcor_json_free(j);
	dcor_json_free(NULL);
	OK(dcor_json_type(NULL) == DCOR_JSON_NONE && dcor_json_len(NULL) == 0);

	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		OK(parse(wrong[i]) == NULL);
	memset(deep, '[', 150);
	memset(deep + 150, ']', 150);
	OK(dcor_json_parse(deep, 300, 300, &j, NULL) == DCOR_EDATA);
	OK(dcor_json_parse(deep + 100, 100, 300, &j, NULL) == 0);
	dcor_json_free(j);
	OK(dcor_json_parse(deep + 100, 100, 99, &j, NULL) == DCOR_EDATA);
}

int
main(void)
{
	dcor_buf_init(&buf, 1 << 16);
	writer();
	doubles();
	reader();
	dcor_buf_fini(&buf);
	return DONE();
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Python's float(), repr() and conversions; what Python 3.11 says. */
#include <math.h>
#include <string.h>

#include "rtdc/checkval.h"
#include "tap.h"

static void
test_float(void)
{
	static const struct {
		const char	*text;
		double		 want;
	} good[] = { { " 2_3.5e0 ", 23.5 }, { "+.5", .5 }, { "5.", 5 },
	    { " 1e5 ", 1e5 }, { "-1_000.0_1", -1000.01 }, { "1E-2", .01 },
	    { "inf", HUGE_VAL }, { "-InfiniTy", -HUGE_VAL },
	    { "1e400", HUGE_VAL }, { "-1e400", -HUGE_VAL } };
	static const char *const bad[] = { "", " ", ".", "1__0", "_1", "1_",
	    "1e", "e5", "0x10", "1 0", "1_.5", "infin", "nano", "1,5", "--1",
	    "1e4_", "True" };
	size_t i;
	double d;

	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		d = 0;
		printf("# float('%s')\n", good[i].text);
		OK(dcor_py_float(good[i].text, &d) == 0);
		OK(d == good[i].want);
	}
	OK(dcor_py_float("+nAn", &d) == 0 && isnan(d));
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		printf("# no float: '%s'\n", bad[i]);
		OK(dcor_py_float(bad[i], &d) != 0);
	}
}

static void
test_repr(void)
{
	static const char *const pair[][2] = { { "abc", "'abc'" },
	    { "it's", "\"it's\"" }, { "a'b\"c", "'a\\'b\"c'" },
	    { "a\tb\\c\n", "'a\\tb\\\\c\\n'" }, { "\x7f\x01", "'\\x7f\\x01'" },
	    { "", "''" } };
	struct dcor_buf b;
	size_t i;

	for (i = 0; i < sizeof(pair) / sizeof(pair[0]); i++) {
		dcor_buf_init(&b, 1000);
		dcor_py_repr(&b, pair[i][0]);
		printf("# %s\n", pair[i][1]);
		OK(strcmp(dcor_buf_str(&b), pair[i][1]) == 0);
		dcor_buf_fini(&b);
	}
}

/* A text converted and printed, or the exception. */
static void
converts(enum dcor_metatype type, const char *text, const char *want)
{
	struct dcor_val in = { .kind = DCOR_VAL_TEXT, .cls = "str" }, out;
	struct dcor_buf b;
	char copy[64];

	snprintf(copy, sizeof(copy), "%s", text);
	in.text = copy;
	dcor_buf_init(&b, 1000);
	if (dcor_val_convert(type, &in, &out, &b) == 0)
		dcor_val_format(&out, &b);
	printf("# type %d of '%s': %s\n", (int)type, text, dcor_buf_str(&b));
	OK(strcmp(dcor_buf_str(&b), want) == 0);
	dcor_buf_fini(&b);
	dcor_val_fini(&out);
}

int
main(void)
{
	test_float();
	test_repr();
	converts(DCOR_META_INT, "250.7", "250");
	converts(DCOR_META_INT, "-0.5", "0");
	converts(DCOR_META_INT, "TRUE", "1");
	converts(DCOR_META_INT, "1e19", "10000000000000000000");
	converts(DCOR_META_INT, "", "ValueError: Empty string provided for "
	    "fint!");
	converts(DCOR_META_INT, "ABC", "ValueError: could not convert string "
	    "to float: 'abc'");
	converts(DCOR_META_INT, "nan", "ValueError: cannot convert float NaN "
	    "to integer");
	converts(DCOR_META_FLOAT, "ABC", "ValueError: could not convert "
	    "string to float: 'ABC'");
	converts(DCOR_META_FLOAT, "1e22", "1e+22");
	converts(DCOR_META_FLOAT, "20", "20.0");
	converts(DCOR_META_BOOL, "0.0", "False");
	converts(DCOR_META_BOOL, "nan", "True");
	converts(DCOR_META_BOOLFLOAT, "2", "True");
	converts(DCOR_META_LCSTR, "Channel", "channel");
	converts(DCOR_META_PAIR, "1", "ValueError: Value is not 1 "
	    "dimensional, got 1!");
	return DONE();
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Expected values: date -u -d TEXT +%s of GNU coreutils, RFC 9110 5.6.7. */
#include <string.h>
#include <time.h>

#include "base/time.h"
#include "tap.h"

static int
at(const char *text, int64_t want)
{
	int64_t t = 77;

	return dcor_parse_time(text, &t) == 0 && t == want;
}

static int
no_time(const char *text)
{
	int64_t t = 77;

	return dcor_parse_time(text, &t) == DCOR_EARG && t == 77;
}

static int
http(const char *text, int64_t want)
{
	int64_t t = 77;

	if (want == 77)
		return dcor_parse_httpdate(text, &t) == DCOR_EARG && t == 77;
	return dcor_parse_httpdate(text, &t) == 0 && t == want;
}

static int
lasts(const char *text, int64_t want)
{
	int64_t t = 77;

	if (want == -1)
		return dcor_parse_duration(text, &t) == DCOR_EARG && t == 77;
	return dcor_parse_duration(text, &t) == 0 && t == want;
}

/* Against libc, over days and seconds of 10 000 years. */
static int
like_libc(void)
{
	char ours[32], theirs[96];
	int64_t t, back;
	struct tm tm;
	time_t tt;

	for (t = -INT64_C(62135596800); t < INT64_C(253402300799);
	    t += 86399 * 7) {
		tt = (time_t)t;
		if (gmtime_r(&tt, &tm) == NULL)
			return 0;
		snprintf(theirs, sizeof(theirs),
		    "%04d-%02d-%02dT%02d:%02d:%02dZ", tm.tm_year + 1900,
		    tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min,
		    tm.tm_sec);
		dcor_fmt_time(t, ours);
		if (strcmp(ours, theirs) != 0 ||
		    dcor_parse_time(ours, &back) != 0 || back != t) {
			printf("# %s %s\n", ours, theirs);
			return 0;
		}
	}
	return 1;
}

int
main(void)
{
	char out[32];

	OK(like_libc());
	OK(at("1970-01-01T00:00:00Z", 0));
	OK(at("2013-05-24T00:00:00Z", 1369353600));
	OK(at("2013-05-24", 1369353600));
	OK(at("20130524T000000Z", 1369353600));
	OK(at("1369353600", 1369353600));
	OK(at("2013-05-24t01:30:00.123456+01:30", 1369353600));
	OK(at("2013-05-23 19:00:00-05:00", 1369353600));
	OK(at("2016-12-31T23:59:60Z", 1483228800));
	OK(at("2000-02-29T12:00:00Z", 951825600));
	OK(at("0", 0));
	OK(at("9999-12-31T23:59:59Z", INT64_C(253402300799)));
	OK(no_time(""));
	OK(no_time("-1"));
	OK(no_time("+5"));
	OK(no_time("253402300800"));
	OK(no_time("99999999999999999999"));
	OK(no_time("2013-05-24T00:00:00"));
	OK(no_time("2013-05-24T00:00:00Zx"));
	OK(no_time("2013-05-24T00:00:00.Z"));
	OK(no_time("2013-05-24T00:00Z"));
	OK(no_time("2013-05-24T24:00:00Z"));
	OK(no_time("2013-05-24T00:60:00Z"));
	OK(no_time("2013-05-24T00:00:61Z"));
	OK(no_time("2013-05-24T00:00:00+24:00"));
	OK(no_time("2013-05-24T00:00:00+01"));
	OK(no_time("2013-02-29"));
	OK(no_time("1900-02-29"));
	OK(no_time("2013-13-01"));
	OK(no_time("2013-00-01"));
	OK(no_time("2013-01-00"));
	OK(no_time("0000-01-01"));
	OK(no_time("20130524T000000"));
	OK(no_time("20130524T000000Z "));
	OK(no_time("20131324T000000Z"));

	OK(http("Sun, 06 Nov 1994 08:49:37 GMT", 784111777));
	OK(http("Sunday, 06-Nov-94 08:49:37 GMT", 784111777));
	OK(http("Sun Nov  6 08:49:37 1994", 784111777));
	OK(http("Wed Nov 16 08:49:37 1994", 784975777));
	OK(http("Friday, 01-Jan-69 00:00:00 GMT", INT64_C(3124224000)));
	OK(http("Sun, 06 Nov 1994 08:49:37 CET", 77));
	OK(http("Sun, 06 Nov 1994 08:49:37 GMT ", 77));
	OK(http("Sun, 06 Foo 1994 08:49:37 GMT", 77));
	OK(http("Sun, 31 Nov 1994 08:49:37 GMT", 77));
	OK(http("Sun, 06 Nov 94 08:49:37 GMT", 77));
	OK(http(", 06 Nov 1994 08:49:37 GMT", 77));
	OK(http("Sun", 77));
	OK(http("Sun ", 77));
	OK(http("Sun, 06", 77));
	OK(http("", 77));

	OK(lasts("0", 0));
	OK(lasts("90", 90));
	OK(lasts("90s", 90));
	OK(lasts("15m", 900));
	OK(lasts("12h", 43200));
	OK(lasts("7d", 604800));
	OK(lasts("1w", 604800));
	OK(lasts("1d12h30m5s", 131405));
	OK(lasts("9007199254740991", INT64_C(9007199254740991)));
	OK(lasts("9007199254740992", -1));
	OK(lasts("15000000000w", -1));
	OK(lasts("", -1));
	OK(lasts("h", -1));
	OK(lasts("1h30", -1));
	OK(lasts("30m1h", -1));
	OK(lasts("1h1h", -1));
	OK(lasts("1y", -1));
	OK(lasts("-1", -1));
	OK(lasts("1.5h", -1));
	OK(lasts(" 1", -1));

	dcor_fmt_time(1369353600, out);
	OK(strcmp(out, "2013-05-24T00:00:00Z") == 0);
	return DONE();
}

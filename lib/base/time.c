/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/time.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define DAY	86400

double
dcor_seconds(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + 1e-9 * (double)ts.tv_nsec;
}

double
dcor_lap(double *since)
{
	double t = dcor_seconds(), d = t - *since;

	*since = t;
	return d;
}

/*
 * The calendar repeats every 400 years, which are 146097 days.  Years that
 * begin in March have the leap day at their end, and then the days before a
 * month are (153 * month + 2) / 5.
 */
void
dcor_civil(int64_t t, struct dcor_civil *out)
{
	int64_t days = t / DAY - (t % DAY < 0), era, doe, yoe, doy;
	int rest = (int)(t - days * DAY), mp;

	days += 719468;			/* from 0000-03-01 */
	era = (days >= 0 ? days : days - 146096) / 146097;
	doe = days - era * 146097;
	yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	mp = (int)((5 * doy + 2) / 153);
	out->day = (int)doy - (153 * mp + 2) / 5 + 1;
	out->month = mp < 10 ? mp + 3 : mp - 9;
	out->year = yoe + era * 400 + (out->month <= 2);
	out->hour = rest / 3600;
	out->minute = rest / 60 % 60;
	out->second = rest % 60;
}

/* What a date says as a point in time; DCOR_EARG when there is no such. */
static int
from_civil(const struct dcor_civil *c, int64_t *out)
{
	static const int length[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31,
	    30, 31 };
	int64_t y = c->year, days;
	int leap, mp;

	leap = (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;
	if (y < 1 || y > 9999 || c->month < 1 || c->month > 12 ||
	    c->day < 1 || c->day > length[c->month - 1] +
	    (c->month == 2 && leap) || c->hour > 23 || c->minute > 59 ||
	    c->second > 60)
		return DCOR_EARG;
	y -= c->month <= 2;
	mp = c->month > 2 ? c->month - 3 : c->month + 9;
	days = y * 365 + y / 4 - y / 100 + y / 400 + (153 * mp + 2) / 5 +
	    c->day - 1 - 719468;
	*out = days * DAY + c->hour * 3600 + c->minute * 60 + c->second;
	return 0;
}

/* Text against a pattern: each run of d is a number of as many digits, which
 * goes to the next of v; anything else must be equal.  Returns what follows,
 * or NULL. */
static const char *
scan(const char *p, const char *pattern, int *v)
{
	int in = 0;

	for (; *pattern != '\0'; pattern++, p++)
		if (*pattern == 'd') {
			if (*p < '0' || *p > '9')
				return NULL;
			*v = (in ? *v * 10 : 0) + (*p - '0');
			in = 1;
			if (pattern[1] != 'd') {
				v++;
				in = 0;
			}
		} else if (*p != *pattern)
			return NULL;
	return p;
}

static int
clock_of(const int *v, int64_t year, int month, int day, int64_t *out)
{
	struct dcor_civil c = { year, month, day, v[0], v[1], v[2] };

	return from_civil(&c, out);
}

/* "Z" or "+01:00" at the end; seconds to subtract. */
static int
zone(const char *p, int64_t *offset)
{
	int v[2], minus = *p == '-';

	*offset = 0;
	if (*p == 'Z' || *p == 'z')
		return p[1] == '\0' ? 0 : DCOR_EARG;
	if (*p != '+' && *p != '-')
		return DCOR_EARG;
	p = scan(p + 1, "dd:dd", v);
	if (p == NULL || *p != '\0' || v[0] > 23 || v[1] > 59)
		return DCOR_EARG;
	*offset = (v[0] * 3600 + v[1] * 60) * (minus ? -1 : 1);
	return 0;
}

static int
parse_epoch(const char *text, int64_t *out)
{
	int64_t t = 0;
	size_t n = strspn(text, "0123456789");

	if (n == 0 || n > 12 || text[n] != '\0')
		return DCOR_EARG;
	for (; *text != '\0'; text++)
		t = t * 10 + (*text - '0');
	if (t > INT64_C(253402300799))	/* the end of the year 9999 */
		return DCOR_EARG;
	*out = t;
	return 0;
}

int
dcor_parse_time(const char *text, int64_t *out)
{
	const char *p, *q;
	int d[3], v[3] = { 0, 0, 0 };
	int64_t t, offset = 0;

	if ((p = scan(text, "ddddddddTddddddZ", d)) != NULL) {
		if (*p != '\0')
			return DCOR_EARG;
		return clock_of((int[]){ d[1] / 10000, d[1] / 100 % 100,
		    d[1] % 100 }, d[0] / 10000, d[0] / 100 % 100, d[0] % 100,
		    out);
	}
	if ((p = scan(text, "dddd-dd-dd", d)) == NULL)
		return parse_epoch(text, out);
	if (*p != '\0') {
		if (strchr("Tt ", *p) == NULL ||
		    (p = scan(p + 1, "dd:dd:dd", v)) == NULL)
			return DCOR_EARG;
		if (*p == '.') {
			q = p + 1 + strspn(p + 1, "0123456789");
			if (q == p + 1)
				return DCOR_EARG;
			p = q;
		}
		if (zone(p, &offset) != 0)
			return DCOR_EARG;
	}
	if (clock_of(v, d[0], d[1], d[2], &t) != 0)
		return DCOR_EARG;
	*out = t - offset;
	return 0;
}

/* The number of the month that text begins with, or 0. */
static int
month_of(const char *text)
{
	static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	int i;

	for (i = 0; i < 12; i++)
		if (strncmp(text, names + 3 * i, 3) == 0)
			return i + 1;
	return 0;
}

int
dcor_parse_httpdate(const char *text, int64_t *out)
{
	size_t n = strspn(text, "MTWFSadehionrstuy");	/* Monday... */
	const char *p = text + n;
	int day[1], year[1], v[4], month;

	if (n < 3)
		return DCOR_EARG;
	if (p[0] == ',') {		/* ", 06 Nov 1994 " or ", 06-Nov-94 " */
		if ((p = scan(p, ", dd", day)) == NULL ||
		    (*p != ' ' && *p != '-') ||
		    (month = month_of(p + 1)) == 0)
			return DCOR_EARG;
		if (*p == ' ')
			p = scan(p + 4, " dddd", year);
		else if ((p = scan(p + 4, "-dd", year)) != NULL)
			year[0] += year[0] < 70 ? 2000 : 1900;
		if (p == NULL || (p = scan(p, " dd:dd:dd GMT", v)) == NULL)
			return DCOR_EARG;
	} else {			/* " Nov  6 08:49:37 1994" */
		if (*p != ' ' || (month = month_of(p + 1)) == 0)
			return DCOR_EARG;
		p += 4;
		p = scan(p, p[0] == ' ' && p[1] == ' ' ? "  d" : " dd", day);
		if (p == NULL || (p = scan(p, " dd:dd:dd dddd", v)) == NULL)
			return DCOR_EARG;
		year[0] = v[3];
	}
	if (*p != '\0')
		return DCOR_EARG;
	return clock_of(v, year[0], month, day[0], out);
}

int
dcor_parse_duration(const char *text, int64_t *seconds)
{
	static const char units[] = "wdhms";
	static const int64_t each[] = { 604800, DAY, 3600, 60, 1 };
	const int64_t most = INT64_C(1) << 53;
	const char *unit;
	int64_t sum = 0, v;
	size_t from = 0;

	do {
		if (*text < '0' || *text > '9')
			return DCOR_EARG;
		for (v = 0; *text >= '0' && *text <= '9'; text++)
			if ((v = v * 10 + (*text - '0')) >= most)
				return DCOR_EARG;
		if (*text == '\0' && from == 0) {
			*seconds = v;		/* no unit at all */
			return 0;
		}
		if (*text == '\0' ||
		    (unit = strchr(units + from, *text++)) == NULL)
			return DCOR_EARG;
		from = (size_t)(unit - units) + 1;
		if (v > (most - 1 - sum) / each[from - 1])
			return DCOR_EARG;
		sum += v * each[from - 1];
	} while (*text != '\0');
	*seconds = sum;
	return 0;
}

void
dcor_fmt_time(int64_t t, char out[32])
{
	struct dcor_civil c;

	dcor_civil(t, &c);
	snprintf(out, 32, "%04lld-%02d-%02dT%02d:%02d:%02dZ",
	    (long long)c.year, c.month, c.day, c.hour, c.minute, c.second);
}

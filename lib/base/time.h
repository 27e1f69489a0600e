/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * time.h - measuring time; points in time and durations as text
 *
 * A point in time is int64_t seconds since 1970 (UTC, no leap seconds),
 * whatever TZ says.  The parsers take the whole of text; they return 0, or
 * DCOR_EARG and leave *out as it is.  Threads: pure.
 */
#ifndef DCOR_BASE_TIME_H
#define DCOR_BASE_TIME_H

#include "base/err.h"

#include <stdint.h>

/* Seconds on a clock that only goes forward. */
double dcor_seconds(void);

/* Seconds since *since, which becomes now. */
double dcor_lap(double *since);

/* The Gregorian calendar, for every t within 9e15 of 0. */
struct dcor_civil {
	int64_t	year;
	int	month, day;		/* from 1 */
	int	hour, minute, second;
};
void dcor_civil(int64_t t, struct dcor_civil *out);

/*
 * RFC 3339 ("2026-11-25T11:00:00Z", "...+01:00", a fraction is dropped),
 * a date alone (its midnight, UTC), the basic form "20261125T110000Z", or
 * seconds since 1970; years 1 to 9999.  A leap second is the next second.
 */
int dcor_parse_time(const char *text, int64_t *out)
    __attribute__((warn_unused_result));

/* The three forms of RFC 9110 5.6.7; years of two digits are 1970 to 2069.
 * The day of the week is not looked at. */
int dcor_parse_httpdate(const char *text, int64_t *out)
    __attribute__((warn_unused_result));

/* Seconds, or numbers with units, largest first: "90", "15m", "1d12h";
 * w, d, h, m, s.  Not negative, below 2^53. */
int dcor_parse_duration(const char *text, int64_t *seconds)
    __attribute__((warn_unused_result));

/* "2026-11-25T11:00:00Z" */
void dcor_fmt_time(int64_t t, char out[32]);

#endif /* DCOR_BASE_TIME_H */

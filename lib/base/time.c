/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/time.h"

#include <time.h>

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

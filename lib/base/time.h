/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * time.h - measuring time
 */
#ifndef DCOR_BASE_TIME_H
#define DCOR_BASE_TIME_H

/* Seconds on a clock that only goes forward. */
double dcor_seconds(void);

/* Seconds since *since, which becomes now. */
double dcor_lap(double *since);

#endif /* DCOR_BASE_TIME_H */

/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TAP_H
#define TAP_H
#include <stdio.h>
static int tap_n, tap_bad;
#define OK(cond) do { int r_ = (cond) != 0; tap_bad += !r_; \
	printf("%sok %d - %s\n", r_ ? "" : "not ", ++tap_n, #cond); \
	if (!r_) printf("# %s:%d\n", __FILE__, __LINE__); } while (0)
#define DONE() (printf("1..%d\n", tap_n), tap_bad != 0)
#endif

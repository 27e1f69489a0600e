/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "slice.h"
int slice_requests(const struct slice *s, const struct slice_job *base, int nul) {(void)s;(void)base;(void)nul; return 0;}

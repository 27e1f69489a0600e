/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "slice.h"
int slice_list(const struct slice *s, struct dcor_rtdc *m, const char *name, struct dcor_err *err) { (void)s;(void)m;(void)name;(void)err; return 0;}
int slice_print(const struct slice *s, struct dcor_rtdc *m, const char *name, struct dcor_err *err) { (void)s;(void)m;(void)name;(void)err; return 0;}
int slice_requests(const struct slice *s, const struct slice_job *base, int nul) {(void)s;(void)base;(void)nul; return 0;}

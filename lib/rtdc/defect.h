/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * defect.h - stored features that are known to be wrong
 *
 * Some versions of the recording and analysis software stored wrong
 * values.  Which ones follows from setup:software version; so whoever adds
 * to that text must not copy what the text gives away.
 * Source: the rules of dclab 0.73.
 */
#ifndef DCOR_RTDC_DEFECT_H
#define DCOR_RTDC_DEFECT_H

#include "rtdc/file.h"

/* Whether events/NAME of the measurement itself is one of those. */
int dcor_feat_defective(struct dcor_rtdc *m, const char *name);

#endif /* DCOR_RTDC_DEFECT_H */

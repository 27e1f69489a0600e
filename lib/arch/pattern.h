/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * pattern.h - regular expressions, matched from the start of a name on
 *
 * What a pattern matches is what Python's re.match does: POSIX extended
 * expressions, and of Python's own \d \w \s \D \W \S, (?:...), \A, \Z and
 * lazy quantifiers.  What cannot be said in POSIX (look-around,
 * back-references, \b, flags) is refused rather than misunderstood.
 */
#ifndef DCOR_ARCH_PATTERN_H
#define DCOR_ARCH_PATTERN_H

#include "base/buf.h"

struct dcor_pattern;

/* DCOR_ECONF.  Ownership: dcor_pattern_free. */
int dcor_pattern_new(const char *text, struct dcor_pattern **out,
    struct dcor_err *err) __attribute__((warn_unused_result));
void dcor_pattern_free(struct dcor_pattern *p);

/* NULL matches everything. */
int dcor_pattern_match(const struct dcor_pattern *p, const char *name);

#endif /* DCOR_ARCH_PATTERN_H */

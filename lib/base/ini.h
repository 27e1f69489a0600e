/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ini.h - the files ~/.aws/config and ~/.aws/credentials
 *
 * The dialect is that of Python's configparser as botocore uses it: keys
 * before the first '=' or ':', in any case; a line that is indented deeper
 * goes on with the value before it, and after an empty value such lines are
 * settings of their own ("s3 =" and below it "addressing_style = path");
 * '#' and ';' begin a comment only where a line begins.
 */
#ifndef DCOR_BASE_INI_H
#define DCOR_BASE_INI_H

#include "base/buf.h"

#define DCOR_INI_MAX	(1 << 20)	/* bytes of a file */
#define DCOR_INI_LINES	4096		/* settings */

struct dcor_ini;

/*
 * Parses n bytes; name is what messages call them.  Failures, among them
 * sections and keys that come twice, are DCOR_ECONF "NAME:LINE: ...".
 * Ownership: dcor_ini_free, which overwrites the values.
 */
int dcor_ini_parse(const char *text, size_t n, const char *name,
    struct dcor_ini **out, struct dcor_err *err)
    __attribute__((warn_unused_result));
void dcor_ini_free(struct dcor_ini *ini);

/* The name of section i, as written between the brackets, and NULL beyond
 * the last; borrowed, as all here. */
const char *dcor_ini_section(const struct dcor_ini *ini, size_t i);

/* The value of a key (lower case) of section i, or of sub below that key;
 * NULL when it is not there.  sub may be NULL. */
const char *dcor_ini_get(const struct dcor_ini *ini, size_t i,
    const char *key, const char *sub);

#endif /* DCOR_BASE_INI_H */

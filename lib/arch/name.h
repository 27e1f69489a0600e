/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * name.h - names in the archive for the keys of objects
 *
 * A key is bytes, a path is not: nothing may escape from the tree and no two
 * keys may share a name.  A component of a key keeps A-Z a-z 0-9 and
 * -._~+=,@:()[]! and has %XX for every other byte, '%' among them; so '%'
 * and a letter that is no digit is free for marks:
 *	%n	the component is empty ("a//b", "a/")
 *	%h...	its end and the SHA-256 of all of it stand for a long one
 *	%f, %d	a file or a directory whose name was taken by the other
 *	%g2	the second generation of an object, and so on
 */
#ifndef DCOR_ARCH_NAME_H
#define DCOR_ARCH_NAME_H

#include "base/buf.h"

#define DCOR_ARCH_SMALL	"small_objects"	/* where bundles are */
#define DCOR_ARCH_KEEP	"/+=,@:()[]!"	/* beside the unreserved */
#define DCOR_ARCH_KEYMAX 1024		/* bytes of a key, as S3 has it */

/* Appends the path of a key below the directory of its bucket.  DCOR_EDATA:
 * a key that is empty or longer than DCOR_ARCH_KEYMAX. */
int dcor_arch_path(struct dcor_buf *out, const char *key, unsigned gen,
    struct dcor_err *err) __attribute__((warn_unused_result));

/* Appends the directory of a bucket; DCOR_EDATA for what is no name of one:
 * 3 to 255 of A-Z a-z 0-9 . _ - */
int dcor_arch_bucket(struct dcor_buf *out, const char *bucket,
    struct dcor_err *err) __attribute__((warn_unused_result));

#endif /* DCOR_ARCH_NAME_H */

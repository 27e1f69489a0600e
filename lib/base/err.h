/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * err.h - how libdcor reports failure
 *
 * A function that can fail returns int: 0, or one of the negative codes
 * below.  Its last parameter is a struct dcor_err *, which may be NULL and
 * which receives the detail.  Nothing in libdcor prints or exits.
 */
#ifndef DCOR_BASE_ERR_H
#define DCOR_BASE_ERR_H

#include <stddef.h>

/* Each code is a class a caller can act on, not a place in the source. */
enum dcor_code {
	DCOR_OK		= 0,
	DCOR_ENOMEM	= -1,	/* out of memory */
	DCOR_EARG	= -2,	/* caller's mistake: bad argument */
	DCOR_ENOENT	= -3,	/* no such file, object, dataset */
	DCOR_EPERM	= -4,	/* refused: credentials, mode bits, 401/403 */
	DCOR_EDATA	= -5,	/* input is malformed or fails its checksum */
	DCOR_EIO	= -6,	/* reading or writing failed */
	DCOR_ETEMP	= -7,	/* try again later: network, 5xx, lock held */
	DCOR_EPROTO	= -8,	/* the server broke the protocol */
	DCOR_ECONF	= -9,	/* configuration */
	DCOR_EBUG	= -10,	/* cannot happen */
	DCOR_ECREATE	= -11	/* an output cannot be created */
};

struct dcor_err {
	enum dcor_code	code;
	int		sys;		/* errno, HTTP status, or 0 */
	char		msg[256];	/* one line, no newline, no prefix */
};

#define DCOR_ERR_INIT { DCOR_OK, 0, "" }

/*
 * Records a failure and returns its code, so that a caller can write
 * "return dcor_err_set(err, DCOR_EDATA, 0, ...)".  err may be NULL.
 * The first failure wins: a second call leaves the record as it is.
 * Control bytes in the text become '?'.
 */
int dcor_err_set(struct dcor_err *err, enum dcor_code code, int sys,
    const char *fmt, ...) __attribute__((format(printf, 4, 5), cold));

/* The same for a failed system call: "WHAT: strerror(sys)"; the class
 * follows from sys (ENOENT, EACCES, ENOMEM, ...; otherwise DCOR_EIO). */
int dcor_err_sys(struct dcor_err *err, int sys, const char *fmt, ...)
    __attribute__((format(printf, 3, 4), cold));

/* "out of memory", always DCOR_ENOMEM. */
static inline int
dcor_err_nomem(struct dcor_err *err)
{
	(void)dcor_err_set(err, DCOR_ENOMEM, 0, "out of memory");
	return DCOR_ENOMEM;
}

/* Copies a failure from one record to another (both may be NULL) and
 * returns its code; the first failure in dst wins. */
int dcor_err_copy(struct dcor_err *dst, const struct dcor_err *src);

/* A short name for the class, for logs and JSON: "tempfail", "data"... */
const char *dcor_code_name(int code);

#endif /* DCOR_BASE_ERR_H */

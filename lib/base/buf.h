/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * buf.h - a growing run of bytes with a cap
 *
 * Failure sticks: after the first one every call that adds is a no-op and
 * returns the same class, so a caller may add many times and ask once.
 */
#ifndef DCOR_BASE_BUF_H
#define DCOR_BASE_BUF_H

#include "base/err.h"

struct dcor_buf {
	char		*p;	/* len bytes and a NUL, or NULL when empty */
	size_t		 len;
	size_t		 cap;	/* private */
	size_t		 max;	/* len never exceeds this */
	enum dcor_code	 bad;	/* the first failure */
};

/* An empty buffer that may grow to max bytes.  Allocates nothing.
 * Ownership: dcor_buf_fini frees what it holds; twice is fine. */
void dcor_buf_init(struct dcor_buf *b, size_t max);
void dcor_buf_fini(struct dcor_buf *b);

/* For secrets: n bytes overwritten; a buffer's memory overwritten before
 * it is freed.  What the buffer held before it grew is not reached. */
void dcor_wipe(void *p, size_t n);
void dcor_buf_wipe(struct dcor_buf *b);

/* Empties it and forgets a failure; keeps the memory. */
void dcor_buf_clear(struct dcor_buf *b);

/* Appends n bytes, a string, a byte, formatted text.  DCOR_ENOMEM, or
 * DCOR_EDATA when that would exceed the cap. */
int dcor_buf_add(struct dcor_buf *b, const void *p, size_t n);
int dcor_buf_adds(struct dcor_buf *b, const char *s);
int dcor_buf_addc(struct dcor_buf *b, char c);
int dcor_buf_addf(struct dcor_buf *b, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Makes room for n more bytes at b->p + b->len; add to len what was used. */
int dcor_buf_room(struct dcor_buf *b, size_t n);

/* The contents as a string: "" when empty.  Valid until b changes. */
const char *dcor_buf_str(const struct dcor_buf *b);

/* Hands the contents (malloc'ed, never NULL on success) to the caller and
 * leaves an empty buffer.  Reports a failure that stuck. */
int dcor_buf_take(struct dcor_buf *b, char **out, size_t *len,
    struct dcor_err *err);

/* Reports a failure that stuck, or returns 0. */
int dcor_buf_check(const struct dcor_buf *b, struct dcor_err *err);

#endif /* DCOR_BASE_BUF_H */

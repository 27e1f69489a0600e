/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * md5x.h - MD5 of several messages at once, which is many times as fast as
 * one after the other
 *
 * Threads: one at a time per struct.
 */
#ifndef DCOR_BASE_MD5X_H
#define DCOR_BASE_MD5X_H

#include <stddef.h>
#include <stdint.h>

#define DCOR_MD5X	16	/* messages side by side */

struct dcor_md5x {
	uint32_t	state[4][DCOR_MD5X];
};

void dcor_md5x_init(struct dcor_md5x *x);

/* The next nblocks * 64 bytes of every message. */
void dcor_md5x_add(struct dcor_md5x *x,
    const unsigned char *const p[DCOR_MD5X], size_t nblocks);

/* The sum of the message in a lane that has total bytes, of which the last
 * total % 64 are at tail; the others may go on. */
void dcor_md5x_end(const struct dcor_md5x *x, unsigned lane,
    const void *tail, uint64_t total, unsigned char md[16]);

#endif /* DCOR_BASE_MD5X_H */

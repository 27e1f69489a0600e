/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * rec.h - what the archive writes down about an object: lines of text with
 * a checksum, the same in the index, beside bundles and in their headers
 *
 *	CRC A BUCKET KEY GEN SIZE MTIME ETAG SHA256 FLAGS WHEN PLACE OFFSET
 *	CRC V|B|G|R BUCKET KEY GEN WHEN
 *	CRC I BUCKET NAME
 *
 * Fields end with a TAB, the last with a newline.  CRC is the CRC-32C of
 * what follows its TAB, 8 digits.  Keys, ETags and places are
 * percent-encoded.  Times are seconds since 1970.
 */
#ifndef DCOR_ARCH_REC_H
#define DCOR_ARCH_REC_H

#include <stdint.h>

#include "base/buf.h"

#define DCOR_ARCH_LINE	16384	/* longest line */

enum dcor_arch_kind {
	DCOR_ARCH_ADD = 'A',	/* archived */
	DCOR_ARCH_GOOD = 'V',	/* read again: as it was */
	DCOR_ARCH_BAD = 'B',	/* read again: damaged or missing */
	DCOR_ARCH_GONE = 'G',	/* no longer in the store */
	DCOR_ARCH_BACK = 'R',	/* in the store again, unchanged */
	DCOR_ARCH_KNOWN = 'I'	/* a bundle or list whose lines are here */
};

enum {
	DCOR_ARCH_UNPROVEN = 1,	/* the ETag could not be recomputed */
	DCOR_ARCH_ADOPTED = 2	/* was in the tree already */
};

struct dcor_arch_rec {
	enum dcor_arch_kind kind;
	const char	*bucket;
	const char	*key;		/* as in the store; KNOWN: a name */
	unsigned	 gen;		/* from 1 */
	unsigned	 flags;
	uint64_t	 size;
	int64_t		 mtime;		/* of the object, as the store has it */
	char		 etag[128];
	unsigned char	 sha256[32];
	int64_t		 when;		/* it was archived, verified, missed */
	const char	*place;		/* below the bucket's directory; "":
					 * where dcor_arch_path says */
	uint64_t	 off;		/* of the data in a bundle; 0: a file
					 * of its own */
};

/* Appends the line, newline included. */
int dcor_arch_rec_add(struct dcor_buf *out, const struct dcor_arch_rec *r);

/*
 * Reads a line of n bytes (with or without its newline).  Strings are
 * borrowed from store, which is emptied first.  DCOR_EDATA.
 */
int dcor_arch_rec_parse(const char *line, size_t n,
    struct dcor_arch_rec *out, struct dcor_buf *store)
    __attribute__((warn_unused_result));

/* CRC-32C (RFC 3720 B.4). */
uint32_t dcor_arch_crc(const void *p, size_t n);

#endif /* DCOR_ARCH_REC_H */

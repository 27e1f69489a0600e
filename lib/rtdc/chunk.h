/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * chunk.h - HDF5 chunks between file and memory
 *
 * The filters that measurements are stored with, applied outside libhdf5
 * so that any number of threads can do it: deflate (1), shuffle (2),
 * Fletcher32 (3), LZF (32000, decoding only) and Zstandard (32015).
 */
#ifndef DCOR_RTDC_CHUNK_H
#define DCOR_RTDC_CHUNK_H

#include "base/buf.h"
#include "rtdc/h5index.h"

enum dcor_filter_id {
	DCOR_FILTER_DEFLATE = 1, DCOR_FILTER_SHUFFLE = 2,
	DCOR_FILTER_FLETCHER32 = 3, DCOR_FILTER_SZIP = 4,
	DCOR_FILTER_LZF = 32000, DCOR_FILTER_ZSTD = 32015
};

/* Compression contexts and scratch memory of one thread. */
struct dcor_codec;

int dcor_codec_new(struct dcor_codec **out, struct dcor_err *err);
void dcor_codec_free(struct dcor_codec *c);

/* Whether dcor_chunk_decode can undo this pipeline. */
int dcor_filters_known(const struct dcor_h5filter *filt, unsigned nfilt);

/*
 * Undoes the filters of one stored chunk: nin bytes at in become exactly
 * nout bytes at out.  mask: filters that were skipped (bit i: filt[i]).
 * elsize: bytes an element, for shuffle.  A wrong checksum, a short or a
 * long result is DCOR_EDATA.
 */
int dcor_chunk_decode(struct dcor_codec *c, const struct dcor_h5filter *filt,
    unsigned nfilt, uint32_t mask, size_t elsize, const void *in, size_t nin,
    void *out, size_t nout, struct dcor_err *err);

/*
 * Compresses n bytes: Zstandard of the given level (0: none), then
 * Fletcher32.  *out is malloc'ed and belongs to the caller.
 */
int dcor_chunk_encode(struct dcor_codec *c, int level, const void *in,
    size_t n, void **out, size_t *nout, struct dcor_err *err);

/* HDF5's Fletcher32 of n bytes. */
uint32_t dcor_fletcher32(const void *p, size_t n);

/* CRC-32 (ISO 3309, as in ZIP and PNG) of bytes whose first part gave crc,
 * 0 if there is none, and n more. */
uint32_t dcor_crc32(uint32_t crc, const void *p, size_t n);

/* Appends n bytes, below 2 GiB, compressed as RFC 1950 says; level 1 ... 9.
 * DCOR_ENOMEM, or DCOR_EDATA when out may not grow so far. */
int dcor_zlib(int level, const void *p, size_t n, struct dcor_buf *out,
    struct dcor_err *err);

/* Teaches libhdf5 the filters 32000 (decoding) and 32015, once. */
int dcor_chunk_register(struct dcor_err *err);

/* The version of libzstd at run time, "1.5.4". */
void dcor_zstd_version(char *out, size_t size);

#endif /* DCOR_RTDC_CHUNK_H */

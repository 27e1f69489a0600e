/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * median.h - medians of many pixels at once (private to the backgrounds)
 *
 * The upper median of k values is the one of rank k/2 after sorting, as
 * dcnum has it.  Threads: pure.
 */
#ifndef DCOR_SEGM_MEDIAN_H
#define DCOR_SEGM_MEDIAN_H

#include <stddef.h>
#include <stdint.h>

/* Code for the processor at hand.  The resolvers run before sanitizers are
 * ready, and need an ifunc from the C library. */
#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define DCOR_CLONES
#endif
#endif
#if !defined(DCOR_CLONES) && defined(__x86_64__) && defined(__GLIBC__) && \
    !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define DCOR_CLONES \
	__attribute__((target_clones("default", "avx2", "arch=skylake-avx512")))
#elif !defined(DCOR_CLONES)
#define DCOR_CLONES
#endif

#define DCOR_MEDIAN_W	64	/* pixels worked on side by side */

/* Of k > 0 rows of DCOR_MEDIAN_W bytes, aligned to 64, one after the
 * other: the upper median of each column. */
void dcor_median_rows(const uint8_t *row, size_t k, uint8_t *out);

/* Of pixels first ... first+n-1 of k > 0 images that begin stride bytes
 * after each other: the upper median to out[0 ... n-1].  scratch:
 * dcor_median_scratch bytes. */
void dcor_median_images(const uint8_t *image, size_t stride, size_t k,
    size_t first, size_t n, uint8_t *out, void *scratch);
size_t dcor_median_scratch(size_t k);

/* scratch, moved up to the next multiple of 64. */
static inline uint8_t *
dcor_median_align(void *scratch)
{
	uint8_t *p = scratch;

	return p + (-(uintptr_t)p & 63);
}

#endif /* DCOR_SEGM_MEDIAN_H */

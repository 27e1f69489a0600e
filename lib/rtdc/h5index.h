/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * h5index.h - dataset headers and chunk indexes of HDF5 files, read
 * without libhdf5
 *
 * Reads what bulk access needs: data space, data type, layout messages of
 * versions 1 to 5, filter pipeline, fill value, and every kind of chunk
 * index (v1 and v2 B-tree, fixed and extensible array, single chunk,
 * implicit).  The source may be foreign: everything is bounds-checked,
 * checksums are verified, work and memory are proportional to the index.
 * Not read, and said so: messages in a file's shared-message heap, chunks
 * of 4 GiB or more.  External files and virtual datasets are only flagged.
 * After the HDF5 File Format Specification, versions 3 and 4.
 */
#ifndef DCOR_RTDC_H5INDEX_H
#define DCOR_RTDC_H5INDEX_H

#include "base/src.h"

#define DCOR_H5_MAXRANK	32
#define DCOR_H5_MAXFILT	8
#define DCOR_H5_NOADDR	UINT64_MAX

enum dcor_h5class {		/* of a data type, HDF5's numbers */
	DCOR_H5_INT = 0, DCOR_H5_FLOAT = 1, DCOR_H5_TIME = 2,
	DCOR_H5_STRING = 3, DCOR_H5_BITFIELD = 4, DCOR_H5_OPAQUE = 5,
	DCOR_H5_COMPOUND = 6, DCOR_H5_REFERENCE = 7, DCOR_H5_ENUM = 8,
	DCOR_H5_VLEN = 9, DCOR_H5_ARRAY = 10, DCOR_H5_COMPLEX = 11
};

struct dcor_h5type {
	enum dcor_h5class cls;
	uint32_t	 size;		/* bytes an element */
	int		 is_signed;	/* INT */
	int		 is_big;	/* big-endian INT, FLOAT */
	int		 standard;	/* INT: all bits used, no padding;
					 * FLOAT: IEEE 754 of its size */
	int		 strpad;	/* STRING: 0 NUL-terminated,
					 * 1 NUL-padded, 2 space-padded */
	int		 utf8;		/* STRING: character set */
};

enum dcor_h5layout {
	DCOR_H5_COMPACT = 0, DCOR_H5_CONTIGUOUS = 1, DCOR_H5_CHUNKED = 2,
	DCOR_H5_VIRTUAL = 3
};

struct dcor_h5filter {
	uint16_t	 id;		/* 1 deflate, 2 shuffle, 3 Fletcher32,
					 * 4 szip, 32000 LZF, 32015 Zstandard */
	uint16_t	 flags;		/* bit 0: optional */
	uint16_t	 ncd;		/* client values in the file */
	uint32_t	 cd[20];	/* the first of them, then zeros */
};

struct dcor_h5dset {
	unsigned	 rank;		/* 0: scalar or null */
	int		 null_space;	/* H5S_NULL */
	uint64_t	 dim[DCOR_H5_MAXRANK];
	uint64_t	 maxdim[DCOR_H5_MAXRANK]; /* UINT64_MAX: unlimited */
	struct dcor_h5type type;
	unsigned char	*enc;		/* the type as dcor_h5type_lower left
					 * it (owned) */
	size_t		 nenc;		/* 0: it cannot be said that way */
	enum dcor_h5layout layout;
	int		 external;	/* raw data in other files */
	uint64_t	 addr;		/* of contiguous data or chunk index,
					 * from sb->base on;
					 * DCOR_H5_NOADDR: not allocated */
	uint64_t	 size;		/* bytes of contiguous, compact data:
					 * at least dims * type.size */
	unsigned char	*compact;	/* compact data (owned), or NULL */
	uint32_t	 chunk[DCOR_H5_MAXRANK];	/* elements */
	unsigned	 nfilt;
	struct dcor_h5filter filt[DCOR_H5_MAXFILT];	/* order of writing */
	int		 fill_set;	/* fill value defined (else zeros) */
	unsigned char	*fill;		/* type.size bytes (owned), or NULL */
	uint64_t	 chunk_bytes;	/* of a whole chunk without filters */
	struct {			/* private: the chunk index */
		int		 kind;	/* as in the layout message; 0: v1 */
		int		 partial;	/* edge chunks unfiltered */
		int		 sized;	/* single: size and mask given */
		uint64_t	 single_size;
		uint32_t	 single_mask;
	} ix;
};

/* One chunk as stored. */
struct dcor_h5chunk {
	uint64_t	 addr;		/* from sb->base on; DCOR_H5_NOADDR:
					 * not there, all fill */
	uint32_t	 size;		/* bytes in the file */
	uint32_t	 mask;		/* bit i set: filter i was skipped */
};

struct dcor_h5super {
	uint64_t	 base;		/* address 0 is at this offset */
	uint8_t		 addr_bytes, len_bytes, version;
};

/*
 * Makes the encoded data type in the n bytes at p, whatever its version,
 * one of version 3, in place, which every libhdf5 can decode: from there on
 * only the number differs for integers, floats, text, opaque, enumerations,
 * arrays and compounds of these.  The bytes used, or 0 when that cannot be.
 */
size_t dcor_h5type_lower(unsigned char *p, size_t n);

/* Finds and reads the superblock (at 0, 512, 1024, ...). */
int dcor_h5_super(const struct dcor_src *src, struct dcor_h5super *out,
    struct dcor_err *err);

/* Reads the dataset whose object header is at address addr.
 * Ownership: dcor_h5dset_fini frees what *out holds. */
int dcor_h5dset_read(const struct dcor_src *src,
    const struct dcor_h5super *sb, uint64_t addr, struct dcor_h5dset *out,
    struct dcor_err *err);
void dcor_h5dset_fini(struct dcor_h5dset *d);

/* Number of chunks along each axis (rounded up) and in all; DCOR_EDATA if
 * that overflows.  grid has room for rank entries; either may be NULL. */
int dcor_h5dset_grid(const struct dcor_h5dset *d, uint64_t *grid,
    uint64_t *total, struct dcor_err *err);

/*
 * Reads the whole chunk index: *out has one entry a chunk of the current
 * extent, in row-major order of the chunk grid (NULL if there is none).
 * Chunks outside the extent are ignored; each one inside lies within the
 * source.  DCOR_EARG unless the layout is chunked.
 * Ownership: the caller frees *out.
 */
int dcor_h5dset_chunks(const struct dcor_src *src,
    const struct dcor_h5super *sb, const struct dcor_h5dset *d,
    struct dcor_h5chunk **out, uint64_t *n, struct dcor_err *err);

/*
 * The same in pieces: the array without addresses, then those of chunks
 * *lo <= i < *hi along axis 0, which must not be there yet.  Of version 1
 * B-trees only what leads to them is read; of others all, lo and hi say so.
 */
int dcor_h5dset_chunks_new(const struct dcor_src *src,
    const struct dcor_h5super *sb, const struct dcor_h5dset *d,
    struct dcor_h5chunk **out, uint64_t *n, struct dcor_err *err);
int dcor_h5dset_chunks_fill(const struct dcor_src *src,
    const struct dcor_h5super *sb, const struct dcor_h5dset *d,
    struct dcor_h5chunk *out, uint64_t *lo, uint64_t *hi,
    struct dcor_err *err);

#endif /* DCOR_RTDC_H5INDEX_H */

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Files that are cut short, damaged or built to mislead: an error or the
 * right answer, soon, and nothing out of bounds. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "h5make.h"
#include "rtdc/h5index.h"
#include "tap.h"

#define MAXDSET	200

static haddr_t addrs[MAXDSET];
static uint64_t want[MAXDSET];
static size_t naddrs;

static uint64_t
hash(uint64_t h, const void *p, size_t n)
{
	const unsigned char *b = p;

	while (n-- > 0)
		h = (h ^ *b++) * 0x100000001b3u;
	return h;
}

/* A number for all that is known of a dataset; 0: an error. */
static uint64_t
digest(const unsigned char *mem, size_t n, haddr_t addr)
{
	struct dcor_err e = DCOR_ERR_INIT;
	struct dcor_h5super sb;
	struct dcor_h5dset d;
	struct dcor_h5chunk *c = NULL;
	struct dcor_src src;
	uint64_t h = 1, i, total = 0;

	dcor_src_mem(&src, mem, n);
	if (dcor_h5_super(&src, &sb, &e) != 0 ||
	    dcor_h5dset_read(&src, &sb, addr, &d, &e) != 0)
		return e.code == DCOR_EDATA && e.msg[0] != '\0' ? 0 : 2;
	if (d.layout == DCOR_H5_CHUNKED &&
	    dcor_h5dset_chunks(&src, &sb, &d, &c, &total, &e) != 0) {
		dcor_h5dset_fini(&d);
		return e.code == DCOR_EDATA && e.msg[0] != '\0' ? 0 : 2;
	}
	h = hash(h, &d.rank, sizeof(d.rank));
	h = hash(h, d.dim, sizeof(d.dim));
	h = hash(h, d.maxdim, sizeof(d.maxdim));
	h = hash(h, &d.type, sizeof(d.type));
	h = hash(h, &d.layout, sizeof(d.layout));
	h = hash(h, &d.size, sizeof(d.size));
	h = hash(h, d.chunk, sizeof(d.chunk));
	h = hash(h, d.filt, sizeof(d.filt));
	if (d.fill != NULL)
		h = hash(h, d.fill, d.type.size);
	if (d.compact != NULL)
		h = hash(h, d.compact, (size_t)d.size);
	for (i = 0; i < total; i++) {
		if (c[i].addr != DCOR_H5_NOADDR && c[i].addr + c[i].size > n)
			return 2;
		h = hash(h, &c[i].addr, sizeof(c[i].addr));
		h = hash(h, &c[i].size, sizeof(c[i].size));
		h = hash(h, &c[i].mask, sizeof(c[i].mask));
	}
	free(c);
	dcor_h5dset_fini(&d);
	return h;
}

static herr_t
note(hid_t f, const char *name, const H5O_info_t *info, void *arg)
{
	(void)f, (void)name, (void)arg;
	if (info->type == H5O_TYPE_DATASET && naddrs < MAXDSET)
		addrs[naddrs++] = info->addr;
	return 0;
}

static unsigned char *
load(const char *path, size_t *n)
{
	unsigned char *p = NULL;
	struct stat st;
	int fd = open(path, O_RDONLY);

	if (fd >= 0 && fstat(fd, &st) == 0 &&
	    (p = malloc((size_t)st.st_size)) != NULL &&
	    read(fd, p, (size_t)st.st_size) == st.st_size)
		*n = (size_t)st.st_size;
	close(fd);
	return p;
}

/* checked: everything has a checksum, so no damage goes unnoticed. */
static void
damage(const char *path, int checked)
{
	size_t n = 0, i, k, at, wrong = 0, bad = 0, good = 0;
	uint64_t got, rnd = 1;
	unsigned char *mem, was;
	hid_t f;

	naddrs = 0;
	make_file(path, checked, 0, 8, 0);
	f = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
	H5Ovisit2(f, H5_INDEX_NAME, H5_ITER_NATIVE, note, NULL,
	    H5O_INFO_BASIC);
	H5Fclose(f);
	mem = load(path, &n);
	OK(mem != NULL && n > 10000 && naddrs > 40);
	if (mem == NULL)
		return;
	for (i = 0; i < naddrs; i++) {
		want[i] = digest(mem, n, addrs[i]);
		bad += want[i] <= 2;
	}
	OK(bad == 0);
	for (k = 0; k < 300; k++) {
		at = k < 100 ? k * 21 : n * (k - 100) / 200;
		for (i = 0; i < naddrs; i++) {
			got = digest(mem, at, addrs[i]);
			wrong += got != 0 && got != want[i];
			bad += got == 0;
		}
	}
	printf("# cut: %zu errors\n", bad);
	OK(wrong == 0 && bad > 1000);
	bad = 0;
	for (k = 0; k < 4000; k++) {
		/* half of it near an object header */
		rnd = rnd * 6364136223846793005u + 1442695040888963407u;
		i = (size_t)(rnd >> 40) % naddrs;
		at = k % 2 ? (size_t)(rnd >> 20) % n :
		    (size_t)addrs[i] + (size_t)(rnd >> 20) % 500;
		if (at >= n)
			continue;
		was = mem[at];
		mem[at] ^= (unsigned char)(1 + (rnd >> 56) % 255);
		got = digest(mem, n, addrs[i]);
		wrong += got == 2 || (checked && got != 0 && got != want[i]);
		bad += got == 0;
		good += got == want[i];
		mem[at] = was;
	}
	printf("# flipped: %zu errors, %zu as before\n", bad, good);
	OK(wrong == 0);
	free(mem);
}

/* ---- files made by hand ---- */

static unsigned char file[65536];
static size_t end;

static void
put(uint64_t v, unsigned n)
{
	for (; n > 0; n--, v >>= 8)
		file[end++] = (unsigned char)v;
}

static void
message(unsigned type, unsigned size)
{
	put(type, 2);
	put(size, 2);
	put(0, 4);
}

/* A superblock, a header of version 1 with the extent { 10 }, the type of
 * 16-bit integers and room for one more message. */
static void
begin(unsigned last)
{
	memset(file, 0, sizeof(file));
	memcpy(file, "\211HDF\r\n\032\n", 8);
	file[13] = file[14] = 8;
	end = 96;
	put(1, 8);
	put(8 + 16 + 8 + 16 + 8 + last, 4);
	put(0, 4);
	message(1, 16);			/* extent */
	put(0x0101, 8);
	put(10, 8);
	message(3, 16);			/* type */
	put(0x10, 4);
	put(2, 4);
	put(16 << 16, 8);
}

/* A node of a v1 B-tree with n entries for one-dimensional chunks of 5. */
static void
tree(size_t at, unsigned level, unsigned n, uint64_t child, uint64_t next)
{
	unsigned i;

	end = at;
	put(0x45455254, 4);		/* "TREE" */
	put(1 | level << 8 | n << 16, 4);
	put(UINT64_MAX, 8);
	put(UINT64_MAX, 8);
	for (i = 0; i < n; i++) {
		put(10, 8);		/* bytes, mask */
		put(5 * i, 8);
		put(0, 8);
		put(child + i * next, 8);
	}
}

static void
old_layouts(void)
{
	struct dcor_h5super sb = { 0, 8, 8, 0 };
	struct dcor_h5chunk *c = NULL;
	struct dcor_h5dset d;
	struct dcor_src src;
	uint64_t n = 0;

	dcor_src_mem(&src, file, sizeof(file));
	begin(40);			/* compact, version 1 */
	message(8, 40);
	put(0x000101, 8);
	put(10, 4);
	put(20, 4);
	put(0x1234, 20);
	OK(dcor_h5dset_read(&src, &sb, 96, &d, NULL) == 0);
	OK(d.layout == DCOR_H5_COMPACT && d.size == 20 && d.rank == 1 &&
	    d.dim[0] == 10 && d.type.size == 2 && d.type.standard &&
	    !d.type.is_signed && d.compact != NULL && d.compact[1] == 0x12);
	dcor_h5dset_fini(&d);
	begin(24);			/* contiguous, version 2 */
	message(8, 24);
	put(0x010102, 8);
	put(4000, 8);
	put(10, 8);
	OK(dcor_h5dset_read(&src, &sb, 96, &d, NULL) == 0);
	OK(d.layout == DCOR_H5_CONTIGUOUS && d.size == 20 && d.addr == 4000);
	dcor_h5dset_fini(&d);
	begin(24);			/* chunks, version 1 */
	message(8, 24);
	put(0x020201, 8);
	put(4000, 8);
	put(5, 4);
	put(2, 4);
	tree(4000, 0, 2, 5000, 1000);
	OK(dcor_h5dset_read(&src, &sb, 96, &d, NULL) == 0);
	OK(d.chunk[0] == 5 && d.chunk_bytes == 10);
	OK(dcor_h5dset_chunks(&src, &sb, &d, &c, &n, NULL) == 0);
	OK(n == 2 && c[0].addr == 5000 && c[1].addr == 6000 &&
	    c[1].size == 10 && c[1].mask == 0);
	free(c);

	/* one node below many, many times over: 500^3 leaves to visit */
	tree(4000, 3, 500, 21000, 0);
	tree(21000, 2, 500, 38000, 0);
	tree(38000, 1, 200, 46000, 0);
	tree(46000, 0, 0, 0, 0);
	OK(dcor_h5dset_chunks(&src, &sb, &d, &c, &n, NULL) == DCOR_EDATA);
	tree(46000, 0, 2, 50000, 0);
	OK(dcor_h5dset_chunks(&src, &sb, &d, &c, &n, NULL) == DCOR_EDATA);
	tree(4000, 3, 1, 4000, 0);	/* a node below itself */
	OK(dcor_h5dset_chunks(&src, &sb, &d, &c, &n, NULL) == DCOR_EDATA);
	d.dim[0] = (uint64_t)1 << 40;	/* an extent beyond reason */
	OK(dcor_h5dset_chunks(&src, &sb, &d, &c, &n, NULL) == DCOR_EDATA);
	OK(c == NULL && n == 0);
	dcor_h5dset_fini(&d);
	begin(16);			/* a header continued by itself */
	message(0x10, 16);
	put(96 + 16, 8);
	put(8 + 16 + 8 + 16 + 8 + 16, 8);
	OK(dcor_h5dset_read(&src, &sb, 96, &d, NULL) == DCOR_EDATA);
}

int
main(void)
{
	struct dcor_h5super sb;
	struct dcor_src src;
	char path[] = "/tmp/h5damageXXXXXX";
	int fd = mkstemp(path);

	if (fd < 0)
		return 1;
	close(fd);
	H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
	dcor_src_mem(&src, "", 0);
	OK(dcor_h5_super(&src, &sb, NULL) == DCOR_EDATA);
	old_layouts();
	damage(path, 0);
	damage(path, 1);
	unlink(path);
	return DONE();
}

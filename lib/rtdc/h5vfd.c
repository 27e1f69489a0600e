/* SPDX-License-Identifier: GPL-3.0-or-later */
/* libhdf5 on top of a byte source: a driver that only reads. */
#include <stdlib.h>
#include <string.h>

#include "rtdc/h5priv.h"

#if H5_VERSION_GE(1, 13, 0)
#include <H5FDdevelop.h>
#endif

struct on_src {
	H5FD_t		 pub;		/* first: libhdf5's view */
	struct dcor_h5	*h;
	haddr_t		 eoa;
};

static struct dcor_err last;		/* with the lock */

void
dcor_h5_forget(void)
{
	last.code = DCOR_OK;
}

const struct dcor_err *
dcor_h5_lost(void)
{
	return last.code != DCOR_OK ? &last : NULL;
}

/* Only the file that was opened: what it links to, or keeps its data in, is
 * never looked for under a name of the file's choice. */
static H5FD_t *
on_open(const char *name, unsigned flags, hid_t fapl, haddr_t maxaddr)
{
	struct dcor_h5 *const *h = H5Pget_driver_info(fapl);
	struct on_src *f;

	(void)maxaddr;
	if (h == NULL || (flags & H5F_ACC_RDWR) != 0 ||
	    strcmp(name, (*h)->path) != 0 || (*h)->file >= 0 ||
	    (f = calloc(1, sizeof(*f))) == NULL)
		return NULL;
	f->h = *h;
	return &f->pub;
}

static herr_t
on_close(H5FD_t *file)
{
	free(file);
	return 0;
}

static int
on_cmp(const H5FD_t *a, const H5FD_t *b)
{
	const void *x = ((const struct on_src *)(const void *)a)->h;
	const void *y = ((const struct on_src *)(const void *)b)->h;

	return x == y ? 0 : x < y ? -1 : 1;
}

static herr_t
on_query(const H5FD_t *file, unsigned long *flags)
{
	(void)file;
	*flags = H5FD_FEAT_SUPPORTS_SWMR_IO;
	return 0;
}

static haddr_t
get_eoa(const H5FD_t *file, H5FD_mem_t type)
{
	(void)type;
	return ((const struct on_src *)(const void *)file)->eoa;
}

static herr_t
set_eoa(H5FD_t *file, H5FD_mem_t type, haddr_t addr)
{
	(void)type;
	((struct on_src *)(void *)file)->eoa = addr;
	return 0;
}

static haddr_t
get_eof(const H5FD_t *file, H5FD_mem_t type)
{
	(void)type;
	return ((const struct on_src *)(const void *)file)->h->src.size;
}

static herr_t
on_read(H5FD_t *file, H5FD_mem_t type, hid_t dxpl, haddr_t addr, size_t size,
    void *buf)
{
	struct dcor_h5 *h = ((struct on_src *)(void *)file)->h;
	uint64_t left = addr < h->src.size ? h->src.size - addr : 0;
	size_t n = size < left ? size : (size_t)left;

	(void)type;
	(void)dxpl;
	memset((char *)buf + n, 0, size - n);
	last = (struct dcor_err)DCOR_ERR_INIT;
	if (dcor_src_read(&h->src, addr, buf, n, &last) == DCOR_OK)
		return 0;
	dcor_err_copy(&h->lost, &last);
	return -1;
}

/* libhdf5 wants one. */
static herr_t
on_write(H5FD_t *file, H5FD_mem_t type, hid_t dxpl, haddr_t addr,
    size_t size, const void *buf)
{
	(void)file;
	(void)type;
	(void)dxpl;
	(void)addr;
	(void)size;
	(void)buf;
	return -1;
}

hid_t
dcor_h5_driver(void)
{
	static hid_t id = -1;
	static const H5FD_class_t cls = {
#if H5_VERSION_GE(1, 13, 0)
		.version = H5FD_CLASS_VERSION,
		.value = (H5FD_class_value_t)683,
#endif
		.name = "dcor",
		.maxaddr = INT64_MAX,
		.fc_degree = H5F_CLOSE_WEAK,
		.fapl_size = sizeof(struct dcor_h5 *),
		.open = on_open,
		.close = on_close,
		.cmp = on_cmp,
		.query = on_query,
		.get_eoa = get_eoa,
		.set_eoa = set_eoa,
		.get_eof = get_eof,
		.read = on_read,
		.write = on_write,
		.fl_map = H5FD_FLMAP_DICHOTOMY
	};

	if (id < 0)
		id = H5FDregister(&cls);
	return id;
}

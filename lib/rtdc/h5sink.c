/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "rtdc/h5sink.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#if H5_VERSION_GE(1, 13, 0)
#include <H5FDdevelop.h>
#endif

#define ADDR_MAX	((haddr_t)INT64_MAX)

struct sink_file {
	H5FD_t			 pub;	/* libhdf5's part, first */
	int			 fd;
	haddr_t			 eoa, eof;
	struct dcor_h5sink	*sink;
};

/* The file access list carries a pointer to the sink. */
struct sink_info {
	struct dcor_h5sink	*sink;
};

static H5FD_t *
sink_open(const char *name, unsigned flags, hid_t fapl, haddr_t maxaddr)
{
	const struct sink_info *info = H5Pget_driver_info(fapl);
	struct sink_file *f;
	struct stat st;
	int how = O_CLOEXEC;

	(void)maxaddr;
	if (info == NULL || (f = calloc(1, sizeof(*f))) == NULL)
		return NULL;
	f->sink = info->sink;
	how |= flags & H5F_ACC_RDWR ? O_RDWR : O_RDONLY;
	how |= flags & H5F_ACC_CREAT ? O_CREAT : 0;
	how |= flags & H5F_ACC_TRUNC ? O_TRUNC : 0;
	how |= flags & H5F_ACC_EXCL ? O_EXCL : 0;
	f->fd = open(name, how, 0666);
	if (f->fd < 0 || fstat(f->fd, &st) != 0) {
		if (f->fd >= 0)
			close(f->fd);
		free(f);
		return NULL;
	}
	f->eof = (haddr_t)st.st_size;
	return &f->pub;
}

static herr_t
sink_close(H5FD_t *file)
{
	struct sink_file *f = (struct sink_file *)file;

	if (close(f->fd) != 0 && f->sink->sys == 0)
		f->sink->sys = errno;
	free(f);
	return 0;
}

static herr_t
sink_query(const H5FD_t *file, unsigned long *flags)
{
	(void)file;
	if (flags != NULL)
		*flags = H5FD_FEAT_AGGREGATE_METADATA |
		    H5FD_FEAT_ACCUMULATE_METADATA | H5FD_FEAT_DATA_SIEVE |
		    H5FD_FEAT_AGGREGATE_SMALLDATA |
		    H5FD_FEAT_DEFAULT_VFD_COMPATIBLE;
	return 0;
}

static haddr_t
sink_get_eoa(const H5FD_t *file, H5FD_mem_t type)
{
	(void)type;
	return ((const struct sink_file *)file)->eoa;
}

static herr_t
sink_set_eoa(H5FD_t *file, H5FD_mem_t type, haddr_t addr)
{
	(void)type;
	((struct sink_file *)file)->eoa = addr;
	return 0;
}

static haddr_t
sink_get_eof(const H5FD_t *file, H5FD_mem_t type)
{
	(void)type;
	return ((const struct sink_file *)file)->eof;
}

/* What is beyond the end reads as zeros, as in libhdf5's own driver. */
static herr_t
sink_read(H5FD_t *file, H5FD_mem_t type, hid_t dxpl, haddr_t addr,
    size_t size, void *buf)
{
	struct sink_file *f = (struct sink_file *)file;
	unsigned char *p = buf;
	ssize_t n;

	(void)type;
	(void)dxpl;
	for (; size > 0; p += n, addr += (haddr_t)n, size -= (size_t)n) {
		n = pread(f->fd, p, size, (off_t)addr);
		if (n < 0 && errno == EINTR) {
			n = 0;
			continue;
		}
		if (n < 0 && f->sink->sys == 0)
			f->sink->sys = errno;
		if (n <= 0) {
			memset(p, 0, size);
			break;
		}
	}
	return 0;
}

static herr_t
sink_write(H5FD_t *file, H5FD_mem_t type, hid_t dxpl, haddr_t addr,
    size_t size, const void *buf)
{
	struct sink_file *f = (struct sink_file *)file;
	const unsigned char *p = buf;
	ssize_t n;

	(void)type;
	(void)dxpl;
	for (; size > 0 && f->sink->sys == 0; p += n, size -= (size_t)n) {
		n = pwrite(f->fd, p, size, (off_t)addr);
		if (n < 0 && errno != EINTR)
			f->sink->sys = errno;
		if (n < 0)
			n = 0;
		addr += (haddr_t)n;
	}
	addr += size;
	if (addr > f->eof)
		f->eof = addr;
	return 0;
}

static herr_t
sink_truncate(H5FD_t *file, hid_t dxpl, hbool_t closing)
{
	struct sink_file *f = (struct sink_file *)file;

	(void)dxpl;
	(void)closing;
	if (f->eoa == f->eof)
		return 0;
	if (f->sink->sys == 0 && ftruncate(f->fd, (off_t)f->eoa) != 0)
		f->sink->sys = errno;
	f->eof = f->eoa;
	return 0;
}

static const H5FD_class_t sink_class = {
#if H5_VERSION_GE(1, 13, 2)
	.version = H5FD_CLASS_VERSION,
	.value = (H5FD_class_value_t)(H5_VFD_RESERVED + 1),
#endif
	.name = "dcor-sink",
	.maxaddr = ADDR_MAX,
	.fc_degree = H5F_CLOSE_WEAK,
	.fapl_size = sizeof(struct sink_info),
	.open = sink_open,
	.close = sink_close,
	.query = sink_query,
	.get_eoa = sink_get_eoa,
	.set_eoa = sink_set_eoa,
	.get_eof = sink_get_eof,
	.read = sink_read,
	.write = sink_write,
	.truncate = sink_truncate,
	.fl_map = H5FD_FLMAP_DICHOTOMY
};

int
dcor_h5sink_use(hid_t fapl, struct dcor_h5sink *s)
{
	struct sink_info info = { s };
	static hid_t driver = -1;

	if (driver < 0 && (driver = H5FDregister(&sink_class)) < 0)
		return -1;
	return H5Pset_driver(fapl, driver, &info) < 0 ? -1 : 0;
}

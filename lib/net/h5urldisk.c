/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Blocks of remote objects that are kept in files. */
#include <stdlib.h>

#include "net/h5urlpriv.h"

struct dcor_h5urldisk *
dcor_h5urldisk_open(const struct dcor_h5url_conf *c, const char *name,
    const char *etag, uint64_t size)
{
	(void)c;
	(void)name;
	(void)etag;
	(void)size;
	return NULL;
}

void
dcor_h5urldisk_close(struct dcor_h5urldisk *d)
{
	(void)d;
}

size_t
dcor_h5urldisk_get(struct dcor_h5urldisk *d, uint64_t off, char *buf,
    size_t n)
{
	(void)d;
	(void)off;
	(void)buf;
	(void)n;
	return 0;
}

void
dcor_h5urldisk_put(struct dcor_h5urldisk *d, uint64_t off, const char *buf,
    size_t n)
{
	(void)d;
	(void)off;
	(void)buf;
	(void)n;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void
make_printable(char *p)
{
	for (; *p != '\0'; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			*p = '?';
}

int
dcor_err_set(struct dcor_err *err, enum dcor_code code, int sys,
    const char *fmt, ...)
{
	va_list ap;

	if (err == NULL || err->code != DCOR_OK)
		return code;
	err->code = code;
	err->sys = sys;
	va_start(ap, fmt);
	vsnprintf(err->msg, sizeof(err->msg), fmt, ap);
	va_end(ap);
	make_printable(err->msg);
	return code;
}

static enum dcor_code
class_of_errno(int sys)
{
	switch (sys) {
	case ENOENT:
	case ENOTDIR:
		return DCOR_ENOENT;
	case EACCES:
	case EPERM:
	case EROFS:
		return DCOR_EPERM;
	case ENOMEM:
		return DCOR_ENOMEM;
	case EAGAIN:
	case EBUSY:
	case ETIMEDOUT:
		return DCOR_ETEMP;
	default:
		return DCOR_EIO;
	}
}

int
dcor_err_sys(struct dcor_err *err, int sys, const char *fmt, ...)
{
	enum dcor_code code = class_of_errno(sys);
	char why[128];
	va_list ap;
	size_t n;

	if (err == NULL || err->code != DCOR_OK)
		return code;
	err->code = code;
	err->sys = sys;
	va_start(ap, fmt);
	vsnprintf(err->msg, sizeof(err->msg), fmt, ap);
	va_end(ap);
	if (strerror_r(sys, why, sizeof(why)) != 0)
		snprintf(why, sizeof(why), "error %d", sys);
	n = strlen(err->msg);
	snprintf(err->msg + n, sizeof(err->msg) - n, ": %s", why);
	make_printable(err->msg);
	return code;
}

int
dcor_err_copy(struct dcor_err *dst, const struct dcor_err *src)
{
	if (src == NULL)
		return DCOR_OK;
	if (dst != NULL && dst->code == DCOR_OK)
		*dst = *src;
	return src->code;
}

const char *
dcor_code_name(int code)
{
	static const char *const name[] = {
		"ok", "nomem", "usage", "noent", "perm", "data", "io",
		"tempfail", "protocol", "config", "bug", "create"
	};

	if (code > 0 || -code >= (int)(sizeof(name) / sizeof(name[0])))
		return "unknown";
	return name[-code];
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <string.h>

#include "base/err.h"
#include "tap.h"

int
main(void)
{
	struct dcor_err e = DCOR_ERR_INIT;
	struct dcor_err s = DCOR_ERR_INIT;

	OK(dcor_err_set(NULL, DCOR_EDATA, 0, "x") == DCOR_EDATA);
	OK(dcor_err_set(&e, DCOR_EPERM, 403, "no\n%s", "way") == DCOR_EPERM);
	OK(e.sys == 403);
	OK(strcmp(e.msg, "no?way") == 0);
	OK(dcor_err_set(&e, DCOR_EIO, 0, "later") == DCOR_EIO);
	OK(e.code == DCOR_EPERM);
	OK(dcor_err_sys(&s, ENOENT, "%s", "f.rtdc") == DCOR_ENOENT);
	OK(strcmp(s.msg, "f.rtdc: No such file or directory") == 0);
	OK(strcmp(dcor_code_name(DCOR_ETEMP), "tempfail") == 0);
	OK(strcmp(dcor_code_name(7), "unknown") == 0);
	OK(strcmp(dcor_code_name(-99), "unknown") == 0);
	return DONE();
}

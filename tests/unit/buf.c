/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "tap.h"

int
main(void)
{
	struct dcor_err e = DCOR_ERR_INIT;
	struct dcor_buf b;
	size_t len;
	char *p;
	int i;

	dcor_buf_init(&b, 1000);
	OK(strcmp(dcor_buf_str(&b), "") == 0);
	OK(dcor_buf_adds(&b, "ab") == 0);
	OK(dcor_buf_addc(&b, 'c') == 0);
	OK(dcor_buf_addf(&b, "%d-%s", 12, "x") == 0);
	OK(strcmp(dcor_buf_str(&b), "abc12-x") == 0);
	OK(b.len == 7);
	for (i = 0; i < 500; i++)
		dcor_buf_adds(&b, "yy");
	OK(dcor_buf_check(&b, &e) == DCOR_EDATA);
	OK(strcmp(e.msg, "text longer than 1000 bytes") == 0);
	OK(b.len <= 1000);
	OK(dcor_buf_addc(&b, 'z') == DCOR_EDATA);
	dcor_buf_clear(&b);
	OK(dcor_buf_add(&b, "a\0b", 3) == 0);
	OK(b.len == 3 && memcmp(b.p, "a\0b", 4) == 0);
	OK(dcor_buf_take(&b, &p, &len, NULL) == 0);
	OK(len == 3 && b.p == NULL && b.max == 1000);
	free(p);
	OK(dcor_buf_take(&b, &p, NULL, NULL) == 0 && p[0] == '\0');
	free(p);
	dcor_buf_fini(&b);
	dcor_buf_fini(&b);
	dcor_buf_init(&b, (size_t)-1);
	OK(dcor_buf_room(&b, (size_t)-1) == DCOR_EDATA);
	return DONE();
}

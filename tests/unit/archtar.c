/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Bundles as POSIX has them; tests/t2020-archive.t opens them with tar. */
#include <stdlib.h>
#include <string.h>

#include "arch/tar.h"
#include "tap.h"

static struct dcor_buf tar;

static int
get(void *arg, uint64_t off, void *p, size_t n, struct dcor_err *err)
{
	(void)arg;
	if (off > tar.len || n > tar.len - off)
		return dcor_err_set(err, DCOR_EBUG, 0, "beyond the end");
	memcpy(p, tar.p + off, n);
	return DCOR_OK;
}

static void
add(const char *name, const char *data, size_t n, const char *comment)
{
	static const char zero[DCOR_ARCH_TAR_BLOCK];

	(void)dcor_arch_tar_head(&tar, name, n, 1700000000, comment,
	    comment != NULL ? strlen(comment) : 0);
	dcor_buf_add(&tar, data, n);
	dcor_buf_add(&tar, zero, dcor_arch_tar_pad(n));
}

/* Members that are found from the start; -1 after an error. */
static int
walk(struct dcor_arch_member *m, uint64_t total)
{
	uint64_t off = 0;
	int n = 0, rc;

	while ((rc = dcor_arch_tar_next(get, NULL, total, off, m, NULL)) ==
	    1) {
		off = m->next;
		n++;
	}
	return rc == 0 ? n : rc == DCOR_EDATA ? -1 : -2;
}

int
main(void)
{
	static const char end[DCOR_ARCH_TAR_END];
	struct dcor_arch_member m;
	char longname[400];
	size_t i, whole;
	int odd = 0, r;

	dcor_buf_init(&tar, 1 << 20);
	dcor_buf_init(&m.name, 4096);
	dcor_buf_init(&m.comment, 4096);
	memset(longname, 'n', 399);
	longname[399] = '\0';

	/* the fields, where POSIX says they are */
	add("bucket/key", "hello", 5, NULL);
	OK(tar.len == 1024);
	OK(memcmp(tar.p, "bucket/key\0", 11) == 0);
	OK(memcmp(tar.p + 100, "0000644\0", 8) == 0);
	OK(memcmp(tar.p + 124, "00000000005\0", 12) == 0);
	OK(memcmp(tar.p + 136, "14524770400\0", 12) == 0);
	OK(tar.p[156] == '0' && memcmp(tar.p + 257, "ustar\00000", 8) == 0);
	OK(memcmp(tar.p + 512, "hello\0", 6) == 0);

	/* the length of a pax record counts its own digits */
	dcor_buf_clear(&tar);
	add("x", "", 0, "c");
	OK(memcmp(tar.p + 512, "13 comment=c\n", 13) == 0);
	dcor_buf_clear(&tar);
	longname[87] = '\0';
	add("x", "", 0, longname);	/* 87 + 10 + 2 digits: 99 */
	OK(memcmp(tar.p + 512, "99 comment=n", 12) == 0);
	longname[87] = 'n';
	longname[88] = '\0';
	dcor_buf_clear(&tar);
	add("x", "", 0, longname);	/* one more needs three digits */
	OK(memcmp(tar.p + 512, "101 comment=n", 13) == 0);
	longname[88] = 'n';

	dcor_buf_clear(&tar);
	add("a", "1", 1, "first");
	add(longname, longname, 399, "second");
	add("c", "", 0, NULL);
	whole = tar.len;
	dcor_buf_add(&tar, end, sizeof(end));
	OK(walk(&m, tar.len) == 3);
	OK(dcor_arch_tar_next(get, NULL, tar.len, 0, &m, NULL) == 1 &&
	    m.size == 1 && tar.p[m.off] == '1' &&
	    strcmp(m.name.p, "a") == 0 && strcmp(m.comment.p, "first") == 0);
	OK(dcor_arch_tar_next(get, NULL, tar.len, m.next, &m, NULL) == 1 &&
	    m.size == 399 && memcmp(tar.p + m.off, longname, 399) == 0 &&
	    strcmp(m.name.p, longname) == 0);
	OK(dcor_arch_tar_next(get, NULL, tar.len, m.next, &m, NULL) == 1 &&
	    m.comment.len == 0 && m.next == whole);

	/* cut anywhere: an error, never a member that is not all there */
	for (i = 0; i < whole; i++)
		odd += walk(&m, i) != -1;
	OK(odd == 0);
	/* a changed bit of a header is noticed, or changes nothing */
	for (i = 0, r = 0; i < 8 * 512; i++) {
		tar.p[1024 + i / 8] = (char)(tar.p[1024 + i / 8] ^
		    1 << i % 8);
		r += walk(&m, tar.len) == -1;
		tar.p[1024 + i / 8] = (char)(tar.p[1024 + i / 8] ^
		    1 << i % 8);
	}
	OK(r > 8 * 512 - 8 * 8);	/* but for its sum's last bytes */
	OK(walk(&m, tar.len) == 3);
	dcor_buf_fini(&m.name);
	dcor_buf_fini(&m.comment);
	dcor_buf_fini(&tar);
	return DONE();
}

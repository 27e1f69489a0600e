/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "arch/log.h"
#include "tap.h"

static struct dcor_arch_rec
rec(enum dcor_arch_kind kind, const char *key, unsigned gen, int64_t when)
{
	struct dcor_arch_rec r = { .kind = kind, .bucket = "bucket",
		.key = key, .gen = gen, .size = 5, .mtime = 1000,
		.when = when, .place = "" };

	memcpy(r.etag, "5d41402abc4b2a76b9719d911017c592", 33);
	memset(r.sha256, 0xa5, sizeof(r.sha256));
	return r;
}

static int
same(const struct dcor_arch_rec *a, const struct dcor_arch_rec *b)
{
	return a->kind == b->kind && strcmp(a->bucket, b->bucket) == 0 &&
	    strcmp(a->key, b->key) == 0 && a->gen == b->gen &&
	    a->size == b->size && a->mtime == b->mtime &&
	    strcmp(a->etag, b->etag) == 0 && a->when == b->when &&
	    memcmp(a->sha256, b->sha256, 32) == 0 &&
	    a->flags == b->flags && a->off == b->off &&
	    strcmp(a->place, b->place) == 0;
}

/* Every byte of a key comes back; a changed bit anywhere is noticed. */
static void
lines(void)
{
	struct dcor_arch_rec r, back;
	struct dcor_buf b, store;
	char key[256], etag[] = "odd \"tag\"\t%";
	size_t i;
	int k, missed = 0;

	for (k = 1; k < 256; k++)
		key[k - 1] = (char)k;
	key[255] = '\0';
	dcor_buf_init(&b, 1 << 16);
	dcor_buf_init(&store, 1 << 17);
	r = rec(DCOR_ARCH_ADD, key, 3, 1700000000);
	memcpy(r.etag, etag, sizeof(etag));
	r.size = INT64_MAX;
	r.place = "small_objects/x.tar";
	r.off = 1536;
	r.flags = DCOR_ARCH_UNPROVEN;
	OK(dcor_arch_rec_add(&b, &r) == DCOR_OK && b.p[b.len - 1] == '\n');
	OK(dcor_arch_rec_parse(b.p, b.len, &back, &store) == DCOR_OK);
	OK(same(&r, &back));
	for (i = 0; i < 8 * (b.len - 1); i++) {
		b.p[i / 8] = (char)(b.p[i / 8] ^ 1 << i % 8);
		missed += dcor_arch_rec_parse(b.p, b.len, &back, &store) !=
		    DCOR_EDATA;
		b.p[i / 8] = (char)(b.p[i / 8] ^ 1 << i % 8);
	}
	OK(missed == 0);
	for (i = 0; i < b.len - 1; i++)
		missed += dcor_arch_rec_parse(b.p, i, &back, &store) !=
		    DCOR_EDATA;
	OK(missed == 0);
	dcor_buf_fini(&b);
	dcor_buf_fini(&store);
}

/* Right checksums, wrong contents. */
static void
refused(void)
{
	static const char *const text[] = {
		"A\tbucket\tkey\t1\t5\t1\te\t", "X\tbucket\tkey\t1\t5",
		"V\tbu/et\tkey\t1\t5", "V\tbucket\t\t1\t5",
		"V\tbucket\tkey\t0\t5", "V\tbucket\tkey\t1\t-5",
		"V\tbucket\tkey\t1\t5\t6", "V\tbucket\tk%00y\t1\t5",
		"V\tbucket\tk%zy\t1\t5", "I\tbucket\tx\ty", "", "V",
		"A\tbucket\tkey\t1\t5\t1\te\tA5A5A5A5A5A5A5A5A5A5A5A5A5A5A5A5"
		"A5A5A5A5A5A5A5A5A5A5A5A5A5A5A5A5\t0\t1\t../x\t0",
		"A\tbucket\tkey\t1\t5\t1\te\tA5A5A5A5A5A5A5A5A5A5A5A5A5A5A5A5"
		"A5A5A5A5A5A5A5A5A5A5A5A5A5A5A5A5\t0\t1\t/x\t0",
		"A\tbucket\tkey\t1\t5\t1\te\tA5A5A5A5A5A5A5A5A5A5A5A5A5A5A5A5"
		"A5A5A5A5A5A5A5A5A5A5A5A5A5A5A5A5\t0\t1\t-\t9",
	};
	struct dcor_arch_rec r;
	struct dcor_buf store;
	char line[512];
	size_t i;
	int rc;

	dcor_buf_init(&store, 1 << 17);
	for (i = 0; i < sizeof(text) / sizeof(text[0]); i++) {
		(void)snprintf(line, sizeof(line), "%08x\t%s",
		    dcor_arch_crc(text[i], strlen(text[i])), text[i]);
		rc = dcor_arch_rec_parse(line, strlen(line), &r, &store);
		OK(rc == DCOR_EDATA);
		if (rc != DCOR_EDATA)
			printf("# %s\n", text[i]);
	}
	dcor_buf_fini(&store);
}

static int
apply(struct dcor_arch_index *x, struct dcor_arch_rec r)
{
	return dcor_arch_index_apply(x, &r, NULL);
}

static void
in_memory(void)
{
	struct dcor_arch_index *x;
	struct dcor_arch_ent *e;
	struct dcor_arch_rec r;
	char key[32];
	uint32_t *list;
	size_t n, i;
	int bad = 0;

	OK(dcor_arch_index_new(&x, NULL) == DCOR_OK);
	/* generations come in any order */
	OK(apply(x, rec(DCOR_ARCH_ADD, "k", 3, 30)) == DCOR_OK);
	OK(apply(x, rec(DCOR_ARCH_ADD, "k", 1, 10)) == DCOR_OK);
	OK(apply(x, rec(DCOR_ARCH_ADD, "k", 2, 20)) == DCOR_OK);
	OK(apply(x, rec(DCOR_ARCH_BAD, "k", 2, 40)) == DCOR_OK);
	OK(apply(x, rec(DCOR_ARCH_GONE, "k", 3, 50)) == DCOR_OK);
	OK(apply(x, rec(DCOR_ARCH_GOOD, "other", 3, 50)) == DCOR_OK);
	e = dcor_arch_index_find(x, "bucket", "k");
	OK(e != NULL && e->when == 30 && e->gone == 50);
	e = dcor_arch_index_older(x, e);
	OK(e != NULL && e->when == 20 && e->bad && e->checked == 40);
	e = dcor_arch_index_older(x, e);
	OK(e != NULL && e->when == 10 && dcor_arch_index_older(x, e) == NULL);
	OK(dcor_arch_index_find(x, "bucke", "tk") == NULL);
	/* a tag that is none stays as it is */
	r = rec(DCOR_ARCH_ADD, "odd", 1, 1);
	memcpy(r.etag, "5D41402ABC4B2A76B9719D911017C592-2", 35);
	OK(apply(x, r) == DCOR_OK);
	dcor_arch_index_rec(x, dcor_arch_index_find(x, "bucket", "odd"), &r);
	OK(strcmp(r.etag, "5D41402ABC4B2A76B9719D911017C592-2") == 0);
	r = rec(DCOR_ARCH_ADD, "parts", 1, 1);
	memcpy(r.etag, "5d41402abc4b2a76b9719d911017c592-17", 36);
	OK(apply(x, r) == DCOR_OK);
	dcor_arch_index_rec(x, dcor_arch_index_find(x, "bucket", "parts"),
	    &r);
	OK(strcmp(r.etag, "5d41402abc4b2a76b9719d911017c592-17") == 0);

	for (i = 0; i < 20000; i++) {
		(void)snprintf(key, sizeof(key), "n/%zu", i * 7919 % 20000);
		bad += apply(x, rec(DCOR_ARCH_ADD, key, 1,
		    (int64_t)(100 + i))) != DCOR_OK;
	}
	for (i = 0; i < 20000; i++) {
		(void)snprintf(key, sizeof(key), "n/%zu", i);
		bad += dcor_arch_index_find(x, "bucket", key) == NULL;
	}
	OK(bad == 0);
	OK(dcor_arch_index_sorted(x, DCOR_ARCH_BY_KEY, NULL, NULL, &list, &n,
	    NULL) == DCOR_OK && n == 20005);
	for (i = 1; i < n; i++)
		bad += strcmp(dcor_arch_index_key(x, dcor_arch_index_at(x,
		    list[i - 1])), dcor_arch_index_key(x,
		    dcor_arch_index_at(x, list[i]))) > 0;
	OK(bad == 0);
	dcor_arch_index_resort(x, DCOR_ARCH_BY_AGE, list, n);
	OK(dcor_arch_index_at(x, list[0])->when == 1 &&
	    dcor_arch_index_at(x, list[n - 1])->when == 20099);
	free(list);
	r = rec(DCOR_ARCH_KNOWN, "a.tar", 0, 0);
	OK(!dcor_arch_index_knows(x, "bucket", "a.tar"));
	OK(dcor_arch_index_apply(x, &r, NULL) == DCOR_OK);
	OK(dcor_arch_index_knows(x, "bucket", "a.tar"));
	OK(!dcor_arch_index_knows(x, "bucke", "a.tar"));
	dcor_arch_index_free(x);
}

/* Opens the log and counts what is in it. */
static size_t
count(int dir, int write, uint64_t *bad)
{
	struct dcor_arch_index *x;
	struct dcor_arch_log *l;
	size_t n = 9999;

	if (dcor_arch_index_new(&x, NULL) == DCOR_OK &&
	    dcor_arch_log_open(dir, "log", write, x, &l, bad, NULL) ==
	    DCOR_OK) {
		n = dcor_arch_index_count(x);
		dcor_arch_log_close(l);
	}
	dcor_arch_index_free(x);
	return n;
}

static off_t
size_of(int dir)
{
	struct stat st;

	return fstatat(dir, "log", &st, 0) == 0 ? st.st_size : -1;
}

static void
on_disk(int dir)
{
	struct dcor_arch_index *x;
	struct dcor_arch_log *l;
	struct dcor_arch_rec r;
	char key[32];
	uint64_t bad;
	off_t whole, cut;
	int i, fd, wrong = 0;

	OK(dcor_arch_index_new(&x, NULL) == DCOR_OK);
	OK(dcor_arch_log_open(dir, "log", 1, x, &l, &bad, NULL) == DCOR_OK);
	for (i = 0; i < 20; i++) {
		(void)snprintf(key, sizeof(key), "key%d", i);
		r = rec(DCOR_ARCH_ADD, key, 1, i);
		wrong += dcor_arch_log_add(l, &r, NULL) != DCOR_OK;
	}
	OK(wrong == 0 && dcor_arch_log_flush(l, NULL) == DCOR_OK);
	dcor_arch_log_close(l);
	dcor_arch_index_free(x);
	OK(count(dir, 0, &bad) == 20 && bad == 0);

	/* torn at every byte of the last line */
	whole = size_of(dir);
	fd = openat(dir, "log", O_RDWR);
	OK(fd >= 0);
	for (cut = whole - 1; cut > whole - whole / 21; cut--) {
		wrong += ftruncate(fd, cut) != 0;
		wrong += count(dir, 0, &bad) != 19 || bad != 1;
		wrong += size_of(dir) != cut;
	}
	OK(wrong == 0);
	OK(count(dir, 1, &bad) == 19 && bad == 0);
	OK(count(dir, 0, &bad) == 19 && bad == 0);

	/* damage in the middle costs that line, and is gone afterwards */
	OK(pwrite(fd, "X", 1, 300) == 1);
	close(fd);
	OK(count(dir, 1, &bad) == 18 && bad == 1);
	OK(count(dir, 0, &bad) == 18 && bad == 0);

	/* lines that say nothing any more are not kept for ever */
	OK(dcor_arch_index_new(&x, NULL) == DCOR_OK);
	OK(dcor_arch_log_open(dir, "log", 1, x, &l, &bad, NULL) == DCOR_OK);
	for (i = 0; i < 20000; i++) {
		r = rec(DCOR_ARCH_GOOD, "key1", 1, 1000 + i);
		wrong += dcor_arch_log_add(l, &r, NULL) != DCOR_OK;
	}
	OK(wrong == 0 && dcor_arch_log_flush(l, NULL) == DCOR_OK);
	dcor_arch_log_close(l);
	dcor_arch_index_free(x);
	OK(size_of(dir) > 400000);
	OK(count(dir, 1, &bad) == 18 && size_of(dir) < 10000);
	OK(dcor_arch_index_new(&x, NULL) == DCOR_OK);
	OK(dcor_arch_log_open(dir, "log", 0, x, &l, &bad, NULL) == DCOR_OK);
	OK(dcor_arch_index_find(x, "bucket", "key1")->checked == 20999);
	dcor_arch_log_close(l);
	dcor_arch_index_free(x);
}

int
main(void)
{
	char tmp[] = "/tmp/dcor-archlog.XXXXXX";
	int dir;

	/* RFC 3720 B.4: 32 zeros, 32 ones; and the usual check value */
	OK(dcor_arch_crc("123456789", 9) == 0xe3069283);
	OK(dcor_arch_crc("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
	    "\0\0\0\0\0\0\0", 32) == 0x8a9136aa);
	lines();
	refused();
	in_memory();
	if (mkdtemp(tmp) == NULL)
		return 1;
	dir = open(tmp, O_RDONLY | O_DIRECTORY);
	on_disk(dir);
	(void)unlinkat(dir, "log", 0);
	close(dir);
	(void)rmdir(tmp);
	return DONE();
}

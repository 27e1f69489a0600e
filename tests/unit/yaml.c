/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/str.h"
#include "base/yaml.h"
#include "tap.h"

static struct dcor_err err;

static struct dcor_yaml *
parse(const char *text)
{
	struct dcor_yaml *y;

	memset(&err, 0, sizeof(err));
	return dcor_yaml_parse(text, strlen(text), "f.yaml", &y, &err) == 0 ?
	    y : NULL;
}

static int
wrong(const char *text, const char *msg)
{
	struct dcor_yaml *y = parse(text);
	int r;

	r = y == NULL && err.code == DCOR_ECONF && strcmp(err.msg, msg) == 0;
	if (!r)
		printf("# %s: got %s\n", text, err.msg);
	dcor_yaml_free(y);
	return r;
}

static int
is(const struct dcor_yaml *v, const char *want)
{
	return dcor_yaml_str(v) != NULL && strcmp(dcor_yaml_str(v), want) == 0;
}

static void
tree(void)
{
	const struct dcor_yaml *v, *s;
	struct dcor_yaml *y;

	y = parse("# comment\n"
	    "plain: a b # comment\n"
	    "quoted: \"\\u00fc\\t\"\n"
	    "country: no\n"
	    "octal: 012\n"
	    "empty:\n"
	    "tilde: ~\n"
	    "'null': 'null'\n"
	    "map:\n"
	    "  k: v\n"
	    "  list:\n"
	    "  - one\n"
	    "  - [two, {three: 3}]\n"
	    "folded: >\n"
	    "  a\n"
	    "  b\n");
	OK(y != NULL);
	OK(dcor_yaml_type(y) == DCOR_YAML_MAP && dcor_yaml_len(y) == 9);
	OK(is(dcor_yaml_get(y, "plain"), "a b"));
	OK(is(dcor_yaml_get(y, "quoted"), "\xc3\xbc\t"));
	OK(is(dcor_yaml_get(y, "country"), "no"));
	OK(is(dcor_yaml_get(y, "octal"), "012"));
	OK(dcor_yaml_get(y, "empty") == NULL);
	OK(dcor_yaml_get(y, "tilde") == NULL);
	OK(is(dcor_yaml_get(y, "null"), "null"));
	OK(is(dcor_yaml_get(y, "folded"), "a b\n"));
	v = dcor_yaml_get(y, "map");
	OK(dcor_yaml_line(v) == 9 && dcor_yaml_type(v) == DCOR_YAML_MAP);
	OK(is(dcor_yaml_get(v, "k"), "v"));
	s = dcor_yaml_get(v, "list");
	OK(dcor_yaml_type(s) == DCOR_YAML_SEQ && dcor_yaml_len(s) == 2);
	OK(is(dcor_yaml_at(s, 0), "one") && dcor_yaml_at(s, 2) == NULL);
	OK(is(dcor_yaml_get(dcor_yaml_at(dcor_yaml_at(s, 1), 1), "three"),
	    "3"));
	OK(dcor_yaml_line(dcor_yaml_at(s, 1)) == 13);
	OK(strcmp(dcor_yaml_key(y, 4), "empty") == 0);
	OK(dcor_yaml_key(y, 9) == NULL && dcor_yaml_key(s, 0) == NULL);
	OK(dcor_yaml_get(dcor_yaml_get(y, "none"), "x") == NULL);
	OK(dcor_yaml_get(s, "x") == NULL && dcor_yaml_str(v) == NULL);
	dcor_yaml_free(y);
	dcor_yaml_free(NULL);

	y = parse("# nothing\n");
	OK(y != NULL && dcor_yaml_type(y) == DCOR_YAML_NONE);
	dcor_yaml_free(y);
	y = parse("");
	OK(y != NULL && dcor_yaml_len(y) == 0);
	dcor_yaml_free(y);
	y = parse("---\n- 1\n...\n");
	OK(y != NULL && dcor_yaml_type(y) == DCOR_YAML_SEQ);
	dcor_yaml_free(y);
	y = parse("\xef\xbb\xbf" "a: 1\n");
	OK(y != NULL && is(dcor_yaml_get(y, "a"), "1"));
	dcor_yaml_free(y);
}

static void
strict(void)
{
	static const char nul[] = "a: 1\nb: \0\n";
	static char deep[2 * DCOR_YAML_DEPTH + 3];
	struct dcor_yaml *y;
	struct dcor_buf b;
	int i;

	OK(wrong("a: 1\nb: 2\na: 3\n",
	    "f.yaml:3: a: a second time, after line 1"));
	OK(wrong("a: &x 1\n", "f.yaml:1: anchors (&) are not allowed"));
	OK(wrong("a: &x {b: 1}\n", "f.yaml:1: anchors (&) are not allowed"));
	OK(wrong("\na: *x\n", "f.yaml:2: aliases (*) are not allowed"));
	OK(wrong("a: !!str 1\n", "f.yaml:1: tags (!) are not allowed"));
	OK(wrong("a: ! 1\n", "f.yaml:1: tags (!) are not allowed"));
	OK(wrong("a: !x [1]\n", "f.yaml:1: tags (!) are not allowed"));
	OK(wrong("%YAML 1.1\n---\na: 1\n",
	    "f.yaml:1: directives (%) are not allowed"));
	OK(wrong("a: 1\n---\nb: 1\n", "f.yaml:2: a second document"));
	OK(wrong("[a]: 1\n", "f.yaml:1: a key that is not text"));
	OK(wrong("a: \"x\\0y\"\n", "f.yaml:1: a NUL byte in a text"));
	OK(parse("a: 1\n\tb: 2\n") == NULL &&
	    strncmp(err.msg, "f.yaml:2: ", 10) == 0);
	OK(parse("a: [1\n") == NULL &&
	    strncmp(err.msg, "f.yaml:2: ", 10) == 0);
	OK(parse("a: 1\nb: \xff\n") == NULL && err.code == DCOR_ECONF);
	OK(parse("\xff\xfe" "a\0") == NULL && err.code == DCOR_ECONF);
	OK(dcor_yaml_parse(nul, sizeof(nul) - 1, "f", &y, &err) ==
	    DCOR_ECONF);

	memset(deep, '[', DCOR_YAML_DEPTH);
	memset(deep + DCOR_YAML_DEPTH, ']', DCOR_YAML_DEPTH);
	OK((y = parse(deep)) != NULL);
	dcor_yaml_free(y);
	memset(deep, '[', DCOR_YAML_DEPTH + 1);
	memset(deep + DCOR_YAML_DEPTH + 1, ']', DCOR_YAML_DEPTH + 1);
	OK(wrong(deep, "f.yaml:1: nested too deeply"));

	dcor_buf_init(&b, DCOR_YAML_MAX + 1);
	for (i = 0; i < DCOR_YAML_KEYS; i++)
		dcor_buf_addf(&b, "%d: \n", i);
	OK((y = parse(b.p)) != NULL && dcor_yaml_len(y) == DCOR_YAML_KEYS);
	dcor_yaml_free(y);
	dcor_buf_adds(&b, "one: more\n");
	OK(wrong(b.p, "f.yaml:4097: too many keys"));
	while (dcor_buf_addc(&b, '#') == 0)
		continue;
	OK(wrong(b.p, "f.yaml: more than 1048576 bytes"));
	dcor_buf_fini(&b);
}

static int
size(const char *text, uint64_t want)
{
	uint64_t got = 0;

	return dcor_parse_size(text, &got) == 0 && got == want;
}

static void
typed(void)
{
	static const char *const keys[] = { "a", "b", NULL };
	static const char *const bad[] = { "", "x", "-1", "1.5", "1 ", "MiB",
		"1 MiB ", "1  MiB", "1mb", "1K", "1Ki", "1Bit", "0x10", " 1",
		"18446744073709551616", "16384PiB", "1MBB" };
	const struct dcor_yaml *node = NULL;
	struct dcor_yaml *y;
	const char *s = "as it was";
	uint64_t v = 7;
	size_t i;
	int yes = 5;

	OK(size("0", 0) && size("18446744073709551615", UINT64_MAX));
	OK(size("500kB", 500000) && size("2MiB", 2097152));
	OK(size("1 GiB", 1073741824) && size("3 B", 3) && size("4GB", 4e9));
	OK(size("2TiB", 2199023255552) && size("1KiB", 1024));
	OK(size("16383PiB", UINT64_C(16383) << 50) && size("1PB", 1e15));
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		OK(dcor_parse_size(bad[i], &v) == DCOR_EARG);

	y = parse("s: text\nn: 16MiB\nt: true\nf: no\nm: {a: 1}\nl: [1]\n"
	    "nothing:\n");
	OK(dcor_yaml_get_str(y, "zz", &s, &err) == 0 &&
	    dcor_yaml_get_str(y, "nothing", &s, &err) == 0 &&
	    strcmp(s, "as it was") == 0);
	OK(dcor_yaml_get_str(y, "s", &s, &err) == 0 && strcmp(s, "text") == 0);
	OK(dcor_yaml_get_u64(y, "zz", 0, 9, &v, &err) == 0 && v == 7);
	OK(dcor_yaml_get_u64(y, "n", 0, 1 << 24, &v, &err) == 0 &&
	    v == 16777216);
	OK(dcor_yaml_get_bool(y, "zz", &yes, &err) == 0 && yes == 5);
	OK(dcor_yaml_get_bool(y, "t", &yes, &err) == 0 && yes == 1);
	OK(dcor_yaml_get_bool(y, "f", &yes, &err) == 0 && yes == 0);
	OK(dcor_yaml_get_node(y, "m", DCOR_YAML_MAP, &node, &err) == 0 &&
	    is(dcor_yaml_get(node, "a"), "1"));
	OK(err.code == 0);
	OK(dcor_yaml_get_u64(y, "n", 0, 9, &v, &err) == DCOR_ECONF);
	OK(strcmp(err.msg, "f.yaml:2: n: not a whole number from 0 to 9") ==
	    0);
	err.code = 0;
	OK(dcor_yaml_get_bool(y, "n", &yes, &err) == DCOR_ECONF);
	OK(strcmp(err.msg, "f.yaml:2: n: neither true nor false") == 0);
	err.code = 0;
	OK(dcor_yaml_get_str(y, "l", &s, &err) == DCOR_ECONF);
	OK(strcmp(err.msg, "f.yaml:6: l: not a text") == 0);
	err.code = 0;
	OK(dcor_yaml_get_node(y, "m", DCOR_YAML_SEQ, &node, &err) ==
	    DCOR_ECONF);
	OK(strcmp(err.msg, "f.yaml:5: m: not a sequence") == 0);
	err.code = 0;
	OK(dcor_yaml_known(dcor_yaml_get(y, "m"), keys, &err) == 0);
	OK(dcor_yaml_known(NULL, keys, &err) == 0);
	OK(dcor_yaml_known(y, keys, &err) == DCOR_ECONF);
	OK(strcmp(err.msg, "f.yaml:1: s: no such setting") == 0);
	err.code = 0;
	OK(dcor_yaml_known(dcor_yaml_get(y, "l"), keys, &err) == DCOR_ECONF);
	OK(strcmp(err.msg, "f.yaml:6: not a mapping") == 0);
	dcor_yaml_free(y);
}

static int
secret(const char *path, int code, const char *msg)
{
	struct dcor_buf b;
	int rc;

	memset(&err, 0, sizeof(err));
	dcor_buf_init(&b, 1 << 16);
	rc = dcor_secret_read(path, 100, &b, &err);
	if (rc == 0)
		msg = strcmp(dcor_buf_str(&b), "hidden") == 0 ? "" : "bytes";
	dcor_buf_wipe(&b);
	if (rc != code || strcmp(err.msg, msg) != 0)
		printf("# got %d %s\n", rc, err.msg);
	return rc == code && strcmp(err.msg, msg) == 0 && b.p == NULL;
}

/* The modes of a file with a secret. */
static void
secrets(void)
{
	static const mode_t open_to[] = { 0640, 0604, 0644, 0620, 0601, 0666 };
	char dir[] = "/tmp/dcor-u.XXXXXX";
	struct dcor_yaml *y;
	struct dcor_buf b;
	FILE *fp;
	size_t i;

	if (mkdtemp(dir) == NULL || chdir(dir) != 0 ||
	    (fp = fopen("s", "w")) == NULL)
		abort();
	fputs("hidden", fp);
	fclose(fp);
	for (i = 0; i < sizeof(open_to) / sizeof(open_to[0]); i++)
		OK(chmod("s", open_to[i]) == 0 && secret("s", DCOR_EPERM,
		    "s: readable by others; chmod 600 s"));
	OK(chmod("s", 0600) == 0 && secret("s", 0, ""));
	OK(chmod("s", 0400) == 0 && secret("s", 0, ""));
	OK(symlink("s", "link") == 0 && secret("link", 0, ""));
	OK(secret("none", DCOR_ENOENT, "none: No such file or directory"));
	OK(secret(".", DCOR_EPERM,
	    ".: not a regular file, so no place for a secret"));
	OK(mkfifo("fifo", 0600) == 0 && secret("fifo", DCOR_EPERM,
	    "fifo: not a regular file, so no place for a secret"));
	dcor_buf_init(&b, 1 << 16);
	memset(&err, 0, sizeof(err));
	OK(dcor_secret_read("s", 5, &b, &err) == DCOR_EDATA);
	OK(strcmp(err.msg, "s: more than 5 bytes") == 0);
	dcor_buf_wipe(&b);
	OK(dcor_yaml_load("none", &y, NULL) == DCOR_ENOENT && y == NULL);
	OK(dcor_yaml_load(".", &y, NULL) == DCOR_EIO);
	OK(dcor_yaml_load("s", &y, NULL) == 0 && is(y, "hidden"));
	dcor_yaml_free(y);
	unlink("s"), unlink("link"), unlink("fifo");
	if (chdir("/") == 0)
		rmdir(dir);
}

int
main(void)
{
	tree();
	strict();
	typed();
	secrets();
	return DONE();
}

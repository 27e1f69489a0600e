/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the shell's test of configuration cannot reach. */
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/ini.h"
#include "base/run.h"
#include "base/time.h"
#include "net/credsrc.h"
#include "tap.h"

static struct dcor_err err;

static struct dcor_ini *
ini(const char *text)
{
	struct dcor_ini *i;

	memset(&err, 0, sizeof(err));
	return dcor_ini_parse(text, strlen(text), "f", &i, &err) == 0 ? i :
	    NULL;
}

static int
is(const char *got, const char *want)
{
	return got != NULL && strcmp(got, want) == 0;
}

static int
wrong(const char *text, const char *msg)
{
	struct dcor_ini *i = ini(text);
	int r = i == NULL && err.code == DCOR_ECONF && is(err.msg, msg);

	if (!r)
		printf("# got %s\n", err.msg);
	dcor_ini_free(i);
	return r;
}

static void
sections(void)
{
	struct dcor_ini *i;

	i = ini("\xef\xbb\xbf; c\n[a]\nKey=1=2\nb : x # y\n c\n"
	    "s =\n  k = v\n\n  # no\n  L=w\n"
	    "[b] tail\r\nkey = z \r\n");
	OK(i != NULL);
	OK(is(dcor_ini_section(i, 0), "a") && is(dcor_ini_section(i, 1), "b"));
	OK(dcor_ini_section(i, 2) == NULL);
	OK(is(dcor_ini_get(i, 0, "key", NULL), "1=2"));
	OK(is(dcor_ini_get(i, 1, "key", NULL), "z"));
	OK(is(dcor_ini_get(i, 0, "b", NULL), "x # y\nc"));
	OK(is(dcor_ini_get(i, 0, "s", "k"), "v"));
	OK(is(dcor_ini_get(i, 0, "s", "L"), "w"));
	OK(is(dcor_ini_get(i, 0, "s", NULL), ""));
	OK(dcor_ini_get(i, 0, "k", NULL) == NULL);
	OK(dcor_ini_get(i, 1, "s", "k") == NULL);
	dcor_ini_free(i);
	dcor_ini_free(NULL);

	OK(wrong("a = 1\n", "f:1: a key before the first section"));
	OK(wrong("[a]\n[b]\n[a]\n", "f:3: a section for the second time"));
	OK(wrong("[a]\nk=1\nK=2\n", "f:3: a key for the second time"));
	OK(wrong("[a]\nk\n", "f:2: neither a section nor KEY = VALUE"));
	OK(wrong("[a]\n=1\n", "f:2: a value without a key"));
	OK(wrong("[]\n", "f:1: a section without a name"));
	OK(wrong("[DEFAULT]\n", "f:1: [DEFAULT] is not supported"));
	OK(wrong("[a]\ns =\n  k\n",
	    "f:3: neither a section nor KEY = VALUE"));
	OK(dcor_ini_parse("[a]\nk=\0", 7, "f", &i, NULL) == DCOR_ECONF);
}

static int
words(const char *text, const char *want)
{
	struct dcor_buf b;
	char **w, **p;
	int r;

	if (dcor_words_split(text, &w, NULL) != 0)
		return want == NULL;
	dcor_buf_init(&b, 1000);
	for (p = w; *p != NULL; p++)
		dcor_buf_addf(&b, "<%s>", *p);
	r = want != NULL && strcmp(dcor_buf_str(&b), want) == 0;
	if (!r)
		printf("# got %s\n", dcor_buf_str(&b));
	dcor_buf_fini(&b);
	dcor_words_free(w);
	return r;
}

/* What Python's shlex.split says. */
static void
splitting(void)
{
	OK(words(" a  b\tc ", "<a><b><c>"));
	OK(words("a 'b \"c' \"d 'e\"", "<a><b \"c><d 'e>"));
	OK(words("a\\ b \\'c \"\\\"d\\\\\" \"\\e\" '\\f'",
	    "<a b><'c><\"d\\><\\e><\\f>"));
	OK(words("'' a\"\"b \"\"", "<><ab><>"));
	OK(words("a #b ~ $c *", "<a><#b><~><$c><*>"));
	OK(words("", NULL) && words("  ", NULL));
	OK(words("'a", NULL) && words("\"a", NULL) && words("a\\", NULL));
}

static int
run(const char *script, double seconds, int code, const char *want)
{
	static char sh[] = "sh", c[] = "-c";
	char *argv[] = { sh, c, strdup(script), NULL };
	struct dcor_buf b;
	int rc, r;

	memset(&err, 0, sizeof(err));
	dcor_buf_init(&b, 1000);
	rc = dcor_run_read(argv, seconds, 10, &b, &err);
	r = rc == code && strcmp(rc == 0 ? dcor_buf_str(&b) : err.msg,
	    want) == 0;
	if (!r)
		printf("# got %d %s %s\n", rc, dcor_buf_str(&b), err.msg);
	dcor_buf_wipe(&b);
	free(argv[2]);
	return r;
}

static void
running(void)
{
	double t = dcor_seconds();

	OK(run("echo x; cat", 60, 0, "x\n"));
	OK(run("exec printf 0123456789", 60, 0, "0123456789"));
	OK(run("printf 01234567890", 60, DCOR_EDATA,
	    "sh: answers more than 10 bytes"));
	OK(run("exec sleep 60", 0.05, DCOR_ETEMP,
	    "sh: no answer within 0.05 s"));
	OK(run("exec >&-; exec sleep 60", 0.05, DCOR_ETEMP,
	    "sh: no answer within 0.05 s"));
	OK(run("exit 7", 60, DCOR_EPERM, "sh: exit status 7"));
	OK(dcor_seconds() - t < 30);
	OK(waitpid(-1, NULL, WNOHANG) == -1);	/* nothing is left */
}

static void
fixed(void)
{
	struct dcor_keys k = { "id", "secret", NULL }, got;
	struct dcor_cred *c;
	uint64_t serial = 0;

	OK(dcor_cred_fixed(&k, "me", &c, NULL) == 0);
	OK(dcor_cred_keys(c, &got, &serial, NULL) == 0 && serial == 1);
	OK(is(got.id, "id") && is(got.secret, "secret") && got.token == NULL);
	OK(got.id != k.id && is(dcor_cred_origin(c), "me"));
	dcor_cred_free(c);
	dcor_cred_free(NULL);
	k.secret = "";
	OK(dcor_cred_fixed(&k, "me", &c, NULL) == DCOR_EPERM && c == NULL);
	k.id = NULL;
	OK(dcor_cred_fixed(&k, "me", &c, NULL) == DCOR_EARG && c == NULL);
}

int
main(void)
{
	sections();
	splitting();
	running();
	fixed();
	return DONE();
}

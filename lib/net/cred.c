/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "net/cred.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/json.h"
#include "base/run.h"
#include "base/time.h"
#include "base/yaml.h"
#include "net/credsrc.h"

#define SOON		300	/* seconds before the end: read again */
#define PAUSE		10	/* seconds between two such attempts */
#define PATIENCE	60.0	/* seconds for a command to answer */
#define ANSWER_MAX	65536	/* bytes */

struct dcor_cred {
	struct dcor_keyset	 ks;
	uint64_t		 serial;
	int64_t			 tried;		/* the last attempt */
	char			*file, *profile, *aws, *origin;
	char			**argv;
};

static void
wipe_free(char *s)
{
	if (s != NULL)
		dcor_wipe(s, strlen(s));
	free(s);
}

void
dcor_keyset_wipe(struct dcor_keyset *ks)
{
	wipe_free(ks->id);
	wipe_free(ks->secret);
	wipe_free(ks->token);
	free(ks->origin);
	memset(ks, 0, sizeof(*ks));
}

/* "" and NULL are NULL; 0 when memory is short. */
static int
dup(const char *s, char **out)
{
	*out = s != NULL && *s != '\0' ? strdup(s) : NULL;
	return *out != NULL || s == NULL || *s == '\0';
}

/* Bytes that can stand in a header. */
static int
is_plain(const char *s)
{
	for (; s != NULL && *s != '\0'; s++)
		if ((unsigned char)*s <= ' ' || (unsigned char)*s >= 0x7f)
			return 0;
	return 1;
}

int
dcor_keyset_set(struct dcor_keyset *ks, const char *id, const char *secret,
    const char *token, const char *origin, struct dcor_err *err)
{
	int no_id = id == NULL || *id == '\0';
	int no_secret = secret == NULL || *secret == '\0';

	memset(ks, 0, sizeof(*ks));
	if (no_id && no_secret)
		return DCOR_ENOENT;
	if (no_id || no_secret)
		return dcor_err_set(err, DCOR_EPERM, 0,
		    "%s: %s is missing", origin, no_id ?
		    "a secret key is there, but its access key id" :
		    "an access key id is there, but its secret key");
	if (!is_plain(id) || !is_plain(secret) || !is_plain(token))
		return dcor_err_set(err, DCOR_ECONF, 0,
		    "%s: blanks or odd bytes in a key", origin);
	if (!dup(id, &ks->id) || !dup(secret, &ks->secret) ||
	    !dup(token, &ks->token) || !dup(origin, &ks->origin)) {
		dcor_keyset_wipe(ks);
		return dcor_err_nomem(err);
	}
	return 0;
}

static int
set_until(struct dcor_keyset *ks, const char *text, struct dcor_err *err)
{
	if (text == NULL || dcor_parse_time(text, &ks->until) == 0)
		return 0;
	return dcor_err_set(err, DCOR_ECONF, 0,
	    "%s: the time when the keys end is no time", ks->origin);
}

/* The text of a member, which is overwritten when the tree goes. */
static const char *
member(const struct dcor_json *j, const char *key)
{
	return dcor_json_str(dcor_json_get(j, key));
}

static int
from_json(struct dcor_keyset *ks, const struct dcor_json *j,
    const char *origin, struct dcor_err *err)
{
	int64_t version = 0;
	int rc;

	if (!dcor_json_i64(dcor_json_get(j, "Version"), &version) ||
	    version != 1)
		return dcor_err_set(err, DCOR_ECONF, 0,
		    "%s: the answer is not of Version 1", origin);
	rc = dcor_keyset_set(ks, member(j, "AccessKeyId"),
	    member(j, "SecretAccessKey"), member(j, "SessionToken"), origin,
	    err);
	if (rc == DCOR_ENOENT)
		return dcor_err_set(err, DCOR_EPERM, 0,
		    "%s: the answer has no keys", origin);
	return rc != 0 ? rc : set_until(ks, member(j, "Expiration"), err);
}

int
dcor_keyset_command(struct dcor_keyset *ks, char *const argv[],
    const char *origin, struct dcor_err *err)
{
	static const char *const wiped[] = { "AccessKeyId",
		"SecretAccessKey", "SessionToken" };
	struct dcor_err why = DCOR_ERR_INIT;
	struct dcor_json *j;
	struct dcor_buf b;
	const char *s;
	size_t i;
	int rc;

	memset(ks, 0, sizeof(*ks));
	dcor_buf_init(&b, ANSWER_MAX + 1);
	rc = dcor_run_read(argv, PATIENCE, ANSWER_MAX, &b, &why);
	if (rc != 0) {
		dcor_err_set(err, why.code, why.sys, "%s: %s", origin,
		    why.msg);
	} else if (dcor_json_parse(dcor_buf_str(&b), b.len, ANSWER_MAX, &j,
	    NULL) != 0) {
		/* the parser's words quote what it read */
		rc = dcor_err_set(err, DCOR_ECONF, 0,
		    "%s: the answer is not JSON", origin);
	} else {
		rc = from_json(ks, j, origin, err);
		/* the tree is ours alone, and about to be freed */
		for (i = 0; i < sizeof(wiped) / sizeof(wiped[0]); i++)
			if ((s = member(j, wiped[i])) != NULL)
				dcor_wipe((void *)(uintptr_t)s, strlen(s));
		dcor_json_free(j);
	}
	dcor_buf_wipe(&b);
	return rc;
}

static int
from_yaml(struct dcor_keyset *ks, const struct dcor_yaml *y,
    const char *path, const char *profile, struct dcor_err *err)
{
	static const char *const known[] = { "access-key-id",
		"secret-access-key", "session-token", NULL };
	const char *v[3] = { NULL, NULL, NULL };
	const struct dcor_yaml *entry = NULL;
	struct dcor_buf origin;
	size_t i;
	int rc;

	if (dcor_yaml_type(y) != DCOR_YAML_MAP &&
	    dcor_yaml_type(y) != DCOR_YAML_NONE)
		return dcor_yaml_bad(y, err, "not a mapping of profiles");
	rc = dcor_yaml_get_node(y, profile, DCOR_YAML_MAP, &entry, err);
	if (rc != 0)
		return rc;
	if (entry == NULL)
		return DCOR_ENOENT;
	if ((rc = dcor_yaml_known(entry, known, err)) != 0)
		return rc;
	for (i = 0; i < 3; i++)
		if ((rc = dcor_yaml_get_str(entry, known[i], &v[i],
		    err)) != 0)
			return rc;
	dcor_buf_init(&origin, 8192);
	dcor_buf_addf(&origin, "%s [%s]", path, profile);
	rc = dcor_keyset_set(ks, v[0], v[1], v[2], dcor_buf_str(&origin),
	    err);
	dcor_buf_fini(&origin);
	return rc;
}

int
dcor_keyset_file(struct dcor_keyset *ks, const char *path,
    const char *profile, struct dcor_err *err)
{
	struct dcor_yaml *y = NULL;
	struct dcor_buf b;
	int rc;

	memset(ks, 0, sizeof(*ks));
	dcor_buf_init(&b, DCOR_YAML_MAX + 8192);
	rc = dcor_secret_read(path, DCOR_YAML_MAX, &b, err);
	if (rc == 0)
		rc = dcor_yaml_parse(dcor_buf_str(&b), b.len, path, &y, err);
	if (rc == 0)
		rc = from_yaml(ks, y, path, profile, err);
	dcor_yaml_free(y);
	dcor_buf_wipe(&b);
	return rc;
}

static int
from_aws(struct dcor_keyset *ks, const char *profile, struct dcor_err *err)
{
	struct dcor_aws *a;
	int rc;

	memset(ks, 0, sizeof(*ks));
	if ((rc = dcor_aws_open(profile, 1, &a, err)) != 0)
		return rc;
	rc = dcor_aws_keys(a, ks, err);
	if (rc == 0)
		rc = set_until(ks, dcor_aws_get(a, "expiry_time", NULL),
		    err);
	dcor_aws_close(a);
	return rc;
}

static int
load(const struct dcor_cred *c, struct dcor_keyset *ks, struct dcor_err *err)
{
	int rc;

	if (c->file != NULL)
		rc = dcor_keyset_file(ks, c->file, c->profile, err);
	else if (c->aws != NULL)
		rc = from_aws(ks, c->aws, err);
	else
		rc = dcor_keyset_command(ks, c->argv, c->origin, err);
	if (rc != 0)
		dcor_keyset_wipe(ks);
	return rc;
}

static char **
dup_list(char **list)
{
	char **copy;
	size_t n;

	for (n = 0; list[n] != NULL; n++)
		continue;
	if ((copy = calloc(n + 1, sizeof(*copy))) == NULL)
		return NULL;
	for (n = 0; list[n] != NULL; n++)
		if ((copy[n] = strdup(list[n])) == NULL) {
			dcor_words_free(copy);
			return NULL;
		}
	return copy;
}

int
dcor_cred_from(const struct dcor_credsrc *src, struct dcor_cred **out,
    struct dcor_err *err)
{
	struct dcor_cred *c;
	int rc;

	*out = NULL;
	if ((c = calloc(1, sizeof(*c))) == NULL)
		return dcor_err_nomem(err);
	c->serial = 1;
	if (!dup(src->file, &c->file) || !dup(src->aws, &c->aws) ||
	    !dup(src->profile, &c->profile) ||
	    !dup(src->origin, &c->origin) || (src->argv != NULL &&
	    (c->argv = dup_list(src->argv)) == NULL))
		rc = dcor_err_nomem(err);
	else
		rc = load(c, &c->ks, err);
	if (rc != 0)
		dcor_cred_free(c);
	else
		*out = c;
	return rc;
}

int
dcor_cred_fixed(const struct dcor_keys *keys, const char *origin,
    struct dcor_cred **out, struct dcor_err *err)
{
	struct dcor_cred *c;
	int rc;

	*out = NULL;
	if ((c = calloc(1, sizeof(*c))) == NULL)
		return dcor_err_nomem(err);
	c->serial = 1;
	rc = dcor_keyset_set(&c->ks, keys->id, keys->secret, keys->token,
	    origin, err);
	if (rc == DCOR_ENOENT)
		rc = dcor_err_set(err, DCOR_EARG, 0, "%s: no keys", origin);
	if (rc != 0)
		dcor_cred_free(c);
	else
		*out = c;
	return rc;
}

static int
same(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

/* Fresh keys in place of those that end. */
static int
renew(struct dcor_cred *c, struct dcor_err *err)
{
	struct dcor_keyset ks;
	int rc;

	if ((rc = load(c, &ks, err)) != 0)
		return rc == DCOR_ENOENT ? dcor_err_set(err, DCOR_EPERM, 0,
		    "%s: the credentials are gone", c->ks.origin) : rc;
	if (!same(ks.id, c->ks.id) || !same(ks.secret, c->ks.secret) ||
	    !same(ks.token, c->ks.token))
		c->serial++;
	dcor_keyset_wipe(&c->ks);
	c->ks = ks;
	return 0;
}

int
dcor_cred_keys(struct dcor_cred *c, struct dcor_keys *keys,
    uint64_t *serial, struct dcor_err *err)
{
	struct dcor_err why = DCOR_ERR_INIT;
	int64_t now = time(NULL);
	char when[32];

	if (c->ks.until != 0 && c->ks.until - now < SOON &&
	    (now - c->tried >= PAUSE || now >= c->ks.until)) {
		c->tried = now;
		if (renew(c, &why) != 0 && now >= c->ks.until)
			return dcor_err_copy(err, &why);
	}
	if (c->ks.until != 0 && now >= c->ks.until) {
		dcor_fmt_time(c->ks.until, when);
		return dcor_err_set(err, DCOR_EPERM, 0,
		    "%s: the credentials ended at %s", c->ks.origin, when);
	}
	keys->id = c->ks.id;
	keys->secret = c->ks.secret;
	keys->token = c->ks.token;
	*serial = c->serial;
	return 0;
}

const char *
dcor_cred_origin(const struct dcor_cred *c)
{
	return c->ks.origin;
}

void
dcor_cred_free(struct dcor_cred *c)
{
	if (c == NULL)
		return;
	dcor_keyset_wipe(&c->ks);
	free(c->file);
	free(c->profile);
	free(c->aws);
	free(c->origin);
	dcor_words_free(c->argv);
	free(c);
}

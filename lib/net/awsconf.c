/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * awsconf.c - ~/.aws/config and ~/.aws/credentials, understood as botocore
 * does, where it does not ask a server for credentials
 */
#include <stdlib.h>
#include <string.h>

#include "base/ini.h"
#include "base/run.h"
#include "net/credsrc.h"

struct part {
	struct dcor_ini	*ini;		/* NULL: no file */
	char		*path;
	long		 i;		/* our section, or -1 */
};

struct dcor_aws {
	struct part	 conf, cred;
	char		*name;
};

int
dcor_cred_path(const char *dir, const char *name, char **out,
    struct dcor_err *err)
{
	const char *home = getenv("HOME");
	struct dcor_buf b;

	dcor_buf_init(&b, 4096);
	if (strncmp(name, "~/", 2) == 0 && home != NULL)
		dcor_buf_addf(&b, "%s%s", home, name + 1);
	else if (*name == '/' || dir == NULL)
		dcor_buf_adds(&b, name);
	else
		dcor_buf_addf(&b, "%s/%s", dir, name);
	return dcor_buf_take(&b, out, NULL, err);
}

static int
read_part(struct part *p, const char *env, const char *usual, int secret,
    struct dcor_err *err)
{
	struct dcor_err why = DCOR_ERR_INIT;
	struct dcor_buf b;
	int rc;

	p->i = -1;
	rc = dcor_cred_path(NULL, env != NULL && *env != '\0' ? env : usual,
	    &p->path, err);
	if (rc != 0)
		return rc;
	dcor_buf_init(&b, DCOR_INI_MAX + 8192);
	rc = secret ? dcor_secret_read(p->path, DCOR_INI_MAX, &b, &why) :
	    dcor_file_read(p->path, DCOR_INI_MAX, &b, &why);
	if (rc == 0)
		rc = dcor_ini_parse(dcor_buf_str(&b), b.len, p->path,
		    &p->ini, &why);
	dcor_buf_wipe(&b);
	return rc == 0 || rc == DCOR_ENOENT ? 0 : dcor_err_copy(err, &why);
}

/* The last section [KIND NAME]; botocore splits it as a shell does. */
static long
find(const struct dcor_ini *ini, const char *kind, const char *name)
{
	long found = -1;
	const char *s;
	char **w;
	size_t i;

	for (i = 0; ini != NULL &&
	    (s = dcor_ini_section(ini, i)) != NULL; i++) {
		if (strncmp(s, kind, strlen(kind)) != 0 ||
		    dcor_words_split(s, &w, NULL) != 0)
			continue;
		if (w[1] != NULL && w[2] == NULL && strcmp(w[0], kind) == 0 &&
		    strcmp(w[1], name) == 0)
			found = (long)i;
		dcor_words_free(w);
	}
	return found;
}

static long
find_plain(const struct dcor_ini *ini, const char *name)
{
	const char *s;
	size_t i;

	for (i = 0; ini != NULL &&
	    (s = dcor_ini_section(ini, i)) != NULL; i++)
		if (strcmp(s, name) == 0)
			return (long)i;
	return -1;
}

int
dcor_aws_open(const char *profile, int keys, struct dcor_aws **out,
    struct dcor_err *err)
{
	struct dcor_aws *a;
	long i;
	int rc;

	*out = NULL;
	if ((a = calloc(1, sizeof(*a))) == NULL)
		return dcor_err_nomem(err);
	if ((a->name = strdup(profile)) == NULL)
		rc = dcor_err_nomem(err);
	else
		rc = read_part(&a->conf, getenv("AWS_CONFIG_FILE"),
		    "~/.aws/config", 0, err);
	if (rc == 0)
		rc = read_part(&a->cred,
		    getenv("AWS_SHARED_CREDENTIALS_FILE"),
		    "~/.aws/credentials", keys, err);
	if (rc != 0) {
		dcor_aws_close(a);
		return rc;
	}
	a->cred.i = find_plain(a->cred.ini, profile);
	a->conf.i = find(a->conf.ini, "profile", profile);
	if (strcmp(profile, "default") == 0 &&
	    (i = find_plain(a->conf.ini, profile)) > a->conf.i)
		a->conf.i = i;
	*out = a;
	return 0;
}

void
dcor_aws_close(struct dcor_aws *a)
{
	if (a == NULL)
		return;
	dcor_ini_free(a->conf.ini);
	dcor_ini_free(a->cred.ini);
	free(a->conf.path);
	free(a->cred.path);
	free(a->name);
	free(a);
}

int
dcor_aws_found(const struct dcor_aws *a)
{
	return a->conf.i >= 0 || a->cred.i >= 0;
}

int
dcor_aws_missing(const struct dcor_aws *a, struct dcor_err *err)
{
	return dcor_err_set(err, DCOR_ECONF, 0, "aws profile %s: in neither "
	    "%s nor %s", a->name, a->conf.path, a->cred.path);
}

static const char *
get(const struct part *p, const char *key, const char *sub)
{
	return p->i < 0 ? NULL : dcor_ini_get(p->ini, (size_t)p->i, key, sub);
}

const char *
dcor_aws_get(const struct dcor_aws *a, const char *key, const char *sub)
{
	const char *v = get(&a->cred, key, sub);

	return v != NULL ? v : get(&a->conf, key, sub);
}

int
dcor_aws_endpoint(const struct dcor_aws *a, const char **out,
    struct dcor_err *err)
{
	const char *services = dcor_aws_get(a, "services", NULL);
	long i;

	*out = NULL;
	if (services != NULL) {
		if ((i = find(a->conf.ini, "services", services)) < 0)
			return dcor_err_set(err, DCOR_ECONF, 0, "%s: no "
			    "section [services %s]", a->conf.path, services);
		*out = dcor_ini_get(a->conf.ini, (size_t)i, "s3",
		    "endpoint_url");
	}
	if (*out == NULL)
		*out = dcor_aws_get(a, "endpoint_url", NULL);
	return 0;
}

static int
keys_of(const struct dcor_aws *a, const struct part *p,
    struct dcor_keyset *ks, struct dcor_err *err)
{
	struct dcor_buf origin;
	int rc;

	dcor_buf_init(&origin, 8192);
	dcor_buf_addf(&origin, "%s [%s]", p->path, a->name);
	rc = dcor_keyset_set(ks, get(p, "aws_access_key_id", NULL),
	    get(p, "aws_secret_access_key", NULL),
	    get(p, "aws_session_token", NULL), dcor_buf_str(&origin), err);
	dcor_buf_fini(&origin);
	return rc;
}

static int
run(const struct dcor_aws *a, const char *command, struct dcor_keyset *ks,
    struct dcor_err *err)
{
	struct dcor_err why = DCOR_ERR_INIT;
	struct dcor_buf origin;
	char **argv;
	int rc;

	dcor_buf_init(&origin, 8192);
	dcor_buf_addf(&origin, "credential_process of aws profile %s",
	    a->name);
	if ((rc = dcor_words_split(command, &argv, &why)) != 0) {
		dcor_err_set(err, why.code, 0, "%s: %s",
		    dcor_buf_str(&origin), why.msg);
	} else {
		rc = dcor_keyset_command(ks, argv, dcor_buf_str(&origin),
		    err);
		dcor_words_free(argv);
	}
	dcor_buf_fini(&origin);
	return rc;
}

int
dcor_aws_keys(const struct dcor_aws *a, struct dcor_keyset *ks,
    struct dcor_err *err)
{
	/* botocore would ask a server, before it looks at keys in files */
	static const char *const ask[] = { "role_arn", "sso_session",
		"sso_start_url", "sso_account_id", "sso_role_name",
		"login_session", "web_identity_token_file" };
	const char *s;
	struct dcor_buf b;
	size_t i;
	int rc;

	for (i = 0; i < sizeof(ask) / sizeof(ask[0]); i++)
		if (dcor_aws_get(a, ask[i], NULL) != NULL)
			return dcor_err_set(err, DCOR_ECONF, 0,
			    "aws profile %s: %s is not supported; keys or "
			    "credential_process (aws configure "
			    "export-credentials) are", a->name, ask[i]);
	if ((rc = keys_of(a, &a->cred, ks, err)) != DCOR_ENOENT)
		return rc;
	s = dcor_aws_get(a, "credential_process", NULL);
	if (s != NULL)
		return run(a, s, ks, err);
	if ((rc = keys_of(a, &a->conf, ks, err)) != 0)
		return rc;
	/* it was read as a file without secrets, but has one */
	dcor_buf_init(&b, DCOR_INI_MAX + 8192);
	rc = dcor_secret_read(a->conf.path, DCOR_INI_MAX, &b, err);
	dcor_buf_wipe(&b);
	if (rc != 0)
		dcor_keyset_wipe(ks);
	return rc;
}

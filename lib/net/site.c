/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "base/yaml.h"
#include "net/credsrc.h"

/* A configuration file, and in it the profile that was asked for. */
struct layer {
	struct dcor_yaml	*root;		/* NULL: no file */
	char			*path;
	char			*dir;		/* for names in it */
	const struct dcor_yaml	*profile, *s3;	/* NULL: not in it */
};

enum { USER, SYSTEM, LAYERS };

struct work {
	const struct dcor_site_args *args;
	struct dcor_site	*site;
	struct layer		 layer[LAYERS];
	const char		*addressing;
	const char		*aws;		/* profile of AWS, or NULL */
	struct dcor_aws		*awsfiles;	/* open, or NULL */
	struct dcor_buf		 tried;		/* where keys were not */
	struct dcor_err		*err;
};

/* Empty is not given. */
static const char *
given(const char *s)
{
	return s != NULL && *s != '\0' ? s : NULL;
}

/* The first value wins. */
static int
put(struct work *w, char **to, const char *v)
{
	if (*to != NULL || given(v) == NULL)
		return 0;
	*to = strdup(v);
	return *to != NULL ? 0 : dcor_err_nomem(w->err);
}

static int
keys_given(struct work *w, const char *id, const char *secret,
    const char *token, const char *origin)
{
	struct dcor_keys k = { given(id), given(secret), given(token) };

	if (w->site->cred != NULL || (k.id == NULL && k.secret == NULL))
		return 0;
	return dcor_cred_fixed(&k, origin, &w->site->cred, w->err);
}

static int
from_environment(struct work *w)
{
	struct dcor_site *s = w->site;
	const char *v;
	int rc;

	if ((rc = put(w, &s->server, getenv("DCOR_SERVER"))) != 0 ||
	    (rc = put(w, &s->endpoint, getenv("DCOR_S3_ENDPOINT"))) != 0 ||
	    (rc = put(w, &s->endpoint, getenv("AWS_ENDPOINT_URL_S3"))) != 0 ||
	    (rc = put(w, &s->endpoint, getenv("AWS_ENDPOINT_URL"))) != 0 ||
	    (rc = put(w, &s->endpoint,
	    getenv("DCLAB_S3_ENDPOINT_URL"))) != 0 ||
	    (rc = put(w, &s->region, getenv("DCOR_S3_REGION"))) != 0 ||
	    (rc = put(w, &s->region, getenv("AWS_REGION"))) != 0 ||
	    (rc = put(w, &s->region, getenv("AWS_DEFAULT_REGION"))) != 0)
		return rc;
	if (w->addressing == NULL)
		w->addressing = given(getenv("DCOR_S3_ADDRESSING"));
	v = getenv("AWS_ACCESS_KEY_ID");
	rc = keys_given(w, v, getenv("AWS_SECRET_ACCESS_KEY"),
	    getenv("AWS_SESSION_TOKEN"), "AWS_ACCESS_KEY_ID");
	if (rc != 0)
		return rc;
	v = getenv("DCLAB_S3_ACCESS_KEY_ID");
	return keys_given(w, v, getenv("DCLAB_S3_SECRET_ACCESS_KEY"), NULL,
	    "DCLAB_S3_ACCESS_KEY_ID");
}

/*
 * Configuration files
 */

static const char *const top_keys[] = { "default-profile", "profiles", NULL };
static const char *const profile_keys[] = { "server", "token-file",
	"token-command", "ca-file", "s3", NULL };
static const char *const s3_keys[] = { "endpoint", "region", "addressing",
	"credentials-file", "aws-profile", "credential-command", NULL };

/* Keys under which somebody might put a secret, and where it goes. */
static int
no_secrets(struct work *w, const struct layer *l, const struct dcor_yaml *v)
{
	static const char *const secret[] = { "access-key-id",
		"secret-access-key", "session-token", "aws_access_key_id",
		"aws_secret_access_key", "aws_session_token" };
	const char *key;
	size_t i, k;

	for (i = 0; (key = dcor_yaml_key(v, i)) != NULL; i++) {
		for (k = 0; k < sizeof(secret) / sizeof(secret[0]); k++)
			if (strcmp(key, secret[k]) == 0)
				return dcor_yaml_bad(dcor_yaml_at(v, i),
				    w->err, "%s: no place for a secret; it "
				    "goes into %s/credentials, mode 600", key,
				    l->dir);
		if (strcmp(key, "token") == 0 || strcmp(key, "password") == 0)
			return dcor_yaml_bad(dcor_yaml_at(v, i), w->err,
			    "%s: no place for a secret; it goes into a file "
			    "of mode 600 that token-file names", key);
	}
	return 0;
}

static int
check_profile(struct work *w, const struct layer *l,
    const struct dcor_yaml *p)
{
	const struct dcor_yaml *s3 = NULL;
	int rc;

	if ((rc = no_secrets(w, l, p)) != 0 ||
	    (rc = dcor_yaml_known(p, profile_keys, w->err)) != 0 ||
	    (rc = dcor_yaml_get_node(p, "s3", DCOR_YAML_MAP, &s3,
	    w->err)) != 0 ||
	    (rc = no_secrets(w, l, s3)) != 0)
		return rc;
	return dcor_yaml_known(s3, s3_keys, w->err);
}

static int
open_layer(struct work *w, struct layer *l, int must)
{
	struct dcor_err why = DCOR_ERR_INIT;
	const struct dcor_yaml *profiles = NULL;
	const char *slash = strrchr(l->path, '/');
	size_t i;
	int rc;

	l->dir = slash == NULL ? strdup(".") : strndup(l->path,
	    slash > l->path ? (size_t)(slash - l->path) : 1);
	if (l->dir == NULL)
		return dcor_err_nomem(w->err);
	rc = dcor_yaml_load(l->path, &l->root, &why);
	if (rc == DCOR_ENOENT)		/* a file that was named must be */
		return must ? dcor_err_set(w->err, DCOR_ECONF, why.sys, "%s",
		    why.msg) : 0;
	if (rc != 0)
		return dcor_err_copy(w->err, &why);
	if ((rc = no_secrets(w, l, l->root)) != 0 ||
	    (rc = dcor_yaml_known(l->root, top_keys, w->err)) != 0 ||
	    (rc = dcor_yaml_get_node(l->root, "profiles", DCOR_YAML_MAP,
	    &profiles, w->err)) != 0)
		return rc;
	for (i = 0; i < dcor_yaml_len(profiles) && rc == 0; i++)
		rc = check_profile(w, l, dcor_yaml_at(profiles, i));
	return rc;
}

static int
open_layers(struct work *w)
{
	const char *named = w->args->config, *xdg;
	int rc;

	if (named == NULL)
		named = getenv("DCOR_CONFIG");
	if (named != NULL) {
		if (*named == '\0' || strcmp(named, "/dev/null") == 0)
			return 0;
		rc = dcor_cred_path(NULL, named, &w->layer[USER].path,
		    w->err);
		return rc != 0 ? rc : open_layer(w, &w->layer[USER], 1);
	}
	xdg = given(getenv("XDG_CONFIG_HOME"));
	if (xdg != NULL && *xdg != '/')		/* as XDG says */
		xdg = NULL;
	if (xdg != NULL || given(getenv("HOME")) != NULL) {
		rc = dcor_cred_path(xdg, xdg != NULL ? "dcor/config.yaml" :
		    "~/.config/dcor/config.yaml", &w->layer[USER].path,
		    w->err);
		if (rc != 0 || (rc = open_layer(w, &w->layer[USER], 0)) != 0)
			return rc;
	}
	rc = dcor_cred_path(NULL, w->args->system != NULL ? w->args->system :
	    DCOR_SYSTEM_CONFIG, &w->layer[SYSTEM].path, w->err);
	return rc != 0 ? rc : open_layer(w, &w->layer[SYSTEM], 0);
}

/* Whose settings: the name, and what each file says about it. */
static int
choose_profile(struct work *w)
{
	const char *name = given(w->args->profile), *where = NULL;
	const struct dcor_yaml *all;
	struct layer *l;
	int i, rc, found = 0;

	if (name == NULL)
		name = given(getenv("DCOR_PROFILE"));
	for (i = 0; i < LAYERS && name == NULL; i++)
		if ((rc = dcor_yaml_get_str(w->layer[i].root,
		    "default-profile", &name, w->err)) != 0)
			return rc;
	if (name == NULL)
		return 0;
	for (i = 0; i < LAYERS; i++) {
		l = &w->layer[i];
		all = dcor_yaml_get(l->root, "profiles");
		l->profile = dcor_yaml_get(all, name);
		l->s3 = dcor_yaml_get(l->profile, "s3");
		found |= l->profile != NULL;
		if (l->root != NULL && where == NULL)
			where = l->path;
	}
	if (!found)
		return dcor_err_set(w->err, DCOR_ECONF, 0, "profile %s: not "
		    "in %s", name, where != NULL ? where :
		    "a configuration file, as there is none");
	return put(w, &w->site->profile, name);
}

/* A setting with the name of a file. */
static int
put_path(struct work *w, const struct layer *l, const struct dcor_yaml *map,
    const char *key, char **to)
{
	const char *v = NULL;
	int rc;

	rc = dcor_yaml_get_str(map, key, &v, w->err);
	if (rc != 0 || v == NULL || *to != NULL)
		return rc;
	return dcor_cred_path(l->dir, v, to, w->err);
}

static int
from_layer(struct work *w, const struct layer *l)
{
	struct dcor_site *s = w->site;
	const char *server = NULL, *endpoint = NULL, *region = NULL;
	const char *addressing = NULL, *aws = NULL;
	int rc;

	if ((rc = dcor_yaml_get_str(l->profile, "server", &server,
	    w->err)) != 0 ||
	    (rc = dcor_yaml_get_str(l->s3, "endpoint", &endpoint,
	    w->err)) != 0 ||
	    (rc = dcor_yaml_get_str(l->s3, "region", &region,
	    w->err)) != 0 ||
	    (rc = dcor_yaml_get_str(l->s3, "addressing", &addressing,
	    w->err)) != 0 ||
	    (rc = dcor_yaml_get_str(l->s3, "aws-profile", &aws,
	    w->err)) != 0 ||
	    (rc = put_path(w, l, l->profile, "ca-file", &s->ca_file)) != 0 ||
	    (rc = put(w, &s->server, server)) != 0 ||
	    (rc = put(w, &s->endpoint, endpoint)) != 0 ||
	    (rc = put(w, &s->region, region)) != 0)
		return rc;
	if (w->addressing == NULL)
		w->addressing = given(addressing);
	if (w->aws == NULL)
		w->aws = given(aws);
	return 0;
}

static int
command(struct work *w, const struct dcor_yaml *list)
{
	struct dcor_credsrc src = { 0 };
	struct dcor_buf origin;
	size_t i, n = dcor_yaml_len(list);
	const char *s;
	int rc = 0;

	if ((src.argv = calloc(n + 1, sizeof(*src.argv))) == NULL)
		return dcor_err_nomem(w->err);
	dcor_buf_init(&origin, 1024);
	dcor_buf_addf(&origin, "credential-command of profile %s",
	    w->site->profile);
	src.origin = dcor_buf_str(&origin);
	for (i = 0; i < n && rc == 0; i++)
		if ((s = dcor_yaml_str(dcor_yaml_at(list, i))) == NULL)
			rc = dcor_yaml_bad(dcor_yaml_at(list, i), w->err,
			    "credential-command: not a text");
		else
			src.argv[i] = (char *)(uintptr_t)s; /* is copied */
	if (rc == 0 && n == 0)
		rc = dcor_yaml_bad(list, w->err,
		    "credential-command: no command");
	if (rc == 0)
		rc = dcor_cred_from(&src, &w->site->cred, w->err);
	dcor_buf_fini(&origin);
	free(src.argv);
	return rc;
}

static void
tried(struct work *w, const char *path, const char *profile)
{
	dcor_buf_addf(&w->tried, ", %s [%s]", path, profile);
}

/* The keys that a profile has in a file: its own, or the usual one. */
static int
keys_layer(struct work *w, const struct layer *l)
{
	struct dcor_credsrc src = { 0 };
	struct dcor_err why = DCOR_ERR_INIT;
	const struct dcor_yaml *cmd = NULL;
	char *path = NULL;
	int rc, named;

	if ((rc = put_path(w, l, l->s3, "credentials-file", &path)) != 0 ||
	    (rc = dcor_yaml_get_node(l->s3, "credential-command",
	    DCOR_YAML_SEQ, &cmd, w->err)) != 0)
		goto out;
	named = path != NULL;
	if (named && cmd != NULL) {
		rc = dcor_yaml_bad(cmd, w->err, "credential-command: and "
		    "credentials-file; one of them is enough");
		goto out;
	}
	if (cmd != NULL) {
		rc = command(w, cmd);
		goto out;
	}
	if (!named && (rc = dcor_cred_path(l->dir, "credentials", &path,
	    w->err)) != 0)
		goto out;
	src.file = path;
	src.profile = w->site->profile;
	rc = dcor_cred_from(&src, &w->site->cred, &why);
	if (rc == DCOR_ENOENT && named)
		rc = dcor_err_set(w->err, DCOR_EPERM, why.sys, "%s",
		    why.code != 0 ? why.msg : path);
	else if (rc == DCOR_ENOENT)
		rc = 0;
	/* the system's secrets may be for root alone */
	else if (rc == DCOR_EPERM && !named && why.sys != 0 &&
	    l == &w->layer[SYSTEM])
		rc = 0;
	else if (rc != 0)
		dcor_err_copy(w->err, &why);
	if (w->site->cred == NULL)
		tried(w, path, w->site->profile);
out:
	free(path);
	return rc;
}

static int
from_aws(struct work *w, int explicit)
{
	struct dcor_site *s = w->site;
	struct dcor_credsrc src = { 0 };
	const char *v = NULL;
	int rc;

	rc = dcor_aws_open(w->aws, s->cred == NULL, &w->awsfiles, w->err);
	if (rc != 0)
		return rc;
	if (!dcor_aws_found(w->awsfiles) && explicit)
		return dcor_aws_missing(w->awsfiles, w->err);
	if ((s->endpoint == NULL &&
	    (rc = dcor_aws_endpoint(w->awsfiles, &v, w->err)) != 0) ||
	    (rc = put(w, &s->endpoint, v)) != 0 ||
	    (rc = put(w, &s->region, dcor_aws_get(w->awsfiles, "region",
	    NULL))) != 0)
		return rc;
	if (w->addressing == NULL)
		w->addressing = given(dcor_aws_get(w->awsfiles, "s3",
		    "addressing_style"));
	if (s->cred != NULL)
		return 0;
	src.aws = w->aws;
	rc = dcor_cred_from(&src, &s->cred, w->err);
	if (rc != DCOR_ENOENT)
		return rc;
	tried(w, "the files of aws", w->aws);
	return 0;
}

/* Ways of botocore to get keys that we cannot go: not without a word. */
static int
refuse(struct work *w, const char *name, const char *value)
{
	if (given(value) == NULL || w->site->cred != NULL)
		return 0;
	return dcor_err_set(w->err, DCOR_ECONF, 0,
	    "%s is not supported; keys, files and commands are", name);
}

/*
 * All of it
 */

static int
from_files(struct work *w)
{
	int i, rc, explicit;

	if ((rc = open_layers(w)) != 0 || (rc = choose_profile(w)) != 0)
		return rc;
	w->aws = given(getenv("AWS_PROFILE"));
	for (i = 0; i < LAYERS; i++)
		if ((rc = from_layer(w, &w->layer[i])) != 0)
			return rc;
	for (i = 0; i < LAYERS && w->site->cred == NULL; i++)
		if (w->layer[i].dir != NULL && w->site->profile != NULL &&
		    (rc = keys_layer(w, &w->layer[i])) != 0)
			return rc;
	explicit = w->aws != NULL;
	/* another server's keys are not for the server of a profile */
	if (w->aws == NULL && w->site->profile == NULL)
		w->aws = "default";
	/* in botocore's order: before the files, after them */
	rc = explicit ? 0 : refuse(w, "AWS_WEB_IDENTITY_TOKEN_FILE",
	    getenv("AWS_WEB_IDENTITY_TOKEN_FILE"));
	if (rc == 0 && w->aws != NULL && (explicit ||
	    w->site->endpoint == NULL || w->site->region == NULL ||
	    w->site->cred == NULL))
		rc = from_aws(w, explicit);
	if (rc == 0)
		rc = refuse(w, "AWS_CONTAINER_CREDENTIALS_FULL_URI",
		    getenv("AWS_CONTAINER_CREDENTIALS_FULL_URI"));
	if (rc == 0)
		rc = refuse(w, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
		    getenv("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"));
	return rc;
}

static int
authority(struct work *w)
{
	char **to = &w->site->ca_file;
	int rc;

	if ((rc = put(w, to, getenv("DCOR_CA_BUNDLE"))) != 0 ||
	    (rc = put(w, to, getenv("CURL_CA_BUNDLE"))) != 0 ||
	    (rc = put(w, to, getenv("AWS_CA_BUNDLE"))) != 0 ||
	    (rc = put(w, to, getenv("SSL_CERT_FILE"))) != 0)
		return rc;
	return w->awsfiles == NULL ? 0 : put(w, to,
	    dcor_aws_get(w->awsfiles, "ca_bundle", NULL));
}

/* http(s)://HOST[:PORT][/PREFIX], whatever the source; no '/' at its end. */
static int
check_url(struct work *w, const char *what, char *url)
{
	size_t n, scheme;

	if (url == NULL)
		return 0;
	scheme = strncmp(url, "https://", 8) == 0 ? 8 :
	    strncmp(url, "http://", 7) == 0 ? 7 : 0;
	n = scheme + strcspn(url + scheme,
	    " \"#%<>?@\\^`{|}\x7f\x01\x02\x03\x04\x05\x06\x07\x08\t\n\v\f\r"
	    "\x0e\x0f\x10\x11\x12\x13\x14\x15\x16\x17\x18\x19\x1a\x1b\x1c\x1d"
	    "\x1e\x1f");
	if (scheme == 0 || url[n] != '\0' || n == scheme ||
	    strchr("/:", url[scheme]) != NULL)
		return dcor_err_set(w->err, DCOR_ECONF, 0, "%s: not of the "
		    "form https://HOST[:PORT][/PREFIX]", what);
	while (url[n - 1] == '/')
		url[--n] = '\0';
	return 0;
}

static int
check(struct work *w)
{
	struct dcor_site *s = w->site;
	const char *a = w->addressing, *p;
	int rc;

	if ((rc = check_url(w, "endpoint", s->endpoint)) != 0 ||
	    (rc = check_url(w, "server", s->server)) != 0)
		return rc;
	if (a != NULL && strcmp(a, "path") != 0 && strcmp(a, "auto") != 0 &&
	    strcmp(a, "virtual") != 0)
		return dcor_err_set(w->err, DCOR_ECONF, 0,
		    "addressing: %s: neither path nor virtual", a);
	s->virtual_host = a != NULL && strcmp(a, "virtual") == 0;
	if ((rc = put(w, &s->region, "us-east-1")) != 0)
		return rc;
	/* it becomes a part of the signature's scope */
	for (p = s->region; (*p >= 'a' && *p <= 'z') || *p == '-' ||
	    (*p >= 'A' && *p <= 'Z') || (*p >= '0' && *p <= '9') ||
	    *p == '_' || *p == '.'; p++)
		continue;
	if (*p != '\0' || p - s->region > 64)
		return dcor_err_set(w->err, DCOR_ECONF, 0,
		    "region: %s: not a name of a region", s->region);
	return 0;
}

static int
resolve(struct work *w, int need_cred)
{
	const struct dcor_site_args *a = w->args;
	struct dcor_site *s = w->site;
	int rc;

	w->addressing = given(a->addressing);
	if ((rc = put(w, &s->endpoint, a->endpoint)) != 0 ||
	    (rc = put(w, &s->region, a->region)) != 0 ||
	    (rc = put(w, &s->ca_file, a->ca_file)) != 0 ||
	    (rc = put(w, &s->server, a->server)) != 0 ||
	    (rc = from_environment(w)) != 0)
		return rc;
	/* described in full: nothing that a file says could matter */
	if ((s->endpoint == NULL || s->region == NULL || s->cred == NULL ||
	    given(a->profile) != NULL || given(a->config) != NULL ||
	    given(getenv("DCOR_PROFILE")) != NULL ||
	    given(getenv("AWS_PROFILE")) != NULL ||
	    given(getenv("DCOR_CONFIG")) != NULL) &&
	    (rc = from_files(w)) != 0)
		return rc;
	if ((rc = authority(w)) != 0 || (rc = check(w)) != 0)
		return rc;
	if (s->cred == NULL && need_cred)
		return dcor_err_set(w->err, DCOR_EPERM, 0, "no credentials: "
		    "not in AWS_ACCESS_KEY_ID%s", dcor_buf_str(&w->tried));
	return 0;
}

int
dcor_site_open(const struct dcor_site_args *args, int need_cred,
    struct dcor_site **out, struct dcor_err *err)
{
	struct work w;
	int i, rc;

	*out = NULL;
	memset(&w, 0, sizeof(w));
	w.args = args;
	w.err = err;
	dcor_buf_init(&w.tried, 16384);
	if ((w.site = calloc(1, sizeof(*w.site))) == NULL)
		return dcor_err_nomem(err);
	rc = resolve(&w, need_cred);
	for (i = 0; i < LAYERS; i++) {
		dcor_yaml_free(w.layer[i].root);
		free(w.layer[i].path);
		free(w.layer[i].dir);
	}
	dcor_aws_close(w.awsfiles);
	dcor_buf_fini(&w.tried);
	if (rc != 0)
		dcor_site_free(w.site);
	else
		*out = w.site;
	return rc;
}

void
dcor_site_free(struct dcor_site *s)
{
	if (s == NULL)
		return;
	free(s->profile);
	free(s->server);
	free(s->endpoint);
	free(s->region);
	free(s->ca_file);
	dcor_cred_free(s->cred);
	free(s);
}

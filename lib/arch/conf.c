/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "arch/conf.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/str.h"
#include "base/yaml.h"

#define SMALL	((uint64_t)2 << 20)
#define SMALLEST ((uint64_t)1)
#define LARGEST	((uint64_t)1 << 30)	/* of what is held in memory */
#define BUNDLE	((uint64_t)4 << 30)
#define MAX	(1 << 20)		/* bytes of a file */

static const char *const text_keys[] = { "archive", "profile", "endpoint",
	"region", "addressing", "ca-file" };
static const char *const job_keys[] = { "archive", "profile", "endpoint",
	"region", "addressing", "ca-file", "buckets", "objects", "small",
	"bundle-size", "quota", "description", NULL };
static const char *const top_keys[] = { "jobs", "defaults", NULL };

static struct dcor_arch_job *
new_job(struct dcor_arch_job **jobs, const char *name)
{
	struct dcor_arch_job *j = calloc(1, sizeof(*j));

	if (j == NULL || (j->name = strdup(name)) == NULL) {
		free(j);
		return NULL;
	}
	j->small = SMALL;
	j->bundle = BUNDLE;
	while (*jobs != NULL)
		jobs = &(*jobs)->next;
	return *jobs = j;
}

void
dcor_arch_jobs_free(struct dcor_arch_job *j)
{
	struct dcor_arch_job *next;

	for (; j != NULL; j = next) {
		next = j->next;
		if (j->secret != NULL)
			dcor_wipe(j->secret, strlen(j->secret));
		free(j->name);
		free(j->archive);
		dcor_pattern_free(j->buckets);
		dcor_pattern_free(j->objects);
		free(j->profile);
		free(j->endpoint);
		free(j->region);
		free(j->addressing);
		free(j->ca_file);
		free(j->id);
		free(j->secret);
		free(j);
	}
}

static char **
text_member(struct dcor_arch_job *j, size_t i)
{
	char **const m[] = { &j->archive, &j->profile, &j->endpoint,
		&j->region, &j->addressing, &j->ca_file };

	return m[i];
}

/* From the job's own settings or, where it has none, the defaults. */
static int
get_pattern(const struct dcor_yaml *job, const struct dcor_yaml *def,
    const char *key, struct dcor_pattern **out, struct dcor_err *err)
{
	struct dcor_err why = DCOR_ERR_INIT;
	const char *text = NULL;
	const struct dcor_yaml *at = job;
	int rc;

	rc = dcor_yaml_get_str(job, key, &text, err);
	if (rc == DCOR_OK && text == NULL) {
		at = def;
		rc = dcor_yaml_get_str(def, key, &text, err);
	}
	if (rc != DCOR_OK || text == NULL)
		return rc;
	rc = dcor_pattern_new(text, out, &why);
	if (rc != DCOR_OK)
		return dcor_yaml_bad(dcor_yaml_get(at, key), err, "%s: %s",
		    key, why.msg);
	return rc;
}

static int
load_job(const struct dcor_yaml *y, const struct dcor_yaml *def,
    struct dcor_arch_job *j, struct dcor_err *err)
{
	const struct dcor_yaml *from[2] = { def, y };
	const char *text;
	size_t i, k;
	int rc;

	if ((rc = dcor_yaml_known(y, job_keys, err)) != DCOR_OK)
		return rc;
	for (k = 0; k < 2; k++) {
		for (i = 0; i < sizeof(text_keys) / sizeof(text_keys[0]);
		    i++) {
			text = NULL;
			rc = dcor_yaml_get_str(from[k], text_keys[i], &text,
			    err);
			if (rc != DCOR_OK)
				return rc;
			if (text == NULL)
				continue;
			free(*text_member(j, i));
			if ((*text_member(j, i) = strdup(text)) == NULL)
				return dcor_err_nomem(err);
		}
		if ((rc = dcor_yaml_get_u64(from[k], "small", SMALLEST,
		    LARGEST, &j->small, err)) != DCOR_OK ||
		    (rc = dcor_yaml_get_u64(from[k], "bundle-size", 1,
		    UINT64_MAX / 4, &j->bundle, err)) != DCOR_OK ||
		    (rc = dcor_yaml_get_u64(from[k], "quota", 0,
		    UINT64_MAX / 4, &j->quota, err)) != DCOR_OK)
			return rc;
	}
	rc = get_pattern(y, def, "buckets", &j->buckets, err);
	if (rc == DCOR_OK)
		rc = get_pattern(y, def, "objects", &j->objects, err);
	if (rc == DCOR_OK && j->archive == NULL)
		return dcor_yaml_bad(y, err, "job %s: no archive: name the "
		    "directory", j->name);
	return rc;
}

static int
load_yaml(const char *path, struct dcor_arch_job **jobs,
    struct dcor_err *err)
{
	const struct dcor_yaml *list = NULL, *def = NULL;
	struct dcor_yaml *root;
	struct dcor_arch_job *j;
	size_t i;
	int rc;

	rc = dcor_yaml_load(path, &root, err);
	if (rc != DCOR_OK)
		return rc;
	rc = dcor_yaml_known(root, top_keys, err);
	if (rc == DCOR_OK)
		rc = dcor_yaml_get_node(root, "defaults", DCOR_YAML_MAP,
		    &def, err);
	if (rc == DCOR_OK)
		rc = dcor_yaml_known(def, job_keys, err);
	if (rc == DCOR_OK)
		rc = dcor_yaml_get_node(root, "jobs", DCOR_YAML_MAP, &list,
		    err);
	if (rc == DCOR_OK && dcor_yaml_len(list) == 0)
		rc = dcor_err_set(err, DCOR_ECONF, 0, "%s: no jobs", path);
	for (i = 0; rc == DCOR_OK && i < dcor_yaml_len(list); i++) {
		j = new_job(jobs, dcor_yaml_key(list, i));
		if (j == NULL)
			rc = dcor_err_nomem(err);
		else if (dcor_yaml_at(list, i) == NULL)
			rc = dcor_yaml_bad(list, err, "job %s is empty",
			    j->name);
		else
			rc = load_job(dcor_yaml_at(list, i), def, j, err);
	}
	dcor_yaml_free(root);
	return rc;
}

/* archive-s3's settings; what has no member is known and without meaning */
static int
set_conf(struct dcor_arch_job *j, const char *key, const char *value,
    struct dcor_err *err)
{
	char **text = NULL;
	uint64_t *number = NULL;

	if (strcmp(key, "name") == 0)
		text = &j->name;
	else if (strcmp(key, "archive_path") == 0)
		text = &j->archive;
	else if (strcmp(key, "s3_endpoint_url") == 0)
		text = &j->endpoint;
	else if (strcmp(key, "s3_access_key_id") == 0)
		text = &j->id;
	else if (strcmp(key, "s3_secret_access_key") == 0)
		text = &j->secret;
	else if (strcmp(key, "s3_quota") == 0)
		number = &j->quota;
	else if (strcmp(key, "object_size_min") == 0)
		number = &j->small;
	else if (strcmp(key, "regexp_bucket") == 0 ||
	    strcmp(key, "regexp_object") == 0) {
		struct dcor_pattern **p = key[7] == 'b' ? &j->buckets :
		    &j->objects;

		dcor_pattern_free(*p);
		*p = NULL;
		return dcor_pattern_new(value, p, err);
	} else if (strcmp(key, "description") != 0) {
		return dcor_err_set(err, DCOR_ECONF, 0, "%s: no such "
		    "setting", key);
	}
	if (number != NULL && (dcor_parse_u64(value, number) != DCOR_OK ||
	    *number > (number == &j->small ? LARGEST : UINT64_MAX / 4)))
		return dcor_err_set(err, DCOR_ECONF, 0, "%s: not a number "
		    "of bytes", key);
	if (text == NULL)
		return DCOR_OK;
	free(*text);
	return (*text = strdup(value)) != NULL ? DCOR_OK :
	    dcor_err_nomem(err);
}

static char *
trim(char *s)
{
	size_t n;

	s += strspn(s, " \t\r");
	for (n = strlen(s); n > 0 && strchr(" \t\r", s[n - 1]) != NULL;)
		s[--n] = '\0';
	return s;
}

static int
load_conf(const char *path, struct dcor_arch_job **jobs,
    struct dcor_err *err)
{
	struct dcor_err why = DCOR_ERR_INIT;
	struct dcor_arch_job *j = new_job(jobs, path);
	char *line, *next, *eq;
	struct dcor_buf b;
	unsigned n = 0;
	int rc;

	if (j == NULL)
		return dcor_err_nomem(err);
	dcor_buf_init(&b, MAX);
	rc = dcor_secret_read(path, MAX, &b, err);
	if (rc == DCOR_OK && strlen(dcor_buf_str(&b)) != b.len)
		rc = dcor_err_set(err, DCOR_ECONF, 0, "%s: has a NUL byte",
		    path);
	for (line = b.p; rc == DCOR_OK && line != NULL; line = next) {
		n++;
		if ((next = strchr(line, '\n')) != NULL)
			*next++ = '\0';
		line = trim(line);
		if (*line == '\0' || *line == '#')
			continue;
		if ((eq = strchr(line, '=')) == NULL) {
			(void)dcor_err_set(&why, DCOR_ECONF, 0,
			    "not KEY = VALUE");
		} else {
			*eq = '\0';
			(void)set_conf(j, trim(line), trim(eq + 1), &why);
		}
		if (why.code != DCOR_OK)
			rc = dcor_err_set(err, why.code, 0, "%s:%u: %s",
			    path, n, why.msg);
	}
	dcor_buf_wipe(&b);
	if (rc == DCOR_OK && (j->archive == NULL || j->endpoint == NULL ||
	    j->id == NULL || j->secret == NULL))
		rc = dcor_err_set(err, DCOR_ECONF, 0, "%s: archive_path, "
		    "s3_endpoint_url, s3_access_key_id and "
		    "s3_secret_access_key are needed", path);
	return rc;
}

static int
by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int
has_ext(const char *name, const char *ext)
{
	size_t n = strlen(name), k = strlen(ext);

	return n > k && strcmp(name + n - k, ext) == 0;
}

static int
is_config(const struct dirent *d)
{
	return d->d_name[0] != '.' && (has_ext(d->d_name, ".conf") ||
	    has_ext(d->d_name, ".yaml"));
}

static int
load_file(const char *path, struct dcor_arch_job **jobs,
    struct dcor_err *err)
{
	return has_ext(path, ".conf") ? load_conf(path, jobs, err) :
	    load_yaml(path, jobs, err);
}

int
dcor_arch_jobs_load(const char *path, struct dcor_arch_job **jobs,
    struct dcor_err *err)
{
	struct dirent **list;
	struct dcor_buf b;
	struct stat st;
	int n, i, rc = DCOR_OK;

	if (stat(path, &st) != 0)
		return dcor_err_sys(err, errno, "%s", path);
	if (!S_ISDIR(st.st_mode))
		return load_file(path, jobs, err);
	n = scandir(path, &list, is_config, by_name);
	if (n < 0)
		return dcor_err_sys(err, errno, "%s", path);
	if (n == 0)
		rc = dcor_err_set(err, DCOR_ECONF, 0, "%s: no file .yaml or "
		    ".conf", path);
	dcor_buf_init(&b, 65536);
	for (i = 0; i < n; i++) {
		dcor_buf_clear(&b);
		dcor_buf_addf(&b, "%s/%s", path, list[i]->d_name);
		if (rc == DCOR_OK)
			rc = dcor_buf_check(&b, err);
		if (rc == DCOR_OK)
			rc = load_file(dcor_buf_str(&b), jobs, err);
		free(list[i]);
	}
	free(list);
	dcor_buf_fini(&b);
	return rc;
}

static int
equal(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

int
dcor_arch_jobs_check(const struct dcor_arch_job *jobs, struct dcor_err *err)
{
	const struct dcor_arch_job *a, *b;

	for (a = jobs; a != NULL; a = a->next)
		for (b = a->next; b != NULL; b = b->next)
			if (strcmp(a->name, b->name) == 0)
				return dcor_err_set(err, DCOR_ECONF, 0,
				    "job %s: there are two", a->name);
			else if (strcmp(a->archive, b->archive) == 0 &&
			    (!equal(a->endpoint, b->endpoint) ||
			    !equal(a->profile, b->profile)))
				return dcor_err_set(err, DCOR_ECONF, 0,
				    "jobs %s and %s: one archive for two "
				    "stores", a->name, b->name);
	return DCOR_OK;
}

/* What archive-s3's file says is all there is to know. */
static int
own_site(const struct dcor_arch_job *j, struct dcor_site **out,
    struct dcor_err *err)
{
	struct dcor_keys keys = { .id = j->id, .secret = j->secret };
	struct dcor_site *s = calloc(1, sizeof(*s));
	int rc;

	if (s == NULL || (s->endpoint = strdup(j->endpoint)) == NULL ||
	    (s->region = strdup("us-east-1")) == NULL) {
		dcor_site_free(s);
		return dcor_err_nomem(err);
	}
	rc = dcor_cred_fixed(&keys, j->name, &s->cred, err);
	if (rc == DCOR_OK)
		*out = s;
	else
		dcor_site_free(s);
	return rc;
}

int
dcor_arch_job_site(const struct dcor_arch_job *j, const char *config,
    struct dcor_site **out, struct dcor_err *err)
{
	struct dcor_site_args args = { .config = config,
		.profile = j->profile, .endpoint = j->endpoint,
		.region = j->region, .addressing = j->addressing,
		.ca_file = j->ca_file };

	*out = NULL;
	return j->id != NULL ? own_site(j, out, err) :
	    dcor_site_open(&args, 1, out, err);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * archive-use.c - dcor-archive: what is in the archive, and out of it
 */
#include "archive.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "arch/restore.h"
#include "base/hash.h"
#include "base/time.h"
#include "cli.h"
#include "net/url.h"

static void
on_log(void *arg, int level, const char *line)
{
	(void)arg;
	cli_say(level + 1, "%s", line);
}

void
archive_store_close(struct archive_store *s)
{
	dcor_s3_free(s->s3);
	dcor_http_free(s->http);
	dcor_site_free(s->site);
}

int
archive_store_open(const struct dcor_arch_job *j, struct archive_store *s,
    struct dcor_err *err)
{
	struct dcor_http_conf conf = { .agent = "dcor-archive/" DCOR_VERSION,
		.inflight = set.inflight, .log = on_log,
		.stop = cli_stopped };
	int rc;

	memset(s, 0, sizeof(*s));
	rc = dcor_arch_job_site(j, set.profiles, &s->site, err);
	if (rc == DCOR_OK) {
		conf.ca_file = s->site->ca_file;
		rc = dcor_http_new(&conf, &s->http, err);
	}
	if (rc == DCOR_OK)
		rc = dcor_s3_new(s->http, s->site, &s->s3, err);
	return rc;
}

/*
 * Records: an object or something that happened, as TSV or JSON
 */

static void
json_time(struct dcor_jw *w, const char *key, int64_t t)
{
	char text[32];

	if (t == 0)
		return;
	dcor_fmt_time(t, text);
	dcor_jw_kstr(w, key, text);
}

static void
tsv_time(int64_t t)
{
	char text[32];

	dcor_fmt_time(t, text);
	printf("\t%s", t != 0 ? text : "-");
}

/* what: the first field.  e may be NULL. */
void
archive_print(const char *what, const struct dcor_arch_rec *r,
    const struct dcor_arch_ent *e, const char *where)
{
	static const unsigned char none[32];
	char sha256[65] = "-";
	struct dcor_buf b;
	struct dcor_jw w;

	if (memcmp(r->sha256, none, sizeof(none)) != 0)
		dcor_hex(r->sha256, sizeof(r->sha256), sha256);
	if (!set.json) {
		printf("%s\ts3://%s/", what, r->bucket);
		cli_tsv(r->key);
		printf("\t%u\t%" PRIu64 "\t%s\t%s", r->gen, r->size,
		    *r->etag != '\0' ? r->etag : "-", sha256);
		tsv_time(r->mtime);
		tsv_time(r->when);
		if (e != NULL) {
			tsv_time(e->checked);
			tsv_time(e->gone);
			putchar('\t');
			cli_tsv(where);
			printf("\t%" PRIu64, r->off);
		}
		putchar('\n');
		return;
	}
	dcor_buf_init(&b, 1 << 16);
	dcor_jw_init(&w, &b, 0);
	dcor_jw_obj(&w);
	dcor_jw_kstr(&w, "type", what);
	dcor_jw_kstr(&w, "bucket", r->bucket);
	dcor_jw_kstr(&w, "key", r->key);
	dcor_jw_ku64(&w, "generation", r->gen);
	dcor_jw_ku64(&w, "size", r->size);
	dcor_jw_kstr(&w, "etag", r->etag);
	if (*sha256 != '-')
		dcor_jw_kstr(&w, "sha256", sha256);
	json_time(&w, "modified", r->mtime);
	json_time(&w, "archived", r->when);
	if (r->flags & DCOR_ARCH_UNPROVEN)
		dcor_jw_kbool(&w, "unproven", 1);
	if (e != NULL) {
		json_time(&w, "verified", e->checked);
		json_time(&w, "vanished", e->gone);
		if (e->bad)
			dcor_jw_kbool(&w, "damaged", 1);
		dcor_jw_kstr(&w, "path", where);
		if (r->off > 0)
			dcor_jw_ku64(&w, "offset", r->off);
	}
	if (set.dry)
		dcor_jw_kbool(&w, "dry_run", 1);
	dcor_jw_end(&w);
	if (dcor_jw_done(&w, NULL) == DCOR_OK)
		cli_record(&b);
	dcor_buf_fini(&b);
}

void
archive_complain(const struct dcor_arch_rec *r, const struct dcor_err *err)
{
	char name[256];

	set.failed++;
	(void)snprintf(name, sizeof(name), "s3://%.100s/", r->bucket);
	if (strncmp(err->msg, name, strlen(name)) == 0)
		cli_error("%s", err->msg);
	else
		cli_error("%s%s: %s", name, r->key, err->msg);
}

/*
 * What is there
 */

static int
list(struct dcor_arch *a, const uint32_t *ent, size_t n,
    struct dcor_err *err)
{
	const struct dcor_arch_ent *e;
	struct dcor_arch_rec r;
	struct dcor_buf where;
	int rc = DCOR_OK;
	size_t i;

	dcor_buf_init(&where, DCOR_ARCH_LINE);
	for (i = 0; rc == DCOR_OK && i < n && !cli_stopped(); i++) {
		e = dcor_arch_index_at(a->index, ent[i]);
		dcor_buf_clear(&where);
		rc = dcor_arch_copy_path(a, e, &where, err);
		dcor_arch_index_rec(a->index, e, &r);
		if (rc == DCOR_OK)
			archive_print("object", &r, e, dcor_buf_str(&where));
	}
	dcor_buf_fini(&where);
	return rc;
}

static int
verify(struct dcor_arch *a, uint32_t *ent, size_t n, struct dcor_err *err)
{
	double until = dcor_seconds() + (double)set.budget_seconds;
	struct dcor_err why;
	struct dcor_arch_rec r;
	uint64_t bytes = 0, looked = 0;
	size_t i;
	int rc;

	/* what fits into the budget, then in the order of the tape */
	for (i = 0; set.budget_bytes > 0 && i < n; i++) {
		bytes += dcor_arch_index_at(a->index, ent[i])->size;
		if (bytes > set.budget_bytes)
			n = i + (i == 0);
	}
	if (set.budget_seconds == 0)
		dcor_arch_index_resort(a->index, DCOR_ARCH_BY_PLACE, ent, n);
	for (i = 0, bytes = 0; i < n; i++) {
		if (cli_stopped() || (set.budget_seconds > 0 &&
		    dcor_seconds() > until))
			break;
		why = (struct dcor_err)DCOR_ERR_INIT;
		dcor_arch_index_rec(a->index, dcor_arch_index_at(a->index,
		    ent[i]), &r);
		if (set.dry) {
			archive_print("verify", &r, NULL, NULL);
			continue;
		}
		rc = dcor_arch_check(a, dcor_arch_index_at(a->index, ent[i]),
		    cli_stopped, &why);
		if (rc == DCOR_ETEMP)
			break;
		if (set.json)
			archive_print(rc == DCOR_OK ? "verified" : "damaged",
			    &r, NULL, NULL);
		if (rc != DCOR_OK)
			archive_complain(&r, &why);
		looked++;
		cli_progress(bytes += r.size);
		r.kind = rc == DCOR_OK ? DCOR_ARCH_GOOD : DCOR_ARCH_BAD;
		r.when = set.now;
		if (rc != DCOR_EIO && rc != DCOR_EPERM &&
		    dcor_arch_log_add(a->log, &r, err) != DCOR_OK)
			return DCOR_EIO;
	}
	return looked > 0 ? dcor_arch_log_flush(a->log, err) : DCOR_OK;
}

static int
restore_one(struct dcor_arch *a, const struct dcor_arch_ent *e, int dir,
    struct archive_store *s, const char *bucket, const char *prefix,
    struct dcor_buf *where, int *same, struct dcor_err *why)
{
	if (bucket == NULL)
		return dcor_arch_restore_file(a, e, dir, set.force,
		    cli_stopped, where, same, why);
	dcor_buf_clear(where);
	dcor_buf_addf(where, "%s%s", prefix, dcor_arch_index_key(a->index,
	    e));
	return dcor_arch_restore_object(a, e, s->s3, bucket,
	    dcor_buf_str(where), set.force, cli_stopped, same, why);
}

static int
restore(struct dcor_arch *a, const struct dcor_arch_job *j,
    const uint32_t *ent, size_t n, struct dcor_err *err)
{
	const struct dcor_arch_ent *e;
	struct archive_store s = { NULL, NULL, NULL };
	const char *to = NULL, *prefix = NULL;
	char bucket[256];
	struct dcor_err why;
	struct dcor_arch_rec r;
	struct dcor_buf where;
	int dir = -1, rc = DCOR_OK, same;
	uint64_t bytes = 0;
	size_t i;

	if (strncmp(set.out, "s3://", 5) == 0) {
		rc = dcor_s3url_parse(set.out, bucket, &prefix, err);
		to = bucket;
		if (rc == DCOR_OK && j == NULL)
			rc = dcor_err_set(err, DCOR_EARG, 0, "-o %s: needs a "
			    "job that says which store", set.out);
		if (rc == DCOR_OK)
			rc = archive_store_open(j, &s, err);
	} else if (n > 0) {
		if (mkdir(set.out, 0777) != 0 && errno != EEXIST)
			dir = -1;
		else
			dir = open(set.out,
			    O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (dir < 0)
			rc = dcor_err_set(err, DCOR_ECREATE, errno,
			    "-o %s: %s", set.out, strerror(errno));
	}
	dcor_buf_init(&where, 65536);
	for (i = 0; rc == DCOR_OK && i < n && !cli_stopped(); i++) {
		why = (struct dcor_err)DCOR_ERR_INIT;
		e = dcor_arch_index_at(a->index, ent[i]);
		dcor_arch_index_rec(a->index, e, &r);
		if (set.dry) {
			archive_print("restore", &r, NULL, NULL);
			continue;
		}
		if (restore_one(a, e, dir, &s, to, prefix, &where, &same,
		    &why) != DCOR_OK) {
			if (why.code == DCOR_ENOMEM || cli_stopped())
				rc = dcor_err_copy(err, &why);
			else
				archive_complain(&r, &why);
		} else if (set.json) {
			archive_print(same ? "same" : "restored", &r, NULL,
			    NULL);
		} else {
			cli_say(1, "%s: %s", dcor_buf_str(&where), same ?
			    "already there" : "restored");
		}
		cli_progress(bytes += r.size);
	}
	dcor_buf_fini(&where);
	if (rc == DCOR_OK && dir >= 0 && !set.dry)
		rc = dcor_arch_sync_all(dir, err);
	if (dir >= 0)
		close(dir);
	archive_store_close(&s);
	return rc;
}

static void
number(struct dcor_jw *w, const char *path, const char *key, uint64_t v)
{
	if (set.json)
		dcor_jw_ku64(w, key, v);
	else {
		cli_tsv(path);
		printf("\t%s\t%" PRIu64 "\n", key, v);
	}
}

static void
moment(struct dcor_jw *w, const char *path, const char *key, int64_t t)
{
	if (set.json)
		json_time(w, key, t);
	else {
		cli_tsv(path);
		printf("\t%s", key);
		tsv_time(t);
		putchar('\n');
	}
}

int
archive_report(struct dcor_arch *a, struct dcor_err *err)
{
	const char *path = a->tree.path;
	struct dcor_arch_totals t;
	const struct dcor_arch_job *j;
	uint64_t avail, quota = 0;
	struct dcor_buf b;
	struct dcor_jw w;

	if (dcor_arch_tree_free(&a->tree, &avail, err) != DCOR_OK)
		return DCOR_EIO;
	dcor_arch_totals(a->index, set.now, &t);
	for (j = set.jobs; j != NULL; j = j->next)
		if (strcmp(j->archive, path) == 0)
			quota += j->quota;
	dcor_buf_init(&b, 1 << 16);
	dcor_jw_init(&w, &b, 0);
	dcor_jw_obj(&w);
	dcor_jw_kstr(&w, "type", "report");
	dcor_jw_kstr(&w, "archive", path);
	number(&w, path, "objects", t.objects);
	number(&w, path, "bytes", t.bytes);
	number(&w, path, "generations", t.generations);
	number(&w, path, "generation_bytes", t.all_bytes);
	number(&w, path, "bundled", t.members);
	number(&w, path, "bundles", t.bundles);
	number(&w, path, "vanished", t.gone);
	number(&w, path, "vanished_bytes", t.gone_bytes);
	number(&w, path, "damaged", t.bad);
	number(&w, path, "unproven", t.unproven);
	number(&w, path, "unverified", t.unverified);
	number(&w, path, "bytes_7_days", t.week);
	number(&w, path, "bytes_30_days", t.month);
	number(&w, path, "free", avail);
	if (t.month > 0)	/* at the pace of the last month */
		number(&w, path, "days_left", avail / (t.month / 30 + 1));
	if (quota > 0)
		number(&w, path, "quota", quota);
	moment(&w, path, "last_archived", t.last);
	moment(&w, path, "oldest_verified", t.oldest);
	dcor_jw_end(&w);
	if (set.json && dcor_jw_done(&w, NULL) == DCOR_OK)
		cli_record(&b);
	dcor_buf_fini(&b);
	return DCOR_OK;
}

int
archive_use(struct dcor_arch *a, const struct dcor_arch_job *j,
    struct dcor_err *err)
{
	enum dcor_arch_order order = set.mode == MODE_VERIFY ?
	    DCOR_ARCH_BY_AGE : set.mode == MODE_RESTORE ?
	    DCOR_ARCH_BY_PLACE : DCOR_ARCH_BY_KEY;
	uint32_t *ent;
	size_t n;
	int rc;

	set.sel.newest = set.mode == MODE_RESTORE && set.sel.gen == 0 &&
	    set.sel.at == 0;
	rc = dcor_arch_select(a->index, &set.sel, order, &ent, &n, err);
	if (rc != DCOR_OK)
		return rc;
	cli_progress_start(a->tree.path, "bytes", 0);
	if (set.mode == MODE_LIST)
		rc = list(a, ent, n, err);
	else if (set.mode == MODE_VERIFY)
		rc = verify(a, ent, n, err);
	else
		rc = restore(a, j, ent, n, err);
	cli_progress_end();
	free(ent);
	return rc;
}


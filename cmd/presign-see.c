/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * presign-see.c - dcor-presign looks at URLs
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/json.h"
#include "base/time.h"
#include "cli.h"
#include "net/sigv4.h"
#include "net/url.h"
#include "presign.h"

/* What a URL says, and what its server did. */
struct sight {
	struct dcor_url		 url;
	struct dcor_signed	 sig;
	struct dcor_buf		 bucket, key;
	const char		*method;	/* NULL: nobody knows */
	const char		*state;
	int64_t			 now;		/* the clock that counts */
};

static int
has(const char *query, const char *name)
{
	struct dcor_buf b;
	int rc;

	dcor_buf_init(&b, DCOR_URL_MAX);
	rc = dcor_url_get(query, name, &b);
	dcor_buf_fini(&b);
	return rc == 0;
}

/* The method is signed and not said; sometimes the parameters tell. */
static const char *
method_of(const char *query)
{
	if (has(query, "uploads"))
		return "POST";
	if (has(query, "partNumber") && has(query, "uploadId"))
		return "PUT";
	if (has(query, "response-content-disposition") ||
	    has(query, "response-content-type"))
		return "GET";
	return NULL;
}

/* The length of BUCKET in BUCKET.s3.REGION.amazonaws.com, or, when the
 * caller says that buckets are in the host name, in BUCKET.HOST; else 0. */
static size_t
bucket_in_host(const struct presign *s, const char *host)
{
	const char *dot, *end;

	if (s->site.addressing != NULL)
		return strcmp(s->site.addressing, "virtual") == 0 ?
		    strcspn(host, ".") : 0;
	end = strstr(host, ".amazonaws.com");
	for (dot = strchr(host, '.'); dot != NULL && dot < end;
	    dot = strchr(dot + 1, '.'))
		if (strncmp(dot, ".s3.", 4) == 0 ||
		    strncmp(dot, ".s3-", 4) == 0)
			return (size_t)(dot - host);
	return 0;
}

static int
find_object(const struct presign *s, struct sight *g, struct dcor_err *err)
{
	size_t n = bucket_in_host(s, g->url.host);
	const char *p = g->url.path + 1;
	int rc;

	if (n > 0)
		dcor_buf_add(&g->bucket, g->url.host, n);
	else {
		n = strcspn(p, "/");
		if ((rc = dcor_pct_decode(&g->bucket, p, n)) != 0)
			return dcor_err_set(err, rc, 0, "the path is not "
			    "well encoded");
		p += n + (p[n] == '/');
	}
	if ((rc = dcor_pct_decode(&g->key, p, strlen(p))) != 0)
		return dcor_err_set(err, rc, 0,
		    "the path is not well encoded");
	return 0;
}

static void
judge(struct sight *g)
{
	g->state = g->sig.version == 0 ? "unsigned" :
	    g->now >= g->sig.until ? "expired" : "valid";
}

static void
tsv_time(int64_t t)
{
	char text[32];

	dcor_fmt_time(t, text);
	printf("\t%s", t > 0 ? text : "-");
}

static void
tsv_text(const char *text)
{
	putchar('\t');
	cli_tsv(*text != '\0' ? text : "-");
}

static void
print_tsv(const struct sight *g)
{
	struct dcor_buf host;

	dcor_buf_init(&host, 512);
	dcor_url_host(&g->url, &host);
	fputs(g->state, stdout);
	printf("\t%s", g->sig.version == 4 ? "v4" : g->sig.version == 2 ?
	    "v2" : "-");
	tsv_text(g->method != NULL ? g->method : "-");
	tsv_text(dcor_buf_str(&host));
	tsv_text(dcor_buf_str(&g->bucket));
	tsv_text(dcor_buf_str(&g->key));
	tsv_text(g->sig.id);
	tsv_text(g->sig.region);
	tsv_time(g->sig.since);
	tsv_time(g->sig.until);
	if (g->sig.version != 0)
		printf("\t%" PRId64, g->sig.until - g->now);
	else
		fputs("\t-", stdout);
	dcor_buf_fini(&host);
}

static void
json_time(struct dcor_jw *w, const char *key, int64_t t)
{
	char text[32];

	dcor_fmt_time(t, text);
	dcor_jw_kstr(w, key, t > 0 ? text : NULL);
}

static void
add_json(struct dcor_jw *w, const struct sight *g)
{
	struct dcor_buf host;

	dcor_buf_init(&host, 512);
	dcor_url_host(&g->url, &host);
	dcor_jw_kstr(w, "type", "url");
	dcor_jw_kstr(w, "state", g->state);
	dcor_jw_ki64(w, "signature", g->sig.version);
	dcor_jw_kstr(w, "method", g->method);
	dcor_jw_kstr(w, "scheme", g->url.scheme);
	dcor_jw_kstr(w, "host", dcor_buf_str(&host));
	dcor_jw_kstr(w, "bucket", dcor_buf_str(&g->bucket));
	dcor_jw_kstr(w, "key", dcor_buf_str(&g->key));
	if (g->sig.version != 0) {
		dcor_jw_kstr(w, "id", g->sig.id);
		if (g->sig.version == 4) {
			dcor_jw_kstr(w, "region", g->sig.region);
			dcor_jw_kstr(w, "headers", g->sig.headers);
			json_time(w, "since", g->sig.since);
		}
		json_time(w, "until", g->sig.until);
		dcor_jw_ki64(w, "left", g->sig.until - g->now);
		dcor_jw_kbool(w, "token", g->sig.has_token);
	}
	dcor_buf_fini(&host);
}

/* 0, or an exit status after a message. */
static int
complain(const struct dcor_err *err, const char *url)
{
	struct dcor_buf b;
	int status;

	dcor_buf_init(&b, DCOR_URL_MAX);
	dcor_url_redact(url, &b);
	status = cli_err(err, dcor_buf_str(&b));
	dcor_buf_fini(&b);
	return status;
}

static int
look(const struct presign *s, const char *url, struct sight *g,
    struct dcor_err *err)
{
	int rc;

	if ((rc = dcor_url_parse(url, &g->url, err)) != 0)
		return rc;
	if (strcmp(g->url.scheme, "http") != 0 &&
	    strcmp(g->url.scheme, "https") != 0)
		return dcor_err_set(err, DCOR_EARG, 0,
		    "not a URL of http or https");
	if ((rc = find_object(s, g, err)) != 0 ||
	    (rc = dcor_signed_parse(g->url.query, &g->sig, err)) != 0)
		return rc;
	g->method = g->url.query != NULL ? method_of(g->url.query) : NULL;
	judge(g);
	return 0;
}

static void
print(const struct presign *s, const struct sight *g,
    const struct presign_answer *a)
{
	struct dcor_buf b;
	struct dcor_jw w;

	if (s->format != FORMAT_JSON) {
		print_tsv(g);
		if (a != NULL) {
			printf("\t%d\t", a->status);
			if (a->size >= 0)
				printf("%" PRId64, a->size);
			else
				putchar('-');
			tsv_text(a->message);
		}
		putchar('\n');
		return;
	}
	dcor_buf_init(&b, 1 << 20);
	dcor_jw_init(&w, &b, 0);
	dcor_jw_obj(&w);
	add_json(&w, g);
	if (a != NULL) {
		dcor_jw_ki64(&w, "status", a->status);
		dcor_jw_key(&w, "size");
		if (a->size >= 0)
			dcor_jw_i64(&w, a->size);
		else
			dcor_jw_null(&w);
		if (a->date >= 0)
			json_time(&w, "clock", a->date);
		if (a->message[0] != '\0')
			dcor_jw_kstr(&w, "message", a->message);
	}
	dcor_jw_end(&w);
	if (dcor_jw_done(&w, NULL) == 0)
		cli_record(&b);
	dcor_buf_fini(&b);
}

int
presign_inspect(const struct presign *s, const char *url, int check)
{
	struct dcor_err err = DCOR_ERR_INIT;
	struct presign_answer a;
	struct sight g;
	int status = 0;

	memset(&g, 0, sizeof(g));
	dcor_buf_init(&g.bucket, DCOR_URL_MAX);
	dcor_buf_init(&g.key, DCOR_URL_MAX);
	g.now = s->date >= 0 ? s->date : (int64_t)time(NULL);
	if (look(s, url, &g, &err) != 0 ||
	    (check && presign_ask(s, url, &a, &err) != 0))
		status = complain(&err, url);
	else {
		if (check && a.date >= 0) {
			g.now = a.date;		/* its clock counts */
			judge(&g);
		}
		if (strcmp(g.state, "expired") == 0)
			status = 1;
		else if (check && !a.good) {
			g.state = "refused";
			status = 1;
		}
		print(s, &g, check ? &a : NULL);
	}
	dcor_url_fini(&g.url);
	dcor_buf_fini(&g.bucket);
	dcor_buf_fini(&g.key);
	return status;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "climeas.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/str.h"
#include "net/h5url.h"

static struct {
	struct dcor_site_args	 args;
	struct dcor_site	*site;
	struct dcor_http	*http;
	struct dcor_h5url	*url;
	uint64_t		 cache;		/* bytes */
	int			 cache_given;
} set;

static void
set_cache(const char *what, const char *text)
{
	if (dcor_parse_size(text, &set.cache) != DCOR_OK)
		cli_usage("%s %s: not a size (1GiB)", what, text);
	set.cache_given = 1;
}

int
climeas_option(int ch)
{
	switch (ch) {
	case 'c':
		set.args.config = optarg;
		return 1;
	case 'p':
		set.args.profile = optarg;
		return 1;
	case 's':
		set.args.server = optarg;
		return 1;
	case CLIMEAS_ENDPOINT:
		set.args.endpoint = optarg;
		return 1;
	case CLIMEAS_REGION:
		set.args.region = optarg;
		return 1;
	case CLIMEAS_CA:
		set.args.ca_file = optarg;
		return 1;
	case CLIMEAS_CACHE:
		set_cache("--cache", optarg);
		return 1;
	default:
		return 0;
	}
}

static void
on_log(void *arg, int level, const char *line)
{
	(void)arg;
	cli_say(level, "%s", line);
}

/* $XDG_CACHE_HOME/dcor, or none. */
static void
cache_dir(struct dcor_buf *b)
{
	const char *xdg = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");

	if (xdg != NULL && *xdg == '/')
		dcor_buf_addf(b, "%s/dcor", xdg);
	else if (home != NULL && *home == '/')
		dcor_buf_addf(b, "%s/.cache/dcor", home);
}

static int
set_up(struct dcor_err *err)
{
	struct dcor_http_conf hc = { .log = on_log, .stop = cli_stopped };
	struct dcor_h5url_conf uc = { 0 };
	const char *size = getenv("DCOR_CACHE_SIZE");
	struct dcor_buf dir;
	int rc;

	if (!set.cache_given && size != NULL && *size != '\0')
		set_cache("DCOR_CACHE_SIZE", size);
	rc = dcor_site_open(&set.args, 0, &set.site, err);
	if (rc != DCOR_OK)
		return rc;
	hc.ca_file = set.site->ca_file;
	rc = dcor_http_new(&hc, &set.http, err);
	if (rc != DCOR_OK)
		return rc;
	dcor_buf_init(&dir, 4096);
	cache_dir(&dir);
	uc.http = set.http;
	uc.site = set.site;
	uc.cache_size = set.cache;
	if (dir.len > 0 && (!set.cache_given || set.cache > 0))
		uc.cache = dcor_buf_str(&dir);
	rc = dcor_h5url_new(&uc, &set.url, err);
	dcor_buf_fini(&dir);
	return rc;
}

static int
opener_open(void *ctx, const char *name, struct dcor_src *out,
    struct dcor_err *err)
{
	int rc = DCOR_OK;

	(void)ctx;
	if (set.url == NULL)
		rc = set_up(err);
	if (rc == DCOR_OK)
		return dcor_h5url_open(set.url, name, out, err);
	climeas_end();
	return rc;
}

static const struct dcor_opener opener = { opener_open, dcor_h5url_more,
    NULL };

int
climeas_open(const char *name, struct dcor_rtdc **out, struct dcor_err *err)
{
	return dcor_rtdc_open_by(name, &opener, out, err);
}

char *
climeas_shown(const char *name)
{
	int all = strncmp(name, "http", 4) != 0 ||
	    strstr(name, "/dcserv?id=") != NULL;
	char *s = strndup(name, all ? strlen(name) : strcspn(name, "?"));

	if (s == NULL)
		cli_die(EX_OSERR, "out of memory");
	return s;
}

int
climeas_close(struct dcor_rtdc *m, struct dcor_err *err)
{
	int rc = m != NULL ? dcor_h5_intact(dcor_rtdc_h5(m), err) : DCOR_OK;

	dcor_rtdc_close(m);
	return rc;
}

void
climeas_end(void)
{
	struct dcor_h5url_stats st;

	if (set.url != NULL) {
		dcor_h5url_stats(set.url, &st);
		cli_say(1, "%" PRIu64 " requests; %" PRIu64 " bytes "
		    "fetched, %" PRIu64 " from the cache, %" PRIu64
		    " read", st.requests, st.fetched, st.cached, st.wanted);
	}
	dcor_h5url_free(set.url);
	dcor_http_free(set.http);
	dcor_site_free(set.site);
	set.url = NULL;
	set.http = NULL;
	set.site = NULL;
}

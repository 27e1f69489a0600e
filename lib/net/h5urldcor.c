/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a DCOR server says of a resource: query "basins" of its dcserv API,
 * version 2 (ckanext-dc_serve).  The answer has URLs of the resource and of
 * its condensed form, signed if they are private.
 */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "net/h5urlpriv.h"
#include "net/url.h"

#define API		"/api/3/action/dcserv?id="
#define CONDENSED	"/condensed"
#define ANSWER_MAX	((size_t)4 << 20)

int
dcor_h5url_is_dcor(const char *name)
{
	return strncmp(name, "dcor:", 5) == 0 || strstr(name, API) != NULL;
}

int
dcor_h5url_api(const struct dcor_h5url *u, const char *name,
    struct dcor_buf *url, struct dcor_err *err)
{
	const char *api = strstr(name, API), *id, *tail;
	const char *server = u->conf.site != NULL ? u->conf.site->server :
	    NULL;
	size_t n;

	id = api != NULL ? api + strlen(API) : name + strlen("dcor:");
	n = strspn(id, "0123456789abcdefghijklmnopqrstuvwxyz-");
	tail = id + n;
	if (n == 0 || n > 64 || (*tail != '\0' && *tail != '&' &&
	    strcmp(tail, CONDENSED) != 0))
		return dcor_err_set(err, DCOR_EARG, 0,
		    "not dcor:RESOURCE-ID");
	if (api != NULL)
		dcor_buf_add(url, name, (size_t)(api - name));
	else if (server == NULL)
		return dcor_err_set(err, DCOR_ECONF, 0, "no DCOR server is "
		    "known (-s, DCOR_SERVER, server in a profile)");
	else
		dcor_buf_adds(url, server);
	dcor_buf_addf(url, API "%.*s", (int)n, id);
	return dcor_buf_check(url, err);
}

/* The first URL of the basin that is meant. */
static int
pick(const struct dcor_json *list, int condensed, struct dcor_buf *out,
    struct dcor_err *err)
{
	const char *want = condensed ? "condensed" : "resource", *s;
	const struct dcor_json *b, *urls;
	size_t i, k;

	for (i = 0; i < dcor_json_len(list); i++) {
		b = dcor_json_at(list, i);
		s = dcor_json_str(dcor_json_get(b, "name"));
		urls = dcor_json_get(b, "urls");
		if (s == NULL || strncmp(s, want, strlen(want)) != 0)
			continue;
		for (k = 0; k < dcor_json_len(urls); k++) {
			s = dcor_json_str(dcor_json_at(urls, k));
			if (s == NULL || (strncmp(s, "https://", 8) != 0 &&
			    strncmp(s, "http://", 7) != 0) ||
			    dcor_h5url_is_dcor(s))
				continue;
			dcor_buf_adds(out, s);
			return dcor_buf_check(out, err);
		}
	}
	return dcor_err_set(err, DCOR_ENOENT, 0, "the server knows no %s "
	    "file", want);
}

int
dcor_h5url_resolve(struct dcor_h5url *u, const char *name,
    struct dcor_buf *out, struct dcor_err *err)
{
	struct dcor_piece none = { .u = u };
	struct dcor_http_resp *resp = NULL;
	struct dcor_json *root = NULL;
	struct dcor_http_req q;
	struct dcor_buf url;
	int rc;

	dcor_buf_init(&url, DCOR_URL_MAX);
	memset(&q, 0, sizeof(q));
	q.flags = DCOR_HTTP_FOLLOW;
	q.max_body = ANSWER_MAX;
	q.judge = dcor_remote_judge;
	q.arg = &none;
	rc = dcor_h5url_api(u, name, &url, err);
	dcor_buf_adds(&url, "&version=2&query=basins");
	q.url = dcor_buf_str(&url);
	if (rc == DCOR_OK)
		rc = dcor_http_call(u->conf.http, &q, &resp, err);
	if (rc == DCOR_OK && dcor_json_parse(resp->body, resp->nbody,
	    ANSWER_MAX, &root, NULL) != DCOR_OK)
		rc = dcor_err_set(err, DCOR_EPROTO, 0,
		    "the server's answer is no JSON");
	if (rc == DCOR_OK)
		rc = pick(dcor_json_get(root, "result"), strstr(name,
		    CONDENSED) != NULL, out, err);
	dcor_json_free(root);
	dcor_http_resp_free(resp);
	dcor_buf_fini(&url);
	return rc;
}

int
dcor_h5url_more(void *u, const char *name, char **more, struct dcor_err *err)
{
	struct dcor_buf b;
	int rc;

	(void)u;
	*more = NULL;
	if (!dcor_h5url_is_dcor(name) || strstr(name, CONDENSED) != NULL)
		return DCOR_OK;
	dcor_buf_init(&b, DCOR_URL_MAX);
	dcor_buf_addf(&b, "%.*s" CONDENSED, (int)strcspn(name, "&"), name);
	rc = dcor_buf_take(&b, more, NULL, err);
	dcor_buf_fini(&b);
	return rc;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "net/httpmsg.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/str.h"
#include "base/time.h"

const char *
dcor_http_header(const struct dcor_http_resp *resp, const char *name)
{
	const struct dcor_answer *a = resp->priv;
	const char *p = dcor_buf_str(&a->head), *end = p + a->head.len;
	const char *found = NULL;
	size_t n = strlen(name);

	for (; p < end; p += strlen(p) + 1)
		if (strncasecmp(p, name, n) == 0 && p[n] == ':') {
			found = p + n + 1;
			found += strspn(found, " \t");
		}
	return found;
}

/* A run of digits at *p, which moves behind it; -1: none, or too many. */
static int64_t
digits(const char **p)
{
	char num[20];
	size_t n = strspn(*p, "0123456789");
	uint64_t v;

	if (n == 0 || n >= sizeof(num))
		return -1;
	memcpy(num, *p, n);
	num[n] = '\0';
	if (dcor_parse_u64(num, &v) != 0 || v > INT64_MAX)
		return -1;
	*p += n;
	return (int64_t)v;
}

int
dcor_http_range(const struct dcor_http_resp *resp, struct dcor_range *out)
{
	const char *p = dcor_http_header(resp, "Content-Range");

	out->first = out->last = out->total = -1;
	if (p == NULL || strncasecmp(p, "bytes", 5) != 0)
		return 0;
	p += 5;
	p += strspn(p, " =");
	if (*p == '*') {
		p++;
	} else {
		if ((out->first = digits(&p)) < 0 || *p++ != '-' ||
		    (out->last = digits(&p)) < out->first)
			return 0;
	}
	if (*p++ != '/')
		return 0;
	if (*p == '*')
		return 1;
	if ((out->total = digits(&p)) < 0 || out->last >= out->total)
		return 0;
	return 1;
}

int64_t
dcor_http_length(const struct dcor_http_resp *resp)
{
	const char *p = dcor_http_header(resp, "Content-Length");

	return p != NULL ? digits(&p) : -1;
}

double
dcor_http_retry_after(const struct dcor_http_resp *resp, int64_t now)
{
	const char *p = dcor_http_header(resp, "Retry-After"), *q = p;
	int64_t v;

	if (p == NULL)
		return -1;
	if ((v = digits(&q)) >= 0)
		return (double)v;
	if (dcor_parse_httpdate(p, &v) != 0)
		return -1;
	v -= resp->date >= 0 ? resp->date : now;
	return v > 0 ? (double)v : 0;
}

void
dcor_http_digest(struct dcor_http_resp *resp)
{
	struct dcor_range r;
	const char *date;

	resp->date = -1;
	if ((date = dcor_http_header(resp, "Date")) != NULL &&
	    dcor_parse_httpdate(date, &resp->date) != 0)
		resp->date = -1;
	if (dcor_http_range(resp, &r))
		resp->total = r.total;
	else if (resp->status == 206 || resp->status == 416)
		resp->total = -1;
	else
		resp->total = dcor_http_length(resp);
}

int
dcor_http_judge(void *arg, const struct dcor_http_resp *resp,
    struct dcor_err *err)
{
	enum dcor_code code = DCOR_EPROTO;

	(void)arg;
	if (resp->status / 100 == 2)
		return 0;
	switch (resp->status) {
	case 401:
	case 403:
		code = DCOR_EPERM;
		break;
	case 404:
	case 410:
		code = DCOR_ENOENT;
		break;
	case 412:
		return dcor_err_set(err, DCOR_EDATA, 412,
		    "it changed (HTTP 412)");
	case 416:
		code = DCOR_EDATA;
		break;
	case 408:
	case 425:
	case 429:
	case 500:
	case 502:
	case 503:
	case 504:
		code = DCOR_ETEMP;
		break;
	default:
		break;
	}
	return dcor_err_set(err, code, resp->status, "HTTP %d", resp->status);
}

void
dcor_http_resp_free(struct dcor_http_resp *resp)
{
	struct dcor_answer *a = (struct dcor_answer *)(void *)resp;

	if (a == NULL)
		return;
	dcor_buf_fini(&a->head);
	dcor_buf_fini(&a->body);
	free(a->url);
	free(a);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ctl.c - what a test says to the server and asks it
 *
 *	POST /_ctl/fault	one rule a line, in effect until deleted:
 *		METHOD PATH [QUERY] NTH[+COUNT] FAULT [ARGUMENT ...]
 *	DELETE /_ctl/fault
 *	GET, DELETE /_ctl/log	lines of tab-separated values: number, method,
 *		path, query without secrets, Range, status, bytes of the body
 *		sent, received, connection, "auth" and "ckan" if the request
 *		had such headers, the fault it met
 *	GET /_ctl/stat		JSON
 *	POST /_ctl/clock	seconds that the clock is off from now on
 *
 * METHOD may be "*".  PATH is a pattern as in fnmatch(3) for the path as it
 * was sent ('*' matches '/'); QUERY is part of the query.  The rule takes
 * effect on the NTH request that matches, counted from 1, and the COUNT-1
 * after it ("1+*": on all).  A request may meet several rules.
 */
#include "httpd.h"

#include <fnmatch.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/json.h"

#define WORDS	8

struct rule {
	char		*text;		/* holds the words */
	const char	*word[WORDS];	/* "" where there is none */
	uint64_t	 nth, count, seen;
	size_t		 fault;		/* in words */
};

static struct rule *rules;
static size_t nrules;

/* Name, and what its argument is: n number, N number with a sign, s text,
 * 0 none. */
enum what { CUT, RESET, STALL, SHORT, CORRUPT, STATUS, ERROR200, TWIST,
    REDIRECT, NOHEAD, NORANGE, BADRANGE, NOETAG, DROP, EAT, BLANKS, UNQUOTED,
    EMPTYETAG, HANGUP, NOLENGTH, CHUNKED, DELAY, AGAIN, WEAK,
    GARBAGE, SPOIL, PARTS, KMS,
    NFAULT };
static const struct {
	const char	*name;
	char		 arg;
} known[NFAULT] = {
	[CUT] = { "cut", 'n' },		/* ends after n bytes of the body */
	[RESET] = { "reset", 'n' },	/* the same by a reset */
	[STALL] = { "stall", 'n' },	/* silence after n bytes */
	[SHORT] = { "short", 'N' },	/* n bytes less than announced */
	[CORRUPT] = { "corrupt", 'n' },	/* the bit at that offset */
	[STATUS] = { "status", 'n' },	/* CODE [Retry-After] */
	[ERROR200] = { "error200", 's' }, /* status 200, body an error */
	[TWIST] = { "etag", 0 },	/* another object of equal length */
	[REDIRECT] = { "redirect", 's' }, /* URL [CODE] */
	[NOHEAD] = { "nohead", 0 },	/* HEAD is forbidden */
	[NORANGE] = { "norange", 0 },	/* Range is not understood */
	[BADRANGE] = { "badrange", 0 },	/* another one is sent */
	[NOETAG] = { "noetag", 0 },
	[PARTS] = { "parts", 0 },	/* partNumber counts, as AWS has it */
	[KMS] = { "kms", 0 },		/* ETags of encrypted objects */
	[DROP] = { "drop", 0 },		/* done, but no answer */
	[EAT] = { "eat", 'n' },		/* reset after n bytes received */
	[BLANKS] = { "blanks", 'n' },	/* n blanks before XML, in chunks */
	[UNQUOTED] = { "unquoted", 0 },	/* ETags */
	[EMPTYETAG] = { "emptyetag", 0 }, /* of a completed upload */
	[HANGUP] = { "hangup", 0 },	/* closes after the answer, unsaid */
	[NOLENGTH] = { "nolength", 0 },	/* the end of the connection ends it */
	[CHUNKED] = { "chunked", 0 },	/* if it is XML */
	[DELAY] = { "delay", 'n' },	/* milliseconds */
	[AGAIN] = { "again", 0 },	/* may complete what is complete */
	[WEAK] = { "weak", 0 },		/* W/ before ETags */
	[GARBAGE] = { "garbage", 0 },	/* for a status line */
	[SPOIL] = { "spoil", 0 }	/* the first bit that arrives */
};

static int
fault_named(const char *name)
{
	int i;

	for (i = 0; i < NFAULT; i++)
		if (strcmp(known[i].name, name) == 0)
			return i;
	return -1;
}

static void
rule_free(struct rule *r)
{
	free(r->text);
}

/* One line; -1 when it is not a rule. */
static int
rule_parse(struct rule *r, const char *line, size_t n)
{
	const char *w, *plus;
	char *save, *p, part[20];
	size_t i = 0;
	int f;

	memset(r, 0, sizeof(*r));
	r->text = xalloc(NULL, n + 1);
	memcpy(r->text, line, n);
	r->text[n] = '\0';
	for (p = r->text; (p = strtok_r(p, " \t\r", &save)) != NULL &&
	    i < WORDS; p = NULL)
		r->word[i++] = p;
	if (i < 4 || p != NULL)
		return -1;
	for (n = i; n < WORDS; n++)
		r->word[n] = "";
	w = r->word[2];
	r->fault = strspn(w, "0123456789+*") == strlen(w) ? 3 : 4;
	w = r->word[r->fault - 1];
	plus = strchr(w, '+');
	snprintf(part, sizeof(part), "%.*s", (int)strcspn(w, "+"), w);
	if (number(part) < 1)
		return -1;
	r->nth = (uint64_t)number(part);
	r->count = 1;
	if (plus && strcmp(plus, "+*") == 0)
		r->count = UINT64_MAX / 2;
	else if (plus && number(plus + 1) < 1)
		return -1;
	else if (plus)
		r->count = (uint64_t)number(plus + 1);
	if ((f = fault_named(r->word[r->fault])) < 0)
		return -1;
	w = r->word[r->fault + 1];
	switch (known[f].arg) {
	case 'n':
		return number(w) < 0 ? -1 : 0;
	case 'N':
		return number(w + (*w == '-')) < 0 ? -1 : 0;
	case 's':
		return *w ? 0 : -1;
	default:
		return *w ? -1 : 0;
	}
}

static void
fault_set(struct fault *f, const struct rule *r)
{
	const char *w = r->word[r->fault + 1];
	int64_t n = number(w);
	uint64_t u = n > 0 ? (uint64_t)n : 0;
	int what = fault_named(r->word[r->fault]);

	f->name = known[what].name;
	switch (what) {
	case CUT:
	case RESET:
	case STALL:
		f->act = what == CUT ? ACT_CUT : what == RESET ? ACT_RESET :
		    ACT_STALL;
		f->limit = u;
		break;
	case SHORT:
		f->lack = *w == '-' ? -number(w + 1) : n;
		break;
	case CORRUPT:
		f->corrupt = n;
		break;
	case STATUS:
		f->status = (int)n;
		f->retry_after = number(r->word[r->fault + 2]);
		break;
	case ERROR200:
		snprintf(f->error200, sizeof(f->error200), "%s", w);
		break;
	case REDIRECT:
		snprintf(f->redirect, sizeof(f->redirect), "%s", w);
		n = number(r->word[r->fault + 2]);
		f->redirect_code = n > 0 ? (int)n : 307;
		break;
	case EAT:
		f->eat = n;
		break;
	case BLANKS:
		f->blanks = u;
		f->chunked = 1;
		break;
	case DELAY:
		f->delay = (double)n / 1000;
		break;
	case TWIST:	f->twist = 1; break;
	case NOHEAD:	f->nohead = 1; break;
	case NORANGE:	f->norange = 1; break;
	case BADRANGE:	f->badrange = 1; break;
	case NOETAG:	f->noetag = 1; break;
	case PARTS:	f->parts = 1; break;
	case KMS:	f->kms = 1; break;
	case DROP:	f->drop = 1; break;
	case UNQUOTED:	f->unquoted = 1; break;
	case EMPTYETAG:	f->emptyetag = 1; break;
	case HANGUP:	f->hangup = 1; break;
	case NOLENGTH:	f->nolength = 1; break;
	case CHUNKED:	f->chunked = 1; break;
	case AGAIN:	f->again = 1; break;
	case WEAK:	f->weak = 1; break;
	case GARBAGE:	f->garbage = 1; break;
	case SPOIL:	f->spoil = 1; break;
	}
}

void
fault_match(struct conn *c)
{
	const struct req *q = &c->req;
	struct rule *r;

	for (r = rules; r < rules + nrules; r++) {
		if (strcmp(r->word[0], "*") && strcmp(r->word[0], q->method))
			continue;
		if (fnmatch(r->word[1], q->path, 0) != 0)
			continue;
		if (r->fault == 4 && strstr(q->query ? q->query : "",
		    r->word[2]) == NULL)
			continue;
		r->seen++;
		if (r->seen >= r->nth && r->seen - r->nth < r->count)
			fault_set(&c->fault, r);
	}
}

static void
rules_clear(void)
{
	while (nrules > 0)
		rule_free(&rules[--nrules]);
	free(rules);
	rules = NULL;
}

static void
rules_add(struct conn *c)
{
	const char *p = c->blob->mem;
	size_t n;

	for (; *p; p += n + (p[n] == '\n')) {
		n = strcspn(p, "\n");
		if (n == 0)
			continue;
		rules = xalloc(rules, (nrules + 1) * sizeof(*rules));
		if (rule_parse(&rules[nrules], p, n) != 0) {
			rule_free(&rules[nrules]);
			answer_error(c, 400, "BadRule", p);
			return;
		}
		nrules++;
	}
	answer(c, 204);
}

/* The log. */
static struct line {
	char		*what;		/* method, path, query, range */
	char		 head[16];
	const char	*fault;
	int		 status;
	uint64_t	 out, in;
	unsigned	 conn;
} *lines;
static size_t nlines;

/* The query without what could be used by another. */
static void
log_query(struct dcor_buf *b, const char *p)
{
	static const char *const secret[] = { "X-Amz-Signature=",
	    "Signature=", "X-Amz-Security-Token=", "x-amz-security-token=" };
	size_t n, i;
	int any = 0;

	for (; p && *p; p += n + (p[n] == '&')) {
		n = strcspn(p, "&");
		for (i = 0; i < 4; i++)
			if (strncmp(p, secret[i], strlen(secret[i])) == 0)
				break;
		if (i < 4)
			continue;
		dcor_buf_adds(b, any++ ? "&" : "");
		dcor_buf_add(b, p, n);
	}
}

void
log_new(struct conn *c)
{
	const struct req *r = &c->req;
	const char *range = req_header(r, "range");
	struct dcor_buf b;
	struct line *l;
	size_t i;
	int auth = req_header(r, "authorization") != NULL, ckan = 0;

	for (i = 0; i < r->nhead; i++)
		ckan |= strncmp(r->head[i].name, "x-ckan", 6) == 0;
	lines = xalloc(lines, (nlines + 1) * sizeof(*lines));
	l = &lines[nlines++];
	memset(l, 0, sizeof(*l));
	dcor_buf_init(&b, HEAD_MAX * 2);
	dcor_buf_addf(&b, "%s\t%s\t", r->method, r->path);
	log_query(&b, r->query);
	dcor_buf_addf(&b, "\t%s", range ? range : "");
	(void)dcor_buf_take(&b, &l->what, &i, NULL);
	snprintf(l->head, sizeof(l->head), "%s%s%s", auth ? "auth" : "",
	    auth && ckan ? "," : "", ckan ? "ckan" : "");
	l->conn = c->number;
	c->log = nlines;
}

void
log_end(struct conn *c)
{
	if (c->log && c->log <= nlines) {
		struct line *l = &lines[c->log - 1];

		l->status = c->status;
		l->out = c->sent;
		l->in = c->got;
		l->fault = c->fault.name;
	}
	c->log = 0;
}

static void
log_text(struct conn *c)
{
	size_t i;

	for (i = 0; i < nlines; i++)
		dcor_buf_addf(&c->body, "%zu\t%s\t%d\t%" PRIu64 "\t%" PRIu64
		    "\t%u\t%s\t%s\n", i + 1, lines[i].what, lines[i].status,
		    lines[i].out, lines[i].in, lines[i].conn, lines[i].head,
		    lines[i].fault ? lines[i].fault : "");
}

static void
log_clear(void)
{
	while (nlines > 0)
		free(lines[--nlines].what);
	free(lines);
	lines = NULL;
}

static void
stat_text(struct conn *c)
{
	struct dcor_jw w;

	dcor_jw_init(&w, &c->body, DCOR_JW_PYTHON);
	dcor_jw_obj(&w);
	dcor_jw_ku64(&w, "requests", counts.requests);
	dcor_jw_ku64(&w, "connections", counts.connections);
	dcor_jw_ku64(&w, "open", counts.open);
	dcor_jw_ku64(&w, "inflight", counts.inflight);
	dcor_jw_ku64(&w, "max_inflight", counts.max_inflight);
	dcor_jw_ku64(&w, "bytes_in", counts.in);
	dcor_jw_ku64(&w, "bytes_out", counts.out);
	dcor_jw_ku64(&w, "signed_ok", counts.signed_ok);
	dcor_jw_ku64(&w, "signed_bad", counts.signed_bad);
	dcor_jw_ku64(&w, "objects", store_objects());
	dcor_jw_end(&w);
	if (dcor_jw_done(&w, NULL) != 0)
		answer_error(c, 500, "InternalError", "");
	dcor_buf_addc(&c->body, '\n');
	answer_line(c, "Content-Type: application/json");
}

void
ctl_request(struct conn *c)
{
	const char *m = c->req.method, *p = c->req.path + 6;

	answer(c, 200);
	if (strcmp(p, "fault") == 0 && strcmp(m, "POST") == 0) {
		rules_add(c);
	} else if (strcmp(p, "fault") == 0 && strcmp(m, "DELETE") == 0) {
		rules_clear();
		answer(c, 204);
	} else if (strcmp(p, "log") == 0 && strcmp(m, "GET") == 0) {
		log_text(c);
	} else if (strcmp(p, "log") == 0 && strcmp(m, "DELETE") == 0) {
		log_clear();
		answer(c, 204);
	} else if (strcmp(p, "clock") == 0 && strcmp(m, "POST") == 0) {
		p = c->blob->mem;
		conf.clock_offset = *p == '-' ? -number(p + 1) : number(p);
		answer(c, 204);
	} else if (strcmp(p, "stat") == 0 && strcmp(m, "GET") == 0) {
		stat_text(c);
	} else {
		answer_error(c, 404, "NoSuchControl", "");
	}
}

void
ctl_close(void)
{
	rules_clear();
	log_clear();
}

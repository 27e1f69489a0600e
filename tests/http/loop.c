/* SPDX-License-Identifier: GPL-3.0-or-later */
/* loop.c - connections: who may read, who may write, whose time has come */
#define _GNU_SOURCE	/* accept4, memmem */
#include "httpd.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/time.h"
#include "cli.h"

#define CONNS	1000
#define LINGER	2.0		/* seconds for a client to read the end */

struct stat_counts counts;
static int epfd = -1, lfd = -1, sfd = -1;
static struct conn *conns;
static unsigned timers;			/* an upper bound on those set */
static int full;			/* CONNS are open */

static void step(struct conn *c);

int
loop_listen(unsigned port)
{
	struct sockaddr_in a;
	socklen_t n = sizeof(a);
	int one = 1;

	memset(&a, 0, sizeof(a));
	a.sin_family = AF_INET;
	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	a.sin_port = htons((uint16_t)port);
	lfd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (lfd < 0 ||
	    setsockopt(lfd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) ||
	    bind(lfd, (struct sockaddr *)&a, sizeof(a)) != 0 ||
	    listen(lfd, 512) != 0 ||
	    getsockname(lfd, (struct sockaddr *)&a, &n) != 0)
		cli_die(71, "port %u: %s", port, strerror(errno));
	return ntohs(a.sin_port);
}

static void
watch(int fd, void *what, unsigned events, int op)
{
	struct epoll_event e;

	memset(&e, 0, sizeof(e));
	e.events = events;
	e.data.ptr = what;
	if (epoll_ctl(epfd, op, fd, &e) != 0)
		cli_die(71, "epoll: %s", strerror(errno));
}

static void
set_state(struct conn *c, enum state s)
{
	static const unsigned want[] = { [ST_HEAD] = EPOLLIN,
	    [ST_BODY] = EPOLLIN, [ST_WAIT] = 0, [ST_SEND] = EPOLLOUT,
	    [ST_LINGER] = EPOLLIN, [ST_STALL] = EPOLLRDHUP, [ST_FLUSH] = 0 };

	c->state = s;
	if (c->events != want[s])
		watch(c->fd, c, want[s], EPOLL_CTL_MOD);
	c->events = want[s];
}

static void
set_timer(struct conn *c, double seconds)
{
	c->wake = dcor_seconds() + seconds;
	timers++;
}

static void
request_over(struct conn *c)
{
	if (c->log)
		counts.inflight--;
	log_end(c);
	if (c->blobfd >= 0)
		close(c->blobfd);
	c->blobfd = -1;
	blob_unref(c->blob);
	c->blob = NULL;
	answer_reset(c);
	req_free(&c->req);
	c->want = c->got = 0;
	memset(&c->fault, 0, sizeof(c->fault));
	c->sha256[0] = '\0';
}

static void
drop(struct conn *c, int reset)
{
	struct linger l = { 1, 0 };

	request_over(c);
	if (reset)
		setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &l, sizeof(l));
	close(c->fd);
	c->fd = -1;		/* freed when no event can name it */
	c->wake = 0;
	counts.open--;
	if (full && counts.open < CONNS) {
		full = 0;
		watch(lfd, &lfd, EPOLLIN, EPOLL_CTL_MOD);
	}
}

static void
reap(void)
{
	struct conn *c, *next;

	for (c = conns; c != NULL; c = next) {
		next = c->next;
		if (c->fd >= 0)
			continue;
		*c->prev = next;
		if (next)
			next->prev = c->prev;
		dcor_buf_fini(&c->in);
		answer_reset(c);
		EVP_MD_CTX_free(c->md5);
		EVP_MD_CTX_free(c->sha);
		free(c);
	}
}

static void
welcome(void)
{
	struct conn *c;
	int fd, one = 1;

	while (counts.open < CONNS && (fd = accept4(lfd, NULL, NULL,
	    SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
		c = xalloc(NULL, sizeof(*c));
		memset(c, 0, sizeof(*c));
		c->fd = fd;
		c->blobfd = c->openfd = -1;
		c->number = (unsigned)++counts.connections;
		counts.open++;
		dcor_buf_init(&c->in, HEAD_MAX + 4);
		answer_reset(c);
		c->md5 = EVP_MD_CTX_new();
		c->sha = EVP_MD_CTX_new();
		if (c->md5 == NULL || c->sha == NULL)
			cli_die(71, "out of memory");
		c->events = EPOLLIN;
		watch(fd, c, c->events, EPOLL_CTL_ADD);
		if ((c->next = conns) != NULL)
			conns->prev = &c->next;
		c->prev = &conns;
		conns = c;
	}
	if (counts.open >= CONNS && !full) {
		full = 1;
		watch(lfd, &lfd, 0, EPOLL_CTL_MOD);
	}
}

/* The answer begins to leave. */
static void
start_send(struct conn *c)
{
	answer_head(c);
	set_state(c, ST_SEND);
}

static void
start_answer(struct conn *c)
{
	double delay = c->s3 ? conf.delay + c->fault.delay : 0;

	if (delay > 0) {
		set_timer(c, delay);
		set_state(c, ST_WAIT);
	} else {
		start_send(c);
	}
}

static void
body_over(struct conn *c)
{
	unsigned char sum[32];

	if (c->blob && c->got == c->want) {
		EVP_DigestFinal_ex(c->md5, c->blob->md5, NULL);
		if (c->sha256[0]) {
			EVP_DigestFinal_ex(c->sha, sum, NULL);
			hex(c->sha256, sum, 32);
		}
	}
	if (!c->answered)
		route_end(c);
	if (c->fault.drop)
		drop(c, 0);
	else
		start_answer(c);
}

/* Body bytes that came. */
static int
body_take(struct conn *c, char *p, size_t n)
{
	if (c->fault.spoil && c->got == 0)
		p[0] ^= 1;
	if (c->blob) {
		if (blob_put(c->blob, c->blobfd, c->got, p, n) != 0)
			cli_die(74, "%s: %s", c->blob->path, strerror(errno));
		EVP_DigestUpdate(c->md5, p, n);
		if (c->sha256[0])
			EVP_DigestUpdate(c->sha, p, n);
	}
	c->got += n;
	counts.in += n;
	if (c->fault.eat >= 0 && c->got >= (uint64_t)c->fault.eat) {
		drop(c, 1);
		return -1;
	}
	return 0;
}

static void
consume(struct conn *c, size_t n)
{
	memmove(c->in.p, c->in.p + n, c->in.len - n);
	c->in.len -= n;
}

static void
refuse(struct conn *c, int status, const char *code)
{
	c->close = 1;
	c->fault.corrupt = c->fault.eat = -1;
	answer_error(c, status, code, "");
	start_send(c);
}

/* A head is complete; it is n bytes long. */
static void
head_over(struct conn *c, size_t n)
{
	static const char cont[] = "HTTP/1.1 100 Continue\r\n\r\n";
	const char *v, *expect;
	int bad = req_parse(&c->req, c->in.p, n);
	size_t k;

	consume(c, n);
	if (bad) {
		/* what was made of it so far is not to be told */
		req_free(&c->req);
		refuse(c, 400, "BadRequest");
		return;
	}
	v = req_header(&c->req, "content-length");
	if (v != NULL && number(v) < 0) {
		refuse(c, 400, "BadRequest");
		return;
	}
	c->want = v ? (uint64_t)number(v) : 0;
	v = req_header(&c->req, "connection");
	c->close |= v != NULL && strcasecmp(v, "close") == 0;
	route_begin(c);
	if (req_header(&c->req, "transfer-encoding")) {
		/* where its body ends is not for us to find out */
		c->close = 1;
		answer_error(c, 411, "MissingContentLength",
		    "Content-Length is missing");
		c->want = 0;
	}
	expect = req_header(&c->req, "expect");
	if (expect && c->want > c->in.len) {
		if (c->answered) {
			c->close = 1;
			c->want = 0;
		} else if (send(c->fd, cont, sizeof(cont) - 1,
		    MSG_NOSIGNAL) < 0) {
			drop(c, 0);
			return;
		}
	}
	if (c->blob) {
		EVP_DigestInit_ex(c->md5, EVP_md5(), NULL);
		EVP_DigestInit_ex(c->sha, EVP_sha256(), NULL);
		if (c->blob->path && (c->blobfd = blob_open(c->blob, 1)) < 0)
			cli_die(73, "%s: %s", c->blob->path, strerror(errno));
	}
	if (c->fault.eat == 0) {
		drop(c, 1);
		return;
	}
	set_state(c, ST_BODY);
	k = c->in.len < c->want ? c->in.len : (size_t)c->want;
	if (k > 0 && body_take(c, c->in.p, k) != 0)
		return;
	consume(c, k);
	if (c->got == c->want)
		body_over(c);
}

/* The length of the head that is there; 0: not all of it. */
static size_t
head_length(const struct conn *c)
{
	const char *end = c->in.len == 0 ? NULL :
	    memmem(c->in.p, c->in.len, "\r\n\r\n", 4);

	return end ? (size_t)(end + 4 - c->in.p) : 0;
}

static void
read_head(struct conn *c)
{
	char piece[16384];
	ssize_t n;

	if (head_length(c) == 0) {
		n = recv(c->fd, piece, sizeof(piece), 0);
		if (n < 0 && errno == EAGAIN)
			return;
		if (n <= 0) {
			drop(c, 0);
			return;
		}
		if (dcor_buf_add(&c->in, piece, (size_t)n) != 0) {
			dcor_buf_clear(&c->in);
			refuse(c, 431, "RequestHeaderTooLarge");
			return;
		}
	}
	if (head_length(c) > 0)
		head_over(c, head_length(c));
}

static void
read_body(struct conn *c)
{
	static char piece[1 << 18];
	uint64_t left = c->want - c->got;
	ssize_t n;

	if (c->fault.eat >= 0 && (uint64_t)c->fault.eat - c->got < left)
		left = (uint64_t)c->fault.eat - c->got;
	n = recv(c->fd, piece, left < sizeof(piece) ? (size_t)left :
	    sizeof(piece), 0);
	if (n < 0 && errno == EAGAIN)
		return;
	if (n <= 0) {
		drop(c, 0);
		return;
	}
	if (body_take(c, piece, (size_t)n) == 0 && c->got == c->want)
		body_over(c);
}

/* What was to be sent is with the kernel. */
static void
sent(struct conn *c)
{
	switch (c->fault.act) {
	case ACT_STALL:
		set_state(c, ST_STALL);
		return;
	case ACT_RESET:
		/* a reset takes along what is still on its way */
		set_timer(c, 0.001);
		set_state(c, ST_FLUSH);
		return;
	case ACT_CUT:
		c->close = 1;
		break;
	case ACT_NONE:
		break;
	}
	c->close |= c->fault.hangup;
	request_over(c);
	if (c->close) {
		shutdown(c->fd, SHUT_WR);
		set_timer(c, LINGER);
		set_state(c, ST_LINGER);
	} else {
		set_state(c, ST_HEAD);
	}
}

static void
linger(struct conn *c)
{
	char piece[16384];
	ssize_t n = recv(c->fd, piece, sizeof(piece), 0);

	if (n == 0 || (n < 0 && errno != EAGAIN))
		drop(c, 0);
}

static void
step(struct conn *c)
{
	switch (c->state) {
	case ST_HEAD:
		read_head(c);
		break;
	case ST_BODY:
		read_body(c);
		break;
	case ST_LINGER:
		linger(c);
		break;
	case ST_SEND:
	case ST_WAIT:
	case ST_STALL:
	case ST_FLUSH:
		break;
	}
	/* try at once: most answers fit in what the socket takes */
	if (c->fd >= 0 && c->state == ST_SEND) {
		switch (answer_send(c)) {
		case SEND_DONE:
			sent(c);
			break;
		case SEND_GONE:
			drop(c, 0);
			break;
		}
	}
}

static void
ring(struct conn *c)
{
	int left = 0;

	c->wake = 0;
	switch (c->state) {
	case ST_WAIT:
		start_send(c);
		step(c);
		break;
	case ST_FLUSH:
		if (ioctl(c->fd, SIOCOUTQ, &left) == 0 && left > 0)
			set_timer(c, 0.001);
		else
			drop(c, 1);
		break;
	case ST_LINGER:
		drop(c, 0);
		break;
	default:
		break;
	}
}

/* Rings those whose time has come; milliseconds until the next, or -1. */
static int
clocks(void)
{
	double now = dcor_seconds(), first = 0;
	struct conn *c;

	if (timers == 0)
		return -1;
	timers = 0;
	for (c = conns; c != NULL; c = c->next)
		if (c->wake > 0 && c->wake <= now)
			ring(c);
	timers = 0;
	for (c = conns; c != NULL; c = c->next) {
		if (c->wake > 0 && (first <= 0 || c->wake < first))
			first = c->wake;
		timers += c->wake > 0;
	}
	if (timers == 0)
		return -1;
	return first <= now ? 0 : (int)((first - now) * 1000) + 1;
}

static void
watch_signals(void)
{
	struct sigaction sa;
	sigset_t set;

	memset(&sa, 0, sizeof(sa));
	sa.sa_handler = SIG_IGN;
	sigaction(SIGPIPE, &sa, NULL);	/* sendfile has no MSG_NOSIGNAL */
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	if ((sfd = signalfd(-1, &set, SFD_CLOEXEC)) < 0)
		cli_die(71, "signalfd: %s", strerror(errno));
	watch(sfd, &sfd, EPOLLIN, EPOLL_CTL_ADD);
}

/* Until a signal, or the end of standard input. */
static int
serve(void)
{
	struct epoll_event e[64];
	char piece[256];
	int i, n = epoll_wait(epfd, e, 64, clocks()), stop = 0;

	for (i = 0; i < n; i++) {
		struct conn *c = e[i].data.ptr;

		if (e[i].data.ptr == &lfd) {
			welcome();
		} else if (e[i].data.ptr == &sfd) {
			stop = 1;
		} else if (e[i].data.ptr == &conf) {
			stop |= read(STDIN_FILENO, piece, sizeof(piece)) <= 0;
		} else if (c->fd < 0) {
			continue;
		} else if ((e[i].events & (EPOLLERR | EPOLLHUP)) ||
		    (c->state == ST_STALL && e[i].events & EPOLLRDHUP)) {
			drop(c, 0);
		} else {
			step(c);
			/* another request may be there already */
			while (c->fd >= 0 && c->state == ST_HEAD &&
			    head_length(c) > 0)
				step(c);
		}
	}
	reap();
	return stop;
}

void
loop_run(void)
{
	if ((epfd = epoll_create1(EPOLL_CLOEXEC)) < 0)
		cli_die(71, "epoll: %s", strerror(errno));
	watch(lfd, &lfd, EPOLLIN, EPOLL_CTL_ADD);
	watch_signals();
	if (conf.until_eof)
		watch(STDIN_FILENO, &conf, EPOLLIN, EPOLL_CTL_ADD);
	while (!serve())
		continue;
	while (conns != NULL) {
		if (conns->fd >= 0)
			drop(conns, 0);
		reap();
	}
	close(lfd);
	close(epfd);
	close(sfd);
}

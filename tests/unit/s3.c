/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Answers of S3 servers that no test store gives, from a socket that says
 * what it is told. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/hash.h"
#include "net/s3priv.h"
#include "tap.h"

#define MAX_HEAD	8192

/* A child that gives the answers in turn, each on its own connection, and
 * writes the heads of the requests to a pipe. */
static pid_t server;
static int heads, port;

static void
serve(int listener, int out, const char *const *answer)
{
	char head[MAX_HEAD];
	size_t n;
	ssize_t got;
	int fd;

	for (; *answer != NULL; answer++) {
		if ((fd = accept(listener, NULL, NULL)) < 0)
			_exit(1);
		for (n = 0; n < sizeof(head) - 1; n += (size_t)got) {
			got = recv(fd, head + n, sizeof(head) - 1 - n, 0);
			if (got <= 0)
				break;
			head[n + (size_t)got] = '\0';
			if (strstr(head, "\r\n\r\n") != NULL) {
				n += (size_t)got;
				break;
			}
		}
		if (write(out, head, n) < 0 ||
		    send(fd, *answer, strlen(*answer), 0) < 0)
			_exit(1);
		shutdown(fd, SHUT_WR);
		while (recv(fd, head, sizeof(head), 0) > 0)
			continue;
		close(fd);
	}
	_exit(0);
}

static void
start(const char *const *answer)
{
	struct sockaddr_in a = { .sin_family = AF_INET };
	socklen_t len = sizeof(a);
	int fd = socket(AF_INET, SOCK_STREAM, 0), p[2];

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0 || bind(fd, (struct sockaddr *)&a, len) != 0 ||
	    listen(fd, 8) != 0 || pipe(p) != 0 ||
	    getsockname(fd, (struct sockaddr *)&a, &len) != 0)
		abort();
	port = ntohs(a.sin_port);
	fflush(stdout);		/* what is buffered must not be said twice */
	if ((server = fork()) == 0)
		serve(fd, p[1], answer);
	close(fd);
	close(p[1]);
	heads = p[0];
}

/* The heads of the requests so far; ends the server. */
static const char *
stop(void)
{
	static char all[4 * MAX_HEAD];
	size_t n = 0;
	ssize_t got;

	kill(server, SIGTERM);
	while ((got = read(heads, all + n, sizeof(all) - 1 - n)) > 0)
		n += (size_t)got;
	all[n] = '\0';
	close(heads);
	waitpid(server, NULL, 0);
	return all;
}

static int
head_of(struct dcor_s3_object *o, struct dcor_err *err)
{
	struct dcor_keys keys = { "AKID", "secret", NULL };
	struct dcor_http_conf conf = { .backoff = 0.01, .tries = 3 };
	struct dcor_http *http = NULL;
	struct dcor_site site = { 0 };
	struct dcor_s3 *s3 = NULL;
	char endpoint[64], region[] = "us-east-1";
	int rc;

	snprintf(endpoint, sizeof(endpoint), "http://127.0.0.1:%d/pre/fix/",
	    port);
	site.endpoint = endpoint;
	site.region = region;
	if (dcor_cred_fixed(&keys, "test", &site.cred, NULL) != 0 ||
	    dcor_http_new(&conf, &http, NULL) != 0 ||
	    dcor_s3_new(http, &site, &s3, NULL) != 0)
		abort();
	rc = dcor_s3_head(s3, "bkt", "a b", o, err);
	dcor_s3_free(s3);
	dcor_http_free(http);
	dcor_cred_free(site.cred);
	return rc;
}

static int
count(const char *text, const char *what)
{
	int n = 0;

	for (; (text = strstr(text, what)) != NULL; text++)
		n++;
	return n;
}

#define CLOSE	"Content-Length: 0\r\nConnection: close\r\n\r\n"

static void
regions(void)
{
	static const char *const moves[] = {
		"HTTP/1.1 301 Moved\r\nx-amz-bucket-region: eu-west-1\r\n"
		    CLOSE,
		"HTTP/1.1 200 OK\r\nETag: W/\"abc\"\r\nLast-Modified: Wed, "
		    "21 Oct 2015 07:28:00 GMT\r\nContent-Length: 7\r\n"
		    "Connection: close\r\n\r\n", NULL
	}, *const circles[] = {
		"HTTP/1.1 301 Moved\r\nx-amz-bucket-region: eu-west-1\r\n"
		    CLOSE,
		"HTTP/1.1 301 Moved\r\nx-amz-bucket-region: eu-west-2\r\n"
		    CLOSE,
		"HTTP/1.1 301 Moved\r\nx-amz-bucket-region: eu-west-3\r\n"
		    CLOSE, NULL
	}, *const evil[] = {
		"HTTP/1.1 400 No\r\nx-amz-bucket-region: x.evil/\r\n" CLOSE,
		NULL
	};
	struct dcor_err err = DCOR_ERR_INIT;
	struct dcor_s3_object o;
	const char *said;

	start(moves);
	OK(head_of(&o, &err) == 0);
	OK(o.size == 7 && strcmp(o.etag, "abc") == 0);
	OK(o.mtime == 1445412480);	/* date -d '...' +%s */
	said = stop();
	OK(count(said, "HEAD /pre/fix/bkt/a%20b HTTP/1.1\r\n") == 2);
	OK(count(said, "/us-east-1/s3/aws4_request") == 1);
	OK(count(said, "/eu-west-1/s3/aws4_request") == 1);
	OK(count(said, "Content-Type") == 0);

	start(circles);
	OK(head_of(&o, &err) == DCOR_EPROTO && err.sys == 301);
	OK(count(stop(), "HEAD ") == 2);

	memset(&err, 0, sizeof(err));
	start(evil);
	OK(head_of(&o, &err) == DCOR_EPROTO && err.sys == 400);
	OK(strcmp(err.msg, "s3://bkt/a b: HTTP 400") == 0);
	OK(count(stop(), "HEAD ") == 1);
}

static void
values(void)
{
	static const char *const sums[] = { "d41d8cd98f00b204e9800998ecf8427e",
	    "0cc175b9c0f1b6a831c399e269772661" };
	static const char *const no[] = { "d41d8cd98f00b204e9800998ecf8427e",
	    "x" };
	static const unsigned char md5[16] = { 0xd4, 0x1d, 0x8c, 0xd9, 0x8f,
	    0x00, 0xb2, 0x04, 0xe9, 0x80, 0x09, 0x98, 0xec, 0xf8, 0x42,
	    0x7e };
	char etag[128], text[25], name[DCOR_S3_NAME];

	dcor_s3_etag("\"abc-2\"", etag);
	OK(strcmp(etag, "abc-2") == 0);
	dcor_s3_etag("W/\"abc\"", etag);
	OK(strcmp(etag, "abc") == 0);
	dcor_s3_etag("abc", etag);
	OK(strcmp(etag, "abc") == 0);
	dcor_s3_etag("", etag);
	OK(*etag == '\0');
	OK(dcor_s3_time("2015-10-21T07:28:00.123Z") == 1445412480);
	OK(dcor_s3_time("yesterday") == -1);
	dcor_base64(md5, 16, text);	/* openssl base64 */
	OK(strcmp(text, "1B2M2Y8AsgTpgAmY7PhCfg==") == 0);
	/* printf 'd41d...0cc1...' | xxd -r -p | md5sum */
	OK(dcor_s3_mpu_etag(sums, 2, etag, NULL) == 0 &&
	    strcmp(etag, "68083ea43d0307eecfa2b4749f19df15-2") == 0);
	OK(dcor_s3_mpu_etag(no, 2, etag, NULL) == 0 && *etag == '\0');
	OK(strcmp(dcor_s3_name("b", "k", name), "s3://b/k") == 0);
	OK(strcmp(dcor_s3_name("b", NULL, name), "s3://b") == 0);
}

int
main(void)
{
	struct sigaction ignore = { .sa_handler = SIG_IGN };

	sigaction(SIGPIPE, &ignore, NULL);
	regions();
	values();
	return DONE();
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * presign.h - the parts of dcor-presign
 */
#ifndef DCOR_CMD_PRESIGN_H
#define DCOR_CMD_PRESIGN_H

#include <stdint.h>

#include "base/buf.h"
#include "net/cred.h"

enum format { FORMAT_URL, FORMAT_TSV, FORMAT_JSON, FORMAT_CURL };

struct presign {
	struct dcor_site_args	 site;
	const char	*method;	/* GET, PUT, HEAD, DELETE */
	uint64_t	 parts;		/* of a multipart upload; 0: none */
	const char	*upload_id;
	int64_t		 expires;	/* seconds; 0: at `until' */
	int64_t		 until;
	int64_t		 date;		/* of signing; -1: now */
	int		 version;	/* of the signature: 4, 2 */
	enum format	 format;
	int		 explain, nul;
	struct dcor_buf	 disposition;	/* empty: none */
	const char	*type, *version_id;
	const char	*name;		/* of --filename */
};

/* Signs for one operand, s3://BUCKET/KEY.  0, or an exit status after a
 * message. */
int presign_sign(struct presign *s, const char *operand);
void presign_end(void);			/* forgets the keys */

/*
 * Says what a URL is good for; with check asks its server.  0, 1 when it is
 * good for nothing, or another exit status after a message.
 */
int presign_inspect(const struct presign *s, const char *url, int check);

/* What a server answered when it was asked for the first byte. */
struct presign_answer {
	int	good;
	int	status;			/* of HTTP */
	int64_t	date;			/* its clock, or -1 */
	int64_t	size;			/* of the object, or -1 */
	char	message[256];		/* "" when it is good */
};
/* DCOR_E...: no answer. */
int presign_ask(const struct presign *s, const char *url,
    struct presign_answer *a, struct dcor_err *err);
void presign_ask_end(void);

/* The value of Content-Disposition that has a browser save under that name
 * (RFC 6266, RFC 8187).  DCOR_EARG: not UTF-8, a path, or control bytes. */
int presign_disposition(const char *name, struct dcor_buf *out);

#endif /* DCOR_CMD_PRESIGN_H */

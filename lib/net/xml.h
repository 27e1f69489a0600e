/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * xml.h - the small documents that S3 servers send and expect
 *
 * Names are without their namespace.  Servers write what XML 1.0 has no
 * room for (control bytes, also as references; bytes that are not UTF-8):
 * each becomes U+FFFD, and the rest can still be read.
 */
#ifndef DCOR_NET_XML_H
#define DCOR_NET_XML_H

#include "base/buf.h"

#define DCOR_XML_MAX	(32 << 20)	/* bytes of a document */
#define DCOR_XML_DEPTH	16		/* elements in one another */

/* An element; valid until its document is freed. */
struct dcor_xml;

/*
 * Parses a document.  DCOR_EPROTO: it is malformed, longer or deeper than
 * the limits, or has a document type, which could define entities.
 * Ownership: dcor_xml_free frees *root with all that is in it.
 */
int dcor_xml_parse(const char *text, size_t n, struct dcor_xml **root,
    struct dcor_err *err) __attribute__((warn_unused_result));
void dcor_xml_free(struct dcor_xml *root);

/* The functions below accept NULL, so that they can be nested. */
int dcor_xml_is(const struct dcor_xml *e, const char *name);
/* The first element of that name in e, the next one beside it, or NULL. */
const struct dcor_xml *dcor_xml_child(const struct dcor_xml *e,
    const char *name);
const struct dcor_xml *dcor_xml_next(const struct dcor_xml *e,
    const char *name);
/* The text in e's first child of that name, "" when there is none; e's own
 * when name is NULL.  Text around child elements is dropped. */
const char *dcor_xml_text(const struct dcor_xml *e, const char *name);

/* Appends s so that it stands for itself between tags. */
void dcor_xml_escape(struct dcor_buf *out, const char *s);

#endif /* DCOR_NET_XML_H */

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * NumPy's arrays, alone and in archives
 *
 * Sources: NumPy Enhancement Proposal 1 (.npy), PKWARE's APPNOTE 6.3 (ZIP).
 * The length of an array is known before it is written, its CRC is not: it
 * follows as a data descriptor, so that nothing is ever written twice.
 * Every entry has its 64-bit fields, whatever its size.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "rtdc/exportpriv.h"
#include "rtdc/feat.h"

#define HEAD_MAX	4096
#define ALIGN		64	/* of the data of an array */
#define GROWTH		21	/* digits kept free for the first length */

struct sink {
	FILE		*out;
	const struct dcor_export *opt;
	uint32_t	 crc;		/* of the entry */
	uint64_t	 at;		/* bytes written */
};

int
dcor_export_write(FILE *out, const void *p, size_t n, struct dcor_err *err)
{
	errno = 0;
	if (fwrite(p, 1, n, out) != n)
		return dcor_err_sys(err, errno != 0 ? errno : EIO,
		    "cannot write");
	return DCOR_OK;
}

int
dcor_export_one(struct dcor_rtdc *m, const struct dcor_names *features,
    struct dcor_feature *out, struct dcor_err *err)
{
	if (features == NULL || features->n != 1)
		return dcor_err_set(err, DCOR_EARG, 0,
		    "one feature is needed, not %s", features == NULL ?
		    "all" : features->n == 0 ? "none" : "several");
	return dcor_rtdc_feature(m, features->name[0], out, err);
}

static int
put(struct sink *s, const void *p, size_t n, struct dcor_err *err)
{
	s->crc = dcor_crc32(s->crc, p, n);
	s->at += n;
	return dcor_export_write(s->out, p, n, err);
}

static int
take(void *arg, const void *p, size_t nbytes, uint64_t n,
    struct dcor_err *err)
{
	struct sink *s = arg;
	int rc = put(s, p, nbytes, err);

	return rc == DCOR_OK ? dcor_export_tick(s->opt, n, err) : rc;
}

/* The name of a type, or DCOR_EDATA. */
static int
describe(const struct dcor_dset *d, struct dcor_buf *b, struct dcor_err *err)
{
	const struct dcor_h5type *t = &dcor_dset_info(d)->type;

	if (t->cls == DCOR_H5_FLOAT && t->standard)
		dcor_buf_addf(b, "<f%u", (unsigned)t->size);
	else if (t->cls == DCOR_H5_STRING)
		dcor_buf_addf(b, "|S%u", (unsigned)t->size);
	else if (t->cls == DCOR_H5_INT && dcor_h5_is_number(t))
		dcor_buf_addf(b, "%c%c%u", t->size > 1 ? '<' : '|',
		    t->is_signed ? 'i' : 'u', (unsigned)t->size);
	else if (dcor_dset_is_bool(d))
		dcor_buf_adds(b, "|b1");
	else
		return dcor_err_set(err, DCOR_EDATA, 0,
		    "%s: neither numbers nor text", dcor_dset_path(d));
	return DCOR_OK;
}

/* What stands before the data: the same bytes as NumPy's. */
static int
header(const struct dcor_feature *f, uint64_t n, struct dcor_buf *b,
    struct dcor_err *err)
{
	const struct dcor_h5dset *i = dcor_dset_info(f->set);
	size_t digits, len;
	unsigned k;
	int rc;

	dcor_buf_add(b, "\223NUMPY\1\0..", 10);
	dcor_buf_adds(b, "{'descr': '");
	rc = describe(f->set, b, err);
	if (rc != DCOR_OK)
		return rc;
	dcor_buf_adds(b, "', 'fortran_order': False, 'shape': (");
	len = b->len;
	dcor_buf_addf(b, "%llu", (unsigned long long)n);
	digits = b->len - len;
	for (k = 1; k < i->rank; k++)
		dcor_buf_addf(b, ", %llu", (unsigned long long)i->dim[k]);
	dcor_buf_adds(b, i->rank == 1 ? ",), }" : "), }");
	for (; digits < GROWTH; digits++)
		dcor_buf_addc(b, ' ');
	while (b->bad == DCOR_OK && (b->len + 1) % ALIGN != 0)
		dcor_buf_addc(b, ' ');
	dcor_buf_addc(b, '\n');
	rc = dcor_buf_check(b, err);
	if (rc == DCOR_OK) {
		b->p[8] = (char)((b->len - 10) & 255);
		b->p[9] = (char)((b->len - 10) >> 8);
	}
	return rc;
}

/* The rest of an array whose header is in head. */
static int
put_array(struct sink *s, const struct dcor_feature *f,
    const struct dcor_sel *sel, const struct dcor_buf *head,
    struct dcor_pool *pool, struct dcor_err *err)
{
	struct dcor_rows_use use = { .take = take, .arg = s };
	int rc;

	rc = put(s, head->p, head->len, err);
	if (rc == DCOR_OK)
		rc = dcor_rows_each(f, sel, pool, &use, err);
	return rc;
}

int
dcor_export_npy(struct dcor_rtdc *m, const struct dcor_sel *sel,
    const struct dcor_names *features, const struct dcor_export *opt,
    FILE *out, struct dcor_pool *pool, struct dcor_err *err)
{
	struct sink s = { .out = out, .opt = opt };
	struct dcor_feature f;
	struct dcor_buf head;
	int rc;

	rc = dcor_export_one(m, features, &f, err);
	if (rc != DCOR_OK)
		return rc;
	dcor_buf_init(&head, HEAD_MAX);
	rc = header(&f, sel->n, &head, err);
	if (rc == DCOR_OK)
		rc = put_array(&s, &f, sel, &head, pool, err);
	dcor_buf_fini(&head);
	dcor_feature_fini(&f);
	return rc;
}

/* n bytes, little-endian */
static void
le(struct dcor_buf *b, uint64_t v, unsigned n)
{
	for (; n > 0; n--, v >>= 8)
		dcor_buf_addc(b, (char)(v & 255));
}

/* What the two headers of an entry share: versions, flags (a descriptor
 * follows, the name is UTF-8), stored, 1980-01-01. */
static void
entry(struct dcor_buf *b, uint32_t crc, const char *name, unsigned nextra)
{
	le(b, 45, 2);
	le(b, 0x0808, 2);
	le(b, 0, 4);
	le(b, 0x0021, 2);
	le(b, crc, 4);
	le(b, UINT32_MAX, 4);
	le(b, UINT32_MAX, 4);
	le(b, strlen(name), 2);
	le(b, nextra, 2);
}

struct zip {
	struct sink		 s;
	struct dcor_buf		 dir;	/* the directory, for the end */
	uint64_t		 n;	/* entries */
	const struct dcor_sel	*sel;
	struct dcor_pool	*pool;
};

static int
put_buf(struct sink *s, struct dcor_buf *b, struct dcor_err *err)
{
	int rc = dcor_buf_check(b, err);

	if (rc == DCOR_OK)
		rc = put(s, b->p, b->len, err);
	dcor_buf_clear(b);
	return rc;
}

static int
put_entry(struct zip *z, const char *feature, const struct dcor_feature *f,
    struct dcor_err *err)
{
	uint64_t at = z->s.at, size;
	struct dcor_buf b, head;
	char name[512];
	int rc;

	dcor_buf_init(&b, HEAD_MAX);
	dcor_buf_init(&head, HEAD_MAX);
	if ((size_t)snprintf(name, sizeof(name), "%s.npy", feature) >=
	    sizeof(name))
		rc = dcor_err_set(err, DCOR_EARG, 0, "name of a feature that "
		    "is too long");
	else
		rc = header(f, z->sel->n, &head, err);
	if (rc != DCOR_OK)
		goto out;
	size = head.len + z->sel->n * dcor_dset_row_size(f->set);
	le(&b, 0x04034b50, 4);
	entry(&b, 0, name, 20);
	dcor_buf_adds(&b, name);
	le(&b, 1, 2);
	le(&b, 16, 2);
	le(&b, size, 8);
	le(&b, size, 8);
	rc = put_buf(&z->s, &b, err);
	z->s.crc = 0;
	if (rc == DCOR_OK)
		rc = put_array(&z->s, f, z->sel, &head, z->pool, err);
	if (rc != DCOR_OK)
		goto out;
	le(&z->dir, 0x02014b50, 4);
	le(&z->dir, 45, 2);
	entry(&z->dir, z->s.crc, name, 28);
	le(&z->dir, 0, 10);	/* comment, disk, attributes */
	le(&z->dir, UINT32_MAX, 4);
	dcor_buf_adds(&z->dir, name);
	le(&z->dir, 1, 2);
	le(&z->dir, 24, 2);
	le(&z->dir, size, 8);
	le(&z->dir, size, 8);
	le(&z->dir, at, 8);
	z->n++;
	le(&b, 0x08074b50, 4);
	le(&b, z->s.crc, 4);
	le(&b, size, 8);
	le(&b, size, 8);
	rc = put_buf(&z->s, &b, err);
out:
	dcor_buf_fini(&b);
	dcor_buf_fini(&head);
	return rc;
}

static int
put_end(struct zip *z, struct dcor_err *err)
{
	uint64_t at = z->s.at, size = z->dir.len;

	le(&z->dir, 0x06064b50, 4);	/* the end, with 64 bits */
	le(&z->dir, 44, 8);
	le(&z->dir, 45, 2);
	le(&z->dir, 45, 2);
	le(&z->dir, 0, 8);
	le(&z->dir, z->n, 8);
	le(&z->dir, z->n, 8);
	le(&z->dir, size, 8);
	le(&z->dir, at, 8);
	le(&z->dir, 0x07064b50, 4);	/* where that is */
	le(&z->dir, 0, 4);
	le(&z->dir, at + size, 8);
	le(&z->dir, 1, 4);
	le(&z->dir, 0x06054b50, 4);	/* the end for all others */
	le(&z->dir, 0, 4);
	le(&z->dir, UINT32_MAX, 4);
	le(&z->dir, UINT64_MAX, 8);
	le(&z->dir, 0, 2);
	return put_buf(&z->s, &z->dir, err);
}

/* The feature as an entry; a group's members one by one. */
static int
put_named(struct zip *z, struct dcor_rtdc *m, const char *name, int all,
    struct dcor_err *err)
{
	struct dcor_names part;
	struct dcor_feature f;
	char path[512];
	size_t i;
	int rc, n;

	n = snprintf(path, sizeof(path), "events/%s", name);
	if (n > 0 && (size_t)n < sizeof(path) && dcor_h5_kind(dcor_rtdc_h5(m),
	    path) == DCOR_H5_GROUP) {
		if (strcmp(name, "trace") != 0)
			return all ? DCOR_OK : dcor_err_set(err, DCOR_EARG, 0,
			    "%s: not an array", name);
		rc = dcor_h5_list(dcor_rtdc_h5(m), path, &part, err);
		for (i = 0; rc == DCOR_OK && i < part.n; i++) {
			snprintf(path, sizeof(path), "trace/%.500s",
			    part.name[i]);
			rc = put_named(z, m, path, all, err);
		}
		dcor_names_fini(&part);
		return rc;
	}
	rc = dcor_rtdc_feature(m, name, &f, err);
	if (rc != DCOR_OK)
		return rc;
	if (!all || dcor_feat_find(name) != NULL || strchr(name, '/') != NULL)
		rc = put_entry(z, name, &f, err);
	dcor_feature_fini(&f);
	return rc;
}

int
dcor_export_npz(struct dcor_rtdc *m, const struct dcor_sel *sel,
    const struct dcor_names *features, const struct dcor_export *opt,
    FILE *out, struct dcor_pool *pool, struct dcor_err *err)
{
	struct zip z = { .s = { .out = out, .opt = opt },
	    .sel = sel, .pool = pool };
	struct dcor_names all = { NULL, 0 };
	int rc = DCOR_OK;
	size_t i;

	dcor_buf_init(&z.dir, (size_t)64 << 20);
	if (features == NULL) {
		rc = dcor_h5_list(dcor_rtdc_h5(m), "events", &all, err);
		features = &all;
	}
	for (i = 0; rc == DCOR_OK && i < features->n; i++)
		rc = put_named(&z, m, features->name[i], features == &all,
		    err);
	if (rc == DCOR_OK)
		rc = put_end(&z, err);
	dcor_buf_fini(&z.dir);
	dcor_names_fini(&all);
	return rc;
}

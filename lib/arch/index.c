/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "arch/index.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/hash.h"
#include "base/str.h"

#define NONE		0	/* slot, older: nothing; else index + 1 */
#define ODD		0xffffu	/* parts: md5 holds where the text is */
#define MAX_TEXT	((uint64_t)UINT32_MAX)

/* Strings one after the other, each with its NUL; numbers are offsets. */
struct text {
	char		*p;
	size_t		 len, cap;
};

/* Open addressing, at most half full. */
struct slots {
	uint32_t	*slot;
	size_t		 mask, used;
};

struct dcor_arch_index {
	struct text		 text;
	struct dcor_arch_ent	*ent;
	size_t			 nent, cap;
	struct slots		 keys;	/* newest entries + 1 */
	struct slots		 names;	/* interned strings: names[i] + 1 */
	uint32_t		*name;	/* their offsets */
	size_t			 nname, name_cap;
	uint32_t		*known;	/* names of bundles and lists */
	size_t			 nknown, known_cap;
	uint64_t		 seed;
};

/* FNV-1a with a seed and a last mix; keys come from strangers. */
static uint64_t
hash(uint64_t seed, const char *a, const char *b)
{
	uint64_t h = seed ^ 0xcbf29ce484222325u;

	for (; *a != '\0'; a++)
		h = (h ^ (unsigned char)*a) * 0x100000001b3u;
	h = (h ^ 0x100) * 0x100000001b3u;
	for (; *b != '\0'; b++)
		h = (h ^ (unsigned char)*b) * 0x100000001b3u;
	h ^= h >> 32;
	h *= 0x9e3779b97f4a7c15u;
	return h ^ h >> 29;
}

/* Room for one more of size bytes; grows by half. */
static int
grow(void *array, size_t *cap, size_t n, size_t size, struct dcor_err *err)
{
	size_t want;
	void *p;

	if (n < *cap)
		return DCOR_OK;
	if (n >= UINT32_MAX / 2)
		return dcor_err_set(err, DCOR_EDATA, 0,
		    "too many objects for one archive");
	want = *cap < 64 ? 64 : *cap + *cap / 2;
	memcpy(&p, array, sizeof(p));
	p = realloc(p, want * size);
	if (p == NULL)
		return dcor_err_nomem(err);
	memcpy(array, &p, sizeof(p));
	*cap = want;
	return DCOR_OK;
}

static int
add_text(struct text *t, const char *s, uint32_t *at, struct dcor_err *err)
{
	size_t n = strlen(s) + 1, want;
	char *p;

	if (t->len + n > t->cap) {
		want = t->cap < 4096 ? 4096 : t->cap + t->cap / 2;
		if (want > MAX_TEXT)
			want = MAX_TEXT;
		if (t->len + n > want)
			return dcor_err_set(err, DCOR_EDATA, 0,
			    "too many keys for one archive");
		p = realloc(t->p, want);
		if (p == NULL)
			return dcor_err_nomem(err);
		t->p = p;
		t->cap = want;
	}
	memcpy(t->p + t->len, s, n);
	*at = (uint32_t)t->len;
	t->len += n;
	return DCOR_OK;
}

static const char *
name_of(const struct dcor_arch_index *x, size_t i)
{
	return x->text.p + x->name[i];
}

static const char *
bucket_of(const struct dcor_arch_index *x, const struct dcor_arch_ent *e)
{
	return name_of(x, e->bucket);
}

static const char *
key_of(const struct dcor_arch_index *x, const struct dcor_arch_ent *e)
{
	return x->text.p + e->key;
}

/* Makes s twice as large; of(x, i) is the hash of what slot i + 1 holds. */
static int
widen(struct dcor_arch_index *x, struct slots *s,
    uint64_t (*of)(const struct dcor_arch_index *x, size_t i),
    struct dcor_err *err)
{
	size_t want, i, at;
	uint32_t *slot;

	if (s->slot != NULL && s->used < (s->mask + 1) / 2)
		return DCOR_OK;
	want = s->slot == NULL ? 256 : 2 * (s->mask + 1);
	slot = calloc(want, sizeof(*slot));
	if (slot == NULL)
		return dcor_err_nomem(err);
	for (i = 0; s->slot != NULL && i <= s->mask; i++) {
		if (s->slot[i] == NONE)
			continue;
		at = of(x, s->slot[i] - 1) & (want - 1);
		while (slot[at] != NONE)
			at = (at + 1) & (want - 1);
		slot[at] = s->slot[i];
	}
	free(s->slot);
	s->slot = slot;
	s->mask = want - 1;
	return DCOR_OK;
}

static uint64_t
hash_name(const struct dcor_arch_index *x, size_t i)
{
	return hash(x->seed, name_of(x, i), "");
}

static uint64_t
hash_ent(const struct dcor_arch_index *x, size_t i)
{
	return hash(x->seed, bucket_of(x, &x->ent[i]), key_of(x, &x->ent[i]));
}

/* Where the name is or would be. */
static size_t
name_slot(const struct dcor_arch_index *x, const char *s)
{
	size_t at = hash(x->seed, s, "") & x->names.mask;

	while (x->names.slot[at] != NONE &&
	    strcmp(name_of(x, x->names.slot[at] - 1), s) != 0)
		at = (at + 1) & x->names.mask;
	return at;
}

static size_t
key_slot(const struct dcor_arch_index *x, const char *bucket,
    const char *key)
{
	size_t at = hash(x->seed, bucket, key) & x->keys.mask;
	const struct dcor_arch_ent *e;

	for (; x->keys.slot[at] != NONE; at = (at + 1) & x->keys.mask) {
		e = &x->ent[x->keys.slot[at] - 1];
		if (strcmp(key_of(x, e), key) == 0 &&
		    strcmp(bucket_of(x, e), bucket) == 0)
			break;
	}
	return at;
}

static int
intern(struct dcor_arch_index *x, const char *s, uint32_t *out,
    struct dcor_err *err)
{
	size_t at;

	if (widen(x, &x->names, hash_name, err) != DCOR_OK ||
	    grow(&x->name, &x->name_cap, x->nname, sizeof(*x->name), err) !=
	    DCOR_OK)
		return DCOR_ENOMEM;
	at = name_slot(x, s);
	if (x->names.slot[at] == NONE) {
		if (add_text(&x->text, s, &x->name[x->nname], err) != DCOR_OK)
			return DCOR_ENOMEM;
		x->names.slot[at] = (uint32_t)++x->nname;
		x->names.used++;
	}
	*out = x->names.slot[at] - 1;
	return DCOR_OK;
}

int
dcor_arch_index_new(struct dcor_arch_index **out, struct dcor_err *err)
{
	struct dcor_arch_index *x = calloc(1, sizeof(*x));
	uint32_t none;

	*out = NULL;
	if (x == NULL)
		return dcor_err_nomem(err);
	if (getrandom(&x->seed, sizeof(x->seed), 0) !=
	    (ssize_t)sizeof(x->seed))
		x->seed = 1;
	/* number 0 is the empty place */
	if (intern(x, "", &none, err) != DCOR_OK ||
	    widen(x, &x->keys, hash_ent, err) != DCOR_OK) {
		dcor_arch_index_free(x);
		return DCOR_ENOMEM;
	}
	*out = x;
	return DCOR_OK;
}

void
dcor_arch_index_free(struct dcor_arch_index *x)
{
	if (x == NULL)
		return;
	free(x->text.p);
	free(x->ent);
	free(x->keys.slot);
	free(x->names.slot);
	free(x->name);
	free(x->known);
	free(x);
}

/* An MD5, or that of parts and their number, in 18 bytes; else as text. */
static int
pack_etag(struct dcor_arch_index *x, struct dcor_arch_ent *e,
    const char *etag, struct dcor_err *err)
{
	char hex[33], again[48];
	uint64_t parts = 0;
	uint32_t at;

	if (strlen(etag) >= 32) {
		memcpy(hex, etag, 32);
		hex[32] = '\0';
		if (dcor_unhex(hex, e->md5, 16) == DCOR_OK && (etag[32] ==
		    '\0' || (etag[32] == '-' && dcor_parse_u64(etag + 33,
		    &parts) == DCOR_OK && parts > 0 && parts < ODD))) {
			e->parts = (uint16_t)parts;
			dcor_hex(e->md5, 16, again);
			if (parts > 0)
				(void)snprintf(again + 32, 12, "-%u",
				    (unsigned)parts);
			if (strcmp(again, etag) == 0)
				return DCOR_OK;
		}
	}
	e->parts = ODD;
	if (add_text(&x->text, etag, &at, err) != DCOR_OK)
		return DCOR_ENOMEM;
	memcpy(e->md5, &at, sizeof(at));
	return DCOR_OK;
}

void
dcor_arch_index_rec(const struct dcor_arch_index *x,
    const struct dcor_arch_ent *e, struct dcor_arch_rec *out)
{
	uint32_t at;

	memset(out, 0, sizeof(*out));
	out->kind = DCOR_ARCH_ADD;
	out->bucket = bucket_of(x, e);
	out->key = key_of(x, e);
	out->gen = e->gen;
	out->flags = e->flags;
	out->size = e->size;
	out->mtime = e->mtime;
	out->when = e->when;
	out->place = name_of(x, e->place);
	out->off = e->off;
	memcpy(out->sha256, e->sha256, sizeof(out->sha256));
	if (e->parts == ODD) {
		memcpy(&at, e->md5, sizeof(at));
		(void)snprintf(out->etag, sizeof(out->etag), "%s",
		    x->text.p + at);
		return;
	}
	dcor_hex(e->md5, 16, out->etag);
	if (e->parts > 0)
		(void)snprintf(out->etag + 32, 12, "-%u", e->parts);
}

static uint32_t
seconds(int64_t t)
{
	return t < 0 ? 0 : t > UINT32_MAX ? UINT32_MAX : (uint32_t)t;
}

static int
fill(struct dcor_arch_index *x, struct dcor_arch_ent *e,
    const struct dcor_arch_rec *r, struct dcor_err *err)
{
	if (intern(x, r->place, &e->place, err) != DCOR_OK ||
	    pack_etag(x, e, r->etag, err) != DCOR_OK)
		return DCOR_ENOMEM;
	e->size = r->size;
	e->off = r->off;
	e->mtime = r->mtime;
	e->when = seconds(r->when);
	e->flags = (unsigned char)r->flags;
	memcpy(e->sha256, r->sha256, sizeof(e->sha256));
	return DCOR_OK;
}

static int
add(struct dcor_arch_index *x, const struct dcor_arch_rec *r,
    struct dcor_err *err)
{
	struct dcor_arch_ent e = { 0 }, *after = NULL, *p;
	uint32_t bucket, key, at;
	size_t slot;

	if (widen(x, &x->keys, hash_ent, err) != DCOR_OK ||
	    grow(&x->ent, &x->cap, x->nent, sizeof(*x->ent), err) != DCOR_OK)
		return DCOR_ENOMEM;
	slot = key_slot(x, r->bucket, r->key);
	at = x->keys.slot[slot];
	for (p = NULL; at != NONE; after = p, at = p->older) {
		p = &x->ent[at - 1];
		if (p->gen == r->gen)
			return fill(x, p, r, err);
		if (p->gen < r->gen)
			break;
	}
	if (x->keys.slot[slot] != NONE) {
		p = &x->ent[x->keys.slot[slot] - 1];
		bucket = p->bucket;
		key = p->key;
	} else if (intern(x, r->bucket, &bucket, err) != DCOR_OK ||
	    add_text(&x->text, r->key, &key, err) != DCOR_OK)
		return DCOR_ENOMEM;
	if (bucket > UINT16_MAX)
		return dcor_err_set(err, DCOR_EDATA, 0,
		    "too many buckets for one archive");
	if (fill(x, &e, r, err) != DCOR_OK)
		return DCOR_ENOMEM;
	e.bucket = (uint16_t)bucket;
	e.key = key;
	e.gen = r->gen;
	e.older = at;
	x->ent[x->nent++] = e;
	if (after != NULL) {
		after->older = (uint32_t)x->nent;
		return DCOR_OK;
	}
	if (at == NONE)
		x->keys.used++;
	else
		x->ent[at - 1].newest = 0;
	x->ent[x->nent - 1].newest = 1;
	x->keys.slot[slot] = (uint32_t)x->nent;
	return DCOR_OK;
}

/* "BUCKET/NAME" */
static int
full_name(struct dcor_buf *b, const char *bucket, const char *name)
{
	dcor_buf_init(b, 4096);
	return dcor_buf_addf(b, "%s/%s", bucket, name);
}

int
dcor_arch_index_knows(const struct dcor_arch_index *x, const char *bucket,
    const char *name)
{
	struct dcor_buf b;
	int r;

	r = full_name(&b, bucket, name) == DCOR_OK &&
	    x->names.slot[name_slot(x, dcor_buf_str(&b))] != NONE;
	dcor_buf_fini(&b);
	return r;
}

static int
add_known(struct dcor_arch_index *x, const struct dcor_arch_rec *r,
    struct dcor_err *err)
{
	struct dcor_buf b;
	int rc = DCOR_OK;

	if (dcor_arch_index_knows(x, r->bucket, r->key))
		return DCOR_OK;
	if (grow(&x->known, &x->known_cap, x->nknown, sizeof(*x->known),
	    err) != DCOR_OK)
		return DCOR_ENOMEM;
	if (full_name(&b, r->bucket, r->key) != DCOR_OK)
		rc = dcor_err_nomem(err);
	else
		rc = intern(x, dcor_buf_str(&b), &x->known[x->nknown], err);
	x->nknown += rc == DCOR_OK;
	dcor_buf_fini(&b);
	return rc;
}

const char *
dcor_arch_index_known(const struct dcor_arch_index *x, size_t i)
{
	return i < x->nknown ? name_of(x, x->known[i]) : NULL;
}

int
dcor_arch_index_apply(struct dcor_arch_index *x,
    const struct dcor_arch_rec *r, struct dcor_err *err)
{
	struct dcor_arch_ent *e;

	if (r->kind == DCOR_ARCH_ADD)
		return add(x, r, err);
	if (r->kind == DCOR_ARCH_KNOWN)
		return add_known(x, r, err);
	e = dcor_arch_index_find(x, r->bucket, r->key);
	while (e != NULL && e->gen != r->gen)
		e = dcor_arch_index_older(x, e);
	if (e == NULL)
		return DCOR_OK;
	switch (r->kind) {
	case DCOR_ARCH_GOOD:
	case DCOR_ARCH_BAD:
		e->checked = seconds(r->when);
		e->bad = r->kind == DCOR_ARCH_BAD;
		break;
	case DCOR_ARCH_GONE:
		e->gone = seconds(r->when);
		break;
	default:
		e->gone = 0;
		break;
	}
	return DCOR_OK;
}

struct dcor_arch_ent *
dcor_arch_index_find(struct dcor_arch_index *x, const char *bucket,
    const char *key)
{
	uint32_t i = x->keys.slot[key_slot(x, bucket, key)];

	return i == NONE ? NULL : &x->ent[i - 1];
}

struct dcor_arch_ent *
dcor_arch_index_older(struct dcor_arch_index *x,
    const struct dcor_arch_ent *e)
{
	return e->older == NONE ? NULL : &x->ent[e->older - 1];
}

size_t
dcor_arch_index_count(const struct dcor_arch_index *x)
{
	return x->nent;
}

struct dcor_arch_ent *
dcor_arch_index_at(struct dcor_arch_index *x, size_t i)
{
	return &x->ent[i];
}

const char *
dcor_arch_index_bucket(const struct dcor_arch_index *x,
    const struct dcor_arch_ent *e)
{
	return bucket_of(x, e);
}

const char *
dcor_arch_index_key(const struct dcor_arch_index *x,
    const struct dcor_arch_ent *e)
{
	return key_of(x, e);
}

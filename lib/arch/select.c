/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "arch/select.h"

#include <string.h>

#define DAY	86400

struct choice {
	struct dcor_arch_index		*x;
	const struct dcor_arch_select	*s;
};

/* "BUCKET", "BUCKET/", "BUCKET/KEY" or, with a star, what begins so. */
static int
matches(const char *name, const char *bucket, const char *key)
{
	size_t n = strlen(bucket), k;

	if (strncmp(name, bucket, n) != 0)
		return 0;
	name += n;
	if (*name == '\0')
		return 1;
	if (*name++ != '/')
		return 0;
	k = strlen(name);
	if (k == 0)
		return 1;
	return strcmp(name, key) == 0 || (name[k - 1] == '*' &&
	    strncmp(name, key, k - 1) == 0);
}

/* Of the generations the one that was there at that time. */
static int
was_there(struct dcor_arch_index *x, const struct dcor_arch_ent *e,
    int64_t at)
{
	const struct dcor_arch_ent *p;

	if (e->when > at || (e->gone != 0 && e->gone <= at))
		return 0;
	for (p = dcor_arch_index_find(x, dcor_arch_index_bucket(x, e),
	    dcor_arch_index_key(x, e)); p != NULL && p != e;
	    p = dcor_arch_index_older(x, p))
		if (p->when <= at)
			return 0;
	return 1;
}

static int
want(void *arg, const struct dcor_arch_ent *e)
{
	const struct choice *c = arg;
	const struct dcor_arch_select *s = c->s;
	uint32_t looked = e->checked > e->when ? e->checked : e->when;
	const char *bucket, *key;
	struct dcor_arch_rec r;
	int found = s->nnames == 0;
	size_t i;

	if ((s->newest && !dcor_arch_is_newest(e)) ||
	    (s->before != 0 && looked >= s->before))
		return 0;
	if (s->gen != 0) {
		dcor_arch_index_rec(c->x, e, &r);
		if (r.gen != s->gen)
			return 0;
	}
	bucket = dcor_arch_index_bucket(c->x, e);
	key = dcor_arch_index_key(c->x, e);
	for (i = 0; i < s->nnames; i++)
		if (matches(s->names[i], bucket, key)) {
			s->used[i] = 1;
			found = 1;
		}
	return found && (s->at == 0 || was_there(c->x, e, s->at));
}

int
dcor_arch_select(struct dcor_arch_index *x, const struct dcor_arch_select *s,
    enum dcor_arch_order order, uint32_t **out, size_t *n,
    struct dcor_err *err)
{
	struct choice c = { x, s };

	return dcor_arch_index_sorted(x, order, want, &c, out, n, err);
}

void
dcor_arch_totals(struct dcor_arch_index *x, int64_t now,
    struct dcor_arch_totals *t)
{
	const struct dcor_arch_ent *e;
	const char *name;
	uint32_t looked;
	size_t i, n;

	memset(t, 0, sizeof(*t));
	for (i = 0; i < dcor_arch_index_count(x); i++) {
		e = dcor_arch_index_at(x, i);
		if (dcor_arch_is_newest(e) && e->gone != 0) {
			t->gone++;
			t->gone_bytes += e->size;
		} else if (dcor_arch_is_newest(e)) {
			t->objects++;
			t->bytes += e->size;
		}
		t->generations++;
		t->all_bytes += e->size;
		t->members += e->off > 0;
		t->bad += e->bad;
		t->unproven += (e->flags & DCOR_ARCH_UNPROVEN) != 0;
		t->unverified += e->checked == 0;
		if (e->when > now - 7 * DAY)
			t->week += e->size;
		if (e->when > now - 30 * DAY)
			t->month += e->size;
		if (e->when > t->last)
			t->last = e->when;
		looked = e->checked > e->when ? e->checked : e->when;
		if (t->oldest == 0 || looked < t->oldest)
			t->oldest = looked;
	}
	for (i = 0; (name = dcor_arch_index_known(x, i)) != NULL; i++) {
		n = strlen(name);
		t->bundles += n > 4 && strcmp(name + n - 4, ".tar") == 0;
	}
}

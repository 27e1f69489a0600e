/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Pieces of remote objects: where they are, what memory they take. */
#include <stdlib.h>
#include <string.h>

#include "net/h5urlpriv.h"

void
dcor_piece_enlist(struct dcor_pieces *l, struct dcor_piece *p)
{
	p->next = NULL;
	p->prev = l->tail;
	*l->tail = p;
	l->tail = &p->next;
}

void
dcor_piece_unlist(struct dcor_pieces *l, struct dcor_piece *p)
{
	*p->prev = p->next;
	if (p->next != NULL)
		p->next->prev = p->prev;
	else
		l->tail = p->prev;
}

size_t
dcor_piece_slot(const struct dcor_remote *r, uint64_t off)
{
	size_t lo = 0, hi = r->n, mid;

	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		if (r->piece[mid]->off + r->piece[mid]->len <= off)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

struct dcor_piece *
dcor_piece_insert(struct dcor_remote *r, uint64_t off, size_t len)
{
	struct dcor_piece *p, **grown;
	size_t at = dcor_piece_slot(r, off), room;

	if (r->n == r->room) {
		room = r->room == 0 ? 16 : 2 * r->room;
		grown = realloc(r->piece, room * sizeof(*grown));
		if (grown == NULL)
			return NULL;
		r->piece = grown;
		r->room = room;
	}
	if ((p = calloc(1, sizeof(*p))) == NULL)
		return NULL;
	p->u = r->u;
	p->of = r;
	p->off = off;
	p->len = len;
	memmove(r->piece + at + 1, r->piece + at, (r->n - at) *
	    sizeof(*r->piece));
	r->piece[at] = p;
	r->n++;
	return p;
}

void
dcor_piece_free(struct dcor_piece *p)
{
	free(p->buf);
	free(p->url);
	free(p);
}

void
dcor_piece_count(const struct dcor_piece *p, int kept)
{
	size_t n = kept ? p->len : -p->len;

	p->u->held += n;
	if (!p->bulk)
		p->u->meta += n;
}

void
dcor_piece_delete(struct dcor_piece *p)
{
	struct dcor_remote *r = p->of;
	size_t at = dcor_piece_slot(r, p->off);

	memmove(r->piece + at, r->piece + at + 1, (r->n - at - 1) *
	    sizeof(*r->piece));
	r->n--;
	dcor_piece_free(p);
}

int
dcor_piece_room(struct dcor_h5url *u, size_t len, int force)
{
	struct dcor_piece *p, *next;
	int pass;

	for (pass = 0; pass < 2 + force; pass++)
		for (p = u->ready.head; p != NULL; p = next) {
			if (u->held + len <= u->conf.memory)
				return 1;
			next = p->next;
			if (p->readers > 0 || (pass == 0 && (!p->bulk ||
			    p->due > 0)) || (pass == 1 && (p->bulk ||
			    (!force && u->meta <= u->conf.memory / 3))))
				continue;
			dcor_piece_unlist(&u->ready, p);
			dcor_piece_count(p, 0);
			dcor_piece_delete(p);
		}
	return force || u->held + len <= u->conf.memory;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "segm/pixels.h"

#include <stdlib.h>
#include <string.h>

#define CHUNK 32

/* n pixels from image and bg on; whole chunks, of which left can be read. */
static void
gather(uint8_t *restrict v, int16_t *restrict c,
    const uint8_t *restrict image, const uint8_t *restrict bg, size_t n,
    size_t left)
{
	size_t i, j;

	for (i = 0; i < n && left - i >= CHUNK; i += CHUNK)
		for (j = 0; j < CHUNK; j++) {
			v[i + j] = image[i + j];
			c[i + j] = (int16_t)(image[i + j] - bg[i + j]);
		}
	for (; i < n; i++) {
		v[i] = image[i];
		c[i] = (int16_t)(image[i] - bg[i]);
	}
}

int
dcor_pixels(struct dcor_pixels *p, const struct dcor_frame *f,
    const struct dcor_blob *b, struct dcor_err *err)
{
	size_t all = (size_t)f->w * f->h, room, at, i;
	const struct dcor_run *r;
	uint32_t k;
	int rc;

	room = (size_t)b->npix + DCOR_PIXELS_SLACK;
	rc = dcor_room(&p->v, &p->vcap, room, sizeof(*p->v), err);
	if (rc == DCOR_OK)
		rc = dcor_room(&p->c, &p->ccap, room, sizeof(*p->c), err);
	if (rc == DCOR_OK)
		rc = dcor_room(&p->g, &p->gcap, room, sizeof(*p->g), err);
	if (rc != DCOR_OK)
		return rc;
	p->n = 0;
	for (k = 0; k < b->nruns; k++) {
		r = &b->run[k];
		at = (size_t)r->y * f->w + r->x0;
		gather(p->v + p->n, p->c + p->n, f->image + at, f->bg + at,
		    (size_t)(r->x1 - r->x0), all - at);
		p->n += (size_t)(r->x1 - r->x0);
	}
	memset(p->hist, 0, sizeof(p->hist));
	p->vsum = p->csum = 0;
	for (i = 0; i < p->n; i++) {
		p->hist[p->c[i] + 255]++;
		p->csum += p->c[i];
		p->vsum += p->v[i];
	}
	for (p->lo = -255; p->hist[p->lo + 255] == 0; p->lo++)
		;
	for (p->hi = 255; p->hist[p->hi + 255] == 0; p->hi--)
		;
	return DCOR_OK;
}

void
dcor_pixels_fini(struct dcor_pixels *p)
{
	free(p->v);
	free(p->c);
	free(p->g);
	memset(p, 0, sizeof(*p));
}

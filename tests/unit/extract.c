/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Small events with values known from elsewhere. */
#include "segm/extract.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "segm/bits.h"
#include "segm/volume.h"
#include "tap.h"

#define PI 3.14159265358979323846

static uint8_t image[256 * 256], bg[256 * 256];
static struct dcor_events ev;
static struct dcor_plane plane;
static struct dcor_extract_opts opts;
static struct dcor_frame frame = { .image = image, .bg = bg };

/* A frame of w x h without pixels, events, options. */
static void
start(uint32_t w, uint32_t h)
{
	memset(&opts, 0, sizeof(opts));
	opts.pixel_size = 0.2645;
	opts.brightness = opts.haralick = opts.volume = 1;
	frame.w = w;
	frame.h = h;
	frame.has_off = 0;
	frame.bg_med = 0;
	memset(image, 0, sizeof(image));
	memset(bg, 0, sizeof(bg));
	dcor_events_fini(&ev);
	if (dcor_plane_set(&plane, w, h, NULL) != DCOR_OK)
		exit(1);
}

static void
rect(uint32_t x0, uint32_t y0, uint32_t x1, uint32_t y1)
{
	for (; y0 < y1; y0++)
		dcor_bits_run(&plane.bits, y0, x0, x1);
}

/* Number of events. */
static size_t
run(void)
{
	struct dcor_extract *x = NULL;
	int rc;

	rc = dcor_extract_new(frame.w, frame.h, &opts, &x, NULL);
	if (rc == DCOR_OK)
		rc = dcor_extract_frame(x, &frame, &plane.bits, 0, &ev, NULL);
	dcor_extract_free(x);
	return rc == DCOR_OK ? ev.n : 99;
}

static double
get(size_t i, enum dcor_feat f)
{
	return i < ev.n ? ev.event[i].feat[f] : (double)NAN;
}

static int
near(double a, double b, double tol)
{
	return fabs(a - b) <= tol * fmax(1, fabs(b));
}

static void
shapes(void)
{
	uint32_t i, x, y;

	start(20, 20);
	rect(5, 6, 7, 8);
	OK(run() == 1);
	OK(get(0, DCOR_FEAT_DEFORM) == 0.11377307454724206);
	OK(get(0, DCOR_FEAT_DEFORM_RAW) == 0.11377307454724206);
	OK(get(0, DCOR_FEAT_AREA_UM) == 0.06996025);
	OK(get(0, DCOR_FEAT_AREA_MSD) == 1);
	OK(get(0, DCOR_FEAT_AREA_RATIO) == 1);
	OK(near(get(0, DCOR_FEAT_POS_X), 5.5 * 0.2645, 1e-15));

	start(20, 20);
	rect(5, 6, 9, 9);
	OK(run() == 1);
	OK(near(get(0, DCOR_FEAT_INERT_RATIO_RAW), 1.5, 1e-14));
	OK(near(get(0, DCOR_FEAT_INERT_RATIO_PRNC), 1.5, 1e-14));
	OK(near(get(0, DCOR_FEAT_INERT_RATIO_CVX), 1.5, 1e-14));
	OK(get(0, DCOR_FEAT_TILT) == 0);
	OK(get(0, DCOR_FEAT_SIZE_X) == 4 * 0.2645);
	OK(get(0, DCOR_FEAT_ASPECT) == 4.0 / 3);

	/* Single pixel, lines: no area, no event. */
	start(20, 20);
	rect(2, 2, 3, 3);
	rect(5, 2, 15, 3);
	rect(2, 5, 3, 15);
	for (i = 0; i < 8; i++)
		rect(6 + i, 6 + i, 7 + i, 7 + i);
	OK(run() == 0 && ev.ninvalid == 4);

	/* Three points have an area but no volume. */
	start(20, 20);
	rect(5, 6, 7, 7);
	rect(5, 7, 6, 8);
	OK(run() == 1 && get(0, DCOR_FEAT_AREA_MSD) == 0.5);
	OK(isnan(get(0, DCOR_FEAT_VOLUME)));

	/* A ring: holes do not count for the shape. */
	start(20, 20);
	rect(5, 5, 6, 6);
	rect(4, 6, 5, 7);
	rect(6, 6, 7, 7);
	rect(5, 7, 6, 8);
	OK(run() == 1 && get(0, DCOR_FEAT_AREA_MSD) == 2);
	OK(near(get(0, DCOR_FEAT_DEFORM), 1 - 2 * sqrt(2 * PI) /
	    (4 * (double)sqrtf(2)), 1e-15));

	/* A ball has the volume of a ball. */
	start(256, 256);
	for (y = 0; y < 256; y++)
		for (x = 0; x < 256; x++)
			if ((x - 128.) * (x - 128.) + (y - 128.) *
			    (y - 128.) <= 100 * 100)
				rect(x, y, x + 1, y + 1);
	opts.pixel_size = 0.01;
	OK(run() == 1);
	OK(near(get(0, DCOR_FEAT_VOLUME), 4 * PI / 3, 0.02));
	OK(near(get(0, DCOR_FEAT_AREA_UM), PI, 0.01));
	OK(near(get(0, DCOR_FEAT_POS_X), 1.28, 1e-12));
	OK(near(get(0, DCOR_FEAT_POS_Y), 1.28, 1e-12));
}

static void
borders(void)
{
	uint32_t i;

	/* One at each side, and one that is the whole frame. */
	for (i = 0; i < 4; i++) {
		start(70, 20);
		rect(i == 0 ? 0 : i == 1 ? 66 : 30, i == 2 ? 0 : i == 3 ? 17 :
		    8, i == 0 ? 4 : i == 1 ? 70 : 34, i == 2 ? 3 : i == 3 ?
		    20 : 11);
		OK(run() == 1);
		OK(get(0, DCOR_FEAT_AREA_MSD) == 6);
		OK(near(get(0, DCOR_FEAT_INERT_RATIO_RAW), 1.5, 1e-12));
	}
	start(70, 20);
	rect(0, 0, 70, 20);
	OK(run() == 1 && get(0, DCOR_FEAT_AREA_MSD) == 69 * 19);

	/* The border cuts the disk but does not erode. */
	start(70, 20);
	opts.closing_disk = 3;
	rect(0, 0, 70, 20);
	OK(run() == 1 && get(0, DCOR_FEAT_AREA_MSD) == 69 * 19);
	start(70, 20);
	opts.closing_disk = 1000;
	rect(0, 0, 70, 20);
	OK(run() == 1 && get(0, DCOR_FEAT_AREA_MSD) == 69 * 19);
	start(70, 20);
	opts.closing_disk = 1000;
	rect(1, 1, 69, 19);
	OK(run() == 0 && ev.ninvalid == 0);
	start(70, 20);
	opts.clear_border = 1;
	rect(0, 0, 70, 20);
	OK(run() == 0 && ev.ninvalid == 0);

	/* Background that borders cut off is a hole, except above. */
	start(40, 20);
	opts.fill_holes = 1;
	rect(0, 10, 40, 12);
	OK(run() == 1 && get(0, DCOR_FEAT_SIZE_Y) == 10 * 0.2645);

	/* Order is by first pixels though parts come apart later. */
	start(60, 40);
	opts.closing_disk = 2;
	rect(3, 3, 4, 30);
	rect(3, 29, 20, 30);
	rect(14, 25, 20, 33);
	rect(30, 5, 40, 15);
	OK(run() == 2);
	OK(ev.n == 2 && ev.run[ev.event[0].run].y == 5);
	OK(ev.n == 2 && ev.event[1].nevents == 2);
}

static void
grey_values(void)
{
	struct dcor_err err = DCOR_ERR_INIT;
	struct dcor_extract *x;
	struct dcor_box box[2];
	uint32_t i;

	start(6, 6);
	for (i = 0; i < 36; i++)
		image[i] = (uint8_t)i;
	rect(2, 2, 4, 4);
	frame.bg_med = 3.5;
	OK(run() == 1);
	OK(get(0, DCOR_FEAT_TEX_CON_AVG) == 27.75);
	OK(get(0, DCOR_FEAT_BRIGHT_AVG) == 17.5);
	OK(get(0, DCOR_FEAT_BRIGHT_SD) == sqrt(37 / 4.0));
	OK(near(get(0, DCOR_FEAT_BRIGHT_PERC_10), 14.3, 1e-15));
	OK(near(get(0, DCOR_FEAT_BRIGHT_PERC_90), 20.7, 1e-15));
	OK(get(0, DCOR_FEAT_BG_MED) == 3.5);

	/* An offset counts for four of them only. */
	start(6, 6);
	for (i = 0; i < 36; i++) {
		image[i] = (uint8_t)i;
		bg[i] = 20;
	}
	rect(2, 2, 4, 4);
	frame.bg_med = 3.5;
	frame.has_off = 1;
	frame.off = 0.5;
	OK(run() == 1);
	OK(get(0, DCOR_FEAT_TEX_CON_AVG) == 27.75);
	OK(get(0, DCOR_FEAT_BRIGHT_AVG) == 17.5);
	OK(get(0, DCOR_FEAT_BRIGHT_BC_AVG) == -3);
	OK(get(0, DCOR_FEAT_BRIGHT_BC_SD) == sqrt(37 / 4.0));
	OK(near(get(0, DCOR_FEAT_BRIGHT_PERC_10), -6.2, 1e-15));
	OK(get(0, DCOR_FEAT_BG_MED) == 4);

	/* One grey level: exact values, in which rounding must not show. */
	start(40, 40);
	memset(image, 77, sizeof(image));
	rect(5, 6, 28, 37);
	OK(run() == 1);
	OK(get(0, DCOR_FEAT_TEX_ASM_AVG) == 1);
	OK(get(0, DCOR_FEAT_TEX_CON_AVG) == 0);
	OK(get(0, DCOR_FEAT_TEX_COR_AVG) == 1);
	OK(get(0, DCOR_FEAT_TEX_IDM_AVG) == 1);
	OK(get(0, DCOR_FEAT_TEX_ENT_AVG) == 0);
	OK(get(0, DCOR_FEAT_TEX_SEN_AVG) == 0);
	OK(get(0, DCOR_FEAT_TEX_DEN_AVG) == 0);
	OK(get(0, DCOR_FEAT_TEX_VAR_AVG) == 0);
	OK(get(0, DCOR_FEAT_TEX_SVA_AVG) == 0);
	OK(get(0, DCOR_FEAT_TEX_F12_AVG) == 0);
	OK(get(0, DCOR_FEAT_TEX_F13_AVG) == 0);
	OK(get(0, DCOR_FEAT_BRIGHT_SD) == 0);

	/* Gates: closed intervals, before the check for validity. */
	box[0].feat = DCOR_FEAT_SIZE_X;
	box[0].min = 3;
	box[0].max = (double)INFINITY;
	box[1].feat = DCOR_FEAT_BRIGHT_AVG;
	box[1].min = 0;
	box[1].max = 10;
	start(40, 40);
	opts.pixel_size = 1;
	opts.box = box;
	opts.nbox = 2;
	rect(1, 1, 4, 4);
	rect(10, 1, 12, 4);
	rect(20, 1, 26, 2);
	rect(1, 20, 10, 30);
	memset(image + 20 * 40, 11, 10 * 40);
	OK(run() == 1 && ev.ninvalid == 0);
	OK(get(0, DCOR_FEAT_SIZE_X) == 3);

	/* What makes no sense is refused. */
	opts.pixel_size = 0;
	OK(dcor_extract_new(40, 40, &opts, &x, &err) == DCOR_EARG);
	opts.pixel_size = 1;
	OK(dcor_extract_new(0, 40, &opts, &x, NULL) == DCOR_EARG);
	OK(dcor_extract_new(40, DCOR_FRAME_MAX + 1, &opts, &x, NULL) ==
	    DCOR_EARG);
	dcor_extract_free(NULL);
}

int
main(void)
{
	const double r[5] = { 1, 2, 2, 1, 1 }, z[5] = { 0, 0, 10, 10, 0 };
	int i, sorted = 1;

	for (i = 1; i < DCOR_NFEATS; i++)
		sorted &= strcmp(dcor_feat_name[i - 1], dcor_feat_name[i]) <
		    0;
	OK(sorted);
	OK(near(PI / 3 * dcor_cones(r, z, 5), PI * 30, 1e-15));
	shapes();
	borders();
	grey_values();
	dcor_events_fini(&ev);
	dcor_plane_fini(&plane);
	return DONE();
}

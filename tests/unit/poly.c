/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Polygons.  The strings of 0 and 1 were recorded from dclab 0.73,
 * PolygonFilter.point_in_poly: corners and sides are where programs differ.
 */
#include "rtdc/poly.h"

#include <math.h>
#include <string.h>

#include "tap.h"

static struct dcor_polys ps;

/* NULL when the text is read, else the message. */
static const char *
parse(const char *text)
{
	static struct dcor_err err;

	memset(&err, 0, sizeof(err));
	dcor_polys_fini(&ps);
	return dcor_polys_parse(text, strlen(text), &ps, &err) == 0 ? NULL :
	    err.msg;
}

/* The points of a grid, row by row, as dclab's string says. */
static int
grid(double from, double to, double step, const char *want)
{
	unsigned char keep;
	double x, y;

	for (y = from; y <= to; y += step)
		for (x = from; x <= to; x += step) {
			keep = 1;
			dcor_poly_filter(&ps.v[0], &x, &y, 1, &keep);
			if (keep != (*want++ == '1'))
				return 0;
		}
	return *want == '\0';
}

#define HEAD	"[Polygon 00000000]\nX Axis = area_um\nY Axis = deform\n"
#define SQUARE	"point00000000 = 0 0\npoint00000001 = 1 0\n" \
		"point00000002 = 1 1\npoint00000003 = 0 1\n"

static void
mistakes(void)
{
	OK(strcmp(parse(""), "line 1: no polygon") == 0);
	OK(strcmp(parse("x\n"), "line 1: neither [Polygon N] nor KEY = VALUE "
	    "after it") == 0);
	OK(strcmp(parse(HEAD "point0 = 1 2\npoint1 = 1 2\n"), "line 5: the "
	    "polygon before has less than 3 points") == 0);
	OK(strcmp(parse("[Polygon 1]\nX Axis = a\n" SQUARE), "line 6: the "
	    "polygon before lacks an axis") == 0);
	OK(strcmp(parse(HEAD "point0 = 1\n"), "line 4: not a point like "
	    "point00000000 = 1.5 2.5") == 0);
	OK(strcmp(parse(HEAD "point0 = 1 nan\n"), "line 4: not a point like "
	    "point00000000 = 1.5 2.5") == 0);
	OK(strcmp(parse(HEAD SQUARE "point1 = 4 4\n"), "line 8: the polygon "
	    "before has a point twice") == 0);
	OK(strcmp(parse(HEAD "Inverted = yes\n"), "line 4: inverted is "
	    "neither True nor False") == 0);
	OK(strcmp(parse(HEAD "Colour = red\n"), "line 4: unknown key") == 0);
	dcor_polys_fini(&ps);
	OK(dcor_polys_parse("[P]\0", 4, &ps, NULL) == DCOR_EDATA);
	OK(dcor_polys_read("/none/such.poly", &ps, NULL) == DCOR_ENOENT);
}

int
main(void)
{
	double nan = (double)NAN;
	double x[4] = { 0.5, nan, 0.5, 2 }, y[4] = { 0.5, 0.5, nan, 2 };
	unsigned char keep[4] = { 1, 1, 1, 1 };

	OK(parse(HEAD "Name = a = b\nInverted = False\n" SQUARE) == NULL &&
	    ps.n == 1 && ps.v[0].n == 4);
	OK(strcmp(ps.v[0].axis[0], "area_um") == 0 &&
	    strcmp(ps.v[0].axis[1], "deform") == 0 &&
	    strcmp(ps.v[0].name, "a = b") == 0 && !ps.v[0].inverted);
	OK(grid(-.5, 1.5, .5, "0000001100011000000000000"));
	dcor_poly_filter(&ps.v[0], x, y, 4, keep);
	OK(keep[0] == 1 && keep[1] == 0 && keep[2] == 0 && keep[3] == 0);
	/* any order of lines and keys, old brackets, other line ends */
	OK(parse("\r\n[Polygon 7]\r\npoint2 = [2 -3]\r\n"
	    "point1 = [0.0e0  3]\r\npoint10 = -2 -3\r\npoint3=-3 1\r\n"
	    "y axis = DEFORM\r\nx axis = Area_UM\r\npoint4 = 3 1") == NULL);
	OK(ps.n == 1 && ps.v[0].n == 5 &&
	    strcmp(ps.v[0].axis[1], "deform") == 0);
	OK(grid(-3, 3, 1, "0000000001010000101000000100"
	    "000100000010000000000"));
	/* two in one file, the second inverted */
	OK(parse(HEAD SQUARE HEAD "Inverted = True\n" SQUARE) == NULL &&
	    ps.n == 2 && ps.v[1].inverted);
	memset(keep, 1, sizeof(keep));
	dcor_poly_filter(&ps.v[1], x, y, 4, keep);
	OK(keep[0] == 0 && keep[1] == 1 && keep[2] == 1 && keep[3] == 1);
	dcor_poly_filter(&ps.v[0], x, y, 4, keep);
	OK(keep[0] + keep[1] + keep[2] + keep[3] == 0);
	mistakes();
	dcor_polys_fini(&ps);
	return DONE();
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Contours of masks; the points are those of dclab 0.73. */
#include "tap.h"

#include <stdlib.h>
#include <string.h>

#include "segm/squares.h"

#define MAX	64

/* Whether got is the circle want, wherever it starts. */
static int
same_circle(const struct dcor_contour *got, const int (*want)[2], size_t n)
{
	size_t shift, i;

	if (got->n != n)
		return 0;
	for (shift = 0; shift < n; shift++) {
		for (i = 0; i < n; i++)
			if (got->x[(i + shift) % n] != want[i][0] ||
			    got->y[(i + shift) % n] != want[i][1])
				break;
		if (i == n)
			return 1;
	}
	return n == 0;
}

/* mask: rows of '#' and '.', separated by blanks; points: "x,y x,y". */
static int
check(const char *mask, const char *points)
{
	size_t w = strcspn(mask, " "), h = (strlen(mask) + 1) / (w + 1), x, y;
	static struct dcor_squares s;
	struct dcor_contour c = { 0 };
	int want[MAX][2], good;
	size_t n = 0;
	uint8_t *m;
	char *end;

	/* exactly as large as it is: reading beyond it would be seen */
	m = malloc(w * h);
	for (y = 0; y < h; y++)
		for (x = 0; x < w; x++)
			m[y * w + x] = mask[y * (w + 1) + x] == '#' ? 255 : 0;
	for (; *points != '\0' && n < MAX; n++) {
		want[n][0] = (int)strtol(points, &end, 10);
		want[n][1] = (int)strtol(end + 1, &end, 10);
		points = end + (*end == ' ');
	}
	good = dcor_squares(&s, m, (uint32_t)w, (uint32_t)h, &c, NULL) == 0 &&
	    same_circle(&c, (const int (*)[2])want, n);
	for (x = 0; !good && x < c.n; x++)
		printf("# %d,%d\n", c.x[x], c.y[x]);
	dcor_contour_fini(&c);
	dcor_squares_fini(&s);
	free(m);
	return good;
}

int
main(void)
{
	OK(check("...... .###.. .###.. .###.. ......",
	    "3,3 3,2 3,1 2,1 1,1 1,2 1,3 2,3"));
	OK(check("...... .####. ......", "4,1 3,1 2,1 1,1 2,1 3,1"));
	OK(check("..... .#... ..##. .....", "3,2 2,2 1,1 2,2"));
	OK(check("...... .####. .#..#. .####. ......",
	    "4,3 4,2 4,1 3,1 2,1 1,1 1,2 1,3 2,3 3,3"));
	OK(check("....... .##.##. .#####. ...#... .......",
	    "5,2 5,1 4,1 3,2 2,1 1,1 1,2 2,2 3,3 4,2"));
	/* it ends at the border of the frame */
	OK(check("##... ###.. #.... .....", "0,2 1,1 2,1 1,0"));
	OK(check("..... .###. ..###", "4,2 3,1 2,1 1,1 2,2"));
	/* of two alike the last, from left to right */
	OK(check("....... .##.... .##.##. ....##. .......",
	    "5,3 5,2 4,2 4,3"));
	OK(check("........ .##..##. .##..##. ........",
	    "6,2 6,1 5,1 5,2"));
	/* dclab has no contour of these */
	OK(check("### ###", ""));
	OK(check("... ...", ""));
	OK(check(".... .#.. ....", ""));
	OK(check("###", ""));
	OK(check("#", ""));
	return DONE();
}

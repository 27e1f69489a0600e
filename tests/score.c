/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * score - how many of the cells that mkrtdc drew were found
 *
 * A cell is found when an event of its frame has its centre within 2
 * pixels and 0.3 radii of it; cells that touch another are found as one
 * and cells on a border are left out on purpose, so recall counts the
 * others.  An event is right when its centre lies in a cell.
 */
#include <inttypes.h>
#include <unistd.h>

#include "mkimage.h"

enum { O_LEAST = CLI_OPT_USER };

static const struct cli_opt opts[] = {
	{ O_LEAST, "least", "PERCENT", "exit 1 below that [0]" },
	CLI_QUIET,
	{ 0, NULL, NULL, NULL }
};
static const struct cli score = { "score", "compare with the truth",
    "score [--least PERCENT] MEASUREMENT RESULT", opts, NULL };

struct event {
	uint64_t frame;
	double	 x, y;
};

static hid_t
must_open(const char *path)
{
	hid_t f = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);

	if (f < 0)
		cli_die(66, "%s: cannot be opened", path);
	return f;
}

static struct event *
read_events(const char *path, size_t *n)
{
	hid_t f = must_open(path);
	double px = h5test_number(f, "imaging:pixel size", 0), *x, *y;
	uint64_t *frame;
	struct event *e;
	size_t i;

	*n = 0;
	if (!h5test_has(f, "events/pos_x")) {
		H5Fclose(f);
		return h5test_alloc(sizeof(*e));
	}
	frame = h5test_read(f, "events/basinmap0", H5T_NATIVE_UINT64, n);
	x = h5test_read(f, "events/pos_x", H5T_NATIVE_DOUBLE, n);
	y = h5test_read(f, "events/pos_y", H5T_NATIVE_DOUBLE, n);
	e = h5test_alloc(*n * sizeof(*e));
	for (i = 0; i < *n; i++) {
		e[i].frame = frame[i];
		e[i].x = x[i] / px;
		e[i].y = y[i] / px;
	}
	free(frame);
	free(x);
	free(y);
	H5Fclose(f);
	return e;
}

static double
percent(size_t a, size_t b)
{
	return b == 0 ? 100 : 100.0 * (double)a / (double)b;
}

int
main(int argc, char **argv)
{
	size_t ncell, nev, i, j, k, alone = 0, found = 0, right = 0, odd = 0;
	double least = 0, recall, precision, dist, sum = 0;
	struct mk_cell *cell;
	struct event *ev;
	int c, hit;
	hid_t f, t;

	while ((c = cli_next(&score, argc, argv)) != -1)
		if (c == O_LEAST)
			least = cli_double("--least", optarg, 0, 100);
	if (argc - optind != 2)
		cli_usage("name a measurement and a result");
	h5test_init();
	f = must_open(argv[optind]);
	t = mk_cell_type();
	cell = h5test_read(f, "tables/mkrtdc-truth", t, &ncell);
	H5Tclose(t);
	H5Fclose(f);
	ev = read_events(argv[optind + 1], &nev);

	/* both are sorted by frame */
	for (i = j = 0; i < ncell; i++) {
		while (j < nev && ev[j].frame < cell[i].frame)
			j++;
		if (cell[i].flag != 0)
			continue;
		alone++;
		for (hit = 0, k = j; k < nev && ev[k].frame == cell[i].frame &&
		    !hit; k++) {
			dist = hypot(ev[k].x - cell[i].x, ev[k].y - cell[i].y);
			if (dist > 2 + 0.3 * cell[i].r)
				continue;
			hit = 1;
			sum += dist;
		}
		found += (size_t)hit;
	}
	for (i = j = 0; i < nev; i++) {
		while (j < ncell && cell[j].frame < ev[i].frame)
			j++;
		for (hit = 0, k = j; k < ncell && !hit &&
		    cell[k].frame == ev[i].frame; k++)
			hit = hypot(ev[i].x - cell[k].x, ev[i].y - cell[k].y)
			    <= 1.25 * cell[k].r + 2;
		right += (size_t)hit;
		odd += i > 0 && ev[i].frame < ev[i - 1].frame;
	}
	recall = percent(found, alone);
	precision = percent(right, nev);
	printf("cells drawn\t%zu\n", ncell);
	printf("  alone and whole\t%zu\n", alone);
	printf("  of these found\t%zu\n", found);
	printf("events\t%zu\n", nev);
	printf("  of these in a cell\t%zu\n", right);
	printf("recall\t%.2f %%\n", recall);
	printf("precision\t%.2f %%\n", precision);
	printf("mean distance\t%.2f pixels\n",
	    found > 0 ? sum / (double)found : 0.0);
	if (odd > 0)
		printf("events out of order\t%zu\n", odd);
	free(cell);
	free(ev);
	return cli_finish(recall < least || precision < least || odd > 0);
}

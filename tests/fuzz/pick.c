/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lists of events, on the command line and in files: what comes out is in
 * order and within the measurement. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rtdc/pick.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static void
get(const char *list, uint64_t events)
{
	struct dcor_sel s = { 0 };
	struct dcor_pick *pick;
	uint64_t sum = 0;
	size_t i;

	if (dcor_pick_new(&pick, NULL) != 0)
		return;
	if (dcor_pick_add(pick, list, NULL) == 0)
		(void)dcor_pick_get(pick, events, &s, NULL);
	for (i = 0; i < s.nv; i++) {
		if (s.v[i].n == 0 || s.v[i].first + s.v[i].n > events ||
		    (i > 0 && s.v[i].first <= s.v[i - 1].first +
		    s.v[i - 1].n))
			abort();
		sum += s.v[i].n;
	}
	if (sum != s.n)
		abort();
	dcor_sel_fini(&s);
	dcor_pick_free(pick);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static char name[] = "/tmp/dcor-fuzz-pick.XXXXXX", at[64];
	static int fd = -1;
	char *text;

	if (fd < 0) {
		fd = mkstemp(name);
		if (fd < 0)
			abort();
		unlink(name);
		snprintf(at, sizeof(at), "@/proc/self/fd/%d", fd);
	}
	text = strndup((const char *)p, n);
	if (text == NULL)
		return 0;
	if (strchr(text, '@') == NULL) {	/* no files of this machine */
		get(text, 0);
		get(text, 1000);
	}
	free(text);
	if (ftruncate(fd, 0) == 0 && pwrite(fd, p, n, 0) == (ssize_t)n)
		get(at, 130);
	return 0;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The journal: the identity; "boot ID" of the machine that wrote what
 * follows; "done I" for each chunk; "disk N": the first N of them are on
 * disk.
 */
#include "net/xferdone.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/str.h"
#include "net/journal.h"

struct dcor_done {
	struct dcor_journal	*journal;
	uint64_t		 size, chunk;
	unsigned		 n, count, synced;
	unsigned char		*has;		/* of each chunk */
	unsigned		*order;		/* as they came */
	char			 boot[64];
};

static void
read_boot(struct dcor_done *d)
{
	struct dcor_buf b;

	dcor_buf_init(&b, 16384);
	/* where nobody tells, every run may be after a crash */
	if (dcor_file_read("/proc/sys/kernel/random/boot_id", 1024, &b,
	    NULL) == 0)
		snprintf(d->boot, sizeof(d->boot), "%.*s",
		    (int)strcspn(dcor_buf_str(&b), "\n"), dcor_buf_str(&b));
	dcor_buf_fini(&b);
}

static int
add_line(struct dcor_done *d, const char *word, unsigned i,
    struct dcor_err *err)
{
	struct dcor_buf b;
	int rc;

	dcor_buf_init(&b, 64);
	dcor_buf_addf(&b, "%s %u", word, i);
	dcor_buf_addc(&b, '\0');
	rc = dcor_journal_add(d->journal, &b, 0, err);
	dcor_buf_fini(&b);
	return rc;
}

static void
take(struct dcor_done *d, uint64_t i, uint64_t have)
{
	uint64_t end = (i + 1) * d->chunk;

	end = end < d->size ? end : d->size;
	if (i >= d->n || d->has[i] || have < end)
		return;
	d->has[i] = 1;
	d->order[d->count++] = (unsigned)i;
}

/* Takes over what counts of the lines after the identity; whether the
 * journal can go on as it is. */
static int
load(struct dcor_done *d, const char *next, uint64_t have)
{
	const char *line;
	unsigned safe = 0;
	uint64_t i;
	int same = 0;

	while ((line = dcor_journal_line(d->journal, &next)) != NULL) {
		if (strncmp(line, "boot ", 5) == 0)
			same = d->boot[0] != '\0' &&
			    strcmp(line + 5, d->boot) == 0;
		else if (strncmp(line, "done ", 5) == 0 &&
		    dcor_parse_u64(line + 5, &i) == 0)
			take(d, i, have);
		else if (strncmp(line, "disk ", 5) == 0 &&
		    dcor_parse_u64(line + 5, &i) == 0 && i <= d->count)
			safe = (unsigned)i;
	}
	d->synced = safe;
	while (!same && d->count > safe)
		d->has[d->order[--d->count]] = 0;
	return same;
}

/* The journal anew, with what counts. */
static int
begin(struct dcor_done *d, const char *what, struct dcor_err *err)
{
	struct dcor_buf b;
	unsigned i;
	int rc;

	dcor_buf_init(&b, DCOR_JOURNAL_MAX);
	dcor_buf_add(&b, what, strlen(what) + 1);
	dcor_buf_addf(&b, "boot %s", d->boot);
	dcor_buf_addc(&b, '\0');
	for (i = 0; i < d->count; i++) {
		dcor_buf_addf(&b, "done %u", d->order[i]);
		dcor_buf_addc(&b, '\0');
	}
	dcor_buf_addf(&b, "disk %u", d->synced);
	dcor_buf_addc(&b, '\0');
	rc = dcor_journal_restart(d->journal, err);
	if (rc == 0)
		rc = dcor_journal_add(d->journal, &b, 1, err);
	dcor_buf_fini(&b);
	return rc;
}

int
dcor_done_open(const char *path, const char *what, uint64_t size,
    uint64_t chunk, unsigned n, uint64_t have, struct dcor_done **out,
    struct dcor_err *err)
{
	struct dcor_done *d = calloc(1, sizeof(*d));
	const char *next = NULL, *line;
	int rc, goes_on = 0;

	*out = NULL;
	if (d == NULL || (d->has = calloc((size_t)n + 1, 1)) == NULL ||
	    (d->order = calloc((size_t)n + 1, sizeof(*d->order))) == NULL) {
		dcor_done_close(d, 0);
		return dcor_err_nomem(err);
	}
	d->size = size;
	d->chunk = chunk;
	d->n = n;
	read_boot(d);
	rc = dcor_journal_open(path, &d->journal, err);
	if (rc == 0) {
		line = dcor_journal_line(d->journal, &next);
		if (line != NULL && strcmp(line, what) == 0)
			goes_on = load(d, next, have);
		if (!goes_on)
			rc = begin(d, what, err);
	}
	if (rc != 0)
		dcor_done_close(d, 0);
	else
		*out = d;
	return rc;
}

void
dcor_done_close(struct dcor_done *d, int remove)
{
	if (d == NULL)
		return;
	dcor_journal_close(d->journal, remove);
	free(d->has);
	free(d->order);
	free(d);
}

int
dcor_done_has(const struct dcor_done *d, unsigned i)
{
	return d->has[i];
}

unsigned
dcor_done_count(const struct dcor_done *d)
{
	return d->count;
}

int
dcor_done_add(struct dcor_done *d, unsigned i, struct dcor_err *err)
{
	d->has[i] = 1;
	d->order[d->count++] = i;
	return add_line(d, "done", i, err);
}

int
dcor_done_synced(struct dcor_done *d, unsigned count, struct dcor_err *err)
{
	if (count <= d->synced)
		return 0;
	d->synced = count;
	return add_line(d, "disk", count, err);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/pool.h"
#include "net/xferpriv.h"

#define MIB		(1ull << 20)
#define PART_MIN	(16 * MIB)

struct dcor_work {
	int			 fd;
	const char		*path;
	struct dcor_sums	*sums;
	struct dcor_journal	*journal;
	struct dcor_pool	*pool;
	struct dcor_buf		 noted;		/* the owner's */
	unsigned		 nnoted;
	/* the tasks' while they are submitted */
	struct dcor_task	 task[2];
	struct dcor_err		 err[2];
	struct dcor_buf		 lines;
	unsigned		 nlines;
	uint64_t		 upto;
	atomic_int		 busy;		/* tasks that are not done */
	int			 submitted;
};

uint64_t
dcor_xfer_part(const struct dcor_xfer *x, uint64_t size)
{
	uint64_t least = (size + 9999) / 10000, part;

	if (x->part > 0)
		return x->part > least ? x->part : least;
	part = ((size + 9499) / 9500 + MIB - 1) / MIB * MIB;
	return part > PART_MIN ? part : PART_MIN;
}

static void
add_sha256(void *arg, unsigned worker)
{
	struct dcor_work *w = arg;

	(void)worker;
	(void)!dcor_sums_add_sha256(w->sums, w->upto, &w->err[1]);
	atomic_fetch_sub(&w->busy, 1);
}

static void
sync_and_add_md5(void *arg, unsigned worker)
{
	struct dcor_work *w = arg;
	int rc = 0;

	(void)worker;
	if (w->journal != NULL && w->nlines > 0) {
		if (fdatasync(w->fd) != 0)
			rc = dcor_err_sys(&w->err[0], errno, "%s: fdatasync",
			    w->path);
		if (rc == 0)
			rc = dcor_journal_add(w->journal, &w->lines, 1,
			    &w->err[0]);
	}
	if (rc == 0)
		(void)!dcor_sums_add_md5(w->sums, w->upto, &w->err[0]);
	atomic_fetch_sub(&w->busy, 1);
}

int
dcor_work_new(int fd, const char *path, struct dcor_sums *sums,
    struct dcor_journal *journal, struct dcor_work **out,
    struct dcor_err *err)
{
	struct dcor_work *w = calloc(1, sizeof(*w));
	int rc;

	*out = NULL;
	if (w == NULL)
		return dcor_err_nomem(err);
	w->fd = fd;
	w->path = path;
	w->sums = sums;
	w->journal = journal;
	w->task[0].fn = sync_and_add_md5;
	w->task[1].fn = add_sha256;
	w->task[0].arg = w->task[1].arg = w;
	dcor_buf_init(&w->noted, DCOR_JOURNAL_MAX);
	dcor_buf_init(&w->lines, DCOR_JOURNAL_MAX);
	if ((rc = dcor_pool_new(3, &w->pool, err)) != 0)
		dcor_work_free(w);
	else
		*out = w;
	return rc;
}

void
dcor_work_free(struct dcor_work *w)
{
	if (w == NULL)
		return;
	dcor_pool_free(w->pool);
	dcor_buf_fini(&w->noted);
	dcor_buf_fini(&w->lines);
	free(w);
}

void
dcor_work_note(struct dcor_work *w, const char *line)
{
	dcor_buf_add(&w->noted, line, strlen(line) + 1);
	w->nnoted++;
}

unsigned
dcor_work_lag(const struct dcor_work *w)
{
	return w->nnoted + (w->submitted ? w->nlines : 0);
}

static int
reap(struct dcor_work *w, struct dcor_err *err)
{
	int i;

	for (i = 0; i < 2; i++) {
		if (w->submitted)
			dcor_pool_wait(w->pool, &w->task[i]);
		(void)dcor_err_copy(err, &w->err[i]);
	}
	w->submitted = 0;
	return w->err[0].code != DCOR_OK ? w->err[0].code : w->err[1].code;
}

static void
submit(struct dcor_work *w, uint64_t upto)
{
	struct dcor_buf b = w->lines;

	w->lines = w->noted;
	w->nlines = w->nnoted;
	w->noted = b;
	w->nnoted = 0;
	dcor_buf_clear(&w->noted);
	w->upto = upto;
	w->submitted = 1;
	atomic_store(&w->busy, 2);
	dcor_pool_submit(w->pool, &w->task[0]);
	dcor_pool_submit(w->pool, &w->task[1]);
}

int
dcor_work_kick(struct dcor_work *w, uint64_t upto, int *idle,
    struct dcor_err *err)
{
	int rc;

	if (idle != NULL)
		*idle = 0;
	if (w->submitted && atomic_load(&w->busy))
		return 0;
	if ((rc = reap(w, err)) != 0)
		return rc;
	if (w->nnoted > 0 || upto > w->upto)
		submit(w, upto);
	else if (idle != NULL)
		*idle = 1;
	return 0;
}

int
dcor_work_finish(struct dcor_work *w, uint64_t upto, struct dcor_err *err)
{
	int rc;

	if ((rc = reap(w, err)) != 0)
		return rc;
	submit(w, upto);
	return reap(w, err);
}

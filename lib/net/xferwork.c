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
	struct dcor_pool	*pool;
	struct job {
		struct dcor_work	*w;
		struct dcor_task	 task;
		struct dcor_err		 err;
	}			 job[3];
	unsigned		 njobs;
	atomic_uint		 busy;		/* jobs that are not done */
	int			 started;
	uint64_t		 upto, mark;	/* of the round */
	uint64_t		 synced;
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

int
dcor_xfer_opaque(const struct dcor_http_resp *resp)
{
	const char *sse = resp == NULL ? NULL :
	    dcor_http_header(resp, "x-amz-server-side-encryption");

	return sse != NULL && strncmp(sse, "aws:kms", 7) == 0;
}

static void
add_md5(void *arg, unsigned worker)
{
	struct job *j = arg;

	(void)worker;
	(void)!dcor_sums_add_md5(j->w->sums, j->w->upto, &j->err);
	atomic_fetch_sub(&j->w->busy, 1);
}

static void
add_sha256(void *arg, unsigned worker)
{
	struct job *j = arg;

	(void)worker;
	(void)!dcor_sums_add_sha256(j->w->sums, j->w->upto, &j->err);
	atomic_fetch_sub(&j->w->busy, 1);
}

static void
sync_file(void *arg, unsigned worker)
{
	struct job *j = arg;

	(void)worker;
	if (fdatasync(j->w->fd) != 0)
		(void)dcor_err_sys(&j->err, errno, "%s: fdatasync",
		    j->w->path);
	atomic_fetch_sub(&j->w->busy, 1);
}

static void
add_job(struct dcor_work *w, void (*fn)(void *arg, unsigned worker))
{
	struct job *j = &w->job[w->njobs++];

	j->w = w;
	j->task.fn = fn;
	j->task.arg = j;
}

int
dcor_work_new(int fd, const char *path, struct dcor_sums *sums, int sync,
    struct dcor_work **out, struct dcor_err *err)
{
	struct dcor_work *w = calloc(1, sizeof(*w));
	int rc;

	*out = NULL;
	if (w == NULL)
		return dcor_err_nomem(err);
	w->fd = fd;
	w->path = path;
	w->sums = sums;
	if (dcor_sums_want(sums) & DCOR_SUMS_MD5)
		add_job(w, add_md5);
	if (dcor_sums_want(sums) & DCOR_SUMS_SHA256)
		add_job(w, add_sha256);
	if (sync)
		add_job(w, sync_file);
	if ((rc = dcor_pool_new(w->njobs + 1, &w->pool, err)) != 0)
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
	free(w);
}

uint64_t
dcor_work_synced(const struct dcor_work *w)
{
	return w->synced;
}

static int
reap(struct dcor_work *w, struct dcor_err *err)
{
	unsigned i;

	for (i = 0; i < w->njobs; i++) {
		if (w->started)
			dcor_pool_wait(w->pool, &w->job[i].task);
		if (w->job[i].err.code != DCOR_OK)
			return dcor_err_copy(err, &w->job[i].err);
	}
	w->started = 0;
	w->synced = w->mark;
	return 0;
}

static void
start(struct dcor_work *w, uint64_t upto, uint64_t mark)
{
	unsigned i;

	w->upto = upto;
	w->mark = mark;
	w->started = 1;
	atomic_store(&w->busy, w->njobs);
	for (i = 0; i < w->njobs; i++)
		dcor_pool_submit(w->pool, &w->job[i].task);
}

int
dcor_work_kick(struct dcor_work *w, uint64_t upto, uint64_t mark, int *idle,
    struct dcor_err *err)
{
	int rc;

	if (idle != NULL)
		*idle = 0;
	if (w->started && atomic_load(&w->busy) > 0)
		return 0;
	if ((rc = reap(w, err)) != 0)
		return rc;
	if (mark > w->mark || upto > w->upto)
		start(w, upto, mark);
	else if (idle != NULL)
		*idle = 1;
	return 0;
}

int
dcor_work_finish(struct dcor_work *w, uint64_t upto, uint64_t mark,
    struct dcor_err *err)
{
	int rc;

	if ((rc = reap(w, err)) != 0)
		return rc;
	start(w, upto, mark);
	return reap(w, err);
}

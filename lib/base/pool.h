/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * pool.h - the only maker of threads
 *
 * A pool of n workers is n - 1 threads and the thread that owns the pool:
 * it runs queued tasks while it waits for one.  A pool of one therefore
 * starts no thread at all.  Tasks are started in the order of submission
 * and must not submit or wait themselves.  Results depend on the order in
 * which the owner waits, never on the number of workers.
 */
#ifndef DCOR_BASE_POOL_H
#define DCOR_BASE_POOL_H

#include "base/err.h"

struct dcor_pool;

struct dcor_task {
	/* What to do.  worker is 0 ... workers-1 and says which scratch
	 * space may be used; two tasks never run with the same number at
	 * the same time. */
	void (*fn)(void *arg, unsigned worker);
	void			*arg;
	/* private */
	struct dcor_task	*next;
	int			 done;
};

/*
 * A pool of the given number of workers (at least 1).
 * Ownership: the caller frees it with dcor_pool_free, which waits for
 * running tasks and drops queued ones.  Threads: all calls from the owner.
 */
int dcor_pool_new(unsigned workers, struct dcor_pool **out,
    struct dcor_err *err);
void dcor_pool_free(struct dcor_pool *p);
unsigned dcor_pool_workers(const struct dcor_pool *p);

/* Queues t, which must stay where it is until dcor_pool_wait returned. */
void dcor_pool_submit(struct dcor_pool *p, struct dcor_task *t);

/* Returns when t has run. */
void dcor_pool_wait(struct dcor_pool *p, struct dcor_task *t);

/* fn(arg, i, worker) for i = 0 ... n-1, in any order; returns when all
 * have run. */
void dcor_pool_each(struct dcor_pool *p, size_t n,
    void (*fn)(void *arg, size_t i, unsigned worker), void *arg);

/* The number of processors this process may use (affinity counts). */
unsigned dcor_pool_cpus(void);

#endif /* DCOR_BASE_POOL_H */

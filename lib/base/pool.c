/* SPDX-License-Identifier: GPL-3.0-or-later */
#define _GNU_SOURCE	/* sched_getaffinity */
#include "base/pool.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

struct dcor_pool {
	pthread_mutex_t		 mu;
	pthread_cond_t		 work;	/* a task was queued, or stop */
	pthread_cond_t		 fin;	/* a task has run */
	struct dcor_task	*head;
	struct dcor_task	**tail;
	int			 stop;
	unsigned		 workers;
	unsigned		 started;	/* threads that exist */
	pthread_t		*thread;
};

struct start {
	struct dcor_pool	*pool;
	unsigned		 worker;
};

/* The first queued task, or NULL.  Called with the lock held. */
static struct dcor_task *
take(struct dcor_pool *p)
{
	struct dcor_task *t = p->head;

	if (t != NULL) {
		p->head = t->next;
		if (p->head == NULL)
			p->tail = &p->head;
	}
	return t;
}

/* Runs t without the lock, then notes that it is done. */
static void
execute(struct dcor_pool *p, struct dcor_task *t, unsigned worker)
{
	pthread_mutex_unlock(&p->mu);
	t->fn(t->arg, worker);
	pthread_mutex_lock(&p->mu);
	t->done = 1;
	pthread_cond_broadcast(&p->fin);
}

static void *
worker_main(void *arg)
{
	struct start st = *(struct start *)arg;
	struct dcor_pool *p = st.pool;
	struct dcor_task *t;

	free(arg);
	pthread_mutex_lock(&p->mu);
	for (;;) {
		while (!p->stop && p->head == NULL)
			pthread_cond_wait(&p->work, &p->mu);
		if (p->stop)
			break;
		t = take(p);
		execute(p, t, st.worker);
	}
	pthread_mutex_unlock(&p->mu);
	return NULL;
}

int
dcor_pool_new(unsigned workers, struct dcor_pool **out, struct dcor_err *err)
{
	struct dcor_pool *p;
	struct start *st;

	*out = NULL;
	if (workers < 1)
		workers = 1;
	p = calloc(1, sizeof(*p));
	if (p == NULL)
		return dcor_err_nomem(err);
	pthread_mutex_init(&p->mu, NULL);
	pthread_cond_init(&p->work, NULL);
	pthread_cond_init(&p->fin, NULL);
	p->tail = &p->head;
	p->workers = workers;
	p->thread = calloc(workers, sizeof(*p->thread));
	if (p->thread == NULL) {
		dcor_pool_free(p);
		return dcor_err_nomem(err);
	}
	while (p->started < workers - 1) {
		st = malloc(sizeof(*st));
		if (st != NULL) {
			st->pool = p;
			st->worker = p->started + 1;
		}
		if (st == NULL || pthread_create(&p->thread[p->started],
		    NULL, worker_main, st) != 0) {
			free(st);
			dcor_pool_free(p);
			return dcor_err_set(err, DCOR_ENOMEM, 0,
			    "cannot start %u threads", workers);
		}
		p->started++;
	}
	*out = p;
	return DCOR_OK;
}

void
dcor_pool_free(struct dcor_pool *p)
{
	unsigned i;

	if (p == NULL)
		return;
	pthread_mutex_lock(&p->mu);
	p->stop = 1;
	pthread_cond_broadcast(&p->work);
	pthread_mutex_unlock(&p->mu);
	for (i = 0; i < p->started; i++)
		pthread_join(p->thread[i], NULL);
	pthread_cond_destroy(&p->fin);
	pthread_cond_destroy(&p->work);
	pthread_mutex_destroy(&p->mu);
	free(p->thread);
	free(p);
}

unsigned
dcor_pool_workers(const struct dcor_pool *p)
{
	return p->workers;
}

void
dcor_pool_submit(struct dcor_pool *p, struct dcor_task *t)
{
	t->next = NULL;
	t->done = 0;
	pthread_mutex_lock(&p->mu);
	*p->tail = t;
	p->tail = &t->next;
	pthread_cond_signal(&p->work);
	pthread_mutex_unlock(&p->mu);
}

void
dcor_pool_wait(struct dcor_pool *p, struct dcor_task *t)
{
	struct dcor_task *other;

	pthread_mutex_lock(&p->mu);
	while (!t->done) {
		other = take(p);
		if (other != NULL)
			execute(p, other, 0);
		else
			pthread_cond_wait(&p->fin, &p->mu);
	}
	pthread_mutex_unlock(&p->mu);
}

struct each {
	void		(*fn)(void *arg, size_t i, unsigned worker);
	void		*arg;
	size_t		 n;
	atomic_size_t	 next;
};

static void
each_task(void *arg, unsigned worker)
{
	struct each *e = arg;
	size_t i;

	while ((i = atomic_fetch_add(&e->next, 1)) < e->n)
		e->fn(e->arg, i, worker);
}

void
dcor_pool_each(struct dcor_pool *p, size_t n,
    void (*fn)(void *arg, size_t i, unsigned worker), void *arg)
{
	struct each e = { .fn = fn, .arg = arg, .n = n };
	struct dcor_task task[64];
	size_t i, k = p->workers;

	if (k > n)
		k = n;
	if (k > sizeof(task) / sizeof(task[0]))
		k = sizeof(task) / sizeof(task[0]);
	for (i = 0; i < k; i++) {
		task[i].fn = each_task;
		task[i].arg = &e;
		dcor_pool_submit(p, &task[i]);
	}
	for (i = 0; i < k; i++)
		dcor_pool_wait(p, &task[i]);
}

unsigned
dcor_pool_cpus(void)
{
	cpu_set_t set;
	long n;

	if (sched_getaffinity(0, sizeof(set), &set) == 0)
		n = CPU_COUNT(&set);
	else
		n = sysconf(_SC_NPROCESSORS_ONLN);
	return n < 1 ? 1 : (unsigned)n;
}

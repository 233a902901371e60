// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/disk_thread.h"

#include <signal.h>
#include <time.h>

#include "base/clock.h"

enum { STACK = 256 * 1024 };

static void *run(void *context)
{
	struct disk_thread *thread = context;

	pthread_mutex_lock(&thread->mutex);
	for (;;) {
		while (!thread->due && !thread->stop)
			pthread_cond_wait(&thread->given, &thread->mutex);
		if (!thread->due)
			break;
		thread->due = false;
		pthread_mutex_unlock(&thread->mutex);
		thread->work(thread->context);
		pthread_mutex_lock(&thread->mutex);
		thread->busy = thread->due;
		pthread_cond_broadcast(&thread->done);
	}
	thread->ended = true;
	pthread_cond_broadcast(&thread->done);
	pthread_mutex_unlock(&thread->mutex);
	return NULL;
}

static int start_thread(struct disk_thread *thread)
{
	sigset_t all, before;
	pthread_attr_t attributes;
	int result;

	sigfillset(&all);
	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, STACK);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	result = pthread_create(&thread->id, &attributes, run, thread);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attributes);
	return result;
}

static void destroy(struct disk_thread *thread)
{
	pthread_mutex_destroy(&thread->mutex);
	pthread_cond_destroy(&thread->given);
	pthread_cond_destroy(&thread->done);
}

bool disk_thread_start(struct disk_thread *thread, void (*work)(void *context), void *context)
{
	pthread_condattr_t attributes;

	*thread = (struct disk_thread){.work = work, .context = context};
	pthread_mutex_init(&thread->mutex, NULL);
	pthread_cond_init(&thread->given, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&thread->done, &attributes);
	pthread_condattr_destroy(&attributes);
	if (start_thread(thread) == 0)
		return true;
	destroy(thread);
	return false;
}

void disk_thread_give(struct disk_thread *thread)
{
	thread->due = thread->busy = true;
	pthread_cond_signal(&thread->given);
}

/* With the mutex held, while *what is `value`. */
static bool wait_while(struct disk_thread *thread, const bool *what, bool value,
		       int64_t deadline_ms)
{
	int64_t left_ms = clock_left_ms(deadline_ms);
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += left_ms / 1000;
	until.tv_nsec += left_ms % 1000 * 1000000;
	until.tv_sec += until.tv_nsec / 1000000000;
	until.tv_nsec %= 1000000000;
	while (*what == value)
		if (pthread_cond_timedwait(&thread->done, &thread->mutex, &until) != 0)
			return *what != value;
	return true;
}

bool disk_thread_wait(struct disk_thread *thread, int64_t deadline_ms)
{
	return wait_while(thread, &thread->busy, true, deadline_ms);
}

bool disk_thread_stop(struct disk_thread *thread, int64_t deadline_ms)
{
	bool ended;

	pthread_mutex_lock(&thread->mutex);
	thread->stop = true;
	pthread_cond_signal(&thread->given);
	ended = wait_while(thread, &thread->ended, false, deadline_ms);
	pthread_mutex_unlock(&thread->mutex);
	if (!ended)
		return false;
	pthread_join(thread->id, NULL);
	destroy(thread);
	return true;
}

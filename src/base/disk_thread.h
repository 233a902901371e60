// SPDX-License-Identifier: GPL-3.0-or-later
/* One thread beside a service's loop, which waits for the disk so that the loop does not.  It does
 * one thing at a time, whenever it is given something; signals are the loop's. */
#ifndef POSTCASK_DISK_THREAD_H
#define POSTCASK_DISK_THREAD_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

struct disk_thread {
	pthread_t id;
	pthread_mutex_t mutex; /* also for what both look at */
	pthread_cond_t given, done;
	void (*work)(void *context);
	void *context;
	bool due;  /* something was given and not begun */
	bool busy; /* or is not done */
	bool stop, ended;
};

/* `work` does what is given then, and is called without the mutex.  False: there can be no thread,
 * and nothing is left of it. */
bool disk_thread_start(struct disk_thread *thread, void (*work)(void *context), void *context);

/* With the mutex held: there is something to do. */
void disk_thread_give(struct disk_thread *thread);

/* With the mutex held: until nothing is.  False: not before the deadline, of clock_now_ms(). */
bool disk_thread_wait(struct disk_thread *thread, int64_t deadline_ms);

/* Has it do what was given, ends it and frees what is its own.  False: it hangs in the disk, and
 * all that it works on must be left to it. */
bool disk_thread_stop(struct disk_thread *thread, int64_t deadline_ms);

#endif

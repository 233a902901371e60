// SPDX-License-Identifier: GPL-3.0-or-later
#include "policy/store_writer.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/clock.h"

enum { STACK = 256 * 1024 };

struct store_writer {
	pthread_t thread;
	pthread_mutex_t mutex;
	pthread_cond_t given, done;
	struct store_file file;
	struct store_batch batch;
	bool busy, stop, ended;
	int result;
	struct error error;
};

static void no_row(void *context, const char *kind, const struct store_row *row)
{
	(void)context;
	(void)kind;
	(void)row;
}

/* A file that broke while it was in use: the store has everything, and writes it to a new one. */
static int begin_anew(struct store_writer *writer, struct error *error)
{
	struct error again = ERROR_INIT;
	int result = store_file_set_aside(&writer->file, &again);

	if (result == 0)
		result = store_file_open(&writer->file, writer->file.path, no_row, NULL, &again);
	if (result == 0)
		return -EUCLEAN;
	error_clear(error);
	*error = again;
	return -EIO;
}

static int write_batch(struct store_writer *writer, struct error *error)
{
	int result = 0;

	if (!writer->file.db) /* it could not be opened again */
		result = store_file_open(&writer->file, writer->file.path, no_row, NULL, error);
	if (result == 0)
		result = store_file_write(&writer->file, &writer->batch, error);
	return result == -EUCLEAN ? begin_anew(writer, error) : result;
}

static void *work(void *context)
{
	struct store_writer *writer = context;

	pthread_mutex_lock(&writer->mutex);
	for (;;) {
		struct error error = ERROR_INIT;
		int result;

		while (!writer->busy && !writer->stop)
			pthread_cond_wait(&writer->given, &writer->mutex);
		if (!writer->busy)
			break;
		pthread_mutex_unlock(&writer->mutex);
		result = write_batch(writer, &error);
		pthread_mutex_lock(&writer->mutex);
		error_clear(&writer->error);
		writer->result = result < 0 ? result : 1;
		writer->error = error;
		if (result == 0) {
			free(writer->batch.changes);
			writer->batch = (struct store_batch){0};
		}
		writer->busy = false;
		pthread_cond_broadcast(&writer->done);
	}
	writer->ended = true;
	pthread_cond_broadcast(&writer->done);
	pthread_mutex_unlock(&writer->mutex);
	return NULL;
}

/* Signals are the loop's. */
static int start_thread(struct store_writer *writer)
{
	sigset_t all, before;
	pthread_attr_t attributes;
	int result;

	sigfillset(&all);
	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, STACK);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	result = pthread_create(&writer->thread, &attributes, work, writer);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attributes);
	return result;
}

static void free_writer(struct store_writer *writer)
{
	store_file_close(&writer->file);
	free(writer->batch.changes);
	error_clear(&writer->error);
	pthread_mutex_destroy(&writer->mutex);
	pthread_cond_destroy(&writer->given);
	pthread_cond_destroy(&writer->done);
	free(writer);
}

struct store_writer *store_writer_start(struct store_file *file)
{
	struct store_writer *writer = calloc(1, sizeof(*writer));
	pthread_condattr_t attributes;

	if (!writer) {
		store_file_close(file);
		return NULL;
	}
	writer->file = *file;
	pthread_mutex_init(&writer->mutex, NULL);
	pthread_cond_init(&writer->given, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&writer->done, &attributes);
	pthread_condattr_destroy(&attributes);
	if (start_thread(writer) == 0)
		return writer;
	free_writer(writer);
	return NULL;
}

bool store_writer_is_idle(struct store_writer *writer)
{
	bool idle;

	pthread_mutex_lock(&writer->mutex);
	idle = !writer->busy;
	pthread_mutex_unlock(&writer->mutex);
	return idle;
}

void store_writer_give(struct store_writer *writer, struct store_batch *batch)
{
	pthread_mutex_lock(&writer->mutex);
	free(writer->batch.changes); /* nobody asked for it */
	writer->batch = *batch;
	writer->result = 0;
	writer->busy = true;
	pthread_cond_signal(&writer->given);
	pthread_mutex_unlock(&writer->mutex);
	batch->changes = NULL;
	batch->count = 0;
}

int store_writer_result(struct store_writer *writer, struct store_batch *ret_batch,
			struct error *error)
{
	int result;

	pthread_mutex_lock(&writer->mutex);
	result = writer->busy ? 0 : writer->result;
	if (result < 0) {
		error_set(error, result, "%s", error_text(&writer->error));
		*ret_batch = writer->batch;
		writer->batch = (struct store_batch){0};
	}
	if (result)
		writer->result = 0;
	pthread_mutex_unlock(&writer->mutex);
	return result;
}

/* With the mutex held. */
static bool wait_while(struct store_writer *writer, const bool *what, bool value,
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
		if (pthread_cond_timedwait(&writer->done, &writer->mutex, &until) != 0)
			return *what != value;
	return true;
}

bool store_writer_wait(struct store_writer *writer, int64_t deadline_ms)
{
	bool idle;

	pthread_mutex_lock(&writer->mutex);
	idle = wait_while(writer, &writer->busy, true, deadline_ms);
	pthread_mutex_unlock(&writer->mutex);
	return idle;
}

void store_writer_stop(struct store_writer **writer, int64_t deadline_ms)
{
	bool ended;

	if (!*writer)
		return;
	pthread_mutex_lock(&(*writer)->mutex);
	(*writer)->stop = true;
	pthread_cond_signal(&(*writer)->given);
	ended = wait_while(*writer, &(*writer)->ended, false, deadline_ms);
	pthread_mutex_unlock(&(*writer)->mutex);
	if (ended) {
		pthread_join((*writer)->thread, NULL);
		free_writer(*writer);
	}
	*writer = NULL;
}

// SPDX-License-Identifier: GPL-3.0-or-later
#include "policy/store_writer.h"

#include <errno.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/disk_thread.h"

struct store_writer {
	struct disk_thread thread;
	struct store_file file;
	struct store_batch batch;
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

static void work(void *context)
{
	struct store_writer *writer = context;
	struct error error = ERROR_INIT;
	int result = write_batch(writer, &error);

	pthread_mutex_lock(&writer->thread.mutex);
	error_clear(&writer->error);
	writer->result = result < 0 ? result : 1;
	writer->error = error;
	if (result == 0) {
		free(writer->batch.changes);
		writer->batch = (struct store_batch){0};
	}
	pthread_mutex_unlock(&writer->thread.mutex);
}

struct store_writer *store_writer_start(struct store_file *file)
{
	struct store_writer *writer = calloc(1, sizeof(*writer));

	if (writer)
		writer->file = *file;
	if (writer && disk_thread_start(&writer->thread, work, writer))
		return writer;
	store_file_close(file);
	free(writer);
	return NULL;
}

bool store_writer_is_idle(struct store_writer *writer)
{
	bool idle;

	pthread_mutex_lock(&writer->thread.mutex);
	idle = !writer->thread.busy;
	pthread_mutex_unlock(&writer->thread.mutex);
	return idle;
}

void store_writer_give(struct store_writer *writer, struct store_batch *batch)
{
	pthread_mutex_lock(&writer->thread.mutex);
	free(writer->batch.changes); /* nobody asked for it */
	writer->batch = *batch;
	writer->result = 0;
	disk_thread_give(&writer->thread);
	pthread_mutex_unlock(&writer->thread.mutex);
	batch->changes = NULL;
	batch->count = 0;
}

int store_writer_result(struct store_writer *writer, struct store_batch *ret_batch,
			struct error *error)
{
	int result;

	pthread_mutex_lock(&writer->thread.mutex);
	result = writer->thread.busy ? 0 : writer->result;
	if (result < 0) {
		error_set(error, result, "%s", error_text(&writer->error));
		*ret_batch = writer->batch;
		writer->batch = (struct store_batch){0};
	}
	if (result)
		writer->result = 0;
	pthread_mutex_unlock(&writer->thread.mutex);
	return result;
}

bool store_writer_wait(struct store_writer *writer, int64_t deadline_ms)
{
	bool idle;

	pthread_mutex_lock(&writer->thread.mutex);
	idle = disk_thread_wait(&writer->thread, deadline_ms);
	pthread_mutex_unlock(&writer->thread.mutex);
	return idle;
}

void store_writer_stop(struct store_writer **writer, int64_t deadline_ms)
{
	if (*writer && disk_thread_stop(&(*writer)->thread, deadline_ms)) {
		store_file_close(&(*writer)->file);
		free((*writer)->batch.changes);
		error_clear(&(*writer)->error);
		free(*writer);
	}
	*writer = NULL;
}

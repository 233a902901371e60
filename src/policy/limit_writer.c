// SPDX-License-Identifier: GPL-3.0-or-later
#include "policy/limit_writer.h"

#include <errno.h>
#include <stdlib.h>

#include "base/disk_thread.h"
#include "base/json_file.h"
#include "base/listen.h"

struct limit_writer {
	struct disk_thread thread;
	const char *path, *wake;
	json_t *file; /* to be written, or NULL */
	int result;
	struct error error; /* of the last */
};

static void write_one(void *context)
{
	struct limit_writer *writer = context;
	_cleanup_json_ json_t *file = NULL;
	struct error error = ERROR_INIT;
	int result;

	pthread_mutex_lock(&writer->thread.mutex);
	file = TAKE_POINTER(writer->file);
	pthread_mutex_unlock(&writer->thread.mutex);
	result = json_file_replace(writer->path, file, JSON_FILE_REPORT, 0600, &error);
	if (result == 0 && writer->wake)
		listen_wake(writer->wake);
	if (result < 0)
		error_print(&error); /* they are held all the same, until the next start */
	pthread_mutex_lock(&writer->thread.mutex);
	error_clear(&writer->error);
	writer->error = error;
	writer->result = result;
	pthread_mutex_unlock(&writer->thread.mutex);
}

struct limit_writer *limit_writer_start(const char *path, const char *wake)
{
	struct limit_writer *writer = calloc(1, sizeof(*writer));

	if (!writer)
		return NULL;
	writer->path = path;
	writer->wake = wake;
	if (disk_thread_start(&writer->thread, write_one, writer))
		return writer;
	free(writer);
	return NULL;
}

void limit_writer_give(struct limit_writer *writer, json_t *file)
{
	pthread_mutex_lock(&writer->thread.mutex);
	json_decref(writer->file);
	writer->file = file;
	disk_thread_give(&writer->thread);
	pthread_mutex_unlock(&writer->thread.mutex);
}

int limit_writer_wait(struct limit_writer *writer, int64_t deadline_ms, struct error *error)
{
	int result;

	pthread_mutex_lock(&writer->thread.mutex);
	if (!disk_thread_wait(&writer->thread, deadline_ms))
		result = error_set(error, ETIMEDOUT, "%s: the disk does not answer", writer->path);
	else if (writer->result < 0)
		result = error_set(error, writer->result, "%s", error_text(&writer->error));
	else
		result = 0;
	pthread_mutex_unlock(&writer->thread.mutex);
	return result;
}

void limit_writer_stop(struct limit_writer **writer, int64_t deadline_ms)
{
	if (*writer && disk_thread_stop(&(*writer)->thread, deadline_ms)) {
		json_decref((*writer)->file);
		error_clear(&(*writer)->error);
		free(*writer);
	}
	*writer = NULL;
}

// SPDX-License-Identifier: GPL-3.0-or-later
#include "signatures/load.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/clock.h"
#include "base/file.h"
#include "generation/inquire.h"

enum {
	NOTE_LIMIT = 96,
	STATS_MS = 5 * 1000, /* it is a task as a scan is: no answer means that all are taken */
	LOOK_MS = 100,	     /* from one look at the scans to the next; no event tells of them */
};

static void pause_ms(int64_t duration_ms)
{
	struct timespec wait = {.tv_sec = duration_ms / 1000,
				.tv_nsec = duration_ms % 1000 * 1000000};

	nanosleep(&wait, NULL);
}

/* One line for each thread, "\tCOMMAND SECONDS FILE", and before them "QUEUE: N items". */
bool signatures_stats_busy(const char *stats)
{
	static const char queue[] = "QUEUE: ", idle[] = "IDLE ", own[] = "STATS ";
	const char *waiting = strstr(stats, queue);

	if (waiting && strtoul(waiting + sizeof(queue) - 1, NULL, 10) > 0)
		return true;
	for (const char *task = strstr(stats, "\n\t"); task; task = strstr(task + 1, "\n\t"))
		if (strncmp(task + 2, idle, sizeof(idle) - 1) != 0 &&
		    strncmp(task + 2, own, sizeof(own) - 1) != 0)
			return true;
	return false;
}

int64_t signatures_rest_ms(const struct signatures_note *last, int64_t now_ms)
{
	int64_t until_ms = last->ended_ms + (last->ended_ms - last->began_ms);

	if (last->began_ms <= 0 || last->began_ms > last->ended_ms || last->ended_ms > now_ms)
		return 0;
	return until_ms > now_ms ? until_ms - now_ms : 0;
}

static bool is_scanning(const struct signatures_load *load)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_(buffer_free) struct buffer answer = BUFFER_INIT;
	int result = inquire(load->socket, "nSTATS", STATS_MS, &answer, &error);

	return result < 0 ? result == -ETIME : signatures_stats_busy(buffer_text(&answer));
}

static int order(const struct signatures_load *load, const char *command, const char *expected,
		 struct error *error)
{
	_cleanup_(buffer_free) struct buffer answer = BUFFER_INIT;
	int result = inquire(load->socket, command, load->load_ms, &answer, error);

	if (result < 0)
		return error_wrap(error, "clamd");
	if (strncmp(buffer_text(&answer), expected, strlen(expected)) != 0)
		return error_set(error, EPROTO, "clamd answers '%.80s'", buffer_text(&answer));
	return 0;
}

/* FNV-1a */
static uint64_t hash_add(uint64_t hash, const void *bytes, size_t size)
{
	for (const unsigned char *byte = bytes; size > 0; byte++, size--)
		hash = (hash ^ *byte) * UINT64_C(0x100000001b3);
	return hash;
}

uint64_t signatures_print(const char *path)
{
	_cleanup_closedir_ DIR *folder = opendir(path);
	const struct dirent *entry;
	uint64_t print = 0;

	while (folder && (entry = readdir(folder))) {
		const char *dot = strrchr(entry->d_name, '.');
		uint64_t hash = UINT64_C(0xcbf29ce484222325);
		struct stat status;

		if (!dot || strcmp(dot, ".dat") == 0 ||
		    fstatat(dirfd(folder), entry->d_name, &status, 0) < 0 ||
		    !S_ISREG(status.st_mode))
			continue;
		hash = hash_add(hash, entry->d_name, strlen(entry->d_name));
		hash = hash_add(hash, &status.st_ino, sizeof(status.st_ino));
		hash = hash_add(hash, &status.st_size, sizeof(status.st_size));
		hash = hash_add(hash, &status.st_mtim, sizeof(status.st_mtim));
		print += hash; /* in whatever order they are listed */
	}
	return print;
}

static int note_write(const char *path, const struct signatures_note *note, struct error *error)
{
	char text[NOTE_LIMIT];

	snprintf(text, sizeof(text), "%" PRId64 " %" PRId64 " %" PRIx64 "\n", note->began_ms,
		 note->ended_ms, note->print);
	return file_replace(path, text, strlen(text), 0644, (uid_t)-1, (gid_t)-1, error);
}

/* It says that it will, and answers the next question when it has. */
static int load_now(const struct signatures_load *load, const char *path, struct error *error)
{
	struct signatures_note note = {.began_ms = clock_now_ms(),
				       .print = signatures_print(load->databases)};
	int result = order(load, "nRELOAD", "RELOADING", error);

	if (result == 0)
		result = order(load, "nPING", "PONG", error);
	note.ended_ms = clock_now_ms();
	return result < 0 ? result : note_write(path, &note, error);
}

static struct signatures_note note_read(const char *path)
{
	_cleanup_(error_clear) struct error none = ERROR_INIT;
	_cleanup_free_ char *text = NULL;
	struct signatures_note note = {0};

	if (file_read(path, NOTE_LIMIT, &text, NULL, &none) < 0 ||
	    sscanf(text, "%" SCNd64 " %" SCNd64 " %" SCNx64, &note.began_ms, &note.ended_ms,
		   &note.print) != 3)
		return (struct signatures_note){0};
	return note;
}

/* What need not be done any more, after the wait for others. */
static bool is_done(const struct signatures_load *load, const struct signatures_note *last,
		    int64_t asked_ms, enum signatures_result *ret_result)
{
	*ret_result = SIGNATURES_LOADED;
	if (last->began_ms > asked_ms)
		*ret_result = SIGNATURES_BY_ANOTHER;
	else if (load->if_changed && last->print == signatures_print(load->databases))
		*ret_result = SIGNATURES_UNCHANGED;
	return *ret_result != SIGNATURES_LOADED;
}

int signatures_load(const struct signatures_load *load, enum signatures_result *ret_result,
		    struct error *error)
{
	_cleanup_free_ char *lock_path = file_join(load->folder, "lock");
	_cleanup_free_ char *path = file_join(load->folder, "last");
	_cleanup_close_ int lock = -1;
	int64_t asked_ms = clock_now_ms(), idle_until_ms;
	struct signatures_note last;
	int result;

	if (!lock_path || !path)
		return error_set(error, ENOMEM, "out of memory");
	result = file_lock(lock_path, load->idle_ms + load->load_ms, &lock, error);
	if (result < 0)
		return result;
	last = note_read(path);
	if (is_done(load, &last, asked_ms, ret_result))
		return 0;
	pause_ms(signatures_rest_ms(&last, clock_now_ms()));
	idle_until_ms = clock_now_ms() + load->idle_ms;
	while (clock_left_ms(idle_until_ms) > 0 && is_scanning(load))
		pause_ms(LOOK_MS);
	return load_now(load, path, error);
}

int signatures_start(const struct signatures_load *load, struct error *error)
{
	_cleanup_free_ char *path = file_join(load->folder, "last");
	int64_t now_ms = clock_now_ms();
	const struct signatures_note note = {
	    .began_ms = now_ms, .ended_ms = now_ms, .print = signatures_print(load->databases)};

	return path ? note_write(path, &note, error) : error_set(error, ENOMEM, "out of memory");
}

#include "signatures/load.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/file.h"
#include "firstboot/inquire.h"

enum {
	NOTE_LIMIT = 64,
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

/* It says that it will, and answers the next question when it has. */
static int load_now(const struct signatures_load *load, const char *note, struct error *error)
{
	int64_t began_ms = clock_now_ms();
	char text[NOTE_LIMIT];
	int result = order(load, "nRELOAD", "RELOADING", error);

	if (result == 0)
		result = order(load, "nPING", "PONG", error);
	if (result < 0)
		return result;
	snprintf(text, sizeof(text), "%" PRId64 " %" PRId64 "\n", began_ms, clock_now_ms());
	return file_replace(note, text, strlen(text), 0644, (uid_t)-1, (gid_t)-1, error);
}

static struct signatures_note note_read(const char *path)
{
	_cleanup_(error_clear) struct error none = ERROR_INIT;
	_cleanup_free_ char *text = NULL;
	struct signatures_note note = {0};

	if (file_read(path, NOTE_LIMIT, &text, NULL, &none) < 0 ||
	    sscanf(text, "%" SCNd64 " %" SCNd64, &note.began_ms, &note.ended_ms) != 2)
		return (struct signatures_note){0};
	return note;
}

int signatures_load(const struct signatures_load *load, bool *ret_by_another, struct error *error)
{
	_cleanup_free_ char *lock_path = file_join(load->folder, "lock");
	_cleanup_free_ char *note = file_join(load->folder, "last");
	_cleanup_close_ int lock = -1;
	int64_t asked_ms = clock_now_ms(), idle_until_ms;
	struct signatures_note last;
	int result;

	if (!lock_path || !note)
		return error_set(error, ENOMEM, "out of memory");
	result = file_lock(lock_path, load->idle_ms + load->load_ms, &lock, error);
	if (result < 0)
		return result;
	last = note_read(note);
	*ret_by_another = last.began_ms > asked_ms;
	if (*ret_by_another)
		return 0;
	pause_ms(signatures_rest_ms(&last, clock_now_ms()));
	idle_until_ms = clock_now_ms() + load->idle_ms;
	while (clock_left_ms(idle_until_ms) > 0 && is_scanning(load))
		pause_ms(LOOK_MS);
	return load_now(load, note, error);
}

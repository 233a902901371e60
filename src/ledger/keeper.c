// SPDX-License-Identifier: GPL-3.0-or-later
#include "ledger/keeper.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/statvfs.h>
#include <time.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/json_file.h"
#include "ledger/publish.h"
#include "queue/spool.h"

enum {
	LINES_AT_ONCE = 5000, /* then it looks whether it shall end */
	PUBLISH_MS = 500,     /* at most so often */
	SAVE_MS = 5000,	      /* likewise; what is lost by a crash is read again */
	FOUND_LIMIT = 1000 * 1000,
	FREE_BLOCKS = 4096, /* of /var; below, journald may have lost lines */
};

static uint64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_REALTIME, &time);
	return (uint64_t)time.tv_sec * 1000000 + (uint64_t)time.tv_nsec / 1000;
}

/* Lines may have been lost: what is open at the next look is judged by the queue alone, also
 * what only the lines until then tell of. */
static void note_gap(struct keeper *keeper, const char *why)
{
	keeper->unwatched = true;
	keeper->state.gap_time = now();
	slice_copy(slice_of(why), keeper->state.gap, sizeof(keeper->state.gap));
	keeper->dirty = keeper->unsaved = true;
	printf("lines of the log may have been lost (%s); the account is compared with the queue\n",
	       why);
	fflush(stdout);
}

/* /run is new in each boot: what was published is not there then. */
static bool is_new_boot(const struct keeper *keeper)
{
	_cleanup_free_ char *path = file_join(keeper->run, "account.json");

	return !path || !file_exists(path);
}

static int load(struct keeper *keeper, struct error *error)
{
	int result = ledger_load(keeper->state_file, &keeper->ledger, &keeper->state, error);
	bool damaged = result == -EINVAL, clean = keeper->state.clean;

	if (damaged) {
		error_print(error);
		puts("the account begins anew");
	} else if (result < 0 && result != -ENOENT) {
		return result;
	}
	if (result < 0)
		keeper->state.began = now();
	if (is_new_boot(keeper)) {
		memcpy(keeper->state.at_boot, keeper->ledger.counters,
		       sizeof(keeper->state.at_boot));
		if (result == 0 && !clean)
			note_gap(keeper, "the machine stopped without warning");
	}
	if (damaged)
		note_gap(keeper, "the account's file was broken");
	keeper->saved_alarms = keeper->ledger.alarm_count;
	keeper->state.clean = false;
	keeper->unsaved = true; /* from now on it has not ended in order */
	return 0;
}

static int begin_reading(struct keeper *keeper, struct error *error)
{
	bool found = true;
	int result;

	if (!keeper->state.cursor)
		return journal_seek_time(&keeper->journal, 0, error);
	result = journal_seek_cursor(&keeper->journal, keeper->state.cursor, &found, error);
	if (result == 0 && !found)
		note_gap(keeper, "the journal was cut short");
	return result;
}

static void add_found(void *context, const char *id, const char *queue, int64_t next_try)
{
	(void)queue;
	(void)next_try;
	(void)!id_table_set(context, slice_of(id), 0);
}

static void add_held(void *context, const char *name)
{
	(void)!id_table_set(context, line_quarantine_id(slice_of(name)), 0);
}

static int look_at_queue(struct keeper *keeper, struct error *error)
{
	_cleanup_(id_table_free) struct id_table found;
	int64_t began = clock_now_ms();
	int result;

	id_table_init(&found, FOUND_LIMIT);
	result = spool_scan(keeper->spool, add_found, &found, error);
	if (result == 0 && ledger_check_queue(&keeper->ledger, &found, &keeper->strangers, now(),
					      keeper->grace) < 0)
		result = error_set(error, ENOMEM, "out of memory");
	keeper->looked_ms = clock_now_ms();
	keeper->look_cost_ms = keeper->looked_ms - began;
	keeper->dirty = keeper->unsaved = true;
	return result;
}

static int look_at_quarantine(struct keeper *keeper, struct error *error)
{
	_cleanup_(id_table_free) struct id_table found;
	int result;

	id_table_init(&found, FOUND_LIMIT);
	result = quarantine_scan(keeper->quarantine, add_held, &found, error);
	if (result == 0 &&
	    ledger_check_quarantine(&keeper->ledger, &found, now(), keeper->grace) < 0)
		result = error_set(error, ENOMEM, "out of memory");
	/* one that is gone is looked for again, for its line may be on its way */
	keeper->look_quarantine = found.used < keeper->ledger.held.used;
	keeper->quarantine_changed = false;
	keeper->quarantined = found.used;
	keeper->dirty = keeper->unsaved = true;
	return result;
}

static void check_space(struct keeper *keeper)
{
	struct statvfs space;

	if (keeper->ledger.open && statvfs("/var/log/journal", &space) == 0 &&
	    space.f_bavail < FREE_BLOCKS)
		note_gap(keeper, "the disk of /var was full");
}

int keeper_look(struct keeper *keeper, struct error *error)
{
	int result;

	check_space(keeper);
	if (keeper->unwatched)
		ledger_gap(&keeper->ledger);
	keeper->unwatched = false;
	result = look_at_queue(keeper, error);
	if (result == 0)
		result = look_at_quarantine(keeper, error);
	return result;
}

static int publish(struct keeper *keeper, struct error *error)
{
	_cleanup_free_ char *path = file_join(keeper->run, "account.json");
	_cleanup_json_ json_t *json =
	    account_json(&keeper->ledger, &keeper->state, keeper->quarantined);
	int result = json_file_replace(path, json, JSON_FILE_REPORT, 0644, error);

	keeper->published_ms = clock_now_ms();
	keeper->dirty = result < 0;
	return result;
}

/* A full disk is no reason to end: the lines since then will be read again. */
static int save(struct keeper *keeper, struct error *error)
{
	_cleanup_(error_clear) struct error problem = ERROR_INIT;
	int64_t began = clock_now_ms();
	char *cursor = NULL;
	int result = journal_cursor(&keeper->journal, &cursor, &problem);

	if (result == 0) {
		free(keeper->state.cursor);
		keeper->state.cursor = cursor;
	}
	error_clear(&problem);
	result = ledger_save(keeper->state_file, &keeper->ledger, &keeper->state, &problem);
	keeper->saved_ms = clock_now_ms();
	keeper->save_cost_ms = keeper->saved_ms - began;
	keeper->unsaved = keeper->save_failed = result < 0;
	if (result == 0)
		keeper->saved_alarms = keeper->ledger.alarm_count;
	if (result == -ENOSPC || result == -EDQUOT) {
		error_print(&problem);
		note_gap(keeper, "the disk of /var was full");
		return 0;
	}
	return result < 0 ? error_set(error, -result, "%s", error_text(&problem)) : 0;
}

int keeper_read(struct keeper *keeper, bool *ret_more, struct error *error)
{
	struct journal_line text;
	struct line line;
	int result = 0;
	int count;

	for (count = 0; count < LINES_AT_ONCE; count++) {
		result = journal_next(&keeper->journal, &text, error);
		if (result <= 0)
			break;
		line_parse(text.writer, text.identifier, text.text, &line);
		if (ledger_line(&keeper->ledger, &line, text.time) < 0)
			return error_set(error, ENOMEM, "out of memory");
	}
	keeper->dirty |= count > 0;
	keeper->unsaved |= count > 0;
	*ret_more = count == LINES_AT_ONCE;
	return result < 0 ? result : 0;
}

static int64_t look_due(const struct keeper *keeper)
{
	if (!keeper->ledger.ids.used && !keeper->strangers.used && !keeper->look_quarantine)
		return INT64_MAX;
	return keeper->looked_ms + (int64_t)(keeper->grace / 1000) + 200 * keeper->look_cost_ms;
}

static int64_t publish_due(const struct keeper *keeper)
{
	return keeper->dirty ? keeper->published_ms + PUBLISH_MS : INT64_MAX;
}

/* An alarm comes from what was not there, and is settled by a line: after a crash the line
 * would be read before the alarm is found again.  So alarms are saved at once. */
static int64_t save_due(const struct keeper *keeper)
{
	if (keeper->saved_alarms != keeper->ledger.alarm_count && !keeper->save_failed)
		return keeper->saved_ms;
	return keeper->unsaved ? keeper->saved_ms + SAVE_MS + 100 * keeper->save_cost_ms
			       : INT64_MAX;
}

int64_t keeper_next_due(const struct keeper *keeper)
{
	int64_t due = look_due(keeper), publishing = publish_due(keeper), saving = save_due(keeper);

	due = publishing < due ? publishing : due;
	return saving < due ? saving : due;
}

int keeper_do_due(struct keeper *keeper, struct error *error)
{
	int64_t time = clock_now_ms();
	int result = 0;

	if (look_due(keeper) <= time)
		result = keeper_look(keeper, error);
	else if (keeper->quarantine_changed)
		result = look_at_quarantine(keeper, error);
	if (result == 0 && publish_due(keeper) <= time)
		result = publish(keeper, error);
	if (result == 0 && save_due(keeper) <= time)
		result = save(keeper, error);
	return result;
}

int keeper_begin(struct keeper *keeper, struct error *error)
{
	int result;

	id_table_init(&keeper->strangers, LEDGER_PARTS_LIMIT);
	result = ledger_init(&keeper->ledger, error);
	if (result == 0)
		result = load(keeper, error);
	if (result == 0)
		result = journal_open(&keeper->journal, NULL, false, error);
	return result < 0 ? result : begin_reading(keeper, error);
}

int keeper_end(struct keeper *keeper, struct error *error)
{
	bool more;
	int result = keeper_read(keeper, &more, error);

	keeper->state.clean = true;
	if (result == 0)
		result = publish(keeper, error);
	return result < 0 ? result : save(keeper, error);
}

void keeper_free(struct keeper *keeper)
{
	journal_close(&keeper->journal);
	ledger_free(&keeper->ledger);
	ledger_state_free(&keeper->state);
	id_table_free(&keeper->strangers);
}

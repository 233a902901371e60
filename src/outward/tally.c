// SPDX-License-Identifier: GPL-3.0-or-later
#include "outward/tally.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/database.h"
#include "base/json_file.h"

enum { BUSY_MS = 200 };

enum { COUNT, ADD, DETAIL, NEXT, POLICIES, DETAILS, FORGET, STATEMENTS };

static const char *const texts[STATEMENTS] = {
    [COUNT] = "SELECT count(*) FROM policy",
    [ADD] = "INSERT INTO policy (day, domain, about, record, good, failed) VALUES (?1, ?2, ?3, ?4, "
	    "?5, ?6) ON CONFLICT (day, domain, about) DO UPDATE SET record = ?4, good = good + ?5, "
	    "failed = failed + ?6 RETURNING id",
    [DETAIL] = "INSERT INTO detail (policy, about, count) SELECT ?1, ?2, 1 WHERE (SELECT count(*) "
	       "FROM detail WHERE policy = ?1) < ?3 OR EXISTS (SELECT 1 FROM detail WHERE policy = "
	       "?1 AND about = ?2) ON CONFLICT (policy, about) DO UPDATE SET count = count + 1",
    [NEXT] = "SELECT day, domain, record FROM policy WHERE day < ?1 AND (day > ?2 OR (day = ?2 AND "
	     "domain > ?3)) ORDER BY day, domain, id DESC LIMIT 1",
    [POLICIES] = "SELECT id, about, good, failed FROM policy WHERE day = ?1 AND domain = ?2 ORDER "
		 "BY id",
    [DETAILS] = "SELECT about, count FROM detail WHERE policy = ?1 ORDER BY count DESC, about",
    [FORGET] = "DELETE FROM policy WHERE day = ?1 AND domain = ?2",
};

static const char prepare[] =
    "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA cache_size = -512;"
    "PRAGMA foreign_keys = ON;"
    "CREATE TABLE IF NOT EXISTS policy (id INTEGER PRIMARY KEY, day INTEGER NOT NULL, domain TEXT "
    "NOT NULL, about TEXT NOT NULL, record TEXT NOT NULL, good INTEGER NOT NULL, failed INTEGER "
    "NOT NULL, UNIQUE (day, domain, about));"
    "CREATE TABLE IF NOT EXISTS detail (policy INTEGER NOT NULL REFERENCES policy ON DELETE "
    "CASCADE, about TEXT NOT NULL, count INTEGER NOT NULL, PRIMARY KEY (policy, about)) "
    "WITHOUT ROWID;";

struct tally {
	sqlite3 *database;
	sqlite3_stmt *statements[STATEMENTS];
};

void tally_close(struct tally **tally)
{
	if (!*tally)
		return;
	database_close(&(*tally)->database, (*tally)->statements, STATEMENTS);
	free(*tally);
	*tally = NULL;
}

int tally_open(const char *path, struct tally **ret, struct error *error)
{
	_cleanup_(tally_close) struct tally *tally = calloc(1, sizeof(*tally));
	int result;

	if (!tally)
		return error_set(error, ENOMEM, "out of memory");
	result = database_open(path, BUSY_MS, prepare, texts, STATEMENTS, &tally->database,
			       tally->statements);
	if (result != SQLITE_OK)
		return error_set(error, EIO, "%s: %s; TLS sessions are not counted", path,
				 sqlite3_errstr(result));
	*ret = TAKE_POINTER(tally);
	return 0;
}

static void bind_text(sqlite3_stmt *statement, int number, const char *text)
{
	sqlite3_bind_text(statement, number, text, -1, SQLITE_STATIC);
}

static bool has_room(struct tally *tally)
{
	sqlite3_stmt *statement = tally->statements[COUNT];
	bool room = sqlite3_step(statement) == SQLITE_ROW &&
		    sqlite3_column_int64(statement, 0) < TALLY_POLICIES;

	database_again(statement);
	return room;
}

static void add_failure(struct tally *tally, int64_t id, const json_t *failure)
{
	sqlite3_stmt *statement = tally->statements[DETAIL];
	_cleanup_free_ char *about = json_dumps(failure, JSON_COMPACT | JSON_SORT_KEYS);

	if (!about)
		return;
	sqlite3_bind_int64(statement, 1, id);
	bind_text(statement, 2, about);
	sqlite3_bind_int(statement, 3, TALLY_DETAILS);
	sqlite3_step(statement);
	database_again(statement);
}

static void add_policy(struct tally *tally, const struct event *event,
		       const struct event_policy *policy, int64_t day)
{
	sqlite3_stmt *statement = tally->statements[ADD];
	_cleanup_free_ char *about = json_dumps(policy->policy, JSON_COMPACT | JSON_SORT_KEYS);
	int64_t id = 0;

	if (!about)
		return;
	sqlite3_bind_int64(statement, 1, day);
	bind_text(statement, 2, event->domain);
	bind_text(statement, 3, about);
	bind_text(statement, 4, event->record);
	sqlite3_bind_int(statement, 5, !policy->failed);
	sqlite3_bind_int(statement, 6, policy->failed);
	if (sqlite3_step(statement) == SQLITE_ROW)
		id = sqlite3_column_int64(statement, 0);
	if (database_again(statement) != SQLITE_OK || id == 0)
		return;
	for (size_t i = 0; i < policy->failure_count; i++)
		add_failure(tally, id, policy->failures[i]);
}

void tally_add(struct tally *tally, const struct event *event, int64_t day)
{
	if (!has_room(tally) ||
	    sqlite3_exec(tally->database, "BEGIN IMMEDIATE", NULL, NULL, NULL) != SQLITE_OK)
		return;
	for (size_t i = 0; i < event->count; i++)
		add_policy(tally, event, &event->policies[i], day);
	if (sqlite3_exec(tally->database, "COMMIT", NULL, NULL, NULL) != SQLITE_OK)
		sqlite3_exec(tally->database, "ROLLBACK", NULL, NULL, NULL);
}

static json_t *column_json(sqlite3_stmt *statement, int number)
{
	const char *text = (const char *)sqlite3_column_text(statement, number);

	return text ? json_loads(text, 0, NULL) : NULL;
}

static json_t *read_details(struct tally *tally, int64_t id)
{
	sqlite3_stmt *statement = tally->statements[DETAILS];
	json_t *list = json_array();

	sqlite3_bind_int64(statement, 1, id);
	while (list && sqlite3_step(statement) == SQLITE_ROW) {
		json_t *detail = column_json(statement, 0);

		json_object_set_new(detail, "failed-session-count",
				    json_integer(sqlite3_column_int64(statement, 1)));
		json_array_append_new(list, detail);
	}
	database_again(statement);
	return list;
}

static json_t *read_policies(struct tally *tally, int64_t day, const char *domain)
{
	sqlite3_stmt *statement = tally->statements[POLICIES];
	json_t *list = json_array();

	sqlite3_bind_int64(statement, 1, day);
	bind_text(statement, 2, domain);
	while (list && sqlite3_step(statement) == SQLITE_ROW) {
		json_t *details = read_details(tally, sqlite3_column_int64(statement, 0));
		json_t *policy = json_pack(
		    "{s:o, s:{s:I, s:I}}", "policy", column_json(statement, 1), "summary",
		    "total-successful-session-count",
		    (json_int_t)sqlite3_column_int64(statement, 2), "total-failure-session-count",
		    (json_int_t)sqlite3_column_int64(statement, 3));

		if (json_array_size(details) > 0)
			json_object_set(policy, "failure-details", details);
		json_decref(details);
		json_array_append_new(list, policy);
	}
	database_again(statement);
	return list;
}

bool tally_next(struct tally *tally, int64_t day, int64_t *at_day, char at_domain[OUTWARD_NAME],
		json_t **ret_policies, char **ret_record)
{
	sqlite3_stmt *statement = tally->statements[NEXT];
	char *record = NULL;
	bool found;

	sqlite3_bind_int64(statement, 1, day);
	sqlite3_bind_int64(statement, 2, *at_day);
	bind_text(statement, 3, at_domain);
	found = sqlite3_step(statement) == SQLITE_ROW;
	if (found) {
		*at_day = sqlite3_column_int64(statement, 0);
		record = strdup((const char *)sqlite3_column_text(statement, 2));
		snprintf(at_domain, OUTWARD_NAME, "%s",
			 (const char *)sqlite3_column_text(statement, 1));
	}
	database_again(statement);
	if (!found || !record)
		return false;
	*ret_policies = read_policies(tally, *at_day, at_domain);
	*ret_record = record;
	return true;
}

int tally_forget(struct tally *tally, int64_t day, const char *domain, struct error *error)
{
	sqlite3_stmt *statement = tally->statements[FORGET];
	int result;

	sqlite3_bind_int64(statement, 1, day);
	bind_text(statement, 2, domain);
	sqlite3_step(statement);
	result = database_again(statement);
	return result == SQLITE_OK ? 0 : error_set(error, EIO, "%s", sqlite3_errstr(result));
}

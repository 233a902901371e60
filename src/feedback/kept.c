// SPDX-License-Identifier: GPL-3.0-or-later
#include "feedback/kept.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/database.h"
#include "base/json_file.h"

enum { DAY_SECONDS = 24 * 60 * 60 };

static const char schema[] =
    "CREATE TABLE IF NOT EXISTS report (number INTEGER PRIMARY KEY, kind INTEGER, organisation "
    "TEXT, name TEXT, domain TEXT, policy TEXT, begin INTEGER, end INTEGER, came INTEGER, "
    "left_out INTEGER, UNIQUE (organisation, name, domain, kind));"
    "CREATE INDEX IF NOT EXISTS report_end ON report (end);"
    "CREATE INDEX IF NOT EXISTS report_came ON report (came);"
    "CREATE TABLE IF NOT EXISTS line (report INTEGER REFERENCES report ON DELETE CASCADE, count "
    "INTEGER, good INTEGER, source TEXT, what TEXT, name TEXT, dkim INTEGER, spf INTEGER);"
    "CREATE INDEX IF NOT EXISTS line_report ON line (report);"
    "CREATE TABLE IF NOT EXISTS other (day INTEGER, why TEXT, count INTEGER, "
    "PRIMARY KEY (day, why));";

static int fail(struct kept *kept, struct error *error)
{
	int code = sqlite3_errcode(kept->database);

	return error_set(error, code == SQLITE_FULL ? ENOSPC : EIO,
			 "the reports cannot be kept: %s", sqlite3_errmsg(kept->database));
}

static int run(struct kept *kept, const char *text, struct error *error)
{
	return sqlite3_exec(kept->database, text, NULL, NULL, NULL) == SQLITE_OK
		   ? 0
		   : fail(kept, error);
}

/* ---- Open ---- */

static int begin(struct kept *kept, const char *path, struct error *error)
{
	char limits[128];

	if (sqlite3_open_v2(path, &kept->database, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE,
			    NULL) != SQLITE_OK)
		return fail(kept, error);
	sqlite3_busy_timeout(kept->database, KEPT_WAIT_MS);
	snprintf(limits, sizeof(limits), "PRAGMA foreign_keys = ON; PRAGMA max_page_count = %d;",
		 KEPT_PAGES);
	if (run(kept, limits, error) < 0)
		return -EIO;
	return run(kept, schema, error);
}

int kept_open(struct kept *kept, const char *path, struct error *error)
{
	int code = begin(kept, path, error);

	if (code == 0 || !database_is_damaged(sqlite3_errcode(kept->database)))
		return code;
	kept_close(kept);
	code = database_set_aside(path, error);
	if (code == 0)
		code = begin(kept, path, NULL);
	if (code == 0)
		error_set(error, EIO,
			  "%s was damaged; it is %s.damaged now, and a new one is begun", path,
			  path);
	return code;
}

void kept_close(struct kept *kept)
{
	sqlite3_close(kept->database);
	*kept = KEPT_INIT;
}

/* ---- Statements ---- */

static void finish(sqlite3_stmt **statement)
{
	sqlite3_finalize(*statement);
}

#define _cleanup_statement_ _cleanup_(finish)

static int prepare(struct kept *kept, const char *text, sqlite3_stmt **ret, struct error *error)
{
	return sqlite3_prepare_v2(kept->database, text, -1, ret, NULL) == SQLITE_OK
		   ? 0
		   : fail(kept, error);
}

static void bind_text(sqlite3_stmt *statement, int place, const char *text)
{
	sqlite3_bind_text(statement, place, text, -1, SQLITE_TRANSIENT);
}

/* 1: a row; 0: no more. */
static int step(struct kept *kept, sqlite3_stmt *statement, struct error *error)
{
	int result = sqlite3_step(statement);

	if (result == SQLITE_ROW)
		return 1;
	return result == SQLITE_DONE ? 0 : fail(kept, error);
}

/* ---- Keep ---- */

static int count_since(struct kept *kept, const struct report *report, int64_t since,
		       int64_t *ret_all, int64_t *ret_of_one, struct error *error)
{
	_cleanup_statement_ sqlite3_stmt *statement = NULL;
	int code = prepare(kept,
			   "SELECT count(*), coalesce(sum(organisation = ?2 AND domain = ?3), 0) "
			   "FROM report WHERE came > ?1",
			   &statement, error);

	if (code < 0)
		return code;
	sqlite3_bind_int64(statement, 1, since);
	bind_text(statement, 2, report->organisation);
	bind_text(statement, 3, report->domain);
	code = step(kept, statement, error);
	if (code < 0)
		return code;
	*ret_all = sqlite3_column_int64(statement, 0);
	*ret_of_one = sqlite3_column_int64(statement, 1);
	return 0;
}

static int put_report(struct kept *kept, const struct report *report, int64_t now,
		      struct error *error)
{
	_cleanup_statement_ sqlite3_stmt *statement = NULL;
	int code =
	    prepare(kept,
		    "INSERT OR IGNORE INTO report (kind, organisation, name, domain, policy, "
		    "begin, end, came, left_out) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
		    &statement, error);

	if (code < 0)
		return code;
	sqlite3_bind_int(statement, 1, report->kind);
	bind_text(statement, 2, report->organisation);
	bind_text(statement, 3, report->id);
	bind_text(statement, 4, report->domain);
	bind_text(statement, 5, report->policy);
	sqlite3_bind_int64(statement, 6, report->begin);
	sqlite3_bind_int64(statement, 7, report->end);
	sqlite3_bind_int64(statement, 8, now);
	sqlite3_bind_int64(statement, 9, report->left_out);
	return step(kept, statement, error);
}

static int put_rows(struct kept *kept, const struct report *report, int64_t number,
		    struct error *error)
{
	_cleanup_statement_ sqlite3_stmt *statement = NULL;
	int code = prepare(kept, "INSERT INTO line VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
			   &statement, error);

	for (size_t i = 0; code == 0 && i < report->count; i++) {
		const struct report_row *row = &report->rows[i];

		sqlite3_bind_int64(statement, 1, number);
		sqlite3_bind_int64(statement, 2, row->count);
		sqlite3_bind_int64(statement, 3, row->good);
		bind_text(statement, 4, row->source);
		bind_text(statement, 5, row->what);
		bind_text(statement, 6, row->name);
		sqlite3_bind_int(statement, 7, row->dkim);
		sqlite3_bind_int(statement, 8, row->spf);
		code = step(kept, statement, error);
		sqlite3_reset(statement);
	}
	return code;
}

/* What is too old, or too much, goes first. */
static int make_room(struct kept *kept, int64_t now, struct error *error)
{
	char text[512];

	snprintf(text, sizeof(text),
		 "DELETE FROM report WHERE end < %lld OR number IN (SELECT number FROM report "
		 "ORDER BY came DESC LIMIT -1 OFFSET %d);"
		 "DELETE FROM other WHERE day < %lld;",
		 (long long)(now - (int64_t)KEPT_DAYS * DAY_SECONDS), KEPT_REPORTS - 1,
		 (long long)(now / DAY_SECONDS - KEPT_DAYS));
	return run(kept, text, error);
}

static int add(struct kept *kept, const struct report *report, int64_t now,
	       enum kept_taken *ret_taken, struct error *error)
{
	int64_t all = 0, of_one = 0;
	int code = count_since(kept, report, now - DAY_SECONDS, &all, &of_one, error);

	if (code == 0 && (all >= KEPT_OF_A_DAY || of_one >= KEPT_OF_ONE)) {
		*ret_taken = KEPT_TOO_MANY;
		return 0;
	}
	if (code == 0)
		code = make_room(kept, now, error);
	if (code == 0)
		code = put_report(kept, report, now, error);
	if (code == 0 && sqlite3_changes(kept->database) == 0) {
		*ret_taken = KEPT_KNOWN;
		return 0;
	}
	if (code == 0)
		code = put_rows(kept, report, sqlite3_last_insert_rowid(kept->database), error);
	if (code == 0)
		*ret_taken = KEPT_NEW;
	return code;
}

int kept_add(struct kept *kept, const struct report *report, int64_t now,
	     enum kept_taken *ret_taken, struct error *error)
{
	int code = run(kept, "BEGIN IMMEDIATE", error);

	if (code < 0)
		return code;
	code = add(kept, report, now, ret_taken, error);
	if (code == 0)
		code = run(kept, "COMMIT", error);
	if (code < 0 && run(kept, "ROLLBACK", NULL) < 0)
		return code; /* which is closed soon, and that rolls back too */
	return code;
}

int kept_count(struct kept *kept, const char *why, int64_t now, struct error *error)
{
	_cleanup_statement_ sqlite3_stmt *statement = NULL;
	int code = prepare(kept,
			   "INSERT INTO other VALUES (?1, ?2, 1) ON CONFLICT (day, why) DO UPDATE "
			   "SET count = count + 1",
			   &statement, error);

	if (code < 0)
		return code;
	sqlite3_bind_int64(statement, 1, now / DAY_SECONDS);
	bind_text(statement, 2, why);
	return step(kept, statement, error);
}

/* ---- Tell ---- */

static json_t *row_object(sqlite3_stmt *statement)
{
	json_t *row = json_object();

	for (int i = 0; i < sqlite3_column_count(statement); i++) {
		const char *name = sqlite3_column_name(statement, i);
		json_t *value;

		if (sqlite3_column_type(statement, i) == SQLITE_INTEGER)
			value = json_integer(sqlite3_column_int64(statement, i));
		else
			value = json_string((const char *)sqlite3_column_text(statement, i));
		json_object_set_new(row, name, value ? value : json_null());
	}
	return row;
}

json_t *kept_select(struct kept *kept, const char *query, int64_t first, int64_t second,
		    struct error *error)
{
	_cleanup_statement_ sqlite3_stmt *statement = NULL;
	json_t *rows = json_array();
	int code = prepare(kept, query, &statement, error);

	if (code == 0) {
		sqlite3_bind_int64(statement, 1, first);
		sqlite3_bind_int64(statement, 2, second);
		while ((code = step(kept, statement, error)) > 0)
			json_array_append_new(rows, row_object(statement));
	}
	if (code == 0)
		return rows;
	json_decref(rows);
	return NULL;
}

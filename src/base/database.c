// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/database.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/buffer.h"

int database_open(const char *path, int wait_ms, const char *prepare, const char *const *texts,
		  size_t count, sqlite3 **ret, sqlite3_stmt **statements)
{
	int result = sqlite3_open_v2(
	    path, ret, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOFOLLOW, NULL);

	if (result == SQLITE_OK)
		result = sqlite3_busy_timeout(*ret, wait_ms);
	if (result == SQLITE_OK)
		result = sqlite3_exec(*ret, prepare, NULL, NULL, NULL);
	for (size_t i = 0; result == SQLITE_OK && i < count; i++)
		result = sqlite3_prepare_v3(*ret, texts[i], -1, SQLITE_PREPARE_PERSISTENT,
					    &statements[i], NULL);
	return result;
}

void database_close(sqlite3 **database, sqlite3_stmt **statements, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		sqlite3_finalize(statements[i]);
		statements[i] = NULL;
	}
	sqlite3_close(*database);
	*database = NULL;
}

int database_again(sqlite3_stmt *statement)
{
	int result = sqlite3_reset(statement);

	sqlite3_clear_bindings(statement);
	return result;
}

bool database_is_damaged(int result)
{
	return (result & 0xff) == SQLITE_CORRUPT || (result & 0xff) == SQLITE_NOTADB;
}

int database_check(sqlite3 *database)
{
	sqlite3_stmt *check = NULL;
	int result = sqlite3_prepare_v2(database, "PRAGMA quick_check(1)", -1, &check, NULL);

	if (result == SQLITE_OK)
		result = sqlite3_step(check);
	if (result == SQLITE_ROW)
		result = strcmp((const char *)sqlite3_column_text(check, 0), "ok") == 0
			     ? SQLITE_OK
			     : SQLITE_CORRUPT;
	sqlite3_finalize(check);
	return result;
}

int database_set_aside(const char *path, struct error *error)
{
	static const char *const logs[] = {"", "-wal", "-shm", "-journal"};

	for (size_t i = 0; i < ARRAY_SIZE(logs); i++) {
		_cleanup_(buffer_free) struct buffer from = BUFFER_INIT, to = BUFFER_INIT;

		buffer_addf(&from, "%s%s", path, logs[i]);
		buffer_addf(&to, "%s.damaged%s", path, logs[i]);
		if (from.failed || to.failed)
			return error_set(error, ENOMEM, "out of memory");
		if (rename(buffer_text(&from), buffer_text(&to)) < 0 && (i == 0 || errno != ENOENT))
			return error_errno(error, errno, "cannot set %s aside", buffer_text(&from));
	}
	return 0;
}

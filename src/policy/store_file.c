// SPDX-License-Identifier: GPL-3.0-or-later
#include "policy/store_file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/database.h"

/* In the order in which they must be run.  FULL, because a commit in WAL mode is otherwise on the
 * disk when the kernel likes, up to half a minute later.  One process has the file, and needs no
 * second one beside it for locks. */
static const char prepare_file[] =
    "PRAGMA locking_mode = EXCLUSIVE;"
    "PRAGMA journal_mode = WAL;"
    "PRAGMA synchronous = FULL;"
    "PRAGMA cache_size = -256;"
    "PRAGMA journal_size_limit = 1048576;"
    "CREATE TABLE IF NOT EXISTS row (kind TEXT NOT NULL, key TEXT NOT NULL, begun INTEGER NOT NULL,"
    " seen INTEGER NOT NULL, until INTEGER NOT NULL, count INTEGER NOT NULL,"
    " other INTEGER NOT NULL, PRIMARY KEY (kind, key)) WITHOUT ROWID;"
    "CREATE INDEX IF NOT EXISTS row_seen ON row (kind, seen);";

static const char read_rows[] =
    "SELECT kind, key, begun, seen, until, count, other FROM row ORDER BY seen";

static const char put_row[] = "INSERT OR REPLACE INTO row VALUES (?, ?, ?, ?, ?, ?, ?)";
static const char drop_row[] = "DELETE FROM row WHERE kind = ? AND key = ?";
static const char trim_rows[] = "DELETE FROM row WHERE kind = ? AND seen < ?";

/* What SQLite says, as an errno: a file with another table than ours is as good as damaged. */
static int failed(const struct store_file *file, int code, struct error *error)
{
	bool damaged = database_is_damaged(code) || (code == SQLITE_ERROR && !file->put);

	return error_set(error, damaged ? EUCLEAN : EIO, "%s: %s", file->path,
			 file->db ? sqlite3_errmsg(file->db) : sqlite3_errstr(code));
}

static int check_pages(struct store_file *file, struct error *error)
{
	int code = database_check(file->db);

	if (database_is_damaged(code))
		return error_set(error, EUCLEAN, "%s is damaged", file->path);
	return code == SQLITE_OK ? 0 : failed(file, code, error);
}

static int read_all(struct store_file *file, store_file_row *each, void *context,
		    struct error *error)
{
	sqlite3_stmt *rows = NULL;
	int code = sqlite3_prepare_v2(file->db, read_rows, -1, &rows, NULL);

	while (code == SQLITE_OK || code == SQLITE_ROW) {
		struct store_row row;
		const char *kind;

		code = sqlite3_step(rows);
		if (code != SQLITE_ROW)
			break;
		kind = (const char *)sqlite3_column_text(rows, 0);
		row = (struct store_row){
		    .key = (const char *)sqlite3_column_text(rows, 1),
		    .begun = sqlite3_column_int64(rows, 2),
		    .seen = sqlite3_column_int64(rows, 3),
		    .until = sqlite3_column_int64(rows, 4),
		    .count = (uint32_t)sqlite3_column_int64(rows, 5),
		    .other = (uint32_t)sqlite3_column_int64(rows, 6),
		};
		if (kind && row.key)
			each(context, kind, &row);
	}
	sqlite3_finalize(rows);
	return code == SQLITE_DONE ? 0 : failed(file, code, error);
}

static int prepare_statements(struct store_file *file, struct error *error)
{
	const struct {
		const char *text;
		sqlite3_stmt **statement;
	} all[] = {{put_row, &file->put}, {drop_row, &file->drop}, {trim_rows, &file->trim}};

	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		int code = sqlite3_prepare_v3(file->db, all[i].text, -1, SQLITE_PREPARE_PERSISTENT,
					      all[i].statement, NULL);

		if (code != SQLITE_OK)
			return failed(file, code, error);
	}
	return 0;
}

int store_file_open(struct store_file *file, const char *path, store_file_row *each, void *context,
		    struct error *error)
{
	int code, result = 0;

	*file = (struct store_file){.path = path};
	code = sqlite3_open_v2(path, &file->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL);
	if (code == SQLITE_OK)
		code = sqlite3_exec(file->db, prepare_file, NULL, NULL, NULL);
	if (code != SQLITE_OK)
		result = failed(file, code, error);
	if (result == 0)
		result = check_pages(file, error);
	if (result == 0)
		result = read_all(file, each, context, error);
	if (result == 0)
		result = prepare_statements(file, error);
	if (result < 0)
		store_file_close(file);
	return result;
}

int store_file_set_aside(struct store_file *file, struct error *error)
{
	store_file_close(file);
	return database_set_aside(file->path, error);
}

static int run(sqlite3_stmt *statement)
{
	int code = sqlite3_step(statement);

	database_again(statement);
	return code == SQLITE_DONE ? SQLITE_OK : code;
}

static int write_change(struct store_file *file, const struct store_change *change)
{
	sqlite3_stmt *statement = change->gone ? file->drop : file->put;

	sqlite3_bind_text(statement, 1, change->kind, -1, SQLITE_STATIC);
	sqlite3_bind_text(statement, 2, change->key, -1, SQLITE_STATIC);
	if (!change->gone) {
		sqlite3_bind_int64(statement, 3, change->row.begun);
		sqlite3_bind_int64(statement, 4, change->row.seen);
		sqlite3_bind_int64(statement, 5, change->row.until);
		sqlite3_bind_int64(statement, 6, change->row.count);
		sqlite3_bind_int64(statement, 7, change->row.other);
	}
	return run(statement);
}

static int write_trim(struct store_file *file, const struct store_trim *trim)
{
	sqlite3_bind_text(file->trim, 1, trim->kind, -1, SQLITE_STATIC);
	sqlite3_bind_int64(file->trim, 2, trim->before);
	return run(file->trim);
}

int store_file_write(struct store_file *file, const struct store_batch *batch, struct error *error)
{
	int code = sqlite3_exec(file->db, "BEGIN", NULL, NULL, NULL), result;

	for (size_t i = 0; code == SQLITE_OK && i < batch->count; i++)
		code = write_change(file, &batch->changes[i]);
	for (size_t i = 0; code == SQLITE_OK && i < batch->trim_count; i++)
		code = write_trim(file, &batch->trims[i]);
	if (code == SQLITE_OK)
		code = sqlite3_exec(file->db, "COMMIT", NULL, NULL, NULL);
	if (code == SQLITE_OK)
		return 0;
	result = failed(file, code, error);
	sqlite3_exec(file->db, "ROLLBACK", NULL, NULL, NULL);
	return result;
}

void store_file_close(struct store_file *file)
{
	sqlite3_finalize(file->put);
	sqlite3_finalize(file->drop);
	sqlite3_finalize(file->trim);
	sqlite3_close(file->db);
	*file = (struct store_file){.path = file->path};
}

// SPDX-License-Identifier: GPL-3.0-or-later
#include "takeover/sqlite_rows.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#include "base/json_file.h"

enum {
	HEADER = 100,
	WRITE_VERSION = 18, /* of the header: 2 is a file with a log beside it */
	READ_VERSION = 19,
	HEAP = 256 * 1024 * 1024,
	STEPS = 10 * 1000 * 1000, /* of a statement; a row takes some 50 */
	STEPS_AT_ONCE = 1000,
};

bool sqlite_rows_is(struct slice beginning)
{
	return beginning.size >= HEADER && memcmp(beginning.at, "SQLite format 3", 16) == 0;
}

static int say(const struct tables *tables, sqlite3 *database, struct error *error)
{
	return error_set(error, EINVAL, "%s: SQLite says: %s", tables->path,
			 sqlite3_errmsg(database));
}

/* ---- Defences ---- */

/* Tables are read, and nothing else is done, whatever the schema asks for. */
static int allow_reading(void *context _unused_, int action, const char *first _unused_,
			 const char *second _unused_, const char *third _unused_,
			 const char *fourth _unused_)
{
	return action == SQLITE_SELECT || action == SQLITE_READ ? SQLITE_OK : SQLITE_DENY;
}

static int count_steps(void *context)
{
	long long *left = context;

	*left -= STEPS_AT_ONCE;
	return *left < 0;
}

static void defend(sqlite3 *database)
{
	static const int on[] = {SQLITE_DBCONFIG_DEFENSIVE},
			 off[] = {SQLITE_DBCONFIG_TRUSTED_SCHEMA,
				  SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION,
				  SQLITE_DBCONFIG_ENABLE_TRIGGER, SQLITE_DBCONFIG_ENABLE_VIEW,
				  SQLITE_DBCONFIG_WRITABLE_SCHEMA};

	for (size_t i = 0; i < ARRAY_SIZE(on); i++)
		sqlite3_db_config(database, on[i], 1, NULL);
	for (size_t i = 0; i < ARRAY_SIZE(off); i++)
		sqlite3_db_config(database, off[i], 0, NULL);
	sqlite3_limit(database, SQLITE_LIMIT_LENGTH, 1024 * 1024);
	sqlite3_limit(database, SQLITE_LIMIT_SQL_LENGTH, 256 * 1024);
	sqlite3_limit(database, SQLITE_LIMIT_COLUMN, TABLES_COLUMNS);
	sqlite3_limit(database, SQLITE_LIMIT_EXPR_DEPTH, 50);
	sqlite3_limit(database, SQLITE_LIMIT_ATTACHED, 0);
	sqlite3_hard_heap_limit64(HEAP);
}

static int open_copy(const struct tables *tables, char *file, size_t size, sqlite3 **ret,
		     struct error *error)
{
	/* What was in a log is missed, if there was one: who opens the file looks for it. */
	file[WRITE_VERSION] = file[READ_VERSION] = 1;
	if (sqlite3_open_v2(":memory:", ret, SQLITE_OPEN_READWRITE, NULL) != SQLITE_OK)
		return error_set(error, ENOMEM, "out of memory");
	defend(*ret);
	if (sqlite3_deserialize(*ret, "main", (unsigned char *)file, (sqlite3_int64)size,
				(sqlite3_int64)size, SQLITE_DESERIALIZE_READONLY) != SQLITE_OK)
		return say(tables, *ret, error);
	sqlite3_exec(*ret, "PRAGMA cell_size_check = ON", NULL, NULL, NULL);
	sqlite3_set_authorizer(*ret, allow_reading, NULL);
	return 0;
}

/* ---- Rows ---- */

static json_t *read_value(sqlite3_stmt *statement, int column)
{
	if (sqlite3_column_type(statement, column) == SQLITE_NULL)
		return json_null();
	if (sqlite3_column_type(statement, column) == SQLITE_BLOB)
		return json_false();
	return tables_value((struct slice){(const char *)sqlite3_column_text(statement, column),
					   (size_t)sqlite3_column_bytes(statement, column)});
}

static int add_row(struct tables *tables, const struct table_wish *wish, sqlite3_stmt *statement,
		   const int *places, int number, struct error *error)
{
	json_t *row = json_pack("{s:o}", "where",
				json_sprintf("%s, row %d of %s", tables->path, number, wish->name));

	if (!row)
		return error_set(error, EINVAL, "the file's name is no UTF-8");
	for (int i = 0; i < sqlite3_column_count(statement); i++)
		if (places[i] >= 0)
			json_object_set_new(row, wish->columns[places[i]],
					    read_value(statement, i));
	return tables_add(tables, wish, row, error);
}

static int read_rows(struct tables *tables, const struct table_wish *wish, sqlite3 *database,
		     sqlite3_stmt *statement, struct error *error)
{
	int places[TABLES_COLUMNS], number = 0, step, result = 0;
	bool marked = false;

	for (int i = 0; i < sqlite3_column_count(statement); i++) {
		const char *name = sqlite3_column_name(statement, i);

		places[i] = table_wish_find(wish, name ? name : "");
		marked = marked || (name && sqlite3_stricmp(name, wish->mark) == 0);
	}
	if (!marked)
		return 0;
	result = tables_note(tables, wish, error);
	while (result == 0 && (step = sqlite3_step(statement)) == SQLITE_ROW)
		result = add_row(tables, wish, statement, places, ++number, error);
	return result == 0 && step != SQLITE_DONE ? say(tables, database, error) : result;
}

static void cleanup_statement(sqlite3_stmt **statement)
{
	sqlite3_finalize(*statement);
}

/* A view, or a table of a module, has no page of its own. */
static int is_table(const struct tables *tables, sqlite3 *database, const char *name, bool *ret,
		    struct error *error)
{
	_cleanup_(cleanup_statement) sqlite3_stmt *statement = NULL;
	int step;

	if (sqlite3_prepare_v2(database,
			       "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND rootpage > 1"
			       " AND name = ?1 COLLATE NOCASE",
			       -1, &statement, NULL) != SQLITE_OK)
		return say(tables, database, error);
	sqlite3_bind_text(statement, 1, name, -1, SQLITE_STATIC);
	step = sqlite3_step(statement);
	*ret = step == SQLITE_ROW;
	return step == SQLITE_ROW || step == SQLITE_DONE ? 0 : say(tables, database, error);
}

static int read_table(struct tables *tables, const struct table_wish *wish, sqlite3 *database,
		      struct error *error)
{
	_cleanup_(cleanup_statement) sqlite3_stmt *statement = NULL;
	long long steps = STEPS * 10LL;
	char text[100];
	bool there = false;
	int result = is_table(tables, database, wish->name, &there, error);

	if (result < 0 || !there)
		return result;
	snprintf(text, sizeof(text), "SELECT * FROM \"%s\"", wish->name);
	sqlite3_progress_handler(database, STEPS_AT_ONCE, count_steps, &steps);
	result = sqlite3_prepare_v2(database, text, -1, &statement, NULL) == SQLITE_OK
		     ? read_rows(tables, wish, database, statement, error)
		     : say(tables, database, error);
	sqlite3_progress_handler(database, 0, NULL, NULL);
	return result;
}

int sqlite_rows_read(char *file, size_t size, struct tables *tables, struct error *error)
{
	sqlite3 *database = NULL;
	int result = open_copy(tables, file, size, &database, error);

	for (const struct table_wish *wish = tables->wishes; result == 0 && wish->name; wish++)
		result = read_table(tables, wish, database, error);
	sqlite3_close(database);
	return result < 0 ? result : tables_check(tables, error);
}

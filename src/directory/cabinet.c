// SPDX-License-Identifier: GPL-3.0-or-later
#include "directory/cabinet.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/database.h"
#include "base/file.h"

enum { WAIT_MS = 1000 };

static const char pragmas[] = "PRAGMA journal_mode = WAL;"
			      "PRAGMA synchronous = FULL;"
			      "PRAGMA cache_size = -512;"
			      "PRAGMA journal_size_limit = 1048576;";

int cabinet_failed(const struct cabinet *cabinet, int code, struct error *error)
{
	return error_set(error, EIO, "%s: %s", cabinet->path,
			 cabinet->db ? sqlite3_errmsg(cabinet->db) : sqlite3_errstr(code));
}

/* ---- Open and close ---- */

static int make_schema(struct cabinet *cabinet)
{
	_cleanup_(buffer_free) struct buffer text = BUFFER_INIT;
	sqlite3_stmt *version = NULL;
	int code = sqlite3_prepare_v2(cabinet->db, "PRAGMA user_version", -1, &version, NULL);
	bool is_there;

	if (code == SQLITE_OK)
		code = sqlite3_step(version);
	is_there = code == SQLITE_ROW && sqlite3_column_int(version, 0) == cabinet->kind->version;
	sqlite3_finalize(version);
	if (code != SQLITE_ROW || is_there)
		return code == SQLITE_ROW ? SQLITE_OK : code;
	buffer_addf(&text, "BEGIN IMMEDIATE; %s PRAGMA user_version = %d; COMMIT;",
		    cabinet->kind->schema, cabinet->kind->version);
	return text.failed ? SQLITE_NOMEM
			   : sqlite3_exec(cabinet->db, buffer_text(&text), NULL, NULL, NULL);
}

static int open_file(struct cabinet *cabinet)
{
	const struct cabinet_kind *kind = cabinet->kind;
	int stay = 1, code = database_open(cabinet->path, WAIT_MS, pragmas, NULL, 0, &cabinet->db,
					   cabinet->statements);

	if (code == SQLITE_OK)
		code = make_schema(cabinet);
	if (code == SQLITE_OK)
		code = sqlite3_exec(cabinet->db, kind->own, NULL, NULL, NULL);
	for (size_t i = 0; code == SQLITE_OK && i < kind->count; i++)
		code = sqlite3_prepare_v3(cabinet->db, kind->texts[i], -1,
					  SQLITE_PREPARE_PERSISTENT, &cabinet->statements[i], NULL);
	if (code == SQLITE_OK)
		code = sqlite3_file_control(cabinet->db, NULL, SQLITE_FCNTL_PERSIST_WAL, &stay);
	return code == SQLITE_OK ? database_check(cabinet->db) : code;
}

static int copy_path(const struct cabinet *cabinet, const char *end, struct buffer *ret,
		     struct error *error)
{
	buffer_addf(ret, "%s.copy%s", cabinet->path, end);
	return ret->failed ? error_set(error, ENOMEM, "out of memory") : 0;
}

/* The copy becomes the file; it stays nobody's copy until the next one is made. */
static int take_copy(struct cabinet *cabinet, struct error *error)
{
	_cleanup_(buffer_free) struct buffer copy = BUFFER_INIT;
	int result = copy_path(cabinet, "", &copy, error);

	if (result < 0)
		return result;
	cabinet->state = CABINET_BEGUN;
	cabinet->changed = true;
	if (rename(buffer_text(&copy), cabinet->path) == 0)
		cabinet->state = CABINET_COPIED;
	else if (errno != ENOENT)
		return error_errno(error, errno, "cannot use %s", buffer_text(&copy));
	return 0;
}

int cabinet_open(struct cabinet *cabinet, const char *path, const struct cabinet_kind *kind,
		 struct error *error)
{
	int code, result = 0;

	*cabinet = (struct cabinet){.path = path, .kind = kind};
	code = open_file(cabinet);
	for (int tries = 0; tries < 2 && database_is_damaged(code); tries++) {
		cabinet_close(cabinet);
		result = database_set_aside(path, error);
		if (result == 0)
			result = take_copy(cabinet, error);
		if (result < 0)
			return result;
		code = open_file(cabinet);
	}
	if (code == SQLITE_OK)
		return 0;
	result = cabinet_failed(cabinet, code, error);
	cabinet_close(cabinet);
	return result;
}

void cabinet_close(struct cabinet *cabinet)
{
	if (cabinet->kind)
		database_close(&cabinet->db, cabinet->statements, cabinet->kind->count);
}

/* ---- The copy ---- */

static int sync_file(const char *path, struct error *error)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

	return fd < 0 || fsync(fd) < 0 ? error_errno(error, errno, "cannot write %s", path) : 0;
}

int cabinet_copy(struct cabinet *cabinet, struct error *error)
{
	_cleanup_(buffer_free) struct buffer copy = BUFFER_INIT, fresh = BUFFER_INIT;
	sqlite3_stmt *vacuum = NULL;
	int code, result = cabinet->changed ? copy_path(cabinet, "", &copy, error) : 0;

	if (result == 0 && cabinet->changed)
		result = copy_path(cabinet, ".new", &fresh, error);
	if (result < 0 || !cabinet->changed)
		return result;
	if (unlink(buffer_text(&fresh)) < 0 && errno != ENOENT)
		return error_errno(error, errno, "cannot replace %s", buffer_text(&fresh));
	code = sqlite3_prepare_v2(cabinet->db, "VACUUM INTO ?", -1, &vacuum, NULL);
	if (code == SQLITE_OK) {
		sqlite3_bind_text(vacuum, 1, buffer_text(&fresh), -1, SQLITE_STATIC);
		code = sqlite3_step(vacuum);
	}
	result = code == SQLITE_DONE ? 0 : cabinet_failed(cabinet, code, error);
	sqlite3_finalize(vacuum);
	if (result == 0)
		result = sync_file(buffer_text(&fresh), error);
	if (result == 0 && rename(buffer_text(&fresh), buffer_text(&copy)) < 0)
		result = error_errno(error, errno, "cannot replace %s", buffer_text(&copy));
	cabinet->changed = cabinet->changed && result < 0;
	return result;
}

/* ---- Changes ---- */

int cabinet_begin(struct cabinet *cabinet, struct error *error)
{
	int code = sqlite3_exec(cabinet->db, "BEGIN IMMEDIATE", NULL, NULL, NULL);

	cabinet->before = sqlite3_total_changes(cabinet->db);
	return code == SQLITE_OK ? 0 : cabinet_failed(cabinet, code, error);
}

int cabinet_end(struct cabinet *cabinet, int result, struct error *error)
{
	int code = SQLITE_OK;

	if (result == 0)
		code = sqlite3_exec(cabinet->db, "COMMIT", NULL, NULL, NULL);
	if (code != SQLITE_OK)
		result = cabinet_failed(cabinet, code, error);
	if (result < 0)
		sqlite3_exec(cabinet->db, "ROLLBACK", NULL, NULL, NULL);
	else if (sqlite3_total_changes(cabinet->db) != cabinet->before)
		cabinet->changed = true;
	return result;
}

/* ---- Statements ---- */

void cabinet_bind(struct cabinet *cabinet, size_t which, int number, const char *text)
{
	sqlite3_bind_text(cabinet->statements[which], number, text, -1, SQLITE_STATIC);
}

void cabinet_bind_number(struct cabinet *cabinet, size_t which, int number, int64_t value)
{
	sqlite3_bind_int64(cabinet->statements[which], number, value);
}

int cabinet_run(struct cabinet *cabinet, size_t which, struct error *error)
{
	int code = sqlite3_step(cabinet->statements[which]), result;

	if (code == SQLITE_DONE)
		result = 0;
	else if (code == SQLITE_CONSTRAINT)
		result = error_set(error, EEXIST, "%s: it is there already", cabinet->path);
	else
		result = cabinet_failed(cabinet, code, error);
	database_again(cabinet->statements[which]);
	return result;
}

int cabinet_run_with(struct cabinet *cabinet, size_t which, struct error *error, const char *text,
		     ...)
{
	va_list arguments;

	va_start(arguments, text);
	for (int i = 1; text; i++) {
		cabinet_bind(cabinet, which, i, text);
		text = va_arg(arguments, const char *);
	}
	va_end(arguments);
	return cabinet_run(cabinet, which, error);
}

int cabinet_number(struct cabinet *cabinet, size_t which, int64_t *ret, struct error *error)
{
	int code = sqlite3_step(cabinet->statements[which]);
	int result = code == SQLITE_ROW ? 0 : cabinet_failed(cabinet, code, error);

	*ret = result == 0 ? sqlite3_column_int64(cabinet->statements[which], 0) : 0;
	database_again(cabinet->statements[which]);
	return result;
}

int cabinet_has(struct cabinet *cabinet, size_t which, const char *text, bool *ret,
		struct error *error)
{
	int code, result;

	cabinet_bind(cabinet, which, 1, text);
	code = sqlite3_step(cabinet->statements[which]);
	*ret = code == SQLITE_ROW;
	result =
	    code == SQLITE_ROW || code == SQLITE_DONE ? 0 : cabinet_failed(cabinet, code, error);
	database_again(cabinet->statements[which]);
	return result;
}

int cabinet_list(struct cabinet *cabinet, size_t which, json_t *(*make)(sqlite3_stmt *row),
		 json_t *list, struct error *error)
{
	sqlite3_stmt *statement = cabinet->statements[which];
	int code = SQLITE_DONE, result = 0;

	while (result == 0 && (code = sqlite3_step(statement)) == SQLITE_ROW)
		if (json_array_append_new(list, make(statement)) < 0)
			result = error_set(error, ENOMEM, "out of memory");
	if (result == 0 && code != SQLITE_DONE)
		result = cabinet_failed(cabinet, code, error);
	database_again(statement);
	return result;
}

int cabinet_changed(const struct cabinet *cabinet)
{
	return sqlite3_changes(cabinet->db);
}

json_t *cabinet_first(sqlite3_stmt *row)
{
	return json_string(cabinet_text(row, 0));
}

const char *cabinet_text(sqlite3_stmt *row, int column)
{
	const char *text = (const char *)sqlite3_column_text(row, column);

	return text ? text : "";
}

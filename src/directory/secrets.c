// SPDX-License-Identifier: GPL-3.0-or-later
#include "directory/secrets.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/database.h"

enum { WAIT_MS = 1000 };

/* What Dovecot asks for are views: tables may change, and it need not know. */
static const char prepare[] =
    "PRAGMA journal_mode = WAL;"
    "PRAGMA synchronous = FULL;"
    "PRAGMA cache_size = -256;"
    "PRAGMA journal_size_limit = 1048576;"
    "CREATE TABLE IF NOT EXISTS app (address TEXT NOT NULL, label TEXT NOT NULL,"
    " hash TEXT NOT NULL UNIQUE, protocols TEXT NOT NULL, created INTEGER NOT NULL,"
    " expires INTEGER, PRIMARY KEY (address, label)) WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS login (address TEXT NOT NULL PRIMARY KEY,"
    " main INTEGER NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS gone (address TEXT NOT NULL PRIMARY KEY,"
    " since INTEGER NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS audit (id INTEGER PRIMARY KEY AUTOINCREMENT,"
    " time INTEGER NOT NULL, who TEXT NOT NULL, verb TEXT NOT NULL, address TEXT NOT NULL,"
    " detail TEXT NOT NULL);"
    "CREATE INDEX IF NOT EXISTS audit_address ON audit (address);"
    "CREATE VIEW IF NOT EXISTS dovecot_app AS SELECT address, hash, protocols FROM app"
    " WHERE expires IS NULL OR expires > CAST(strftime('%s', 'now') AS INTEGER);";

static const char *const texts[SECRETS_STATEMENTS] = {
    [SECRETS_ADD] = "INSERT INTO app VALUES (?, ?, ?, ?, ?, ?)",
    [SECRETS_COUNT] = "SELECT count(*) FROM app WHERE ?1 IS NULL OR address = ?1",
    [SECRETS_LIST] = ("SELECT app.address, label, protocols, created, expires, ifnull(main, 1)"
		      " FROM app LEFT JOIN login ON login.address = app.address"
		      " WHERE ?1 IS NULL OR app.address = ?1 ORDER BY app.address, label"),
    [SECRETS_REVOKE] = "DELETE FROM app WHERE address = ? AND label = ?",
    [SECRETS_EXPIRED] = "DELETE FROM app WHERE address = ? AND expires <= ?",
    [SECRETS_MAIN] = "INSERT OR REPLACE INTO login VALUES (?, ?)",
    [SECRETS_MAIN_OFF] = "SELECT address FROM login WHERE main = 0 ORDER BY address",
    [SECRETS_NOTE] = "INSERT INTO audit (time, who, verb, address, detail) VALUES (?, ?, ?, ?, ?)",
    [SECRETS_TRIM] = "DELETE FROM audit WHERE id <= (SELECT max(id) FROM audit) - ?",
    [SECRETS_HISTORY] = ("SELECT time, who, verb, address, detail FROM audit"
			 " WHERE ?1 IS NULL OR address = ?1 ORDER BY id DESC LIMIT ?2"),
    [SECRETS_OWNERS] = "SELECT address FROM app UNION SELECT address FROM login",
    [SECRETS_MISS] = "INSERT OR IGNORE INTO gone VALUES (?, ?)",
    [SECRETS_FOUND] = "DELETE FROM gone WHERE address = ?",
    [SECRETS_FORGET_APPS] =
	"DELETE FROM app WHERE address IN (SELECT address FROM gone WHERE since <= ?)",
    [SECRETS_FORGET_LOGIN] =
	"DELETE FROM login WHERE address IN (SELECT address FROM gone WHERE since <= ?)",
};

static int failed(const struct secrets *secrets, int code, struct error *error)
{
	return error_set(error, EIO, "%s: %s", secrets->path,
			 secrets->db ? sqlite3_errmsg(secrets->db) : sqlite3_errstr(code));
}

/* ---- Open and close ---- */

static int open_file(struct secrets *secrets)
{
	int code = database_open(secrets->path, WAIT_MS, prepare, texts, SECRETS_STATEMENTS,
				 &secrets->db, secrets->statements);

	return code == SQLITE_OK ? database_check(secrets->db) : code;
}

int secrets_open(struct secrets *secrets, const char *path, struct error *error)
{
	int code, result;

	*secrets = (struct secrets){.path = path};
	code = open_file(secrets);
	if (database_is_damaged(code)) {
		secrets_close(secrets);
		result = database_set_aside(path, error);
		if (result < 0)
			return result;
		secrets->damaged = true;
		code = open_file(secrets);
	}
	if (code == SQLITE_OK)
		return 0;
	result = failed(secrets, code, error);
	secrets_close(secrets);
	return result;
}

void secrets_close(struct secrets *secrets)
{
	database_close(&secrets->db, secrets->statements, SECRETS_STATEMENTS);
}

/* ---- Statements ---- */

static void bind_text(sqlite3_stmt *statement, int number, const char *text)
{
	sqlite3_bind_text(statement, number, text, -1, SQLITE_STATIC); /* NULL is none */
}

/* Of a statement that gives no rows. */
static int run(struct secrets *secrets, enum secrets_statement which)
{
	int code = sqlite3_step(secrets->statements[which]);

	database_again(secrets->statements[which]);
	return code;
}

static int run_with(struct secrets *secrets, enum secrets_statement which, const char *text,
		    int64_t number)
{
	bind_text(secrets->statements[which], 1, text);
	sqlite3_bind_int64(secrets->statements[which], 2, number);
	return run(secrets, which);
}

/* Each row of a statement that is bound, and leaves it as it was. */
static int each_row(struct secrets *secrets, enum secrets_statement which,
		    json_t *(*make)(sqlite3_stmt *row), json_t *list, struct error *error)
{
	sqlite3_stmt *statement = secrets->statements[which];
	int code, result = 0;

	while ((code = sqlite3_step(statement)) == SQLITE_ROW && result == 0)
		if (json_array_append_new(list, make(statement)) < 0)
			result = error_set(error, ENOMEM, "out of memory");
	if (result == 0 && code != SQLITE_DONE)
		result = failed(secrets, code, error);
	database_again(statement);
	return result;
}

/* ---- Changes ---- */

static int begin(struct secrets *secrets, struct error *error)
{
	int code = sqlite3_exec(secrets->db, "BEGIN IMMEDIATE", NULL, NULL, NULL);

	return code == SQLITE_OK ? 0 : failed(secrets, code, error);
}

/* All of it is on the disk, or nothing was done. */
static int end(struct secrets *secrets, int result, struct error *error)
{
	int code = SQLITE_OK;

	if (result == 0)
		code = sqlite3_exec(secrets->db, "COMMIT", NULL, NULL, NULL);
	if (code != SQLITE_OK)
		result = failed(secrets, code, error);
	if (result < 0)
		sqlite3_exec(secrets->db, "ROLLBACK", NULL, NULL, NULL);
	return result;
}

static int note(struct secrets *secrets, const struct change *change, const char *verb,
		const char *address, const char *detail, struct error *error)
{
	sqlite3_stmt *statement = secrets->statements[SECRETS_NOTE];
	int code;

	sqlite3_bind_int64(statement, 1, change->now);
	bind_text(statement, 2, change->who);
	bind_text(statement, 3, verb);
	bind_text(statement, 4, address);
	bind_text(statement, 5, detail);
	code = run(secrets, SECRETS_NOTE);
	if (code == SQLITE_DONE) {
		sqlite3_bind_int64(secrets->statements[SECRETS_TRIM], 1, SECRETS_AUDIT);
		code = run(secrets, SECRETS_TRIM);
	}
	return code == SQLITE_DONE ? 0 : failed(secrets, code, error);
}

/* Of a person, or of all with NULL. */
static int count_apps(struct secrets *secrets, const char *address, int64_t *ret,
		      struct error *error)
{
	sqlite3_stmt *count = secrets->statements[SECRETS_COUNT];
	int code;

	bind_text(count, 1, address);
	code = sqlite3_step(count);
	*ret = sqlite3_column_int64(count, 0);
	database_again(count);
	return code == SQLITE_ROW ? 0 : failed(secrets, code, error);
}

/* What has expired is nobody's any more, and makes room. */
static int make_room(struct secrets *secrets, const struct app *app, int64_t now,
		     struct error *error)
{
	int code = run_with(secrets, SECRETS_EXPIRED, app->address, now), result;
	int64_t apps = 0;

	if (code != SQLITE_DONE)
		return failed(secrets, code, error);
	result = count_apps(secrets, app->address, &apps, error);
	if (result == 0 && apps >= SECRETS_APPS)
		result = error_set(
		    error, E2BIG, "%s has %d app passwords, and that is the most; revoke one first",
		    app->address, (int)apps);
	return result;
}

static int insert_app(struct secrets *secrets, const struct app *app, int64_t now,
		      struct error *error)
{
	sqlite3_stmt *statement = secrets->statements[SECRETS_ADD];
	int code;

	bind_text(statement, 1, app->address);
	bind_text(statement, 2, app->label);
	bind_text(statement, 3, app->hash);
	bind_text(statement, 4, app->protocols);
	sqlite3_bind_int64(statement, 5, now);
	if (app->expires)
		sqlite3_bind_int64(statement, 6, app->expires);
	code = run(secrets, SECRETS_ADD);
	if (code == SQLITE_CONSTRAINT)
		return error_set(error, EEXIST,
				 "%s has an app password for \"%s\"; revoke it first, or write "
				 "another name",
				 app->address, app->label);
	return code == SQLITE_DONE ? 0 : failed(secrets, code, error);
}

int secrets_add_app(struct secrets *secrets, const struct app *app, const struct change *change,
		    struct error *error)
{
	int result = begin(secrets, error);

	if (result < 0)
		return result;
	result = make_room(secrets, app, change->now, error);
	if (result == 0)
		result = insert_app(secrets, app, change->now, error);
	if (result == 0)
		result = note(secrets, change, "app-add", app->address, app->label, error);
	return end(secrets, result, error);
}

int secrets_revoke(struct secrets *secrets, const char *address, const char *label,
		   const struct change *change, struct error *error)
{
	sqlite3_stmt *statement = secrets->statements[SECRETS_REVOKE];
	int code, result = begin(secrets, error);

	if (result < 0)
		return result;
	bind_text(statement, 1, address);
	bind_text(statement, 2, label);
	code = run(secrets, SECRETS_REVOKE);
	if (code != SQLITE_DONE)
		result = failed(secrets, code, error);
	else if (sqlite3_changes(secrets->db) == 0)
		result =
		    error_set(error, ENOENT, "%s has no app password for \"%s\"", address, label);
	if (result == 0)
		result = note(secrets, change, "app-revoke", address, label, error);
	return end(secrets, result, error);
}

int secrets_set_main(struct secrets *secrets, const char *address, bool on,
		     const struct change *change, struct error *error)
{
	int code, result = begin(secrets, error);

	if (result < 0)
		return result;
	code = run_with(secrets, SECRETS_MAIN, address, on);
	result = code == SQLITE_DONE ? 0 : failed(secrets, code, error);
	if (result == 0)
		result = note(secrets, change, "main-password", address, on ? "on" : "off", error);
	return end(secrets, result, error);
}

/* ---- Lists ---- */

static const char *text_of(sqlite3_stmt *row, int column)
{
	const char *text = (const char *)sqlite3_column_text(row, column);

	return text ? text : "";
}

static json_t *make_app(sqlite3_stmt *row)
{
	bool ends = sqlite3_column_type(row, 4) != SQLITE_NULL;

	return json_pack("{s:s, s:s, s:s, s:I, s:o, s:b}", "address", text_of(row, 0), "label",
			 text_of(row, 1), "protocols", text_of(row, 2), "created",
			 (json_int_t)sqlite3_column_int64(row, 3), "expires",
			 ends ? json_integer(sqlite3_column_int64(row, 4)) : json_null(), "main",
			 sqlite3_column_int(row, 5));
}

int secrets_list(struct secrets *secrets, const char *address, json_t *list, struct error *error)
{
	bind_text(secrets->statements[SECRETS_LIST], 1, address);
	return each_row(secrets, SECRETS_LIST, make_app, list, error);
}

int secrets_count(struct secrets *secrets, int64_t *ret, struct error *error)
{
	return count_apps(secrets, NULL, ret, error);
}

static json_t *make_address(sqlite3_stmt *row)
{
	return json_string(text_of(row, 0));
}

int secrets_list_main_off(struct secrets *secrets, json_t *list, struct error *error)
{
	return each_row(secrets, SECRETS_MAIN_OFF, make_address, list, error);
}

static json_t *make_note(sqlite3_stmt *row)
{
	return json_pack("{s:I, s:s, s:s, s:s, s:s}", "time",
			 (json_int_t)sqlite3_column_int64(row, 0), "who", text_of(row, 1), "verb",
			 text_of(row, 2), "address", text_of(row, 3), "detail", text_of(row, 4));
}

int secrets_history(struct secrets *secrets, const char *address, int most, json_t *list,
		    struct error *error)
{
	bind_text(secrets->statements[SECRETS_HISTORY], 1, address);
	sqlite3_bind_int(secrets->statements[SECRETS_HISTORY], 2, most);
	return each_row(secrets, SECRETS_HISTORY, make_note, list, error);
}

/* ---- Those who are gone ---- */

static int mark(struct secrets *secrets, const json_t *owners, const json_t *people, int64_t now)
{
	const json_t *one;
	size_t i;
	int code = SQLITE_DONE;

	json_array_foreach(owners, i, one)
	{
		const char *address = json_string_value(one);
		bool here = json_object_get(people, address);

		bind_text(secrets->statements[here ? SECRETS_FOUND : SECRETS_MISS], 1, address);
		if (!here)
			sqlite3_bind_int64(secrets->statements[SECRETS_MISS], 2, now);
		code = run(secrets, here ? SECRETS_FOUND : SECRETS_MISS);
		if (code != SQLITE_DONE)
			break;
	}
	return code;
}

int secrets_forget_gone(struct secrets *secrets, const json_t *people, int64_t now,
			struct error *error)
{
	json_t *owners = json_array();
	int code, result = each_row(secrets, SECRETS_OWNERS, make_address, owners, error);

	if (result == 0)
		result = begin(secrets, error);
	if (result < 0) {
		json_decref(owners);
		return result;
	}
	code = mark(secrets, owners, people, now);
	for (int which = SECRETS_FORGET_APPS; which <= SECRETS_FORGET_LOGIN; which++) {
		sqlite3_bind_int64(secrets->statements[which], 1, now - SECRETS_GONE_S);
		if (code == SQLITE_DONE)
			code = run(secrets, (enum secrets_statement)which);
	}
	json_decref(owners);
	return end(secrets, code == SQLITE_DONE ? 0 : failed(secrets, code, error), error);
}

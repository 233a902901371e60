// SPDX-License-Identifier: GPL-3.0-or-later
/* What services that keep something in an SQLite file have alike.  Results are SQLite's own codes,
 * but where an error is taken. */
#ifndef POSTCASK_BASE_DATABASE_H
#define POSTCASK_BASE_DATABASE_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

/* Opens or makes the file `path`, never through a link, runs `prepare` (pragmas and tables), and
 * makes the statements of `texts`.  Another process at the file is waited for, `wait_ms` at most.
 * To be closed in any case. */
_must_check_ int database_open(const char *path, int wait_ms, const char *prepare,
			       const char *const *texts, size_t count, sqlite3 **ret,
			       sqlite3_stmt **statements);

/* All of them may be NULL, and are afterwards. */
void database_close(sqlite3 **database, sqlite3_stmt **statements, size_t count);

/* The statement is at its beginning again, and has no values.  What its last step said, if that
 * was wrong. */
int database_again(sqlite3_stmt *statement);

/* Is it the file itself that is wrong? */
bool database_is_damaged(int result);

/* Reads all of it once: SQLITE_OK, SQLITE_CORRUPT when it is not whole, or why it cannot be read.
 */
_must_check_ int database_check(sqlite3 *database);

/* Renames a closed file to "PATH.damaged", and its logs with it, for who wants to see what
 * happened: left alone they would be taken for those of the next one. */
_must_check_ int database_set_aside(const char *path, struct error *error);

#endif

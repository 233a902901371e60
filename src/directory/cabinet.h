// SPDX-License-Identifier: GPL-3.0-or-later
/* A file of SQLite's that postcask-directory alone writes, and has open for as long as it lives:
 * who reads it could not without the files that SQLite has beside an open one.  They stay there
 * when it ends, so that who reads goes on; and a copy is kept beside it, from which a damaged file
 * is made again. */
#ifndef POSTCASK_DIRECTORY_CABINET_H
#define POSTCASK_DIRECTORY_CABINET_H

#include <jansson.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

enum { CABINET_STATEMENTS = 128 }; /* at most, of one file */

enum cabinet_state {
	CABINET_WHOLE,
	CABINET_COPIED, /* it was damaged, and is what its copy was */
	CABINET_BEGUN,	/* it was damaged, and there was no copy */
};

/* What a file holds.  The schema is made when the file has another version than this one, and left
 * alone otherwise: Dovecot's driver fails once on each connection that sees it change. */
struct cabinet_kind {
	int version; /* from 1 */
	const char *schema;
	const char *own; /* made at each start: what belongs to the connection */
	const char *const *texts;
	size_t count;
};

struct cabinet {
	const char *path;
	const struct cabinet_kind *kind;
	sqlite3 *db;
	sqlite3_stmt *statements[CABINET_STATEMENTS];
	enum cabinet_state state;
	bool changed; /* since the copy was made */
	int before;   /* changes when this one was begun */
};

_must_check_ int cabinet_open(struct cabinet *cabinet, const char *path,
			      const struct cabinet_kind *kind, struct error *error);
void cabinet_close(struct cabinet *cabinet);

/* Makes the copy, if anything has changed since the last one. */
_must_check_ int cabinet_copy(struct cabinet *cabinet, struct error *error);

/* -EIO, with SQLite's own sentence. */
int cabinet_failed(const struct cabinet *cabinet, int code, struct error *error);

/* A change is all on the disk, or was never: what `result` says of its parts decides. */
_must_check_ int cabinet_begin(struct cabinet *cabinet, struct error *error);
_must_check_ int cabinet_end(struct cabinet *cabinet, int result, struct error *error);

/* NULL is none.  The text is the caller's for as long as the statement runs. */
void cabinet_bind(struct cabinet *cabinet, size_t which, int number, const char *text);
void cabinet_bind_number(struct cabinet *cabinet, size_t which, int number, int64_t value);

/* Runs a statement that is bound and gives no rows, and leaves it as it was; -EEXIST where a row is
 * there that must be alone. */
_must_check_ int cabinet_run(struct cabinet *cabinet, size_t which, struct error *error);

/* The same with texts for its first places, up to NULL. */
_must_check_ int cabinet_run_with(struct cabinet *cabinet, size_t which, struct error *error,
				  const char *text, ...);

/* The number in the first column of its only row. */
_must_check_ int cabinet_number(struct cabinet *cabinet, size_t which, int64_t *ret,
				struct error *error);

/* Whether there is a row that has this text in the first place. */
_must_check_ int cabinet_has(struct cabinet *cabinet, size_t which, const char *text, bool *ret,
			     struct error *error);

/* Adds what `make` makes of each row. */
_must_check_ int cabinet_list(struct cabinet *cabinet, size_t which,
			      json_t *(*make)(sqlite3_stmt *row), json_t *list,
			      struct error *error);

/* How many rows the last one changed. */
int cabinet_changed(const struct cabinet *cabinet);

/* What cabinet_list makes of rows of one text. */
json_t *cabinet_first(sqlite3_stmt *row);

/* "" where there is none. */
const char *cabinet_text(sqlite3_stmt *row, int column);

#endif

// SPDX-License-Identifier: GPL-3.0-or-later
/* What is wanted of another server's database: rows of a few tables, and of each row a few columns.
 * Where it comes from, a dump or a file of SQLite, makes no difference afterwards. */
#ifndef POSTCASK_TAKEOVER_TABLES_H
#define POSTCASK_TAKEOVER_TABLES_H

#include <jansson.h>
#include <stdbool.h>

#include "base/error.h"
#include "base/slice.h"

enum {
	TABLES_COLUMNS = 256,	      /* of a table */
	TABLES_WANTED = 12,	      /* of these, with the end */
	TABLES_ROWS = 1000000,	      /* of all tables that are wanted */
	TABLES_VALUE = 64 * 1024 - 1, /* bytes of a value, as a TEXT of MySQL */
};

struct table_wish {
	const char *name;
	bool needed;			    /* without it, it is no such database */
	const char *columns[TABLES_WANTED]; /* ends with NULL */
	const char *mark;		    /* a column that it has in any case, and in another
					     * program's table of this name perhaps not */
};

struct tables {
	const struct table_wish *wishes; /* ends with one without a name */
	const char *path;		 /* for sentences */
	json_t *all;			 /* owned: {"mailbox": [{"where": "FILE:12", ...}]} */
	size_t rows;
};

_must_check_ int tables_begin(struct tables *tables, const struct table_wish *wishes,
			      const char *path, struct error *error);
void tables_free(struct tables *tables);

/* The wish for a table of this name, or with "postfix_" before it; NULL: it is not wanted. */
const struct table_wish *tables_find(const struct tables *tables, struct slice name);

/* The place of a column among the wish's, or -1. */
int table_wish_find(const struct table_wish *wish, const char *column);

/* The table is there, which may be once. */
_must_check_ int tables_note(struct tables *tables, const struct table_wish *wish,
			     struct error *error);

/* A row of it, by the names of the columns: a text, null, or false for what is no text that could
 * be read.  Takes `row` over. */
_must_check_ int tables_add(struct tables *tables, const struct table_wish *wish, json_t *row,
			    struct error *error);

/* false for what is no UTF-8, has a NUL or is too long. */
json_t *tables_value(struct slice text);

/* That all are there that are needed. */
_must_check_ int tables_check(const struct tables *tables, struct error *error);

#endif

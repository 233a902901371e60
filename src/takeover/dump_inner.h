// SPDX-License-Identifier: GPL-3.0-or-later
/* Between dump.c, which finds statements, and dump_rows.c, which reads their rows. */
#ifndef POSTCASK_TAKEOVER_DUMP_INNER_H
#define POSTCASK_TAKEOVER_DUMP_INNER_H

#include "takeover/tables.h"
#include "takeover/token.h"

/* Which column of a wish each column of a table is; -1: none. */
struct columns {
	size_t count;
	int places[TABLES_COLUMNS];
	bool marked; /* the wish's mark is among them */
};

struct dump {
	struct intake *intake;
	struct tables *tables;
	enum dialect dialect;
	struct token token;	 /* the one that was read last */
	struct columns *created; /* as many as there are wishes: of CREATE TABLE */
};

/* Reads the next token, and gives it back. */
const struct token *dump_next(struct dump *dump);

_must_check_ int dump_fail(const struct dump *dump, struct error *error, const char *sentence);

/* "(...), (...);" behind VALUES, to the end of the statement. */
_must_check_ int dump_values(struct dump *dump, const struct table_wish *wish,
			     const struct columns *columns, struct error *error);

/* The lines behind COPY ... FROM stdin; to the line with \. ; without a wish they are passed over.
 */
_must_check_ int dump_copied(struct dump *dump, const struct table_wish *wish,
			     const struct columns *columns, struct error *error);

#endif

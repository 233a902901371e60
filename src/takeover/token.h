// SPDX-License-Identifier: GPL-3.0-or-later
/* The words of a dump of a database in SQL, as mysqldump, mariadb-dump, phpMyAdmin, pg_dump and
 * sqlite3 write them.  Nothing is run: it is only taken apart. */
#ifndef POSTCASK_TAKEOVER_TOKEN_H
#define POSTCASK_TAKEOVER_TOKEN_H

#include "base/buffer.h"
#include "takeover/intake.h"

enum dialect {
	DIALECT_UNKNOWN,
	DIALECT_MYSQL,	  /* a backslash in a text means something */
	DIALECT_PLAIN,	  /* it does not: SQLite */
	DIALECT_POSTGRES, /* neither, and there are texts between $ and $ */
};

enum token_kind {
	TOKEN_END,
	TOKEN_WORD,   /* a keyword, a name or a number */
	TOKEN_NAME,   /* a name in quotation marks */
	TOKEN_TEXT,   /* a value in quotation marks */
	TOKEN_SIGN,   /* any other character: `sign` */
	TOKEN_BROKEN, /* a quotation mark is open to the end */
};

struct token {
	enum token_kind kind;
	char sign;
	bool cut;	    /* it was longer than a value may be */
	struct buffer text; /* of words, names and texts; owned */
};

/* By what a program writes at the beginning of its dumps. */
enum dialect token_dialect(struct slice beginning);

/* The next one, without comments. */
void token_next(struct intake *intake, enum dialect dialect, struct token *token);

/* Whether it is this keyword, and whether it is this sign. */
bool token_is(const struct token *token, const char *word);
bool token_is_sign(const struct token *token, char sign);

#endif

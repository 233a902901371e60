// SPDX-License-Identifier: GPL-3.0-or-later
/* Rules for the delivery of a person's mail, as a directory server has them: a table of accounts.h
 * of its own.  postcask-rules makes files of them. */
#ifndef POSTCASK_DIRECTORY_ACCOUNTS_RULE_H
#define POSTCASK_DIRECTORY_ACCOUNTS_RULE_H

#include "directory/accounts.h"

/* What is remembered under this name is another number after each change of them. */
#define RULES_KEY "rules"

/* Of schema and statements (accounts_schema.c). */
#define RULE_MIRRORED                                                                              \
	"(SELECT address FROM account WHERE origin NOT IN ('" ORIGIN_SETTINGS                      \
	"', '" ORIGIN_COMMAND "'))"
/* Not INSERT OR REPLACE: what the statement says that fires it counts instead. */
#define RULE_COUNTED(when)                                                                         \
	"CREATE TRIGGER IF NOT EXISTS rule_" when " AFTER " when " ON rule BEGIN"                  \
	" INSERT INTO memory SELECT '" RULES_KEY "', 0 WHERE NOT EXISTS"                           \
	" (SELECT 1 FROM memory WHERE key = '" RULES_KEY "');"                                     \
	" UPDATE memory SET value = value + 1 WHERE key = '" RULES_KEY "'; END;"
#define ACCOUNTS_RULE                                                                              \
	"CREATE TABLE IF NOT EXISTS rule (address TEXT NOT NULL PRIMARY KEY,"                      \
	" script TEXT NOT NULL) WITHOUT ROWID;" RULE_COUNTED("insert") RULE_COUNTED("update")      \
	    RULE_COUNTED("delete") "DROP VIEW IF EXISTS delivery_rule;"                            \
				   "CREATE VIEW delivery_rule AS SELECT address, script FROM rule" \
				   " WHERE address IN " RULE_MIRRORED ";"
#define RULE_SETTLE_TEXT "DELETE FROM rule WHERE address NOT IN " RULE_MIRRORED

enum { ACCOUNTS_RULE_SIZE = 32 * 1024 }; /* bytes of a script */

/* NULL or "": he has none.  *ret_changed is set when he had another one, and left alone otherwise.
 */
_must_check_ int accounts_put_rule(struct accounts *accounts, const char *address,
				   const char *script, bool *ret_changed, struct error *error);

/* Takes away those of people who are no longer of a directory server. */
_must_check_ int accounts_settle_rules(struct accounts *accounts, struct error *error);

#endif

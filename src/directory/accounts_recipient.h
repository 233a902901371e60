// SPDX-License-Identifier: GPL-3.0-or-later
/* Who has a mailbox on the server behind a gateway, as a directory server or a database says: a
 * table of accounts.h of its own, of addresses alone. */
#ifndef POSTCASK_DIRECTORY_ACCOUNTS_RECIPIENT_H
#define POSTCASK_DIRECTORY_ACCOUNTS_RECIPIENT_H

#include "directory/accounts.h"

/* Of schema and statements (accounts_schema.c). */
#define ACCOUNTS_RECIPIENT                                                                         \
	"CREATE TABLE IF NOT EXISTS recipient (address TEXT NOT NULL PRIMARY KEY) WITHOUT ROWID;"  \
	"DROP VIEW IF EXISTS postfix_recipient;"                                                   \
	"CREATE VIEW postfix_recipient AS SELECT address FROM recipient;"

/* A new list, of an address each in a change that is begun: first it is begun, then each is named,
 * and then all are counted, and put in the place of those that were there. */
_must_check_ int accounts_begin_recipients(struct accounts *accounts, struct error *error);
_must_check_ int accounts_name_recipient(struct accounts *accounts, const char *address,
					 struct error *error);
_must_check_ int accounts_count_recipients(struct accounts *accounts, int64_t *ret_before,
					   int64_t *ret_gone, struct error *error);
_must_check_ int accounts_put_recipients(struct accounts *accounts, struct error *error);

_must_check_ int accounts_forget_recipients(struct accounts *accounts, struct error *error);

#endif

// SPDX-License-Identifier: GPL-3.0-or-later
/* How a person's mail is kept: a table of accounts.h of its own, which has a row for whoever's is
 * no Maildir, or was paused once.  The row stays when the person goes, as the mail does.
 *
 * A mailbox is paused while its mail is given another format: up to a time, after which it is as it
 * was, whatever has become of whoever paused it. */
#ifndef POSTCASK_DIRECTORY_ACCOUNTS_MAILBOX_H
#define POSTCASK_DIRECTORY_ACCOUNTS_MAILBOX_H

#include "directory/accounts.h"

/* What the settings have for new people is remembered under this name. */
#define MAILBOX_FORMAT_KEY "format"

/* Of schema and statements (accounts_schema.c). */
#define ACCOUNTS_MAILBOX                                                                           \
	"CREATE TABLE IF NOT EXISTS mailbox (address TEXT NOT NULL PRIMARY KEY,"                   \
	" format TEXT NOT NULL, paused INTEGER NOT NULL) WITHOUT ROWID;"                           \
	"DROP VIEW IF EXISTS dovecot_mailbox;"                                                     \
	"CREATE VIEW dovecot_mailbox AS SELECT address,"                                           \
	" CASE WHEN format <> 'maildir' THEN format END AS mail_driver,"                           \
	" CASE WHEN format <> 'maildir' THEN '~/' || format END AS mail_path,"                     \
	" CASE WHEN paused > unixepoch() THEN 'the mailbox is given another format' END"           \
	" AS tempfail FROM mailbox;"
#define MAILBOX_NEW_TEXT                                                                           \
	"INSERT OR IGNORE INTO mailbox SELECT ?1, value, 0 FROM memory"                            \
	" WHERE key = '" MAILBOX_FORMAT_KEY "' AND value <> 'maildir'"

enum { MAILBOX_PAUSE_MOST = 600 }; /* seconds */

/* Whether this is the name of a format. */
bool accounts_is_format(const char *format);

/* What the settings have for people who come from now on. */
_must_check_ int accounts_set_format(struct accounts *accounts, const char *format,
				     struct error *error);

/* His mail is kept so: of somebody new who comes with it.  Of whom there is mail here already, it
 * stays what it is. */
_must_check_ int accounts_put_format(struct accounts *accounts, const char *address,
				     const char *format, struct error *error);

/* Up to the time `until`; 0 ends it. */
_must_check_ int accounts_pause(struct accounts *accounts, const char *address, int64_t until,
				struct error *error);

/* His mail is kept so from now on, and the pause is over.  -ETIME when it was over before. */
_must_check_ int accounts_switch(struct accounts *accounts, const char *address, const char *format,
				 int64_t until, int64_t now, struct error *error);

#endif

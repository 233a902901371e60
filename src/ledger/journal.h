// SPDX-License-Identifier: GPL-3.0-or-later
/* The mail daemons' lines in the machine's journal, in order, from a place or a time. */
#ifndef POSTCASK_LEDGER_JOURNAL_H
#define POSTCASK_LEDGER_JOURNAL_H

#include <stdint.h>
#include <sys/types.h>
#include <systemd/sd-journal.h>

#include "base/error.h"
#include "ledger/line.h"

enum { JOURNAL_IDENTIFIER_LIMIT = 64 };

struct journal {
	sd_journal *journal;
	struct line_account *accounts; /* owned: those of the table's logs */
	size_t account_count;
	char identifier[JOURNAL_IDENTIFIER_LIMIT];
};

#define JOURNAL_INIT ((struct journal){0})

/* Valid until the next call. */
struct journal_line {
	enum line_writer writer;
	struct slice identifier;
	struct slice text;
	pid_t pid;
	uint64_t time; /* microseconds since 1970 */
};

/* Opens the journal of `folder` (NULL: this machine's).  `folders`: also Dovecot's lines,
 * which say in which folder a message was put.  -EACCES when the caller may not read it. */
_must_check_ int journal_open(struct journal *journal, const char *folder, bool folders,
			      struct error *error);
void journal_close(struct journal *journal);

/* Begins at the first line not before `time` (0: at the first that there is). */
_must_check_ int journal_seek_time(struct journal *journal, uint64_t time, struct error *error);

/* Goes on after the line with this cursor.  *ret_found: it is still there, so that no line
 * was lost; else reading goes on at the first one after where it was. */
_must_check_ int journal_seek_cursor(struct journal *journal, const char *cursor, bool *ret_found,
				     struct error *error);

/* The next line.  1, or 0 at the end (more may come). */
_must_check_ int journal_next(struct journal *journal, struct journal_line *ret_line,
			      struct error *error);

/* The cursor of the last line; owned by the caller. */
_must_check_ int journal_cursor(struct journal *journal, char **ret_cursor, struct error *error);

#endif

// SPDX-License-Identifier: GPL-3.0-or-later
/* Under which queue ids is what a login has sent: the id that its message got first, and those
 * that it has behind the filter.  Read from the journal, and on from there when there is more. */
#ifndef POSTCASK_LEDGER_SENT_H
#define POSTCASK_LEDGER_SENT_H

#include "ledger/id_table.h"
#include "ledger/journal.h"

enum { SENT_LIMIT = 100000 }; /* ids; more are not found */

struct sent {
	struct journal journal;
	struct id_table ids;
	char *login; /* owned */
};

#define SENT_INIT ((struct sent){.journal = JOURNAL_INIT})

/* `folder`: of the journal, NULL for this machine's; `since`: microseconds since 1970. */
_must_check_ int sent_open(struct sent *sent, const char *folder, const char *login, uint64_t since,
			   struct error *error);

/* Reads what has come. */
_must_check_ int sent_read(struct sent *sent, struct error *error);

/* Takes one line of the log in; sent_read does it for all. */
void sent_take(struct sent *sent, const struct line *line);

bool sent_has(const struct sent *sent, struct slice id);

void sent_close(struct sent *sent); /* for _cleanup_ */

#endif

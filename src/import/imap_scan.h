// SPDX-License-Identifier: GPL-3.0-or-later
/* A folder of an IMAP server, here and there, listed message by message. */
#ifndef POSTCASK_IMPORT_IMAP_SCAN_H
#define POSTCASK_IMPORT_IMAP_SCAN_H

#include "import/message.h"
#include "import/words.h"

/* The stream's deadline and limit for one command: `answer_ms`, and as long as `bytes` take on a
 * slow line. */
void imap_allow(struct session *session, int answer_ms, uint64_t bytes);

/* Sets error to what the session failed for, and returns a negative errno. */
int imap_error(const struct session *session, struct error *error);

/* Opens the mailbox (RFC 3501's EXAMINE: nothing there changes) and lists its messages. */
_must_check_ int imap_scan(struct session *session, const char *mailbox, int answer_ms,
			   struct messages *ret, struct error *error);

/* FETCHes `count` messages in one command, and hands each over as it comes.  A negative errno of
 * `take` ends it; so does what the session fails for. */
_must_check_ int
imap_fetch_some(struct session *session, struct message **wanted, size_t count, int answer_ms,
		int (*take)(void *context, struct message *message, const struct fetched *fetched),
		void *context, struct error *error);

#endif

// SPDX-License-Identifier: GPL-3.0-or-later
/* The self-test mailbox as the probes see it: a Maildir where the machine has no mailboxes
 * (probe/maildir.h), else one IMAP session, opened when first
 * needed and shared by all, one at a time.  After a failure that ends the session
 * the next caller gets a new one; after a temporary refusal the same caller does, once. */
#ifndef POSTCASK_PROBE_MAILBOX_H
#define POSTCASK_PROBE_MAILBOX_H

#include <pthread.h>

#include "net/session.h"

#define MAILBOX_INBOX "INBOX"
#define MAILBOX_SPAM  "Spam"

struct mailbox {
	const char *maildir; /* NULL: by IMAP */
	struct session_params params;
	const char *user;
	const char *password;
	pthread_mutex_t lock;
	struct session session;
	const char *selected; /* NULL: no session, or none selected */
	bool open;
};

/* `params` must stay as they are; the deadline of their stream is that of every
 * operation. */
void mailbox_init(struct mailbox *mailbox, const struct session_params *params, const char *user,
		  const char *password);

/* Waits by IDLE until the message is in the folder.  FAILURE_TIMEOUT when it is
 * not there at `until_ms`; it is looked for at least once, however late. */
_must_check_ enum failure_class mailbox_await(struct mailbox *mailbox, const char *folder,
					      const char *message_id, int64_t until_ms,
					      struct failure *failure);

/* Is the message in the folder now? */
_must_check_ enum failure_class mailbox_has(struct mailbox *mailbox, const char *folder,
					    const char *message_id, bool *ret_has,
					    struct failure *failure);

/* The message as it lies in the folder.  FAILURE_CONTENT when it is not there. */
_must_check_ enum failure_class mailbox_fetch(struct mailbox *mailbox, const char *folder,
					      const char *message_id, struct buffer *message,
					      struct failure *failure);

/* Removes every message of the folder. */
_must_check_ enum failure_class mailbox_clean(struct mailbox *mailbox, const char *folder,
					      struct failure *failure);

void mailbox_free(struct mailbox *mailbox);

#endif

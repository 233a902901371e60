// SPDX-License-Identifier: GPL-3.0-or-later
/* The self-test's mailbox where the machine has no others (role): a Maildir that Postfix's
 * virtual(8) fills as the probes' own account.  It has no Spam folder, as the server behind has
 * its own: what stands for it is the mark by which that files, "X-Spam-Flag: YES". */
#ifndef POSTCASK_PROBE_MAILDIR_H
#define POSTCASK_PROBE_MAILDIR_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "net/failure.h"

#define MAILDIR_FOLDER "/var/lib/postcask/selftest/mailbox"

/* Makes what is missing of it.  It cannot fail: what is wrong shows when it is read. */
void maildir_prepare(const char *path);

/* Looks for the message, with the mark (spam) or without it, until the deadline, and at least
 * once.  Its text with lines that end in CR LF goes to `message`, which may be NULL. */
_must_check_ enum failure_class maildir_await(const char *path, bool spam, const char *message_id,
					      int64_t until_ms, struct buffer *message,
					      bool *ret_found, struct failure *failure);

/* Removes every message. */
_must_check_ enum failure_class maildir_clean(const char *path, struct failure *failure);

#endif

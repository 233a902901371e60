// SPDX-License-Identifier: GPL-3.0-or-later
/* Whether a copy of a mailbox is the mailbox: folders with UIDVALIDITY and GUID, of each message
 * UID, GUID, flags, date, size and every byte, and subscriptions.
 *
 * The bytes take long, and those of a message never change.  So they are compared once while the
 * person goes on working, and afterwards only those of messages that came since. */
#ifndef POSTCASK_MAILBOX_COMPARE_H
#define POSTCASK_MAILBOX_COMPARE_H

#include "mailbox/mailbox.h"
#include "mailbox/rows.h"

struct comparison {
	const struct mailbox_owner *owner;
	const struct mailbox_format *from, *to;
	struct rows seen; /* whose bytes are the same on both sides */
};

/* Of what is on both sides, whose bytes are the same.  -EILSEQ and a sentence where they are not.
 */
_must_check_ int compare_bytes(struct comparison *comparison, struct error *error);

/* All of it is the same.  -EILSEQ and what is not. */
_must_check_ int compare_all(struct comparison *comparison, json_t *said, struct error *error);

/* Folders as `doveadm mailbox status` tells them, by GUID: {name, messages, uidnext, uidvalidity,
 * modseq}. */
_must_check_ int compare_read_folders(const char *said, size_t size, json_t **ret,
				      struct error *error);
_must_check_ int compare_folders(const json_t *from, const json_t *to, struct error *error);

#endif

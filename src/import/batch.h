// SPDX-License-Identifier: GPL-3.0-or-later
/* Messages on their way into a folder here, many in one transaction of Dovecot (MULTIAPPEND): what
 * is written and synced once for each costs more than the message.  A transaction is whole or not
 * at all, so one that is refused is tried again message by message. */
#ifndef POSTCASK_IMPORT_BATCH_H
#define POSTCASK_IMPORT_BATCH_H

#include "import/local.h"

enum { BATCH_MESSAGES = 100, BATCH_BYTES = 2 * 1024 * 1024 };

struct batch {
	struct local *mailbox;
	const char *folder;
	/* Is told of a message that is refused for what it is. */
	void (*refused)(void *context, const struct message *message, const char *why);
	void *context;
	size_t copied; /* and marked as matched and seen */
	struct buffer parts;
	struct waiting {
		struct message *message;
		size_t at; /* in parts */
	} waiting[BATCH_MESSAGES];
	size_t count;
};

/* Keeps the message, or writes what it has kept.  -EDQUOT and a sentence when there is no room. */
_must_check_ int batch_add(struct batch *batch, struct message *message, const char *flags,
			   int64_t date, struct slice bytes, struct error *error);
_must_check_ int batch_flush(struct batch *batch, struct error *error);
void batch_free(struct batch *batch);

#endif

// SPDX-License-Identifier: GPL-3.0-or-later
/* A child that is the account of the mailboxes, and does one step after the other when it is told
 * to.  It ends with whoever started it. */
#ifndef POSTCASK_MAILBOX_WORKER_H
#define POSTCASK_MAILBOX_WORKER_H

#include <sys/socket.h>
#include <sys/types.h>

#include "mailbox/mailbox.h"

enum { WORKER_STEPS = 5 };

struct worker {
	int (*steps[WORKER_STEPS])(void *context, json_t *said, struct error *error);
	void *context;
	pid_t child;
	int fd;
};

_must_check_ int worker_start(struct worker *worker, struct error *error);

/* Has it do the next step, and says what it said. */
_must_check_ int worker_step(struct worker *worker, int timeout_ms, json_t **ret,
			     struct error *error);

void worker_end(struct worker *worker);

#endif

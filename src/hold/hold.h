// SPDX-License-Identifier: GPL-3.0-or-later
/* What is done about a login that is held, by root: its messages in the queue are put on hold,
 * then its owner and the postmaster are told; and they are freed with it.
 *
 * A message that is at the filter comes out of it under another id: whoever holds looks again
 * while there is one (`again`). */
#ifndef POSTCASK_HOLD_HOLD_H
#define POSTCASK_HOLD_HOLD_H

#include "hold/keep.h"
#include "ledger/sent.h"

/* A login that is seen to. */
struct hold_login {
	struct sent sent;
	bool again; /* some of its messages are on their way */
};

struct hold_work {
	json_t *kept;		   /* the list of keep.h */
	struct hold_login *logins; /* owned */
	size_t count;
};

#define HOLD_WORK_INIT ((struct hold_work){0})

/* Sees to all that the service says are held.  *ret_again: call it again soon.  What fails for one
 * login is said on standard error, and the others are seen to. */
_must_check_ int hold_work(struct hold_work *work, bool *ret_again, struct error *error);
void hold_work_free(struct hold_work *work); /* for _cleanup_ */

/* The messages on hold of a login, of which `kept` (may be NULL) has noted some: ids, one a
 * line. */
_must_check_ int hold_list(const json_t *kept, const char *login, struct buffer *ids,
			   struct error *error);

#endif

// SPDX-License-Identifier: GPL-3.0-or-later
/* The ledger on the disk: text, replaced whole, and with it the place in the journal up to
 * which it holds, so that no line is counted twice or left out. */
#ifndef POSTCASK_LEDGER_STATE_H
#define POSTCASK_LEDGER_STATE_H

#include "ledger/ledger.h"

struct ledger_state {
	char *cursor;			   /* owned; NULL: nothing was read yet */
	bool clean;			   /* written at the service's orderly end */
	uint64_t began;			   /* when the account was begun, microseconds since 1970 */
	uint64_t at_boot[LEDGER_COUNTERS]; /* the counters when this boot began */
	uint64_t gap_time; /* when lines were last lost, 0 never; what was lost by it is in */
	char gap[120];	   /* why */
};

void ledger_state_free(struct ledger_state *state);

/* -ENOENT when there is none, -EINVAL when it is broken: nothing of it is used then. */
_must_check_ int ledger_load(const char *path, struct ledger *ledger, struct ledger_state *state,
			     struct error *error);
_must_check_ int ledger_save(const char *path, const struct ledger *ledger,
			     const struct ledger_state *state, struct error *error);

#endif

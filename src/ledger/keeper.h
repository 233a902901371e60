// SPDX-License-Identifier: GPL-3.0-or-later
/* The account as the service keeps it: the ledger, where it has read to, and what it looked
 * at last. */
#ifndef POSTCASK_LEDGER_KEEPER_H
#define POSTCASK_LEDGER_KEEPER_H

#include "ledger/journal.h"
#include "ledger/ledger_state.h"

struct keeper {
	const char *state_file, *spool, *quarantine, *run;
	uint64_t grace; /* microseconds */
	struct journal journal;
	struct ledger ledger;
	struct ledger_state state;
	struct id_table strangers; /* in the queue, in no line yet */
	size_t quarantined;	   /* files */
	size_t saved_alarms;	   /* how many the file on the disk has */
	bool dirty, unsaved, save_failed, look_quarantine;
	bool quarantine_changed; /* look at it once the lines were read */
	bool unwatched;		 /* lines were lost since the last look */
	int64_t published_ms, saved_ms, looked_ms, look_cost_ms, save_cost_ms;
};

/* Takes up the account where it was left, and goes to that place in the journal. */
_must_check_ int keeper_begin(struct keeper *keeper, struct error *error);

/* Takes in some of the lines that are there; *ret_more: there may be more. */
_must_check_ int keeper_read(struct keeper *keeper, bool *ret_more, struct error *error);

/* Compares the account with the queue and the quarantine; only once all lines were read. */
_must_check_ int keeper_look(struct keeper *keeper, struct error *error);

/* Does what is due (looking, publishing, saving), also only then. */
_must_check_ int keeper_do_due(struct keeper *keeper, struct error *error);

/* When something will be due, on the clock of base/clock.h; INT64_MAX: nothing is. */
int64_t keeper_next_due(const struct keeper *keeper);

/* At an orderly end. */
_must_check_ int keeper_end(struct keeper *keeper, struct error *error);

void keeper_free(struct keeper *keeper);

#endif

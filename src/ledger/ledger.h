// SPDX-License-Identifier: GPL-3.0-or-later
/* The account of every message: accepted = delivered + waiting + quarantined + bounced, and
 * whatever else can become of one.  It is kept from the journal's lines, in order, and held
 * against the real queue and the real quarantine.
 *
 * A message may have several queue files, one after the other or at once (before the filter,
 * after it, requeued by a person): they are its parts.  It is accepted when Postfix's queue
 * has taken the first one, and ends with the last.  Of several ends the one that needs most
 * attention is counted: quarantined, bounced, deleted, delivered.
 *
 * A part that the lines have not ended and that is not in the queue, when it was looked for
 * twice with a grace in between, is missing.  Where lines may have been lost (a power cut, a
 * journal cut short), such a part has ended unseen: Postfix removes a queue file only when it
 * has done with it. */
#ifndef POSTCASK_LEDGER_H
#define POSTCASK_LEDGER_H

#include <stdint.h>

#include "base/error.h"
#include "ledger/id_table.h"

enum {
	LEDGER_PARTS_LIMIT = 200 * 1000, /* queue files followed at once */
	LEDGER_HELD_LIMIT = 1000 * 1000, /* files of the quarantine */
	LEDGER_ALARMS_LIMIT = 1000,	 /* known by name; the rest is only counted */
	LEDGER_RECENT = 64,
};

/* In place of a time: `held` knows it, and it may go. */
#define LEDGER_RELEASED (ID_NONE - 1)

enum ledger_counter {
	COUNT_ACCEPTED,
	COUNT_DELIVERED,
	COUNT_QUARANTINED,
	COUNT_BOUNCED,
	COUNT_DELETED, /* from the queue by a person, or discarded by the configuration */
	COUNT_UNSEEN,  /* ended while lines were lost */
	COUNT_UNCLEAR, /* removed by Postfix, with an end that these lines do not say */
	COUNT_MISSING, /* alarms that no person has settled */
	COUNT_SETTLED,
	COUNT_UNFOLLOWED, /* came when there was no room to follow them */
	LEDGER_COUNTERS,
};

const char *ledger_counter_name(enum ledger_counter counter);

enum {
	PART_ACCEPTED = 1 << 0,
	PART_ENDED = 1 << 1,  /* kept for a moment: what it was before is not known yet */
	PART_ABSENT = 1 << 2, /* not in the queue when it was looked for */
	PART_PASSED = 1 << 3, /* the filter passed it */
	PART_KEPT = 1 << 4,   /* the filter put it into the quarantine */
	MESSAGE_ACCEPTED = 1 << 0,
	MESSAGE_DELIVERED = 1 << 1,
	MESSAGE_BOUNCED = 1 << 2,
	MESSAGE_QUARANTINED = 1 << 3,
	MESSAGE_DELETED = 1 << 4,
	MESSAGE_UNSEEN = 1 << 5,    /* a part has ended unseen */
	MESSAGE_LOST = 1 << 6,	    /* a part is missing */
	MESSAGE_UNLINKED = 1 << 7,  /* came from the filter, nobody knows yet as what */
	MESSAGE_UNWATCHED = 1 << 8, /* open while lines were lost */
	MESSAGE_QUESTION = 1 << 9,  /* Postfix asks for an address: it is no message */
};

struct ledger_part {
	char id[QUEUE_ID_LIMIT];
	uint32_t message;
	uint32_t flags;
	uint64_t time;	 /* of its first line, microseconds since 1970 */
	uint64_t absent; /* since when it is not in the queue */
	uint32_t next_free;
};

struct ledger_message {
	uint32_t flags;
	uint32_t parts;
	uint32_t next_free;
	char id[QUEUE_ID_LIMIT]; /* its first */
};

struct ledger_alarm {
	char id[LINE_NAME_LIMIT]; /* a queue id, or a name of the quarantine */
	uint64_t time;
	bool quarantine;
};

struct ledger {
	uint64_t counters[LEDGER_COUNTERS];
	struct id_table ids; /* of parts */
	struct ledger_part *parts;
	struct ledger_message *messages;
	uint32_t part_count, part_capacity, free_part;
	uint32_t message_count, message_capacity, free_message;
	uint64_t open;		     /* accepted messages that have not ended */
	struct id_table held;	     /* the quarantine's ids, with when each was found to be gone */
	struct ledger_alarm *alarms; /* LEDGER_ALARMS_LIMIT */
	size_t alarm_count;
	uint64_t time; /* of the last line */
	uint64_t left; /* when a message last reached another server by port 25; 0: not seen */
	struct ledger_recent {
		char filter_id[LINE_NAME_LIMIT];
		bool kept;
	} recent[LEDGER_RECENT];
	size_t recent_next;
};

_must_check_ int ledger_init(struct ledger *ledger, struct error *error);
void ledger_free(struct ledger *ledger);

/* Takes in the next line.  -ENOMEM. */
_must_check_ int ledger_line(struct ledger *ledger, const struct line *line, uint64_t time);

/* Lines may have been lost until now: what is open and gone has ended unseen. */
void ledger_gap(struct ledger *ledger);

/* Holds the account against the queue: `found` has every queue id that is there.  At
 * `time`, with all lines up to then taken in.  Ids that are new in the queue are known to it
 * from the second look on. */
_must_check_ int ledger_check_queue(struct ledger *ledger, const struct id_table *found,
				    struct id_table *strangers, uint64_t time, uint64_t grace);

/* The same with the ids of the quarantine's files. */
_must_check_ int ledger_check_quarantine(struct ledger *ledger, const struct id_table *found,
					 uint64_t time, uint64_t grace);

/* Between the ledger's files. */
uint32_t ledger_part_find(const struct ledger *ledger, struct slice id);
_must_check_ int ledger_part_new(struct ledger *ledger, struct slice id, uint32_t message,
				 uint64_t time, uint32_t *ret_part);
_must_check_ int ledger_message_new(struct ledger *ledger, struct slice id, uint32_t *ret_message);
void ledger_accept(struct ledger *ledger, uint32_t part);
void ledger_part_drop(struct ledger *ledger, uint32_t part);
void ledger_alarm_add(struct ledger *ledger, const char *id, uint64_t time, bool quarantine);
bool ledger_alarm_remove(struct ledger *ledger, struct slice id);

#endif

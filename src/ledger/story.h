// SPDX-License-Identifier: GPL-3.0-or-later
/* What became of one message, told from its lines: the events, and where each recipient's
 * copy is now. */
#ifndef POSTCASK_LEDGER_STORY_H
#define POSTCASK_LEDGER_STORY_H

#include <jansson.h>

#include "ledger/id_table.h"
#include "ledger/trace.h"

enum { STORY_RECIPIENTS_LIMIT = 10000 };

enum story_state {
	STORY_PASSED, /* gone on under another id; what became of it is another entry */
	STORY_UNKNOWN,
	STORY_DELIVERED,
	STORY_DISCARDED, /* by a rule of the configuration */
	STORY_DELETED,	 /* from the queue or the quarantine, by a person or by its age */
	STORY_RELEASED,	 /* from the quarantine, to go on as another message */
	STORY_BOUNCED,
	STORY_EXPIRED,
	STORY_QUARANTINED,
	STORY_HELD,
	STORY_WAITING,
	STORY_STATES,
};

struct story_recipient {
	struct slice id, address, original; /* into the events' lines */
	enum story_state state;
	uint64_t time; /* of the state; of waiting: its beginning */
	char *detail;  /* owned, for people */
	bool followed; /* passed, and another entry says what became of it */
};

struct story {
	const struct trace_message *message;
	struct slice message_id, from;
	long long size;
	enum story_state state; /* of the recipients', the one that needs most attention */
	struct story_recipient *recipients; /* owned */
	size_t count, capacity;
};

#define STORY_INIT ((struct story){0})

const char *story_state_name(enum story_state state);

/* Refers to the message's lines.  `next_try` (may be NULL) has the seconds since 1970 at
 * which a deferred message is tried again, by its queue id. */
_must_check_ int story_make(const struct trace_message *message, const struct id_table *next_try,
			    struct story *story, struct error *error);
void story_free(struct story *story);

/* For people, and the same as JSON (owned by the caller, NULL when out of memory). */
void story_add_text(const struct story *story, struct buffer *text);
json_t *story_json(const struct story *story);

/* One event as a sentence; false when it is not worth one. */
bool story_event_text(const struct trace_event *event, struct buffer *text);

#endif

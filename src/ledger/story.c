// SPDX-License-Identifier: GPL-3.0-or-later
#include "ledger/story.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "ledger/id_table.h"

enum { DETAIL_LIMIT = 300 };

static const char *const state_names[STORY_STATES] = {
    [STORY_PASSED] = "passed",		 [STORY_UNKNOWN] = "unknown",
    [STORY_DELIVERED] = "delivered",	 [STORY_DISCARDED] = "discarded",
    [STORY_DELETED] = "deleted",	 [STORY_RELEASED] = "released",
    [STORY_BOUNCED] = "bounced",	 [STORY_EXPIRED] = "expired",
    [STORY_QUARANTINED] = "quarantined", [STORY_HELD] = "on hold",
    [STORY_WAITING] = "waiting",
};

const char *story_state_name(enum story_state state)
{
	return state_names[state];
}

/* Under way while the lines are read. */
struct telling {
	struct story *story;
	const struct id_table *next_try;
	struct line scan; /* the filter's last line */
	bool scanned, accepted, held;
	bool failed;
};

/* Of one queue id: its copy before the filter and the one after it are two. */
static struct story_recipient *get_recipient(struct telling *telling, const struct line *line)
{
	struct story *story = telling->story;
	struct story_recipient *recipient;

	for (size_t i = story->count; i > 0; i--)
		if (slice_equal(story->recipients[i - 1].id, line->id) &&
		    slice_equal(story->recipients[i - 1].address, line->to) &&
		    slice_equal(story->recipients[i - 1].original, line->original_to))
			return &story->recipients[i - 1];
	if (story->count == STORY_RECIPIENTS_LIMIT)
		return NULL;
	if (story->count == story->capacity) {
		size_t capacity = story->capacity ? story->capacity * 2 : 4;
		struct story_recipient *recipients =
		    reallocarray(story->recipients, capacity, sizeof(*recipients));

		if (!recipients) {
			telling->failed = true;
			return NULL;
		}
		story->recipients = recipients;
		story->capacity = capacity;
	}
	recipient = &story->recipients[story->count++];
	*recipient = (struct story_recipient){
	    line->id, line->to, line->original_to, STORY_UNKNOWN, 0, NULL, false};
	return recipient;
}

static void set_state(struct telling *telling, struct story_recipient *recipient,
		      enum story_state state, uint64_t time, struct slice detail)
{
	_cleanup_(buffer_free) struct buffer text = BUFFER_INIT;

	if (recipient->state != state || state != STORY_WAITING)
		recipient->time = time; /* it waits since it began to */
	recipient->state = state;
	slice_add(&text, detail, DETAIL_LIMIT);
	free(recipient->detail);
	recipient->detail = buffer_take(&text);
	telling->failed |= detail.size && !recipient->detail;
}

/* All whose end is not known yet, or who are in that state. */
static void set_all(struct telling *telling, enum story_state from, enum story_state state,
		    uint64_t time, struct slice detail)
{
	for (size_t i = 0; i < telling->story->count; i++) {
		struct story_recipient *recipient = &telling->story->recipients[i];

		if (recipient->state == from)
			set_state(telling, recipient, state, time, detail);
	}
}

static void tell_filtered(struct telling *telling, const struct line *line,
			  struct story_recipient *recipient, uint64_t time)
{
	_cleanup_(buffer_free) struct buffer text = BUFFER_INIT;
	const struct line *scan = &telling->scan;

	if (line->other_id.size) {
		set_state(telling, recipient, STORY_PASSED, time, (struct slice){0});
		return;
	}
	if (telling->scanned && scan->returned && scan->quarantine.size == 0) {
		set_state(telling, recipient, STORY_BOUNCED, time,
			  SLICE("sent back to the login, whose From it was not"));
		return;
	}
	if (!telling->scanned || scan->quarantine.size == 0) {
		set_state(telling, recipient, STORY_UNKNOWN, time, line->text);
		return;
	}
	slice_add(&text, scan->quarantine, LINE_NAME_LIMIT);
	buffer_add_text(&text, ": ");
	slice_add(&text, scan->verdict, LINE_NAME_LIMIT);
	if (scan->reason.size) {
		buffer_add_text(&text, " ");
		slice_add(&text, scan->reason, DETAIL_LIMIT / 2);
	}
	set_state(telling, recipient, STORY_QUARANTINED, time, slice_of(buffer_text(&text)));
}

static void add_next_try(const struct telling *telling, struct slice id, struct buffer *text)
{
	uint32_t next = telling->next_try ? id_table_find(telling->next_try, id) : ID_NONE;
	time_t when = (time_t)next;
	struct tm parts;
	char clock[32];

	if (next == ID_NONE || next == 0 || !localtime_r(&when, &parts))
		return;
	strftime(clock, sizeof(clock), "%F %T", &parts);
	buffer_addf(text, "; next try at %s", clock);
}

static void tell_waiting(struct telling *telling, const struct line *line,
			 struct story_recipient *recipient, uint64_t time)
{
	_cleanup_(buffer_free) struct buffer text = BUFFER_INIT;

	slice_add(&text, line->text, DETAIL_LIMIT / 2);
	add_next_try(telling, line->id, &text);
	set_state(telling, recipient, STORY_WAITING, time, slice_of(buffer_text(&text)));
}

static void tell_sent(struct telling *telling, const struct line *line, const char *folder,
		      struct story_recipient *recipient, uint64_t time)
{
	_cleanup_(buffer_free) struct buffer text = BUFFER_INIT;

	if (folder) {
		buffer_add_text(&text, "folder ");
		slice_add(&text, slice_of(folder), DETAIL_LIMIT);
	} else {
		slice_add(&text, line->relay, DETAIL_LIMIT / 2);
		buffer_add_text(&text, " answered ");
		slice_add(&text, line->text, DETAIL_LIMIT / 2);
	}
	set_state(telling, recipient, line->discarded ? STORY_DISCARDED : STORY_DELIVERED, time,
		  slice_of(buffer_text(&text)));
}

static void tell_delivery(struct telling *telling, const struct line *line, const char *folder,
			  uint64_t time)
{
	struct story_recipient *recipient = get_recipient(telling, line);

	if (!recipient)
		return;
	if (line->status == STATUS_SENT && line->to_filter)
		tell_filtered(telling, line, recipient, time);
	else if (line->status == STATUS_SENT)
		tell_sent(telling, line, folder, recipient, time);
	else if (line->status == STATUS_DEFERRED)
		tell_waiting(telling, line, recipient, time);
	else if (line->status == STATUS_BOUNCED || line->status == STATUS_EXPIRED)
		set_state(telling, recipient,
			  line->status == STATUS_BOUNCED ? STORY_BOUNCED : STORY_EXPIRED, time,
			  line->text);
}

static void tell_heading(struct telling *telling, const struct line *line)
{
	struct story *story = telling->story;

	if (line->message_id.size && story->message_id.size == 0)
		story->message_id = line->message_id;
	if (line->kind == LINE_ACTIVE && !telling->accepted) {
		telling->accepted = true;
		story->from = line->from;
		story->size = line->size;
	}
	if (line->kind == LINE_SCANNED) {
		telling->scan = *line;
		telling->scanned = true;
	}
}

static void tell_event(struct telling *telling, const struct line *line,
		       const struct trace_event *event)
{
	struct slice by_hand = SLICE("from the queue, by hand"), nothing = {0};

	tell_heading(telling, line);
	switch (line->kind) {
	case LINE_DELIVERY:
		tell_delivery(telling, line, event->note, event->time);
		break;
	case LINE_EXPIRED:
		set_all(telling, STORY_WAITING, STORY_EXPIRED, event->time, nothing);
		break;
	case LINE_DELETED:
		set_all(telling, STORY_WAITING, STORY_DELETED, event->time, by_hand);
		set_all(telling, STORY_PASSED, STORY_DELETED, event->time, by_hand);
		break;
	case LINE_HELD:
	case LINE_FREED:
		telling->held = line->kind == LINE_HELD;
		break;
	case LINE_RELEASED:
		set_all(telling, STORY_QUARANTINED, STORY_RELEASED, event->time, nothing);
		break;
	case LINE_DESTROYED:
		set_all(telling, STORY_QUARANTINED, STORY_DELETED, event->time, line->text);
		break;
	default:
		break;
	}
}

/* What went through the filter is told under the id that it had afterwards, where an alias
 * may have become other addresses; what then went round for another sender, under its third
 * one, of which the alias is not known any more. */
static bool is_followed(const struct story *story, const struct story_recipient *passed,
			unsigned turns)
{
	for (size_t i = 0; i < story->count; i++) {
		const struct story_recipient *other = &story->recipients[i];

		if ((slice_equal_case(other->address, passed->address) ||
		     slice_equal_case(other->original, passed->address)) &&
		    (other->state != STORY_PASSED ||
		     (turns > 0 && !slice_equal(other->id, passed->id) &&
		      is_followed(story, other, turns - 1))))
			return true;
	}
	return false;
}

static void conclude(struct telling *telling)
{
	struct story *story = telling->story;
	size_t kept = 0;

	for (size_t i = 0; i < story->count; i++)
		story->recipients[i].followed = story->recipients[i].state == STORY_PASSED &&
						is_followed(story, &story->recipients[i], 1);
	for (size_t i = 0; i < story->count; i++) {
		struct story_recipient *recipient = &story->recipients[i];
		bool passed = recipient->state == STORY_PASSED;

		if (recipient->followed) {
			free(recipient->detail);
			recipient->detail = NULL;
			continue;
		}
		if (telling->held && (passed || recipient->state == STORY_WAITING))
			recipient->state = STORY_HELD;
		else if (passed)
			recipient->state = STORY_WAITING;
	}
	for (size_t i = 0; i < story->count; i++)
		if (story->recipients[i].state != STORY_PASSED)
			story->recipients[kept++] = story->recipients[i];
	story->count = kept;
	story->state = kept || !telling->accepted ? STORY_UNKNOWN
		       : telling->held		  ? STORY_HELD
						  : STORY_WAITING;
	for (size_t i = 0; i < kept; i++)
		if (story->recipients[i].state > story->state)
			story->state = story->recipients[i].state;
}

int story_make(const struct trace_message *message, const struct id_table *next_try,
	       struct story *story, struct error *error)
{
	struct telling telling = {.story = story, .next_try = next_try};

	*story = (struct story){.message = message};
	for (size_t i = 0; i < message->count; i++) {
		const struct trace_event *event = &message->events[i];
		struct line line;

		line_parse(event->writer, slice_of(event->identifier), slice_of(event->text),
			   &line);
		tell_event(&telling, &line, event);
	}
	conclude(&telling);
	return telling.failed ? error_set(error, ENOMEM, "out of memory") : 0;
}

void story_free(struct story *story)
{
	for (size_t i = 0; i < story->count; i++)
		free(story->recipients[i].detail);
	free(story->recipients);
	*story = STORY_INIT;
}

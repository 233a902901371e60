// SPDX-License-Identifier: GPL-3.0-or-later
/* What each line does to the ledger. */
#include <errno.h>

#include "ledger/ledger.h"

/* The part of this id; one that is not known yet (lines were lost, or its first line was
 * one of these) is a message of its own.  ID_NONE when there is no room. */
static int get_part(struct ledger *ledger, struct slice id, uint64_t time, uint32_t *ret_part)
{
	int result;

	*ret_part = ledger_part_find(ledger, id);
	if (*ret_part != ID_NONE)
		return 0;
	result = ledger_part_new(ledger, id, ID_NONE, time, ret_part);
	if (result == -ENOSPC) {
		*ret_part = ID_NONE;
		return 0;
	}
	return result;
}

static struct ledger_message *message_of(struct ledger *ledger, uint32_t part)
{
	return &ledger->messages[ledger->parts[part].message];
}

/* A client, or sendmail(1), or a requeued message: the first line of a queue id. */
static int begin(struct ledger *ledger, const struct line *line, uint64_t time)
{
	uint32_t origin =
	    line->origin_id.size ? ledger_part_find(ledger, line->origin_id) : ID_NONE;
	uint32_t message = origin == ID_NONE ? ID_NONE : ledger->parts[origin].message;
	uint32_t part;
	int result;

	if (ledger_part_find(ledger, line->id) != ID_NONE)
		return 0;
	result = ledger_part_new(ledger, line->id, message, time, &part);
	if (result == -ENOSPC) {
		ledger->counters[COUNT_UNFOLLOWED] += !line->from_filter;
		return 0;
	}
	if (result < 0)
		return result;
	/* `origin_id` is the first of all, which may be gone by the third */
	if (line->forwarded && (line->origin_id.size == 0 || (line->around && origin == ID_NONE)))
		message_of(ledger, part)->flags |= MESSAGE_UNLINKED;
	/* a person put it into the queue anew: the old file is this one now */
	if (line->kind == LINE_PICKUP && origin != ID_NONE) {
		ledger_accept(ledger, part);
		ledger_part_drop(ledger, origin);
	}
	return 0;
}

static int activate(struct ledger *ledger, const struct line *line, uint64_t time)
{
	uint32_t part;
	int result = get_part(ledger, line->id, time, &part);

	if (result < 0 || part == ID_NONE)
		return result;
	ledger->parts[part].flags &= ~(uint32_t)PART_ABSENT;
	ledger_accept(ledger, part);
	return 0;
}

/* Two parts are one message: what came from the filter, and what went to it. */
static void link_parts(struct ledger *ledger, uint32_t part, uint32_t successor)
{
	uint32_t kept = ledger->parts[part].message, dropped = ledger->parts[successor].message;

	if (kept == dropped || !(ledger->messages[dropped].flags & MESSAGE_UNLINKED))
		return;
	ledger->messages[dropped].flags &= ~(uint32_t)(MESSAGE_UNLINKED | MESSAGE_ACCEPTED);
	ledger->messages[kept].flags |= ledger->messages[dropped].flags;
	ledger->messages[kept].parts++;
	ledger->parts[successor].message = kept;
	if (--ledger->messages[dropped].parts == 0) {
		ledger->messages[dropped].next_free = ledger->free_message;
		ledger->free_message = dropped;
	}
	if (ledger->parts[successor].flags & PART_ENDED)
		ledger_part_drop(ledger, successor);
}

static bool was_kept(const struct ledger *ledger, struct slice filter_id)
{
	for (size_t i = 1; i <= LEDGER_RECENT && i <= ledger->recent_next; i++) {
		const struct ledger_recent *recent =
		    &ledger->recent[(ledger->recent_next - i) % LEDGER_RECENT];

		if (filter_id.size && slice_equal(slice_of(recent->filter_id), filter_id))
			return recent->kept;
	}
	return false;
}

/* The filter has it: given back under another id, or in the quarantine; else it is lost. */
static void filtered(struct ledger *ledger, const struct line *line, uint32_t part)
{
	uint32_t successor =
	    line->other_id.size ? ledger_part_find(ledger, line->other_id) : ID_NONE;

	if (successor != ID_NONE)
		link_parts(ledger, part, successor);
	if (line->other_id.size || ledger->parts[part].flags & (PART_PASSED | PART_KEPT))
		return;
	message_of(ledger, part)->flags |= was_kept(ledger, line_answer_filter_id(line->text))
					       ? MESSAGE_QUARANTINED
					       : MESSAGE_LOST;
}

/* "mx.example.net[192.0.2.25]:25": nothing of ours listens there for Postfix. */
static bool is_elsewhere(const struct line *line)
{
	return line->status == STATUS_SENT && slice_ends(line->relay, SLICE("]:25"));
}

static int deliver(struct ledger *ledger, const struct line *line, uint64_t time)
{
	uint32_t part;
	int result = get_part(ledger, line->id, time, &part);

	if (is_elsewhere(line))
		ledger->left = time;
	if (result < 0 || part == ID_NONE)
		return result;
	ledger_accept(ledger, part);
	if (line->status == STATUS_SENT && line->to_filter)
		filtered(ledger, line, part);
	else if (line->status == STATUS_SENT)
		message_of(ledger, part)->flags |=
		    line->discarded ? MESSAGE_DELETED : MESSAGE_DELIVERED;
	else if (line->status == STATUS_ASKED)
		message_of(ledger, part)->flags |= MESSAGE_QUESTION;
	else if (line->status == STATUS_BOUNCED || line->status == STATUS_EXPIRED)
		message_of(ledger, part)->flags |= MESSAGE_BOUNCED;
	return 0;
}

static int scanned(struct ledger *ledger, const struct line *line)
{
	struct ledger_recent *recent = &ledger->recent[ledger->recent_next++ % LEDGER_RECENT];
	uint32_t part = line->id.size ? ledger_part_find(ledger, line->id) : ID_NONE;
	bool selftest =
	    line->quarantine.size && memchr(line->quarantine.at, '/', line->quarantine.size);
	int result = 0;

	slice_copy(line->filter_id, recent->filter_id, sizeof(recent->filter_id));
	recent->kept = line->quarantine.size > 0;
	if (part != ID_NONE)
		ledger->parts[part].flags |= (line->blocked && !line->returned ? 0 : PART_PASSED) |
					     (recent->kept ? PART_KEPT : 0);
	/* a copy of what was passed is a file as well, but no end of the message */
	if (part != ID_NONE && recent->kept && line->blocked)
		message_of(ledger, part)->flags |= MESSAGE_QUARANTINED;
	else if (part != ID_NONE && line->returned)
		message_of(ledger, part)->flags |= MESSAGE_BOUNCED;
	if (recent->kept && !selftest)
		result = id_table_set(&ledger->held, line_quarantine_id(line->quarantine), 0);
	return result == -ENOSPC ? 0 : result;
}

static void end_part(struct ledger *ledger, struct slice id, uint32_t flag)
{
	uint32_t part = ledger_part_find(ledger, id);

	if (part == ID_NONE) {
		if (ledger_alarm_remove(ledger, id)) /* it came late */
			ledger->counters[flag ? COUNT_DELETED : COUNT_DELIVERED]++;
		return;
	}
	message_of(ledger, part)->flags |= flag;
	if (message_of(ledger, part)->flags & MESSAGE_UNLINKED)
		ledger->parts[part].flags |= PART_ENDED;
	else
		ledger_part_drop(ledger, part);
}

/* The rule stood in the configuration and the sender was told 250. */
static int discard(struct ledger *ledger, const struct line *line, uint64_t time)
{
	int result = activate(ledger, line, time);

	if (result == 0)
		end_part(ledger, line->id, MESSAGE_DELETED);
	return result;
}

static int set_flag(struct ledger *ledger, const struct line *line, uint64_t time, uint32_t flag)
{
	uint32_t part;
	int result = get_part(ledger, line->id, time, &part);

	if (result == 0 && part != ID_NONE)
		message_of(ledger, part)->flags |= flag;
	return result;
}

static int know_part(struct ledger *ledger, const struct line *line, uint64_t time)
{
	uint32_t part;

	return get_part(ledger, line->id, time, &part);
}

/* A person knows what became of it, or of "all". */
static void settle(struct ledger *ledger, struct slice id)
{
	if (!slice_equal(id, SLICE("all"))) {
		ledger->counters[COUNT_SETTLED] += ledger_alarm_remove(ledger, id);
		return;
	}
	ledger->counters[COUNT_SETTLED] += ledger->counters[COUNT_MISSING];
	ledger->counters[COUNT_MISSING] = 0;
	ledger->alarm_count = 0;
}

int ledger_line(struct ledger *ledger, const struct line *line, uint64_t time)
{
	ledger->time = time;
	switch (line->kind) {
	case LINE_CLIENT:
	case LINE_PICKUP:
		return begin(ledger, line, time);
	case LINE_MESSAGE_ID:
		return know_part(ledger, line, time);
	case LINE_ACTIVE:
		return activate(ledger, line, time);
	case LINE_DELIVERY:
		return deliver(ledger, line, time);
	case LINE_EXPIRED:
		return set_flag(ledger, line, time, MESSAGE_BOUNCED);
	case LINE_SCANNED:
		return scanned(ledger, line);
	case LINE_DISCARDED:
		return discard(ledger, line, time);
	case LINE_REMOVED:
		end_part(ledger, line->id, 0);
		return 0;
	case LINE_DELETED:
		end_part(ledger, line->id, MESSAGE_DELETED);
		return 0;
	case LINE_RELEASED: /* the file goes after its line */
		ledger_alarm_remove(ledger, line->quarantine);
		if (id_table_find(&ledger->held, line->quarantine) == ID_NONE)
			return 0;
		return id_table_set(&ledger->held, line->quarantine, LEDGER_RELEASED);
	case LINE_DESTROYED: /* and here before it; a line may come late */
		ledger_alarm_remove(ledger, line->quarantine);
		id_table_remove(&ledger->held, line->quarantine);
		return 0;
	case LINE_SETTLED:
		settle(ledger, line->id);
		return 0;
	default:
		return 0;
	}
}

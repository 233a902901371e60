// SPDX-License-Identifier: GPL-3.0-or-later
/* The ledger held against what really lies in the queue and in the quarantine. */
#include <errno.h>

#include "ledger/ledger.h"

/* A part that is not where it should be, the second time. */
static void part_is_gone(struct ledger *ledger, uint32_t index)
{
	struct ledger_part *part = &ledger->parts[index];
	struct ledger_message *message = &ledger->messages[part->message];

	/* not accepted: the client went away before the end of its message */
	if (part->flags & PART_ACCEPTED)
		message->flags |=
		    message->flags & MESSAGE_UNWATCHED ? MESSAGE_UNSEEN : MESSAGE_LOST;
	ledger_part_drop(ledger, index);
}

/* Given back by the filter, and nobody has said as what: a message of its own. */
static void link_is_lost(struct ledger *ledger, uint32_t index)
{
	struct ledger_part *part = &ledger->parts[index];

	ledger->messages[part->message].flags &= ~(uint32_t)MESSAGE_UNLINKED;
	if (part->flags & PART_ACCEPTED)
		ledger_accept(ledger, index);
	if (part->flags & PART_ENDED)
		ledger_part_drop(ledger, index);
}

static void check_part(struct ledger *ledger, uint32_t index, bool there, uint64_t time,
		       uint64_t grace)
{
	struct ledger_part *part = &ledger->parts[index];

	if (part->flags & PART_ENDED) {
		if (time > part->time && time - part->time >= grace)
			link_is_lost(ledger, index);
	} else if (there) {
		part->flags &= ~(uint32_t)PART_ABSENT;
		ledger->messages[part->message].flags &= ~(uint32_t)MESSAGE_UNWATCHED;
		/* whole in the queue, with no line of qmgr: held, or lines were lost */
		if (!(part->flags & PART_ACCEPTED))
			ledger_accept(ledger, index);
	} else if (!(part->flags & PART_ABSENT)) {
		part->flags |= PART_ABSENT;
		part->absent = time;
	} else if (time - part->absent >= grace) {
		part_is_gone(ledger, index);
	}
}

/* A queue file without a line: lines were lost.  One that was missing is there again. */
static int adopt(struct ledger *ledger, struct slice id, uint64_t time)
{
	uint32_t part;
	int result = ledger_part_new(ledger, id, ID_NONE, time, &part);

	if (result == -ENOSPC)
		return 0;
	if (result < 0)
		return result;
	if (ledger_alarm_remove(ledger, id))
		ledger->counters[COUNT_ACCEPTED]--;
	ledger_accept(ledger, part);
	return 0;
}

static int check_strangers(struct ledger *ledger, const struct id_table *found,
			   struct id_table *strangers, uint64_t grace_seconds, uint32_t seconds)
{
	for (const struct id_slot *slot = NULL; (slot = id_table_next(found, slot));) {
		struct slice id = slice_of(slot->name);
		uint32_t since = id_table_find(strangers, id);
		int result = 0;

		if (ledger_part_find(ledger, id) != ID_NONE) {
			id_table_remove(strangers, id);
		} else if (since == ID_NONE) {
			result = id_table_set(strangers, id, seconds);
		} else if (seconds - since >= grace_seconds) {
			id_table_remove(strangers, id);
			result = adopt(ledger, id, (uint64_t)seconds * 1000000);
		}
		if (result < 0 && result != -ENOSPC)
			return result;
	}
	return 0;
}

int ledger_check_queue(struct ledger *ledger, const struct id_table *found,
		       struct id_table *strangers, uint64_t time, uint64_t grace)
{
	for (uint32_t i = 0; i < ledger->part_count; i++)
		if (ledger->parts[i].id[0])
			check_part(ledger, i,
				   id_table_find(found, slice_of(ledger->parts[i].id)) != ID_NONE,
				   time, grace);
	/* those that have gone again were under way */
	for (const struct id_slot *slot = NULL; (slot = id_table_next(strangers, slot));)
		if (id_table_find(found, slice_of(slot->name)) == ID_NONE)
			id_table_remove(strangers, slice_of(slot->name));
	return check_strangers(ledger, found, strangers, grace / 1000000,
			       (uint32_t)(time / 1000000));
}

int ledger_check_quarantine(struct ledger *ledger, const struct id_table *found, uint64_t time,
			    uint64_t grace)
{
	uint32_t seconds = (uint32_t)(time / 1000000);
	int result = 0;

	for (const struct id_slot *slot = NULL; (slot = id_table_next(&ledger->held, slot));) {
		struct slice id = slice_of(slot->name);

		if (id_table_find(found, id) != ID_NONE) {
			if (slot->value != LEDGER_RELEASED)
				result = id_table_set(&ledger->held, id, 0);
		} else if (slot->value == LEDGER_RELEASED) {
			id_table_remove(&ledger->held, id);
		} else if (slot->value == 0) {
			result = id_table_set(&ledger->held, id, seconds);
		} else if (seconds - slot->value > grace / 1000000) { /* whole seconds */
			ledger_alarm_add(ledger, slot->name, time, true);
			id_table_remove(&ledger->held, id);
		}
		if (result < 0)
			return result;
	}
	for (const struct id_slot *slot = NULL; (slot = id_table_next(found, slot));) {
		if (id_table_find(&ledger->held, slice_of(slot->name)) != ID_NONE)
			continue;
		result = id_table_set(&ledger->held, slice_of(slot->name), 0);
		if (result < 0 && result != -ENOSPC)
			return result;
	}
	return 0;
}

// SPDX-License-Identifier: GPL-3.0-or-later
#include "ledger/ledger.h"
/* The ledger's memory: parts, messages, alarms. */

#include <errno.h>
#include <stdlib.h>

const char *ledger_counter_name(enum ledger_counter counter)
{
	static const char *const names[LEDGER_COUNTERS] = {
	    [COUNT_ACCEPTED] = "accepted",	 [COUNT_DELIVERED] = "delivered",
	    [COUNT_QUARANTINED] = "quarantined", [COUNT_BOUNCED] = "bounced",
	    [COUNT_DELETED] = "deleted",	 [COUNT_UNSEEN] = "unseen",
	    [COUNT_UNCLEAR] = "unclear",	 [COUNT_MISSING] = "missing",
	    [COUNT_SETTLED] = "settled",	 [COUNT_UNFOLLOWED] = "unfollowed",
	};

	return names[counter];
}

int ledger_init(struct ledger *ledger, struct error *error)
{
	*ledger = (struct ledger){.free_part = ID_NONE, .free_message = ID_NONE};
	id_table_init(&ledger->ids, LEDGER_PARTS_LIMIT);
	id_table_init(&ledger->held, LEDGER_HELD_LIMIT);
	ledger->alarms = calloc(LEDGER_ALARMS_LIMIT, sizeof(*ledger->alarms));
	return ledger->alarms ? 0 : error_set(error, ENOMEM, "out of memory");
}

void ledger_free(struct ledger *ledger)
{
	id_table_free(&ledger->ids);
	id_table_free(&ledger->held);
	free(ledger->parts);
	free(ledger->messages);
	free(ledger->alarms);
	*ledger = (struct ledger){0};
}

uint32_t ledger_part_find(const struct ledger *ledger, struct slice id)
{
	return id_table_find(&ledger->ids, id);
}

/* A place in an array: one that is free again, or one more. */
#define TAKE_PLACE(array, count, capacity, free_place, ret_place)                                  \
	({                                                                                         \
		int result_ = 0;                                                                   \
		if ((free_place) != ID_NONE) {                                                     \
			*(ret_place) = (free_place);                                               \
			(free_place) = (array)[free_place].next_free;                              \
		} else {                                                                           \
			if ((count) == (capacity)) {                                               \
				uint32_t more_ = (capacity) ? (capacity)*2 : 64;                   \
				void *grown_ = reallocarray((array), more_, sizeof(*(array)));     \
				if (grown_) {                                                      \
					(array) = grown_;                                          \
					(capacity) = more_;                                        \
				} else {                                                           \
					result_ = -ENOMEM;                                         \
				}                                                                  \
			}                                                                          \
			if (result_ == 0)                                                          \
				*(ret_place) = (count)++;                                          \
		}                                                                                  \
		result_;                                                                           \
	})

int ledger_message_new(struct ledger *ledger, struct slice id, uint32_t *ret_message)
{
	int result = TAKE_PLACE(ledger->messages, ledger->message_count, ledger->message_capacity,
				ledger->free_message, ret_message);

	if (result == 0) {
		ledger->messages[*ret_message] = (struct ledger_message){0};
		slice_copy(id, ledger->messages[*ret_message].id, QUEUE_ID_LIMIT);
	}
	return result;
}

static void message_free(struct ledger *ledger, uint32_t message)
{
	ledger->messages[message].next_free = ledger->free_message;
	ledger->messages[message].flags = 0;
	ledger->free_message = message;
}

int ledger_part_new(struct ledger *ledger, struct slice id, uint32_t message, uint64_t time,
		    uint32_t *ret_part)
{
	bool own = message == ID_NONE;
	int result = own ? ledger_message_new(ledger, id, &message) : 0;

	if (result < 0)
		return result;
	result = TAKE_PLACE(ledger->parts, ledger->part_count, ledger->part_capacity,
			    ledger->free_part, ret_part);
	if (result == 0) {
		result = id_table_set(&ledger->ids, id, *ret_part);
		if (result < 0) {
			ledger->parts[*ret_part].next_free = ledger->free_part;
			ledger->free_part = *ret_part;
		}
	}
	if (result < 0) {
		if (own)
			message_free(ledger, message);
		return result;
	}
	ledger->parts[*ret_part] = (struct ledger_part){.message = message, .time = time};
	slice_copy(id, ledger->parts[*ret_part].id, QUEUE_ID_LIMIT);
	ledger->messages[message].parts++;
	return 0;
}

void ledger_accept(struct ledger *ledger, uint32_t part)
{
	struct ledger_message *message = &ledger->messages[ledger->parts[part].message];

	ledger->parts[part].flags |= PART_ACCEPTED;
	if (message->flags & (MESSAGE_ACCEPTED | MESSAGE_UNLINKED))
		return;
	message->flags |= MESSAGE_ACCEPTED;
	ledger->counters[COUNT_ACCEPTED]++;
	ledger->open++;
}

static void count_end(struct ledger *ledger, const struct ledger_message *message)
{
	static const struct {
		uint32_t flag;
		enum ledger_counter counter;
	} ends[] = {
	    {MESSAGE_LOST, COUNT_MISSING},     {MESSAGE_QUARANTINED, COUNT_QUARANTINED},
	    {MESSAGE_BOUNCED, COUNT_BOUNCED},  {MESSAGE_DELETED, COUNT_DELETED},
	    {MESSAGE_UNSEEN, COUNT_UNSEEN},    {MESSAGE_DELIVERED, COUNT_DELIVERED},
	    {MESSAGE_UNWATCHED, COUNT_UNSEEN},
	};
	enum ledger_counter counter = COUNT_UNCLEAR;

	for (size_t i = 0; i < ARRAY_SIZE(ends) && counter == COUNT_UNCLEAR; i++)
		if (message->flags & ends[i].flag)
			counter = ends[i].counter;
	ledger->open--;
	if (counter == COUNT_UNCLEAR && message->flags & MESSAGE_QUESTION)
		ledger->counters[COUNT_ACCEPTED]--;
	else
		ledger->counters[counter]++;
}

void ledger_part_drop(struct ledger *ledger, uint32_t part)
{
	uint32_t index = ledger->parts[part].message;
	struct ledger_message *message = &ledger->messages[index];

	id_table_remove(&ledger->ids, slice_of(ledger->parts[part].id));
	ledger->parts[part].id[0] = '\0';
	ledger->parts[part].next_free = ledger->free_part;
	ledger->free_part = part;
	if (--message->parts)
		return;
	if (message->flags & MESSAGE_ACCEPTED)
		count_end(ledger, message);
	if (message->flags & MESSAGE_ACCEPTED && message->flags & MESSAGE_LOST)
		ledger_alarm_add(ledger, message->id, ledger->time, false);
	message_free(ledger, index);
}

void ledger_alarm_add(struct ledger *ledger, const char *id, uint64_t time, bool quarantine)
{
	struct ledger_alarm *alarm = &ledger->alarms[ledger->alarm_count];

	if (ledger->alarm_count == LEDGER_ALARMS_LIMIT)
		return;
	*alarm = (struct ledger_alarm){.time = time, .quarantine = quarantine};
	slice_copy(slice_of(id), alarm->id, sizeof(alarm->id));
	ledger->alarm_count++;
}

bool ledger_alarm_remove(struct ledger *ledger, struct slice id)
{
	for (size_t i = 0; i < ledger->alarm_count; i++) {
		bool quarantine = ledger->alarms[i].quarantine;

		if (!slice_equal(slice_of(ledger->alarms[i].id), id))
			continue;
		memmove(&ledger->alarms[i], &ledger->alarms[i + 1],
			(ledger->alarm_count - i - 1) * sizeof(ledger->alarms[i]));
		ledger->alarm_count--;
		if (!quarantine)
			ledger->counters[COUNT_MISSING]--;
		return !quarantine;
	}
	return false;
}

void ledger_gap(struct ledger *ledger)
{
	for (uint32_t i = 0; i < ledger->part_count; i++)
		if (ledger->parts[i].id[0])
			ledger->messages[ledger->parts[i].message].flags |= MESSAGE_UNWATCHED;
}

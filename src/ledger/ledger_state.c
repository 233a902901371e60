// SPDX-License-Identifier: GPL-3.0-or-later
#include "ledger/ledger_state.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "base/file.h"

enum { STATE_LIMIT = 256 * 1024 * 1024 };

static const char first_line[] = "postcask-account 1\n";

void ledger_state_free(struct ledger_state *state)
{
	free(state->cursor);
	*state = (struct ledger_state){0};
}

static void add_counters(struct buffer *text, const char *name, const uint64_t *counters)
{
	buffer_add_text(text, name);
	for (int i = 0; i < LEDGER_COUNTERS; i++)
		buffer_addf(text, " %" PRIu64, counters[i]);
	buffer_add_char(text, '\n');
}

int ledger_save(const char *path, const struct ledger *ledger, const struct ledger_state *state,
		struct error *error)
{
	_cleanup_(buffer_free) struct buffer text = BUFFER_INIT;

	buffer_add_text(&text, first_line);
	if (state->cursor)
		buffer_addf(&text, "cursor %s\n", state->cursor);
	buffer_addf(&text, "clean %d\n", state->clean);
	buffer_addf(&text, "times %" PRIu64 " %" PRIu64 " %" PRIu64 "\n", state->began,
		    ledger->time, state->gap_time);
	if (state->gap[0])
		buffer_addf(&text, "gap %s\n", state->gap);
	add_counters(&text, "counters", ledger->counters);
	add_counters(&text, "at-boot", state->at_boot);
	/* a message is named by its place in memory */
	for (uint32_t i = 0; i < ledger->part_count; i++) {
		const struct ledger_part *part = &ledger->parts[i];
		const struct ledger_message *message = &ledger->messages[part->message];

		if (part->id[0])
			buffer_addf(&text,
				    "part %s %" PRIu32 " %" PRIu32 " %" PRIu64 " %s %" PRIu32 "\n",
				    part->id, part->message, part->flags, part->time, message->id,
				    message->flags);
	}
	for (const struct id_slot *slot = NULL; (slot = id_table_next(&ledger->held, slot));)
		if (slot->value != LEDGER_RELEASED)
			buffer_addf(&text, "held %s\n", slot->name);
	for (size_t i = 0; i < ledger->alarm_count; i++)
		buffer_addf(&text, "alarm %s %" PRIu64 " %d\n", ledger->alarms[i].id,
			    ledger->alarms[i].time, ledger->alarms[i].quarantine);
	buffer_add_text(&text, "end\n");
	if (text.failed)
		return error_set(error, ENOMEM, "out of memory");
	return file_replace(path, text.data, text.size, 0600, (uid_t)-1, (gid_t)-1, error);
}

static bool take_number(struct slice *line, uint64_t *ret_number)
{
	struct slice word = *line, rest = *line;
	uint64_t number = 0;

	if (!slice_until(&rest, SLICE(" "), &word))
		rest = (struct slice){line->at + line->size, 0};
	if (word.size == 0 || word.size > 19)
		return false;
	for (size_t i = 0; i < word.size; i++) {
		if (word.at[i] < '0' || word.at[i] > '9')
			return false;
		number = number * 10 + (uint64_t)(word.at[i] - '0');
	}
	*line = rest;
	*ret_number = number;
	return true;
}

static bool take_name(struct slice *line, char *name, size_t size)
{
	struct slice word = *line, rest = *line;

	if (!slice_until(&rest, SLICE(" "), &word))
		rest = (struct slice){line->at + line->size, 0};
	if (word.size == 0 || word.size >= size)
		return false;
	slice_copy(word, name, size);
	*line = rest;
	return true;
}

struct loading {
	struct ledger *ledger;
	struct ledger_state *state;
	struct id_table messages; /* from the number in the file to ours */
};

static bool load_counters(struct slice line, uint64_t *counters)
{
	for (int i = 0; i < LEDGER_COUNTERS; i++)
		if (!take_number(&line, &counters[i]))
			return false;
	return line.size == 0;
}

static bool load_part(struct loading *loading, struct slice line)
{
	char id[QUEUE_ID_LIMIT], number[24], message_id[QUEUE_ID_LIMIT];
	struct ledger *ledger = loading->ledger;
	uint64_t flags, time, message_flags;
	uint32_t message, part;

	if (!take_name(&line, id, sizeof(id)) || !take_name(&line, number, sizeof(number)) ||
	    !take_number(&line, &flags) || !take_number(&line, &time) ||
	    !take_name(&line, message_id, sizeof(message_id)) ||
	    !take_number(&line, &message_flags) || line.size || flags > UINT32_MAX ||
	    message_flags > UINT32_MAX || ledger_part_find(ledger, slice_of(id)) != ID_NONE)
		return false;
	message = id_table_find(&loading->messages, slice_of(number));
	if (message == ID_NONE && (ledger_message_new(ledger, slice_of(message_id), &message) < 0 ||
				   id_table_set(&loading->messages, slice_of(number), message) < 0))
		return false;
	ledger->open += ledger->messages[message].parts == 0 && message_flags & MESSAGE_ACCEPTED;
	ledger->messages[message].flags = (uint32_t)message_flags;
	if (ledger_part_new(ledger, slice_of(id), message, time, &part) < 0)
		return false;
	ledger->parts[part].flags = (uint32_t)flags & ~(uint32_t)PART_ABSENT;
	return true;
}

static bool load_alarm(struct ledger *ledger, struct slice line)
{
	char id[LINE_NAME_LIMIT];
	uint64_t time, quarantine;

	if (!take_name(&line, id, sizeof(id)) || !take_number(&line, &time) ||
	    !take_number(&line, &quarantine) || line.size)
		return false;
	ledger_alarm_add(ledger, id, time, quarantine != 0);
	return true;
}

static bool load_clean(struct ledger_state *state, struct slice line)
{
	uint64_t clean;

	if (!take_number(&line, &clean))
		return false;
	state->clean = clean == 1;
	return line.size == 0;
}

static bool load_line(struct loading *loading, struct slice line)
{
	struct ledger_state *state = loading->state;

	if (slice_skip(&line, SLICE("part ")))
		return load_part(loading, line);
	if (slice_skip(&line, SLICE("held ")))
		return line.size && id_table_set(&loading->ledger->held, line, 0) == 0;
	if (slice_skip(&line, SLICE("alarm ")))
		return load_alarm(loading->ledger, line);
	if (slice_skip(&line, SLICE("counters ")))
		return load_counters(line, loading->ledger->counters);
	if (slice_skip(&line, SLICE("at-boot ")))
		return load_counters(line, state->at_boot);
	if (slice_skip(&line, SLICE("times ")))
		return take_number(&line, &state->began) &&
		       take_number(&line, &loading->ledger->time) &&
		       take_number(&line, &state->gap_time) && line.size == 0;
	if (slice_skip(&line, SLICE("clean ")))
		return load_clean(state, line);
	if (slice_skip(&line, SLICE("gap "))) {
		slice_copy(line, state->gap, sizeof(state->gap));
		return true;
	}
	if (slice_skip(&line, SLICE("cursor "))) {
		free(state->cursor);
		state->cursor = strndup(line.at, line.size);
		return state->cursor;
	}
	return false;
}

static bool load_text(struct loading *loading, struct slice text)
{
	struct slice line;

	if (!slice_skip(&text, SLICE(first_line)))
		return false;
	while (slice_until(&text, SLICE("\n"), &line)) {
		if (slice_equal(line, SLICE("end")))
			return text.size == 0;
		if (!load_line(loading, line))
			return false;
	}
	return false;
}

int ledger_load(const char *path, struct ledger *ledger, struct ledger_state *state,
		struct error *error)
{
	struct loading loading = {ledger, state, {0}};
	_cleanup_free_ char *text = NULL;
	size_t size;
	int result = file_read(path, STATE_LIMIT, &text, &size, error);
	bool good;

	if (result < 0)
		return result;
	id_table_init(&loading.messages, LEDGER_PARTS_LIMIT);
	good = load_text(&loading, (struct slice){text, size});
	id_table_free(&loading.messages);
	if (good)
		return 0;
	ledger_free(ledger);
	ledger_state_free(state);
	result = ledger_init(ledger, error);
	return result < 0 ? result : error_set(error, EINVAL, "%s: it is broken", path);
}

// SPDX-License-Identifier: GPL-3.0-or-later
#include "quarantine/held.h"

#include <string.h>

#include "base/json_file.h"
#include "quarantine/digest.h"
#include "quarantine/quarantine.h"
#include "queue/queue_list.h"

static const char *word_of(const json_t *object, const char *key)
{
	const char *text = json_text(object, key);

	return text[0] ? text : "-";
}

static void add_message(void *context, const json_t *message)
{
	const json_t *recipients = json_object_get(message, "recipients");
	int64_t arrival = json_number(message, "arrival_time");
	char date[QUARANTINE_TIME_TEXT];
	struct held *held = context;

	if (strcmp(json_text(message, "queue_name"), "hold") != 0 ||
	    held->count++ >= HELD_SHOWN_MAX)
		return;
	quarantine_format_time(arrival, date);
	buffer_addf(&held->list, "%s  on hold\n    from     ", date);
	digest_add_word(&held->list, word_of(message, "sender"));
	buffer_add_text(&held->list, "\n    to       ");
	digest_add_word(&held->list, word_of(json_array_get(recipients, 0), "address"));
	if (json_array_size(recipients) > 1)
		buffer_addf(&held->list, " and %zu more", json_array_size(recipients) - 1);
	buffer_add_text(&held->list, "\n    id       ");
	digest_add_word(&held->list, word_of(message, "queue_id"));
	buffer_add_text(&held->list, "\n\n");
}

int held_read(struct held *held, struct error *error)
{
	bool partial;

	return queue_list(add_message, held, &partial, error);
}

void held_parse(struct slice text, struct held *held)
{
	queue_list_parse(text, add_message, held);
}

void held_free(struct held *held)
{
	buffer_free(&held->list);
}

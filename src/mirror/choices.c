// SPDX-License-Identifier: GPL-3.0-or-later
#include "mirror/choices.h"

#include <string.h>
#include <strings.h>

#include "base/buffer.h"
#include "base/json_file.h"
#include "mirror/entry.h"

static void add_level(json_t *choices, const char *name, const json_t *entry,
		      const char *attributes)
{
	_cleanup_json_ json_t *values = entry_values(entry, attributes);

	if (json_array_size(values) > 0)
		json_object_set(choices, name, json_array_get(values, 0));
}

/* The attribute says whether that is left out, as amavis calls it. */
static void add_choice(json_t *choices, const char *name, const json_t *entry,
		       const char *attributes)
{
	_cleanup_json_ json_t *values = entry_values(entry, attributes);
	const char *value = json_string_value(json_array_get(values, 0));

	if (value)
		json_object_set_new(choices, name, json_boolean(strcasecmp(value, "TRUE") != 0));
}

/* A domain has no @ there, and one with all below it begins with a dot. */
static json_t *sender_of(const char *value)
{
	_cleanup_(buffer_free) struct buffer text = BUFFER_INIT;

	buffer_addf(&text, "%s%s", strchr(value, '@') ? "" : "@", value);
	return json_string(buffer_text(&text));
}

static void add_senders(json_t *choices, const char *name, const json_t *entry,
			const char *attributes)
{
	_cleanup_json_ json_t *values = entry_values(entry, attributes);
	json_t *senders = json_array();
	const json_t *value;
	size_t i;

	json_array_foreach(values, i, value)
	    json_array_append_new(senders, sender_of(json_string_value(value)));
	if (json_array_size(senders) > 0)
		json_object_set(choices, name, senders);
	json_decref(senders);
}

json_t *choices_of(const struct tree *tree, const json_t *entry)
{
	json_t *choices = json_object();

	add_level(choices, "mark", entry, tree->mark);
	add_level(choices, "hold", entry, tree->hold);
	add_choice(choices, "spam", entry, tree->spam);
	add_choice(choices, "banned", entry, tree->banned);
	add_senders(choices, "allow", entry, tree->allow);
	add_senders(choices, "block", entry, tree->block);
	if (json_object_size(choices) > 0)
		return choices;
	json_decref(choices);
	return NULL;
}

json_t *rules_of(const struct tree *tree, const json_t *entry)
{
	_cleanup_json_ json_t *values = entry_values(entry, tree->rules);
	const char *value = json_string_value(json_array_get(values, 0));

	return value && value[0] ? json_string(value) : NULL;
}

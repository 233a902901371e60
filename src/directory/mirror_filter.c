// SPDX-License-Identifier: GPL-3.0-or-later
#include "directory/mirror_filter.h"

#include <stdlib.h>

#include "base/json_file.h"
#include "directory/accounts_filter.h"

/* Levels are texts here, and may be numbers where they come from. */
static json_t *value_of(const json_t *given, const char *name)
{
	json_t *value = json_object_get(given, name);

	return json_is_number(value) ? json_sprintf("%.6g", json_number_value(value))
				     : json_incref(value);
}

/* A level, or a choice. */
static void take_value(json_t *taken, const json_t *given, const char *name, json_int_t *left_out)
{
	_cleanup_json_ json_t *value = value_of(given, name), *good = NULL;
	_cleanup_json_ json_t *alone = json_pack("{s:O*}", name, value);

	if (!value || json_is_null(value))
		return;
	if (alone && filter_take(alone, &good, NULL) == 0)
		json_object_update(taken, good);
	else
		++*left_out;
}

/* Who is in both lists is blocked, as with amavis. */
static void take_senders(json_t *taken, const json_t *given, const char *name, const char *other,
			 json_int_t *left_out)
{
	const json_t *theirs = json_object_get(taken, other), *one;
	json_t *senders = json_array();
	size_t i;

	json_array_foreach(json_object_get(given, name), i, one)
	{
		const char *text = json_is_string(one) ? json_string_value(one) : "";
		char *sender = NULL;

		if (filter_take_sender(text, &sender, NULL) < 0 ||
		    json_array_size(senders) == FILTER_SENDERS || json_has_text(theirs, sender))
			++*left_out;
		else if (!json_has_text(senders, sender))
			json_array_append_new(senders, json_string(sender));
		free(sender);
	}
	if (json_array_size(senders) > 0)
		json_object_set(taken, name, senders);
	json_decref(senders);
}

json_t *mirror_filter_take(const json_t *given, json_int_t *left_out)
{
	static const char *const values[] = {"mark", "hold", "spam", "banned"};
	json_t *taken;

	if (json_object_size(given) == 0)
		return NULL;
	taken = json_object();
	for (size_t i = 0; i < ARRAY_SIZE(values); i++)
		take_value(taken, given, values[i], left_out);
	take_senders(taken, given, "block", "", left_out);
	take_senders(taken, given, "allow", "block", left_out);
	if (json_object_size(taken) > 0)
		return taken;
	json_decref(taken);
	return NULL;
}

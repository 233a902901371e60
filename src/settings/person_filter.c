// SPDX-License-Identifier: GPL-3.0-or-later
#include "settings/person_filter.h"

#include <errno.h>

#include "base/cleanup.h"
#include "base/json_file.h"

/* Nothing for a value that is not there. */
static int add_row(json_t *rows, const char *word, const json_t *value)
{
	const char *text = json_string_value(value);

	if (json_is_boolean(value))
		text = json_is_true(value) ? "on" : "off";
	return !text || json_array_append_new(
			    rows, json_pack("{s:s, s:s}", "word", word, "value", text)) == 0
		   ? 0
		   : -ENOMEM;
}

static int add_rows(json_t *rows, const json_t *filter)
{
	static const char *const words[] = {"mark", "hold", "spam", "banned", "allow", "block"};
	int result = 0;

	for (size_t i = 0; result == 0 && i < ARRAY_SIZE(words); i++) {
		const json_t *value = json_object_get(filter, words[i]), *one;
		size_t k;

		if (!json_is_array(value))
			result = add_row(rows, words[i], value);
		json_array_foreach(value, k, one)
		{
			if (result == 0)
				result = add_row(rows, words[i], one);
		}
	}
	return result;
}

int person_filter_derive(json_t *settings)
{
	_cleanup_json_ json_t *none = json_array(); /* of all who have nothing */
	json_t *user;
	size_t i;

	json_array_foreach(json_object_get(settings, "users"), i, user)
	{
		const json_t *filter = json_object_get(user, "filter");
		_cleanup_json_ json_t *rows = filter ? json_array() : json_incref(none);

		if (add_rows(rows, filter) < 0 || json_object_set(user, "filter_rows", rows) < 0)
			return -ENOMEM;
	}
	return 0;
}

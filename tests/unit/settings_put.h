// SPDX-License-Identifier: GPL-3.0-or-later
/* Settings made from the paths of the table, for tests. */
#ifndef POSTCASK_TEST_SETTINGS_PUT_H
#define POSTCASK_TEST_SETTINGS_PUT_H

#include <stdbool.h>

#include <jansson.h>

#include "tests/unit/test.h"

/* The member, made of `empty` (owned) when it is not there. */
static inline json_t *settings_member(json_t *object, const char *name, json_t *empty)
{
	if (!json_object_get(object, name))
		assert_int_equal(json_object_set(object, name, empty), 0);
	json_decref(empty);
	return json_object_get(object, name);
}

/* Writes `value` (owned) where `path` leads to, in the first item of each list of mappings;
 * as one more item of a list of values. */
static inline void settings_put(json_t *object, const char *path, bool list, json_t *value)
{
	_cleanup_free_ char *copy = strdup(path);
	char *name = copy;

	for (char *dot; (dot = strchr(name, '.')); name = dot + 1) {
		bool records = dot[-1] == ']';

		dot[records ? -2 : 0] = '\0';
		object = settings_member(object, name, records ? json_array() : json_object());
		if (records && !json_array_size(object))
			json_array_append_new(object, json_object());
		if (records)
			object = json_array_get(object, 0);
	}
	if (list)
		json_array_append_new(settings_member(object, name, json_array()), value);
	else
		json_object_set_new(object, name, value);
}

#endif

// SPDX-License-Identifier: GPL-3.0-or-later
#include "settings/published.h"

#include <string.h>

#include "base/json_file.h"
#include "settings/settings.h"
#include "settings/table.h"

/* Lists of people below a group. */
static void forget_people(json_t *published)
{
	for (size_t i = 0; i < settings_table_count; i++) {
		const char *path = settings_table[i].path, *dot = strrchr(path, '.');
		_cleanup_free_ char *group = dot ? strndup(path, (size_t)(dot - path)) : NULL;

		if (group && settings_table[i].flags & SETTING_PEOPLE)
			json_object_del((json_t *)published_get(published, group), dot + 1);
	}
}

json_t *published_settings(const json_t *settings)
{
	json_t *user = json_array_get(json_object_get(settings, "users"), 0);
	json_t *first = json_object_get(user, "address");
	_cleanup_json_ json_t *rows = json_object(), *published = NULL;
	const struct setting *row = NULL;

	/* Top-level members without a row are derived, most of them from people. */
	while ((row = table_next_child(NULL, row))) {
		json_t *value = json_object_get(settings, row->path);

		if (value && row->type != TYPE_RECORDS &&
		    json_object_set(rows, row->path, value) < 0)
			return NULL;
	}
	if (json_object_get(settings, "here") &&
	    json_object_set(rows, "here", json_object_get(settings, "here")) < 0)
		return NULL;
	published = settings_redact(rows);
	forget_people(published);
	if (json_object_set_new(published, "version", json_string(POSTCASK_VERSION)) < 0 ||
	    json_object_set(published, "first_address", first ? first : json_null()) < 0)
		return NULL;
	return TAKE_POINTER(published);
}

const json_t *published_get(const json_t *published, const char *path)
{
	while (published && *path) {
		size_t length = strcspn(path, ".[");
		_cleanup_free_ char *name = strndup(path, length);

		published = name ? json_object_get(published, name) : NULL;
		path += length;
		if (!strncmp(path, "[]", 2)) {
			published = json_array_get(published, 0);
			path += 2;
		}
		path += *path == '.';
	}
	return published;
}

const char *published_text(const json_t *published, const char *path)
{
	const char *text = json_string_value(published_get(published, path));

	return text && text[0] ? text : NULL;
}

bool published_true(const json_t *published, const char *path)
{
	return json_is_true(published_get(published, path));
}

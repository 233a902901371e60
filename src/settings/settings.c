// SPDX-License-Identifier: GPL-3.0-or-later
#include "settings/settings.h"

#include <errno.h>
#include <string.h>

#include "settings/load.h"
#include "settings/table.h"

#define REDACTED "(secret)"

/* What the check on this host cannot see: an error when the settings may be
 * there, a warning when they are here but may be changed. */
static void report_unjudged(const struct load *load, struct diagnostics *diagnostics)
{
	const struct user_data *user_data = &load->user_data;

	if (!user_data->unjudged)
		return;
	if (node_get(load->root, "mail"))
		diagnostics_warning(
		    diagnostics, user_data->unjudged_at,
		    "%s cannot be judged here, and could change the settings; write "
		    "them all as #cloud-config",
		    user_data->unjudged_why);
	else
		diagnostics_error(diagnostics, user_data->unjudged_at,
				  "%s cannot be judged here, and there are no settings beside it; "
				  "write them as #cloud-config",
				  user_data->unjudged_why);
}

int settings_load_text(const char *file_name, const char *text, size_t size,
		       struct diagnostics *diagnostics, json_t **ret_settings)
{
	_cleanup_(load_free) struct load load;
	int r = load_user_data(file_name, text, size, diagnostics, &load);

	if (r == 0) {
		report_unjudged(&load, diagnostics);
		r = load_check(load.root, file_name, diagnostics, ret_settings);
	}
	diagnostics_sort(diagnostics);
	return r;
}

int settings_load_file(const char *path, struct diagnostics *diagnostics, json_t **ret_settings)
{
	const char *name = !strcmp(path, "-") ? "(standard input)" : path;
	_cleanup_free_ char *text = NULL;
	size_t size;
	int r = load_file(path, diagnostics, &text, &size);

	if (r < 0)
		return r;
	r = settings_load_text(name, text, size, diagnostics, ret_settings);
	explicit_bzero(text, size);
	return r;
}

/* A value in the place of one that is not to be shown; NULL when out of memory. */
static json_t *redacted(const json_t *value)
{
	json_t *list;

	if (json_is_string(value) && !json_string_length(value))
		return json_string(""); /* the empty default says nothing */
	if (!json_is_array(value))
		return json_string(REDACTED);
	list = json_array();
	for (size_t i = 0; i < json_array_size(value); i++)
		json_array_append_new(list, json_string(REDACTED));
	return list;
}

/* Replaces what `path` ("tls.key", "users[].password_hash") leads to. */
static int redact_path(json_t *json, const char *path)
{
	size_t length = strcspn(path, ".["), i;
	_cleanup_free_ char *name = strndup(path, length);
	json_t *value = name ? json_object_get(json, name) : NULL, *item;
	int r = name ? 0 : -ENOMEM;

	if (!value)
		return r;
	if (!path[length])
		return json_object_set_new(json, name, redacted(value)) < 0 ? -ENOMEM : 0;
	if (path[length] == '.')
		return redact_path(value, path + length + 1);
	json_array_foreach(value, i, item) if (r == 0) r =
	    redact_path(item, path + length + strlen("[]."));
	return r;
}

json_t *settings_redact(const json_t *settings)
{
	json_t *copy = json_deep_copy(settings);

	for (size_t i = 0; copy && i < settings_table_count; i++) {
		if (!(settings_table[i].flags & SETTING_SECRET))
			continue;
		if (redact_path(copy, settings_table[i].path) < 0) {
			json_decref(copy);
			copy = NULL;
		}
	}
	return copy;
}

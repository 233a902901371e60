// SPDX-License-Identifier: GPL-3.0-or-later
#include "update/state.h"

#include <errno.h>
#include <string.h>

#include "base/file.h"
#include "base/json_file.h"

enum { CONFIG_LIMIT = 4096 };

int update_config_load(const char *path, struct update_config *config, struct error *error)
{
	_cleanup_free_ char *text = NULL;
	struct update_config read = {0};
	int result = file_read(path, CONFIG_LIMIT, &text, NULL, error);
	char *rest = text, *line;

	if (result == -ENOENT) {
		error_clear(error);
		result = 0;
	}
	while (result == 0 && (line = strsep(&rest, "\n"))) {
		char *value = line, *key = strsep(&value, "\t");

		if (!line[0] || line[0] == '#')
			continue;
		if (strcmp(key, "automatic") == 0)
			read.automatic = true;
		else if (strcmp(key, "reboot") == 0 && value && strlen(value) < sizeof(read.reboot))
			strcpy(read.reboot, value);
		else
			result = error_set(error, EINVAL, "%s: '%s' is not understood", path, key);
	}
	if (result == 0)
		*config = read;
	return result;
}

json_t *update_state_load(const char *folder)
{
	_cleanup_free_ char *path = file_join(folder, "state.json");
	_cleanup_(error_clear) struct error none = ERROR_INIT;
	json_t *state = path ? json_file_load(path, &none) : NULL;

	return state ? state : json_object();
}

int update_state_save(const char *folder, const json_t *state, struct error *error)
{
	_cleanup_free_ char *path = file_join(folder, "state.json");

	return path ? json_file_save(state, path, error)
		    : error_set(error, ENOMEM, "out of memory");
}

const char *update_text(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

json_int_t update_number(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}

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
	json_t *state;

	return json_file_read(path, JSON_FILE_LIMIT, 0, &state, &none) == 0 ? state : json_object();
}

int update_state_save(const char *folder, const json_t *state, struct error *error)
{
	_cleanup_free_ char *path = file_join(folder, "state.json");

	return json_file_replace(path, state, JSON_FILE_REPORT, 0644, error);
}

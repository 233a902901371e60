// SPDX-License-Identifier: GPL-3.0-or-later
#include "component/components.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/file.h"

void component_set_add(struct component_set *set, size_t number)
{
	set->bits[number / 64] |= UINT64_C(1) << number % 64;
}

bool component_set_has(const struct component_set *set, size_t number)
{
	return set->bits[number / 64] & UINT64_C(1) << number % 64;
}

const struct component *component_find(const char *name)
{
	for (size_t i = 0; i < component_count; i++)
		if (strcmp(components[i]->name, name) == 0)
			return components[i];
	return NULL;
}

unsigned component_inner_port(const struct component *component, const char *name)
{
	for (const struct component_port *port = component->inner; port->name; port++)
		if (strcmp(port->name, name) == 0)
			return port->number;
	return 0;
}

bool component_has_key(const struct component *component, const char *kind)
{
	for (const char *const *key = component->keys; *key; key++)
		if (strcmp(*key, kind) == 0)
			return true;
	return false;
}

const char *component_password_group(void)
{
	for (size_t i = 0; i < component_count; i++)
		if (components[i]->password_group)
			return components[i]->password_group;
	return NULL;
}

const char **component_command(const char *verb, bool (*fits)(const struct component *component))
{
	const char **argv = calloc(component_count + 3, sizeof(*argv)), **at = argv;

	if (!argv)
		return NULL;
	*at++ = "systemctl";
	*at++ = verb;
	for (size_t i = 0; i < component_count; i++)
		if (fits(components[i]))
			*at++ = components[i]->units[0];
	return argv;
}

bool component_is_wanted(const struct component *component, const char *folder)
{
	for (const struct component_file *file = component->files; file->path; file++) {
		_cleanup_free_ char *path = file->mark ? file_join(folder, file->path) : NULL;
		struct stat status;

		if (file->mark)
			return path && stat(path, &status) == 0 && status.st_size > 0;
	}
	return true;
}

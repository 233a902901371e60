// SPDX-License-Identifier: GPL-3.0-or-later
#include "mirror/entry.h"

#include <ctype.h>
#include <string.h>

#include "base/cleanup.h"

static void add_texts(json_t *values, const json_t *more)
{
	json_t *one;
	size_t i;

	json_array_foreach(more, i, one)
	{
		if (json_is_string(one))
			json_array_append(values, one);
	}
}

json_t *entry_values(const json_t *entry, const char *attributes)
{
	_cleanup_free_ char *names = strdup(attributes);
	json_t *values = json_array();
	char *rest = names, *name;

	while (rest && (name = strsep(&rest, " "))) {
		for (char *c = name; *c; c++)
			*c = (char)tolower((unsigned char)*c);
		if (name[0] && strcmp(name, "dn") != 0)
			add_texts(values, json_object_get(entry, name));
	}
	return values;
}

// SPDX-License-Identifier: GPL-3.0-or-later
#include "watch/parts.h"

#include <stdlib.h>
#include <string.h>

#include "component/components.h"

/* The first part of a component, NULL when it is not watched. */
static const struct watched *find_part(const struct watched *parts, size_t count,
				       const struct component *component)
{
	for (size_t i = 0; component && i < count; i++)
		if (strcmp(parts[i].unit, component->units[0]) == 0)
			return &parts[i];
	return NULL;
}

struct watched *parts_list(size_t *ret_count)
{
	struct watched *parts = calloc(component_count * COMPONENT_WATCHES, sizeof(*parts));
	size_t count = 0;

	for (size_t i = 0; parts && i < component_count; i++) {
		const struct watched *needed = find_part(parts, count, components[i]->needs);

		for (const struct component_watch *watch = components[i]->watches; watch->address;
		     watch++)
			parts[count++] = (struct watched){
			    .unit = components[i]->units[0],
			    .program = watch->program,
			    .address = watch->address,
			    .port = watch->port,
			    .question = watch->question,
			    .answer = watch->answer,
			    .needs = needed,
			    .patience = watch->patience,
			};
	}
	*ret_count = count;
	return parts;
}

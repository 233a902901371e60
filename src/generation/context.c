// SPDX-License-Identifier: GPL-3.0-or-later
#include "generation/context.h"

#include <stdio.h>
#include <string.h>

static json_t *inner_ports(const struct component *component)
{
	json_t *ports = json_object();

	for (const struct component_port *port = component->inner; ports && port->name; port++)
		json_object_set_new(ports, port->name, json_integer(port->number));
	return ports;
}

json_t *context_make(const json_t *settings)
{
	json_t *context = json_copy((json_t *)settings), *all = json_object();

	for (size_t i = 0; i < component_count; i++)
		json_object_set_new(all, components[i]->name, inner_ports(components[i]));
	if (json_object_set_new(context, "component", all) == 0)
		return context;
	json_decref(context);
	return NULL;
}

char *context_mark_template(const struct component *component)
{
	int path = (int)strcspn(component->wanted, " ");
	char *text;

	return asprintf(&text,
			"#%% if %s\nmail.%.*s wants %s: it runs while this file is not empty.\n"
			"#%% end\n",
			component->wanted, path, component->wanted, component->name) < 0
		   ? NULL
		   : text;
}

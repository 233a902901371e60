// SPDX-License-Identifier: GPL-3.0-or-later
#include "firewall/ports.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "base/json_file.h"

#define REPORT_MAX (1024 * 1024)

int ports_add_number(uint32_t *ports, uint16_t number)
{
	enum port port = port_find_number(number);

	if (number == PORTS_PROOF_NUMBER) {
		*ports |= PORTS_PROOF_BIT;
		return 0;
	}
	if (port == PORT_NONE)
		return -EINVAL;
	*ports |= PORT_BIT(port);
	return 0;
}

uint16_t ports_next(uint32_t ports, unsigned *position, const char **ret_name)
{
	while (*position < PORTS) {
		const struct port_entry *entry = &port_table[*position];

		if (ports & PORT_BIT((*position)++)) {
			*ret_name = entry->name;
			return entry->number;
		}
	}
	if (*position > PORTS || !(ports & PORTS_PROOF_BIT))
		return 0;
	++*position;
	*ret_name = PORTS_PROOF_NAME;
	return PORTS_PROOF_NUMBER;
}

char *ports_list_names(const char *last)
{
	_cleanup_(buffer_free) struct buffer text = BUFFER_INIT;

	for (enum port port = 0; port < PORTS; port++)
		buffer_addf(&text, "%s%s",
			    port == 0		? ""
			    : port == PORTS - 1 ? last
						: ", ",
			    port_table[port].name);
	return buffer_take(&text);
}

int ports_add(uint32_t *ports, const char *text, struct error *error)
{
	_cleanup_free_ char *names = NULL;

	for (enum port port = 0; port < PORTS; port++) {
		char number[8];

		snprintf(number, sizeof(number), "%u", port_table[port].number);
		if (strcmp(text, port_table[port].name) == 0 || strcmp(text, number) == 0) {
			*ports |= PORT_BIT(port);
			return 0;
		}
	}
	names = ports_list_names(", ");
	return error_set(error, EINVAL,
			 "\"%.40s\" is no mail port; write %s or one of their numbers", text,
			 names ? names : "its name");
}

/* The names of a report's "open" array as ports. */
static int ports_from_json(const json_t *report, uint32_t *ret_ports, struct error *error)
{
	const json_t *open = json_object_get(report, "open"), *name;
	uint32_t ports = 0;
	size_t index;

	if (!json_is_array(open))
		return error_set(error, EINVAL, "no \"open\" list in the report");
	json_array_foreach(open, index, name)
	{
		int result;

		if (!json_is_string(name))
			return error_set(error, EINVAL, "\"open\" holds something else than names");
		result = ports_add(&ports, json_string_value(name), error);
		if (result < 0)
			return result;
	}
	*ret_ports = ports;
	return 0;
}

int ports_read_report(const char *path, uint32_t *ret_ports, struct error *error)
{
	_cleanup_json_ json_t *report = NULL;
	int result = json_file_read(path, REPORT_MAX, JSON_FILE_FOREIGN, &report, error);

	if (result < 0)
		return result;
	result = ports_from_json(report, ret_ports, error);
	return result < 0 ? error_wrap(error, "%s", path) : 0;
}

json_t *ports_to_json(uint32_t ports)
{
	json_t *list = json_array();
	unsigned position = 0;
	const char *name;
	uint16_t number;

	while (list && (number = ports_next(ports, &position, &name))) {
		json_t *port = json_pack("{s:s, s:i}", "name", name, "port", number);

		if (json_array_append_new(list, port) < 0) {
			json_decref(list);
			return NULL;
		}
	}
	return list;
}

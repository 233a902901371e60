// SPDX-License-Identifier: GPL-3.0-or-later
#include "firewall/ports.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/json_file.h"

#define REPORT_MAX (1024 * 1024)

const struct firewall_port firewall_ports[FIREWALL_PORT_COUNT] = {
    {"smtp", 25},   {"submissions", 465}, {"submission", 587}, {"imap", 143},
    {"imaps", 993}, {"pop3", 110},	  {"pop3s", 995},      {"managesieve", 4190},
};

int ports_add_number(uint32_t *ports, uint16_t number)
{
	for (size_t i = 0; i < FIREWALL_PORT_COUNT; i++) {
		if (firewall_ports[i].number == number) {
			*ports |= 1u << i;
			return 0;
		}
	}
	return -EINVAL;
}

int ports_add(uint32_t *ports, const char *text, struct error *error)
{
	for (size_t i = 0; i < FIREWALL_PORT_COUNT; i++) {
		char number[8];

		snprintf(number, sizeof(number), "%u", firewall_ports[i].number);
		if (strcmp(text, firewall_ports[i].name) == 0 || strcmp(text, number) == 0) {
			*ports |= 1u << i;
			return 0;
		}
	}
	return error_set(error, EINVAL,
			 "\"%.40s\" is no mail port; write smtp, submissions, submission, imap, "
			 "imaps, pop3, pop3s, managesieve or one of their numbers",
			 text);
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

	for (size_t i = 0; list && i < FIREWALL_PORT_COUNT; i++) {
		if (!(ports & (1u << i)))
			continue;
		json_t *port = json_pack("{s:s, s:i}", "name", firewall_ports[i].name, "port",
					 firewall_ports[i].number);
		if (json_array_append_new(list, port) < 0) {
			json_decref(list);
			return NULL;
		}
	}
	return list;
}

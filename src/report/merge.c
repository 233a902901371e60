// SPDX-License-Identifier: GPL-3.0-or-later
#include "report/merge.h"

#include <string.h>

#include "base/clock.h"
#include "base/json_file.h"
#include "base/utf8.h"
#include "net/ports.h"
#include "settings/published.h"
#include "state/report_state.h"

static json_t *empty_report(void)
{
	return json_pack("{s:s, s:s, s:s, s:f, s:i, s:i, s:i, s:[], s:[], s:{}, s:[]}", "version",
			 POSTCASK_VERSION, "hostname", "", "state",
			 report_state_name(REPORT_FAILED), "seconds", 0.0, "passed", 0, "failed", 0,
			 "skipped", 0, "probes", "open", "facts", "notes");
}

static void judge_firstboot(json_t *report, const json_t *verify, const json_t *firstboot)
{
	const char *state = json_text(firstboot, "state");
	bool in_force = json_number(firstboot, "generation") > 0;

	if (!firstboot) {
		report_fail(report, "failed: postcask-firstboot left no result");
	} else if (strcmp(state, "applied") == 0 || strcmp(state, "unchanged") == 0) {
		;
	} else if (in_force) {
		report_worsen(report, REPORT_DEGRADED);
		report_note(report,
			    "degraded: the new settings were not applied; the ones before are in "
			    "force");
	} else {
		report_fail(report, "failed: there are no settings in force; every mail port is "
				    "closed");
	}
	json_array_extend(json_object_get(report, "notes"), json_object_get(firstboot, "notes"));
	if (!verify && in_force)
		report_fail(report, "failed: the self-tests have no result");
}

/* The ports of a list: names, or objects with a name. */
static void ports_of(const json_t *list, bool ports[PORTS])
{
	const json_t *entry;
	size_t i;

	memset(ports, 0, PORTS * sizeof(ports[0]));
	json_array_foreach(list, i, entry)
	{
		const char *name =
		    json_is_object(entry) ? json_text(entry, "name") : json_string_value(entry);
		enum port port = name ? port_find(name) : PORT_NONE;

		if (port < PORTS)
			ports[port] = true;
	}
}

/* Is what was proved open, and nothing else? */
static void judge_ports(json_t *report, const json_t *firewall)
{
	bool proved[PORTS], open[PORTS], reached[DIRECTIONS + 1] = {0}, shut[DIRECTIONS + 1] = {0};
	bool closed = false, unproved = false, stands = false;

	ports_of(json_object_get(report, "open"), proved);
	ports_of(json_object_get(firewall, "open"), open);
	for (enum port port = 0; port < PORTS; port++) {
		enum direction direction = port_table[port].direction;

		unproved = unproved || (open[port] && !proved[port]);
		closed = closed || (proved[port] && !open[port]);
		shut[direction] = shut[direction] || (proved[port] && !open[port]);
		reached[direction] = reached[direction] || (proved[port] && open[port]);
	}
	for (enum direction direction = 0; direction < DIRECTIONS; direction++)
		stands = stands || (shut[direction] && !reached[direction]);
	if (unproved)
		report_fail(report, "failed: the firewall has a port open that was not proved");
	if (stands) {
		report_fail(report, "failed: the firewall keeps the ports closed that were proved");
	} else if (closed) {
		report_worsen(report, REPORT_DEGRADED);
		report_note(report, "degraded: the firewall keeps a port closed that was proved");
	}
}

static void judge_firewall(json_t *report, const json_t *firewall)
{
	if (!firewall)
		report_fail(report, "failed: the firewall left no result; nobody knows what is "
				    "open");
	else if (strcmp(json_text(firewall, "state"), "sealed") == 0)
		report_fail(report, "failed: the firewall could not load its rules and sealed the "
				    "machine");
	else
		judge_ports(report, firewall);
}

/* The probes' report was written by an unprivileged account and goes to consoles:
 * every string in it becomes printable ASCII on one line. */
static void clean_strings(json_t *value)
{
	const char *key;
	json_t *child;
	size_t i;

	if (json_is_string(value)) {
		_cleanup_free_ char *text = strdup(json_string_value(value));

		ascii_make_printable(text);
		json_string_set(value, text ? text : "");
	} else if (json_is_array(value)) {
		json_array_foreach(value, i, child) clean_strings(child);
	} else if (json_is_object(value)) {
		json_object_foreach(value, key, child) clean_strings(child);
	}
}

static json_t *begin_report(const json_t *verify)
{
	json_t *report = empty_report();
	_cleanup_json_ json_t *copy = json_deep_copy(verify);

	clean_strings(copy);
	json_object_del(copy, "firstboot"); /* not its business */
	json_object_del(copy, "firewall");
	if (report && copy)
		json_object_update(report, copy);
	if (!json_is_array(json_object_get(report, "notes")))
		json_object_set_new(report, "notes", json_array());
	json_object_set_new(report, "state",
			    json_string(report_state_name(report_state_of(report))));
	return report;
}

json_t *report_merge(const json_t *verify, json_t *firstboot, json_t *firewall,
		     const json_t *settings)
{
	json_t *report = begin_report(verify);
	json_t *value;

	if (!report)
		return NULL;
	json_object_set_new(report, "seconds", json_real((double)(clock_now_ms() / 100) / 10));
	value = json_object_get(settings, "hostname");
	if (json_is_string(value))
		json_object_set(report, "hostname", value);
	value = json_object_get(settings, "first_address");
	if (json_is_string(value))
		json_object_set(report, "first_address", value);
	if (published_true(settings, "services.web"))
		json_object_set_new(report, "help",
				    json_sprintf("https://%s/", json_text(report, "hostname")));
	judge_firstboot(report, verify, firstboot);
	if (firstboot)
		json_object_set(report, "firstboot", firstboot);
	if (firewall)
		json_object_set(report, "firewall", firewall);
	judge_firewall(report, firewall);
	report_judge_notes(report);
	return report;
}

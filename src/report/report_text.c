// SPDX-License-Identifier: GPL-3.0-or-later
#include "report/report_text.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <string.h>

#include "base/json_file.h"
#include "net/ports.h"
#include "state/report_state.h"

static void add_probe(const json_t *probe, struct buffer *text)
{
	const char *class = json_text(probe, "class");
	bool failed = strcmp(json_text(probe, "result"), "failed") == 0;

	buffer_addf(text, "%-26s %-9s %-8s %6lld ms  %s%s%s\n", json_text(probe, "name"),
		    json_text(probe, "component"), json_text(probe, "result"),
		    json_number(probe, "milliseconds"), failed ? class : "", failed ? ": " : "",
		    json_text(probe, "detail"));
}

void report_text_probes(const json_t *report, struct buffer *text)
{
	const json_t *probe;
	size_t i;

	json_array_foreach(json_object_get(report, "probes"), i, probe) add_probe(probe, text);
}

void report_text_failures(const json_t *report, unsigned limit, struct buffer *text)
{
	unsigned count = 0;
	const json_t *probe;
	size_t i;

	json_array_foreach(json_object_get(report, "probes"), i,
			   probe) if (strcmp(json_text(probe, "result"), "failed") == 0 &&
				      count++ < limit) add_probe(probe, text);
	if (count > limit)
		buffer_addf(text, "and %u more failed: postcask status\n", count - limit);
}

void report_text_errors(const json_t *report, struct buffer *text)
{
	const json_t *errors = json_object_get(json_object_get(report, "firstboot"), "errors");
	const json_t *error;
	size_t i;

	json_array_foreach(errors, i, error) if (json_is_string(error))
	    buffer_addf(text, "%s\n", json_string_value(error));
}

static bool has_name(const json_t *names, const char *name)
{
	const json_t *value;
	size_t i;

	json_array_foreach(names, i, value)
	{
		const char *text =
		    json_is_object(value) ? json_text(value, "name") : json_string_value(value);

		if (text && strcmp(text, name) == 0)
			return true;
	}
	return false;
}

/* The ports that the firewall has open, or, when it says nothing, those that were
 * proved. */
static const json_t *open_ports(const json_t *report)
{
	const json_t *firewall = json_object_get(report, "firewall");

	return firewall ? json_object_get(firewall, "open") : json_object_get(report, "open");
}

static void add_port(const json_t *report, enum port port, struct buffer *text)
{
	unsigned passed = 0, failed = 0;
	const json_t *probe;
	size_t i;

	json_array_foreach(json_object_get(report, "probes"), i, probe)
	{
		if (strcmp(json_text(probe, "port"), port_table[port].name) != 0)
			continue;
		passed += strcmp(json_text(probe, "result"), "passed") == 0;
		failed += strcmp(json_text(probe, "result"), "failed") == 0;
	}
	if (passed + failed == 0)
		return;
	buffer_addf(text, "%-12s %5u  %-6s  %u of %u probes passed\n", port_table[port].name,
		    port_table[port].number,
		    has_name(open_ports(report), port_table[port].name) ? "open" : "closed", passed,
		    passed + failed);
}

void report_text_summary(const json_t *report, struct buffer *text)
{
	const json_t *certificate =
	    json_object_get(json_object_get(report, "facts"), "certificate");
	const json_t *note;
	size_t i;

	for (enum port port = 0; port < PORTS; port++)
		add_port(report, port, text);
	if (json_is_object(certificate))
		buffer_addf(text, "certificate %s by %s, until %s (%lld days)\n",
			    json_text(certificate, "subject"), json_text(certificate, "issuer"),
			    json_text(certificate, "not_after"),
			    json_number(certificate, "days_left"));
	json_array_foreach(json_object_get(report, "notes"), i, note) if (json_is_string(note))
	    buffer_addf(text, "%s\n", json_string_value(note));
}

static bool is_global(const struct ifaddrs *entry)
{
	if (!entry->ifa_addr || entry->ifa_flags & IFF_LOOPBACK)
		return false;
	if (entry->ifa_addr->sa_family == AF_INET)
		return true;
	return entry->ifa_addr->sa_family == AF_INET6 &&
	       !IN6_IS_ADDR_LINKLOCAL(&((struct sockaddr_in6 *)entry->ifa_addr)->sin6_addr);
}

static void add_addresses(struct buffer *text)
{
	struct ifaddrs *entries;

	if (getifaddrs(&entries) < 0)
		return;
	for (const struct ifaddrs *entry = entries; entry; entry = entry->ifa_next) {
		char address[INET6_ADDRSTRLEN];
		const void *bytes;

		if (!is_global(entry))
			continue;
		bytes = entry->ifa_addr->sa_family == AF_INET
			    ? (const void *)&((struct sockaddr_in *)entry->ifa_addr)->sin_addr
			    : (const void *)&((struct sockaddr_in6 *)entry->ifa_addr)->sin6_addr;
		if (inet_ntop(entry->ifa_addr->sa_family, bytes, address, sizeof(address)))
			buffer_addf(text, " %s", address);
	}
	freeifaddrs(entries);
}

static void add_first_open(const json_t *open, const char *what, const char *hostname,
			   const enum port *ports, size_t count, struct buffer *text)
{
	for (size_t i = 0; i < count; i++)
		if (has_name(open, port_table[ports[i]].name)) {
			buffer_addf(text, "%s: %s port %u (%s)\n", what, hostname,
				    port_table[ports[i]].number,
				    port_table[ports[i]].implicit_tls ? "TLS" : "STARTTLS");
			return;
		}
}

void report_text_hints(const json_t *report, struct buffer *text)
{
	static const enum port reading[] = {PORT_IMAPS, PORT_IMAP, PORT_POP3S, PORT_POP3};
	static const enum port sending[] = {PORT_SUBMISSIONS, PORT_SUBMISSION};
	const char *hostname = json_text(report, "hostname");
	const char *user = json_text(report, "first_address");
	const json_t *open = open_ports(report);

	buffer_addf(text, "this machine: %s", hostname);
	add_addresses(text);
	buffer_add_char(text, '\n');
	add_first_open(open, "read mail", hostname, reading, ARRAY_SIZE(reading), text);
	add_first_open(open, "send mail", hostname, sending, ARRAY_SIZE(sending), text);
	if (user[0])
		buffer_addf(text, "log in as: %s (the whole address)\n", user);
	if (has_name(open, port_table[PORT_HTTPS].name))
		buffer_addf(text, "set up a phone or a mail program: https://%s/\n", hostname);
}

void report_text_line(const json_t *report, struct buffer *text)
{
	buffer_addf(text, "POSTCASK state=%s seconds=%.1f passed=%lld failed=%lld version=%s\n",
		    report_state_name(report_state_of(report)),
		    json_number_value(json_object_get(report, "seconds")),
		    json_number(report, "passed"), json_number(report, "failed"),
		    json_text(report, "version"));
}

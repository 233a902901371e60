// SPDX-License-Identifier: GPL-3.0-or-later
#include "acme/acme_here.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>

#include "base/clock.h"
#include "base/json_file.h"
#include "component/inner.h"
#include "net/dns.h"

enum { ASK_MS = 5000, SHOWN = 3 };

/* RFC 6890's networks of which nobody outside can be a part, as far as machines stand in them. */
static bool is_public(const char *text)
{
	struct in6_addr six;
	struct in_addr four;
	uint32_t number;

	if (inet_pton(AF_INET6, text, &six) == 1)
		return (six.s6_addr[0] & 0xe0) == 0x20 &&
		       memcmp(six.s6_addr, "\x20\x01\x0d\xb8", 4) != 0;
	if (inet_pton(AF_INET, text, &four) != 1)
		return false;
	number = ntohl(four.s_addr);
	return number >> 24 != 0 && number >> 24 != 10 && number >> 24 != 127 &&
	       number >> 20 != 0xac1 && number >> 16 != 0xc0a8 && number >> 16 != 0xa9fe &&
	       number >> 22 != 0x191 && number >> 28 < 0xe;
}

static void add_interface(json_t *list, const struct ifaddrs *entry)
{
	char text[INET6_ADDRSTRLEN];
	const void *bytes;

	if (!entry->ifa_addr || entry->ifa_flags & IFF_LOOPBACK)
		return;
	if (entry->ifa_addr->sa_family == AF_INET)
		bytes = &((const struct sockaddr_in *)(const void *)entry->ifa_addr)->sin_addr;
	else if (entry->ifa_addr->sa_family == AF_INET6)
		bytes = &((const struct sockaddr_in6 *)(const void *)entry->ifa_addr)->sin6_addr;
	else
		return;
	if (inet_ntop(entry->ifa_addr->sa_family, bytes, text, sizeof(text)))
		json_array_append_new(list, json_string(text));
}

int here_addresses(const json_t *settings, json_t **ret, struct error *error)
{
	json_t *given = json_object_get(json_object_get(settings, "dns"), "addresses");
	json_t *list = json_array();
	struct ifaddrs *entries;

	if (getifaddrs(&entries) < 0) {
		json_decref(list);
		return error_errno(error, errno, "cannot list the machine's addresses");
	}
	for (const struct ifaddrs *entry = entries; entry; entry = entry->ifa_next)
		add_interface(list, entry);
	freeifaddrs(entries);
	if (json_is_array(given))
		json_array_extend(list, given);
	*ret = list;
	return list ? 0 : error_set(error, ENOMEM, "out of memory");
}

static bool has_public(const json_t *list)
{
	const json_t *item;
	size_t i;

	json_array_foreach(list, i, item) if (json_is_string(item) &&
					      is_public(json_string_value(item))) return true;
	return false;
}

/* "10.0.0.1, 10.0.0.2": what was found, or what to publish. */
static void add_some(struct buffer *text, const json_t *list, bool published)
{
	const json_t *item;
	size_t i, count = 0;

	json_array_foreach(list, i, item)
	{
		const char *address = json_string_value(item);

		if (!address || (published && !strncmp(address, "fe80:", 5)) || count == SHOWN)
			continue;
		buffer_addf(text, "%s%s", count++ ? ", " : "", address);
	}
}

/* The addresses of one family; how the question ended. */
static enum failure_class ask(const char *name, ns_type type, json_t *found)
{
	struct dns_question question = {.address = "127.0.0.1",
					.port = INNER_DNS,
					.name = name,
					.class = ns_c_in,
					.type = type,
					.deadline_ms = clock_now_ms() + ASK_MS};
	_cleanup_(buffer_free) struct buffer answer = BUFFER_INIT;
	struct failure failure = FAILURE_INIT;
	enum failure_class class = dns_ask(&question, &answer, &failure);
	char *rest = answer.data, *line;

	failure_clear(&failure);
	while (class == FAILURE_NONE && (line = strsep(&rest, "\n")))
		if (line[0])
			json_array_append_new(found, json_string(line));
	return class;
}

static char *explain(const char *name, const json_t *found, const json_t *addresses)
{
	_cleanup_(buffer_free) struct buffer text = BUFFER_INIT;

	if (json_array_size(found) > 0) {
		buffer_addf(&text, "%s leads to ", name);
		add_some(&text, found, false);
		buffer_add_text(&text, ", not to this machine; ");
	} else {
		buffer_addf(&text, "%s has no address in the DNS; ", name);
	}
	buffer_add_text(&text, "publish an A or AAAA record with ");
	if (has_public(addresses)) {
		add_some(&text, addresses, true);
	} else {
		buffer_add_text(&text, "the public address of this machine (of its own it has ");
		add_some(&text, addresses, true);
		buffer_add_char(&text, ')');
	}
	return buffer_take(&text);
}

enum here here_ask(const char *name, const json_t *addresses, char **ret_sentence)
{
	_cleanup_json_ json_t *found = json_array();
	enum failure_class four = ask(name, ns_t_a, found), six = ask(name, ns_t_aaaa, found);
	bool anywhere = !has_public(addresses);
	const json_t *item;
	size_t i;

	*ret_sentence = NULL;
	json_array_foreach(found, i, item)
	{
		const char *address = json_string_value(item);

		if (json_has_text(addresses, address) || (anywhere && is_public(address)))
			return HERE_YES;
	}
	if (json_array_size(found) == 0 && (four != FAILURE_CONTENT || six != FAILURE_CONTENT)) {
		if (asprintf(ret_sentence, "the resolver does not say where %s leads", name) < 0)
			*ret_sentence = NULL;
		return HERE_UNKNOWN;
	}
	*ret_sentence = explain(name, found, addresses);
	return HERE_NO;
}

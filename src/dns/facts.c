// SPDX-License-Identifier: GPL-3.0-or-later
#include "dns/facts.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>

#include "base/json_file.h"
#include "dns/mta_sts.h"

/* A list of ten thousand domains with six keys each. */
enum { DKIM_LIMIT = 64 * 1024 * 1024 };

/* RFC 1918, RFC 6598, and of the machine itself. */
static bool is_private_four(const struct in_addr *address)
{
	uint32_t bits = ntohl(address->s_addr);

	return bits >> 24 == 10 || bits >> 20 == 0xac1 || bits >> 16 == 0xc0a8 ||
	       bits >> 22 == 0x191 || bits >> 24 == 127 || bits >> 16 == 0xa9fe;
}

/* RFC 4193 and link-local. */
static bool is_private_six(const struct in6_addr *address)
{
	return (address->s6_addr[0] & 0xfe) == 0xfc || IN6_IS_ADDR_LINKLOCAL(address) ||
	       IN6_IS_ADDR_LOOPBACK(address);
}

static void add_address(struct dns_facts *facts, const char *address)
{
	if (facts->address_count < DNS_ADDRESSES_MAX && !dns_facts_is_ours(facts, address))
		snprintf(facts->addresses[facts->address_count++], sizeof(facts->addresses[0]),
			 "%s", address);
}

static void take_own(struct dns_facts *facts, const struct ifaddrs *entry)
{
	char text[INET6_ADDRSTRLEN];
	const void *bytes;
	bool private;

	if (!entry->ifa_addr || entry->ifa_flags & IFF_LOOPBACK)
		return;
	if (entry->ifa_addr->sa_family == AF_INET) {
		bytes = &((const struct sockaddr_in *)entry->ifa_addr)->sin_addr;
		private = is_private_four(bytes);
	} else if (entry->ifa_addr->sa_family == AF_INET6) {
		bytes = &((const struct sockaddr_in6 *)entry->ifa_addr)->sin6_addr;
		private = is_private_six(bytes);
	} else {
		return;
	}
	if (private)
		facts->only_private = true;
	else if (inet_ntop(entry->ifa_addr->sa_family, bytes, text, sizeof(text)))
		add_address(facts, text);
}

static void find_addresses(struct dns_facts *facts)
{
	struct ifaddrs *entries;

	if (getifaddrs(&entries) < 0)
		return;
	for (const struct ifaddrs *entry = entries; entry; entry = entry->ifa_next)
		take_own(facts, entry);
	freeifaddrs(entries);
	if (facts->address_count > 0)
		facts->only_private = false;
}

static void take_addresses(struct dns_facts *facts, bool own)
{
	const json_t *given = json_object_get(json_object_get(facts->settings, "dns"), "addresses");
	const json_t *address;
	size_t i;

	json_array_foreach(given, i, address) if (json_is_string(address))
	    add_address(facts, json_string_value(address));
	if (facts->address_count == 0 && own)
		find_addresses(facts);
}

/* NULL: none. */
static const char *sts_mode(const struct dns_facts *facts)
{
	const char *mode = json_text(json_object_get(facts->settings, "dns"), "mta_sts");
	_cleanup_(error_clear) struct error none = ERROR_INIT;
	_cleanup_json_ json_t *memory = NULL;

	if (!facts->web || strcmp(mode, "none") == 0 || !dns_facts_has(facts, "filter"))
		return NULL;
	if (strcmp(mode, "enforce") == 0)
		return "enforce";
	if (strcmp(mode, "testing") != 0 &&
	    json_file_read(DNS_STS_FILE, JSON_FILE_LIMIT, 0, &memory, &none) == 0 &&
	    strcmp(json_text(memory, "mode"), "enforce") == 0)
		return "enforce";
	return "testing";
}

static int take_certificate(struct dns_facts *facts, struct error *error)
{
	facts->public = json_is_true(json_object_get(facts->keys, "public"));
	facts->web = facts->public && dns_facts_offers(facts, "web");
	facts->sts = sts_mode(facts);
	if (!facts->sts)
		return 0;
	facts->sts_policy = mta_sts_policy(facts->host, facts->sts);
	if (!facts->sts_policy)
		return error_errno(error, ENOMEM, "cannot make the records");
	mta_sts_id(facts->sts_policy, facts->sts_id);
	return 0;
}

int dns_facts_read(struct dns_facts *facts, json_t *published, const char *keys, const char *dkim,
		   struct error *error)
{
	struct error missing = ERROR_INIT;
	int result = 0;

	facts->settings = published;
	facts->host = json_text(published, "hostname");
	if (!facts->host[0])
		return error_set(error, EINVAL, "the settings name no host");
	if (keys)
		result = json_file_read(keys, JSON_FILE_LIMIT, 0, &facts->keys, &missing);
	if (result == 0 || result == -ENOENT)
		result =
		    dkim ? json_file_read(dkim, DKIM_LIMIT, JSON_FILE_LIST, &facts->dkim, &missing)
			 : 0;
	if (result == 0 || result == -ENOENT) { /* there are none yet */
		error_clear(&missing);
		take_addresses(facts, keys != NULL);
		return take_certificate(facts, error);
	}
	error_set(error, missing.code, "%s", error_text(&missing));
	error_clear(&missing);
	return result;
}

bool dns_facts_offers(const struct dns_facts *facts, const char *name)
{
	return json_is_true(json_object_get(json_object_get(facts->settings, "services"), name));
}

bool dns_facts_smarthost(const struct dns_facts *facts)
{
	return json_text(json_object_get(facts->settings, "smarthost"), "host")[0];
}

bool dns_facts_has(const struct dns_facts *facts, const char *name)
{
	const json_t *here = json_object_get(facts->settings, "here");

	return !here || json_is_true(json_object_get(here, name));
}

bool dns_facts_is_ours(const struct dns_facts *facts, const char *address)
{
	for (size_t i = 0; i < facts->address_count; i++)
		if (strcmp(facts->addresses[i], address) == 0)
			return true;
	return false;
}

void dns_facts_clear(struct dns_facts *facts)
{
	json_decref(facts->settings);
	json_decref(facts->keys);
	json_decref(facts->dkim);
	free(facts->sts_policy);
	*facts = DNS_FACTS_INIT;
}

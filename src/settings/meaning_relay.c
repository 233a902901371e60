// SPDX-License-Identifier: GPL-3.0-or-later
/* What would make the machine a relay for strangers, or send its mail to itself.  The keys
 * are of a later version and refused as such; what is wrong with their values is said all
 * the same, so that nobody writes them down for later. */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "settings/checker.h"
#include "settings/rule.h"
#include "settings/table.h"

/* The widest networks that may be trusted, in bits. */
#define TRUSTED_IPV4 8
#define TRUSTED_IPV6 16

/* The value of a key as its type stores it, "" when there is none or it is wrong
 * (which is said); owned by the caller. */
static char *checked_text(const char *path, const struct node *node,
			  struct diagnostics *diagnostics)
{
	json_t *value = node ? checker_check_value(table_find(path), node, diagnostics) : NULL;
	char *text = strdup(json_is_string(value) ? json_string_value(value) : "");

	if (!text)
		diagnostics->failed = true;
	json_decref(value);
	return text;
}

/* Its own addresses are refused by the type already. */
static bool is_this_machine(const char *host, const char *hostname)
{
	const char *last = strrchr(host, '.');

	return (hostname && !strcmp(host, hostname)) || !strcmp(host, "localhost.localdomain") ||
	       !strcasecmp(last ? last + 1 : host, "localhost");
}

static void check_host(const struct check *check, const char *group, const char *path)
{
	const struct node *node = node_get(node_get(check->meaning->mail, group), "host");
	bool local = node && node->kind == NODE_TEXT && !strcasecmp(node->text, "localhost");
	_cleanup_free_ char *host =
	    local ? strdup(node->text) : checked_text(path, node, check->diagnostics);

	if (host && is_this_machine(host, check->hostname))
		diagnostics_error(check->diagnostics, node->mark,
				  "%s is this machine itself, so that mail would go in a circle; "
				  "write the name of the other server",
				  host);
}

static int check_smarthost(struct check *check)
{
	check_host(check, "smarthost", "smarthost.host");
	return 0;
}

static int check_gateway(struct check *check)
{
	check_host(check, "gateway", "gateway.host");
	return 0;
}

/* Networks of which nobody outside can be a part: RFC 4193 and link-local. */
static bool is_private_ipv6(const unsigned char *bytes, unsigned prefix)
{
	return (prefix >= 7 && (bytes[0] & 0xfe) == 0xfc) ||
	       (prefix >= 10 && bytes[0] == 0xfe && (bytes[1] & 0xc0) == 0x80);
}

/* `network` as the type stores it: ADDRESS/PREFIX. */
static bool is_too_wide(const char *network, unsigned *ret_least)
{
	static const unsigned char mapped[12] = {[10] = 0xff, [11] = 0xff};
	unsigned char bytes[16] = {0};
	char address[INET6_ADDRSTRLEN] = "";
	size_t length = strcspn(network, "/");
	unsigned prefix = (unsigned)strtoul(network + length + 1, NULL, 10);

	memcpy(address, network, length);
	*ret_least = strchr(address, ':') ? TRUSTED_IPV6 : TRUSTED_IPV4;
	inet_pton(strchr(address, ':') ? AF_INET6 : AF_INET, address, bytes);
	if (*ret_least == TRUSTED_IPV4)
		return prefix < TRUSTED_IPV4;
	if (!memcmp(bytes, mapped, sizeof(mapped))) { /* IPv4 in IPv6's clothes */
		*ret_least = 96 + TRUSTED_IPV4;
		return prefix < *ret_least;
	}
	return prefix < TRUSTED_IPV6 && !is_private_ipv6(bytes, prefix);
}

static int check_trusted(struct check *check)
{
	struct diagnostics *diagnostics = check->diagnostics;
	const struct node *list = node_get(node_get(check->meaning->mail, "network"), "trusted");

	if (!list || list->kind != NODE_LIST)
		return 0;
	for (const struct node *node = list->first; node; node = node->next) {
		_cleanup_free_ char *network = checked_text("network.trusted", node, diagnostics);
		unsigned least;

		if (network && network[0] && is_too_wide(network, &least))
			diagnostics_error(
			    diagnostics, node->mark,
			    "%s would make an open relay; write your own networks, /%u "
			    "or narrower",
			    network, least);
	}
	return 0;
}

#define WIDEST_IPV4 RULE_NUMBER(TRUSTED_IPV4)
#define WIDEST_IPV6 RULE_NUMBER(TRUSTED_IPV6)

const struct rule meaning_relay[] = {
    {"`smarthost.host` is not this machine.", check_smarthost},
    {"`gateway.host` is not this machine.", check_gateway},
    {"`network.trusted` has no network wider than /" WIDEST_IPV4 " (IPv4) or /" WIDEST_IPV6
     " (IPv6), but for fc00::/7 and fe80::/10.",
     check_trusted},
    {0},
};

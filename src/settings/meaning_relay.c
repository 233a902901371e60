// SPDX-License-Identifier: GPL-3.0-or-later
/* What would make the machine a relay for strangers, or send its mail to itself, and what a
 * smarthost needs.  Where keys are of a later version and refused as such, what is wrong with
 * their values is said all the same, so that nobody writes them down for later. */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/json_file.h"
#include "settings/checker.h"
#include "settings/rule.h"
#include "settings/table.h"
#include "settings/type_ip.h"

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

static const struct node *smarthost_node(const struct check *check, const char *key)
{
	return node_get(node_get(check->meaning->mail, "smarthost"), key);
}

/* Written, and not as the empty text; it may be wrong. */
static bool is_given(const struct node *node)
{
	return node && !(node->kind == NODE_TEXT && node->size == 0);
}

static const char *smarthost_text(const struct check *check, const char *key)
{
	return json_text(json_object_get(check->settings, "smarthost"), key);
}

static int check_smarthost(struct check *check)
{
	const struct node *node = smarthost_node(check, "host");
	const char *host = smarthost_text(check, "host");

	if (host[0] &&
	    json_has_text(json_object_get(json_object_get(check->settings, "dns"), "addresses"),
			  host))
		diagnostics_error(check->diagnostics, node->mark,
				  "%s is an address of this machine (dns.addresses), so that mail "
				  "would go in a circle; write the name of the other server",
				  host);
	else if (is_given(node))
		check_host(check, "smarthost", "smarthost.host");
	return 0;
}

/* With which role there is one. */
static int check_smarthost_role(struct check *check)
{
	const struct node *group = node_get(check->meaning->mail, "smarthost");
	const struct node *role = node_get(check->meaning->mail, "role");
	const struct node *host = smarthost_node(check, "host");
	const char *word = json_text(check->settings, "role");
	bool given = is_given(host);

	if (strcmp(word, "smarthost") == 0 && !given)
		diagnostics_error(check->diagnostics, role->mark,
				  "role smarthost without smarthost.host; write the name of the "
				  "server that sends for this one");
	else if (strcmp(word, "internet") == 0 && given)
		diagnostics_error(check->diagnostics, host->mark,
				  "smarthost.host with role internet, which sends by itself; write "
				  "role: smarthost, or leave smarthost out");
	else if (group && group->first && !given)
		diagnostics_error(check->diagnostics, group->mark,
				  "smarthost without smarthost.host; write it too, or leave "
				  "smarthost out");
	return 0;
}

static bool has_outer_blank(const char *text)
{
	return text[0] && (text[0] == ' ' || text[strlen(text) - 1] == ' ');
}

static int check_smarthost_login(struct check *check)
{
	const struct node *user = smarthost_node(check, "user");
	const struct node *password = smarthost_node(check, "password");
	const char *name = smarthost_text(check, "user"),
		   *secret = smarthost_text(check, "password");

	if (is_given(user) != is_given(password)) {
		diagnostics_error(check->diagnostics, (user ? user : password)->mark,
				  "smarthost.%s without smarthost.%s; write both, or neither",
				  is_given(user) ? "user" : "password",
				  is_given(user) ? "password" : "user");
		return 0;
	}
	if (strchr(name, ':'))
		diagnostics_error(
		    check->diagnostics, user->mark,
		    "a colon in smarthost.user, where Postfix would end the name; ask "
		    "the provider for another one");
	if (has_outer_blank(name) || has_outer_blank(secret))
		diagnostics_error(check->diagnostics,
				  (has_outer_blank(name) ? user : password)->mark,
				  "smarthost.%s begins or ends with a blank, which Postfix would "
				  "leave out; ask the provider for another one",
				  has_outer_blank(name) ? "user" : "password");
	return 0;
}

/* A certificate is for names. */
static int check_smarthost_name(struct check *check)
{
	const char *host = smarthost_text(check, "host");

	if (type_is_ip(host) && !smarthost_text(check, "tls_name")[0])
		diagnostics_error(check->diagnostics, smarthost_node(check, "host")->mark,
				  "%s is an address, and a certificate is for a name; write the "
				  "name as smarthost.tls_name",
				  host);
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

/* Processes of the machine are as much strangers to port 25 as the world: they send by
 * sendmail(1). */
static bool is_loopback(const char *network)
{
	return strncmp(network, "127.", 4) == 0 || strncmp(network, "0.", 2) == 0 ||
	       strcmp(network, "::1/128") == 0;
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
		else if (network && is_loopback(network))
			diagnostics_error(diagnostics, node->mark,
					  "%s is this machine itself, which sends by sendmail(1); "
					  "leave it out",
					  network);
		else if (network && strncmp(network, "::ffff:", 7) == 0 && strchr(network, '.'))
			diagnostics_error(
			    diagnostics, node->mark,
			    "%s is how IPv6 writes IPv4, and nobody comes from there; "
			    "write it as IPv4",
			    network);
	}
	return 0;
}

#define WIDEST_IPV4 RULE_NUMBER(TRUSTED_IPV4)
#define WIDEST_IPV6 RULE_NUMBER(TRUSTED_IPV6)

const struct rule meaning_relay[] = {
    {"With role smarthost there is a `smarthost.host`, and with role internet there is none.",
     check_smarthost_role},
    {"`smarthost.host` is not this machine.", check_smarthost},
    {"`smarthost.user` and `smarthost.password` come together; there is no colon in the one, and "
     "no "
     "blank at an end of the other.",
     check_smarthost_login},
    {"Where `smarthost.host` is an address, `smarthost.tls_name` is given.", check_smarthost_name},
    {"`gateway.host` is not this machine.", check_gateway},
    {"`network.trusted` has no network wider than /" WIDEST_IPV4 " (IPv4) or /" WIDEST_IPV6
     " (IPv6), but for fc00::/7 and fe80::/10, and not this machine itself.",
     check_trusted},
    {0},
};

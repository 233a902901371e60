// SPDX-License-Identifier: GPL-3.0-or-later
/* What a directory server or a database needs. */
#include <string.h>

#include "base/json_file.h"
#include "settings/rule.h"

static const struct node *ldap_node(const struct check *check)
{
	return node_get(node_get(check->meaning->mail, "authentication"), "ldap");
}

static bool is_wanted(const struct check *check)
{
	const json_t *group = json_object_get(check->settings, "authentication");

	return strcmp(json_text(group, "backend"), "ldap") == 0;
}

/* People are here, or on the server behind a gateway: then they are its recipients. */
static void check_role(struct check *check, struct mark mark)
{
	const json_t *gateway = json_object_get(check->settings, "gateway");

	if (rule_is_role(check, "send-only"))
		diagnostics_error(check->diagnostics, mark,
				  "with the role send-only there is nobody who gets mail; write "
				  "backend: users");
	else if (rule_is_role(check, "gateway") &&
		 json_array_size(json_object_get(gateway, "recipients")) > 0)
		diagnostics_error(check->diagnostics, mark,
				  "recipients of the server behind from there and in "
				  "gateway.recipients; write one of the two");
}

static int check_needed(struct check *check)
{
	const struct node *group = node_get(check->meaning->mail, "authentication");
	const json_t *ldap =
	    json_object_get(json_object_get(check->settings, "authentication"), "ldap");
	struct mark mark;

	if (!is_wanted(check) || !group)
		return 0;
	mark = rule_mark(group, "backend");
	check_role(check, mark);
	if (json_array_size(json_object_get(ldap, "uri")) == 0)
		diagnostics_error(check->diagnostics, mark,
				  "backend ldap without authentication.ldap.uri; write where the "
				  "server is, such as [ldaps://ldap.example.org]");
	if (!json_text(ldap, "base")[0])
		diagnostics_error(check->diagnostics, mark,
				  "backend ldap without authentication.ldap.base; write where the "
				  "search begins, such as ou=people,dc=example,dc=org");
	return 0;
}

/* Of HOST, HOST:PORT, [IPV6] or [IPV6]:PORT: what follows the host. */
static const char *skip_host(const char *text)
{
	if (text[0] == '[') {
		size_t length = strspn(text + 1, "0123456789abcdefABCDEF:.");

		return length > 0 && text[1 + length] == ']' ? text + 1 + length + 1 : NULL;
	}
	return text[0] == '.' || text[0] == '-' || !text[0]
		   ? NULL
		   : text + strspn(text, "0123456789abcdefghijklmnopqrstuvwxyz"
					 "ABCDEFGHIJKLMNOPQRSTUVWXYZ.-");
}

/* HOST or HOST:PORT. */
static bool is_host(const char *text)
{
	const char *rest = skip_host(text);
	size_t digits;

	if (!rest || rest == text)
		return false;
	if (!*rest)
		return true;
	digits = *rest == ':' ? strspn(rest + 1, "0123456789") : 0;
	return digits >= 1 && digits <= 5 && !rest[1 + digits];
}

static bool is_server(const char *uri)
{
	return (strncmp(uri, "ldaps://", 8) == 0 && is_host(uri + 8)) ||
	       (strncmp(uri, "ldap://", 7) == 0 && is_host(uri + 7));
}

/* ---- PostgreSQL ---- */

static int check_database(struct check *check)
{
	const json_t *group = json_object_get(check->settings, "authentication");
	const json_t *database = json_object_get(group, "postgresql");
	const struct node *node = node_get(check->meaning->mail, "authentication");
	struct mark mark;

	if (strcmp(json_text(group, "backend"), "postgresql") != 0 || !node)
		return 0;
	mark = rule_mark(node, "backend");
	check_role(check, mark);
	if (json_array_size(json_object_get(database, "servers")) == 0)
		diagnostics_error(check->diagnostics, mark,
				  "backend postgresql without authentication.postgresql.servers; "
				  "write where the server is, such as [db.example.org]");
	if (!json_text(database, "password")[0])
		diagnostics_error(check->diagnostics, mark,
				  "backend postgresql without authentication.postgresql.password; "
				  "write that of the role that reads");
	return 0;
}

static int check_database_servers(struct check *check)
{
	const json_t *group = json_object_get(check->settings, "authentication");
	const json_t *servers = json_object_get(json_object_get(group, "postgresql"), "servers");
	const struct node *list = node_get(
	    node_get(node_get(check->meaning->mail, "authentication"), "postgresql"), "servers");
	const struct node *node = list && list->kind == NODE_LIST ? list->first : NULL;
	const json_t *one;
	size_t i;

	json_array_foreach(servers, i, one)
	{
		const char *server = json_string_value(one);

		if (server && !is_host(server))
			diagnostics_error(check->diagnostics,
					  node ? node->mark : rule_mail_mark(check),
					  "%s is no server; write HOST or HOST:PORT, and nothing "
					  "behind it",
					  server);
		node = node ? node->next : NULL;
	}
	return 0;
}

/* ---- LDAP ---- */

static int check_servers(struct check *check)
{
	const json_t *ldap =
	    json_object_get(json_object_get(check->settings, "authentication"), "ldap");
	const struct node *list = node_get(ldap_node(check), "uri");
	const struct node *node = list && list->kind == NODE_LIST ? list->first : NULL;
	const char *first = NULL;
	const json_t *one;
	size_t i;

	json_array_foreach(json_object_get(ldap, "uri"), i, one)
	{
		const char *uri = json_string_value(one);
		struct mark mark = node ? node->mark : rule_mail_mark(check);

		if (uri && !is_server(uri))
			diagnostics_error(
			    check->diagnostics, mark,
			    "%s is no server; write ldaps://HOST or ldap://HOST, with "
			    ":PORT or without, and nothing behind it",
			    uri);
		else if (uri && first && strncmp(uri, first, 5) != 0)
			diagnostics_error(
			    check->diagnostics, mark,
			    "ldap:// and ldaps:// side by side, of which Dovecot knows "
			    "one; write all of them alike");
		first = first ? first : uri;
		node = node ? node->next : NULL;
	}
	return 0;
}

const struct rule meaning_ldap[] = {
    {"With `authentication.backend` ldap there are `authentication.ldap.uri` and "
     "`authentication.ldap.base`.",
     check_needed},
    {"With `authentication.backend` postgresql there are `authentication.postgresql.servers` and "
     "`authentication.postgresql.password`; with the role send-only there is no such backend, and "
     "with "
     "the role gateway no `gateway.recipients` beside it.",
     check_database},
    {"`authentication.postgresql.servers` has a HOST or a HOST:PORT each.", check_database_servers},
    {"`authentication.ldap.uri` has servers of one kind, ldaps:// or ldap://.", check_servers},
    {0},
};

// SPDX-License-Identifier: GPL-3.0-or-later
/* What a role needs, and what there is not with it.  What is off by a role is off in the
 * settings from here on, so that nobody else has to know the roles: ports, components, probes
 * and records go by the keys, and by `here` (settings/derive.c). */
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "settings/rule.h"
#include "settings/type_ip.h"

/* Roles whose people have mailboxes here have people. */
static int check_users(struct check *check)
{
	const struct node *mail = check->meaning->mail, *users = node_get(mail, "users");

	if (!rule_has_mailboxes(check) || mail->kind != NODE_MAPPING)
		return 0;
	if (!users)
		diagnostics_error(check->diagnostics, rule_mail_mark(check),
				  "users is missing; write `users: [{address: ..., password_hash: "
				  "...}]`");
	else if (users->kind == NODE_LIST && !users->first)
		diagnostics_error(check->diagnostics, users->mark,
				  "users is empty; write at least one item");
	return 0;
}

static void check_verify(struct check *check)
{
	const json_t *keys = json_object_get(check->settings, "gateway");
	const char *host = rule_text(keys, "host"), *tls = rule_text(keys, "tls");

	if (host && tls && type_is_ip(host) && !strcmp(tls, "verify"))
		diagnostics_error(check->diagnostics,
				  rule_mark(node_get(check->meaning->mail, "gateway"), "tls"),
				  "verify needs the name in the server's certificate, and %s is an "
				  "address; write that name as gateway.host, or tls: encrypt",
				  host);
}

static int check_behind(struct check *check)
{
	const struct node *mail = check->meaning->mail, *gateway = node_get(mail, "gateway");
	const char *host = rule_text(json_object_get(check->settings, "gateway"), "host");

	if (rule_is_role(check, "gateway")) {
		if (host && !host[0])
			diagnostics_error(check->diagnostics, rule_mark(mail, "role"),
					  "a gateway without the server behind it; write "
					  "`gateway: {host: ...}`");
		check_verify(check);
	} else if (gateway && rule_text(check->settings, "role")) {
		diagnostics_error(check->diagnostics,
				  gateway->key ? gateway->key->mark : gateway->mark,
				  "gateway is for `role: gateway` alone; write that role, or leave "
				  "gateway out");
	}
	return 0;
}

/* Turns a service off; what somebody has written on is refused. */
static int turn_off(struct check *check, const char *name, const char *why)
{
	const struct node *node = node_get(node_get(check->meaning->mail, "services"), name);
	json_t *services = json_object_get(check->settings, "services");

	if (node && node->kind == NODE_BOOLEAN && node->boolean)
		diagnostics_error(check->diagnostics, node->mark,
				  "%s; leave services.%s out, or write false", why, name);
	return services && json_object_set_new(services, name, json_false()) < 0 ? -ENOMEM : 0;
}

static int turn_all_off(struct check *check, const char *const *names, const char *why)
{
	int r = 0;

	for (; r == 0 && *names; names++)
		r = turn_off(check, *names, why);
	return r;
}

static int check_services(struct check *check)
{
	static const char *const reading[] = {"imap",  "imaps",	      "pop3",
					      "pop3s", "managesieve", NULL};
	static const char *const logins[] = {"submission", "submissions", "smtp_auth", NULL};
	static const char *const world[] = {"smtp", "smtp_auth", NULL};
	bool nobody = json_array_size(json_object_get(check->settings, "users")) == 0;
	int r;

	if (rule_has_mailboxes(check))
		return 0;
	r = turn_all_off(check, reading, "there are no mailboxes here with this role");
	if (r == 0 && nobody)
		r = turn_all_off(check, logins, "nobody can log in, for there are no users");
	if (r == 0 && rule_is_role(check, "send-only"))
		r = turn_all_off(check, world, "with this role no mail comes from outside");
	return r;
}

/* They come by port 25. */
static int check_trusted(struct check *check)
{
	const struct node *list = node_get(node_get(check->meaning->mail, "network"), "trusted");

	if (rule_is_role(check, "send-only") && list && list->kind == NODE_LIST && list->first)
		diagnostics_error(check->diagnostics, list->mark,
				  "networks send by port 25, which is closed with the role "
				  "send-only; leave trusted out, and give them a login of `users`");
	return 0;
}

/* A person teaches by moving messages. */
static int check_learning(struct check *check)
{
	const struct node *node =
	    node_get(node_get(node_get(check->meaning->mail, "filter"), "spam"), "learning");
	json_t *spam = json_object_get(json_object_get(check->settings, "filter"), "spam");

	if (rule_has_mailboxes(check))
		return 0;
	if (node && node->kind == NODE_BOOLEAN && node->boolean)
		diagnostics_error(check->diagnostics, node->mark,
				  "there is no Spam folder here to learn from; leave learning out");
	return spam && json_object_set_new(spam, "learning", json_false()) < 0 ? -ENOMEM : 0;
}

const struct rule meaning_role[] = {
    {"There is at least one of `users`, but with the roles gateway and send-only.", check_users},
    {"`gateway.host` is there with the role gateway, and no key of `gateway` with another one; "
     "with "
     "`gateway.tls` verify it is a name.",
     check_behind},
    {"With the roles gateway and send-only there is no port for reading mail; without `users` none "
     "for sending by login; with send-only no port 25.",
     check_services},
    {"With send-only there is no `network.trusted`.", check_trusted},
    {"`filter.spam.learning` is off where there are no mailboxes.", check_learning},
    {0},
};

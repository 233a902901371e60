// SPDX-License-Identifier: GPL-3.0-or-later
#include "settings/rule.h"

#include <string.h>

const char *rule_text(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

struct mark rule_mail_mark(const struct check *check)
{
	const struct node *mail = check->meaning->mail;

	return mail->key ? mail->key->mark : mail->mark;
}

struct mark rule_mark(const struct node *parent, const char *key)
{
	const struct node *member = node_get(parent, key);

	return member ? member->mark : parent->mark;
}

bool rule_is_role(const struct check *check, const char *role)
{
	const char *found = rule_text(check->settings, "role");

	return found && !strcmp(found, role);
}

bool rule_has_mailboxes(const struct check *check)
{
	return !rule_is_role(check, "gateway") && !rule_is_role(check, "send-only");
}

bool rule_is_local_domain(const struct check *check, const char *domain, bool with_hostname)
{
	return names_find(&check->domains, domain, strlen(domain)) ||
	       (with_hostname && check->hostname && !strcmp(domain, check->hostname));
}

const char *rule_other_name(const struct check *check, const char *domain)
{
	return names_find(&check->others, domain, strlen(domain));
}

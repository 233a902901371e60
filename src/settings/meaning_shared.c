// SPDX-License-Identifier: GPL-3.0-or-later
/* Shared mailboxes and their members. */
#include <string.h>

#include "settings/rule.h"

/* Whether somebody can be a member: whoever logs in, or may do so once a command has made him. */
static void check_member(struct check *check, const char *shared, const char *who, struct mark mark)
{
	const struct mailbook_entry *entry = mailbook_find(&check->book, who);
	const char *domain = strchr(who, '@') + 1;

	if (!rule_is_local_domain(check, domain, false))
		diagnostics_error(check->diagnostics, mark,
				  "%s is not one of the domains, and nobody of it logs in here; "
				  "write a user",
				  domain);
	else if (entry && strcmp(entry->address, who) == 0 && (entry->alias || entry->shared))
		diagnostics_error(
		    check->diagnostics, mark,
		    "%s is %s, to which nobody logs in; write the users themselves as "
		    "members of %s",
		    who, entry->alias ? "an alias" : "a shared mailbox", shared);
}

static bool is_double(const json_t *members, size_t index, const char *who)
{
	for (size_t i = 0; i < index; i++) {
		const char *other = rule_text(json_array_get(members, i), "who");

		if (other && strcmp(other, who) == 0)
			return true;
	}
	return false;
}

static void check_members(struct check *check, const json_t *shared, const struct node *node)
{
	const json_t *members = json_object_get(shared, "members"), *member;
	const struct node *list = node ? node_get(node, "members") : NULL;
	const struct node *at = list ? list->first : NULL;
	size_t i;

	json_array_foreach(members, i, member)
	{
		const char *who = rule_text(member, "who");
		struct mark mark = at ? rule_mark(at, "who") : rule_mail_mark(check);

		at = at ? at->next : NULL;
		if (!who)
			continue;
		if (is_double(members, i, who))
			diagnostics_error(check->diagnostics, mark,
					  "%s is a member already; write it once", who);
		else
			check_member(check, rule_text(shared, "address"), who, mark);
	}
}

static int check_shared(struct check *check)
{
	const struct node *list = node_get(check->meaning->mail, "shared");
	const struct node *node = list ? list->first : NULL;
	const json_t *mailboxes = json_object_get(check->settings, "mailboxes");
	const json_t *all = json_object_get(check->settings, "shared"), *shared;
	size_t i;

	json_array_foreach(all, i, shared)
	{
		if (rule_text(shared, "address"))
			check_members(check, shared, node);
		node = node ? node->next : NULL;
	}
	if (json_array_size(all) == 0)
		return 0;
	if (!rule_has_mailboxes(check))
		diagnostics_error(check->diagnostics, list ? list->mark : rule_mail_mark(check),
				  "there are no mailboxes here with this role; leave shared out");
	else if (!json_is_true(json_object_get(mailboxes, "sharing")))
		diagnostics_error(
		    check->diagnostics, list ? list->mark : rule_mail_mark(check),
		    "members see a shared mailbox only where folders are shared; write "
		    "`mailboxes: {sharing: true}`");
	return 0;
}

const struct rule meaning_shared[] = {
    {"`shared` needs `mailboxes.sharing`, and a machine that has mailboxes (role). Each "
     "`shared[].members[].who` stands once for a mailbox, is of one of the `domains`, and no alias "
     "and no shared mailbox.",
     check_shared},
    {0},
};

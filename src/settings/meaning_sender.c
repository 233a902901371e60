// SPDX-License-Identifier: GPL-3.0-or-later
/* Who may send as what: users as themselves and as the aliases that lead to them, and what
 * `senders` adds. */
#include <string.h>

#include "base/json_file.h"
#include "settings/rule.h"

static void check_login(struct check *check, const char *login, struct mark mark)
{
	const struct mailbook_entry *entry = mailbook_find(&check->book, login);

	if (!entry || entry->alias || entry->shared || strcmp(entry->address, login) != 0)
		diagnostics_error(check->diagnostics, mark,
				  "%s is not one of the users, who alone log in; write the address "
				  "of one",
				  login);
}

static void check_as(struct check *check, const char *as, struct mark mark)
{
	const struct mailbook_entry *entry;

	if (as[0] == '@') {
		if (!rule_is_local_domain(check, as + 1, true))
			diagnostics_error(
			    check->diagnostics, mark,
			    "%s is not one of the domains; nobody here can send for it", as + 1);
		return;
	}
	entry = mailbook_find(&check->book, as);
	if (!entry || strcmp(entry->address, as) != 0)
		diagnostics_error(
		    check->diagnostics, mark,
		    "%s is neither a user nor an alias here; add it to one of them, or "
		    "write its domain",
		    as);
}

static void check_list(struct check *check, const json_t *item, const struct node *node,
		       const char *key, struct mark mark)
{
	const struct node *list = node ? node_get(node, key) : NULL,
			  *at = list ? list->first : NULL;
	const json_t *one;
	size_t i;

	json_array_foreach(json_object_get(item, key), i, one)
	{
		if (json_is_string(one))
			check_as(check, json_string_value(one), at ? at->mark : mark);
		at = at ? at->next : NULL;
	}
}

static void check_item(struct check *check, const json_t *item, const struct node *node)
{
	const json_t *as = json_object_get(item, "as"), *behalf = json_object_get(item, "for");
	const char *login = rule_text(item, "login");
	struct mark mark = node ? rule_mark(node, "login") : rule_mail_mark(check);

	if (!login)
		return;
	check_login(check, login, mark);
	check_list(check, item, node, "as", mark);
	check_list(check, item, node, "for", mark);
	if (json_is_array(as) && json_is_array(behalf) && !json_array_size(as) &&
	    !json_array_size(behalf))
		diagnostics_error(check->diagnostics, mark,
				  "it is not said whom %s may also send as; write as, or for",
				  login);
}

static int check_senders(struct check *check)
{
	const struct node *list = node_get(check->meaning->mail, "senders");
	const struct node *node = list ? list->first : NULL;
	const json_t *item;
	size_t i;

	json_array_foreach(json_object_get(check->settings, "senders"), i, item)
	{
		check_item(check, item, node);
		node = node ? node->next : NULL;
	}
	return 0;
}

const struct rule meaning_sender[] = {
    {"`senders[].login` is one of the `users`; what stands in `senders[].as` and "
     "`senders[].for`, of which there is one, is a user, an alias, a shared mailbox or one of the "
     "`domains`.",
     check_senders},
    {0},
};

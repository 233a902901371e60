// SPDX-License-Identifier: GPL-3.0-or-later
/* Who may write to an alias. */
#include <errno.h>
#include <string.h>

#include "base/json_file.h"
#include "settings/rule.h"

/* The item of the list that stands `index` behind its first. */
static struct mark mark_at(const struct check *check, const struct node *alias, const char *key,
			   size_t index)
{
	const struct node *list = alias ? node_get(alias, key) : NULL;
	const struct node *item = list ? list->first : NULL;

	while (item && index--)
		item = item->next;
	return item ? item->mark : rule_mail_mark(check);
}

static bool is_role_address(const char *address)
{
	return strncmp(address, "postmaster@", 11) == 0 || strncmp(address, "abuse@", 6) == 0;
}

static void check_one(const struct check *check, const json_t *alias, const char *writer,
		      struct mark mark)
{
	const char *domain = strchr(writer, '@'), *address = json_text(alias, "address");
	size_t count = json_array_size(json_object_get(alias, "who"));

	if (strcmp(writer, "anyone") == 0 && count > 1)
		diagnostics_error(check->diagnostics, mark,
				  "anyone is everybody, and the others are among them; write it "
				  "alone, or leave it out");
	else if (domain && !rule_is_local_domain(check, domain + 1, true))
		diagnostics_error(check->diagnostics, mark,
				  "%s is not one of the domains, and nobody of it logs in here; "
				  "write a user, a domain of ours, domain or members",
				  domain + 1);
	else if (domain && rule_other_name(check, domain + 1))
		diagnostics_error(check->diagnostics, mark, "%s is another name of %s; write that",
				  domain + 1, rule_other_name(check, domain + 1));
	else if (strcmp(writer, "anyone") != 0 && is_role_address(address))
		diagnostics_error(check->diagnostics, mark,
				  "everybody must be able to write to %s (RFC 5321 section 4.5.1, "
				  "RFC 2142); leave it out",
				  address);
}

static int check_who(const struct check *check, json_t *alias, const struct node *node)
{
	json_t *who = json_object_get(alias, "who");
	const json_t *writer;
	size_t i;

	json_array_foreach(who, i, writer)
	{
		if (json_is_string(writer))
			check_one(check, alias, json_string_value(writer),
				  mark_at(check, node, "who", i));
	}
	return json_has_text(who, "anyone") && json_array_clear(who) < 0 ? -ENOMEM : 0;
}

/* Whoever writes to the first reaches the second by it. */
static void warn_of_ways_round(const struct check *check, const json_t *alias,
			       const struct node *node)
{
	const json_t *target;
	size_t i;

	if (json_array_size(json_object_get(alias, "who")) > 0)
		return;
	json_array_foreach(json_object_get(alias, "to"), i, target)
	{
		const char *address = json_string_value(target);
		const struct mailbook_entry *entry =
		    address ? mailbook_find(&check->book, address) : NULL;

		if (entry && entry->alias &&
		    json_array_size(json_object_get(entry->record, "who")) > 0)
			diagnostics_warning(check->diagnostics, mark_at(check, node, "to", i),
					    "anyone may write to %s, and so reaches %s, which is "
					    "not for anyone; write `who` here too",
					    json_text(alias, "address"), entry->address);
	}
}

static int each_alias(struct check *check, int (*look)(const struct check *check, json_t *alias,
						       const struct node *node))
{
	const struct node *list = node_get(check->meaning->mail, "aliases");
	const struct node *node = list ? list->first : NULL;
	json_t *alias;
	size_t i;
	int result = 0;

	json_array_foreach(json_object_get(check->settings, "aliases"), i, alias)
	{
		if (result == 0)
			result = look(check, alias, node);
		node = node ? node->next : NULL;
	}
	return result;
}

static int look_for_ways_round(const struct check *check, json_t *alias, const struct node *node)
{
	warn_of_ways_round(check, alias, node);
	return 0;
}

static int check_writers(struct check *check)
{
	int result = each_alias(check, check_who);

	return result < 0 ? result : each_alias(check, look_for_ways_round);
}

const struct rule meaning_writer[] = {
    {"`aliases[].who` is not for postmaster@ and abuse@, which everybody must reach, and has "
     "nobody of other servers in it. An alias without it that leads to one with it is warned of.",
     check_writers},
    {0},
};

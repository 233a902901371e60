// SPDX-License-Identifier: GPL-3.0-or-later
/* Who may send as what: users as themselves and as the aliases that lead to them, and what
 * `senders` adds.  The rows that come of it are those of Postfix's table of logins, which the
 * filter reads too. */
#include <errno.h>
#include <string.h>

#include "base/json_file.h"
#include "settings/owners.h"
#include "settings/rule.h"

/* What `senders` adds: the logins by address, and by "@domain". */
struct extra {
	struct names names; /* -> json_t array of logins */
	json_t *lists;	    /* owned: all of these arrays */
};

static void extra_clear(struct extra *extra)
{
	names_free(&extra->names);
	json_decref(extra->lists);
}

static int add_extra(struct extra *extra, const char *as, json_t *login)
{
	json_t *list = (json_t *)names_find(&extra->names, as, strlen(as));

	if (!list) {
		list = json_array();
		if (json_array_append_new(extra->lists, list) < 0 ||
		    names_add(&extra->names, as, strlen(as), list) < 0)
			return -ENOMEM;
	}
	return json_has_text(list, json_string_value(login)) || json_array_append(list, login) == 0
		   ? 0
		   : -ENOMEM;
}

static void check_login(struct check *check, const char *login, struct mark mark)
{
	const struct mailbook_entry *entry = mailbook_find(&check->book, login);

	if (!entry || entry->alias || strcmp(entry->address, login) != 0)
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

static int read_item(struct check *check, struct extra *extra, const json_t *item,
		     const struct node *node)
{
	const json_t *as, *login = json_object_get(item, "login");
	const struct node *list = node ? node_get(node, "as") : NULL,
			  *at = list ? list->first : NULL;
	struct mark mark = node ? rule_mark(node, "login") : rule_mail_mark(check);
	size_t i;

	if (json_is_string(login))
		check_login(check, json_string_value(login), mark);
	json_array_foreach(json_object_get(item, "as"), i, as)
	{
		if (json_is_string(as) && json_is_string(login)) {
			check_as(check, json_string_value(as), at ? at->mark : mark);
			if (add_extra(extra, json_string_value(as), (json_t *)login) < 0)
				return -ENOMEM;
		}
		at = at ? at->next : NULL;
	}
	return 0;
}

static int read_all(struct check *check, struct extra *extra)
{
	const struct node *list = node_get(check->meaning->mail, "senders");
	const struct node *node = list ? list->first : NULL;
	const json_t *item;
	size_t i;
	int r = 0;

	json_array_foreach(json_object_get(check->settings, "senders"), i, item)
	{
		if (r == 0)
			r = read_item(check, extra, item, node);
		node = node ? node->next : NULL;
	}
	return r;
}

static int add_list(json_t **owners, const struct extra *extra, const char *as)
{
	json_t *list = (json_t *)names_find(&extra->names, as, strlen(as)), *login;
	size_t i;

	if (!list)
		return 0;
	if (!*owners)
		*owners = json_array();
	json_array_foreach(list, i, login)
	{
		if (!json_has_text(*owners, json_string_value(login)) &&
		    json_array_append(*owners, login) < 0)
			return -ENOMEM;
	}
	return 0;
}

/* One address's row: `own` may be NULL, or somebody else's list, which is not changed. */
static int add_row(const struct extra *extra, json_t *rows, json_t *address, json_t *own,
		   bool always, size_t *total)
{
	const char *text = json_string_value(address);
	json_t *owners = own ? json_copy(own) : NULL;
	size_t before = json_array_size(owners);
	json_t *row;

	if (add_list(&owners, extra, text) < 0 || add_list(&owners, extra, strchr(text, '@')) < 0) {
		json_decref(owners);
		return -ENOMEM;
	}
	*total += json_array_size(owners);
	if (json_array_size(owners) == 0 || (!always && json_array_size(owners) == before)) {
		json_decref(owners);
		return 0;
	}
	row = json_pack("{s:O, s:o}", "address", address, "owners", owners);
	return row && json_array_append_new(rows, row) == 0 ? 0 : -ENOMEM;
}

static int add_rows(struct check *check, const struct extra *extra, json_t *rows, size_t *total)
{
	json_t *record;
	size_t i;
	int r = 0;

	json_array_foreach(json_object_get(check->settings, "aliases"), i, record)
	{
		if (r == 0)
			r = add_row(extra, rows, json_object_get(record, "address"),
				    json_object_get(record, "owners"), true, total);
	}
	json_array_foreach(json_object_get(check->settings, "users"), i, record)
	{
		json_t *address = json_object_get(record, "address");
		json_t *own = r == 0 && extra->names.count ? json_pack("[O]", address) : NULL;

		if (own)
			r = add_row(extra, rows, address, own, false, total);
		json_decref(own);
	}
	return r;
}

/* They are in the rows now. */
static void forget_owners(struct check *check)
{
	json_t *alias;
	size_t i;

	json_array_foreach(json_object_get(check->settings, "aliases"), i, alias)
	    json_object_del(alias, "owners");
}

static int derive_rows(struct check *check, const struct extra *extra)
{
	json_t *rows = json_array();
	size_t total = 0;
	int r = add_rows(check, extra, rows, &total);

	if (r == 0 && total > OWNERS_LIMIT)
		diagnostics_error(
		    check->diagnostics, rule_mark(check->meaning->mail, "senders"),
		    "with the aliases these are more than %d pairs of an address and a "
		    "login; write fewer of them",
		    OWNERS_LIMIT);
	if (r < 0) {
		json_decref(rows);
		return r;
	}
	forget_owners(check);
	return json_object_set_new(check->settings, "sender_rows", rows) < 0 ? -ENOMEM : 0;
}

static int check_senders(struct check *check)
{
	_cleanup_(extra_clear) struct extra extra = {NAMES_INIT, json_array()};
	int r = read_all(check, &extra);

	return r < 0 || check->diagnostics->errors ? r : derive_rows(check, &extra);
}

const struct rule meaning_sender[] = {
    {"`senders[].login` is one of the `users`; what stands in `senders[].as` is a user, an alias "
     "or "
     "one of the `domains`.",
     check_senders},
    {0},
};

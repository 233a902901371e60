// SPDX-License-Identifier: GPL-3.0-or-later
/* Folders that are shared, and public ones. */
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "settings/rule.h"
#include "sharing/role.h"

/* The item of a list that begins at `first`, with the node that it was read from. */
static const struct node *node_at(const struct node *list, size_t index)
{
	const struct node *node = list ? list->first : NULL;

	while (node && index--)
		node = node->next;
	return node;
}

static struct mark mark_of(const struct check *check, const struct node *record, const char *key)
{
	return record ? rule_mark(record, key) : rule_mail_mark(check);
}

/* Whether an earlier item of the list has the same text there; names differ in more than case. */
static bool is_double(const json_t *list, size_t index, const char *key, const char *text)
{
	for (size_t i = 0; i < index; i++) {
		const char *other = rule_text(json_array_get(list, i), key);

		if (other && strcasecmp(other, text) == 0)
			return true;
	}
	return false;
}

/* ---- Who ---- */

static void check_who(const struct check *check, const json_t *rights, size_t index,
		      struct mark mark)
{
	const char *who = rule_text(json_array_get(rights, index), "who");
	const char *domain = who ? strchr(who, '@') : NULL;

	if (!who)
		return;
	if (is_double(rights, index, "who", who))
		diagnostics_error(check->diagnostics, mark,
				  "%s stands in the rights of this folder already; write it once",
				  who);
	else if (domain && !rule_is_local_domain(check, domain + 1, false))
		diagnostics_error(check->diagnostics, mark,
				  "%s is not one of the domains, and nobody of it logs in here; "
				  "write a user, a domain of ours, or everyone",
				  domain + 1);
}

/* In Dovecot's words. */
static int fill_right(json_t *right)
{
	const char *who = rule_text(right, "who"), *may = rule_text(right, "may");
	const struct share_role *role = may ? share_role_find(may) : NULL;
	json_t *id;

	if (!who || !role)
		return 0; /* refused already */
	if (strcmp(who, "everyone") == 0)
		id = json_string("authenticated");
	else if (who[0] == '@')
		id = json_sprintf("group=%s", who + 1);
	else
		id = json_sprintf("user=%s", who);
	return json_object_set_new(right, "id", id) < 0 ||
		       json_object_set_new(right, "letters", json_string(role->letters)) < 0 ||
		       json_object_set_new(right, "kept_letters", json_string(role->kept_letters)) <
			   0
		   ? -ENOMEM
		   : 0;
}

static int check_rights(const struct check *check, const json_t *folder, const struct node *node)
{
	const json_t *rights = json_object_get(folder, "rights");
	const struct node *list = node ? node_get(node, "rights") : NULL;
	json_t *right;
	size_t i;
	int r = 0;

	json_array_foreach(rights, i, right)
	{
		check_who(check, rights, i, mark_of(check, node_at(list, i), "who"));
		if (r == 0)
			r = fill_right(right);
	}
	return r;
}

/* ---- Folders ---- */

static void check_name(const struct check *check, const json_t *folders, size_t index,
		       struct mark mark)
{
	const char *name = rule_text(json_array_get(folders, index), "name");

	if (!name)
		return;
	if (strcasecmp(name, "INBOX") == 0)
		diagnostics_error(check->diagnostics, mark,
				  "each mailbox has an INBOX of its own; write another name");
	else if (is_double(folders, index, "name", name))
		diagnostics_error(check->diagnostics, mark,
				  "\"%s\" stands in public already; write it once, with all rights",
				  name);
}

static int check_folders(struct check *check)
{
	const struct node *list = node_get(check->meaning->mail, "public");
	const json_t *folders = json_object_get(check->settings, "public");
	const json_t *folder;
	size_t i;
	int r = 0;

	json_array_foreach(folders, i, folder)
	{
		const struct node *node = node_at(list, i);

		check_name(check, folders, i, mark_of(check, node, "name"));
		if (r == 0)
			r = check_rights(check, folder, node);
	}
	return r;
}

/* ---- Where there are mailboxes ---- */

/* For the members of shared mailboxes, as Dovecot's configuration has them. */
static json_t *make_roles(void)
{
	json_t *roles = json_array();

	for (const struct share_role *role = share_roles; role->name; role++)
		json_array_append_new(
		    roles, json_pack("{s:s, s:s}", "name", role->name, "letters", role->letters));
	return roles;
}

static int check_mailboxes(struct check *check)
{
	const struct node *mail = check->meaning->mail, *public = node_get(mail, "public");
	json_t *mailboxes = json_object_get(check->settings, "mailboxes");
	bool sharing = json_is_true(json_object_get(mailboxes, "sharing"));
	bool folders = json_array_size(json_object_get(check->settings, "public")) > 0;

	if (!rule_has_mailboxes(check)) {
		if (sharing)
			diagnostics_error(check->diagnostics,
					  rule_mark(node_get(mail, "mailboxes"), "sharing"),
					  "there are no mailboxes here with this role; leave "
					  "sharing out");
		if (folders)
			diagnostics_error(check->diagnostics, public->mark,
					  "there are no mailboxes here with this role; leave "
					  "public out");
	}
	return mailboxes && (json_object_set_new(mailboxes, "acl",
						 json_boolean(sharing || folders)) < 0 ||
			     json_object_set_new(mailboxes, "roles", make_roles()) < 0)
		   ? -ENOMEM
		   : 0;
}

const struct rule meaning_sharing[] = {
    {"Each name of `public` stands there once, whatever its case, and each "
     "`public[].rights[].who` once for a folder, of one of the `domains`.",
     check_folders},
    {"`mailboxes.sharing` and `public` are for a machine that has mailboxes (role).",
     check_mailboxes},
    {0},
};

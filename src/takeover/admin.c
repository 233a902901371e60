// SPDX-License-Identifier: GPL-3.0-or-later
/* PostfixAdmin, and mailcow, which comes of it: a mailbox, an alias and a domain are a row each.
 *
 * In both a mailbox may have an alias of the same address, which leads to itself: alone it means
 * nothing, with more targets it is a forward with a copy. */
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "base/json_file.h"
#include "takeover/tables.h"
#include "takeover/takeover.h"

struct admin {
	const struct takeover_file *file;
	struct findings *findings;
	json_t *tables;	  /* borrowed */
	json_t *inactive; /* domains that are switched off */
};

/* "1", "t" of PostgreSQL, and what has no such column. */
static bool is_active(const json_t *row)
{
	const char *text = takeover_text(row, "active");

	return !text || strcmp(text, "1") == 0 || strcasecmp(text, "t") == 0 ||
	       strcasecmp(text, "true") == 0;
}

static const char *domain_of(const char *address)
{
	const char *at = address ? strrchr(address, '@') : NULL;

	return at ? at + 1 : "";
}

static bool is_inactive(const struct admin *admin, const char *address)
{
	return json_object_get(admin->inactive, domain_of(address)) != NULL;
}

/* ---- Domains ---- */

static void find_domains(struct admin *admin)
{
	const json_t *row;
	size_t i;

	json_array_foreach(json_object_get(admin->tables, "domain"), i, row)
	{
		const char *name = takeover_text(row, "domain");

		if (!name || is_active(row))
			continue;
		json_object_set_new(admin->inactive, name, json_true());
		findings_cannot(admin->findings, CANNOT_INACTIVE_DOMAIN, name,
				json_text(row, "where"));
	}
	json_array_foreach(json_object_get(admin->tables, "alias_domain"), i, row)
	{
		const char *name = takeover_text(row, "alias_domain");

		if (is_active(row))
			findings_cannot(admin->findings, CANNOT_ALIAS_DOMAIN, name,
					json_text(row, "where"));
	}
}

/* ---- People ---- */

/* Why his hash is not that of his password. */
static const char *find_lock(const json_t *row)
{
	const char *source = takeover_text(row, "authsource");

	return source && source[0] && strcmp(source, "mailcow") != 0
		   ? "his password is not there, but with an identity provider or a directory"
		   : NULL;
}

/* Of mailcow: {"imap_access": "0"}, what is switched off for a person. */
static void find_attributes(struct admin *admin, const json_t *row, const char *address)
{
	const char *text = takeover_text(row, "attributes"), *key;
	_cleanup_json_ json_t *attributes = text ? json_loads(text, 0, NULL) : NULL;
	json_t *value;

	json_object_foreach(attributes, key, value)
	{
		const char *end = strrchr(key, '_');

		if (end && strcmp(end, "_access") == 0 && json_is_string(value) &&
		    strcmp(json_string_value(value), "0") == 0)
			findings_cannot_of(admin->findings, CANNOT_RULE, address, key,
					   json_text(row, "where"));
	}
}

static int find_person(struct admin *admin, const json_t *row, struct error *error)
{
	const char *address = takeover_text(row, "username");
	const char *quota = takeover_text(row, "quota"), *kind = takeover_text(row, "kind");
	const struct person person = {.address = address,
				      .password = takeover_text(row, "password"),
				      .locked = find_lock(row),
				      .name = takeover_text(row, "name"),
				      .quota = quota ? strtoll(quota, NULL, 10) : 0,
				      .enabled = is_active(row),
				      .where = json_text(row, "where")};

	if (address && is_inactive(admin, address))
		return 0;
	if (kind && kind[0]) {
		findings_cannot(admin->findings, CANNOT_RESOURCE, address, person.where);
		return 0;
	}
	if (address)
		find_attributes(admin, row, address);
	return findings_person(admin->findings, &person, error);
}

/* ---- Aliases ---- */

static int find_alias(struct admin *admin, const json_t *row, struct error *error)
{
	const char *address = takeover_text(row, "address"), *to = takeover_text(row, "goto");
	const char *where = json_text(row, "where");
	bool itself = address && to && strcasecmp(address, to) == 0;

	if (itself || (address && is_inactive(admin, address)))
		return 0;
	if (!is_active(row)) {
		findings_cannot(admin->findings, CANNOT_INACTIVE_ALIAS, address, where);
		return 0;
	}
	return findings_alias(admin->findings, address, to, where, error);
}

/* ---- What has no place here ---- */

/* Rows of a table as "FIRST: SECOND". */
static void leave_rows(struct admin *admin, const char *table, enum cannot why, const char *first,
		       const char *second)
{
	const json_t *row;
	size_t i;

	json_array_foreach(json_object_get(admin->tables, table), i, row)
	    findings_cannot_of(admin->findings, why, takeover_text(row, first),
			       takeover_text(row, second), json_text(row, "where"));
}

/* ---- All of it ---- */

static int find_all(struct admin *admin, struct error *error)
{
	const json_t *row;
	size_t i;
	int result = 0;

	find_domains(admin);
	json_array_foreach(json_object_get(admin->tables, "mailbox"), i, row)
	{
		result = result == 0 ? find_person(admin, row, error) : result;
	}
	json_array_foreach(json_object_get(admin->tables, "alias"), i, row)
	{
		result = result == 0 ? find_alias(admin, row, error) : result;
	}
	leave_rows(admin, "sender_acl", CANNOT_SENDER, "logged_in_as", "send_as");
	leave_rows(admin, "app_passwd", CANNOT_APP_PASSWORD, "mailbox", "name");
	leave_rows(admin, "mailbox_app_password", CANNOT_APP_PASSWORD, "username", "description");
	return result;
}

static int find_in(const struct takeover_file *file, const struct table_wish *wishes,
		   struct findings *findings, struct error *error)
{
	_cleanup_(tables_free) struct tables tables = {0};
	_cleanup_json_ json_t *inactive = json_object();
	int result = takeover_tables(file, wishes, &tables, error);
	struct admin admin = {file, findings, tables.all, inactive};

	return result < 0 ? result : find_all(&admin, error);
}

int takeover_find_postfixadmin(const struct takeover_file *files, size_t count _unused_,
			       struct findings *findings, struct error *error)
{
	static const struct table_wish wishes[] = {
	    {"mailbox", true, {"username", "password", "name", "quota", "active"}, "username"},
	    {"alias", true, {"address", "goto", "active"}, "goto"},
	    {"domain", true, {"domain", "active"}, "domain"},
	    {"alias_domain", false, {"alias_domain", "active"}, "alias_domain"},
	    {"mailbox_app_password", false, {"username", "description"}, "username"},
	    {.name = NULL},
	};

	return find_in(files, wishes, findings, error);
}

int takeover_find_mailcow(const struct takeover_file *files, size_t count _unused_,
			  struct findings *findings, struct error *error)
{
	static const struct table_wish wishes[] = {
	    {"mailbox",
	     true,
	     {"username", "password", "name", "quota", "active", "kind", "attributes",
	      "authsource"},
	     "username"},
	    {"alias", true, {"address", "goto", "active"}, "goto"},
	    {"domain", true, {"domain", "active"}, "domain"},
	    {"alias_domain", false, {"alias_domain", "active"}, "alias_domain"},
	    {"sender_acl", false, {"logged_in_as", "send_as"}, "logged_in_as"},
	    {"app_passwd", false, {"mailbox", "name"}, "mailbox"},
	    {.name = NULL},
	};

	return find_in(files, wishes, findings, error);
}

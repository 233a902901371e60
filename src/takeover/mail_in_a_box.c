// SPDX-License-Identifier: GPL-3.0-or-later
/* Mail-in-a-Box: a file of SQLite with tables of users and aliases.  Aliases that it makes by
 * itself are in a table of their own, and are not looked at. */
#include <string.h>

#include "base/json_file.h"
#include "takeover/tables.h"
#include "takeover/takeover.h"

static int find_person(struct findings *findings, const json_t *row, struct error *error)
{
	const char *quota = takeover_text(row, "quota");
	struct person person = {.address = takeover_text(row, "email"),
				.password = takeover_text(row, "password"),
				.enabled = true,
				.where = json_text(row, "where")};

	if (quota && quota[0] && !takeover_size(quota, &person.quota))
		findings_cannot_of(findings, CANNOT_RULE, person.address, quota, person.where);
	return findings_person(findings, &person, error);
}

static int find_alias(struct findings *findings, const json_t *row, struct error *error)
{
	const char *source = takeover_text(row, "source"),
		   *senders = takeover_text(row, "permitted_senders");

	if (senders && senders[0])
		findings_cannot_of(findings, CANNOT_SENDER, senders, source,
				   json_text(row, "where"));
	return findings_alias(findings, source, takeover_text(row, "destination"),
			      json_text(row, "where"), error);
}

/* It has no address, but the number of one. */
static void find_factor(struct findings *findings, const json_t *users, const json_t *row)
{
	const char *id = takeover_text(row, "user_id");
	const json_t *user;
	size_t i;

	json_array_foreach(users, i, user)
	{
		const char *own = takeover_text(user, "id");

		if (id && own && strcmp(id, own) == 0)
			findings_cannot(findings, CANNOT_SECOND_FACTOR,
					takeover_text(user, "email"), json_text(row, "where"));
	}
}

static int find_all(const json_t *tables, struct findings *findings, struct error *error)
{
	const json_t *users = json_object_get(tables, "users"), *row;
	size_t i;
	int result = 0;

	json_array_foreach(users, i, row)
	{
		result = result == 0 ? find_person(findings, row, error) : result;
	}
	json_array_foreach(json_object_get(tables, "aliases"), i, row)
	{
		result = result == 0 ? find_alias(findings, row, error) : result;
	}
	json_array_foreach(json_object_get(tables, "mfa"), i, row)
	    find_factor(findings, users, row);
	return result;
}

int takeover_find_mail_in_a_box(const struct takeover_file *files, size_t count _unused_,
				struct findings *findings, struct error *error)
{
	static const struct table_wish wishes[] = {
	    {"users", true, {"id", "email", "password", "quota"}, "email"},
	    {"aliases", true, {"source", "destination", "permitted_senders"}, "destination"},
	    {"mfa", false, {"user_id"}, "user_id"},
	    {.name = NULL},
	};
	_cleanup_(tables_free) struct tables tables = {0};
	int result = takeover_tables(files, wishes, &tables, error);

	return result < 0 ? result : find_all(tables.all, findings, error);
}

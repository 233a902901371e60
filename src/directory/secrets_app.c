// SPDX-License-Identifier: GPL-3.0-or-later
/* App passwords. */
#include <errno.h>

#include "base/json_file.h"
#include "directory/secrets.h"
#include "directory/secrets_schema.h"

int secrets_count(struct secrets *secrets, int64_t *ret, struct error *error)
{
	cabinet_bind(&secrets->cabinet, APP_COUNT, 1, NULL);
	return cabinet_number(&secrets->cabinet, APP_COUNT, ret, error);
}

/* What has expired is nobody's any more, and makes room. */
static int make_room(struct secrets *secrets, const struct app *app, int64_t now,
		     struct error *error)
{
	struct cabinet *cabinet = &secrets->cabinet;
	int64_t apps = 0;
	int result;

	cabinet_bind_number(cabinet, APP_EXPIRED, 2, now);
	result = cabinet_run_with(cabinet, APP_EXPIRED, error, app->address, NULL);
	if (result < 0)
		return result;
	cabinet_bind(cabinet, APP_COUNT, 1, app->address);
	result = cabinet_number(cabinet, APP_COUNT, &apps, error);
	if (result == 0 && apps >= SECRETS_APPS)
		result = error_set(
		    error, E2BIG, "%s has %d app passwords, and that is the most; revoke one first",
		    app->address, (int)apps);
	return result;
}

static int insert_app(struct secrets *secrets, const struct app *app, int64_t now,
		      struct error *error)
{
	struct cabinet *cabinet = &secrets->cabinet;
	int result;

	cabinet_bind_number(cabinet, APP_ADD, 5, now);
	if (app->expires)
		cabinet_bind_number(cabinet, APP_ADD, 6, app->expires);
	result = cabinet_run_with(cabinet, APP_ADD, error, app->address, app->label, app->hash,
				  app->protocols, NULL);
	if (result == -EEXIST)
		return error_set(error, EEXIST,
				 "%s has an app password for \"%s\"; revoke it first, or write "
				 "another name",
				 app->address, app->label);
	return result;
}

int secrets_add_app(struct secrets *secrets, const struct app *app, const struct change *change,
		    struct error *error)
{
	int result = cabinet_begin(&secrets->cabinet, error);

	if (result < 0)
		return result;
	result = make_room(secrets, app, change->now, error);
	if (result == 0)
		result = insert_app(secrets, app, change->now, error);
	if (result == 0)
		result = secrets_note(secrets, change, "app-add", app->address, app->label, error);
	return cabinet_end(&secrets->cabinet, result, error);
}

int secrets_revoke(struct secrets *secrets, const char *address, const char *label,
		   const struct change *change, struct error *error)
{
	int result = cabinet_begin(&secrets->cabinet, error);

	if (result < 0)
		return result;
	result = cabinet_run_with(&secrets->cabinet, APP_REVOKE, error, address, label, NULL);
	if (result == 0 && cabinet_changed(&secrets->cabinet) == 0)
		result =
		    error_set(error, ENOENT, "%s has no app password for \"%s\"", address, label);
	if (result == 0)
		result = secrets_note(secrets, change, "app-revoke", address, label, error);
	return cabinet_end(&secrets->cabinet, result, error);
}

static json_t *make_app(sqlite3_stmt *row)
{
	bool ends = sqlite3_column_type(row, 4) != SQLITE_NULL;

	bool used = sqlite3_column_type(row, 6) != SQLITE_NULL;

	return json_pack("{s:s, s:s, s:s, s:I, s:o, s:b, s:o, s:s, s:s}", "address",
			 cabinet_text(row, 0), "label", cabinet_text(row, 1), "protocols",
			 cabinet_text(row, 2), "created", (json_int_t)sqlite3_column_int64(row, 3),
			 "expires", ends ? json_integer(sqlite3_column_int64(row, 4)) : json_null(),
			 "main", sqlite3_column_int(row, 5), "used",
			 used ? json_integer(sqlite3_column_int64(row, 6)) : json_null(), "used_by",
			 cabinet_text(row, 7), "used_from", cabinet_text(row, 8));
}

int secrets_list(struct secrets *secrets, const char *address, json_t *list, struct error *error)
{
	cabinet_bind(&secrets->cabinet, APP_LIST, 1, address);
	return cabinet_list(&secrets->cabinet, APP_LIST, make_app, list, error);
}

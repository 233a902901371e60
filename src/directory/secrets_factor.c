// SPDX-License-Identifier: GPL-3.0-or-later
#include "directory/secrets_factor.h"

#include <errno.h>

#include "base/json_file.h"
#include "directory/secrets_schema.h"

static json_t *make_factor(sqlite3_stmt *row)
{
	bool confirmed = sqlite3_column_type(row, 2) != SQLITE_NULL;

	return json_pack("{s:s, s:I, s:o, s:I, s:I, s:I, s:I}", "secret", cabinet_text(row, 0),
			 "made", (json_int_t)sqlite3_column_int64(row, 1), "confirmed",
			 confirmed ? json_integer(sqlite3_column_int64(row, 2)) : json_null(),
			 "step", (json_int_t)sqlite3_column_int64(row, 3), "wrong",
			 (json_int_t)sqlite3_column_int64(row, 4), "until",
			 (json_int_t)sqlite3_column_int64(row, 5), "codes",
			 (json_int_t)sqlite3_column_int64(row, 6));
}

int secrets_factor_find(struct secrets *secrets, const char *address, json_t **ret,
			struct error *error)
{
	_cleanup_json_ json_t *found = json_array();
	int result;

	cabinet_bind(&secrets->cabinet, FACTOR_OF, 1, address);
	result = cabinet_list(&secrets->cabinet, FACTOR_OF, make_factor, found, error);
	if (result == 0)
		*ret = json_incref(json_array_get(found, 0));
	return result;
}

int secrets_factor_put(struct secrets *secrets, const char *address, const char *sealed,
		       int64_t now, struct error *error)
{
	cabinet_bind_number(&secrets->cabinet, FACTOR_PUT, 3, now);
	return cabinet_run_with(&secrets->cabinet, FACTOR_PUT, error, address, sealed, NULL);
}

int secrets_factor_confirm(struct secrets *secrets, const char *address, int64_t now,
			   struct error *error)
{
	cabinet_bind_number(&secrets->cabinet, FACTOR_CONFIRM, 2, now);
	return cabinet_run_with(&secrets->cabinet, FACTOR_CONFIRM, error, address, NULL);
}

int secrets_factor_tried(struct secrets *secrets, const char *address, int64_t step, int64_t wrong,
			 int64_t until, struct error *error)
{
	cabinet_bind_number(&secrets->cabinet, FACTOR_TRIED, 2, step);
	cabinet_bind_number(&secrets->cabinet, FACTOR_TRIED, 3, wrong);
	cabinet_bind_number(&secrets->cabinet, FACTOR_TRIED, 4, until);
	return cabinet_run_with(&secrets->cabinet, FACTOR_TRIED, error, address, NULL);
}

int secrets_factor_drop(struct secrets *secrets, const char *address, struct error *error)
{
	int result = cabinet_run_with(&secrets->cabinet, FACTOR_FORGET, error, address, NULL);

	return result < 0 ? result : secrets_recovery_forget(secrets, address, error);
}

int secrets_recovery_forget(struct secrets *secrets, const char *address, struct error *error)
{
	return cabinet_run_with(&secrets->cabinet, RECOVERY_FORGET, error, address, NULL);
}

int secrets_recovery_add(struct secrets *secrets, const char *address, const char *hash,
			 struct error *error)
{
	return cabinet_run_with(&secrets->cabinet, RECOVERY_ADD, error, address, hash, NULL);
}

int secrets_recovery_use(struct secrets *secrets, const char *address, const char *hash, bool *ret,
			 struct error *error)
{
	int result = cabinet_run_with(&secrets->cabinet, RECOVERY_USE, error, address, hash, NULL);

	*ret = result == 0 && cabinet_changed(&secrets->cabinet) > 0;
	return result;
}

int secrets_list_factors(struct secrets *secrets, json_t *list, struct error *error)
{
	return cabinet_list(&secrets->cabinet, FACTORS, cabinet_first, list, error);
}

int secrets_count_good(struct secrets *secrets, const char *address, int64_t now, int64_t *ret,
		       struct error *error)
{
	cabinet_bind(&secrets->cabinet, APP_GOOD, 1, address);
	cabinet_bind_number(&secrets->cabinet, APP_GOOD, 2, now);
	return cabinet_number(&secrets->cabinet, APP_GOOD, ret, error);
}

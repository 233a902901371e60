// SPDX-License-Identifier: GPL-3.0-or-later
/* Domains: other names of one, and who gets what nobody else does. */
#include <errno.h>
#include <string.h>

#include "base/json_file.h"
#include "directory/accounts.h"
#include "directory/accounts_schema.h"

static json_t *make_domain(sqlite3_stmt *row)
{
	return json_pack("{s:s, s:b, s:s, s:I, s:I, s:s, s:s}", "name", cabinet_text(row, 0),
			 "people", sqlite3_column_int(row, 1), "alias_of", cabinet_text(row, 2),
			 "users", (json_int_t)sqlite3_column_int64(row, 3), "aliases",
			 (json_int_t)sqlite3_column_int64(row, 4), "catch_all",
			 cabinet_text(row, 5), "catch_all_origin", cabinet_text(row, 6));
}

int accounts_list_domains(struct accounts *accounts, const char *domain, json_t *list,
			  struct error *error)
{
	cabinet_bind(&accounts->cabinet, DOMAIN_LIST, 1, domain);
	return cabinet_list(&accounts->cabinet, DOMAIN_LIST, make_domain, list, error);
}

int accounts_other_name(struct accounts *accounts, const char *domain, char **ret,
			struct error *error)
{
	_cleanup_json_ json_t *found = json_array();
	const char *of;
	int result;

	cabinet_bind(&accounts->cabinet, DOMAIN_OTHER, 1, domain);
	result = cabinet_list(&accounts->cabinet, DOMAIN_OTHER, cabinet_first, found, error);
	*ret = NULL;
	if (result < 0 || json_array_size(found) == 0)
		return result;
	of = json_string_value(json_array_get(found, 0));
	*ret = strdup(of);
	return *ret ? 0 : error_set(error, ENOMEM, "out of memory");
}

int accounts_set_other_name(struct accounts *accounts, const char *domain, const char *of,
			    struct error *error)
{
	return cabinet_run_with(&accounts->cabinet, DOMAIN_SET_OTHER, error, domain, of, NULL);
}

int accounts_check_other_names(struct accounts *accounts, struct error *error)
{
	_cleanup_json_ json_t *found = json_array();
	int result =
	    cabinet_list(&accounts->cabinet, DOMAIN_INHABITED, cabinet_first, found, error);

	if (result < 0 || json_array_size(found) == 0)
		return result;
	return error_set(error, EINVAL,
			 "%s was made by a command, and its domain would be another name of one; "
			 "remove it first",
			 json_string_value(json_array_get(found, 0)));
}

int accounts_put_catch_all(struct accounts *accounts, const char *domain, const char *target,
			   const char *origin, struct error *error)
{
	int result = cabinet_run_with(&accounts->cabinet, CATCH_ALL_DROP, error, domain, NULL);

	return result < 0 || !target ? result
				     : cabinet_run_with(&accounts->cabinet, CATCH_ALL_ADD, error,
							domain, target, origin, NULL);
}

// SPDX-License-Identifier: GPL-3.0-or-later
#include "directory/accounts.h"

#include <errno.h>
#include <string.h>

#include "base/json_file.h"
#include "directory/accounts_schema.h"

int accounts_open(struct accounts *accounts, const char *path, struct error *error)
{
	return cabinet_open(&accounts->cabinet, path, &accounts_kind, error);
}

void accounts_close(struct accounts *accounts)
{
	cabinet_close(&accounts->cabinet);
}

/* ---- One ---- */

int accounts_has(struct accounts *accounts, const char *address, bool *ret, struct error *error)
{
	return cabinet_has(&accounts->cabinet, ACCOUNT_HAS, address, ret, error);
}

int accounts_has_resident(struct accounts *accounts, const char *address, bool *ret,
			  struct error *error)
{
	return cabinet_has(&accounts->cabinet, RESIDENT_HAS, address, ret, error);
}

int accounts_has_catch_all(struct accounts *accounts, const char *domain, bool *ret,
			   struct error *error)
{
	return cabinet_has(&accounts->cabinet, CATCH_ALL_HAS, domain, ret, error);
}

int accounts_has_domain(struct accounts *accounts, const char *domain, bool people, bool *ret,
			struct error *error)
{
	cabinet_bind_number(&accounts->cabinet, DOMAIN_HAS, 2, people);
	return cabinet_has(&accounts->cabinet, DOMAIN_HAS, domain, ret, error);
}

static json_t *make_account(sqlite3_stmt *row)
{
	return json_pack(
	    "{s:s, s:s, s:s, s:I, s:I, s:b, s:I, s:[], s:b, s:s, s:s, s:s}", "address",
	    cabinet_text(row, 0), "origin", cabinet_text(row, 1), "name", cabinet_text(row, 2),
	    "quota_mib", (json_int_t)sqlite3_column_int64(row, 3), "quota_messages",
	    (json_int_t)sqlite3_column_int64(row, 4), "enabled", sqlite3_column_int(row, 5),
	    "created", (json_int_t)sqlite3_column_int64(row, 6), "forward", "forward_keep",
	    sqlite3_column_int(row, 7), "language", cabinet_text(row, 8), "kind",
	    sqlite3_column_int(row, 9) ? "shared" : "person", "format", cabinet_text(row, 10));
}

static json_t *make_alias(sqlite3_stmt *row)
{
	return json_pack("{s:s, s:s, s:[], s:[], s:[]}", "address", cabinet_text(row, 0), "origin",
			 cabinet_text(row, 1), "to", "who", "opens");
}

static int find(struct accounts *accounts, enum accounts_statement which,
		json_t *(*make)(sqlite3_stmt *row), const char *address, json_t **ret,
		struct error *error)
{
	_cleanup_json_ json_t *found = json_array();
	int result;

	cabinet_bind(&accounts->cabinet, which, 1, address);
	result = cabinet_list(&accounts->cabinet, which, make, found, error);
	*ret = result == 0 ? json_incref(json_array_get(found, 0)) : NULL;
	return result;
}

static int add_list(struct accounts *accounts, enum accounts_statement which, json_t *found,
		    const char *key, struct error *error)
{
	cabinet_bind(&accounts->cabinet, which, 1, json_text(found, "address"));
	return cabinet_list(&accounts->cabinet, which, cabinet_first, json_object_get(found, key),
			    error);
}

int accounts_find(struct accounts *accounts, const char *address, json_t **ret, struct error *error)
{
	int result = find(accounts, ACCOUNT_FIND, make_account, address, ret, error);

	return result == 0 && *ret ? add_list(accounts, TARGET_LIST, *ret, "forward", error)
				   : result;
}

static int add_lists(struct accounts *accounts, json_t *alias, struct error *error)
{
	int result = add_list(accounts, TARGET_LIST, alias, "to", error);

	if (result == 0)
		result = add_list(accounts, WRITER_LIST, alias, "who", error);
	return result < 0 ? result : add_list(accounts, ALIAS_OPENS, alias, "opens", error);
}

int accounts_find_alias(struct accounts *accounts, const char *address, json_t **ret,
			struct error *error)
{
	int result = find(accounts, ALIAS_FIND, make_alias, address, ret, error);

	return result == 0 && *ret ? add_lists(accounts, *ret, error) : result;
}

/* ---- All ---- */

int accounts_list(struct accounts *accounts, const char *domain, json_t *list, struct error *error)
{
	json_t *account;
	size_t i;
	int result;

	cabinet_bind(&accounts->cabinet, ACCOUNT_LIST, 1, domain);
	result = cabinet_list(&accounts->cabinet, ACCOUNT_LIST, make_account, list, error);
	json_array_foreach(list, i, account)
	{
		if (result == 0)
			result = add_list(accounts, TARGET_LIST, account, "forward", error);
	}
	return result;
}

int accounts_list_aliases(struct accounts *accounts, const char *domain, json_t *list,
			  struct error *error)
{
	json_t *alias;
	size_t i;
	int result;

	cabinet_bind(&accounts->cabinet, ALIAS_LIST, 1, domain);
	result = cabinet_list(&accounts->cabinet, ALIAS_LIST, make_alias, list, error);
	json_array_foreach(list, i, alias)
	{
		if (result == 0)
			result = add_lists(accounts, alias, error);
	}
	return result;
}

static json_t *make_gone(sqlite3_stmt *row)
{
	return json_pack("{s:s, s:I}", "address", cabinet_text(row, 0), "since",
			 (json_int_t)sqlite3_column_int64(row, 1));
}

int accounts_list_gone(struct accounts *accounts, json_t *list, struct error *error)
{
	return cabinet_list(&accounts->cabinet, GONE_LIST, make_gone, list, error);
}

int accounts_list_doubles(struct accounts *accounts, json_t *list, struct error *error)
{
	return cabinet_list(&accounts->cabinet, DOUBLE_LIST, cabinet_first, list, error);
}

int accounts_list_loops(struct accounts *accounts, json_t *list, struct error *error)
{
	return cabinet_list(&accounts->cabinet, LOOP_LIST, cabinet_first, list, error);
}

int accounts_list_residents(struct accounts *accounts, json_t *list, struct error *error)
{
	return cabinet_list(&accounts->cabinet, RESIDENT_LIST, cabinet_first, list, error);
}

int accounts_list_leading(struct accounts *accounts, const char *address, json_t *list,
			  struct error *error)
{
	cabinet_bind(&accounts->cabinet, ALIAS_LEADING, 1, address);
	return cabinet_list(&accounts->cabinet, ALIAS_LEADING, cabinet_first, list, error);
}

int accounts_count_shared(struct accounts *accounts, int64_t *ret, struct error *error)
{
	return cabinet_number(&accounts->cabinet, SHARED_COUNT, ret, error);
}

int accounts_count(struct accounts *accounts, int64_t *ret_people, int64_t *ret_aliases,
		   struct error *error)
{
	int result = cabinet_number(&accounts->cabinet, ACCOUNT_COUNT, ret_people, error);

	*ret_aliases = 0;
	return result < 0 ? result
			  : cabinet_number(&accounts->cabinet, ALIAS_COUNT, ret_aliases, error);
}

/* ---- What is remembered ---- */

int accounts_remember(struct accounts *accounts, const char *key, const char *value,
		      struct error *error)
{
	return cabinet_run_with(&accounts->cabinet, MEMORY_PUT, error, key, value, NULL);
}

int accounts_recall(struct accounts *accounts, const char *key, char **ret, struct error *error)
{
	_cleanup_json_ json_t *value = NULL;
	int result = find(accounts, MEMORY_GET, cabinet_first, key, &value, error);

	if (result < 0)
		return result;
	*ret = strdup(value ? json_string_value(value) : "");
	return *ret ? 0 : error_set(error, ENOMEM, "out of memory");
}

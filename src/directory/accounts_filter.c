// SPDX-License-Identifier: GPL-3.0-or-later
#include "directory/accounts_filter.h"

#include <errno.h>
#include <string.h>

#include "base/json_file.h"
#include "directory/accounts_schema.h"
#include "settings/table.h"
#include "settings/types.h"

static const char *const levels[] = {"mark", "hold"};
static const char *const choices[] = {"spam", "banned"};
static const char *const lists[] = {"allow", "block"};

/* ---- What is taken ---- */

static int take_text(const char *path, const char *text, char **ret, struct error *error)
{
	const struct setting *setting = table_find(path);
	int result = type_of(setting->type)->check(setting, text, strlen(text), ret, error);

	return result < 0 ? (result == -ENOMEM ? result : -EINVAL) : 0;
}

static int take_level(const json_t *filter, const char *name, json_t *taken, struct error *error)
{
	_cleanup_(error_clear) struct error why = ERROR_INIT;
	_cleanup_free_ char *value = NULL;
	const char *text = json_text(filter, name);

	if (!json_object_get(filter, name))
		return 0;
	if (take_text("users[].filter.mark", text, &value, &why) < 0)
		return error_set(error, EINVAL, "%s: %s", name, error_text(&why));
	return json_object_set_new(taken, name, json_string(value)) < 0
		   ? error_set(error, ENOMEM, "out of memory")
		   : 0;
}

static int take_choice(const json_t *filter, const char *name, json_t *taken, struct error *error)
{
	json_t *value = json_object_get(filter, name);

	if (value && !json_is_boolean(value))
		return error_set(error, EINVAL, "%s: write on or off", name);
	return value && json_object_set(taken, name, value) < 0
		   ? error_set(error, ENOMEM, "out of memory")
		   : 0;
}

int filter_take_sender(const char *text, char **ret, struct error *error)
{
	_cleanup_(error_clear) struct error why = ERROR_INIT;

	return take_text("users[].filter.allow", text, ret, &why) < 0
		   ? error_set(error, EINVAL, "%.320s: %s", text, error_text(&why))
		   : 0;
}

static int take_list(const json_t *filter, const char *name, json_t *taken, struct error *error)
{
	const json_t *list = json_object_get(filter, name), *one;
	json_t *senders = json_array();
	size_t i;
	int result = 0;

	json_array_foreach(list, i, one)
	{
		_cleanup_free_ char *sender = NULL;

		if (result == 0)
			result = filter_take_sender(
			    json_is_string(one) ? json_string_value(one) : "", &sender, error);
		if (result == 0 && !json_has_text(senders, sender))
			json_array_append_new(senders, json_string(sender));
	}
	if (result == 0 && json_array_size(senders) > FILTER_SENDERS)
		result = error_set(error, E2BIG, "%s has at most %d senders", name, FILTER_SENDERS);
	if (result == 0 && json_array_size(senders) > 0)
		json_object_set(taken, name, senders);
	json_decref(senders);
	return result;
}

static int check_both(const json_t *taken, struct error *error)
{
	const json_t *one;
	size_t i;

	json_array_foreach(json_object_get(taken, "block"), i, one)
	{
		if (json_has_text(json_object_get(taken, "allow"), json_string_value(one)))
			return error_set(error, EINVAL, "%s is in allow and in block",
					 json_string_value(one));
	}
	return 0;
}

int filter_take(const json_t *filter, json_t **ret, struct error *error)
{
	_cleanup_json_ json_t *taken = json_object();
	int result = taken ? 0 : error_set(error, ENOMEM, "out of memory");

	for (size_t i = 0; result == 0 && i < ARRAY_SIZE(levels); i++)
		result = take_level(filter, levels[i], taken, error);
	for (size_t i = 0; result == 0 && i < ARRAY_SIZE(choices); i++)
		result = take_choice(filter, choices[i], taken, error);
	for (size_t i = 0; result == 0 && i < ARRAY_SIZE(lists); i++)
		result = take_list(filter, lists[i], taken, error);
	if (result == 0)
		result = check_both(taken, error);
	if (result < 0)
		return result;
	*ret = json_incref(taken);
	return 0;
}

/* ---- What is kept ---- */

static void bind_choice(struct cabinet *cabinet, int number, const json_t *value)
{
	if (json_is_boolean(value))
		cabinet_bind_number(cabinet, FILTER_PUT, number, json_is_true(value));
	else
		cabinet_bind(cabinet, FILTER_PUT, number, NULL);
}

static int add_senders(struct accounts *accounts, const char *address, const char *origin,
		       const json_t *list, bool allowed, struct error *error)
{
	const json_t *one;
	size_t i;
	int result = 0;

	json_array_foreach(list, i, one)
	{
		cabinet_bind_number(&accounts->cabinet, FILTER_SENDER_ADD, 4, allowed);
		if (result == 0)
			result = cabinet_run_with(&accounts->cabinet, FILTER_SENDER_ADD, error,
						  address, origin, json_string_value(one), NULL);
	}
	return result;
}

int accounts_put_filter(struct accounts *accounts, const char *address, const char *origin,
			const json_t *filter, struct error *error)
{
	struct cabinet *cabinet = &accounts->cabinet;
	int result = cabinet_run_with(cabinet, FILTER_DROP, error, address, origin, NULL);

	if (result == 0)
		result =
		    cabinet_run_with(cabinet, FILTER_SENDER_DROP, error, address, origin, NULL);
	if (result < 0 || json_object_size(filter) == 0)
		return result;
	for (size_t i = 0; i < ARRAY_SIZE(levels); i++)
		cabinet_bind(cabinet, FILTER_PUT, 3 + (int)i,
			     json_string_value(json_object_get(filter, levels[i])));
	for (size_t i = 0; i < ARRAY_SIZE(choices); i++)
		bind_choice(cabinet, 5 + (int)i, json_object_get(filter, choices[i]));
	result = cabinet_run_with(cabinet, FILTER_PUT, error, address, origin, NULL);
	for (size_t i = 0; result == 0 && i < ARRAY_SIZE(lists); i++)
		result = add_senders(accounts, address, origin, json_object_get(filter, lists[i]),
				     i == 0, error);
	return result;
}

int accounts_drop_filter(struct accounts *accounts, const char *address, struct error *error)
{
	int result = cabinet_run_with(&accounts->cabinet, FILTER_DROP_ALL, error, address, NULL);

	return result < 0 ? result
			  : cabinet_run_with(&accounts->cabinet, FILTER_SENDER_DROP_ALL, error,
					     address, NULL);
}

int accounts_forget_filters(struct accounts *accounts, const char *origin, struct error *error)
{
	int result = cabinet_run_with(&accounts->cabinet, FILTER_FORGET, error, origin, NULL);

	return result < 0 ? result
			  : cabinet_run_with(&accounts->cabinet, FILTER_SENDER_FORGET, error,
					     origin, NULL);
}

/* ---- What is shown ---- */

static json_t *make_filter(sqlite3_stmt *row)
{
	json_t *filter = json_pack("{s:s, s:s}", "address", cabinet_text(row, 0), "origin",
				   cabinet_text(row, 1));

	for (int i = 0; i < 2; i++)
		if (sqlite3_column_type(row, 2 + i) != SQLITE_NULL)
			json_object_set_new(filter, levels[i],
					    json_string(cabinet_text(row, 2 + i)));
	for (int i = 0; i < 2; i++)
		if (sqlite3_column_type(row, 4 + i) != SQLITE_NULL)
			json_object_set_new(filter, choices[i],
					    json_boolean(sqlite3_column_int(row, 4 + i)));
	return filter;
}

static json_t *make_sender(sqlite3_stmt *row)
{
	return json_pack("{s:s, s:s, s:b}", "address", cabinet_text(row, 0), "sender",
			 cabinet_text(row, 1), "allowed", sqlite3_column_int(row, 2));
}

static void add_sender(json_t *filter, const json_t *sender)
{
	const char *name = json_is_true(json_object_get(sender, "allowed")) ? "allow" : "block";

	if (filter && !json_object_get(filter, name))
		json_object_set_new(filter, name, json_array());
	json_array_append(json_object_get(filter, name), json_object_get(sender, "sender"));
}

static int list_of(struct accounts *accounts, enum accounts_statement which, const char *address,
		   const char *origin, json_t *(*make)(sqlite3_stmt *row), json_t *list,
		   struct error *error)
{
	cabinet_bind(&accounts->cabinet, which, 1, address);
	cabinet_bind(&accounts->cabinet, which, 2, origin);
	return cabinet_list(&accounts->cabinet, which, make, list, error);
}

int accounts_find_filter(struct accounts *accounts, const char *address, json_t **ret,
			 struct error *error)
{
	_cleanup_json_ json_t *origins = json_array(), *found = json_array(),
			      *senders = json_array();
	const char *origin;
	const json_t *one;
	size_t i;
	int result;

	cabinet_bind(&accounts->cabinet, FILTER_ORIGIN, 1, address);
	result = cabinet_list(&accounts->cabinet, FILTER_ORIGIN, cabinet_first, origins, error);
	origin = json_string_value(json_array_get(origins, 0));
	*ret = NULL;
	if (result < 0 || !origin)
		return result;
	result = list_of(accounts, FILTER_FIND, address, origin, make_filter, found, error);
	if (result == 0)
		result = list_of(accounts, FILTER_SENDER_FIND, address, origin, make_sender,
				 senders, error);
	if (result < 0)
		return result;
	json_array_foreach(senders, i, one) add_sender(json_array_get(found, 0), one);
	*ret = json_incref(json_array_get(found, 0));
	json_object_del(*ret, "address");
	return 0;
}

int accounts_add_filters(struct accounts *accounts, json_t *list, struct error *error)
{
	_cleanup_json_ json_t *found = json_array(), *senders = json_array(),
			      *by_address = json_object();
	json_t *one;
	size_t i;
	int result = cabinet_list(&accounts->cabinet, FILTER_LIST, make_filter, found, error);

	if (result == 0)
		result = cabinet_list(&accounts->cabinet, FILTER_SENDER_LIST, make_sender, senders,
				      error);
	if (result < 0)
		return result;
	json_array_foreach(found, i, one)
	{
		json_object_set(by_address, json_text(one, "address"), one);
		json_object_del(one, "address");
	}
	json_array_foreach(senders, i, one)
	    add_sender(json_object_get(by_address, json_text(one, "address")), one);
	json_array_foreach(list, i, one)
	{
		json_t *filter = json_object_get(by_address, json_text(one, "address"));

		if (filter)
			json_object_set(one, "filter", filter);
	}
	return 0;
}

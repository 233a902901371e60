// SPDX-License-Identifier: GPL-3.0-or-later
/* What the filter does for one person, or for a domain: changed by command, and shown. */
#include <errno.h>
#include <string.h>

#include "base/json_file.h"
#include "directory/accounts_filter.h"
#include "directory/answers.h"
#include "directory/both.h"
#include "directory/take.h"
#include "settings/type_name.h"

static int take_whole_domain(struct directory *directory, const char *text, char **ret,
			     struct error *error)
{
	_cleanup_(error_clear) struct error why = ERROR_INIT;
	_cleanup_free_ char *taken = NULL;
	bool ours = false;
	int result;

	if (type_addresses(NULL, text, strlen(text), &taken, &why) < 0)
		return error_set(error, EINVAL, "%.255s: %s", text, error_text(&why));
	result = accounts_has_domain(&directory->accounts, taken + 1, true, &ours, error);
	if (result == 0 && !ours)
		result = error_set(error, ENOENT, "%s is no domain here", taken + 1);
	if (result == 0)
		*ret = TAKE_POINTER(taken);
	return result;
}

/* Of somebody who is there, or "@DOMAIN" of a domain that is; the caller's. */
static int take_whose(struct directory *directory, const json_t *question, char **ret,
		      struct error *error)
{
	const char *address = json_text(question, "address");

	return address[0] == '@' ? take_whole_domain(directory, address, ret, error)
				 : take_person(directory, question, ret, error);
}

/* ---- A change ---- */

static void remove_sender(json_t *filter, const char *list, const char *sender)
{
	json_t *senders = json_object_get(filter, list);

	for (size_t i = json_array_size(senders); i-- > 0;)
		if (strcmp(json_string_value(json_array_get(senders, i)), sender) == 0)
			json_array_remove(senders, i);
}

/* Out of both lists, as a sender is in one, and into the one that is named, if one is. */
static int move_senders(json_t *filter, const json_t *question, const char *key, const char *list,
			struct error *error)
{
	const json_t *one;
	size_t i;

	json_array_foreach(json_object_get(question, key), i, one)
	{
		_cleanup_free_ char *sender = NULL;
		int result = filter_take_sender(json_is_string(one) ? json_string_value(one) : "",
						&sender, error);

		if (result < 0)
			return result;
		remove_sender(filter, "allow", sender);
		remove_sender(filter, "block", sender);
		if (list && !json_object_get(filter, list))
			json_object_set_new(filter, list, json_array());
		if (list)
			json_array_append_new(json_object_get(filter, list), json_string(sender));
	}
	return 0;
}

static int change_filter(json_t *filter, const json_t *question, struct error *error)
{
	static const char *const keys[] = {"mark", "hold", "spam", "banned"};
	int result;

	if (json_is_true(json_object_get(question, "default")))
		json_object_clear(filter);
	json_object_del(filter, "origin");
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		json_t *value = json_object_get(question, keys[i]);

		if (json_is_null(value))
			json_object_del(filter, keys[i]);
		else if (value)
			json_object_set(filter, keys[i], value);
	}
	result = move_senders(filter, question, "allow", "allow", error);
	if (result == 0)
		result = move_senders(filter, question, "block", "block", error);
	return result < 0 ? result : move_senders(filter, question, "remove", NULL, error);
}

/* What was asked for, for the record. */
static char *describe(const json_t *question)
{
	_cleanup_json_ json_t *what = json_copy((json_t *)question);

	json_object_del(what, "do");
	json_object_del(what, "who");
	json_object_del(what, "address");
	return json_dumps(what, JSON_COMPACT | JSON_SORT_KEYS);
}

static int check_own(const json_t *filter, const char *address, struct error *error)
{
	if (!filter || strcmp(json_text(filter, "origin"), ORIGIN_COMMAND) == 0)
		return 0;
	return error_set(error, EPERM, "the filter of %s is of %s; change it there", address,
			 strcmp(json_text(filter, "origin"), ORIGIN_SETTINGS) == 0
			     ? "the machine's settings"
			     : "the directory");
}

static int set_one(struct directory *directory, const json_t *question, const struct change *change,
		   struct error *error)
{
	_cleanup_json_ json_t *filter = NULL, *taken = NULL;
	_cleanup_free_ char *address = NULL, *what = NULL;
	int result = take_whose(directory, question, &address, error);

	if (result == 0)
		result = accounts_find_filter(&directory->accounts, address, &filter, error);
	if (result == 0)
		result = check_own(filter, address, error);
	if (result == 0 && !filter)
		filter = json_object();
	if (result == 0)
		result = change_filter(filter, question, error);
	if (result == 0)
		result = filter_take(filter, &taken, error);
	if (result == 0)
		result = accounts_put_filter(&directory->accounts, address, ORIGIN_COMMAND, taken,
					     error);
	if (result < 0)
		return result;
	what = describe(question);
	return secrets_note(&directory->secrets, change, "user-filter", address, what ? what : "",
			    error);
}

/* ---- Answers ---- */

int answer_filter_set(void *context, const json_t *question, json_t *answer, struct error *error)
{
	int result = both_change(context, question, set_one, error);

	return result < 0 ? result : answer_filter_show(context, question, answer, error);
}

int answer_filter_show(void *context, const json_t *question, json_t *answer, struct error *error)
{
	struct directory *directory = context;
	_cleanup_free_ char *address = NULL;
	json_t *filter = NULL;
	int result = take_whose(directory, question, &address, error);

	if (result == 0)
		result = accounts_find_filter(&directory->accounts, address, &filter, error);
	if (result == 0)
		json_object_set_new(answer, "filter", filter ? filter : json_object());
	if (result == 0)
		json_object_set_new(answer, "address", json_string(address));
	return result;
}

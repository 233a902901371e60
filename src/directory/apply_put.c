// SPDX-License-Identifier: GPL-3.0-or-later
/* What the settings say of accounts is put. */
#include <errno.h>
#include <string.h>

#include "base/json_file.h"
#include "directory/accounts_filter.h"
#include "directory/accounts_shared.h"
#include "directory/apply_private.h"

static bool is_of_others(const json_t *found)
{
	return found && strcmp(json_text(found, "origin"), ORIGIN_SETTINGS) != 0;
}

/* A command's own, or the directory server's, is not touched; *ret_free: nobody has it. */
static int is_free(struct reading *reading, const char *address, bool *ret, struct error *error)
{
	struct accounts *accounts = &reading->directory->accounts;
	_cleanup_json_ json_t *person = NULL, *alias = NULL;
	int result = accounts_find(accounts, address, &person, error);

	if (result == 0)
		result = accounts_find_alias(accounts, address, &alias, error);
	*ret = !is_of_others(person) && !is_of_others(alias);
	return result == 0 && !*ret ? accounts_add_double(accounts, address, error) : result;
}

static int put_filter(struct reading *reading, const char *address, const json_t *filter,
		      struct error *error)
{
	_cleanup_json_ json_t *taken = NULL;
	int result = filter_take(filter, &taken, error);

	return result < 0 ? result
			  : accounts_put_filter(&reading->directory->accounts, address,
						ORIGIN_SETTINGS, taken, error);
}

/* What makes an account a shared mailbox: members, and nothing that lets anybody in. */
static int put_shared(struct reading *reading, const char *address, const json_t *members,
		      struct error *error)
{
	struct accounts *accounts = &reading->directory->accounts;
	const json_t *one;
	size_t i;
	int result = secrets_forget(&reading->directory->secrets, address, error);

	if (result == 0)
		result = accounts_put_shared(accounts, address, error);
	json_array_foreach(members, i, one)
	{
		const struct member member = {address, json_text(one, "who"),
					      json_text(one, "role"), json_text(one, "send")};

		if (result == 0)
			result = accounts_put_member(accounts, &member, error);
	}
	return result;
}

static int end_user(struct reading *reading, struct error *error)
{
	_cleanup_json_ json_t *forward = TAKE_POINTER(reading->forward);
	_cleanup_json_ json_t *filter = TAKE_POINTER(reading->filter);
	_cleanup_json_ json_t *members = TAKE_POINTER(reading->members);
	struct account user = reading->user;
	bool free;
	int result;

	user.forward = forward;
	reading->user = (struct account){0};
	if (!user.address)
		return 0;
	if (!members && !reading->hash)
		return error_set(error, EINVAL, "%s has no hash", user.address);
	result = is_free(reading, user.address, &free, error);
	if (result < 0 || !free)
		return result;
	result = accounts_put(&reading->directory->accounts, &user, ORIGIN_SETTINGS,
			      reading->change.now, error);
	if (result == 0)
		result = accounts_see(&reading->directory->accounts, user.address, error);
	if (result == 0 && members)
		result = put_shared(reading, user.address, members, error);
	else if (result == 0)
		result = secrets_put(&reading->directory->secrets, user.address, reading->hash,
				     true, error);
	if (result < 0)
		return result;
	return filter ? put_filter(reading, user.address, filter, error) : 0;
}

static int end_alias(struct reading *reading, struct error *error)
{
	_cleanup_json_ json_t *to = TAKE_POINTER(reading->to), *who = TAKE_POINTER(reading->who);
	const char *alias = TAKE_POINTER(reading->alias);
	bool free;
	int result;

	if (!alias)
		return 0;
	result = is_free(reading, alias, &free, error);
	return result < 0 || !free ? result
				   : accounts_put_alias(&reading->directory->accounts, alias,
							ORIGIN_SETTINGS, to, who, error);
}

int apply_put(struct reading *reading, struct error *error)
{
	int result = end_user(reading, error);

	reading->hash = reading->login = NULL;
	return result < 0 ? result : end_alias(reading, error);
}

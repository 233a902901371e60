// SPDX-License-Identifier: GPL-3.0-or-later
/* People are listed and shown. */
#include <string.h>

#include "base/json_file.h"
#include "directory/accounts_filter.h"
#include "directory/accounts_shared.h"
#include "directory/answers.h"
#include "directory/secrets_factor.h"
#include "directory/take.h"

static int add_hashes(struct directory *directory, json_t *users, struct error *error)
{
	json_t *user;
	size_t i;
	int result = 0;

	json_array_foreach(users, i, user)
	{
		_cleanup_free_ char *hash = NULL;

		if (result == 0)
			result = secrets_hash(&directory->secrets, json_text(user, "address"),
					      &hash, error);
		if (hash)
			json_object_set_new(
			    user, "hash",
			    json_string(hash[0] == '{' ? strchr(hash, '}') + 1 : hash));
	}
	return result;
}

/* Of those who have any. */
static int add_senders(struct directory *directory, json_t *users, struct error *error)
{
	_cleanup_json_ json_t *rows = json_array(), *found = json_object();
	json_t *user;
	size_t i;
	int result = accounts_list_all_senders(&directory->accounts, rows, error);

	for (i = 0; i < json_array_size(rows); i++) {
		json_t *row = json_array_get(rows, i), *mine;
		const char *login = json_string_value(json_array_get(row, 0));
		const char *mode = json_string_value(json_array_get(row, 1));

		if (!json_object_get(found, login))
			json_object_set_new(found, login,
					    json_pack("{s:[], s:[]}", "as", "behalf"));
		mine = json_object_get(json_object_get(found, login), mode);
		json_array_append(mine, json_array_get(row, 2));
	}
	json_array_foreach(users, i, user)
	{
		json_t *mine = json_object_get(found, json_text(user, "address"));

		if (!mine)
			continue;
		json_object_set(user, "may_send_as", json_object_get(mine, "as"));
		json_object_set(user, "may_send_for", json_object_get(mine, "behalf"));
	}
	return result;
}

/* Whether each has a second factor that is in force. */
static int add_factors(struct directory *directory, json_t *users, struct error *error)
{
	_cleanup_json_ json_t *rows = json_array(), *found = json_object();
	const json_t *row;
	json_t *user;
	size_t i;
	int result = secrets_list_factors(&directory->secrets, rows, error);

	json_array_foreach(rows, i, row)
	    json_object_set_new(found, json_string_value(row), json_true());
	json_array_foreach(users, i, user) json_object_set_new(
	    user, "factor", json_boolean(json_object_get(found, json_text(user, "address"))));
	return result;
}

int answer_user_list(void *context, const json_t *question, json_t *answer, struct error *error)
{
	struct directory *directory = context;
	_cleanup_free_ char *domain = NULL;
	json_t *users = json_array(), *gone = json_array();
	int result = take_domain(question, &domain, error);

	json_object_set_new(answer, "users", users);
	json_object_set_new(answer, "gone", gone);
	if (result == 0)
		result = accounts_list(&directory->accounts, domain, users, error);
	if (result == 0)
		result = accounts_add_filters(&directory->accounts, users, error);
	if (result == 0)
		result = add_senders(directory, users, error);
	if (result == 0)
		result = add_factors(directory, users, error);
	if (result == 0 && json_is_true(json_object_get(question, "hashes")))
		result = add_hashes(directory, users, error);
	return result < 0 ? result : accounts_list_gone(&directory->accounts, gone, error);
}

int answer_user_show(void *context, const json_t *question, json_t *answer, struct error *error)
{
	struct directory *directory = context;
	struct accounts *accounts = &directory->accounts;
	_cleanup_free_ char *address = NULL;
	_cleanup_json_ json_t *factor = NULL;
	json_t *user = NULL, *filter = NULL, *aliases = json_array(), *as = json_array(),
	       *behalf = json_array(), *shared = json_array();
	int result = take_person(directory, question, &address, error);

	if (result == 0)
		result = accounts_find(accounts, address, &user, error);
	if (result == 0)
		result = accounts_list_leading(accounts, address, aliases, error);
	if (result == 0)
		result = accounts_list_senders(accounts, address, SENDER_AS, as, error);
	if (result == 0)
		result = accounts_list_senders(accounts, address, SENDER_BEHALF, behalf, error);
	if (result == 0)
		result = accounts_list_memberships(accounts, address, shared, error);
	if (result == 0)
		result = accounts_find_filter(accounts, address, &filter, error);
	if (result == 0)
		result = secrets_factor_find(&directory->secrets, address, &factor, error);
	if (filter)
		json_object_set_new(user, "filter", filter);
	json_object_set_new(user, "factor", json_boolean(secrets_factor_in_force(factor)));
	json_object_set_new(user, "aliases", aliases);
	json_object_set_new(user, "may_send_as", as);
	json_object_set_new(user, "may_send_for", behalf);
	json_object_set_new(user, "shared", shared);
	if (user)
		json_object_set_new(answer, "user", user);
	return result;
}

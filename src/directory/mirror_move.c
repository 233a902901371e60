// SPDX-License-Identifier: GPL-3.0-or-later
#include "directory/mirror_move.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_file.h"
#include "directory/accounts_filter.h"
#include "directory/accounts_schema.h"
#include "directory/both.h"
#include "directory/mirror.h"

/* ---- To the server ---- */

static bool is_same_set(const json_t *one, const json_t *other)
{
	const json_t *text;
	size_t i;

	json_array_foreach(one, i, text)
	{
		if (!json_has_text(other, json_string_value(text)))
			return false;
	}
	return json_array_size(one) == json_array_size(other);
}

static const char *values_differ(const json_t *here, const struct account *account)
{
	if (strcmp(json_text(here, "kind"), "person") != 0)
		return "one is a shared mailbox";
	if (strcmp(json_text(here, "name"), account->name) != 0)
		return "the name";
	if (json_number(here, "quota_mib") != account->quota_mib ||
	    json_number(here, "quota_messages") != account->quota_messages)
		return "the quota";
	if (json_is_true(json_object_get(here, "enabled")) != account->enabled)
		return "whether he may log in";
	if (strcmp(json_text(here, "language"), account->language) != 0)
		return "the language";
	if (!is_same_set(json_object_get(here, "forward"), account->forward) ||
	    (json_array_size(account->forward) > 0 &&
	     json_is_true(json_object_get(here, "forward_keep")) != account->forward_keep))
		return "where mail goes on";
	return NULL;
}

static int filter_differs(struct directory *directory, const struct mirror_person *person,
			  bool *ret, struct error *error)
{
	_cleanup_json_ json_t *here = NULL, *none = json_object();
	int result =
	    accounts_find_filter(&directory->accounts, person->account.address, &here, error);

	json_object_del(here, "origin");
	*ret = !json_equal(here ? here : none, person->filter ? person->filter : none);
	return result;
}

/* A directory server judges passwords itself: there is nothing to compare. */
static int password_differs(struct directory *directory, const struct mirror_person *person,
			    bool *ret, struct error *error)
{
	_cleanup_free_ char *here = NULL;
	int result = secrets_hash(&directory->secrets, person->account.address, &here, error);

	*ret = !person->dn[0] && strcmp(here ? here : SECRETS_ELSEWHERE,
					person->hash ? person->hash : SECRETS_ELSEWHERE) != 0;
	return result;
}

int mirror_person_differs(struct directory *directory, const json_t *here,
			  const struct mirror_person *person, const char **ret, struct error *error)
{
	bool filter = false, password = false;
	int result = filter_differs(directory, person, &filter, error);

	if (result == 0)
		result = password_differs(directory, person, &password, error);
	*ret = values_differ(here, &person->account);
	if (!*ret)
		*ret = password ? "the password" : filter ? "what the filter does" : NULL;
	return result;
}

bool mirror_alias_differs(const json_t *here, const json_t *to)
{
	return json_array_size(json_object_get(here, "who")) > 0 ||
	       !is_same_set(json_object_get(here, "to"), to);
}

static int to_server(struct directory *directory, const struct change *change, struct error *error)
{
	int result = accounts_remember(&directory->accounts, MIRROR_MOVE_KEY, "yes", error);

	directory->mirror_due = true;
	return result < 0 ? result
			  : secrets_note(&directory->secrets, change, "accounts-move", "",
					 "to the server", error);
}

/* ---- To the machine ---- */

static int count_people(struct directory *directory, json_t *answer, struct error *error)
{
	_cleanup_json_ json_t *people = json_array();
	json_int_t count = 0, without = 0;
	const json_t *one;
	size_t i;
	int result = accounts_list(&directory->accounts, NULL, people, error);

	json_array_foreach(people, i, one)
	{
		_cleanup_free_ char *hash = NULL;

		if (result < 0 || strcmp(json_text(one, "origin"), directory->mirrored) != 0)
			continue;
		count++;
		result = secrets_hash(&directory->secrets, json_text(one, "address"), &hash, error);
		without += !hash || strcmp(hash, SECRETS_ELSEWHERE) == 0;
	}
	json_object_set_new(answer, "people", json_integer(count));
	json_object_set_new(answer, "without", json_integer(without));
	return result;
}

static int to_machine(struct directory *directory, const struct change *change, json_t *answer,
		      struct error *error)
{
	static const enum accounts_statement take[] = {ACCOUNT_ADOPT,	     ALIAS_ADOPT,
						       FILTER_LET_GO,	     FILTER_ADOPT,
						       FILTER_SENDER_LET_GO, FILTER_SENDER_ADOPT};
	int result = count_people(directory, answer, error);

	for (size_t i = 0; result == 0 && i < ARRAY_SIZE(take); i++)
		result = cabinet_run_with(&directory->accounts.cabinet, take[i], error,
					  directory->mirrored, NULL);
	if (result == 0)
		result = secrets_forget_elsewhere(&directory->secrets, error);
	return result < 0 ? result
			  : secrets_note(&directory->secrets, change, "accounts-move", "",
					 "to the machine", error);
}

/* ---- */

static int move(struct directory *directory, const json_t *question, const struct change *change,
		struct error *error)
{
	json_t *answer = json_object_get(question, "answer");

	return strcmp(json_text(question, "to"), "machine") == 0
		   ? to_machine(directory, change, answer, error)
		   : to_server(directory, change, error);
}

int answer_accounts_move(void *context, const json_t *question, json_t *answer, struct error *error)
{
	struct directory *directory = context;
	_cleanup_json_ json_t *asked = json_copy((json_t *)question);

	if (!directory->mirrored[0])
		return error_set(error, ENOENT,
				 "the settings have no directory server and no database");
	if (!asked || json_object_set(asked, "answer", answer) < 0)
		return error_set(error, ENOMEM, "out of memory");
	return both_change(directory, asked, move, error);
}

// SPDX-License-Identifier: GPL-3.0-or-later
/* Shared mailboxes and their members: made, changed and shown. */
#include <errno.h>
#include <string.h>

#include "base/json_file.h"
#include "directory/accounts_shared.h"
#include "directory/answers.h"
#include "directory/both.h"
#include "directory/take.h"

/* ---- What is asked ---- */

/* One that is there, and a command's; *ret_address and *ret_found are the caller's. */
static int take_shared(struct directory *directory, const json_t *question, bool own,
		       char **ret_address, json_t **ret_found, struct error *error)
{
	int result = take_address(question, ret_address, error);

	if (result == 0)
		result = accounts_find_shared(&directory->accounts, *ret_address, ret_found, error);
	if (result == 0 && !*ret_found)
		result = error_set(error, ENOENT,
				   "%s is no shared mailbox here; `postcask shared list` shows "
				   "which are",
				   *ret_address);
	return result == 0 && own ? take_own(*ret_found, *ret_address, error) : result;
}

/* Nobody is a member of a mailbox who could not log in; *ret_login is the caller's. */
static int take_member(struct directory *directory, const json_t *asked, char **ret_login,
		       struct error *error)
{
	_cleanup_json_ json_t *question = json_pack("{s:s}", "address", json_text(asked, "who"));

	return take_person(directory, question, ret_login, error);
}

/* What is not said stays as it was with `before`, or is what a new member has. */
static int put_member(struct directory *directory, const char *address, const json_t *asked,
		      const json_t *before, struct error *error)
{
	_cleanup_free_ char *login = NULL;
	const char *role = json_text(asked, "role"), *send = json_text(asked, "send");
	int result = take_member(directory, asked, &login, error);
	struct member member = {.address = address, .role = "edit", .send = "role"};

	if (result < 0)
		return result;
	member.login = login;
	if (before) {
		member.role = json_text(before, "role");
		member.send = json_text(before, "send");
	}
	if (role[0])
		member.role = role;
	if (send[0])
		member.send = send;
	return accounts_put_member(&directory->accounts, &member, error);
}

static int put_members(struct directory *directory, const char *address, const json_t *members,
		       struct error *error)
{
	const json_t *one;
	size_t i;
	int result = 0;

	if (json_array_size(members) > ACCOUNTS_MEMBERS)
		return error_set(error, EINVAL, "a shared mailbox has at most %d members",
				 ACCOUNTS_MEMBERS);
	json_array_foreach(members, i, one)
	{
		if (result == 0)
			result = put_member(directory, address, one, NULL, error);
	}
	return result;
}

/* ---- Changes ---- */

static int put_account(struct directory *directory, const json_t *question, struct account *account,
		       const struct change *change, struct error *error)
{
	int result = take_values(question, account, error);

	return result < 0 ? result
			  : accounts_put(&directory->accounts, account, ORIGIN_COMMAND, change->now,
					 error);
}

static int note(struct directory *directory, const struct change *change, const char *verb,
		const char *address, const json_t *what, struct error *error)
{
	_cleanup_free_ char *text = json_dumps(what, JSON_COMPACT);

	return secrets_note(&directory->secrets, change, verb, address, text ? text : "", error);
}

static int add_one(struct directory *directory, const json_t *question, const struct change *change,
		   struct error *error)
{
	_cleanup_free_ char *address = NULL;
	const json_t *members = json_object_get(question, "members");
	struct account account = {
	    .name = "", .enabled = true, .forward_keep = true, .language = ""};
	int result = take_address(question, &address, error);

	if (result == 0)
		result = take_new(directory, address, true, error);
	account.address = address;
	if (result == 0)
		result = put_account(directory, question, &account, change, error);
	/* Whoever had the address before logged in with it. */
	if (result == 0)
		result = secrets_forget(&directory->secrets, address, error);
	if (result == 0)
		result = accounts_put_shared(&directory->accounts, address, error);
	if (result == 0)
		result = put_members(directory, address, members, error);
	return result < 0 ? result : note(directory, change, "shared-add", address, members, error);
}

static int set_one(struct directory *directory, const json_t *question, const struct change *change,
		   struct error *error)
{
	_cleanup_free_ char *address = NULL;
	_cleanup_json_ json_t *before = NULL;
	struct account account;
	int result = take_shared(directory, question, true, &address, &before, error);

	if (result < 0)
		return result;
	account = (struct account){.address = address,
				   .name = json_text(before, "name"),
				   .quota_mib = json_number(before, "quota_mib"),
				   .quota_messages = json_number(before, "quota_messages"),
				   .enabled = true,
				   .forward_keep = true,
				   .language = ""};
	result = put_account(directory, question, &account, change, error);
	return result < 0
		   ? result
		   : secrets_note(&directory->secrets, change, "shared-set", address, "", error);
}

static int remove_one(struct directory *directory, const json_t *question,
		      const struct change *change, struct error *error)
{
	_cleanup_free_ char *address = NULL;
	_cleanup_json_ json_t *before = NULL;
	int result = take_shared(directory, question, true, &address, &before, error);

	if (result == 0)
		result =
		    secrets_note(&directory->secrets, change, "shared-remove", address, "", error);
	return result < 0 ? result
			  : accounts_drop(&directory->accounts, address, change->now, error);
}

/* NULL: he is none. */
static const json_t *find_member(const json_t *shared, const char *login)
{
	const json_t *one;
	size_t i;

	json_array_foreach(json_object_get(shared, "members"), i, one)
	{
		if (strcmp(json_text(one, "who"), login) == 0)
			return one;
	}
	return NULL;
}

/* Adds a member, or with "there" changes one who is there. */
static int put_one_member(struct directory *directory, const json_t *question,
			  const struct change *change, struct error *error)
{
	_cleanup_free_ char *address = NULL, *login = NULL;
	_cleanup_json_ json_t *shared = NULL;
	const json_t *asked = json_object_get(question, "member"), *before = NULL;
	bool there = json_is_true(json_object_get(question, "there"));
	int result = take_shared(directory, question, true, &address, &shared, error);

	if (result == 0)
		result = take_member(directory, asked, &login, error);
	if (result < 0)
		return result;
	before = find_member(shared, login);
	if (there && !before)
		return error_set(error, ENOENT, "%s is no member of %s", login, address);
	if (!there && before)
		return error_set(error, EEXIST, "%s is a member of %s already", login, address);
	if (!there && json_array_size(json_object_get(shared, "members")) >= ACCOUNTS_MEMBERS)
		return error_set(error, EINVAL, "a shared mailbox has at most %d members",
				 ACCOUNTS_MEMBERS);
	result = put_member(directory, address, asked, before, error);
	return result < 0 ? result
			  : note(directory, change, there ? "member-set" : "member-add", address,
				 asked, error);
}

/* Also of somebody who is gone. */
static int drop_one_member(struct directory *directory, const json_t *question,
			   const struct change *change, struct error *error)
{
	_cleanup_free_ char *address = NULL, *login = NULL;
	_cleanup_json_ json_t *shared = NULL, *asked = NULL;
	int result = take_shared(directory, question, true, &address, &shared, error);

	asked =
	    json_pack("{s:s}", "address", json_text(json_object_get(question, "member"), "who"));
	if (result == 0)
		result = take_address(asked, &login, error);
	if (result == 0)
		result = accounts_drop_member(&directory->accounts, address, login, error);
	return result < 0 ? result
			  : secrets_note(&directory->secrets, change, "member-remove", address,
					 login, error);
}

/* ---- Answers ---- */

int answer_shared_add(void *context, const json_t *question, json_t *answer _unused_,
		      struct error *error)
{
	return both_change(context, question, add_one, error);
}

int answer_shared_set(void *context, const json_t *question, json_t *answer _unused_,
		      struct error *error)
{
	return both_change(context, question, set_one, error);
}

/* With what it was, and the aliases that still lead there. */
int answer_shared_remove(void *context, const json_t *question, json_t *answer, struct error *error)
{
	struct directory *directory = context;
	_cleanup_free_ char *address = NULL;
	json_t *shared = NULL, *aliases = json_array();
	int result = take_shared(directory, question, true, &address, &shared, error);

	json_object_set_new(answer, "aliases", aliases);
	if (shared)
		json_object_set_new(answer, "shared", shared);
	/* Afterwards one with a + would be somebody else's label. */
	if (result == 0)
		result = accounts_list_leading(&directory->accounts, address, aliases, error);
	if (result == 0)
		result = both_change(directory, question, remove_one, error);
	return result < 0 ? result : directory_take_doubles(directory, error);
}

int answer_member_put(void *context, const json_t *question, json_t *answer _unused_,
		      struct error *error)
{
	return both_change(context, question, put_one_member, error);
}

int answer_member_remove(void *context, const json_t *question, json_t *answer _unused_,
			 struct error *error)
{
	return both_change(context, question, drop_one_member, error);
}

int answer_shared_list(void *context, const json_t *question, json_t *answer, struct error *error)
{
	struct directory *directory = context;
	_cleanup_free_ char *domain = NULL;
	json_t *shared = json_array();
	int result = take_domain(question, &domain, error);

	json_object_set_new(answer, "shared", shared);
	return result < 0 ? result
			  : accounts_list_shared(&directory->accounts, domain, shared, error);
}

int answer_shared_show(void *context, const json_t *question, json_t *answer, struct error *error)
{
	struct directory *directory = context;
	_cleanup_free_ char *address = NULL;
	json_t *shared = NULL, *aliases = json_array();
	int result = take_shared(directory, question, false, &address, &shared, error);

	if (result == 0)
		result = accounts_list_leading(&directory->accounts, address, aliases, error);
	if (!shared)
		json_decref(aliases);
	else if (json_object_set_new(shared, "aliases", aliases) < 0 ||
		 json_object_set_new(answer, "shared", shared) < 0)
		return error_set(error, ENOMEM, "out of memory");
	return result;
}

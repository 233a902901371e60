// SPDX-License-Identifier: GPL-3.0-or-later
#include "directory/accounts_shared.h"

#include <errno.h>
#include <string.h>

#include "base/json_file.h"
#include "directory/accounts_schema.h"
#include "sharing/role.h"

/* ---- Shown ---- */

static json_t *make_member(sqlite3_stmt *row)
{
	return json_pack("{s:s, s:s, s:s}", "who", cabinet_text(row, 0), "role",
			 cabinet_text(row, 1), "send", cabinet_text(row, 2));
}

static json_t *make_membership(sqlite3_stmt *row)
{
	return json_pack("{s:s, s:s, s:s}", "address", cabinet_text(row, 0), "role",
			 cabinet_text(row, 1), "send", cabinet_text(row, 2));
}

static int add_members(struct accounts *accounts, json_t *shared, struct error *error)
{
	json_t *members = json_array();

	if (json_object_set_new(shared, "members", members) < 0)
		return error_set(error, ENOMEM, "out of memory");
	cabinet_bind(&accounts->cabinet, MEMBER_LIST, 1, json_text(shared, "address"));
	return cabinet_list(&accounts->cabinet, MEMBER_LIST, make_member, members, error);
}

int accounts_find_shared(struct accounts *accounts, const char *address, json_t **ret,
			 struct error *error)
{
	_cleanup_json_ json_t *found = NULL;
	int result = accounts_find(accounts, address, &found, error);

	if (result == 0 && found && strcmp(json_text(found, "kind"), "shared") == 0)
		result = add_members(accounts, found, error);
	else if (result == 0) {
		json_decref(found);
		found = NULL;
	}
	if (result == 0)
		*ret = TAKE_POINTER(found);
	return result;
}

int accounts_list_shared_addresses(struct accounts *accounts, json_t *list, struct error *error)
{
	cabinet_bind(&accounts->cabinet, SHARED_LIST, 1, NULL);
	return cabinet_list(&accounts->cabinet, SHARED_LIST, cabinet_first, list, error);
}

int accounts_list_shared(struct accounts *accounts, const char *domain, json_t *list,
			 struct error *error)
{
	_cleanup_json_ json_t *addresses = json_array();
	const json_t *one;
	size_t i;
	int result;

	cabinet_bind(&accounts->cabinet, SHARED_LIST, 1, domain);
	result = cabinet_list(&accounts->cabinet, SHARED_LIST, cabinet_first, addresses, error);
	json_array_foreach(addresses, i, one)
	{
		json_t *shared = NULL;

		if (result == 0)
			result =
			    accounts_find_shared(accounts, json_string_value(one), &shared, error);
		if (shared)
			json_array_append_new(list, shared);
	}
	return result;
}

int accounts_list_memberships(struct accounts *accounts, const char *login, json_t *list,
			      struct error *error)
{
	cabinet_bind(&accounts->cabinet, MEMBER_OF, 1, login);
	return cabinet_list(&accounts->cabinet, MEMBER_OF, make_membership, list, error);
}

int accounts_list_senders(struct accounts *accounts, const char *login, const char *mode,
			  json_t *list, struct error *error)
{
	cabinet_bind(&accounts->cabinet, SENDER_LIST, 1, login);
	cabinet_bind(&accounts->cabinet, SENDER_LIST, 2, mode);
	return cabinet_list(&accounts->cabinet, SENDER_LIST, cabinet_first, list, error);
}

static json_t *make_sender(sqlite3_stmt *row)
{
	return json_pack("[s, s, s]", cabinet_text(row, 0), cabinet_text(row, 1),
			 cabinet_text(row, 2));
}

int accounts_list_all_senders(struct accounts *accounts, json_t *list, struct error *error)
{
	return cabinet_list(&accounts->cabinet, SENDER_ALL, make_sender, list, error);
}

/* ---- Changed ---- */

int accounts_put_shared(struct accounts *accounts, const char *address, struct error *error)
{
	return cabinet_run_with(&accounts->cabinet, SHARED_PUT, error, address, NULL);
}

/* NULL for what is no way to send. */
static const char *mode_of(const struct member *member, const struct share_role *role)
{
	static const char *const modes[] = {SENDER_AS, SENDER_BEHALF, "no"};

	if (strcmp(member->send, "role") == 0)
		return role->sends ? SENDER_AS : "no";
	for (size_t i = 0; i < ARRAY_SIZE(modes); i++)
		if (strcmp(member->send, modes[i]) == 0)
			return modes[i];
	return NULL;
}

int accounts_put_member(struct accounts *accounts, const struct member *member, struct error *error)
{
	const struct share_role *role = share_role_find(member->role);
	const char *mode = role ? mode_of(member, role) : NULL;
	int64_t size;
	int result;

	if (!role)
		return error_set(error, EINVAL,
				 "'%.40s' is no role; write read, post, edit or manage",
				 member->role);
	if (!mode)
		return error_set(error, EINVAL,
				 "'%.40s' is no way to send; write as, behalf, no or role",
				 member->send);
	result = cabinet_run_with(&accounts->cabinet, MEMBER_PUT, error, member->address,
				  member->login, member->role, member->send, mode, NULL);
	cabinet_bind(&accounts->cabinet, MEMBER_SIZE, 1, member->login);
	if (result == 0)
		result = cabinet_number(&accounts->cabinet, MEMBER_SIZE, &size, error);
	if (result == 0 && size > ACCOUNTS_MEMBERSHIPS)
		result =
		    error_set(error, EINVAL, "%s is a member of as many shared mailboxes as can be",
			      member->login);
	return result;
}

int accounts_drop_member(struct accounts *accounts, const char *address, const char *login,
			 struct error *error)
{
	int result = cabinet_run_with(&accounts->cabinet, MEMBER_DROP, error, address, login, NULL);

	if (result == 0 && cabinet_changed(&accounts->cabinet) == 0)
		result = error_set(error, ENOENT, "%s is no member of %s", login, address);
	return result;
}

int accounts_put_senders(struct accounts *accounts, const char *login, const char *mode,
			 const json_t *list, struct error *error)
{
	const json_t *one;
	size_t i;
	int result = cabinet_run_with(&accounts->cabinet, SENDER_DROP, error, login, mode, NULL);

	json_array_foreach(list, i, one)
	{
		if (result == 0)
			result =
			    cabinet_run_with(&accounts->cabinet, SENDER_ADD, error, login,
					     json_string_value(one), mode, ORIGIN_COMMAND, NULL);
	}
	return result;
}

int accounts_forget_parts(struct accounts *accounts, const char *address, struct error *error)
{
	static const enum accounts_statement forget[] = {MEMBER_GONE, SHARED_DROP, SENDER_GONE};
	int result = 0;

	for (size_t i = 0; result == 0 && i < ARRAY_SIZE(forget); i++)
		result = cabinet_run_with(&accounts->cabinet, forget[i], error, address, NULL);
	return result;
}

// SPDX-License-Identifier: GPL-3.0-or-later
#include "directory/take.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/buffer.h"
#include "base/json_file.h"
#include "settings/table.h"
#include "settings/type_language.h"
#include "settings/type_name.h"
#include "settings/type_secret.h"
#include "settings/types.h"

enum { WHO_LIMIT = 100 };

int take_change(const json_t *question, struct change *ret, struct error *error)
{
	*ret = (struct change){json_text(question, "who"), (int64_t)time(NULL)};
	if (!ret->who[0] || strlen(ret->who) > WHO_LIMIT)
		return error_set(error, EINVAL, "who makes the change is not said");
	return 0;
}

int take_address(const json_t *question, char **ret, struct error *error)
{
	_cleanup_(error_clear) struct error why = ERROR_INIT;
	const char *address = json_text(question, "address");

	return type_mailbox(NULL, address, strlen(address), ret, &why) < 0
		   ? error_set(error, EINVAL, "%.320s: %s", address, error_text(&why))
		   : 0;
}

static bool is_shared(const json_t *account)
{
	return strcmp(json_text(account, "kind"), "shared") == 0;
}

int take_person(struct directory *directory, const json_t *question, char **ret,
		struct error *error)
{
	_cleanup_json_ json_t *found = NULL;
	int result = take_address(question, ret, error);

	if (result == 0)
		result = accounts_find(&directory->accounts, *ret, &found, error);
	if (result == 0 && !found)
		result = error_set(error, ENOENT,
				   "%s is no user here; `postcask user list` shows who is", *ret);
	if (result == 0 && is_shared(found))
		result = error_set(error, EINVAL,
				   "%s is a shared mailbox, to which nobody logs in; see `postcask "
				   "shared`",
				   *ret);
	return result;
}

int take_new(struct directory *directory, const char *address, bool people, struct error *error)
{
	_cleanup_json_ json_t *person = NULL, *alias = NULL;
	bool ours = false;
	int result = accounts_has_domain(&directory->accounts, strchr(address, '@') + 1, people,
					 &ours, error);

	if (result == 0 && !ours)
		result = error_set(error, EINVAL,
				   "%s: its domain is none of this machine's; add it to "
				   "mail.domains in the settings",
				   address);
	if (result == 0)
		result = take_no_other_name(directory, address, error);
	if (result == 0)
		result = accounts_find(&directory->accounts, address, &person, error);
	if (result == 0)
		result = accounts_find_alias(&directory->accounts, address, &alias, error);
	if (result == 0 && (person || alias))
		result = error_set(error, EEXIST, "%s is %s already", address,
				   !person	       ? "an alias"
				   : is_shared(person) ? "a shared mailbox"
						       : "a user");
	return result;
}

int take_values(const json_t *question, struct account *account, struct error *error)
{
	int result = take_name(question, &account->name, error);

	if (result == 0)
		result =
		    take_number(question, "quota_mib", ACCOUNTS_QUOTA, &account->quota_mib, error);
	if (result == 0)
		result = take_number(question, "quota_messages", ACCOUNTS_MESSAGES,
				     &account->quota_messages, error);
	return result;
}

int take_domain(const json_t *question, char **ret, struct error *error)
{
	_cleanup_(error_clear) struct error why = ERROR_INIT;
	const char *domain = json_text(question, "domain");

	*ret = NULL;
	if (!domain[0])
		return 0;
	return type_domain(NULL, domain, strlen(domain), ret, &why) < 0
		   ? error_set(error, EINVAL, "%.255s: %s", domain, error_text(&why))
		   : 0;
}

/* As it is here: by the domain's first name and in small letters.  Of an address elsewhere only its
 * own server knows whether letters are small. */
static int make_ours(struct directory *directory, char **address, struct error *error)
{
	_cleanup_free_ char *of = NULL;
	char *at = strchr(*address, '@'), *whole;
	bool ours = false;
	int result = accounts_has_domain(&directory->accounts, at + 1, false, &ours, error);

	for (char *c = *address; ours && c < at; c++)
		*c = (char)tolower((unsigned char)*c);
	if (result == 0 && ours)
		result = accounts_other_name(&directory->accounts, at + 1, &of, error);
	if (result < 0 || !of)
		return result;
	if (asprintf(&whole, "%.*s%s", (int)(at + 1 - *address), *address, of) < 0)
		return error_set(error, ENOMEM, "out of memory");
	free(*address);
	*address = whole;
	return 0;
}

int take_no_other_name(struct directory *directory, const char *address, struct error *error)
{
	_cleanup_free_ char *of = NULL;
	const char *at = strchr(address, '@');
	int result = accounts_other_name(&directory->accounts, at + 1, &of, error);

	return result == 0 && of
		   ? error_set(error, EINVAL, "%s is another name of %s; write %.*s@%s", at + 1, of,
			       (int)(at - address), address, of)
		   : result;
}

/* What one of a list may be, by the settings' type and by what is here; the look may replace it. */
struct listed {
	int (*type)(const struct setting *setting, const char *text, size_t size, char **ret_value,
		    struct error *error);
	int (*look)(struct directory *directory, char **address, struct error *error);
};

/* Adds each to `ret` once. */
static int take_listed(struct directory *directory, const json_t *list, const struct listed *listed,
		       json_t *ret, struct error *error)
{
	const json_t *one;
	size_t i;

	json_array_foreach(list, i, one)
	{
		_cleanup_(error_clear) struct error why = ERROR_INIT;
		const char *text = json_is_string(one) ? json_string_value(one) : "";
		_cleanup_free_ char *address = NULL;
		int result;

		if (listed->type(NULL, text, strlen(text), &address, &why) < 0)
			return error_set(error, EINVAL, "%.320s: %s", text, error_text(&why));
		result = listed->look(directory, &address, error);
		if (result < 0)
			return result;
		if (!json_has_text(ret, address))
			json_array_append_new(ret, json_string(address));
	}
	return 0;
}

int take_addresses(struct directory *directory, const json_t *list, size_t most, json_t *ret,
		   struct error *error)
{
	static const struct listed target = {type_address, make_ours};

	if (json_array_size(list) == 0 || json_array_size(list) > most)
		return error_set(error, EINVAL, "it leads to 1 to %zu addresses", most);
	return take_listed(directory, list, &target, ret, error);
}

int take_language(const json_t *question, const char **ret, char **ret_text, struct error *error)
{
	_cleanup_(error_clear) struct error why = ERROR_INIT;
	const char *text = json_text(question, "language");

	if (!json_object_get(question, "language"))
		return 0;
	if (type_language(NULL, text, strlen(text), ret_text, &why) < 0)
		return error_set(error, EINVAL, "%.40s: %s", text, error_text(&why));
	*ret = *ret_text;
	return 0;
}

int take_hash(const json_t *question, char **ret, struct error *error)
{
	_cleanup_free_ char *hash = NULL;
	_cleanup_(buffer_free) struct buffer whole = BUFFER_INIT;
	const char *text = json_text(question, "hash");
	int result = type_check_password_hash(table_find("users[].password_hash"), text,
					      strlen(text), &hash, error);

	if (result < 0)
		return result;
	buffer_addf(&whole, "%s%s", type_password_prefix(hash), hash);
	*ret = buffer_take(&whole);
	return *ret ? 0 : error_set(error, ENOMEM, "out of memory");
}

static int say_nobody(const char *address, struct error *error)
{
	return error_set(error, ENOENT,
			 "%s is nobody's here; write the address of a user, an alias or a shared "
			 "mailbox, or @ and one of the domains",
			 address);
}

/* Its domain is ours. */
static int check_sender(struct directory *directory, char **address, struct error *error)
{
	bool ours = false;
	int result = accounts_has_domain(&directory->accounts, strchr(*address, '@') + 1, false,
					 &ours, error);

	return result == 0 && !ours ? say_nobody(*address, error) : result;
}

/* And somebody has it, or it is all of the domain. */
static int check_sender_here(struct directory *directory, char **address, struct error *error)
{
	bool here = (*address)[0] == '@';
	int result = check_sender(directory, address, error);

	if (result == 0 && !here)
		result = accounts_has_resident(&directory->accounts, *address, &here, error);
	return result == 0 && !here ? say_nobody(*address, error) : result;
}

int take_senders(struct directory *directory, const json_t *question, const char *key, bool here,
		 json_t **ret, struct error *error)
{
	static const struct listed of_ours = {type_addresses, check_sender},
				   of_somebody = {type_addresses, check_sender_here};
	const json_t *list = json_object_get(question, key);
	_cleanup_json_ json_t *taken = json_array();
	int result;

	if (!list)
		return 0;
	if (json_array_size(list) > ACCOUNTS_TARGETS)
		return error_set(error, EINVAL, "%s are at most %d addresses", key,
				 ACCOUNTS_TARGETS);
	result = take_listed(directory, list, here ? &of_somebody : &of_ours, taken, error);
	if (result == 0)
		*ret = TAKE_POINTER(taken);
	return result;
}

int take_name(const json_t *question, const char **ret, struct error *error)
{
	const char *name;

	if (!json_object_get(question, "name"))
		return 0;
	name = json_text(question, "name");
	if (strlen(name) > ACCOUNTS_NAME)
		return error_set(error, EINVAL, "a name has at most %d bytes", ACCOUNTS_NAME);
	for (const char *c = name; *c; c++)
		if ((unsigned char)*c < ' ' || *c == 127)
			return error_set(error, EINVAL, "a name has no control characters");
	*ret = name;
	return 0;
}

int take_number(const json_t *question, const char *key, int64_t most, int64_t *ret,
		struct error *error)
{
	const json_t *number = json_object_get(question, key);

	if (!number)
		return 0;
	if (!json_is_integer(number) || json_integer_value(number) < 0 ||
	    json_integer_value(number) > most)
		return error_set(error, EINVAL, "%s is a number from 0, no limit, to %lld", key,
				 (long long)most);
	*ret = json_integer_value(number);
	return 0;
}

int take_own(const json_t *found, const char *address, struct error *error)
{
	const char *origin = json_text(found, "origin");

	if (strcmp(origin, ORIGIN_LDAP) == 0)
		return error_set(error, EPERM, "%s is of the directory server; change it there",
				 address);
	if (strcmp(origin, ORIGIN_DATABASE) == 0)
		return error_set(error, EPERM, "%s is of the database; change it there", address);
	if (strcmp(origin, ORIGIN_SETTINGS) != 0)
		return 0;
	return error_set(error, EPERM,
			 "%s is of the machine's settings; change it there, and `postcask apply` "
			 "them",
			 address);
}

int take_note_import(struct directory *directory, const struct change *change, const char *verb,
		     size_t count, struct error *error)
{
	char text[32];

	snprintf(text, sizeof(text), "%zu", count);
	return secrets_note(&directory->secrets, change, verb, "", text, error);
}

static int say_loop(const char *address, struct error *error)
{
	return error_set(error, ELOOP,
			 "%s would lead back to itself, and its mail reach nobody; let it lead "
			 "elsewhere",
			 address);
}

int take_no_loop(struct directory *directory, const char *address, struct error *error)
{
	bool loop = false;
	int result = accounts_settle(&directory->accounts, error);

	if (result == 0)
		result = accounts_leads_back(&directory->accounts, address, &loop, error);
	return result == 0 && loop ? say_loop(address, error) : result;
}

int take_no_loops(struct directory *directory, const json_t *added, struct error *error)
{
	_cleanup_json_ json_t *loops = json_array();
	const json_t *loop;
	size_t i;
	int result = accounts_settle(&directory->accounts, error);

	if (result == 0)
		result = accounts_find_loops(&directory->accounts, error);
	if (result == 0)
		result = accounts_list_loops(&directory->accounts, loops, error);
	json_array_foreach(loops, i, loop)
	{
		if (result == 0 && json_object_get(added, json_string_value(loop)))
			result = say_loop(json_string_value(loop), error);
	}
	return result;
}

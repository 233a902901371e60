// SPDX-License-Identifier: GPL-3.0-or-later
/* Aliases: made, changed and shown. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/json_file.h"
#include "directory/answers.h"
#include "directory/both.h"
#include "directory/people.h"
#include "directory/take.h"
#include "settings/type_name.h"

static bool is_role_address(const char *address)
{
	return strncmp(address, "postmaster@", 11) == 0 || strncmp(address, "abuse@", 6) == 0;
}

static int take_writer(struct directory *directory, const char *text, char **ret,
		       struct error *error)
{
	_cleanup_(error_clear) struct error why = ERROR_INIT;
	bool ours = true;
	int result = type_writers(NULL, text, strlen(text), ret, &why);

	if (result < 0)
		return error_set(error, EINVAL, "%.320s: %s", text, error_text(&why));
	if (strchr(*ret, '@'))
		result = take_no_other_name(directory, *ret, error);
	if (result == 0 && strchr(*ret, '@'))
		result = accounts_has_domain(&directory->accounts, strchr(*ret, '@') + 1, false,
					     &ours, error);
	return result == 0 && !ours
		   ? error_set(error, EINVAL,
			       "%s: its domain is none of this machine's, and nobody of it logs in "
			       "here",
			       *ret)
		   : result;
}

/* Who may write to it, as the question says; nobody in the list is anyone. */
static int take_writers(struct directory *directory, const json_t *question, const char *address,
			json_t *ret, struct error *error)
{
	const json_t *list = json_object_get(question, "writers"), *one;
	size_t i;

	if (json_array_size(list) > ACCOUNTS_WRITERS)
		return error_set(error, EINVAL, "at most %d may be named who write to an alias",
				 ACCOUNTS_WRITERS);
	json_array_foreach(list, i, one)
	{
		_cleanup_free_ char *writer = NULL;
		int result = take_writer(
		    directory, json_is_string(one) ? json_string_value(one) : "", &writer, error);

		if (result < 0)
			return result;
		if (strcmp(writer, "anyone") != 0)
			json_array_append_new(ret, json_string(writer));
		else if (json_array_size(list) > 1)
			return error_set(error, EINVAL, "anyone is everybody; say it alone");
	}
	return json_array_size(ret) > 0 && is_role_address(address)
		   ? error_set(error, EINVAL,
			       "everybody must be able to write to %s (RFC 5321 section 4.5.1, "
			       "RFC 2142)",
			       address)
		   : 0;
}

/* One of a command's that is there. */
static int find_own(struct directory *directory, const char *address, json_t **ret,
		    struct error *error)
{
	int result = take_no_other_name(directory, address, error);

	if (result == 0)
		result = accounts_find_alias(&directory->accounts, address, ret, error);
	if (result < 0)
		return result;
	return *ret ? take_own(*ret, address, error)
		    : error_set(error, ENOENT,
				"%s is no alias here; `postcask alias list` shows which are",
				address);
}

/* What becomes of an alias; to be freed. */
struct taken {
	char *address;
	json_t *before, *to, *who;
};

static void taken_free(struct taken *taken)
{
	free(taken->address);
	json_decref(taken->before);
	json_decref(taken->to);
	json_decref(taken->who);
}

/* One that is there, of which what is not said stays as it is, or one that is not. */
static int put_one(struct directory *directory, const json_t *question, bool there,
		   struct taken *taken, struct error *error)
{
	int result = take_address(question, &taken->address, error);

	if (result == 0)
		result = there ? find_own(directory, taken->address, &taken->before, error)
			       : take_new(directory, taken->address, false, error);
	if (result < 0)
		return result;
	if (there && !json_object_get(question, "to"))
		taken->to = json_incref(json_object_get(taken->before, "to"));
	else
		result = take_addresses(directory, json_object_get(question, "to"),
					ACCOUNTS_TARGETS, taken->to = json_array(), error);
	if (result == 0 && there && !json_object_get(question, "writers"))
		taken->who = json_incref(json_object_get(taken->before, "who"));
	else if (result == 0)
		result = take_writers(directory, question, taken->address,
				      taken->who = json_array(), error);
	return result < 0 ? result
			  : accounts_put_alias(&directory->accounts, taken->address, ORIGIN_COMMAND,
					       taken->to, taken->who, error);
}

int people_put_new_alias(struct directory *directory, const json_t *question, struct error *error)
{
	_cleanup_(taken_free) struct taken taken = {0};

	return put_one(directory, question, false, &taken, error);
}

static int note(struct directory *directory, const struct change *change, const char *verb,
		const struct taken *taken, struct error *error)
{
	_cleanup_free_ char *to = json_dumps(taken->to, JSON_COMPACT),
			    *who = json_dumps(taken->who, JSON_COMPACT);
	_cleanup_(buffer_free) struct buffer text = BUFFER_INIT;

	buffer_addf(&text, "%s", to ? to : "");
	if (json_array_size(taken->who) > 0)
		buffer_addf(&text, " who=%s", who ? who : "");
	return secrets_note(&directory->secrets, change, verb, taken->address, buffer_text(&text),
			    error);
}

static int put_alone(struct directory *directory, const json_t *question, bool there,
		     const struct change *change, struct error *error)
{
	_cleanup_(taken_free) struct taken taken = {0};
	int result = put_one(directory, question, there, &taken, error);

	if (result == 0)
		result = take_no_loop(directory, taken.address, error);
	return result < 0
		   ? result
		   : note(directory, change, there ? "alias-set" : "alias-add", &taken, error);
}

static int add_one(struct directory *directory, const json_t *question, const struct change *change,
		   struct error *error)
{
	return put_alone(directory, question, false, change, error);
}

static int set_one(struct directory *directory, const json_t *question, const struct change *change,
		   struct error *error)
{
	return put_alone(directory, question, true, change, error);
}

static int remove_one(struct directory *directory, const json_t *question,
		      const struct change *change, struct error *error)
{
	_cleanup_free_ char *address = NULL;
	_cleanup_json_ json_t *before = NULL;
	int result = take_address(question, &address, error);

	if (result == 0)
		result = find_own(directory, address, &before, error);
	if (result == 0)
		result = accounts_drop_alias(&directory->accounts, address, error);
	return result < 0
		   ? result
		   : secrets_note(&directory->secrets, change, "alias-remove", address, "", error);
}

static int import_all(struct directory *directory, const json_t *question,
		      const struct change *change, struct error *error)
{
	_cleanup_json_ json_t *added = json_object();
	const json_t *alias;
	size_t i;
	int result;

	json_array_foreach(json_object_get(question, "aliases"), i, alias)
	{
		_cleanup_(error_clear) struct error why = ERROR_INIT;
		_cleanup_(taken_free) struct taken taken = {0};

		result = put_one(directory, alias, false, &taken, &why);
		if (result < 0)
			return error_set(error, -result, "%s:%lld: %s", json_text(question, "file"),
					 json_number(alias, "line"), error_text(&why));
		json_object_set_new(added, taken.address, json_true());
	}
	result = take_no_loops(directory, added, error);
	return result < 0 ? result
			  : take_note_import(directory, change, "alias-import",
					     json_object_size(added), error);
}

/* ---- Answers ---- */

int answer_alias_add(void *context, const json_t *question, json_t *answer _unused_,
		     struct error *error)
{
	return both_change(context, question, add_one, error);
}

int answer_alias_set(void *context, const json_t *question, json_t *answer _unused_,
		     struct error *error)
{
	return both_change(context, question, set_one, error);
}

int answer_alias_remove(void *context, const json_t *question, json_t *answer _unused_,
			struct error *error)
{
	int result = both_change(context, question, remove_one, error);

	return result < 0 ? result : directory_take_doubles(context, error);
}

int answer_alias_import(void *context, const json_t *question, json_t *answer, struct error *error)
{
	size_t count = json_array_size(json_object_get(question, "aliases"));

	json_object_set_new(answer, "count", json_integer((json_int_t)count));
	return both_change(context, question, import_all, error);
}

int answer_alias_list(void *context, const json_t *question, json_t *answer, struct error *error)
{
	struct directory *directory = context;
	_cleanup_free_ char *domain = NULL;
	json_t *aliases = json_array();
	int result = take_domain(question, &domain, error);

	json_object_set_new(answer, "aliases", aliases);
	return result < 0 ? result
			  : accounts_list_aliases(&directory->accounts, domain, aliases, error);
}

int answer_alias_show(void *context, const json_t *question, json_t *answer, struct error *error)
{
	struct directory *directory = context;
	_cleanup_free_ char *address = NULL;
	json_t *alias = NULL;
	int result = take_address(question, &address, error);

	if (result == 0)
		result = accounts_find_alias(&directory->accounts, address, &alias, error);
	if (result == 0 && !alias)
		result = error_set(error, ENOENT,
				   "%s is no alias here; `postcask alias list` shows which are",
				   address);
	if (alias)
		json_object_set_new(answer, "alias", alias);
	return result;
}

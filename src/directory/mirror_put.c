// SPDX-License-Identifier: GPL-3.0-or-later
/* A picture, put in. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/json_file.h"
#include "directory/accounts_recipient.h"
#include "directory/accounts_rule.h"
#include "directory/mirror.h"
#include "directory/mirror_behind.h"
#include "directory/mirror_move.h"
#include "directory/mirror_putting.h"
#include "directory/take.h"

/* Of all that a directory may lose at once, one in so many. */
enum { FIFTH = 5 };

/* ---- What is here ---- */

static json_t *by_address(const json_t *list)
{
	json_t *found = json_object(), *one;
	size_t i;

	json_array_foreach(list, i, one) json_object_set(found, json_text(one, "address"), one);
	return found;
}

static int list_here(struct directory *directory, json_t **ret_people, json_t **ret_aliases,
		     struct error *error)
{
	_cleanup_json_ json_t *people = json_array(), *aliases = json_array();
	int result = accounts_list(&directory->accounts, NULL, people, error);

	if (result == 0)
		result = accounts_list_aliases(&directory->accounts, NULL, aliases, error);
	if (result < 0)
		return result;
	*ret_people = by_address(people);
	*ret_aliases = by_address(aliases);
	return 0;
}

/* ---- The record ---- */

static int note_more(const struct putting *putting, struct error *error)
{
	char text[32];

	snprintf(text, sizeof(text), "%lld more", (long long)putting->more);
	return putting->more == 0 ? 0
				  : secrets_note(&putting->directory->secrets, &putting->change,
						 "mirror", "", text, error);
}

/* ---- All people and aliases ---- */

static int put_aliases(struct putting *putting, const json_t *aliases, struct error *error)
{
	_cleanup_json_ json_t *named = json_copy(putting->seen);
	const json_t *one;
	size_t i;
	int result = 0;

	json_array_foreach(aliases, i, one)
	    json_object_set_new(named, json_text(one, "address"), json_true());
	json_array_foreach(aliases, i, one)
	{
		if (result == 0)
			result = putting_alias(putting, named, one, error);
	}
	return result;
}

/* ---- Who is no longer there ---- */

static int drop_person(struct putting *putting, const char *address, struct error *error)
{
	struct directory *directory = putting->directory;
	int result = accounts_drop(&directory->accounts, address, putting->change.now, error);

	if (result == 0)
		result = secrets_drop(&directory->secrets, address, error);
	return result < 0 ? result : putting_note(putting, "mirror-remove", address, "", error);
}

/* Drops what was not seen; or only counts it. */
static int drop_unseen(struct putting *putting, bool drop, json_int_t *ret_before,
		       json_int_t *ret_gone, struct error *error)
{
	const char *address;
	json_t *one;
	int result = 0;

	*ret_before = *ret_gone = 0;
	json_object_foreach(putting->people, address, one)
	{
		bool gone =
		    putting_is_ours(putting, one) && !json_object_get(putting->seen, address);

		*ret_before += putting_is_ours(putting, one);
		*ret_gone += gone;
		if (drop && gone && result == 0)
			result = drop_person(putting, address, error);
	}
	json_object_foreach(putting->aliases, address, one)
	{
		bool gone =
		    putting_is_ours(putting, one) && !json_object_get(putting->seen, address);

		*ret_before += putting_is_ours(putting, one);
		*ret_gone += gone;
		if (drop && gone && result == 0)
			result = accounts_drop_alias(&putting->directory->accounts, address, error);
	}
	return result;
}

/* More than a fifth is no longer there: that is refused, unless as much was accepted before. */
static int check_gone(struct directory *directory, json_int_t before, json_int_t gone,
		      struct error *error)
{
	_cleanup_free_ char *accepted = NULL;
	int result = accounts_recall(&directory->accounts, MIRROR_ACCEPT_KEY, &accepted, error);

	if (result < 0)
		return result;
	json_object_set_new(directory->mirror, "gone", json_integer(gone));
	if (gone * FIFTH <= before)
		return 0;
	if (gone > strtoll(accepted, NULL, 10))
		return error_set(error, EINVAL,
				 "of %lld addresses %lld " MIRROR_REFUSED
				 ", so nothing was changed; "
				 "if that is right, `postcask directory accept`",
				 (long long)before, (long long)gone);
	return accounts_remember(&directory->accounts, MIRROR_ACCEPT_KEY, "", error);
}

/* ---- All of it ---- */

static int say_nobody(const struct directory *directory, struct error *error)
{
	return strcmp(directory->mirrored, ORIGIN_DATABASE) == 0
		   ? error_set(error, EINVAL, "the database has nobody")
		   : error_set(error, EINVAL,
			       "the directory shows nobody; look at authentication.ldap.base and "
			       "filter");
}

static int put_all(struct putting *putting, const json_t *question, struct error *error)
{
	const json_t *people = json_object_get(question, "people"), *one;
	json_int_t before, gone;
	size_t i;
	int result = 0;

	if (json_array_size(people) == 0)
		return say_nobody(putting->directory, error);
	json_array_foreach(people, i, one)
	{
		if (result == 0)
			result = putting_person(putting, one, error);
	}
	if (result == 0)
		result = put_aliases(putting, json_object_get(question, "aliases"), error);
	if (result == 0)
		result = drop_unseen(putting, false, &before, &gone, error);
	if (result == 0)
		result = check_gone(putting->directory, before, gone, error);
	if (result == 0)
		result = drop_unseen(putting, true, &before, &gone, error);
	if (result == 0)
		result = accounts_settle_rules(&putting->directory->accounts, error);
	if (result == 0)
		result = note_more(putting, error);
	if (result == 0)
		result = accounts_settle(&putting->directory->accounts, error);
	return result < 0 ? result : accounts_find_loops(&putting->directory->accounts, error);
}

int mirror_forget(struct directory *directory, int64_t now, struct error *error)
{
	_cleanup_json_ json_t *people = NULL, *aliases = NULL, *seen = json_object();
	struct putting putting = {
	    .directory = directory, .change = {"settings", now}, .seen = seen};
	json_int_t before, gone;
	int result = list_here(directory, &people, &aliases, error);

	putting.people = people;
	putting.aliases = aliases;
	if (result == 0)
		result = drop_unseen(&putting, true, &before, &gone, error);
	if (result == 0)
		result = accounts_settle_rules(&directory->accounts, error);
	if (result == 0)
		result = accounts_forget_recipients(&directory->accounts, error);
	return result < 0 ? result : note_more(&putting, error);
}

static int end_move(struct putting *putting, json_t *counts, struct error *error)
{
	json_object_set_new(counts, "moved", json_integer(putting->moved));
	json_object_set(counts, "differs", putting->differs);
	return accounts_remember(&putting->directory->accounts, MIRROR_MOVE_KEY, "", error);
}

static const char *who_of(const struct directory *directory)
{
	return strcmp(directory->mirrored, ORIGIN_DATABASE) == 0 ? "database" : "directory server";
}

/* Of the server behind: addresses alone. */
static int put_behind(struct directory *directory, const json_t *question, json_t **ret_counts,
		      struct error *error)
{
	struct accounts *accounts = &directory->accounts;
	int64_t named, left_out, before = 0, gone = 0;
	int result = mirror_behind_name(directory, question, &named, &left_out, error);

	if (result == 0 && named == 0)
		result = say_nobody(directory, error);
	if (result == 0)
		result = accounts_count_recipients(accounts, &before, &gone, error);
	if (result == 0)
		result = check_gone(directory, before, gone, error);
	if (result == 0)
		result = accounts_put_recipients(accounts, error);
	if (result < 0)
		return result;
	*ret_counts =
	    json_pack("{s:O*, s:I, s:i, s:I, s:b}", "doubles", json_object_get(question, "doubles"),
		      "people", (json_int_t)named, "aliases", 0, "left_out",
		      (json_int_t)left_out + json_number(question, "left_out"), "behind", 1);
	return *ret_counts ? 0 : error_set(error, ENOMEM, "out of memory");
}

int mirror_put(struct directory *directory, const json_t *question, int64_t now,
	       json_t **ret_counts, struct error *error)
{
	_cleanup_json_ json_t *people = NULL, *aliases = NULL, *seen = json_object();
	_cleanup_json_ json_t *doubles = json_array(), *differs = json_array();
	_cleanup_free_ char *moving = NULL;
	struct putting putting = {.directory = directory,
				  .change = {who_of(directory), now},
				  .doubles = doubles,
				  .seen = seen,
				  .differs = differs,
				  .left_out = json_number(question, "left_out")};
	int result;

	if (directory->behind)
		return put_behind(directory, question, ret_counts, error);
	result = list_here(directory, &people, &aliases, error);
	if (result == 0)
		result = accounts_recall(&directory->accounts, MIRROR_MOVE_KEY, &moving, error);
	if (result < 0)
		return result;
	putting.moving = moving[0];
	putting.people = people;
	putting.aliases = aliases;
	result = put_all(&putting, question, error);
	if (result < 0)
		return result;
	json_array_extend(doubles, json_object_get(question, "doubles"));
	*ret_counts =
	    json_pack("{s:O, s:I, s:I, s:I}", "doubles", doubles, "people", putting.put_people,
		      "aliases", putting.put_aliases, "left_out", putting.left_out);
	if (!*ret_counts)
		return error_set(error, ENOMEM, "out of memory");
	return putting.moving ? end_move(&putting, *ret_counts, error) : 0;
}

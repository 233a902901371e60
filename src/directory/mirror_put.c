// SPDX-License-Identifier: GPL-3.0-or-later
/* A picture, put in. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/json_file.h"
#include "directory/accounts_filter.h"
#include "directory/accounts_rule.h"
#include "directory/mirror.h"
#include "directory/mirror_person.h"
#include "directory/take.h"

/* Of all that a directory may lose at once, one in so many. */
enum { FIFTH = 5, NOTED = 1000 };

/* A picture that is being put in. */
struct putting {
	struct directory *directory;
	struct change change;
	json_t *people, *aliases; /* what is here, by address: borrowed from `here` */
	json_t *doubles;
	json_t *seen; /* address -> true: what the picture has and may stay */
	json_int_t put_people, put_aliases, left_out, noted, more;
};

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

static bool is_ours(const struct putting *putting, const json_t *one)
{
	return strcmp(json_text(one, "origin"), putting->directory->mirrored) == 0;
}

/* Whether somebody of another origin has it. */
static bool is_taken(const struct putting *putting, const char *address)
{
	const json_t *person = json_object_get(putting->people, address);
	const json_t *alias = json_object_get(putting->aliases, address);

	return (person && !is_ours(putting, person)) || (alias && !is_ours(putting, alias));
}

/* ---- The record ---- */

/* One line for each who comes or goes, and for those above NOTED one for all: 100,000 of them would
 * take the place of all others. */
static int note(struct putting *putting, const char *verb, const char *address, const char *detail,
		struct error *error)
{
	if (putting->noted == NOTED) {
		putting->more++;
		return 0;
	}
	putting->noted++;
	return secrets_note(&putting->directory->secrets, &putting->change, verb, address, detail,
			    error);
}

static int note_more(const struct putting *putting, struct error *error)
{
	char text[32];

	snprintf(text, sizeof(text), "%lld more", (long long)putting->more);
	return putting->more == 0 ? 0
				  : secrets_note(&putting->directory->secrets, &putting->change,
						 "mirror", "", text, error);
}

/* ---- One ---- */

/* Its address as it is stored, where it may be here; NULL and counted where not.  The caller's. */
static char *take_ours(struct putting *putting, const json_t *one)
{
	_cleanup_(error_clear) struct error none = ERROR_INIT;
	_cleanup_free_ char *address = NULL;
	bool ours = false;

	putting->left_out++;
	if (take_address(one, &address, &none) < 0 ||
	    accounts_has_domain(&putting->directory->accounts, strchr(address, '@') + 1, true,
				&ours, &none) < 0 ||
	    !ours || json_object_get(putting->seen, address))
		return NULL;
	if (is_taken(putting, address)) {
		if (json_array_size(putting->doubles) < MIRROR_SHOWN)
			json_array_append_new(putting->doubles, json_string(address));
		return NULL;
	}
	putting->left_out--;
	return TAKE_POINTER(address);
}

/* What the directory has for the delivery of his mail; what is too long is none. */
static int put_rule(struct putting *putting, const char *address, const json_t *one,
		    struct error *error)
{
	const char *script = json_text(one, "rules");
	bool changed = false;
	int result;

	if (strlen(script) > ACCOUNTS_RULE_SIZE) {
		putting->left_out++;
		script = "";
	}
	result = accounts_put_rule(&putting->directory->accounts, address, script, &changed, error);
	return result == 0 && changed ? note(putting, "mirror-rules", address, "", error) : result;
}

static int put_account(struct putting *putting, const struct mirror_person *person,
		       struct error *error)
{
	struct directory *directory = putting->directory;
	const char *address = person->account.address;
	int result = 0;

	if (json_object_get(putting->aliases, address))
		result = accounts_drop_alias(&directory->accounts, address, error);
	if (result == 0)
		result = accounts_put(&directory->accounts, &person->account, directory->mirrored,
				      putting->change.now, error);
	if (result == 0)
		result = accounts_put_filter(&directory->accounts, address, directory->mirrored,
					     person->filter, error);
	if (result == 0)
		result = mirror_person_let_in(directory, person, error);
	if (result >= 0 && !json_object_get(putting->people, address))
		result = note(putting, "mirror-add", address, person->dn, error);
	return result < 0 ? result : 0;
}

static int put_person(struct putting *putting, const json_t *one, struct error *error)
{
	_cleanup_free_ char *address = take_ours(putting, one);
	_cleanup_(mirror_person_free) struct mirror_person person = {0};
	int result;

	if (!address)
		return 0;
	if (!mirror_person_take(putting->directory, one, address, &person)) {
		putting->left_out++;
		return 0;
	}
	putting->left_out += person.left_out;
	json_object_set_new(putting->seen, address, json_true());
	putting->put_people++;
	result = put_account(putting, &person, error);
	return result < 0 ? result : put_rule(putting, address, one, error);
}

/* Where an alias of a database leads: anywhere.  Half a list is none. */
static json_t *far_targets_of(struct putting *putting, const json_t *one)
{
	json_t *to = json_array();

	if (take_addresses(putting->directory, json_object_get(one, "to"), ACCOUNTS_TARGETS, to,
			   NULL) < 0)
		json_array_clear(to);
	return to;
}

/* Whom it leads to of those who are here by this picture. */
static json_t *targets_of(const json_t *named, const json_t *one)
{
	json_t *to = json_array(), *target;
	size_t i;

	json_array_foreach(json_object_get(one, "to"), i, target)
	{
		const char *address = json_string_value(target);

		if (address && json_array_size(to) < MIRROR_TARGETS &&
		    json_object_get(named, address))
			json_array_append(to, target);
	}
	return to;
}

static int put_alias(struct putting *putting, const json_t *named, const json_t *one,
		     struct error *error)
{
	struct accounts *accounts = &putting->directory->accounts;
	bool far = strcmp(putting->directory->mirrored, ORIGIN_DATABASE) == 0;
	_cleanup_json_ json_t *to = far ? far_targets_of(putting, one) : targets_of(named, one);
	_cleanup_free_ char *address = json_array_size(to) > 0 ? take_ours(putting, one) : NULL;
	const json_t *before;

	putting->left_out += json_array_size(to) == 0;
	if (!address)
		return 0;
	json_object_set_new(putting->seen, address, json_true());
	putting->put_aliases++;
	before = json_object_get(putting->aliases, address);
	return before && json_equal(json_object_get(before, "to"), to)
		   ? 0
		   : accounts_put_alias(accounts, address, putting->directory->mirrored, to, NULL,
					error);
}

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
			result = put_alias(putting, named, one, error);
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
	return result < 0 ? result : note(putting, "mirror-remove", address, "", error);
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
		bool gone = is_ours(putting, one) && !json_object_get(putting->seen, address);

		*ret_before += is_ours(putting, one);
		*ret_gone += gone;
		if (drop && gone && result == 0)
			result = drop_person(putting, address, error);
	}
	json_object_foreach(putting->aliases, address, one)
	{
		bool gone = is_ours(putting, one) && !json_object_get(putting->seen, address);

		*ret_before += is_ours(putting, one);
		*ret_gone += gone;
		if (drop && gone && result == 0)
			result = accounts_drop_alias(&putting->directory->accounts, address, error);
	}
	return result;
}

/* More than a fifth is no longer there: that is refused, unless as much was accepted before. */
static int check_gone(struct putting *putting, struct error *error)
{
	struct accounts *accounts = &putting->directory->accounts;
	_cleanup_free_ char *accepted = NULL;
	json_int_t before, gone;
	int result = drop_unseen(putting, false, &before, &gone, error);

	if (result == 0)
		result = accounts_recall(accounts, MIRROR_ACCEPT_KEY, &accepted, error);
	if (result < 0)
		return result;
	json_object_set_new(putting->directory->mirror, "gone", json_integer(gone));
	if (gone * FIFTH <= before)
		return 0;
	if (gone > strtoll(accepted, NULL, 10))
		return error_set(error, EINVAL,
				 "of %lld addresses %lld " MIRROR_REFUSED
				 ", so nothing was changed; "
				 "if that is right, `postcask directory accept`",
				 (long long)before, (long long)gone);
	return accounts_remember(accounts, MIRROR_ACCEPT_KEY, "", error);
}

/* ---- All of it ---- */

static int put_all(struct putting *putting, const json_t *question, struct error *error)
{
	const json_t *people = json_object_get(question, "people"), *one;
	json_int_t before, gone;
	size_t i;
	int result = 0;

	if (json_array_size(people) == 0)
		return strcmp(putting->directory->mirrored, ORIGIN_DATABASE) == 0
			   ? error_set(error, EINVAL, "the database has nobody")
			   : error_set(error, EINVAL,
				       "the directory shows nobody; look at "
				       "authentication.ldap.base and filter");
	json_array_foreach(people, i, one)
	{
		if (result == 0)
			result = put_person(putting, one, error);
	}
	if (result == 0)
		result = put_aliases(putting, json_object_get(question, "aliases"), error);
	if (result == 0)
		result = check_gone(putting, error);
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
	return result < 0 ? result : note_more(&putting, error);
}

static const char *who_of(const struct directory *directory)
{
	return strcmp(directory->mirrored, ORIGIN_DATABASE) == 0 ? "database" : "directory server";
}

int mirror_put(struct directory *directory, const json_t *question, int64_t now,
	       json_t **ret_counts, struct error *error)
{
	_cleanup_json_ json_t *people = NULL, *aliases = NULL, *seen = json_object();
	_cleanup_json_ json_t *doubles = json_array();
	struct putting putting = {.directory = directory,
				  .change = {who_of(directory), now},
				  .doubles = doubles,
				  .seen = seen,
				  .left_out = json_number(question, "left_out")};
	int result = list_here(directory, &people, &aliases, error);

	if (result < 0)
		return result;
	putting.people = people;
	putting.aliases = aliases;
	result = put_all(&putting, question, error);
	if (result < 0)
		return result;
	json_array_extend(doubles, json_object_get(question, "doubles"));
	*ret_counts =
	    json_pack("{s:O, s:I, s:I, s:I}", "doubles", doubles, "people", putting.put_people,
		      "aliases", putting.put_aliases, "left_out", putting.left_out);
	return *ret_counts ? 0 : error_set(error, ENOMEM, "out of memory");
}

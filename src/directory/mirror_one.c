// SPDX-License-Identifier: GPL-3.0-or-later
/* One person or alias of a picture, put in. */
#include <stdlib.h>
#include <string.h>

#include "base/json_file.h"
#include "directory/accounts_filter.h"
#include "directory/accounts_rule.h"
#include "directory/mirror.h"
#include "directory/mirror_move.h"
#include "directory/mirror_putting.h"
#include "directory/take.h"

enum { NOTED = 1000 };

/* ---- The record ---- */

/* One line for each who comes or goes, and for those above NOTED one for all: 100,000 of them would
 * take the place of all others. */
int putting_note(struct putting *putting, const char *verb, const char *address, const char *detail,
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

/* ---- Whose an address is ---- */

bool putting_is_ours(const struct putting *putting, const json_t *one)
{
	return strcmp(json_text(one, "origin"), putting->directory->mirrored) == 0;
}

/* Whether somebody of another origin has it. */
static bool is_taken(const struct putting *putting, const char *address)
{
	const json_t *person = json_object_get(putting->people, address);
	const json_t *alias = json_object_get(putting->aliases, address);

	return (person && !putting_is_ours(putting, person)) ||
	       (alias && !putting_is_ours(putting, alias));
}

static const json_t *of_command(const json_t *list, const char *address)
{
	const json_t *one = json_object_get(list, address);

	return one && strcmp(json_text(one, "origin"), ORIGIN_COMMAND) == 0 ? one : NULL;
}

/* Whether it has to be looked at as a whole who has it. */
static bool may_move(const struct putting *putting, const char *address)
{
	return putting->moving &&
	       (of_command(putting->people, address) || of_command(putting->aliases, address));
}

static void say_differs(struct putting *putting, const char *address, const char *what)
{
	putting->left_out++;
	if (json_array_size(putting->differs) < MIRROR_SHOWN)
		json_add_sentence(putting->differs, "%s: %s", address, what);
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
	if (is_taken(putting, address) && !may_move(putting, address)) {
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
	return result == 0 && changed ? putting_note(putting, "mirror-rules", address, "", error)
				      : result;
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
		result = putting_note(putting, "mirror-add", address, person->dn, error);
	return result < 0 ? result : 0;
}

/* Whether he stays whose he is: he is a command's, and another one. */
static int stays(struct putting *putting, const struct mirror_person *person, bool *ret,
		 struct error *error)
{
	const char *address = person->account.address, *differs = NULL;
	const json_t *here = of_command(putting->people, address);
	int result = 0;

	if (of_command(putting->aliases, address))
		differs = "one is an alias";
	else if (here)
		result = mirror_person_differs(putting->directory, here, person, &differs, error);
	*ret = differs;
	if (differs)
		say_differs(putting, address, differs);
	else if (here && result == 0) {
		putting->moved++;
		result = accounts_put_filter(&putting->directory->accounts, address, ORIGIN_COMMAND,
					     NULL, error);
	}
	return result;
}

int putting_person(struct putting *putting, const json_t *one, struct error *error)
{
	bool stay = false;
	_cleanup_free_ char *address = take_ours(putting, one);
	_cleanup_(mirror_person_free) struct mirror_person person = {0};
	int result;

	if (!address)
		return 0;
	if (!mirror_person_take(putting->directory, one, address, &person)) {
		putting->left_out++;
		return 0;
	}
	result = stays(putting, &person, &stay, error);
	if (result < 0 || stay)
		return result;
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

static bool alias_stays(struct putting *putting, const char *address, const json_t *to)
{
	const json_t *here = of_command(putting->aliases, address);
	const char *differs = of_command(putting->people, address)     ? "one is a mailbox"
			      : here && mirror_alias_differs(here, to) ? "where it leads"
								       : NULL;

	if (differs)
		say_differs(putting, address, differs);
	putting->moved += here && !differs;
	return differs;
}

int putting_alias(struct putting *putting, const json_t *named, const json_t *one,
		  struct error *error)
{
	struct accounts *accounts = &putting->directory->accounts;
	bool far = strcmp(putting->directory->mirrored, ORIGIN_DATABASE) == 0;
	_cleanup_json_ json_t *to = far ? far_targets_of(putting, one) : targets_of(named, one);
	_cleanup_free_ char *address = json_array_size(to) > 0 ? take_ours(putting, one) : NULL;
	const json_t *before;

	putting->left_out += json_array_size(to) == 0;
	if (!address || alias_stays(putting, address, to))
		return 0;
	json_object_set_new(putting->seen, address, json_true());
	putting->put_aliases++;
	before = json_object_get(putting->aliases, address);
	return before && putting_is_ours(putting, before) &&
		       json_equal(json_object_get(before, "to"), to)
		   ? 0
		   : accounts_put_alias(accounts, address, putting->directory->mirrored, to, NULL,
					error);
}

// SPDX-License-Identifier: GPL-3.0-or-later
/* People and aliases of another server, put in beside those who are here.
 *
 * Who is here already stays as he is: it is only said in what he differs.  What cannot be here,
 * such as a person of a domain that is not ours, is left out and said.  The rest is put in whole.
 */
#include <errno.h>
#include <string.h>
#include <systemd/sd-daemon.h>

#include "base/buffer.h"
#include "base/json_file.h"
#include "directory/answers.h"
#include "directory/both.h"
#include "directory/people.h"
#include "directory/take.h"

enum { SIGN_OF_LIFE = 10000 }; /* after so many people or aliases */

struct takeover {
	struct directory *directory;
	const struct change *change;
	/* Of the answer. */
	json_t *people, *aliases, *left, *domains;
	size_t same;
};

static void leave(struct takeover *takeover, const char *what, const char *why)
{
	json_array_append_new(takeover->left, json_pack("{s:s, s:s}", "what", what, "why", why));
}

/* Whether a domain may have it; if not, that is counted. */
static int look_at_domain(struct takeover *takeover, const char *address, bool person, bool *ret,
			  struct error *error)
{
	const char *domain = strchr(address, '@') + 1;
	int result =
	    accounts_has_domain(&takeover->directory->accounts, domain, person, ret, error);

	if (result == 0 && !*ret)
		json_object_set_new(takeover->domains, domain,
				    json_integer(json_number(takeover->domains, domain) + 1));
	return result;
}

/* ---- Who is here already ---- */

static void differ(struct buffer *text, bool differs, const char *what)
{
	if (differs)
		buffer_addf(text, "%s%s", text->size ? ", " : "", what);
}

static int compare_hash(struct takeover *takeover, const json_t *there, const char *address,
			bool *ret_differs, struct error *error)
{
	_cleanup_free_ char *hash = NULL, *here = NULL;
	int result = take_hash(there, &hash, error);

	if (result == 0)
		result = secrets_hash(&takeover->directory->secrets, address, &here, error);
	*ret_differs = result == 0 && !json_is_true(json_object_get(there, "unknown")) &&
		       (!here || strcmp(here, hash) != 0);
	return result;
}

static int compare_person(struct takeover *takeover, const json_t *there, const json_t *here,
			  const char *address, struct error *error)
{
	_cleanup_(buffer_free) struct buffer text = BUFFER_INIT;
	bool hash = false;
	int result = compare_hash(takeover, there, address, &hash, error);

	if (result < 0)
		return result;
	differ(&text, strcmp(json_text(there, "name"), json_text(here, "name")) != 0, "name");
	differ(&text, json_number(there, "quota_mib") != json_number(here, "quota_mib"), "quota");
	differ(&text,
	       json_is_false(json_object_get(there, "enabled")) !=
		   json_is_false(json_object_get(here, "enabled")),
	       "whether he may log in");
	differ(&text, hash, "password");
	if (text.size == 0) {
		takeover->same++;
		return 0;
	}
	buffer_addf(&text, ": not as there, and left as it is here");
	leave(takeover, address, buffer_text(&text));
	return 0;
}

/* As accounts_put_alias would store it. */
static bool same_targets(const json_t *there, const json_t *here)
{
	const json_t *to = json_object_get(there, "to"), *one;
	size_t i;

	if (json_array_size(to) != json_array_size(json_object_get(here, "to")))
		return false;
	json_array_foreach(to, i, one) if (!json_has_text(json_object_get(here, "to"),
							  json_string_value(one))) return false;
	return true;
}

/* *ret_here: somebody has the address, which is said where it has to be. */
static int look_at_address(struct takeover *takeover, const json_t *there, const char *address,
			   bool person, bool *ret_here, struct error *error)
{
	_cleanup_json_ json_t *man = NULL, *alias = NULL;
	int result = accounts_find(&takeover->directory->accounts, address, &man, error);

	if (result == 0)
		result =
		    accounts_find_alias(&takeover->directory->accounts, address, &alias, error);
	*ret_here = man || alias;
	if (result < 0 || !*ret_here)
		return result;
	if (man && person)
		return compare_person(takeover, there, man, address, error);
	if (alias && !person && same_targets(there, alias))
		takeover->same++;
	else
		leave(takeover, address,
		      man      ? "a user here already, and no alias"
		      : person ? "an alias here already, and no user"
			       : "an alias that leads elsewhere here");
	return 0;
}

/* ---- One ---- */

static int take_over(struct takeover *takeover, const json_t *there, bool person,
		     struct error *error)
{
	_cleanup_(error_clear) struct error why = ERROR_INIT;
	_cleanup_free_ char *address = NULL;
	bool ours = false, here = false;
	int result;

	if (take_address(there, &address, &why) < 0) {
		leave(takeover, json_text(there, "address"), error_text(&why));
		return 0;
	}
	result = look_at_domain(takeover, address, person, &ours, error);
	if (result == 0 && ours)
		result = look_at_address(takeover, there, address, person, &here, error);
	if (result < 0 || !ours || here)
		return result;
	result = person ? people_put_new(takeover->directory, there, takeover->change, error)
			: people_put_new_alias(takeover->directory, there, error);
	if (result == 0)
		json_array_append_new(person ? takeover->people : takeover->aliases,
				      json_string(address));
	return result < 0 ? error_wrap(error, "%s", address) : 0;
}

/* Aliases that would lead back to themselves, or to such ones, are taken out again. */
static int leave_loops(struct takeover *takeover, struct error *error)
{
	struct accounts *accounts = &takeover->directory->accounts;
	_cleanup_json_ json_t *loops = json_array(), *circling = json_object();
	const json_t *one;
	size_t i;
	int result = accounts_settle(accounts, error);

	if (result == 0)
		result = accounts_find_loops(accounts, error);
	if (result == 0)
		result = accounts_list_loops(accounts, loops, error);
	json_array_foreach(loops, i, one)
	    json_object_set_new(circling, json_string_value(one), json_true());
	for (i = json_array_size(takeover->aliases); result == 0 && i-- > 0;) {
		const char *address = json_string_value(json_array_get(takeover->aliases, i));

		if (!json_object_get(circling, address))
			continue;
		leave(takeover, address, "it leads back to itself, or to one that does");
		result = accounts_drop_alias(accounts, address, error);
		json_array_remove(takeover->aliases, i);
	}
	return result;
}

static int take_list(struct takeover *takeover, const json_t *list, bool person,
		     struct error *error)
{
	const json_t *one;
	size_t i;
	int result = 0;

	json_array_foreach(list, i, one)
	{
		if (i % SIGN_OF_LIFE == 0)
			sd_notify(0, "WATCHDOG=1"); /* a large server takes a busy machine long */
		result = result == 0 ? take_over(takeover, one, person, error) : result;
	}
	return result;
}

static int take_all(struct takeover *takeover, const json_t *question, struct error *error)
{
	int result = take_list(takeover, json_object_get(question, "people"), true, error);

	if (result == 0)
		result = take_list(takeover, json_object_get(question, "aliases"), false, error);
	if (result == 0)
		result = leave_loops(takeover, error);
	if (result == 0)
		result = take_note_import(takeover->directory, takeover->change, "takeover-people",
					  json_array_size(takeover->people), error);
	return result < 0
		   ? result
		   : take_note_import(takeover->directory, takeover->change, "takeover-aliases",
				      json_array_size(takeover->aliases), error);
}

int answer_takeover(void *context, const json_t *question, json_t *answer, struct error *error)
{
	struct takeover takeover = {context,	   NULL, json_array(), json_array(), json_array(),
				    json_object(), 0};
	struct change change;
	int result = take_change(question, &change, error);

	takeover.change = &change;
	json_object_set_new(answer, "people", takeover.people);
	json_object_set_new(answer, "aliases", takeover.aliases);
	json_object_set_new(answer, "left", takeover.left);
	json_object_set_new(answer, "domains", takeover.domains);
	if (result == 0)
		result = both_begin(context, error);
	if (result < 0)
		return result;
	result = take_all(&takeover, question, error);
	result = both_finish(context, question, result, error);
	json_object_set_new(answer, "same", json_integer((json_int_t)takeover.same));
	return result;
}

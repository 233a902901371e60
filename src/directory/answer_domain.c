// SPDX-License-Identifier: GPL-3.0-or-later
/* Domains: shown, and who gets what nobody else does.  Which there are, the settings say. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_file.h"
#include "directory/answers.h"
#include "directory/both.h"
#include "directory/take.h"

/* One that is ours, in *ret_domain; both are the caller's. */
static int find_domain(struct directory *directory, const json_t *question, char **ret_name,
		       json_t **ret_domain, struct error *error)
{
	_cleanup_json_ json_t *found = json_array();
	int result = take_domain(question, ret_name, error);

	if (result == 0 && !*ret_name)
		result = error_set(error, EINVAL, "a domain is missing");
	if (result == 0)
		result = accounts_list_domains(&directory->accounts, *ret_name, found, error);
	if (result == 0 && json_array_size(found) == 0)
		result = error_set(error, ENOENT,
				   "%s is none of this machine's; `postcask domain list` shows "
				   "which are",
				   *ret_name);
	if (result == 0)
		*ret_domain = json_incref(json_array_get(found, 0));
	return result;
}

static int check_domain(const json_t *domain, struct error *error)
{
	const char *name = json_text(domain, "name"), *of = json_text(domain, "alias_of");

	if (of[0])
		return error_set(error, EINVAL, "%s is another name of %s; say it of that", name,
				 of);
	if (!json_is_true(json_object_get(domain, "people")))
		return error_set(
		    error, EINVAL,
		    "%s is the machine's own name, and its addresses are aliases alone", name);
	return strcmp(json_text(domain, "catch_all_origin"), ORIGIN_SETTINGS) == 0
		   ? error_set(error, EPERM,
			       "the catch-all of %s is of the machine's settings; change it there, "
			       "and `postcask apply` them",
			       name)
		   : 0;
}

/* Somebody who is here, or an address elsewhere. */
static int take_target(struct directory *directory, const json_t *question, json_t *ret,
		       struct error *error)
{
	_cleanup_json_ json_t *list = json_array();
	const char *address;
	bool ours = false, there = false;
	int result;

	json_array_append(list, json_object_get(question, "catch_all"));
	result = take_addresses(directory, list, 1, ret, error);
	if (result < 0)
		return result;
	address = json_string_value(json_array_get(ret, 0));
	result = accounts_has_domain(&directory->accounts, strchr(address, '@') + 1, false, &ours,
				     error);
	if (result == 0 && ours)
		result = accounts_has_resident(&directory->accounts, address, &there, error);
	return result == 0 && ours && !there
		   ? error_set(error, ENOENT, "%s is neither a user nor an alias here", address)
		   : result;
}

static int set_one(struct directory *directory, const json_t *question, const struct change *change,
		   struct error *error)
{
	_cleanup_free_ char *name = NULL;
	_cleanup_json_ json_t *domain = NULL, *target = json_array();
	const char *to = NULL;
	int result = find_domain(directory, question, &name, &domain, error);

	if (result == 0)
		result = check_domain(domain, error);
	if (result == 0 && json_text(question, "catch_all")[0]) {
		result = take_target(directory, question, target, error);
		to = json_string_value(json_array_get(target, 0));
	}
	if (result == 0)
		result =
		    accounts_put_catch_all(&directory->accounts, name, to, ORIGIN_COMMAND, error);
	return result < 0 ? result
			  : secrets_note(&directory->secrets, change, "domain-set", name,
					 to ? to : "catch-all none", error);
}

int answer_domain_set(void *context, const json_t *question, json_t *answer _unused_,
		      struct error *error)
{
	int result = both_change(context, question, set_one, error);

	return result < 0 ? result : directory_take_doubles(context, error);
}

int answer_domain_list(void *context, const json_t *question _unused_, json_t *answer,
		       struct error *error)
{
	struct directory *directory = context;
	json_t *domains = json_array();

	json_object_set_new(answer, "domains", domains);
	return accounts_list_domains(&directory->accounts, NULL, domains, error);
}

int answer_domain_show(void *context, const json_t *question, json_t *answer, struct error *error)
{
	_cleanup_free_ char *name = NULL;
	json_t *domain = NULL;
	int result = find_domain(context, question, &name, &domain, error);

	if (domain)
		json_object_set_new(answer, "domain", domain);
	return result;
}

// SPDX-License-Identifier: GPL-3.0-or-later
#include "directory/mirror_person.h"

#include <stdlib.h>
#include <string.h>

#include "base/json_file.h"
#include "directory/mirror_filter.h"
#include "directory/take.h"

enum { DN = 1024 };

/* Where he is in the directory: what his password is asked of. */
static bool is_dn(const char *dn)
{
	for (const char *c = dn; *c; c++)
		if ((unsigned char)*c < ' ' || *c == 127)
			return false;
	return dn[0] && strlen(dn) <= DN;
}

static bool is_some(const json_t *value)
{
	return value && !json_is_null(value);
}

/* His mail is here and goes nowhere else, where one of the addresses is no good: half a list is
 * none. */
static void take_forward(struct directory *directory, const json_t *list,
			 struct mirror_person *person)
{
	if (json_array_size(list) == 0)
		return;
	person->forward = json_array();
	if (take_addresses(directory, list, ACCOUNTS_FORWARDS, person->forward, NULL) == 0) {
		person->account.forward = person->forward;
		return;
	}
	person->account.forward_keep = true;
	person->left_out++;
}

bool mirror_person_take(struct directory *directory, const json_t *one, const char *address,
			struct mirror_person *ret)
{
	struct account *account = &ret->account;
	bool asked = strcmp(directory->mirrored, ORIGIN_LDAP) == 0;

	*ret = (struct mirror_person){
	    .account = {.address = address, .name = "", .forward_keep = true, .language = ""},
	    .dn = asked ? json_text(one, "dn") : ""};
	if (asked && !is_dn(ret->dn))
		return false;
	account->enabled = json_is_true(json_object_get(one, "enabled"));
	if (json_is_boolean(json_object_get(one, "forward_keep")))
		account->forward_keep = json_is_true(json_object_get(one, "forward_keep"));
	ret->left_out += take_name(one, &account->name, NULL) < 0;
	ret->left_out +=
	    take_number(one, "quota_mib", ACCOUNTS_QUOTA, &account->quota_mib, NULL) < 0;
	ret->left_out += take_number(one, "quota_messages", ACCOUNTS_MESSAGES,
				     &account->quota_messages, NULL) < 0;
	if (json_text(one, "language")[0])
		ret->left_out += take_language(one, &account->language, &ret->language, NULL) < 0;
	if (is_some(json_object_get(one, "hash")))
		ret->left_out += take_hash(one, &ret->hash, NULL) < 0;
	take_forward(directory, json_object_get(one, "forward"), ret);
	ret->filter = mirror_filter_take(json_object_get(one, "filter"), &ret->left_out);
	return true;
}

void mirror_person_free(struct mirror_person *person)
{
	free(TAKE_POINTER(person->hash));
	free(TAKE_POINTER(person->language));
	json_decref(TAKE_POINTER(person->forward));
	json_decref(TAKE_POINTER(person->filter));
}

int mirror_person_let_in(struct directory *directory, const struct mirror_person *person,
			 struct error *error)
{
	const struct account *account = &person->account;

	if (person->dn[0])
		return secrets_put_elsewhere(&directory->secrets, account->address, person->dn,
					     account->enabled, error);
	return secrets_put(&directory->secrets, account->address,
			   person->hash ? person->hash : SECRETS_ELSEWHERE, account->enabled,
			   error);
}

// SPDX-License-Identifier: GPL-3.0-or-later
#include <errno.h>

#include "base/json_file.h"
#include "directory/answers.h"
#include "directory/directory.h"
#include "directory/mirror.h"
#include "directory/mirror_move.h"

enum { AUDIT_AT_ONCE = 10000 };

static int answer_audit(void *context, const json_t *question, json_t *answer, struct error *error)
{
	struct directory *directory = context;
	const char *address = json_text(question, "address");
	long long most = json_number(question, "most");
	json_t *changes = json_array();

	json_object_set_new(answer, "changes", changes);
	if (most < 1 || most > AUDIT_AT_ONCE)
		return error_set(error, EINVAL, "1 to %d changes are shown at once", AUDIT_AT_ONCE);
	return secrets_history(&directory->secrets, address[0] ? address : NULL, (int)most, changes,
			       error);
}

static int answer_apply(void *context, const json_t *question _unused_, json_t *answer _unused_,
			struct error *error)
{
	struct directory *directory = context;
	int result = directory_take_settings(directory, error);

	return result == 0 && directory->fault ? error_set(error, EINVAL, "%s", directory->fault)
					       : result;
}

static int answer_residents(void *context, const json_t *question _unused_, json_t *answer,
			    struct error *error)
{
	struct directory *directory = context;
	json_t *residents = json_array();

	json_object_set_new(answer, "residents", residents);
	return accounts_list_residents(&directory->accounts, residents, error);
}

static int answer_ping(void *context _unused_, const json_t *question _unused_, json_t *answer,
		       struct error *error _unused_)
{
	json_object_set_new(answer, "pong", json_true());
	return 0;
}

char *directory_answer(struct directory *directory, struct slice question)
{
	static const struct ask_verb verbs[] = {{"user-add", answer_user_add},
						{"user-set", answer_user_set},
						{"user-remove", answer_user_remove},
						{"user-list", answer_user_list},
						{"user-show", answer_user_show},
						{"user-import", answer_user_import},
						{"filter-set", answer_filter_set},
						{"filter-show", answer_filter_show},
						{"alias-add", answer_alias_add},
						{"alias-set", answer_alias_set},
						{"alias-remove", answer_alias_remove},
						{"alias-list", answer_alias_list},
						{"alias-show", answer_alias_show},
						{"alias-import", answer_alias_import},
						{"domain-set", answer_domain_set},
						{"domain-list", answer_domain_list},
						{"domain-show", answer_domain_show},
						{"shared-add", answer_shared_add},
						{"shared-set", answer_shared_set},
						{"shared-remove", answer_shared_remove},
						{"shared-list", answer_shared_list},
						{"shared-show", answer_shared_show},
						{"member-put", answer_member_put},
						{"member-remove", answer_member_remove},
						{"takeover", answer_takeover},
						{"app-add", answer_app_add},
						{"app-list", answer_app_list},
						{"app-revoke", answer_app_revoke},
						{"factor-add", answer_factor_add},
						{"factor-confirm", answer_factor_confirm},
						{"factor-check", answer_factor_check},
						{"factor-show", answer_factor_show},
						{"factor-codes", answer_factor_codes},
						{"factor-remove", answer_factor_remove},
						{"mailbox-pause", answer_mailbox_pause},
						{"mailbox-switch", answer_mailbox_switch},
						{"main", answer_main},
						{"audit", answer_audit},
						{"residents", answer_residents},
						{"mirror-accept", answer_mirror_accept},
						{"accounts-move", answer_accounts_move},
						{"apply", answer_apply},
						{"ping", answer_ping}};

	return ask_answer(verbs, ARRAY_SIZE(verbs), directory, question);
}

char *directory_answer_mirror(struct directory *directory, struct slice question)
{
	static const struct ask_verb verbs[] = {{"mirror", answer_mirror}};

	return ask_answer(verbs, ARRAY_SIZE(verbs), directory, question);
}

// SPDX-License-Identifier: GPL-3.0-or-later
#include <errno.h>
#include <string.h>

#include "base/json_file.h"
#include "directory/accounts.h"
#include "directory/accounts_filter.h"
#include "directory/accounts_schema.h"
#include "directory/accounts_shared.h"

static bool has_plus(const char *address)
{
	const char *plus = strchr(address, '+'), *at = strchr(address, '@');

	return plus && at && plus < at;
}

/* Of statements about one text. */
static int run(struct accounts *accounts, enum accounts_statement which, const char *text,
	       struct error *error)
{
	return cabinet_run_with(&accounts->cabinet, which, error, text, NULL);
}

static int put_plus(struct accounts *accounts, const char *address, bool person,
		    struct error *error)
{
	if (!has_plus(address))
		return 0;
	accounts->labels = true;
	cabinet_bind_number(&accounts->cabinet, PLUS_ADD, 2, person);
	return run(accounts, PLUS_ADD, address, error);
}

/* Where mail for who goes went on, and his + : a person may have become an alias before he goes,
 * and the other way round. */
static int drop_way(struct accounts *accounts, const char *address, bool person,
		    struct error *error)
{
	int result;

	cabinet_bind_number(&accounts->cabinet, TARGET_DROP_OF, 2, person);
	result = run(accounts, TARGET_DROP_OF, address, error);
	if (result < 0 || !has_plus(address))
		return result;
	accounts->labels = true;
	cabinet_bind_number(&accounts->cabinet, PLUS_DROP, 2, person);
	return run(accounts, PLUS_DROP, address, error);
}

/* ---- Where mail goes on ---- */

static int add_target(struct accounts *accounts, const char *address, const char *target,
		      size_t position, bool person, struct error *error)
{
	accounts->labels = accounts->labels || has_plus(target);
	cabinet_bind_number(&accounts->cabinet, TARGET_ADD, 3, (int64_t)position);
	cabinet_bind_number(&accounts->cabinet, TARGET_ADD, 4, person);
	return cabinet_run_with(&accounts->cabinet, TARGET_ADD, error, address, target, NULL);
}

static int put_targets(struct accounts *accounts, const char *address, const json_t *to,
		       bool person, struct error *error)
{
	const json_t *target;
	size_t i;
	int result = run(accounts, TARGET_DROP, address, error);

	json_array_foreach(to, i, target)
	{
		if (result == 0)
			result = add_target(accounts, address, json_string_value(target), i, person,
					    error);
	}
	return result;
}

/* ---- People ---- */

int accounts_put(struct accounts *accounts, const struct account *account, const char *origin,
		 int64_t now, struct error *error)
{
	struct cabinet *cabinet = &accounts->cabinet;
	bool known;
	int result = accounts_has(accounts, account->address, &known, error);

	/* Only who comes has the format of those who come. */
	if (result == 0 && !known)
		result = run(accounts, MAILBOX_NEW, account->address, error);
	if (result < 0)
		return result;
	cabinet_bind_number(cabinet, ACCOUNT_PUT, 4, account->quota_mib);
	cabinet_bind_number(cabinet, ACCOUNT_PUT, 5, account->quota_messages);
	cabinet_bind_number(cabinet, ACCOUNT_PUT, 6, account->enabled);
	cabinet_bind_number(cabinet, ACCOUNT_PUT, 7, now);
	cabinet_bind_number(cabinet, ACCOUNT_PUT, 8, account->forward_keep);
	cabinet_bind(cabinet, ACCOUNT_PUT, 9, account->language);
	result = cabinet_run_with(cabinet, ACCOUNT_PUT, error, account->address, origin,
				  account->name, NULL);
	if (result == 0)
		result = run(accounts, GONE_DROP, account->address, error);
	if (result == 0)
		result = put_targets(accounts, account->address, account->forward, true, error);
	return result < 0 ? result : put_plus(accounts, account->address, true, error);
}

int accounts_drop(struct accounts *accounts, const char *address, int64_t now, struct error *error)
{
	int result = accounts_forget_parts(accounts, address, error);

	if (result == 0)
		result = run(accounts, ACCOUNT_DROP, address, error);
	if (result == 0)
		result = run(accounts, MAILBOX_GONE, address, error);
	cabinet_bind_number(&accounts->cabinet, GONE_ADD, 2, now);
	if (result == 0)
		result = run(accounts, GONE_ADD, address, error);
	if (result == 0)
		result = accounts_drop_filter(accounts, address, error);
	return result < 0 ? result : drop_way(accounts, address, true, error);
}

/* ---- Aliases ---- */

static int put_writers(struct accounts *accounts, const char *address, const json_t *who,
		       struct error *error)
{
	const json_t *writer;
	size_t i;
	int result = run(accounts, WRITER_DROP, address, error);

	json_array_foreach(who, i, writer)
	{
		if (result == 0)
			result = cabinet_run_with(&accounts->cabinet, WRITER_ADD, error, address,
						  json_string_value(writer), NULL);
	}
	return result;
}

int accounts_put_alias(struct accounts *accounts, const char *address, const char *origin,
		       const json_t *to, const json_t *who, struct error *error)
{
	int result = cabinet_run_with(&accounts->cabinet, ALIAS_PUT, error, address, origin, NULL);

	if (result == 0)
		result = put_targets(accounts, address, to, false, error);
	if (result == 0)
		result = put_writers(accounts, address, who, error);
	return result < 0 ? result : put_plus(accounts, address, false, error);
}

int accounts_drop_alias(struct accounts *accounts, const char *address, struct error *error)
{
	int result = run(accounts, ALIAS_DROP, address, error);

	if (result == 0)
		result = run(accounts, WRITER_DROP, address, error);
	return result < 0 ? result : drop_way(accounts, address, false, error);
}

int accounts_settle(struct accounts *accounts, struct error *error)
{
	int result = accounts->labels ? cabinet_run(&accounts->cabinet, TARGET_NEXT, error) : 0;

	accounts->labels = accounts->labels && result < 0;
	return result;
}

int accounts_leads_back(struct accounts *accounts, const char *address, bool *ret,
			struct error *error)
{
	return cabinet_has(&accounts->cabinet, LOOP_OF, address, ret, error);
}

/* Whoever leads to nobody that is an alias is taken away, as long as there is one: who is left
 * leads to a loop. */
int accounts_find_loops(struct accounts *accounts, struct error *error)
{
	struct cabinet *cabinet = &accounts->cabinet;
	int result = cabinet_run(cabinet, EDGE_FORGET, error);

	if (result == 0)
		result = cabinet_run(cabinet, LOOP_FORGET, error);
	if (result == 0)
		result = cabinet_run(cabinet, EDGE_FIND, error);
	while (result == 0 && cabinet_changed(cabinet) > 0)
		result = cabinet_run(cabinet, EDGE_END, error);
	return result < 0 ? result : cabinet_run(cabinet, LOOP_TAKE, error);
}

/* ---- What the settings say ---- */

int accounts_begin_settings(struct accounts *accounts, struct error *error)
{
	static const enum accounts_statement forget[] = {
	    DOMAIN_FORGET, CATCH_ALL_FORGET, TARGET_FORGET, WRITER_FORGET, ALIAS_FORGET,
	    SENDER_FORGET, SHARED_FORGET,    MEMBER_FORGET, DOUBLE_FORGET, SEEN_FORGET};
	int result = 0;

	for (size_t i = 0; result == 0 && i < ARRAY_SIZE(forget); i++)
		result = cabinet_run(&accounts->cabinet, forget[i], error);
	return result < 0 ? result : accounts_forget_filters(accounts, ORIGIN_SETTINGS, error);
}

int accounts_add_domain(struct accounts *accounts, const char *domain, bool people,
			struct error *error)
{
	cabinet_bind_number(&accounts->cabinet, DOMAIN_ADD, 2, people);
	return run(accounts, DOMAIN_ADD, domain, error);
}

int accounts_add_sender(struct accounts *accounts, const char *login, const char *as,
			const char *mode, struct error *error)
{
	return cabinet_run_with(&accounts->cabinet, SENDER_ADD, error, login, as, mode,
				ORIGIN_SETTINGS, NULL);
}

int accounts_add_double(struct accounts *accounts, const char *address, struct error *error)
{
	return run(accounts, DOUBLE_ADD, address, error);
}

int accounts_see(struct accounts *accounts, const char *address, struct error *error)
{
	return run(accounts, SEEN_ADD, address, error);
}

int accounts_end_settings(struct accounts *accounts, int64_t now, struct error *error)
{
	_cleanup_json_ json_t *unseen = json_array();
	const json_t *one;
	size_t i;
	int result = cabinet_list(&accounts->cabinet, ACCOUNT_UNSEEN, cabinet_first, unseen, error);

	json_array_foreach(unseen, i, one)
	{
		if (result == 0)
			result = accounts_drop(accounts, json_string_value(one), now, error);
	}
	if (result == 0)
		result = accounts_check_other_names(accounts, error);
	if (result == 0)
		result = cabinet_run(&accounts->cabinet, PLUS_FORGET, error);
	if (result == 0) /* a user may have become an alias */
		result = cabinet_run(&accounts->cabinet, PLUS_AGAIN, error);
	accounts->labels = true;
	if (result == 0)
		result = accounts_settle(accounts, error);
	return result < 0 ? result : accounts_find_loops(accounts, error);
}

// SPDX-License-Identifier: GPL-3.0-or-later
/* People: made, changed and shown. */
#include <errno.h>
#include <string.h>

#include "base/buffer.h"
#include "base/json_file.h"
#include "directory/accounts_filter.h"
#include "directory/accounts_mailbox.h"
#include "directory/accounts_shared.h"
#include "directory/answers.h"
#include "directory/both.h"
#include "directory/people.h"
#include "directory/take.h"

/* What is taken of a question; to be freed. */
struct taken {
	char *address, *hash, *language;
	json_t *forward;
	struct account account;
};

static void taken_free(struct taken *taken)
{
	free(taken->address);
	free(taken->hash);
	free(taken->language);
	json_decref(taken->forward);
}

/* ---- Changes of one, in a change of both files that is begun ---- */

/* Whom he may also send as; what is not said stays as it is. */
static int put_senders(struct directory *directory, const json_t *question, const char *login,
		       bool here, struct error *error)
{
	static const struct {
		const char *key, *mode;
	} kinds[] = {{"may_send_as", SENDER_AS}, {"may_send_for", SENDER_BEHALF}};
	int result = 0;

	for (size_t i = 0; result == 0 && i < ARRAY_SIZE(kinds); i++) {
		_cleanup_json_ json_t *list = NULL;

		result = take_senders(directory, question, kinds[i].key, here, &list, error);
		if (result == 0 && list)
			result = accounts_put_senders(&directory->accounts, login, kinds[i].mode,
						      list, error);
	}
	return result;
}

/* No forward is an empty list. */
static int take_forward(struct directory *directory, const json_t *question, struct taken *taken,
			struct error *error)
{
	const json_t *forward = json_object_get(question, "forward");
	const json_t *keep = json_object_get(question, "forward_keep");

	if (json_is_boolean(keep))
		taken->account.forward_keep = json_is_true(keep);
	if (!forward)
		return 0;
	taken->account.forward = taken->forward = json_array();
	return json_is_array(forward) && json_array_size(forward) == 0
		   ? 0
		   : take_addresses(directory, forward, ACCOUNTS_FORWARDS, taken->forward, error);
}

static int take_all_values(struct directory *directory, const json_t *question, struct taken *taken,
			   struct error *error)
{
	struct account *account = &taken->account;
	int result = take_values(question, account, error);

	if (result == 0)
		result = take_language(question, &account->language, &taken->language, error);
	return result < 0 ? result : take_forward(directory, question, taken, error);
}

static int put_filter(struct directory *directory, const json_t *question, const char *address,
		      struct error *error)
{
	_cleanup_json_ json_t *filter = NULL;
	int result = filter_take(json_object_get(question, "filter"), &filter, error);

	return result < 0 ? result
			  : accounts_put_filter(&directory->accounts, address, ORIGIN_COMMAND,
						filter, error);
}

/* Who comes from elsewhere with his mail says how it is kept. */
static int put_format(struct directory *directory, const json_t *question, const char *address,
		      struct error *error)
{
	const char *format = json_text(question, "format");

	if (!format[0])
		return 0;
	if (!accounts_is_format(format))
		return error_set(error, EINVAL,
				 "\"%.40s\" is no format of mailboxes; write maildir or mdbox",
				 format);
	return accounts_put_format(&directory->accounts, address, format, error);
}

static int put_new(struct directory *directory, const json_t *question, struct taken *taken,
		   bool alone, const struct change *change, struct error *error)
{
	int result = take_address(question, &taken->address, error);

	if (result == 0)
		result = take_new(directory, taken->address, true, error);
	if (result == 0)
		result = take_hash(question, &taken->hash, error);
	if (result == 0)
		result = take_all_values(directory, question, taken, error);
	if (result < 0)
		return result;
	taken->account.address = taken->address;
	taken->account.enabled = !json_is_false(json_object_get(question, "enabled"));
	result = put_format(directory, question, taken->address, error);
	if (result < 0)
		return result;
	/* Whoever had the address before is somebody else. */
	result = secrets_forget(&directory->secrets, taken->address, error);
	if (result == 0)
		result = secrets_put(&directory->secrets, taken->address, taken->hash,
				     taken->account.enabled, error);
	if (result >= 0)
		result = put_filter(directory, question, taken->address, error);
	if (result == 0)
		result = accounts_put(&directory->accounts, &taken->account, ORIGIN_COMMAND,
				      change->now, error);
	/* Others of a table may come after him. */
	return result < 0 ? result : put_senders(directory, question, taken->address, alone, error);
}

#define NEW_TAKEN                                                                                  \
	((struct taken){                                                                           \
	    .account = {.name = "", .enabled = true, .forward_keep = true, .language = ""}})

int people_put_new(struct directory *directory, const json_t *question, const struct change *change,
		   struct error *error)
{
	_cleanup_(taken_free) struct taken taken = NEW_TAKEN;

	return put_new(directory, question, &taken, false, change, error);
}

static int add_one(struct directory *directory, const json_t *question, const struct change *change,
		   struct error *error)
{
	_cleanup_(taken_free) struct taken taken = NEW_TAKEN;
	int result = put_new(directory, question, &taken, true, change, error);

	if (result == 0)
		result = take_no_loop(directory, taken.address, error);
	return result < 0 ? result
			  : secrets_note(&directory->secrets, change, "user-add", taken.address,
					 taken.account.name, error);
}

/* What the record says of it: never a hash. */
static void describe(const json_t *question, struct buffer *text)
{
	static const char *const keys[] = {"name",     "quota_mib",   "quota_messages",
					   "enabled",  "forward",     "forward_keep",
					   "language", "may_send_as", "may_send_for"};

	if (json_object_get(question, "hash"))
		buffer_add_text(text, "password ");
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		_cleanup_free_ char *value =
		    json_dumps(json_object_get(question, keys[i]), JSON_ENCODE_ANY);

		if (value)
			buffer_addf(text, "%s=%s ", keys[i], value);
	}
}

static int put_secret(struct directory *directory, struct taken *taken, bool has_hash,
		      struct error *error)
{
	int result =
	    has_hash ? 0 : secrets_hash(&directory->secrets, taken->address, &taken->hash, error);

	if (result == 0 && !taken->hash)
		result =
		    error_set(error, EINVAL, "%s has no password; give him one", taken->address);
	if (result == 0)
		result = secrets_put(&directory->secrets, taken->address, taken->hash,
				     taken->account.enabled, error);
	return result < 0 ? result : 0;
}

static int set_one(struct directory *directory, const json_t *question, const struct change *change,
		   struct error *error)
{
	_cleanup_(taken_free) struct taken taken = {0};
	_cleanup_(buffer_free) struct buffer what = BUFFER_INIT;
	_cleanup_json_ json_t *before = NULL;
	const json_t *enabled = json_object_get(question, "enabled");
	bool has_hash = json_object_get(question, "hash");
	int result = take_person(directory, question, &taken.address, error);

	if (result == 0)
		result = accounts_find(&directory->accounts, taken.address, &before, error);
	if (result == 0)
		result = take_own(before, taken.address, error);
	if (result == 0 && has_hash)
		result = take_hash(question, &taken.hash, error);
	if (result < 0)
		return result;
	if (!enabled)
		enabled = json_object_get(before, "enabled");
	taken.account = (struct account){taken.address,
					 json_text(before, "name"),
					 json_number(before, "quota_mib"),
					 json_number(before, "quota_messages"),
					 json_is_true(enabled),
					 json_object_get(before, "forward"),
					 json_is_true(json_object_get(before, "forward_keep")),
					 json_text(before, "language")};
	result = take_all_values(directory, question, &taken, error);
	if (result == 0)
		result = put_secret(directory, &taken, has_hash, error);
	if (result == 0)
		result = put_senders(directory, question, taken.address, true, error);
	describe(question, &what);
	if (result == 0)
		result = secrets_note(&directory->secrets, change, "user-set", taken.address,
				      buffer_text(&what), error);
	if (result == 0)
		result = accounts_put(&directory->accounts, &taken.account, ORIGIN_COMMAND,
				      change->now, error);
	return result < 0 ? result : take_no_loop(directory, taken.address, error);
}

static int remove_one(struct directory *directory, const json_t *question,
		      const struct change *change, struct error *error)
{
	_cleanup_free_ char *address = NULL;
	_cleanup_json_ json_t *before = NULL;
	int result = take_person(directory, question, &address, error);

	if (result == 0)
		result = accounts_find(&directory->accounts, address, &before, error);
	if (result == 0)
		result = take_own(before, address, error);
	if (result == 0)
		result = secrets_forget(&directory->secrets, address, error);
	if (result == 0)
		result =
		    secrets_note(&directory->secrets, change, "user-remove", address, "", error);
	return result < 0 ? result
			  : accounts_drop(&directory->accounts, address, change->now, error);
}

/* ---- Answers ---- */

int answer_user_add(void *context, const json_t *question, json_t *answer _unused_,
		    struct error *error)
{
	return both_change(context, question, add_one, error);
}

int answer_user_set(void *context, const json_t *question, json_t *answer _unused_,
		    struct error *error)
{
	return both_change(context, question, set_one, error);
}

/* With the aliases that still lead to him. */
int answer_user_remove(void *context, const json_t *question, json_t *answer, struct error *error)
{
	struct directory *directory = context;
	_cleanup_free_ char *address = NULL;
	json_t *aliases = json_array();
	int result = take_address(question, &address, error);

	json_object_set_new(answer, "aliases", aliases);
	if (result == 0)
		json_object_set_new(answer, "address", json_string(address));
	if (result == 0)
		result = both_remove(context, question, remove_one, error);
	if (result == 0)
		result = directory_take_doubles(directory, error);
	return result < 0 ? result
			  : accounts_list_leading(&directory->accounts, address, aliases, error);
}

/* The first that is wrong is named by its line. */
static int import_all(struct directory *directory, const json_t *question,
		      const struct change *change, struct error *error)
{
	_cleanup_json_ json_t *added = json_object();
	const json_t *users = json_object_get(question, "users"), *user;
	size_t i;
	int result;

	json_array_foreach(users, i, user)
	{
		_cleanup_(error_clear) struct error why = ERROR_INIT;
		_cleanup_(taken_free) struct taken taken = NEW_TAKEN;

		result = put_new(directory, user, &taken, false, change, &why);
		if (result < 0)
			return error_set(error, -result, "%s:%lld: %s", json_text(question, "file"),
					 json_number(user, "line"), error_text(&why));
		if (json_array_size(taken.forward) > 0)
			json_object_set_new(added, taken.address, json_true());
	}
	result = json_object_size(added) > 0 ? take_no_loops(directory, added, error) : 0;
	return result < 0 ? result
			  : take_note_import(directory, change, "user-import",
					     json_array_size(users), error);
}

int answer_user_import(void *context, const json_t *question, json_t *answer, struct error *error)
{
	size_t count = json_array_size(json_object_get(question, "users"));

	json_object_set_new(answer, "count", json_integer((json_int_t)count));
	return both_change(context, question, import_all, error);
}

// SPDX-License-Identifier: GPL-3.0-or-later
#include <errno.h>
#include <string.h>
#include <time.h>

#include "base/ask.h"
#include "base/buffer.h"
#include "base/json_file.h"
#include "directory/directory.h"

enum { AUDIT_AT_ONCE = 10000, ADDRESS_LIMIT = 319, WHO_LIMIT = 100, HASH_SIZE = 64 };

/* ---- What is asked about ---- */

/* NULL where the question has none. */
static const char *address_of(const json_t *question)
{
	const char *address = json_text(question, "address");

	return address[0] ? address : NULL;
}

static int take_person(const struct directory *directory, const json_t *question, const char **ret,
		       struct error *error)
{
	_cleanup_json_ json_t *people = NULL;
	int result = directory_people(directory->people, &people, error);

	if (result < 0)
		return result;
	*ret = json_text(question, "address");
	if (strlen(*ret) > ADDRESS_LIMIT || !json_object_get(people, *ret))
		return error_set(error, ENOENT,
				 "%.100s is no user; `postcask user app` is for those of "
				 "mail.users in the settings",
				 *ret);
	return 0;
}

static int take_change(const json_t *question, struct change *ret, struct error *error)
{
	*ret = (struct change){json_text(question, "who"), (int64_t)time(NULL)};
	if (!ret->who[0] || strlen(ret->who) > WHO_LIMIT)
		return error_set(error, EINVAL, "who makes the change is not said");
	return 0;
}

/* It is shown to people, line by line. */
static int take_label(const json_t *question, const char **ret, struct error *error)
{
	size_t size;

	*ret = json_text(question, "label");
	size = strlen(*ret);
	if (size == 0 || size > SECRETS_LABEL || (*ret)[0] == ' ' || (*ret)[size - 1] == ' ')
		return error_set(error, EINVAL,
				 "a name of a device has 1 to %d bytes, and no blank at its ends",
				 SECRETS_LABEL);
	for (size_t i = 0; i < size; i++)
		if ((unsigned char)(*ret)[i] < ' ' || (*ret)[i] == 127)
			return error_set(error, EINVAL,
					 "a name of a device has no control characters");
	return 0;
}

static int take_hash(const json_t *question, const char **ret, struct error *error)
{
	*ret = json_text(question, "hash");
	if (strlen(*ret) != HASH_SIZE || strspn(*ret, "0123456789abcdef") != HASH_SIZE)
		return error_set(error, EINVAL, "the hash of the password is none of SHA-256");
	return 0;
}

/* " imap smtp ", in the order of SECRETS_PROTOCOLS; each once. */
static int take_protocols(const json_t *question, struct buffer *ret, struct error *error)
{
	const json_t *list = json_object_get(question, "protocols");
	struct slice rest = SLICE(SECRETS_PROTOCOLS " "), name;
	size_t found = 0;

	buffer_add(ret, " ", 1);
	while (slice_until(&rest, SLICE(" "), &name)) {
		_cleanup_free_ char *text = strndup(name.at, name.size);

		if (!text || !json_has_text(list, text))
			continue;
		buffer_addf(ret, "%s ", text);
		found++;
	}
	if (found == 0 || found != json_array_size(list))
		return error_set(error, EINVAL,
				 "protocols are some of " SECRETS_PROTOCOLS ", each once");
	return ret->failed ? error_set(error, ENOMEM, "out of memory") : 0;
}

/* ---- The answers ---- */

static int answer_add(void *context, const json_t *question, json_t *answer _unused_,
		      struct error *error)
{
	struct directory *directory = context;
	_cleanup_(buffer_free) struct buffer protocols = BUFFER_INIT;
	struct app app = {.expires = json_number(question, "expires")};
	struct change change;
	int result = take_change(question, &change, error);

	if (result == 0)
		result = take_person(directory, question, &app.address, error);
	if (result == 0)
		result = take_label(question, &app.label, error);
	if (result == 0)
		result = take_hash(question, &app.hash, error);
	if (result == 0)
		result = take_protocols(question, &protocols, error);
	if (result == 0 && app.expires && app.expires <= change.now)
		result = error_set(error, EINVAL, "it would have expired already");
	app.protocols = buffer_text(&protocols);
	if (result == 0)
		result = secrets_add_app(&directory->secrets, &app, &change, error);
	return result < 0 ? result : directory_publish_apps(directory, error);
}

static int answer_list(void *context, const json_t *question, json_t *answer, struct error *error)
{
	struct directory *directory = context;
	json_t *apps = json_array(), *off = json_array();
	int result = secrets_list(&directory->secrets, address_of(question), apps, error);

	if (result == 0)
		result = secrets_list_main_off(&directory->secrets, off, error);
	json_object_set_new(answer, "apps", apps);
	json_object_set_new(answer, "main_off", off);
	return result;
}

/* Also of who is no user any more. */
static int answer_revoke(void *context, const json_t *question, json_t *answer _unused_,
			 struct error *error)
{
	struct directory *directory = context;
	struct change change;
	const char *label;
	int result = take_change(question, &change, error);

	if (result == 0)
		result = take_label(question, &label, error);
	if (result == 0)
		result = secrets_revoke(&directory->secrets, json_text(question, "address"), label,
					&change, error);
	return result < 0 ? result : directory_publish_apps(directory, error);
}

static int answer_main(void *context, const json_t *question, json_t *answer _unused_,
		       struct error *error)
{
	struct directory *directory = context;
	const json_t *on = json_object_get(question, "on");
	struct change change;
	const char *address;
	int result = take_change(question, &change, error);

	if (result == 0)
		result = take_person(directory, question, &address, error);
	if (result == 0 && !json_is_boolean(on))
		result = error_set(error, EINVAL, "whether it lets him in is not said");
	if (result == 0)
		result = secrets_set_main(&directory->secrets, address, json_is_true(on), &change,
					  error);
	return result < 0 ? result : directory_publish_main_off(directory, error);
}

static int answer_audit(void *context, const json_t *question, json_t *answer, struct error *error)
{
	struct directory *directory = context;
	long long most = json_number(question, "most");
	json_t *changes = json_array();

	json_object_set_new(answer, "changes", changes);
	if (most < 1 || most > AUDIT_AT_ONCE)
		return error_set(error, EINVAL, "1 to %d changes are shown at once", AUDIT_AT_ONCE);
	return secrets_history(&directory->secrets, address_of(question), (int)most, changes,
			       error);
}

static int answer_ping(void *context _unused_, const json_t *question _unused_, json_t *answer,
		       struct error *error _unused_)
{
	json_object_set_new(answer, "pong", json_true());
	return 0;
}

char *directory_answer(struct directory *directory, struct slice question)
{
	static const struct ask_verb verbs[] = {
	    {"app-add", answer_add}, {"app-list", answer_list}, {"app-revoke", answer_revoke},
	    {"main", answer_main},   {"audit", answer_audit},	{"ping", answer_ping}};

	return ask_answer(verbs, ARRAY_SIZE(verbs), directory, question);
}

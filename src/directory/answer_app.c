// SPDX-License-Identifier: GPL-3.0-or-later
/* App passwords, and whether the main one lets in. */
#include <errno.h>
#include <string.h>
#include <time.h>

#include "base/buffer.h"
#include "base/json_file.h"
#include "directory/answers.h"
#include "directory/secrets_factor.h"
#include "directory/take.h"

enum { HASH_SIZE = 64 };

/* ---- What is asked about ---- */

/* NULL where the question has none. */
static const char *address_of(const json_t *question)
{
	const char *address = json_text(question, "address");

	return address[0] ? address : NULL;
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

static int take_app_hash(const json_t *question, const char **ret, struct error *error)
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

int answer_app_add(void *context, const json_t *question, json_t *answer _unused_,
		   struct error *error)
{
	struct directory *directory = context;
	_cleanup_(buffer_free) struct buffer protocols = BUFFER_INIT;
	_cleanup_free_ char *address = NULL;
	struct app app = {.expires = json_number(question, "expires")};
	struct change change;
	int result = take_change(question, &change, error);

	if (result == 0)
		result = take_person(directory, question, &address, error);
	if (result == 0)
		result = take_label(question, &app.label, error);
	if (result == 0)
		result = take_app_hash(question, &app.hash, error);
	if (result == 0)
		result = take_protocols(question, &protocols, error);
	if (result == 0 && app.expires && app.expires <= change.now)
		result = error_set(error, EINVAL, "it would have expired already");
	app.address = address;
	app.protocols = buffer_text(&protocols);
	if (result == 0)
		result = secrets_add_app(&directory->secrets, &app, &change, error);
	return result < 0 ? result : directory_publish(directory, error);
}

int answer_app_list(void *context, const json_t *question, json_t *answer, struct error *error)
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
int answer_app_revoke(void *context, const json_t *question, json_t *answer _unused_,
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
	return result < 0 ? result : directory_publish(directory, error);
}

int answer_main(void *context, const json_t *question, json_t *answer, struct error *error)
{
	struct directory *directory = context;
	const json_t *on = json_object_get(question, "on");
	_cleanup_free_ char *address = NULL;
	_cleanup_json_ json_t *factor = NULL;
	struct change change;
	int result = take_change(question, &change, error);

	if (result == 0)
		result = take_person(directory, question, &address, error);
	if (result == 0 && !json_is_boolean(on))
		result = error_set(error, EINVAL, "whether it lets him in is not said");
	if (result == 0)
		result = secrets_factor_find(&directory->secrets, address, &factor, error);
	json_object_set_new(answer, "factor", json_boolean(secrets_factor_in_force(factor)));
	return result < 0 ? result
			  : secrets_set_main(&directory->secrets, address, json_is_true(on),
					     &change, error);
}

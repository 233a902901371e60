// SPDX-License-Identifier: GPL-3.0-or-later
#include "guard/login.h"

#include "base/json_file.h"

enum { SHOWN_LOGIN = 80, SHOWN_PROTOCOL = 16 };

/* Dovecot's own troubles are nobody's guesses, and an account that is closed or a password that is
 * to be changed is a right one. */
static bool is_a_guess(const json_t *said)
{
	static const char *const GUESSES[] = {"credentials", "account", "unknown"};
	const char *type = json_text(said, "fail_type");

	for (size_t i = 0; i < ARRAY_SIZE(GUESSES); i++)
		if (strcmp(type, GUESSES[i]) == 0)
			return true;
	return false;
}

static void describe(const json_t *said, struct judge_try *ret)
{
	_cleanup_(buffer_free) struct buffer text = BUFFER_INIT;

	buffer_add_text(&text, "wrong password for ");
	slice_add(&text, slice_of(json_text(said, "login")), SHOWN_LOGIN);
	buffer_add_text(&text, " by ");
	slice_add(&text, slice_of(json_text(said, "protocol")), SHOWN_PROTOCOL);
	slice_copy((struct slice){buffer_text(&text), text.size}, ret->what, sizeof(ret->what));
}

json_t *login_parse(struct slice body)
{
	json_t *said = json_loadb(body.at, body.size, JSON_REJECT_DUPLICATES, NULL);

	if (json_is_object(said))
		return said;
	json_decref(said);
	return NULL;
}

enum login_outcome login_read(const struct judge *judge, const json_t *said,
			      struct network *ret_network, struct judge_try *ret_try)
{
	struct network network;

	if (!said || !network_take(slice_of(json_text(said, "remote")), &network))
		return LOGIN_NOTHING;
	*ret_network = network;
	if (json_is_true(json_object_get(said, "success")))
		return LOGIN_GOOD;
	if (!json_is_false(json_object_get(said, "success")) || !is_a_guess(said))
		return LOGIN_NOTHING;
	ret_try->thing = judge_thing(judge, slice_of(json_text(said, "login")),
				     slice_of(json_text(said, "pwhash")));
	describe(said, ret_try);
	return LOGIN_WRONG;
}

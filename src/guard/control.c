// SPDX-License-Identifier: GPL-3.0-or-later
#include "guard/control.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "base/ask.h"
#include "base/json_file.h"

static json_t *ban_to_json(const struct judged *judged)
{
	char address[NETWORK_TEXT];

	network_print(&judged->network, address);
	return json_pack("{s:s, s:I, s:I, s:I, s:s}", "address", address, "since",
			 (json_int_t)judged->since, "until", (json_int_t)judged->until, "times",
			 (json_int_t)judged->times, "reason", judged->reason);
}

static int take_address(const json_t *question, struct network *ret, struct error *error)
{
	const char *text = json_text(question, "address");

	if (network_take(slice_of(text), ret))
		return 0;
	return error_set(error, EINVAL,
			 "%s is no address; write one such as 192.0.2.1 or 2001:db8::1", text);
}

static int answer_list(void *context, const json_t *question _unused_, json_t *answer,
		       struct error *error _unused_)
{
	const struct guard *guard = context;
	int64_t now = (int64_t)time(NULL);
	json_t *bans = json_array();

	for (const struct judged *one = guard->judge.oldest; one; one = one->younger)
		if (judged_is_banned(one, now))
			json_array_append_new(bans, ban_to_json(one));
	json_object_set_new(answer, "bans", bans);
	return 0;
}

static int answer_why(void *context, const json_t *question, json_t *answer, struct error *error)
{
	struct guard *guard = context;
	int64_t now = (int64_t)time(NULL);
	struct network network;
	const struct judged *judged;
	int result = take_address(question, &network, error);
	const char *never;
	_cleanup_json_ json_t *ban = NULL;

	if (result == 0)
		result = never_look(&guard->never, error);
	if (result < 0)
		return result;
	judged = judge_find(&guard->judge, &network);
	never = never_reason(&guard->never, &network);
	ban = ban_to_json(judged ? judged : &(struct judged){.network = network});
	json_object_update(answer, ban);
	json_object_set_new(answer, "banned",
			    json_boolean(judged && judged_is_banned(judged, now)));
	json_object_set_new(answer, "points", json_real(judged ? judged_points(judged, now) : 0));
	json_object_set_new(
	    answer, "limit",
	    json_integer(judged ? judge_limit(&guard->judge, judged, now) : guard->judge.after));
	json_object_set_new(answer, "tries", json_integer(judged ? judged->tries : 0));
	json_object_set_new(answer, "good", json_integer(judged ? judged->good_at : 0));
	json_object_set_new(answer, "never", never ? json_string(never) : json_null());
	return 0;
}

static int answer_add(void *context, const json_t *question, json_t *answer, struct error *error)
{
	struct guard *guard = context;
	long long seconds = json_number(question, "seconds");
	struct network network;
	int result = take_address(question, &network, error);

	if (result == 0 && (seconds < 0 || seconds > JUDGE_LONGEST_BY_HAND))
		return error_set(error, EINVAL, "a ban has an end, within a year");
	if (result == 0)
		result = guard_ban(guard, &network, "by hand", seconds, error);
	if (result == 0) {
		_cleanup_json_ json_t *ban = ban_to_json(judge_find(&guard->judge, &network));

		json_object_update(answer, ban);
	}
	return result;
}

static int remove_all(struct guard *guard, json_t *answer, struct error *error)
{
	int64_t now = (int64_t)time(NULL);
	json_int_t removed = 0;
	int result = 0;

	for (struct judged *one = guard->judge.oldest; one && result == 0; one = one->younger) {
		bool was;

		if (!judged_is_banned(one, now))
			continue;
		result = guard_forgive(guard, &one->network, &was, error);
		removed += was;
	}
	json_object_set_new(answer, "removed", json_integer(removed));
	return result;
}

static int answer_remove(void *context, const json_t *question, json_t *answer, struct error *error)
{
	struct guard *guard = context;
	struct network network;
	bool was = false;
	int result;

	if (strcmp(json_text(question, "address"), "all") == 0)
		return remove_all(guard, answer, error);
	result = take_address(question, &network, error);
	if (result == 0)
		result = guard_forgive(guard, &network, &was, error);
	if (result == 0 && !was)
		return error_set(error, ENOENT, "%s is not banned", json_text(question, "address"));
	json_object_set_new(answer, "removed", json_integer(was));
	return result;
}

char *control_answer(struct guard *guard, struct slice question)
{
	static const struct ask_verb verbs[] = {{"list", answer_list},
						{"why", answer_why},
						{"add", answer_add},
						{"remove", answer_remove}};

	return ask_answer(verbs, ARRAY_SIZE(verbs), guard, question);
}

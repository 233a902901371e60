// SPDX-License-Identifier: GPL-3.0-or-later
#include "command/people_values.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/json_file.h"
#include "command/csv.h"
#include "command/words.h"

static const char none[] = "none";

static int add_forward(const char *text, json_t *question, struct error *error)
{
	json_t *list = strcmp(text, none) == 0 ? json_array() : words_split(text);

	if (!list)
		return error_set(error, EINVAL, "addresses are UTF-8");
	if (json_array_size(list) == 0 && strcmp(text, none) != 0) {
		json_decref(list);
		return error_set(error, EINVAL, "a forward leads to addresses; none is no forward");
	}
	json_object_set_new(question, "forward", list);
	return 0;
}

static int add_senders(const char *key, const char *text, json_t *question, struct error *error)
{
	json_t *list = !text ? NULL : strcmp(text, none) == 0 ? json_array() : words_split(text);

	if (text && !list)
		return error_set(error, EINVAL, "addresses are UTF-8");
	if (list)
		json_object_set_new(question, key, list);
	return 0;
}

int people_values_add(const struct people_values *values, json_t *question, struct error *error)
{
	const char *keep = values->keep, *language = values->language;

	if (keep && strcmp(keep, "yes") != 0 && strcmp(keep, "no") != 0)
		return error_set(error, EINVAL,
				 "\"%.40s\": does a copy stay in the mailbox? write yes or no",
				 keep);
	if (keep)
		json_object_set_new(question, "forward_keep",
				    json_boolean(strcmp(keep, "yes") == 0));
	if (language &&
	    json_object_set_new(question, "language",
				json_string(strcmp(language, none) == 0 ? "" : language)) < 0)
		return error_set(error, EINVAL, "a language is such as de or en-GB");
	if (add_senders("may_send_as", values->send_as, question, error) < 0 ||
	    add_senders("may_send_for", values->send_for, question, error) < 0)
		return -EINVAL;
	return values->forward ? add_forward(values->forward, question, error) : 0;
}

static const char *said(const char *text)
{
	return text[0] ? text : NULL;
}

int people_values_take(json_t *row, struct error *error)
{
	_cleanup_json_ json_t *before = json_deep_copy(row);
	const struct people_values values = {
	    said(json_text(before, "forward")), said(json_text(before, "keep")),
	    said(json_text(before, "language")), said(json_text(before, "may_send_as")),
	    said(json_text(before, "may_send_for"))};

	json_object_del(row, "forward");
	json_object_del(row, "language");
	json_object_del(row, "may_send_as");
	json_object_del(row, "may_send_for");
	return people_values_add(&values, row, error);
}

void people_values_print(const json_t *user)
{
	const json_t *forward = json_object_get(user, "forward"), *one;
	const char *language = json_text(user, "language");
	size_t i;

	json_array_foreach(forward, i, one) printf("    forwards to %s\n", json_string_value(one));
	if (json_array_size(forward) > 0)
		printf("    %s\n", json_is_true(json_object_get(user, "forward_keep"))
				       ? "and keeps a copy"
				       : "and keeps no copy");
	if (language[0])
		printf("    language: %s\n", language);
	json_array_foreach(json_object_get(user, "may_send_as"), i, one)
	    printf("    may send as %s\n", json_string_value(one));
	json_array_foreach(json_object_get(user, "may_send_for"), i, one)
	    printf("    may send on behalf of %s\n", json_string_value(one));
}

void people_values_write(const json_t *user)
{
	const json_t *forward = json_object_get(user, "forward");

	words_write(forward, false);
	csv_write(stdout,
		  json_array_size(forward) == 0				? ""
		  : json_is_true(json_object_get(user, "forward_keep")) ? "yes"
									: "no",
		  false);
	csv_write(stdout, json_text(user, "language"), false);
	words_write(json_object_get(user, "may_send_as"), false);
	words_write(json_object_get(user, "may_send_for"), false);
}

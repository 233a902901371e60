// SPDX-License-Identifier: GPL-3.0-or-later
/* The settings' lines of accounts (apply.c has what they are). */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_file.h"
#include "directory/accounts_filter.h"
#include "directory/accounts_mailbox.h"
#include "directory/accounts_shared.h"
#include "directory/apply_private.h"
#include "directory/mirror.h"

static int read_format(struct reading *reading, char *value, struct error *error)
{
	return accounts_set_format(&reading->directory->accounts, value, error);
}

static int read_domain(struct reading *reading, char *value, struct error *error)
{
	return accounts_add_domain(&reading->directory->accounts, value, true, error);
}

static int read_host(struct reading *reading, char *value, struct error *error)
{
	return accounts_add_domain(&reading->directory->accounts, value, false, error);
}

/* What stands before the blank ends there. */
static int take_second(char *value, char **ret, struct error *error)
{
	char *second = strchr(value, ' ');

	if (!second || !second[1])
		return error_set(error, EINVAL, "it is of two words");
	*second = '\0';
	*ret = second + 1;
	return 0;
}

static int read_other(struct reading *reading, char *value, struct error *error)
{
	char *of = NULL;
	int result = take_second(value, &of, error);

	return result < 0
		   ? result
		   : accounts_set_other_name(&reading->directory->accounts, value, of, error);
}

/* A command's own is not touched. */
static int read_catch_all(struct reading *reading, char *value, struct error *error)
{
	struct accounts *accounts = &reading->directory->accounts;
	_cleanup_free_ char *shown = NULL;
	char *target = NULL;
	bool there = false;
	int result = take_second(value, &target, error);

	if (result == 0)
		result = accounts_has_catch_all(accounts, value, &there, error);
	if (result < 0)
		return result;
	if (!there)
		return accounts_put_catch_all(accounts, value, target, ORIGIN_SETTINGS, error);
	if (asprintf(&shown, "the catch-all of %s", value) < 0)
		return error_set(error, ENOMEM, "out of memory");
	return accounts_add_double(accounts, shown, error);
}

static int read_letters(struct reading *reading, char *value, struct error *error)
{
	char *domain = strchr(value, ' ');

	if (!domain)
		return error_set(error, EINVAL, "letters have a domain");
	*domain++ = '\0';
	return secrets_add_letters(&reading->directory->secrets, value, domain, error);
}

static int read_user(struct reading *reading, char *value, struct error *error)
{
	reading->user = (struct account){.address = value,
					 .name = "",
					 .enabled = true,
					 .forward = reading->forward = json_array(),
					 .forward_keep = true,
					 .language = ""};
	return reading->forward ? 0 : error_set(error, ENOMEM, "out of memory");
}

static int read_shared(struct reading *reading, char *value, struct error *error)
{
	int result = read_user(reading, value, error);

	reading->members = json_array();
	return reading->members ? result : error_set(error, ENOMEM, "out of memory");
}

static int read_member(struct reading *reading, char *value, struct error *error)
{
	char *role = strchr(value, ' '), *send = role ? strchr(role + 1, ' ') : NULL;

	if (!send)
		return error_set(error, EINVAL, "a member has a role and a way to send");
	*role++ = *send++ = '\0';
	return json_array_append_new(reading->members, json_pack("{s:s, s:s, s:s}", "who", value,
								 "role", role, "send", send)) < 0
		   ? error_set(error, EINVAL, "it is of a shared mailbox, and UTF-8")
		   : 0;
}

static int read_hash(struct reading *reading, char *value, struct error *error _unused_)
{
	reading->hash = value;
	return 0;
}

static int read_name(struct reading *reading, char *value, struct error *error _unused_)
{
	reading->user.name = value;
	return 0;
}

static int read_language(struct reading *reading, char *value, struct error *error _unused_)
{
	reading->user.language = value;
	return 0;
}

static int read_forward(struct reading *reading, char *value, struct error *error)
{
	return json_array_append_new(reading->forward, json_string(value)) < 0
		   ? error_set(error, EINVAL, "it is of a user, and UTF-8")
		   : 0;
}

static int read_forward_keep(struct reading *reading, char *value, struct error *error _unused_)
{
	reading->user.forward_keep = strcmp(value, "no") != 0;
	return 0;
}

static int read_number(const char *value, int64_t most, int64_t *ret, struct error *error)
{
	char *end;
	long long number;

	errno = 0;
	number = strtoll(value, &end, 10);
	if (errno || end == value || *end || number < 0 || number > most)
		return error_set(error, EINVAL, "%.40s is no number from 0 to %lld", value,
				 (long long)most);
	*ret = number;
	return 0;
}

static int read_quota_mib(struct reading *reading, char *value, struct error *error)
{
	return read_number(value, ACCOUNTS_QUOTA, &reading->user.quota_mib, error);
}

static int read_quota_messages(struct reading *reading, char *value, struct error *error)
{
	return read_number(value, ACCOUNTS_MESSAGES, &reading->user.quota_messages, error);
}

/* The object of the user above; NULL where there is none. */
static json_t *filter_of(struct reading *reading, struct error *error)
{
	if (!reading->user.address) {
		error_set(error, EINVAL, "it is of a user");
		return NULL;
	}
	if (!reading->filter)
		reading->filter = json_object();
	if (!reading->filter)
		error_set(error, ENOMEM, "out of memory");
	return reading->filter;
}

static int set_filter(struct reading *reading, const char *key, json_t *value, struct error *error)
{
	_cleanup_json_ json_t *owned = value;
	json_t *filter = filter_of(reading, error);

	if (!filter)
		return -EINVAL;
	return json_object_set(filter, key, owned) < 0 ? error_set(error, EINVAL, "it is UTF-8")
						       : 0;
}

static int add_filter_sender(struct reading *reading, const char *key, const char *value,
			     struct error *error)
{
	json_t *filter = filter_of(reading, error);

	if (!filter)
		return -EINVAL;
	if (!json_object_get(filter, key))
		json_object_set_new(filter, key, json_array());
	return json_array_append_new(json_object_get(filter, key), json_string(value)) < 0
		   ? error_set(error, EINVAL, "it is UTF-8")
		   : 0;
}

static int read_mark(struct reading *reading, char *value, struct error *error)
{
	return set_filter(reading, "mark", json_string(value), error);
}

static int read_hold(struct reading *reading, char *value, struct error *error)
{
	return set_filter(reading, "hold", json_string(value), error);
}

static int read_spam(struct reading *reading, char *value, struct error *error)
{
	return set_filter(reading, "spam", json_boolean(strcmp(value, "off") != 0), error);
}

static int read_banned(struct reading *reading, char *value, struct error *error)
{
	return set_filter(reading, "banned", json_boolean(strcmp(value, "off") != 0), error);
}

static int read_allow(struct reading *reading, char *value, struct error *error)
{
	return add_filter_sender(reading, "allow", value, error);
}

static int read_block(struct reading *reading, char *value, struct error *error)
{
	return add_filter_sender(reading, "block", value, error);
}

static int read_alias(struct reading *reading, char *value, struct error *error)
{
	reading->alias = value;
	reading->to = json_array();
	reading->who = json_array();
	return reading->to && reading->who ? 0 : error_set(error, ENOMEM, "out of memory");
}

static int read_of_alias(json_t *list, const char *value, struct error *error)
{
	return json_array_append_new(list, json_string(value)) < 0
		   ? error_set(error, EINVAL, "it is of an alias, and UTF-8")
		   : 0;
}

static int read_to(struct reading *reading, char *value, struct error *error)
{
	return read_of_alias(reading->to, value, error);
}

static int read_who(struct reading *reading, char *value, struct error *error)
{
	return read_of_alias(reading->who, value, error);
}

static int read_login(struct reading *reading, char *value, struct error *error _unused_)
{
	reading->login = value;
	return 0;
}

static int read_mirror(struct reading *reading, char *value, struct error *error)
{
	if (!mirror_is_origin(value))
		return error_set(error, EINVAL, "%.40s is nothing that can be mirrored", value);
	reading->mirrored = value;
	return 0;
}

static int add_sender(struct reading *reading, const char *address, const char *mode,
		      struct error *error)
{
	return reading->login ? accounts_add_sender(&reading->directory->accounts, reading->login,
						    address, mode, error)
			      : error_set(error, EINVAL, "it is of a login");
}

static int read_as(struct reading *reading, char *value, struct error *error)
{
	return add_sender(reading, value, SENDER_AS, error);
}

static int read_for(struct reading *reading, char *value, struct error *error)
{
	return add_sender(reading, value, SENDER_BEHALF, error);
}

static const struct word {
	const char *name;
	bool begins; /* a record of its own */
	int (*read)(struct reading *reading, char *value, struct error *error);
} words[] = {
    {"format", true, read_format},
    {"domain", true, read_domain},
    {"host", true, read_host},
    {"other", true, read_other},
    {"catch_all", true, read_catch_all},
    {"letters", true, read_letters},
    {"user", true, read_user},
    {"hash", false, read_hash},
    {"shared", true, read_shared},
    {"member", false, read_member},
    {"quota_mib", false, read_quota_mib},
    {"quota_messages", false, read_quota_messages},
    {"name", false, read_name},
    {"forward", false, read_forward},
    {"forward_keep", false, read_forward_keep},
    {"language", false, read_language},
    {"mark", false, read_mark},
    {"hold", false, read_hold},
    {"spam", false, read_spam},
    {"banned", false, read_banned},
    {"allow", false, read_allow},
    {"block", false, read_block},
    {"alias", true, read_alias},
    {"to", false, read_to},
    {"mirror", true, read_mirror},
    {"who", false, read_who},
    {"login", true, read_login},
    {"as", false, read_as},
    {"for", false, read_for},
};

static int read_line(struct reading *reading, char *line, struct error *error)
{
	char *value = strchr(line, ' ');

	if (!line[0] || line[0] == '#')
		return 0;
	if (!value || !value[1])
		return error_set(error, EINVAL, "it says nothing");
	*value++ = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		int result = 0;

		if (strcmp(words[i].name, line) != 0)
			continue;
		if (words[i].begins)
			result = apply_put(reading, error);
		return result < 0 ? result : words[i].read(reading, value, error);
	}
	return error_set(error, EINVAL, "\"%.40s\" is no word of this file", line);
}

int apply_lines(struct reading *reading, char *text, struct error *error)
{
	_cleanup_(error_clear) struct error why = ERROR_INIT;
	char *rest = text, *line;
	int result = 0;

	while (result == 0 && (line = strsep(&rest, "\n"))) {
		reading->line++;
		result = read_line(reading, line, &why);
	}
	if (result == 0)
		result = apply_put(reading, &why);
	json_decref(reading->forward);
	json_decref(reading->to);
	json_decref(reading->who);
	json_decref(reading->filter);
	json_decref(reading->members);
	return result < 0 ? error_set(error, -result, "%s:%u: %s", reading->directory->settings,
				      reading->line, error_text(&why))
			  : 0;
}

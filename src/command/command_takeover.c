// SPDX-License-Identifier: GPL-3.0-or-later
/* postcask user takeover: people and aliases of another mail server; see postcask-takeover(8). */
#include "command/command_takeover.h"

#include <errno.h>
#include <string.h>

#include "base/json_file.h"
#include "base/options.h"
#include "command/accounts.h"
#include "command/print.h"
#include "command/show_takeover.h"
#include "settings/type_name.h"
#include "takeover/takeover.h"

static const char usage[] =
    "usage: postcask user takeover KIND PATH... [--domain DOMAIN]... [--dry-run] [--json]\n"
    "Puts people and aliases of another mail server in beside those who are here, with their\n"
    "passwords where these are hashed well enough.  Who is here already stays as he is.\n"
    "  postfixadmin FILE           a dump of its database (mysqldump, pg_dump), or its SQLite "
    "file\n"
    "  mailcow FILE                a dump of its database (mysqldump)\n"
    "  mail-in-a-box FILE          its users.sqlite\n"
    "  docker-mailserver PATH...   its folder config, or files such as postfix-accounts.cf\n"
    "  --domain DOMAIN             only those of this domain, or of several\n"
    "  --dry-run                   says what would be put in\n"
    "  --json                      shows the report as JSON\n";

struct options {
	json_t *domains; /* owned: NULL: all */
	int dry, json;
};

/* ---- The command line ---- */

static int take_domain(void *into, const char *text, struct error *error)
{
	struct options *options = into;
	_cleanup_free_ char *domain = NULL;

	if (type_domain(NULL, text, strlen(text), &domain, error) < 0)
		return -EINVAL;
	if (!options->domains)
		options->domains = json_array();
	return json_array_append_new(options->domains, json_string(domain)) < 0
		   ? error_set(error, ENOMEM, "out of memory")
		   : 0;
}

/* ---- What was found, as it is asked for ---- */

static bool is_wanted(const struct options *options, const char *address)
{
	const char *at = strrchr(address, '@');

	return !options->domains || json_has_text(options->domains, at ? at + 1 : address);
}

/* Of what was left out: "@example.org", "alice@example.org: telephone", "example.net". */
static bool is_wanted_line(const struct options *options, const char *what)
{
	const char *end = what + strcspn(what, ": "), *at = memchr(what, '@', (size_t)(end - what));
	_cleanup_free_ char *domain =
	    at ? strndup(at + 1, (size_t)(end - at - 1)) : strndup(what, (size_t)(end - what));

	return !options->domains || (domain && json_has_text(options->domains, domain));
}

static void keep_wanted(const struct options *options, json_t *found, const char *list,
			const char *key, bool (*wanted)(const struct options *, const char *))
{
	json_t *kept = json_array();
	json_t *one;
	size_t i;

	json_array_foreach(json_object_get(found, list), i, one)
	{
		if (wanted(options, json_text(one, key)))
			json_array_append(kept, one);
	}
	json_object_set_new(found, list, kept);
}

/* Who has no password that can be taken over gets one that nobody knows. */
static int add_passwords(json_t *found, struct error *error)
{
	char *nobodys = NULL;
	json_t *one;
	size_t i;
	int result = accounts_nobodys_hash(&nobodys, error);

	if (result < 0)
		return result;
	json_array_foreach(json_object_get(found, "people"), i, one)
	{
		if (json_object_get(one, "hash"))
			continue;
		json_object_set_new(one, "hash", json_string(nobodys));
		json_object_set_new(one, "unknown", json_true());
	}
	explicit_bzero(nobodys, strlen(nobodys));
	free(nobodys);
	return 0;
}

static int find(const struct options *options, const char *name, char **paths, size_t count,
		json_t **ret, struct error *error)
{
	const struct takeover_kind *kind = takeover_find_kind(name);
	int result;

	if (!kind)
		return error_set(error, EINVAL,
				 "\"%.40s\" is no server that is known; write postfixadmin, "
				 "mailcow, mail-in-a-box or docker-mailserver",
				 name);
	result = takeover_read(kind, (const char *const *)paths, count, ret, error);
	if (result < 0)
		return result;
	keep_wanted(options, *ret, "people", "address", is_wanted);
	keep_wanted(options, *ret, "aliases", "address", is_wanted);
	keep_wanted(options, *ret, "weak", "what", is_wanted_line);
	keep_wanted(options, *ret, "left", "what", is_wanted_line);
	return add_passwords(*ret, error);
}

/* ---- The report ---- */

/* Adds to what the child left out what the directory did. */
static json_t *make_report(const struct options *options, json_t *found, json_t *answer)
{
	json_t *left = json_array(), *weak = json_array(), *locked = json_array(), *one;
	json_t *people = json_object_get(answer, "people");
	_cleanup_json_ json_t *added = json_object();
	size_t i;

	json_array_foreach(people, i, one)
	    json_object_set_new(added, json_string_value(one), json_true());
	json_array_foreach(json_object_get(found, "weak"), i, one)
	{
		if (json_object_get(added, json_text(one, "what")))
			json_array_append(weak, one);
	}
	json_array_foreach(json_object_get(found, "people"), i, one)
	{
		if (json_is_false(json_object_get(one, "enabled")) &&
		    json_object_get(added, json_text(one, "address")))
			json_array_append(locked, json_object_get(one, "address"));
	}
	json_array_extend(left, json_object_get(found, "left"));
	json_array_extend(left, json_object_get(answer, "left"));
	return json_pack("{s:O, s:O, s:O, s:o, s:o, s:o, s:O, s:b}", "people", people, "aliases",
			 json_object_get(answer, "aliases"), "same",
			 json_object_get(answer, "same"), "without_password", weak, "disabled",
			 locked, "left", left, "domains", json_object_get(answer, "domains"), "dry",
			 options->dry);
}

static int run(const struct options *options, char **words, size_t count)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_json_ json_t *found = NULL, *answer = NULL, *report = NULL;
	int result = find(options, words[0], words + 1, count - 1, &found, &error);

	if (result == 0)
		result = accounts_ask(
		    json_pack("{s:s, s:s, s:O, s:O, s:b}", "do", "takeover", "who", accounts_who(),
			      "people", json_object_get(found, "people"), "aliases",
			      json_object_get(found, "aliases"), "dry", options->dry),
		    &answer, &error);
	if (result < 0)
		return accounts_fail_import(&error);
	report = make_report(options, found, answer);
	if (options->json)
		return command_print(report, JSON_INDENT(1));
	show_takeover(report);
	return command_print_text("");
}

int command_takeover(int argc, char **argv)
{
	struct options options = {0};
	const struct command_option table[] = {
	    {"domain", .take = take_domain, .into = &options},
	    {"dry-run", .flag = &options.dry, .set = 1},
	    {"json", .flag = &options.json, .set = 1},
	};
	int status = COMMAND_OPTIONS(argc, argv, table, usage, 2, 1 + TAKEOVER_FILES);

	if (status == COMMAND_GO_ON)
		status = run(&options, argv + optind, (size_t)(argc - optind));
	json_decref(options.domains);
	return status;
}

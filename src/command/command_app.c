// SPDX-License-Identifier: GPL-3.0-or-later
/* postcask user app, postcask user main: what lets a person in beside the password of the settings;
 * see postcask-directory(8).
 *
 *	postcask user app add ADDRESS NAME [--protocols LIST] [--until TIME] [--json]
 *	postcask user app list [ADDRESS] [--json]
 *	postcask user app revoke ADDRESS NAME
 *	postcask user main ADDRESS on|off */
#include "command/command_app.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/digest.h"
#include "base/slice.h"
#include "base/typed.h"
#include "base/when.h"
#include "command/accounts.h"
#include "command/ask_policy.h"
#include "command/command.h"
#include "command/print.h"
#include "directory/directory.h"

enum { PASSWORD_LETTERS = 28 /* 140 bits */ };

struct options {
	int json;
	const char *protocols, *until;
};

static const char usage[] =
    "usage: postcask user app add ADDRESS NAME [--protocols LIST] [--until TIME] [--json]\n"
    "       postcask user app list [ADDRESS] [--json]\n"
    "       postcask user app revoke ADDRESS NAME\n"
    "       postcask user main ADDRESS on|off\n"
    "App passwords let one device of a person in; NAME is what he calls it.  The password is\n"
    "printed once, and is nowhere on the machine.  LIST is some of " SECRETS_PROTOCOLS ", with\n"
    "commas; TIME is such as 2027-06-30.  With `main off` the main password lets nobody in.\n";

/* ---- Add ---- */

/* It has 140 bits of its own, and needs no salt. */
static int hash_password(const char *password, char hash[DIGEST_TEXT_SIZE], struct error *error)
{
	EVP_MD_CTX *digest = digest_begin();

	if (!digest)
		return error_set(error, ENOMEM, "out of memory");
	digest_add(digest, password, strlen(password));
	digest_finish(digest, hash);
	return 0;
}

static json_t *split_protocols(const char *text)
{
	json_t *list = json_array();
	struct slice rest = slice_of(text), name;

	while (slice_until(&rest, SLICE(","), &name))
		json_array_append_new(list, json_stringn(name.at, name.size));
	if (rest.size > 0)
		json_array_append_new(list, json_stringn(rest.at, rest.size));
	return list;
}

static int take_until(const char *text, json_int_t *ret, struct error *error)
{
	uint64_t time_us = 0;
	int result = text ? when_parse(text, time(NULL), &time_us, error) : 0;

	*ret = (json_int_t)(time_us / 1000000);
	return result;
}

static int print_added(const struct options *options, const char *address, const char *name,
		       const char *password)
{
	if (options->json) {
		_cleanup_json_ json_t *added = json_pack("{s:s, s:s, s:s}", "address", address,
							 "label", name, "password", password);

		return command_print(added, JSON_INDENT(1));
	}
	printf("%s\n", password);
	fprintf(stderr, "It lets \"%s\" of %s in, and is not shown again.\n", name, address);
	return command_print_text("");
}

static int run_add(const struct options *options, const char *address, const char *name)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_json_ json_t *answer = NULL;
	char password[TYPED_SIZE(PASSWORD_LETTERS)] = "", hash[DIGEST_TEXT_SIZE];
	json_int_t until;
	int result = take_until(options->until, &until, &error);

	if (result == 0)
		result = typed_make(password, PASSWORD_LETTERS, &error);
	if (result == 0)
		result = hash_password(password, hash, &error);
	if (result == 0)
		result = accounts_ask(
		    json_pack("{s:s, s:s, s:s, s:s, s:s, s:o, s:I}", "do", "app-add", "who",
			      accounts_who(), "address", address, "label", name, "hash", hash,
			      "protocols",
			      split_protocols(options->protocols ? options->protocols
								 : "imap,pop3,smtp,sieve"),
			      "expires", until),
		    &answer, &error);
	if (result == 0)
		result = print_added(options, address, name, password);
	else
		result = accounts_fail(&error);
	explicit_bzero(password, sizeof(password));
	return result;
}

/* ---- List, revoke, main ---- */

static void print_app(const json_t *app)
{
	const char *protocols = json_text(app, "protocols");
	char since[PRINT_WHEN], until[PRINT_WHEN];
	long long expires = json_number(app, "expires");

	printf("%s  \"%s\"\n", json_text(app, "address"), json_text(app, "label"));
	printf("    for     %.*s\n", (int)(strlen(protocols) > 2 ? strlen(protocols) - 2 : 0),
	       protocols + 1);
	if (json_is_integer(json_object_get(app, "used")))
		printf("    used    %.16s by %s from %s\n",
		       print_when(json_number(app, "used"), since), json_text(app, "used_by"),
		       json_text(app, "used_from"));
	printf("    since   %s, until %s%s\n", print_when(json_number(app, "created"), since),
	       expires ? print_when(expires, until) : "it is revoked",
	       expires && expires <= (long long)time(NULL) ? ": it has expired" : "");
}

static int run_list(const struct options *options, const char *address)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_json_ json_t *answer = NULL;
	const json_t *apps, *one;
	size_t i;

	if (accounts_ask(
		json_pack("{s:s, s:s}", "do", "app-list", "address", address ? address : ""),
		&answer, &error) < 0)
		return accounts_fail(&error);
	if (options->json)
		return command_print(answer, JSON_INDENT(1));
	apps = json_object_get(answer, "apps");
	if (json_array_size(apps) == 0)
		puts("no app passwords");
	json_array_foreach(apps, i, one) print_app(one);
	json_array_foreach(json_object_get(answer, "main_off"), i, one)
	{
		if (!address || strcmp(address, json_string_value(one)) == 0)
			printf("%s  the main password lets nobody in\n", json_string_value(one));
	}
	return command_print_text("");
}

static int run_revoke(const char *address, const char *name)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_json_ json_t *answer = NULL;

	if (accounts_ask(json_pack("{s:s, s:s, s:s, s:s}", "do", "app-revoke", "who",
				   accounts_who(), "address", address, "label", name),
			 &answer, &error) < 0)
		return accounts_fail(&error);
	printf("\"%s\" of %s is not let in any more; sessions that are open go on until they end\n",
	       name, address);
	return command_print_text("");
}

int command_user_main(int argc, char **argv)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_json_ json_t *answer = NULL;
	_cleanup_free_ char *address = NULL;
	int status = command_options(argc, argv, NULL, 0, usage, 2, 2);
	bool on;

	if (status != COMMAND_GO_ON)
		return status;
	on = strcmp(argv[optind + 1], "on") == 0;
	if (!on && strcmp(argv[optind + 1], "off") != 0)
		return command_usage(usage);
	address = address_for_policy(argv[optind], &error);
	if (!address || accounts_ask(json_pack("{s:s, s:s, s:s, s:b}", "do", "main", "who",
					       accounts_who(), "address", address, "on", on),
				     &answer, &error) < 0)
		return accounts_fail(&error);
	if (!on)
		accounts_kick(address);
	if (on && json_is_true(json_object_get(answer, "factor")))
		printf(
		    "the main password of %s lets nobody in before his second factor is removed\n",
		    address);
	else
		printf("the main password of %s lets %s in\n", address, on ? "him" : "nobody");
	return command_print_text("");
}

int command_user_app(int argc, char **argv)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_free_ char *address = NULL;
	struct options options = {0};
	const struct command_option table[] = {{"json", .flag = &options.json, .set = 1},
					       {"protocols", .value = &options.protocols},
					       {"until", .value = &options.until}};
	int status = COMMAND_OPTIONS(argc, argv, table, usage, 1, 3), count;
	const char *verb, *name;

	if (status != COMMAND_GO_ON)
		return status;
	verb = argv[optind];
	count = argc - optind;
	name = count > 2 ? argv[optind + 2] : NULL;
	address = count > 1 ? address_for_policy(argv[optind + 1], &error) : NULL;
	if (count > 1 && !address)
		return accounts_fail(&error);
	if (strcmp(verb, "add") == 0 && name)
		return run_add(&options, address, name);
	if (options.protocols || options.until)
		return command_usage(usage);
	if (strcmp(verb, "list") == 0 && !name)
		return run_list(&options, address);
	if (strcmp(verb, "revoke") == 0 && name && !options.json)
		return run_revoke(address, name);
	return command_usage(usage);
}

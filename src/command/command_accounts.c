// SPDX-License-Identifier: GPL-3.0-or-later
/* postcask accounts: people and aliases change hands between this machine and the server that is
 * mirrored; see postcask-mirror(8).
 *
 *	postcask accounts sql
 *	postcask accounts move server|machine */
#include <stdio.h>
#include <string.h>

#include "base/json_file.h"
#include "base/options.h"
#include "command/accounts.h"
#include "command/command.h"

static const char usage[] =
    "usage: postcask accounts sql\n"
    "       postcask accounts move server|machine\n"
    "sql prints users and aliases of this machine, with their passwords' hashes, as what psql(1)\n"
    "puts into a database that has the schema of postcask.  move server gives those that a "
    "command\n"
    "made to the directory server or the database, each that is the same there; move machine "
    "makes\n"
    "all of that server's ones of this machine.\n";

/* ---- As SQL ---- */

/* A text as PostgreSQL has it with standard_conforming_strings. */
static void print_text(const char *text)
{
	putchar('\'');
	for (const char *c = text; *c; c++)
		printf(*c == '\'' ? "''" : "%c", *c);
	putchar('\'');
}

static const char *truth(const json_t *object, const char *key)
{
	return json_is_true(json_object_get(object, key)) ? "true" : "false";
}

static void print_pairs(const char *table, const char *address, const json_t *targets)
{
	const json_t *target;
	size_t i;

	json_array_foreach(targets, i, target)
	{
		printf("INSERT INTO mail.%s (address, target) VALUES (", table);
		print_text(address);
		printf(", ");
		print_text(json_string_value(target));
		puts(");");
	}
}

static void print_filter(const json_t *filter)
{
	_cleanup_json_ json_t *said = filter ? json_copy((json_t *)filter) : json_object();
	_cleanup_free_ char *text = NULL;

	json_object_del(said, "origin");
	text = json_dumps(said, JSON_COMPACT | JSON_SORT_KEYS);
	print_text(text ? text : "{}");
}

static void print_user(const json_t *user)
{
	const char *address = json_text(user, "address"), *hash = json_text(user, "hash");

	printf("INSERT INTO mail.account (address, name, hash, enabled, quota_mib, quota_messages,"
	       " language, forward_keep, filter) VALUES (");
	print_text(address);
	printf(", ");
	print_text(json_text(user, "name"));
	printf(", ");
	if (hash[0] && strcmp(hash, "!") != 0)
		print_text(hash);
	else
		printf("NULL");
	printf(", %s, %lld, %lld, ", truth(user, "enabled"), json_number(user, "quota_mib"),
	       json_number(user, "quota_messages"));
	print_text(json_text(user, "language"));
	printf(", %s, ", truth(user, "forward_keep"));
	print_filter(json_object_get(user, "filter"));
	puts(");");
	print_pairs("forward", address, json_object_get(user, "forward"));
}

/* Not of a server that is mirrored: there they are. */
static bool is_of_machine(const json_t *one)
{
	const char *origin = json_text(one, "origin");

	return strcmp(origin, "settings") == 0 || strcmp(origin, "command") == 0;
}

static int ask_list(const char *what, json_t **ret, struct error *error)
{
	return accounts_ask(json_pack("{s:s, s:b}", "do", what, "hashes", 1), ret, error);
}

static int print_sql(void)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_json_ json_t *users = NULL, *aliases = NULL;
	const json_t *one;
	size_t i;

	if (ask_list("user-list", &users, &error) < 0 ||
	    ask_list("alias-list", &aliases, &error) < 0)
		return accounts_fail(&error);
	puts("\\set ON_ERROR_STOP on\nSET client_encoding = 'UTF8';\n"
	     "SET standard_conforming_strings = on;\nBEGIN;");
	json_array_foreach(json_object_get(users, "users"), i, one)
	{
		if (is_of_machine(one))
			print_user(one);
	}
	json_array_foreach(json_object_get(aliases, "aliases"), i, one)
	{
		if (is_of_machine(one))
			print_pairs("alias", json_text(one, "address"), json_object_get(one, "to"));
	}
	puts("COMMIT;");
	return command_print_text("");
}

/* ---- Changing hands ---- */

static int move(const char *to)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_json_ json_t *answer = NULL;

	if (accounts_ask(json_pack("{s:s, s:s, s:s}", "do", "accounts-move", "who", accounts_who(),
				   "to", to),
			 &answer, &error) < 0)
		return accounts_fail(&error);
	if (strcmp(to, "server") == 0)
		return command_print_text(
		    "what is the same there is of the server when it is read next (`systemctl "
		    "reload "
		    "postcask-mirror`);\n`postcask directory` says what differs\n");
	printf("%lld users are of this machine\n", json_number(answer, "people"));
	if (json_number(answer, "without") > 0)
		printf("of %lld no password is known here; `postcask user passwd` makes one\n",
		       json_number(answer, "without"));
	return command_print_text("now write `backend: users` in the settings, and `postcask "
				  "apply` them\n");
}

int command_accounts(int argc, char **argv)
{
	int status = command_options(argc, argv, NULL, 0, usage, 1, 2);
	const char *verb, *to;

	if (status != COMMAND_GO_ON)
		return status;
	verb = argv[optind];
	to = optind + 1 < argc ? argv[optind + 1] : "";
	if (strcmp(verb, "sql") == 0 && !to[0])
		return print_sql();
	if (strcmp(verb, "move") == 0 && (strcmp(to, "server") == 0 || strcmp(to, "machine") == 0))
		return move(to);
	return command_usage(usage);
}

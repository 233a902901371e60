// SPDX-License-Identifier: GPL-3.0-or-later
/* postcask shared: mailboxes that several people share; see postcask-shared(8).
 *
 *	postcask shared add ADDRESS [--name NAME] [--quota SIZE] [--messages N] [--member
 *WHO[:ROLE]]... postcask shared set ADDRESS [--name NAME] [--quota SIZE] [--messages N] postcask
 *shared member add|set ADDRESS WHO[:ROLE] [--send as|behalf|no|role] postcask shared member remove
 *ADDRESS WHO postcask shared list [DOMAIN] [--json], show ADDRESS [--json], remove ADDRESS */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/json_file.h"
#include "base/options.h"
#include "command/accounts.h"
#include "command/command.h"
#include "command/print.h"
#include "sharing/share.h"

static const char usage[] =
    "usage: postcask shared add ADDRESS [--name NAME] [--quota SIZE] [--messages N]\n"
    "                           [--member WHO[:ROLE]]...\n"
    "       postcask shared set ADDRESS [--name NAME] [--quota SIZE] [--messages N]\n"
    "       postcask shared member add|set ADDRESS WHO[:ROLE] [--send as|behalf|no|role]\n"
    "       postcask shared member remove ADDRESS WHO\n"
    "       postcask shared list [DOMAIN] [--json]\n"
    "       postcask shared show ADDRESS [--json]\n"
    "       postcask shared remove ADDRESS\n"
    "Keeps mailboxes that nobody logs in to and several people share, beside those of the\n"
    "settings.  ROLE is read, post, edit (where none is said) or manage.  Whoever edits or "
    "manages\n"
    "one may send as its address, if --send does not say otherwise.\n";

struct options {
	int json;
	const char *name, *quota, *messages, *send;
	json_t *members; /* owned */
	int count;	 /* of words */
	char **words;
};

static const char *word(const struct options *options, int index)
{
	return index < options->count ? options->words[index] : NULL;
}

/* ---- Members ---- */

/* WHO[:ROLE]; NULL where it is no UTF-8. */
static json_t *make_member(const char *text, const char *send)
{
	const char *colon = strchr(text, ':');
	size_t size = colon ? (size_t)(colon - text) : strlen(text);

	return json_pack("{s:s%, s:s, s:s}", "who", text, size, "role", colon ? colon + 1 : "",
			 "send", send ? send : "");
}

static int take_member(void *into, const char *text, struct error *error)
{
	json_t **members = into;

	if (!*members)
		*members = json_array();
	return json_array_append_new(*members, make_member(text, NULL)) < 0
		   ? error_set(error, EINVAL, "an address is UTF-8")
		   : 0;
}

static int run_member_put(const struct options *options, bool there)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_json_ json_t *answer = NULL;
	_cleanup_json_ json_t *member = make_member(word(options, 1), options->send);

	if (share_check_on(&error) < 0 ||
	    accounts_ask(json_pack("{s:s, s:s, s:s, s:O, s:b}", "do", "member-put", "who",
				   accounts_who(), "address", word(options, 0), "member", member,
				   "there", there),
			 &answer, &error) < 0)
		return accounts_fail(&error);
	printf(there ? "%.*s is changed, from the next login on\n"
		     : "%.*s is a member, and sees it from the next login on\n",
	       (int)strcspn(word(options, 1), ":"), word(options, 1));
	if (there)
		accounts_kick(json_text(member, "who"));
	return command_print_text("");
}

static int run_member_add(const struct options *options)
{
	return run_member_put(options, false);
}

static int run_member_set(const struct options *options)
{
	return run_member_put(options, true);
}

static int run_member_remove(const struct options *options)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_json_ json_t *answer = NULL;
	const char *who = word(options, 1);

	if (accounts_ask(json_pack("{s:s, s:s, s:s, s:{s:s}}", "do", "member-remove", "who",
				   accounts_who(), "address", word(options, 0), "member", "who",
				   who),
			 &answer, &error) < 0)
		return accounts_fail(&error);
	accounts_kick(who);
	printf("%s is no member any more\n", who);
	return command_print_text("");
}

/* ---- Mailboxes ---- */

static int change(const struct options *options, const char *verb, const char *done)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_json_ json_t *answer = NULL;
	json_t *question = json_pack("{s:s, s:s, s:s}", "do", verb, "who", accounts_who(),
				     "address", word(options, 0));
	int result = share_check_on(&error);

	if (result == 0)
		result = accounts_values(question, options->name, options->quota, options->messages,
					 &error);
	if (options->members)
		json_object_set(question, "members", options->members);
	if (result < 0) {
		json_decref(question);
		return accounts_fail(&error);
	}
	if (accounts_ask(question, &answer, &error) < 0)
		return accounts_fail(&error);
	printf("%s %s\n", word(options, 0), done);
	return command_print_text("");
}

static int run_add(const struct options *options)
{
	return change(options, "shared-add",
		      "is a shared mailbox, which members have below Shared");
}

static int run_set(const struct options *options)
{
	return change(options, "shared-set", "is changed");
}

static int run_remove(const struct options *options)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_json_ json_t *answer = NULL;
	const json_t *one, *shared;
	size_t i;

	if (accounts_ask(json_pack("{s:s, s:s, s:s}", "do", "shared-remove", "who", accounts_who(),
				   "address", word(options, 0)),
			 &answer, &error) < 0)
		return accounts_fail(&error);
	shared = json_object_get(answer, "shared");
	json_array_foreach(json_object_get(shared, "members"), i, one)
	    accounts_kick(json_text(one, "who"));
	printf("%s is no shared mailbox any more; the mail that came so far is kept (postcask user "
	       "list), and new mail is refused\n",
	       json_text(shared, "address"));
	json_array_foreach(json_object_get(answer, "aliases"), i, one)
	    printf("%s still leads there; let it lead elsewhere (postcask alias set)\n",
		   json_string_value(one));
	return command_print_text("");
}

/* ---- Shown ---- */

static void print_member(const json_t *member)
{
	const char *send = json_text(member, "send");
	const struct share_role *role = share_role_find(json_text(member, "role"));
	bool as = strcmp(send, "as") == 0 || (strcmp(send, "role") == 0 && role && role->sends);

	printf("    %s  %s%s\n", json_text(member, "who"), json_text(member, "role"),
	       as			     ? ", sends as it"
	       : strcmp(send, "behalf") == 0 ? ", sends on behalf of it"
					     : "");
}

static void print_shared(const json_t *shared)
{
	const json_t *one;
	size_t i;

	accounts_print(shared);
	json_array_foreach(json_object_get(shared, "members"), i, one) print_member(one);
	json_array_foreach(json_object_get(shared, "aliases"), i, one)
	    printf("    also gets mail for %s\n", json_string_value(one));
}

static int run_list(const struct options *options)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_json_ json_t *answer = NULL;
	const char *domain = word(options, 0);
	const json_t *list, *one;
	size_t i;

	if (accounts_ask(
		json_pack("{s:s, s:s}", "do", "shared-list", "domain", domain ? domain : ""),
		&answer, &error) < 0)
		return accounts_fail(&error);
	list = json_object_get(answer, "shared");
	if (options->json)
		return command_print(list, JSON_INDENT(1));
	json_array_foreach(list, i, one) print_shared(one);
	return command_print_text("");
}

static int run_show(const struct options *options)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_json_ json_t *answer = NULL;
	const json_t *shared;

	if (accounts_ask(json_pack("{s:s, s:s}", "do", "shared-show", "address", word(options, 0)),
			 &answer, &error) < 0)
		return accounts_fail(&error);
	shared = json_object_get(answer, "shared");
	if (options->json)
		return command_print(shared, JSON_INDENT(1));
	print_shared(shared);
	return command_print_text("");
}

/* ---- The command line ---- */

struct verb {
	const char *name;
	int least, most; /* words */
	int (*run)(const struct options *options);
};

static const struct verb verbs[] = {{"add", 1, 1, run_add},	  {"set", 1, 1, run_set},
				    {"list", 0, 1, run_list},	  {"show", 1, 1, run_show},
				    {"remove", 1, 1, run_remove}, {0}};
static const struct verb member_verbs[] = {{"add", 2, 2, run_member_add},
					   {"set", 2, 2, run_member_set},
					   {"remove", 2, 2, run_member_remove},
					   {0}};

static int run_verb(const struct verb *verb, int argc, char **argv)
{
	struct options options = {0};
	const struct command_option table[] = {
	    {"json", .flag = &options.json, .set = 1},
	    {"name", .value = &options.name},
	    {"quota", .value = &options.quota},
	    {"messages", .value = &options.messages},
	    {"send", .value = &options.send},
	    {"member", .take = take_member, .into = &options.members}};
	int status = COMMAND_OPTIONS(argc, argv, table, usage, verb->least, verb->most);

	options.count = argc - optind;
	options.words = argv + optind;
	if (status == COMMAND_GO_ON)
		status = command_is_root("this is root's to know and change; run it as root")
			     ? verb->run(&options)
			     : COMMAND_FAILED;
	json_decref(options.members);
	return status;
}

int command_shared(int argc, char **argv)
{
	const struct verb *verb = verbs;

	signal(SIGPIPE, SIG_IGN); /* net/stream.h asks for it */
	if (argc > 2 && strcmp(argv[1], "member") == 0) {
		verb = member_verbs;
		argc--;
		argv++;
	}
	for (; verb->name && argc > 1; verb++)
		if (strcmp(argv[1], verb->name) == 0)
			return run_verb(verb, argc - 1, argv + 1);
	return command_options(argc, argv, NULL, 0, usage, 1, 0); /* no word but a verb is right */
}

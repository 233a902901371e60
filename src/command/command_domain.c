// SPDX-License-Identifier: GPL-3.0-or-later
/* postcask domain: the domains of this machine; see postcask-directory(8).
 *
 *	postcask domain list [--json], show DOMAIN [--json]
 *	postcask domain set DOMAIN --catch-all ADDRESS|none */
#include <stdio.h>
#include <string.h>

#include "base/json_file.h"
#include "base/options.h"
#include "command/accounts.h"
#include "command/command.h"
#include "command/print.h"

static const char usage[] = "usage: postcask domain list [--json]\n"
			    "       postcask domain show DOMAIN [--json]\n"
			    "       postcask domain set DOMAIN --catch-all ADDRESS|none\n"
			    "Shows the domains of the settings, which alone add and remove them, "
			    "and says who gets what is\n"
			    "for nobody there: a catch-all, which draws spam.\n";

static void print_domain(const json_t *domain)
{
	const char *of = json_text(domain, "alias_of"), *all = json_text(domain, "catch_all");

	printf("%s", json_text(domain, "name"));
	if (of[0])
		printf("  another name of %s", of);
	else if (!json_is_true(json_object_get(domain, "people")))
		printf("  the machine's own, %lld aliases", json_number(domain, "aliases"));
	else
		printf("  %lld users, %lld aliases", json_number(domain, "users"),
		       json_number(domain, "aliases"));
	printf("%s%s%s\n", all[0] ? ", all else to " : "", all,
	       strcmp(json_text(domain, "catch_all_origin"), "settings") == 0 ? " (settings)" : "");
}

static int run_list(const char *name, bool json)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_json_ json_t *answer = NULL;
	const json_t *one;
	size_t i;

	if (accounts_ask(json_pack("{s:s, s:s}", "do", name ? "domain-show" : "domain-list",
				   "domain", name ? name : ""),
			 &answer, &error) < 0)
		return accounts_fail(&error);
	if (json)
		return command_print(name ? json_object_get(answer, "domain") : answer,
				     JSON_INDENT(1));
	if (name)
		print_domain(json_object_get(answer, "domain"));
	json_array_foreach(json_object_get(answer, "domains"), i, one) print_domain(one);
	return command_print_text("");
}

static int run_set(const char *name, const char *catch_all)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_json_ json_t *answer = NULL;
	bool none = strcmp(catch_all, "none") == 0;

	if (accounts_ask(json_pack("{s:s, s:s, s:s, s:s}", "do", "domain-set", "who",
				   accounts_who(), "domain", name, "catch_all",
				   none ? "" : catch_all),
			 &answer, &error) < 0)
		return accounts_fail(&error);
	if (none)
		printf("what is for nobody in %s is refused\n", name);
	else
		printf("what is for nobody in %s is %s's, and much of it will be spam\n", name,
		       catch_all);
	return command_print_text("");
}

int command_domain(int argc, char **argv)
{
	const char *catch_all = NULL, *verb, *name;
	int json = 0;
	const struct command_option table[] = {{"json", .flag = &json, .set = 1},
					       {"catch-all", .value = &catch_all}};
	int status = COMMAND_OPTIONS(argc, argv, table, usage, 1, 2);

	if (status != COMMAND_GO_ON)
		return status;
	verb = argv[optind];
	name = optind + 1 < argc ? argv[optind + 1] : NULL;
	if (!command_is_root("this is root's to know and change; run it as root"))
		return COMMAND_FAILED;
	if (strcmp(verb, "list") == 0 && !name && !catch_all)
		return run_list(NULL, json);
	if (strcmp(verb, "show") == 0 && name && !catch_all)
		return run_list(name, json);
	if (strcmp(verb, "set") == 0 && name && catch_all && catch_all[0])
		return run_set(name, catch_all);
	return command_usage(usage);
}

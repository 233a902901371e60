// SPDX-License-Identifier: GPL-3.0-or-later
/* postcask dns: the machine's records in the DNS; see postcask-dns(8).
 *
 *	postcask dns [DOMAIN]		what to enter
 *	postcask dns check [DOMAIN]	whether it is there
 *	postcask dns update [DOMAIN]	enters it, where a name server takes updates */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/json_file.h"
#include "command/command.h"
#include "command/print.h"
#include "dns/plan.h"
#include "dns/print.h"
#include "settings/published.h"
#include "settings/settings.h"

enum {
	FINDINGS_MAX = 100000,
	CHECK_MS = 120 * 1000,
	UPDATE_MS = 20 * 1000,
};

#define RUN_FOLDER    "/run/postcask/"
#define SETTINGS_FILE "/var/lib/postcask/current/settings.json"

static const char usage[] =
    "usage: postcask dns [--zone | --plain | --json] [--user-data FILE] [DOMAIN]\n"
    "       postcask dns check [--json] [DOMAIN]\n"
    "       postcask dns update [--yes] [--replace] [--json] [DOMAIN]\n"
    "The records that this machine needs in the DNS, of DOMAIN or of all its domains.\n"
    "\n"
    "  --zone            as lines of a zone file\n"
    "  --plain           name, type and value between tabulators, for web forms\n"
    "  --json            for programs\n"
    "  --user-data FILE  what a machine with this user-data will need, but for its keys\n"
    "  --yes             update: do it; else it is only shown\n"
    "  --replace         update: also what others have written in the way\n"
    "\n"
    "Exit status: 0 good, 1 failed; of check 2 when something is not as it should be.\n";

struct options {
	int zone, plain, json, yes, replace;
	const char *user_data;
};

static int fail(const struct error *error)
{
	error_print(error);
	return COMMAND_FAILED;
}

static int load_facts(const struct options *options, struct dns_facts *facts, struct error *error)
{
	json_t *published = NULL;
	int result;

	if (options->user_data) {
		_cleanup_(diagnostics_free) struct diagnostics diagnostics = DIAGNOSTICS_INIT;
		_cleanup_json_ json_t *settings = NULL;

		result = settings_load_file(options->user_data, &diagnostics, &settings);
		diagnostics_print(&diagnostics, stderr);
		if (result < 0)
			return error_set(error, result, "%s: has no settings that are good",
					 options->user_data);
		published = published_settings(settings);
		if (!published)
			return error_errno(error, ENOMEM, "cannot make the records");
		return dns_facts_read(facts, published, NULL, NULL, error);
	}
	result = json_file_read(RUN_FOLDER PUBLISHED_NAME, JSON_FILE_LIMIT, 0, &published, error);
	if (result == -ENOENT)
		return error_set(
		    error, ENOENT,
		    "this machine has no settings in force; give --user-data FILE to see "
		    "what a machine will need");
	if (result < 0)
		return result;
	return dns_facts_read(facts, published, DNS_KEYS_FILE, DNS_DKIM_FILE, error);
}

/* The domains of the settings, or the one that is asked for.  *ret_host: the host too. */
static int choose(const struct dns_facts *facts, const char *wanted, const char **domains,
		  size_t *ret_count, bool *ret_host, struct error *error)
{
	const json_t *list = json_object_get(facts->settings, "domains"), *item;
	size_t i;

	*ret_count = 0;
	*ret_host = !wanted || strcmp(wanted, facts->host) == 0;
	json_array_foreach(list, i, item)
	{
		const char *domain = json_string_value(item);

		if (domain && (!wanted || strcmp(wanted, domain) == 0))
			domains[(*ret_count)++] = domain;
		/* Whoever enters a domain's records enters the host's that is below it. */
		if (domain && wanted && strcmp(wanted, domain) == 0)
			*ret_host |= dns_name_below(facts->host, domain);
	}
	if (*ret_count == 0 && !*ret_host)
		return error_set(
		    error, ENOENT,
		    "%s is no domain of this machine; write one of those in the settings", wanted);
	return 0;
}

static int make_rows(const struct dns_facts *facts, bool host, const char *const *domains,
		     size_t count, struct dns_rows *rows, struct error *error)
{
	if (host)
		dns_rows_of_host(facts, rows);
	for (size_t i = 0; i < count; i++)
		dns_rows_of_domain(facts, domains[i], rows);
	return rows->failed ? error_errno(error, ENOMEM, "cannot make the records") : 0;
}

static int print_rows(const struct options *options, const struct dns_facts *facts,
		      const struct dns_rows *rows)
{
	_cleanup_(buffer_free) struct buffer text = BUFFER_INIT;
	_cleanup_json_ json_t *json = NULL;

	if (options->json) {
		json = dns_rows_json(rows);
		return command_print(json, JSON_INDENT(1));
	}
	if (options->zone)
		dns_print_zone(rows, facts->host, &text);
	else if (options->plain)
		dns_print_plain(rows, &text);
	else
		dns_print_table(rows, facts->host, &text);
	if (facts->address_count == 0)
		fprintf(
		    stderr,
		    "postcask: the addresses of %s are not known, so their records are left out; "
		    "write them into dns.addresses of the settings\n",
		    facts->host);
	return command_print_text(buffer_text(&text));
}

static int run_check(const struct options *options, const struct dns_facts *facts, bool host,
		     const char *const *domains, size_t count, struct error *error)
{
	_cleanup_(dns_result_clear) struct dns_result result = DNS_RESULT_INIT;
	_cleanup_(buffer_free) struct buffer text = BUFFER_INIT;
	_cleanup_json_ json_t *json = NULL;
	int status;

	if (dns_check(facts, host, domains, count, &dns_check_machine, CHECK_MS, &result, error) <
	    0)
		return fail(error);
	json = dns_result_json(&result, FINDINGS_MAX);
	if (options->json) {
		status = command_print(json, JSON_INDENT(1));
	} else {
		dns_print_result(json, &text);
		status = command_print_text(buffer_text(&text));
	}
	if (status != COMMAND_GOOD)
		return status;
	if (result.offline || result.unfinished > 0)
		return COMMAND_FAILED;
	return result.findings.count > 0 ? COMMAND_DEGRADED : COMMAND_GOOD;
}

/* From the settings with their secrets, which only root may read. */
static int load_update(json_t **ret_settings, struct dns_update *update, struct error *error)
{
	const json_t *group;
	int result = json_file_read(SETTINGS_FILE, JSON_FILE_LIMIT, 0, ret_settings, error);

	if (result < 0)
		return result;
	group = json_object_get(json_object_get(*ret_settings, "dns"), "update");
	update->server = json_text(group, "server");
	update->key = json_text(group, "key");
	update->algorithm = json_text(group, "algorithm");
	update->secret = json_text(group, "secret");
	if (!update->server[0])
		return error_set(error, ENOENT,
				 "the settings name no name server that takes updates; write "
				 "dns.update, or enter what `postcask dns` prints by hand");
	return 0;
}

static int run_update(const struct options *options, const struct dns_rows *rows,
		      struct error *error)
{
	_cleanup_(dns_plan_clear) struct dns_plan plan = DNS_PLAN_INIT;
	_cleanup_(buffer_free) struct buffer text = BUFFER_INIT;
	_cleanup_json_ json_t *settings = NULL, *json = NULL;
	struct dns_update update = {0};
	int result = load_update(&settings, &update, error);

	if (result == 0)
		result = dns_plan_make(rows, &update, options->replace, UPDATE_MS, &plan, error);
	if (result == 0 && options->yes)
		result = dns_plan_apply(&plan, &update, UPDATE_MS, error);
	if (result < 0)
		return fail(error);
	if (options->json) {
		json = dns_plan_json(&plan);
		return command_print(json, JSON_INDENT(1));
	}
	dns_plan_text(&plan, options->yes, &text);
	return command_print_text(buffer_text(&text));
}

static int run(const char *verb, const char *wanted, const struct options *options)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_(dns_facts_clear) struct dns_facts facts = DNS_FACTS_INIT;
	_cleanup_(dns_rows_clear) struct dns_rows rows = DNS_ROWS_INIT;
	_cleanup_free_ const char **domains = NULL;
	size_t count = 0;
	bool host = false;

	signal(SIGPIPE, SIG_IGN); /* net/stream.h asks for it */
	if (load_facts(options, &facts, &error) < 0)
		return fail(&error);
	domains = calloc(json_array_size(json_object_get(facts.settings, "domains")) + 1,
			 sizeof(*domains));
	if (!domains) {
		error_errno(&error, ENOMEM, "cannot make the records");
		return fail(&error);
	}
	if (choose(&facts, wanted, domains, &count, &host, &error) < 0)
		return fail(&error);
	if (verb && strcmp(verb, "check") == 0)
		return run_check(options, &facts, host, domains, count, &error);
	if (make_rows(&facts, host, domains, count, &rows, &error) < 0)
		return fail(&error);
	return verb ? run_update(options, &rows, &error) : print_rows(options, &facts, &rows);
}

int command_dns(int argc, char **argv)
{
	struct options given = {0};
	const struct command_option options[] = {
	    {"zone", .flag = &given.zone, .set = 1},
	    {"plain", .flag = &given.plain, .set = 1},
	    {"json", .flag = &given.json, .set = 1},
	    {"yes", .flag = &given.yes, .set = 1},
	    {"replace", .flag = &given.replace, .set = 1},
	    {"user-data", .value = &given.user_data},
	};
	int status = COMMAND_OPTIONS(argc, argv, options, usage, 0, 2);
	const char *verb = NULL;
	int left;

	if (status != COMMAND_GO_ON)
		return status;
	left = argc - optind;
	if (left > 0 &&
	    (strcmp(argv[optind], "check") == 0 || strcmp(argv[optind], "update") == 0)) {
		verb = argv[optind++];
		left--;
	}
	if (left > 1 || given.zone + given.plain + given.json > 1 ||
	    (verb && (given.zone || given.plain || given.user_data)) ||
	    ((given.yes || given.replace) && (!verb || strcmp(verb, "update") != 0)))
		return command_usage(usage);
	return run(verb, left > 0 ? argv[optind] : NULL, &given);
}

// SPDX-License-Identifier: GPL-3.0-or-later
/* postcask dkim: the keys that sign outgoing mail; see postcask-dkim(8).
 *
 *	postcask dkim list [--json] [DOMAIN...]		the keys, and what the DNS is to say
 *	postcask dkim rotate [--force] [DOMAIN...]	goes over to the next ones */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/json_file.h"
#include "command/command.h"
#include "command/print.h"
#include "dkim/rotate.h"
#include "dkim/signers.h"
#include "generation/generation.h"

#define STATE "/var/lib/postcask"
#define KEYS  STATE "/keys"

enum { LOCK_MS = 60 * 1000, DOMAINS_MAX = 10000 };

struct options {
	int json, force;
	char **domains;
	int count;
};

static const char usage[] = "usage: postcask dkim list [--json] [DOMAIN...]\n"
			    "       postcask dkim rotate [--force] [DOMAIN...]\n";

static int fail(const struct error *error)
{
	error_print(error);
	if (error->code == -EACCES || error->code == -EPERM)
		fputs("postcask: the keys are root's; run it as root\n", stderr);
	return COMMAND_FAILED;
}

static bool is_wanted(const struct options *options, const char *domain)
{
	for (int i = 0; i < options->count; i++)
		if (strcasecmp(options->domains[i], domain) == 0)
			return true;
	return options->count == 0;
}

static int list_read(json_t **ret, struct error *error)
{
	int result = json_file_read(DKIM_FOLDER "/" DKIM_PUBLIC, DKIM_PUBLIC_MAX, JSON_FILE_LIST,
				    ret, error);

	return result == -ENOENT
		   ? error_set(error, ENOENT,
			       "this machine has no DKIM keys: its first boot has not ended well")
		   : result;
}

static void print_key(const json_t *key)
{
	time_t since = (time_t)json_number(key, "since");
	struct tm date = {0};
	char day[16] = "";

	gmtime_r(&since, &date);
	strftime(day, sizeof(day), "%Y-%m-%d", &date);
	printf("%s  %s since %s\n  %s._domainkey.%s. TXT\n  \"%s\"\n", json_text(key, "algorithm"),
	       json_text(key, "state"), day, json_text(key, "selector"), json_text(key, "domain"),
	       json_text(key, "record"));
}

static int run_list(const struct options *options)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_json_ json_t *list = NULL, *shown = json_array();
	const char *domain = "";
	json_t *key;
	size_t i;

	if (options->force)
		return COMMAND_USAGE;
	if (list_read(&list, &error) < 0)
		return fail(&error);
	json_array_foreach(list, i, key)
	{
		if (is_wanted(options, json_text(key, "domain")))
			json_array_append(shown, key);
	}
	if (options->json)
		return command_print(shown, JSON_INDENT(1));
	json_array_foreach(shown, i, key)
	{
		if (strcmp(domain, json_text(key, "domain")) != 0)
			printf("%s%s\n\n", i ? "\n" : "", json_text(key, "domain"));
		domain = json_text(key, "domain");
		print_key(key);
	}
	return COMMAND_GOOD;
}

/* Every domain that is named is one of ours. */
static int check_domains(const struct dkim_store *store, const struct options *options,
			 struct error *error)
{
	for (int i = 0; i < options->count; i++) {
		bool found = false;

		for (size_t j = 0; !found && j < store->count; j++)
			found = strcasecmp(options->domains[i], store->domains[j]) == 0;
		if (!found)
			return error_set(error, ENOENT,
					 "%s is not one of the domains; `postcask dkim list` shows "
					 "them",
					 options->domains[i]);
	}
	return 0;
}

/* One domain after the other; one that cannot go over does not keep the others. */
static int rotate_all(const struct dkim_store *store, const struct options *options,
		      const struct dkim_rotation *rotation, bool *changed)
{
	int status = COMMAND_GOOD;

	for (size_t i = 0; i < store->count; i++) {
		_cleanup_(error_clear) struct error error = ERROR_INIT;
		const char *domain = store->domains[i];

		if (!is_wanted(options, domain))
			continue;
		if (dkim_rotate(store, domain, rotation, &error) < 0) {
			error_wrap(&error, "%s", domain);
			status = fail(&error);
			continue;
		}
		*changed = true;
		printf(
		    "%s signs with the next key from now on; publish the new next one, and leave "
		    "the record of the one before for %d days: `postcask dkim list %s`\n",
		    domain, DKIM_PREVIOUS_DAYS, domain);
	}
	return status;
}

static int run_rotate(const struct options *options)
{
	_cleanup_(dkim_store_clear) struct dkim_store store = {.count = 0};
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_json_ json_t *settings = NULL;
	_cleanup_close_ int lock = -1;
	struct dkim_rotation rotation;
	bool changed = false;
	int status;

	if (options->json)
		return COMMAND_USAGE;
	if (generation_settings(STATE, &settings, &error) < 0 ||
	    dkim_store_from_settings(settings, KEYS, &store, &error) < 0 ||
	    check_domains(&store, options, &error) < 0 ||
	    dkim_store_lock(&store, LOCK_MS, &lock, &error) < 0)
		return fail(&error);
	rotation = dkim_rotation_from_settings(settings);
	rotation.force = options->force != 0;
	status = rotate_all(&store, options, &rotation, &changed);
	if (changed && (dkim_store_publish(&store, &error) < 0 || dkim_signers_reload(&error) < 0))
		return fail(&error);
	return status;
}

int command_dkim(int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*run)(const struct options *options);
	} VERBS[] = {{"list", run_list}, {"rotate", run_rotate}};
	struct options given = {.json = 0};
	const struct command_option options[] = {
	    {"json", .flag = &given.json, .set = 1},
	    {"force", .flag = &given.force, .set = 1},
	};
	int status = COMMAND_OPTIONS(argc, argv, options, usage, 1, 1 + DOMAINS_MAX);

	if (status != COMMAND_GO_ON)
		return status;
	given.domains = argv + optind + 1;
	given.count = argc - optind - 1;
	status = COMMAND_USAGE;
	for (size_t i = 0; i < ARRAY_SIZE(VERBS); i++)
		if (strcmp(argv[optind], VERBS[i].name) == 0)
			status = VERBS[i].run(&given);
	return status == COMMAND_USAGE ? command_usage(usage) : status;
}

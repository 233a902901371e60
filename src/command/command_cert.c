// SPDX-License-Identifier: GPL-3.0-or-later
/* postcask cert: the machine's certificates; see postcask-cert(8).
 *
 *	postcask cert [--json]			where they come from, and what is wrong
 *	postcask cert ca			the authority's certificate, for clients
 *	postcask cert show [--json]		what the server certificates say
 *	postcask cert renew [--new-keys] [--json]	issue, reload, and prove
 *	postcask cert roll [--json]		the next keys, when the DNS has them */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "acme/acme_renewal.h"
#include "acme/acme_roll.h"
#include "acme/acme_summary.h"
#include "base/file.h"
#include "certificate/certificate_facts.h"
#include "certificate/certificate_pem.h"
#include "certificate/certificate_renewal.h"
#include "command/command.h"
#include "command/print.h"
#include "generation/generation.h"

struct options {
	int json, new_keys;
};

static const char usage[] = "usage: postcask cert [--json]\n"
			    "       postcask cert ca\n"
			    "       postcask cert show [--json]\n"
			    "       postcask cert renew [--new-keys] [--json]\n"
			    "       postcask cert roll [--json]\n";

static int fail(const struct error *error)
{
	error_print(error);
	if (error->code == -EACCES || error->code == -EPERM)
		fputs("postcask: the server certificates lie beside their keys; run it as root\n",
		      stderr);
	return COMMAND_FAILED;
}

static int run_ca(const struct options *options)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_free_ char *text = NULL;

	if (options->json || options->new_keys)
		return COMMAND_USAGE;
	if (file_read(CERTIFICATE_FOLDER "/ca.pem", CERTIFICATE_PEM_MAX, &text, NULL, &error) < 0) {
		if (error.code == -ENOENT)
			error_set(&error, ENOENT,
				  "this machine has no certificate authority: its certificate is "
				  "given in the settings, or the first boot has not ended well");
		return fail(&error);
	}
	fputs(text, stdout);
	return COMMAND_GOOD;
}

/* The facts of both server files, the kind's name added to each. */
static int facts_read(json_t *list, struct error *error)
{
	for (int kind = 0; kind < CERTIFICATE_KINDS; kind++) {
		const char *name = certificate_file_name((enum certificate_kind)kind);
		_cleanup_(key_chain_clear) struct key_chain file = KEY_CHAIN_INIT;
		_cleanup_free_ char *path = file_join(CERTIFICATE_FOLDER, name);
		int result = path ? key_chain_read(path, &file, error) : -ENOMEM;
		json_t *facts;

		if (result < 0)
			return result;
		if (!file.chain)
			return error_set(error, EBADMSG, "%s: holds no certificate", path);
		facts = certificate_facts(sk_X509_value(file.chain, 0), (int64_t)time(NULL));
		if (json_object_set_new(facts, "file", json_string(path)) < 0 ||
		    json_array_append_new(list, facts) < 0)
			return error_set(error, ENOMEM, "out of memory");
	}
	return 0;
}

static void print_names(const json_t *names)
{
	const json_t *name;
	size_t index;

	printf("  %-12s", "names");
	json_array_foreach(names, index, name)
	    printf("%s%s", index ? ", " : "", json_string_value(name));
	putchar('\n');
}

static void print_time(const json_t *facts, const char *key, const char *label)
{
	char text[TIME_TEXT];

	certificate_format_time(json_number(facts, key), text);
	printf("  %-12s%s\n", label, text);
}

static void print_facts(const json_t *facts)
{
	static const char *const TEXTS[] = {"key", "issuer", "serial", "sha256"};

	printf("%s\n", json_text(facts, "file"));
	print_names(json_object_get(facts, "names"));
	for (size_t i = 0; i < ARRAY_SIZE(TEXTS); i++)
		printf("  %-12s%s\n", TEXTS[i], json_text(facts, TEXTS[i]));
	print_time(facts, "not_before", "not before");
	print_time(facts, "not_after", "not after");
	printf("  %-12s%lld\n", "days left", json_number(facts, "days_left"));
}

static int run_show(const struct options *options)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_json_ json_t *list = json_array();
	const json_t *facts;
	size_t index;

	if (options->new_keys)
		return COMMAND_USAGE;
	if (facts_read(list, &error) < 0)
		return fail(&error);
	if (options->json)
		return command_print(list, JSON_INDENT(1));
	json_array_foreach(list, index, facts) print_facts(facts);
	return COMMAND_GOOD;
}

/* Where the certificates come from; everybody may know. */
static int run_status(const struct options *options)
{
	int64_t now = (int64_t)time(NULL);
	_cleanup_json_ json_t *summary = acme_summary(CERTIFICATE_FOLDER, now);
	_cleanup_(buffer_free) struct buffer text = BUFFER_INIT;

	if (options->new_keys)
		return COMMAND_USAGE;
	if (!summary) {
		fputs(
		    "postcask: nothing is known of this machine's certificates; the first boot has "
		    "not ended well, or it is no postcask machine\n",
		    stderr);
		return COMMAND_FAILED;
	}
	if (options->json)
		return command_print(summary, JSON_INDENT(1));
	acme_summary_text(summary, now, &text);
	return command_print_text(buffer_text(&text));
}

static int print_renewed(const struct renewal_outcome *outcome, const struct acme_outcome *acme,
			 const struct options *options)
{
	if (options->json) {
		_cleanup_json_ json_t *json = renewal_to_json(outcome);

		if (acme->wanted)
			json_object_set_new(
			    json, "acme",
			    json_pack("{s:I, s:I, s:s?}", "asked", (json_int_t)acme->asked, "taken",
				      (json_int_t)acme->taken, "error", acme->error));
		return command_print(json, JSON_INDENT(1));
	}
	renewal_print(outcome, stdout);
	if (acme->wanted)
		printf("%-18s %zu asked for, %zu new\n", "authority", acme->asked, acme->taken);
	if (acme->error)
		fprintf(stderr, "postcask: %s\n", acme->error);
	return COMMAND_GOOD;
}

/* The machine's own authority renews at once; the ACME authority is asked. */
static int renew(const struct options *options, bool acme_wanted)
{
	_cleanup_(renewal_outcome_clear) struct renewal_outcome outcome = RENEWAL_OUTCOME_INIT;
	_cleanup_(acme_outcome_clear) struct acme_outcome acme = ACME_OUTCOME_INIT;
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	const struct renewal renewal = {.force = !acme_wanted,
					.new_keys = !acme_wanted && options->new_keys};
	const struct acme_renewal wish = {.force = true, .roll = options->new_keys != 0};

	signal(SIGPIPE, SIG_IGN); /* net/stream.h asks for it */
	if (acme_renewal_run(&wish, &acme, &error) < 0 ||
	    renewal_run(&renewal, &outcome, &error) < 0)
		return fail(&error);
	if (print_renewed(&outcome, &acme, options) != COMMAND_GOOD)
		return COMMAND_FAILED;
	return renewal_succeeded(&outcome) && !acme.error ? COMMAND_GOOD : COMMAND_FAILED;
}

/* The request of the settings in force. */
static int request_load(json_t **ret_settings, const char **names, struct certificate_request *ret,
			struct error *error)
{
	int result = generation_settings(RENEWAL_STATE, ret_settings, error);

	return result < 0 ? result
			  : certificate_request_from_settings(*ret_settings, names, ret, error);
}

static int run_renew(const struct options *options)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	const char *names[CERTIFICATE_NAMES_MAX];
	struct certificate_request request;
	_cleanup_json_ json_t *settings = NULL;

	if (request_load(&settings, names, &request, &error) < 0)
		return fail(&error);
	return renew(options, request.acme_directory != NULL);
}

static int run_roll(const struct options *options)
{
	struct options all = {.json = options->json, .new_keys = 1};
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	const char *names[CERTIFICATE_NAMES_MAX];
	struct certificate_request request;
	_cleanup_json_ json_t *settings = NULL;

	if (options->new_keys)
		return COMMAND_USAGE;
	if (request_load(&settings, names, &request, &error) < 0)
		return fail(&error);
	if (request.given_certificate && request.given_certificate[0]) {
		fputs(
		    "postcask: the certificate and its key are given in the settings; give others "
		    "there\n",
		    stderr);
		return COMMAND_FAILED;
	}
	if (acme_roll_allowed(&request, &error) < 0)
		return fail(&error);
	return renew(&all, request.acme_directory != NULL);
}

int command_cert(int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*run)(const struct options *options);
	} VERBS[] = {{"ca", run_ca}, {"show", run_show}, {"renew", run_renew}, {"roll", run_roll}};
	struct options given = {.json = 0};
	const struct command_option options[] = {
	    {"json", .flag = &given.json, .set = 1},
	    {"new-keys", .flag = &given.new_keys, .set = 1},
	};
	int status = COMMAND_OPTIONS(argc, argv, options, usage, 0, 1);

	if (status != COMMAND_GO_ON)
		return status;
	status = optind == argc ? run_status(&given) : COMMAND_USAGE;
	for (size_t i = 0; optind < argc && i < ARRAY_SIZE(VERBS); i++)
		if (strcmp(argv[optind], VERBS[i].name) == 0)
			status = VERBS[i].run(&given);
	return status == COMMAND_USAGE ? command_usage(usage) : status;
}

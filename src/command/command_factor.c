// SPDX-License-Identifier: GPL-3.0-or-later
/* postcask user factor: a second factor beside the main password; see postcask-directory(8).
 *
 *	postcask user factor add ADDRESS [--json]
 *	postcask user factor confirm ADDRESS [--without-app-password] [--json]
 *	postcask user factor codes ADDRESS [--json]
 *	postcask user factor show ADDRESS [--json]
 *	postcask user factor remove ADDRESS */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/options.h"
#include "command/accounts.h"
#include "command/ask_policy.h"
#include "command/ask_secret.h"
#include "command/command_app.h"
#include "command/print.h"
#include "command/qr_terminal.h"

enum { HOST_SIZE = 256 };

static const char usage[] =
    "usage: postcask user factor add ADDRESS [--json]\n"
    "       postcask user factor confirm ADDRESS [--without-app-password] [--json]\n"
    "       postcask user factor codes ADDRESS [--json]\n"
    "       postcask user factor show ADDRESS [--json]\n"
    "       postcask user factor remove ADDRESS\n"
    "Sets up a second factor: codes of six digits (TOTP) from a program on a telephone.  `add`\n"
    "shows its key once; `confirm` asks for a code, or reads it from standard input, and from "
    "then\n"
    "on the main password lets no mail program in, app passwords do (postcask user app).  It\n"
    "prints ten recovery codes, and `codes` ten new ones in their place.\n";

struct options {
	int json, without;
};

/* A question of one person that changes something. */
static int ask(const char *what, const char *address, json_t **ret_answer, struct error *error)
{
	return accounts_ask(
	    json_pack("{s:s, s:s, s:s}", "do", what, "who", accounts_who(), "address", address),
	    ret_answer, error);
}

/* ---- The key ---- */

/* As a URI has it (RFC 3986 §2.3). */
static void add_encoded(struct buffer *uri, const char *text)
{
	for (const unsigned char *at = (const unsigned char *)text; *at; at++) {
		bool plain = (*at >= 'a' && *at <= 'z') || (*at >= 'A' && *at <= 'Z') ||
			     (*at >= '0' && *at <= '9') || strchr("-._~", *at);

		if (plain)
			buffer_add_char(uri, (char)*at);
		else
			buffer_addf(uri, "%%%02X", *at);
	}
}

/* What programs for codes read; ISSUER is this machine, as people know it by its name. */
static char *make_uri(const char *address, const char *key)
{
	struct buffer uri = BUFFER_INIT;
	char host[HOST_SIZE] = "";

	if (gethostname(host, sizeof(host) - 1) < 0 || !host[0])
		snprintf(host, sizeof(host), "postcask");
	buffer_add_text(&uri, "otpauth://totp/");
	add_encoded(&uri, host);
	buffer_add_char(&uri, ':');
	add_encoded(&uri, address);
	buffer_addf(&uri, "?secret=%s&issuer=", key);
	add_encoded(&uri, host);
	buffer_add_text(&uri, "&algorithm=SHA1&digits=6&period=30");
	return buffer_take(&uri);
}

static int show_key(const char *address, const char *key, const char *uri, struct error *error)
{
	int result = isatty(STDOUT_FILENO) ? qr_terminal_print(stdout, uri, error) : 0;

	if (result < 0)
		return result;
	printf("%s\n%s\n", uri, key);
	fprintf(stderr,
		"Let the program for codes read that, or type the key; it is not shown again.  "
		"Nothing has changed yet:\npostcask user factor confirm %s\n",
		address);
	return command_print_text("");
}

static int run_add(const struct options *options, const char *address)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_json_ json_t *answer = NULL, *shown = NULL;
	const char *key;
	char *uri;
	int result = ask("factor-add", address, &answer, &error);

	if (result < 0)
		return accounts_fail(&error);
	key = json_text(answer, "secret");
	uri = make_uri(address, key);
	if (options->json) {
		shown = json_pack("{s:s, s:s, s:s}", "address", address, "secret", key, "uri",
				  uri ? uri : "");
		result = command_print(shown, JSON_INDENT(1));
	} else {
		result = show_key(address, key, uri ? uri : "", &error);
		if (result < 0)
			result = accounts_fail(&error);
	}
	if (uri)
		explicit_bzero(uri, strlen(uri));
	free(uri);
	return result;
}

/* ---- In force ---- */

static int print_codes(const struct options *options, const json_t *answer)
{
	const json_t *codes = json_object_get(answer, "codes"), *one;
	size_t i;

	if (options->json)
		return command_print(answer, JSON_INDENT(1));
	json_array_foreach(codes, i, one) printf("%s\n", json_string_value(one));
	fputs("Each of these is good once, for when the telephone is not at hand; they are not "
	      "shown again.\n",
	      stderr);
	return command_print_text("");
}

static int run_confirm(const struct options *options, const char *address)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_json_ json_t *answer = NULL;
	_cleanup_free_ char *code = NULL;
	int result = ask_secret("Code: ", &code, &error);

	if (result == 0)
		result = accounts_ask(json_pack("{s:s, s:s, s:s, s:s, s:b}", "do", "factor-confirm",
						"who", accounts_who(), "address", address, "code",
						code, "without_app", options->without),
				      &answer, &error);
	if (result < 0)
		return accounts_fail(&error);
	/* Whoever is in by the main password is not any more. */
	accounts_kick(address);
	if (!options->json)
		fprintf(stderr,
			"From now on the main password of %s lets no mail program in; whoever was "
			"in is logged out.\n",
			address);
	return print_codes(options, answer);
}

static int run_codes(const struct options *options, const char *address)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_json_ json_t *answer = NULL;

	if (ask("factor-codes", address, &answer, &error) < 0)
		return accounts_fail(&error);
	return print_codes(options, answer);
}

/* ---- Shown and removed ---- */

static int run_show(const struct options *options, const char *address)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_json_ json_t *answer = NULL;
	const json_t *factor;
	char when[PRINT_WHEN];

	if (accounts_ask(json_pack("{s:s, s:s}", "do", "factor-show", "address", address), &answer,
			 &error) < 0)
		return accounts_fail(&error);
	factor = json_object_get(answer, "factor");
	if (options->json)
		return command_print(answer, JSON_INDENT(1));
	if (!json_is_object(factor))
		printf("%s has no second factor\n", address);
	else if (json_is_null(json_object_get(factor, "confirmed")))
		printf("the second factor of %s was added %s, and is not confirmed\n", address,
		       print_when(json_number(factor, "made"), when));
	else
		printf("the second factor of %s is in force since %s; %lld recovery codes are "
		       "left\n",
		       address, print_when(json_number(factor, "confirmed"), when),
		       json_number(factor, "codes"));
	return command_print_text("");
}

static int run_remove(const struct options *options _unused_, const char *address)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_json_ json_t *answer = NULL;

	if (ask("factor-remove", address, &answer, &error) < 0)
		return accounts_fail(&error);
	printf("%s has no second factor any more\n", address);
	return command_print_text("");
}

/* ---- The command ---- */

int command_user_factor(int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*run)(const struct options *options, const char *address);
		bool json;
	} verbs[] = {{"add", run_add, true},
		     {"confirm", run_confirm, true},
		     {"codes", run_codes, true},
		     {"show", run_show, true},
		     {"remove", run_remove, false}};
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_free_ char *address = NULL;
	struct options options = {0};
	const struct command_option table[] = {
	    {"json", .flag = &options.json, .set = 1},
	    {"without-app-password", .flag = &options.without, .set = 1}};
	int status = COMMAND_OPTIONS(argc, argv, table, usage, 2, 2);

	if (status != COMMAND_GO_ON)
		return status;
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++) {
		if (strcmp(argv[optind], verbs[i].name) != 0 || (options.json && !verbs[i].json) ||
		    (options.without && verbs[i].run != run_confirm))
			continue;
		address = address_for_policy(argv[optind + 1], &error);
		return address ? verbs[i].run(&options, address) : accounts_fail(&error);
	}
	return command_usage(usage);
}

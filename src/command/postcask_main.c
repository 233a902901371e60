// SPDX-License-Identifier: GPL-3.0-or-later
/* postcask(8): finds the command and runs it. */
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "command/command.h"

static const struct command {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *summary;
} commands[] = {
    {"check", command_check, "check a user-data file; changes nothing"},
    {"render", command_render, "write the configuration files of a user-data file into a folder"},
    {"explain", command_explain, "explain a settings key, or list them"},
    {"schema", command_schema, "print the JSON schema of the settings"},
    {"diff", command_diff, "show what settings would change in this machine"},
    {"apply", command_apply, "apply settings to this machine"},
    {"status", command_status, "show the last report of this machine"},
    {"trace", command_trace, "tell what became of a message"},
    {"verify", command_verify, "run the self-tests of this machine now"},
    {"quarantine", command_quarantine, "list, show, release or delete quarantined mail"},
    {"limits", command_limits, "show the limits of sending and who is near one"},
    {"user", command_user,
     "keep users and their passwords; show whose sending is held, and release it"},
    {"alias", command_alias, "keep aliases"},
    {"accounts", command_accounts, "users and aliases change hands with a server"},
    {"directory", command_directory, "show what a directory server says of people, and accept it"},
    {"domain", command_domain, "show domains, and say who gets what is for nobody"},
    {"audit", command_audit, "show who changed what of users, aliases and passwords"},
    {"vacation", command_vacation, "have a person who is away answered for"},
    {"import", command_import, "bring a person's mail from elsewhere into the mailbox"},
    {"mailbox", command_mailbox, "show how mailboxes are kept, and change it"},
    {"share", command_share, "share a person's folders, or show with whom they are shared"},
    {"shared", command_shared, "keep mailboxes that several people share"},
    {"cert", command_cert, "show, fetch or renew certificates"},
    {"dns", command_dns, "show this machine's DNS records, check or update them"},
    {"lists", command_lists, "show the DNS lists of senders, and whether they are used"},
    {"dkim", command_dkim, "show or change the keys that sign mail"},
    {"reports", command_reports, "tell what other servers report of mail from here and to here"},
    {"ban", command_ban, "show, ban or free who guesses passwords"},
    {"adopt", command_adopt, "let the next boot take another instance's user-data"},
    {"help", command_help, "show a page of the manual, or list them"},
};

static void print_usage(FILE *stream)
{
	fputs("usage: postcask COMMAND [ARGUMENT...]\n"
	      "       postcask COMMAND --help\n"
	      "       postcask --version\n\ncommands:\n",
	      stream);
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		fprintf(stream, "  %-10s %s\n", commands[i].name, commands[i].summary);
}

int main(int argc, char **argv)
{
	if (argc < 2) {
		print_usage(stderr);
		return COMMAND_USAGE;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
		print_usage(stdout);
		return command_print_text("");
	}
	if (strcmp(argv[1], "--version") == 0)
		return command_version("postcask");
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		if (strcmp(argv[1], commands[i].name) == 0)
			return commands[i].run(argc - 1, argv + 1);
	fprintf(stderr,
		"postcask: no command '%s'; write one of those that postcask --help lists\n",
		argv[1]);
	return COMMAND_USAGE;
}

// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/options.h"

#include <assert.h>
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage_begins[] = "usage: ";

int command_usage(const char *usage)
{
	fputs(usage, stderr);
	return COMMAND_USAGE;
}

int command_print_text(const char *text)
{
	return fputs(text, stdout) >= 0 && fflush(stdout) == 0 ? COMMAND_GOOD : COMMAND_FAILED;
}

int command_version(const char *program)
{
	printf("%.*s " POSTCASK_VERSION "\n", (int)strcspn(program, " \n"), program);
	return command_print_text("");
}

/* False, and a sentence on standard error, for a value that is refused. */
static bool option_keep(const struct command_option *option, const char *text)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;

	if (option->take && option->take(option->into, text, &error) < 0) {
		error_print(&error);
		return false;
	}
	if (option->value)
		*option->value = text;
	if (option->on)
		*option->on = true;
	if (option->flag)
		*option->flag = option->set;
	return true;
}

int command_options(int argc, char **argv, const struct command_option *options, size_t count,
		    const char *usage, int least, int most)
{
	struct option table[COMMAND_OPTIONS_MAX + 3] = {{"help", no_argument, NULL, 'h'},
							{"version", no_argument, NULL, 'v'}};
	int index, option;

	assert(count <= COMMAND_OPTIONS_MAX);
	assert(strncmp(usage, usage_begins, strlen(usage_begins)) == 0);
	for (size_t i = 0; i < count; i++)
		table[i + 2] = (struct option){
		    options[i].name,
		    options[i].value || options[i].take ? required_argument : no_argument, NULL,
		    'o'};
	optind = 0; /* begins anew, whoever used getopt before */
	while ((option = getopt_long(argc, argv, "h", table, &index)) != -1) {
		if (option == 'h')
			return command_print_text(usage);
		if (option == 'v')
			return command_version(usage + strlen(usage_begins));
		if (option != 'o' || !option_keep(&options[index - 2], optarg))
			return command_usage(usage);
	}
	if (argc - optind < least || argc - optind > most)
		return command_usage(usage);
	return COMMAND_GO_ON;
}

int command_take_number(void *into, const char *text, struct error *error)
{
	char *end;
	unsigned long number = strtoul(text, &end, 10);

	if (*end || number < 1 || number > 65535)
		return error_set(error, EINVAL, "%s is out of bounds; write 1 to 65535", text);
	*(unsigned *)into = (unsigned)number;
	return 0;
}

// SPDX-License-Identifier: GPL-3.0-or-later
#include "command/options.h"

#include <assert.h>
#include <getopt.h>
#include <stdio.h>

#include "command/command.h"

static int usage_error(const char *usage)
{
	fputs(usage, stderr);
	return COMMAND_USAGE;
}

int command_options(int argc, char **argv, const struct command_option *options, size_t count,
		    const char *usage, int least, int most)
{
	struct option table[COMMAND_OPTIONS_MAX + 2] = {{"help", no_argument, NULL, 'h'}};
	int index, option;

	assert(count <= COMMAND_OPTIONS_MAX);
	for (size_t i = 0; i < count; i++)
		table[i + 1] = (struct option){
		    options[i].name, options[i].value ? required_argument : no_argument, NULL, 'o'};
	optind = 0; /* begins anew, whoever used getopt before */
	while ((option = getopt_long(argc, argv, "", table, &index)) != -1) {
		if (option == 'h') {
			fputs(usage, stdout);
			return COMMAND_GOOD;
		}
		if (option != 'o')
			return usage_error(usage);
		if (options[index - 1].value)
			*options[index - 1].value = optarg;
		else
			*options[index - 1].flag = options[index - 1].set;
	}
	if (argc - optind < least || argc - optind > most)
		return usage_error(usage);
	return COMMAND_GO_ON;
}

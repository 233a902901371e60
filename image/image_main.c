// SPDX-License-Identifier: GPL-3.0-or-later
/* postcask-image: makes the disk image, boots it, makes seed disks for it.  See
 * postcask-image(8). */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/options.h"
#include "image/build_command.h"
#include "image/run.h"
#include "image/seed.h"

static const struct {
	const char *name;
	int (*main)(int argc, char **argv);
	const char *says;
} commands[] = {
    {"build", build_main, "make the disk image"},
    {"run", run_main, "boot it in QEMU"},
    {"seed", seed_main, "make a NoCloud disk from user-data"},
};

static void usage_print(FILE *stream)
{
	fprintf(stream, "usage: postcask-image COMMAND [OPTION...]\n\n");
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		fprintf(stream, "  %-8s %s\n", commands[i].name, commands[i].says);
	fprintf(stream, "\nEach command has --help; see postcask-image(8).\n");
}

int main(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : "";

	signal(SIGPIPE, SIG_IGN); /* a build is undone in order, whoever stops reading */
	if (strcmp(name, "--help") == 0) {
		usage_print(stdout);
		return command_print_text("");
	}
	if (strcmp(name, "--version") == 0)
		return command_version("postcask-image");
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		if (strcmp(name, commands[i].name) == 0)
			return commands[i].main(argc - 1, argv + 1);
	usage_print(stderr);
	return COMMAND_USAGE;
}

// SPDX-License-Identifier: GPL-3.0-or-later
/* The command line of a program or of one of its commands, read by one loop over a table:
 *
 *	int json = 0;
 *	const struct command_option options[] = {{"json", .flag = &json, .set = 1}};
 *	int status = COMMAND_OPTIONS(argc, argv, options, usage, 1, 1);
 *
 *	if (status != COMMAND_GO_ON)
 *		return status;
 *	file = argv[optind];
 *
 * All of ours understand --help and --version, and end with 2 and their usage on standard
 * error for what they do not understand. */
#ifndef POSTCASK_BASE_OPTIONS_H
#define POSTCASK_BASE_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/cleanup.h"
#include "base/error.h"

/* Exit statuses, and what is none: the command line is good, the work can begin. */
enum {
	COMMAND_GO_ON = -1,
	COMMAND_GOOD = 0,
	COMMAND_FAILED = 1,
	COMMAND_DEGRADED = 2,
	COMMAND_USAGE = 2,
};

enum { COMMAND_OPTIONS_MAX = 16 };

/* Either a flag, which becomes `set` or true, or an option with a value, kept as it is or
 * taken by a function that refuses what is wrong.  Given twice, the last one counts. */
struct command_option {
	const char *name; /* without the dashes */
	int *flag;
	int set;
	bool *on;
	const char **value; /* points into argv */
	int (*take)(void *into, const char *text, struct error *error);
	void *into;
};

/* COMMAND_GO_ON, and argv[optind] is the first of `least` to `most` arguments that are no
 * options; COMMAND_GOOD after --help, which prints `usage`, and after --version, which
 * prints the program that `usage` names ("usage: PROGRAM ...") and its version;
 * COMMAND_USAGE after anything else, with `usage` on standard error.  At most
 * COMMAND_OPTIONS_MAX options. */
int command_options(int argc, char **argv, const struct command_option *options, size_t count,
		    const char *usage, int least, int most);
#define COMMAND_OPTIONS(argc, argv, options, usage, least, most)                                   \
	command_options(argc, argv, options, ARRAY_SIZE(options), usage, least, most)

/* For `take` of an option: 1 to 65535, into an unsigned. */
int command_take_number(void *into, const char *text, struct error *error);

/* For what only the caller can know to be wrong: `usage` on standard error, COMMAND_USAGE. */
int command_usage(const char *usage);

/* `text` on standard output: COMMAND_GOOD, or COMMAND_FAILED when it does not get there. */
int command_print_text(const char *text);

/* "PROGRAM VERSION" likewise; the name ends at a blank. */
int command_version(const char *program);

#endif

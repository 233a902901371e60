// SPDX-License-Identifier: GPL-3.0-or-later
/* The long options of a command, read by one loop over the command's table:
 *
 *	int json = 0;
 *	const struct command_option options[] = {{"json", .flag = &json, .set = 1}};
 *	int status = COMMAND_OPTIONS(argc, argv, options, usage, 1, 1);
 *
 *	if (status != COMMAND_GO_ON)
 *		return status;
 *	file = argv[optind];
 */
#ifndef POSTCASK_COMMAND_OPTIONS_H
#define POSTCASK_COMMAND_OPTIONS_H

#include <stddef.h>

#include "base/cleanup.h"

enum { COMMAND_GO_ON = -1, COMMAND_OPTIONS_MAX = 8 };

/* Either a flag, which becomes `set`, or an option with a value.  Given twice, the
 * last one counts. */
struct command_option {
	const char *name; /* without the dashes */
	int *flag;
	int set;
	const char **value; /* points into argv */
};

/* COMMAND_GO_ON, and argv[optind] is the first of `least` to `most` arguments that
 * are no options; COMMAND_GOOD after --help, which prints `usage`; COMMAND_USAGE after
 * anything else, with `usage` on standard error.  At most COMMAND_OPTIONS_MAX options. */
int command_options(int argc, char **argv, const struct command_option *options, size_t count,
		    const char *usage, int least, int most);
#define COMMAND_OPTIONS(argc, argv, options, usage, least, most)                                   \
	command_options(argc, argv, options, ARRAY_SIZE(options), usage, least, most)

#endif

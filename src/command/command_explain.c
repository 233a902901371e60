// SPDX-License-Identifier: GPL-3.0-or-later
/* postcask explain: the settings in words, from their table. */
#include <getopt.h>
#include <stdio.h>

#include "command/command.h"
#include "settings/example.h"
#include "settings/explain.h"
#include "settings/manual.h"

static const char usage[] =
    "usage: postcask explain [KEY | --example | --man]\n"
    "\n"
    "Explains a key of the settings, such as filter.spam.spam_level; without one\n"
    "lists them all.\n"
    "\n"
    "  --example    print a complete, commented user-data file\n"
    "  --man        print the manual page postcask-settings(5)\n";

static int print_text(struct buffer *text)
{
	int r = -1;

	if (!text->failed)
		r = fputs(buffer_text(text), stdout);
	if (r < 0 || fflush(stdout) != 0) {
		fprintf(stderr, "postcask: cannot print the text\n");
		return COMMAND_FAILED;
	}
	return COMMAND_GOOD;
}

static int print_key(struct buffer *text, const char *key)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;

	if (explain_key(text, key, &error) < 0) {
		fprintf(stderr, "postcask: %s\n", error_text(&error));
		return COMMAND_FAILED;
	}
	return print_text(text);
}

int command_explain(int argc, char **argv)
{
	enum { KEYS, EXAMPLE, MANUAL };
	static void (*const WRITERS[])(struct buffer *) = {explain_all, example_write,
							   manual_write};
	_cleanup_(buffer_free) struct buffer text = BUFFER_INIT;
	int what = KEYS;
	const struct command_option options[] = {{"example", .flag = &what, .set = EXAMPLE},
						 {"man", .flag = &what, .set = MANUAL}};
	int status = COMMAND_OPTIONS(argc, argv, options, usage, 0, 1);

	if (status != COMMAND_GO_ON)
		return status;
	if (optind < argc && what != KEYS)
		return command_usage(usage);
	if (optind < argc)
		return print_key(&text, argv[optind]);
	WRITERS[what](&text);
	return print_text(&text);
}

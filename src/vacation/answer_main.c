// SPDX-License-Identifier: GPL-3.0-or-later
/* postcask-answer: whether the answer of somebody who is away may go.  Dovecot's Sieve asks it, as
 * the account that delivers; see postcask-answer(8). */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/options.h"
#include "vacation/count.h"

enum { OWN_LIMIT = 4 * 1024 * 1024, SENDER_LIMIT = 1024 };

static const char usage[] =
    "usage: postcask-answer inside|outside|all\n"
    "Ends with 0 when SENDER may be answered for USER, both of the environment: the sender is of\n"
    "our own domains, or of others, and there were not too many answers today.  It counts them.\n";

/* Is the sender one of those that the script asks about?  Nobody is when the domains cannot be
 * read. */
static bool is_asked_about(const char *who, const char *sender, struct error *error)
{
	_cleanup_free_ char *domains = NULL;
	size_t size;

	if (strcmp(who, "all") == 0)
		return true;
	if (file_read(COUNT_OWN, OWN_LIMIT, &domains, &size, error) < 0)
		return false;
	return count_is_own((struct slice){domains, size}, sender) == (strcmp(who, "inside") == 0);
}

static bool is_word(const char *who)
{
	return strcmp(who, "inside") == 0 || strcmp(who, "outside") == 0 || strcmp(who, "all") == 0;
}

int main(int argc, char **argv)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	const char *user = getenv("USER"), *sender = getenv("SENDER");
	int status = command_options(argc, argv, NULL, 0, usage, 1, 1);
	bool allowed = false;

	if (status != COMMAND_GO_ON)
		return status;
	if (!is_word(argv[optind]))
		return command_usage(usage);
	if (geteuid() == 0) {
		fputs("postcask-answer: it is not root's to run\n", stderr);
		return COMMAND_FAILED;
	}
	if (!user || !sender || !strchr(sender, '@') || strlen(sender) > SENDER_LIMIT)
		return COMMAND_FAILED; /* a bounce: nobody is answered */
	if (is_asked_about(argv[optind], sender, &error) &&
	    count_answer(COUNT_FOLDER, user, sender, time(NULL), &allowed, &error) < 0)
		allowed = false;
	if (error.code)
		error_print(&error);
	return allowed ? COMMAND_GOOD : COMMAND_FAILED;
}

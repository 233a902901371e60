// SPDX-License-Identifier: GPL-3.0-or-later
/* postcask-shared: prepares the shared mailboxes that postcask-directory lists; see
 * postcask-shared(8). */
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/options.h"
#include "base/slice.h"
#include "sharing/share.h"

#define LIST "/run/postcask/directory/shared"

enum { LIST_LIMIT = 64 * 1024 * 1024 };

static const char usage[] = "usage: postcask-shared\n"
			    "Prepares the shared mailboxes that postcask-directory lists.\n";

/* What is wrong with one does not keep the others'. */
static int prepare_all(char *text)
{
	char *rest = text, *owner;
	int status = COMMAND_GOOD;

	while ((owner = strsep(&rest, "\n"))) {
		_cleanup_(error_clear) struct error error = ERROR_INIT;

		if (!owner[0] || share_prepare(owner, &error) == 0)
			continue;
		error_wrap(&error, "%s", owner);
		error_print(&error);
		status = COMMAND_FAILED;
	}
	return status;
}

int main(int argc, char **argv)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_free_ char *text = NULL;
	int status = command_options(argc, argv, NULL, 0, usage, 0, 0);

	if (status != COMMAND_GO_ON)
		return status;
	if (file_read(LIST, LIST_LIMIT, &text, NULL, &error) < 0) {
		error_print(&error);
		return COMMAND_FAILED;
	}
	status = prepare_all(text);
	if (share_sync(&error) == 0)
		return status;
	error_print(&error);
	return COMMAND_FAILED;
}

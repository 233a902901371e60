// SPDX-License-Identifier: GPL-3.0-or-later
/* postcask-expire: the hourly look at what has waited too long for somebody else.  See
 * postcask-expire(8). */
#include <stdio.h>
#include <time.h>

#include "base/options.h"
#include "queue/expire.h"

static const char usage[] = "usage: postcask-expire\n"
			    "Lets mail go back that has waited five days for another server.\n";

int main(int argc, char **argv)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	int status = command_options(argc, argv, NULL, 0, usage, 0, 0);
	size_t count = 0;

	if (status != COMMAND_GO_ON)
		return status;
	if (expire_run(EXPIRE_DIARY, (int64_t)time(NULL), &count, &error) < 0) {
		error_print(&error);
		return EXIT_FAILURE;
	}
	if (count)
		printf("%zu messages have waited for five days, and have one more try\n", count);
	return EXIT_SUCCESS;
}

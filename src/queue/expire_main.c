// SPDX-License-Identifier: GPL-3.0-or-later
/* postcask-expire: the hourly look at what has waited too long for somebody else.  See
 * postcask-expire(8). */
#include <stdio.h>
#include <time.h>

#include "queue/expire.h"

enum { EXIT_USAGE = 64 };

int main(int argc, char *argv[] _unused_)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	size_t count = 0;

	if (argc > 1) {
		fputs("usage: postcask-expire\n"
		      "Lets mail go back that has waited five days for another server; takes no "
		      "words.\n",
		      stderr);
		return EXIT_USAGE;
	}
	if (expire_run(EXPIRE_DIARY, (int64_t)time(NULL), &count, &error) < 0) {
		error_print(&error);
		return EXIT_FAILURE;
	}
	if (count)
		printf("%zu messages have waited for five days, and have one more try\n", count);
	return EXIT_SUCCESS;
}

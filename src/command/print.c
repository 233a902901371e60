// SPDX-License-Identifier: GPL-3.0-or-later
#include "command/print.h"

#include <stdio.h>
#include <time.h>

#include "command/command.h"

int command_print(const json_t *value, size_t format)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;

	if (json_print(value, format, &error) == 0)
		return COMMAND_GOOD;
	error_print(&error);
	return COMMAND_FAILED;
}

const char *print_when(long long seconds, char text[PRINT_WHEN])
{
	time_t time = (time_t)seconds;
	struct tm parts;

	if (!localtime_r(&time, &parts) ||
	    strftime(text, PRINT_WHEN, "%Y-%m-%d %H:%M:%S", &parts) == 0)
		snprintf(text, PRINT_WHEN, "%lld", seconds);
	return text;
}

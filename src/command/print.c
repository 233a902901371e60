// SPDX-License-Identifier: GPL-3.0-or-later
#include "command/print.h"

#include "command/command.h"

int command_print(const json_t *value, size_t format)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;

	if (json_print(value, format, &error) == 0)
		return COMMAND_GOOD;
	error_print(&error);
	return COMMAND_FAILED;
}

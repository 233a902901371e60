// SPDX-License-Identifier: GPL-3.0-or-later
#include <stdio.h>
#include <unistd.h>

#include "command/command.h"

bool command_is_root(const char *sentence)
{
	if (geteuid() == 0)
		return true;
	fprintf(stderr, "postcask: %s\n", sentence);
	return false;
}

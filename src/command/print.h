// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef POSTCASK_COMMAND_PRINT_H
#define POSTCASK_COMMAND_PRINT_H

#include "base/json_file.h"

/* json_print as a command ends with it: COMMAND_GOOD, or COMMAND_FAILED when it has said on
 * standard error what was wrong. */
int command_print(const json_t *value, size_t format);

#endif
